/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up of the address space, mmap, munmap and mprotect. Neighbours: mm_vma.c (the map), mm_code.c (pages that hold
 * translated code), mm_move.c (mremap, brk, System V segments), mm_advise.c (the rest), mm_maps.c (/proc). */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <linux/magic.h>
#include "common-user/mm_priv.h"

enum { PROT_SEMAPHORE = 8, HOST_BITS = 47 };
enum { HUGE_PAGE = 2 << 20 };       /* the host's; what the guest aligns to is aligned there, too */
enum { GUARD = 65536 };             /* unmapped on both sides of a reservation: base + r32 + small offset stays
                                     * inside */

static void *reserve(uint64_t at, uint64_t len)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED_NOREPLACE : 0);
    return mmap((void *)(uintptr_t)at, len, PROT_NONE, flags, -1, 0);
}

/* Where a limit on address space forbids to reserve a whole window: a part of the host's space that its kernel, which
 * goes downwards from the top, does not come to. */
static void *unreserved(uint64_t len)
{
    enum { STEP_BITS = 36, STEPS = 64 };
    for (uint64_t at = 1ull << STEP_BITS; at < (uint64_t)STEPS << STEP_BITS; at += 1ull << STEP_BITS) {
        void *first = reserve(at, GUARD), *last = reserve(at + len - GUARD, GUARD);
        if (first != MAP_FAILED)
            munmap(first, GUARD);
        if (last != MAP_FAILED)
            munmap(last, GUARD);
        if (first != MAP_FAILED && last != MAP_FAILED)
            return first;
    }
    return MAP_FAILED;
}

static bool host_free(uint64_t at, uint64_t len)
{
    void *p = reserve(at, len);
    if (p != MAP_FAILED)
        munmap(p, len);
    return (uint64_t)(uintptr_t)p == at;            /* a kernel that does not know NOREPLACE goes elsewhere */
}

/* Identity, unless the host has something where the program is fixed (ourselves: under valgrind, or with randomisation
 * off). */
static uint64_t choose_base(const MmConfig *c)
{
    enum { STEP_BITS = 44 };
    uint64_t len = c->fixed_end - c->fixed;
    if (c->guest_base || !len || host_free(c->fixed, len))
        return c->guest_base;
    for (uint64_t base = 1ull << STEP_BITS; base < 1ull << HOST_BITS; base += 1ull << STEP_BITS)
        if (host_free(base + c->fixed, len))
            return base;
    return 0;
}

Mm *mm_new(const MmConfig *c, char *err, size_t errcap)
{
    Mm *mm = g_new0(Mm, 1);
    mm->arch = c->arch;
    mm->page = c->page_size;
    mm->hpage = c->host_page > c->page_size ? c->host_page : c->page_size;
    mm->task_size = c->task_size;
    mm->mmap_base = c->mmap_base;
    mm->mmap_end = c->mmap_end;
    if (c->arch->tcg.addr_bits == 32 || c->reserved_va) {
        uint64_t size = c->arch->tcg.addr_bits == 32 ? 1ull << 32 : c->reserved_va;
        uint64_t align = c->guest_base ? mm->hpage : mm->hpage > HUGE_PAGE ? mm->hpage : HUGE_PAGE;
        uint64_t least = mm->hpage > GUARD ? mm->hpage : mm_partial(mm) ? GUARD : 0;
        uint64_t slack = c->guest_base ? least : align;
        void *p = reserve(c->guest_base ? c->guest_base - GUARD : 0, size + 2 * GUARD + slack);
        if (p == MAP_FAILED && !c->guest_base && errno == ENOMEM) {
            p = unreserved(size + 2 * GUARD + slack);
            mm->sparse = true;
        }
        if (p == MAP_FAILED) {
            snprintf(err, errcap, "cannot reserve 0x%llx bytes of guest address space: %s", (unsigned long long)size,
                strerror(errno));
            g_free(mm);
            return NULL;
        }
        mm->base = ((uint64_t)(uintptr_t)p + GUARD + align - 1) & ~(align - 1);
        mm->reserved = true;
        if (mm->task_size > size)
            mm->task_size = size;
        if (!mm->mmap_base || mm->mmap_base > mm->task_size)
            mm->mmap_base = mm->task_size - (16 << 20);
    } else {
        mm->base = choose_base(c);
        if (mm->base && mm->task_size > (1ull << HOST_BITS) - mm->base)
            mm->task_size = (1ull << HOST_BITS) - mm->base;
    }
    lock_init(&mm->lock);
    mm->guarded = g_hash_table_new(NULL, NULL);
    mm->shm = g_hash_table_new(NULL, NULL);
    mm->fetch_page = ~0ull;
    return mm;
}

