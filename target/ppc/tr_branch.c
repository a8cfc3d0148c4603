/* SPDX-License-Identifier: Apache-2.0 */
/* Branches, condition register, traps, special registers, system call. Power ISA Book I chapter 2, 3.3.10-15. */
#include <time.h>
#include "target/ppc/tr.h"
#include "ppc/ppc.decode.h"

IrVal get_crbit(Tr *t, int n)
{
    return ir_extract(t->u, IR_I32, ir_get(t->u, R_CR0 + (n >> 2)), 3 - (n & 3), 1);
}

static void put_crbit(Tr *t, int n, IrVal bit)
{
    int reg = R_CR0 + (n >> 2);
    ir_put(t->u, reg, ir_deposit(t->u, IR_I32, ir_get(t->u, reg), bit, 3 - (n & 3), 1));
    forget_compare(t);
}

/* The condition of a bc as operands of a compare; false: always taken. Decrements CTR. */
static bool condition(Tr *t, int bo, int bi, IrCond *c, IrVal *a, IrVal *b)
{
    bool use_ctr = !(bo & 4), use_cr = !(bo & 16);
    IrVal ctr = 0;
    if (use_ctr) {
        ctr = op2(t, IR_sub, ir_get(t->u, R_CTR), imm(t, 1));
        ir_put(t->u, R_CTR, ctr);
    }
    IrCond ctr_cond = bo & 2 ? COND_EQ : COND_NE, cr_cond = bo & 8 ? COND_NE : COND_EQ;
    if (use_ctr && use_cr) {
        IrVal x = ir_setcond(t->u, IR_I32, ctr_cond, ctr, imm(t, 0));
        IrVal y = ir_setcond(t->u, IR_I32, cr_cond, get_crbit(t, bi), imm(t, 0));
        *c = COND_NE, *a = op2(t, IR_and, x, y), *b = imm(t, 0);
    } else if (use_ctr) {
        *c = ctr_cond, *a = ctr, *b = imm(t, 0);
    } else if (use_cr) {
        static const uint8_t of_bit[][4] = {                                    /* NEVER: not known */
            [0] = { COND_NEVER, COND_NEVER, COND_NEVER, COND_NEVER },
            [KNOWN_UNSIGNED] = { COND_LTU, COND_GTU, COND_EQ, COND_NEVER },
            [KNOWN_SIGNED] = { COND_LT, COND_GT, COND_EQ, COND_NEVER },
            [KNOWN_EQ] = { COND_NEVER, COND_NEVER, COND_EQ, COND_NEVER },
        };
        unsigned known = t->scratch[T_KNOWN] & KNOWN_COMPARE, cond = of_bit[known & KNOWN_HOW][bi & 3];
        if (cond != COND_NEVER && (int)(known >> KNOWN_FIELD) == bi >> 2) {     /* just compared: fuse */
            *c = bo & 8 ? cond : cond_invert(cond);
            *a = t->scratch[T_COMPARED] >> 32, *b = (uint32_t)t->scratch[T_COMPARED];
        } else {
            *c = cr_cond, *a = get_crbit(t, bi), *b = imm(t, 0);
        }
    }
    return use_ctr || use_cr;
}

static void link(Tr *t) { ir_put(t->u, R_LR, ir_addr(t->u, IR_I32, t->pc + 4)); }

static void jump(Tr *t, gaddr target, int how)
{
    if (!(how & BR_LK)) {
        tr_jump(t, target);
    } else if (target == t->pc + 4) {                   /* bcl 20,31,$+4 reads the pc: not a call */
        link(t);
        tr_jump(t, target);
    } else {
        link(t);
        ir_calljump(t->u, target, (uint32_t)(t->pc + 4));
        tr_end(t);
    }
}

bool tr_b(Tr *t, const OpB *a, int how)
{
    jump(t, (uint32_t)(a->li + (how & BR_AA ? 0 : t->pc)), how);
    return true;
}

bool tr_bc(Tr *t, const OpBC *a, int how)
{
    gaddr target = (uint32_t)(a->bd + (how & BR_AA ? 0 : t->pc));
    IrCond c; IrVal x, y;
    if (!condition(t, a->bo, a->bi, &c, &x, &y)) {
        jump(t, target, how);
        return true;
    }
    if (how & BR_LK)                                    /* LR is written whether or not the branch is taken */
        link(t);
    tr_branch(t, c, x, y, target);
    return true;
}

