/* SPDX-License-Identifier: Apache-2.0 */
/* Forward pass: one walk that forwards register and local values inside a basic block, folds (fold.c), settles
 * branches with known conditions, drops unreachable code, and closes gaps as it goes. */
#include <string.h>
#include "fold.h"
#include "passes.h"
#include "tcg.h"

/* What a register or local holds: val when gen is the walk's current one. */
typedef struct Known { IrVal val; uint32_t gen; } Known;

typedef struct Forward {
    IrUnit *u;
    uint32_t n;                     /* next new index */
    uint32_t reg_gen, local_gen;    /* advanced to forget everything */
    Known reg[OPT_MAX_REGS], local[16];
    uint8_t *homes;                 /* IrUnit.homes */
    IrVal *extension;               /* by value: the last sext32, zext32 or trunc32 of it, 0 none */
} Forward;

static void forget_all(Forward *f)
{
    f->reg_gen++;
    f->local_gen++;
}

static void forget_call(Forward *f, const IrInsn *i)
{
    const HelperDesc *h = &f->u->guest->helpers[i->imm];
    if (h->writes == HELPER_ALL)
        f->reg_gen++;
    else if (h->writes == HELPER_LIST)
        for (const uint16_t *r = h->write_list; *r != 0xffff; r++)
            if (*r < OPT_MAX_REGS)
                f->reg[*r].gen = 0;
}

/* get: a copy when the value is known. */
static void read_slot(Forward *f, IrInsn *i, Known *k, uint32_t gen)
{
    if (k->gen == gen)
        *i = (IrInsn){ .op = IR_mov, .type = i->type, .nargs = 1, .arg = { k->val } };
    else
        *k = (Known){ f->n, gen };
}

/* put: true when the slot holds that value already. */
static bool write_slot(IrInsn *i, Known *k, uint32_t gen)
{
    if (k->gen == gen && k->val == i->arg[0])
        return true;
    *k = (Known){ i->arg[0], gen };
    return false;
}

static bool write_register(Forward *f, IrInsn *i)
{
    if (write_slot(i, &f->reg[i->aux], f->reg_gen))
        return true;
    if (i->aux + 1 == f->u->flags_reg)              /* the others of the status are void now (ir_status): put them
                                                     * again */
        for (int k = 1; k <= f->u->nstatus; k++)
            f->reg[i->aux + k].gen = 0;
    return false;
}

bool opt_same_operation(const IrUnit *u, const IrInsn *d, const IrInsn *f)
{
    int64_t x, y;
    if (d->type != f->type || d->arg[0] != f->arg[0])
        return false;
    if (d->arg[1] == f->arg[1])
        return (f->op == IR_flags_sub && d->op == IR_sub) || (f->op == IR_flags_add && d->op == IR_add) ||
               (f->op == IR_flags_and && d->op == IR_and);
    if (!ir_is_const(u, d->arg[1], &x) || !ir_is_const(u, f->arg[1], &y))
        return false;
    return d->op == IR_add &&
        ((f->op == IR_flags_sub && x == (int64_t)(0 - (uint64_t)y)) || (f->op == IR_flags_add && x == y));
}

/* A branch on Z of an operation whose result is at hand tests the result: it needs no operand that the
 * result's register has overwritten. */
static void use_result(Forward *f, IrInsn *i)
{
    const IrUnit *u = f->u;
    uint32_t fl = i->arg[0];
    if ((i->op != IR_exit_if_f && i->op != IR_brcond_f) || (i->cond != COND_EQ && i->cond != COND_NE))
        return;
    enum { NEAR = 3 };
    uint32_t lo = fl > NEAR ? fl - NEAR : 1, hi = fl + NEAR < f->n ? fl + NEAR : f->n - 1;
    for (uint32_t k = lo; k <= hi; k++)
        if (opt_same_operation(u, &u->insn[k], &u->insn[fl])) {
            i->op = i->op == IR_exit_if_f ? IR_exit_if : IR_brcond;
            i->type = u->insn[k].type;
            i->cond = i->cond == COND_EQ ? COND_TSTZ : COND_TSTNZ;
            i->arg[0] = i->arg[1] = k;
            i->nargs = 2;
            return;
        }
}

/* Conditional branch or exit. True: it goes. */
static bool settle(Forward *f, IrInsn *i)
{
    if ((i->op == IR_exit_if_f || i->op == IR_exit_if) && i->aux)
        return false;                               /* it puts something, too */
    use_result(f, i);
    while (ir_fold(f->u, i))
        ;
    int yes = ir_cond_known(f->u, i);
    if (yes > 0) {
        i->op = i->op == IR_brcond || i->op == IR_brcond_f ? IR_br : IR_jump;
        i->type = i->cond = i->nargs = 0;
        memset(i->arg, 0, sizeof i->arg);
    }
    return yes == 0;
}

