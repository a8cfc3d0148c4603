/* SPDX-License-Identifier: Apache-2.0 */
/* The register checker of debug builds. It knows nothing of ra.c's tables (where a value is, which register is free,
 * what a guest register's pin mirrors): it walks the notes of what was really done, with its own model of registers and
 * memory, and proves for every operand that what was read there is the value that the IR names, and for every place
 * where guest state can be looked at that each guest register is at home.
 *
 * A term says what a place holds: the low bits of a value that some instruction (or the block's entry) made, its root,
 * and whether zeros stand above them. IR values have terms, too: a view (mov, trunc32, zext32, vlow, vzext) has its
 * operand's root, so a claim that a register needs no instruction to become another value is checked like any other.
 * The packed form of a FLAGS value has junk among its bits; the result of flags_pack has none and may stand for it, not
 * the other way round. */
#include <glib.h>
#include "emit.h"
#include "ra.h"

typedef struct Term { uint32_t root; uint8_t bits; bool zx; } Term;     /* bits 0: nothing known */
typedef struct Cell { Term t; uint8_t part; } Cell;                     /* 4 bytes of CpuState: bits 32 * part ... of
                                                                         * t */
typedef struct Use { bool at; uint8_t cl, reg; int32_t off; IrVal v; } Use;
typedef struct Check Check;

enum { MAX_USES = 32, MAX_DEFS = 4 };

struct Check {
    const HostCode *hc;
    const TcgGuest *g;
    const IrUnit *u;
    Term *val;                          /* per IrVal */
    Term *guest;                        /* per guest register: what it is now by the IR */
    Term reg[2][16], aside[2][16];      /* now; while the steps lead away */
    uint32_t lent;                      /* pins whose guest register is in CpuState */
    Cell *cell;
    size_t ncells;
    IrVal eflags;                       /* root of the flags in EFLAGS, 0 unknown */
    uint32_t fresh;                     /* next root that no instruction makes */
    IrVal at;                           /* instruction being lowered */
    IrVal named;                        /* values up to here have terms */
    Use use[MAX_USES];
    RaStep def[MAX_DEFS];
    int nuse, ndef;
    bool clean;                         /* the result is an XMM value with zeros above */
    char *error;
};

G_GNUC_PRINTF(2, 3) static void wrong(Check *c, const char *fmt, ...)
{
    if (c->error)
        return;
    va_list ap;
    va_start(ap, fmt);
    g_autofree char *what = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    c->error = g_strdup_printf("v%u (%s): %s", c->at, ir_op_info[c->u->insn[c->at].op].name, what);
}

/* --- terms */
static uint8_t bits_of(unsigned type)
{
    static const uint8_t bits[IR_NTYPES] = { [IR_I32] = 32,
        [IR_I64] = 64,
        [IR_I128] = 128,
        [IR_F32] = 32,
        [IR_F64] = 64,
        [IR_V64] = 64,
        [IR_V128] = 128,
        [IR_FLAGS] = 32 };
    return bits[type];
}

static bool stands_for(const Check *c, uint32_t have, uint32_t want)
{
    const IrInsn *in = have < c->u->n ? &c->u->insn[have] : NULL;
    return have == want || (in && in->op == IR_flags_pack && c->val[in->arg[0]].root == want);
}

static bool holds(const Check *c, Term have, Term want)
{
    return have.bits && stands_for(c, have.root, want.root) && have.bits >= want.bits &&
        (!want.zx || (have.zx && have.bits == want.bits));
}

static Term narrow(Term t, uint8_t bits)
{
    if (t.bits > bits)
        t = (Term){ t.root, bits, false };
    return t;
}

/* What an I32 pin must hold is zero-extended: `get` hands it out as it is. */
static Term home_term(const Check *c, int g, Term t)
{
    t = narrow(t, bits_of(c->g->regs[g].type));
    if (c->g->regs[g].type == IR_I32)
        t.zx = c->hc->pin[g] >= 0;
    return t;
}

/* --- places */
static Term cells_load(const Check *c, int32_t off, uint8_t bits)
{
    size_t k = (size_t)off / 4, n = 0;
    if (k + bits / 32 > c->ncells || off % 4)
        return (Term){ 0 };
    Term t = c->cell[k].t;
    while (n < bits / 32u && c->cell[k + n].part == n && c->cell[k + n].t.root == t.root &&
        c->cell[k + n].t.bits == t.bits)
        n++;
    bool whole = n == bits / 32u;
    t = narrow(t, (uint8_t)(32 * n));
    if (!whole || bits == 32)
        t.zx = false;
    return t;
}

