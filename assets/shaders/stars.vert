// Small quads on the celestial sphere: a direction, a corner, a brightness.
in vec4 p3d_Vertex;
in vec4 p3d_Color;  // corner, corner, brightness
out float v_light;
out vec2 v_corner;

void main() {
    v_light = p3d_Color.b * STARLIGHT * smoothstep(0.02, 0.22, p3d_Vertex.z)
            * exp(-fog_above(EYE.z) / max(p3d_Vertex.z, 0.02));
    v_corner = p3d_Color.rg * 2.0 - 1.0;
    gl_Position = VIEW * vec4(p3d_Vertex.xyz, 0.0);
    gl_Position.xy += v_corner * (0.6 + 0.9 * p3d_Color.b) * 2.0 / IMAGE_SIZE * gl_Position.w;
    gl_Position.z = gl_Position.w * 0.999994;
    if (v_light <= 0.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}
