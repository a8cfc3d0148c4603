/* SPDX-License-Identifier: Apache-2.0 */
/* The translator's public contract. It knows no guest and no OS: an embedder hands it a TcgGuest
 * (data and callbacks) and asks it to run a CpuState until something happens.
 *
 * Thread rules: one Tcg per process, shared by all guest threads; tcg_run is called by each with its
 * own CpuState; lookup is lock-free, translation runs in parallel.
 */
#ifndef TCG_H
#define TCG_H

#include <setjmp.h>
#include "ir.h"

/* Head of every guest's CPU state; the guest's registers follow (offsets in RegDesc).
 * One per guest thread, 64-byte aligned, owned by that thread except where said. */
typedef struct CpuState {
    _Atomic uint32_t exit_request;  /* atomic: non-zero asks translated code to leave at the next poll */
    uint32_t tb_flags;              /* translation-mode bits of this CPU now; guest keeps it current (FP mode) */
    gaddr    pc;                    /* valid whenever translated code is not running */
    uint64_t mem_base;              /* host address of guest address 0 */
    uint64_t fp_sticky;             /* FPF_* gathered outside the host FPU */
    uint32_t fp_round;              /* the dynamic mode: FpRound, FP_FLUSH, FP_DEFAULT_NAN */
    uint32_t fp_poll;               /* engine-private: units until one looks whether TcgGuest.flush_inexact is to be
                                     * set */
    uint32_t exit_code;             /* why tcg_run returned: TCG_EXIT_* or a code of ir_raise */
    int64_t  exit_arg;              /* of ir_raise */
    gaddr    fault_addr;            /* TCG_EXIT_FAULT: guest address */
    struct Tcg *tcg;                /* const */
    struct TcgThread *thread;       /* engine-private: pair stack, caches; const after tcg_thread_init */
    void    *task;                  /* embedder's; const */
    _Alignas(16) uint64_t host[96]; /* engine-private: saved host rsp, spill slots, locals, helper arguments */
} CpuState;

enum {                              /* exit codes of the engine; guests' own (target/arch.h) start at TCG_EXIT_GUEST */
    TCG_EXIT_POLL = 1,              /* exit_request was seen */
    TCG_EXIT_FAULT = 2,             /* data access fault, reported by tcg_fault (si_code by the embedder) */
    TCG_EXIT_NOEXEC = 3,            /* pc is not in executable guest memory; fault_addr = pc */
    TCG_EXIT_ALIGN = 4,             /* MEM_ALIGN access misaligned; fault_addr */
    TCG_EXIT_GUEST = 16,
};

typedef struct HelperDesc {
    const char *name;
    void *fn;                       /* ret fn(CpuState *, args...); a V128 is passed as const void *; with a V128 or
                                     * I128 result: void fn(CpuState *, void *out, args...) */
    uint8_t ret, nargs, arg[6];     /* IrType */
    uint8_t reads, writes;          /* HELPER_NONE, HELPER_ALL, HELPER_LIST */
    const uint16_t *read_list, *write_list;   /* register indexes, 0xffff-terminated, for HELPER_LIST */
    bool faults;                    /* may touch guest memory through cpu (fault reported at this guest pc) */
    /* Computes nothing in floating point, does not fault: the host's FP modes and flags stay the guest's while it runs.
     * Else it runs under the host's default modes, and what it raises is lost. */
    bool no_fp;
} HelperDesc;
enum { HELPER_NONE, HELPER_ALL, HELPER_LIST };

typedef enum NanRule { NAN_CANON, NAN_SNAN_FIRST, NAN_FIRST, NAN_X86 } NanRule;
/* NAN_CANON: always the default NaN (RISC-V). NAN_SNAN_FIRST: first signalling operand, else first quiet (Arm).
 * NAN_FIRST: first NaN operand in a, b, c order of the instruction, quieted (PowerPC). */
