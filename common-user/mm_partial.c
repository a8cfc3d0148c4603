/* SPDX-License-Identifier: Apache-2.0 */
/* Guest pages smaller than the host's (a 64 KiB host, or -p): every host call here covers whole host pages. A host page
 * of one mapping alone is mapped as it is; one that several guest mappings share is a private anonymous copy with the
 * union of their protections, files read into it. Shared memory cannot be copied: where it would have to be, the call
 * is refused (EINVAL). What the union allows beyond the guest's protection is not caught; si_code and /proc come from
 * the map and are exact. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/mm_priv.h"

static gaddr down(const Mm *mm, gaddr a) { return a & ~(mm->hpage - 1); }
static gaddr up(const Mm *mm, gaddr a) { return (a + mm->hpage - 1) & ~(mm->hpage - 1); }
static bool used(const Mm *mm, gaddr a, gaddr end) { return a < end && !vma_free(mm, a, end - a); }

/* Is anything mapped in [lo, hi) outside [a, end)? */
static bool others(const Mm *mm, gaddr lo, gaddr hi, gaddr a, gaddr end)
{
    return used(mm, lo, a < hi ? a : hi) || used(mm, end > lo ? end : lo, hi);
}

bool part_alone(Mm *mm, gaddr a, gaddr end) { return !others(mm, down(mm, a), up(mm, end), a, end); }

/* Union over one host page of what is mapped outside [a, end). */
static int union_prot(const Mm *mm, gaddr h, gaddr a, gaddr end)
{
    int prot = 0;
    for (const Vma *v = vma_find(mm, h); v && v->start < h + mm->hpage; v = v->next) {
        gaddr lo = v->start > h ? v->start : h, hi = v->end < h + mm->hpage ? v->end : h + mm->hpage;
        if (lo < a || hi > end)
            prot |= v->prot;
    }
    return prot;
}

int part_host_prot(Mm *mm, gaddr h) { return union_prot(mm, h, h, h); }

static int set_prot(Mm *mm, gaddr a, gaddr end, int prot)
{
    return a < end && mprotect(mm_host(mm, a), end - a, mm_host_prot(prot)) < 0 ? -errno : 0;
}

int part_protect(Mm *mm, gaddr a, gaddr end, int prot)
{
    gaddr lo = down(mm, a), hi = up(mm, end);
    int e = 0;
    if (others(mm, lo, lo + mm->hpage, a, end)) {
        e = set_prot(mm, lo, lo + mm->hpage, prot | union_prot(mm, lo, a, end));
        lo += mm->hpage;
    }
    if (!e && hi > lo && others(mm, hi - mm->hpage, hi, a, end)) {
        hi -= mm->hpage;
        e = set_prot(mm, hi, hi + mm->hpage, prot | union_prot(mm, hi, a, end));
    }
    return e ? e : set_prot(mm, lo, hi, prot);
}

void part_open(Mm *mm, gaddr a, gaddr end, Drop *d)
{
    gaddr lo = down(mm, a), hi = up(mm, end);
    if (!g_hash_table_size(mm->guarded))
        return;
    code_drop(mm, lo, hi, d);
    for (Vma *v = vma_find(mm, lo); v && v->start < hi; v = v->next) {
        part_protect(mm, v->start > lo ? v->start : lo, v->end < hi ? v->end : hi, v->prot);
    }
}

/* --- claiming and giving back */

/* First host page at or above h without a mapping, and the end of that run; both within hi. */
static gaddr empty_run(const Mm *mm, gaddr h, gaddr hi, gaddr *stop)
{
    while (h < hi && used(mm, h, h + mm->hpage))
        h += mm->hpage;
    const Vma *v = vma_find(mm, h);
    gaddr next = v ? down(mm, v->start) : hi;
    *stop = next < hi ? next : hi;
    return h;
}

static void give_back(Mm *mm, gaddr a, gaddr end)
{
    if (a < end)
        host_vacate(mm, a, end);
}

