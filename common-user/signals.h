/* SPDX-License-Identifier: Apache-2.0 */
/* Signals. Host handlers (our restorer, host alternate stack) take one signal from the kernel, block all others, ask
 * the CPU to leave translated code and return; the loop then builds the guest's frame at a block boundary. Blocked
 * signals stay queued in the kernel, so realtime queues, signalfd, sigtimedwait and sigpending are the kernel's own.
 * Signal numbers and masks here are the host's; the caller converts. All run on the
 * task's own thread. */
#ifndef COMMON_USER_SIGNALS_H
#define COMMON_USER_SIGNALS_H

#include "common-user/task.h"

/* Kernel-internal results of linux_syscall: the loop turns them into a restart or EINTR as Linux does. */
enum { ERESTARTSYS = 512, ERESTARTNOINTR = 513, ERESTARTNOHAND = 514 };
#define SIG_BIT(sig) (1ull << ((sig) - 1))
enum { SIGMASK_UNBLOCKABLE_HOST = (1 << (SIGSEGV - 1)) | (1 << (SIGBUS - 1)) };   /* never blocked on the host */

void    signal_init(Process *p);                /* reads inherited dispositions */
void    signal_start(Task *t);                  /* the first task is current: its mask, SIGSEGV and SIGBUS handlers */
void    signal_thread_init(Task *t);            /* host alternate stack of this thread */
/* A new host thread, signals blocked, before any guest code: the host's C library takes HOST_SIGSETXID for itself when
 * it makes its first thread, and the guest's library, which made its own claim earlier, must have it back. */
void    signal_reclaim(Process *p);
enum { HOST_SIGSETXID = 33 };                   /* glibc and musl, for setuid() in all threads */
void    signal_leave(Task *t);                  /* it ends: blocks all; the process gets back what was not delivered */
void    signal_thread_done(Task *t);            /* and its end */

int64_t signal_action(Task *t, int sig, const SigAct *act, SigAct *old);
int64_t signal_procmask(Task *t, int how, const uint64_t *set, uint64_t *old);    /* may be -ERESTARTNOINTR */
/* sigaltstack with the stack pointer at sp */
int64_t signal_altstack(Task *t, const SigStack *ss, SigStack *old, gaddr sp, uint64_t min_size);
bool    signal_on_altstack(const Task *t, gaddr sp);              /* never with SS_AUTODISARM, as in Linux */
int64_t signal_suspend(Task *t, uint64_t mask);                   /* rt_sigsuspend */
/* ppoll, pselect6, epoll_pwait...: until the end of this syscall `mask` is in force. Returns the mask to give to the
 * host call (made with safe_syscall), which must be told to apply it. */
uint64_t signal_temp_mask(Task *t, uint64_t mask);
/* Mask for a host call that names signals to wait for or read (sigtimedwait, signalfd): as is. */

/* A host syscall: -errno, result, -ERESTARTNOINTR when a signal came first (the call was not made, and calls that
 * cannot fail with EINTR must not), or -ERESTARTSYS when the kernel wants a restart. Other syscalls may be made
 * directly; those that can sleep for long must come here. */
long    safe_syscall(Task *t, long nr, ...);   /* every argument must be long or a pointer */

void    signal_block_all(void);                 /* host mask of this thread, round creation of threads and forks */
void    signal_unblock(Task *t);                /* host mask back to what t->sigmask wants, unless a signal is
                                                 * pending */
SigAct  signal_get_action(Process *p, int sig);

/* Loop's side. */
void    signal_force(Task *t, const siginfo_t *info);             /* synchronous; blocked or ignored: kills */
/* Delivers what is pending. in_syscall: ret is the syscall's result, to be restarted or set. Resumes with pc in the
 * handler or not. */
void    signal_deliver(Task *t, bool in_syscall, int64_t ret);
_Noreturn void signal_die(Task *t, const siginfo_t *info);        /* the process dies of info->si_signo, silently */
/* sigreturn's: put the mask back. Called by the ABI's own sigreturn after it restored registers. */
void    signal_restore_mask(Task *t, uint64_t mask);
/* Where the frame goes: sp after alt stack switch decided by act; on_stack says SS_ONSTACK is in use. */
gaddr   signal_frame_sp(Task *t, const SigAct *act, gaddr sp);
void    signal_altstack_disarm(Task *t);        /* the frame is written: SS_AUTODISARM takes effect */

/* Round the host's execve, made by safe_syscall: the new program gets the guest's mask, its ignored signals and what is
 * pending. False: a signal came first, the call is -ERESTARTNOINTR. After it: the call failed. */
bool    signal_before_exec(Task *t);
void    signal_after_exec(Task *t);

#endif
