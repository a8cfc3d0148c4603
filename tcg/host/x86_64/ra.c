/* SPDX-License-Identifier: Apache-2.0 */
/* Local register allocation, one forward pass: where each IR value is now, and moving it. Pinned
 * registers hold guest registers; a value read by `get` is a view of the pin until the guest
 * register is put again. Backward analysis is in analyse.c, the moves themselves in moves.c. */
#include "emit.h"
#include "lower.h"
#include "ra.h"

static const uint8_t tmp_g_order[NTMP_G] = { RCX, RDX, RAX };

static bool wide(unsigned t) { return t == IR_I64; }
static int class_of(unsigned t) { return is_x_type(t) ? CL_X : CL_G; }

/* --- spill slots */
static int slot_alloc(Em *e, IrVal owner, bool two)
{
    for (int s = 0; s < NSPILL; s += two ? 2 : 1) {
        uint32_t m = (two ? 3u : 1u) << s;
        if (e->spill_used & m)
            continue;
        e->spill_used |= m;
        e->spill_own[s] = owner;
        if (two)
            e->spill_own[s + 1] = owner;
        return hs_off(HS_SPILL + s);
    }
    e->toobig = true;
    return hs_off(HS_SPILL);
}

static void spill(Em *e, int cl, int reg)
{
    IrVal v = e->own[cl][reg];
    Val *x = &e->val[v];
    if (!x->guest) {
        x->off = slot_alloc(e, v, cl == CL_X);
        store_reg(e, cl, cl == CL_X ? IR_V128 : IR_I64, x->off, reg);
        x->spilled = true;
    }
    x->kind = V_ENV;
    x->owned = false;
    e->own[cl][reg] = 0;
}

/* --- which guest register a value mirrors: a pin, or a slot of CpuState (x->off) with a temporary's value, too */
static void unmirror(Em *e, IrVal v)
{
    Val *x = &e->val[v];
    if (!x->guest)
        return;
    IrVal *p = &e->mirror[x->guest - 1];
    while (*p && *p != v)
        p = &e->val[*p].next;
    if (*p)
        *p = x->next;
    x->guest = 0;
}

static void mirror_add(Em *e, int guest, IrVal v)
{
    Val *x = &e->val[v];
    unmirror(e, v);
    x->guest = (uint16_t)(guest + 1);
    x->next = e->mirror[guest];
    e->mirror[guest] = v;
}

/* --- registers */
/* The temporaries of a class as a list, those that are lent pins last. */
static int temps(const Em *e, int cl, uint8_t out[16])
{
    int n = cl == CL_G ? NTMP_G : NTMP_X;
    for (int i = 0; i < n; i++)
        out[i] = cl == CL_G ? tmp_g_order[i] : (uint8_t)i;
    for (uint32_t m = e->lent[cl]; m; m &= m - 1)
        out[n++] = (uint8_t)__builtin_ctz(m);
    return n;
}

static int borrow(Em *e, int cl)
{
    if (e->hc->bits[e->u->insn[e->i].op] & OPF_FAULT)
        return -1;
    uint32_t taken = e->lock[cl] | e->pending[cl] | e->borrowed[cl] | e->lent[cl] | e->hold[cl];
    for (int r = 15; r >= 0; r--) {
        int g = e->hc->pinned[cl][r];
        if (g < 0 || (taken >> r & 1))
            continue;
        const RegDesc *d = &e->guest->regs[g];
        store_reg(e, cl, d->type, (int32_t)d->offset, r);
        e->borrowed[cl] |= 1u << r;
        return r;
    }
    return -1;
}

static bool all_locked(const Em *e, int cl)
{
    uint8_t tmp[16];
    for (int n = temps(e, cl, tmp); n-- > 0; )
        if (!(e->lock[cl] >> tmp[n] & 1))
            return false;
    return true;
}

/* How soon v is wanted again, looking a little ahead. */
static uint32_t next_use(const Em *e, IrVal v)
{
    enum { AHEAD = 48 };
    uint32_t end = e->val[v].last < e->i + AHEAD ? e->val[v].last : e->i + AHEAD;
    for (uint32_t k = e->i + 1; k < end; k++) {
        const IrInsn *in = &e->u->insn[k];
        for (int a = 0; a < e->hc->nargs[in->op]; a++)
            if (e->val[in->arg[a]].rep == v)
                return k;
    }
    return e->val[v].last;
}

