/* SPDX-License-Identifier: Apache-2.0 */
/* Code that has run a few times at most: a basic block is translated to IR, which the interpreter runs until it has run
 * TcgOptions.interp_runs times; then the IR is compiled as a cold unit. Runs are counted by address for all threads
 * together. Between runs the IR waits in a store of the thread's own, which starts afresh when it is full or when guest
 * code has changed: what was lost is built again if it is run again.
 */
#include <string.h>
#include <sys/mman.h>
#include "engine.h"

/* A small store stays in the caches of the host's core and takes few page faults, a large one forgets less: it grows when it
 * has been full a few times. */
enum { STORES = 16, FIRST_BYTES = 1 << 18, STORE_BYTES = 1 << 20, FEW = 4, BUCKET_BITS = 11, PAGE = 4096 };

typedef struct ColdBlock {
    struct ColdBlock *next;         /* of its bucket */
    IrUnit unit;
    IrInsn insn[];                  /* unit's */
} ColdBlock;

struct ColdStore {
    uint64_t  seq;                  /* Tcg.inval_seq when the first block came */
    size_t    used;                 /* bytes of blocks */
    unsigned  full;                 /* how often it was full */
    ColdBlock *bucket[1 << BUCKET_BITS];
    char      blocks[STORE_BYTES];
} __attribute__((aligned(PAGE)));

/* All stores are reserved at the start: nothing of ours then comes to lie where the guest has just made room. */
bool cold_init(Tcg *t)
{
    t->cold_stores = mmap(NULL, STORES * sizeof *t->cold_stores, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    atomic_store(&t->cold_free, (1u << STORES) - 1);
    return t->cold_stores != MAP_FAILED;
}

/* Threads that find none left do without: their code is compiled at once. */
void cold_thread_init(TcgThread *th)
{
    uint32_t free = atomic_load(&th->tcg->cold_free);
    while (free && !atomic_compare_exchange_weak(&th->tcg->cold_free, &free, free & (free - 1)))
        ;
    th->cold = free ? &th->tcg->cold_stores[__builtin_ctz(free)] : NULL;
}

void cold_thread_free(TcgThread *th)
{
    if (!th->cold)
        return;
    madvise(th->cold, sizeof *th->cold, MADV_DONTNEED);
    atomic_fetch_or(&th->tcg->cold_free, 1u << (th->cold - th->tcg->cold_stores));
}

static uint8_t *runs_at(Tcg *t, gaddr pc) { return &t->runs[(uint32_t)(pc >> 1 ^ pc >> 17) & ((1u << RUNS_BITS) - 1)]; }

static ColdBlock **bucket_of(ColdStore *s, gaddr pc) { return &s->bucket[(pc >> 1 ^ pc >> (BUCKET_BITS + 1)) & ((1u << BUCKET_BITS) - 1)]; }

static void start_afresh(ColdStore *s, uint64_t seq)
{
    memset(s->bucket, 0, sizeof s->bucket);
    s->used = 0;
    s->seq = seq;
}

static const IrUnit *search(ColdStore *s, gaddr pc, uint32_t flags)
{
    ColdBlock *b = *bucket_of(s, pc);
    while (b && (b->unit.pc != pc || b->unit.flags != flags))
        b = b->next;
    return b ? &b->unit : NULL;
}

const IrUnit *cold_kept(TcgThread *th, gaddr pc, uint32_t flags)
{
    ColdStore *s = th->cold;
    return s && s->seq == __atomic_load_n(&th->tcg->inval_seq, __ATOMIC_SEQ_CST) ? search(s, pc, flags) : NULL;
}

const IrUnit *cold_find(TcgThread *th, gaddr pc, uint32_t flags, uint64_t seq)
{
    ColdStore *s = th->cold;
    if (!s)
        return NULL;
    if (s->seq != seq)
        start_afresh(s, seq);
    return search(s, pc, flags);
}

static size_t limit(const ColdStore *s)
{
    size_t doublings = s->full / FEW;
    return doublings < 2 ? (size_t)FIRST_BYTES << doublings : STORE_BYTES;
}

/* Not kept: a unit that is larger than the store, or of no code (which may come, and nobody says so). */
static const IrUnit *keep(ColdStore *s, const IrUnit *ir)
{
    size_t size = sizeof(ColdBlock) + ir->n * sizeof *ir->insn;
    if (size > FIRST_BYTES || !ir->nrange || !ir->range[0].len)
        return ir;
    if (s->used + size > limit(s)) {
        start_afresh(s, s->seq);
        s->full++;
    }
    ColdBlock *b = (ColdBlock *)(void *)(s->blocks + s->used), **bucket = bucket_of(s, ir->pc);
    s->used += (size + 15) & ~(size_t)15;
    b->next = *bucket;
    b->unit = *ir;
    b->unit.insn = memcpy(b->insn, ir->insn, ir->n * sizeof *ir->insn);
    *bucket = b;
    return &b->unit;
}

static const IrUnit *build(TcgThread *th, gaddr pc, uint32_t flags)
{
    return cache_lookup(th->tcg, pc, flags) ? NULL : keep(th->cold, engine_ir(th, pc, flags, UNIT_MAX_INSNS, true));
}

const IrUnit *cold_unit(TcgThread *th, gaddr pc, uint32_t flags)
{
    Tcg *t = th->tcg;
    uint8_t *runs = runs_at(t, pc);
    unsigned before = __atomic_load_n(runs, __ATOMIC_RELAXED);
    if (before >= t->opt.interp_runs)
        return NULL;
    const IrUnit *u = cold_find(th, pc, flags, __atomic_load_n(&t->inval_seq, __ATOMIC_SEQ_CST));
    if (!u)
        u = build(th, pc, flags);
    if (u)                          /* that another thread's count may get lost does no harm */
        __atomic_store_n(runs, (uint8_t)(before + 1), __ATOMIC_RELAXED);
    return u;
}
