#include "targets.glsl"
in float v_light;
in float v_side;

void main() {
    write_nothing();
#ifdef OUT_RGB
    float across = 1.0 - v_side * v_side;
    out_rgb = vec4(0.86, 0.90, 1.0, v_light * across * across);
#endif
}
