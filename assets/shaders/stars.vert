// Small quads on the celestial sphere, which turns: a direction, a corner, a brightness, a colour.
#include "clouds.glsl"
in vec4 p3d_Vertex;
in vec4 p3d_Color;  // corner, corner, brightness
in vec4 extra;      // colour
out vec4 v_light;
out vec2 v_corner;

void main() {
    vec3 ray = vec3(dot(STARS_EAST, p3d_Vertex.xyz), dot(STARS_NORTH, p3d_Vertex.xyz), dot(STARS_UP, p3d_Vertex.xyz));
    float light = p3d_Color.b * STARLIGHT * smoothstep(0.0, 0.25, ray.z) * exp(-fog_above(EYE.z) / max(ray.z, 0.02))
                * (1.0 - SKY_FOG) * step(dot(ray, MOON_DIR), 0.99998);
#ifndef QUALITY_TRUTH
    if (ray.z > 0.0 && CLOUD > 0.0) light *= 1.0 - smoothstep(-0.1, 0.2, cloud_over(cloud_place(ray, CLOUD_SLAB.y), 0.0));
#endif
    v_light = vec4(extra.rgb, light);
    v_corner = p3d_Color.rg * 2.0 - 1.0;
    gl_Position = VIEW * vec4(ray, 0.0);
    gl_Position.xy += v_corner * (0.0005 * IMAGE_SIZE.y + 0.55 + 1.1 * p3d_Color.b) * 2.0 / IMAGE_SIZE * gl_Position.w;
    gl_Position.z = gl_Position.w * 0.999994;
    if (light <= 0.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}
