/* SPDX-License-Identifier: Apache-2.0 */
/* mremap and brk over the map of mappings. */
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/mm_priv.h"

/* --- mremap. Errors in the order of Linux's mm/mremap.c. */

typedef struct Move { gaddr old, to; uint64_t oldlen, newlen; int flags; Vma v; } Move;

/* Host side of a move to a chosen place: the destination is ours by then. */
static int64_t host_move(Mm *mm, const Move *m, gaddr to)
{
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED | (m->flags & MREMAP_DONTUNMAP);
    void *p = mremap(mm_host(mm, m->old), m->oldlen, m->newlen, flags, mm_host(mm, to));
    if (p == MAP_FAILED)
        return -errno;
    if (mm->reserved && m->oldlen && !(m->flags & MREMAP_DONTUNMAP))
        host_release(mm, m->old, m->old + m->oldlen);
    return (int64_t)to;
}

static int64_t move_fixed(Mm *mm, Move *m, Drop *d)
{
    int e = host_claim(mm, m->to, m->to + m->newlen);
    if (e < 0)
        return e;
    int64_t r = host_move(mm, m, m->to);
    if (r < 0)
        return r;
    code_drop(mm, m->to, m->to + m->newlen, d);
    vma_remove(mm, m->to, m->to + m->newlen);
    return r;
}

/* Where it is, or to a free place in the guest's mmap area, which is claimed meanwhile. */
static int64_t move_in_area(Mm *mm, const Move *m)
{
    if (m->oldlen && !(m->flags & MREMAP_DONTUNMAP) &&
        mremap(mm_host(mm, m->old), m->oldlen, m->newlen, 0) != MAP_FAILED) return (int64_t)m->old;
    if (!(m->flags & MREMAP_MAYMOVE))
        return -ENOMEM;
    gaddr to = mm_choose_area(mm, 0, m->newlen);
    if (!to || host_claim(mm, to, to + m->newlen))
        return -ENOMEM;
    int64_t r = host_move(mm, m, to);
    if (r < 0)
        host_release(mm, to, to + m->newlen);
    return r;
}

static int64_t move_free(Mm *mm, Move *m)
{
    if (!mm->reserved) {
        int64_t r = mm->mmap_base ? move_in_area(mm, m) : -ENOMEM;
        if (r >= 0 || mm->base)
            return r;
        void *p = mremap(mm_host(mm, m->old), m->oldlen, m->newlen, m->flags & ~MREMAP_FIXED);
        return p == MAP_FAILED ? -errno : (int64_t)((uint64_t)(uintptr_t)p - mm->base);
    }
    gaddr end = m->old + m->oldlen;
    uint64_t grow = m->newlen - m->oldlen;
    if (m->oldlen && !(m->flags & MREMAP_DONTUNMAP) && end + grow <= mm->task_size && vma_free(mm, end, grow)) {
        munmap(mm_host(mm, end), grow);             /* our reservation, so that the host can grow in place */
        if (mremap(mm_host(mm, m->old), m->oldlen, m->newlen, 0) != MAP_FAILED)
            return (int64_t)m->old;
        host_release(mm, end, end + grow);
    }
    if (!(m->flags & MREMAP_MAYMOVE))
        return -ENOMEM;
    gaddr to = mm_choose(mm, 0, m->newlen);
    return to ? host_move(mm, m, to) : -ENOMEM;
}

static void moved(Mm *mm, const Move *m, gaddr to)
{
    if (m->oldlen && !(m->flags & MREMAP_DONTUNMAP))
        vma_remove(mm, m->old, m->old + m->oldlen);
    Vma v = m->v;
    if (v.ino)
        v.off += m->old - v.start;
    v.start = to;
    v.end = to + m->newlen;
    v.has_code = false;
    vma_insert(mm, &v);
}

