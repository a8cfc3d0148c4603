/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the engine: units, threads and the shared code cache. Included by engine.c cold.c cache.c link.c
 * unwind.c reloc.c and the host backend only; embedders and guests see tcg.h.
 *
 * Ownership: units, link sites and page nodes live in arenas and are freed only by a flush, which
 * happens when no thread is inside tcg_run. A dropped unit may therefore
 * still be executing. */
#ifndef TCG_ENGINE_H
#define TCG_ENGINE_H

#include <stdatomic.h>
#include "lock.h"
#include "passes.h"
#include "tcg.h"

typedef struct Unit Unit;
typedef struct TcgThread TcgThread;
typedef struct ColdStore ColdStore;

/* A patchable branch in emitted code: the rel32 at `field` leads to `to`, or to its own slow stub. */
typedef struct LinkSite {
    struct LinkSite *next;          /* lock: the target's list */
    uint8_t *field;                 /* the four bytes */
    uint8_t *stub;                  /* where it leads when not linked */
} LinkSite;

typedef struct UnitRange { gaddr pc; uint32_t len; } UnitRange;

struct Unit {
    gaddr    pc;                    /* const: key with flags */
    uint32_t flags;
    _Atomic uint32_t live;          /* cleared once, when dropped */
    _Atomic(Unit *) next;           /* hash chain */
    void    *code;                  /* const: host entry; NULL: interpret ir */
    IrUnit  *ir;                    /* const: when there is no code */
    int32_t *left;                  /* entries before the place is translated again, counted down by the code without
                                     * locks: of a cold unit (then as an extended one), of code that is not watched;
                                     * NULL: for good */
    uint32_t code_len;
    uint16_t nrange, nguest;
    bool     alone;                 /* const: code without barriers and bus locks, see tcg_share */
    UnitRange *range;               /* const: guest code covered */
    LinkSite *in;                   /* lock: branches that lead here */
    const uint8_t *unwind;          /* const: see unwind.c */
    uint32_t unwind_len, reloc_len; /* the relocations (reloc.c) follow the unwind table */
    Unit    *older;                 /* next unit of the same code chunk, at lower addresses */
};

enum {
    HASH_BITS = 18, PAGE_BITS = 12, PAGE_BUCKETS = 8192,
    CHUNK_BITS = 17,                /* code memory is handed to threads in chunks */
    COUNT_MAX = 1 << 19,            /* cold units between two flushes */
    RUNS_BITS = 16,
    INVAL_KEPT = 64,
    DOUBT_RUNS = 1 << 16,           /* entries of a unit of code that nobody watches before it is looked at again */
    JTAB_BITS = 12,                 /* entries of the per-thread table of indirect targets */
    JTAB_ENTRY_BITS = 4,            /* each of so many bytes */
    ARENA_BLOCK = 64 << 10,
    UNIT_MAX_CODE = 16 << 10,       /* bytes that one unit may emit */
    UNIT_MAX_INSNS = 64,
    LOOK_INSNS = 3,                 /* looked at together behind an exit */
    MANY_THREADS = 64,              /* more do not keep free memory between translations */
};

typedef struct PageNode { struct PageNode *next; gaddr page; Unit *unit; } PageNode;
typedef struct ArenaBlock { struct ArenaBlock *next; size_t size; char data[]; } ArenaBlock;
typedef struct InvalRange { _Atomic gaddr start, last; } InvalRange;
typedef struct Spare { struct Spare *next; void *end; } Spare;      /* free memory, told in its first bytes */
typedef struct JumpEntry { _Atomic gaddr pc; void *_Atomic code; } JumpEntry;

