/* SPDX-License-Identifier: Apache-2.0 */
/* The FP rows of ops.def evaluated with softfloat: the one meaning shared by the interpreter, the
 * constant folder and the cold paths of the backends. */
#include <string.h>
#include "softfloat.h"

SfOp sf_op(const IrInsn *i)
{
    SfOp o = {
        .op = i->op, .type = i->type, .type2 = i->type2, .cond = i->cond, .round = i->round, .aux = (uint8_t)i->aux
    };
    if (i->type == IR_V64 || i->type == IR_V128)
        o.type2 = i->lane;
    return o;
}

SfEnv sf_env(SfOp op, const FpRules *rules, uint32_t dyn)
{
    return (SfEnv){ .round = (FpRound)(op.round == FP_DYN ? dyn & 7 : op.round),
        .rules = rules,
        .flush_inputs = dyn & FP_FLUSH,
        .flush_outputs = dyn & FP_FLUSH,
        .default_nan = dyn & FP_DEFAULT_NAN };
}

static SfFmt fmt_of(int type) { return type == IR_F64 ? SF64 : SF32; }
static int width_of(int type) { return type == IR_I64 ? 64 : 32; }

/* F32 in F64 and back, by bits. Power ISA Book I 4.6.2, 4.6.3: what is too small for a normal F32 is shifted, not
 * rounded. */
static uint64_t widen_bits(uint32_t v)
{
    uint64_t sign = (uint64_t)(v & 0x80000000u) << 32, frac = v & 0x7fffff, exp = v >> 23 & 255;

    if (exp == 255)
        return sign | 0x7ffull << 52 | frac << 29;
    if (exp)
        return sign | (exp + 896) << 52 | frac << 29;
    if (!frac)
        return sign;
    int shift = __builtin_clzll(frac) - 40;     /* bit 23 becomes the hidden one */
    return sign | (uint64_t)(897 - shift) << 52 | (frac << shift & 0x7fffff) << 29;
}

static uint32_t narrow_bits(uint64_t v)
{
    uint32_t exp = v >> 52 & 2047, sign = v >> 32 & 0x80000000u;

    if (exp > 896 || !(v << 1))
        return (v >> 32 & 0xc0000000u) | (v >> 29 & 0x3fffffff);
    if (exp < 874)
        return sign;
    uint64_t frac = (v & 0xfffffffffffffull) | 1ull << 52;
    return sign | (uint32_t)(frac >> (29 + 897 - exp));
}

static uint32_t order(SfEnv *e, SfFmt f, uint64_t a, uint64_t b, bool signalling)
{
    switch (sf_cmp_nzcv(e, f, a, b, signalling)) {
    case 0x8000: return 8;
    case 0x0100: return 4;
    case 0x4100: return 2;
    default: return 1;
    }
}

