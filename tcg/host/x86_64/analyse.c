/* SPDX-License-Identifier: Apache-2.0 */
/* The backward pass before emission: uses and last uses of values, views, address folding, and into
 * which pin a value may be computed ahead of its put. */
#include "emit.h"
#include "ra.h"

/* Ops whose result is the same register content as their operand (zext32 and vzext sometimes, see lower). */
/* of those with OPF_VIEW */
static bool is_view(const IrInsn *in) { return in->op != IR_vlow || is_x_type(in->type); }

/* Will the XMM value be clean (x_clean)? A guess: only a move more when wrong. */
static bool likely_clean(const IrUnit *u, IrVal v, int depth)
{
    const IrInsn *in = &u->insn[v];
    switch (in->op) {
    case IR_load: case IR_fcvt_if: case IR_fcvt_uf: case IR_ffrom: case IR_fabs: return true;
    case IR_fadd:
    case IR_fmul: return depth && (likely_clean(u, in->arg[0], depth - 1) || likely_clean(u, in->arg[1], depth - 1));
    case IR_fsub: case IR_fdiv: case IR_fsqrt: case IR_fneg: return depth && likely_clean(u, in->arg[0], depth - 1);
    case IR_fma: return depth && likely_clean(u, in->arg[2], depth - 1);
    default: return false;
    }
}

/* May a view's operand go at once where the view is wanted? */
static bool passes_hint(const IrUnit *u, const IrInsn *in)
{
    enum { DEPTH = 3 };
    return in->op == IR_mov || in->op == IR_zext32 ||
        (in->op == IR_vzext && is_x_type(in->type2) && likely_clean(u, in->arg[0], DEPTH));
}

/* May a pin change before this instruction although its put comes after it? Not across anything that can
 * leave the unit, fault, or look at guest state. */
static bool op_is_barrier(int op)
{
    switch (op) {
    case IR_put: case IR_insn: case IR_get: case IR_local_get: case IR_local_put: case IR_fence: case IR_prefetch:
    case IR_fpflags_put: case IR_fpflags_undo: case IR_fpround_put: case IR_fpflags_get:
        return false;
    default:
        return ir_op_info[op].bits & (OPF_SIDE | OPF_FAULT | OPF_END | OPF_READ | OPF_WRITE);
    }
}

/* What the analysis asks about every instruction, by op. */
unsigned op_analysis_bits(int op)
{
    static const uint16_t bits[IR_NOPS] = {
        [IR_get] = OPF_STATE, [IR_put] = OPF_STATE, [IR_load] = OPF_ADDRESS, [IR_store] = OPF_ADDRESS,
        [IR_mov] = OPF_VIEW, [IR_trunc32] = OPF_VIEW, [IR_zext32] = OPF_VIEW, [IR_vzext] = OPF_VIEW,
        [IR_vlow] = OPF_VIEW,
    };
    return bits[op] | (op_is_barrier(op) ? OPF_BARRIER : 0);
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
    if ((h->v[cl][x->hint] != i || h->gen_of[cl][x->hint] != h->gen))
        x->hint = NOREG;
}

static void init_values(Em *e)
{
    const IrInsn *in = e->u->insn;
    const uint8_t *fixed = e->hc->fixed_type;
    Val *x = e->val;
    for (uint32_t i = 0, n = e->u->n; i < n; i++, x++, in++) {
        unsigned type = fixed[in->op];
        *x = (Val){ .rep = (IrVal)i, .hint = NOREG, .type = (uint8_t)(type ? type : in->type) };
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
    return i < SHORT && (in->op == IR_exit_if || in->op == IR_exit_if_f || in->op == IR_jump) &&
        (gaddr)in->imm == u->pc;
}

/* A pin's guest register is read or written at i. */
static void analyse_state(Em *e, Ahead *h, const IrInsn *in, uint32_t i)
{
    int pin = e->hc->pin[in->aux], cl = e->hc->cls[in->aux];
    if (pin < 0)
        return;
    if (in->op == IR_put)
        want(e, h, cl, pin, in->arg[0]);
    else
        h->v[cl][pin] = 0;
    refer(e, in->aux, i);
}

/* A view lives as long as what it looks at, and wants it where it is wanted itself. */
static void analyse_view(Em *e, Ahead *h, const IrInsn *in, const Val *x)
{
    extend(e->val, in->arg[0], x->last);
    if (x->hint != NOREG && passes_hint(e->u, in))
        want(e, h, is_x_type(x->type) ? CL_X : CL_G, x->hint, in->arg[0]);
}

/* An address that an access may fold: its operands are read there. */
static void analyse_deferred(Em *e, const IrInsn *in, Val *x)
{
    if (x->uses != 1)
        x->kind = V_NONE;
    else
        for (int k = 0; k < e->hc->nargs[in->op]; k++)
            extend(e->val, in->arg[k], x->last);
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
    const IrInsn *in = &u->insn[u->n - 1];
    Val *x = &e->val[u->n - 1];
    for (uint32_t i = u->n - 1; i > 0; i--, in--, x--) {
        unsigned bits = hc->bits[in->op];
        if (!x->uses && !(bits & (OPF_SIDE | OPF_FP | OPF_FAULT)))
            continue;                   /* dead */
        if (x->hint != NOREG)
            settle_hint(&h, x, i);
        if (bits & OPF_BARRIER) {
            h.gen++;
            e->tight |= goes_back_soon(u, in, i);
        } else if (bits & OPF_STATE) {
            analyse_state(e, &h, in, i);
        } else if (x->hint != NOREG) {
            h.v[is_x_type(x->type) ? CL_X : CL_G][x->hint] = 0;
        }
        for (int k = 0, n = in->nargs; k < n; k++)
            note_use(e, in->arg[k], i);
        if (bits & OPF_VIEW && is_view(in))
            analyse_view(e, &h, in, x);
        if (x->kind == V_DEFER)
            analyse_deferred(e, in, x);
        if (bits & OPF_ADDRESS)
            fold_address(e, in, i);
    }
}
