/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores of general registers, cache operations, reservations. Power ISA Book I 3.3, Book II. */
#include "target/ppc/tr.h"
#include "ppc/ppc.decode.h"

static const uint16_t mem_of[] = { [L_B] = MEM_8, [L_H] = MEM_16, [L_HA] = MEM_16 | MEM_SIGNED, [L_W] = MEM_32 };

static int access_of(int kind) { return mem_of[kind & L_SIZE] | (kind & L_R ? 0 : MEM_BE); }

/* Update forms need ra != 0, and ra != rt for loads. */
static bool update_ok(int kind, int ra, int rt, bool load) { return !(kind & L_U) || (ra && !(load && ra == rt)); }

/* Address of a D-form access: register and offset, which stays within the guard areas of a 32-bit space. */
static IrVal ea_d(Tr *t, int ra, int si, int *off)
{
    *off = ra ? si : 0;
    return wide(t, ra ? get_r(t, ra) : imm(t, si));
}

static void update_d(Tr *t, const OpD *a, int kind)
{
    if (kind & L_U)
        put_r(t, a->ra, op2(t, IR_add, get_r(t, a->ra), imm(t, a->si)));
}

static void update_x(Tr *t, int kind, int ra, IrVal ea)
{
    if (kind & L_U)
        put_r(t, ra, low(t, ea));
}

bool tr_load(Tr *t, const OpD *a, int kind)
{
    int off;
    if (!update_ok(kind, a->ra, a->rt, true))
        return false;
    IrVal ea = ea_d(t, a->ra, a->si, &off);
    put_r(t, a->rt, ir_load(t->u, IR_I32, access_of(kind), ea, off));
    update_d(t, a, kind);
    return true;
}

bool tr_store(Tr *t, const OpD *a, int kind)
{
    int off;
    if (!update_ok(kind, a->ra, a->rt, false))
        return false;
    IrVal ea = ea_d(t, a->ra, a->si, &off);
    ir_store(t->u, access_of(kind), ea, off, get_r(t, a->rt));
    update_d(t, a, kind);
    return true;
}

bool tr_loadx(Tr *t, const OpXN *a, int kind)
{
    if (!update_ok(kind, a->ra, a->rt, true))
        return false;
    IrVal ea = ea_x(t, a->ra, a->rb);
    put_r(t, a->rt, ir_load(t->u, IR_I32, access_of(kind), ea, 0));
    update_x(t, kind, a->ra, ea);
    return true;
}

bool tr_storex(Tr *t, const OpXN *a, int kind)
{
    if (!update_ok(kind, a->ra, a->rt, false))
        return false;
    IrVal ea = ea_x(t, a->ra, a->rb);
    ir_store(t->u, access_of(kind), ea, 0, get_r(t, a->rt));
    update_x(t, kind, a->ra, ea);
    return true;
}

/* A fault in the middle restarts the whole instruction: the base register is loaded last. */
bool tr_lmw(Tr *t, const OpD *a)
{
    int off;
    if (a->ra >= a->rt)
        return false;
    IrVal base = ea_d(t, a->ra, a->si, &off);
    for (int r = a->rt; r < 32; r++)
        put_r(t, r, ir_load(t->u, IR_I32, MEM_32 | MEM_BE, base, off + 4 * (r - a->rt)));
    return true;
}

bool tr_stmw(Tr *t, const OpD *a)
{
    int off;
    IrVal base = ea_d(t, a->ra, a->si, &off);
    for (int r = a->rt; r < 32; r++)
        ir_store(t->u, MEM_32 | MEM_BE, base, off + 4 * (r - a->rt), get_r(t, r));
    return true;
}

static void string(Tr *t, int helper, int rt, IrVal ea, IrVal n)
{
    IrVal args[] = { imm(t, rt), ea, n };
    ir_call(t->u, helper, 3, args);
    forget_compare(t);
}

static IrVal count(Tr *t) { return ir_ld_env(t->u, IR_I32, MEM_32, offsetof(PpcCpu, xer_count)); }

bool tr_lswi(Tr *t, const OpXNB *a)
{
    string(t, H_lswx, a->rt, get_r0(t, a->ra), imm(t, a->nb ? a->nb : 32));
    return true;
}
bool tr_stswi(Tr *t, const OpXNB *a)
{
    string(t, H_stswx, a->rt, get_r0(t, a->ra), imm(t, a->nb ? a->nb : 32));
    return true;
}
bool tr_lswx(Tr *t, const OpXN *a) { string(t, H_lswx, a->rt, low(t, ea_x(t, a->ra, a->rb)), count(t)); return true; }
bool tr_stswx(Tr *t, const OpXN *a) { string(t, H_stswx, a->rt, low(t, ea_x(t, a->ra, a->rb)), count(t)); return true; }

