/* SPDX-License-Identifier: Apache-2.0 */
/* How much the guest has mapped, and its RLIMIT_AS and RLIMIT_DATA. They count its own map, never the emulator's memory; a
 * process that set none is bound by nothing here. Linux: may_expand_vm and is_data_mapping of mm/mmap.c. */
#include "common-user/mm_priv.h"
#include "common-user/task.h"

bool mm_may_add(const Mm *mm, uint32_t flags, int prot, uint64_t len, gaddr over, gaddr over_end)
{
    const Process *p = current ? current->proc : NULL;
    if (!p || !p->limits.set) return true;
    uint64_t total = mm->sums.total + len, data = mm->sums.data + len, as = p->limits.as.cur, most = p->limits.data.cur;
    for (const Vma *v = over < over_end ? vma_find(mm, over) : NULL; v && v->start < over_end; v = v->next) {
        if (v->flags & VMA_HIDDEN) continue;
        uint64_t replaced = (v->end < over_end ? v->end : over_end) - (v->start > over ? v->start : over);
        total -= replaced;
        data -= replaced;
    }
    if (total > as) return false;
    if (!most && data <= p->limits.data.max) return true;               /* Linux: a workaround for Valgrind */
    return !vma_is_data(flags, prot) || data <= most;
}

MmSums mm_sums(Mm *mm)
{
    mm_lock(mm);
    MmSums s = mm->sums;
    mm_unlock(mm, NULL);
    return s;
}
