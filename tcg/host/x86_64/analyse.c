/* SPDX-License-Identifier: Apache-2.0 */
/* The backward pass before emission: uses and last uses of values, views, address folding, and into
 * which pin a value may be computed ahead of its put. */
#include "emit.h"

/* Ops whose result is the same register content as their operand (zext32 and vzext sometimes, see lower). */
static bool is_view(const IrInsn *in)
{
    return in->op == IR_mov || in->op == IR_trunc32 || in->op == IR_zext32 || in->op == IR_vzext || (in->op == IR_vlow && is_x_type(in->type));
}

/* Will the XMM value be clean (x_clean)? A guess: only a move more when wrong. */
static bool likely_clean(const IrUnit *u, IrVal v, int depth)
{
    const IrInsn *in = &u->insn[v];
    switch (in->op) {
    case IR_load: case IR_fcvt_if: case IR_fcvt_uf: case IR_ffrom: case IR_fabs: return true;
    case IR_fadd: case IR_fmul: return depth && (likely_clean(u, in->arg[0], depth - 1) || likely_clean(u, in->arg[1], depth - 1));
    case IR_fsub: case IR_fdiv: case IR_fsqrt: case IR_fneg: return depth && likely_clean(u, in->arg[0], depth - 1);
    case IR_fma: return depth && likely_clean(u, in->arg[2], depth - 1);
    default: return false;
    }
}

/* May a view's operand go at once where the view is wanted? */
static bool passes_hint(const IrUnit *u, const IrInsn *in)
{
    enum { DEPTH = 3 };
    return in->op == IR_mov || in->op == IR_zext32 || (in->op == IR_vzext && is_x_type(in->type2) && likely_clean(u, in->arg[0], DEPTH));
}

/* May a pin change before this instruction although its put comes after it? Not across anything that can
 * leave the unit, fault, or look at guest state. */
bool op_is_barrier(int op)
{
    switch (op) {
    case IR_put: case IR_insn: case IR_get: case IR_local_get: case IR_local_put: case IR_fence: case IR_prefetch:
    case IR_fpflags_put: case IR_fpround_put: case IR_fpflags_get:
        return false;
    default:
        return ir_op_info[op].bits & (OPF_SIDE | OPF_FAULT | OPF_END | OPF_READ | OPF_WRITE);
    }
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

/* The put of a pin that nothing separates from here, per pin; forgotten all at once by advancing gen. */
typedef struct Ahead { IrVal v[2][16]; uint32_t gen_of[2][16], gen; } Ahead;

static void want(Em *e, Ahead *h, int cl, int pin, IrVal v)
{
    h->v[cl][pin] = v;
    h->gen_of[cl][pin] = h->gen;
    e->val[v].hint = (uint8_t)pin;
}

/* The pin of a guest register is taken until `at`. */
static void refer(Em *e, int reg, uint32_t at)
{
    uint32_t *last = &e->ref_last[e->hc->cls[reg]][e->hc->pin[reg]];
    if (*last < at)
        *last = at;
}

static void settle_hint(const Ahead *h, Val *x, IrVal i)
{
    int cl = is_x_type(x->type) ? CL_X : CL_G;
    if (x->hint != NOREG && (h->v[cl][x->hint] != i || h->gen_of[cl][x->hint] != h->gen))
        x->hint = NOREG;
}

static void init_values(Em *e)
{
    const IrInsn *in = e->u->insn;
    const uint8_t *fixed = e->hc->fixed_type;
    memset(e->val, 0, e->u->n * sizeof *e->val);
    for (uint32_t i = 0; i < e->u->n; i++) {
        Val *x = &e->val[i];
        x->rep = i;
        x->hint = NOREG;
        x->type = fixed[in[i].op] ? fixed[in[i].op] : in[i].type;
    }
}

static void extend(Val *val, IrVal v, uint32_t last)
{
    if (val[v].last < last)
        val[v].last = last;
}

/* Does it lead back to the start of the unit, not far behind? */
static bool goes_back_soon(const IrUnit *u, const IrInsn *in, uint32_t i)
{
    enum { SHORT = 80 };
    return i < SHORT && (in->op == IR_exit_if || in->op == IR_exit_if_f || in->op == IR_jump) && (gaddr)in->imm == u->pc;
}

void ra_analyse(Em *e)
{
    const IrUnit *u = e->u;
    const HostCode *hc = e->hc;
    Ahead h;
    h.gen = 1;
    memset(h.gen_of, 0, sizeof h.gen_of);
    init_values(e);
    memset(e->ref_last, 0, sizeof e->ref_last);
    e->tight = false;
    for (uint32_t i = u->n - 1; i > 0; i--) {
        const IrInsn *in = &u->insn[i];
        unsigned bits = hc->bits[in->op];
        Val *x = &e->val[i];
        if (!x->uses && !(bits & (OPF_SIDE | OPF_FP | OPF_FAULT)))
            continue;                   /* dead */
        settle_hint(&h, x, i);
        if (bits & OPF_BARRIER) {
            h.gen++;
            e->tight |= goes_back_soon(u, in, i);
        } else if (in->op == IR_put) {
            if (hc->pin[in->aux] >= 0) {
                want(e, &h, hc->cls[in->aux], hc->pin[in->aux], in->arg[0]);
                refer(e, in->aux, i);
            }
        } else if (in->op == IR_get) {
            if (hc->pin[in->aux] >= 0) {
                h.v[hc->cls[in->aux]][hc->pin[in->aux]] = 0;
                refer(e, in->aux, i);
            }
        } else if (x->hint != NOREG) {
            h.v[is_x_type(x->type) ? CL_X : CL_G][x->hint] = 0;
        }
        int n = in->op == IR_call ? in->nargs : hc->nargs[in->op];
        for (int k = 0; k < n; k++)
            note_use(e, in->arg[k], i);
        if (is_view(in)) {
            extend(e->val, in->arg[0], x->last);
            if (x->hint != NOREG && passes_hint(u, in))
                want(e, &h, is_x_type(x->type) ? CL_X : CL_G, x->hint, in->arg[0]);
        }
        if (x->kind == V_DEFER && x->uses != 1)
            x->kind = V_NONE;
        if (x->kind == V_DEFER)         /* operands are read by the access that folds it */
            for (int k = 0; k < n; k++)
                extend(e->val, in->arg[k], x->last);
        if (in->op == IR_load || in->op == IR_store)
            fold_address(e, in, i);
    }
}
