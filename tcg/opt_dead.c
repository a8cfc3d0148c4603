/* SPDX-License-Identifier: Apache-2.0 */
/* Backward pass: removes values that nobody uses and puts that are overwritten before anybody can see them. Every
 * exit, fault and call that reads state sees all registers; registers that hold flags (REG_AHEAD) are looked up in the
 * code at the exit's target (ahead.c), and what was read there becomes part of the unit's guest code. A fault sees
 * flags only when the program may yet read them: flags that are overwritten first are not kept up for the frame of a
 * handler (docs/instruction.md). */
#include <string.h>
#include "passes.h"
#include "tcg.h"

enum { EXITS_MAX = 4, WAYS_MAX = 32, READ = 0xff };
#define NOWHERE (~(gaddr)0)
enum { USED = 1, UPPER = 2 };               /* UPPER: the upper half of an I64, too */

typedef struct Dead {
    IrUnit *u;
    uint8_t *used;                          /* by value: what is needed of it (USED, UPPER) */
    uint32_t gen;                           /* advanced when every register is seen */
    uint32_t over[OPT_MAX_REGS];            /* == gen: overwritten later, unseen until then */
    int flags_reg, flags_last;              /* those worth looking up behind exits, or -1 */
    uint32_t exit[EXITS_MAX];               /* exits ahead that alone see the flags, which are dead on the way past
                                             * them */
    int nexits;
    /* Other flags-like registers (CR fields): where control may go from here on, NOWHERE where that is not known; and
     * per register how many of those ways are behind its next put, or READ when it is read before that. */
    gaddr way[WAYS_MAX];
    uint32_t by[WAYS_MAX];                  /* the exit that leads there, 0 nothing of that kind */
    int nways;
    bool look;                              /* may the code ahead be looked at? */
    bool faults;                            /* something in this guest instruction may fault */
    bool fault_known;                       /* it did in one ahead, and none of them has been put between */
    uint8_t from[OPT_MAX_REGS];
} Dead;

/* --- looking at the code behind an exit; what was read there becomes part of the unit */
static bool dead_at(Dead *d, int reg, gaddr pc)
{
    IrUnit *u = d->u;
    gaddr lo, hi;
    if (!opt_dead_at(u, reg, pc, &lo, &hi))
        return false;
    if (hi - lo > 4096 || (u->nrange == sizeof u->range / sizeof u->range[0]))
        return false;                       /* no room to watch that code */
    ir_add_range(u, lo, (uint32_t)(hi - lo));
    return true;
}

/* --- flags-like registers beside the first: REG_AHEAD */
static void may_go(Dead *d, gaddr pc, uint32_t by)
{
    if (d->nways < WAYS_MAX) {
        d->by[d->nways] = by;
        d->way[d->nways++] = pc;
    } else {
        d->way[WAYS_MAX - 1] = NOWHERE;     /* and nothing counts as put behind it any more, see is_overwritten */
    }
}

/* Can this exit itself put what `put` puts: the order of what it compares? */
static bool exit_orders(const IrUnit *u, const IrInsn *exit, const IrInsn *put)
{
    const IrInsn *o = &u->insn[put->arg[0]];
    return exit->op == IR_exit_if && !exit->aux && exit->cond <= COND_GTU && o->op == IR_order &&
        o->type == exit->type && o->arg[0] == exit->arg[0] && o->arg[1] == exit->arg[1];
}

/* Is what is put to r here overwritten on every way before it is read? A fault on the way need not see it: the way goes
 * on from there. Exits that alone see it put it themselves, where they can. */
static bool is_overwritten(Dead *d, const IrInsn *put)
{
    int r = put->aux, nexits = 0;
    uint32_t exit[WAYS_MAX];
    const RegDesc *reg = &d->u->guest->regs[r];
    int from = d->from[r];
    if (!d->look || !(reg->traits & REG_AHEAD) || from == READ || d->nways == WAYS_MAX || from == d->nways)
        return false;
    for (int k = from; k < d->nways; k++)
        if (d->way[k] == NOWHERE)
            return false;
    for (int k = d->nways - 1; k >= from; k--) {
        const IrInsn *e = &d->u->insn[d->by[k]];
        bool puts = d->by[k] && e->op == IR_exit_if && ir_exit_order(e->aux) == r;
        if (puts || dead_at(d, r, d->way[k]))
            continue;
        if (!d->by[k] || !exit_orders(d->u, e, put))
            return false;
        exit[nexits++] = d->by[k];
    }
    uint16_t aux = (uint16_t)((r + 1) | (d->u->insn[put->arg[0]].aux ? EXIT_ORDER_U : 0));
    while (nexits)
        d->u->insn[exit[--nexits]].aux = aux;
    return true;
}

static void flags_stay_dead(Dead *d, uint32_t next)
{
    for (int k = d->flags_reg; k <= d->flags_last; k++)
        d->over[k] = next;
}

