/* SPDX-License-Identifier: Apache-2.0 */
/* Integer instructions: RV32I/RV64I, M, and the bit-manipulation extensions Zba Zbb Zbc Zbs Zicond. */
#include "tr_rv.h"

static void put_op(Tr *t, int rd, IrOp op, IrVal a, IrVal b) { put_x(t, rd, op2(t, op, a, b)); }

bool tr_lui(Tr *t, const OpU *a)
{
    put_x(t, a->rd, imm_x(t, a->imm));
    return true;
}

bool tr_auipc(Tr *t, const OpU *a)
{
    put_x(t, a->rd, addr_x(t, t->pc + a->imm));
    return true;
}

bool tr_alu_ri(Tr *t, const OpI *a, int op)
{
    put_op(t, a->rd, op, get_x(t, a->rs1), imm_x(t, a->imm));
    return true;
}

bool tr_alu_rr(Tr *t, const OpR *a, int op)
{
    put_op(t, a->rd, op, get_x(t, a->rs1), get_x(t, a->rs2));
    return true;
}

bool tr_alu_r(Tr *t, const OpR *a, int op)
{
    put_x(t, a->rd, ir_op1(t->u, op, xt(t), get_x(t, a->rs1)));
    return true;
}

bool tr_alu_wi(Tr *t, const OpI *a, int op)
{
    put_w(t, a->rd, ir_op2(t->u, op, IR_I32, get_w(t, a->rs1), imm_w(t, a->imm)));
    return true;
}

bool tr_alu_ww(Tr *t, const OpR *a, int op)
{
    put_w(t, a->rd, ir_op2(t->u, op, IR_I32, get_w(t, a->rs1), get_w(t, a->rs2)));
    return true;
}

bool tr_alu_w(Tr *t, const OpR *a, int op)
{
    put_w(t, a->rd, ir_op1(t->u, op, IR_I32, get_w(t, a->rs1)));
    return true;
}

bool tr_set_ri(Tr *t, const OpI *a, int cond)
{
    put_x(t, a->rd, ir_setcond(t->u, xt(t), cond, get_x(t, a->rs1), imm_x(t, a->imm)));
    return true;
}

bool tr_set_rr(Tr *t, const OpR *a, int cond)
{
    put_x(t, a->rd, ir_setcond(t->u, xt(t), cond, get_x(t, a->rs1), get_x(t, a->rs2)));
    return true;
}

/* --- M: division by zero gives all ones; the IR op gives 0. */
static IrVal divide(Tr *t, IrOp op, IrType type, IrVal a, IrVal b)
{
    IrVal q = ir_op2(t->u, op, type, a, b);
    return ir_select(t->u, type, COND_EQ, b, ir_const(t->u, type, 0), ir_const(t->u, type, -1), q);
}

bool tr_div(Tr *t, const OpR *a, int op)
{
    put_x(t, a->rd, divide(t, op, xt(t), get_x(t, a->rs1), get_x(t, a->rs2)));
    return true;
}

bool tr_divw(Tr *t, const OpR *a, int op)
{
    put_w(t, a->rd, divide(t, op, IR_I32, get_w(t, a->rs1), get_w(t, a->rs2)));
    return true;
}

/* --- Zba */
static IrVal zext_w(Tr *t, int n) { return ir_op1(t->u, IR_zext32, IR_I64, get_w(t, n)); }

bool tr_shadd(Tr *t, const OpR *a, int shift, int uw)
{
    IrVal x = uw ? zext_w(t, a->rs1) : get_x(t, a->rs1);
    if (shift)
        x = op2(t, IR_shl, x, imm_x(t, shift));
    put_op(t, a->rd, IR_add, x, get_x(t, a->rs2));
    return true;
}

bool tr_slli_uw(Tr *t, const OpI *a)
{
    put_op(t, a->rd, IR_shl, zext_w(t, a->rs1), imm_l(t, a->imm));
    return true;
}

/* --- Zbb */
bool tr_minmax(Tr *t, const OpR *a, int cond)
{
    IrVal x = get_x(t, a->rs1), y = get_x(t, a->rs2);
    put_x(t, a->rd, ir_select(t->u, xt(t), cond, x, y, x, y));
    return true;
}

bool tr_rol(Tr *t, const OpR *a)
{
    IrVal n = ir_op1(t->u, IR_neg, xt(t), get_x(t, a->rs2));
    put_op(t, a->rd, IR_rotr, get_x(t, a->rs1), n);
    return true;
}

bool tr_rolw(Tr *t, const OpR *a)
{
    IrVal n = ir_op1(t->u, IR_neg, IR_I32, get_w(t, a->rs2));
    put_w(t, a->rd, ir_op2(t->u, IR_rotr, IR_I32, get_w(t, a->rs1), n));
    return true;
}

/* Top bit of each byte = byte is not zero; then 0x100 - 1 in place of each 0x80. */
bool tr_orc_b(Tr *t, const OpR *a)
{
    IrVal x = get_x(t, a->rs1), low = imm_x(t, 0x7f7f7f7f7f7f7f7f);
    IrVal s = op2(t, IR_add, op2(t, IR_and, x, low), low);
    IrVal top = op2(t, IR_andc, op2(t, IR_or, s, x), low);
    put_op(t, a->rd, IR_sub, op2(t, IR_shl, top, imm_x(t, 1)), op2(t, IR_shr, top, imm_x(t, 7)));
    return true;
}

/* --- Zbc: bits 2*XLEN-2..XLEN-1 of the product */
bool tr_clmulr(Tr *t, const OpR *a)
{
    IrVal x = get_x(t, a->rs1), y = get_x(t, a->rs2);
    IrVal hi = op2(t, IR_shl, op2(t, IR_clmulh, x, y), imm_x(t, 1));
    put_op(t, a->rd, IR_or, hi, op2(t, IR_shr, op2(t, IR_clmul, x, y), imm_x(t, xlen(t) - 1)));
    return true;
}

/* --- Zbs */
bool tr_bit_rr(Tr *t, const OpR *a, int op)
{
    put_op(t, a->rd, op, get_x(t, a->rs1), op2(t, IR_shl, imm_x(t, 1), get_x(t, a->rs2)));
    return true;
}

bool tr_bit_ri(Tr *t, const OpI *a, int op)
{
    put_op(t, a->rd, op, get_x(t, a->rs1), imm_x(t, (int64_t)(1ull << a->imm)));
    return true;
}

bool tr_bext(Tr *t, const OpR *a)
{
    put_op(t, a->rd, IR_and, op2(t, IR_shr, get_x(t, a->rs1), get_x(t, a->rs2)), imm_x(t, 1));
    return true;
}

bool tr_bexti(Tr *t, const OpI *a)
{
    put_x(t, a->rd, ir_extract(t->u, xt(t), get_x(t, a->rs1), a->imm, 1));
    return true;
}

/* --- Zicond: zero when rs2 is (EQ) or is not (NE) zero */
bool tr_czero(Tr *t, const OpR *a, int cond)
{
    IrVal zero = imm_x(t, 0);
    put_x(t, a->rd, ir_select(t->u, xt(t), cond, get_x(t, a->rs2), zero, zero, get_x(t, a->rs1)));
    return true;
}

/* --- Conditions on compressed operands (rvc.decode) */
bool ok_imm(const OpI *a) { return a->imm != 0; }
bool ok_rd(const OpI *a)  { return a->rd != 0; }
bool ok_rs1(const OpI *a) { return a->rs1 != 0; }
bool ok_rs2(const OpR *a) { return a->rs2 != 0; }
bool ok_lui(const OpU *a) { return a->imm != 0 && a->rd != 2; }
