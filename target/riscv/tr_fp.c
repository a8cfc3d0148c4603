/* SPDX-License-Identifier: Apache-2.0 */
/* F, D and Zfa. Arithmetic is the IR's FP ops under the guest's rules (canonical NaN); signs and moves are bit
 * operations. */
#include "tr_rv.h"
#include "tr_fp.h"

/* --- boxes and modes */

IrVal get_f(Tr *t, IrType type, int n)
{
    IrVal v = ir_get(t->u, R_F0 + n);
    return type == IR_F64 ? v : ir_fcvt(t->u, IR_funbox, IR_F32, IR_F64, 0, 0, v);
}

void put_f(Tr *t, IrType type, int n, IrVal v)
{
    ir_put(t->u, R_F0 + n, type == IR_F64 ? v : ir_fcvt(t->u, IR_fbox, IR_F64, IR_F32, 0, 0, v));
}

IrVal get_sbits(Tr *t, int n) { return ir_op1(t->u, IR_fbits, IR_I32, get_f(t, IR_F32, n)); }
void put_sbits(Tr *t, int n, IrVal w) { put_f(t, IR_F32, n, ir_op1(t->u, IR_ffrom, IR_F32, w)); }

bool rounding(const Tr *t, int rm, FpRound *out)
{
    if (rm == 7) {
        *out = t->u->flags & RV_TB_RMM ? FP_RNA : FP_DYN;
        return !(t->u->flags & RV_TB_BADRM);
    }
    *out = rm;                      /* RNE RTZ RDN RUP RMM have FpRound's numbers */
    return rm <= 4;
}

/* --- arithmetic */

bool tr_farith(Tr *t, const OpF *a, int dbl, int op)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    IrType ty = fp_type(dbl);
    put_f(t, ty, a->fd, ir_fp(t->u, op, ty, r, 0, get_f(t, ty, a->fs1), get_f(t, ty, a->fs2), 0));
    return true;
}

bool tr_fma(Tr *t, const OpF *a, int dbl, int neg)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    IrType ty = fp_type(dbl);
    IrVal x = get_f(t, ty, a->fs1), y = get_f(t, ty, a->fs2), z = get_f(t, ty, a->fs3);
    put_f(t, ty, a->fd, ir_fp(t->u, IR_fma, ty, r, neg, x, y, z));
    return true;
}

static bool unary(Tr *t, const OpF *a, int dbl, IrOp op, int aux)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    IrType ty = fp_type(dbl);
    put_f(t, ty, a->fd, ir_fp(t->u, op, ty, r, aux, get_f(t, ty, a->fs1), 0, 0));
    return true;
}

bool tr_fsqrt(Tr *t, const OpF *a, int dbl)         { return unary(t, a, dbl, IR_fsqrt, 0); }
bool tr_fround(Tr *t, const OpF *a, int dbl, int nx) { return unary(t, a, dbl, IR_fround, nx); }

bool tr_fminmax(Tr *t, const OpF *a, int dbl, int op, int kind)
{
    IrType ty = fp_type(dbl);
    put_f(t, ty, a->fd, ir_fp(t->u, op, ty, FP_RNE, kind, get_f(t, ty, a->fs1), get_f(t, ty, a->fs2), 0));
    return true;
}

bool tr_fsgnj(Tr *t, const OpF *a, int dbl, int how)
{
    IrType ty = fp_type(dbl), bits = dbl ? IR_I64 : IR_I32;
    IrVal x = get_f(t, ty, a->fs1), y = get_f(t, ty, a->fs2);
    if (a->fs1 == a->fs2) {                             /* fmv, fneg, fabs */
        put_f(t, ty, a->fd, how == SGN_COPY ? x : ir_op1(t->u, how == SGN_NEG ? IR_fneg : IR_fabs, ty, x));
    } else if (how == SGN_XOR) {
        IrVal sign = ir_const(t->u, bits, dbl ? INT64_MIN : INT32_MIN);
        IrVal flip = ir_op2(t->u, IR_and, bits, ir_op1(t->u, IR_fbits, bits, y), sign);
        put_f(t, ty, a->fd,
            ir_op1(t->u, IR_ffrom, ty, ir_op2(t->u, IR_xor, bits, ir_op1(t->u, IR_fbits, bits, x), flip)));
    } else {
        put_f(t, ty, a->fd, ir_op2(t->u, IR_fcopysign, ty, x, how == SGN_NEG ? ir_op1(t->u, IR_fneg, ty, y) : y));
    }
    return true;
}

