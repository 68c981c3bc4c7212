// The clouds' field over a ray: engine/render/clouds.py lays as much of it above zero as the sky is covered.
uniform sampler2D clouds;
uniform sampler2D noise;

// Where a ray from the eye comes to this height above it, over a round Earth: east and north in the world.
vec2 cloud_place(vec3 ray, float height) {
    float fall = max(ray.z, 0.0) * 6.36e6;
    return EYE.xy + ray.xy * (2.0 * height * 6.36e6 / (sqrt(fall * fall + 1.272e7 * height) + fall));
}

// How far the field stands over its edge there, in standard deviations, at a level of the slab (0 its base, 1 its top)
// whose taper is the caller's to take off; above 0 there is cloud.
float cloud_over(vec2 place, float level) {
    vec2 off = place - EYE.xy;
    float coarse = log2(3.0 + dot(off, off) * 8.0e-7);  // a pixel covers ever more of what is far
    return textureLod(clouds, place * CLOUD_SLAB.x, 0.0).r
         + (textureLod(noise, place * CLOUD_DETAIL.x + level * CLOUD_SLIDES.xy, max(coarse - 2.0, 0.0)).r - 0.5) * CLOUD_DETAIL.y
         + (textureLod(noise, place * CLOUD_DETAIL.z + level * CLOUD_SLIDES.zw, coarse).g - 0.5) * CLOUD_DETAIL.w;
}

// How much of the key light comes past the clouds to a place this far from the eye: patches of sun wander over the land.
float past_clouds(vec3 rel) {
    vec2 place = EYE.xy + rel.xy + KEY_DIR.xy / max(KEY_DIR.z, 0.16) * (CLOUD_SLAB.y - rel.z);
    float shade = smoothstep(-0.25, 0.45, textureLod(clouds, place * CLOUD_SLAB.x, 0.0).r) * step(1e-4, CLOUD);
    return mix(mix(1.06, 0.66, shade), 1.0, OVERCAST);
}
