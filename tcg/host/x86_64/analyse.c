/* SPDX-License-Identifier: Apache-2.0 */
/* The backward pass before emission: uses and last uses of values, views, address folding, and into
 * which pin a value may be computed ahead of its put. */
#include "emit.h"

/* Ops whose result is the same register content as their operand (zext32 sometimes, see lower). */
static bool is_view(const IrInsn *in)
{
    return in->op == IR_mov || in->op == IR_trunc32 || in->op == IR_zext32 || (in->op == IR_vlow && is_x_type(in->type));
}

/* May a pin change before this instruction although its put comes after it? Not across anything that can
 * leave the unit, fault, or look at guest state. */
static bool is_barrier(const IrInsn *in, unsigned bits)
{
    if (in->op == IR_put || in->op == IR_insn || in->op == IR_get || in->op == IR_local_get || in->op == IR_local_put)
        return false;
    if (in->op == IR_fence || in->op == IR_prefetch || in->op == IR_fpflags_put || in->op == IR_fpround_put || in->op == IR_fpflags_get)
        return false;
    return bits & (OPF_SIDE | OPF_FAULT | OPF_END | OPF_READ | OPF_WRITE);
}

static void note_use(Em *e, IrVal v, uint32_t at)
{
    Val *x = &e->val[v];
    x->uses++;
    if (x->last < at)
        x->last = at;
}

/* load/store address = add(x, y) used once: compute it in the addressing mode. */
static void fold_address(Em *e, const IrInsn *in, uint32_t at)
{
    IrVal a = in->arg[0];
    const IrInsn *d = &e->u->insn[a];
    Val *x = &e->val[a];
    if (d->op != IR_add || d->type != IR_I64 || x->uses != 1 || x->kind == V_DEFER || e->hc->base_reg)
        return;
    x->kind = V_DEFER;
    for (int k = 0; k < 2; k++)
        if (e->val[d->arg[k]].last < at)
            e->val[d->arg[k]].last = at;
}

bool ra_analyse(Em *e)
{
    const IrUnit *u = e->u;
    const HostCode *hc = e->hc;
    IrVal cand[2][16] = { 0 };          /* value whose put to this pin nothing separates from here */
    for (uint32_t i = 0; i < u->n; i++) {
        Val *x = &e->val[i];
        *x = (Val){ .rep = i, .hint = NOREG, .type = u->insn[i].type };
        if (ir_op_info[u->insn[i].op].result == 'g')
            x->type = IR_FLAGS;
        if (ir_op_info[u->insn[i].op].result == 'w')
            x->type = IR_I32;
        if (ir_op_info[u->insn[i].op].result == 'l')
            x->type = IR_I64;
    }
    for (uint32_t i = u->n - 1; i > 0; i--) {
        const IrInsn *in = &u->insn[i];
        unsigned bits = ir_op_info[in->op].bits;
        Val *x = &e->val[i];
        if (!x->uses && !(bits & (OPF_SIDE | OPF_FP | OPF_FAULT)))
            continue;                   /* dead */
        if (is_barrier(in, bits)) {
            if (x->uses && !(bits & OPF_END))
                for (int cl = 0; cl < 2; cl++)
                    for (int r = 0; r < 16; r++)
                        if (cand[cl][r] == i)
                            x->hint = (uint8_t)r;
            memset(cand, 0, sizeof cand);
        } else if (in->op == IR_put) {
            if (hc->pin[in->aux] >= 0)
                cand[hc->cls[in->aux]][hc->pin[in->aux]] = in->arg[0];
        } else if (in->op == IR_get) {
            if (hc->pin[in->aux] >= 0)
                cand[hc->cls[in->aux]][hc->pin[in->aux]] = 0;
        } else if (x->uses) {
            int cl = is_x_type(x->type) ? CL_X : CL_G;
            for (int r = 0; r < 16; r++)
                if (cand[cl][r] == i) {
                    x->hint = (uint8_t)r;
                    cand[cl][r] = 0;
                    break;
                }
        }
        int n = in->op == IR_call ? in->nargs : hc->nargs[in->op];
        for (int k = 0; k < n; k++)
            note_use(e, in->arg[k], i);
        if (is_view(in) && e->val[in->arg[0]].last < x->last)
            e->val[in->arg[0]].last = x->last;
        if (x->hint != NOREG && (in->op == IR_mov || in->op == IR_zext32))      /* the operand may go there at once */
            cand[is_x_type(x->type) ? CL_X : CL_G][x->hint] = in->arg[0];
        if (x->kind == V_DEFER && x->uses != 1)
            x->kind = V_NONE;
        if (x->kind == V_DEFER)         /* operands are read by the access that folds it */
            for (int k = 0; k < n; k++)
                if (e->val[in->arg[k]].last < x->last)
                    e->val[in->arg[k]].last = x->last;
        if (in->op == IR_load || in->op == IR_store)
            fold_address(e, in, i);
    }
    return true;
}
