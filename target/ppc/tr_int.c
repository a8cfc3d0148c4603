/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-point instructions: arithmetic, logic, shifts, compares. Power ISA Book I chapter 3. */
#include "target/ppc/tr.h"
#include "ppc/ppc.decode.h"

void put_cr_cmp(Tr *t, int crf, bool is_signed, IrVal a, IrVal b)
{
    ir_put(t->u, R_CR0 + crf, op2(t, IR_or, ir_order(t->u, IR_I32, !is_signed, a, b), get_so(t)));
    /* tr_branch.c: a branch on this field in the same unit compares again instead of reading it */
    compared(t, crf, is_signed ? KNOWN_SIGNED : KNOWN_UNSIGNED, a, b);
}

void so_changed(Tr *t)
{
    if (t->u->flags & PPC_TB_SO)
        return;
    int clear = ir_label_new(t->u);
    ir_brcond(t->u, COND_EQ, ir_get(t->u, R_SO), imm(t, 0), clear);
    IrVal flags = ir_ld_env(t->u, IR_I32, MEM_32, offsetof(PpcCpu, head.tb_flags));
    ir_st_env(t->u, MEM_32, offsetof(PpcCpu, head.tb_flags), op2(t, IR_or, flags, imm(t, PPC_TB_SO)));
    ir_raise(t->u, EX_ICACHE, 0, (uint32_t)(t->pc + 4));
    ir_label(t->u, clear);
    tr_stop(t);
}

/* rt := v, the overflow bits when OE, CR0 when Rc. */
static void finish(Tr *t, int rt, IrVal v, IrVal ov, int rc)
{
    put_r(t, rt, v);
    if (ov) {
        ir_put(t->u, R_OV, ov);
        ir_put(t->u, R_SO, op2(t, IR_or, ir_get(t->u, R_SO), ov));
    }
    if (rc)
        put_cr0(t, v);
    if (ov && rc)
        ir_put(t->u, R_CR0, op2(t, IR_or, ir_get(t->u, R_CR0), ov));
    if (ov)
        so_changed(t);
}

/* Signed overflow of s = a + b. */
static IrVal overflow(Tr *t, IrVal a, IrVal b, IrVal s)
{
    return op2(t, IR_shr, op2(t, IR_and, op2(t, IR_xor, a, s), op2(t, IR_xor, b, s)), imm(t, 31));
}

/* The carry of a sum is that it came out less, that of a difference that it did not have to borrow. */
static void add_carrying(Tr *t, int rt, IrVal a, IrVal b, int oe, int rc)
{
    IrVal s = op2(t, IR_add, a, b), ov = oe ? overflow(t, a, b, s) : 0;
    ir_put(t->u, R_CA, ir_setcond(t->u, IR_I32, COND_LTU, s, b));
    finish(t, rt, s, ov, rc);
}

static void subtract_carrying(Tr *t, int rt, IrVal a, IrVal b, int oe, int rc)
{
    IrVal s = op2(t, IR_sub, a, b), ov = oe ? overflow(t, a, op1(t, IR_not, b), s) : 0;
    ir_put(t->u, R_CA, ir_setcond(t->u, IR_I32, COND_GEU, a, b));
    finish(t, rt, s, ov, rc);
}

/* a + b + carry in 64 bits: result, CA. */
static void add_extended(Tr *t, int rt, IrVal a, IrVal b, IrVal carry, int oe, int rc)
{
    IrVal s = op2l(t, IR_add, op2l(t, IR_add, wide(t, a), wide(t, b)), wide(t, carry));
    IrVal v = low(t, s), ov = oe ? overflow(t, a, b, v) : 0;
    ir_put(t->u, R_CA, low(t, op2l(t, IR_shr, s, ir_const(t->u, IR_I64, 32))));
    finish(t, rt, v, ov, rc);
}

bool tr_addi(Tr *t, const OpD *a, int shift)
{
    put_r(t, a->rt, op2(t, IR_add, get_r0(t, a->ra), imm(t, (uint32_t)a->si << shift)));
    return true;
}

bool tr_addic(Tr *t, const OpD *a, int rc)
{
    add_carrying(t, a->rt, get_r(t, a->ra), imm(t, a->si), 0, rc);
    return true;
}

bool tr_subfic(Tr *t, const OpD *a)
{
    subtract_carrying(t, a->rt, imm(t, a->si), get_r(t, a->ra), 0, 0);
    return true;
}

bool tr_mulli(Tr *t, const OpD *a)
{
    put_r(t, a->rt, op2(t, IR_mul, get_r(t, a->ra), imm(t, a->si)));
    return true;
}

