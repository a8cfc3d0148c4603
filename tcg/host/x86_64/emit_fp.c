/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar FP rows. The host instruction runs under the guest's rounding mode and gathers flags in MXCSR; a
 * NaN result, a result at the edge of underflow (guests that detect tininess before rounding), an integer
 * out of range and a rounding mode that is not the dynamic one go to the cold path (fp_cold.c). */
#include "asm_vec.h"
#include "cold.h"
#include "lower.h"
#include "ra.h"

static bool is_double(const Em *e, const IrInsn *in) { return val_type(e, in->arg[0]) == IR_F64; }
/* The scalar opcode's prefix. */
static unsigned scalar(bool dbl) { return M0F | (dbl ? PF2 : PF3); }

/* --- Shared with emit_fpvec.c */

static void emit_softfloat(Em *e, Cold *c)
{
    call_fp_cold(e, c->in, c->r);
    jmp_back(e, c);
}

static void set_regs(uint8_t *r, int d, int a, int b, int c)
{
    r[0] = (uint8_t)d, r[1] = (uint8_t)a, r[2] = (uint8_t)b, r[3] = (uint8_t)c, r[4] = r[5] = NOREG;
}

Cold *fp_cold_new(Em *e, int d, int a, int b, int c)
{
    Cold *cold = cold_new(e, emit_softfloat);
    set_regs(cold->r, d, a, b, c);
    return cold;
}

void fp_call(Em *e, const IrInsn *in, int d, int a, int b, int c)
{
    uint8_t r[6];
    set_regs(r, d, a, b, c);
    flags_clobber(e);
    call_fp_cold(e, in, r);
}

bool fp_round_soft(const IrInsn *in) { return in->round == FP_RNA || in->round == FP_RODD; }

void fp_round_guard(Em *e, const IrInsn *in, Cold *c)
{
    if (e->exact)
        fp_exact_guard(e, in, c);
    if (in->round == FP_DYN)
        return;
    alu_oi(e, ALU_CMP, false, opd_env((int32_t)offsetof(CpuState, fp_round)), in->round);
    jcc_cold(e, CC_NE, c);
}

int fp_round_imm(const IrInsn *in)
{
    static const uint8_t imm[] = { [FP_RNE] = 8, [FP_RTZ] = 11, [FP_RDN] = 9, [FP_RUP] = 10, [FP_DYN] = 12 };
    return imm[in->round];
}

/* --- NaN and tininess checks */

static void emit_canon(Em *e, Cold *c)
{
    v2o(e, MOVAPS, c->r[0], pool(e, c->a, 0));
    jmp_back(e, c);
}

/* The cold path of an operation whose only surprise is a NaN and whose host flags are right. */
static Cold *canon_cold(Em *e, bool dbl, int d)
{
    Cold *c = cold_new(e, emit_canon);
    uint64_t sign = e->guest->fp.default_nan_negative;
    set_regs(c->r, d, NOREG, NOREG, NOREG);
    c->a = dbl ? sign << 63 | 0x7ff8ull << 48 : sign << 31 | 0x7fc00000;
    return c;
}

static void ucomi(Em *e, bool dbl, int a, Opd b)
{
    v2o(e, M0F | 0x2e | (dbl ? P66 : 0), a, b);
}

static void check_nan(Em *e, bool dbl, int d, Cold *c)
{
    ucomi(e, dbl, d, opd_reg(d));
    jcc_cold(e, CC_P, c);
}

/* |d| is the minimum normal, or d is a NaN: unordered sets ZF, too. */
static void check_nan_tiny(Em *e, bool dbl, int d, int t, Cold *c)
{
    v3o(e, ANDPS, t, d, pool2(e, dbl ? ~0ull >> 1 : 0x7fffffff));
    ucomi(e, dbl, t, pool2(e, dbl ? 1ull << 52 : 1u << 23));
    jcc_cold(e, CC_E, c);
}

/* --- Arithmetic */

