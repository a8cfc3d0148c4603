/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings that grow downwards: the main stack, and what the guest maps with MAP_GROWSDOWN. They grow at a fault, at a
 * failed copy (gmem.c), and before or after a system call whose pointers lie in the gap, where the kernel itself would
 * fault. The room below is nobody's: mmap_base keeps away from the main stack's, vma_gap from the nearest pages of the
 * others'. Linux: mm/mmap.c expand_downwards, acct_stack_growth. */
#include <sys/resource.h>
#include "common-user/mm_priv.h"

void grow_note(Mm *mm, const Vma *v)
{
    if (!mm->gap_high || v->low < mm->gap_low)
        mm->gap_low = v->prev ? v->prev->end : 0;
    if (v->start > mm->gap_high)
        mm->gap_high = v->start;
}

/* How low is the mapping to start that must reach a? In whole host pages where the neighbours allow, and the main stack
 * a little further, for deep recursion would fault at each of its pages. ~0: it must not. */
static gaddr reach(const Mm *mm, const Vma *v, gaddr a)
{
    enum { AHEAD_MOST = 1 << 20 };
    struct rlimit stack;
    const Vma *below = v->prev;
    bool keep_off = below && below->prot && !(below->flags & (MAP_GROWSDOWN | VMA_HIDDEN));
    gaddr floor = below ? below->end + (keep_off ? STACK_GAP * mm->page : 0) : MMAP_LOWEST;
    if (getrlimit(RLIMIT_STACK, &stack) < 0)
        return ~0ull;
    if (stack.rlim_cur < v->end && floor < v->end - stack.rlim_cur)
        floor = v->end - stack.rlim_cur;
    gaddr page = a & ~(mm->page - 1), ahead = v->name ? (v->end - v->start) / 8 : 0;
    if (ahead > AHEAD_MOST)
        ahead = AHEAD_MOST;
    gaddr wide = (ahead < page ? page - ahead : 0) & ~(mm->hpage - 1);
    floor = (floor + mm->page - 1) & ~(mm->page - 1);
    return page < floor ? ~0ull : wide < floor ? ahead ? floor : page : wide;
}

/* a is in a mapping: what is below that is not the gap, and the next look need not come here. */
static void narrow(Mm *mm, const Vma *v, gaddr a)
{
    if (a >= mm->gap_low && a < mm->gap_high)
        mm->gap_low = v->end < mm->gap_high ? v->end : mm->gap_high;
}

bool mm_grow(Mm *mm, gaddr a)
{
    Drop d = { 0 };
    bool grown = false;
    mm_lock(mm);
    Vma *v = vma_find(mm, a);
    gaddr to = v && v->flags & MAP_GROWSDOWN && v->start > a ? reach(mm, v, a) : ~0ull;
    if (v && v->start <= a)
        narrow(mm, v, a);
    if (to < (v ? v->start : 0) && mm_may_add(mm, v->flags, v->prot, v->start - to, 0, 0)) {
        int flags = (int)(v->flags & ~(uint32_t)MAP_GROWSDOWN) | MAP_FIXED_NOREPLACE;
        grown = map_fixed(mm, to, v->start - to, v->prot, flags, -1, 0, &d) >= 0;
        if (grown && mm->gap_high == v->start)
            mm->gap_high = to;
        if (grown)
            vma_lower(mm, v, to);
    }
    mm_unlock(mm, &d);
    return grown;
}

bool mm_in_gap(const Mm *mm, const gaddr *a, int n)
{
    gaddr low = atomic_load_explicit(&mm->gap_low, memory_order_relaxed);
    gaddr len = atomic_load_explicit(&mm->gap_high, memory_order_relaxed) - low;
    bool any = false;
    for (int i = 0; i < n; i++)
        any |= a[i] - low < len;
    return any;
}

bool mm_mend(Mm *mm, gaddr at, uint64_t len)
{
    return mm_unprotect_code(mm, at, len) || mm_grow(mm, at);
}