static void cells_store(Check *c, int32_t off, uint8_t bits, Term t)
{
    for (size_t k = 0; k < bits / 32u && (size_t)off / 4 + k < c->ncells; k++)
        c->cell[(size_t)off / 4 + k] = (Cell){ t, (uint8_t)k };
}

/* The pin that holds guest register g now, or null. */
static Term *pin_of(Check *c, int g)
{
    int cl = c->hc->cls[g], r = c->hc->pin[g];
    return r < 0 || (c->lent >> (cl * 16 + r) & 1) ? NULL : &c->reg[cl][r];
}

static Term at_home(Check *c, int g)
{
    const RegDesc *d = &c->g->regs[g];
    const Term *pin = pin_of(c, g);
    return pin ? *pin : cells_load(c, (int32_t)d->offset, bits_of(d->type));
}

static void set_home(Check *c, int g, Term t)
{
    const RegDesc *d = &c->g->regs[g];
    Term *pin = pin_of(c, g);
    c->guest[g] = t;
    if (pin)
        *pin = t;
    else
        cells_store(c, (int32_t)d->offset, bits_of(d->type), t);
}

static void new_in_home(Check *c, int g)
{
    set_home(c, g, home_term(c, g, (Term){ c->fresh++, bits_of(c->g->regs[g].type), false }));
}

static void check_home(Check *c, int g)
{
    Term have = at_home(c, g), want = c->guest[g];
    /* a slot ends where its register does */
    want.zx = want.zx && (pin_of(c, g) || want.bits < bits_of(c->g->regs[g].type));
    if (!holds(c, have, want))
        wrong(c, "guest register %s is not at home: %u bits of v%u there, v%u wanted", c->g->regs[g].name, have.bits,
            have.root, want.root);
}

static void check_homes(Check *c)
{
    for (int g = 0; g < c->g->nregs; g++)
        check_home(c, g);
}

/* --- what the IR says */
static Term new_term(const IrInsn *in, IrVal i)
{
    return (Term){ i, bits_of(ir_result_type(in)), false };
}

static Term term_of(const Check *c, IrVal i)
{
    const IrInsn *in = &c->u->insn[i];
    Term a = in->nargs ? c->val[in->arg[0]] : (Term){ 0 };
    switch (in->op) {
    case IR_mov: return a;
    case IR_trunc32: return narrow(a, 32).bits == 32 ? (Term){ a.root, 32, false } : new_term(in, i);
    case IR_zext32: return (Term){ a.root, 32, true };
    case IR_vlow:
        a = narrow(a, bits_of(in->type));
        a.zx = a.zx && a.bits < bits_of(in->type);
        return is_x_type(in->type) ? a : new_term(in, i);
    case IR_vzext: return is_x_type(in->type2) ? (Term){ a.root, a.bits, true } : new_term(in, i);
    case IR_get:
        if (in->aux == c->hc->flags_reg)
            return new_term(in, i);             /* without the slot's junk */
        a = c->guest[in->aux];
        a.zx = a.zx && in->type != IR_I32;
        return a;
    default: return new_term(in, i);
    }
}

static void name_values(Check *c, IrVal upto)
{
    for (; c->named < upto; c->named++)
        c->val[c->named + 1] = term_of(c, c->named + 1);
}

static bool looks_at_state(const Check *c, const IrInsn *in)
{
    if (in->op == IR_call) {
        const HelperDesc *h = &c->g->helpers[in->imm];
        return h->faults || h->reads != HELPER_NONE || h->writes != HELPER_NONE;
    }
    return (ir_op_info[in->op].bits & (OPF_FAULT | OPF_END)) || in->op == IR_exit_if || in->op == IR_exit_if_f;
}

static void block(Check *c)
{
    memset(c->reg, 0, sizeof c->reg);
    memset(c->cell, 0, c->ncells * sizeof *c->cell);
    c->eflags = 0;
    for (int g = 0; g < c->g->nregs; g++)
        new_in_home(c, g);
}

static void written_by_helper(Check *c, const HelperDesc *h)
{
    if (h->writes == HELPER_ALL)
        for (int g = 0; g < c->g->nregs; g++)
            new_in_home(c, g);
    else if (h->writes == HELPER_LIST)
        for (const uint16_t *w = h->write_list; *w != 0xffff; w++)
            new_in_home(c, *w);
}

