/* SPDX-License-Identifier: Apache-2.0 */
/* A Task is one guest thread (and one host thread); a Process is what tasks of one thread group share.
 * `current` is the only thread-local of the program. A vfork child borrows the parent's host thread:
 * it has its own Task and Process copy, and shares the Mm.
 */
#ifndef COMMON_USER_TASK_H
#define COMMON_USER_TASK_H

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>
#include "common-user/host.h"
#include "target/arch.h"

struct LinuxAbi;
struct Mm;

enum { TASK_NSIG = 64, TASK_HELD = 0x100, TASK_NHELD = 2 };
#define TASK_SS_AUTODISARM (1u << 31)             /* Linux: SS_AUTODISARM */

/* rt_sigaction in host form: flags are the host's SA_* values, mask has bit n-1 for host signal n. */
typedef struct SigAct { gaddr handler; uint64_t flags, mask; gaddr restorer; } SigAct;
/* lock guards act */
typedef struct SigTable { pthread_mutex_t lock; SigAct act[TASK_NSIG + 1]; _Atomic int users; } SigTable;
/* flags: SS_DISABLE, TASK_SS_AUTODISARM */
typedef struct SigStack { gaddr sp; uint64_t size; uint32_t flags; } SigStack;

typedef struct HeldSignal { _Atomic int state; siginfo_t info; } HeldSignal;     /* held.c */

/* RLIMIT_AS and RLIMIT_DATA: the guest's, for its own map; the host's are the emulator's. */
typedef struct TaskLimit { uint64_t cur, max; } TaskLimit;
typedef struct TaskLimits { bool set; TaskLimit as, data; } TaskLimits;    /* not set: the host's, which the guest
                                                                            * inherited */

typedef struct Process {
    const GuestArch *arch;          /* const */
    const struct LinuxAbi *abi;     /* const */
    const struct Options *opt;      /* const */
    struct Mm *mm;                  /* const; shared with a vfork parent */
    Tcg *tcg;                       /* const; shared likewise */
    SigTable *sig;                  /* const; another process has it too after CLONE_SIGHAND */
    HeldSignal held[TASK_NHELD];    /* lock-free: SIGBUS, SIGSEGV sent to the process (held.h) */
    _Atomic bool reads_held;        /* a signalfd wants them: they are the kernel's during every call that may sleep */
    pthread_mutex_t task_lock;      /* guards tasks */
    struct Task *tasks;             /* lock: task_lock; linked by Task.next */
    _Atomic int ntasks;
    struct Keeper *keepers;         /* lock: task_lock; idle ones (process_shared.c) */
    struct Task *first;             /* the first thread, when it has a robust_mark (process_robust.c) */
    /* has memory in common with other processes; its end is watched */
    bool robust_shared; _Atomic bool guarded;
    bool shares_memory;             /* const: a child by CLONE_VM; its first task's clear_tid is the kernel's
                                     * business */
    bool secure;                    /* const: AT_SECURE */
    bool other_ids;                 /* const: shares memory, but is in a pid namespace of its own: ids say nothing to
                                     * the others */
    /* Identity, as /proc/self shows it. Strings are owned; written by exec set-up only. */
    char *exe;                      /* absolute host path of the guest program, as the host's /proc would say it */
    int exe_handle;                 /* ownfd.h: the program, where that path does not lead to it (deleted) */
    int self_handle, self_fd;       /* the emulator's own file, see exec_self.h; -1 none */
    char *cmdline; size_t cmdline_len;                /* argv as /proc/self/cmdline has it */
    uint8_t *auxv; size_t auxv_len;                   /* in guest form */
    gaddr arg_start, arg_end, env_start, env_end, stack_top, entry, load_bias, vdso, vdso_end;
    gaddr start_code, end_code, start_data, end_data, start_brk;      /* as in the kernel's mm_struct */
    uint32_t vdso_offset[24];       /* of each row of the ABI's vDSO */
    uint64_t features[2];           /* of the chosen CPU model */
    uint64_t seed; bool seeded;     /* -seed */
    TaskLimits limits;              /* lock: task_lock, for writers */
    struct ProcFds *_Atomic proc_fds;                 /* open files that must show the guest; NULL: none yet */
} Process;

typedef struct Task {
    CpuState *cpu;                  /* owned */
    Process *proc;
    struct Task *next;              /* lock: proc->task_lock */
    pid_t tid;                      /* as the guest sees it: the host's */
    gaddr clear_tid;                /* CLONE_CHILD_CLEARTID, set_tid_address; 0 none */
    gaddr robust_list;              /* as the guest passed it */
    struct RobustMark *robust_mark; uintptr_t robust_tls;   /* process_robust.c; owned by the thread; may be NULL */

    /* Signals; owner thread only, but its own host handlers write `pending` and `info`. */
    _Atomic uint64_t sigmask;       /* what the guest believes is blocked; others read it (held.c) */
    uint64_t saved_mask;            /* restored after the syscall when restore_mask */
    bool restore_mask;
    bool tags;                      /* system calls take tagged addresses (PR_SET_TAGGED_ADDR_CTRL) */
    SigStack altstack;
    _Atomic int pending;            /* host signal taken from the kernel, not yet delivered (all else is host-blocked
                                     * meanwhile); | TASK_HELD: held signals want a look; 0 none */
    siginfo_t info;                 /* of `pending` */
    HeldSignal held[TASK_NHELD];    /* lock-free: SIGBUS, SIGSEGV sent to this thread */
    _Atomic uint64_t wants;         /* those of the two that a call waits for, though they are blocked */
    uint64_t lent;                  /* those that are the kernel's at this moment; lock: proc->task_lock for writers */
    struct { int sig, code; bool write; } fault;      /* of the last host SIGSEGV/SIGBUS in guest code */
    /* The last fault that became a SIGSEGV or SIGBUS; frames show it. code 0: none, or something else came between. */
    struct { gaddr addr; int sig, code; bool write, fetch; } told;
    struct Seccomp *_Atomic seccomp;    /* the newest filter, NULL none; also set by SECCOMP_FILTER_FLAG_TSYNC of
                                         * another thread */
    HostCall call;                  /* the last one that went to the host directly */
    struct Fork *fork;              /* during a fork: what the host's call is to do (process_fork.c) */
    bool syscall_noresult;          /* set by rt_sigreturn and exec: leave the registers alone */

    jmp_buf *thread_end;            /* where a thread's host function continues when the guest thread ends; NULL for the
                                     * first */
    struct { char **argv, **envp, **words; } exec;    /* what a successful execve leaves to a parent that shares
                                                       * memory */
    int log; pid_t log_tid;         /* -d tid: handle of this thread's log file, and whose it is (0: not opened yet) */
    void *host_stack; size_t host_stack_len;          /* alternate signal stack of the host thread */
} Task;

extern _Thread_local Task *current;
/* A process with other_ids has been made in this memory: a thread that is no task (yet, or any more) may be of it. */
extern _Atomic bool task_other_ids;

/* TcgHost.thread_id: of cpu's thread (0: not known yet), or of the calling one (NULL). Valid for locks (tcg/lock.h). */
uint32_t task_lock_id(const CpuState *cpu);

/* Not yet on the list. copy: the registers to start with (not kept); NULL: a reset CPU. NULL when there
 * is no memory. */
Task *task_new(Process *p, const CpuState *copy);
/* Adds to proc->tasks; on the thread itself: sets current, tid, alt stack. parent: of the same process, still there. */
void  task_link(Task *t, const Task *parent);
void  task_free(Task *t);                             /* unlinks; on the thread itself */

#endif
