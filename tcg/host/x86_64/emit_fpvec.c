/* SPDX-License-Identifier: Apache-2.0 */
/* Vector FP rows, E32 and E64. As in emit_fp.c, lanes that need care send the whole instruction to the cold
 * path. The unused upper half of a V64 operand is filled with a copy of the low one, so that it raises
 * nothing that the low half does not. */
#include "asm_vec.h"

static unsigned packed(const IrInsn *in) { return M0F | (in->lane == E64 ? P66 : 0); }
static bool is_dbl(const IrInsn *in) { return in->lane == E64; }
static uint64_t sign_of(const IrInsn *in) { return is_dbl(in) ? 1ull << 63 : 1ull << 31; }

/* The destination and the operands, these ready for arithmetic on all 128 bits. */
typedef struct Regs { int d, a, b, c; } Regs;

static int fill(Em *e, const IrInsn *in, int r)
{
    if (in->type != IR_V64 || r == NOREG)
        return r;
    int t = tmp_x(e);
    v2(e, MOVDDUP, t, r);
    return t;
}

static Regs operands(Em *e, const IrInsn *in, int n)
{
    Regs r = { NOREG, NOREG, NOREG, NOREG };

    r.a = use_x(e, in->arg[0]);
    if (n > 1)
        r.b = use_x(e, in->arg[1]);
    if (n > 2)
        r.c = use_x(e, in->arg[2]);
    r.d = def_x(e, DEF_EARLY);                  /* before any scratch: it cannot borrow a pin */
    r.a = fill(e, in, r.a);
    r.b = n > 1 && in->arg[1] == in->arg[0] ? r.a : fill(e, in, r.b);
    r.c = fill(e, in, r.c);
    return r;
}

enum { SCRATCH = 6 };                           /* of Cold.r: a GPR that the hot path may spoil */

static Cold *cold_vec(Em *e, const Regs *r)
{
    int g = tmp_g(e);
    flags_clobber(e);
    Cold *c = fp_cold_new(e, r->d, r->a, r->b, r->c);
    c->r[SCRATCH] = (uint8_t)g;
    return c;
}

/* To c when some lane of t is all ones (they are all ones or zero). */
static void jump_any(Em *e, int t, Cold *c)
{
    v2(e, MOVMSKPS, c->r[SCRATCH], t);          /* measured: faster than PTEST */
    test_rr(e, false, c->r[SCRATCH], c->r[SCRATCH]);
    jcc_cold(e, CC_NE, c);
}

static void check_nan(Em *e, const IrInsn *in, int d, int t, Cold *c)
{
    v3i(e, packed(in) | 0xc2, t, d, d, CMP_UNORD_Q);
    jump_any(e, t, c);
}

/* Any lane NaN or |lane| the minimum normal. */
static void check_nan_tiny(Em *e, const IrInsn *in, int d, int t, Cold *c)
{
    Opd min = pool_lane(e, in->lane, is_dbl(in) ? 1ull << 52 : 1u << 23);

    v3o(e, ANDPS, t, d, pool_lane(e, in->lane, sign_of(in) - 1));
    if (avx(e)) {
        v3oi(e, packed(in) | 0xc2, t, t, min, CMP_EQ_UQ);
        jump_any(e, t, c);
        return;
    }
    v3oi(e, packed(in) | 0xc2, t, t, min, CMP_EQ_OQ);
    jump_any(e, t, c);
    check_nan(e, in, d, t, c);
}