/* The first temporary that nothing holds, or -1. */
static int free_temp(const Em *e, int cl)
{
    uint32_t taken = e->lock[cl] | e->hold[cl];
    if (cl == CL_G) {
        for (size_t i = 0; i < sizeof tmp_g_order; i++)
            if (!(taken >> tmp_g_order[i] & 1) && !e->own[cl][tmp_g_order[i]])
                return tmp_g_order[i];
    } else {
        for (int r = 0; r < NTMP_X; r++)
            if (!(taken >> r & 1) && !e->own[cl][r])
                return r;
    }
    for (uint32_t m = e->lent[cl] & ~taken; m; m &= m - 1)
        if (!e->own[cl][__builtin_ctz(m)])
            return __builtin_ctz(m);
    return -1;
}

/* The temporary whose value is wanted last, or -1 when all are locked. */
static int spill_candidate(const Em *e, int cl)
{
    uint32_t best_use = 0;
    uint8_t tmp[16];
    int best = -1;
    for (int i = 0, n = temps(e, cl, tmp); i < n; i++) {
        int r = tmp[i];
        if ((e->lock[cl] | e->hold[cl]) >> r & 1)
            continue;
        uint32_t use = next_use(e, e->own[cl][r]);
        if (best < 0 || use > best_use) {
            best = r;
            best_use = use;
        }
    }
    return best;
}

/* None is free: a value is spilled, unless a pin can be lent. */
static int alloc_by_force(Em *e, int cl, bool scratch)
{
    int best = spill_candidate(e, cl);
    if (best < 0 || !e->val[e->own[cl][best]].guest) {
        int more = ra_lend(e, cl);
        best = more >= 0 ? more : best;
    }
    if (best < 0) {
        best = scratch ? borrow(e, cl) : -1;
        if (best < 0) {
            em_unsupported(e);
            best = cl == CL_G ? tmp_g_order[0] : 0;
        }
    } else if (e->own[cl][best]) {
        spill(e, cl, best);
    }
    return best;
}

/* A temporary, locked. */
static int alloc(Em *e, int cl, bool scratch)
{
    int r = free_temp(e, cl);
    if (r < 0)
        r = alloc_by_force(e, cl, scratch);
    e->lock[cl] |= 1u << r;
    note_reg(e, RA_SCRATCH, cl, r, 0);
    return r;
}

int ra_free_x(Em *e)
{
    int r = free_temp(e, CL_X);
    if (r >= 0) {
        e->lock[CL_X] |= 1u << r;
        note_reg(e, RA_SCRATCH, CL_X, r, 0);
    }
    return r;
}

int tmp_g(Em *e) { return alloc(e, CL_G, true); }
int tmp_x(Em *e) { return alloc(e, CL_X, true); }

static void give(Em *e, int cl, int reg, IrVal v)
{
    Val *x = &e->val[v];
    unmirror(e, v);
    e->own[cl][reg] = v;
    x->kind = cl == CL_X ? V_X : V_G;
    x->reg = (uint8_t)reg;
    x->owned = true;
    x->spilled = false;
}

/* The same for a copy of what the value's guest register, if any, still holds. */
static void give_copy(Em *e, int cl, int reg, IrVal v)
{
    int guest = e->val[v].guest;
    give(e, cl, reg, v);
    if (guest)
        mirror_add(e, guest - 1, v);
}

void ra_move_away(Em *e, int cl, int reg)
{
    IrVal v = e->own[cl][reg];
    uint8_t tmp[16];
    if (!v)
        return;
    int n = cl == CL_G ? NTMP_G : NTMP_X;
    temps(e, cl, tmp);
    for (int i = 0; i < n; i++) {
        int r = tmp[i];
        if (r != reg && !(e->lock[cl] >> r & 1) && !e->own[cl][r]) {
            move_reg(e, cl, cl == CL_G ? IR_I64 : IR_V128, r, reg);
            e->own[cl][reg] = 0;
            give_copy(e, cl, r, v);
            return;
        }
    }
    spill(e, cl, reg);
}