static void lower_farith(Em *e, const IrInsn *in)
{
    static const struct { uint16_t op; uint8_t code; bool tiny; } row[] = {
        { IR_fadd, 0x58, false }, { IR_fsub, 0x5c, false }, { IR_fmul, 0x59, true }, { IR_fdiv, 0x5e, true },
    };
    int i = 0;
    while (row[i].op != in->op)
        i++;
    bool dbl = is_double(e, in), tiny = row[i].tiny && e->guest->fp.tiny_before_rounding && !in->aux;
    bool light = e->guest->fp.nan == NAN_CANON && !tiny && in->round == FP_DYN;
    /* d's top is a's */
    bool swap = (in->op == IR_fadd || in->op == IR_fmul) && !x_clean(e, in->arg[0]) && x_clean(e, in->arg[1]);
    int a = use_x(e, in->arg[swap]), b = use_x(e, in->arg[!swap]);
    if (fp_can_wait(e, in)) {
        int d = fp_def_waiting(e, &a, &b, NULL);
        v3(e, scalar(dbl) | row[i].code, d, a, b);
        x_set_clean(e, x_clean(e, in->arg[swap]));
        fp_wait(e, in, tiny, (int[4]){ d, swap ? b : a, swap ? a : b, NOREG });
        return;
    }
    int d = def_x(e, light && avx(e) ? 0 : DEF_EARLY);

    if (fp_round_soft(in)) {
        fp_call(e, in, d, swap ? b : a, swap ? a : b, NOREG);
        return;
    }
    int t = tiny ? tmp_x(e) : NOREG;
    flags_clobber(e);
    Cold *c = light ? canon_cold(e, dbl, d) : fp_cold_new(e, d, swap ? b : a, swap ? a : b, NOREG);
    fp_round_guard(e, in, c);
    v3(e, scalar(dbl) | row[i].code, d, a, b);
    x_set_clean(e, x_clean(e, in->arg[swap]));
    if (tiny)
        check_nan_tiny(e, dbl, d, t, c);
    else
        check_nan(e, dbl, d, c);
    cold_back(e, c);
}

static void lower_fsqrt(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in);
    int a = use_x(e, in->arg[0]);
    if (fp_can_wait(e, in)) {
        int d = fp_def_waiting(e, &a, NULL, NULL);
        v3(e, scalar(dbl) | 0x51, d, a, a);
        x_set_clean(e, x_clean(e, in->arg[0]));
        fp_wait(e, in, false, (int[4]){ d, a, NOREG, NOREG });
        return;
    }
    int d = def_x(e, DEF_EARLY);

    if (fp_round_soft(in)) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, NOREG, NOREG);
    fp_round_guard(e, in, c);
    v3(e, scalar(dbl) | 0x51, d, a, a);
    x_set_clean(e, x_clean(e, in->arg[0]));
    check_nan(e, dbl, d, c);
    cold_back(e, c);
}

/* A NaN's sign may turn: the check comes after. */
static void fused(Em *e, const IrInsn *in, bool dbl, int d, int a, int b, int s)
{
    static const uint8_t code[] = {
        [0] = 0xb9, [FMA_NEG_PRODUCT] = 0xbd, [FMA_NEG_ADDEND] = 0xbb, [FMA_NEG_PRODUCT | FMA_NEG_ADDEND] = 0xbf
    };
    vmov(e, d, s);
    em_vex(e, X38(code[in->aux & 3]) | (dbl ? RW : 0), 0, d, a, opd_reg(b), 0);
    if (in->aux & FMA_NEG_RESULT)
        v3o(e, XORPS, d, d, pool(e, dbl ? 1ull << 63 : 1u << 31, 0));
    x_set_clean(e, x_clean(e, in->arg[2]));
}

static void lower_fma(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in), tiny = e->guest->fp.tiny_before_rounding;
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), s = use_x(e, in->arg[2]);
    if (fp_can_wait(e, in)) {
        int d = fp_def_waiting(e, &a, &b, &s);
        fused(e, in, dbl, d, a, b, s);
        fp_wait(e, in, tiny, (int[4]){ d, a, b, s });
        return;
    }
    int d = def_x(e, DEF_EARLY);

    if (fp_round_soft(in) || !e->hc->fma) {
        fp_call(e, in, d, a, b, s);
        return;
    }
    int t = tiny ? tmp_x(e) : NOREG;
    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, b, s);
    fp_round_guard(e, in, c);
    fused(e, in, dbl, d, a, b, s);
    if (tiny)
        check_nan_tiny(e, dbl, d, t, c);
    else
        check_nan(e, dbl, d, c);
    cold_back(e, c);
}

