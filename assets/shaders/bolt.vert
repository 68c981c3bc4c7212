// A stroke of lightning: line segments drawn as quads that face the eye, never thinner than a pixel.
in vec4 p3d_Vertex;  // one end of the segment
in vec3 p3d_Normal;  // the other end
in vec4 p3d_Color;   // end, side, brightness
in vec4 extra;       // glow round the channel
out float v_light;
out float v_side;

void main() {
    vec3 a = p3d_Vertex.xyz - EYE;
    vec3 b = p3d_Normal - EYE;
    vec3 along = b - a;
    vec3 here = mix(a, b, p3d_Color.r);
    float d = length(here);
    v_side = p3d_Color.g * 2.0 - 1.0;
    float width = mix(max(0.9, d * 1.1 / IMAGE_SIZE.y), max(8.0, d * 0.012), extra.x);
    here += normalize(cross(along, here)) * (v_side * width);
    float hidden = FOG_DENSITY * d + fog_above(EYE.z) / max(here.z / d, 0.03);  // it is bright: no edge of the world
    v_light = p3d_Color.b * exp(-hidden) * mix(1.0, 0.16, extra.x);
    gl_Position = VIEW * vec4(here, 1.0);
}