typedef struct FpRules {
    NanRule nan;
    bool default_nan_negative;
    bool tiny_before_rounding;
    bool fma_addend_first;          /* operand order for NaN choice is c, a, b (Arm); PowerPC: a, c, b of its own
                                     * encoding */
    bool fma_inf_zero_nan_default;  /* inf*0 + qNaN gives the default NaN with invalid (Arm); else propagates (invalid
                                     * raised) */
} FpRules;

struct SfOp;
/* A guest as data: constant, and alive as long as the Tcg made of it. Callbacks run on the thread that is in tcg_run,
 * several threads at once, and keep no state of their own. */
typedef struct TcgGuest {
    const char *name;
    uint8_t  addr_bits;             /* 32 or 64 */
    bool     big_endian;
    uint8_t  pc_shift;              /* low bits of a pc that are always 0: 1 (also said by 0) or 2 */
    bool     sync_icache;           /* guest has an explicit cache flush (still watched) */
    bool     sees_stores;           /* stores to code are seen in time without one (RISC-V: Ziccid) */
    FpRules  fp;
    size_t   state_size;            /* bytes of the CPU state, its CpuState head counted */
    /* Bits of a unit's flags: FP_FLUSH is in force throughout and its flags count (without this bit it gives the right
     * values and whatever flags); CpuState.fp_sticky has FPF_INEXACT. The guest keeps them current; the engine, too,
     * sets the second. 0: no such guest. */
    uint32_t flush_mode, flush_inexact;
    const RegDesc *regs; int nregs;
    const HelperDesc *helpers; int nhelpers;
    /* Translate one extended block at u->pc into u (already reset). Reads guest code only through
     * fetch(ctx, pc, buf, len), which returns the bytes available (0: not executable).
     * The last instruction must be an OPF_END one. Never fails: unknown encodings become raise. */
    void (*translate)(IrUnit *u, int max_insns,
                      size_t (*fetch)(void *ctx, gaddr pc, void *buf, size_t len), void *ctx);
    /* NULL, or: a scalar FP op raised FPF_INVALID, for guests that tell the kinds of invalid operations apart. in: its
     * operands as bit patterns. Called before the result is in place; registers are not in the state. */
    void (*fp_invalid)(CpuState *cpu, const struct SfOp *op, const uint64_t in[3]);
    /* One line of assembly at pc; returns the length in bytes. */
    int (*disas)(gaddr pc, const void *code, size_t avail, char *out, size_t cap);
} TcgGuest;

/* Name of the host's ISA, as tools/disas has it. */
extern const char tcg_host_isa[];

/* What the embedder provides. */
typedef struct TcgHost {
    void  *ctx;
    /* Guest code bytes at pc, up to len, stopping at a page that is not executable; 0 = none. Marks the pages as
     * holding code: from then on the embedder calls tcg_invalidate for what is written there. Any thread, no lock of
     * the Tcg's held. */
    size_t (*fetch)(void *ctx, gaddr pc, void *buf, size_t len);
    /* Will stores to this code, by anybody, be told by tcg_invalidate before they are done? What is not watched is read
     * again from time to time. Any thread, no lock of the Tcg's held. NULL: as if always. */
    bool (*watched)(void *ctx, gaddr start, uint64_t len);
    uint64_t mem_base;              /* host address of guest address 0 */
    /* Id (lock.h) of the thread that runs this CPU, 0: not yet known; of the calling thread: NULL. May be NULL: then
     * threads never end without tcg_thread_free. */
    uint32_t (*thread_id)(const CpuState *cpu);
} TcgHost;

/* An exit that may become one system call of the host without leaving translated code. `prepare` runs with the guest's
 * state in memory: NULL is the ordinary exit, else `make`, assembly of the embedder's host folder, is jumped to with
 * that value as first and the address to jump to afterwards as second argument; it keeps the frame pointer and answers
 * 0 (state is up to date, go on at pc) or not (the ordinary exit). Returns are jumps because a `ret` behind a system
 * call costs 50 ns where the kernel flushes the predictor. Neither touches floating point. While `make` runs the thread
 * counts as outside of tcg_run. */
