// One triangle over the whole image, and the rays through it.
in vec4 p3d_Vertex;
out vec3 v_ray;  // from the eye to the place one metre along the optical axis

void main() {
    carry();
    mat4 rows = transpose(VIEW);
    v_ray = inverse(transpose(mat3(rows[0].xyz, rows[1].xyz, rows[3].xyz))) * vec3(p3d_Vertex.xy, 1.0);
    gl_Position = vec4(p3d_Vertex.xy, 0.0, 1.0);
}