void lower_vfarith(Em *e, const IrInsn *in)
{
    static const struct { uint16_t op; uint8_t code; bool tiny; } row[] = {
        { IR_vfadd, 0x58, false }, { IR_vfsub, 0x5c, false }, { IR_vfmul, 0x59, true }, { IR_vfdiv, 0x5e, true },
    };
    int i = 0;
    while (row[i].op != in->op)
        i++;
    if (fp_can_wait(e, in)) {
        int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = fp_def_waiting(e, &a, &b, NULL);
        v3(e, packed(in) | row[i].code, d, a, b);
        fp_wait(e, in, row[i].tiny && e->guest->fp.tiny_before_rounding, (int[4]){ d, a, b, NOREG });
        return;
    }
    Regs r = operands(e, in, 2);
    int a = r.a, b = r.b, d = r.d, t = tmp_x(e);

    if (fp_round_soft(in)) {
        fp_call(e, in, d, a, b, NOREG);
        return;
    }
    Cold *c = cold_vec(e, &r);
    fp_round_guard(e, in, c);
    v3(e, packed(in) | row[i].code, d, a, b);
    if (row[i].tiny && e->guest->fp.tiny_before_rounding)
        check_nan_tiny(e, in, d, t, c);
    else
        check_nan(e, in, d, t, c);
    cold_back(e, c);
}

void lower_vfsqrt(Em *e, const IrInsn *in)
{
    if (fp_can_wait(e, in)) {
        int x = use_x(e, in->arg[0]), to = fp_def_waiting(e, &x, NULL, NULL);
        v2(e, packed(in) | 0x51, to, x);
        fp_wait(e, in, false, (int[4]){ to, x, NOREG, NOREG });
        return;
    }
    Regs r = operands(e, in, 1);
    int a = r.a, d = r.d, t = tmp_x(e);

    if (fp_round_soft(in)) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    Cold *c = cold_vec(e, &r);
    fp_round_guard(e, in, c);
    v2(e, packed(in) | 0x51, d, a);
    check_nan(e, in, d, t, c);
    cold_back(e, c);
}

void lower_vfma(Em *e, const IrInsn *in)
{
    static const uint8_t code[] = {
        [0] = 0xb8, [FMA_NEG_PRODUCT] = 0xbc, [FMA_NEG_ADDEND] = 0xba, [FMA_NEG_PRODUCT | FMA_NEG_ADDEND] = 0xbe
    };
    if (fp_can_wait(e, in)) {
        int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), s = use_x(e, in->arg[2]),
            d = fp_def_waiting(e, &a, &b, &s);
        vmov(e, d, s);
        em_vex(e, X38(code[in->aux & 3]) | (is_dbl(in) ? RW : 0), 0, d, a, opd_reg(b), 0);
        if (in->aux & FMA_NEG_RESULT)
            v3o(e, XORPS, d, d, pool_lane(e, in->lane, sign_of(in)));
        fp_wait(e, in, e->guest->fp.tiny_before_rounding, (int[4]){ d, a, b, s });
        return;
    }
    bool soft = fp_round_soft(in) || !e->hc->fma;
    Regs r = operands(e, in, 3);
    int a = r.a, b = r.b, s = r.c, d = r.d;

    if (soft) {
        fp_call(e, in, d, a, b, s);
        return;
    }
    int t = tmp_x(e);
    Cold *c = cold_vec(e, &r);
    fp_round_guard(e, in, c);
    vmov(e, d, s);
    em_vex(e, X38(code[in->aux & 3]) | (is_dbl(in) ? RW : 0), 0, d, a, opd_reg(b), 0);
    if (e->guest->fp.tiny_before_rounding)
        check_nan_tiny(e, in, d, t, c);
    else
        check_nan(e, in, d, t, c);
    if (in->aux & FMA_NEG_RESULT)
        v3o(e, XORPS, d, d, pool_lane(e, in->lane, sign_of(in)));
    cold_back(e, c);
}

void lower_vfneg(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, 0);
    v3o(e, XORPS, d, a, pool_lane(e, in->lane, sign_of(in)));
}

void lower_vfabs(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, 0);
    v3o(e, ANDPS, d, a, pool_lane(e, in->lane, sign_of(in) - 1));
}

/* As the scalar rows: NaNs cold, both orders, then OR or AND settles zeros. AltiVec's flavour raises nothing, so its
 * NaNs are found with integers. */
