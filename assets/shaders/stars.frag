#include "targets.glsl"
in vec4 v_light;
in vec2 v_corner;

void main() {
    write_nothing();
#ifdef OUT_RGB
    float shape = clamp(1.1 - dot(v_corner, v_corner), 0.0, 1.0);
    out_rgb = vec4(v_light.rgb, v_light.a * shape);
#endif
}
