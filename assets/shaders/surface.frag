// Lights everything solid: one key light (sun or moon), the sky, the ground's bounce; then rain, snow and haze.
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
#ifdef KIND_GROUND
in vec4 v_lying;
#else
in float v_snow;
#endif
#endif
#if defined(LIT) && defined(QUALITY_FINE)
#include "clouds.glsl"
#elif defined(TEXTURED)
uniform sampler2D noise;
#endif
#if defined(KIND_GROUND) && defined(TEXTURED)
uniform sampler2D grains;
#endif
#endif
#include "truth.glsl"

#include "plain.glsl"
#ifdef LIT
#include "lights.glsl"
#ifdef RAINFALL
#include "rain.glsl"
#endif
#endif

void main() {
#ifdef SHADING
    recall();
#endif
    vec3 truth = normalize(v_normal);
    write_truth(truth);
#ifdef QUALITY_TRUTH
    vec3 paint = v_colour.rgb;
#ifdef KIND_GROUND
    paint = mix(paint, vec3(0.37, 0.270, 0.165), 0.9 * smoothstep(0.20, 0.46, v_extra.x));
    paint = mix(paint, mix(vec3(0.25, 0.155, 0.085), CROP_COLOUR, CROP_COVER), 0.92 * v_extra.y);
    paint = mix(paint, vec3(0.33, 0.305, 0.265), 0.9 * v_extra.w);
    write_plain(truth, paint, v_lying.x, 0.0);
#elif defined(KIND_SOLID)
    write_plain(truth, paint, v_snow, v_extra.x * v_extra.w);
#else
    write_plain(truth, paint, v_snow, 0.0);
#endif
#endif
#ifdef TEXTURED
    vec3 n = truth;
    vec3 albedo = v_colour.rgb;
    float open = v_colour.a;
    float d = length(v_rel);
    float clear = exp(-0.01 * d);
    vec3 world = v_rel + EYE;
    float grain = 0.5;
    float gloss = 0.0;
    float mud = 0.0;

#ifdef KIND_GROUND
    vec2 broad = texture(noise, world.xy * 0.043).rg - 0.5;
    vec4 both = texture(grains, world.xy * 0.29) - 0.5;
    vec2 fine = both.rg * (1.0 / (1.0 + d * 0.02));
    // Blades, crumbs and grains: seen near the feet, and gone before they are smaller than a pixel.
    vec2 crumbs = both.ab / (1.0 + d * d * 0.012);
    vec2 mix2 = broad + fine;
    grain = 0.5 + mix2.x + 0.5 * crumbs.x;
    albedo *= 1.0 + vec3(0.75, 0.62, 0.50) * fine.x + vec3(0.55, 0.40, 0.30) * broad.x + vec3(0.16, 0.0, -0.10) * broad.y
            + vec3(0.85, 0.80, 0.62) * crumbs.x + vec3(0.20, 0.0, -0.15) * crumbs.y;
    float path = smoothstep(0.20, 0.46, v_extra.x + mix2.y * 0.50);
    vec3 earth = vec3(0.37, 0.270, 0.165) * (1.0 + 0.9 * fine.x + 0.5 * broad.x + 1.3 * crumbs.x);
    earth = mix(earth, vec3(0.42, 0.39, 0.34), smoothstep(0.10, 0.16, crumbs.y + 0.4 * fine.y) * 0.8);  // pebbles
    albedo = mix(albedo, earth, path * 0.9);
    float stone = 0.0;
    if (v_extra.w > 0.0) {
        stone = smoothstep(0.35, 0.65, v_extra.w + mix2.x * 0.4);
        vec2 laid = world.xy * vec2(2.3, 2.9) + fine * 0.30;
        laid.x += 0.5 * floor(laid.y);
        vec2 cobble = abs(fract(laid) - 0.5);
        float joint = smoothstep(0.39, 0.48, max(cobble.x, cobble.y)) * clear * clear * clear;
        vec2 stamp = fract(floor(laid) * vec2(0.1031, 0.1173));
        stamp += dot(stamp, stamp.yx + 33.33);
        float tone = fract((stamp.x + stamp.y) * stamp.x) - 0.5;
        albedo = mix(albedo, vec3(0.31, 0.29, 0.255) * (1.0 + 0.45 * fine.x + 0.4 * broad.y + 0.55 * crumbs.x + 0.38 * tone * clear * clear) * (1.0 - 0.55 * joint), stone * 0.9);
    }
    if (v_extra.y > 0.0) {
        float field = smoothstep(0.45, 0.55, v_extra.y + broad.x * 0.2);
        float angle = v_extra.z * 3.14159265;
        float furrow = sin(dot(world.xy, vec2(-sin(angle), cos(angle))) * 5.2 + fine.x * 2.0);
        furrow *= clear;
        vec3 soil = mix(vec3(0.25, 0.155, 0.085), CROP_COLOUR, clamp(CROP_COVER * (0.9 + 0.3 * furrow + broad.y), 0.0, 1.0));
        soil *= 1.0 + 0.22 * furrow + 0.5 * fine.x + 0.9 * crumbs.x;
        albedo = mix(albedo, soil, field * 0.92);
        mud = field;
        float hollow = 0.18 * field * (0.5 - 0.5 * furrow);
#ifdef SNOWY
        hollow *= max(1.0 - 0.8 * v_lying.x, 0.0);
#endif
        open *= 1.0 - hollow;
    }
    n += vec3(fine.y + 0.8 * crumbs.y, -fine.x - 0.8 * crumbs.x, 0.0) * (0.30 + 0.3 * stone);
    mud = max(mud, path);
    gloss = max(mud, stone) * 0.30;
    // Puddles stand where the ground dips: on bare ground when it is soaked, anywhere under a film of water.
    float dip = broad.y + 0.5 * broad.x + 0.35 * fine.y;
    float soaked = smoothstep(0.55, 1.0, v_lying.y) * max(max(path, stone), 0.45 * mud);
    float bare = max(mud, stone);
    float film = max(v_lying.z * mix(0.65, 1.0, bare), 0.42 * soaked);
    float puddle = smoothstep(0.06, 0.14, dip + 0.62 * film - 0.34) * smoothstep(0.0, 0.2, film);
    puddle *= smoothstep(0.90, 0.97, truth.z) * mix(0.55, 1.0, bare);  // slopes shed it, and grass stands in it
    float frozen = smoothstep(0.0, 0.25, v_lying.w) * puddle;
    n = mix(n, vec3(0.0, 0.0, 1.0), puddle * 0.95);
    float wet = max(v_lying.y, puddle);
#ifdef SNOWY
    float depth = min(v_lying.x, 1.0);
    depth *= 1.0 - 0.35 * path * (1.0 - smoothstep(1.0, 4.0, v_lying.x));  // feet keep paths bare while snow is thin
    n = mix(n, truth, 0.75 * smoothstep(0.6, 2.0, v_lying.x));
#endif
    n = normalize(n);
#else
#ifdef KIND_PLANT
    if (v_extra.y > 0.0) {  // single leaves in what is a mass of them
        vec2 leaves = texture(noise, vec2(world.x + 0.37 * world.y, world.z - 0.45 * world.y) * 1.15).rg - 0.5;
        albedo *= 1.0 + (vec3(1.10, 1.00, 0.65) * leaves.x + vec3(0.25, 0.0, -0.1) * leaves.y) / (1.0 + d * 0.008);
    }
#endif
    float wet = WETNESS;
#endif

    float up = smoothstep(0.35, 0.75, n.z + (grain - 0.5) * 0.5);
    float snow = 0.0;
#ifdef SNOWY
#ifndef KIND_GROUND
    float depth = min(v_snow, 1.0);
#endif
#ifdef KIND_PLANT
    up = 0.6 * smoothstep(0.1, 0.7, n.z + (grain - 0.5) * 0.5);  // needles hold it on steep slopes, and are seen through it
    up = max(up, 0.85 * smoothstep(2.0, 6.0, v_snow) * smoothstep(-0.25, 0.3, n.z) * step(0.01, v_extra.y));  // deep snow loads the boughs
#endif
    snow = smoothstep(0.0, 0.45, 1.12 * depth - 0.08 - (mix(grain, 0.5, min(d * 0.0025, 1.0)) - 0.40) * 1.1 * (1.0 - depth)) * up * min(depth * 4.0, 1.0);
#endif
    albedo *= 1.0 - (0.45 + 0.12 * mud) * wet * (0.4 + 0.6 * up);
#ifdef KIND_GROUND
    albedo = mix(albedo, vec3(0.055, 0.050, 0.042), puddle * 0.75);
    albedo = mix(albedo, vec3(0.50, 0.55, 0.60), frozen * 0.85);
#endif
#ifdef SNOWY
#ifdef KIND_GROUND
    snow = max(snow * (1.0 - puddle * (1.0 - frozen)), 0.0);
#endif
    vec3 white = vec3(0.84, 0.87, 0.92);
#ifdef KIND_GROUND
    white *= 1.0 + 0.10 * broad.x + 0.16 * fine.x + 0.14 * crumbs.x;  // drifts, crust and trodden snow
#endif
    albedo = mix(albedo, white, snow);
#endif
#ifdef OUT_ALBEDO
    out_albedo = vec4(to_srgb(albedo), 1.0);
#endif

#ifdef LIT
#if defined(KIND_GROUND) && defined(RAINFALL)
    if (puddle > 0.0 && d < 40.0) n = normalize(n + vec3(rings(world.xy, 0.45), 0.0) * (0.16 * puddle * (1.0 - frozen)));
#endif
    float facing = dot(n, KEY_DIR);
#ifdef KIND_PLANT
    facing = facing * 0.68 + 0.32;  // leaves let light through
    float reached = lit_by_key(truth, 0.4);
    float key = max(facing, 0.0) * mix(0.22 * v_shadow.w, 1.0, reached);
#else
    float reached = lit_by_key(truth, 0.0);
    float key = max(facing, 0.0) * reached;
#endif
    vec3 ambient = mix(GROUND_LIGHT, SKY_LIGHT, n.z * 0.5 + 0.5) * open;
    vec3 c = albedo * (KEY_COLOUR * key + ambient);
    float grazing = 1.0 - max(dot(n, -v_rel) / d, 0.0);
    float fresnel = grazing * grazing * grazing * grazing * grazing;
    float shine = (0.03 + 0.62 * fresnel) * wet * (0.15 + gloss) * up;
#ifdef KIND_GROUND
    shine = mix(shine, 0.10 + 0.90 * fresnel, puddle * (1.0 - 0.8 * frozen));
#endif
#ifdef KIND_PLANT
    // Leaves against the sun glow: light comes through them towards the eye.
    float against = max(dot(v_rel, KEY_DIR) / d, 0.0);
    c += albedo * vec3(1.15, 1.02, 0.45) * KEY_COLOUR * (0.28 * against * against * against * reached * step(0.01, v_extra.y) * (1.0 - snow));
#endif
#ifdef KIND_SOLID
#ifdef SHADING
    shine *= 2.2 - 1.2 * v_extra.y;
#else
    shine *= 2.2;  // roofs and walls shed water and shine with it
#endif
#endif
    c += shine * (1.0 - snow) * open * SKY_LIGHT * 0.8;
#if defined(KIND_GROUND) && defined(QUALITY_FINE) && defined(RAINFALL)
    if (d < 22.0) c += splashes(world.xy, d) * (1.0 - snow) * up * (SKY_LIGHT + 0.3 * KEY_COLOUR);
#endif
#ifdef DARK
    vec4 lamps = lamplight(n, reflect(v_rel / d, n));
    c += (albedo * lamps.rgb * 1.5 + lamps.w * shine * (1.0 - snow)) * GLOW;
#endif
#if defined(KIND_SOLID)
    c += v_extra.x * v_extra.w * GLOW * (1.0 - snow);
#elif defined(KIND_FIGURE)
    c += v_extra.x * GLOW;
#endif
    out_rgb = vec4(tonemap(c * (1.0 - v_fog.a) + v_fog.rgb), 1.0);
#endif
#endif
}
