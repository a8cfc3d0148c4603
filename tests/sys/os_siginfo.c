/* SPDX-License-Identifier: Apache-2.0 */
/* siginfo that programs make: what rt_sigqueueinfo(2) and pidfd_send_signal(2) refuse; the rest arrives as made. */
#include "os_check.h"
#include <stddef.h>
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
enum { TRAP_PERF_ = 6, KNOWN = sizeof(long) == 8 ? 48 : 32 };       /* sizeof(struct kernel_siginfo) */

static sigset_t all;
static const struct timespec zero;

/* libc makes SI_USER of SI_TKILL. */
static int take(siginfo_t *si)
{
    memset(si, 0x77, sizeof *si);
    return syscall(SYS_rt_sigtimedwait, &all, si, &zero, 8);
}

static long queue(int sig, const siginfo_t *si) { return syscall(SYS_rt_sigqueueinfo, getpid(), sig, si); }
static int arrives(int sig, const siginfo_t *si)
{
    siginfo_t got;
    return !queue(sig, si) && take(&got) == sig && !memcmp(&got, si, sizeof got);
}

static siginfo_t made(int sig, int code, int fill)
{
    siginfo_t si;
    memset(&si, fill, sizeof si);
    si.si_signo = sig;
    si.si_code = code;
    return si;
}

/* Any code to oneself; bytes that the kernel does not know only with codes whose layout it knows. */
static void to_self(void)
{
    static const struct { int code, known; } rows[] = {
        { 0, 1 }, { -1, 1 }, { -2, 1 }, { -3, 1 }, { -6, 1 }, { -7, 1 }, { -60, 1 }, { -8, 0 }, { -61, 0 }, { 1, 1 },
        { 0x80, 1 }, { 100, 0 },
    };
    siginfo_t got;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        siginfo_t si = made(SIGUSR1, rows[i].code, 0);
        CHECK(arrives(SIGUSR1, &si));
        si = made(SIGUSR1, rows[i].code, 0x11);
        long r = syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &si);
        if (rows[i].known) {
            CHECK(r == 0 && take(&got) == SIGUSR1);
            CHECK(got.si_code == rows[i].code && got.si_errno == 0x11111111 && ((char *)&got)[KNOWN] == 0);
        } else {
            CHECK(r == -1 && errno == E2BIG && take(&got) == -1);
        }
        memset((char *)&si + KNOWN, 0, sizeof si - KNOWN);
        CHECK(!syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &si) && take(&got) == SIGUSR1);
        if (rows[i].code < 0 && rows[i].code != -2 && rows[i].code != -60) CHECK(!memcmp(&got, &si, sizeof si));
    }
    siginfo_t si = made(SIGUSR2, SI_QUEUE, 0);      /* the call's number counts */
    CHECK(!syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &si) && take(&got) == SIGUSR1 && got.si_signo == SIGUSR1);
    CHECK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, (void *)8) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, NULL) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_rt_sigqueueinfo, getpid(), 65, &si) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_rt_tgsigqueueinfo, getpid(), -1, SIGUSR1, &si) == -1 && errno == EINVAL);
}

static void to_others(void)
{
    static const int refused[] = { 0, 1, 0x80, SI_TKILL }, sent[] = { SI_QUEUE, SI_TIMER, SI_MESGQ, -61 };
    int st;
    fflush(stdout);
    pid_t kid = fork();
    if (!kid) for (;;) pause();                         /* all blocked: it only collects */
    int fd = syscall(SYS_pidfd_open, kid, 0), own = syscall(SYS_pidfd_open, getpid(), 0);
    CHECK(fd >= 0 && own >= 0);
    for (int i = 0; i < 4; i++) {
        siginfo_t no = made(SIGUSR1, refused[i], 0), yes = made(SIGRTMIN + 1, sent[i], 0), got;
        CHECK(syscall(SYS_rt_sigqueueinfo, kid, SIGUSR1, &no) == -1 && errno == EPERM);
        CHECK(syscall(SYS_rt_tgsigqueueinfo, kid, kid, SIGUSR1, &no) == -1 && errno == EPERM);
        CHECK(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, &no, 0) == -1 && errno == EPERM);
        CHECK(!syscall(SYS_pidfd_send_signal, own, SIGUSR1, &no, 0));
        CHECK(take(&got) == SIGUSR1 && got.si_code == refused[i]);
        CHECK(!syscall(SYS_rt_sigqueueinfo, kid, SIGRTMIN + 1, &yes));
        CHECK(!syscall(SYS_rt_tgsigqueueinfo, kid, kid, SIGRTMIN + 1, &yes));
        CHECK(!syscall(SYS_pidfd_send_signal, fd, SIGRTMIN + 1, &yes, 0));
    }
    siginfo_t si = made(SIGUSR2, SI_QUEUE, 0), got;
    /* another number inside */
    CHECK(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, &si, 0) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_pidfd_send_signal, own, SIGUSR1, &si, 0) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_pidfd_send_signal, own, SIGUSR2, &si, 1u << 20) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_pidfd_send_signal, own, SIGUSR2, (void *)8, 0) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_pidfd_send_signal, 999, SIGUSR2, &si, 0) == -1 && errno == EBADF);
    CHECK(!syscall(SYS_pidfd_send_signal, own, SIGUSR2, NULL, 0) && take(&got) == SIGUSR2 && got.si_code == SI_USER);
    CHECK(got.si_pid == getpid() && got.si_uid == getuid());
    kill(kid, SIGKILL);
    waitpid(kid, &st, 0);
    CHECK(take(&got) == SIGCHLD);
    close(fd); close(own);
}

