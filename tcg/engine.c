/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: threads, the run loop, translation, faults and fork. What units are and how they are
 * found is in cache.c; the code that runs them is the backend's (host/<h>) or interp.c. */
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "engine.h"
#include "interp.h"

Tcg *tcg_new(const TcgGuest *g, const TcgHost *h, const TcgOptions *o)
{
    Tcg *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->guest = g;
    t->host = *h;
    t->opt = *o;
    t->alone = o->alone;
    t->nolink = o->nochain || o->on_exec;
    t->pc_shift = g->pc_shift ? g->pc_shift : 1;
    if (!t->opt.cache_bytes)
        t->opt.cache_bytes = 64 << 20;
    if (t->opt.cache_bytes < 4u << CHUNK_BITS)
        t->opt.cache_bytes = 4u << CHUNK_BITS;
    lock_init(&t->lock);
    if (!cache_init(t))
        return NULL;
    if (!t->opt.interp && !host_init(t))
        t->opt.interp = true;
    t->cold = o->cold_runs && !t->opt.interp && !t->nolink && !o->one_insn && cold_init(t);
    return t;
}

uint32_t engine_id(const Tcg *t) { return t->host.thread_id ? t->host.thread_id(NULL) : lock_thread_id(); }

void engine_lock(Tcg *t)
{
    if (!lock_take(&t->lock, engine_id(t)))
        cache_doubt(t);
}

/* IrUnit.seen of a look-ahead: nothing is known, nothing ends it. */
static unsigned never_seen(void *ctx, gaddr pc) { return 0; }

/* IrUnit.seen */
static unsigned unit_seen(void *ctx, gaddr pc)
{
    TcgThread *th = ctx;
    const Unit *u = cache_lookup(th->tcg, pc, th->ir.flags);
    if (!u)
        return 0;
    int32_t left = u->left ? __atomic_load_n(u->left, __ATOMIC_RELAXED) : -1, most = (int32_t)th->tcg->opt.cold_runs;
    return (unsigned)(most - (left < 0 || left > most ? -1 : left));        /* counted out: one more than any other */
}

void tcg_thread_init(Tcg *t, CpuState *cpu)
{
    TcgThread *th = calloc(1, sizeof *th);
    th->tcg = t;
    if (!jtab_init(th))
        g_error("no memory for a thread's table of jumps");
    th->cpu = cpu;
    ir_unit_init(&th->ir, t->guest);
    ir_unit_init(&th->ahead, t->guest);
    th->ahead.cold = true;
    th->ahead.seen = never_seen;
    th->ir.seen = t->cold ? unit_seen : NULL;
    th->ir.seen_ctx = th;
    if (t->cold)
        cold_thread_init(th);
    cpu->tcg = t;
    cpu->thread = th;
    cpu->mem_base = t->host.mem_base;
    if (!t->opt.interp)
        host_thread_init(th);
    engine_lock(t);
    th->gen = t->gen;
    th->flags = cpu->tb_flags;
    th->next = t->threads;
    __atomic_store_n(&t->threads, th, __ATOMIC_RELEASE);
    t->nthreads++;
    engine_unlock(t);
}

/* Who died translating may have died between a free and the store that tells of it: its scratch, some hundred KiB, is
 * then left where it is. */
static void thread_release(TcgThread *th)
{
    if (!th->tcg->opt.interp)
        host_thread_free(th, !th->translating);
    if (!th->translating) {
        ir_unit_free(&th->ir);
        ir_unit_free(&th->ahead);
    }
    cold_thread_free(th);
    jtab_free(th);
    free(th);
}

void tcg_thread_free(CpuState *cpu)
{
    TcgThread *th = cpu->thread;
    if (!th)
        return;
    engine_lock(th->tcg);
    TcgThread **p = &th->tcg->threads;
    while (*p && *p != th)
        p = &(*p)->next;
    if (*p) {
        *p = th->next;
        th->tcg->nthreads--;
    }
    cache_thread_free(th);
    engine_unlock(th->tcg);
    cpu->thread = NULL;
    thread_release(th);
}

void tcg_thread_gone(CpuState *cpu, uint32_t id, bool killed)
{
    TcgThread *th = cpu->thread;
    Tcg *t = th->tcg;
    bool inside = atomic_exchange(&th->active, 0), held = lock_bury(&t->lock, id);
    uint32_t flusher = id;
    bool flushing = atomic_compare_exchange_strong(&t->stop, &flusher, LOCK_DEAD);
    engine_lock(t);
    if (inside || held || flushing || killed) {
        th->gen = t->gen - 1;           /* nothing of it is for others */
        cache_doubt(t);
    }
    engine_unlock(t);
}

