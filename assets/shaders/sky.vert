// The dome lies at the far plane and follows the eye; its vertices carry the scattered light.
in vec4 p3d_Vertex;
in vec4 p3d_Color;
out vec3 v_direction;
out vec3 v_radiance;

void main() {
    carry();
    v_direction = p3d_Vertex.xyz;
    v_radiance = p3d_Color.rgb;
    gl_Position = VIEW * vec4(p3d_Vertex.xyz, 0.0);
    gl_Position.z = gl_Position.w * 0.999995;
}
