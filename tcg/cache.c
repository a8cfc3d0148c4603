/* SPDX-License-Identifier: Apache-2.0 */
/* The shared cache of units: lookup, publication, the index of guest pages, dropping and flushing.
 * Readers take no lock. Neighbours: engine.c fills it, link.c ties units together. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "engine.h"

bool cache_init(Tcg *t)
{
    size_t nchunk = t->opt.cache_bytes >> CHUNK_BITS;
    t->code_size = nchunk << CHUNK_BITS;
    t->hash = mmap(NULL, sizeof *t->hash << HASH_BITS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    t->pages = mmap(NULL, sizeof *t->pages * PAGE_BUCKETS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    t->chunk_units = calloc(nchunk, sizeof *t->chunk_units);
    t->page_lo = ~(gaddr)0;
    if (t->hash == MAP_FAILED || t->pages == MAP_FAILED || !t->chunk_units)
        return false;
    if (!t->opt.interp) {
        t->code = mmap(NULL, t->code_size + COUNT_MAX * sizeof *t->count, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (t->code == MAP_FAILED)
            t->opt.interp = true;
    }
    t->code_start = t->code;
    t->count = (int32_t *)(void *)(t->code + t->code_size);
    return true;
}

/* --- memory that lives until the flush */
enum { ARENA_LIMIT = 256 << 20 };       /* metadata (and interpreted IR) before a flush */