typedef struct TcgCall { int exit; void *(*prepare)(CpuState *); void (*make)(void); } TcgCall;

typedef struct TcgOptions {
    bool interp;                    /* -accel interp */
    bool one_insn, nochain;         /* -one-insn-per-tb, -d nochain */
    unsigned opt_level;             /* 0 or 1 */
    unsigned interp_runs;           /* runs of a basic block in the interpreter before it is compiled at all, at most
                                     * 254; needs cold_runs */
    unsigned cold_runs;             /* entries of a unit of one basic block before the code there is translated as an
                                     * extended one; 0: at once */
    bool alone;                     /* only one thread at a time sees guest memory, until tcg_share */
    size_t cache_bytes;             /* code buffer, 0 = default 64 MiB (reserved, committed as used) */
    /* Logs, perf map, by the translating thread at each TCG_STAGE_*; code and len at STAGE_CODE only. May be NULL. */
    void (*on_translate)(void *ctx, const IrUnit *u, int stage, const void *code, size_t len);
    void (*on_exec)(void *ctx, CpuState *cpu, gaddr pc);    /* -d exec,cpu, before each unit; NULL = no cost */
    void *log_ctx;                  /* ctx of both */
    TcgCall call;                   /* exit 0: none */
} TcgOptions;
enum { TCG_STAGE_OP, TCG_STAGE_OP_OPT, TCG_STAGE_CODE };

typedef struct Tcg Tcg;
/* h and o are copied, g is kept. NULL and errno when memory for the code is refused. A host that is not supported runs
 * the interpreter. There is no end: a Tcg lives as long as the process. */
Tcg  *tcg_new(const TcgGuest *g, const TcgHost *h, const TcgOptions *o);
/* Before a thread's first tcg_run (by anyone), and after its last; the state itself is the caller's. */
void  tcg_thread_init(Tcg *t, CpuState *cpu);
void  tcg_thread_free(CpuState *cpu);
/* The thread of cpu, id in locks, is gone for certain, by a process's death at any instruction; tcg_thread_free may
 * follow. killed: not of its own will, so that what it was doing is half done. */
void  tcg_thread_gone(CpuState *cpu, uint32_t id, bool killed);
/* Round fork, by the forking thread, outside tcg_run: before takes the lock and one of the afters lets go. In the child
 * cpu is the only thread, and the others' parts are given up. */
void  tcg_before_fork(Tcg *t);
void  tcg_after_fork_parent(Tcg *t);
void  tcg_after_fork_child(Tcg *t, CpuState *cpu);

/* Run from cpu->pc until an exit; returns cpu->exit_code; every guest register is in CpuState. By cpu's own thread; not
 * from a helper. */
int   tcg_run(CpuState *cpu);

/* Ask a CPU to leave translated code soon. Async-signal-safe; from any thread. */
void  tcg_request_exit(CpuState *cpu);

/* From a host SIGSEGV/SIGBUS handler: if the fault came from translated code (or a faulting helper) of cpu,
 * rebuild the guest state into *cpu (pc = faulting instruction), set exit_code TCG_EXIT_FAULT and fault_addr, arrange
 * uc so that tcg_run returns, and return true. Async-signal-safe. False: not ours. */
bool  tcg_fault(CpuState *cpu, void *host_ucontext, void *host_addr);
/* Is this host pc inside the code buffer (async-signal-safe)? */
bool  tcg_owns_pc(const Tcg *t, uintptr_t host_pc);

/* Guest code in [start, end) may have changed or gone: drop every unit that overlaps. Any thread; safe while others
 * run. Returns the number of units dropped. */
int   tcg_invalidate(Tcg *t, gaddr start, gaddr end);
/* From now on other threads or processes see guest memory (TcgOptions.alone ends): code without barriers and bus locks
 * is dropped. Before they can; the one thread is outside tcg_run. */
void  tcg_share(Tcg *t);
/* Drop every unit. Asks all threads to leave translated code and waits for it: not from helpers or signal handlers. */
void  tcg_flush(Tcg *t);

#endif