static void logic(Tr *t, IrOp op, int ra, int rs, uint32_t v) { put_r(t, ra, op2(t, op, get_r(t, rs), imm(t, v))); }

bool tr_logi(Tr *t, const OpDL *a, int op) { logic(t, op, a->ra, a->rt, a->ui); return true; }
bool tr_logis(Tr *t, const OpDL *a, int op) { logic(t, op, a->ra, a->rt, (uint32_t)a->ui << 16); return true; }

bool tr_andi(Tr *t, const OpDL *a, int shift)
{
    logic(t, IR_and, a->ra, a->rt, (uint32_t)a->ui << shift);
    put_cr0(t, get_r(t, a->ra));
    return true;
}

bool tr_cmpi(Tr *t, const OpCMPI *a) { put_cr_cmp(t, a->crf, true, get_r(t, a->ra), imm(t, a->si)); return true; }
bool tr_cmpli(Tr *t, const OpCMPLI *a) { put_cr_cmp(t, a->crf, false, get_r(t, a->ra), imm(t, a->ui)); return true; }
bool tr_cmp(Tr *t, const OpCMP *a, int is_signed)
{
    put_cr_cmp(t, a->crf, is_signed, get_r(t, a->ra), get_r(t, a->rb));
    return true;
}

bool tr_add(Tr *t, const OpXO *a, int carry)
{
    IrVal x = get_r(t, a->ra), y = get_r(t, a->rb);
    if (carry) {
        add_carrying(t, a->rt, x, y, a->oe, a->rc);
        return true;
    }
    IrVal s = op2(t, IR_add, x, y);
    finish(t, a->rt, s, a->oe ? overflow(t, x, y, s) : 0, a->rc);
    return true;
}

bool tr_subf(Tr *t, const OpXO *a, int carry)
{
    IrVal x = get_r(t, a->ra), y = get_r(t, a->rb);
    if (carry) {
        subtract_carrying(t, a->rt, y, x, a->oe, a->rc);
        return true;
    }
    IrVal s = op2(t, IR_sub, y, x);
    finish(t, a->rt, s, a->oe ? overflow(t, op1(t, IR_not, x), y, s) : 0, a->rc);
    return true;
}

static IrVal extended(Tr *t, int what, int rb) { return what == AE_RB ? get_r(t, rb) : imm(t, what == AE_0 ? 0 : -1); }

bool tr_adde(Tr *t, const OpXO *a, int what)
{
    add_extended(t, a->rt, get_r(t, a->ra), extended(t, what, a->rb), ir_get(t->u, R_CA), a->oe, a->rc);
    return true;
}

bool tr_subfe(Tr *t, const OpXO *a, int what)
{
    add_extended(t, a->rt, op1(t, IR_not, get_r(t, a->ra)), extended(t, what, a->rb), ir_get(t->u, R_CA), a->oe, a->rc);
    return true;
}

bool tr_neg(Tr *t, const OpXO *a)
{
    IrVal x = get_r(t, a->ra);
    IrVal ov = a->oe ? ir_setcond(t->u, IR_I32, COND_EQ, x, imm(t, INT32_MIN)) : 0;
    finish(t, a->rt, op1(t, IR_neg, x), ov, a->rc);
    return true;
}

bool tr_mullw(Tr *t, const OpXO *a)
{
    IrVal x = get_r(t, a->ra), y = get_r(t, a->rb), v, ov = 0;
    if (a->oe) {
        IrVal p = op2l(t, IR_mul, swide(t, x), swide(t, y));
        v = low(t, p);
        ov = low(t, ir_setcond(t->u, IR_I64, COND_NE, p, swide(t, v)));
    } else {
        v = op2(t, IR_mul, x, y);
    }
    finish(t, a->rt, v, ov, a->rc);
    return true;
}

bool tr_mulh(Tr *t, const OpX *a, int op)
{
    finish(t, a->rt, op2(t, op, get_r(t, a->ra), get_r(t, a->rb)), 0, a->rc);
    return true;
}

/* The quotient of an overflowing division is undefined; ours is the IR's. */
bool tr_div(Tr *t, const OpXO *a, int is_signed)
{
    IrVal x = get_r(t, a->ra), y = get_r(t, a->rb), ov = 0;
    if (a->oe) {
        ov = ir_setcond(t->u, IR_I32, COND_EQ, y, imm(t, 0));
        if (is_signed) {
            IrVal least = ir_setcond(t->u, IR_I32, COND_EQ, x, imm(t, INT32_MIN));
            ov = op2(t, IR_or, ov, op2(t, IR_and, least, ir_setcond(t->u, IR_I32, COND_EQ, y, imm(t, -1))));
        }
    }
    finish(t, a->rt, op2(t, is_signed ? IR_divs : IR_divu, x, y), ov, a->rc);
    return true;
}

