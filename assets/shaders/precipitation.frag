#include "targets.glsl"
in float v_alpha;
in vec2 v_corner;

void main() {
    write_nothing();
#ifdef OUT_RGB
    float shape = clamp(1.2 - dot(v_corner, v_corner) * 1.1, 0.0, 1.0);
#ifndef SNOWFLAKES
    shape = 1.0 - abs(v_corner.x);
#endif
    out_rgb = vec4(FALL_COLOUR, v_alpha * shape);
#endif
}
