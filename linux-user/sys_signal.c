/* SPDX-License-Identifier: Apache-2.0 */
/* Signal calls: structures and numbers are converted here; common-user/signals.h does the work in host terms. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common-user/held.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

static int to_host(int sig) { return linux_sig_to_host(&linux_abi, sig); }

/* Linux keeps no others, so that a program sees which it knows: UAPI_SA_FLAGS, sigaction(2) on SA_UNSUPPORTED. */
static const uint32_t known_sa_flags = (uint32_t)SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |
                                       SA_NODEFER | SA_RESETHAND | 0x800 /* SA_EXPOSE_TAGBITS */;

/* struct sigaction of the kernel: handler, flags (unsigned long), [restorer,] mask (8 bytes). */
static int64_t get_sigaction(Task *t, gaddr at, SigAct *a)
{
    unsigned w = linux_abi.word;
    uint64_t handler, flags, restorer = 0;
    int64_t r;
    if ((r = gmem_get_word(t, at, &handler)) < 0 || (r = gmem_get_word(t, at + w, &flags)) < 0)
        return r;
    if (linux_abi.sigaction_has_restorer && (r = gmem_get_word(t, at + 2 * w, &restorer)) < 0)
        return r;
    flags &= known_sa_flags | linux_abi.sa_restorer;
    *a = (SigAct){ .handler = handler, .flags = flags, .restorer = restorer };
    return sys_get_sigset(t, at + (linux_abi.sigaction_has_restorer ? 3 : 2) * w, 8, &a->mask);
}

static int64_t put_sigaction(Task *t, gaddr at, const SigAct *a)
{
    unsigned w = linux_abi.word;
    int64_t r;
    if ((r = gmem_put_word(t, at, a->handler)) < 0 || (r = gmem_put_word(t, at + w, a->flags)) < 0)
        return r;
    if (linux_abi.sigaction_has_restorer && (r = gmem_put_word(t, at + 2 * w, a->restorer)) < 0)
        return r;
    return sys_put_sigset(t, at + (linux_abi.sigaction_has_restorer ? 3 : 2) * w, a->mask);
}

int64_t sys_rt_sigaction(Task *t, int sig, gaddr act, gaddr old, uint64_t size)
{
    SigAct new, was;
    int64_t r = 0;
    if (size != 8)
        return -EINVAL;
    if (act && (r = get_sigaction(t, act, &new)) < 0)
        return r;
    r = signal_action(t, to_host(sig), act ? &new : NULL, old ? &was : NULL);
    return r == 0 && old ? put_sigaction(t, old, &was) : r;
}

static const int how_host[] = { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };

int64_t sys_rt_sigprocmask(Task *t, uint64_t how, gaddr set, gaddr old, uint64_t size)
{
    uint64_t new, was;
    int64_t r = 0;
    if (size != 8)
        return -EINVAL;
    if (set && (r = sys_get_sigset(t, set, size, &new)) < 0)
        return r;
    if (set && how > 2)
        return -EINVAL;
    r = signal_procmask(t, set ? how_host[how] : SIG_BLOCK, set ? &new : NULL, old ? &was : NULL);
    return r == 0 && old ? sys_put_sigset(t, old, was) : r;
}

int64_t sys_rt_sigpending(Task *t, gaddr set, uint64_t size)
{
    uint64_t pending = 0;
    uint8_t raw[8];
    if (size > 8)
        return -EINVAL;
    if (syscall(SYS_rt_sigpending, &pending, 8) < 0)
        return -errno;
    sys_sigset_to_guest(raw, (pending | held_set(t)) & t->sigmask);
    return gmem_write(t, set, raw, size);
}

int64_t sys_rt_sigsuspend(Task *t, gaddr set, uint64_t size)
{
    uint64_t mask;
    int64_t r = sys_get_sigset(t, set, size, &mask);
    return r < 0 ? r : signal_suspend(t, mask);
}

static int64_t timedwait(Task *t, gaddr set, gaddr info, const struct timespec *timeout, uint64_t size)
{
    uint64_t mask;
    siginfo_t si;
    int64_t r = sys_get_sigset(t, set, size, &mask);
    if (r < 0)
        return r;
    memset(&si, 0, sizeof si);
    long a[6] = { (long)&mask, (long)&si, (long)timeout, 8 };
    r = held_call(t, mask & SIGMASK_UNBLOCKABLE_HOST, &si, SYS_rt_sigtimedwait, a);
    if (r == -ERESTARTSYS)
        r = -EINTR;    /* Linux: never restarted */
    if (r <= 0)
        return r;
    if (info) {
        uint8_t raw[128];
        linux_siginfo_to_guest(&linux_abi, raw, &si);
        int64_t e = gmem_write(t, info, raw, sizeof raw);
        if (e < 0)
            return e;
    }
    return linux_sig_to_guest(&linux_abi, r);
}
int64_t sys_rt_sigtimedwait(Task *t, gaddr set, gaddr info, void *timeout, uint64_t size)
{
    return timedwait(t, set, info, timeout, size);
}
int64_t sys_rt_sigtimedwait_time64(Task *t, gaddr set, gaddr info, void *timeout, uint64_t size)
{
    return timedwait(t, set, info, timeout, size);
}

