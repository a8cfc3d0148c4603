/* SPDX-License-Identifier: Apache-2.0 */
/* Lent pins. When temporaries run out (ra.c), a pin whose guest register nothing in the rest of the unit mentions
 * becomes one more: its guest register is stored to its home in CpuState, and loaded back on every way out of the unit.
 * The side table says from where on, so a fault finds it there. Units with branches inside lend nothing. */
#include "emit.h"
#include "ra.h"

uint32_t ra_lent(const Em *e) { return e->lent[CL_G] | e->lent[CL_X] << 16; }

void uw_note(Em *e)
{
    e->uw[e->nuw++] = (UnwindRow){ e->pc, (uint32_t)(e->p - e->start), ra_lent(e) };
    ra_note(e, (RaStep){ .kind = RA_LENT, .c = ra_lent(e) });
}

/* Not in a short loop, where storing and loading back the same register again and again is all the time there is; not
 * when control leaves right away, nor without room for a row now, one per instruction to come, and one when the pin
 * goes back. */
static bool can_lend(const Em *e)
{
    return !e->tight && !e->u->nlabels && !(e->hc->bits[e->u->insn[e->i].op] & OPF_END) &&
        (uint32_t)e->nuw + e->u->nguest + 4 < UW_MAX;
}

/* Does a value that this op or a later one reads live in the guest register's pin? */
static bool mirrored(const Em *e, int guest)
{
    for (IrVal m = e->mirror[guest]; m; m = e->val[m].next)
        if (e->val[m].last >= e->i && !e->val[m].owned)
            return true;
    return false;
}

int ra_lend(Em *e, int cl)
{
    if (!can_lend(e))
        return -1;
    uint32_t taken = e->lock[cl] | e->pending[cl] | e->borrowed[cl] | e->lent[cl] | e->hold[cl];
    for (int r = 15; r >= 0; r--) {
        int g = e->hc->pinned[cl][r];
        if (g < 0 || (taken >> r & 1) || e->ref_last[cl][r] >= e->i || mirrored(e, g))
            continue;
        const RegDesc *d = &e->guest->regs[g];
        store_reg(e, cl, d->type, (int32_t)d->offset, r);
        e->lent[cl] |= 1u << r;
        e->own[cl][r] = 0;
        uw_note(e);
        return r;
    }
    return -1;
}

static void load_back(Em *e, uint32_t lent)
{
    for (; lent; lent &= lent - 1) {
        int r = __builtin_ctz(lent) & 15, cl = __builtin_ctz(lent) >> 4;
        const RegDesc *d = &e->guest->regs[e->hc->pinned[cl][r]];
        load_reg(e, cl, d->type, r, (int32_t)d->offset);
    }
}

void ra_load_lent(Em *e, uint32_t lent)
{
    ra_note(e, (RaStep){ .kind = RA_AWAY });
    load_back(e, lent);
    ra_note(e, (RaStep){ .kind = RA_GONE });
}

void ra_return_lent(Em *e)
{
    uint32_t lent = ra_lent(e);
    if (!lent)
        return;
    for (uint32_t m = lent; m; m &= m - 1)
        ra_move_away(e, __builtin_ctz(m) >> 4, __builtin_ctz(m) & 15);
    load_back(e, lent);
    e->lent[CL_G] = e->lent[CL_X] = 0;
    uw_note(e);
}