uint64_t sf_scalar(SfEnv *e, SfOp o, uint64_t a, uint64_t b, uint64_t c)
{
    bool fp_type = o.type == IR_F32 || o.type == IR_F64;        /* rows with integer results: else type2 says */
    SfFmt f = fmt_of(fp_type ? o.type : o.type2), from = fmt_of(o.type2);

    switch (o.op) {
    case IR_fadd: return (uint64_t)sf_add(e, f, a, b);
    case IR_fsub: return (uint64_t)sf_sub(e, f, a, b);
    case IR_fmul: return (uint64_t)sf_mul(e, f, a, b);
    case IR_fdiv: return (uint64_t)sf_div(e, f, a, b);
    case IR_fsqrt: return (uint64_t)sf_sqrt(e, f, a);
    case IR_fma: return (uint64_t)sf_fma(e, f, a, b, c, o.aux);
    case IR_fmin: return (uint64_t)sf_min(e, f, a, b, o.aux);
    case IR_fmax: return (uint64_t)sf_max(e, f, a, b, o.aux);
    case IR_fcmp: return sf_cmp(e, f, a, b, o.cond, o.aux & 1);
    case IR_flags_fcmp: return sf_cmp_nzcv(e, f, a, b, o.aux & 1);
    case IR_forder: return order(e, f, a, b, o.aux & 1);
    case IR_fround: return (uint64_t)sf_round_int(e, f, a, o.aux & 1);
    case IR_fcvt_ff: return (uint64_t)sf_cvt(e, f, from, a);
    case IR_fcvt_fi: return sf_to_int(e, from, a, width_of(o.type), true, o.aux);
    case IR_fcvt_fu: return sf_to_int(e, from, a, width_of(o.type), false, o.aux);
    case IR_fcvt_if: return (uint64_t)sf_from_int(e, f, a, width_of(o.type2), true);
    case IR_fcvt_uf: return (uint64_t)sf_from_int(e, f, a, width_of(o.type2), false);
    case IR_fma_narrow: return (uint64_t)sf_fma_to(e, SF32, SF64, a, b, c, o.aux);
    case IR_fbits_s: return narrow_bits(a);
    case IR_ffrom_s: case IR_fwiden: return widen_bits((uint32_t)a);
    case IR_fneg: return f == SF64 ? a ^ 1ull << 63 : (uint32_t)a ^ 1u << 31;
    case IR_fabs: return f == SF64 ? a & ~(1ull << 63) : (uint32_t)a & ~(1u << 31);
    case IR_fcopysign: {
        uint64_t s = f == SF64 ? 1ull << 63 : 1u << 31, m = f == SF64 ? ~0ull : ~0u;
        return ((a & ~s) | (b & s)) & m;
    }
    default: __builtin_unreachable();           /* contract: only the rows above */
    }
}

static const uint16_t scalar_row[][2] = {
    { IR_vfadd, IR_fadd }, { IR_vfsub, IR_fsub }, { IR_vfmul, IR_fmul }, { IR_vfdiv, IR_fdiv }, { IR_vfsqrt, IR_fsqrt },
    { IR_vfma, IR_fma }, { IR_vfneg, IR_fneg }, { IR_vfabs, IR_fabs }, { IR_vfmin, IR_fmin }, { IR_vfmax, IR_fmax },
    { IR_vfcmp, IR_fcmp }, { IR_vfround, IR_fround }, { IR_vfcvt_fi, IR_fcvt_fi }, { IR_vfcvt_fu, IR_fcvt_fu },
    { IR_vfcvt_if, IR_fcvt_if }, { IR_vfcvt_uf, IR_fcvt_uf },
};

/* The scalar op that a lane of a vector op does. */
static SfOp lane_op(SfOp o)
{
    bool wide = o.type2 == E64;
    IrType ft = wide ? IR_F64 : IR_F32, it = wide ? IR_I64 : IR_I32;
    SfOp s = o;

    for (size_t i = 0; i < sizeof scalar_row / sizeof *scalar_row; i++)
        if (scalar_row[i][0] == o.op)
            s.op = scalar_row[i][1];
    bool to_int = s.op == IR_fcvt_fi || s.op == IR_fcvt_fu;
    s.type = to_int ? it : ft;
    s.type2 = to_int ? ft : it;
    return s;
}

void sf_vector(SfEnv *e, SfOp o, void *out, const void *a, const void *b, const void *c)
{
    SfOp s = lane_op(o);
    int size = o.type2 == E64 ? 8 : 4, bytes = o.type == IR_V64 ? 8 : 16;
    uint8_t r[16] = { 0 };

    for (int i = 0; i < bytes; i += size) {
        uint64_t x = 0, y = 0, z = 0, v;
        memcpy(&x, (const uint8_t *)a + i, size);
        if (b)
            memcpy(&y, (const uint8_t *)b + i, size);
        if (c)
            memcpy(&z, (const uint8_t *)c + i, size);
        v = sf_scalar(e, s, x, y, z);
        if (o.op == IR_vfcmp)
            v = -v;
        memcpy(r + i, &v, size);
    }
    memcpy(out, r, 16);
}
