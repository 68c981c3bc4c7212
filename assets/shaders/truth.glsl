// The truth of a surface.
#ifdef OUT_ID
flat in vec4 v_ident;
#endif
#ifdef OUT_FLOW
in vec3 v_following;  // where this is in the following image, in its pixels, homogeneous
#endif
#ifdef OUT_BACK
in vec3 v_before;
#endif

const float FLOW_STEPS = 256.0;     // in a pixel: finer than the raster, and half the bytes in a recording
const float NORMAL_STEPS = 2048.0;  // within 4.3e-4 of the normal drawn, and 40 % fewer bytes than halves
const float FARTHEST = 65536.0;     // pixels that flow may lead; in steps it is a float's whole number

vec2 in_steps(vec2 v, float steps) {
    return floor(v * steps + 0.5) / steps;
}

// From this pixel to a place in another image, given in its pixels, homogeneous; and whether it lies inside.
vec3 flow_to(vec3 place) {
    if (place.z <= 0.0) return vec3(0.0);
    vec2 landing = place.xy / place.z;
    bool inside = all(greaterThanEqual(landing, vec2(0.0))) && all(lessThan(landing, IMAGE_SIZE));
    vec2 flow = clamp(landing - gl_FragCoord.xy, -FARTHEST, FARTHEST);
    return vec3(in_steps(flow, FLOW_STEPS), inside ? 1.0 : 0.0);
}

void write_truth(vec3 normal) {
#ifdef OUT_ID
    out_id = v_ident;
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
    vec3 flow = flow_to(v_following);
    FLOW_X_AT = flow.x;
    FLOW_Y_AT = flow.y;
    REST_AT += 4.0 * flow.z;
#endif
#ifdef OUT_BACK
    vec3 back = flow_to(v_before);
    BACK_X_AT = back.x;
    BACK_Y_AT = back.y;
    REST_AT += 8.0 * back.z;
#endif
#endif
}