/* Members of the union that only some codes have, at the places that the kernel's header gives them. */
static void members(void)
{
    siginfo_t si, got;
    char *addr = (char *)&si.si_addr;
    long word = sizeof(void *), data = 0x12345678;
    uint32_t type = 7, flags = 0x5a;
    si = made(SIGTRAP, TRAP_PERF_, 0);                  /* si_perf_data, si_perf_type, si_perf_flags */
    si.si_addr = (void *)0x4321;
    memcpy(addr + word, &data, word);
    memcpy(addr + 2 * word, &type, 4);
    memcpy(addr + 2 * word + 4, &flags, 4);
    CHECK(arrives(SIGTRAP, &si));
    si = made(SIGSEGV, SEGV_BNDERR, 0);
    si.si_addr = (void *)0x1111; si.si_lower = (void *)0x2222; si.si_upper = (void *)0x3333;
    CHECK(arrives(SIGSEGV, &si));
    si = made(SIGSEGV, SEGV_PKUERR, 0);
    si.si_addr = (void *)0x1111;
    memcpy(addr + 2 * word, &flags, 4);
    CHECK(arrives(SIGSEGV, &si));
    si = made(SIGBUS, BUS_MCEERR_AR, 0);
    si.si_addr = (void *)0x1000; si.si_addr_lsb = 12;
    CHECK(!syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGBUS, &si));
    CHECK(take(&got) == SIGBUS && !memcmp(&got, &si, sizeof si));
    si = made(SIGCHLD, CLD_EXITED, 0);
    si.si_pid = 5; si.si_uid = 6; si.si_status = 7; si.si_utime = 8; si.si_stime = 9;
    CHECK(arrives(SIGCHLD, &si));
    si = made(SIGIO, POLL_IN, 0);
    si.si_band = 0x41; si.si_fd = 3;
    CHECK(arrives(SIGIO, &si));
    si = made(SIGSYS, 1, 0);
    si.si_call_addr = (void *)0x1234; si.si_syscall = 9; si.si_arch = 0x8000003e;
    CHECK(arrives(SIGSYS, &si));
    si = made(SIGRTMIN + 2, SI_TIMER, 0);
    si.si_timerid = 3; si.si_overrun = 4; si.si_value.sival_int = 5;
    CHECK(!syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN + 2, &si) && take(&got) == SIGRTMIN + 2);
    CHECK(got.si_timerid == 3 && got.si_value.sival_int == 5);
}

/* A crash handler puts the default back and dies of the fault that it was told of. */
static siginfo_t seen;
static volatile int by;
static void on_segv(int sig, siginfo_t *i, void *uc)
{
    if (i->si_addr != (void *)24 || i->si_code != SEGV_MAPERR) _exit(3);
    signal(sig, SIG_DFL);
    if (by ? syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), sig, i) : queue(sig, i)) _exit(4);
}
static void on_queued(int sig, siginfo_t *i, void *uc) { seen = *i; }
static void crash_handlers(void)
{
    struct sigaction sa = { .sa_flags = SA_SIGINFO };
    int st;
    sigset_t none;
    sigemptyset(&none);
    fflush(stdout);
    for (by = 0; by < 2; by++) {
        pid_t kid = fork();
        if (!kid) {
            struct rlimit no = { 0, 0 };
            setrlimit(RLIMIT_CORE, &no);
            sigprocmask(SIG_SETMASK, &none, NULL);
            sa.sa_sigaction = on_segv;
            sigaction(SIGSEGV, &sa, NULL);
            *(volatile int *)24 = 1;
            _exit(5);
        }
        waitpid(kid, &st, 0);
        CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
        sigset_t s;
        siginfo_t si = made(SIGSEGV, SEGV_ACCERR, 0);
        sa.sa_sigaction = on_queued;
        sigaction(SIGSEGV, &sa, NULL);
        sigemptyset(&s); sigaddset(&s, SIGSEGV);
        si.si_addr = (void *)0x1234;
        memset(&seen, 0, sizeof seen);
        if (by) CHECK(!syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGSEGV, &si));
        else CHECK(!syscall(SYS_rt_sigqueueinfo, getpid(), SIGSEGV, &si));
        CHECK(!seen.si_signo);
        sigprocmask(SIG_UNBLOCK, &s, NULL);
        CHECK(seen.si_signo == SIGSEGV && seen.si_code == SEGV_ACCERR && seen.si_addr == (void *)0x1234);
        sigprocmask(SIG_BLOCK, &s, NULL);
        signal(SIGSEGV, SIG_DFL);
    }
}

int main(void)
{
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    to_self();
    to_others();
    members();
    crash_handlers();
    return CHECK_END();
}