void take_g(Em *e, int reg)
{
    if (e->lock[CL_G] >> reg & 1) {
        em_unsupported(e);
        return;
    }
    ra_move_away(e, CL_G, reg);
    e->lock[CL_G] |= 1u << reg;
    note_reg(e, RA_SCRATCH, CL_G, reg, 0);
}

/* --- constants */
bool use_imm(Em *e, IrVal v, int64_t *c)
{
    const Val *x = rv(e, v);
    if (x->kind != V_CONST)
        return false;
    *c = e->u->insn[e->val[v].rep].imm;
    if (e->val[v].type == IR_I32)
        *c = (int32_t)*c;
    return true;
}

bool use_imm32(Em *e, IrVal v, int64_t *c)
{
    return use_imm(e, v, c) && *c == (int32_t)*c;
}

static void const_to_reg(Em *e, int cl, IrVal v, int dst)
{
    const Val *x = rv(e, v);
    int64_t c = e->u->insn[e->val[v].rep].imm;
    if (cl == CL_G && (x->type == IR_I32 || e->val[v].type == IR_I32))
        c = (uint32_t)c;
    ra_note(e, (RaStep){ .kind = RA_CONST, .cl = (uint8_t)cl, .reg = (uint8_t)dst, .v = v, .c = c });
    if (cl == CL_G) {
        mov_ri(e, dst, c);
    } else if (c == 0) {
        if (e->hc->avx)
            em_vex(e, M0F | 0x57, 0, dst, dst, opd_reg(dst), 0);
        else
            em_rr(e, M0F | 0x57, dst, dst);
    } else {
        uint64_t lo = x->type == IR_F32 ? (uint32_t)c : (uint64_t)c;
        mov_x_load(e, IR_V128, dst, pool(e, lo, x->type == IR_V128 ? lo : 0));
    }
}

/* --- operands */
static int fetch(Em *e, int cl, IrVal v)
{
    IrVal rep = e->val[v].rep;
    Val *x = &e->val[rep];
    int r;
    switch (x->kind) {
    case V_G: case V_X:
        if ((x->kind == V_X) != (cl == CL_X))
            em_unsupported(e);
        e->lock[cl] |= 1u << x->reg;
        return x->reg;
    case V_CONST:
        r = alloc(e, cl, true);
        const_to_reg(e, cl, v, r);
        return r;
    case V_ENV:
        r = alloc(e, cl, true);
        load_reg(e, cl, x->spilled ? (cl == CL_X ? IR_V128 : IR_I64) : x->type, r, x->off);
        if (!(e->borrowed[cl] >> r & 1))
            give_copy(e, cl, r, rep);
        return r;
    default:
        em_unsupported(e);
        return 0;
    }
}

static int use_reg(Em *e, int cl, IrVal v)
{
    int r = fetch(e, cl, v);
    note_reg(e, RA_USE, cl, r, v);
    return r;
}

int use_g(Em *e, IrVal v) { return use_reg(e, CL_G, v); }
int use_x(Em *e, IrVal v) { return use_reg(e, CL_X, v); }

Opd use_o(Em *e, IrVal v)
{
    const Val *x = rv(e, v);
    int cl = class_of(e->val[v].type);
    bool widened = !x->spilled &&
        (cl == CL_X ? x_bits(x->type) < x_bits(e->val[v].type) : x->type == IR_I32 && e->val[v].type == IR_I64);
    if (x->kind == V_ENV && !widened && (cl == CL_G || (x->off & 15) == 0 || e->hc->avx)) {
        ra_note(e, (RaStep){ .kind = RA_USE_AT, .off = x->off, .v = v });
        return opd_env(x->off);
    }
    if (x->kind == V_CONST && x->type == IR_V128) {
        uint64_t c = (uint64_t)e->u->insn[e->val[v].rep].imm;
        if (c)
            return pool(e, c, c);
    }
    return opd_reg(use_reg(e, cl, v));
}

bool dies(Em *e, IrVal v) { return rv(e, v)->last <= e->i; }

/* --- destinations */
static bool live_mirror(Em *e, int guest)
{
    for (IrVal m = e->mirror[guest]; m; m = e->val[m].next)
        if (e->val[m].guest == guest + 1 && e->val[m].last > e->i)
            return true;
    return false;
}

static bool hint_usable(Em *e, int cl, uint32_t avoid)
{
    int h = e->val[e->i].hint;
    return h != NOREG && !((avoid | e->pending[cl] | e->borrowed[cl] | e->hold[cl]) >> h & 1) &&
        !live_mirror(e, e->hc->pinned[cl][h]);
}

