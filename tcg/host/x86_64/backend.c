/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler of one unit: analysis, the forward pass over the rows, cold code, side tables; and the
 * choice of pinned registers and host features at start-up. */
#include <cpuid.h>
#include <glib.h>
#include <stdlib.h>
#include "emit.h"
#include "cold.h"
#include "lower.h"
#include "ra.h"
#include "tcg/eval.h"

struct HostScratch {
    Em e;
    uint32_t cap;
    Val *val;
    IrVal *mirror;
    Cold cold[COLD_MAX];
    uint8_t side[UW_MAX * 20 + RELOC_MAX * 4];      /* the side tables, coded */
};

void em_unsupported(Em *e)
{
    if (!e->unsupported)
        e->bad_op = e->u->insn[e->i].op;
    e->unsupported = true;
}

/* --- start-up */
static void detect(HostCode *hc)
{
    unsigned a, b, c, d;
    __cpuid(1, a, b, c, d);
    bool osx = c & bit_OSXSAVE;
    unsigned lo = 0, hi;
    if (osx)
        __asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    hc->avx = (c & bit_AVX) && (lo & 6) == 6;
    hc->fma = hc->avx && (c & bit_FMA);
    hc->movbe = c & bit_MOVBE;
    hc->pclmul = c & bit_PCLMUL;
    hc->aes = c & bit_AES;
    __cpuid_count(7, 0, a, b, c, d);
    hc->bmi1 = b & bit_BMI;
    hc->bmi2 = (b & bit_BMI2) && hc->avx;
    hc->avx2 = hc->avx && (b & bit_AVX2);
    __cpuid(0x80000001, a, b, c, d);
    hc->lzcnt = (c & bit_LZCNT) && hc->bmi1;
    hc->bmi1 = hc->bmi1 && hc->avx;
}

/* The lowest pin priority above prio; 0: none. */
static int next_pin(const TcgGuest *g, int prio)
{
    int best = 256;
    for (int i = 0; i < g->nregs; i++)
        if (g->regs[i].pin > prio && g->regs[i].pin < best)
            best = g->regs[i].pin;
    return best & 255;
}

static void choose_pins(const Tcg *t, HostCode *hc)
{
    static const uint8_t order_g[] = { RBX, RSI, RDI, R14, R8, R9, R10, R11, R13, R12, R15 };
    const TcgGuest *g = t->guest;
    int n[2] = { hc->base_reg ? (int)sizeof order_g - 1 : (int)sizeof order_g, 16 - NTMP_X }, used[2] = { 0, 0 };
    memset(hc->pin, -1, (size_t)g->nregs);
    hc->flags_reg = -1;
    for (int i = 0; i < g->nregs; i++)
        if (g->regs[i].traits & REG_FLAGS && !g->regs[i].pin)
            hc->flags_reg = (int16_t)i;
    for (int i = 0; i < 16; i++)
        hc->pinned[0][i] = hc->pinned[1][i] = -1;
    for (int i = 0; i < g->nregs; i++)
        hc->cls[i] = is_x_type(g->regs[i].type) ? CL_X : CL_G;
    for (int prio = next_pin(g, 0); prio; prio = next_pin(g, prio))
        for (int i = 0; i < g->nregs; i++) {
            int cl = hc->cls[i];
            if (g->regs[i].pin != prio || used[cl] == n[cl])
                continue;
            int r = cl == CL_G ? order_g[used[cl]] : NTMP_X + used[cl];
            used[cl]++;
            hc->pin[i] = (int8_t)r;
            hc->pinned[cl][r] = (int16_t)i;
        }
}

static void map_env(const Tcg *t, HostCode *hc)
{
    static const uint8_t words[IR_NTYPES] = {
        [IR_I32] = 1, [IR_I64] = 2, [IR_F32] = 1, [IR_F64] = 2, [IR_V64] = 2, [IR_V128] = 4, [IR_V256] = 8
    };
    size_t n = t->guest->state_size / 4 + 8;
    hc->env_reg = malloc(n * sizeof *hc->env_reg);
    for (size_t i = 0; i < n; i++)
        hc->env_reg[i] = -1;
    for (int r = 0; r < t->guest->nregs; r++)
        for (unsigned w = 0; w < words[t->guest->regs[r].type]; w++)
            hc->env_reg[t->guest->regs[r].offset / 4 + w] = (int16_t)r;
}

static void gather_rows(HostCode *hc)
{
    const LowerRow *const lists[] = { lower_rows_state, lower_rows_call, lower_rows_int, lower_rows_bits,
        lower_rows_flags, lower_rows_mem, lower_rows_flow, lower_rows_fp, lower_rows_fpenv, lower_rows_vec };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const LowerRow *r = lists[i]; r && r->fn; r++)
            hc->lower[r->op] = r->fn;
    for (int op = 0; op < IR_NOPS; op++) {
        if (!hc->lower[op] && ir_is_pure((IrOp)op))
            hc->lower[op] = lower_by_eval;
        char r = ir_op_info[op].result;
        hc->fixed_type[op] = r == 'g' ? IR_FLAGS : r == 'w' ? IR_I32 : r == 'l' ? IR_I64 : 0;
        hc->bits[op] = ir_op_info[op].bits | (uint16_t)op_analysis_bits(op);
        hc->nargs[op] = op == IR_call ? 0 : (uint8_t)strlen(ir_op_info[op].args);
    }
}

