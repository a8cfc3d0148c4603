/* SPDX-License-Identifier: Apache-2.0 */
/* A64 scalar FP (fp.decode): IR ops with the guest's FpRules; FPCR's modes are CpuState.fp_round's. */
#include "tr_a64.h"
#include "tcg/softfloat.h"
#include "aarch64/fp.decode.h"
#include "aarch64/fp.decode.inc"

static IrVal bits_of(Tr *t, IrType ty, IrVal v)
{
    if (ty == IR_F64)
        return ir_op1(t->u, IR_fbits, IR_I64, v);
    if (ty == IR_F32)
        v = ir_op1(t->u, IR_fbits, IR_I32, v), ty = IR_I32;
    return ty == IR_I32 ? ir_op1(t->u, IR_zext32, IR_I64, v) : v;
}

static IrVal of_bits(Tr *t, IrType ty, IrVal x)
{
    if (ty == IR_F64)
        return ir_op1(t->u, IR_ffrom, IR_F64, x);
    if (ty == IR_I64)
        return x;
    IrVal w = ir_op1(t->u, IR_trunc32, IR_I32, x);
    return ty == IR_F32 ? ir_op1(t->u, IR_ffrom, IR_F32, w) : w;
}

static IrVal fp(Tr *t, IrOp op, IrType ty, FpRound r, int aux, IrVal a, IrVal b, IrVal c)
{
    return ir_fp(t->u, op, ty, r, aux, a, b, c);
}

static IrVal cvt(Tr *t, IrOp op, IrType to, IrType from, FpRound r, int aux, IrVal a)
{
    return ir_fcvt(t->u, op, to, from, r, aux, a);
}

bool tr_fp2(Tr *t, const OpF2 *a, int op)
{
    put_f(t, a->dbl, a->rd,
        fp(t, (IrOp)op, fp_type(a->dbl), FP_DYN, 0, get_f(t, a->dbl, a->rn), get_f(t, a->dbl, a->rm), 0));
    return true;
}

bool tr_fminmax(Tr *t, const OpF2 *a, int op, int kind)
{
    put_f(t, a->dbl, a->rd,
        fp(t, (IrOp)op, fp_type(a->dbl), FP_DYN, kind, get_f(t, a->dbl, a->rn), get_f(t, a->dbl, a->rm), 0));
    return true;
}

bool tr_fnmul(Tr *t, const OpF2 *a)
{
    IrType ty = fp_type(a->dbl);
    IrVal p = fp(t, IR_fmul, ty, FP_DYN, 0, get_f(t, a->dbl, a->rn), get_f(t, a->dbl, a->rm), 0);
    put_f(t, a->dbl, a->rd, ir_op1(t->u, IR_fneg, ty, p));
    return true;
}

bool tr_fmov_r(Tr *t, const OpF1 *a) { put_f(t, a->dbl, a->rd, get_f(t, a->dbl, a->rn)); return true; }
bool tr_fsign(Tr *t, const OpF1 *a, int op)
{
    put_f(t, a->dbl, a->rd, ir_op1(t->u, (IrOp)op, fp_type(a->dbl), get_f(t, a->dbl, a->rn)));
    return true;
}

bool tr_fsqrt(Tr *t, const OpF1 *a)
{
    put_f(t, a->dbl, a->rd, fp(t, IR_fsqrt, fp_type(a->dbl), FP_DYN, 0, get_f(t, a->dbl, a->rn), 0, 0));
    return true;
}

bool tr_frint(Tr *t, const OpF1 *a, int round, int inexact)
{
    put_f(t, a->dbl, a->rd, fp(t, IR_fround, fp_type(a->dbl), (FpRound)round, inexact, get_f(t, a->dbl, a->rn), 0, 0));
    return true;
}

/* FRINT32/64: to an integer of that width, else the most negative one with invalid. */
bool tr_frint_int(Tr *t, const OpF1 *a, int width, int round)
{
    IrType ty = fp_type(a->dbl);
    IrVal args[2] = { imm_x(t, round << 16 | width << 8 | (a->dbl ? SF64 : SF32)),
        bits_of(t, ty, get_f(t, a->dbl, a->rn)) };
    put_f(t, a->dbl, a->rd, of_bits(t, ty, ir_call(t->u, H_fp_rint_int, 2, args)));
    return true;
}

/* Arm negates operands, NaNs included, then fuses: explicit fneg, not the op's attributes. */
bool tr_fma(Tr *t, const OpF3 *a, int neg_product, int neg_addend)
{
    IrType ty = fp_type(a->dbl);
    IrVal n = get_f(t, a->dbl, a->rn), m = get_f(t, a->dbl, a->rm), c = get_f(t, a->dbl, a->ra);
    if (neg_product)
        n = ir_op1(t->u, IR_fneg, ty, n);
    if (neg_addend)
        c = ir_op1(t->u, IR_fneg, ty, c);
    put_f(t, a->dbl, a->rd, fp(t, IR_fma, ty, FP_DYN, 0, n, m, c));
    return true;
}

