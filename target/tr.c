/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over guest instructions that every guest's translate callback runs: fetching, following direct jumps,
 * ranges of code covered, and the end of the unit. The guest's part is step().
 */
#include "target/tr.h"

enum { PAGE = 4096 };

const uint8_t *tr_fetch(Tr *t, gaddr pc, size_t len)
{
    if (pc >= t->buf_pc && pc + len <= t->buf_pc + t->buf_len)
        return t->buf + (pc - t->buf_pc);
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
    if (t->n + 1 >= t->max || t->u->nrange == 8 || target == t->pc || visited(t, target) || (t->u->cold && seen(t, target))) {
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

static void go(Tr *t, TrNext next, gaddr target)
{
    if (next == TR_FOLLOW)
        tr_jump(t, target);
    else if (next == TR_END)
        tr_stop(t);
}

void tr_branch(Tr *t, IrCond c, IrVal a, IrVal b, gaddr target)
{
    TrNext next = way(t, target);
    bool turn = next == TR_FOLLOW;
    ir_exit_if(t->u, turn ? cond_invert(c) : c, a, b, turn ? behind(t) : target);
    go(t, next, target);
}

void tr_branch_f(Tr *t, IrCond c, IrVal flags, gaddr target)
{
    TrNext next = way(t, target);
    bool turn = next == TR_FOLLOW;
    ir_exit_if_f(t->u, turn ? cond_invert(c) : c, flags, turn ? behind(t) : target);
    go(t, next, target);
}

/* The step's ir_insn recorded the range; a unit that stays in one piece has a length. */
static void cover(Tr *t)
{
    if (t->u->nrange == 1)
        t->u->guest_len = t->u->range[0].len;
}

void tr_raise_at(Tr *t, int code, gaddr addr)
{
    ir_st_env(t->u, MEM_64, offsetof(CpuState, fault_addr), ir_const(t->u, IR_I64, (int64_t)addr));
    tr_raise(t, code, 0);
}

void tr_unit(IrUnit *u, const uint64_t *features, int max_insns,
             size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx, bool (*step)(Tr *t))
{
    Tr t = { .u = u, .features = features, .pc = u->pc, .fetch = fetch, .ctx = ctx, .max = max_insns,
             .wrap = u->guest->addr_bits == 32 ? 0xffffffff : ~0ull };
    while (t.n < t.max) {
        if ((t.followed && visited(&t, t.pc)) || (u->cold && t.n && seen(&t, t.pc)))
            break;
        t.next = TR_FALL;
        if (!step(&t)) {
            if (t.n)
                break;
            uint8_t some[8];
            ir_insn(u, t.pc, 0);
            tr_raise_at(&t, TCG_EXIT_NOEXEC, t.pc + fetch(ctx, t.pc, some, sizeof some));
            return;
        }
        t.n++;
        u->nguest = t.n;
        cover(&t);
        if (t.next == TR_END)
            return;
        t.followed |= t.next == TR_FOLLOW;
        t.pc = (t.next == TR_FOLLOW ? t.target : t.pc + t.len) & t.wrap;
    }
    ir_jump(u, t.pc);
}