struct Tcg {
    const TcgGuest *guest; TcgHost host; TcgOptions opt;    /* const */
    bool nolink;                    /* const: every unit returns to tcg_run */
    bool cold;                      /* const: first translations are cold */
    uint8_t pc_shift;               /* const: low bits of a pc that say nothing */
    _Atomic bool alone;             /* cleared once, by tcg_share */
    _Atomic(Unit *) *hash;          /* 1 << HASH_BITS chains; insertion by CAS, removal under lock */
    _Atomic uint64_t used[1 << (HASH_BITS - 6)];    /* bit by chain: has had a unit. Most look-ups are in vain and end
                                                     * here */
    uint8_t *code; size_t code_size;                        /* const: the reserved region */
    uint8_t *code_start;            /* const: first byte after the trampolines */
    _Atomic size_t code_next;       /* first byte not handed out */
    int32_t *count;                 /* const: COUNT_MAX counters of cold units, within reach of the code */
    _Atomic uint32_t ncount;        /* handed out */
    ColdStore *cold_stores;         /* const */
    _Atomic uint32_t cold_free;     /* bit by store: nobody's */
    uint16_t runs[1 << RUNS_BITS];  /* atomic: by pc, how often code there has been interpreted (cold.c) */
    _Atomic(Unit *) *chunk_units;   /* per chunk, its youngest unit */
    Lock lock;                      /* page index, link lists, thread list, arena list, spare memory; see engine_lock */
    _Atomic uint32_t left;          /* changes when a thread leaves while a flush waits */
    PageNode **pages;               /* lock */
    gaddr page_lo, page_hi;         /* lock: bounds of pages in the index */
    uint64_t inval_seq;             /* atomic: number of invalidations begun, and of flushes */
    InvalRange inval[INVAL_KEPT];   /* what number n was of, at n % INVAL_KEPT */
    ArenaBlock *arenas;             /* lock */
    size_t arena_bytes;             /* atomic */
    TcgThread *threads;             /* lock */
    uint32_t nthreads;              /* lock */
    Spare *spare_code, *spare_arena;    /* lock: what threads have given back of theirs since the flush */
    _Atomic uint32_t stop;          /* a flush wants everybody out: the id of the thread that flushes; LOCK_DEAD:
                                     * whoever comes first */
    _Atomic uint32_t gen;           /* number of flushes */
    struct HostCode *hc;            /* backend: trampolines, register map */
    _Atomic uint64_t n_units, n_interp, n_flush, n_drop;    /* statistics */
};

struct TcgThread {
    JumpEntry *jtab;                /* 1 << JTAB_BITS; filled by the owner, entries cleared by anybody; an empty one
                                     * holds jtab_none */
    Tcg *tcg; CpuState *cpu;
    TcgThread *next;                /* lock */
    _Atomic uint32_t active;        /* inside tcg_run */
    uint32_t gen, flags;            /* of what jtab and the pair stack hold */
    uint8_t *chunk, *chunk_end;     /* free part of this thread's code chunk */
    char *arena, *arena_end;        /* free part of a block of its own; all zero */
    char *arena_base;               /* where that was when the thread got it */
    int32_t *counter;               /* taken and not yet used; NULL: none */
    IrUnit ir, ahead;               /* scratch of translation; of its look-ahead */
    AheadMemo memo;                 /* of that */
    ColdStore *cold;                /* NULL: code is compiled at once */
    struct HostScratch *hs;         /* backend: scratch of compilation */
    volatile bool translating;      /* ir, ahead and hs are in use */
    uint8_t *pair_base; size_t pair_size;                   /* pair stack; lowest page is the guard */
    sigjmp_buf interp_env;
    volatile bool in_interp;
    volatile gaddr fault_addr;
};

/* CpuState.exit_request. A poll exit that only a flush (or a change of tb_flags) asked for is not the embedder's
 * business. */
enum { REQ_EMBEDDER = 1, REQ_FLUSH = 2 };

/* cache.c */
bool  cache_init(Tcg *t);
Unit *cache_lookup(Tcg *t, gaddr pc, uint32_t flags);
/* The unit to run: u, instead of `was`; a twin that was first; or NULL, as what it covers has been invalidated after
 * number seq. */
