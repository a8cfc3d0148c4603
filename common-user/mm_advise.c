/* SPDX-License-Identifier: Apache-2.0 */
/* madvise, msync, mlock, mincore: the host does them, piece by piece over what is mapped; holes answer as in Linux. */
#include <errno.h>
#include <unistd.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "common-user/mm_priv.h"

typedef int64_t (*PieceFn)(Mm *mm, gaddr a, uint64_t len, int arg, void *ctx);

/* Runs fn over the mapped pieces of [at, at+len). A hole gives -ENOMEM: at once, or after the rest (skip_holes). */
static int64_t pieces(Mm *mm, gaddr at, uint64_t len, int arg, void *ctx, bool skip_holes, PieceFn fn)
{
    int64_t r = 0;
    gaddr end = at + len;
    for (const Vma *v = vma_find(mm, at); at < end; ) {
        if (!v || v->start >= end)
            return -ENOMEM;
        if (v->start > at) {
            if (!skip_holes)
                return -ENOMEM;
            r = -ENOMEM;
            at = v->start;
        }
        gaddr stop = v->end;
        while ((v = v->next) && v->start == stop && stop < end)
            stop = v->end;
        if (stop > end)
            stop = end;
        int64_t e = fn(mm, at, stop - at, arg, ctx);
        if (e < 0)
            return e;
        at = stop;
    }
    return r;
}

/* Rounds the length up, in the guest's word: to nothing when it is close to the end of all numbers, as
 * the kernel does. */
static int64_t range_check(Mm *mm, gaddr at, uint64_t *len)
{
    if (at & (mm->page - 1))
        return -EINVAL;
    uint64_t n = mm_round(mm, *len);
    if (mm->arch->tcg.addr_bits == 32)
        n = (uint32_t)n;
    *len = n;
    if (!n)
        return 0;
    return at >= mm->task_size || n > mm->task_size - at ? -ENOMEM : 0;
}

/* In the guest's word. */
static bool wraps(const Mm *mm, gaddr at, uint64_t len)
{
    return mm->arch->tcg.addr_bits == 32 ? (uint32_t)(at + len) < (uint32_t)at : at + len < at;
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
    if (mm_partial(mm))
        return part_advise(mm, a, len, advice);
    return madvise(mm_host(mm, a), len, advice) < 0 ? -errno : 0;
}

/* Advice that changes contents, so that code read from there is stale, or writes to the pages. */
static bool advice_changes(int advice)
{
    static const uint8_t row[] = { MADV_DONTNEED, MADV_FREE, MADV_REMOVE, 23 /* POPULATE_WRITE */,
                                   24 /* DONTNEED_LOCKED */, 102 /* GUARD_INSTALL */ };
    for (size_t i = 0; i < sizeof row; i++)
        if (row[i] == advice)
            return true;
    return false;
}

/* Linux, can_madvise_modify: sealed private memory that is read-only keeps its contents. */
static bool discards_sealed(const Mm *mm, gaddr at, gaddr end, int advice)
{
    static const uint8_t row[] = { MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK, MADV_WIPEONFORK,
                                   24 /* DONTNEED_LOCKED */, 102 /* GUARD_INSTALL */ };
    bool discards = false;
    for (size_t i = 0; i < sizeof row; i++)
        discards |= row[i] == advice;
    for (const Vma *v = vma_find(mm, at); discards && v && v->start < end; v = v->next)
        if (v->flags & VMA_SEALED && !(v->flags & MAP_SHARED) && !(v->prot & PROT_WRITE))
            return true;
    return false;
}