static void lower_fsign(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in), neg = in->op == IR_fneg;
    int a = use_x(e, in->arg[0]), d = def_x(e, 0);
    uint64_t sign = dbl ? 1ull << 63 : 1ull << 31;

    v3o(e, neg ? XORPS : ANDPS, d, a, pool(e, neg ? sign : sign - 1, 0));
    x_set_clean(e, !neg || x_clean(e, in->arg[0]));
}

static void lower_fcopysign(Em *e, const IrInsn *in)
{
    uint64_t sign = is_double(e, in) ? 1ull << 63 : 1ull << 31;
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY), t = tmp_x(e);

    v3o(e, ANDPS, t, b, pool2(e, sign));
    v3o(e, ANDPS, d, a, pool2(e, sign - 1));
    v3(e, ORPS, d, d, t);
}

/* Equal operands are the same or zeros: OR for the minimum and AND for the maximum settle the sign. */
static void lower_fminmax(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in), max = in->op == IR_fmax;
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY), t = tmp_x(e);
    unsigned op = scalar(dbl) | (max ? 0x5f : 0x5d);

    if ((in->aux & 255) == FMINMAX_VMX) {       /* no flags, not even for a signalling NaN */
        fp_call(e, in, d, a, b, NOREG);
        return;
    }
    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, b, NOREG);
    ucomi(e, dbl, a, opd_reg(b));
    jcc_cold(e, CC_P, c);
    v3(e, op, t, a, b);
    v3(e, op, d, b, a);
    v3(e, max ? ANDPS : ORPS, d, d, t);
    cold_back(e, c);
}

/* d = a to integral, ties away, raising nothing: truncate |a|, add one where the fraction (exact) is a half or more.
 * Operands that have no fraction, and NaNs, are cold. t scratch. */
static void round_away(Em *e, bool dbl, int d, int a, int t, Cold *c)
{
    uint64_t sign = dbl ? 1ull << 63 : 1u << 31;

    v3o(e, ANDPS, t, a, pool2(e, sign - 1));
    v2o(e, MOVAPS, d, pool2(e, dbl ? 0x4330000000000000 : 0x4b000000));
    ucomi(e, dbl, d, opd_reg(t));
    jcc_cold(e, CC_B, c);
    v3i(e, ROUNDSS + dbl, d, t, t, 11);
    v3(e, scalar(dbl) | 0x5c, t, t, d);
    v3oi(e, scalar(dbl) | 0xc2, t, t, pool2(e, dbl ? 0x3fe0000000000000 : 0x3f000000), CMP_NLT_US);
    v3o(e, ANDPS, t, t, pool2(e, dbl ? 0x3ff0000000000000 : 0x3f800000));
    v3(e, scalar(dbl) | 0x58, d, d, t);
    v3o(e, ANDPS, t, a, pool2(e, sign));
    v3(e, ORPS, d, d, t);
}

static void lower_fround(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in), away = in->round == FP_RNA;
    int a = use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY);

    if (in->round == FP_RODD) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    int t = away ? tmp_x(e) : NOREG;
    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, NOREG, NOREG);
    if (away) {
        round_away(e, dbl, d, a, t, c);
        if (in->aux & 1)
            v3i(e, ROUNDSS + dbl, t, a, a, 3);  /* raises inexact */
    } else {
        v3i(e, ROUNDSS + dbl, d, a, a, fp_round_imm(in) & (in->aux & 1 ? 7 : 15));
        check_nan(e, dbl, d, c);
    }
    cold_back(e, c);
}

/* --- Comparison */

static void compare(Em *e, bool dbl, bool signalling, int a, int b)
{
    v2(e, M0F | (signalling ? 0x2f : 0x2e) | (dbl ? P66 : 0), a, b);
}