void lower_vfminmax(Em *e, const IrInsn *in)
{
    bool max = in->op == IR_vfmax, quiet = (in->aux & 255) == FMINMAX_VMX;
    Regs r = operands(e, in, 2);
    int a = r.a, b = r.b, d = r.d, t = tmp_x(e);
    unsigned op = packed(in) | (max ? 0x5f : 0x5d);

    if (quiet && is_dbl(in)) {
        fp_call(e, in, d, a, b, NOREG);
        return;
    }
    Cold *c = cold_vec(e, &r);
    if (quiet) {
        Opd abs = pool_lane(e, E32, 0x7fffffff);
        v3o(e, PAND, t, a, abs);
        v3o(e, PAND, d, b, abs);
        v3(e, PMAXSD, t, t, d);
        v3o(e, PCMPGTD, t, t, pool_lane(e, E32, 0x7f800000));
    } else {
        v3i(e, packed(in) | 0xc2, t, a, b, CMP_UNORD_Q);
    }
    jump_any(e, t, c);
    v3(e, op, t, a, b);
    v3(e, op, d, b, a);
    v3(e, max ? ANDPS : ORPS, d, d, t);
    cold_back(e, c);
}

/* Without AVX the ordering predicates all raise invalid on a quiet NaN and the others never do. */
static void compare_sse(Em *e, const IrInsn *in, int d, int a, int b, int t, int pred, bool signalling, Cold *c)
{
    bool raises = pred == CMP_LT_OS || pred == CMP_LE_OS;
    unsigned op = packed(in) | 0xc2;

    if (raises != signalling) {
        v3i(e, op, t, a, b, CMP_UNORD_Q);
        jump_any(e, t, c);
    }
    v3i(e, op, d, a, b, pred);
}

void lower_vfcmp(Em *e, const IrInsn *in)
{
    static const uint8_t pred[] = { [COND_EQ] = CMP_EQ_OQ,
        [COND_NE] = CMP_NEQ_UQ,
        [COND_LT] = CMP_LT_OS,
        [COND_GT] = CMP_LT_OS,
        [COND_LE] = CMP_LE_OS,
        [COND_GE] = CMP_LE_OS,
        [COND_UN] = CMP_UNORD_Q,
        [COND_OR] = CMP_ORD_Q };
    bool swap = in->cond == COND_GT || in->cond == COND_GE, signalling = in->aux & 1;
    Regs r = operands(e, in, 2);
    int a = r.a, b = r.b, d = r.d, t = avx(e) ? NOREG : tmp_x(e);
    int p = pred[in->cond];
    bool raises = p == CMP_LT_OS || p == CMP_LE_OS;

    if (avx(e)) {
        v3i(e, packed(in) | 0xc2, d, swap ? b : a, swap ? a : b, p ^ (raises != signalling ? 16 : 0));
        return;
    }
    Cold *c = cold_vec(e, &r);
    compare_sse(e, in, d, swap ? b : a, swap ? a : b, t, p, signalling, c);
    cold_back(e, c);
}

/* As round_away of emit_fp.c; the comparison of magnitudes is one of integers, which raises nothing. */
static void round_away(Em *e, const IrInsn *in, int d, int a, int t, Cold *c)
{
    bool dbl = is_dbl(in);
    Opd abs = pool_lane(e, in->lane, sign_of(in) - 1);

    v3o(e, ANDPS, t, a, abs);
    v3o(e, dbl ? PCMPGTQ : PCMPGTD, d, t, pool_lane(e, in->lane, dbl ? 0x4330000000000000 : 0x4b000000));
    jump_any(e, d, c);
    v2i(e, ROUNDPS + dbl, d, t, 11);
    v3(e, packed(in) | 0x5c, t, t, d);
    v3oi(e, packed(in) | 0xc2, t, t, pool_lane(e, in->lane, dbl ? 0x3fe0000000000000 : 0x3f000000), CMP_NLT_US);
    v3o(e, ANDPS, t, t, pool_lane(e, in->lane, dbl ? 0x3ff0000000000000 : 0x3f800000));
    v3(e, packed(in) | 0x58, d, d, t);
    v3o(e, ANDPS, t, a, pool_lane(e, in->lane, sign_of(in)));
    v3(e, ORPS, d, d, t);
}

