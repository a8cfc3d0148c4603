/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the mm_*.c files. The map is a tree of Vma, disjoint, neighbours of equal kind merged; each also knows its
 * neighbours (prev, next). Look-up, change and the search for a free range are logarithmic. All functions here want
 * mm->lock held. */
#ifndef COMMON_USER_MM_PRIV_H
#define COMMON_USER_MM_PRIV_H

#include <glib.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <linux/mman.h>
#include "common-user/mm.h"
#include "tcg/lock.h"

typedef struct Vma {
    gaddr start, end;
    uint64_t dev, ino, off;         /* backing object; dev 0 and ino 0: private anonymous. off is that of start */
    const char *name;               /* special mapping's name, static; NULL */
    uint32_t flags;                 /* MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS, MAP_GROWSDOWN */
    uint8_t prot;                   /* the guest's */
    bool has_code;                  /* the translator read from here: vma_mark */
    uint32_t rank;                  /* this and what follows is mm_vma.c's */
    gaddr low;                      /* start, less the gap that nothing is put into by choice (MAP_GROWSDOWN) */
    gaddr gap;                      /* largest free range below the `low` of a mapping of this subtree */
    struct Vma *left, *right;
    struct Vma *prev, *next;        /* by address: anyone may follow them */
    struct Vma *same_prev, *same_next;              /* of the object's list, when it has one: vma_object */
} Vma;
enum { OBJECT_LISTS = 256 };
typedef struct Objects { Vma *first; uint32_t coded; } Objects;     /* coded: how many of the list have code */

/* What the translator hears once the lock is released (it may wait for nothing of ours): ranges whose code must be
 * dropped, and whether others see memory from now on (tcg_share). */
typedef struct Drop { GArray *ranges; bool seen; } Drop;

struct Mm {
    const GuestArch *arch;          /* const */
    uint64_t base, page, task_size, mmap_base, mmap_end;        /* const */
    uint64_t hpage;                 /* const: granularity of host calls; usually page */
    bool reserved;                  /* const: [0, task_size) is a range of the host's space that is ours alone */
    bool sparse;                    /* const: its unused parts are not mapped, for want of address space (RLIMIT_AS) */
    Lock lock;
    bool doubt;                     /* lock: its owner was killed with it: no code is to be trusted */
    Tcg *tcg;                       /* const after mm_set_tcg */
    Vma *root, *first, *last, *spare;               /* lock: the map; nodes to use again */
    Objects objects[OBJECT_LISTS];  /* lock: lists of mappings, by a hash of their object */
    uint64_t ranks;                 /* lock: the generator's state */
    uint32_t count, count_look, count_most;         /* lock: mappings; when to read vm.max_map_count again, its value */
    int lock_future;                /* lock: MCL_FUTURE, MCL_ONFAULT in force */
    uint32_t mdwe;                  /* lock: PR_MDWE_* bits */
    bool read_exec;                 /* lock: READ_IMPLIES_EXEC, of new mappings */
    MmSums sums;                    /* lock */
    gaddr brk_start, brk;           /* lock */
    uint64_t anon_ids;              /* lock: made-up inode numbers of shared anonymous memory */
    GHashTable *guarded;            /* lock: page → GuardCount, pages that we write-protected */
    _Atomic bool watching;          /* something is or was in `guarded`: outputs of system calls must look */
    _Atomic bool unwatched;         /* there is or was code that others may write without our seeing it */
    GHashTable *shm;                /* lock: System V segment's number (Vma.ino) → its length */
    _Atomic gaddr fetch_page;       /* page known to be executable and marked; ~0 none */
    _Atomic gaddr gap_low, gap_high;                /* room of MAP_GROWSDOWN mappings is in here; changed under lock */
};

