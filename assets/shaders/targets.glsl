// What a fragment writes: the picture and, from the same geometry, the truth.
#ifdef OUT_RGB
layout(location = 0) out vec4 out_rgb;
#endif
#ifdef OUT_ID
layout(location = ID_LOCATION) out vec4 out_id;
#endif
#ifdef OUT_NORMAL
layout(location = NORMAL_LOCATION) out vec4 out_normal;
#endif
#ifdef OUT_FLOAT
layout(location = FLOAT_LOCATION) out vec4 out_float;
#endif

// Colour only: an alpha of zero leaves the other targets exactly as they were.
void write_nothing() {
#ifdef OUT_ID
    out_id = vec4(0.0);
#endif
#ifdef OUT_NORMAL
    out_normal = vec4(0.0);
#endif
#ifdef OUT_FLOAT
    out_float = vec4(0.0);
#endif
}

void write_truth(vec3 ident, vec3 normal, vec3 following) {
#ifdef OUT_ID
    out_id = vec4(ident, 1.0);
#endif
#ifdef OUT_NORMAL
    out_normal = vec4(normal, 1.0);
#endif
#ifdef OUT_FLOAT
    vec2 flow = vec2(0.0);
    float valid = 0.0;
#ifdef OUT_FLOW
    if (following.z > 0.0) {
        vec2 landing = (following.xy / following.z * 0.5 + 0.5) * IMAGE_SIZE;
        flow = landing - gl_FragCoord.xy;
        valid = all(greaterThanEqual(landing, vec2(0.0))) && all(lessThan(landing, IMAGE_SIZE)) ? 1.0 : 0.0;
    }
#endif
    out_float = vec4(flow, 1.0 / gl_FragCoord.w, valid);
#endif
}