/* --- fork: the forking thread is outside tcg_run. */
void tcg_before_fork(Tcg *t)
{
    engine_lock(t);
    while (atomic_load(&t->stop)) {
        engine_unlock(t);
        cache_await(t);
        engine_lock(t);
    }
}

void tcg_after_fork_parent(Tcg *t)
{
    engine_unlock(t);
}

void tcg_after_fork_child(Tcg *t, CpuState *cpu)
{
    lock_init(&t->lock);
    atomic_store(&t->stop, 0);
    for (TcgThread *th = t->threads, *next; th; th = next) {
        next = th->next;
        if (th == cpu->thread || th->active)
            continue;
        cache_thread_free(th);
        thread_release(th);             /* one that was inside the C library stays, leaked */
    }
    t->threads = cpu->thread;
    t->nthreads = cpu->thread ? 1 : 0;
    if (cpu->thread)
        cpu->thread->next = NULL;
}

/* --- translation */
static UnitRange *copy_ranges(TcgThread *th, const IrUnit *ir, Unit *u)
{
    u->nrange = ir->nrange ? ir->nrange : 1;
    u->range = cache_alloc(th, u->nrange * sizeof *u->range);
    if (!u->range)
        return NULL;
    for (unsigned i = 0; i < ir->nrange; i++)
        u->range[i] = (UnitRange){ ir->range[i].pc, ir->range[i].len };
    if (!ir->nrange)
        u->range[0] = (UnitRange){ ir->pc, 4 };
    return u->range;
}

static IrUnit *copy_ir(TcgThread *th, const IrUnit *ir)
{
    IrUnit *c = cache_alloc(th, sizeof *c);
    IrInsn *insn = cache_alloc(th, ir->n * sizeof *insn);
    if (!c || !insn)
        return NULL;
    *c = *ir;
    c->insn = memcpy(insn, ir->insn, ir->n * sizeof *insn);
    c->cap = ir->n;
    return c;
}

static void log_stage(Tcg *t, const IrUnit *ir, int stage, const void *code, size_t len)
{
    if (t->opt.on_translate)
        t->opt.on_translate(t->opt.log_ctx, ir, stage, code, len);
}

/* IrUnit.code_at: what lies behind an exit has often run, cold. */
static const IrUnit *code_at(void *ctx, gaddr pc)
{
    TcgThread *th = ctx;
    const IrUnit *kept = cold_kept(th, pc, th->ir.flags);
    if (kept)
        return kept;
    ir_unit_reset(&th->ahead, pc, th->ir.flags);
    th->tcg->guest->translate(&th->ahead, LOOK_INSNS, th->tcg->host.fetch, th->tcg->host.ctx);
    return &th->ahead;
}

/* The IR of a unit of at most max guest instructions. A cold unit is counted, and not optimised. */
const IrUnit *engine_ir(TcgThread *th, gaddr pc, uint32_t flags, int max, bool cold)
{
    Tcg *t = th->tcg;
    IrUnit *ir = &th->ir;
    ir->cold = cold;
    th->memo.seq = __atomic_load_n(&t->inval_seq, __ATOMIC_SEQ_CST);
    ir_unit_reset(ir, pc, flags);
    t->guest->translate(ir, max, t->host.fetch, t->host.ctx);
    log_stage(t, ir, TCG_STAGE_OP, NULL, 0);
    ir->code_at = code_at;
    ir->code_ctx = th;
    ir->memo = &th->memo;
    ir_optimize(ir, cold ? 0 : t->opt.opt_level);
    log_stage(t, ir, TCG_STAGE_OP_OPT, NULL, 0);
    return ir;
}

/* Is the guest to see stores to this code that nobody tells us of? */
static bool doubtful(Tcg *t, const IrUnit *ir)
{
    for (unsigned i = 0; t->host.watched && i < ir->nrange; i++)
        if (!t->host.watched(t->host.ctx, ir->range[i].pc, ir->range[i].len))
            return true;
    return false;
}

