/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over guest instructions that every guest's translate callback runs: fetching, following direct jumps,
 * ranges of code covered, and the end of the unit. The guest's part is step().
 */
#include "target/tr.h"

enum { PAGE = 4096 };

const uint8_t *tr_fetch_more(Tr *t, gaddr pc, size_t len)
{
    size_t want = PAGE - (pc & (PAGE - 1));             /* a fetch marks pages as code: stay in this one */
    if (want > TR_BUF)
        want = TR_BUF;
    if (want < len)
        want = len;
    t->buf_pc = pc;
    t->buf_len = t->fetch(t->ctx, pc, t->buf, want);
    return t->buf_len >= len ? t->buf : NULL;
}

/* Is pc in code that this unit covers already? */
static bool visited(const Tr *t, gaddr pc)
{
    for (uint32_t i = 0; i < t->u->nrange; i++)
        if (pc - t->u->range[i].pc < t->u->range[i].len)
            return true;
    return false;
}

static unsigned seen(const Tr *t, gaddr pc) { return t->u->seen ? t->u->seen(t->u->seen_ctx, pc) : 1; }

static gaddr behind(const Tr *t) { return (t->pc + t->len) & t->wrap; }

void tr_jump(Tr *t, gaddr target)
{
    if (t->n + 1 >= t->max || t->u->nrange == 8 || target == t->pc || visited(t, target) ||
        (t->u->cold && seen(t, target))) {
        ir_jump(t->u, target);
        tr_end(t);
        return;
    }
    t->target = target;
    t->next = TR_FOLLOW;
}

/* Where a unit goes at a conditional branch: on, to the target, or nowhere. A unit follows what runs more often. */
static TrNext way(const Tr *t, gaddr target)
{
    if (t->u->cold)
        return TR_END;
    unsigned on = seen(t, behind(t)), taken = seen(t, target);
    return taken > on ? TR_FOLLOW : on ? TR_FALL : TR_END;
}

static void start_block(Tr *t, gaddr pc)
{
    if (!t->u->cold && seen(t, pc))
        t->block = pc;
}

static void go(Tr *t, TrNext next, gaddr target)
{
    if (next == TR_FALL)
        start_block(t, behind(t));
    if (next == TR_FOLLOW)
        tr_jump(t, target);
    else if (next == TR_END)
        tr_stop(t);
}

/* --- branches over a few instructions, which a host would often mispredict: select, don't jump */
enum { SKIP_BYTES = 12, SKIP_INSNS = 3, SKIP_REGS = 2, ONE_WAY = 6 };

typedef struct Skip { IrCond c; IrVal a, b; bool flags; int n, reg[SKIP_REGS]; IrVal val[SKIP_REGS]; } Skip;

/* Of those who came, did neither nearly all nor hardly any go on behind the branch? */
static bool goes_both_ways(const Tr *t)
{
    uint64_t came = seen(t, t->block), on = seen(t, behind(t));
    return on * ONE_WAY >= came && on * ONE_WAY <= came * (ONE_WAY - 1);
}

static int *skip_slot(Skip *s, int reg)
{
    for (int k = 0; k < s->n; k++)
        if (s->reg[k] == reg)
            return &s->reg[k];
    return NULL;
}

/* A register and its value when nothing is skipped: gets and puts become plain values. False: not this instruction. */
static bool only_computes(Skip *s, IrUnit *u, IrInsn *i)
{
    const int *known = i->op == IR_get || i->op == IR_put ? skip_slot(s, i->aux) : NULL;
    switch (i->op) {
    case IR_insn: return true;
    case IR_divs: case IR_divu: case IR_rems: case IR_remu: return false;       /* slower than a wrong guess */
    case IR_get:
        if (known)
            *i = (IrInsn){ .op = IR_mov, .type = i->type, .nargs = 1, .arg = { s->val[known - s->reg] } };
        return true;
    case IR_put:
        if ((i->type != IR_I32 && i->type != IR_I64) || (!known && s->n == SKIP_REGS) || i->aux + 1 == u->flags_reg)
            return false;
        if (!known)
            s->reg[known = &s->reg[s->n], s->n++] = i->aux;
        s->val[known - s->reg] = i->arg[0];
        i->op = IR_mov;
        i->aux = 0;
        return true;
    default:
        return !(ir_op_info[i->op].bits & ~OPF_COMM) && ir_result_type(i) != IR_FLAGS;
    }
}

