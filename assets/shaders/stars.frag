#include "targets.glsl"
in float v_light;
in vec2 v_corner;

void main() {
    write_nothing();
#ifdef OUT_RGB
    out_rgb = vec4(0.86, 0.90, 1.0, v_light * clamp(1.25 - dot(v_corner, v_corner), 0.0, 1.0));
#endif
}