/* The registers that the newest lwarx of the block had its address from. */
enum { RESERVED_BY = 1023 };
static unsigned reserved_by(int ra, int rb) { return (unsigned)(ra << 5 | rb); }
static void note_reserved(Tr *t, int ra, int rb)
{
    t->scratch[T_KNOWN] &= ~((uint64_t)RESERVED_BY << KNOWN_RESERVED);
    t->scratch[T_KNOWN] |= (uint64_t)reserved_by(ra, rb) << KNOWN_RESERVED;
}

/* The reservation is an address and the value seen there, in memory's byte order; stwcx. is a
 * compare-and-swap on both. */
bool tr_lwarx(Tr *t, const OpXN *a)
{
    IrVal ea = ea_x(t, a->ra, a->rb);
    IrVal v = ir_load(t->u, IR_I32, MEM_32 | MEM_ALIGN, ea, 0);
    ir_put(t->u, R_RES_ADDR, low(t, ea));
    ir_put(t->u, R_RES_VAL, v);
    put_r(t, a->rt, op1(t, IR_bswap, v));
    note_reserved(t, a->ra, a->rb);
    return true;
}

/* The value reserved, when an lwarx of the same block and of the same address made the reservation; else 0. */
static IrVal reserved_here(const Tr *t, int ra, int rb)
{
    IrVal want = 0;
    if ((t->scratch[T_KNOWN] >> KNOWN_RESERVED & RESERVED_BY) != reserved_by(ra, rb))
        return 0;
    for (const IrInsn *i = t->u->insn + t->u->n - 1; i > t->u->insn; i--) {
        if (i->op == IR_label || i->op == IR_call)
            return 0;
        if (i->op != IR_put)
            continue;
        if (i->aux == R_R0 + rb || (ra && i->aux == R_R0 + ra))
            return 0;
        if (i->aux == R_RES_VAL)
            want = i->arg[0];
        else if (i->aux == R_RES_ADDR)
            return want;                                /* lwarx puts both; 0 when a stwcx. has come since */
    }
    return 0;
}

static IrVal store_reserved(Tr *t, const OpXN *a, IrVal want)
{
    return ir_cas(t->u, IR_I32, MEM_32 | MEM_ALIGN, ea_x(t, a->ra, a->rb), want, op1(t, IR_bswap, get_r(t, a->rt)));
}

static void put_stored(Tr *t, IrVal got, IrVal want)
{
    IrVal won = ir_setcond(t->u, IR_I32, COND_EQ, got, want);
    ir_put(t->u, R_CR0, op2(t, IR_or, op2(t, IR_shl, won, imm(t, 1)), get_so(t)));
}

bool tr_stwcx(Tr *t, const OpXN *a)
{
    IrVal want = reserved_here(t, a->ra, a->rb);
    if (want) {
        IrVal got = store_reserved(t, a, want);
        put_stored(t, got, want);
        compared(t, 0, KNOWN_EQ, got, want);
    } else {
        int miss = ir_label_new(t->u), end = ir_label_new(t->u);
        new_block(t);
        ir_brcond(t->u, COND_NE, low(t, ea_x(t, a->ra, a->rb)), ir_get(t->u, R_RES_ADDR), miss);
        want = ir_get(t->u, R_RES_VAL);
        put_stored(t, store_reserved(t, a, want), want);
        ir_br(t->u, end);
        ir_label(t->u, miss);
        ir_put(t->u, R_CR0, get_so(t));
        ir_br(t->u, end);
        ir_label(t->u, end);
    }
    ir_put(t->u, R_RES_ADDR, imm(t, -1));
    return true;
}

bool tr_cacheop(Tr *t, const OpXAB *a, int hint)
{
    if (hint)
        ir_op1(t->u, IR_prefetch, IR_VOID, ea_x(t, a->ra, a->rb));
    return true;
}

bool tr_dcbz(Tr *t, const OpXAB *a)
{
    IrVal ea = low(t, ea_x(t, a->ra, a->rb));
    ir_call(t->u, H_dcbz, 1, &ea);
    forget_compare(t);
    return true;
}

static bool fence(Tr *t, int what)
{
    ir_emit(t->u, IR_fence, IR_VOID)->aux = (uint16_t)what;
    return true;
}

/* lwsync (l 1) orders all but a store before a load; eieio orders stores. */
bool tr_sync(Tr *t, const OpSYNC *a) { return fence(t, a->l == 1 ? FENCE_ALL & ~FENCE_WR : FENCE_ALL); }
bool tr_eieio(Tr *t, const OpNONE *a) { return fence(t, FENCE_WW); }