/* --- steps */
static void check_use(Check *c, const Use *u)
{
    Term want = c->val[u->v],
         have = u->at ? cells_load(c, u->off, bits_of(ir_result_type(&c->u->insn[u->v]))) : c->reg[u->cl][u->reg];
    if (holds(c, have, want))
        return;
    g_autofree char *place =
        u->at ? g_strdup_printf("slot %d", u->off) : g_strdup_printf("%s%d", u->cl == CL_X ? "xmm" : "r", u->reg);
    wrong(c, "operand v%u is read in %s, which holds %u bits of v%u%s, not %u of v%u%s", u->v, place,
          have.bits, have.root, have.zx ? " extended" : "", want.bits, want.root, want.zx ? " extended" : "");
}

static void release(Check *c)
{
    for (int k = 0; k < c->nuse; k++)
        check_use(c, &c->use[k]);
    c->nuse = 0;
}

static void use(Check *c, Use u)
{
    check_use(c, &u);
    if (c->nuse < MAX_USES)
        c->use[c->nuse++] = u;
    else
        wrong(c, "more than %d operands", MAX_USES);
}

static bool in_use(const Check *c, const RaStep *s)
{
    for (int k = 0; k < c->nuse; k++)
        if (!c->use[k].at && c->use[k].cl == s->cl && c->use[k].reg == s->reg)
            return true;
    return false;
}

static void define(Check *c, const RaStep *s)
{
    if (s->kind == RA_DEF_EARLY && in_use(c, s))
        wrong(c, "the result overwrites an operand that is still to be read");
    if (c->ndef < MAX_DEFS)
        c->def[c->ndef++] = *s;
    else
        wrong(c, "more than %d results", MAX_DEFS);
}

/* The operands stood where they were read until now; the results appear. */
static void end_op(Check *c)
{
    const IrInsn *in = &c->u->insn[c->at];
    release(c);
    for (int k = 0; k < c->ndef; k++) {
        Term t = c->val[c->at];
        t.zx |= ir_result_type(in) == IR_I32 || c->clean;       /* results of 32 bits have zeros above */
        if (c->def[k].kind == RA_DEF_AT)
            cells_store(c, c->def[k].off, t.bits, t);
        else
            c->reg[c->def[k].cl][c->def[k].reg] = t;
    }
    c->ndef = 0;
    c->clean = false;
    if (in->op == IR_put) {
        const IrInsn *v = &c->u->insn[in->arg[0]];
        bool junk = in->aux == c->hc->flags_reg && v->op == IR_flags_pack;
        c->guest[in->aux] = home_term(c, in->aux, c->val[junk ? v->arg[0] : in->arg[0]]);
        check_home(c, in->aux);
    } else if (in->op == IR_st_env) {
        for (int32_t o = (int32_t)in->imm & ~3; o < (int32_t)in->imm + (1 << (in->mem & MEM_SIZE)); o += 4)
            if (c->hc->env_reg[o >> 2] >= 0)
                new_in_home(c, c->hc->env_reg[o >> 2]);
    }
}

static void begin_op(Check *c, IrVal i)
{
    if (c->at)
        end_op(c);
    name_values(c, i);
    c->at = i;
    const IrInsn *in = &c->u->insn[i];
    bool unreachable = ir_is_terminator(in - 1) && i > 1;
    if (looks_at_state(c, in) && !unreachable)
        check_homes(c);
    if (in->op == IR_label)
        block(c);
}

static void load_const(Check *c, const RaStep *s, Term *to)
{
    Term t = c->val[s->v];
    const IrInsn *k = &c->u->insn[t.root < c->u->n ? t.root : 0];
    bool half = t.bits == 32;
    if (k->op != IR_const)
        wrong(c, "v%u is no constant", s->v);
    else if (s->cl == CL_G &&
        (half ? (uint32_t)s->c != (uint32_t)k->imm || (s->kind == RA_CONST && s->c != (uint32_t)k->imm)
              : s->c != k->imm))
        wrong(c, "constant v%u is %lld", s->v, (long long)s->c);
    t.zx |= half;
    *to = t;
}

static void flags_read(Check *c, const RaStep *s)
{
    if (!c->eflags || c->val[s->v].root != c->eflags)
        wrong(c, "flags v%u are not in EFLAGS, which are v%u", s->v, c->eflags);
}

