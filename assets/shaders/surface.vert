// Places everything that has a surface: ground, water, buildings, plants, people; now and in the following frame.
in vec4 p3d_Vertex;
in vec3 p3d_Normal;
in vec4 p3d_Color;  // sRGB, ambient
in vec4 extra;      // meshes: glow, sway, slot; ground: path, field, furrow angle, stone; water: depth
in vec4 ident;

#if defined(KIND_PLANT) || defined(KIND_FIGURE)
uniform samplerBuffer instances;
uniform int batch_base;
#ifdef TUFT
uniform float ground_share;
#endif
#endif
#ifdef KIND_FIGURE
uniform samplerBuffer slot_colours;
#endif
#ifdef OUT_RGB
uniform sampler2D ground_light;
out vec3 v_rel;
out vec4 v_colour;
out vec4 v_extra;
out vec4 v_fog;
out vec4 v_shadow;  // shadow map coordinates, and in w the light that the hills let through
#endif
#ifdef OUT_ID
flat out vec3 v_ident;
#endif
out vec3 v_normal;
#ifdef OUT_FLOW
out vec3 v_following;
#endif

vec3 id_bytes(float id) {
    return vec3(mod(id, 256.0), mod(floor(id / 256.0), 256.0), floor(id / 65536.0)) / 255.0;
}

#ifdef KIND_PLANT
vec2 sway(vec4 wind, vec2 root, float weight, float z) {
    float gust = 0.45 + 0.40 * sin(wind.z - dot(root, vec2(0.11, 0.07))) + 0.15 * sin(3.0 * wind.z + z + dot(root, vec2(1.7, 2.3)));
    return wind.xy * (weight * gust);
}

#ifdef TUFT
float grown(vec2 root, vec3 eye, float reach) {
    return 1.0 - smoothstep(0.72, 1.0, distance(root, eye.xy) / reach);
}
#endif
#endif

void main() {
    vec3 p = p3d_Vertex.xyz;
    vec3 n = p3d_Normal;
    vec3 colour = p3d_Color.rgb;
    vec3 next = p;
    vec3 identity = ident.rgb;
    bool followed = true;

#if defined(KIND_PLANT)
    int texel = (batch_base + gl_InstanceID) * 2;
    vec4 a = texelFetch(instances, texel);
    vec4 b = texelFetch(instances, texel + 1);
    p.xy = mat2(b.x, b.y, -b.y, b.x) * p.xy;
    n.xy = mat2(b.x, b.y, -b.y, b.x) * n.xy;
    float rest = p.z;
#ifdef TUFT
    float reach = abs(b.w);
    next = a.xyz + p * (a.w * grown(a.xy, NEXT_EYE, reach));
    p = a.xyz + p * (a.w * grown(a.xy, EYE, reach));
    float stiffness = 0.22 * a.w;
    n = normalize(vec3(n.xy * 0.35, 1.0));  // blades are lit as the meadow they make, from either side
#else
    identity = id_bytes(b.w);
    p = a.xyz + p * a.w;
    next = p;
    float stiffness = 0.02 * a.w;
#endif
    p.xy += sway(SWAY, a.xy, extra.y * stiffness, rest);
    next.xy += sway(NEXT_SWAY, a.xy, extra.y * stiffness, rest);
#ifdef TUFT
    vec3 soil = vec3(mod(b.z, 256.0), mod(floor(b.z / 256.0), 256.0), floor(b.z / 65536.0)) / 255.0;
    colour = mix(colour, soil * (0.80 + 0.62 * extra.y), ground_share);
    float leaf = 0.0;
#else
    float leaf = clamp(extra.y * 6.0, 0.0, 1.0);
    vec3 tint = mix(vec3(0.98, 0.92, 0.76), vec3(0.80, 0.92, 0.88), fract(b.z * 7.31)) * (0.80 + 0.24 * b.z);
    colour *= mix(vec3(1.0), tint, leaf);
#endif
#elif defined(KIND_FIGURE)
    int texel = (batch_base + gl_InstanceID) * 6;
    vec4 m0 = texelFetch(instances, texel);
    vec4 m1 = texelFetch(instances, texel + 1);
    vec4 m2 = texelFetch(instances, texel + 2);
    vec4 k0 = texelFetch(instances, texel + 3);
    vec4 k1 = texelFetch(instances, texel + 4);
    vec4 k2 = texelFetch(instances, texel + 5);
    vec4 v = vec4(p, 1.0);
    p = vec3(dot(m0, v), dot(m1, v), dot(m2, v));
    next = vec3(dot(k0, v), dot(k1, v), dot(k2, v));
    followed = dot(k0.xyz, k0.xyz) > 0.0;
    // Normals transform by the inverse transpose; the parts are only turned and scaled, so dividing by the squared
    // column lengths is that.
    vec3 squared = m0.xyz * m0.xyz + m1.xyz * m1.xyz + m2.xyz * m2.xyz;
    n /= max(squared, vec3(1e-12));
    n = vec3(dot(m0.xyz, n), dot(m1.xyz, n), dot(m2.xyz, n));
    int slot = int(extra.z * 255.0 + 0.5);
    vec4 worn = texelFetch(slot_colours, gl_InstanceID * 6 + slot);
    colour *= worn.rgb;
    identity = id_bytes(texelFetch(slot_colours, gl_InstanceID * 6).w);
#endif

    vec3 rel = p - EYE;
#ifdef SHADOW_PASS
    gl_Position = SHADOW_VIEW * vec4(p - SHADOW_CENTRE, 1.0);
#else
    gl_Position = VIEW * vec4(rel, 1.0);
#endif
    v_normal = n;
#ifdef OUT_FLOW
    vec4 clip = NEXT_VIEW * vec4(next - NEXT_EYE, 1.0);
    v_following = followed ? clip.xyw : vec3(0.0, 0.0, -1.0);
#endif
#ifdef OUT_ID
    v_ident = identity;
#endif
#ifdef OUT_RGB
    v_rel = rel;
    v_fog = fog(rel);
    v_colour = vec4(colour * colour, p3d_Color.a);
    v_extra = extra;
#if defined(KIND_PLANT) && !defined(TUFT)
    // The crown that casts is coarser than the crown that receives: a deeper offset keeps it from blotching itself.
    float offset = SHADOW_OFFSET + 0.05 * a.w * leaf;
#else
    float offset = SHADOW_OFFSET;
#endif
    vec4 s = SHADOW_VIEW * vec4(p - SHADOW_CENTRE + normalize(n) * offset, 1.0);
    vec2 uv = (p.xy - MAP_ORIGIN) * MAP_SCALE;
    v_shadow = vec4(s.xyz * 0.5 + 0.5, textureLod(ground_light, uv, 0.0).r);
#endif
}
