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
#ifdef OUT_NORMAL
layout(location = NORMAL_LOCATION) out vec4 out_normal;
#endif
#ifdef OUT_FLOAT
layout(location = FLOAT_LOCATION) out vec4 out_float;    // flow, depth, whether the flow is valid
#endif
#ifdef OUT_BACK
layout(location = BACK_LOCATION) out vec4 out_back;      // flow back, -, whether it is valid
#endif

// Colour only.
void write_nothing() {
#ifdef OUT_ID
    out_id = vec4(0.0);
#endif
#ifdef OUT_ALBEDO
    out_albedo = vec4(0.0);
#endif
#ifdef OUT_NORMAL
    out_normal = vec4(0.0);
#endif
#ifdef OUT_FLOAT
    out_float = vec4(0.0);
#endif
#ifdef OUT_BACK
    out_back = vec4(0.0);
#endif
}

// From this pixel to a place in another image, given in its clip space (x, y, w), and whether it lies inside.
vec3 flow_to(vec3 clip) {
    if (clip.z <= 0.0) return vec3(0.0);
    vec2 landing = (clip.xy / clip.z * 0.5 + 0.5) * IMAGE_SIZE;
    bool inside = all(greaterThanEqual(landing, vec2(0.0))) && all(lessThan(landing, IMAGE_SIZE));
    return vec3(landing - gl_FragCoord.xy, inside ? 1.0 : 0.0);
}

void write_truth(vec4 ident, vec3 normal, vec3 following, vec3 before) {
#ifdef OUT_ID
    out_id = ident;
#endif
#ifdef OUT_NORMAL
    out_normal = vec4(normal, 1.0);
#endif
#ifdef OUT_FLOAT
    vec3 flow = vec3(0.0);
#ifdef OUT_FLOW
    flow = flow_to(following);
#endif
    out_float = vec4(flow.xy, 1.0 / gl_FragCoord.w, flow.z);
#endif
#ifdef OUT_BACK
    vec3 back = flow_to(before);
    out_back = vec4(back.xy, 0.0, back.z);
#endif
}