bool host_init(Tcg *t)
{
    HostCode *hc = calloc(1, sizeof *hc);
    hc->pin = malloc((size_t)t->guest->nregs);
    hc->cls = malloc((size_t)t->guest->nregs);
    detect(hc);
    hc->base_reg = t->host.mem_base != 0;
    choose_pins(t, hc);
    map_env(t, hc);
    gather_rows(hc);
    t->hc = hc;
    return tramp_emit(t, hc);
}

/* --- scratch per thread */
void host_scratch_free(TcgThread *th)
{
    struct HostScratch *s = th->hs;
    if (!s)
        return;
    free(s->val);
    free(s->mirror);
    free(s->e.label);
    free(s->e.lfix);
    free(s->e.uw);
    free(s->e.reloc);
    free(s->e.pool);
    free(s->e.fix);
    free(s->e.log.step);
    free(s);
    th->hs = NULL;
}

static struct HostScratch *scratch(TcgThread *th, const IrUnit *ir)
{
    struct HostScratch *s = th->hs;
    if (!s) {
        s = th->hs = calloc(1, sizeof *s);
        Em *e = &s->e;
        s->mirror = calloc((size_t)th->tcg->guest->nregs, sizeof *s->mirror);
        e->label = calloc(1024, sizeof *e->label);
        e->lfix = malloc(4096 * sizeof *e->lfix);
        e->uw = malloc(UW_MAX * sizeof *e->uw);
        e->reloc = malloc(RELOC_MAX * sizeof *e->reloc);
        e->pool = malloc(POOL_MAX * sizeof *e->pool);
        e->fix = malloc(FIX_MAX * sizeof *e->fix);
        e->th = th;
        e->hc = th->tcg->hc;
        e->guest = th->tcg->guest;
        e->cold = s->cold;
    }
    if (ir->n > s->cap) {
        free(s->val);
        s->cap = ir->n + ir->n / 2;
        s->val = malloc(s->cap * sizeof *s->val);
    }
    s->e.val = s->val;
    s->e.mirror = s->mirror;
    return s;
}

/* --- cold code and constants */
Cold *cold_new(Em *e, void (*fn)(Em *, Cold *))
{
    if (e->ncold == COLD_MAX) {
        e->toobig = true;
        e->ncold = 0;
    }
    Cold *c = &e->cold[e->ncold++];
    c->fn = fn;
    c->nfrom = 0;
    c->back = NULL;
    c->in = &e->u->insn[e->i];
    return c;
}

void jcc_cold(Em *e, int cc, Cold *c)
{
    jcc_rel32(e, cc);
    c->from[c->nfrom++] = e->p - 4;
}

void jmp_cold(Em *e, Cold *c)
{
    em8(e, 0xe9);
    em32(e, 0);
    c->from[c->nfrom++] = e->p - 4;
}

void cold_back(Em *e, Cold *c) { c->back = e->p; }
void jmp_back(Em *e, Cold *c) { jmp_to(e, c->back); }

static void set_rel32(uint8_t *field, const uint8_t *to)
{
    int32_t d = (int32_t)(to - (field + 4));
    memcpy(field, &d, 4);
}

Opd pool(Em *e, uint64_t lo, uint64_t hi)
{
    int i = 0;
    while (i < e->npool && (e->pool[i].lo != lo || e->pool[i].hi != hi))
        i++;
    if (i == POOL_MAX) {
        e->toobig = true;
        i = 0;
    } else if (i == e->npool) {
        e->pool[e->npool].lo = lo;
        e->pool[e->npool++].hi = hi;
    }
    return (Opd){ true, 0, { REG_RIPREL, NOREG, 0, i } };
}

enum { OP_ROOM = 1024 };                /* more than any op or cold piece emits */

static bool full(Em *e)
{
    if (e->limit - e->p < OP_ROOM || e->nlfix > 4000 || e->ncold > COLD_MAX - 8 || e->nreloc > RELOC_MAX - 8)
        e->toobig = true;
    return e->toobig || e->unsupported;
}

static void emit_colds(Em *e)
{
    for (int i = 0; i < e->ncold && !full(e); i++) {
        Cold *c = &e->cold[i];
        for (int k = 0; k < c->nfrom; k++)
            set_rel32(c->from[k], e->p);
        c->fn(e, c);
    }
}

static void emit_pool(Em *e)
{
    if (!e->nfix)
        return;
    if (e->limit - e->p < 15 + 16 * e->npool) {
        e->toobig = true;
        return;
    }
    while ((uintptr_t)e->p & 15)
        em8(e, 0xcc);
    for (int i = 0; i < e->nfix; i++) {
        int32_t d = (int32_t)(e->p + 16 * e->fix[i].pool - (e->fix[i].at + 4 + e->fix[i].tail));
        memcpy(e->fix[i].at, &d, 4);
    }
    for (int i = 0; i < e->npool; i++) {
        em64(e, e->pool[i].lo);
        em64(e, e->pool[i].hi);
    }
}