bool ra_hint_free(Em *e, int cl) { return hint_usable(e, cl, 0); }

static int def_in_hint(Em *e, int cl)
{
    Val *d = &e->val[e->i];
    e->pending[cl] |= 1u << d->hint;
    e->lock[cl] |= 1u << d->hint;
    d->kind = cl == CL_X ? V_X : V_G;
    d->reg = d->hint;
    d->owned = false;
    return d->reg;
}

int ra_def_hint_x(Em *e)
{
    int r = def_in_hint(e, CL_X);
    note_reg(e, RA_DEF, CL_X, r, e->i);
    return r;
}

/* The register of an operand that dies here and that nobody else needs, or -1. */
static int dying_tmp(Em *e, int cl, IrVal v)
{
    if (!v)
        return -1;
    Val *x = rv(e, v);
    if (x->kind != (cl == CL_X ? V_X : V_G) || !x->owned || x->last > e->i || (e->hold[cl] >> x->reg & 1))
        return -1;
    return x->reg;
}

static int place_result(Em *e, int cl, int flags)
{
    if (hint_usable(e, cl, flags & DEF_EARLY ? e->lock[cl] : 0))
        return def_in_hint(e, cl);
    const IrInsn *in = &e->u->insn[e->i];
    int r = -1;
    for (int k = 0; k < e->hc->nargs[in->op] && r < 0 && !(flags & DEF_EARLY); k++) {
        r = dying_tmp(e, cl, in->arg[k]);
        if (r >= 0 && !(e->lock[cl] >> r & 1))
            r = -1;
    }
    if (r < 0)
        r = alloc(e, cl, false);
    give(e, cl, r, e->i);
    return r;
}

static int def_reg(Em *e, int cl, int flags)
{
    int r = place_result(e, cl, flags);
    note_reg(e, flags & DEF_EARLY ? RA_DEF_EARLY : RA_DEF, cl, r, e->i);
    return r;
}

int def_g(Em *e, int flags) { return def_reg(e, CL_G, flags); }
int def_x(Em *e, int flags) { return def_reg(e, CL_X, flags); }

static void copy_to(Em *e, int cl, IrVal v, int dst)
{
    Val *x = rv(e, v);
    unsigned general = x->type == IR_I64 && e->val[v].type == IR_I64 ? IR_I64 : IR_I32;
    unsigned width = cl == CL_G ? general : x->spilled ? IR_V128 : x->type;
    if (cl == CL_X && (e->hold[cl] >> dst & 1 || (x->kind == V_X && e->hold[cl] >> x->reg & 1)))
        fp_settle(e);
    if (x->kind == V_CONST)
        const_to_reg(e, cl, v, dst);
    else if (x->kind == V_ENV)
        load_reg(e, cl, width, dst, x->off);
    else
        move_reg(e, cl, e->val[v].type, dst, x->reg);
}

static int place_copy(Em *e, int cl, IrVal a, IrVal b)
{
    Val *xa = rv(e, a), *xb = b ? rv(e, b) : NULL;
    uint8_t regkind = cl == CL_X ? V_X : V_G;
    uint32_t bbit = xb && xb->kind == regkind ? 1u << xb->reg : 0;
    bool same = xb == xa;
    e->lock[cl] |= bbit;
    if (bbit)
        note_reg(e, RA_USE, cl, xb->reg, b);
    if (xa->kind == regkind)
        e->lock[cl] |= 1u << xa->reg;
    uint32_t others = e->lock[cl] & ~(xa->kind == regkind ? 1u << xa->reg : 0);
    bool cuts = b && e->val[a].type != e->val[b].type;      /* copying a onto itself would cut b */
    if (hint_usable(e, cl, (same ? 0 : others) | (cuts ? bbit : 0))) {
        int h = e->val[e->i].hint;
        if (!same || xa->kind == regkind) {
            if (cl == CL_X || xa->kind != regkind || xa->reg != h || e->val[a].dirty)   /* not a move onto itself */
                copy_to(e, cl, a, h);
            return def_in_hint(e, cl);
        }
    }
    int r = dying_tmp(e, cl, a);
    if (r < 0 && !same && xa->kind == regkind && xa->owned && all_locked(e, cl)) {
        r = xa->reg;                    /* no temporary left: a lives on in memory */
        spill(e, cl, r);
    } else if (r < 0) {
        r = alloc(e, cl, false);
        copy_to(e, cl, a, r);
    }
    give(e, cl, r, e->i);
    return r;
}

