/* SPDX-License-Identifier: Apache-2.0 */
/* What the common code needs of the host CPU: faulting copies, the raw syscall stub, and the machine context of a
 * signal. One folder common-user/host/<os>-<cpu>/ implements it. */
#ifndef COMMON_USER_HOST_H
#define COMMON_USER_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Recoverable accesses. Addresses are the host's; only those of guest memory may be bad. Not for signal handlers. */
size_t  host_copy(void *dst, const void *src, size_t n);          /* bytes not copied */
size_t  host_zero(void *dst, size_t n);                           /* bytes not cleared */
ssize_t host_strncpy(char *dst, const char *src, size_t cap);     /* length, cap when no NUL, -1 fault */
int     host_load8(const void *p, uint8_t *v);                    /* 0, -1 fault */
int     host_load16(const void *p, uint16_t *v);
int     host_load32(const void *p, uint32_t *v);
int     host_load64(const void *p, uint64_t *v);
int     host_store8(void *p, uint8_t v);
int     host_store16(void *p, uint16_t v);
int     host_store32(void *p, uint32_t v);
int     host_store64(void *p, uint64_t v);
/* 0, -1 fault; *old: the value found */
int     host_cas32(void *p, uint32_t expect, uint32_t desired, uint32_t *old);

/* The syscall unless *pending (an _Atomic int, Task.pending) is set: result, -errno, or -ERESTART... of signals.h when
 * a signal came first; there is no moment between the look and the kernel. */
long    host_safe_syscall(void *pending, long nr, long a, long b, long c, long d, long e, long f);
/* One system call whose arguments are ready; a signal that `pending` tells of comes first, as with host_safe_syscall.
 * host_call_make is TcgCall.make, with this as its argument. */
typedef struct HostCall {
    uint64_t nr, arg[7];
    const void *pending;            /* int: non-zero, the call is not to be made */
    void    *out;                   /* where the result goes: 8 bytes when wide, else 4 */
    int64_t  result;                /* when made: what out did not get */
    uint8_t  wide, errors;          /* errors: -errno other than -EFAULT is a result for out */
    uint8_t  made;                  /* the call was made, and its result is for the loop */
} HostCall;
void    host_call_make(void);

/* Raw clone: the child's id, or -errno. The child runs fn(arg) on its stack (16-byte aligned top) and ends its thread
 * with the result. */
long host_clone(
    unsigned long flags, void *stack_top, int *ptid, int *ctid, unsigned long tls, int (*fn)(void *), void *arg);
struct clone_args;
/* The same by clone3, whose arguments name the stack. */
long    host_clone3(const struct clone_args *a, size_t size, int (*fn)(void *), void *arg);
/* unmaps the stack it runs on, and ends the calling thread */
_Noreturn void host_end_thread(void *stack, size_t len);
/* For a thread of ours that only sleeps, and keeps its rights when the guest gives up its own: who then writes into the
 * memory shall get nothing by it. The calling thread loses its capabilities, and has of system calls those only that
 * wait, look whether a thread is there (tgkill of signal 0), unmap and end the thread; others are EPERM. -errno: the
 * kernel has no filters. */
int     host_confine(void);
void    host_sigreturn(void);                                     /* HostSigaction.restorer; never called */

/* Kernel form of rt_sigaction. */
typedef struct HostSigaction {
    void *handler;
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
} HostSigaction;
long    host_syscall(long nr, long a, long b, long c, long d, long e, long f);    /* raw: result or -errno */

void    host_raise(int sig);            /* does what the kernel answers by force with sig; returns when nothing does */

/* Signal context; async-signal-safe. */
bool     host_fault_fixup(void *uc);            /* pc in the exception table: continue at its fixup */
bool     host_fault_is_write(const void *uc);
uintptr_t host_fault_operand(const void *uc);   /* address of a fault that came without one (SI_KERNEL); 0: not known */
uintptr_t host_uc_pc(const void *uc);
uint64_t *host_uc_sigmask(void *uc);
void     host_uc_leave_syscall(void *uc);       /* pc inside the safe_syscall window: make it answer -ERESTART... */

#endif