void     mm_set_tcg(Mm *mm, Tcg *tcg) { mm->tcg = tcg; }
uint64_t mm_base(const Mm *mm) { return mm->base; }
uint64_t mm_page_size(const Mm *mm) { return mm->page; }
uint64_t mm_host_page(const Mm *mm) { return mm->hpage; }
uint64_t mm_task_size(const Mm *mm) { return mm->task_size; }
void     mm_before_fork(Mm *mm) { mm_lock(mm); }
void     mm_after_fork(Mm *mm, bool child)
{
    if (child) {                            /* locks of memory are not inherited; PR_MDWE_NO_INHERIT */
        mm->lock_future = 0;
        if (mm->mdwe & 2)
            mm->mdwe = 0;
        lock_init(&mm->lock);
    } else {
        lock_drop(&mm->lock);
    }
}

/* --- the host's side */

/* What was claimed in [a, end). */
static void give_back(Mm *mm, gaddr a, gaddr end)
{
    for (gaddr stop; vma_hole(mm, &a, end, &stop); a = stop)
        host_release(mm, a, stop);
}

int host_claim(Mm *mm, gaddr a, gaddr end)
{
    if (mm->reserved)
        return 0;
    if (mm_partial(mm))
        return part_claim(mm, a, end);
    for (gaddr p = a, stop; vma_hole(mm, &p, end, &stop); p = stop) {
        void *want = mm_host(mm, p), *got = mmap(want, stop - p, PROT_NONE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (got == want)
            continue;
        int e = got == MAP_FAILED && errno == EPERM ? -EPERM : -ENOMEM;
        if (got != MAP_FAILED)
            munmap(got, stop - p);
        give_back(mm, a, p);
        return e;
    }
    return 0;
}

int host_vacate(Mm *mm, gaddr a, gaddr end)
{
    void *p = mm_host(mm, a);
    if (!mm->reserved || mm->sparse)
        return munmap(p, end - a) < 0 ? -errno : 0;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    return mmap(p, end - a, PROT_NONE, flags, -1, 0) == MAP_FAILED ? -errno : 0;
}

void host_release(Mm *mm, gaddr a, gaddr end)
{
    if (mm_partial(mm))
        part_release(mm, a, end);
    else
        host_vacate(mm, a, end);
}

int host_map(Mm *mm, gaddr at, uint64_t len, int prot, int flags, int fd, uint64_t off)
{
    if (mm_partial(mm))
        return part_map(mm, at, len, prot, flags, fd, off);
    return mmap(mm_host(mm, at), len, mm_host_prot(prot), flags | MAP_FIXED, fd, (off_t)off) == MAP_FAILED ? -errno : 0;
}

int host_protect(Mm *mm, gaddr a, gaddr end, int prot)
{
    if (mm_partial(mm))
        return part_protect(mm, a, end, prot);
    return mprotect(mm_host(mm, a), end - a, mm_host_prot(prot)) < 0 ? -errno : 0;
}

int64_t host_given(const Mm *mm, void *p, uint64_t len)
{
    gaddr at = (uint64_t)(uintptr_t)p - mm->base;           /* below the base: wraps to far above */
    if (at < mm->task_size && len <= mm->task_size - at)
        return (int64_t)at;
    munmap(p, len);
    return -ENOMEM;
}

bool mm_hint_free(const Mm *mm, gaddr hint, uint64_t len)
{
    const Vma *next = vma_find(mm, hint);
    return hint >= MMAP_LOWEST && hint <= mm->task_size - len &&
        (!next || (next->start > hint && next->low >= hint + len));
}

gaddr mm_choose(Mm *mm, gaddr hint, uint64_t len)
{
    if (mm_hint_free(mm, hint, len))
        return hint;
    gaddr at = mm->mmap_end ? vma_gap_up(mm, mm->mmap_base, mm->mmap_end, len) : 0;
    if (!at)
        at = vma_gap(mm, MMAP_LOWEST, mm->mmap_base, len);
    /* then anywhere; but at identity the host knows better what is free there */
    return at || !(mm->reserved || mm->base) ? at : vma_gap(mm, MMAP_LOWEST, mm->task_size, len);
}

gaddr mm_choose_area(Mm *mm, gaddr hint, uint64_t len)
{
    return mm->reserved || !mm->mmap_base ? 0 : mm_choose(mm, hint, len);
}

/* --- mmap */

/* What a mapping is of. A file, when it is none of anonymous memory: fstat and fstatfs of it. */
typedef struct Source { struct stat st; struct statfs fs; } Source;

static int look_at_file(Source *s, int fd)
{
    return fstat(fd, &s->st) < 0 || fstatfs(fd, &s->fs) < 0 ? -errno : 0;
}

static int describe(Mm *mm, Vma *v, int flags, const Source *s, uint64_t off)
{
    v->flags = flags & (MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN);
    if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE)
        v->flags = MAP_SHARED | (flags & MAP_ANONYMOUS);
    v->off = off;
    if (!(flags & MAP_ANONYMOUS)) {
        if (v->flags & MAP_GROWSDOWN)
            return -EINVAL;
        v->dev = s->st.st_dev;
        v->ino = s->st.st_ino;
        if (s->fs.f_flags & ST_NOEXEC)
            v->flags |= VMA_NOEXEC;
    } else if (v->flags & MAP_SHARED) {
        if (v->flags & MAP_GROWSDOWN)
            return -EINVAL;
        v->ino = ++mm->anon_ids;
        v->off = 0;
    } else {
        v->off = 0;
    }
    return 0;
}

