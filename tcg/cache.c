/* SPDX-License-Identifier: Apache-2.0 */
/* The shared cache of units: lookup, publication, the index of guest pages, dropping and flushing.
 * Readers take no lock. Neighbours: engine.c fills it, link.c ties units together. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "engine.h"

bool cache_init(Tcg *t)
{
    size_t nchunk = t->opt.cache_bytes >> CHUNK_BITS;
    t->code_size = nchunk << CHUNK_BITS;
    t->hash = mmap(
        NULL, sizeof *t->hash << HASH_BITS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    t->pages = mmap(NULL, sizeof *t->pages * PAGE_BUCKETS, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    t->chunk_units = calloc(nchunk, sizeof *t->chunk_units);
    t->page_lo = ~(gaddr)0;
    if (t->hash == MAP_FAILED || t->pages == MAP_FAILED || !t->chunk_units)
        return false;
    if (!t->opt.interp) {
        t->code = mmap(NULL, t->code_size + COUNT_MAX * sizeof *t->count, PROT_READ | PROT_WRITE | PROT_EXEC,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (t->code == MAP_FAILED)
            return false;
    }
    t->code_start = t->code;
    t->count = (int32_t *)(void *)(t->code + t->code_size);
    return true;
}

/* --- memory that lives until the flush */
enum { ARENA_LIMIT = 256 << 20 };       /* metadata (and interpreted IR) before a flush */

/* Under lock. Memory from start on that nobody uses yet: for the next thread. */
static void give(Spare **list, void *start, void *end)
{
    Spare *s = (Spare *)(((uintptr_t)start + 15) & ~(uintptr_t)15);
    *s = (Spare){ *list, end };
    __atomic_store_n(list, s, __ATOMIC_RELEASE);
}

/* Under lock: all between the result and *end is the caller's; NULL: there is none. */
static void *take(Spare **list, void *end)
{
    Spare *s = *list;
    if (s) {
        *(void **)end = s->end;
        *list = s->next;
    }
    return s;
}

static void give_chunk(TcgThread *th)
{
    if (th->chunk_end - th->chunk >= UNIT_MAX_CODE + 16)
        give(&th->tcg->spare_code, th->chunk, th->chunk_end);
    th->chunk = th->chunk_end = NULL;
}

static void give_arena(TcgThread *th)
{
    if (th->arena_end - th->arena >= ARENA_BLOCK / 8)
        give(&th->tcg->spare_arena, th->arena, th->arena_end);
    th->arena = th->arena_end = th->arena_base = NULL;
}

void cache_thread_free(TcgThread *th)
{
    if (th->gen != atomic_load(&th->tcg->gen))      /* flushed since: not its own any more */
        return;
    give_chunk(th);
    give_arena(th);
}

void cache_share_memory(TcgThread *th)
{
    if (th->tcg->nthreads <= MANY_THREADS)
        return;
    give_chunk(th);
    give_arena(th);
}

static char *block_start(ArenaBlock *b) { return (char *)(((uintptr_t)b->data + 15) & ~(uintptr_t)15); }

static char *block_new(Tcg *t, size_t size)
{
    if (__atomic_add_fetch(&t->arena_bytes, size, __ATOMIC_RELAXED) > ARENA_LIMIT)
        return NULL;
    ArenaBlock *b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED)
        return NULL;
    b->size = size;
    engine_lock(t);
    b->next = t->arenas;
    __atomic_store_n(&t->arenas, b, __ATOMIC_RELEASE);
    engine_unlock(t);
    return block_start(b);
}

static bool arena_refill(TcgThread *th)
{
    Tcg *t = th->tcg;
    engine_lock(t);
    th->arena = take(&t->spare_arena, &th->arena_end);
    engine_unlock(t);
    if (th->arena) {
        memset(th->arena, 0, sizeof(Spare));
    } else if ((th->arena = block_new(t, ARENA_BLOCK))) {
        th->arena_end = (char *)((uintptr_t)th->arena & ~(uintptr_t)4095) + ARENA_BLOCK;
    } else {
        th->arena_end = NULL;
    }
    th->arena_base = th->arena;
    return th->arena;
}

void *cache_alloc(TcgThread *th, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (size > ARENA_BLOCK / 8)
        return block_new(th->tcg, size + 64);
    while ((size_t)(th->arena_end - th->arena) < size)
        if (!arena_refill(th))
            return NULL;
    void *p = th->arena;
    th->arena += size;
    return p;
}

