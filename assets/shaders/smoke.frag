#include "targets.glsl"
in float v_alpha;
in vec2 v_corner;
in vec2 v_chance;
in vec4 v_fog;
#ifdef OUT_RGB
uniform sampler2D noise;
#endif

void main() {
    write_nothing();
#ifdef OUT_RGB
    float ragged = texture(noise, v_corner * 0.06 + v_chance).r * 1.5 - 0.25;
    float shape = clamp(1.0 - dot(v_corner, v_corner), 0.0, 1.0) * clamp(ragged, 0.0, 1.0);
    vec3 light = SMOKE_COLOUR * (0.9 + 0.2 * v_corner.y) * (1.0 - v_fog.a) + v_fog.rgb;
    out_rgb = vec4(tonemap(light), clamp(v_alpha * shape * 1.9, 0.0, 1.0));
#endif
}
