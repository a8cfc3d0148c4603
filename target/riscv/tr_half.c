/* SPDX-License-Identifier: Apache-2.0 */
/* Zfh and Zfhmin: the host has no binary16 arithmetic, so each operation is one call of the exact library (help.c). */
#include "tr_rv.h"
#include "tr_fp.h"

/* Zero-extended bits of a register in a format; the canonical NaN when its box is bad. */
static IrVal get_fmt(Tr *t, SfFmt fmt, int n)
{
    if (fmt == SF64)
        return get_fbits(t, n);
    if (fmt == SF32)
        return ir_op1(t->u, IR_zext32, IR_I64, get_sbits(t, n));
    IrVal v = get_fbits(t, n);
    IrVal box = ir_op2(t->u, IR_sar, IR_I64, v, imm_l(t, 16));
    v = ir_op2(t->u, IR_and, IR_I64, v, imm_l(t, 0xffff));
    return ir_select(t->u, IR_I64, COND_EQ, box, imm_l(t, -1), v, imm_l(t, 0x7e00));
}

static void put_fmt(Tr *t, SfFmt fmt, int n, IrVal l)
{
    static const int64_t box[] = { ~0xffffll, ~0xffffffffll, 0 };
    put_fbits(t, n, ir_op2(t->u, IR_or, IR_I64, l, imm_l(t, box[fmt])));
}

static IrVal half_op(Tr *t, RvHalf h, IrVal a, IrVal b, IrVal c)
{
    IrVal zero = imm_l(t, 0);
    IrVal args[4] = { imm_l(t, rv_half_pack(h)), a, b ? b : zero, c ? c : zero };
    return ir_call(t->u, H_half_op, 4, args);
}

bool tr_half(Tr *t, const OpF *a, int op, int aux)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    IrVal x = get_fmt(t, SF16, a->fs1), y = get_fmt(t, SF16, a->fs2), z = get_fmt(t, SF16, a->fs3);
    put_fmt(t, SF16, a->fd, half_op(t, (RvHalf){ .op = op, .round = r, .aux = aux }, x, y, z));
    return true;
}

bool tr_half_minmax(Tr *t, const OpF *a, int op, int kind)
{
    IrVal x = get_fmt(t, SF16, a->fs1), y = get_fmt(t, SF16, a->fs2);
    put_fmt(t, SF16, a->fd, half_op(t, (RvHalf){ .op = op, .aux = kind }, x, y, 0));
    return true;
}

bool tr_half_cmp(Tr *t, const OpFc *a, int cond, int signalling)
{
    IrVal x = get_fmt(t, SF16, a->fs1), y = get_fmt(t, SF16, a->fs2);
    put_l(t, a->rd, half_op(t, (RvHalf){ .op = IR_fcmp, .cond = cond, .aux = signalling }, x, y, 0));
    return true;
}

bool tr_half_sgnj(Tr *t, const OpF *a, int how)
{
    IrVal x = get_fmt(t, SF16, a->fs1), y = get_fmt(t, SF16, a->fs2), sign = imm_l(t, 0x8000);
    IrVal s = ir_op2(t->u, IR_and, IR_I64, how == SGN_NEG ? ir_op1(t->u, IR_not, IR_I64, y) : y, sign);
    IrVal magnitude = how == SGN_XOR ? x : ir_op2(t->u, IR_andc, IR_I64, x, sign);
    put_fmt(t, SF16, a->fd, ir_op2(t->u, IR_xor, IR_I64, magnitude, s));
    return true;
}

bool tr_fcvt_half(Tr *t, const OpF *a, int to, int from)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    RvHalf h = { .op = IR_fcvt_ff, .to = to, .from = from, .round = r };
    put_fmt(t, to, a->fd, half_op(t, h, get_fmt(t, from, a->fs1), 0, 0));
    return true;
}

bool tr_half_to_int(Tr *t, const OpFx *a, int width, int is_signed)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    RvHalf h = { .op = is_signed ? IR_fcvt_fi : IR_fcvt_fu, .round = r, .aux = CVT_NAN_MAX, .width = width };
    IrVal v = half_op(t, h, get_fmt(t, SF16, a->fs1), 0, 0);
    if (width == 32)
        put_w(t, a->rd, ir_op1(t->u, IR_trunc32, IR_I32, v));
    else
        put_l(t, a->rd, v);
    return true;
}

bool tr_half_from_int(Tr *t, const OpXf *a, int width, int is_signed)
{
    FpRound r;
    if (!rounding(t, a->rm, &r))
        return false;
    RvHalf h = { .op = is_signed ? IR_fcvt_if : IR_fcvt_uf, .round = r, .width = width };
    IrVal v = width == 64 ? get_x(t, a->rs1) : ir_op1(t->u, IR_zext32, IR_I64, get_w(t, a->rs1));
    put_fmt(t, SF16, a->fd, half_op(t, h, v, 0, 0));
    return true;
}

bool tr_fmv_x_h(Tr *t, const OpFx *a)
{
    put_l(t, a->rd, ir_op1(t->u, IR_sext16, IR_I64, get_fbits(t, a->fs1)));
    return true;
}

bool tr_fmv_h_x(Tr *t, const OpXf *a)
{
    put_fmt(t, SF16, a->fd, x_to_l(t, get_x(t, a->rs1)));
    return true;
}

/* All three formats: fclass is rare enough for a call. */
bool tr_fclass(Tr *t, const OpFc *a, int fmt)
{
    IrVal args[2] = { get_fmt(t, fmt, a->fs1), imm_w(t, fmt) };
    put_l(t, a->rd, ir_call(t->u, H_fclass, 2, args));
    return true;
}
