/* SPDX-License-Identifier: Apache-2.0 */
/* LinuxAbi: what one guest architecture's Linux does its own way. linux-user/<program>/abi.c defines the one
 * constant `linux_abi`; the Makefile links the right one. Everything else under
 * linux-user/ is common. */
#ifndef LINUX_USER_ABI_H
#define LINUX_USER_ABI_H

#include "common-user/gmem.h"
#include "common-user/signals.h"
#include "common-user/task.h"
#include "loader/vdso.h"

/* What a vDSO row does; the trap word is an encoding that every guest defines as illegal. */
enum {
    VDSO_TRAP = 0,
    VDSO_NONE = 0,
    VDSO_CLOCK_GETTIME,
    VDSO_CLOCK_GETTIME64,
    VDSO_CLOCK_GETRES,
    VDSO_GETTIMEOFDAY,
    VDSO_TIME,
    VDSO_GETCPU
};
bool linux_vdso_call(Task *t);      /* pc at a trap word of the vDSO: does it, pc after it. False: not there */
gaddr linux_vdso_symbol(const Task *t, int row);        /* address of a row's code */

/* How the kernel was entered when the signal came: by an interrupt, by a system call, by the instruction at pc. */
typedef enum SigOrigin { SIG_FROM_INTERRUPT, SIG_FROM_SYSCALL, SIG_FROM_INSN } SigOrigin;

typedef struct SigDelivery {
    int sig;                        /* guest number */
    const siginfo_t *info;          /* host form */
    const SigAct *act;
    uint64_t mask;                  /* to be restored by sigreturn (guest bit order = number - 1) */
    SigOrigin origin;
} SigDelivery;