static int def_copy(Em *e, int cl, IrVal a, IrVal b)
{
    int r = place_copy(e, cl, a, b);
    note_reg(e, RA_HAS, cl, r, a);
    note_reg(e, RA_DEF, cl, r, e->i);
    return r;
}

int def_copy_g(Em *e, IrVal a, IrVal b) { return def_copy(e, CL_G, a, b); }
int def_copy_x(Em *e, IrVal a, IrVal b) { return def_copy(e, CL_X, a, b); }

static void def_at(Em *e, int cl, int reg)
{
    if (e->borrowed[cl] >> reg & 1) {
        em_unsupported(e);
        return;
    }
    give(e, cl, reg, e->i);
    note_reg(e, RA_DEF, cl, reg, e->i);
}

void def_at_g(Em *e, int reg) { def_at(e, CL_G, reg); }
void def_at_x(Em *e, int reg) { def_at(e, CL_X, reg); }

void def_slot(Em *e, int32_t *off)
{
    Val *d = &e->val[e->i];
    d->kind = V_ENV;
    d->spilled = true;
    d->off = *off = slot_alloc(e, e->i, true);
    ra_note(e, (RaStep){ .kind = RA_DEF_AT, .off = *off, .v = e->i });
}

void view(Em *e, IrVal of)
{
    e->val[e->i].rep = e->val[of].rep;
}

/* --- guest registers */
void ra_get(Em *e, int reg)
{
    Val *x = &e->val[e->i];
    const RegDesc *d = &e->guest->regs[reg];
    if (reg == e->hc->flags_reg) {
        int r = def_g(e, 0);
        movzx16(e, r, opd_env((int32_t)d->offset));
        flags_clobber(e);
        alu_ri(e, ALU_AND, false, r, FLAGS_MASK);
        return;
    }
    int pin = e->hc->pin[reg];
    x->owned = x->spilled = false;
    if (pin >= 0) {
        x->kind = e->hc->cls[reg] == CL_X ? V_X : V_G;
        x->reg = (uint8_t)pin;
    } else {
        x->kind = V_ENV;
        x->off = (int32_t)d->offset;
    }
    mirror_add(e, reg, e->i);
}

static void detach_one(Em *e, IrVal m)
{
    Val *x = &e->val[m];
    int cl = class_of(x->type);
    int r = alloc(e, cl, false);
    copy_to(e, cl, m, r);
    give(e, cl, r, m);
    e->lock[cl] &= ~(1u << r);
}

void ra_detach(Em *e, int reg)
{
    IrVal next, m;
    for (m = e->mirror[reg]; m; m = next) {
        next = e->val[m].next;
        if (e->val[m].owned || e->val[m].last <= e->i)
            unmirror(e, m);             /* in a temporary as well, or dead */
    }
    while ((m = e->mirror[reg]))
        detach_one(e, m);
}

static void put_env(Em *e, int reg, IrVal v)
{
    const RegDesc *d = &e->guest->regs[reg];
    int cl = e->hc->cls[reg];
    int64_t c;
    if (cl == CL_G && use_imm32(e, v, &c)) {
        ra_note(e, (RaStep){ .kind = RA_STORE_CONST, .off = (int32_t)d->offset, .type = d->type, .v = v, .c = c });
        em_op(e, 0xc7 | (wide(d->type) ? RW : 0), 0, opd_env((int32_t)d->offset), 4);
        em32(e, (uint32_t)c);
        return;
    }
    Val *x = rv(e, v);
    if (x->kind == V_ENV && !x->spilled && x->off == (int32_t)d->offset)
        return;                         /* put of its own old value */
    if (x->kind == V_X && e->hold[cl] >> x->reg & 1)
        fp_settle(e);
    store_reg(e, cl, d->type, (int32_t)d->offset, use_reg(e, cl, v));
    if (x->owned && x->last > e->i && (x->type == d->type || (x->type == IR_I32 && d->type == IR_I64))) {
        mirror_add(e, reg, e->val[v].rep);      /* spilling it costs nothing now */
        x->off = (int32_t)d->offset;
    }
}