static void move(Check *c, const RaStep *s)
{
    Term t = c->reg[s->cl][s->from];
    if (s->cl == CL_G && s->type != IR_I64) {
        t = narrow(t, 32);
        t.zx = true;
    }
    c->reg[s->cl][s->reg] = t;
}

static void load(Check *c, const RaStep *s)
{
    Term t = cells_load(c, s->off, bits_of(s->type));
    t.zx |= s->cl == CL_G ? s->type != IR_I64 : bits_of(s->type) < 128;
    c->reg[s->cl][s->reg] = t;
}

static void lend(Check *c, uint32_t lent)
{
    uint32_t changed = c->lent ^ lent;
    c->lent = lent;
    for (; changed; changed &= changed - 1) {
        int g = c->hc->pinned[__builtin_ctz(changed) >> 4][__builtin_ctz(changed) & 15];
        if (g >= 0)
            check_home(c, g);
        else
            wrong(c, "a register that is no pin is lent");
    }
}

static void go_away(Check *c)
{
    uint32_t lent = c->lent;
    c->lent = 0;
    check_homes(c);
    c->lent = lent;
    memcpy(c->reg, c->aside, sizeof c->reg);
}

static void step(Check *c, const RaStep *s)
{
    Term t;
    switch (s->kind) {
    case RA_OP: begin_op(c, s->v); break;
    case RA_MOVE: move(c, s); break;
    case RA_LOAD: load(c, s); break;
    case RA_STORE: cells_store(c, s->off, bits_of(s->type), c->reg[s->cl][s->reg]); break;
    case RA_CONST: load_const(c, s, &c->reg[s->cl][s->reg]); break;
    case RA_STORE_CONST: load_const(c, s, &t); cells_store(c, s->off, bits_of(s->type), t); break;
    case RA_USE: use(c, (Use){ false, s->cl, s->reg, 0, s->v }); break;
    case RA_USE_AT: use(c, (Use){ true, 0, 0, s->off, s->v }); break;
    case RA_HAS: check_use(c, &(Use){ false, s->cl, s->reg, 0, s->v }); break;
    case RA_DEF: case RA_DEF_EARLY: case RA_DEF_AT: define(c, s); break;
    case RA_CLEAN: c->clean = true; break;
    case RA_SCRATCH:
        if (in_use(c, s))
            wrong(c, "the register of an operand is taken for something else");
        c->reg[s->cl][s->reg] = (Term){ 0 };
        break;
    case RA_RELEASE: release(c); break;
    case RA_CALL:
        for (int cl = 0; cl < 2; cl++)
            for (int r = 0; r < 16; r++)
                if (c->hc->pinned[cl][r] < 0 || (c->lent >> (cl * 16 + r) & 1))
                    c->reg[cl][r] = (Term){ 0 };
        c->eflags = 0;
        written_by_helper(c, &c->g->helpers[c->u->insn[c->at].imm]);
        break;
    case RA_LENT: lend(c, (uint32_t)s->c); break;
    case RA_AWAY: memcpy(c->aside, c->reg, sizeof c->reg); break;
    case RA_GONE: go_away(c); break;
    case RA_FLAGS_DEF: c->eflags = c->val[s->v].root; break;
    case RA_FLAGS_USE: flags_read(c, s); break;
    case RA_FLAGS_LOST: c->eflags = 0; break;
    case RA_PACK: flags_read(c, s); c->reg[s->cl][s->reg] = (Term){ c->val[s->v].root, 32, false }; break;
    case RA_UNPACK:
        check_use(c, &(Use){ false, s->cl, s->reg, 0, s->v });
        c->reg[s->cl][s->reg] = (Term){ 0 };
        c->eflags = c->val[s->v].root;
        break;
    }
}

char *regcheck(const HostCode *hc, const TcgGuest *g, const IrUnit *u, const RaLog *log)
{
    Check c = { .hc = hc, .g = g, .u = u, .fresh = u->n, .ncells = g->state_size / 4 };
    c.val = g_new0(Term, u->n);
    c.guest = g_new0(Term, g->nregs);
    c.cell = g_new(Cell, c.ncells);
    block(&c);
    for (uint32_t k = 0; k < log->n && !c.error; k++)
        step(&c, &log->step[k]);
    if (c.at && !c.error)
        end_op(&c);
    g_free(c.val);
    g_free(c.guest);
    g_free(c.cell);
    return c.error;
}
