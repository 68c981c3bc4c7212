// Rivers, lakes and floods: the sky in the waves, the depth below, foam where it is shallow, mud where they have
// risen, ice and the snow on it. The truth is the calm surface.
#include "targets.glsl"
in vec3 v_normal;
#ifdef OUT_COLOUR
in vec3 v_rel;
in vec4 v_colour;
in vec4 v_extra;
#ifdef OUT_RGB
in vec4 v_fog;
in vec4 v_shadow;
#endif
#ifdef TEXTURED
uniform sampler2D noise;
#endif
#endif
#ifdef OUT_ID
flat in vec4 v_ident;
#else
const vec4 v_ident = vec4(0.0);
#endif
#ifdef OUT_FLOW
in vec3 v_following;
#else
const vec3 v_following = vec3(0.0);
#endif
#ifdef OUT_BACK
in vec3 v_before;
#else
const vec3 v_before = vec3(0.0);
#endif

#include "plain.glsl"

void main() {
    vec3 truth = normalize(v_normal);
    write_truth(v_ident, truth, v_following, v_before);
#ifdef QUALITY_TRUTH
    vec3 ice = mix(vec3(0.60, 0.65, 0.68), vec3(0.84, 0.87, 0.92), v_extra.w);
    vec3 paint = mix(vec3(0.10, 0.15, 0.15), vec3(0.155, 0.112, 0.062), v_extra.z);
    write_plain(truth, mix(paint, ice, v_extra.y), 0.0, 0.0);
#endif
#ifdef TEXTURED
    float d = length(v_rel);
    vec3 ray = v_rel / d;
    vec3 world = v_rel + EYE;
    float depth = v_extra.x * WATER_DEPTH_RANGE;
    float mud = v_extra.z;
    vec2 slow = texture(noise, world.xy * 0.035 + WAVES.xy).rg - 0.5;
    vec2 quick = texture(noise, world.xy * 0.17 - WAVES.zw).rg - 0.5;
    vec3 deep = vec3(0.010, 0.045, 0.058);
    vec3 shallow = vec3(0.085, 0.150, 0.105);
    vec3 bed = vec3(0.20, 0.165, 0.105);
    vec3 body = mix(mix(bed, shallow, 1.0 - exp(-depth * 3.0)), deep, 1.0 - exp(-depth * 0.55));
    body = mix(body, vec3(0.155, 0.112, 0.062), mud * (1.0 - exp(-depth * 9.0)));
    float foam = smoothstep(0.06, 0.0, depth + (slow.x + quick.y) * 0.12) * 0.30 * (1.0 - mud);
    vec3 pale = vec3(0.0);
    float floe = 0.0;
    if (v_extra.y > 0.0) {
        floe = smoothstep(0.0, 0.22, v_extra.y + (texture(noise, world.xy * 0.021).r - 0.5) * 0.25 * (1.0 - v_extra.y));
        vec2 still = texture(noise, world.xy * 0.11).rg - 0.5;
        pale = mix(vec3(0.36, 0.43, 0.47), vec3(0.60, 0.65, 0.68), clamp(v_extra.y + still.x, 0.0, 1.0));
        pale = mix(pale, vec3(0.84, 0.87, 0.92), smoothstep(0.0, 0.6, v_extra.w + still.y * 0.4 * (1.0 - v_extra.w)) * min(v_extra.w * 4.0, 1.0));
    }
#ifdef OUT_ALBEDO
    out_albedo = vec4(to_srgb(mix(mix(body, vec3(0.75), foam), pale, floe)), 1.0);  // what the water scatters back
#endif

#ifdef LIT
    vec2 ripple = slow * 0.22 + quick * (0.16 + 0.25 * RAIN);
    vec3 n = normalize(truth + vec3(ripple * (RIPPLE / (1.0 + d * 0.012)), 0.0));
    vec3 mirrored = reflect(ray, n);
    mirrored.z = abs(mirrored.z) + 0.01;
    mirrored = normalize(mirrored);
    float fresnel = 0.02 + 0.98 * pow(1.0 - max(dot(n, -ray), 0.0), 5.0);
    vec3 sky = mix(haze(mirrored), SKY_LIGHT * 0.85, sqrt(clamp(mirrored.z, 0.0, 1.0)));
    body *= SKY_LIGHT * 0.75 + KEY_COLOUR * 0.30 * v_shadow.w;
    vec3 c = mix(body, sky, fresnel);
    float glint = max(dot(mirrored, KEY_DIR), 0.0);
    c += KEY_COLOUR * v_shadow.w * (pow(glint, 400.0) * 4.0 + pow(glint, 50.0) * 0.10);
    c = mix(c, vec3(0.75) * (KEY_COLOUR * 0.35 * v_shadow.w + SKY_LIGHT), foam);
    vec3 matt = pale * (KEY_COLOUR * v_shadow.w * max(KEY_DIR.z, 0.0) + SKY_LIGHT) + 0.15 * fresnel * sky;
    c = mix(c, matt, floe);
    out_rgb = vec4(tonemap(c * (1.0 - v_fog.a) + v_fog.rgb), 1.0);
#endif
#endif
}