static void lower_fcmp(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in), eq = in->cond == COND_EQ, ne = in->cond == COND_NE;
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_g(e, DEF_EARLY), t = eq || ne ? tmp_g(e) : NOREG;
    int cc = CC_A;

    flags_clobber(e);
    alu_rr(e, ALU_XOR, false, d, d);
    if (eq || ne) {
        mov_ri(e, t, ne);
        compare(e, dbl, in->aux & 1, a, b);
        setcc(e, ne ? CC_P : CC_NP, d);
        cmov(e, CC_NE, false, d, opd_reg(t));
        return;
    }
    switch (in->cond) {
    case COND_LT: case COND_GT: cc = CC_A; break;
    case COND_LE: case COND_GE: cc = CC_AE; break;
    case COND_UN: cc = CC_P; break;
    case COND_OR: cc = CC_NP; break;
    default: em_unsupported(e);
    }
    bool swap = in->cond == COND_LT || in->cond == COND_LE;     /* CF is set on unordered: ask for "above" */
    compare(e, dbl, in->aux & 1, swap ? b : a, swap ? a : b);
    setcc(e, cc, d);
}

/* CF is set by "less" and by "unordered", ZF by "equal" and by "unordered", PF by "unordered". */
int fp_cc(int cond, bool swap)
{
    switch (cond) {
    case COND_VS: return CC_P;
    case COND_VC: return CC_NP;
    case COND_GT: return swap ? -1 : CC_A;
    case COND_GE: return swap ? -1 : CC_AE;
    case COND_LT: return swap ? -1 : CC_B;
    case COND_LE: return swap ? -1 : CC_BE;
    case COND_MI: case COND_LTU: return swap ? CC_A : -1;
    case COND_PL: case COND_GEU: return swap ? CC_BE : -1;
    case COND_LEU: return swap ? CC_AE : -1;
    case COND_GTU: return swap ? CC_B : -1;
    default: return -1;
    }
}

/* The condition that is the only use of this op's flags, when nothing between can touch EFLAGS; or null. */
static const IrInsn *sole_condition(Em *e)
{
    const Val *x = &e->val[e->i];
    const IrInsn *user = &e->u->insn[x->last];

    if (x->uses != 1 || user->arg[0] != e->i ||
        (user->op != IR_exit_if_f && user->op != IR_brcond_f && user->op != IR_setcond_f && user->op != IR_select_f))
        return NULL;
    for (IrVal k = e->i + 1; k < x->last; k++) {
        int op = e->u->insn[k].op;
        if (op != IR_insn && op != IR_get && op != IR_const)
            return NULL;
    }
    return user;
}

/* Unordered operands are cold: their kind of invalid operation has to be told. */
static void lower_forder(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in);
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_g(e, DEF_EARLY), t = tmp_g(e);

    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, b, NOREG);
    compare(e, dbl, in->aux & 1, a, b);
    jcc_cold(e, CC_P, c);
    mov_ri(e, d, 4);
    mov_ri(e, t, 8);
    cmov(e, CC_B, false, d, opd_reg(t));
    mov_ri(e, t, 2);
    cmov(e, CC_E, false, d, opd_reg(t));
    cold_back(e, c);
}

void pack_fcmp(Em *e, int d, int t, bool swap)
{
    mov_ri(e, d, swap ? 0x8000 : 0x0100);
    mov_ri(e, t, swap ? 0x0100 : 0x8000);
    cmov(e, CC_B, false, d, opd_reg(t));
    mov_ri(e, t, 0x4100);
    cmov(e, CC_E, false, d, opd_reg(t));
    mov_ri(e, t, 0x0101);
    cmov(e, CC_P, false, d, opd_reg(t));
}

