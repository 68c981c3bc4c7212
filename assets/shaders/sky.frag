// Scattered light, sun, moon, clouds and the lightning in them, fog. Nothing here has a surface.
#include "targets.glsl"
in vec3 v_direction;
in vec3 v_radiance;
#ifdef OUT_RGB
uniform sampler2D noise;
#endif

void main() {
    write_nothing();
#ifdef OUT_RGB
    vec3 ray = normalize(v_direction);
    float mu = dot(ray, SUN_DIR);
    vec3 c = v_radiance;
    float toward = max(mu, 0.0);
    vec3 glare = SUN_DISC * (smoothstep(0.99990, 0.99996, mu) * 55.0 + 0.30 * pow(toward, 700.0) + 0.05 * pow(toward, 50.0));
    float full = dot(ray, MOON_DIR);
    glare += MOON_DISC * (smoothstep(0.99982, 0.99990, full) * 1.4 + 0.10 * pow(max(full, 0.0), 500.0));
    float veil = 0.0;
    if (ray.z > 0.01) {
        vec2 q = ray.xy / (ray.z + 0.10);
        float a = texture(noise, q * 0.055 + CLOUD_DRIFT).r * 0.58 + texture(noise, q * 0.19 + CLOUD_DRIFT * 2.0).r * 0.27
                + texture(noise, q * 0.63 + CLOUD_DRIFT * 3.0).g * 0.15;
        float b = texture(noise, (q + KEY_DIR.xy * 0.35) * 0.055 + CLOUD_DRIFT).r;
        float edge = 0.80 - 0.62 * CLOUD;
        veil = smoothstep(edge, edge + 0.20, a) * smoothstep(0.01, 0.14, ray.z);
        veil = mix(veil, 1.0, OVERCAST * 0.96);
        float body = clamp(0.5 + (a - b) * 2.4 + 0.3 * toward * toward, 0.0, 1.0);
        vec3 cloud = mix(CLOUD_DARK, CLOUD_LIT, body) * (1.0 + (0.9 * pow(toward, 10.0)) * (1.0 - OVERCAST));
        c = mix(c, cloud, veil * 0.88);
    }
    c = mix(haze(ray), c, smoothstep(0.0, 0.16, ray.z));
    float lit = max(dot(ray, FLASH_DIR), 0.0);
    c += glare * (1.0 - veil) + FLASH_SKY * (0.10 + 0.9 * lit * lit * lit * lit) * (0.35 + 0.65 * veil);
    c = mix(c, haze(ray), SKY_FOG * (1.0 - 0.6 * clamp(ray.z, 0.0, 1.0) * (1.0 - SKY_FOG)));
    float reach = max(EYE.z - FOG_BASE - 0.5 * FOG_SOFT, 0.0) / max(-ray.z, 0.0003);  // to the fog's top, from above
    float far = reach * EDGE_FADE;
    float fogged = ray.z > 0.0 ? 1.0 - exp(-fog_above(EYE.z) / max(ray.z, 0.015))
                               : step(1e-9, FOG_BANK) * exp(-FOG_DENSITY * reach - far * far * far * far);
    c = mix(c, fog_light(ray), fogged);
    out_rgb = vec4(tonemap(c), 1.0);
#endif
}