/* --- compare, select */

static IrVal compare(Tr *t, IrType ty, int signalling, IrVal a, IrVal b)
{
    return ir_fp(t->u, IR_flags_fcmp, ty, FP_DYN, signalling, a, b, 0);
}

bool tr_fcmp(Tr *t, const OpCmp *a)
{
    put_flags(t, compare(t, fp_type(a->dbl), a->sig, get_f(t, a->dbl, a->rn), get_f(t, a->dbl, a->rm)));
    return true;
}

static IrVal fp_const(Tr *t, int dbl, uint64_t bits)
{
    return of_bits(t, fp_type(dbl), imm_x(t, (int64_t)bits));
}

bool tr_fcmp_z(Tr *t, const OpCmpZ *a)
{
    put_flags(t, compare(t, fp_type(a->dbl), a->sig, get_f(t, a->dbl, a->rn), fp_const(t, a->dbl, 0)));
    return true;
}

/* The compare's exceptions are raised only when the condition holds, so the compare is skipped, not selected away. */
bool tr_fccmp(Tr *t, const OpCcmp *a)
{
    IrCond c = a64_cond(a->cond);
    IrType ty = fp_type(a->dbl);
    if (c == COND_ALWAYS) {
        put_flags(t, compare(t, ty, a->sig, get_f(t, a->dbl, a->rn), get_f(t, a->dbl, a->rm)));
        return true;
    }
    int skip = ir_label_new(t->u), done = ir_label_new(t->u);
    ir_brcond_f(t->u, cond_invert(c), get_flags(t), skip);
    put_flags(t, compare(t, ty, a->sig, get_f(t, a->dbl, a->rn), get_f(t, a->dbl, a->rm)));
    ir_br(t->u, done);
    ir_label(t->u, skip);
    put_flags_packed(t, imm_w(t, a64_pack_const(a->nzcv)));
    ir_br(t->u, done);
    ir_label(t->u, done);
    forget_flags(t);
    return true;
}

bool tr_fcsel(Tr *t, const OpCsel *a)
{
    IrCond c = a64_cond(a->cond);
    IrVal n = get_f(t, a->dbl, a->rn), m = get_f(t, a->dbl, a->rm);
    put_f(t, a->dbl, a->rd, c == COND_ALWAYS ? n : ir_select_f(t->u, fp_type(a->dbl), c, get_flags(t), n, m));
    return true;
}

/* Arm ARM VFPExpandImm. */
bool tr_fmov_i(Tr *t, const OpImm *a)
{
    uint64_t sign = a->imm8 >> 7, b = a->imm8 >> 6 & 1, low = a->imm8 & 0x3f;
    uint64_t v = a->dbl ? sign << 63 | (b ? 0xffull : 0x100ull) << 54 | low << 48
                        : sign << 31 | (b ? 0x1full : 0x20ull) << 25 | low << 19;
    if (a->dbl)
        put_dbits(t, a->rd, imm_x(t, (int64_t)v));
    else
        put_sbits(t, a->rd, imm_w(t, (int32_t)v));
    return true;
}

/* --- conversions */

enum { TYPE_S, TYPE_D, TYPE_RESERVED, TYPE_H };
bool ok_cvt(const OpCvt *a) { return a->type != TYPE_RESERVED && a->to != TYPE_RESERVED && a->type != a->to; }
bool tr_fcvt(Tr *t, const OpCvt *a)
{
    static const uint8_t fmt[4] = { SF32, SF64, 0, SF16 };
    if (a->type != TYPE_H && a->to != TYPE_H) {
        put_f(
            t, a->to, a->rd, cvt(t, IR_fcvt_ff, fp_type(a->to), fp_type(a->type), FP_DYN, 0, get_f(t, a->type, a->rn)));
        return true;
    }
    IrVal args[2] = { imm_x(t, fmt[a->to] << 8 | fmt[a->type]), get_dbits(t, a->rn) };
    put_dbits(t, a->rd, ir_call(t->u, H_fp_half, 2, args));
    return true;
}

static bool to_int(Tr *t, IrOp op, FpRound r, int sf, int dbl, int rn, int rd)
{
    put_r(t, sf, rd, cvt(t, op, sf_type(sf), fp_type(dbl), r, 0, get_f(t, dbl, rn)));
    return true;
}

bool tr_fcvt_i(Tr *t, const OpToI *a, int op, int unused)
{
    static const uint8_t round[4] = { FP_RNE, FP_RUP, FP_RDN, FP_RTZ };
    return to_int(t, (IrOp)op, round[a->rmode], a->sf, a->dbl, a->rn, a->rd);
}

