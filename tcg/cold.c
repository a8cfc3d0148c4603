/* SPDX-License-Identifier: Apache-2.0 */
/* Code that has run a few times at most: a basic block is translated to IR, which the interpreter runs until it has run
 * TcgOptions.interp_runs times; then the IR is compiled as a cold unit. Runs are counted by address for all threads
 * together. Between runs the IR waits in a store of the thread's own, which starts afresh when it is full or when guest
 * code has changed: what was lost is built again if it is run again.
 */
#include <string.h>
#include <sys/mman.h>
#include "engine.h"

/* A small store stays in the caches of the host's core and takes few page faults, a large one forgets less: it grows
 * when it has been full a few times. */
enum {
    STORES = 16,
    FIRST_BYTES = 1 << 18,
    STORE_BYTES = 1 << 20,
    FEW = 4,
    BUCKET_BITS = 11,
    PAGE = 4096,
    PAGE_SET = 1024
};

typedef struct ColdBlock {
    struct ColdBlock *next;         /* of its bucket */
    IrUnit unit;
    IrInsn insn[];                  /* unit's */
} ColdBlock;

/* The blocks of a bucket: of what a store was filled with in one turn, so that to start afresh is to begin another. */
typedef struct Bucket { uint32_t turn, at; } Bucket;    /* at: offset of the first in `blocks`, + 1; 0 none */

struct ColdStore {
    uint64_t  seq;                  /* number of the last invalidation that concerns none of the blocks */
    gaddr     lo, hi;               /* their guest code lies within */
    uint64_t  pages[PAGE_SET / 64]; /* and on these pages (or others: bits of a hash) */
    size_t    used;                 /* bytes of blocks */
    unsigned  full;                 /* how often it was full */
    uint32_t  turn;                 /* how often it started afresh */
    Bucket    bucket[1 << BUCKET_BITS];
    char      blocks[STORE_BYTES];
} __attribute__((aligned(PAGE)));

/* All stores are reserved at the start: nothing of ours then comes to lie where the guest has just made room. */
bool cold_init(Tcg *t)
{
    t->cold_stores = mmap(NULL, STORES * sizeof *t->cold_stores, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
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

/* An entry is shared by many places: a count and, above it, a hash of whose it is. A place that comes upon another's
 * goes on with a count under way, so that two in turns get there, too, and starts from 0 where the other one has been
 * compiled. */
static uint16_t *runs_at(Tcg *t, gaddr pc)
{
    return &t->runs[(uint32_t)(pc >> 2 ^ pc >> 18) & ((1u << RUNS_BITS) - 1)];
}
static uint16_t runs_of(gaddr pc, unsigned n) { return (uint16_t)(pc >> 18 << 8 | n); }

void cold_forget(Tcg *t, gaddr pc)
{
    uint16_t *runs = runs_at(t, pc), v = __atomic_load_n(runs, __ATOMIC_RELAXED);
    if (v && v >> 8 == runs_of(pc, 0) >> 8)
        __atomic_store_n(runs, 0, __ATOMIC_RELAXED);
}


static Bucket *bucket_of(ColdStore *s, gaddr pc)
{
    return &s->bucket[(pc >> 2 ^ pc >> (BUCKET_BITS + 2)) & ((1u << BUCKET_BITS) - 1)];
}

static ColdBlock *first_block(ColdStore *s, const Bucket *at)
{
    return at->turn == s->turn && at->at ? (ColdBlock *)(void *)(s->blocks + at->at - 1) : NULL;
}

static void start_afresh(ColdStore *s, uint64_t seq)
{
    s->turn++;
    memset(s->pages, 0, sizeof s->pages);
    s->lo = ~(gaddr)0;
    s->hi = 0;
    s->used = 0;
    s->seq = seq;
}

static unsigned page_bit(gaddr page) { return (unsigned)(page ^ page >> 10) % PAGE_SET; }

static void note_code(ColdStore *s, gaddr start, gaddr last)
{
    if (start < s->lo)
        s->lo = start;
    if (last > s->hi)
        s->hi = last;
    for (gaddr p = start >> PAGE_BITS; p <= last >> PAGE_BITS; p++)
        s->pages[page_bit(p) / 64] |= 1ull << page_bit(p) % 64;
}

static bool may_hold(const void *store, gaddr start, gaddr last)
{
    const ColdStore *s = store;
    if (start < s->lo)
        start = s->lo;
    if (last > s->hi)
        last = s->hi;
    if (start > last || (last >> PAGE_BITS) - (start >> PAGE_BITS) >= PAGE_SET)
        return start <= last;
    for (gaddr p = start >> PAGE_BITS; p <= last >> PAGE_BITS; p++)
        if (s->pages[page_bit(p) / 64] >> page_bit(p) % 64 & 1)
            return true;
    return false;
}

static const IrUnit *search(ColdStore *s, gaddr pc, uint32_t flags)
{
    ColdBlock *b = first_block(s, bucket_of(s, pc));
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
    uint64_t now = seq;
    if (s->seq != seq && (!s->used || cache_changed(th->tcg, s->seq, &now, may_hold, s)))
        start_afresh(s, seq);
    s->seq = now;
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
    ColdBlock *b = (ColdBlock *)(void *)(s->blocks + s->used);
    Bucket *bucket = bucket_of(s, ir->pc);
    b->next = first_block(s, bucket);
    *bucket = (Bucket){ s->turn, (uint32_t)s->used + 1 };
    s->used += (size + 15) & ~(size_t)15;
    b->unit = *ir;
    b->unit.insn = memcpy(b->insn, ir->insn, ir->n * sizeof *ir->insn);
    for (uint32_t i = 0; i < ir->nrange; i++)
        note_code(s, ir->range[i].pc, ir->range[i].pc + ir->range[i].len - 1);
    return &b->unit;
}

static const IrUnit *build(TcgThread *th, gaddr pc, uint32_t flags)
{
    if (cache_lookup(th->tcg, pc, flags))
        return NULL;
    th->translating = true;
    const IrUnit *ir = keep(th->cold, engine_ir(th, pc, flags, UNIT_MAX_INSNS, true));
    th->translating = false;
    return ir;
}

/* How often code at pc has been interpreted, when the entry says that it or another has been often enough:
 * 0 or that. */
static __attribute__((noinline)) unsigned counted_out(uint16_t *runs, gaddr pc, unsigned n, unsigned enough)
{
    unsigned compiled = enough + 1;
    if (n == compiled && __atomic_load_n(runs, __ATOMIC_RELAXED) != runs_of(pc, compiled))
        return 0;
    __atomic_store_n(runs, runs_of(pc, compiled), __ATOMIC_RELAXED);
    return enough;
}

const IrUnit *cold_unit(TcgThread *th, gaddr pc, uint32_t flags)
{
    Tcg *t = th->tcg;
    uint16_t *runs = runs_at(t, pc);
    unsigned before = __atomic_load_n(runs, __ATOMIC_RELAXED) & 255, enough = t->opt.interp_runs;
    if (before >= enough && (before = counted_out(runs, pc, before, enough)))
        return NULL;
    const IrUnit *u = cold_find(th, pc, flags, __atomic_load_n(&t->inval_seq, __ATOMIC_SEQ_CST));
    if (!u)
        u = build(th, pc, flags);
    if (u)                          /* that another thread's count may get lost does no harm */
        __atomic_store_n(runs, runs_of(pc, before + 1), __ATOMIC_RELAXED);
    return u;
}
