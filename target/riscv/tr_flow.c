/* SPDX-License-Identifier: Apache-2.0 */
/* Jumps, branches, system instructions and CSRs. The link-register hints are table 3 of the manual's "Unconditional
 * Jumps": x1 and x5 are link registers. */
#include "tr_rv.h"
#include "tr_csr.h"

static bool is_link(int r) { return r == 1 || r == 5; }

static gaddr behind(const Tr *t) { return wrap(t, t->pc + t->len); }

bool tr_jal(Tr *t, const OpJ *a)
{
    gaddr target = wrap(t, t->pc + a->imm);
    if (a->rd == 0) {
        tr_jump(t, target);
        return true;
    }
    put_x(t, a->rd, addr_x(t, behind(t)));
    if (is_link(a->rd)) {
        ir_calljump(t->u, target, behind(t));
        tr_end(t);
    } else {
        tr_jump(t, target);
    }
    return true;
}

bool tr_jalr(Tr *t, const OpI *a)
{
    IrVal target = op2(t, IR_and, op2(t, IR_add, get_x(t, a->rs1), imm_x(t, a->imm)), imm_x(t, -2));
    target = x_to_l(t, target);
    put_x(t, a->rd, addr_x(t, behind(t)));
    if (is_link(a->rd))
        ir_calljump_ind(t->u, target, behind(t));
    else if (is_link(a->rs1))
        ir_ret(t->u, target);
    else
        ir_jump_ind(t->u, target);
    tr_end(t);
    return true;
}

bool tr_br(Tr *t, const OpB *a, int cond)
{
    tr_branch(t, cond, get_x(t, a->rs1), get_x(t, a->rs2), wrap(t, t->pc + a->imm));
    return true;
}

bool tr_ecall(Tr *t, const OpN *a)
{
    tr_raise_next(t, EX_SYSCALL, 0);
    return true;
}

bool tr_ebreak(Tr *t, const OpN *a)
{
    tr_raise(t, EX_BREAKPOINT, 0);
    return true;
}

/* Sets of I O R W, memory and device alike; reserved fm values act as plain fences. */
bool tr_fence(Tr *t, const OpFence *a)
{
    int pr = (a->pred | a->pred >> 2) & 3, su = (a->succ | a->succ >> 2) & 3;      /* R 2, W 1 */
    int bits = (pr & 2 && su & 2 ? FENCE_RR : 0) | (pr & 2 && su & 1 ? FENCE_RW : 0) |
               (pr & 1 && su & 2 ? FENCE_WR : 0) | (pr & 1 && su & 1 ? FENCE_WW : 0);
    if (a->fm == 8)                                     /* fence.tso: all but write before read */
        bits = FENCE_RR | FENCE_RW | FENCE_WW;
    if (bits)
        ir_emit(t->u, IR_fence, IR_VOID)->aux = bits;
    return true;
}

/* The code written may be anywhere, through any mapping: the embedder knows what it does not watch (argument 1). */
bool tr_fence_i(Tr *t, const OpN *a)
{
    tr_raise_next(t, EX_ICACHE, 1);
    return true;
}

void leave_if(Tr *t, IrVal changed)
{
    int same = ir_label_new(t->u);
    ir_brcond(t->u, COND_EQ, changed, imm_w(t, 0), same);
    ir_raise(t->u, EX_ICACHE, 0, behind(t));
    ir_label(t->u, same);
    ir_jump(t->u, behind(t));
    tr_end(t);
}

/* --- CSRs */

/* FPF_* is fflags with the bits in the reverse order. Copies side by side, of each its bit at the mirrored place, all
 * added up. */
static IrVal reverse5(Tr *t, IrVal w)
{
    IrVal low = ir_op2(t->u, IR_and, IR_I32, w, imm_w(t, 31));
    IrVal odd = ir_op2(t->u, IR_and, IR_I32, ir_op2(t->u, IR_mul, IR_I32, low, imm_w(t, 0x0802)), imm_w(t, 0x22110));
    IrVal even = ir_op2(t->u, IR_and, IR_I32, ir_op2(t->u, IR_mul, IR_I32, low, imm_w(t, 0x8020)), imm_w(t, 0x88440));
    IrVal sum = ir_op2(t->u, IR_mul, IR_I32, ir_op2(t->u, IR_or, IR_I32, odd, even), imm_w(t, 0x10101));
    return ir_extract(t->u, IR_I32, sum, 19, 5);
}