/* Old code of an object that gets another mapping is forgotten: the next fetch guards every alias, this one too. */
static void drop_object(Mm *mm, const Vma *v, Drop *d)
{
    if (!v->ino || !(v->flags & MAP_SHARED))
        return;
    uint64_t len = v->end - v->start;
    for (Vma *o = vma_object_code(mm, v->dev, v->ino); o; o = vma_same(o->same_next, v->dev, v->ino)) {
        if (!o->has_code || o->off >= v->off + len || v->off >= o->off + (o->end - o->start))
            continue;
        if (mm_partial(mm))
            part_open(mm, o->start, o->end, d);
        code_drop(mm, o->start, o->end, d);
        host_protect(mm, o->start, o->end, o->prot);
    }
}

/* Over nothing of the guest's, and so over nothing at all. */
static int64_t map_hole(Mm *mm, gaddr at, uint64_t len, int prot, int flags, int fd, uint64_t off)
{
    void *want = mm_host(mm, at),
         *got = mmap(want, len, mm_host_prot(prot), flags | MAP_FIXED_NOREPLACE, fd, (off_t)off);
    if (got == want)
        return (int64_t)at;
    if (got == MAP_FAILED)
        return errno == EEXIST ? -ENOMEM : -errno;
    munmap(got, len);
    return -ENOMEM;
}

int64_t map_fixed(Mm *mm, gaddr at, uint64_t len, int prot, int flags, int fd, uint64_t off, Drop *d)
{
    if ((flags & MAP_FIXED_NOREPLACE) == MAP_FIXED_NOREPLACE && !vma_free(mm, at, len))
        return -EEXIST;
    if (!mm->reserved && !mm_partial(mm) && vma_free(mm, at, len))
        return map_hole(mm, at, len, prot, flags, fd, off);
    int e = host_claim(mm, at, at + len);
    if (e < 0)
        return e;
    if (mm_partial(mm))
        part_open(mm, at, at + len, d);
    e = host_map(mm, at, len, prot, flags & ~MAP_FIXED_NOREPLACE, fd, off);
    if (e < 0) {
        give_back(mm, at, at + len);
        return e;
    }
    code_drop(mm, at, at + len, d);
    return (int64_t)at;
}

static int64_t map_anywhere(Mm *mm, gaddr hint, uint64_t len, int prot, int flags, int fd, uint64_t off, Drop *d)
{
    void *p;
    flags &= ~(MAP_FIXED | MAP_FIXED_NOREPLACE);
    if (mm_partial(mm))
        return part_map_anywhere(mm, hint, len, prot, flags, fd, off, d);
    prot = mm_host_prot(prot);
    if (mm->reserved) {
        gaddr at = mm_choose(mm, hint, len);
        if (!at)
            return -ENOMEM;
        p = mmap(mm_host(mm, at), len, prot, flags | MAP_FIXED, fd, (off_t)off);
        return p == MAP_FAILED ? -errno : (int64_t)at;
    }
    flags &= ~MAP_32BIT;
    gaddr at = mm_choose_area(mm, hint, len);
    p = at ? mmap(mm_host(mm, at), len, prot, flags | MAP_FIXED_NOREPLACE, fd, (off_t)off) : MAP_FAILED;
    if (p == MAP_FAILED)
        p = mmap(hint ? mm_host(mm, hint) : NULL, len, prot, flags, fd, (off_t)off);
    return p == MAP_FAILED ? -errno : host_given(mm, p, len);
}