/* bclr, bcctr: to the register's value; conditional ones branch round the jump within the unit. */
static void jump_register(Tr *t, int bo, int bi, int reg, bool lk)
{
    IrCond c; IrVal x, y;
    bool conditional = condition(t, bo, bi, &c, &x, &y);
    int skip = 0;
    if (conditional) {
        skip = ir_label_new(t->u);
        ir_brcond(t->u, cond_invert(c), x, y, skip);
    }
    IrVal at = op2(t, IR_and, ir_get(t->u, reg), imm(t, ~3));
    if (lk) {
        link(t);
        ir_calljump_ind(t->u, wide(t, at), (uint32_t)(t->pc + 4));
    } else if (reg == R_LR) {
        ir_ret(t->u, wide(t, at));
    } else {
        ir_jump_ind(t->u, wide(t, at));
    }
    if (conditional) {
        ir_label(t->u, skip);
        if (lk)
            link(t);
        ir_jump(t->u, (uint32_t)(t->pc + 4));
    }
    tr_end(t);
}

bool tr_bclr(Tr *t, const OpBCR *a) { jump_register(t, a->bo, a->bi, R_LR, a->rc); return true; }

bool tr_bcctr(Tr *t, const OpBCR *a)
{
    if (!(a->bo & 4))                                   /* decrementing forms are invalid */
        return false;
    jump_register(t, a->bo, a->bi, R_CTR, a->rc);
    return true;
}

bool tr_crlog(Tr *t, const OpCRL *a, int op)
{
    put_crbit(t, a->bt, op2(t, IR_and, op2(t, op, get_crbit(t, a->ba), get_crbit(t, a->bb)), imm(t, 1)));
    return true;
}

bool tr_crnlog(Tr *t, const OpCRL *a, int op)
{
    put_crbit(t, a->bt, op2(t, IR_xor, op2(t, op, get_crbit(t, a->ba), get_crbit(t, a->bb)), imm(t, 1)));
    return true;
}

bool tr_mcrf(Tr *t, const OpMCRF *a)
{
    ir_put(t->u, R_CR0 + a->crf, ir_get(t->u, R_CR0 + a->crs));
    forget_compare(t);
    return true;
}

bool tr_mfcr(Tr *t, const OpRT *a)
{
    IrVal v = ir_get(t->u, R_CR0);
    for (int i = 1; i < 8; i++)
        v = op2(t, IR_or, op2(t, IR_shl, v, imm(t, 4)), ir_get(t->u, R_CR0 + i));
    put_r(t, a->rt, v);
    return true;
}

/* The other fields are undefined; they are 0 here. */
bool tr_mfocrf(Tr *t, const OpMCR *a)
{
    IrVal v = imm(t, 0);
    for (int i = 0; i < 8; i++)
        if (a->fxm >> (7 - i) & 1)
            v = op2(t, IR_or, v, op2(t, IR_shl, ir_get(t->u, R_CR0 + i), imm(t, 28 - 4 * i)));
    put_r(t, a->rt, v);
    return true;
}

bool tr_mtcrf(Tr *t, const OpMCR *a)
{
    IrVal v = get_r(t, a->rt);
    for (int i = 0; i < 8; i++)
        if (a->fxm >> (7 - i) & 1)
            ir_put(t->u, R_CR0 + i, ir_extract(t->u, IR_I32, v, 28 - 4 * i, 4));
    forget_compare(t);
    return true;
}

bool tr_mcrxr(Tr *t, const OpCRF *a)
{
    IrVal v = op2(t, IR_shl, ir_get(t->u, R_SO), imm(t, 3));
    v = op2(t, IR_or, v, op2(t, IR_shl, ir_get(t->u, R_OV), imm(t, 2)));
    ir_put(t->u, R_CR0 + a->crf, op2(t, IR_or, v, op2(t, IR_shl, ir_get(t->u, R_CA), imm(t, 1))));
    for (int r = R_SO; r <= R_CA; r++)
        ir_put(t->u, r, imm(t, 0));
    forget_compare(t);
    return true;
}

/* --- special registers: rows */
static IrVal mf_reg(Tr *t, int reg) { return ir_get(t->u, reg); }
static void mt_reg(Tr *t, int reg, IrVal v) { ir_put(t->u, reg, v); }
static IrVal mf_xer(Tr *t, int k)
{
    IrVal v = op2(t, IR_shl, ir_get(t->u, R_SO), imm(t, 31));
    v = op2(t, IR_or, v, op2(t, IR_shl, ir_get(t->u, R_OV), imm(t, 30)));
    v = op2(t, IR_or, v, op2(t, IR_shl, ir_get(t->u, R_CA), imm(t, 29)));
    return op2(t, IR_or, v, ir_ld_env(t->u, IR_I32, MEM_32, offsetof(PpcCpu, xer_count)));
}
static void mt_xer(Tr *t, int k, IrVal v)
{
    for (int i = 0; i < 3; i++)
        ir_put(t->u, R_SO + i, ir_extract(t->u, IR_I32, v, 31 - i, 1));
    ir_st_env(t->u, MEM_32, offsetof(PpcCpu, xer_count), op2(t, IR_and, v, imm(t, 127)));
    so_changed(t);
}
static IrVal mf_env(Tr *t, int off) { return ir_ld_env(t->u, IR_I32, MEM_32, off); }
static void mt_env(Tr *t, int off, IrVal v) { ir_st_env(t->u, MEM_32, off, v); }
static IrVal mf_tb(Tr *t, int shift)
{
    return low(t, op2l(t, IR_shr, ir_call(t->u, H_timebase, 0, NULL), ir_const(t->u, IR_I64, shift)));
}