bool cache_chunk(TcgThread *th)
{
    Tcg *t = th->tcg;
    enum { CHUNK = 1 << CHUNK_BITS };
    engine_lock(t);
    give_chunk(th);
    th->chunk = take(&t->spare_code, &th->chunk_end);
    size_t at = atomic_load(&t->code_next);
    if (!th->chunk && at + CHUNK <= t->code_size) {
        atomic_store(&t->code_next, at + CHUNK);
        th->chunk = t->code + at;
        th->chunk_end = th->chunk + CHUNK;
    }
    engine_unlock(t);
    return th->chunk;
}

CacheMark cache_mark(const TcgThread *th) { return (CacheMark){ th->arena, th->arena_end }; }

void cache_rewind(TcgThread *th, CacheMark m)
{
    char *to = m.end == th->arena_end ? m.at : th->arena_base;
    if (to)
        memset(to, 0, (size_t)(th->arena - to));
    th->arena = to;
    if (!th->tcg->code)
        th->counter = NULL;             /* was there, too */
}

static int32_t *counter_new(TcgThread *th)
{
    Tcg *t = th->tcg;
    if (!t->code)
        return cache_alloc(th, sizeof *t->count);
    if (atomic_load_explicit(&t->ncount, memory_order_relaxed) >= COUNT_MAX)
        return NULL;
    uint32_t i = atomic_fetch_add(&t->ncount, 1);
    return i < COUNT_MAX ? &t->count[i] : NULL;
}

int32_t *cache_counter(TcgThread *th, int32_t n)
{
    if (!th->counter)
        th->counter = counter_new(th);
    if (th->counter)
        __atomic_store_n(th->counter, n, __ATOMIC_RELAXED);
    return th->counter;
}

/* --- the last invalidations */
/* Under lock, before what it is of is dropped. */
static void note_change(Tcg *t, gaddr start, gaddr last)
{
    InvalRange *r = &t->inval[(t->inval_seq + 1) % INVAL_KEPT];
    atomic_store_explicit(&r->start, start, memory_order_release);
    atomic_store_explicit(&r->last, last, memory_order_release);
    __atomic_fetch_add(&t->inval_seq, 1, __ATOMIC_SEQ_CST);
}

bool cache_changed(const Tcg *t, uint64_t seq, uint64_t *now,
    bool (*concerns)(const void *what, gaddr start, gaddr last), const void *what)
{
    *now = __atomic_load_n(&t->inval_seq, __ATOMIC_SEQ_CST);
    if (*now - seq >= INVAL_KEPT)
        return true;
    for (uint64_t n = seq + 1; n <= *now; n++) {
        const InvalRange *r = &t->inval[n % INVAL_KEPT];
        gaddr start = atomic_load_explicit(&r->start, memory_order_acquire);
        if (concerns(what, start, atomic_load_explicit(&r->last, memory_order_acquire)))
            return true;
    }
    return __atomic_load_n(&t->inval_seq, __ATOMIC_SEQ_CST) - seq >= INVAL_KEPT;    /* overwritten while it was read */
}

/* --- lookup and publication */
Unit *cache_lookup(Tcg *t, gaddr pc, uint32_t flags)
{
    uint32_t h = cache_hash(t, pc);
    if (!(atomic_load_explicit(&t->used[h >> 6], memory_order_relaxed) >> (h & 63) & 1))
        return NULL;
    Unit *u = atomic_load_explicit(&t->hash[h], memory_order_acquire);
    while (u && (u->pc != pc || u->flags != flags))
        u = atomic_load_explicit(&u->next, memory_order_acquire);
    return u;
}

static uint32_t page_bucket(gaddr page) { return (uint32_t)(page ^ page >> 13) & (PAGE_BUCKETS - 1); }

/* Under lock. */
static bool index_add(TcgThread *th, Unit *u, gaddr page)
{
    Tcg *t = th->tcg;
    PageNode *n = (PageNode *)th->arena;    /* the caller made room: no lock recursion through cache_alloc */
    th->arena += (sizeof *n + 15) & ~15u;
    PageNode **b = &t->pages[page_bucket(page)];
    *n = (PageNode){ *b, page, u };
    __atomic_store_n(b, n, __ATOMIC_RELEASE);
    if (page < t->page_lo)
        t->page_lo = page;
    if (page > t->page_hi)
        t->page_hi = page;
    return true;
}

