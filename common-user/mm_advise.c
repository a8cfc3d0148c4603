/* SPDX-License-Identifier: Apache-2.0 */
/* madvise, msync, mlock, mincore: the host does them, piece by piece over what is mapped; holes answer as in Linux. */
#include <errno.h>
#include <unistd.h>
#include <sys/syscall.h>
#include "common-user/mm_priv.h"

typedef int64_t (*PieceFn)(Mm *mm, gaddr a, uint64_t len, int arg, void *ctx);

/* Runs fn over the mapped pieces of [at, at+len). A hole gives -ENOMEM: at once, or after the rest (skip_holes). */
static int64_t pieces(Mm *mm, gaddr at, uint64_t len, int arg, void *ctx, bool skip_holes, PieceFn fn)
{
    int64_t r = 0;
    gaddr end = at + len;
    for (const Vma *v = vma_find(mm, at); at < end; ) {
        if (!v || v->start >= end) return -ENOMEM;
        if (v->start > at) {
            if (!skip_holes) return -ENOMEM;
            r = -ENOMEM;
            at = v->start;
        }
        gaddr stop = v->end;
        while ((v = v->next) && v->start == stop && stop < end) stop = v->end;
        if (stop > end) stop = end;
        int64_t e = fn(mm, at, stop - at, arg, ctx);
        if (e < 0) return e;
        at = stop;
    }
    return r;
}

/* Rounds the length up, in the guest's word: to nothing when it is close to the end of all numbers, as the kernel does. */
static int64_t range_check(Mm *mm, gaddr at, uint64_t *len)
{
    if (at & (mm->page - 1)) return -EINVAL;
    uint64_t n = mm_round(mm, *len);
    if (mm->arch->tcg.addr_bits == 32) n = (uint32_t)n;
    *len = n;
    if (!n) return 0;
    return at >= mm->task_size || n > mm->task_size - at ? -ENOMEM : 0;
}

/* Calls that do no harm to neighbours cover whole host pages. */
static void widen(const Mm *mm, gaddr *a, uint64_t *len)
{
    gaddr lo = *a & ~(mm->hpage - 1), hi = (*a + *len + mm->hpage - 1) & ~(mm->hpage - 1);
    *a = lo;
    *len = hi - lo;
}

static int64_t advise_piece(Mm *mm, gaddr a, uint64_t len, int advice, void *ctx)
{
    if (mm_partial(mm)) return part_advise(mm, a, len, advice);
    return madvise(mm_host(mm, a), len, advice) < 0 ? -errno : 0;
}

/* Advice that changes contents, so that code read from there is stale. */
static bool advice_changes(int advice)
{
    static const uint8_t row[] = { MADV_DONTNEED, MADV_FREE, MADV_REMOVE, 24 /* DONTNEED_LOCKED */, 102 /* GUARD_INSTALL */ };
    for (size_t i = 0; i < sizeof row; i++) if (row[i] == advice) return true;
    return false;
}

int64_t mm_madvise(Mm *mm, gaddr at, uint64_t len, int advice)
{
    /* the host judges the advice itself first: EINVAL wins over holes */
    if (madvise(NULL, 0, advice) < 0) return -errno;
    bool some = len;
    int64_t r = range_check(mm, at, &len);
    if (some && !len) return -EINVAL;
    if (r < 0 || !len) return r;
    Drop d = { 0 };
    mm_lock(mm);
    if (advice_changes(advice)) {
        if (mm_partial(mm)) part_open(mm, at, at + len, &d);
        code_drop(mm, at, at + len, &d);
        for (Vma *v = vma_find(mm, at); d.ranges && v && v->start < at + len; v = v->next) {     /* guards are forgotten: open the pages too */
            gaddr lo = v->start > at ? v->start : at, hi = v->end < at + len ? v->end : at + len;
            host_protect(mm, lo, hi, v->prot);
        }
    }
    r = pieces(mm, at, len, advice, NULL, true, advise_piece);
    mm_unlock(mm, &d);
    return r;
}

/* pieces() of a range as the caller gave it, under the lock. */
static int64_t whole_range(Mm *mm, gaddr at, uint64_t len, int flags, bool skip_holes, PieceFn fn)
{
    int64_t r = range_check(mm, at, &len);
    if (r < 0 || !len) return r;
    mm_lock(mm);
    r = pieces(mm, at, len, flags, NULL, skip_holes, fn);
    mm_unlock(mm, NULL);
    return r;
}

static int64_t msync_piece(Mm *mm, gaddr a, uint64_t len, int flags, void *ctx)
{
    widen(mm, &a, &len);
    return msync(mm_host(mm, a), len, flags) < 0 ? -errno : 0;
}

int64_t mm_msync(Mm *mm, gaddr at, uint64_t len, int flags)
{
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || ((flags & MS_ASYNC) && (flags & MS_SYNC))) return -EINVAL;
    return whole_range(mm, at, len, flags, true, msync_piece);
}

static int64_t mlock_piece(Mm *mm, gaddr a, uint64_t len, int flags, void *ctx)
{
    widen(mm, &a, &len);
    return syscall(SYS_mlock2, mm_host(mm, a), len, flags) < 0 ? -errno : 0;
}

static int64_t munlock_piece(Mm *mm, gaddr a, uint64_t len, int flags, void *ctx)
{
    widen(mm, &a, &len);
    return munlock(mm_host(mm, a), len) < 0 ? -errno : 0;
}

static int64_t lock_range(Mm *mm, gaddr at, uint64_t len, int flags, PieceFn fn)
{
    len += at & (mm->page - 1);                             /* mlock rounds its start down */
    return whole_range(mm, at & ~(mm->page - 1), len, flags, false, fn);
}

int64_t mm_mlock(Mm *mm, gaddr at, uint64_t len, int flags)
{
    if (flags & ~1) return -EINVAL;                         /* MLOCK_ONFAULT */
    return lock_range(mm, at, len, flags, mlock_piece);
}

int64_t mm_munlock(Mm *mm, gaddr at, uint64_t len) { return lock_range(mm, at, len, 0, munlock_piece); }

typedef struct Core { gaddr at; uint8_t *vec; } Core;
static int64_t mincore_piece(Mm *mm, gaddr a, uint64_t len, int unused, void *ctx)
{
    Core *c = ctx;
    uint8_t *vec = c->vec + (a - c->at) / mm->page, per_host[1];
    if (!mm_partial(mm)) return mincore(mm_host(mm, a), len, vec) < 0 ? -errno : 0;
    for (uint64_t i = 0; i < len / mm->page; i++) {
        gaddr real = (uint64_t)sysconf(_SC_PAGESIZE), at = (a + i * mm->page) & ~(real - 1);
        if (mincore(mm_host(mm, at), real, per_host) < 0) return -errno;
        vec[i] = per_host[0];
    }
    return 0;
}

int64_t mm_mincore(Mm *mm, gaddr at, uint64_t len, uint8_t *vec)
{
    int64_t r = range_check(mm, at, &len);
    if (r < 0 || !len) return r;
    Core c = { at, vec };
    mm_lock(mm);
    r = pieces(mm, at, len, 0, &c, false, mincore_piece);
    mm_unlock(mm, NULL);
    return r;
}
