// Rivers, lakes and floods: the sky in the waves, the depth below, foam where it is shallow, mud where they have
// risen, ice and the snow on it. The truth is the calm surface.
#include "targets.glsl"
#ifdef SHADING
#include "recalled.glsl"
#else
in vec3 v_normal;
#endif
#ifdef OUT_COLOUR
#ifndef SHADING
in vec3 v_rel;
in vec4 v_colour;
in vec4 v_extra;
#ifdef OUT_RGB
in vec4 v_fog;
in vec4 v_shadow;
#endif
#endif
#ifdef LIT
#include "clouds.glsl"
#include "lights.glsl"
#ifdef RAINFALL
#include "rain.glsl"
#endif
uniform sampler2DArray hills;

// The elevation of the hills that stand round this place in a direction, in radians.
float horizon(vec2 place, vec2 towards) {
    float azimuth = fract(atan(towards.y, towards.x) / 6.2831853) * 24.0;
    vec2 uv = (place - MAP_ORIGIN) * MAP_SCALE;
    float low = textureLod(hills, vec3(uv, floor(azimuth)), 0.0).r;
    return mix(low, textureLod(hills, vec3(uv, mod(floor(azimuth) + 1.0, 24.0)), 0.0).r, fract(azimuth));
}

// What a ray that leaves the water sees: the sky with its clouds, or the hills and the woods on the banks.
vec3 mirrored_world(vec3 ray, vec2 place) {
    vec3 sky = mix(haze(ray), SKY_LIGHT * 0.62, smoothstep(0.0, 0.55, ray.z));
#ifdef QUALITY_FINE
    if (CLOUD > 0.0) {
        float over = cloud_over(cloud_place(ray, CLOUD_SLAB.y), 0.0);
        sky = mix(sky, mix(CLOUD_LIT, CLOUD_DARK, clamp(over * 0.7, 0.0, 1.0)), smoothstep(-0.15, 0.35, over) * smoothstep(0.02, 0.2, ray.z));
    }
#endif
    float rough = texture(noise, ray.xy / (abs(ray.z) + 0.3) * 0.35).g - 0.5;
    float skyline = horizon(place, ray.xy) + 0.020 + 0.035 * rough;
    vec3 hill = vec3(0.060, 0.085, 0.040) * (1.0 + 1.2 * rough) * (SKY_LIGHT + 0.45 * KEY_COLOUR);
    hill = mix(haze(ray), hill, exp(-FOG_DENSITY * 500.0));
    return mix(sky, hill, smoothstep(skyline + 0.02, skyline - 0.02, ray.z));
}
#elif defined(TEXTURED)
uniform sampler2D noise;
#endif
#endif
#include "truth.glsl"

#include "plain.glsl"