void *cache_alloc(TcgThread *th, size_t size)
{
    Tcg *t = th->tcg;
    size = (size + 15) & ~(size_t)15;
    if ((size_t)(th->arena_end - th->arena) < size) {
        size_t block = size > ARENA_BLOCK / 4 ? size + 64 : ARENA_BLOCK;
        if (__atomic_add_fetch(&t->arena_bytes, block, __ATOMIC_RELAXED) > ARENA_LIMIT)
            return NULL;
        ArenaBlock *b = mmap(NULL, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (b == MAP_FAILED)
            return NULL;
        b->size = block;
        pthread_mutex_lock(&t->lock);
        b->next = t->arenas;
        t->arenas = b;
        pthread_mutex_unlock(&t->lock);
        if (block != ARENA_BLOCK)
            return (void *)(((uintptr_t)b->data + 15) & ~(uintptr_t)15);
        th->arena = (char *)(((uintptr_t)b->data + 15) & ~(uintptr_t)15);
        th->arena_end = (char *)b + block;
    }
    void *p = th->arena;
    th->arena += size;
    return p;
}

bool cache_chunk(TcgThread *th)
{
    Tcg *t = th->tcg;
    size_t at = atomic_fetch_add(&t->code_next, (size_t)1 << CHUNK_BITS);
    if (at + ((size_t)1 << CHUNK_BITS) > t->code_size)
        return false;
    th->chunk = t->code + at;
    th->chunk_end = th->chunk + ((size_t)1 << CHUNK_BITS);
    return true;
}

int32_t *cache_counter(Tcg *t)
{
    uint32_t i = atomic_load_explicit(&t->ncount, memory_order_relaxed) < COUNT_MAX ? atomic_fetch_add(&t->ncount, 1) : COUNT_MAX;
    if (i >= COUNT_MAX)
        return NULL;
    t->count[i] = (int32_t)t->opt.cold_runs;
    return &t->count[i];
}

/* --- lookup and publication */
Unit *cache_lookup(Tcg *t, gaddr pc, uint32_t flags)
{
    uint32_t h = cache_hash(pc);
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
    *b = n;
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

Unit *cache_publish(TcgThread *th, Unit *u, uint64_t seq)
{
    Tcg *t = th->tcg;
    size_t room = range_pages(u) * ((sizeof(PageNode) + 15) & ~(size_t)15);
    if ((size_t)(th->arena_end - th->arena) < room) {
        th->arena = th->arena_end;
        if (!cache_alloc(th, 16))
            return NULL;
    }
    pthread_mutex_lock(&t->lock);
    if (__atomic_load_n(&t->inval_seq, __ATOMIC_SEQ_CST) != seq) {  /* guest code may have changed while it was read */
        pthread_mutex_unlock(&t->lock);
        return NULL;
    }
    uint32_t h = cache_hash(u->pc);
    atomic_fetch_or(&t->used[h >> 6], 1ull << (h & 63));
    _Atomic(Unit *) *head = &t->hash[h];
    Unit *first = atomic_load(head), *twin;
    do {
        twin = find_twin(first, u);
        if (twin && (!twin->left || u->left)) {                     /* another thread was quicker */
            pthread_mutex_unlock(&t->lock);
            if (u->code)
                th->chunk = u->code;
            return twin;
        }
        atomic_store(&u->next, first);
    } while (!atomic_compare_exchange_weak(head, &first, u));
    if (twin)
        replace_twin(t, twin, u);
    index_unit(th, u);
    if (u->code) {
        _Atomic(Unit *) *c = &t->chunk_units[((uint8_t *)u->code - t->code) >> CHUNK_BITS];
        u->older = atomic_load(c);
        atomic_store(c, u);
    }
    pthread_mutex_unlock(&t->lock);
    return u;
}

Unit *cache_find_code(Tcg *t, const void *host_pc)
{
    size_t off = (size_t)((const uint8_t *)host_pc - t->code);
    if (off >= t->code_size)
        return NULL;
    Unit *u = atomic_load(&t->chunk_units[off >> CHUNK_BITS]);
    while (u && ((const uint8_t *)host_pc < (uint8_t *)u->code || (const uint8_t *)host_pc >= (uint8_t *)u->code + u->code_len))
        u = u->older;
    return u;
}

/* --- per-thread table of indirect targets */
static void jtab_empty(TcgThread *th, uint32_t i) { atomic_store(&th->jtab[i].pc, jtab_none(i)); }

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
    uint32_t i = jtab_index(u->pc);
    JumpEntry *e = &th->jtab[i];
    if (atomic_load_explicit(&e->pc, memory_order_relaxed) == u->pc && atomic_load_explicit(&e->code, memory_order_relaxed) == u->code)
        return;
    atomic_store_explicit(&e->pc, jtab_none(i), memory_order_release);
    atomic_store_explicit(&e->code, u->code, memory_order_release);
    atomic_store(&e->pc, u->pc);
    if (!atomic_load(&u->live))         /* pairs with drop_unit: one of the two sees the other */
        jtab_empty(th, i);
}

/* --- dropping. Under lock. */
static void drop_unit(Tcg *t, Unit *u)
{
    atomic_store(&u->live, 0);
    _Atomic(Unit *) *p = &t->hash[cache_hash(u->pc)];
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
        p = &t->hash[cache_hash(u->pc)];
    }
    link_drop_in(u);
    for (TcgThread *th = t->threads; th; th = th->next) {
        uint32_t i = jtab_index(u->pc);
        if (atomic_load(&th->jtab[i].pc) == u->pc)
            jtab_empty(th, i);
    }
    atomic_fetch_add(&t->n_drop, 1);
}

static bool overlaps(const Unit *u, gaddr start, gaddr last)
{
    for (unsigned i = 0; i < u->nrange; i++)
        if (u->range[i].pc <= last && u->range[i].pc + u->range[i].len - 1 >= start)
            return true;
    return false;
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
    pthread_mutex_lock(&t->lock);
    __atomic_fetch_add(&t->inval_seq, 1, __ATOMIC_SEQ_CST);
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
    pthread_mutex_unlock(&t->lock);
    return n;
}

void tcg_share(Tcg *t)
{
    if (!atomic_load_explicit(&t->alone, memory_order_relaxed))
        return;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->alone, false);
    for (size_t c = 0; c < t->code_size >> CHUNK_BITS && c <= t->code_next >> CHUNK_BITS; c++)
        for (Unit *u = atomic_load(&t->chunk_units[c]); u; u = u->older)
            if (u->alone && atomic_load(&u->live))
                drop_unit(t, u);
    pthread_mutex_unlock(&t->lock);
}

