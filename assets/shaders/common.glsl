// Shared by every program: what the frame knows, tone mapping, haze, the fog that lies in the valley.
// The macros VIEW, EYE, KEY_DIR, ... name slices of `frame`; engine/render/frame.py injects them.
uniform vec4 frame[FRAME_LENGTH];

const float SATURATION = 0.86;  // the curve below, which bends each colour alone, gives some back

vec3 tonemap(vec3 c) {
    c *= EXPOSURE;
    float light = dot(c, vec3(0.2126, 0.7152, 0.0722));
    c = c * SATURATION + light * (1.0 - SATURATION);
#ifdef DARK
    vec3 rods = vec3(0.72, 0.94, 1.42) * light;  // eyes see no colours in the dark, and blue more than red (Purkinje)
    c = mix(c, rods, NIGHT * 0.72 / (1.0 + 9.0 * light));
#endif
    c = c * (2.51 * c + 0.03) / (c * (2.43 * c + 0.59) + 0.14);  // ACES fit, Narkowicz 2015
    return sqrt(clamp(c, 0.0, 1.0));
}

// sRGB (IEC 61966-2-1) both ways: what is painted in it reflects a share of the light, and that share is written in it.
// The powers 2.4 and 1 / 2.4 are fitted, to 0.06 and 0.1 of a step of 255: that costs a third of pow.
vec3 from_srgb(vec3 c) {
    vec3 curved = (((-0.1168083 * c + 0.5265393) * c + 0.5603579) * c + 0.0284065) * c + 0.0010462;
    return mix(curved, c / 12.92, vec3(lessThanEqual(c, vec3(0.04045))));
}

vec3 to_srgb(vec3 c) {
    vec3 root = sqrt(c);
    vec3 curved = 0.8337251 * root + 0.2981318 * sqrt(root) - 0.0553073 * c - 0.0769088;
    return mix(curved, c * 12.92, vec3(lessThanEqual(c, vec3(0.0031308))));
}

vec3 haze(vec3 direction) {
    float mu = dot(direction, SUN_DIR) * 0.5 + 0.5;
    return mix(FOG_ANTI, FOG_SUN, mu * mu * mu);
}

// Density of the fog layer is 1 below FOG_BASE and falls to 0 over the FOG_SOFT above it; u counts heights in units of
// FOG_SOFT from FOG_BASE. This is the density's integral over u.
float fog_column(float u) {
    return u < 0.0 ? u : u > 1.0 ? 0.5 : u - 0.5 * u * u;
}

// Optical depth of the fog straight up from a height; the layer ends, so it does.
float fog_above(float z) {
#ifdef FOGGY
    return FOG_BANK * FOG_SOFT * (0.5 - fog_column((z - FOG_BASE) / FOG_SOFT));
#else
    return 0.0;
#endif
}

// Light of the fog layer seen along a direction: brighter towards the sun.
vec3 fog_light(vec3 direction) {
    float mu = max(dot(direction, SUN_DIR), 0.0);
    return FOG_LAYER * (0.92 + 0.38 * mu * mu * mu);
}

// Haze and fog towards a place: their light, and in w how much of the place they hide. The layer's density is
// integrated along the ray in closed form, so a hill rises out of it and whoever stands above looks down on it.
vec4 fog(vec3 rel) {
    float d = length(rel);
    // The haze closes before the world ends: at a distance from the eye, or towards the rim of the surroundings.
    float far = d * EDGE_FADE;
    vec2 off = abs((EYE.xy + rel.xy - EDGE_CENTRE) * EDGE_SCALE);
    float rim = max(off.x, off.y) * max(off.x, off.y);
    rim *= rim * rim;
    float air = FOG_DENSITY * d + far * far * far * far + 3.0 * rim * rim;
    vec3 ray = rel / d;
    vec3 light = haze(ray);
#ifdef FOGGY
    // The top heaves: its hollows and crests are those of the place where the ray goes into it.
    float entry = clamp((FOG_BASE + 0.5 * FOG_SOFT - EYE.z) / min(rel.z, -0.01), 0.0, 1.0);
    vec2 place = EYE.xy + rel.xy * (rel.z < 0.0 ? entry : 1.0);
    float swell = sin(place.x * 0.0105 + place.y * 0.0041 + 2.0 * sin(place.y * 0.0061))
                + sin(place.y * 0.0133 - place.x * 0.0055 + 1.7 * sin(place.x * 0.0093));
    float u0 = (EYE.z - FOG_BASE) / FOG_SOFT;
    swell *= clamp(u0, 0.0, 1.0);  // seen from above alone
    float u1 = (EYE.z + rel.z - FOG_BASE) / FOG_SOFT - 0.15 * swell;
    float du = u1 - u0;
    float density = abs(du) > 0.001 ? (fog_column(u1) - fog_column(u0)) / du : clamp(1.0 - 0.5 * (u0 + u1), 0.0, 1.0);
    float bank = FOG_BANK * d * max(density, 0.0);
    light = mix(light, fog_light(ray) * (1.0 + 0.07 * swell), bank / max(air + bank, 1e-9));
    air += bank;
#endif
    float hidden = 1.0 - exp(-air);
    return vec4(light * hidden, hidden);
}
