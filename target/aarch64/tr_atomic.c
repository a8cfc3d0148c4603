/* SPDX-License-Identifier: Apache-2.0 */
/* A64 exclusives, acquire/release and LSE atomics: the first rows of ldst.decode. */
#include "tr_a64.h"
#include "aarch64/ldst.decode.h"

static int ordering(bool acquire, bool release) { return (acquire ? MEM_ACQUIRE : 0) | (release ? MEM_RELEASE : 0); }

/* --- exclusives */

static IrVal ld_monitor(Tr *t, uint32_t offset) { return ir_ld_env(t->u, IR_I64, MEM_64, offset); }
static void st_monitor(Tr *t, uint32_t offset, IrVal v) { ir_st_env(t->u, MEM_64, offset, v); }
enum {
    EX_ADDR = offsetof(A64Cpu, ex_addr), EX_LO = offsetof(A64Cpu, ex_val), EX_HI = offsetof(A64Cpu, ex_val) + 8,
};

bool tr_ldxr(Tr *t, const OpExL *a)
{
    IrVal base = mem_addr(t, get_x_sp(t, a->rn));
    IrVal v = ir_load(t->u, IR_I64, a->size | MEM_ALIGN | ordering(a->ord, false), base, 0);
    st_monitor(t, EX_ADDR, base);
    st_monitor(t, EX_LO, v);
    put_x(t, a->rt, v);
    return true;
}

/* Two loads may tear; the monitor's value is what the store exclusive compares, so a torn pair only makes that fail. */
bool tr_ldxp(Tr *t, const OpExLP *a)
{
    IrVal base = mem_addr(t, get_x_sp(t, a->rn));
    int order = ordering(a->ord, false);
    IrVal lo, hi;
    if (a->psz) {
        IrVal q = ir_load(t->u, IR_I128, MEM_128 | MEM_ALIGN | MEM_ATOMIC | order, base, 0);
        lo = ir_op1(t->u, IR_lo, IR_I64, q);
        hi = ir_op1(t->u, IR_hi, IR_I64, q);
        st_monitor(t, EX_LO, lo);
        st_monitor(t, EX_HI, hi);
    } else {
        IrVal v = ir_load(t->u, IR_I64, MEM_64 | MEM_ALIGN | order, base, 0);
        lo = ir_extract(t->u, IR_I64, v, 0, 32);
        hi = ir_op2(t->u, IR_shr, IR_I64, v, imm_x(t, 32));
        st_monitor(t, EX_LO, v);
    }
    st_monitor(t, EX_ADDR, base);
    put_x(t, a->rt, lo);
    put_x(t, a->rt2, hi);
    return true;
}

/* The store happens when the monitor still covers rn; rs gets 0 then, else 1. cas() emits the compare-and-swap
 * and returns "failed" as I64. */
static void store_exclusive(Tr *t, int rn, int rs, const void *op, IrVal (*cas)(Tr *, const void *, IrVal))
{
    int open = ir_label_new(t->u), done = ir_label_new(t->u);
    ir_brcond(t->u, COND_NE, mem_addr(t, get_x_sp(t, rn)), ld_monitor(t, EX_ADDR), open);
    IrVal failed = cas(t, op, mem_addr(t, get_x_sp(t, rn)));
    put_x(t, rs, failed);
    ir_br(t->u, done);
    ir_label(t->u, open);
    put_x(t, rs, imm_x(t, 1));
    ir_br(t->u, done);
    ir_label(t->u, done);
    forget_flags(t);
    st_monitor(t, EX_ADDR, imm_x(t, -1));
}

static IrVal cas_one(Tr *t, const void *op, IrVal base)
{
    const OpEx *a = op;
    IrVal expect = ld_monitor(t, EX_LO);
    IrVal old = ir_cas(t->u, IR_I64, a->size | MEM_ALIGN | ordering(false, a->ord), base, expect, get_x(t, a->rt));
    return ir_setcond(t->u, IR_I64, COND_NE, old, expect);
}

bool tr_stxr(Tr *t, const OpEx *a) { store_exclusive(t, a->rn, a->rs, a, cas_one); return true; }

static IrVal pair64(Tr *t, int lo, int hi)
{
    return ir_op2(t->u, IR_or, IR_I64, ir_op1(t->u, IR_zext32, IR_I64, get_w(t, lo)),
                  ir_op2(t->u, IR_shl, IR_I64, get_x(t, hi), imm_x(t, 32)));
}

static IrVal pair128(Tr *t, IrVal lo, IrVal hi) { return ir_op2(t->u, IR_pair, IR_I128, lo, hi); }

