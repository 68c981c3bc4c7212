// Shared by every program: what the frame knows, tone mapping, fog.
// The macros VIEW, EYE, KEY_DIR, ... name slices of `frame`; engine/render/frame.py injects them.
uniform vec4 frame[FRAME_LENGTH];

vec3 tonemap(vec3 c) {
    c *= EXPOSURE;
    c = c * (2.51 * c + 0.03) / (c * (2.43 * c + 0.59) + 0.14);  // ACES fit, Narkowicz 2015
    return sqrt(clamp(c, 0.0, 1.0));
}

vec3 haze(vec3 direction) {
    float mu = dot(direction, SUN_DIR) * 0.5 + 0.5;
    return mix(FOG_ANTI, FOG_SUN, mu * mu * mu);
}

// Haze towards a place: its light, and in w how much of the place it hides.
vec4 fog(vec3 rel) {
    float d = length(rel);
    float far = d * EDGE_FADE;  // the haze closes before the world ends
    float hidden = 1.0 - exp(-FOG_DENSITY * d - far * far * far * far);
    return vec4(haze(rel / d) * hidden, hidden);
}
