/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: handlers, masks, queues, restart, alternate stack, faults with their codes, death by signal. */
#include "os_check.h"
#include <linux/futex.h>
#include <poll.h>

static volatile int count, last_sig, last_code, last_value, nested;
static volatile uintptr_t last_addr;
static sigjmp_buf jump;

static void on_info(int s, siginfo_t *i, void *u)
{
    count++; last_sig = s; last_code = i->si_code;
    last_value = i->si_value.sival_int; last_addr = (uintptr_t)i->si_addr;
}
static void on_fault(int s, siginfo_t *i, void *u) { on_info(s, i, u); siglongjmp(jump, 1); }
static void on_nest(int s) { nested++; if (nested < 3) raise(s); }

static void install(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
    struct sigaction sa = { .sa_flags = SA_SIGINFO | flags };
    sa.sa_sigaction = fn;
    sigemptyset(&sa.sa_mask);
    CHECK(!sigaction(sig, &sa, NULL));
}

static void all_signals(void)
{
    for (int s = 1; s <= 64; s++) {
        if (s == SIGKILL || s == SIGSTOP || s == 32 || s == 33) continue;
        install(s, on_info, 0);
        count = 0;
        CHECK(!syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), s));
        CHECK(count == 1 && last_sig == s && last_code == SI_TKILL);
        signal(s, SIG_DFL);
    }
}

static void queue(void)
{
    sigset_t set, old, pend;
    int rt = SIGRTMIN + 3;
    install(rt, on_info, 0);
    sigemptyset(&set);
    sigaddset(&set, rt);
    sigprocmask(SIG_BLOCK, &set, &old);
    for (int i = 0; i < 5; i++) { union sigval v = { .sival_int = i + 10 }; CHECK(!sigqueue(getpid(), rt, v)); }
    sigpending(&pend);
    CHECK(sigismember(&pend, rt));
    siginfo_t info;
    struct timespec zero = { 0, 0 };
    CHECK(sigtimedwait(&set, &info, &zero) == rt && info.si_value.sival_int == 10 && info.si_code == SI_QUEUE &&
        info.si_pid == getpid());
    count = 0;
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK(count == 4 && last_value == 14);
    CHECK(sigtimedwait(&set, &info, &zero) == -1 && errno == EAGAIN);
    signal(rt, SIG_DFL);
}

static void nesting(void)
{
    struct sigaction sa = { .sa_handler = on_nest, .sa_flags = SA_NODEFER };
    sigaction(SIGUSR1, &sa, NULL);
    nested = 0; raise(SIGUSR1); CHECK(nested == 3);
    sa.sa_flags = SA_RESETHAND;
    sigaction(SIGUSR1, &sa, NULL);
    nested = 5; raise(SIGUSR1); CHECK(nested == 6);
    struct sigaction now;
    sigaction(SIGUSR1, NULL, &now);
    CHECK(now.sa_handler == SIG_DFL);
}

static void restart(void)
{
    int p[2];
    char c = 0;
    struct itimerval it = { .it_value = { 0, 30000 } };
    CHECK(!pipe(p));
    install(SIGALRM, on_info, 0);
    count = 0;
    setitimer(ITIMER_REAL, &it, NULL);
    CHECK(read(p[0], &c, 1) == -1 && errno == EINTR && count == 1);
    install(SIGALRM, on_info, SA_RESTART);
    pid_t kid = fork();
    if (!kid) { usleep(120000); if (write(p[1], "x", 1) != 1) _exit(1); _exit(0); }
    setitimer(ITIMER_REAL, &it, NULL);
    count = 0;
    CHECK(read(p[0], &c, 1) == 1 && c == 'x' && count == 1);
    waitpid(kid, NULL, 0);
    setitimer(ITIMER_REAL, &it, NULL);
    struct timespec ts = { 5, 0 }, rem = { 0, 0 };
    CHECK(nanosleep(&ts, &rem) == -1 && errno == EINTR && rem.tv_sec == 4);
    sigset_t none, blk, old;
    sigemptyset(&none); sigemptyset(&blk); sigaddset(&blk, SIGALRM);
    sigprocmask(SIG_BLOCK, &blk, &old);
    setitimer(ITIMER_REAL, &it, NULL);
    count = 0;
    CHECK(sigsuspend(&none) == -1 && errno == EINTR && count == 1);
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    CHECK(sigismember(&now, SIGALRM));
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void on_alt(int s, siginfo_t *i, void *u)
{
    stack_t now;
    on_info(s, i, u);
    sigaltstack(NULL, &now);
    CHECK(now.ss_flags == SS_ONSTACK);
    CHECK((char *)&now > (char *)now.ss_sp && (char *)&now < (char *)now.ss_sp + now.ss_size);
    CHECK(sigaltstack(&now, NULL) == -1 && errno == EPERM);
}

static void altstack(void)
{
    stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 }, old;
    CHECK(!sigaltstack(&ss, &old) && old.ss_flags == SS_DISABLE);
    install(SIGUSR2, on_alt, SA_ONSTACK);
    count = 0; raise(SIGUSR2); CHECK(count == 1);
    ss.ss_flags = SS_DISABLE;
    CHECK(!sigaltstack(&ss, NULL));
    ss.ss_flags = 0; ss.ss_size = 100;
    CHECK(sigaltstack(&ss, NULL) == -1 && errno == ENOMEM);
}