#define VMA_HIDDEN (1u << 31)       /* of Vma.flags: room that is kept free; for the guest nothing is mapped there */
#define VMA_SEALED (1u << 30)       /* of Vma.flags: mseal(2) */
#define VMA_HUGE_SHIFT 24           /* of Vma.flags: five bits, the binary logarithm of a huge page of it; 0: none */
#define VMA_HUGE_MASK (31u << VMA_HUGE_SHIFT)
#define VMA_NOEXEC (1u << 29)       /* of Vma.flags: of a file system that is mounted so */
enum { GUARD_ON = 1u << 31, GUARD_LIMIT = 16 };     /* value of guarded: faults so far, and whether protected now */
enum { MMAP_LOWEST = 0x10000 };     /* Linux: vm.mmap_min_addr */
enum { STACK_GAP = 256 };           /* pages; Linux: stack_guard_gap */

void     mm_lock(Mm *mm);
void     mm_unlock(Mm *mm, Drop *d);            /* releases, then drops the code noted in d (may be NULL) */

static inline void *mm_host(const Mm *mm, gaddr a) { return (void *)(uintptr_t)(mm->base + a); }
static inline uint64_t mm_round(const Mm *mm, uint64_t v) { return (v + mm->page - 1) & ~(mm->page - 1); }
static inline int mm_host_prot(int prot)
{
    return (prot & (PROT_READ | PROT_WRITE)) | (prot & PROT_EXEC ? PROT_READ : 0);
}

/* mm_limit.c: may a mapping of this kind be made, in place of what is in [over, over_end)? */
bool     mm_may_add(const Mm *mm, uint32_t flags, int prot, uint64_t len, gaddr over, gaddr over_end);
bool     mm_count_reaches(Mm *mm, uint32_t slack);                  /* vm.max_map_count - slack mappings, or more? */
bool     mm_splits(const Mm *mm, gaddr a, gaddr end);               /* do both lie inside one mapping? */
bool     mm_cuts_huge(const Mm *mm, gaddr a);                       /* is it inside a huge page? */
bool     mm_sealed(const Mm *mm, gaddr a, gaddr end);               /* is anything in the range? */
int      mm_full_prot(const Mm *mm, uint32_t flags, int prot);      /* with what READ_IMPLIES_EXEC adds */
bool     mm_denies_exec(const Mm *mm, int was, int now);            /* PR_SET_MDWE: may no mapping become so? */

Vma     *vma_find(const Mm *mm, gaddr a);       /* first mapping that ends above a, or NULL */
Vma     *vma_at(const Mm *mm, gaddr a);
bool     vma_free(const Mm *mm, gaddr a, uint64_t len);
/* the first hole at or above *a, within end; false: none */
bool     vma_hole(const Mm *mm, gaddr *a, gaddr end, gaddr *stop);
/* the highest place for len in a hole within [low, top); 0: none */
gaddr    vma_gap(const Mm *mm, gaddr low, gaddr top, uint64_t len);
gaddr    vma_gap_up(const Mm *mm, gaddr low, gaddr top, uint64_t len);         /* the lowest */
void     vma_remove(Mm *mm, gaddr a, gaddr end);
void     vma_insert(Mm *mm, const Vma *v);      /* in place of what is there; merges */
void     vma_merge(Mm *mm, gaddr a, gaddr end); /* neighbours inside and at the edges */
Vma     *vma_split(Mm *mm, gaddr a);            /* makes a a boundary; the first mapping that starts at or above a: with
                                                 * its node, others stay */
/* the only way to change these; no merge */
void     vma_change(Mm *mm, Vma *v, uint8_t prot, uint32_t flags);
void     vma_lower(Mm *mm, Vma *v, gaddr start);                    /* it starts here; nothing is in between */
bool     vma_is_data(uint32_t flags, int prot); /* as RLIMIT_DATA counts */
/* The mappings of an object (dev, ino; ino not 0): for (v = vma_object(...); v; v =
 * vma_same(v->same_next, dev, ino)). */
