/* SPDX-License-Identifier: Apache-2.0 */
/* How much the guest has mapped, and its RLIMIT_AS and RLIMIT_DATA. They count its own map, never the emulator's memory; a
 * process that set none is bound by nothing here. Linux: may_expand_vm and is_data_mapping of mm/mmap.c. */
#include "common-user/mm_priv.h"
#include "common-user/task.h"

static bool is_data(uint32_t flags, int prot) { return (prot & PROT_WRITE) && !(flags & (MAP_SHARED | MAP_GROWSDOWN)); }

bool mm_may_add(const Mm *mm, uint32_t flags, int prot, uint64_t len, gaddr over, gaddr over_end)
{
    const Process *p = current ? current->proc : NULL;
    if (!p || !p->limits.set) return true;
    uint64_t total = len, data = len, as = p->limits.as.cur, most = p->limits.data.cur;
    for (size_t i = 0; i < mm->n; i++) {
        const Vma *v = &mm->vma[i];
        if (v->flags & VMA_HIDDEN) continue;
        total += v->end - v->start;
        if (is_data(v->flags, v->prot)) data += v->end - v->start;
        if (v->start >= over_end || v->end <= over) continue;
        uint64_t replaced = (v->end < over_end ? v->end : over_end) - (v->start > over ? v->start : over);
        total -= replaced;
        data -= replaced;
    }
    if (total > as) return false;
    if (!most && data <= p->limits.data.max) return true;               /* Linux: a workaround for Valgrind */
    return !is_data(flags, prot) || data <= most;
}

MmSums mm_sums(Mm *mm)
{
    MmSums s = { 0 };
    mm_lock(mm);
    for (size_t i = 0; i < mm->n; i++) {
        const Vma *v = &mm->vma[i];
        uint64_t len = v->end - v->start;
        if (v->flags & VMA_HIDDEN) continue;
        s.total += len;
        if (v->flags & MAP_GROWSDOWN) s.stack += len;
        else if (is_data(v->flags, v->prot)) s.data += len;
        else if ((v->prot & (PROT_EXEC | PROT_WRITE)) == PROT_EXEC) s.text += len;
    }
    mm_unlock(mm, NULL);
    return s;
}