int part_claim(Mm *mm, gaddr a, gaddr end)
{
    gaddr lo = down(mm, a), hi = up(mm, end), stop;
    for (gaddr h = empty_run(mm, lo, hi, &stop); h < hi; h = empty_run(mm, stop, hi, &stop)) {
        void *want = mm_host(mm, h);
        void *got =
            mmap(want, stop - h, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (got == want)
            continue;
        int e = got == MAP_FAILED && errno == EPERM ? -EPERM : -ENOMEM;
        if (got != MAP_FAILED)
            munmap(got, stop - h);
        for (gaddr end_of_ours = h, k = empty_run(mm, lo, end_of_ours, &stop); k < end_of_ours;
             k = empty_run(mm, stop, end_of_ours, &stop))
            give_back(mm, k, stop);
        return e;
    }
    return 0;
}

void part_release(Mm *mm, gaddr a, gaddr end)
{
    gaddr lo = down(mm, a), hi = up(mm, end);
    if (others(mm, lo, lo + mm->hpage, a, end)) {
        set_prot(mm, lo, lo + mm->hpage, union_prot(mm, lo, a, end));
        lo += mm->hpage;
    }
    if (hi > lo && others(mm, hi - mm->hpage, hi, a, end)) {
        hi -= mm->hpage;
        set_prot(mm, hi, hi + mm->hpage, union_prot(mm, hi, a, end));
    }
    give_back(mm, lo, hi);
}

typedef struct Run { gaddr lo, hi; } Run;

void part_unmap(Mm *mm, gaddr a, gaddr end)
{
    GArray *runs = g_array_new(FALSE, FALSE, sizeof(Run));     /* of host pages that are ours; each is given back
                                                                * once */
    for (const Vma *v = vma_find(mm, a); v && v->start < end; v = v->next) {
        Run r = { down(mm, v->start > a ? v->start : a), up(mm, v->end < end ? v->end : end) };
        Run *last = runs->len ? &g_array_index(runs, Run, runs->len - 1) : NULL;
        if (last && r.lo <= last->hi)
            last->hi = r.hi;
        else
            g_array_append_val(runs, r);
    }
    vma_remove(mm, a, end);
    for (guint i = 0; i < runs->len; i++) {
        Run r = g_array_index(runs, Run, i);
        for (int side = 0; side < 2 && r.lo < r.hi; side++) {   /* only the first and the last can have other tenants */
            gaddr h = side ? r.hi - mm->hpage : r.lo;
            if (!used(mm, h, h + mm->hpage))
                continue;
            set_prot(mm, h, h + mm->hpage, part_host_prot(mm, h));
            if (side)
                r.hi = h;
            else
                r.lo += mm->hpage;
        }
        give_back(mm, r.lo, r.hi);
    }
    g_array_free(runs, TRUE);
}

/* --- mapping */

/* what is mapped: byte `at` of the guest is byte off of fd */
typedef struct Source { int prot, flags, fd; uint64_t off; gaddr at; } Source;

static bool shared_flags(int flags) { return (flags & MAP_TYPE) != MAP_PRIVATE; }

/* Shared memory in host page h outside [a, end)? */
static bool shared_neighbour(const Mm *mm, gaddr h, gaddr a, gaddr end)
{
    for (const Vma *v = vma_find(mm, h); v && v->start < h + mm->hpage; v = v->next) {
        if ((v->flags & MAP_SHARED) && (v->start < a || v->end > end))
            return true;
    }
    return false;
}

static int fill(uint8_t *to, uint64_t len, const Source *s, gaddr at)
{
    if (s->flags & MAP_ANONYMOUS)
        return 0;
    for (uint64_t done = 0; done < len; ) {
        ssize_t n = pread(s->fd, to + done, len - done, (off_t)(s->off + (at - s->at) + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;    /* beyond the end of the file: zeros, where whole pages would be SIGBUS */
        done += (uint64_t)n;
    }
    return 0;
}

/* Host page h gets [a, end) of it from s and keeps the rest. The new page replaces the old in one step: other threads
 * run on. */
static int compose(Mm *mm, gaddr h, gaddr a, gaddr end, const Source *s)
{
    if (a < h)
        a = h;
    if (end > h + mm->hpage)
        end = h + mm->hpage;
    uint8_t *page = mmap(NULL, mm->hpage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return -ENOMEM;
    int e = fill(page + (a - h), end - a, s, a);
    if (!e) {
        set_prot(mm, h, h + mm->hpage, PROT_READ);      /* writers fault and wait for the lock */
        for (const Vma *v = vma_find(mm, h); v && v->start < h + mm->hpage; v = v->next) {
            gaddr lo = v->start > h ? v->start : h, hi = v->end < h + mm->hpage ? v->end : h + mm->hpage;
            if (lo < a)
                host_copy(page + (lo - h), mm_host(mm, lo), (hi < a ? hi : a) - lo);
            if (hi > end) {
                gaddr from = lo > end ? lo : end;
                host_copy(page + (from - h), mm_host(mm, from), hi - from);
            }
        }
        mprotect(page, mm->hpage, mm_host_prot(s->prot | union_prot(mm, h, a, end)));
        if (mremap(page, mm->hpage, mm->hpage, MREMAP_MAYMOVE | MREMAP_FIXED, mm_host(mm, h)) != MAP_FAILED)
            return 0;
        e = -errno;
        set_prot(mm, h, h + mm->hpage, part_host_prot(mm, h));
    }
    munmap(page, mm->hpage);
    return e;
}

/* Does the host let this file be mapped so? The errors of mmap where nothing of the file will be. */
static int probe(const Mm *mm, const Source *s)
{
    void *p = mmap(NULL, mm->hpage, mm_host_prot(s->prot), s->flags & ~(MAP_FIXED | MAP_FIXED_NOREPLACE), s->fd,
        (off_t)(s->off & ~(mm->hpage - 1)));
    if (p == MAP_FAILED)
        return -errno;
    munmap(p, mm->hpage);
    return 0;
}

/* Whole host pages [lo, hi): the file itself where offset and address agree, else a copy. */
static int map_whole(Mm *mm, gaddr lo, gaddr hi, const Source *s)
{
    int flags = (s->flags & ~MAP_FIXED_NOREPLACE) | MAP_FIXED;
    bool anon = s->flags & MAP_ANONYMOUS;
    if (anon || !((s->at ^ s->off) & (mm->hpage - 1))) {
        off_t off = anon ? 0 : (off_t)(s->off + (lo - s->at));
        return mmap(mm_host(mm, lo), hi - lo, mm_host_prot(s->prot), flags, s->fd, off) == MAP_FAILED ? -errno : 0;
    }
    uint8_t *copy =
        mmap(NULL, hi - lo, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (flags & MAP_NORESERVE), -1, 0);
    if (copy == MAP_FAILED)
        return -ENOMEM;
    gaddr from = lo > s->at ? lo : s->at;
    int e = fill(copy + (from - lo), hi - from, s, from);
    if (!e)
        mprotect(copy, hi - lo, mm_host_prot(s->prot));
    if (!e && mremap(copy, hi - lo, hi - lo, MREMAP_MAYMOVE | MREMAP_FIXED, mm_host(mm, lo)) != MAP_FAILED)
        return 0;
    if (!e)
        e = -errno;
    munmap(copy, hi - lo);
    return e;
}

int part_map(Mm *mm, gaddr at, uint64_t len, int prot, int flags, int fd, uint64_t off)
{
    Source s = { prot, flags, fd, off, at };
    gaddr end = at + len, lo = down(mm, at), hi = up(mm, end), last = hi - mm->hpage;
    bool head = others(mm, lo, lo + mm->hpage, at, end), tail = last > lo && others(mm, last, hi, at, end);
    bool congruent = flags & MAP_ANONYMOUS || !((at ^ off) & (mm->hpage - 1));
    if (shared_flags(flags) && (head || tail || !congruent))
        return -EINVAL;
    if ((head && shared_neighbour(mm, lo, at, end)) || (tail && shared_neighbour(mm, last, at, end)))
        return -EINVAL;
    int e = flags & MAP_ANONYMOUS ? 0 : probe(mm, &s);
    gaddr from = head ? lo + mm->hpage : lo, to = tail ? last : hi;
    if (!e && from < to)
        e = map_whole(mm, from, to, &s);
    if (!e && head)
        e = compose(mm, lo, at, end, &s);
    if (!e && tail)
        e = compose(mm, last, at, end, &s);
    return e;
}

int64_t part_choose(Mm *mm, uint64_t len, uint64_t off)
{
    uint64_t lead = off & (mm->hpage - 1), want = up(mm, lead + len);
    if (want < len || want > mm->task_size)
        return -ENOMEM;
    gaddr at = mm->reserved ? mm_choose(mm, 0, want + mm->hpage) : mm_choose_area(mm, 0, want + mm->hpage);
    gaddr lo = down(mm, at + mm->hpage);
    if (at && !host_claim(mm, lo, lo + want))
        return (int64_t)(lo + lead);
    if (mm->reserved)
        return -ENOMEM;
    /* outside the area the emulator's memory may be next, and a guard page smaller than the host's stops nobody */
    uint8_t *p = mmap(NULL, want + mm->hpage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return -errno;
    uint64_t skip = -(uint64_t)(uintptr_t)p & (mm->hpage - 1);      /* 0 where host pages really are so large */
    if (skip)
        munmap(p, skip);
    munmap(p + skip + want, mm->hpage - skip);
    int64_t given = host_given(mm, p + skip, want);
    return given < 0 ? given : given + (int64_t)lead;
}

int64_t part_map_anywhere(Mm *mm, gaddr hint, uint64_t len, int prot, int flags, int fd, uint64_t off, Drop *d)
{
    bool anon = flags & MAP_ANONYMOUS;
    int e;
    if (mm_hint_free(mm, hint, len) && !host_claim(mm, hint, hint + len)) {
        part_open(mm, hint, hint + len, d);
        if (!(e = part_map(mm, hint, len, prot, flags, fd, off)))
            return (int64_t)hint;
        part_release(mm, hint, hint + len);
    }
    int64_t at = part_choose(mm, len, anon ? 0 : off);
    if (at < 0)
        return at;
    if (!(e = part_map(mm, (gaddr)at, len, prot, flags, fd, off)))
        return at;
    part_release(mm, (gaddr)at, (gaddr)at + len);
    return e;
}

/* --- advice */

/* Contents of part of a host page go back to zero. A file's own contents cannot come back: its descriptor is gone. */
static int64_t forget(Mm *mm, gaddr a, gaddr end)
{
    for (const Vma *v = vma_find(mm, a); v && v->start < end; v = v->next)
        if (v->ino)
            return -EINVAL;
    gaddr h = down(mm, a);
    set_prot(mm, h, h + mm->hpage, PROT_READ | PROT_WRITE);
    host_zero(mm_host(mm, a), end - a);
    set_prot(mm, h, h + mm->hpage, part_host_prot(mm, h));
    return 0;
}

typedef enum Edge { EDGE_REFUSE, EDGE_SKIP, EDGE_WIDEN, EDGE_ZERO } Edge;
static Edge edge_of(int advice)
{
    static const struct { uint8_t advice, edge; } row[] = {
        { MADV_NORMAL, EDGE_SKIP }, { MADV_RANDOM, EDGE_SKIP }, { MADV_SEQUENTIAL, EDGE_SKIP },
        { MADV_WILLNEED, EDGE_WIDEN },
        { MADV_DONTNEED, EDGE_ZERO }, { MADV_FREE, EDGE_SKIP }, { MADV_MERGEABLE, EDGE_SKIP },
        { MADV_UNMERGEABLE, EDGE_SKIP },
        { MADV_HUGEPAGE, EDGE_SKIP }, { MADV_NOHUGEPAGE, EDGE_SKIP }, { MADV_DONTDUMP, EDGE_SKIP },
        { MADV_DODUMP, EDGE_WIDEN },
        { 20 /* COLD */, EDGE_SKIP }, { 21 /* PAGEOUT */, EDGE_SKIP }, { 22 /* POPULATE_READ */, EDGE_WIDEN },
        { 23 /* POPULATE_WRITE */, EDGE_WIDEN }, { 24 /* DONTNEED_LOCKED */, EDGE_ZERO },
        { 25 /* COLLAPSE */, EDGE_SKIP },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (row[i].advice == advice)
            return row[i].edge;
    return EDGE_REFUSE;
}

int64_t part_advise(Mm *mm, gaddr a, uint64_t len, int advice)
{
    gaddr end = a + len, lo = down(mm, a), hi = up(mm, end), last = hi - mm->hpage;
    bool head = others(mm, lo, lo + mm->hpage, a, end), tail = last > lo && others(mm, last, hi, a, end);
    Edge edge = edge_of(advice);
    if ((head || tail) && edge == EDGE_REFUSE)
        return -EINVAL;
    int64_t r = 0;
    if (edge == EDGE_ZERO && head)
        r = forget(mm, a, end < lo + mm->hpage ? end : lo + mm->hpage);
    if (edge == EDGE_ZERO && tail && !r)
        r = forget(mm, last, end);
    if (edge != EDGE_WIDEN) {
        if (head)
            lo += mm->hpage;
        if (tail)
            hi = last;
    }
    if (r || lo >= hi)
        return r;
    return madvise(mm_host(mm, lo), hi - lo, advice) < 0 ? -errno : 0;
}
