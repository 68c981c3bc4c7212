// Puffs of smoke: each leaves its chimney, rises, drifts with the wind, grows and thins.
in vec4 p3d_Vertex;  // the chimney's mouth
in vec4 p3d_Color;   // corner, corner, rank
in vec4 extra;       // chance, chance
out float v_alpha;
out vec2 v_corner;
out vec2 v_chance;
out vec4 v_fog;

void main() {
    float age = fract(p3d_Color.b + SMOKE_TIME);
    v_corner = p3d_Color.rg * 2.0 - 1.0;
    v_chance = extra.xy;
    vec3 rel = p3d_Vertex.xyz - EYE;
    rel.z += SMOKE_DRIFT.z * age * (1.0 - 0.38 * age);
    rel.xy += SMOKE_DRIFT.xy * age * (0.35 + 0.65 * age);
    rel += (extra.xyz - 0.5) * vec3(1.6, 1.6, 0.8) * age;
    float size = 0.22 + 1.9 * age;
    vec3 side = normalize(vec3(rel.y, -rel.x, 0.0001));
    vec3 rise = normalize(cross(side, rel));
    v_fog = fog(rel);
    v_alpha = 0.62 * smoothstep(0.0, 0.05, age) * (1.0 - age) * (1.0 - age) * smoothstep(1.0, 4.0, length(rel));
    rel += (side * v_corner.x + rise * v_corner.y) * size;
    gl_Position = VIEW * vec4(rel, 1.0);
}