Unit *cache_publish(TcgThread *th, Unit *u, const Unit *was, uint64_t seq);
int32_t *cache_counter(TcgThread *th, int32_t n);           /* at n; NULL: none left. The thread's until it publishes */
/* Has something been invalidated after number seq that concerns `what`? *now: up to which number that is known. Any
 * thread. */
bool cache_changed(const Tcg *t, uint64_t seq, uint64_t *now,
    bool (*concerns)(const void *what, gaddr start, gaddr last), const void *what);
/* Memory allocated between the two, all of it not published, is free again (but for blocks of more than ARENA_BLOCK /
 * 8). */
typedef struct CacheMark { char *at, *end; } CacheMark;
CacheMark cache_mark(const TcgThread *th);
void  cache_rewind(TcgThread *th, CacheMark m);
void *cache_alloc(TcgThread *th, size_t size);              /* zeroed, lives until the flush; NULL: out of memory */
bool  cache_chunk(TcgThread *th);                           /* a new code chunk; false: region is full */
void  cache_thread_free(TcgThread *th);                     /* under lock: what is left of its memory is for others */
void  cache_share_memory(TcgThread *th);                    /* under lock: likewise, when there are many threads */
void  cache_await(Tcg *t);                                  /* until no flush is under way; not inside, not under
                                                             * lock */
void  cache_doubt(Tcg *t);                                  /* under lock, whose owner died: all is to be flushed before
                                                             * anybody enters */
void  cache_flush(TcgThread *self, Tcg *t);                 /* self may be NULL; not under lock */
void  cache_enter(TcgThread *th);                           /* before using any unit */
void  cache_leave(TcgThread *th);
Unit *cache_find_code(Tcg *t, const void *host_pc);         /* async-signal-safe */
bool  jtab_init(TcgThread *th);
void  jtab_free(TcgThread *th);
void  jtab_fill(TcgThread *th, Unit *u);
void  jtab_clear(TcgThread *th);
/* Emitted code computes these two, too (emit_flow.c, tramp.c). */
static inline uint32_t cache_hash(const Tcg *t, gaddr pc)
{
    return (uint32_t)((pc >> t->pc_shift) ^ (pc >> 17)) & ((1u << HASH_BITS) - 1);
}
static inline uint32_t jtab_index(const Tcg *t, gaddr pc)
{
    return (uint32_t)(pc >> t->pc_shift) & ((1u << JTAB_BITS) - 1);
}
/* A pc that never looks at this entry, so that zeroed memory is (nearly) an empty table. */
static inline gaddr jtab_none(const Tcg *t, uint32_t index) { return index ? 0 : (gaddr)1 << t->pc_shift; }
/* What translated code finds for an indirect jump to pc, or NULL. */
static inline void *jtab_find(TcgThread *th, gaddr pc)
{
    JumpEntry *e = &th->jtab[jtab_index(th->tcg, pc)];
    return atomic_load_explicit(&e->pc, memory_order_acquire) == pc
        ? atomic_load_explicit(&e->code, memory_order_relaxed)
        : NULL;
}

/* link.c */
void  link_site(TcgThread *th, uint8_t *field, uint8_t *stub, Unit *to);
void  link_move_in(Unit *from, Unit *to);                   /* under lock: every branch that leads to one leads to the
                                                             * other */
void  link_drop_in(Unit *u);                                /* under lock: every branch that leads to u goes to its stub
                                                             * again */

/* unwind.c: host offset -> guest state. One row per guest instruction, and one where the lent pins change (a mask of
 * the backend's: the guest registers of these pins are in CpuState). */
typedef struct UnwindRow { gaddr pc; uint32_t off, lent; } UnwindRow;
size_t unwind_encode(uint8_t *out, const UnwindRow *row, int n, gaddr base);
bool  unwind_find(const Unit *u, uint32_t host_off, UnwindRow *row);

/* reloc.c: the fields of a unit's code that depend on where the code, the translator or the guest's program lies. All
 * else in it is position-independent, so code moved by a multiple of 64 bytes, with these fields adjusted and its
 * direct links led back to their stubs, is the code that the backend would emit there. */