/* Old and new place may be tenants of one host page: the new one is in the map before anything happens to the old. */
static int copy_private(Mm *mm, const Move *m, gaddr to, bool keep, Drop *d)
{
    Vma place = { .start = to, .end = to + m->newlen, .prot = PROT_READ | PROT_WRITE, .flags = m->v.flags };
    gaddr end = m->old + m->oldlen;
    int prot = m->v.prot,
        e = host_map(mm, to, m->newlen, place.prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (e < 0)
        return e;
    code_drop(mm, to, place.end, d);
    vma_remove(mm, to, place.end);
    vma_insert(mm, &place);
    host_protect(mm, m->old, end, PROT_READ | (prot & PROT_EXEC));
    host_copy(mm_host(mm, to), mm_host(mm, m->old), m->oldlen < m->newlen ? m->oldlen : m->newlen);
    if (keep)
        host_map(mm, m->old, m->oldlen, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    else
        host_release(mm, m->old, end);
    host_protect(mm, to, place.end, prot);
    return 0;
}

/* Larger host pages: shared memory moves when its host pages are its own; private memory is copied. Files do not grow:
 * what lies behind cannot be read any more. */
static int64_t move_partial(Mm *mm, Move *m, Drop *d)
{
    const Vma *v = &m->v;
    gaddr end = m->old + m->oldlen;
    uint64_t grow = m->newlen > m->oldlen ? m->newlen - m->oldlen : 0, lead = m->old & (mm->hpage - 1);
    bool shared = v->flags & MAP_SHARED, keep = m->flags & MREMAP_DONTUNMAP;
    if (shared && (keep || !part_alone(mm, m->old, end + !m->oldlen)))
        return -EINVAL;
    if (!shared && v->ino && grow)
        return -ENOMEM;
    if (!shared && grow && !(m->flags & MREMAP_FIXED) && end + grow <= mm->task_size && vma_free(mm, end, grow) &&
        !host_claim(mm, end, end + grow)) {
        part_open(mm, end, end + grow, d);
        if (!host_map(mm, end, grow, v->prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
            return (int64_t)m->old;
        host_release(mm, end, end + grow);
    }
    if (!(m->flags & MREMAP_MAYMOVE))
        return -ENOMEM;
    int64_t to = (int64_t)m->to;
    if (!(m->flags & MREMAP_FIXED))
        to = part_choose(mm, m->newlen, shared ? lead : 0);
    if (to < 0)
        return to;
    if (shared && ((gaddr)to & (mm->hpage - 1)) != lead)
        return -EINVAL;
    if (shared && !part_alone(mm, (gaddr)to, (gaddr)to + m->newlen))
        return -EINVAL;
    part_open(mm, (gaddr)to, (gaddr)to + m->newlen, d);
    int e = m->flags & MREMAP_FIXED ? host_claim(mm, (gaddr)to, (gaddr)to + m->newlen) : 0;
    if (e < 0)
        return e;
    if (shared) {
        uint64_t was = m->oldlen ? (lead + m->oldlen + mm->hpage - 1) & ~(mm->hpage - 1) : 0;
        uint64_t now = (lead + m->newlen + mm->hpage - 1) & ~(mm->hpage - 1);
        if (mremap(mm_host(mm, m->old - lead), was, now, MREMAP_MAYMOVE | MREMAP_FIXED,
                mm_host(mm, (gaddr)to - lead)) == MAP_FAILED)
            return -errno;
        if (mm->reserved && was)
            host_release(mm, m->old, end);
    } else {
        if ((e = copy_private(mm, m, (gaddr)to, keep, d)) < 0)
            return e;
    }
    code_drop(mm, (gaddr)to, (gaddr)to + m->newlen, d);
    vma_remove(mm, (gaddr)to, (gaddr)to + m->newlen);
    return to;
}

int64_t mm_remap(Mm *mm, gaddr old, uint64_t oldlen, uint64_t newlen, int flags, gaddr to)
{
    if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
        return -EINVAL;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
        return -EINVAL;
    if (old & (mm->page - 1))
        return -EINVAL;
    oldlen = mm_round(mm, oldlen);
    newlen = mm_round(mm, newlen);
    if (!newlen || newlen > mm->task_size)              /* the latter since Linux 6.17 */
        return -EINVAL;
    if ((flags & MREMAP_DONTUNMAP) && oldlen != newlen)
        return -EINVAL;
    if (flags & MREMAP_FIXED) {
        if ((to & (mm->page - 1)) || to > mm->task_size - newlen)
            return -EINVAL;
        if (old + oldlen > to && to + newlen > old)
            return -EINVAL;
    }
    if (old >= mm->task_size)
        return -EFAULT;

    Drop d = { 0 };
    int64_t r;
    mm_lock(mm);
    Vma *v = vma_at(mm, old);
    Move m = { old, to, oldlen, newlen, flags, v ? *v : (Vma){ 0 } };
    bool to_fixed = flags & MREMAP_FIXED;
    if (!v)
        r = -EFAULT;
    else if (mm_sealed(mm, old, old + oldlen) || (to_fixed && mm_sealed(mm, to, to + newlen)))
        r = -EPERM;
    else if (to_fixed && mm_count_reaches(mm, 3))
        r = -ENOMEM;
    else if (!oldlen && !(v->flags & MAP_SHARED))
        r = -EINVAL;
    else if (newlen <= oldlen && !(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))) {
        /* shrink: Linux unmaps the tail, whatever is there */
        mm_unlock(mm, NULL);
        if (newlen < oldlen && (r = mm_unmap(mm, old + newlen, oldlen - newlen)) < 0)
            return r;
        return (int64_t)old;
    } else if (oldlen > v->end - old) r = -EFAULT;
    else if (!mm_may_add(mm, v->flags, v->prot,
                 flags & MREMAP_DONTUNMAP ? newlen
                     : newlen > oldlen    ? newlen - oldlen
                                          : 0,
                 flags & MREMAP_FIXED ? to : 0, flags & MREMAP_FIXED ? to + newlen : 0))
        r = -ENOMEM;
    else {
        /* one host mapping of one protection, or the host's mremap refuses */
        if (mm_partial(mm))
            part_open(mm, old, old + oldlen, &d);
        code_drop(mm, old, old + oldlen, &d);
        if (!mm_partial(mm) && oldlen && mm_host_prot(v->prot) & PROT_WRITE)
            mprotect(mm_host(mm, old), oldlen, mm_host_prot(v->prot));
        if ((flags & MREMAP_FIXED) && newlen < oldlen) {
            host_release(mm, old + newlen, old + oldlen);
            vma_remove(mm, old + newlen, old + oldlen);
            m.oldlen = newlen;
        }
        r = mm_partial(mm)           ? move_partial(mm, &m, &d)
            : (flags & MREMAP_FIXED) ? move_fixed(mm, &m, &d)
                                     : move_free(mm, &m);
        if (r >= 0)
            moved(mm, &m, (gaddr)r);
    }
    mm->fetch_page = ~0ull;
    mm_unlock(mm, &d);
    return r;
}

/* --- brk */

void mm_brk_set(Mm *mm, gaddr start)
{
    mm_lock(mm);
    mm->brk_start = mm->brk = start;
    mm_unlock(mm, NULL);
}

static void brk_note(Mm *mm, gaddr from, gaddr to)
{
    Vma v = { .start = from, .end = to, .flags = MAP_PRIVATE | MAP_ANONYMOUS, .name = "[heap]" };
    v.prot = (uint8_t)mm_full_prot(mm, v.flags, PROT_READ | PROT_WRITE);
    vma_insert(mm, &v);
}

static bool brk_grow(Mm *mm, gaddr from, gaddr to, Drop *d)
{
    struct rlimit lim;
    if (to > mm->task_size || !vma_free(mm, from, to - from))
        return false;
    if (!getrlimit(RLIMIT_DATA, &lim) && lim.rlim_cur != RLIM_INFINITY && to - mm->brk_start > lim.rlim_cur)
        return false;
    if (mm_partial(mm)) {
        if (host_claim(mm, from, to))
            return false;
        part_open(mm, from, to, d);
        if (host_map(mm, from, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
            host_release(mm, from, to);
            return false;
        }
        brk_note(mm, from, to);
        return true;
    }
    int place = mm->reserved ? MAP_FIXED : MAP_FIXED_NOREPLACE;
    void *want = mm_host(mm, from);
    void *p = mmap(want, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | place, -1, 0);
    if (p == MAP_FAILED)
        return false;
    if (p != want) {
        munmap(p, to - from);
        return false;
    }
    brk_note(mm, from, to);
    return true;
}

gaddr mm_brk(Mm *mm, gaddr to)
{
    Drop d = { 0 };
    mm_lock(mm);
    gaddr old_end = mm_round(mm, mm->brk), new_end = mm_round(mm, to);
    if (to < mm->brk_start || new_end < to || mm_count_reaches(mm, 0) || mm_sealed(mm, new_end, old_end))
        goto out;
    if (new_end < old_end) {
        if (mm_partial(mm))
            part_open(mm, new_end, old_end, &d);
        code_drop(mm, new_end, old_end, &d);
        host_release(mm, new_end, old_end);
        vma_remove(mm, new_end, old_end);
    } else if (new_end > old_end && !mm_may_add(mm, MAP_PRIVATE, PROT_READ | PROT_WRITE, new_end - old_end, 0, 0)) {
        goto out;
    } else if (new_end > old_end && !brk_grow(mm, old_end, new_end, &d)) {
        goto out;
    }
    mm->brk = to;
out:
    to = mm->brk;
    mm_unlock(mm, &d);
    return to;
}