static void put_pin(Em *e, int reg, IrVal v)
{
    int cl = e->hc->cls[reg], pin = e->hc->pin[reg];
    IrVal rep = e->val[v].rep;
    Val *x = &e->val[rep];
    bool in_reg = x->kind == V_G || x->kind == V_X;
    bool dirty = e->val[v].dirty && cl == CL_G && e->guest->regs[reg].type == IR_I32;
    if (!in_reg || x->reg != pin || dirty) {
        if (dirty && in_reg)
            move_reg(e, cl, IR_I32, pin, x->reg);
        else
            copy_to(e, cl, v, pin);
    }
    e->pending[cl] &= ~(1u << pin);
    bool here = in_reg && x->reg == pin;    /* computed there (hint): whatever its type, the next put must save it */
    if (!in_reg || x->last <= e->i || ((dirty || e->val[v].type != x->type) && !here))
        return;
    if (x->owned) {
        e->own[cl][x->reg] = 0;
        x->owned = false;
        x->reg = (uint8_t)pin;
    } else if (x->guest && x->reg != pin) {
        return;                         /* still mirrors another guest register */
    }
    x->reg = (uint8_t)pin;
    mirror_add(e, reg, rep);
}

void ra_put(Em *e, int reg, IrVal v)
{
    int cl = e->hc->cls[reg];
    IrVal rep = e->val[v].rep;
    Val *x = &e->val[rep];
    bool own_old = x->guest == reg + 1;
    if (own_old && !e->val[v].dirty)
        return;                         /* unchanged */
    if (own_old)
        e->lock[cl] |= x->kind == V_ENV ? 0 : 1u << x->reg;
    ra_detach(e, reg);
    if (e->hc->pin[reg] >= 0)
        put_pin(e, reg, v);
    else
        put_env(e, reg, v);
}

/* --- flags */
void def_flags(Em *e, bool inv)
{
    e->val[e->i].kind = V_EFLAGS;
    e->eflags = e->i;
    e->inv = inv;
    note_reg(e, RA_FLAGS_DEF, CL_G, 0, e->i);
}

/* rax := the packed form of f, which is in EFLAGS */
void pack_to_rax(Em *e, IrVal f)
{
    note_reg(e, RA_PACK, CL_G, RAX, f);
    if (e->inv)
        em8(e, 0xf5);                                   /* cmc */
    em8(e, 0x9f);                                       /* lahf */
    setcc(e, CC_O, RAX);
}

static void pack_eflags(Em *e, IrVal f)
{
    Val *x = &e->val[f];
    bool free_rax = !e->own[CL_G][RAX] && !(e->lock[CL_G] >> RAX & 1);
    if (!free_rax)
        store_reg(e, CL_G, IR_I64, hs_off(HS_TMP), RAX);
    pack_to_rax(e, f);
    if (e->inv)
        em8(e, 0xf5);                                   /* EFLAGS as they were */
    x->packed = true;
    if (free_rax) {
        give(e, CL_G, RAX, f);
        return;
    }
    x->kind = V_ENV;
    x->spilled = true;
    x->off = slot_alloc(e, f, false);
    store_reg(e, CL_G, IR_I64, x->off, RAX);
    load_reg(e, CL_G, IR_I64, RAX, hs_off(HS_TMP));
}

void flags_clobber(Em *e)
{
    IrVal f = e->eflags;
    e->eflags = 0;
    if (f && f == e->fp_eflags && e->val[f].last > e->i)
        em_unsupported(e);              /* lower_flags_fcmp promised that its one user comes first */
    e->fp_eflags = 0;
    e->alu = 0;
    if (f && e->val[f].kind == V_EFLAGS && e->val[f].last > e->i)
        pack_eflags(e, f);
    note_reg(e, RA_FLAGS_LOST, CL_G, 0, 0);
}

/* Is f more than one operand of the instruction being lowered? */
static bool operand_twice(const Em *e, IrVal f)
{
    const IrInsn *in = &e->u->insn[e->i];
    int n = 0;
    for (int k = 0; k < in->nargs; k++)
        n += e->val[in->arg[k]].rep == f;
    return n > 1;
}

