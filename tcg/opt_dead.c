/* SPDX-License-Identifier: Apache-2.0 */
/* Backward pass: removes values that nobody uses and puts that are overwritten before anybody can see them. Every
 * exit, fault and call that reads state sees all registers; registers that hold flags are looked up in the code at
 * the exit's target (TcgGuest.reg_dead_at), and what was read there becomes part of the unit's guest code. */
#include <string.h>
#include "passes.h"
#include "tcg.h"

enum { MAX_FLAG_REGS = 2 };

typedef struct Dead {
    IrUnit *u;
    uint8_t *used;                          /* by value: something kept needs it */
    uint32_t gen;                           /* advanced when every register is seen */
    uint32_t over[OPT_MAX_REGS];            /* == gen: overwritten later, unseen until then */
    uint16_t flag_reg[MAX_FLAG_REGS];
    int nflag_regs;
} Dead;

static void find_flag_regs(Dead *d)
{
    const IrUnit *u = d->u;
    if (!u->guest->reg_dead_at || !u->fetch)
        return;
    for (uint32_t n = 1; n < u->n && d->nflag_regs < MAX_FLAG_REGS; n++) {
        const IrInsn *i = &u->insn[n];
        if (i->op != IR_put || u->insn[i->arg[0]].op != IR_flags_pack || i->aux >= OPT_MAX_REGS)
            continue;
        int k = 0;
        while (k < d->nflag_regs && d->flag_reg[k] != i->aux)
            k++;
        if (k == d->nflag_regs)
            d->flag_reg[d->nflag_regs++] = i->aux;
    }
}

/* --- looking at the code behind an exit */
typedef struct Looked { const IrUnit *u; gaddr lo, hi; } Looked;

static size_t fetch_noting(void *ctx, gaddr pc, void *buf, size_t len)
{
    Looked *l = ctx;
    size_t got = l->u->fetch(l->u->fetch_ctx, pc, buf, len);
    l->lo = pc < l->lo ? pc : l->lo;
    l->hi = pc + got > l->hi ? pc + got : l->hi;
    return got;
}

static bool dead_at(Dead *d, int reg, gaddr pc)
{
    IrUnit *u = d->u;
    Looked l = { .u = u, .lo = pc, .hi = pc };
    if (!u->guest->reg_dead_at(reg, pc, u->flags, fetch_noting, &l))
        return false;
    if (l.hi - l.lo > 4096 || (u->nrange == sizeof u->range / sizeof u->range[0]))
        return false;                       /* no room to watch that code */
    ir_add_range(u, l.lo, (uint32_t)(l.hi - l.lo));
    return true;
}

/* Everything is seen, but for flags that the code at pc overwrites first; `falls` when control may also go on. */
static void leave_to(Dead *d, gaddr pc, bool falls)
{
    uint32_t next = d->gen + 1;
    for (int k = 0; k < d->nflag_regs; k++) {
        int r = d->flag_reg[k];
        if ((!falls || d->over[r] == d->gen) && dead_at(d, r, pc))
            d->over[r] = next;
    }
    d->gen = next;
}

static void see_list(Dead *d, const uint16_t *list)
{
    for (; *list != 0xffff; list++)
        if (*list < OPT_MAX_REGS)
            d->over[*list] = 0;
}

static void see_call(Dead *d, const IrInsn *i)
{
    const HelperDesc *h = &d->u->guest->helpers[i->imm];
    if (h->reads == HELPER_ALL || h->faults)
        d->gen++;
    else if (h->reads == HELPER_LIST)
        see_list(d, h->read_list);
    if (h->writes == HELPER_ALL)            /* it may also write only some */
        d->gen++;
    else if (h->writes == HELPER_LIST)
        see_list(d, h->write_list);
}

/* True: instruction n stays. */
static bool needed(Dead *d, uint32_t n)
{
    const IrInsn *i = &d->u->insn[n];
    unsigned bits = ir_op_info[i->op].bits;
    switch (i->op) {
    case IR_put:
        if (i->aux >= OPT_MAX_REGS)
            return true;
        if (d->over[i->aux] == d->gen)
            return false;
        d->over[i->aux] = d->gen;
        return true;
    case IR_get:
        if (d->used[n] && i->aux < OPT_MAX_REGS)
            d->over[i->aux] = 0;
        return d->used[n];
    case IR_call: see_call(d, i); return true;
    case IR_host_insn: d->gen++; return true;
    case IR_jump: case IR_calljump: leave_to(d, (gaddr)i->imm, false); return true;
    case IR_exit_if: case IR_exit_if_f: leave_to(d, (gaddr)i->imm, true); return true;
    default:
        if (bits & (OPF_END | OPF_FAULT)) {
            d->gen++;
            return true;
        }
        return bits & (OPF_SIDE | OPF_FP) || d->used[n];
    }
}

/* Keep the instructions marked in used[], in order, with new numbers. */
static void compact(IrUnit *u, const uint8_t *keep)
{
    IrVal map[u->n];
    uint32_t to = 1;
    for (uint32_t n = 1; n < u->n; n++) {
        if (!keep[n])
            continue;
        IrInsn *i = &u->insn[to];
        if (to != n)
            *i = u->insn[n];
        for (int k = 0; k < i->nargs; k++)
            i->arg[k] = map[i->arg[k]];
        if (ir_op_info[i->op].result != '-')
            i->imm2 = 0;
        map[n] = to++;
    }
    u->n = to;
}

void opt_dead(IrUnit *u)
{
    uint8_t used[u->n];
    Dead d = { .u = u, .used = used, .gen = 1 };
    memset(used, 0, u->n);
    find_flag_regs(&d);
    for (uint32_t n = u->n - 1; n; n--) {
        used[n] = needed(&d, n);
        if (used[n])
            for (int k = 0; k < u->insn[n].nargs; k++)
                used[u->insn[n].arg[k]] = 1;
    }
    compact(u, used);
}