void lower_vfround(Em *e, const IrInsn *in)
{
    Regs r = operands(e, in, 1);
    int a = r.a, d = r.d, t = tmp_x(e);

    if (in->round == FP_RODD) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    Cold *c = cold_vec(e, &r);
    if (in->round == FP_RNA) {
        round_away(e, in, d, a, t, c);
        if (in->aux & 1)
            v2i(e, ROUNDPS + is_dbl(in), t, a, 3);      /* raises inexact */
        cold_back(e, c);
        return;
    }
    v2i(e, ROUNDPS + is_dbl(in), d, a, fp_round_imm(in) & (in->aux & 1 ? 7 : 15));
    check_nan(e, in, d, t, c);
    cold_back(e, c);
}

/* --- Conversion */

static void to_int64(Em *e, bool uns, int g, int a, Cold *c)
{
    v2(e, M0F | PF2 | RW | 0x2c, g, a);
    if (uns)
        test_rr(e, true, g, g);
    else
        alu_ri(e, ALU_CMP, true, g, 1);
    jcc_cold(e, uns ? CC_S : CC_O, c);
}

/* The lanes of a as int64, one scalar conversion each. g, h are scratch. Unsigned ones are below 2^63, and round before
 * they convert since a negative one must not raise inexact. */
static void cvt_fi64(Em *e, const IrInsn *in, int d, int a, int t, int g, int h, Cold *c)
{
    unsigned op = M0F | PF2 | RW | 0x2c;
    bool two = in->type == IR_V128, uns = in->op == IR_vfcvt_fu, rounds = uns || in->round != FP_RTZ;

    if (in->round == FP_RNA)
        round_away(e, in, t, a, d, c);
    else if (rounds)
        v2i(e, ROUNDPS + 1, t, a, fp_round_imm(in));
    else
        vmov(e, t, a);
    to_int64(e, uns, g, t, c);
    if (two) {
        v3(e, PUNPCKHQDQ, t, t, t);
        to_int64(e, uns, h, t, c);
    }
    v2(e, MOVD_XR | RW, d, g);
    if (two) {
        v2(e, MOVD_XR | RW, t, h);
        v3(e, PUNPCKLQDQ, d, d, t);
    }
    if (!rounds)
        return;
    v2(e, op, g, a);                            /* raise inexact, both lanes */
    v3(e, PUNPCKHQDQ, t, a, a);
    v2(e, op, g, t);
}

void lower_vfcvt_fi(Em *e, const IrInsn *in)
{
    bool direct = in->round == FP_RTZ || in->round == FP_DYN;
    Regs r = operands(e, in, 1);
    int a = r.a, d = r.d, t = tmp_x(e);

    if (in->round == FP_RODD) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    int g = is_dbl(in) ? tmp_g(e) : NOREG, h = is_dbl(in) ? tmp_g(e) : NOREG;
    Cold *c = cold_vec(e, &r);
    if (is_dbl(in)) {
        cvt_fi64(e, in, d, a, t, g, h, c);
        cold_back(e, c);
        return;
    }
    if (in->round == FP_RNA)
        round_away(e, in, t, a, d, c);
    else if (!direct)
        v2i(e, ROUNDPS, t, a, fp_round_imm(in));
    v2(e, in->round == FP_DYN ? CVTPS2DQ : CVTTPS2DQ, d, direct ? a : t);
    v3o(e, PCMPEQD, t, d, pool_lane(e, E32, 1u << 31));
    jump_any(e, t, c);
    if (!direct)
        v2(e, CVTTPS2DQ, t, a);                 /* raises inexact */
    cold_back(e, c);
}