static void lower_flags_fcmp(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in);
    const IrInsn *user = sole_condition(e);
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]);

    if (user && (fp_cc(user->cond, false) >= 0 || fp_cc(user->cond, true) >= 0)) {
        bool swap = fp_cc(user->cond, false) < 0;
        flags_clobber(e);
        compare(e, dbl, in->aux & 1, swap ? b : a, swap ? a : b);
        def_flags(e, false);
        e->fp_eflags = e->i;
        e->fp_swap = swap;
        return;
    }
    int d = def_g(e, DEF_EARLY), t = tmp_g(e);
    flags_clobber(e);
    compare(e, dbl, in->aux & 1, a, b);
    pack_fcmp(e, d, t, false);
    e->val[e->i].packed = true;
    e->fp_eflags = e->i;                        /* moves leave EFLAGS alone */
    ra_note(e, (RaStep){ .kind = RA_FLAGS_DEF, .v = e->i });
    e->fp_swap = false;
}

/* --- Conversion */

static void lower_fcvt_ff(Em *e, const IrInsn *in)
{
    bool narrow = in->type == IR_F32, tiny = narrow && e->guest->fp.tiny_before_rounding;
    int a = use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY);

    if (fp_round_soft(in)) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    int t = tiny ? tmp_x(e) : NOREG;
    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, NOREG, NOREG);
    if (narrow)
        fp_round_guard(e, in, c);
    v3(e, scalar(narrow) | 0x5a, d, a, a);
    if (tiny)
        check_nan_tiny(e, false, d, t, c);
    else
        check_nan(e, !narrow, d, c);
    cold_back(e, c);
}

static void cvt_ff(Em *e, bool to_double, int d, int a) { v3(e, scalar(!to_double) | 0x5a, d, a, a); }

/* What is subnormal as an F32 or zero: softfloat, but for zeros. */
static void emit_fma_small(Em *e, Cold *c)
{
    vzero(e, c->r[6]);
    ucomi(e, true, c->r[0], opd_reg(c->r[6]));
    uint8_t *nan = jcc_short(e, CC_P), *small = jcc_short(e, CC_NE);
    cvt_ff(e, false, c->r[0], c->r[0]);
    if (c->in->aux & FMA_NEG_RESULT)
        v3o(e, XORPS, c->r[0], c->r[0], pool2(e, 1u << 31));
    jmp_back(e, c);
    jump_here(e, nan);
    jump_here(e, small);
    emit_softfloat(e, c);
}

/* Rounding to F64 and then to F32 goes wrong when the first result is halfway between two F32, which differ from the
 * normal ones below the minimum normal. */
static void lower_fma_narrow(Em *e, const IrInsn *in)
{
    static const uint8_t code[] = {
        [0] = 0xb9, [FMA_NEG_PRODUCT] = 0xbd, [FMA_NEG_ADDEND] = 0xbb, [FMA_NEG_PRODUCT | FMA_NEG_ADDEND] = 0xbf
    };
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), s = use_x(e, in->arg[2]), d = def_x(e, DEF_EARLY);

    if (fp_round_soft(in) || !e->hc->fma) {
        fp_call(e, in, d, a, b, s);
        return;
    }
    int t = tmp_x(e), g = tmp_g(e);
    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, b, s), *small = fp_cold_new(e, d, a, b, s);
    small->fn = emit_fma_small;
    small->r[6] = (uint8_t)t;
    fp_round_guard(e, in, c);
    vmov(e, d, s);
    em_vex(e, X38(code[in->aux & 3]) | RW, 0, d, a, opd_reg(b), 0);
    v2(e, MOVD_RX, d, g);
    alu_ri(e, ALU_AND, false, g, 0x1fffffff);
    alu_ri(e, ALU_CMP, false, g, 0x10000000);
    jcc_cold(e, CC_E, c);
    v3o(e, ANDPS, t, d, pool2(e, ~0ull >> 1));
    ucomi(e, true, t, pool2(e, 0x3810000000000000));
    jcc_cold(e, CC_BE, small);
    cvt_ff(e, false, d, d);
    if (in->aux & FMA_NEG_RESULT)
        v3o(e, XORPS, d, d, pool2(e, 1u << 31));
    cold_back(e, c);
    cold_back(e, small);
}

enum { CVT_RND = 0x2d, CVT_TRUNC = 0x2c };
static void cvt_to_gpr(Em *e, bool dbl, unsigned code, bool w, int d, int a)
{
    v2(e, scalar(dbl) | code | (w ? RW : 0), d, a);
}

