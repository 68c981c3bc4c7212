// The clouds' field over a ray: engine/render/clouds.py lays as much of it above zero as the sky is covered.
uniform sampler2D clouds;
uniform sampler2D noise;

// Where a ray comes to this height above the eye, over a round Earth: metres east and north.
vec2 cloud_place(vec3 ray, float height) {
    float fall = max(ray.z, 0.0) * 6.36e6;
    return ray.xy * (2.0 * height * 6.36e6 / (sqrt(fall * fall + 1.272e7 * height) + fall));
}

// How far the field stands over its edge there, in standard deviations; above 0 there is cloud.
float cloud_over(vec2 place) {
    float coarse = log2(1.0 + dot(place, place) * 3.0e-7);  // a pixel covers ever more of what is far
    return textureLod(clouds, place * CLOUD_SLAB.x, 0.0).r
         + (textureLod(noise, place * CLOUD_DETAIL.x, max(coarse - 2.0, 0.0)).r - 0.5) * CLOUD_DETAIL.y
         + (textureLod(noise, place * CLOUD_DETAIL.z, coarse).g - 0.5) * CLOUD_DETAIL.w;
}