/* Below 2^31 or 2^63 as signed; what is above, negative results and NaNs are cold. The first comparison raises invalid
 * on NaNs only, which the conversion does, too. */
void lower_vfcvt_fu(Em *e, const IrInsn *in)
{
    Regs r = operands(e, in, 1);
    int a = r.a, d = r.d;

    if (fp_round_soft(in)) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    int t = tmp_x(e), g = tmp_g(e), h = is_dbl(in) ? tmp_g(e) : NOREG;
    Cold *c = cold_vec(e, &r);
    v2o(e, MOVAPS, t, pool_lane(e, in->lane, is_dbl(in) ? 0x43e0000000000000 : 0x4f000000));
    v3i(e, packed(in) | 0xc2, t, t, a, CMP_LE_OS);
    jump_any(e, t, c);
    if (is_dbl(in)) {
        cvt_fi64(e, in, d, a, t, g, h, c);
        cold_back(e, c);
        return;
    }
    v2i(e, ROUNDPS, t, a, fp_round_imm(in));
    v2(e, CVTTPS2DQ, d, t);
    v2(e, MOVMSKPS, g, d);
    test_rr(e, false, g, g);
    jcc_cold(e, CC_NE, c);
    v2(e, CVTTPS2DQ, t, a);                     /* raises inexact */
    cold_back(e, c);
}

static void cvt_if64(Em *e, const IrInsn *in, int d, int a, int t, int g)
{
    unsigned op = M0F | PF2 | RW | 0x2a;

    v2(e, MOVD_RX | RW, a, g);
    v3(e, XORPS, d, d, d);
    v3(e, op, d, d, g);
    if (in->type == IR_V64)
        return;
    v3(e, PUNPCKHQDQ, t, a, a);
    v2(e, MOVD_RX | RW, t, g);
    v3(e, XORPS, t, t, t);
    v3(e, op, t, t, g);
    v3(e, PUNPCKLQDQ, d, d, t);
}

void lower_vfcvt_if(Em *e, const IrInsn *in)
{
    Regs r = operands(e, in, 1);
    int a = r.a, d = r.d;

    if (fp_round_soft(in)) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    int t = is_dbl(in) ? tmp_x(e) : NOREG, g = is_dbl(in) ? tmp_g(e) : NOREG;
    Cold *c = cold_vec(e, &r);
    fp_round_guard(e, in, c);
    if (is_dbl(in))
        cvt_if64(e, in, d, a, t, g);
    else
        v2(e, CVTDQ2PS, d, a);
    cold_back(e, c);
}

/* E32: both 16-bit halves convert exactly, the one addition rounds. E64: lanes below 2^63 as signed, others cold. */
void lower_vfcvt_uf(Em *e, const IrInsn *in)
{
    Regs r = operands(e, in, 1);
    int a = r.a, d = r.d;

    if (fp_round_soft(in)) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    int t = tmp_x(e), g = is_dbl(in) ? tmp_g(e) : NOREG;
    Cold *c = cold_vec(e, &r);
    fp_round_guard(e, in, c);
    if (is_dbl(in)) {
        v2(e, MOVMSKPD, g, a);
        test_rr(e, false, g, g);
        jcc_cold(e, CC_NE, c);
        cvt_if64(e, in, d, a, t, g);
    } else {
        vshift(e, SHV_SRL, E32, t, a, 16);
        v2(e, CVTDQ2PS, t, t);
        v3o(e, M0F | 0x59, t, t, pool_lane(e, E32, 0x47800000));
        v3o(e, PAND, d, a, pool_lane(e, E32, 0xffff));
        v2(e, CVTDQ2PS, d, d);
        v3(e, M0F | 0x58, d, d, t);
    }
    cold_back(e, c);
}