static bool translate_skipped(Tr *t, Skip *s, gaddr target)
{
    IrUnit *u = t->u;
    uint32_t from = u->n;
    for (int k = 0; t->pc != target; k++) {
        t->next = TR_FALL;
        if (k == SKIP_INSNS || t->n + 2 >= t->max || !t->step(t) || t->next != TR_FALL)
            return false;
        t->n++;
        t->pc = behind(t);
    }
    for (uint32_t n = from; n < u->n; n++)
        if (!only_computes(s, u, &u->insn[n]))
            return false;
    return true;
}

/* The registers that the skipped instructions change: the old contents where the branch is taken. */
static void choose(IrUnit *u, const Skip *s)
{
    for (int k = 0; k < s->n; k++) {
        IrType type = (IrType)u->guest->regs[s->reg[k]].type;
        IrVal old = ir_get(u, s->reg[k]);
        ir_put(u, s->reg[k],
            s->flags ? ir_select_f(u, type, s->c, s->a, old, s->val[k])
                     : ir_select(u, type, s->c, s->a, s->b, old, s->val[k]));
    }
}

static bool skip_by_select(Tr *t, Skip s, gaddr target)
{
    if (t->u->cold || !t->u->seen || target - behind(t) - 1 >= SKIP_BYTES || !goes_both_ways(t))
        return false;
    Tr was = *t;
    IrUnit u = *t->u;
    t->pc = behind(t);
    bool ok = translate_skipped(t, &s, target) && t->u->nrange < 8;
    if (ok) {
        choose(t->u, &s);
        memset(t->scratch, 0, sizeof t->scratch);       /* what the family knows may be of either way */
        t->target = target;
        t->next = TR_FOLLOW;
        return true;
    }
    u.insn = t->u->insn;                                /* which may have grown */
    u.cap = t->u->cap;
    *t->u = u;
    *t = was;
    return false;
}

void tr_branch(Tr *t, IrCond c, IrVal a, IrVal b, gaddr target)
{
    if (skip_by_select(t, (Skip){ .c = c, .a = a, .b = b }, target))
        return;
    TrNext next = way(t, target);
    bool turn = next == TR_FOLLOW;
    ir_exit_if(t->u, turn ? cond_invert(c) : c, a, b, turn ? behind(t) : target);
    go(t, next, target);
}

void tr_branch_f(Tr *t, IrCond c, IrVal flags, gaddr target)
{
    if (skip_by_select(t, (Skip){ .c = c, .a = flags, .flags = true }, target))
        return;
    TrNext next = way(t, target);
    bool turn = next == TR_FOLLOW;
    ir_exit_if_f(t->u, turn ? cond_invert(c) : c, flags, turn ? behind(t) : target);
    go(t, next, target);
}

void tr_raise_at(Tr *t, int code, gaddr addr)
{
    ir_st_env(t->u, MEM_64, offsetof(CpuState, fault_addr), ir_const(t->u, IR_I64, (int64_t)addr));
    tr_raise(t, code, 0);
}

/* No code at the start of the unit. */
static void no_code(Tr *t)
{
    uint8_t some[8];
    ir_insn(t->u, t->pc, 0);
    tr_raise_at(t, TCG_EXIT_NOEXEC, t->pc + t->fetch(t->ctx, t->pc, some, sizeof some));
}

/* Behind an instruction that did not end the unit: is there a reason to end it in front of the next one? */
static bool ends_here(const Tr *t)
{
    return t->n >= t->max || (t->u->cold && seen(t, t->pc)) || (t->followed && visited(t, t->pc));
}

void tr_unit(IrUnit *u, const uint64_t *features, int max_insns,
             size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx, bool (*step)(Tr *t))
{
    Tr t;
    memset(&t, 0, offsetof(Tr, buf));
    t.u = u;
    t.features = features;
    t.pc = t.block = u->pc;
    t.max = max_insns;
    t.wrap = u->guest->addr_bits == 32 ? 0xffffffff : ~0ull;
    t.fetch = fetch;
    t.ctx = ctx;
    t.step = step;
    do {
        t.next = TR_FALL;
        if (!step(&t)) {
            if (!t.n)
                no_code(&t);
            else
                ir_jump(u, t.pc);
            return;
        }
        t.n++;
        if (t.next == TR_END)
            return;
        if (t.next == TR_FOLLOW) {
            start_block(&t, t.target);
            t.followed = true;
            t.pc = t.target & t.wrap;
        } else {
            t.pc = behind(&t);
        }
    } while (!ends_here(&t));
    ir_jump(u, t.pc);
}