void need_eflags(Em *e, IrVal f)
{
    f = e->val[f].rep;
    if (e->eflags == f) {
        note_reg(e, RA_FLAGS_USE, CL_G, 0, f);
        return;
    }
    flags_clobber(e);
    Val *x = &e->val[f];
    if (x->kind == V_G && x->reg == RAX) {
        e->lock[CL_G] |= 1u << RAX;
        if (x->last > e->i || operand_twice(e, f)) {    /* keep it: the sequence below spoils al */
            x->off = slot_alloc(e, f, false);
            store_reg(e, CL_G, IR_I64, x->off, RAX);
            x->kind = V_ENV;
            x->spilled = true;
            e->own[CL_G][RAX] = 0;
        }
    } else {
        take_g(e, RAX);
        if (x->kind == V_ENV)
            load_reg(e, CL_G, IR_I32, RAX, x->off);
        else if (x->kind == V_G)
            move_reg(e, CL_G, IR_I32, RAX, x->reg);
        else
            em_unsupported(e);
    }
    note_reg(e, RA_UNPACK, CL_G, RAX, f);
    em8(e, 0x04);                       /* add al, 0x7f: OF = bit 0 */
    em8(e, 0x7f);
    em8(e, 0x9e);                       /* sahf */
    e->eflags = f;
    e->inv = false;
}

/* --- ends */
void ra_release(Em *e)
{
    note_reg(e, RA_RELEASE, 0, 0, 0);
    for (int cl = 0; cl < 2; cl++)
        e->lock[cl] = e->borrowed[cl];
}

void ra_spill_all(Em *e)
{
    flags_clobber(e);
    uint8_t tmp[16];
    for (int cl = 0; cl < 2; cl++)
        for (int n = temps(e, cl, tmp); n-- > 0; ) {
            IrVal v = e->own[cl][tmp[n]];
            if (v && e->val[v].last > e->i && v != e->i)
                spill(e, cl, tmp[n]);
        }
}

static void give_back_pins(Em *e)
{
    for (int cl = 0; cl < 2; cl++) {
        for (uint32_t m = e->borrowed[cl]; m; m &= m - 1) {
            int r = __builtin_ctz(m);
            const RegDesc *d = &e->guest->regs[e->hc->pinned[cl][r]];
            load_reg(e, cl, d->type, r, (int32_t)d->offset);
        }
        e->borrowed[cl] = 0;
    }
}

static void free_slots(Em *e)
{
    for (uint32_t m = e->spill_used; m; m &= m - 1) {
        int s = __builtin_ctz(m);
        IrVal v = e->spill_own[s];
        if (e->val[v].last <= e->i || !e->val[v].spilled)
            e->spill_used &= ~(1u << s);
    }
}

static inline void free_dead(Em *e, int cl, uint32_t regs)
{
    for (; regs; regs &= regs - 1) {
        IrVal *own = &e->own[cl][__builtin_ctz(regs)];
        if (*own && e->val[*own].last <= e->i)
            *own = 0;
    }
}

/* Runs once per IR instruction: most find next to nothing to do. */
void ra_end_op(Em *e)
{
    note_reg(e, RA_RELEASE, 0, 0, 0);
    if (e->borrowed[CL_G] | e->borrowed[CL_X])
        give_back_pins(e);
    e->lock[CL_G] = e->lock[CL_X] = 0;
    const IrVal *g = e->own[CL_G], *x = e->own[CL_X];
    _Static_assert(RAX == 0 && RCX == 1 && RDX == 2 && NTMP_G == 3 && NTMP_X == 5, "temporaries come first");
    if (g[0] | g[1] | g[2] | e->lent[CL_G])
        free_dead(e, CL_G, 7 | e->lent[CL_G]);
    if (x[0] | x[1] | x[2] | x[3] | x[4] | e->lent[CL_X])
        free_dead(e, CL_X, 31 | e->lent[CL_X]);
    if (e->spill_used)
        free_slots(e);
}

void ra_block(Em *e)
{
    memset(e->own, 0, sizeof e->own);
    e->pending[0] = e->pending[1] = 0;
    e->spill_used = 0;
    e->eflags = e->fp_eflags = 0;
    e->alu = 0;
    memset(e->mirror, 0, (size_t)e->guest->nregs * sizeof *e->mirror);
}