/* vm.mmap_min_addr keeps low pages from those without CAP_SYS_RAWIO: the host says by a page of its own there. */
enum { LOW = 0x10000 };
static bool low_refused(gaddr at)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *want = (void *)(uintptr_t)(at & ~(gaddr)(page - 1));
    void *p = mmap(want, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == MAP_FAILED)
        return errno == EPERM;
    munmap(p, page);
    return false;
}

/* Bytes of a huge page, when the mapping is of such; 0. Linux: ksys_mmap_pgoff, MAP_HUGE_SHIFT. */
static uint64_t huge_page(int flags, const Source *s)
{
    enum { DEFAULT_BITS = 21, MOST_BITS = 40 };
    if (s->fs.f_type == HUGETLBFS_MAGIC)
        return (uint64_t)s->fs.f_bsize;
    if (!(flags & MAP_ANONYMOUS) || !(flags & MAP_HUGETLB))
        return 0;
    unsigned bits = (unsigned)flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;
    return bits > MOST_BITS ? 0 : 1ull << (bits ? bits : DEFAULT_BITS);     /* the host knows which there are */
}

/* Where whole huge pages are free; else the host chooses, or says why not. */
static int64_t map_huge(Mm *mm, uint64_t huge, uint64_t len, int prot, int flags, int fd, uint64_t off, Drop *d)
{
    gaddr at = mm_choose(mm, 0, len + huge);
    if (!at)
        return map_anywhere(mm, 0, len, prot, flags, fd, off, d);
    at = (at + huge - 1) & ~(huge - 1);
    return map_fixed(mm, at, len, prot, (flags & ~MAP_FIXED) | MAP_FIXED_NOREPLACE, fd, off, d);
}

/* What is asked for, and what the map makes of it. */
typedef struct Want { gaddr at; uint64_t len, huge; bool fixed; } Want;

/* Address and length alone. 0 or -errno. */
static int64_t fit(const Mm *mm, Want *w)
{
    if (!w->len)
        return -EINVAL;
    if (w->huge)
        w->len = (w->len + w->huge - 1) & ~(w->huge - 1);
    if (!(w->len = mm_round(mm, w->len)) || w->len > mm->task_size)
        return -ENOMEM;
    if (w->fixed && (w->at & (mm->page - 1)))
        return -EINVAL;
    if (!w->fixed)
        w->at &= ~(mm->page - 1);
    bool outside = w->at >= mm->task_size || w->len > mm->task_size - w->at;
    if (outside && w->fixed)
        return -ENOMEM;
    if (outside)
        w->at = 0;
    return w->fixed && mm->reserved && w->at < LOW && low_refused(w->at) ? -EPERM : 0;
}

/* May v be mapped? over: MAP_FIXED, what is there goes. */
static int64_t allowed(Mm *mm, const Vma *v, const Want *w, int prot, bool over)
{
    gaddr from = w->fixed ? w->at : 0, to = w->fixed ? w->at + w->len : 0;
    if (mm_count_reaches(mm, 0) && mm->count > mm->count_most)
        return -ENOMEM;
    if (v->flags & VMA_NOEXEC && prot & PROT_EXEC)
        return -EPERM;
    if (mm_denies_exec(mm, v->prot, v->prot))
        return -EACCES;
    if (over && mm_sealed(mm, from, to))
        return -EPERM;
    if (over && mm_splits(mm, from, to) && mm_count_reaches(mm, 0))
        return -ENOMEM;
    return mm_may_add(mm, v->flags, v->prot, w->len, from, to) ? 0 : -ENOMEM;
}