static void round_quietly(Em *e, const IrInsn *in, bool dbl, int d, int a, int t, Cold *c)
{
    if (in->round == FP_RNA)
        round_away(e, dbl, d, a, t, c);
    else
        v3i(e, ROUNDSS + dbl, d, a, a, fp_round_imm(in));
}

/* Signed: the host's "indefinite" result is what overflows when 1 is subtracted. Modes other than truncation and
 * the dynamic one round first, quietly; truncating the operand then raises inexact, if it is. */
static void lower_fcvt_fi(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in), w = in->type == IR_I64, direct = in->round == FP_RTZ || in->round == FP_DYN;
    bool trunc = in->round == FP_RTZ || (in->aux & CVT_WRAP_JS);
    int a = use_x(e, in->arg[0]), d = def_g(e, DEF_EARLY);

    if (in->round == FP_RODD && !trunc) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    direct |= trunc;
    int t = direct ? NOREG : tmp_x(e), g = direct ? NOREG : tmp_g(e),
        t2 = !direct && in->round == FP_RNA ? tmp_x(e) : NOREG;
    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, NOREG, NOREG);
    if (!direct)
        round_quietly(e, in, dbl, t, a, t2, c);
    cvt_to_gpr(e, dbl, trunc || !direct ? CVT_TRUNC : CVT_RND, w, d, direct ? a : t);
    alu_ri(e, ALU_CMP, w, d, 1);
    jcc_cold(e, CC_O, c);
    if (!direct)
        cvt_to_gpr(e, dbl, CVT_TRUNC, w, g, a);
    cold_back(e, c);
}

/* Unsigned: round quietly, convert as signed 64 bits, look at the range, then raise inexact. 64-bit results from 2^63
 * on are cold, and found before the conversion raises invalid. */
static void lower_fcvt_fu(Em *e, const IrInsn *in)
{
    bool dbl = is_double(e, in), w = in->type == IR_I64;
    int a = use_x(e, in->arg[0]), d = def_g(e, DEF_EARLY);

    if (in->round == FP_RODD || (in->aux & CVT_WRAP_JS)) {
        fp_call(e, in, d, a, NOREG, NOREG);
        return;
    }
    int t = tmp_x(e), g = tmp_g(e), t2 = in->round == FP_RNA ? tmp_x(e) : NOREG;
    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, NOREG, NOREG);
    ucomi(e, dbl, a, pool2(e, dbl ? (w ? 0x43e0000000000000 : 0x41f0000000000000) : w ? 0x5f000000 : 0x4f800000));
    jcc_cold(e, CC_AE, c);
    round_quietly(e, in, dbl, t, a, t2, c);
    cvt_to_gpr(e, dbl, CVT_TRUNC, true, d, t);
    if (w) {
        test_rr(e, true, d, d);
        jcc_cold(e, CC_S, c);
    } else {
        mov_rr(e, true, g, d);
        shift_ri(e, SH_SHR, true, g, 32);
        jcc_cold(e, CC_NE, c);
    }
    cvt_to_gpr(e, dbl, CVT_TRUNC, true, g, a);
    cold_back(e, c);
}

/* d = the signed integer in s; the upper lanes of d are cleared first to end the dependency. */
static void cvt_from_gpr(Em *e, bool dbl, bool w, int d, int s)
{
    v3(e, XORPS, d, d, d);
    if (avx(e))
        em_vex(e, scalar(dbl) | 0x2a | (w ? RW : 0), 0, d, d, opd_reg(s), 0);
    else
        em_op(e, scalar(dbl) | 0x2a | (w ? RW : 0), d, opd_reg(s), 0);
}

/* s is an unsigned number of 64 bits: from 2^63 on half of it, made odd when a one falls out, rounds alike and doubles
 * without error. */
