// Rain streaks and snowflakes in a box that wraps round the eye.
in vec4 p3d_Vertex;  // place in the box, 0..1
in vec4 p3d_Color;   // corner, corner, rank
out float v_alpha;
out vec2 v_corner;

void main() {
    vec3 box = FALL_BOX;
    vec3 q = mod(p3d_Vertex.xyz * box + FALL_OFFSET - EYE, box) - box * 0.5;
    float d = length(q);
    v_corner = p3d_Color.rg * 2.0 - 1.0;
    vec3 axis = FALL_DIR;
#ifdef SNOWFLAKES
    float wobble = p3d_Vertex.x * 40.0 + FALL_PHASE;
    q.xy += vec2(sin(wobble), cos(wobble * 1.0 + 2.0)) * 0.25;
    vec3 side = normalize(cross(axis, q));
    vec3 rise = normalize(cross(q, side));
    float size = max(0.026, d * 0.0019) * (0.7 + 0.6 * fract(p3d_Vertex.y * 57.0));
    q += (side * v_corner.x + rise * v_corner.y) * size;
    v_alpha = 0.85 * smoothstep(box.x * 0.5, box.x * 0.2, d) * smoothstep(0.4, 1.2, d);
#else
    vec3 side = normalize(cross(axis, q));
    q += axis * (v_corner.y * 0.34) + side * (v_corner.x * max(0.007, d * 0.0013));
    v_alpha = 0.42 * smoothstep(box.x * 0.5, box.x * 0.15, d) * smoothstep(0.4, 1.6, d);
#endif
    gl_Position = VIEW * vec4(q, 1.0);
    if (p3d_Color.b > FALL_AMOUNT) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}