/* What host_compile says of what is at u->pc, in the end: HOST_OK, HOST_NO (to be interpreted), HOST_FULL. */
static int compile(TcgThread *th, const IrUnit *kept, Unit *u, const IrUnit **ir)
{
    Tcg *t = th->tcg;
    int max = t->opt.one_insn ? 1 : UNIT_MAX_INSNS;
    bool cold = u->left;
    for (*ir = kept; ; *ir = NULL) {
        if (!*ir)
            *ir = engine_ir(th, u->pc, u->flags, max, cold);
        if (!cold && doubtful(t, *ir) && !(u->left = cache_counter(th, DOUBT_RUNS)))
            return HOST_FULL;
        u->nguest = (uint16_t)(*ir)->nguest;
        int rc = t->opt.interp ? HOST_NO : host_compile(th, *ir, u);
        if (rc == HOST_FULL && !cache_chunk(th))
            return HOST_FULL;
        if (rc == HOST_TOOBIG && max == 1)
            return HOST_NO;
        if (rc == HOST_OK || rc == HOST_NO)
            return rc;
        if (rc == HOST_TOOBIG)
            max = max > (int)(*ir)->nguest ? (int)((*ir)->nguest + 1) / 2 : max / 2;
        if (max < 1)
            max = 1;
    }
}

/* was: the unit that is counted out, or NULL. NULL: the cache is full, or what was read has changed (*retry). */
static Unit *translate_once(TcgThread *th, gaddr pc, uint32_t flags, Unit *was, bool *retry)
{
    Tcg *t = th->tcg;
    uint64_t seq = __atomic_load_n(&t->inval_seq, __ATOMIC_SEQ_CST);
    const CacheMark mark = cache_mark(th);
    Unit *u = cache_alloc(th, sizeof *u);
    if (!u)
        return NULL;
    *u = (Unit){ .pc = pc, .flags = flags, .live = 1 };
    u->left = t->cold && !was ? cache_counter(th, (int32_t)t->opt.cold_runs) : NULL;
    bool cold = u->left;
    const IrUnit *ir;
    int rc = compile(th, cold ? cold_find(th, pc, flags, seq) : NULL, u, &ir);
    if (rc == HOST_FULL)
        return NULL;
    if (rc == HOST_NO && was && was->code && !u->left) {    /* code of any kind is better than none */
        __atomic_store_n(was->left, INT32_MAX, __ATOMIC_RELAXED);
        cache_rewind(th, mark);
        return was;
    }
    if (rc == HOST_OK)
        log_stage(t, ir, TCG_STAGE_CODE, u->code, u->code_len);
    else if (!(u->ir = copy_ir(th, ir)))
        return NULL;
    if (!copy_ranges(th, ir, u))
        return NULL;
    Unit *run = cache_publish(th, u, was, seq);
    if (run != u) {
        if (u->code)
            th->chunk = u->code;
        cache_rewind(th, mark);
        *retry = !run;
        return run;
    }
    atomic_fetch_add(&t->n_units, 1);
    if (rc == HOST_NO)
        atomic_fetch_add(&t->n_interp, 1);
    return u;
}

Unit *engine_unit(TcgThread *th, gaddr pc, uint32_t flags)
{
    Tcg *t = th->tcg;
    for (;;) {
        Unit *u = cache_lookup(t, pc, flags);
        if (u && (!u->left || __atomic_load_n(u->left, __ATOMIC_RELAXED) >= 0))
            return u;
        uint8_t probe[4];
        if (!t->host.fetch(t->host.ctx, pc, probe, 1)) {
            th->cpu->exit_code = TCG_EXIT_NOEXEC;
            th->cpu->fault_addr = pc;
            return NULL;
        }
        bool retry = false;
        th->translating = true;
        u = translate_once(th, pc, flags, u, &retry);
        th->translating = false;
        if (u)
            return u;
        if (!retry)
            cache_flush(th, t);
    }
}

/* --- running */
static bool poll_is_internal(TcgThread *th)
{
    uint32_t r = atomic_fetch_and(&th->cpu->exit_request, ~(uint32_t)REQ_FLUSH);
    cache_leave(th);
    cache_enter(th);
    return !(r & ~(uint32_t)REQ_FLUSH);
}

static int interp_fault(TcgThread *th)
{
    th->in_interp = false;
    th->cpu->exit_code = TCG_EXIT_FAULT;
    th->cpu->fault_addr = th->fault_addr;
    return TCG_EXIT_FAULT;
}

/* interp_env is set. */
static int run_guarded(TcgThread *th, const IrUnit *ir)
{
    th->in_interp = true;
    int rc = interp_unit(ir, th->cpu);
    th->in_interp = false;
    return rc;
}

static int run_interp(TcgThread *th, const IrUnit *ir)
{
    return sigsetjmp(th->interp_env, 0) ? interp_fault(th) : run_guarded(th, ir);
}