/* --- the forward pass */
static void forward(Em *e)
{
    const IrUnit *u = e->u;
    for (uint32_t i = 1; i < u->n && !full(e); i++) {
        const IrInsn *in = &u->insn[i];
        const Val *x = &e->val[i];
        if (e->nwait && !fp_may_pass(e, in)) {
            fp_settle(e);
            ra_end_op(e);
        }
        e->i = i;
        ra_note(e, (RaStep){ .kind = RA_OP, .v = i });
        if ((!x->uses && !(e->hc->bits[in->op] & (OPF_SIDE | OPF_FP | OPF_FAULT))) || x->kind == V_DEFER)
            continue;
        Lower *fn = e->hc->lower[in->op];
        if (!fn) {
            em_unsupported(e);
            return;
        }
        if (e->exact)
            fn = fp_exact(e, in, fn);
        if (e->flush && fn != lower_by_eval)
            fp_flush_before(e, in);
        fn(e, in);
        if (e->flush)
            fp_flush_after(e, in);
        if (in->nargs | e->lock[CL_G] | e->lock[CL_X] | e->borrowed[CL_G] | e->borrowed[CL_X])
            ra_end_op(e);               /* else nothing was taken, and nothing dies */
    }
}

static void bind_labels(Em *e)
{
    for (int i = 0; i < e->nlfix; i++)
        set_rel32(e->lfix[i].at, e->label[e->lfix[i].label]);
}

static void count_entry(Em *e)
{
    if (e->left)
        emit_count(e, e->left);
    if (e->exact)
        fp_exact_entry(e);
}

static void check_registers(Em *e)
{
    g_autofree char *wrong = regcheck(e->hc, e->guest, e->u, &e->log);
    if (wrong)
        g_error("registers of unit 0x%llx: %s", (unsigned long long)e->u->pc, wrong);
}

/* The stages of a unit's compilation. */
static const struct { const char *name; void (*run)(Em *e); bool debug; } stages[] = {
    { "analysis", ra_analyse },         /* backward: last uses, views, hints */
    { "entry", count_entry },
    { "code", forward },                /* allocation and emission in one */
    { "regcheck", check_registers, true },
    { "cold code", emit_colds },
    { "constants", emit_pool },
    { "labels", bind_labels },
};

static int run_stages(Em *e)
{
    for (size_t k = 0; k < sizeof stages / sizeof *stages; k++) {
        if (stages[k].debug && !DEBUG_BUILD)
            continue;
        stages[k].run(e);
        if (e->unsupported)
            return HOST_NO;
        if (e->toobig)
            return HOST_TOOBIG;
    }
    return HOST_OK;
}

static bool side_tables(struct HostScratch *s, TcgThread *th, Unit *u)
{
    Em *e = &s->e;
    u->unwind_len = (uint32_t)unwind_encode(s->side, e->uw, e->nuw, u->pc);
    u->reloc_len = (uint32_t)reloc_encode(s->side + u->unwind_len, e->reloc, e->nreloc);
    uint8_t *copy = cache_alloc(th, u->unwind_len + u->reloc_len);
    u->unwind = copy;
    return copy && memcpy(copy, s->side, u->unwind_len + u->reloc_len);
}

int host_compile(TcgThread *th, const IrUnit *ir, Unit *u)
{
    if (!th->chunk || th->chunk_end - th->chunk < UNIT_MAX_CODE)
        return HOST_FULL;
    struct HostScratch *s = scratch(th, ir);
    Em *e = &s->e;
    e->p = e->start = u->left ? th->chunk : (uint8_t *)(((uintptr_t)th->chunk + 63) & ~(uintptr_t)63);
    e->limit = th->chunk + UNIT_MAX_CODE;
    e->u = ir;
    e->unsupported = e->toobig = e->alone = false;
    e->ncold = e->npool = e->nfix = e->nlfix = e->nuw = e->nreloc = 0;
    e->lock[0] = e->lock[1] = e->borrowed[0] = e->borrowed[1] = e->lent[0] = e->lent[1] = e->hold[0] = e->hold[1] = 0;
    e->nwait = 0;
    e->flush = ir->flags & e->guest->flush_mode;
    e->exact = e->flush && !(ir->flags & e->guest->flush_inexact);
    e->flush_acc = NOREG;
    e->pc = ir->pc;
    if (ir->nlabels > 1000 || ir->nguest > UNIT_MAX_INSNS * 4)
        return HOST_TOOBIG;
    e->log.n = 0;
    ra_block(e);
    e->left = u->left;
    int rc = run_stages(e);
    if (rc != HOST_OK)
        return rc;
    u->code = e->start;
    u->code_len = (uint32_t)(e->p - e->start);
    u->alone = e->alone;
    if (!side_tables(s, th, u))
        return HOST_NO;
    th->chunk = (uint8_t *)(((uintptr_t)e->p + 15) & ~(uintptr_t)15);
    return HOST_OK;
}
