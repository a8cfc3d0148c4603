/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest may map: RLIMIT_AS and RLIMIT_DATA, vm.max_map_count, sealed ranges, PR_SET_MDWE. All count its own
 * map, never the emulator's memory; a process that set no limit is bound by none here. Linux: mm/mmap.c, mm/mseal.c.
 * */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include "common-user/mm_priv.h"
#include "common-user/task.h"

bool mm_may_add(const Mm *mm, uint32_t flags, int prot, uint64_t len, gaddr over, gaddr over_end)
{
    const Process *p = current ? current->proc : NULL;
    if (!p || !p->limits.set)
        return true;
    uint64_t total = mm->sums.total + len, data = mm->sums.data + len, as = p->limits.as.cur, most = p->limits.data.cur;
    for (const Vma *v = over < over_end ? vma_find(mm, over) : NULL; v && v->start < over_end; v = v->next) {
        if (v->flags & VMA_HIDDEN)
            continue;
        uint64_t replaced = (v->end < over_end ? v->end : over_end) - (v->start > over ? v->start : over);
        total -= replaced;
        data -= replaced;
    }
    if (total > as)
        return false;
    if (!most && data <= p->limits.data.max)
        return true;    /* Linux: a workaround for Valgrind */
    return !vma_is_data(flags, prot) || data <= most;
}

MmSums mm_sums(Mm *mm)
{
    mm_lock(mm);
    MmSums s = mm->sums;
    mm_unlock(mm, NULL);
    return s;
}

/* The sysctl may change: it is read again half-way to what it was. */
static void look_at_count(Mm *mm)
{
    enum { FIRST = 512 };
    char text[32];
    if (!mm->count_look)
        mm->count_look = FIRST;
    if (mm->count < mm->count_look)
        return;
    int fd = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    mm->count_most = n > 0 ? (uint32_t)atol(text) : INT_MAX;        /* no /proc: the host says when it is too much */
    mm->count_look = mm->count + (mm->count < mm->count_most ? (mm->count_most - mm->count) / 2 : 0);
}

bool mm_count_reaches(Mm *mm, uint32_t slack)
{
    look_at_count(mm);
    return mm->count_most && mm->count + slack >= mm->count_most;
}

bool mm_splits(const Mm *mm, gaddr a, gaddr end)
{
    const Vma *v = vma_find(mm, a);
    return v && v->start < a && v->end > end;
}

bool mm_cuts_huge(const Mm *mm, gaddr a)
{
    const Vma *v = vma_at(mm, a);
    uint32_t bits = v ? (v->flags & VMA_HUGE_MASK) >> VMA_HUGE_SHIFT : 0;
    return bits && (a & ((1ull << bits) - 1));
}

bool mm_sealed(const Mm *mm, gaddr a, gaddr end)
{
    for (const Vma *v = vma_find(mm, a); v && v->start < end; v = v->next)
        if (v->flags & VMA_SEALED)
            return true;
    return false;
}

int64_t mm_seal(Mm *mm, gaddr at, uint64_t len)
{
    uint64_t n = mm_round(mm, len);
    if ((at & (mm->page - 1)) || (len && !n) || at + n < at)
        return -EINVAL;
    if (!n)
        return 0;
    gaddr end = at + n, stop;
    mm_lock(mm);
    int64_t r = vma_hole(mm, &(gaddr){ at }, end, &stop) ? -ENOMEM : 0;
    if (!r) {
        vma_split(mm, end);
        for (Vma *v = vma_split(mm, at); v && v->start < end; v = v->next)
            vma_change(mm, v, v->prot, v->flags | VMA_SEALED);
        vma_merge(mm, at, end);
    }
    mm_unlock(mm, NULL);
    return r;
}

int mm_full_prot(const Mm *mm, uint32_t flags, int prot)
{
    return mm->read_exec && prot & PROT_READ && !(flags & VMA_NOEXEC) ? prot | PROT_EXEC : prot;
}

void mm_set_read_exec(Mm *mm, bool on)
{
    mm_lock(mm);
    mm->read_exec = on;
    mm_unlock(mm, NULL);
}

enum { MDWE_REFUSE_EXEC_GAIN = 1, MDWE_NO_INHERIT = 2 };

bool mm_denies_exec(const Mm *mm, int was, int now)
{
    if (!(mm->mdwe & MDWE_REFUSE_EXEC_GAIN) || !(now & PROT_EXEC))
        return false;
    return now & PROT_WRITE || !(was & PROT_EXEC);
}

int64_t mm_set_mdwe(Mm *mm, uint64_t bits)
{
    if (bits & ~(uint64_t)(MDWE_REFUSE_EXEC_GAIN | MDWE_NO_INHERIT) || bits == MDWE_NO_INHERIT)
        return -EINVAL;
    mm_lock(mm);
    int64_t r = mm->mdwe && mm->mdwe != bits ? -EPERM : 0;
    if (!r)
        mm->mdwe = (uint32_t)bits;
    mm_unlock(mm, NULL);
    return r;
}

uint32_t mm_mdwe(Mm *mm)
{
    mm_lock(mm);
    uint32_t bits = mm->mdwe;
    mm_unlock(mm, NULL);
    return bits;
}