static void cvt_from_u64(Em *e, bool dbl, int d, int s, int g)
{
    test_rr(e, true, s, s);
    uint8_t *small = jcc_short(e, CC_NS);
    mov_rr(e, true, g, s);
    shift_ri(e, SH_SHR, true, g, 1);
    test_ri(e, false, opd_reg(s), 1);
    uint8_t *even = jcc_short(e, CC_E);
    alu_ri(e, ALU_OR, true, g, 1);
    jump_here(e, even);
    cvt_from_gpr(e, dbl, true, d, g);
    v3(e, scalar(dbl) | 0x58, d, d, d);
    uint8_t *done = jmp_short(e);
    jump_here(e, small);
    cvt_from_gpr(e, dbl, true, d, s);
    jump_here(e, done);
}

static void cvt_int(Em *e, const IrInsn *in, int d, int s, int g)
{
    bool dbl = in->type == IR_F64, w = in->type2 == IR_I64, uns = in->op == IR_fcvt_uf;
    if (uns && w) {
        cvt_from_u64(e, dbl, d, s, g);
        return;
    }
    if (uns)
        mov_rr(e, false, g, s);
    cvt_from_gpr(e, dbl, w || uns, d, uns ? g : s);
}

enum { CVT_SCRATCH = 6 };                       /* of Cold.r */

/* The operand has more bits than a significand, so the mode counts. */
static void emit_cvt_inexact(Em *e, Cold *c)
{
    alu_oi(e, ALU_CMP, false, opd_env((int32_t)offsetof(CpuState, fp_round)), c->in->round);
    uint8_t *dynamic = jcc_short(e, CC_E);
    call_fp_cold(e, c->in, c->r);
    uint8_t *done = jmp_short(e);
    jump_here(e, dynamic);
    cvt_int(e, c->in, c->r[0], c->r[1], c->r[CVT_SCRATCH]);
    jump_here(e, done);
    jmp_back(e, c);
}

/* Static modes: g = s, made non-negative when signed, without its bits that fit. */
static void excess_bits(Em *e, const IrInsn *in, int g, int s)
{
    int bits = in->type == IR_F64 ? 53 : 24;
    bool w = in->type2 == IR_I64, uns = in->op == IR_fcvt_uf;
    if (uns) {
        mov_rr(e, w, g, s);
    } else {
        mov_ri(e, g, 1ll << bits);
        alu_rr(e, ALU_ADD, w, g, s);
    }
    shift_ri(e, SH_SHR, w, g, bits + !uns);
}

static void lower_fcvt_if(Em *e, const IrInsn *in)
{
    bool dbl = in->type == IR_F64, w = in->type2 == IR_I64, uns = in->op == IR_fcvt_uf;
    bool rounds = w || !dbl, fixed = rounds && in->round != FP_DYN;
    int s = use_g(e, in->arg[0]), d = def_x(e, DEF_EARLY), g = uns || fixed ? tmp_g(e) : NOREG;

    if (fp_round_soft(in) && rounds) {
        fp_call(e, in, d, s, NOREG, NOREG);
        return;
    }
    flags_clobber(e);
    if (!fixed) {
        cvt_int(e, in, d, s, g);
        x_set_clean(e, true);
        return;
    }
    Cold *c = fp_cold_new(e, d, s, NOREG, NOREG);
    c->fn = emit_cvt_inexact;
    c->r[CVT_SCRATCH] = (uint8_t)g;
    excess_bits(e, in, g, s);
    jcc_cold(e, CC_NE, c);
    if (uns && !w)
        mov_rr(e, false, g, s);
    cvt_from_gpr(e, dbl, w || uns, d, uns && !w ? g : s);
    x_set_clean(e, true);
    cold_back(e, c);
}

static void lower_fbits(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_g(e, 0);
    v2(e, MOVD_RX | (in->type == IR_I64 ? RW : 0), a, d);
}

static void lower_ffrom(Em *e, const IrInsn *in)
{
    int a = use_g(e, in->arg[0]), d = def_x(e, 0);
    x_set_clean(e, true);
    v2(e, MOVD_XR | (in->type == IR_F64 ? RW : 0), d, a);
}