/* Everything is seen, but for flags that the code at pc overwrites first. */
static void leave_to(Dead *d, gaddr pc)
{
    uint32_t next = d->gen + 1;
    d->nexits = 0;
    if (d->flags_reg >= 0 && dead_at(d, d->flags_reg, pc))
        flags_stay_dead(d, next);
    d->gen = next;
}

/* The same where control may also go on. An exit that sees flags which nobody else does can put them itself. */
static void may_leave(Dead *d, uint32_t n, const IrInsn *i)
{
    uint32_t next = d->gen + 1;
    int r = d->flags_reg;
    if (r >= 0 && d->over[r] == d->gen) {
        if (dead_at(d, r, (gaddr)i->imm)) {
            flags_stay_dead(d, next);
        } else if (d->flags_last == r && d->nexits < EXITS_MAX) {
            d->exit[d->nexits++] = n;
            d->over[r] = next;
        }
    }
    d->gen = next;
}

/* The condition of an exit as one on flags f, which the forward pass turned into one on f's operands or
 * result; or -1. */
static int condition_on(const IrUnit *u, const IrInsn *i, IrVal fv)
{
    const IrInsn *f = &u->insn[fv];
    if (i->op == IR_exit_if_f)
        return i->arg[0] == fv ? i->cond : -1;
    bool test = i->cond == COND_TSTZ || i->cond == COND_TSTNZ;
    int zero = i->cond == COND_TSTZ ? COND_EQ : COND_NE;
    if (i->type == f->type && i->arg[0] == f->arg[0] && i->arg[1] == f->arg[1] && f->op == IR_flags_sub &&
        i->cond <= COND_GTU)
        return i->cond;
    if (i->type == f->type && i->arg[0] == f->arg[0] && i->arg[1] == f->arg[1] && f->op == IR_flags_and && test)
        return zero;
    return test && i->arg[0] == i->arg[1] && opt_same_operation(u, &u->insn[i->arg[0]], f) ? zero : -1;
}

/* A put of flags that only exits behind it see: they do it. */
static bool put_at_exits(Dead *d, const IrInsn *put)
{
    const IrInsn *pack = &d->u->insn[put->arg[0]];
    IrVal f = pack->arg[0];
    if (pack->op != IR_flags_pack)
        return false;
    int cond[EXITS_MAX];
    for (int k = 0; k < d->nexits; k++)
        if ((cond[k] = condition_on(d->u, &d->u->insn[d->exit[k]], f)) < 0)
            return false;
    for (int k = 0; k < d->nexits; k++) {
        IrInsn *i = &d->u->insn[d->exit[k]];
        *i = (IrInsn){ .op = IR_exit_if_f,
            .cond = (uint8_t)cond[k],
            .nargs = 1,
            .arg = { f },
            .aux = (uint16_t)(put->aux + 1),
            .imm = i->imm };
    }
    d->used[f] |= USED;
    return true;
}

/* Everything is seen, but for flags that are overwritten before they are read. */
static void fault_sees(Dead *d)
{
    uint32_t next = d->gen + 1;
    for (int k = d->flags_reg; k >= 0 && k <= d->flags_last && !d->nexits; k++)
        if (d->over[k] == d->gen)
            d->over[k] = next;
    d->gen = next;
}

static void see_list(Dead *d, const uint16_t *list)
{
    for (; *list != 0xffff; list++)
        if (*list < OPT_MAX_REGS) {
            d->over[*list] = 0;
            d->from[*list] = READ;
        }
}

static void see_call(Dead *d, const IrInsn *i)
{
    const HelperDesc *h = &d->u->guest->helpers[i->imm];
    if (h->reads == HELPER_ALL || h->writes == HELPER_ALL || h->faults)
        may_go(d, NOWHERE, 0);
    if (h->reads == HELPER_ALL || h->faults)
        d->gen++;
    else if (h->reads == HELPER_LIST)
        see_list(d, h->read_list);
    if (h->writes == HELPER_ALL)            /* it may also write only some */
        d->gen++;
    else if (h->writes == HELPER_LIST)
        see_list(d, h->write_list);
}

/* A dead put to a pinned general register is worth keeping when the value is computed and used anyway: the pin is where
 * it can live for nothing, and temporaries are few. */
static bool is_home(const Dead *d, const IrInsn *put)
{
    unsigned from = d->u->insn[put->arg[0]].op;
    const RegDesc *r = &d->u->guest->regs[put->aux];
    return r->pin && (r->type == IR_I32 || r->type == IR_I64) && d->used[put->arg[0]] && from != IR_get &&
        from != IR_const && from != IR_addr;
}

/* Does instruction n stay? */
enum { NO, YES, AS_HOME };

static int put_of_flags(Dead *d, const IrInsn *put)
{
    bool dead = d->over[put->aux] == d->gen && (!d->nexits || put_at_exits(d, put));
    d->nexits = 0;
    if (!dead)
        flags_stay_dead(d, d->gen);         /* and it voids the other registers of a status */
    return !dead;
}

