// The truth of a surface, and what a later pass shades its pixels from: see recalled.glsl.
#include "targets.glsl"
in vec3 v_normal;
in vec4 v_colour;
in vec4 v_extra;
#include "truth.glsl"

void main() {
    write_truth(normalize(v_normal));
    out_paint = v_colour;
    out_extra = v_extra;
}