static void fault_at(volatile char *p, int write)
{
    if (write) *p = 1; else (void)*p;
}

static void faults(void)
{
    long page = 65536;              /* also exact where host pages are as large as that (-p); low, where nothing else
                                     * lands in the hole */
    char *m = mmap((void *)0x30000000, 3 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(m + page, page);
    mprotect(m + 2 * page, page, PROT_NONE);
    install(SIGSEGV, on_fault, 0);
    install(SIGBUS, on_fault, 0);
    struct { char *at; int write, sig, code; } row[] = {
        { m + 5, 1, SIGSEGV, SEGV_ACCERR }, { m + page + 8, 0, SIGSEGV, SEGV_MAPERR },
        { m + page + 9, 1, SIGSEGV, SEGV_MAPERR },
        { m + 2 * page + 1, 0, SIGSEGV, SEGV_ACCERR }, { (char *)16, 1, SIGSEGV, SEGV_MAPERR },
    };
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        last_sig = 0;
        if (!sigsetjmp(jump, 1)) { fault_at(row[i].at, row[i].write); CHECK(!"reached"); }
        if (last_sig != row[i].sig || last_code != row[i].code || last_addr != (uintptr_t)row[i].at)
            printf("row %u: sig %d code %d addr %p\n", i, last_sig, last_code, (void *)last_addr);
        CHECK(last_sig == row[i].sig && last_code == row[i].code && last_addr == (uintptr_t)row[i].at);
    }
    char name[] = "/tmp/sigbusXXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    CHECK(!ftruncate(fd, page));
    char *f = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!sigsetjmp(jump, 1)) { fault_at(f + page, 0); CHECK(!"reached"); }
    CHECK(last_sig == SIGBUS && last_code == BUS_ADRERR && last_addr == (uintptr_t)(f + page));
    if (!sigsetjmp(jump, 1)) { ((void (*)(void))m)(); CHECK(!"reached"); }
    CHECK(last_sig == SIGSEGV && last_code == SEGV_ACCERR && last_addr == (uintptr_t)m);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    CHECK(write(1, (char *)16, 4) == -1 && errno == EFAULT);
    int p[2];
    CHECK(!pipe(p) && write(p[1], "abcd", 4) == 4);
    CHECK(read(p[0], m, 4) == -1 && errno == EFAULT);
}

static int dies(void (*fn)(void))
{
    int st;
    fflush(stdout);
    pid_t kid = fork();
    if (!kid) { struct rlimit no = { 0, 0 }; setrlimit(RLIMIT_CORE, &no); fn(); _exit(99); }
    waitpid(kid, &st, 0);
    return WIFSIGNALED(st) ? WTERMSIG(st) : -WEXITSTATUS(st);
}
static void die_null(void) { *(volatile int *)8 = 1; }
static void die_abort(void) { abort(); }
static void die_term(void) { raise(SIGTERM); }
static void die_rt(void) { raise(SIGRTMAX); }
static void die_ill(void) { __builtin_trap(); }
static void die_blocked(void) { sigset_t s; sigfillset(&s); sigprocmask(SIG_SETMASK, &s, NULL); die_null(); }
static void ignored(void) { raise(SIGCHLD); raise(SIGWINCH); signal(SIGTERM, SIG_IGN); raise(SIGTERM); _exit(7); }

static void deaths(void)
{
    CHECK(dies(die_null) == SIGSEGV);
    CHECK(dies(die_abort) == SIGABRT);
    CHECK(dies(die_term) == SIGTERM);
    CHECK(dies(die_rt) == SIGRTMAX);
    int ill = dies(die_ill);
    CHECK(ill == SIGILL || ill == SIGTRAP);
    CHECK(dies(die_blocked) == SIGSEGV);
    CHECK(dies(ignored) == -7);
}

