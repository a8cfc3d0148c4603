/* SPDX-License-Identifier: Apache-2.0 */
/* SIGSEGV and SIGBUS sent by kill(2) are signals like others: blocked, pending, waited for, read from a descriptor,
 * taken in Linux's order, by a thread that wants them. */
#include "os_check.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static volatile int count, last_sig, last_code, order[16], norder;
static volatile pid_t last_tid;
static void on_signal(int sig, siginfo_t *i, void *uc)
{
    count++; last_sig = sig; last_code = i->si_code; last_tid = syscall(SYS_gettid);
    if (norder < 16) order[norder++] = sig;
}
static void install(int sig, int fill)
{
    struct sigaction sa = { .sa_flags = SA_SIGINFO };
    sa.sa_sigaction = on_signal;
    if (fill) sigfillset(&sa.sa_mask);
    CHECK(!sigaction(sig, &sa, NULL));
}
static void block(int how, int a, int b)
{
    sigset_t s;
    sigemptyset(&s); sigaddset(&s, a); sigaddset(&s, b);
    CHECK(!pthread_sigmask(how, &s, NULL));
}
static int is_pending(int sig)
{
    sigset_t s;
    sigpending(&s);
    return sigismember(&s, sig);
}

static void waiting(int sig)
{
    sigset_t s;
    siginfo_t info;
    struct timespec zero = { 0, 0 };
    block(SIG_BLOCK, SIGSEGV, SIGBUS);
    sigemptyset(&s); sigaddset(&s, sig);
    CHECK(sigtimedwait(&s, &info, &zero) == -1 && errno == EAGAIN);
    CHECK(!kill(getpid(), sig) && is_pending(sig) && !is_pending(sig == SIGBUS ? SIGSEGV : SIGBUS));
    CHECK(sigtimedwait(&s, &info, &zero) == sig && info.si_code == SI_USER && info.si_pid == getpid());
    CHECK(!is_pending(sig) && sigtimedwait(&s, &info, &zero) == -1 && errno == EAGAIN);
    union sigval v = { .sival_int = 77 };
    CHECK(!sigqueue(getpid(), sig, v) && !sigqueue(getpid(), sig, v) && is_pending(sig));   /* a standard signal: one */
    CHECK(sigwaitinfo(&s, &info) == sig && info.si_code == SI_QUEUE && info.si_value.sival_int == 77);
    CHECK(!is_pending(sig) && !raise(sig) && is_pending(sig));
    CHECK(sigwaitinfo(&s, &info) == sig && info.si_code == SI_USER);       /* libc's word for SI_TKILL */
    /* pending, then unblocked: the handler */
    install(sig, 0);
    count = 0;
    CHECK(!kill(getpid(), sig) && count == 0);
    block(SIG_UNBLOCK, sig, sig);
    CHECK(count == 1 && last_sig == sig && last_code == SI_USER);
    /* ignored while pending: gone */
    block(SIG_BLOCK, sig, sig);
    CHECK(!kill(getpid(), sig) && is_pending(sig));
    signal(sig, SIG_IGN);
    CHECK(!is_pending(sig));
    install(sig, 0);
    block(SIG_UNBLOCK, SIGSEGV, SIGBUS);
    CHECK(count == 1);
    signal(sig, SIG_DFL);
}

static volatile int stop, ready;
static void *spin(void *arg) { while (!stop) { } return NULL; }
static void *wait_thread(void *arg)
{
    sigset_t s;
    siginfo_t info;
    sigfillset(&s);
    ready = 1;
    int sig = sigwaitinfo(&s, &info);
    return (void *)(long)(sig * 1000 + info.si_code);
}