/* --- entering, leaving, flushing */
void cache_enter(TcgThread *th)
{
    Tcg *t = th->tcg;
    for (;;) {
        atomic_store(&th->active, 1);
        if (!atomic_load(&t->stop))
            break;
        atomic_store(&th->active, 0);
        pthread_mutex_lock(&t->lock);
        pthread_cond_broadcast(&t->cond);
        while (atomic_load(&t->stop))
            pthread_cond_wait(&t->cond, &t->lock);
        pthread_mutex_unlock(&t->lock);
    }
    if (th->gen != atomic_load(&t->gen)) {
        th->gen = atomic_load(&t->gen);
        th->chunk = th->chunk_end = NULL;
        th->arena = th->arena_end = NULL;
        jtab_clear(th);
        if (!t->opt.interp)
            host_thread_reset(th);
    }
}

void cache_leave(TcgThread *th)
{
    Tcg *t = th->tcg;
    atomic_store_explicit(&th->active, 0, memory_order_release);
    if (atomic_load(&t->stop)) {
        pthread_mutex_lock(&t->lock);
        pthread_cond_broadcast(&t->cond);
        pthread_mutex_unlock(&t->lock);
    }
}

static void release_all(Tcg *t)
{
    for (ArenaBlock *b = t->arenas, *next; b; b = next) {
        next = b->next;
        munmap(b, b->size);
    }
    t->arenas = NULL;
    t->arena_bytes = 0;
    madvise(t->hash, sizeof *t->hash << HASH_BITS, MADV_DONTNEED);
    memset((void *)t->used, 0, sizeof t->used);
    madvise(t->pages, sizeof *t->pages * PAGE_BUCKETS, MADV_DONTNEED);
    memset(t->chunk_units, 0, (t->code_size >> CHUNK_BITS) * sizeof *t->chunk_units);
    if (t->code_start) {
        size_t first = ((size_t)(t->code_start - t->code) + (1u << CHUNK_BITS) - 1) & ~((size_t)(1u << CHUNK_BITS) - 1);
        atomic_store(&t->code_next, first);
        madvise(t->code + first, t->code_size - first + COUNT_MAX * sizeof *t->count, MADV_DONTNEED);
        atomic_store(&t->ncount, 0);
    }
    t->page_lo = ~(gaddr)0;
    t->page_hi = 0;
    __atomic_fetch_add(&t->inval_seq, 1, __ATOMIC_SEQ_CST);     /* IR that is kept goes, too */
    atomic_fetch_add(&t->gen, 1);
    atomic_fetch_add(&t->n_flush, 1);
}

/* Wait until nobody but us is inside; under lock. The kick is repeated: an embedder may clear exit_request as it gets it. */
static void wait_all_out(Tcg *t)
{
    for (;;) {
        bool busy = false;
        for (TcgThread *th = t->threads; th; th = th->next)
            if (atomic_load(&th->active)) {
                atomic_fetch_or(&th->cpu->exit_request, 2);
                busy = true;
            }
        if (!busy)
            return;
        struct timespec ts;
        clock_gettime(CLOCK_REALTIME, &ts);
        ts.tv_nsec += 1000000;
        if (ts.tv_nsec >= 1000000000)
            ts.tv_sec++, ts.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&t->cond, &t->lock, &ts);
    }
}

void cache_flush(TcgThread *self, Tcg *t)
{
    if (self)
        atomic_store(&self->active, 0);
    pthread_mutex_lock(&t->lock);
    if (atomic_load(&t->stop)) {                /* somebody else is at it */
        pthread_cond_broadcast(&t->cond);
        while (atomic_load(&t->stop))
            pthread_cond_wait(&t->cond, &t->lock);
    } else {
        atomic_store(&t->stop, 1);
        wait_all_out(t);
        release_all(t);
        atomic_store(&t->stop, 0);
        pthread_cond_broadcast(&t->cond);
    }
    pthread_mutex_unlock(&t->lock);
    if (self)
        cache_enter(self);
}

void tcg_flush(Tcg *t)
{
    cache_flush(NULL, t);
}
