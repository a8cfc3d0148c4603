/* SPDX-License-Identifier: Apache-2.0 */
/* The SHA-1 and SHA-256 ops. Source: FIPS 180-4. */
#include "eval.h"

static uint32_t rol(uint32_t v, int n) { return v << n | v >> (32 - n); }
static uint32_t ror(uint32_t v, int n) { return v >> n | v << (32 - n); }
static uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return ((y ^ z) & x) ^ z; }
static uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) | ((x | y) & z); }
static uint32_t sigma0(uint32_t v) { return ror(v, 7) ^ ror(v, 18) ^ v >> 3; }
static uint32_t sigma1(uint32_t v) { return ror(v, 17) ^ ror(v, 19) ^ v >> 10; }

static void sha1_rounds(IrValue *r, int fn, IrValue s, uint32_t e, const IrValue *w)
{
    for (int i = 0; i < 4; i++) {
        uint32_t b = s.s[1], c = s.s[2], d = s.s[3];
        uint32_t f = fn == 0 ? choose(b, c, d) : fn == 1 ? b ^ c ^ d : majority(b, c, d);
        uint32_t next = e + rol(s.s[0], 5) + f + w->s[i];
        e = d;
        s.s[3] = c, s.s[2] = rol(b, 30), s.s[1] = s.s[0], s.s[0] = next;
    }
    *r = s;
}

static void sha256_rounds(IrValue *r, bool want_e, IrValue x, IrValue y, const IrValue *w)
{
    for (int i = 0; i < 4; i++) {
        uint32_t e = y.s[0], a = x.s[0];
        uint32_t t1 = y.s[3] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + choose(e, y.s[1], y.s[2]) + w->s[i];
        uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + majority(a, x.s[1], x.s[2]);
        y.s[3] = y.s[2], y.s[2] = y.s[1], y.s[1] = e, y.s[0] = x.s[3] + t1;
        x.s[3] = x.s[2], x.s[2] = x.s[1], x.s[1] = a, x.s[0] = t1 + t2;
    }
    *r = want_e ? y : x;
}

void eval_sha(IrValue *out, const IrInsn *i, const IrValue *const *v)
{
    IrValue r, a = *v[0], b = *v[1];
    switch (i->op) {
    case IR_sha1h: sha1_rounds(&r, (int)i->imm, a, b.s[0], v[2]); break;
    case IR_sha256h: sha256_rounds(&r, i->imm, a, b, v[2]); break;
    case IR_sha256su0:
        for (int k = 0; k < 4; k++)
            r.s[k] = a.s[k] + sigma0(k < 3 ? a.s[k + 1] : b.s[0]);
        break;
    default:
        for (int k = 0; k < 4; k++)
            r.s[k] = a.s[k] + sigma1(k < 2 ? b.s[k + 2] : r.s[k - 2]);
    }
    *out = r;
}