static volatile double kept;
static void clobber(int s)
{
    volatile double x = 3.25;
    for (int i = 0; i < 10; i++) x = x * 1.5 + s;
    count++;
    kept = x;
}
static void fp_state(void)
{
    struct itimerval it = { { 0, 1000 }, { 0, 1000 } }, off = { { 0, 0 }, { 0, 0 } };
    struct sigaction sa = { .sa_handler = clobber, .sa_flags = SA_RESTART };
    sigaction(SIGALRM, &sa, NULL);
    count = 0;
    setitimer(ITIMER_REAL, &it, NULL);
    double want = 0;
    for (long r = 0; count < 20 && r < 2000000; r++) {
        double a = 1, b = 2, c = 3, d = 4;
        uint64_t h = 88172645463325252ull;
        for (int i = 0; i < 1000; i++) {
            a += b;
            b += 0.5;
            c *= 1.0000001;
            d -= a;
            h ^= h << 13;
            h ^= h >> 7;
            h ^= h << 17;
        }
        double got = a + b + c + d + (double)h;
        if (!r) want = got;
        if (got != want) { CHECK(!"registers lost"); break; }
    }
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK(count >= 20);
}

static volatile int io_fd, io_band;
static void on_io(int s, siginfo_t *i, void *u) { io_fd = i->si_fd; io_band = (int)i->si_band; last_code = i->si_code; }

static void async_io(void)
{
    int p[2], rt = SIGRTMIN + 2;
    CHECK(!pipe(p));
    install(rt, on_io, 0);
    io_fd = -1;
    CHECK(!fcntl(p[0], F_SETOWN, getpid()) && !fcntl(p[0], F_SETSIG, rt) && fcntl(p[0], F_GETSIG) == rt);
    CHECK(!fcntl(p[0], F_SETFL, O_ASYNC));
    CHECK(write(p[1], "x", 1) == 1);
    CHECK(io_fd == p[0] && last_code == POLL_IN && (io_band & POLLIN));
    close(p[0]); close(p[1]);
    signal(rt, SIG_DFL);
}

/* An interrupted select says how much time was left. */
static void select_remainder(void)
{
    struct itimerval it = { .it_value = { 0, 50000 } };
    struct timespec ts = { 10, 0 };
    install(SIGALRM, on_info, SA_RESTART);
    setitimer(ITIMER_REAL, &it, NULL);
    CHECK(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &ts, NULL) == -1 && errno == EINTR);
    CHECK(ts.tv_sec < 10);
    signal(SIGALRM, SIG_DFL);
}

/* A call that never sleeps never fails with EINTR, however many signals come just before it. */
static void no_eintr(void)
{
    int failed = 0;
    install(SIGUSR1, on_info, 0);
    pid_t parent = getpid(), kid = fork();
    if (!kid) for (;;) if (getppid() != parent || kill(parent, SIGUSR1)) _exit(0);
    for (count = 0; count < 300; ) failed += kill(kid, 0) != 0;
    CHECK(!failed);
    kill(kid, SIGKILL);
    while (waitpid(kid, NULL, 0) < 0 && errno == EINTR) { }
    signal(SIGUSR1, SIG_DFL);
}

static uint32_t pi_word;
static long pi_result = -1;
static int pi_errno;
static void *lock_pi(void *p)
{
    (void)p;
    pi_result = syscall(SYS_futex, &pi_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
    pi_errno = errno;
    return NULL;
}

/* Waiting for a priority-inheritance futex goes on after a handler, SA_RESTART or not. */
static void pi_wait(void)
{
    pthread_t waiter;
    if (syscall(SYS_futex, &pi_word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0) && errno == ENOSYS) return;
    install(SIGUSR1, on_info, 0);
    count = 0;
    CHECK(!pthread_create(&waiter, NULL, lock_pi, NULL));
    while (!(__atomic_load_n(&pi_word, __ATOMIC_SEQ_CST) & FUTEX_WAITERS)) sched_yield();
    for (int i = 1; i <= 3; i++) {
        usleep(2000);
        pthread_kill(waiter, SIGUSR1);
        while (count < i) sched_yield();
    }
    CHECK(!syscall(SYS_futex, &pi_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    pthread_join(waiter, NULL);
    errno = pi_errno;
    CHECK(pi_result == 0);
    signal(SIGUSR1, SIG_DFL);
}

int main(void)
{
    all_signals();
    queue();
    nesting();
    restart();
    altstack();
    faults();
    deaths();
    fp_state();
    no_eintr();
    async_io();
    select_remainder();
    pi_wait();
    return CHECK_END();
}