static IrVal cas_two(Tr *t, const void *op, IrVal base)
{
    const OpExP *a = op;
    int order = MEM_ALIGN | ordering(false, a->ord);
    IrVal lo = ld_monitor(t, EX_LO);
    if (!a->psz) {
        IrVal old = ir_cas(t->u, IR_I64, MEM_64 | order, base, lo, pair64(t, a->rt, a->rt2));
        return ir_setcond(t->u, IR_I64, COND_NE, old, lo);
    }
    IrVal hi = ld_monitor(t, EX_HI);
    IrVal old =
        ir_cas(t->u, IR_I128, MEM_128 | order, base, pair128(t, lo, hi), pair128(t, get_x(t, a->rt), get_x(t, a->rt2)));
    IrVal diff = ir_op2(t->u, IR_or, IR_I64, ir_op2(t->u, IR_xor, IR_I64, ir_op1(t->u, IR_lo, IR_I64, old), lo),
                        ir_op2(t->u, IR_xor, IR_I64, ir_op1(t->u, IR_hi, IR_I64, old), hi));
    return ir_setcond(t->u, IR_I64, COND_NE, diff, imm_x(t, 0));
}

bool tr_stxp(Tr *t, const OpExP *a) { store_exclusive(t, a->rn, a->rs, a, cas_two); return true; }

/* --- load-acquire, store-release */

bool tr_ldar(Tr *t, const OpOrd *a)
{
    put_x(t, a->rt, ir_load(t->u, IR_I64, a->size | MEM_ALIGN | MEM_ACQUIRE, mem_addr(t, get_x_sp(t, a->rn)), 0));
    return true;
}

bool tr_stlr(Tr *t, const OpOrd *a)
{
    ir_store(t->u, a->size | MEM_ALIGN | MEM_RELEASE, mem_addr(t, get_x_sp(t, a->rn)), 0, get_x(t, a->rt));
    return true;
}

/* --- LSE */

/* The expected value counts at the access size only. */
static IrVal low_bytes(Tr *t, int size, IrVal x)
{
    return size == MEM_64 ? x : ir_extract(t->u, IR_I64, x, 0, 8 << size);
}

bool tr_cas(Tr *t, const OpCas *a)
{
    IrVal base = mem_addr(t, get_x_sp(t, a->rn)), expect = low_bytes(t, a->size, get_x(t, a->rs));
    put_x(
        t, a->rs, ir_cas(t->u, IR_I64, a->size | MEM_ALIGN | ordering(a->acq, a->ord), base, expect, get_x(t, a->rt)));
    return true;
}

bool ok_casp(const OpCasP *a) { return !(a->rs & 1) && !(a->rt & 1); }
bool tr_casp(Tr *t, const OpCasP *a)
{
    IrVal base = mem_addr(t, get_x_sp(t, a->rn)), lo, hi;
    int order = MEM_ALIGN | ordering(a->acq, a->ord);
    if (a->psz) {
        IrVal expect = pair128(t, get_x(t, a->rs), get_x(t, a->rs + 1)),
              want = pair128(t, get_x(t, a->rt), get_x(t, a->rt + 1));
        IrVal old = ir_cas(t->u, IR_I128, MEM_128 | order, base, expect, want);
        lo = ir_op1(t->u, IR_lo, IR_I64, old);
        hi = ir_op1(t->u, IR_hi, IR_I64, old);
    } else {
        IrVal old =
            ir_cas(t->u, IR_I64, MEM_64 | order, base, pair64(t, a->rs, a->rs + 1), pair64(t, a->rt, a->rt + 1));
        lo = ir_extract(t->u, IR_I64, old, 0, 32);
        hi = ir_op2(t->u, IR_shr, IR_I64, old, imm_x(t, 32));
    }
    put_x(t, a->rs, lo);
    put_x(t, a->rs + 1, hi);
    return true;
}

enum { LSE_CLR = 1, LSE_SWP = 8 };
static const IrOp lse_ops[] = {
    IR_fetch_add, IR_fetch_and, IR_fetch_xor, IR_fetch_or, IR_fetch_smax, IR_fetch_smin, IR_fetch_umax, IR_fetch_umin,
    IR_xchg,
};

bool ok_lse(const OpLse *a) { return a->lse <= LSE_SWP; }
bool tr_lse(Tr *t, const OpLse *a)
{
    IrType ty = sf_type(a->size == MEM_64);
    IrVal base = mem_addr(t, get_x_sp(t, a->rn)), v = get_r(t, a->size == MEM_64, a->rs);
    if (a->lse == LSE_CLR)
        v = ir_op1(t->u, IR_not, ty, v);
    IrVal old = ir_rmw(t->u, lse_ops[a->lse], ty, a->size | MEM_ALIGN | ordering(a->a, a->r), base, v);
    if (a->size < MEM_32)
        old = ir_extract(t->u, IR_I32, old, 0, 8 << a->size);
    put_r(t, a->size == MEM_64, a->rt, old);
    return true;
}
