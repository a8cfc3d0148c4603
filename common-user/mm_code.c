/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that hold translated code. Reading code through mm_fetch write-protects a writable page and every writable
 * alias of its backing object; a write then faults, mm_unprotect_code drops the code and opens the pages again. For
 * guests with an explicit cache flush a page that keeps faulting is left open: the architecture makes the flush
 * mandatory, and mm_icache_flush drops the code then. The map's lock is never held over tcg_invalidate. */
#include <string.h>
#include "common-user/host.h"
#include "common-user/task.h"
#include "common-user/mm_priv.h"

typedef struct Range { gaddr start, end; } Range;

void drop_add(Drop *d, gaddr a, gaddr end)
{
    if (!d->ranges)
        d->ranges = g_array_new(FALSE, FALSE, sizeof(Range));
    Range r = { a, end };
    g_array_append_val(d->ranges, r);
}

/* The guards may be in pieces: open all pages, and forget them. */
static void guards_afresh(Mm *mm)
{
    mm->fetch_page = ~0ull;
    mm->guarded = g_hash_table_new(NULL, NULL);         /* the old one is lost */
    for (const Vma *v = mm->first; v; v = v->next)
        if ((v->prot & PROT_WRITE) && !mm_partial(mm))
            mprotect(mm_host(mm, v->start), v->end - v->start, mm_host_prot(v->prot));
}

/* A process that shares the map may be killed at any instruction. Mostly that is in a call of the host, between changes
 * of the map, which then lacks what the host has just done. A death amid a change of the tree itself
 * is not repaired. */
void mm_lock(Mm *mm)
{
    if (lock_take(&mm->lock, task_lock_id(NULL)))
        return;
    mm->doubt = true;
    guards_afresh(mm);
}

void mm_owner_gone(Mm *mm, uint32_t id) { lock_bury(&mm->lock, id); }

void mm_unlock(Mm *mm, Drop *d)
{
    bool doubt = mm->doubt;
    mm->doubt = false;
    if (d && d->ranges)
        mm->fetch_page = ~0ull;
    lock_drop(&mm->lock);
    if (doubt && mm->tcg)
        tcg_invalidate(mm->tcg, 0, mm->task_size);
    if (d && d->seen && mm->tcg)
        tcg_share(mm->tcg);
    if (!d || !d->ranges)
        return;
    for (guint i = 0; mm->tcg && i < d->ranges->len; i++) {
        Range r = g_array_index(d->ranges, Range, i);
        tcg_invalidate(mm->tcg, r.start, r.end);
    }
    g_array_free(d->ranges, TRUE);
    d->ranges = NULL;
}

static uint32_t guard_get(const Mm *mm, gaddr page)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(mm->guarded, (gpointer)(uintptr_t)page));
}

static void guard_set(Mm *mm, gaddr page, uint32_t v)
{
    if (v) {
        g_hash_table_insert(mm->guarded, (gpointer)(uintptr_t)page, GUINT_TO_POINTER(v));
        atomic_store_explicit(&mm->watching, true, memory_order_relaxed);
    }
    else
        g_hash_table_remove(mm->guarded, (gpointer)(uintptr_t)page);
}

/* Forget guards in [a, end): by page, or by entry when the range is the larger set. */
static void guards_forget(Mm *mm, gaddr a, gaddr end)
{
    if (!g_hash_table_size(mm->guarded))
        return;
    if ((end - a) / mm->page <= g_hash_table_size(mm->guarded)) {
        for (; a < end; a += mm->page)
            guard_set(mm, a, 0);
        return;
    }
    GHashTableIter it;
    gpointer k;
    g_hash_table_iter_init(&it, mm->guarded);
    while (g_hash_table_iter_next(&it, &k, NULL))
        if ((gaddr)(uintptr_t)k >= a && (gaddr)(uintptr_t)k < end)
            g_hash_table_iter_remove(&it);
}

void code_drop(Mm *mm, gaddr a, gaddr end, Drop *d)
{
    for (Vma *v = vma_find(mm, a); v && v->start < end; v = v->next) {
        if (!v->has_code)
            continue;
        gaddr lo = v->start > a ? v->start : a, hi = v->end < end ? v->end : end;
        drop_add(d, lo, hi);
        if (lo == v->start && hi == v->end)
            vma_mark(mm, v, false);
    }
    guards_forget(mm, a, end);
}

/* Calls fn for each place where the page of v that holds guest page `page` is mapped: itself, and the aliases. */
static void for_aliases(Mm *mm, const Vma *v, gaddr page, void (*fn)(Mm *, Vma *, gaddr, void *), void *ctx)
{
    if (!v->ino) {
        fn(mm, (Vma *)v, page, ctx);
        return;
    }
    /* wraps when v starts inside its host page */
    uint64_t off = v->off + (page - v->start), dev = v->dev, ino = v->ino;
    for (Vma *o = vma_object(mm, dev, ino); o; o = vma_same(o->same_next, dev, ino)) {
        gaddr at = o->start + (off - o->off);
        if (at < o->end && at + mm->hpage > o->start && !(at & (mm->hpage - 1)))
            fn(mm, o, at, ctx);
    }
}