bool tr_fcvt_a(Tr *t, const OpFromI *a, int op) { return to_int(t, (IrOp)op, FP_RNA, a->sf, a->dbl, a->rn, a->rd); }

bool tr_cvtf(Tr *t, const OpFromI *a, int op)
{
    put_f(t, a->dbl, a->rd, cvt(t, (IrOp)op, fp_type(a->dbl), sf_type(a->sf), FP_DYN, 0, get_r(t, a->sf, a->rn)));
    return true;
}

bool ok_fix(const OpFix *a) { return a->sf || a->scale >= 32; }

/* Scaling by a power of two in range is exact, so conversion rounds once. */
bool tr_cvtf_fix(Tr *t, const OpFix *a, int op)
{
    int fbits = 64 - a->scale;
    IrType ty = fp_type(a->dbl);
    IrVal v = cvt(t, (IrOp)op, ty, sf_type(a->sf), FP_DYN, 0, get_r(t, a->sf, a->rn));
    uint64_t k = a->dbl ? (uint64_t)(1023 - fbits) << 52 : (uint64_t)(127 - fbits) << 23;
    put_f(t, a->dbl, a->rd, fp(t, IR_fmul, ty, FP_DYN, 0, v, fp_const(t, a->dbl, k), 0));
    return true;
}

/* a times 2^fbits without a flag of its own: singles as doubles; what could overflow is far out of an integer's range
 * and stays. */
static IrVal scale_up(Tr *t, bool dbl, IrVal a, int fbits)
{
    IrVal times = imm_x(t, (int64_t)(1023 + fbits) << 52);
    if (dbl) {
        IrVal exponent = ir_extract(t->u, IR_I64, bits_of(t, IR_F64, a), 52, 11);
        times = ir_select(t->u, IR_I64, COND_LTU, exponent, imm_x(t, 1023 + 64), times, imm_x(t, 1023ll << 52));
    } else {
        a = ir_fcvt(t->u, IR_fcvt_ff, IR_F64, IR_F32, FP_DYN, 0, a);
    }
    return ir_fp(t->u, IR_fmul, IR_F64, FP_DYN, 1, a, ir_op1(t->u, IR_ffrom, IR_F64, times), 0);
}

bool tr_fcvt_fix(Tr *t, const OpFix *a, int is_signed)
{
    IrVal v = scale_up(t, a->dbl, get_f(t, a->dbl, a->rn), 64 - a->scale);
    put_r(t, a->sf, a->rd, ir_fcvt(t->u, is_signed ? IR_fcvt_fi : IR_fcvt_fu, sf_type(a->sf), IR_F64, FP_RTZ, 0, v));
    return true;
}

/* Z says that the conversion was exact and not of -0: then converting back gives the same bits. */
bool tr_fjcvtzs(Tr *t, const OpX *a)
{
    IrVal d = get_d(t, a->rn);
    if (fp_flushes(t))                          /* FZ makes a subnormal an exact zero */
        d = fp(t, IR_fmul, IR_F64, FP_DYN, 0, d, fp_const(t, 1, 0x3ff0000000000000), 0);
    IrVal w = cvt(t, IR_fcvt_fi, IR_I32, IR_F64, FP_RTZ, CVT_WRAP_JS, d);
    IrVal back = ir_op1(t->u, IR_fbits, IR_I64, ir_fcvt(t->u, IR_fcvt_if, IR_F64, IR_I32, FP_RNE, 0, w));
    IrVal z = ir_setcond(t->u, IR_I64, COND_EQ, back, ir_op1(t->u, IR_fbits, IR_I64, d));
    put_w(t, a->rd, w);
    put_flags_packed(t, ir_op2(t->u, IR_shl, IR_I32, ir_op1(t->u, IR_trunc32, IR_I32, z), imm_w(t, 14)));
    return true;
}

/* --- moves between register files */

bool tr_fmov_if(Tr *t, const OpX *a, int dbl)
{
    if (dbl)
        put_x(t, a->rd, get_dbits(t, a->rn));
    else
        put_w(t, a->rd, get_sbits(t, a->rn));
    return true;
}
bool tr_fmov_fi(Tr *t, const OpX *a, int dbl)
{
    if (dbl)
        put_dbits(t, a->rd, get_x(t, a->rn));
    else
        put_sbits(t, a->rd, get_w(t, a->rn));
    return true;
}
bool tr_fmov_xh(Tr *t, const OpX *a)
{
    put_x(t, a->rd, ir_vconv(t->u, IR_vget, IR_I64, IR_V128, E64, 1, 0, get_v(t, a->rn)));
    return true;
}
bool tr_fmov_hx(Tr *t, const OpX *a)
{
    put_v(t, a->rd, ir_vset(t->u, IR_V128, E64, 1, get_v(t, a->rd), get_x(t, a->rn)));
    return true;
}

bool a64_decode_fp(Tr *t, uint32_t insn) { return decode_a64_fp(t, insn); }
