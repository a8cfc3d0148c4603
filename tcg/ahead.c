/* SPDX-License-Identifier: Apache-2.0 */
/* Is a flags-like register (REG_AHEAD) overwritten by the code from a pc on, on every way and before it is read? The IR
 * of that code says what it reads, writes and where it leads, so nothing about instructions is written twice. Accesses
 * that may fault pass (docs/instruction.md); what leaves for elsewhere sees everything.
 */
#include "passes.h"
#include "tcg.h"

enum { LOOK_MAX = 8, BRANCHES_MAX = 4 };

typedef struct Ahead {
    const IrUnit *u;                    /* on whose behalf */
    int reg;
    int budget;                         /* pieces of code still to be looked at */
    gaddr lo, hi;                       /* the code that was read */
} Ahead;

static void note(Ahead *a, const IrUnit *s)
{
    for (uint32_t k = 0; k < s->nrange; k++) {
        gaddr lo = s->range[k].pc, hi = lo + s->range[k].len;
        a->lo = lo < a->lo ? lo : a->lo;
        a->hi = hi > a->hi ? hi : a->hi;
    }
}

static bool in_list(const uint16_t *list, int reg)
{
    while (*list != 0xffff && *list != reg)
        list++;
    return *list == reg;
}

static bool in_slot(const Ahead *a, const IrInsn *i)
{
    const RegDesc *r = &a->u->guest->regs[a->reg];
    int64_t from = r->offset, to = from + 4;            /* opt_dead asks for I32 only */
    return i->imm < to && i->imm + (1 << (i->mem & MEM_SIZE)) > from;
}

static bool reads(const Ahead *a, const IrInsn *i)
{
    const HelperDesc *h;
    switch (i->op) {
    case IR_get: return i->aux == a->reg;
    case IR_ld_env: case IR_st_env: return in_slot(a, i);       /* part of it may stay */
    case IR_call:
        h = &a->u->guest->helpers[i->imm];
        return h->reads == HELPER_ALL || (h->reads == HELPER_LIST && in_list(h->read_list, a->reg));
    case IR_host_insn: case IR_raise: case IR_jump_ind: case IR_calljump_ind: case IR_ret: return true;
    default: return false;
    }
}

/* Ways on from a piece of code to others that the register's old contents may take. */
typedef struct Ways { gaddr pc[BRANCHES_MAX]; int n; } Ways;
/* Branches inside it whose label is still to come. over: the register has been written on this way. */
typedef struct Open { struct { uint16_t label; bool over; } way[BRANCHES_MAX]; int n; } Open;

static bool arrive(Open *o, uint16_t label, bool over)
{
    for (int k = 0; k < o->n;)
        if (o->way[k].label == label) {
            over &= o->way[k].over;
            o->way[k] = o->way[--o->n];
        } else {
            k++;
        }
    return over;
}

/* False: the code in s reads the register, or may. */
static bool follow(const Ahead *a, const IrUnit *s, Ways *w)
{
    Open open = { .n = 0 };
    bool over = false;                  /* written by now, or nothing comes here */
    w->n = 0;
    for (const IrInsn *i = &s->insn[1], *end = &s->insn[s->n]; i < end && !(over && !open.n); i++) {
        if (!over && reads(a, i))
            return false;
        switch (i->op) {
        case IR_put: over |= i->aux == a->reg; break;
        case IR_label: over = arrive(&open, i->aux, over); break;
        case IR_br: case IR_brcond: case IR_brcond_f:
            if (open.n == BRANCHES_MAX)
                return false;
            open.way[open.n].label = i->aux;
            open.way[open.n++].over = over;
            break;
        case IR_exit_if: case IR_exit_if_f: case IR_jump: case IR_calljump:
            if (w->n == BRANCHES_MAX)
                return false;
            if (!over)
                w->pc[w->n++] = (gaddr)i->imm;
            break;
        default: break;
        }
        over |= ir_is_terminator(i);
    }
    return true;
}

static bool dead(Ahead *a, gaddr pc)
{
    while (a->budget-- > 0) {
        const IrUnit *s = a->u->code_at(a->u->code_ctx, pc);
        Ways w;
        note(a, s);
        if (!follow(a, s, &w))
            return false;
        if (!w.n)
            return true;
        for (int k = 0; k < w.n - 1; k++)
            if (!dead(a, w.pc[k]))
                return false;
        pc = w.pc[w.n - 1];
    }
    return false;
}

bool opt_dead_at(const IrUnit *u, int reg, gaddr pc, gaddr *lo, gaddr *hi)
{
    AheadMemo *m = u->memo;
    struct AheadAnswer *kept = m ? &m->answer[(pc >> 2 ^ pc >> 8 ^ (unsigned)reg) % AHEAD_KEPT] : NULL;
    if (!kept || !kept->known || kept->pc != pc || kept->reg != reg || kept->flags != u->flags || kept->seq != m->seq) {
        Ahead a = { u, reg, LOOK_MAX, pc, pc };
        bool yes = dead(&a, pc);
        *lo = a.lo;
        *hi = a.hi;
        if (kept)
            *kept = (struct AheadAnswer){ m->seq, pc, a.lo, a.hi, u->flags, (uint16_t)reg, true, yes };
        return yes;
    }
    *lo = kept->lo;
    *hi = kept->hi;
    return kept->dead;
}