static IrVal read_csr(Tr *t, int csr)
{
    switch (csr) {
    case CSR_FFLAGS:
        return reverse5(t, ir_emit(t->u, IR_fpflags_get, IR_I32) - t->u->insn);
    case CSR_FRM:
        return ir_call(t->u, H_get_frm, 0, NULL);
    default: {                                          /* CSR_FCSR */
        IrVal flags = read_csr(t, CSR_FFLAGS);
        return ir_op2(t->u, IR_or, IR_I32, flags, ir_op2(t->u, IR_shl, IR_I32, read_csr(t, CSR_FRM), imm_w(t, 5)));
    }
    }
}

static void write_flags(Tr *t, IrVal w)
{
    IrVal v = reverse5(t, w);
    ir_emit(t->u, IR_fpflags_put, IR_VOID)->arg[0] = v;
}

/* The new rounding mode holds from the next instruction on, in a unit of its own mode. */
static void write_frm(Tr *t, IrVal w)
{
    IrVal arg = ir_op2(t->u, IR_and, IR_I32, w, imm_w(t, 7));
    IrVal changed = ir_call(t->u, H_set_frm, 1, &arg);
    IrVal round = ir_select(t->u, IR_I32, COND_GTU, arg, imm_w(t, 4), imm_w(t, 0), arg);
    ir_emit(t->u, IR_fpround_put, IR_VOID)->arg[0] = round;
    leave_if(t, changed);
}

static void write_csr(Tr *t, int csr, IrVal w)
{
    if (csr == CSR_FFLAGS || csr == CSR_FCSR)
        write_flags(t, w);
    if (csr == CSR_FCSR)
        w = ir_op2(t->u, IR_shr, IR_I32, w, imm_w(t, 5));
    if (csr == CSR_FRM || csr == CSR_FCSR)
        write_frm(t, w);
}

static IrVal combine(Tr *t, int how, IrVal old, IrVal v)
{
    if (how == CSR_WRITE)
        return v;
    return ir_op2(t->u, how == CSR_SET ? IR_or : IR_andc, IR_I32, old, v);
}

/* cycle, time, instret and on RV32 their upper halves: read-only. */
static bool counter(Tr *t, const OpCsr *a, bool writes)
{
    bool high = !is64(t) && a->csr >= CSR_CYCLEH && a->csr <= CSR_INSTRETH;
    bool realtime = is64(t) && a->csr == CSR_REALTIME;
    if (writes || !(high || realtime || (a->csr >= CSR_CYCLE && a->csr <= CSR_INSTRET)))
        return false;
    IrVal which = imm_w(t, high ? a->csr & ~(CSR_CYCLEH - CSR_CYCLE) : a->csr);
    IrVal v = ir_call(t->u, H_counter, 1, &which);
    if (high)
        v = ir_op2(t->u, IR_shr, IR_I64, v, imm_l(t, 32));
    put_l(t, a->rd, v);
    return true;
}

static bool quiet_end(Tr *t, int rs)
{
    if (!quiet_adjacent(t) || !quiet_compare(t) || quiet_reg(t) != rs)
        return false;
    IrInsn compare = t->u->insn[quiet_compare(t)], *undo = ir_emit(t->u, IR_fpflags_undo, (IrType)compare.type);
    undo->arg[0] = (IrVal)(t->scratch[QUIET_FLAGS] >> 8);
    undo->arg[1] = compare.arg[0];
    undo->arg[2] = compare.arg[1];
    return true;
}

bool tr_csr(Tr *t, const OpCsr *a, int how, int immediate)
{
    bool writes = how == CSR_WRITE || a->rs1, reads = how != CSR_WRITE || a->rd;
    if (!tr_has(t, FEAT_F) || a->csr < CSR_FFLAGS || a->csr > CSR_FCSR)
        return counter(t, a, writes);
    if (a->csr == CSR_FFLAGS && how == CSR_WRITE && !immediate && !a->rd && quiet_end(t, a->rs1))
        return true;
    IrVal v = immediate ? imm_w(t, a->rs1) : get_w(t, a->rs1);
    IrVal flags = t->u->n;                      /* where read_csr is going to emit them */
    IrVal old = reads ? read_csr(t, a->csr) : 0;
    if (reads)
        put_w(t, a->rd, old);
    if (writes)
        write_csr(t, a->csr, combine(t, how, old, v));
    if (a->csr == CSR_FFLAGS && !writes) {
        t->scratch[QUIET_FLAGS] = (uint64_t)a->rd | (uint64_t)flags << 8;
        quiet_at(t, 0);
    }
    return true;
}