typedef enum RelocKind {
    RELOC_PC64,                     /* guest address */
    RELOC_PC32U, RELOC_PC32S,       /* guest address, of which the host extends 32 bits */
    RELOC_HELPER,                   /* address of a C function of the translator or the guest, 64 bits */
    RELOC_TRAMPOLINE,               /* distance to a trampoline from the field's end, 32 bits */
    RELOC_COUNT,                    /* distance to the counter of a cold unit from a byte behind the field, 32 bits */
} RelocKind;
typedef struct Reloc { uint32_t at; RelocKind kind; } Reloc;    /* at: offset of the field from the unit's code */
size_t reloc_encode(uint8_t *out, const Reloc *r, int n);       /* at most 4 bytes each, at in ascending order; returns
                                                                 * the length */
int   reloc_decode(const Unit *u, Reloc *out, int max);         /* how many there are; the first max into out */

/* cold.c. Units returned are good until the thread's next call. */
bool  cold_init(Tcg *t);
void  cold_thread_init(TcgThread *th);
void  cold_thread_free(TcgThread *th);
/* to be interpreted now; NULL: has run often, has a unit, or is no code */
const IrUnit *cold_unit(TcgThread *th, gaddr pc, uint32_t flags);
/* what is kept and as of seq; NULL: nothing */
const IrUnit *cold_find(TcgThread *th, gaddr pc, uint32_t flags, uint64_t seq);

void  cold_forget(Tcg *t, gaddr pc);                        /* the code there is new: not interpreted yet */

/* engine.c */
/* what is kept and still true; NULL: nothing */
const IrUnit *cold_kept(TcgThread *th, gaddr pc, uint32_t flags);
uint32_t engine_id(const Tcg *t);                           /* the calling thread's, for locks */
/* Memory may be shared with a process that is killed: each list that the lock guards is whole after every store, but
 * what was in progress then is half done. So who finds the owner dead sees to it that all is flushed before anybody
 * enters again. */
void  engine_lock(Tcg *t);
static inline void engine_unlock(Tcg *t) { lock_drop(&t->lock); }
/* translated and optimised; the thread's scratch */
const IrUnit *engine_ir(TcgThread *th, gaddr pc, uint32_t flags, int max, bool cold);
enum { ENGINE_HOT = 15 };           /* left by a cold unit that has run often enough; beside TCG_EXIT_*, never seen
                                     * outside */
Unit *engine_unit(TcgThread *th, gaddr pc, uint32_t flags); /* look up or translate; NULL: cpu->exit_code says why
                                                             * not */

/* host/<h>: the backend */
bool  host_init(Tcg *t);                                    /* emits trampolines; false: no backend, interpret */
void  host_thread_init(TcgThread *th);
void  host_thread_free(TcgThread *th, bool scratch);        /* scratch: what host_compile has allocated, too */
void  host_thread_reset(TcgThread *th);                     /* forget code addresses (pair stack) after a flush */
/* Emit ir into the thread's chunk. On success fills code, code_len and the unwind table of u and advances the chunk.
 * HOST_FULL: chunk too small, get another; HOST_TOOBIG: fewer instructions; HOST_NO: interpret. */
enum { HOST_OK, HOST_FULL, HOST_TOOBIG, HOST_NO };
int   host_compile(TcgThread *th, const IrUnit *ir, Unit *u);
/* Run code until it leaves; an exit code, or 0: go on at cpu->pc (with link request in *field, *stub when a branch
 * wants a target). */
int   host_enter(CpuState *cpu, void *code, uint8_t **field, uint8_t **stub);
void  host_patch(uint8_t *field, const uint8_t *to);        /* atomically */
/* in emitted code or its helper: see tcg_fault */
bool  host_fault(CpuState *cpu, void *ucontext, void *addr, bool *resume);
/* continue in fn(arg) after the signal handler */
void  host_redirect(void *ucontext, void (*fn)(void *), void *arg);

#endif
