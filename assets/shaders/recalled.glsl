// What another pass has kept of a pixel, under the names that surfaces are shaded by.
uniform sampler2D kept_paint;   // sRGB, ambient
uniform sampler2D kept_extra;
uniform sampler2D kept_floats;  // depth, and the normal, to whose third component marks of the flow are added
uniform sampler2D lying;        // on the ground: root of snow, wetness, puddle, ice
in vec3 v_ray;
vec3 v_normal;
vec3 v_rel;
vec4 v_colour;
vec4 v_extra;
#ifdef OUT_RGB
#ifdef HILLS_SHADE
uniform sampler2D ground_light;
#define PAST_HILLS textureLod(ground_light, uv, 0.0).r
#else
#define PAST_HILLS 1.0
#endif
vec4 v_fog;
vec4 v_shadow;
#endif
#ifdef KIND_GROUND
vec4 v_lying;
#else
float v_snow;
#endif

void recall() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 floats = texelFetch(kept_floats, at, 0);
    v_normal = vec3(floats.yz, floats.w - 4.0 * floor(floats.w * 0.25 + 0.5));
    v_rel = v_ray * floats.x;
    vec4 paint = texelFetch(kept_paint, at, 0);
    v_colour = vec4(from_srgb(paint.rgb), paint.a);
    v_extra = texelFetch(kept_extra, at, 0);
    vec3 place = v_rel + EYE;
    vec2 uv = (place.xy - MAP_ORIGIN) * MAP_SCALE;
    float offset = SHADOW_OFFSET * (2.6 - 1.6 * abs(dot(v_normal, KEY_DIR)));  // grazing light shades what it lights
#ifdef KIND_GROUND
    vec4 here = textureLod(lying, uv, 0.0);
    vec2 off = abs(uv - 0.5);
    if (max(off.x, off.y) > 0.5001) here = vec4(v_extra.w, WETNESS, 0.0, 0.0);  // beyond the map
    v_lying = vec4(here.r * here.r * (SNOW_DEPTH_RANGE / COVERED_SNOW), here.gba);
#elif defined(SNOWY) && defined(KIND_SOLID)
    float root = textureLod(lying, uv, 0.0).r;
    v_snow = mix(root * root * (SNOW_DEPTH_RANGE / COVERED_SNOW), SNOW, v_extra.y);  // of a figure, as it falls
#elif defined(KIND_PLANT)
    v_snow = v_extra.z * v_extra.z * (SNOW_DEPTH_RANGE / COVERED_SNOW);
    offset += v_extra.x;
#else
    v_snow = SNOW;
#endif
#ifdef OUT_RGB
    v_fog = fog(v_rel);
#ifdef LIT
    vec4 s = SHADOW_VIEW * vec4(place - SHADOW_CENTRE + v_normal * offset, 1.0);
#else
    vec4 s = vec4(0.0);
#endif
    float through = 0.10 + 0.90 * exp(-fog_above(place.z) / (0.3 + KEY_DIR.z));
    v_shadow = vec4(s.xyz * 0.5 + 0.5, PAST_HILLS * through);
#endif
}
