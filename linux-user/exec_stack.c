/* SPDX-License-Identifier: Apache-2.0 */
/* The main stack: a small mapping at the top that grows (common-user/mm_grow.c), and a mmap area that leaves it room.
 * Linux: mm/util.c mmap_base, arch_pick_mmap_layout; fs/exec.c setup_arg_pages. */
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <sys/resource.h>
#include "linux-user/abi.h"
#include "linux-user/exec_stack.h"

enum { EXPAND = 128 << 10, FURTHER = 1 << 20 };

static uint64_t stack_limit(void)
{
    struct rlimit lim;
    return getrlimit(RLIMIT_STACK, &lim) ? 8 << 20 : lim.rlim_cur;
}

static bool personality_has(unsigned bit)
{
    int persona = personality(0xffffffff);
    return persona >= 0 && persona & bit;
}

static uint64_t jitter_pages(gaddr end) { return end >> 36 ? 1 << 18 : 1 << 8; }

void exec_layout(const Options *o, MmConfig *c)
{
    enum { GAP_MIN = 128 << 20 };
    if (!linux_abi.stack_top)
        return;
    gaddr end = c->reserved_va && c->reserved_va < linux_abi.stack_top ? c->reserved_va : linux_abi.stack_top;
    uint64_t limit = stack_limit(), gap_max = end / 6 * 5 & ~(c->page_size - 1);
    uint64_t pad = (jitter_pages(end) + 2 * 256) * c->page_size;       /* the stack's place, and a gap on either side */
    uint64_t gap = limit > o->stack_size ? limit : o->stack_size;
    if (limit == RLIM_INFINITY || personality_has(ADDR_COMPAT_LAYOUT)) {
        c->mmap_base = linux_abi.mmap_low < end ? linux_abi.mmap_low : end / 3 & ~(c->page_size - 1);
        c->mmap_end = end;
        return;
    }
    gap = gap + pad > gap ? gap + pad : gap_max;
    if (gap < GAP_MIN)
        gap = GAP_MIN;
    if (gap > gap_max)
        gap = gap_max;
    if (!c->mmap_base || end - gap < c->mmap_base)
        c->mmap_base = end - gap;
}

uint64_t exec_random(Process *p)
{
    uint64_t v = 0;
    if (!p->seeded && getrandom(&v, sizeof v, GRND_NONBLOCK) == sizeof v)
        return v;
    p->seed = p->seed * 6364136223846793005ull + 1442695040888963407ull;      /* Knuth's MMIX generator */
    return p->seed ^ p->seed >> 33;
}

uint64_t exec_jitter(Process *p, uint64_t pages)
{
    if (p->seeded || personality_has(ADDR_NO_RANDOMIZE))
        return 0;
    return exec_random(p) % pages * mm_page_size(p->mm) & ~(mm_host_page(p->mm) - 1);
}

/* Where nothing is known of the neighbours: all of it at once, what is round it kept free. */
static int64_t map_anywhere(Process *p, uint64_t size, int prot)
{
    enum { MOST = 1 << 30, MOST_32 = 64 << 20 };
    uint64_t most = linux_abi.word == 4 ? MOST_32 : MOST, limit = stack_limit();
    if (limit > most)
        limit = most;
    if (size < limit)
        size = (limit + mm_page_size(p->mm) - 1) & ~(mm_page_size(p->mm) - 1);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    int64_t at = mm_map(p->mm, 0, FURTHER + size + FURTHER, PROT_NONE, flags, -1, 0);
    if (at < 0)
        return at;
    gaddr low = (gaddr)at + FURTHER;
    int64_t r = mm_map(p->mm, low, size, prot, flags | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    if (r < 0)
        return r;
    mm_hide(p->mm, (gaddr)at, FURTHER);
    mm_hide(p->mm, low + size, FURTHER);
    mm_name(p->mm, low, "[stack]");
    return (int64_t)(low + size);
}

int64_t exec_stack_map(Process *p, bool executable)
{
    uint64_t page = mm_page_size(p->mm), limit = stack_limit(), size = p->opt->stack_size;
    if (!size)
        size = limit < EXPAND ? limit : EXPAND;
    size = size > page ? (size + page - 1) & ~(page - 1) : page;
    int prot = PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0);
    gaddr end = linux_abi.stack_top < mm_task_size(p->mm) ? linux_abi.stack_top : mm_task_size(p->mm);
    gaddr top = end - exec_jitter(p, jitter_pages(end));
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN;
    if (!linux_abi.stack_top || size >= top || mm_map(p->mm, top - size, size, prot, flags, -1, 0) < 0)
        return map_anywhere(p, size, prot);
    mm_name(p->mm, top - size, "[stack]");
    return (int64_t)top;
}

void exec_stack_reach(Process *p, gaddr top, gaddr sp)
{
    uint64_t limit = stack_limit();
    gaddr low = sp > EXPAND ? sp - EXPAND : 0;
    if (top - low > limit)
        low = top - limit;
    mm_grow(p->mm, low);
}