int64_t mm_madvise(Mm *mm, gaddr at, uint64_t len, int advice)
{
    /* the host judges the advice itself first: EINVAL wins over holes */
    if (madvise(NULL, 0, advice) < 0)
        return -errno;
    bool some = len;
    int64_t r = range_check(mm, at, &len);
    if ((some && !len) || wraps(mm, at, len))
        return -EINVAL;
    if (r < 0 || !len)
        return r;
    Drop d = { 0 };
    mm_lock(mm);
    if (discards_sealed(mm, at, at + len, advice)) {
        mm_unlock(mm, NULL);
        return -EPERM;
    }
    if (advice_changes(advice)) {
        if (mm_partial(mm))
            part_open(mm, at, at + len, &d);
        code_drop(mm, at, at + len, &d);
        /* guards are forgotten: open the pages too */
        for (Vma *v = vma_find(mm, at); d.ranges && v && v->start < at + len; v = v->next) {
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
    if (r < 0 || !len)
        return r;
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
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || ((flags & MS_ASYNC) && (flags & MS_SYNC)))
        return -EINVAL;
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

/* RLIMIT_MEMLOCK, or CAP_IPC_LOCK. */
static bool may_lock(uint64_t bytes)
{
    struct rlimit lim;
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct caps[2] = { { 0 } };
    if (getrlimit(RLIMIT_MEMLOCK, &lim) || bytes <= lim.rlim_cur)
        return true;
    return !syscall(SYS_capget, &head, caps) && caps[0].effective & 1u << CAP_IPC_LOCK;
}

static int64_t lock_range(Mm *mm, gaddr at, uint64_t len, int flags, PieceFn fn)
{
    len += at & (mm->page - 1);                             /* mlock rounds its start down */
    return whole_range(mm, at & ~(mm->page - 1), len, flags, false, fn);
}

int64_t mm_mlock(Mm *mm, gaddr at, uint64_t len, int flags)
{
    if (flags & ~MLOCK_ONFAULT)
        return -EINVAL;
    if (wraps(mm, at, mm_round(mm, len)))
        return !may_lock(1) ? -EPERM : may_lock(len) ? -EINVAL : -ENOMEM;
    return lock_range(mm, at, len, flags, mlock_piece);
}

int64_t mm_munlock(Mm *mm, gaddr at, uint64_t len) { return lock_range(mm, at, len, 0, munlock_piece); }

/* --- all of it. The host's mlockall would count and fill the emulator's memory. Linux: mm/mlock.c */

enum { MCL_KNOWN = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT };

static void each_piece(Mm *mm, PieceFn fn, int arg)
{
    for (const Vma *v = mm->first; v; v = v->next)
        if (!(v->flags & VMA_HIDDEN))
            fn(mm, v->start, v->end - v->start, arg, NULL);    /* what fails is left out */
}

int64_t mm_mlockall(Mm *mm, int flags)
{
    if (!flags || flags & ~MCL_KNOWN || flags == MCL_ONFAULT)
        return -EINVAL;
    int64_t r = 0;
    mm_lock(mm);
    if (!may_lock(1))
        r = -EPERM;
    else if (flags & MCL_CURRENT && !may_lock(mm->sums.total))
        r = -ENOMEM;
    if (!r)
        mm->lock_future = flags & MCL_FUTURE ? flags : 0;
    if (!r && flags & MCL_CURRENT)
        each_piece(mm, mlock_piece, flags & MCL_ONFAULT ? MLOCK_ONFAULT : 0);
    mm_unlock(mm, NULL);
    return r;
}

int64_t mm_munlockall(Mm *mm)
{
    mm_lock(mm);
    mm->lock_future = 0;
    each_piece(mm, munlock_piece, 0);
    mm_unlock(mm, NULL);
    return 0;
}

typedef struct Core { gaddr at; uint8_t *vec; } Core;
static int64_t mincore_piece(Mm *mm, gaddr a, uint64_t len, int unused, void *ctx)
{
    Core *c = ctx;
    uint8_t *vec = c->vec + (a - c->at) / mm->page, per_host[1];
    if (!mm_partial(mm))
        return mincore(mm_host(mm, a), len, vec) < 0 ? -errno : 0;
    for (uint64_t i = 0; i < len / mm->page; i++) {
        gaddr real = (uint64_t)sysconf(_SC_PAGESIZE), at = (a + i * mm->page) & ~(real - 1);
        if (mincore(mm_host(mm, at), real, per_host) < 0)
            return -errno;
        vec[i] = per_host[0];
    }
    return 0;
}

int64_t mm_mincore(Mm *mm, gaddr at, uint64_t len, uint8_t *vec)
{
    int64_t r = range_check(mm, at, &len);
    if (r < 0 || !len)
        return r;
    Core c = { at, vec };
    mm_lock(mm);
    r = pieces(mm, at, len, 0, &c, false, mincore_piece);
    mm_unlock(mm, NULL);
    return r;
}
