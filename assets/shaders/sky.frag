// Scattered light, sun, moon, the Milky Way, clouds and the lightning in them, fog. Nothing here has a surface.
#include "targets.glsl"
in vec3 v_direction;
in vec3 v_radiance;
#ifdef OUT_RGB
#include "clouds.glsl"

#ifdef QUALITY_FINE
const int STEPS = 16;
const float HIDES = 0.44, SOFT = 0.55;  // how fast a step hides what is behind it, and where it is wholly cloud
#else
const int STEPS = 1;
const float HIDES = 1.0, SOFT = 0.34;
#endif
#ifdef FOGGY
const float FOG_LIES = 1.0;
#else
const float FOG_LIES = 0.0;
#endif

// The moon's disc: a ball lit from where the sun is, with its seas, and what the Earth throws back on it.
vec3 moon(vec3 ray) {
    float along = dot(ray, MOON_DIR);
    const float SIZE = 0.0048;  // radians; the pale rim of glare makes it larger than its 0.0045
    vec3 off = (ray - MOON_DIR * along) / SIZE;
    float r2 = dot(off, off);
    vec3 glow = MOON_DISC * MOON_LIT * (0.05 * pow(max(along, 0.0), 3000.0) + 0.014 * pow(max(along, 0.0), 220.0));
    if (along < 0.999 || r2 > 1.0) return glow;
    vec3 side = SUN_DIR - MOON_DIR * dot(SUN_DIR, MOON_DIR);
    side /= max(length(side), 1e-6);
    float phase = 2.0 * MOON_LIT - 1.0;  // cosine of the angle between sun and eye, seen from there
    float depth = sqrt(1.0 - r2);
    float lit = dot(off, side) * sqrt(max(1.0 - phase * phase, 0.0)) + depth * phase;
    vec3 up = cross(MOON_DIR, side);
    vec2 face = vec2(dot(off, side), dot(off, up));
    float seas = smoothstep(0.42, 0.60, textureLod(noise, face * 0.11 + 0.3, 0.0).r) * 0.40;
    float rim = smoothstep(1.0, 0.93, r2);
    return glow + MOON_DISC * rim * (1.0 - seas) * (0.012 + 1.35 * smoothstep(-0.04, 0.30, lit));
}

// The band of our galaxy: a glow along its equator, brighter towards its centre, cleft by dust.
vec3 milky_way(vec3 ray) {
    float across = dot(ray, GALAXY_POLE);
    float towards = dot(ray, GALAXY_CENTRE);
    vec2 along = vec2(atan(dot(ray, cross(GALAXY_POLE, GALAXY_CENTRE)), towards) * 0.6, across * 1.6);
    float cloud = textureLod(noise, along * 0.33, 0.0).r + 0.5 * textureLod(noise, along * 1.1, 0.0).g;
    float dust = smoothstep(0.62, 0.95, cloud + 0.22 - 3.0 * abs(across + 0.02));
    float band = exp(-across * across * (26.0 - 14.0 * max(towards, 0.0)));
    return vec3(0.95, 0.97, 1.10) * (band * (0.35 + 0.65 * cloud) * (0.65 + 0.55 * max(towards, 0.0)) * (1.0 - 0.75 * dust));
}

// Colour of the clouds along a ray, and in w how much of what is behind they hide.
vec4 clouds_along(vec3 ray, float toward) {
    vec2 aside = KEY_DIR.xy / max(KEY_DIR.z, 0.28) * (0.30 * CLOUD_SLAB.z);
    float deep = CLOUD_SLAB.z * clamp(ray.z * 3.0, 0.12, 1.0);
    float blur = 0.30 * (1.0 - clamp(ray.z * 4.0, 0.0, 1.0));
    float clear = 1.0;
    vec3 c = vec3(0.0);
    // rays start at different levels, or the steps would show as layers (Jimenez 2014, interleaved gradient noise)
    float start = STEPS > 1 ? fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) : 0.0;
    for (int k = 0; k < STEPS; k++) {
        float level = (float(k) + start) / float(STEPS);
        vec2 place = cloud_place(ray, CLOUD_SLAB.y + deep * level);
        float over = cloud_over(place, level) - CLOUD_SLAB.w * level * level;
        float here = 1.0 - pow(1.0 - smoothstep(-0.16 - blur, SOFT + blur, over), HIDES);
        if (here > 0.0) {
            // what stands between this place and the light; and from below, how much cloud is above it
            float shade = max(textureLod(clouds, (place + aside) * CLOUD_SLAB.x, 0.0).r - CLOUD_SLAB.w * (level + 0.25), 0.0);
            float thick = max(over, 0.0);
            float lit = exp(-1.1 * shade) * mix(exp(-0.55 * thick), 1.0, min(1.6 * level, 1.0));
            lit = mix(lit, exp(-0.24 * thick), OVERCAST);  // a sheet lets through what is not held back above
            vec3 seen = mix(CLOUD_DARK, CLOUD_LIT, lit);
            seen *= 1.0 + (1.3 * pow(toward, 9.0)) * exp(-1.6 * thick) * (1.0 - OVERCAST);  // their rims against the sun
            c += clear * here * seen;
            clear *= 1.0 - here;
        }
    }
    return vec4(c, 1.0 - clear);
}
#endif

void main() {
    write_nothing();
#ifdef OUT_RGB
    vec3 ray = normalize(v_direction);
    float mu = dot(ray, SUN_DIR);
    vec3 c = v_radiance;
    float toward = max(mu, 0.0);
    vec3 glare = SUN_DISC * (smoothstep(0.99990, 0.99996, mu) * 55.0 + 0.30 * pow(toward, 700.0) + 0.05 * pow(toward, 50.0));
#if defined(DARK) || defined(QUALITY_FINE)
    glare += moon(ray);  // by day it is pale: the quality fast leaves it out then
#endif
#ifdef DARK
    if (STARLIGHT > 0.0) glare += milky_way(ray) * (STARLIGHT * 0.0075 * smoothstep(0.0, 0.35, ray.z));
#endif
    float veil = 0.0;
#ifndef QUALITY_TRUTH
    if (ray.z > 0.0 && CLOUD > 0.0) {
        vec4 cloud = clouds_along(ray, toward);
        float near = exp(-FOG_DENSITY * 0.4 * distance(cloud_place(ray, CLOUD_SLAB.y), EYE.xy));
        veil = cloud.a;
        c = c * (1.0 - veil) + (cloud.rgb * near + c * (veil * (1.0 - near)));
    }
#endif
    c = mix(haze(ray), c, smoothstep(0.0, 0.11, ray.z));
    float lit = max(dot(ray, FLASH_DIR), 0.0);
    c += glare * (1.0 - veil) + FLASH_SKY * (0.10 + 0.9 * lit * lit * lit * lit) * (0.35 + 0.65 * veil);
    c = mix(c, haze(ray), SKY_FOG * (1.0 - 0.6 * clamp(ray.z, 0.0, 1.0) * (1.0 - SKY_FOG)));
    float reach = max(EYE.z - FOG_BASE - 0.5 * FOG_SOFT, 0.0) / max(-ray.z, 0.0003);  // to the fog's top, from above
    float far = reach * EDGE_FADE;
    float fogged = ray.z > 0.0 ? 1.0 - exp(-fog_above(EYE.z) / max(ray.z, 0.015))
                               : FOG_LIES * exp(-FOG_DENSITY * reach - far * far * far * far);
    c = mix(c, fog_light(ray), fogged);
    out_rgb = vec4(tonemap(c), 1.0);
#endif
}
