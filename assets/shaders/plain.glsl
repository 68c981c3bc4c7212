// The picture in the quality "truth": colours, light by the way a surface faces, and fog; no texture and no shadow map.
#ifdef QUALITY_TRUTH
void write_plain(vec3 normal, vec3 albedo, float snow, float shine) {
#ifdef SNOWY
    albedo = mix(albedo, vec3(0.84, 0.87, 0.92), clamp(snow * 1.5, 0.0, 1.0) * smoothstep(0.35, 0.75, normal.z));
#endif
    vec3 ambient = mix(GROUND_LIGHT, SKY_LIGHT, normal.z * 0.5 + 0.5) * v_colour.a;
    vec3 light = KEY_COLOUR * (max(dot(normal, KEY_DIR), 0.0) * v_shadow.w) + ambient;
    out_rgb = vec4(tonemap((albedo * light + shine * GLOW) * (1.0 - v_fog.a) + v_fog.rgb), 1.0);
}
#endif