/* One thread waits for what all block; main and another compute. */
static void waiter(int sig)
{
    pthread_t w, busy;
    void *got;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    stop = ready = 0;
    pthread_create(&busy, NULL, spin, NULL);
    pthread_create(&w, NULL, wait_thread, NULL);
    while (!ready) sched_yield();
    usleep(20000);
    CHECK(!kill(getpid(), sig));
    pthread_join(w, &got);
    CHECK((long)got == sig * 1000 + SI_USER);
    CHECK(!is_pending(sig));
    pthread_create(&w, NULL, wait_thread, NULL);
    usleep(20000);
    CHECK(!pthread_kill(w, sig));
    pthread_join(w, &got);
    CHECK((long)got == sig * 1000 + SI_USER);      /* libc's word for SI_TKILL */
    stop = 1;
    pthread_join(busy, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Main blocks it, a worker does not: the worker's handler. */
static void *want(void *arg)
{
    block(SIG_UNBLOCK, SIGSEGV, SIGBUS);
    ready = 1;
    while (!stop) { }
    return (void *)(long)syscall(SYS_gettid);
}
static void other_thread(int sig)
{
    pthread_t t;
    void *tid;
    install(sig, 0);
    block(SIG_BLOCK, SIGSEGV, SIGBUS);
    stop = ready = count = 0;
    pthread_create(&t, NULL, want, NULL);
    while (!ready) sched_yield();
    CHECK(!kill(getpid(), sig));
    for (int i = 0; i < 2000 && !count; i++) usleep(1000);
    stop = 1;
    pthread_join(t, &tid);
    CHECK(count == 1 && last_sig == sig && last_tid == (pid_t)(long)tid);
    CHECK(!is_pending(sig));
    block(SIG_UNBLOCK, SIGSEGV, SIGBUS);
    CHECK(count == 1);
    signal(sig, SIG_DFL);
}

static void *late_kill(void *arg) { usleep(30000); kill(getpid(), (int)(long)arg); return NULL; }
static void descriptors(int sig)
{
    sigset_t s;
    struct signalfd_siginfo r;
    pthread_t t;
    block(SIG_BLOCK, SIGSEGV, SIGBUS);
    sigemptyset(&s); sigaddset(&s, SIGSEGV); sigaddset(&s, SIGBUS);
    int fd = signalfd(-1, &s, SFD_NONBLOCK), ep = epoll_create1(0);
    struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 5 };
    struct pollfd p = { fd, POLLIN, 0 };
    CHECK(fd >= 0 && ep >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
    CHECK(read(fd, &r, sizeof r) == -1 && errno == EAGAIN && poll(&p, 1, 0) == 0);
    CHECK(!kill(getpid(), sig) && is_pending(sig));
    CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLIN);
    CHECK(epoll_wait(ep, &ev, 1, 1000) == 1 && ev.data.u64 == 5);
    CHECK(read(fd, &r, sizeof r) == sizeof r && r.ssi_signo == sig && r.ssi_pid == getpid());
    CHECK(read(fd, &r, sizeof r) == -1 && errno == EAGAIN && !is_pending(sig));
    pthread_create(&t, NULL, late_kill, (void *)(long)sig);
    CHECK(poll(&p, 1, 5000) == 1 && read(fd, &r, sizeof r) == sizeof r && r.ssi_signo == sig);
    pthread_join(t, NULL);
    fcntl(fd, F_SETFL, 0);
    pthread_create(&t, NULL, late_kill, (void *)(long)sig);
    CHECK(read(fd, &r, sizeof r) == sizeof r && r.ssi_signo == sig);
    pthread_join(t, NULL);
    close(fd); close(ep);
    block(SIG_UNBLOCK, SIGSEGV, SIGBUS);
}

/* struct { mask, its size }: io_pgetevents' last argument */
static long masked_call(int which, sigset_t *mask, int fd)
{
    struct { sigset_t *mask; unsigned long size; } arg = { mask, 8 };
    struct pollfd p = { fd, POLLIN, 0 };
    struct epoll_event ev = { .events = EPOLLIN };
    unsigned long ctx = 0;
    fd_set in;
    int ep = -1;
    long r = -1, err;
    FD_ZERO(&in);
    if (fd >= 0) FD_SET(fd, &in);
    if (which == 3) {
        ep = epoll_create1(0);
        if (fd >= 0) CHECK(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
    }
    if (which == 4) CHECK(!syscall(SYS_io_setup, 4, &ctx));
    switch (which) {
    case 0: r = sigsuspend(mask); break;
    case 1: r = ppoll(&p, fd >= 0, NULL, mask); break;
    case 2: r = pselect(fd + 1, &in, NULL, NULL, NULL, mask); break;
    case 3: r = epoll_pwait(ep, &ev, 1, -1, mask); break;
    case 4: {
        char event[32];
        r = syscall(SYS_io_pgetevents, ctx, 1, 1, event, NULL, &arg);
        break;
    }
    }
    err = errno;
    if (ep >= 0) close(ep);
    if (ctx) syscall(SYS_io_destroy, ctx);
    errno = err;
    return r;
}

/* Pending when a call's temporary mask opens it: it ends the call, or stays pending where the call has its result. */
static void temporary(int sig)
{
    sigset_t open;
    int fd[2];
    CHECK(!pipe(fd) && write(fd[1], "x", 1) == 1);
    install(sig, 0);
    block(SIG_BLOCK, SIGSEGV, SIGBUS);
    sigemptyset(&open); sigaddset(&open, sig == SIGBUS ? SIGSEGV : SIGBUS);
    for (int which = 0; which < 5; which++) {
        for (int to = 0; to < 3; to++) {
            count = 0;
            pid_t late = to == 2 ? fork() : -1;
            if (!late) { usleep(30000); kill(getppid(), sig); _exit(0); }
            if (to == 2) { }
            else if (to) raise(sig);
            else kill(getpid(), sig);
            CHECK(masked_call(which, &open, -1) == -1 && errno == EINTR);
            CHECK(count == 1 && last_sig == sig && !is_pending(sig));
            if (to == 2) CHECK(waitpid(late, NULL, 0) == late);
        }
        CHECK(!kill(getpid(), sig) && is_pending(sig) && count == 1);
        if (which >= 1 && which <= 3) CHECK(masked_call(which, &open, fd[0]) == 1 && is_pending(sig) && count == 1);
        block(SIG_UNBLOCK, sig, sig);
        CHECK(count == 2 && !is_pending(sig));
        block(SIG_BLOCK, sig, sig);
    }
    close(fd[0]); close(fd[1]);
    block(SIG_UNBLOCK, SIGSEGV, SIGBUS);
    signal(sig, SIG_DFL);
}

/* The synchronous ones first, lowest number first; with open masks each frame is put on those before. */
static void ordered(void)
{
    static const int sig[] = { SIGUSR1, SIGSYS, SIGSEGV, SIGFPE, SIGBUS, SIGTRAP, SIGILL, SIGHUP };
    static const int taken[] = { SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGHUP, SIGUSR1 };
    sigset_t all, old;
    sigfillset(&all);
    for (int fill = 0; fill < 2; fill++) {
        pthread_sigmask(SIG_SETMASK, &all, &old);
        for (int i = 0; i < 8; i++) { install(sig[i], fill); raise(sig[i]); }
        norder = 0;
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        CHECK(norder == 8);
        for (int i = 0; i < 8; i++) CHECK(order[i] == taken[fill ? i : 7 - i]);
        for (int i = 0; i < 8; i++) signal(sig[i], SIG_DFL);
    }
}

static stack_t in_frame, in_handler;
static void on_alt(int sig, siginfo_t *i, void *uc)
{
    in_frame = ((ucontext_t *)uc)->uc_stack;
    sigaltstack(NULL, &in_handler);
}
static void on_plain(int sig) { sigaltstack(NULL, &in_handler); }

/* SS_ONSTACK is said where Linux says it: do_sigaltstack() and the raw flags in the frame. */
static void alternate(void)
{
    enum { SIZE = 65536 };
    static const struct { unsigned set, get, frame, in; } rows[] = {
        { 0, 0, 0, SS_ONSTACK }, { SS_ONSTACK, 0, SS_ONSTACK, SS_ONSTACK },
        { SS_AUTODISARM, SS_AUTODISARM, SS_AUTODISARM, SS_DISABLE },
        { SS_AUTODISARM | SS_ONSTACK, SS_AUTODISARM, SS_AUTODISARM | SS_ONSTACK, SS_DISABLE },
        { SS_DISABLE, SS_DISABLE, SS_DISABLE, SS_DISABLE },
        { SS_DISABLE | SS_AUTODISARM, SS_DISABLE | SS_AUTODISARM, SS_DISABLE | SS_AUTODISARM, SS_DISABLE },
    };
    char *m = malloc(SIZE);
    stack_t bad = { .ss_sp = m, .ss_size = SIZE, .ss_flags = 3 }, now;
    struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        stack_t s = { .ss_sp = m, .ss_size = SIZE, .ss_flags = rows[i].set };
        CHECK(!sigaltstack(&s, NULL) && !sigaltstack(NULL, &now) && now.ss_flags == (int)rows[i].get);
        sa.sa_sigaction = on_alt;
        sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(SIGUSR1, &sa, NULL);
        raise(SIGUSR1);
        if (in_frame.ss_flags != (int)rows[i].frame || in_handler.ss_flags != (int)rows[i].in) printf("row %u\n", i);
        CHECK(in_frame.ss_flags == (int)rows[i].frame && in_handler.ss_flags == (int)rows[i].in);
        CHECK(!sigaltstack(NULL, &now) && now.ss_flags == (int)rows[i].get);
        /* a handler without SA_SIGINFO: the frame of some architectures has no place for the stack */
        sa.sa_handler = on_plain;
        sa.sa_flags = SA_ONSTACK;
        sigaction(SIGUSR1, &sa, NULL);
        raise(SIGUSR1);
        CHECK(in_handler.ss_flags == (int)rows[i].in);
        CHECK(sigaltstack(&bad, NULL) == -1 && errno == EINVAL);
    }
    signal(SIGUSR1, SIG_DFL);
    free(m);
}

int main(void)
{
    alarm(60);
    waiting(SIGSEGV); waiting(SIGBUS);
    waiter(SIGSEGV); waiter(SIGBUS);
    other_thread(SIGSEGV); other_thread(SIGBUS);
    temporary(SIGSEGV); temporary(SIGBUS);
    descriptors(SIGSEGV); descriptors(SIGBUS);
    temporary(SIGSEGV); temporary(SIGBUS);              /* once a signalfd was there, calls take another way */
    ordered();
    alternate();
    return CHECK_END();
}