int64_t mm_map(Mm *mm, gaddr at, uint64_t len, int prot, int flags, int fd, uint64_t off)
{
    Source s = { 0 };
    int e = off & (mm->page - 1) ? -EINVAL : flags & MAP_ANONYMOUS ? 0 : look_at_file(&s, fd);
    if (e)
        return e;
    Want w = { at, len, huge_page(flags, &s), flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) };
    Vma v = { .prot = (uint8_t)(prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) };
    Drop d = { 0 };
    int64_t r = fit(mm, &w);
    if (r < 0)
        return r;
    mm_lock(mm);
    r = describe(mm, &v, flags, &s, off);
    if (w.huge)
        v.flags |= (uint32_t)__builtin_ctzll(w.huge) << VMA_HUGE_SHIFT & VMA_HUGE_MASK;
    v.prot = (uint8_t)mm_full_prot(mm, v.flags, v.prot);
    if (!r)
        r = allowed(mm, &v, &w, prot, flags & MAP_FIXED);
    if (!r) {
        /* mm_grow does it: the host's own would count the wrong neighbours */
        int hflags = (flags & ~MAP_GROWSDOWN) | (mm->lock_future & MCL_FUTURE ? MAP_LOCKED : 0);
        r = w.fixed ? map_fixed(mm, w.at, w.len, v.prot, hflags, fd, off, &d)
          : w.huge ? map_huge(mm, w.huge, w.len, v.prot, hflags, fd, off, &d)
          : map_anywhere(mm, w.at, w.len, v.prot, hflags, fd, off, &d);
    }
    if (r >= 0) {
        v.start = (gaddr)r;
        v.end = v.start + w.len;
        drop_object(mm, &v, &d);
        drop_seen(&d, v.flags, v.prot);
        vma_insert(mm, &v);
        if (v.flags & MAP_GROWSDOWN)
            grow_note(mm, vma_at(mm, v.start));
        mm->fetch_page = ~0ull;
    }
    mm_unlock(mm, &d);
    return r;
}

/* Host ranges of what is mapped, in few calls: what lies in holes may be ours. The host may refuse, before or after
 * others: part of a huge page, or of a buffer that is one piece (perf's). */
static int unmap_pieces(Mm *mm, gaddr at, gaddr end)
{
    int e = 0;
    vma_split(mm, end);
    for (Vma *v = vma_split(mm, at), *last, *next; v && v->start < end; v = next) {
        for (last = v; last->next && last->next->start < end; last = last->next)
            if (!mm->reserved && last->next->start != last->end)
                break;
        gaddr from = v->start, to = last->end;
        next = last->next;
        if ((e = host_vacate(mm, from, to)) < 0)
            break;
        vma_remove(mm, from, to);
    }
    if (e < 0)
        vma_merge(mm, at, end);
    return e;
}

int64_t mm_unmap(Mm *mm, gaddr at, uint64_t len)
{
    if ((at & (mm->page - 1)) || !len)
        return -EINVAL;
    len = mm_round(mm, len);
    if (!len || at >= mm->task_size || len > mm->task_size - at)
        return -EINVAL;
    Drop d = { 0 };
    int64_t r = 0;
    mm_lock(mm);
    if (mm_sealed(mm, at, at + len))
        r = -EPERM;
    else if (mm_cuts_huge(mm, at) || mm_cuts_huge(mm, at + len))
        r = -EINVAL;
    else if (mm_splits(mm, at, at + len) && mm_count_reaches(mm, 0))
        r = -ENOMEM;
    if (r < 0) {
        mm_unlock(mm, NULL);
        return r;
    }
    if (mm_partial(mm))
        part_open(mm, at, at + len, &d);
    code_drop(mm, at, at + len, &d);
    if (mm_partial(mm))
        part_unmap(mm, at, at + len);
    else
        r = unmap_pieces(mm, at, at + len);
    mm_unlock(mm, &d);
    return r;
}

static int64_t protect_one(Mm *mm, gaddr a, gaddr end, int prot, Drop *d)
{
    Vma *v = vma_at(mm, a);
    if (v->flags & VMA_SEALED)
        return -EPERM;
    if (v->flags & VMA_NOEXEC && prot & PROT_EXEC)
        return -EACCES;
    prot = mm_full_prot(mm, v->flags, prot);
    if (mm_cuts_huge(mm, a) || mm_cuts_huge(mm, end))
        return -EINVAL;
    if (v->prot == prot)
        return 0;
    if (mm_denies_exec(mm, v->prot, prot))
        return -EACCES;
    if ((a > v->start || end < v->end) && mm_count_reaches(mm, 0))
        return -ENOMEM;
    if ((prot & PROT_WRITE) && !(v->prot & PROT_WRITE) && !mm_may_add(mm, v->flags, prot, end - a, 0, 0) &&
        mm_may_add(mm, v->flags, v->prot, end - a, 0, 0)) return -ENOMEM;
    if (mm_partial(mm))
        part_open(mm, a, end, d);
    int e = host_protect(mm, a, end, prot);
    if (e < 0)
        return e;
    if (v->has_code)
        code_drop(mm, a, end, d);
    drop_seen(d, v->flags, prot);
    vma_split(mm, a);
    vma_split(mm, end);
    v = vma_at(mm, a);
    vma_change(mm, v, (uint8_t)prot, v->flags);
    vma_merge(mm, a, end);
    return 0;
}

