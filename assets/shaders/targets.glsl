// What a fragment writes: the picture and, from the same geometry, the truth. Nothing that has a surface is blended, so
// the fourth channel is as good as the others; what is blended writes a zero there and leaves all truth as it was.
#ifdef OUT_RGB
layout(location = 0) out vec4 out_rgb;
#endif
#ifdef KEPT
layout(location = 0) out vec4 out_paint;                 // sRGB, ambient
layout(location = EXTRA_LOCATION) out vec4 out_extra;
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