/* Normal and zero by shifts; 2a - 1 is below 2 * 2^-126 - 1 for what lies between. */
static void lower_fbits_s(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_g(e, DEF_EARLY), t = tmp_g(e);

    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, NOREG, NOREG);
    v2(e, MOVD_RX | RW, a, d);
    lea(e, true, t, (Mem){ (uint8_t)d, (uint8_t)d, 0, -1 });
    em_op(e, 0x3b | RW, t, pool2(e, 0x3810000000000000 * 2 - 1), 0);
    jcc_cold(e, CC_B, c);
    mov_rr(e, true, t, d);
    shift_ri(e, SH_SHR, true, t, 29);
    alu_ri(e, ALU_AND, false, t, 0x3fffffff);
    shift_ri(e, SH_SHR, true, d, 32);
    alu_ri(e, ALU_AND, false, d, (int32_t)0xc0000000);
    alu_rr(e, ALU_OR, false, d, t);
    cold_back(e, c);
}

static void lower_ffrom_s(Em *e, const IrInsn *in)
{
    int a = use_g(e, in->arg[0]), d = def_x(e, DEF_EARLY), t = tmp_g(e);

    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, NOREG, NOREG);
    lea(e, false, t, (Mem){ (uint8_t)a, (uint8_t)a, 0, 0 });
    alu_ri(e, ALU_CMP, false, t, (int32_t)0xff000000);
    jcc_cold(e, CC_A, c);                       /* a NaN, which the conversion would quieten */
    v2(e, MOVD_XR, d, a);
    cvt_ff(e, true, d, d);
    cold_back(e, c);
}

static void lower_fwiden(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY);

    if (in->aux) {
        cvt_ff(e, true, d, a);
        return;
    }
    int t = tmp_g(e);
    flags_clobber(e);
    Cold *c = fp_cold_new(e, d, a, NOREG, NOREG);
    v2(e, MOVD_RX, a, t);
    alu_rr(e, ALU_ADD, false, t, t);
    alu_ri(e, ALU_CMP, false, t, (int32_t)0xff000000);
    jcc_cold(e, CC_A, c);
    cvt_ff(e, true, d, a);
    cold_back(e, c);
}

static void lower_fbox(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, 0);
    v3o(e, ORPS, d, a, pool(e, 0xffffffff00000000, 0));
}

/* A good box costs a test and a copy; PTEST sets CF when the operand has all bits of the mask. */
static void lower_funbox(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, 0);

    flags_clobber(e);
    Cold *c = cold_new(e, emit_canon);
    set_regs(c->r, d, NOREG, NOREG, NOREG);
    c->a = 0x7fc00000;
    v2o(e, PTEST, a, pool(e, 0xffffffff00000000, 0));
    jcc_cold(e, CC_AE, c);
    vmov(e, d, a);
    cold_back(e, c);
}

const LowerRow lower_rows_fp[] = {
    { IR_fadd, lower_farith }, { IR_fsub, lower_farith }, { IR_fmul, lower_farith }, { IR_fdiv, lower_farith },
    { IR_fsqrt, lower_fsqrt }, { IR_fma, lower_fma }, { IR_fneg, lower_fsign }, { IR_fabs, lower_fsign },
    { IR_fcopysign, lower_fcopysign }, { IR_fmin, lower_fminmax }, { IR_fmax, lower_fminmax }, { IR_fcmp, lower_fcmp },
    { IR_flags_fcmp, lower_flags_fcmp }, { IR_forder, lower_forder }, { IR_fcvt_ff, lower_fcvt_ff },
    { IR_fma_narrow, lower_fma_narrow }, { IR_fround, lower_fround },
    { IR_fcvt_fi, lower_fcvt_fi }, { IR_fcvt_fu, lower_fcvt_fu }, { IR_fcvt_if, lower_fcvt_if },
    { IR_fcvt_uf, lower_fcvt_if },
    { IR_fbits, lower_fbits }, { IR_ffrom, lower_ffrom }, { IR_fbits_s, lower_fbits_s }, { IR_ffrom_s, lower_ffrom_s },
    { IR_fwiden, lower_fwiden },
    { IR_fbox, lower_fbox }, { IR_funbox, lower_funbox }, { 0, NULL },
};