bool tr_log(Tr *t, const OpX *a, int op)
{
    finish(t, a->ra, op2(t, op, get_r(t, a->rt), get_r(t, a->rb)), 0, a->rc);
    return true;
}

bool tr_nlog(Tr *t, const OpX *a, int op)
{
    finish(t, a->ra, op1(t, IR_not, op2(t, op, get_r(t, a->rt), get_r(t, a->rb))), 0, a->rc);
    return true;
}

bool tr_un(Tr *t, const OpX *a, int op)
{
    finish(t, a->ra, op1(t, op, get_r(t, a->rt)), 0, a->rc);
    return true;
}

/* Shift amounts have six bits: 32..63 shift everything out, as 64-bit shifts do by themselves, which take them
 * modulo 64. */
static IrVal amount(Tr *t, int rb) { return wide(t, get_r(t, rb)); }

bool tr_shift(Tr *t, const OpX *a, int op)
{
    finish(t, a->ra, low(t, op2l(t, op, wide(t, get_r(t, a->rt)), amount(t, a->rb))), 0, a->rc);
    return true;
}

/* CA: a negative value lost one bits. n is an I64, taken modulo 64. */
static void shift_algebraic(Tr *t, int ra, int rs, IrVal n, int rc)
{
    IrVal x = swide(t, get_r(t, rs)), one = ir_const(t->u, IR_I64, 1);
    IrVal v = op2l(t, IR_sar, x, n);
    IrVal lost = op2l(t, IR_and, x, op2l(t, IR_sub, op2l(t, IR_shl, one, n), one));
    IrVal any = ir_setcond(t->u, IR_I64, COND_NE, lost, ir_const(t->u, IR_I64, 0));
    IrVal negative = op2l(t, IR_shr, x, ir_const(t->u, IR_I64, 63));
    ir_put(t->u, R_CA, low(t, op2l(t, IR_and, any, negative)));
    finish(t, ra, low(t, v), 0, rc);
}

bool tr_sraw(Tr *t, const OpX *a) { shift_algebraic(t, a->ra, a->rt, amount(t, a->rb), a->rc); return true; }
bool tr_srawi(Tr *t, const OpXSH *a)
{
    shift_algebraic(t, a->ra, a->rt, ir_const(t->u, IR_I64, a->sh), a->rc);
    return true;
}

/* Ones from bit mb to bit me in the manual's numbering, wrapping. */
static uint32_t mask(int mb, int me)
{
    uint32_t m = 0xffffffffu >> mb ^ (me == 31 ? 0 : 0xffffffffu >> (me + 1));
    return mb > me ? 0xffffffffu >> mb | ~(me == 31 ? 0 : 0xffffffffu >> (me + 1)) : m;
}

bool tr_rlwinm(Tr *t, const OpM *a)
{
    IrVal v = op2(t, IR_rotr, get_r(t, a->rt), imm(t, -a->sh & 31));
    if (a->sh + a->mb == 32 && a->me == 31)             /* srwi */
        v = op2(t, IR_shr, get_r(t, a->rt), imm(t, a->mb));
    else if (a->sh && !a->mb && a->me == 31 - a->sh)    /* slwi */
        v = op2(t, IR_shl, get_r(t, a->rt), imm(t, a->sh));
    else
        v = op2(t, IR_and, v, imm(t, mask(a->mb, a->me)));
    finish(t, a->ra, v, 0, a->rc);
    return true;
}

bool tr_rlwimi(Tr *t, const OpM *a)
{
    uint32_t m = mask(a->mb, a->me);
    IrVal v = op2(t, IR_and, op2(t, IR_rotr, get_r(t, a->rt), imm(t, -a->sh & 31)), imm(t, m));
    finish(t, a->ra, op2(t, IR_or, v, op2(t, IR_and, get_r(t, a->ra), imm(t, ~m))), 0, a->rc);
    return true;
}

bool tr_rlwnm(Tr *t, const OpMR *a)
{
    IrVal v = op2(t, IR_rotr, get_r(t, a->rt), op1(t, IR_neg, get_r(t, a->rb)));
    finish(t, a->ra, op2(t, IR_and, v, imm(t, mask(a->mb, a->me))), 0, a->rc);
    return true;
}
