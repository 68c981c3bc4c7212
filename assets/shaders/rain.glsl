// What falling drops do to what they hit: rings that widen on water, and splashes on wet ground. Both are a function of
// place and of the frame's clock: each cell of the ground is hit now and then, at a place of its own.
vec3 drop_chance(vec2 cell, float beat) {
    vec3 p = fract(vec3(cell.xyx) * vec3(0.1031, 0.1030, 0.0973) + beat * 0.0719);
    p += dot(p, p.yzx + 33.33);
    return fract((p.xxy + p.yzz) * p.zyx);
}

// Slope of the surface that the rings of drops make: towards east and north.
vec2 rings(vec2 place, float size) {
    vec2 sum = vec2(0.0);
    for (int layer = 0; layer < 2; layer++) {
        vec2 at = place / size * (1.0 + 0.31 * float(layer)) + vec2(17.37, 41.71) * float(layer);
        vec2 cell = floor(at);
        float clock = SECONDS * 1.25 + drop_chance(mod(cell, 512.0), 5.0).z;
        float beat = floor(clock);
        float age = clock - beat;
        vec3 chance = drop_chance(mod(cell, 512.0), mod(beat, 64.0));
        if (chance.z > RAIN) continue;
        vec2 off = at - cell - (0.25 + 0.5 * chance.xy);
        float r = length(off);
        float wave = (r - 0.25 * age) * 34.0;
        sum += off / max(r, 0.02) * (sin(wave) * exp(-wave * wave * 0.12) * (1.0 - age) * smoothstep(0.25, 0.2, r));
    }
    return sum;
}

// Brightness of the splashes of this moment: small crowns that flash up and are gone.
float splashes(vec2 place, float away) {
    vec2 at = place * 4.3;
    vec2 cell = floor(at);
    float clock = SECONDS * 4.0 + drop_chance(mod(cell, 512.0), 9.0).y;
    float beat = floor(clock);
    float age = clock - beat;
    vec3 chance = drop_chance(mod(cell, 512.0), mod(beat, 64.0));
    if (chance.z > 0.22 * RAIN) return 0.0;
    float r = length(at - cell - (0.2 + 0.6 * chance.xy));
    float crown = 0.03 + 0.13 * age;
    return 0.34 * (1.0 - age) * exp(-(r - crown) * (r - crown) * 420.0) * smoothstep(22.0, 6.0, away);
}
