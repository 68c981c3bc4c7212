// Places everything that has a surface: ground, water, buildings, plants, people; now and in the following frame.
in vec4 p3d_Vertex;
in vec3 p3d_Normal;
in vec4 p3d_Color;  // sRGB, ambient
in vec4 extra;      // meshes: glow, sway, slot, lamp; plants: -, sway, when a leaf falls, when it flowers;
                    // ground: path, field, furrow angle, stone, or beyond the map snow; water: depth, ice, mud, snow
in vec4 ident;      // instance id, low byte first; figures: two bones and the weight of the second; part

#if defined(KIND_PLANT) || defined(KIND_FIGURE)
uniform samplerBuffer instances;
uniform int batch_base;
#ifdef TUFT
uniform vec4 tuft;  // how much of its colour is the soil's; 1 for a crop; 1 for a flower
#else
uniform vec4 turned_first;  // autumn's colours of this species; in w 1 where leaves fall
uniform vec4 turned_last;
#endif
#endif
#ifdef KIND_FIGURE
uniform samplerBuffer slot_colours;
uniform samplerBuffer wearers;  // of each instance: whose row, and which face
uniform samplerBuffer faces;
uniform int face_length;  // vertices of a face, 0 for other pieces

// Rows of the matrix that moves a vertex: of its bone, or of two by weight; at texel 0 now, 3 next, 6 before.
mat3x4 skinned(int bone, int second, float weight, int when) {
    int texel = bone * 9 + when;
    mat3x4 m = mat3x4(texelFetch(instances, texel), texelFetch(instances, texel + 1), texelFetch(instances, texel + 2));
    if (weight > 0.0) {
        texel = second * 9 + when;
        mat3x4 o = mat3x4(texelFetch(instances, texel), texelFetch(instances, texel + 1), texelFetch(instances, texel + 2));
        m = m * (1.0 - weight) + o * weight;
    }
    return m;
}
#endif
#ifdef KEPT
out vec4 v_colour;
out vec4 v_extra;
#endif
#ifdef OUT_COLOUR
#ifdef OUT_RGB
#ifdef HILLS_SHADE
uniform sampler2D ground_light;
#define PAST_HILLS textureLod(ground_light, uv, 0.0).r
#else
#define PAST_HILLS 1.0
#endif
#endif
#if defined(KIND_GROUND) || defined(KIND_SOLID)
uniform sampler2D lying;  // on the ground: root of snow, wetness, puddle, ice
#endif
out vec3 v_rel;
out vec4 v_colour;
out vec4 v_extra;
#ifdef OUT_RGB
out vec4 v_fog;
out vec4 v_shadow;  // shadow map coordinates, and in w the light that hills and fog let through
#endif
#ifdef KIND_GROUND
out vec4 v_lying;   // snow as a share of what hides the ground, wetness, puddle, ice; snow goes on above 1
#else
out float v_snow;
#endif
#endif
#ifdef OUT_ID
flat out vec4 v_ident;
#endif
out vec3 v_normal;
#ifdef OUT_FLOW
out vec3 v_following;  // where this will be in the following image, in its pixels, homogeneous
#endif
#ifdef OUT_BACK
out vec3 v_before;
#endif

vec3 pixel(vec4 clip) {
    return vec3((clip.xy + clip.w) * (0.5 * IMAGE_SIZE), clip.w);
}

vec3 id_bytes(float id) {
    return vec3(mod(id, 256.0), mod(floor(id / 256.0), 256.0), floor(id / 65536.0)) / 255.0;
}

float luma(vec3 c) {
    return dot(c, vec3(0.30, 0.59, 0.11));
}

