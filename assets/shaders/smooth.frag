// The mean of four pixels of a picture drawn twice as wide and high, in linear light.
uniform sampler2D picture;
layout(location = 0) out vec4 out_rgb;

vec3 light(ivec2 at) {
    return from_srgb(texelFetch(picture, at, 0).rgb);
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy) * 2;
    vec3 four = light(at) + light(at + ivec2(1, 0)) + light(at + ivec2(0, 1)) + light(at + ivec2(1, 1));
    out_rgb = vec4(to_srgb(four * 0.25), 1.0);
}