void main() {
#ifdef SHADING
    recall();
#endif
    vec3 truth = normalize(v_normal);
    write_truth(truth);
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
    // Ripples run downhill with the stream: two copies, each carried for a while and then begun anew.
    float slope = length(truth.xy);
    vec2 stream = truth.xy / max(slope, 1e-5) * smoothstep(0.001, 0.012, slope) * 2.8;
    float life = fract(SECONDS * 0.5);
    float other = fract(SECONDS * 0.5 + 0.5);
    vec2 still = world.xy * 0.17 - WAVES.zw;
    vec2 quick = mix(texture(noise, still - stream * (0.17 * life)).rg, texture(noise, still - stream * (0.17 * other) + 0.37).rg, abs(2.0 * life - 1.0)) - 0.5;
    vec3 deep = vec3(0.010, 0.045, 0.058);
    vec3 shallow = vec3(0.085, 0.150, 0.105);
    vec3 bed = vec3(0.20, 0.165, 0.105);
    vec3 body = mix(mix(bed, shallow, 1.0 - exp(-depth * 3.0)), deep, 1.0 - exp(-depth * 0.55));
    body = mix(body, vec3(0.155, 0.112, 0.062), mud * (1.0 - exp(-depth * 9.0)));
    // Foam: a thin lapping line along the shore, and flecks where a stream runs steep.
    float lap = 0.045 + 0.025 * sin(SECONDS * 1.570796 + 40.0 * slow.x);
    float foam = smoothstep(lap, 0.3 * lap, depth + 0.10 * quick.y) * smoothstep(-0.02, 0.10, quick.x) * 0.55 * (1.0 - mud);  // a film over a field has no shore
    float rapid = smoothstep(0.025, 0.08, slope) * smoothstep(0.08, 0.35, depth) / (1.0 + d * 0.01);
    foam = max(foam, rapid * smoothstep(0.06, 0.18, quick.x + 0.7 * slow.y) * 0.75 * (1.0 - 0.6 * mud));
    vec3 pale = vec3(0.0);
    float floe = 0.0;
    if (v_extra.y > 0.0) {
        floe = smoothstep(0.0, 0.22, v_extra.y + (texture(noise, world.xy * 0.021).r - 0.5) * 0.25 * (1.0 - v_extra.y));
        vec2 cracks = texture(noise, world.xy * 0.11).rg - 0.5;
        pale = mix(vec3(0.36, 0.43, 0.47), vec3(0.60, 0.65, 0.68), clamp(v_extra.y + cracks.x, 0.0, 1.0));
        pale = mix(pale, vec3(0.84, 0.87, 0.92), smoothstep(0.0, 0.6, v_extra.w + cracks.y * 0.4 * (1.0 - v_extra.w)) * min(v_extra.w * 4.0, 1.0));
    }
#ifdef OUT_ALBEDO
    out_albedo = vec4(to_srgb(mix(mix(body, vec3(0.75), foam), pale, floe)), 1.0);  // what the water scatters back
#endif

#ifdef LIT
    vec2 small = texture(noise, world.xy * 0.83 + WAVES.xy * 7.0 - stream * (0.83 * life)).gr - 0.5;
    vec2 ripple = slow * 0.20 + quick * (0.15 + 0.16 * RAIN) + small * (0.10 / (1.0 + d * 0.06));
    ripple *= RIPPLE * (1.0 + 8.0 * smoothstep(0.004, 0.04, slope)) / (1.0 + d * 0.012);
#ifdef RAINFALL
    if (d < 40.0) ripple += rings(world.xy, 0.55) * (0.30 / (1.0 + d * 0.05));
#endif
    vec3 n = normalize(truth + vec3(ripple, 0.0));
    vec3 mirrored = reflect(ray, n);
    mirrored.z = abs(mirrored.z) + 0.004;
    mirrored = normalize(mirrored);
    float fresnel = 0.02 + 0.98 * pow(1.0 - max(dot(n, -ray), 0.0), 5.0);
    vec3 seen = mirrored_world(mirrored, world.xy);
    float reached = lit_by_key(truth, 0.0);
    body *= SKY_LIGHT * 0.75 + KEY_COLOUR * 0.30 * reached;
    vec3 c = mix(body, seen, fresnel);
    float glint = max(dot(mirrored, KEY_DIR), 0.0);
    c += KEY_COLOUR * reached * (pow(glint, 700.0) * 7.0 + pow(glint, 60.0) * 0.10) * (0.3 + 0.7 * fresnel);
#ifdef DARK
    vec4 lamps = lamplight(n, mirrored);
    c += (body * 0.4 * lamps.rgb + lamps.w * (0.1 + fresnel)) * GLOW;
#endif
    c = mix(c, vec3(0.75) * (KEY_COLOUR * 0.35 * reached + SKY_LIGHT), foam);
    vec3 matt = pale * (KEY_COLOUR * reached * max(KEY_DIR.z, 0.0) + SKY_LIGHT) + 0.15 * fresnel * seen;
    c = mix(c, matt, floe);
    out_rgb = vec4(tonemap(c * (1.0 - v_fog.a) + v_fog.rgb), 1.0);
#endif
#endif
}
