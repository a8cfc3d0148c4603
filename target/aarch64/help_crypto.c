/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-1 and SHA-256: four rounds per call. Source: FIPS 180-4; Arm ARM, SHA1hash and SHA256hash. */
#include "tr_simd.h"
#include "help_simd.h"

static uint32_t rol(uint32_t v, int n) { return v << n | v >> (32 - n); }
static uint32_t ror(uint32_t v, int n) { return v >> n | v << (32 - n); }
static uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return ((y ^ z) & x) ^ z; }
static uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) | ((x | y) & z); }

/* abcd: state, e in lane 0 of en, w: message plus constant */
void help_sha1(CpuState *cpu, void *out, const void *abcd, const void *en, const void *w, uint32_t fn)
{
    A64Vec s = *(const A64Vec *)abcd;
    uint32_t e = ((const A64Vec *)en)->s[0];
    for (int i = 0; i < 4; i++) {
        uint32_t b = s.s[1], c = s.s[2], d = s.s[3];
        uint32_t f = fn == SHA1_C ? choose(b, c, d) : fn == SHA1_M ? majority(b, c, d) : b ^ c ^ d;
        uint32_t next = e + rol(s.s[0], 5) + f + ((const A64Vec *)w)->s[i];
        e = d;
        s.s[3] = c, s.s[2] = rol(b, 30), s.s[1] = s.s[0], s.s[0] = next;
    }
    *(A64Vec *)out = s;
}

/* SHA256H gives the new abcd and has it in rd, efgh in rn; SHA256H2 the reverse. */
void help_sha256(CpuState *cpu, void *out, const void *rd, const void *rn, const void *w, uint32_t fn)
{
    A64Vec x = *(const A64Vec *)(fn == SHA256_H ? rd : rn), y = *(const A64Vec *)(fn == SHA256_H ? rn : rd);
    for (int i = 0; i < 4; i++) {
        uint32_t e = y.s[0], a = x.s[0];
        uint32_t t1 = y.s[3] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + choose(e, y.s[1], y.s[2]) + ((const A64Vec *)w)->s[i];
        uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + majority(a, x.s[1], x.s[2]);
        y.s[3] = y.s[2], y.s[2] = y.s[1], y.s[1] = e, y.s[0] = x.s[3] + t1;
        x.s[3] = x.s[2], x.s[2] = x.s[1], x.s[1] = a, x.s[0] = t1 + t2;
    }
    *(A64Vec *)out = fn == SHA256_H ? x : y;
}