Vma     *vma_object(Mm *mm, uint64_t dev, uint64_t ino);
Vma     *vma_object_code(Mm *mm, uint64_t dev, uint64_t ino);       /* the same, or NULL when none of them has code */
void     vma_mark(Mm *mm, Vma *v, bool has_code);
static inline Vma *vma_same(Vma *v, uint64_t dev, uint64_t ino)
{
    while (v && (v->dev != dev || v->ino != ino))
        v = v->same_next;
    return v;
}

void     code_drop(Mm *mm, gaddr a, gaddr end, Drop *d);           /* mapping goes or changes: note code, forget
                                                                    * guards */
void     drop_add(Drop *d, gaddr a, gaddr end);
static inline void drop_seen(Drop *d, uint32_t flags, int prot)     /* such a mapping is there: may others see what is
                                                                     * written to it? */
{
    d->seen |= (flags & MAP_SHARED) && (prot & PROT_WRITE);
}

/* The host's side of [a, end), in host pages. With hpage == page these are the plain calls; else mm_partial.c. */
static inline bool mm_partial(const Mm *mm) { return __builtin_expect(mm->hpage != mm->page, 0); }
/* Maps a fixed range on the host; the caller inserts it into the map. at, or -errno. */
int64_t  map_fixed(Mm *mm, gaddr at, uint64_t len, int prot, int flags, int fd, uint64_t off, Drop *d);
void     grow_note(Mm *mm, const Vma *v);       /* a MAP_GROWSDOWN mapping was inserted */
/* claimed range; prot as the guest's; 0, -errno */
int      host_map(Mm *mm, gaddr at, uint64_t len, int prot, int flags, int fd, uint64_t off);
int      host_protect(Mm *mm, gaddr a, gaddr end, int prot);       /* prot as the guest's; 0, -errno */
/* Makes [a, end) of the host ours where the map has holes, so that MAP_FIXED cannot hit the emulator. 0 or -ENOMEM. */
int      host_claim(Mm *mm, gaddr a, gaddr end);
int      host_vacate(Mm *mm, gaddr a, gaddr end);                  /* whole host pages: unmapped, or reserved again */
int64_t  host_given(const Mm *mm, void *p, uint64_t len);          /* where the host put a mapping, or -ENOMEM: no guest
                                                                    * address, unmapped */
void     host_release(Mm *mm, gaddr a, gaddr end);                 /* whole host range back: unmapped, or reserved
                                                                    * again */
bool     mm_hint_free(const Mm *mm, gaddr hint, uint64_t len);     /* may a mapping without MAP_FIXED go there? */
gaddr    mm_choose(Mm *mm, gaddr hint, uint64_t len);              /* reserved mode: free place or 0 */
gaddr    mm_choose_area(Mm *mm, gaddr hint, uint64_t len);         /* else: free place in the mmap area; 0: the host
                                                                    * chooses */

/* mm_partial.c: guest pages smaller than the host's. */
void     part_open(Mm *mm, gaddr a, gaddr end, Drop *d);           /* before any change of a range: no guard is left on
                                                                    * its host pages */
int      part_claim(Mm *mm, gaddr a, gaddr end);
void     part_unmap(Mm *mm, gaddr a, gaddr end);                    /* mappings and their host pages */
void     part_release(Mm *mm, gaddr a, gaddr end);
int      part_map(Mm *mm, gaddr at, uint64_t len, int prot, int flags, int fd, uint64_t off);
int      part_protect(Mm *mm, gaddr a, gaddr end, int prot);
int      part_host_prot(Mm *mm, gaddr hostpage);                   /* union of what is mapped there, as the guest's */
int64_t  part_map_anywhere(Mm *mm, gaddr hint, uint64_t len, int prot, int flags, int fd, uint64_t off, Drop *d);
int64_t  part_choose(Mm *mm, uint64_t len, uint64_t off);          /* claimed host pages of its own, congruent to off;
                                                                    * or -errno */
bool     part_alone(Mm *mm, gaddr a, gaddr end);                   /* nothing else is mapped in the host pages of [a,
                                                                    * end) */
int64_t  part_advise(Mm *mm, gaddr a, uint64_t len, int advice);

#endif