// Grass without its green, as light as it was; w says how much of the colour is grass.
vec3 faded(vec3 colour, float grass) {
    return mix(colour, vec3(1.14, 1.00, 0.74) * (luma(colour) * 0.95), grass * (1.0 - GRASS_GREEN) * 0.9);
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

invariant gl_Position;  // and so depth: the same in every program

void main() {
    vec3 p = p3d_Vertex.xyz;
    vec3 n = p3d_Normal;
    vec3 colour = p3d_Color.rgb;
    vec3 next = p;
    vec3 prev = p;
    vec3 identity = ident.rgb;
    bool followed = true;
    bool came = true;

#if defined(KIND_PLANT)
    int texel = (batch_base + gl_InstanceID) * 2;
    vec4 a = texelFetch(instances, texel);
    vec4 b = texelFetch(instances, texel + 1);
    p.xy = mat2(b.x, b.y, -b.y, b.x) * p.xy;
    n.xy = mat2(b.x, b.y, -b.y, b.x) * n.xy;
    float rest = p.z;
#ifdef TUFT
    float level = floor(b.w / 128.0);
    float reach = b.w - 128.0 * level;
    float snow = level / SNOW_LEVELS * SNOW_DEPTH_RANGE;
    p.xy *= mix(1.0, 0.55 + 0.45 * min(CROP_GROWN, 1.0), tuft.y);
    p.z *= mix(1.0, CROP_GROWN, tuft.y);
    p.z -= snow / a.w;  // buried to that depth
    next = a.xyz + p * (a.w * grown(a.xy, NEXT_EYE, reach));
    prev = a.xyz + p * (a.w * grown(a.xy, PREV_EYE, reach));
    p = a.xyz + p * (a.w * grown(a.xy, EYE, reach));
    float stiffness = 0.22 * a.w;
    n = normalize(vec3(n.xy * 0.35, 1.0));  // blades are lit as the meadow they make, from either side
#else
    identity = id_bytes(b.w);
    float mark = floor(b.z);  // flowers or not, and above it the depth of snow
    float chance = b.z - mark;
    float snow = floor(mark * 0.5) / SNOW_LEVELS * SNOW_DEPTH_RANGE;
    float kept = clamp(1.5 * LEAF_COVER - 0.5 * fract(chance * 13.7), 0.0, 1.0);
    if (extra.z > 0.0 && extra.z > kept) p = vec3(0.0);  // this leaf has fallen
    p = a.xyz + p * a.w;
    next = p;
    prev = p;
    float stiffness = 0.02 * a.w;
#endif
    p.xy += sway(SWAY, a.xy, extra.y * stiffness, rest);
    next.xy += sway(NEXT_SWAY, a.xy, extra.y * stiffness, rest);
    prev.xy += sway(PREV_SWAY, a.xy, extra.y * stiffness, rest);
#ifdef TUFT
    vec3 soil = vec3(mod(b.z, 256.0), mod(floor(b.z / 256.0), 256.0), floor(b.z / 65536.0)) / 255.0;
    vec3 green = vec3(0.76, 1.00, 0.42) * (luma(colour) * 0.74);
    colour = mix(colour, green, tuft.y * (1.0 - CROP_RIPE));
    colour = mix(colour, soil * (0.80 + 0.62 * extra.y), tuft.x);
    colour = faded(colour, (1.0 - tuft.y) * (1.0 - tuft.z));
    float leaf = 0.0;
#else
    float leaf = clamp(extra.y * 6.0, 0.0, 1.0);
    vec3 tint = mix(vec3(0.98, 0.92, 0.76), vec3(0.80, 0.92, 0.88), fract(chance * 7.31)) * (0.80 + 0.24 * chance);
    colour *= mix(vec3(1.0), tint, leaf);
    // Each tree turns in its own time, its outer leaves first, and to a colour of its own.
    float late = fract(chance * 5.13);
    float turned = clamp(1.9 * LEAF_COLOUR - 0.6 * late - 0.3 * (1.0 - extra.y), 0.0, 1.0) * turned_first.w * leaf;
    vec3 autumn = mix(turned_first.rgb, turned_last.rgb, fract(chance * 3.77 + 0.2 * extra.y));
    colour = mix(colour, autumn * (0.30 + 1.35 * luma(colour)), turned);
    float flowers = mod(mark, 2.0) * (1.0 - step(extra.w, 0.0)) * step(extra.w, BLOSSOM) * turned_first.w;
    colour = mix(colour, mix(vec3(0.97, 0.96, 0.93), vec3(0.96, 0.80, 0.84), step(0.5, fract(chance * 9.1))), flowers);
#endif
#elif defined(KIND_FIGURE)
    vec4 wearer = texelFetch(wearers, batch_base + gl_InstanceID);
    int person = int(wearer.x);
    int slot = int(extra.z * 255.0 + 0.5);
    if (face_length > 0) {  // everybody's own: place, normal, colour and its slot
        int own = (int(wearer.y) * face_length + gl_VertexID) * 3;
        p = texelFetch(faces, own).xyz;
        n = texelFetch(faces, own + 1).xyz;
        vec4 painted = texelFetch(faces, own + 2);
        colour = painted.rgb;
        slot = int(painted.w);
    }
    int bone = person * BONES + int(ident.x * 255.0 + 0.5);
    int second = person * BONES + int(ident.y * 255.0 + 0.5);
    vec4 v = vec4(p, 1.0);
    mat3x4 m = skinned(bone, second, ident.z, 0);
    p = v * m;
#ifdef OUT_FLOW
    mat3x4 k = skinned(bone, second, ident.z, 3);
    next = v * k;
    followed = dot(k[0].xyz, k[0].xyz) > 0.0;
#endif
#ifdef OUT_BACK
    mat3x4 l = skinned(bone, second, ident.z, 6);
    prev = v * l;
    came = dot(l[0].xyz, l[0].xyz) > 0.0;
#endif
    // Normals transform by the inverse transpose; bones only turn and scale, so dividing by the squared column lengths
    // is that, and nearly so between two of them.
    vec3 squared = m[0].xyz * m[0].xyz + m[1].xyz * m[1].xyz + m[2].xyz * m[2].xyz;
    n /= max(squared, vec3(1e-12));
    n = vec3(dot(m[0].xyz, n), dot(m[1].xyz, n), dot(m[2].xyz, n));
    vec4 worn = texelFetch(slot_colours, person * SLOTS + slot);
    colour *= worn.rgb;
    identity = id_bytes(texelFetch(slot_colours, person * SLOTS).w);
#endif

    vec3 rel = p - EYE;
#ifdef FAR_SHADOW
    gl_Position = FAR_SHADOW_VIEW * vec4(p - FAR_SHADOW_CENTRE, 1.0);
#elif defined(SHADOW_PASS)
    gl_Position = SHADOW_VIEW * vec4(p - SHADOW_CENTRE, 1.0);
#else
    gl_Position = VIEW * vec4(rel, 1.0);
#endif
    v_normal = n;
#ifdef OUT_FLOW
    v_following = followed ? pixel(NEXT_VIEW * vec4(next - NEXT_EYE, 1.0)) : vec3(0.0, 0.0, -1.0);
#endif
#ifdef OUT_BACK
    v_before = came ? pixel(PREV_VIEW * vec4(prev - PREV_EYE, 1.0)) : vec3(0.0, 0.0, -1.0);
#endif
#ifdef OUT_ID
    v_ident = vec4(identity, ident.a);
#endif
#ifdef KIND_GROUND
    float vegetation = clamp((colour.g - max(colour.r, colour.b)) * 22.0 + 0.45, 0.0, 1.0);
    colour = faded(colour, vegetation);
#endif
#ifdef KEPT
    v_colour = vec4(colour, p3d_Color.a);
#ifdef KIND_PLANT
    v_extra = vec4(0.05 * a.w * leaf, extra.y, sqrt(snow / SNOW_DEPTH_RANGE), 0.0);  // see `offset` below
#elif defined(KIND_FIGURE)
    v_extra = vec4(extra.x, 1.0, 0.0, 1.0);  // what it holds is lit; 1: a figure
#elif defined(KIND_SOLID)
    v_extra = vec4(extra.x, 0.0, 0.0, extra.w);
#else
    v_extra = extra;
#endif
#endif
#ifdef OUT_COLOUR
    v_rel = rel;
    vec2 uv = (p.xy - MAP_ORIGIN) * MAP_SCALE;
#ifdef OUT_RGB
    v_fog = fog(rel);
#if defined(KIND_PLANT) && !defined(TUFT)
    // The crown that casts is coarser than the crown that receives: a deeper offset keeps it from blotching itself.
    float offset = SHADOW_OFFSET + 0.05 * a.w * leaf;
#else
    float offset = SHADOW_OFFSET;
#endif
#ifdef LIT
    vec4 s = SHADOW_VIEW * vec4(p - SHADOW_CENTRE + normalize(n) * offset, 1.0);
#else
    vec4 s = vec4(0.0);
#endif
    float through = 0.10 + 0.90 * exp(-fog_above(p.z) / (0.3 + KEY_DIR.z));
    v_shadow = vec4(s.xyz * 0.5 + 0.5, PAST_HILLS * through);
#endif
#if defined(KIND_GROUND) || defined(KIND_SOLID)
    vec4 here = textureLod(lying, uv, 0.0);
    float depth = here.r * here.r * SNOW_DEPTH_RANGE;
#endif
#if defined(KIND_GROUND)
    vec2 off = abs(uv - 0.5);
    if (max(off.x, off.y) > 0.5001) {  // beyond the map
        depth = extra.w * extra.w * SNOW_DEPTH_RANGE;
        here = vec4(0.0, WETNESS, 0.0, 0.0);
    }
    v_lying = vec4(depth / COVERED_SNOW, here.gba);
#elif defined(KIND_SOLID)
    v_snow = depth / COVERED_SNOW;
#elif defined(KIND_PLANT)
    v_snow = snow / COVERED_SNOW;
#else
    v_snow = SNOW;
#endif
    v_colour = vec4(from_srgb(colour), p3d_Color.a);
    v_extra = extra;
#endif
}