/* The host's form of a siginfo in *out: made in *space, or the guest's own. What it may say, the kernel judges. */
static int64_t get_siginfo(Task *t, gaddr at, siginfo_t *space, const void **out)
{
    uint8_t raw[128];
    *out = at ? gmem_host(t, at, sizeof raw) : NULL;
    if (!at || linux_siginfo_same(&linux_abi))
        return at && !*out ? -EFAULT : 0;
    int64_t r = gmem_read(t, raw, at, sizeof raw);
    if (r < 0)
        return r;
    linux_siginfo_to_host(&linux_abi, space, raw);
    *out = space;
    return 0;
}

/* A fault's siginfo that a thread sends to itself, as crash handlers do to die of it. */
static bool like_a_fault(const void *info, int sig, siginfo_t *out)
{
    if ((sig != SIGSEGV && sig != SIGBUS) || !info)
        return false;
    if (host_copy(out, info, sizeof *out) || out->si_code <= 0)
        return false;
    out->si_signo = sig;
    return true;
}

int64_t sys_rt_sigqueueinfo(Task *t, int pid, int sig, gaddr info)
{
    siginfo_t si, fault;
    const void *h;
    int64_t r = get_siginfo(t, info, &si, &h);
    if (r == 0 && pid == t->tid && like_a_fault(h, to_host(sig), &fault)) {
        held_queue(t, &fault, true);
        return 0;
    }
    return r < 0 ? r : safe_syscall(t, SYS_rt_sigqueueinfo, (long)pid, (long)to_host(sig), h, 0L, 0L, 0L);
}

int64_t sys_rt_tgsigqueueinfo(Task *t, int pid, int tid, int sig, gaddr info)
{
    siginfo_t si, fault;
    const void *h;
    int64_t r = get_siginfo(t, info, &si, &h);
    if (r == 0 && pid == getpid() && tid == t->tid && like_a_fault(h, to_host(sig), &fault)) {
        held_queue(t, &fault, false);
        return 0;
    }
    return r < 0 ? r : safe_syscall(t, SYS_rt_tgsigqueueinfo, (long)pid, (long)tid, (long)to_host(sig), h, 0L, 0L);
}

int64_t sys_pidfd_send_signal(Task *t, int pidfd, int sig, gaddr info, uint32_t flags)
{
    siginfo_t si;
    const void *h;
    int64_t r = get_siginfo(t, info, &si, &h);
    return r < 0 ? r : safe_syscall(t, SYS_pidfd_send_signal, (long)pidfd, (long)to_host(sig), h, (long)flags, 0L, 0L);
}

/* A frame that is none is SIGSEGV at once, by force, with the call's result 0: badframe of each arch's signal.c. */
static int64_t return_from(Task *t, bool rt)
{
    siginfo_t info;
    t->syscall_noresult = true;
    if (linux_abi.sigreturn(t, rt) == 0)
        return 0;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGSEGV;
    info.si_code = SI_KERNEL;
    if (linux_abi.bad_frame)
        linux_abi.bad_frame(t, &info);
    linux_abi.syscall_result(t->cpu, 0);
    t->told.code = 0;
    signal_force(t, &info);
    return 0;
}
int64_t sys_rt_sigreturn(Task *t) { return return_from(t, true); }
int64_t sys_sigreturn(Task *t) { return return_from(t, false); }

int64_t sys_swapcontext(Task *t, gaddr old, gaddr new, uint64_t size)
{
    return linux_abi.swapcontext ? linux_abi.swapcontext(t, old, new, size) : -ENOSYS;
}

/* stack_t: sp (pointer), flags (int, padded to a word), size (word). */
int64_t sys_sigaltstack(Task *t, gaddr ss, gaddr old)
{
    unsigned w = linux_abi.word;
    SigStack new = { 0 }, was = { 0 };
    uint64_t sp, size;
    int64_t r = 0;
    if (ss) {
        if ((r = gmem_get_word(t, ss, &sp)) < 0)
            return r;
        if ((r = gmem_get_u32(t, ss + w, &new.flags)) < 0)
            return r;
        if ((r = gmem_get_word(t, ss + 2 * w, &size)) < 0)
            return r;
        new.sp = sp; new.size = size;
    }
    r = signal_altstack(t, ss ? &new : NULL, old ? &was : NULL, linux_abi.get_sp(t->cpu), linux_abi.minsigstksz);
    if (r < 0 || !old)
        return r;
    uint8_t raw[24] = { 0 };
    thunk_store(raw, w, linux_abi.big_endian, was.sp);
    thunk_store(raw + w, 4, linux_abi.big_endian, was.flags);
    thunk_store(raw + 2 * w, w, linux_abi.big_endian, was.size);
    return gmem_write(t, old, raw, 3 * w);
}