static unsigned range_pages(const Unit *u)
{
    unsigned n = 0;
    for (unsigned i = 0; i < u->nrange; i++)
        n += (unsigned)(((u->range[i].pc + u->range[i].len - 1) >> PAGE_BITS) - (u->range[i].pc >> PAGE_BITS)) + 1;
    return n;
}

static void index_unit(TcgThread *th, Unit *u)
{
    for (unsigned i = 0; i < u->nrange; i++) {
        gaddr last = (u->range[i].pc + u->range[i].len - 1) >> PAGE_BITS;
        for (gaddr p = u->range[i].pc >> PAGE_BITS; p <= last; p++)
            index_add(th, u, p);
    }
}

static void drop_unit(Tcg *t, Unit *u);

/* Another unit for the same place and mode. Under lock. */
static Unit *find_twin(Unit *first, const Unit *u)
{
    while (first && (first->pc != u->pc || first->flags != u->flags))
        first = atomic_load(&first->next);
    return first;
}

/* The chain finds u first; then the twin goes. Under lock. */
static void replace_twin(Tcg *t, Unit *twin, Unit *u)
{
    if (u->code)
        link_move_in(twin, u);
    drop_unit(t, twin);
}

static bool overlaps(const void *unit, gaddr start, gaddr last)
{
    const Unit *u = unit;
    for (unsigned i = 0; i < u->nrange; i++)
        if (u->range[i].pc <= last && u->range[i].pc + u->range[i].len - 1 >= start)
            return true;
    return false;
}

Unit *cache_publish(TcgThread *th, Unit *u, const Unit *was, uint64_t seq)
{
    Tcg *t = th->tcg;
    uint64_t now;
    size_t room = range_pages(u) * ((sizeof(PageNode) + 15) & ~(size_t)15);
    if ((size_t)(th->arena_end - th->arena) < room) {
        th->arena = th->arena_end;
        if (!cache_alloc(th, 16))
            return NULL;
    }
    engine_lock(t);
    if (cache_changed(t, seq, &now, overlaps, u)) {     /* perhaps while it was read */
        engine_unlock(t);
        return NULL;
    }
    uint32_t h = cache_hash(t, u->pc);
    atomic_fetch_or(&t->used[h >> 6], 1ull << (h & 63));
    _Atomic(Unit *) *head = &t->hash[h];
    Unit *first = atomic_load(head), *twin;
    do {
        twin = find_twin(first, u);
        if (twin && twin != was && (!twin->left || u->left)) {      /* another thread was quicker */
            engine_unlock(t);
            return twin;
        }
        atomic_store(&u->next, first);
    } while (!atomic_compare_exchange_weak(head, &first, u));
    if (twin)
        replace_twin(t, twin, u);
    th->counter = NULL;
    index_unit(th, u);
    if (u->code) {
        _Atomic(Unit *) *c = &t->chunk_units[((uint8_t *)u->code - t->code) >> CHUNK_BITS];
        u->older = atomic_load(c);
        atomic_store(c, u);
    }
    cache_share_memory(th);
    engine_unlock(t);
    return u;
}

Unit *cache_find_code(Tcg *t, const void *host_pc)
{
    size_t off = (size_t)((const uint8_t *)host_pc - t->code);
    if (off >= t->code_size)
        return NULL;
    Unit *u = atomic_load(&t->chunk_units[off >> CHUNK_BITS]);
    while (u &&
        ((const uint8_t *)host_pc < (uint8_t *)u->code || (const uint8_t *)host_pc >= (uint8_t *)u->code + u->code_len))
        u = u->older;
    return u;
}

/* --- per-thread table of indirect targets */
static void jtab_empty(TcgThread *th, uint32_t i) { atomic_store(&th->jtab[i].pc, jtab_none(th->tcg, i)); }