/* A jump to a plain constant stays indirect: unlike an address, it would not move with the program. */
static void settle_indirect(Forward *f, IrInsn *i)
{
    gaddr pc;
    if (!ir_is_addr(f->u, i->arg[0], &pc))
        return;
    i->op = i->op == IR_jump_ind ? IR_jump : IR_calljump;
    i->imm = (int64_t)pc;
    i->arg[0] = i->nargs = 0;
}

/* sext32, zext32, trunc32 of the same value again: translators extend at every use. The last one of a value is noted in
 * extension[] of the value. */
static void reuse_extension(Forward *f, IrInsn *i)
{
    while (i->nargs && i->op != IR_mov && ir_fold(f->u, i))
        ;
    if (!i->nargs || i->op == IR_mov)
        return;
    IrVal *last = &f->extension[i->arg[0]];
    if (*last && f->u->insn[*last].op == i->op)
        *i = (IrInsn){ .op = IR_mov, .type = i->type, .nargs = 1, .arg = { *last } };
    else
        *last = (IrVal)f->n;
}

static bool extends_word(const IrInsn *d) { return d->op == IR_sext32 || d->op == IR_zext32; }

/* How RV64 rotates a word: both halves extended (the right one has no sign), then put together. Becomes the rotation of
 * the word, extended as the left one: two instructions, at i and behind it, so something before must have gone. False:
 * no rotation. */
static bool rotate_word(Forward *f, IrInsn *i)
{
    const IrUnit *u = f->u;
    const IrInsn *p = &u->insn[i->arg[0]], *q = &u->insn[i->arg[1]];
    IrVal x, right;
    if ((i->op != IR_or && i->op != IR_xor) || !extends_word(p) || !extends_word(q) ||
        !ir_is_rotation(u, p->arg[0], q->arg[0], &x, &right))
        return false;
    uint16_t op = u->insn[p->arg[0]].op == IR_shl ? p->op : q->op;
    i[1] = (IrInsn){ .op = op, .type = IR_I64, .nargs = 1, .arg = { f->n } };
    i[0] = (IrInsn){ .op = IR_rotr, .type = IR_I32, .nargs = 2, .arg = { x, right } };
    return true;
}

/* One instruction, already at its new place. True: it is not needed there. */
static bool step(Forward *f, IrInsn *i)
{
    switch (i->op) {
    case IR_insn: case IR_const: case IR_addr: return false;
    case IR_get:
        if (i->aux < OPT_MAX_REGS)
            read_slot(f, i, &f->reg[i->aux], f->reg_gen);
        return false;
    case IR_put:
        f->homes[i->arg[0]] = 1;
        return i->aux < OPT_MAX_REGS && write_register(f, i);
    case IR_local_get: read_slot(f, i, &f->local[i->aux & 15], f->local_gen); return false;
    case IR_local_put: return write_slot(i, &f->local[i->aux & 15], f->local_gen);
    case IR_call: forget_call(f, i); return false;
    case IR_host_insn: f->reg_gen++; return false;
    case IR_brcond: case IR_brcond_f: case IR_exit_if: case IR_exit_if_f: return settle(f, i);
    case IR_trunc32: case IR_sext32: case IR_zext32: reuse_extension(f, i); return false;
    case IR_jump_ind: case IR_calljump_ind: settle_indirect(f, i); return false;
    default:
        while (ir_fold(f->u, i) && i->nargs && i->op != IR_mov)
            ;
        return false;
    }
}

void opt_forward(IrUnit *u)
{
    IrVal map[u->n], extension[u->n];
    uint8_t homes[u->n];
    int nregs = u->guest->nregs < OPT_MAX_REGS ? u->guest->nregs : OPT_MAX_REGS;
    Forward f;
    f.u = u;
    f.n = 1;
    f.reg_gen = f.local_gen = 1;
    f.extension = memset(extension, 0, sizeof extension);
    f.homes = memset(homes, 0, sizeof homes);
    u->homes = homes;
    memset(f.reg, 0, sizeof f.reg[0] * (size_t)nregs);
    memset(f.local, 0, sizeof f.local);
    bool unreachable = false;
    IrInsn *i = &u->insn[1];                /* where the next one goes */
    const IrInsn *end = u->insn + u->n;
    IrVal *to = &map[1];
    for (const IrInsn *from = i; from < end; from++, to++) {
        if (from->op == IR_label) {
            forget_all(&f);
            unreachable = false;
        }
        if (unreachable)
            continue;
        if (from != i)
            *i = *from;
        for (int k = 0; k < i->nargs; k++)
            i->arg[k] = map[i->arg[k]];
        if (from > i && rotate_word(&f, i)) {
            f.n++;
            *to = f.n++;
            i += 2;
            continue;
        }
        if (step(&f, i))
            continue;
        if (i->op == IR_mov) {
            *to = i->arg[0];
            continue;
        }
        unreachable = ir_is_terminator(i);
        *to = f.n++;
        i++;
    }
    u->n = f.n;
    u->homes = NULL;
}