bool tr_fcmp(Tr *t, const OpFc *a, int dbl, int cond, int signalling)
{
    IrType ty = fp_type(dbl);
    bool quiet = quiet_adjacent(t) && !quiet_compare(t) && a->rd != quiet_reg(t);
    IrVal less = ir_fcmp(t->u, cond, ty, signalling, get_f(t, ty, a->fs1), get_f(t, ty, a->fs2));
    put_w(t, a->rd, less);
    if (quiet)
        quiet_at(t, less);
    return true;
}

/* --- conversions and moves */

bool tr_fcvt_ff(Tr *t, const OpF *a, int to, int from)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    IrVal v = ir_fcvt(t->u, IR_fcvt_ff, fp_type(to), fp_type(from), r, 0, get_f(t, fp_type(from), a->fs1));
    put_f(t, fp_type(to), a->fd, v);
    return true;
}

bool tr_fcvt_fi(Tr *t, const OpFx *a, int dbl, int op, int itype)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    IrVal v = ir_fcvt(t->u, op, itype, fp_type(dbl), r, CVT_NAN_MAX, get_f(t, fp_type(dbl), a->fs1));
    if (itype == IR_I32)
        put_w(t, a->rd, v);
    else
        put_x(t, a->rd, v);
    return true;
}

bool tr_fcvt_if(Tr *t, const OpXf *a, int dbl, int op, int itype)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    IrVal v = itype == IR_I32 ? get_w(t, a->rs1) : get_x(t, a->rs1);
    put_f(t, fp_type(dbl), a->fd, ir_fcvt(t->u, op, fp_type(dbl), itype, r, 0, v));
    return true;
}

bool tr_fcvtmod(Tr *t, const OpFx *a)
{
    put_w(t, a->rd, ir_fcvt(t->u, IR_fcvt_fi, IR_I32, IR_F64, FP_RTZ, CVT_WRAP_JS, get_f(t, IR_F64, a->fs1)));
    return true;
}

bool tr_fmv_x_w(Tr *t, const OpFx *a)
{
    put_w(t, a->rd, ir_op1(t->u, IR_trunc32, IR_I32, get_fbits(t, a->fs1)));
    return true;
}

bool tr_fmv_w_x(Tr *t, const OpXf *a)
{
    put_sbits(t, a->fd, get_w(t, a->rs1));
    return true;
}

bool tr_fmv_x_d(Tr *t, const OpFx *a)
{
    put_x(t, a->rd, get_fbits(t, a->fs1));
    return true;
}

bool tr_fmv_d_x(Tr *t, const OpXf *a)
{
    put_fbits(t, a->fd, get_x(t, a->rs1));
    return true;
}

bool tr_fmvh_x_d(Tr *t, const OpFx *a)
{
    put_l(t, a->rd, ir_op2(t->u, IR_shr, IR_I64, get_fbits(t, a->fs1), imm_l(t, 32)));
    return true;
}

bool tr_fmvp_d_x(Tr *t, const OpXf2 *a)
{
    IrVal hi = ir_op2(t->u, IR_shl, IR_I64, x_to_l(t, get_x(t, a->rs2)), imm_l(t, 32));
    put_fbits(t, a->fd, ir_op2(t->u, IR_or, IR_I64, hi, x_to_l(t, get_x(t, a->rs1))));
    return true;
}

/* --- constants of Zfa's fli, as binary64; row 1 is the format's smallest normal, 31 the canonical NaN. */
static const double fli_values[32] = {
    -1.0, 0, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875,
    1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 8.0, 16.0, 128.0, 256.0, 32768.0, 65536.0, __builtin_inf(), 0,
};

/* Exact in every format but binary16, where 65536 is infinity and 2^-16 is subnormal. */
static uint64_t fli_bits(SfFmt fmt, int n)
{
    static const uint64_t min_normal[] = { 0x0400, 0x00800000, 0x0010000000000000 };
    static const uint64_t nan[] = { 0x7e00, 0x7fc00000, 0x7ff8000000000000 };
    static const FpRules rules = { .nan = NAN_CANON };
    SfEnv e = { .rules = &rules };
    union { double d; uint64_t u; } v = { fli_values[n] };
    return n == 1 ? min_normal[fmt] : n == 31 ? nan[fmt] : fmt == SF64 ? v.u : (uint64_t)sf_cvt(&e, fmt, SF64, v.u);
}

bool tr_fli(Tr *t, const OpFli *a, int fmt)
{
    static const uint64_t box[] = { ~0xffffull, ~0xffffffffull, 0 };
    put_fbits(t, a->fd, imm_l(t, fli_bits(fmt, a->rs1) | box[fmt]));
    return true;
}