/* For our vDSO (linux-user/ppc/vdso.c): seconds, and nanoseconds in the next register. */
static IrVal mf_clock(Tr *t, int clock)
{
    IrVal id = imm(t, clock), v = ir_call(t->u, H_clock, 1, &id);
    put_r(t, ((int)(t->insn >> 21) + 1) & 31, low(t, v));
    return low(t, op2l(t, IR_shr, v, ir_const(t->u, IR_I64, 32)));
}

/* PVR is privileged, but Linux answers it (emulate_instruction in arch/powerpc/kernel/traps.c). */
static IrVal mf_pvr(Tr *t, int k) { return imm(t, tr_has(t, FEAT_ALTIVEC) ? PVR_7447A : PVR_750); }

static const struct { int spr, k; IrVal (*mf)(Tr *, int); void (*mt)(Tr *, int, IrVal); } sprs[] = {
    { 1, 0, mf_xer, mt_xer },
    { 8, R_LR, mf_reg, mt_reg },
    { 9, R_CTR, mf_reg, mt_reg },
    { 287, 0, mf_pvr, NULL },
    { 256, offsetof(PpcCpu, vrsave), mf_env, mt_env },
    { 268, 0, mf_tb, NULL },
    { 269, 32, mf_tb, NULL },
    { 904, CLOCK_MONOTONIC, mf_clock, NULL },
    { 905, CLOCK_REALTIME, mf_clock, NULL },
};

bool tr_privileged(Tr *t, const OpNONE *a)
{
    tr_raise(t, EX_PRIVILEGED, t->insn);
    return true;
}

/* A register that is not there: bit 0 of its number, as the manual writes it, makes access privileged (Book III). */
static bool no_spr(Tr *t, int spr) { return spr & 16 && tr_privileged(t, NULL); }

bool tr_mfspr(Tr *t, const OpSPR *a)
{
    for (size_t i = 0; i < sizeof sprs / sizeof sprs[0]; i++)
        if (sprs[i].spr == a->spr) {
            put_r(t, a->rt, sprs[i].mf(t, sprs[i].k));
            return true;
        }
    return no_spr(t, a->spr);
}

bool tr_mtspr(Tr *t, const OpSPR *a)
{
    for (size_t i = 0; i < sizeof sprs / sizeof sprs[0]; i++)
        if (sprs[i].spr == a->spr && sprs[i].mt) {
            sprs[i].mt(t, sprs[i].k, get_r(t, a->rt));
            return true;
        }
    return no_spr(t, a->spr);
}

/* --- traps */
static bool trap(Tr *t, int to, IrVal a, IrVal b)
{
    static const uint8_t cond[5] = { COND_GTU, COND_LTU, COND_EQ, COND_GT, COND_LT };     /* TO bits from the right */
    if (to == 31) {
        tr_raise(t, EX_TRAP, t->insn);
        return true;
    }
    if (!to)
        return true;
    IrVal any = imm(t, 0);
    for (int i = 0; i < 5; i++)
        if (to >> i & 1)
            any = op2(t, IR_or, any, ir_setcond(t->u, IR_I32, cond[i], a, b));
    int skip = ir_label_new(t->u);
    ir_brcond(t->u, COND_EQ, any, imm(t, 0), skip);
    ir_raise(t->u, EX_TRAP, t->insn, t->pc);
    ir_label(t->u, skip);
    tr_stop(t);
    return true;
}

bool tr_twi(Tr *t, const OpTWI *a) { return trap(t, a->to, get_r(t, a->ra), imm(t, a->si)); }
bool tr_tw(Tr *t, const OpTW *a) { return trap(t, a->to, get_r(t, a->ra), get_r(t, a->rb)); }

bool tr_sc(Tr *t, const OpNONE *a) { tr_raise_next(t, EX_SYSCALL, 0); return true; }

/* icbi: code written before is seen behind an isync that follows. Most stores into code are caught by the embedder as
 * they happen; icbi tells it about the rest (writes to the file of a mapping), and ends the unit. That leaves to isync
 * that loads in front of a branch that precedes it come before what follows: how locks are taken. */
bool tr_isync(Tr *t, const OpNONE *a)
{
    ir_emit(t->u, IR_fence, IR_VOID)->aux = FENCE_RR | FENCE_RW;
    return true;
}
bool tr_icbi(Tr *t, const OpXAB *a) { tr_raise_next(t, EX_ICACHE, 1); return true; }
