// The lights that fall on a surface: how much of the key light comes past what stands round it, and the lamps near it.
uniform sampler2DShadow shadow_map;
#ifdef QUALITY_FINE
uniform sampler2DShadow far_shadow_map;

// The mean over a few places round one: each fetch filters its four nearest texels itself.
float soft(sampler2DShadow map, vec3 at, float radius, float turn) {
    vec2 a = radius * vec2(cos(turn), sin(turn));
    vec2 b = vec2(-a.y, a.x);
    return 0.2 * (texture(map, at) + texture(map, vec3(at.xy + a, at.z)) + texture(map, vec3(at.xy - a, at.z))
                  + texture(map, vec3(at.xy + b, at.z)) + texture(map, vec3(at.xy - b, at.z)));
}

float lit_by_key(vec3 normal, float offset) {
    if (v_shadow.w < 0.01) return 0.0;
    vec2 edge = abs(v_shadow.xy - 0.5);
    float far = smoothstep(0.40, 0.49, max(edge.x, edge.y));
    float s = 1.0;
    if (far < 1.0) s = mix(soft(shadow_map, v_shadow.xyz, 0.0010, 0.6), s, far);
    if (far > 0.0) {
        vec3 from = v_rel + (EYE - FAR_SHADOW_CENTRE) + normal * (0.24 + offset);
        vec3 at = (FAR_SHADOW_VIEW * vec4(from, 1.0)).xyz * 0.5 + 0.5;
        edge = abs(at.xy - 0.5);
        float fade = smoothstep(0.42, 0.495, max(edge.x, edge.y));
        if (fade < 1.0) s = mix(s, mix(soft(far_shadow_map, at, 0.0007, 0.6), 1.0, fade), far);
    }
    return v_shadow.w * s * past_clouds(v_rel);
}
#else
float lit_by_key(vec3 normal, float offset) {
    vec2 edge = abs(v_shadow.xy - 0.5);
    float s = texture(shadow_map, v_shadow.xyz);  // the map filters its four nearest texels itself
    return v_shadow.w * mix(s, 1.0, clamp((max(edge.x, edge.y) - 0.42) / 0.075, 0.0, 1.0));
}
#endif

// Light of the lamps on a surface of this normal, in units of GLOW, and in w what a wet surface mirrors of them.
vec4 lamplight(vec3 normal, vec3 mirrored) {
    vec4 sum = vec4(0.0);
    int lit = int(LAMPS_LIT);
    for (int k = 0; k < lit; k++) {
        vec4 lamp = LAMP(k);
        vec3 to = lamp.xyz - v_rel;
        float away = dot(to, to);
        float window = max(1.0 - away * (1.0 / 225.0), 0.0);
        if (window <= 0.0) continue;
        float near = lamp.w * window * window / (0.8 + away);
        vec3 towards = to * inversesqrt(away);
        sum.rgb += near * max(0.12 + 0.88 * dot(normal, towards), 0.0);
        float mirror = max(dot(mirrored, towards), 0.0);
        mirror *= mirror; mirror *= mirror; mirror *= mirror; mirror *= mirror; mirror *= mirror;
        sum.w += near * 4.0 * mirror;
    }
    return sum;
}