static int needed(Dead *d, uint32_t n, const IrInsn *i)
{
    switch (i->op) {
    case IR_put:
        if (i->aux >= OPT_MAX_REGS)
            return YES;
        if (i->aux == d->flags_reg)
            return put_of_flags(d, i);
        if (d->over[i->aux] == d->gen)
            return is_home(d, i) ? AS_HOME : NO;
        if (is_overwritten(d, i))
            return NO;
        d->over[i->aux] = d->gen;
        d->from[i->aux] = (uint8_t)d->nways;
        d->fault_known = false;
        return YES;
    case IR_get:
        if (d->used[n] && i->aux < OPT_MAX_REGS) {
            d->over[i->aux] = 0;
            d->from[i->aux] = READ;
        }
        return d->used[n] != 0;
    case IR_call: see_call(d, i); return YES;
    case IR_host_insn: may_go(d, NOWHERE, 0); d->gen++; return YES;
    case IR_jump: case IR_calljump: may_go(d, (gaddr)i->imm, 0); leave_to(d, (gaddr)i->imm); return YES;
    case IR_exit_if: case IR_exit_if_f: may_go(d, (gaddr)i->imm, n); may_leave(d, n, i); return YES;
    case IR_insn:
        if (d->faults && !d->fault_known)
            may_go(d, (gaddr)i->imm, 0);
        d->fault_known |= d->faults;
        d->faults = false;
        return YES;
    /* most often */
    case IR_const: case IR_add: case IR_trunc32: case IR_zext32: case IR_flags_sub: return d->used[n] != 0;
    default: {
        unsigned bits = ir_op_info[i->op].bits;
        if (bits & OPF_END) {
            may_go(d, NOWHERE, 0);
            d->gen++;
            return YES;
        }
        if (bits & OPF_FAULT) {
            d->faults = true;
            fault_sees(d);
            return YES;
        }
        return bits & (OPF_SIDE | OPF_FP) || d->used[n];
    }
    }
}

/* Ops whose low half needs only the low halves of their operands. */
static bool works_on_low(int op)
{
    switch (op) {
    case IR_and: case IR_or: case IR_xor: case IR_andc: case IR_orc: case IR_eqv: case IR_not: case IR_neg:
    case IR_add: case IR_sub: case IR_mul: return true;
    default: return false;
    }
}

/* Mark the operands of instruction n. An extension of which only the low half is wanted costs nothing
 * without the sign. */
static void use_operands(Dead *d, uint32_t n, int why)
{
    IrInsn *i = &d->u->insn[n];
    unsigned of = USED | UPPER;
    d->used[n] |= USED;
    if (i->op == IR_trunc32 || why == AS_HOME)
        of = USED;
    else if (i->op == IR_sext32 && !(d->used[n] & UPPER))
        i->op = IR_zext32;
    else if (i->type == IR_I64 && !(d->used[n] & UPPER) && works_on_low(i->op))
        of = USED;
    for (int k = 0; k < i->nargs; k++)
        d->used[i->arg[k]] |= (uint8_t)of;
}

/* Keep the instructions marked in used[], in order, with new numbers. */
static void compact(IrUnit *u, const uint8_t *keep)
{
    IrVal map[u->n];
    uint32_t n = 1;
    while (n < u->n && keep[n])
        map[n] = n, n++;
    IrInsn *to = &u->insn[n];
    for (const IrInsn *from = to; n < u->n; n++, from++) {
        if (!keep[n])
            continue;
        *to = *from;
        for (int k = 0; k < to->nargs; k++)
            to->arg[k] = map[to->arg[k]];
        map[n] = (IrVal)(to++ - u->insn);
    }
    u->n = (uint32_t)(to - u->insn);
}

void opt_dead(IrUnit *u)
{
    uint8_t used[u->n];
    Dead d;
    d.u = u;
    d.used = used;
    d.gen = 1;
    d.nexits = d.nways = 0;
    d.faults = d.fault_known = false;
    d.look = u->code_at;
    int nregs = u->guest->nregs < OPT_MAX_REGS ? u->guest->nregs : OPT_MAX_REGS;
    memset(d.over, 0, sizeof d.over[0] * (size_t)nregs);
    memset(d.from, 0, (size_t)nregs);
    d.flags_reg = d.look && u->flags_reg && u->flags_reg <= OPT_MAX_REGS && u->regs[u->flags_reg - 1].traits & REG_AHEAD
        ? u->flags_reg - 1
        : -1;
    d.flags_last = d.flags_reg + u->nstatus;
    memset(used, 0, u->n);
    const IrInsn *i = &u->insn[u->n - 1];
    for (uint32_t n = u->n - 1; n; n--, i--) {
        int why = needed(&d, n, i);
        if (why)
            use_operands(&d, n, why);
        else
            used[n] = 0;
    }
    compact(u, used);
}