typedef struct LinuxAbi {
    /* data model */
    uint8_t  word;                  /* bytes of long and pointers: 4 or 8 */
    uint8_t  align64;               /* alignment of a 64-bit integer in a struct: 8, 4 (i386), 2 (m68k) */
    bool     big_endian;
    bool     off32;                 /* off_t has 32 bits: open(2) wants O_LARGEFILE for what is larger */
    bool     pairs_aligned;         /* 32-bit: a 64-bit syscall argument starts at an even register (ppc, arm) */
    uint32_t page_size;
    uint64_t task_size, stack_top, mmap_base;   /* mmap_base, see mm.h; stack_top 0: the host's choice */
    uint64_t mmap_low;              /* Linux: TASK_UNMAPPED_BASE, from where maps go up where the stack has no limit */
    bool     old_stack_exec;        /* no PT_GNU_STACK: what is readable is executable */
    uint64_t et_dyn_base;           /* where a PIE with an interpreter goes */

    /* system calls */
    uint8_t  syscall_len;           /* bytes of the syscall instruction, for restart */
    uint64_t (*syscall_nr)(const CpuState *cpu);
    void     (*syscall_args)(const CpuState *cpu, uint64_t args[7]);       /* raw registers, zero-extended when
                                                                            * 32-bit */
    void     (*syscall_result)(CpuState *cpu, int64_t ret);                 /* -4095..-1 (guest errno) or a value */
    /* host errno → guest; NULL or 0 entry: same */
    const uint16_t *errno_map; uint16_t errno_map_len;
    const uint8_t *sig_to_guest;    /* [65] by host number; NULL: same numbers. Masks are converted with it too */
    /* syscall_result's register: offset in the CPU state; 8 or 4 */
    uint16_t result_at; uint8_t result_bytes;
    bool     errors_in_place;       /* syscall_result does nothing but put -errno there, too */
    bool     clone_tls_before_ctid; /* argument order flags, stack, ptid, tls, ctid */
    uint64_t sa_restorer;           /* SA_RESTORER bit of this ABI, 0 when it has none */
    bool     sigaction_has_restorer;/* kernel struct has the field */

    /* CPU */
    void     (*start)(CpuState *cpu, gaddr entry, gaddr sp);                /* registers of a new program */
    void     (*set_tls)(CpuState *cpu, uint64_t tls);
    void     (*clone_child)(CpuState *cpu, gaddr sp);                       /* result 0; sp unless 0 */
    gaddr    (*get_sp)(const CpuState *cpu);
    uint64_t (*hwcap)(const CpuState *cpu, int which);                      /* AT_HWCAP (1), AT_HWCAP2 (2) */
    const char *platform;           /* AT_PLATFORM; NULL none */
    /* One more auxv entry at a time by index: false when done. NULL none. */
    bool     (*auxv_extra)(const CpuState *cpu, int i, uint64_t *type, uint64_t *value);
    uint32_t minsigstksz;           /* MINSIGSTKSZ; AT_MINSIGSTKSZ when auxv_minsigstksz */
    bool     auxv_minsigstksz;
    /* /proc/cpuinfo for ncpu equal CPUs: bytes written, at most cap. */
    int      (*cpuinfo)(const CpuState *cpu, int ncpu, char *out, size_t cap);

    /* signals: 0 or -EFAULT. setup leaves the CPU in the handler. */
    int64_t  (*sigframe_setup)(Task *t, const SigDelivery *d);
    int64_t  (*sigreturn)(Task *t, bool rt);
    /* SIGSEGV for a frame that sigreturn refused, filled in as force_sig() does: what else is said. May be NULL. */
    void     (*bad_frame)(Task *t, siginfo_t *info);
    /* PowerPC's own, NULL elsewhere: save the thread's state at the ucontext old, go on from that at new; either may be
     * 0. */
    int64_t  (*swapcontext)(Task *t, gaddr old, gaddr new, uint64_t size);
    /* PR_SET_FPEXC (mode), PR_GET_FPEXC (mode -1); NULL elsewhere. */
    int64_t  (*fpexc)(Task *t, int64_t mode);
    /* Requests that no row can say (PowerPC's terminal modes); NULL elsewhere. False: not one of them. */
    bool     (*ioctl)(Task *t, int fd, uint32_t cmd, gaddr arg, int64_t *r);
    /* Guest exception (EX_*) → siginfo, for codes the common table does not know. False: not handled. */
    bool     (*exception)(Task *t, int code, siginfo_t *info);

    /* vDSO: rows whose first word is VDSO_TRAP call vdso_fn[i] in C when it is reached (no kernel, no frame; the rest
     * of the row returns). NULL spec: none. vdso_sigreturn and vdso_rt_sigreturn are row numbers. */
    const struct VdsoSpec *vdso;
    const uint8_t *vdso_fn;         /* VDSO_* per row */
    uint8_t vdso_sigreturn, vdso_rt_sigreturn;      /* Arguments and result of the rest are where a syscall's are, on
                                                     * every guest so far */
} LinuxAbi;

extern const LinuxAbi linux_abi;

/* dispatch.c: runs one system call; args as syscall_args gives them. Result: value, -errno (host numbers), or
 * -ERESTARTSYS... ; t->syscall_noresult says "registers are already right". After clone the running
 * task is `current`. */
int64_t linux_syscall(Task *t, uint64_t nr, const uint64_t args[7]);
/* The same call gave EFAULT when it went to the host directly (direct.c): again if that was our write protection. */
int64_t linux_syscall_refault(Task *t, uint64_t nr, const uint64_t args[7]);
int64_t linux_errno_to_guest(const LinuxAbi *abi, int64_t ret);             /* dispatch.c */

/* Number conversions (siginfo.c). */
int      linux_sig_to_guest(const LinuxAbi *abi, int host);
int      linux_sig_to_host(const LinuxAbi *abi, int guest);                 /* 0..64; other numbers unchanged */
uint64_t linux_mask_to_guest(const LinuxAbi *abi, uint64_t host);
uint64_t linux_mask_to_host(const LinuxAbi *abi, uint64_t guest);
bool     linux_siginfo_same(const LinuxAbi *abi);       /* the guest's siginfo_t is the host's */
/* 128 bytes of guest siginfo_t, in guest layout and byte order. To the host: of a guest with another layout. */
void     linux_siginfo_to_guest(const LinuxAbi *abi, uint8_t out[128], const siginfo_t *host);
void     linux_siginfo_to_host(const LinuxAbi *abi, siginfo_t *host, const uint8_t in[128]);

#endif