bool jtab_init(TcgThread *th)
{
    void *p = mmap(NULL, sizeof *th->jtab << JTAB_BITS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return false;
    th->jtab = p;
    jtab_empty(th, 0);
    return true;
}

void jtab_free(TcgThread *th) { munmap(th->jtab, sizeof *th->jtab << JTAB_BITS); }

void jtab_clear(TcgThread *th)
{
    for (uint32_t i = 0; i < 1u << JTAB_BITS; i++)
        jtab_empty(th, i);
}

void jtab_fill(TcgThread *th, Unit *u)
{
    uint32_t i = jtab_index(th->tcg, u->pc);
    JumpEntry *e = &th->jtab[i];
    if (atomic_load_explicit(&e->pc, memory_order_relaxed) == u->pc &&
        atomic_load_explicit(&e->code, memory_order_relaxed) == u->code)
        return;
    atomic_store_explicit(&e->pc, jtab_none(th->tcg, i), memory_order_release);
    atomic_store_explicit(&e->code, u->code, memory_order_release);
    atomic_store(&e->pc, u->pc);
    if (!atomic_load(&u->live))         /* pairs with drop_unit: one of the two sees the other */
        jtab_empty(th, i);
}

/* --- dropping. Under lock. */
static void drop_unit(Tcg *t, Unit *u)
{
    atomic_store(&u->live, 0);
    _Atomic(Unit *) *p = &t->hash[cache_hash(t, u->pc)];
    for (;;) {
        Unit *x = atomic_load(p);
        if (!x)
            break;
        if (x != u) {
            p = &x->next;
            continue;
        }
        Unit *expect = u;
        if (atomic_compare_exchange_strong(p, &expect, atomic_load(&u->next)))
            break;
        p = &t->hash[cache_hash(t, u->pc)];
    }
    link_drop_in(u);
    for (TcgThread *th = t->threads; th; th = th->next) {
        uint32_t i = jtab_index(t, u->pc);
        if (atomic_load(&th->jtab[i].pc) == u->pc)
            jtab_empty(th, i);
    }
    atomic_fetch_add(&t->n_drop, 1);
}

/* Nodes of one bucket: drop what overlaps, forget nodes of dead units. */
static int scan_bucket(Tcg *t, PageNode **p, gaddr page, gaddr start, gaddr last)
{
    int n = 0;
    while (*p) {
        Unit *u = (*p)->unit;
        bool hit = (page == ~(gaddr)0 || (*p)->page == page) && atomic_load(&u->live) && overlaps(u, start, last);
        if (hit) {
            drop_unit(t, u);
            cold_forget(t, u->pc);
            n++;
        }
        if (!atomic_load(&u->live))
            *p = (*p)->next;
        else
            p = &(*p)->next;
    }
    return n;
}

int tcg_invalidate(Tcg *t, gaddr start, gaddr end)
{
    if (start == end)
        return 0;
    gaddr last = end - 1;
    int n = 0;
    engine_lock(t);
    note_change(t, start, last);
    gaddr lo = start >> PAGE_BITS, hi = last >> PAGE_BITS;
    if (lo < t->page_lo)
        lo = t->page_lo;
    if (hi > t->page_hi)
        hi = t->page_hi;
    if (lo <= hi && hi - lo >= PAGE_BUCKETS / 2) {
        for (unsigned b = 0; b < PAGE_BUCKETS; b++)
            n += scan_bucket(t, &t->pages[b], ~(gaddr)0, start, last);
    } else {
        for (gaddr p = lo; p <= hi; p++)
            n += scan_bucket(t, &t->pages[page_bucket(p)], p, start, last);
    }
    engine_unlock(t);
    return n;
}

void tcg_share(Tcg *t)
{
    if (!atomic_load_explicit(&t->alone, memory_order_relaxed))
        return;
    engine_lock(t);
    atomic_store(&t->alone, false);
    for (size_t c = 0; c < t->code_size >> CHUNK_BITS && c <= t->code_next >> CHUNK_BITS; c++)
        for (Unit *u = atomic_load(&t->chunk_units[c]); u; u = u->older)
            if (u->alone && atomic_load(&u->live))
                drop_unit(t, u);
    engine_unlock(t);
}

/* --- entering, leaving, flushing */
/* Nobody flushes, then false; or one did who is gone: true, and his work is ours. begin: it is if nobody is at it. */
static bool flush_is_ours(Tcg *t, bool begin)
{
    uint32_t me = engine_id(t), s = 0;
    if (begin && atomic_compare_exchange_strong(&t->stop, &s, me))
        return true;
    while ((s = atomic_load(&t->stop)))
        if ((s == LOCK_DEAD || !lock_sleep(&t->stop, s, LOCK_PATIENCE)) && lock_gone(s, me)
            && atomic_compare_exchange_strong(&t->stop, &s, me))
            return true;
    return false;
}

static void release_arenas(Tcg *t)
{
    for (ArenaBlock *b; (b = t->arenas); ) {
        __atomic_store_n(&t->arenas, b->next, __ATOMIC_RELEASE);
        munmap(b, b->size);
    }
    t->arena_bytes = 0;
    t->spare_arena = NULL;
}

/* Can be done again by another when it was not finished. */
static void release_all(Tcg *t)
{
    t->spare_code = NULL;
    madvise(t->hash, sizeof *t->hash << HASH_BITS, MADV_DONTNEED);
    memset((void *)t->used, 0, sizeof t->used);
    madvise(t->pages, sizeof *t->pages * PAGE_BUCKETS, MADV_DONTNEED);
    memset(t->chunk_units, 0, (t->code_size >> CHUNK_BITS) * sizeof *t->chunk_units);
    release_arenas(t);
    if (t->code_start) {
        size_t first = ((size_t)(t->code_start - t->code) + (1u << CHUNK_BITS) - 1) & ~((size_t)(1u << CHUNK_BITS) - 1);
        atomic_store(&t->code_next, first);
        madvise(t->code + first, t->code_size - first + COUNT_MAX * sizeof *t->count, MADV_DONTNEED);
        atomic_store(&t->ncount, 0);
    }
    t->page_lo = ~(gaddr)0;
    t->page_hi = 0;
    note_change(t, 0, ~(gaddr)0);       /* IR that is kept goes, too */
    atomic_fetch_add(&t->gen, 1);
    atomic_fetch_add(&t->n_flush, 1);
}

static void kick(TcgThread *th) { atomic_fetch_or(&th->cpu->exit_request, REQ_FLUSH); }

static bool is_gone(const Tcg *t, const TcgThread *th)
{
    return t->host.thread_id && lock_gone(t->host.thread_id(th->cpu), engine_id(t));
}

/* Wait until nobody is inside; under lock, which is let go meanwhile. The kick is repeated: an embedder may clear
 * exit_request as it gets it. Who does not come for long may be dead. */
static void wait_all_out(Tcg *t)
{
    for (unsigned round = 1; ; round++) {
        uint32_t left = atomic_load(&t->left);
        bool busy = false;
        for (TcgThread *th = t->threads; th; th = th->next) {
            if (!atomic_load(&th->active))
                continue;
            if (round % LOCK_PATIENCE == 0 && is_gone(t, th)) {
                atomic_store(&th->active, 0);
                continue;
            }
            kick(th);
            busy = true;
        }
        if (!busy)
            return;
        engine_unlock(t);
        lock_sleep(&t->left, left, 1);
        engine_lock(t);
    }
}

static void flush_now(Tcg *t)
{
    engine_lock(t);
    wait_all_out(t);
    release_all(t);
    atomic_store(&t->stop, 0);          /* under lock: a doubt that comes later asks for another flush */
    engine_unlock(t);
    lock_wake(&t->stop);
}

void cache_await(Tcg *t)
{
    if (flush_is_ours(t, false))
        flush_now(t);
}

void cache_doubt(Tcg *t)
{
    uint32_t none = 0;
    atomic_compare_exchange_strong(&t->stop, &none, LOCK_DEAD);
    for (TcgThread *th = t->threads; th; th = th->next)
        kick(th);
}

static void tell_left(Tcg *t)
{
    atomic_fetch_add(&t->left, 1);
    lock_wake(&t->left);
}

void cache_enter(TcgThread *th)
{
    Tcg *t = th->tcg;
    for (;;) {
        atomic_store(&th->active, 1);
        if (!atomic_load(&t->stop))
            break;
        atomic_store(&th->active, 0);
        tell_left(t);
        cache_await(t);
    }
    if (th->gen != atomic_load(&t->gen)) {
        th->gen = atomic_load(&t->gen);
        th->chunk = th->chunk_end = NULL;
        th->arena = th->arena_end = th->arena_base = NULL;
        th->counter = NULL;
        jtab_clear(th);
        if (!t->opt.interp)
            host_thread_reset(th);
    }
}

void cache_leave(TcgThread *th)
{
    atomic_store_explicit(&th->active, 0, memory_order_release);
    if (atomic_load(&th->tcg->stop))
        tell_left(th->tcg);
}

void cache_flush(TcgThread *self, Tcg *t)
{
    if (self) {
        atomic_store(&self->active, 0);
        if (atomic_load(&t->stop))
            tell_left(t);
    }
    if (flush_is_ours(t, true))
        flush_now(t);
    if (self)
        cache_enter(self);
}

void tcg_flush(Tcg *t)
{
    cache_flush(NULL, t);
}