static bool exit_wanted(const CpuState *cpu) { return atomic_load_explicit(&cpu->exit_request, memory_order_relaxed); }

/* Interpret code that has hardly run, as long as there is such. False: what is at cpu->pc is to be looked up. */
static bool run_cold(TcgThread *th, CpuState *cpu, int *rc)
{
    const IrUnit *ir = th->cold ? cold_unit(th, cpu->pc, cpu->tb_flags) : NULL;
    if (!ir)
        return false;
    if (sigsetjmp(th->interp_env, 0)) {
        *rc = interp_fault(th);
        return true;
    }
    do {
        *rc = run_guarded(th, ir);
    } while (!*rc && !exit_wanted(cpu) && cpu->tb_flags == th->flags && (ir = cold_unit(th, cpu->pc, cpu->tb_flags)));
    return true;
}

/* The branch that the last unit left by, waiting for its target; field NULL: none. */
typedef struct Pending { uint8_t *field, *stub; uint32_t gen; } Pending;

static int run_unit(TcgThread *th, CpuState *cpu, Unit *u, Pending *p)
{
    if (!u->code) {
        p->field = NULL;
        if (u->left)
            __atomic_fetch_sub(u->left, 1, __ATOMIC_RELAXED);
        return run_interp(th, u->ir);
    }
    if (!th->tcg->nolink) {
        if (!p->field)
            jtab_fill(th, u);
        else if (p->gen == th->gen)
            link_site(th, p->field, p->stub, u);
    }
    return host_enter(cpu, u->code, &p->field, &p->stub);
}

static void change_mode(TcgThread *th, uint32_t flags)
{
    th->flags = flags;
    jtab_clear(th);
    if (!th->tcg->opt.interp)
        host_thread_reset(th);
}

static int run_loop(TcgThread *th, CpuState *cpu)
{
    Tcg *t = th->tcg;
    Pending p = { 0 };
    for (int rc = 0, hot = 0; ; ) {
        if (cpu->tb_flags != th->flags) {
            change_mode(th, cpu->tb_flags);
            p.field = NULL;
        }
        p.gen = th->gen;
        void *code = p.field || hot || t->nolink ? NULL : jtab_find(th, cpu->pc);
        if (code) {                     /* behind a system call, mostly */
            rc = host_enter(cpu, code, &p.field, &p.stub);
        } else if (run_cold(th, cpu, &rc)) {
            p.field = NULL;
        } else {
            Unit *u = engine_unit(th, cpu->pc, cpu->tb_flags);
            if (!u)
                return (int)cpu->exit_code;
            if (t->opt.on_exec)
                t->opt.on_exec(t->opt.log_ctx, cpu, cpu->pc);
            rc = run_unit(th, cpu, u, &p);
        }
        hot = rc == ENGINE_HOT;
        if (hot)
            rc = 0;
        if (!rc && exit_wanted(cpu))
            rc = TCG_EXIT_POLL;
        if (rc == TCG_EXIT_POLL && poll_is_internal(th)) {
            p.field = NULL;
            rc = 0;
        }
        if (rc) {
            cpu->exit_code = (uint32_t)rc;
            return rc;
        }
    }
}

int tcg_run(CpuState *cpu)
{
    TcgThread *th = cpu->thread;
    cache_enter(th);
    int rc = run_loop(th, cpu);
    cache_leave(th);
    return rc;
}

void tcg_request_exit(CpuState *cpu)
{
    atomic_fetch_or(&cpu->exit_request, REQ_EMBEDDER);
}

/* --- faults (in the signal handler) */
static void interp_escape(void *thread)
{
    siglongjmp(((TcgThread *)thread)->interp_env, 1);
}

bool tcg_fault(CpuState *cpu, void *uc, void *addr)
{
    TcgThread *th = cpu->thread;
    if (!th || !th->active)
        return false;
    cpu->fault_addr = (gaddr)(uintptr_t)addr - cpu->mem_base;
    th->fault_addr = cpu->fault_addr;
    if (th->in_interp) {
        host_redirect(uc, interp_escape, th);
        return true;
    }
    bool resume = false;
    if (th->tcg->opt.interp || !host_fault(cpu, uc, addr, &resume))
        return false;
    if (!resume)
        cpu->exit_code = TCG_EXIT_FAULT;
    return true;
}

bool tcg_owns_pc(const Tcg *t, uintptr_t pc)
{
    return pc - (uintptr_t)t->code < t->code_size;
}
