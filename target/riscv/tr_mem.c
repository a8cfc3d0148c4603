/* SPDX-License-Identifier: Apache-2.0 */
/* Loads, stores, atomics (A) and cache-block operations (Zicbom, Zicboz). */
#include "tr_rv.h"

bool tr_load(Tr *t, const OpI *a, int mem)
{
    int64_t off;
    IrVal p = address(t, a->rs1, a->imm, &off);
    put_x(t, a->rd, ir_load(t->u, xt(t), mem, p, off));
    return true;
}

bool tr_store(Tr *t, const OpS *a, int mem)
{
    int64_t off;
    IrVal p = address(t, a->rs1, a->imm, &off);
    ir_store(t->u, mem, p, off, get_x(t, a->rs2));
    return true;
}

bool tr_fload(Tr *t, const OpFl *a, int mem)
{
    int64_t off;
    IrVal p = address(t, a->rs1, a->imm, &off);
    if (mem == MEM_64) {
        put_d(t, a->fd, ir_load(t->u, IR_F64, MEM_64, p, off));
    } else if (mem == MEM_32) {
        put_f(t, IR_F32, a->fd, ir_load(t->u, IR_F32, MEM_32, p, off));
    } else {
        IrVal v = ir_load(t->u, IR_I64, MEM_16, p, off);
        put_fbits(t, a->fd, ir_op2(t->u, IR_or, IR_I64, v, imm_l(t, ~0xffffll)));
    }
    return true;
}

bool tr_fstore(Tr *t, const OpFs *a, int mem)
{
    int64_t off;
    IrVal p = address(t, a->rs1, a->imm, &off);
    if (mem == MEM_64)
        ir_store(t->u, MEM_64, p, off, ir_get(t->u, R_F0 + a->fs2));
    else
        ir_store(t->u, mem, p, off, get_fbits(t, a->fs2));
    return true;
}

/* --- A */

static int ordering(int aqrl, int mem)
{
    return mem | MEM_ALIGN | (aqrl & 2 ? MEM_ACQUIRE : 0) | (aqrl & 1 ? MEM_RELEASE : 0);
}

/* A value of the access size: I32 for .w, I64 for .d; and back into a register. */
static IrType amo_type(int mem) { return mem == MEM_32 ? IR_I32 : IR_I64; }
static IrVal  amo_operand(Tr *t, int mem, int n) { return mem == MEM_32 ? get_w(t, n) : get_x(t, n); }
static void   amo_result(Tr *t, int mem, int rd, IrVal v)
{
    if (mem == MEM_32)
        put_w(t, rd, v);
    else
        put_x(t, rd, v);
}

bool tr_amo(Tr *t, const OpAmo *a, int op, int mem)
{
    int64_t off;
    IrVal p = address(t, a->rs1, 0, &off);
    IrVal v = amo_operand(t, mem, a->rs2);
    amo_result(t, mem, a->rd, ir_rmw(t->u, op, amo_type(mem), ordering(a->aqrl, mem), p, v));
    return true;
}

/* LR remembers address and value; SC is a compare-and-swap against them (docs: the known compromise). */
bool tr_lr(Tr *t, const OpAmo *a, int mem)
{
    int64_t off;
    IrVal p = address(t, a->rs1, 0, &off);
    IrVal v = ir_load(t->u, amo_type(mem), ordering(a->aqrl, mem), p, off);
    ir_st_env(t->u, MEM_64, offsetof(RvCpu, res_addr), p);
    ir_st_env(t->u, MEM_64, offsetof(RvCpu, res_value), mem == MEM_32 ? ir_op1(t->u, IR_zext32, IR_I64, v) : v);
    amo_result(t, mem, a->rd, v);
    return true;
}

static void set_result(Tr *t, IrVal w) { ir_emit(t->u, IR_local_put, IR_I32)->arg[0] = w; }

bool tr_sc(Tr *t, const OpAmo *a, int mem)
{
    IrType type = amo_type(mem);
    int64_t off;
    int done = ir_label_new(t->u);
    set_result(t, imm_w(t, 1));
    IrVal p = address(t, a->rs1, 0, &off);
    ir_brcond(t->u, COND_NE, p, ir_ld_env(t->u, IR_I64, MEM_64, offsetof(RvCpu, res_addr)), done);
    p = address(t, a->rs1, 0, &off);                    /* a new basic block: values start over */
    IrVal expect = ir_ld_env(t->u, type, mem, offsetof(RvCpu, res_value));
    IrVal old = ir_cas(t->u, type, ordering(a->aqrl, mem), p, expect, amo_operand(t, mem, a->rs2));
    IrVal failed = ir_setcond(t->u, type, COND_NE, old, expect);
    set_result(t, mem == MEM_32 ? failed : ir_op1(t->u, IR_trunc32, IR_I32, failed));
    ir_br(t->u, done);
    ir_label(t->u, done);
    IrVal result = ir_emit(t->u, IR_local_get, IR_I32) - t->u->insn;
    put_w(t, a->rd, result);
    ir_st_env(t->u, MEM_64, offsetof(RvCpu, res_addr), imm_l(t, -1));
    return true;
}

/* --- Cache blocks of 64 bytes. In user mode management is a permission check and inval acts as flush (CMO 1.0: CBIE =
 * 01). */
enum { CACHE_BLOCK = 64 };

static IrVal block(Tr *t, int rs1)
{
    int64_t off;
    IrVal p = address(t, rs1, 0, &off);
    return ir_op2(t->u, IR_and, IR_I64, p, imm_l(t, -CACHE_BLOCK));
}

bool tr_cbo(Tr *t, const OpCbo *a)
{
    ir_load(t->u, IR_I64, MEM_8, block(t, a->rs1), 0);
    return true;
}

bool tr_cbo_zero(Tr *t, const OpCbo *a)
{
    IrVal p = block(t, a->rs1), zero = imm_l(t, 0);
    for (int i = 0; i < CACHE_BLOCK; i += 8)
        ir_store(t->u, MEM_64, p, i, zero);
    return true;
}