/* PROT_GROWSDOWN starts at the mapping's start, which must grow so; nothing grows upwards. 0, or -errno. */
static int64_t protect_from(Mm *mm, gaddr *at, gaddr end, int prot)
{
    const Vma *v = vma_find(mm, *at);
    if (!v || (prot & PROT_GROWSDOWN ? v->start >= end : v->start > *at))
        return -ENOMEM;
    if (prot & PROT_GROWSUP || (prot & PROT_GROWSDOWN && !(v->flags & MAP_GROWSDOWN)))
        return -EINVAL;
    if (prot & PROT_GROWSDOWN)
        *at = v->start;
    return 0;
}

int64_t mm_protect(Mm *mm, gaddr at, uint64_t len, int prot)
{
    if ((prot & PROT_GROWSDOWN) && (prot & PROT_GROWSUP))
        return -EINVAL;
    if (at & (mm->page - 1))
        return -EINVAL;
    if (!len)
        return 0;
    len = mm_round(mm, len);
    if (!len || at >= mm->task_size || len > mm->task_size - at)
        return -ENOMEM;
    if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEMAPHORE | PROT_GROWSDOWN | PROT_GROWSUP))
        return -EINVAL;
    Drop d = { 0 };
    mm_lock(mm);
    gaddr end = at + len;
    int64_t r = protect_from(mm, &at, end, prot);
    prot &= PROT_READ | PROT_WRITE | PROT_EXEC;
    while (!r && at < end) {                                        /* as Linux: up to the first hole */
        Vma *v = vma_at(mm, at);
        if (!v || v->flags & VMA_HIDDEN) {
            r = -ENOMEM;
            break;
        }
        gaddr stop = v->end < end ? v->end : end;
        r = protect_one(mm, at, stop, prot, &d);
        at = stop;
    }
    mm->fetch_page = ~0ull;
    mm_unlock(mm, &d);
    return r;
}

/* --- facts */

bool mm_any_above(Mm *mm, gaddr at)
{
    mm_lock(mm);
    Vma *v = vma_find(mm, at);
    while (v && v->flags & VMA_HIDDEN)
        v = v->next;
    mm_unlock(mm, NULL);
    return v != NULL;
}

bool mm_query(Mm *mm, gaddr at, MmInfo *out)
{
    mm_lock(mm);
    Vma *v = vma_at(mm, at);
    if (v && v->flags & VMA_HIDDEN)
        v = NULL;
    if (v) *out = (MmInfo){ v->start, v->end, v->prot, (int)v->flags, v->dev, v->ino, v->off };
    mm_unlock(mm, NULL);
    return v != NULL;
}

bool mm_covered(Mm *mm, gaddr at, uint64_t len, int prot)
{
    bool ok = true;
    gaddr end = at + len;
    mm_lock(mm);
    for (Vma *v = vma_find(mm, at); ok && at < end; v = v->next) {
        ok = v && v->start <= at && (v->prot & prot) == prot;
        if (!ok)
            break;
        at = v->end;
    }
    mm_unlock(mm, NULL);
    return ok;
}

void mm_hide(Mm *mm, gaddr at, uint64_t len)
{
    mm_lock(mm);
    vma_split(mm, at + len);
    for (Vma *v = vma_split(mm, at); v && v->start < at + len; v = v->next)
        vma_change(mm, v, v->prot, v->flags | VMA_HIDDEN);
    mm_unlock(mm, NULL);
}

void mm_name(Mm *mm, gaddr at, const char *name)
{
    mm_lock(mm);
    Vma *v = vma_at(mm, at);
    if (v)
        v->name = name;
    mm_unlock(mm, NULL);
}