static void guard_page(Mm *mm, Vma *v, gaddr page, void *ctx)
{
    if (!(v->prot & PROT_WRITE))
        return;
    uint32_t g = guard_get(mm, page);
    if (g & GUARD_ON)
        return;
    if (mm->arch->tcg.sync_icache && (g & ~GUARD_ON) >= GUARD_LIMIT) {
        *(bool *)ctx = true;
        return;
    }
    mprotect(mm_host(mm, page), mm->hpage, PROT_READ);
    guard_set(mm, page, (g + 1) | GUARD_ON);
}

static void open_page(Mm *mm, Vma *v, gaddr page, void *ctx)
{
    uint32_t g = guard_get(mm, page);
    if (g & GUARD_ON) {
        mprotect(mm_host(mm, page), mm->hpage, mm_host_prot(mm_partial(mm) ? part_host_prot(mm, page) : v->prot));
        guard_set(mm, page, g & ~GUARD_ON);
    }
    if (v->has_code || mm_partial(mm))
        drop_add(ctx, page, page + mm->hpage);
}

bool mm_watches_code(const Mm *mm) { return atomic_load_explicit(&mm->watching, memory_order_relaxed); }

bool mm_unprotect_code(Mm *mm, gaddr at, uint64_t len)
{
    bool any = false;
    Drop d = { 0 };
    if (!mm_watches_code(mm) || at >= mm->task_size)
        return false;
    if (len > mm->task_size - at)
        len = mm->task_size - at;
    gaddr end = at + len;
    mm_lock(mm);
    for (const Vma *v = vma_find(mm, at); g_hash_table_size(mm->guarded) && v && v->start < end; v = v->next) {
        if (!(v->prot & PROT_WRITE))
            continue;    /* as wide as the mappings are, whatever len says */
        gaddr lo = v->start > at ? v->start : at, hi = v->end < end ? v->end : end;
        for (gaddr p = lo & ~(mm->hpage - 1); p < hi; p += mm->hpage) {
            if (!(guard_get(mm, p) & GUARD_ON))
                continue;
            any = true;
            for_aliases(mm, v, p, open_page, &d);
        }
    }
    mm_unlock(mm, &d);
    return any;
}

void mm_icache_flush(Mm *mm, gaddr at, uint64_t len)
{
    if (mm->tcg)
        tcg_invalidate(mm->tcg, at, at + len);
}

void mm_icache_flush_open(Mm *mm)
{
    Drop d = { 0 };
    GHashTableIter it;
    gpointer k, v;
    mm_lock(mm);
    g_hash_table_iter_init(&it, mm->guarded);
    while (g_hash_table_iter_next(&it, &k, &v))
        if (!(GPOINTER_TO_UINT(v) & GUARD_ON))
            drop_add(&d, (gaddr)(uintptr_t)k, (gaddr)(uintptr_t)k + mm->hpage);
    for (const Vma *o = mm->first; o; o = o->next)          /* write(2) to the file of a mapping is seen by nobody
                                                             * else */
        if (o->has_code && (o->flags & MAP_SHARED))
            drop_add(&d, o->start, o->end);
    mm_unlock(mm, &d);
}

size_t mm_fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    Mm *mm = ctx;
    gaddr page = pc & ~(mm->page - 1);
    if (pc >= mm->task_size)
        return 0;
    if (len > mm->task_size - pc)
        len = mm->task_size - pc;
    /* The marked page may be changing under us: then the change invalidates after it, and the translator drops what
     * it read. */
    if (atomic_load_explicit(&mm->fetch_page, memory_order_acquire) == page && pc - page + len <= mm->page)
        return len - host_copy(buf, mm_host(mm, pc), len);
    size_t have = 0;
    mm_lock(mm);
    while (have < len) {
        gaddr at = pc + have, p = at & ~(mm->page - 1), hp = at & ~(mm->hpage - 1);
        Vma *v = vma_at(mm, at);
        if (!v || !(v->prot & PROT_EXEC))
            break;
        if (!v->has_code)
            vma_mark(mm, v, true);
        bool open = false;
        for_aliases(mm, v, hp, guard_page, &open);
        if (open || (v->flags & MAP_SHARED))
            atomic_store_explicit(&mm->unwatched, true, memory_order_relaxed);
        /* written through another mapping: not watched here */
        if (open && !guard_get(mm, hp))
            guard_set(mm, hp, GUARD_LIMIT);
        size_t part = p + mm->page - at;
        have += part < len - have ? part : len - have;
        atomic_store_explicit(&mm->fetch_page, p, memory_order_release);
    }
    mm_unlock(mm, NULL);
    return have - host_copy(buf, mm_host(mm, pc), have);
}

/* Not watched: a page that is left open, and a shared mapping, which other processes may have, too. */
static bool page_watched(const Mm *mm, gaddr at)
{
    const Vma *v = vma_at(mm, at);
    if (!v || (v->flags & MAP_SHARED))
        return !v;
    uint32_t g = guard_get(mm, at & ~(mm->hpage - 1));
    return (g & GUARD_ON) || (!(v->prot & PROT_WRITE) && g < GUARD_LIMIT);
}

bool mm_code_watched(void *ctx, gaddr start, uint64_t len)
{
    Mm *mm = ctx;
    bool watched = true;
    if (!atomic_load_explicit(&mm->unwatched, memory_order_relaxed))
        return true;
    mm_lock(mm);
    for (gaddr p = start & ~(mm->page - 1); watched && p < start + len; p += mm->page)
        watched = page_watched(mm, p);
    mm_unlock(mm, NULL);
    return watched;
}
