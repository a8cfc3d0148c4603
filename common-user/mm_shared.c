/* SPDX-License-Identifier: Apache-2.0 */
/* System V segments, and pieces of a shared mapping in another order (remap_file_pages). */
#include <errno.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/mm_priv.h"

#define SHM_DEV (~0ull)             /* Vma.dev of segments; Vma.ino is the identifier + 1 */

/* A place in the guest's area, claimed; 0: the host is to choose; or -errno. */
static int64_t attach_place(Mm *mm, uint64_t len)
{
    if (mm_partial(mm))
        return part_choose(mm, len, 0);
    gaddr at = mm_choose(mm, 0, len);
    bool ours = at && !host_claim(mm, at, at + len);
    return ours ? (int64_t)at : mm->reserved || mm->base ? -ENOMEM : 0;
}

int64_t mm_shmat(Mm *mm, int id, gaddr at, int flags)
{
    struct shmid_ds ds;
    if (at & (mm->page - 1)) {
        if (!(flags & SHM_RND))
            return -EINVAL;
        at &= ~(mm->page - 1);
        if (!at && (flags & SHM_REMAP))
            return -EINVAL;
    } else if (!at && (flags & SHM_REMAP)) {
        return -EINVAL;
    }
    if (shmctl(id, IPC_STAT, &ds) < 0)
        return -errno;
    uint64_t len = mm_round(mm, ds.shm_segsz);
    if (len > mm->task_size || at > mm->task_size - len)
        return -EINVAL;
    Drop d = { 0 };
    int64_t r;
    bool chosen = !at;
    mm_lock(mm);
    if (!mm_may_add(mm, MAP_SHARED, 0, len, at, at ? at + len : 0) || mm_count_reaches(mm, 0))
        r = -ENOMEM;
    else if (at && mm_sealed(mm, at, at + len))
        r = -EPERM;
    else if (mm_denies_exec(mm, 0, flags & SHM_EXEC ? PROT_WRITE | PROT_EXEC : 0))
        r = -EACCES;
    else if (at && !(flags & SHM_REMAP) && !vma_free(mm, at, len))
        r = -EINVAL;
    else if (mm_partial(mm) && at && ((at & (mm->hpage - 1)) || !part_alone(mm, at, at + len)))
        r = -EINVAL;
    else
        r = chosen ? attach_place(mm, len) : (int64_t)at;
    if (r >= 0) {
        at = (gaddr)r;
        if (mm_partial(mm))
            part_open(mm, at, at + len, &d);
        int claimed = at && !chosen ? host_claim(mm, at, at + len) : 0;
        int hflags = (flags & ~(SHM_EXEC | SHM_RND | SHM_REMAP)) | (at ? SHM_REMAP : 0);
        void *p = claimed < 0 ? (errno = -claimed, (void *)-1) : shmat(id, at ? mm_host(mm, at) : NULL, hflags);
        r = p == (void *)-1 ? -errno : (int64_t)((uint64_t)(uintptr_t)p - mm->base);
        if (r < 0 && chosen && at)
            host_release(mm, at, at + len);
        if (r >= 0) {
            gaddr a = (gaddr)r;
            code_drop(mm, a, a + len, &d);
            int prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0);
            Vma v = { .start = a, .end = a + len, .flags = MAP_SHARED, .prot = (uint8_t)prot,
                      .dev = SHM_DEV, .ino = (uint64_t)id + 1 };
            drop_seen(&d, v.flags, v.prot);
            vma_insert(mm, &v);
            g_hash_table_insert(mm->shm, (gpointer)(uintptr_t)v.ino, (gpointer)(uintptr_t)len);
        }
    }
    mm_unlock(mm, &d);
    return r;
}

/* The piece of an attachment at `at` that starts at or above `from`: as far into the segment as from `at`. */
static Vma *attached(Mm *mm, gaddr at, gaddr from, uint64_t ino)
{
    for (Vma *v = vma_find(mm, from); v; v = v->next)
        if (v->dev == SHM_DEV && v->start >= from && v->start - at == v->off && (!ino || v->ino == ino))
            return v;
    return NULL;
}

/* Linux, ksys_shmdt: parts of it may be gone, others mapped in between. */
int64_t mm_shmdt(Mm *mm, gaddr at)
{
    Drop d = { 0 };
    int64_t r = -EINVAL;
    if (at & (mm->page - 1))
        return -EINVAL;
    mm_lock(mm);
    Vma *v = attached(mm, at, at, 0);
    uint64_t ino = v ? v->ino : 0, len = (uint64_t)(uintptr_t)g_hash_table_lookup(mm->shm, (gpointer)(uintptr_t)ino);
    while (v && v->start - at < len) {
        gaddr start = v->start, end = v->end;
        code_drop(mm, start, end, &d);
        host_release(mm, start, end);
        vma_remove(mm, start, end);
        r = 0;
        v = attached(mm, at, end, ino);
    }
    mm_unlock(mm, &d);
    return r;
}

/* Is all of [a, end) one shared object mapped one way, without holes? */
static bool same_shared(const Vma *v, gaddr end)
{
    for (const Vma *o = v; ; o = o->next) {
        if (!o || o->dev != v->dev || o->ino != v->ino || o->flags != v->flags || o->prot != v->prot)
            return false;
        if (o->end >= end)
            return true;
        if (!o->next || o->next->start != o->end)
            return false;
    }
}

int64_t mm_remap_file_pages(Mm *mm, gaddr at, uint64_t len, uint64_t pgoff, int flags)
{
    at &= ~(mm->page - 1);
    len &= ~(mm->page - 1);
    gaddr end = at + len;
    uint64_t word = mm->arch->tcg.addr_bits == 32 ? UINT32_MAX : UINT64_MAX;
    if (end <= at || end > mm->task_size || pgoff > word - len / mm->page)
        return -EINVAL;
    if (mm_partial(mm) && ((at | len | pgoff * mm->page) & (mm->hpage - 1)))
        return -EINVAL;
    Drop d = { 0 };
    mm_lock(mm);
    const Vma *v = vma_at(mm, at);
    int64_t r = v && v->flags & MAP_SHARED && same_shared(v, end) ? 0 : -EINVAL;
    if (!r && mm_sealed(mm, at, end))
        r = -EPERM;
    if (!r) {
        Vma now = *v;
        code_drop(mm, at, end, &d);
        r = host_protect(mm, at, end, now.prot);        /* no guard of ours: one protection, or the host refuses */
        if (!r && syscall(SYS_remap_file_pages, mm_host(mm, at), len, 0, pgoff, flags) < 0)
            r = -errno;
        now.start = at;
        now.end = end;
        now.off = pgoff * mm->page;
        now.has_code = false;
        if (!r)
            vma_insert(mm, &now);
    }
    mm_unlock(mm, &d);
    return r;
}
