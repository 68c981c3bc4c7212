// What a fragment writes: the picture and, from the same geometry, the truth. Nothing that has a surface is blended, so
// the fourth channel is as good as the others; what is blended writes a zero there and leaves all truth as it was.
#ifdef OUT_RGB
layout(location = 0) out vec4 out_rgb;
#endif
#ifdef OUT_ID
layout(location = ID_LOCATION) out vec4 out_id;          // instance id, low byte first; part
#endif
#ifdef OUT_ALBEDO
layout(location = ALBEDO_LOCATION) out vec4 out_albedo;  // sRGB
#endif
#ifdef FLOATS_0
layout(location = FLOATS_0) out vec4 out_floats_0;       // numbers; engine/render/programs.py says which where
#endif
#ifdef FLOATS_1
layout(location = FLOATS_1) out vec4 out_floats_1;
#endif

const float FLOW_STEPS = 256.0;     // in a pixel: finer than the raster, and half the bytes in a recording
const float NORMAL_STEPS = 2048.0;  // within 4.3e-4 of the normal drawn, and 40 % fewer bytes than halves
const float FARTHEST = 65536.0;     // pixels that flow may lead; in steps it is a float's whole number

// Colour only.
void write_nothing() {
#ifdef OUT_ID
    out_id = vec4(0.0);
#endif
#ifdef OUT_ALBEDO
    out_albedo = vec4(0.0);
#endif
#ifdef FLOATS_0
    out_floats_0 = vec4(0.0);
#endif
#ifdef FLOATS_1
    out_floats_1 = vec4(0.0);
#endif
}

vec2 in_steps(vec2 v, float steps) {
    return floor(v * steps + 0.5) / steps;
}

// From this pixel to a place in another image, given in its clip space (x, y, w), and whether it lies inside.
vec3 flow_to(vec3 clip) {
    if (clip.z <= 0.0) return vec3(0.0);
    vec2 landing = (clip.xy / clip.z * 0.5 + 0.5) * IMAGE_SIZE;
    bool inside = all(greaterThanEqual(landing, vec2(0.0))) && all(lessThan(landing, IMAGE_SIZE));
    vec2 flow = clamp(landing - gl_FragCoord.xy, -FARTHEST, FARTHEST);
    return vec3(in_steps(flow, FLOW_STEPS), inside ? 1.0 : 0.0);
}

void write_truth(vec4 ident, vec3 normal, vec3 following, vec3 before) {
#ifdef OUT_ID
    out_id = ident;
#endif
#ifdef FLOATS_0
    out_floats_0 = vec4(0.0);
#endif
#ifdef FLOATS_1
    out_floats_1 = vec4(0.0);
#endif
#ifdef DEPTH_AT
    DEPTH_AT = 1.0 / gl_FragCoord.w;
#endif
#ifdef REST_AT
    REST_AT = 0.0;
#ifdef OUT_NORMAL
    vec2 across = in_steps(normal.xy, NORMAL_STEPS);
    NORMAL_X_AT = across.x;
    NORMAL_Y_AT = across.y;
    REST_AT = in_steps(normal.zz, NORMAL_STEPS).x;
#endif
#ifdef OUT_FLOW
    vec3 flow = flow_to(following);
    FLOW_X_AT = flow.x;
    FLOW_Y_AT = flow.y;
    REST_AT += 4.0 * flow.z;
#endif
#ifdef OUT_BACK
    vec3 back = flow_to(before);
    BACK_X_AT = back.x;
    BACK_Y_AT = back.y;
    REST_AT += 8.0 * back.z;
#endif
#endif
}