int64_t sys_kill(Task *t, int pid, int sig)
{
    return safe_syscall(t, SYS_kill, (long)pid, (long)to_host(sig), 0L, 0L, 0L, 0L);
}
int64_t sys_tkill(Task *t, int tid, int sig)
{
    return safe_syscall(t, SYS_tkill, (long)tid, (long)to_host(sig), 0L, 0L, 0L, 0L);
}
int64_t sys_tgkill(Task *t, int pid, int tid, int sig)
{
    return safe_syscall(t, SYS_tgkill, (long)pid, (long)tid, (long)to_host(sig), 0L, 0L, 0L);
}

/* --- signal descriptors; records that big-endian guests read are converted in sys_records.c */
int64_t sys_signalfd4(Task *t, int fd, gaddr mask, uint64_t size, uint64_t flags)
{
    uint64_t m;
    int64_t r = sys_get_sigset(t, mask, size, &m);
    if (r < 0)
        return r;
    if (m & SIGMASK_UNBLOCKABLE_HOST)
        atomic_store(&t->proc->reads_held, true);
    return safe_syscall(t, SYS_signalfd4, (long)fd, &m, 8L, (long)flags, 0L, 0L);
}
int64_t sys_signalfd(Task *t, int fd, gaddr mask, uint64_t size) { return sys_signalfd4(t, fd, mask, size, 0); }

/* --- the calls of old 32-bit kernels: one word of signals */
static int64_t get_old_set(Task *t, gaddr at, uint64_t *mask)
{
    uint64_t v;
    int64_t r = gmem_get_word(t, at, &v);
    *mask = linux_mask_to_host(&linux_abi, (uint32_t)v);
    return r;
}

int64_t sys_signal(Task *t, int sig, gaddr handler)
{
    SigAct new = { .handler = handler, .flags = SA_RESETHAND | SA_NODEFER }, was;
    int64_t r = signal_action(t, to_host(sig), &new, &was);
    return r < 0 ? r : (int64_t)was.handler;
}

/* old_sigaction: handler, mask (word), flags, restorer. */
int64_t sys_sigaction(Task *t, int sig, gaddr act, gaddr old)
{
    unsigned w = linux_abi.word;
    SigAct new = { 0 }, was;
    uint64_t v[4];
    int64_t r = 0;
    for (int i = 0; act && i < 4; i++)
        if ((r = gmem_get_word(t, act + i * w, &v[i])) < 0)
            return r;
    if (act)
        new = (SigAct){ .handler = v[0],
            .mask = linux_mask_to_host(&linux_abi, (uint32_t)v[1]),
            .flags = (uint32_t)v[2],
            .restorer = v[3] };
    r = signal_action(t, to_host(sig), act ? &new : NULL, old ? &was : NULL);
    if (r < 0 || !old)
        return r;
    uint64_t o[4] = { was.handler, (uint32_t)linux_mask_to_guest(&linux_abi, was.mask), was.flags, was.restorer };
    for (int i = 0; i < 4; i++)
        if ((r = gmem_put_word(t, old + i * w, o[i])) < 0)
            return r;
    return 0;
}

int64_t sys_sigprocmask(Task *t, uint64_t how, gaddr set, gaddr old)
{
    uint64_t new, was;
    int64_t r;
    if (set && (r = get_old_set(t, set, &new)) < 0)
        return r;
    if (set && how > 2)
        return -EINVAL;
    if (set && how == 2)
        new |= t->sigmask & ~0xffffffffull;    /* Linux: only the first word is set */
    r = signal_procmask(t, set ? how_host[how] : SIG_BLOCK, set ? &new : NULL, old ? &was : NULL);
    return r == 0 && old ? gmem_put_word(t, old, (uint32_t)linux_mask_to_guest(&linux_abi, was)) : r;
}

int64_t sys_sigpending(Task *t, gaddr set)
{
    uint64_t pending = 0;
    if (syscall(SYS_rt_sigpending, &pending, 8) < 0)
        return -errno;
    return gmem_put_word(t, set, (uint32_t)linux_mask_to_guest(&linux_abi, (pending | held_set(t)) & t->sigmask));
}

int64_t sys_sigsuspend(Task *t, uint64_t mask)
{
    return signal_suspend(t, linux_mask_to_host(&linux_abi, (uint32_t)mask));
}
int64_t sys_sgetmask(Task *t) { return (uint32_t)linux_mask_to_guest(&linux_abi, t->sigmask); }

int64_t sys_ssetmask(Task *t, uint32_t mask)
{
    uint64_t new = linux_mask_to_host(&linux_abi, mask), was = 0;
    signal_procmask(t, SIG_SETMASK, &new, &was);
    return (uint32_t)linux_mask_to_guest(&linux_abi, was);
}

int64_t sys_pause(Task *t)
{
    int64_t r = safe_syscall(t, SYS_pause, 0L, 0L, 0L, 0L, 0L, 0L);
    return r == -ERESTARTSYS ? -ERESTARTNOHAND : r;
}
