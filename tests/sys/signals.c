/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: siginfo, masks, queues, restarts, alternate stacks, faults, timers. */
#include "check.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <time.h>

static volatile int count, last_sig, last_code, last_value, nested, on_alt;
static volatile void *last_addr;
static sigjmp_buf jb;
static char alt[65536];

static void plain(int s) { count++; last_sig = s; }
static void info(int s, siginfo_t *i, void *u)
{
    count++; last_sig = s; last_code = i->si_code; last_value = i->si_value.sival_int; last_addr = i->si_addr;
    char here;
    on_alt = &here >= alt && &here < alt + sizeof alt;
}
static void jump(int s, siginfo_t *i, void *u) { info(s, i, u); siglongjmp(jb, 1); }
static void set(int sig, void *h, int flags)
{
    struct sigaction a = { .sa_flags = flags };
    if (flags & SA_SIGINFO) a.sa_sigaction = h; else a.sa_handler = h;
    sigfillset(&a.sa_mask);
    if (flags & SA_NODEFER) sigemptyset(&a.sa_mask);
    if (sigaction(sig, &a, NULL)) perror("sigaction");
}

static void handler(void)
{
    struct sigaction old;
    set(SIGUSR1, info, SA_SIGINFO);
    kill(getpid(), SIGUSR1);
    printf("%d %d %d\n", count, last_sig, last_code);
    sigaction(SIGUSR1, NULL, &old);
    printf("%d %d\n", old.sa_sigaction == info, old.sa_flags & SA_SIGINFO ? 1 : 0);
    OK(sigismember(&old.sa_mask, SIGUSR2) && sigismember(&old.sa_mask, SIGRTMAX));
}

static void queues(void)
{
    sigset_t s, o;
    sigemptyset(&s);
    for (int i = 0; i < 3; i++) sigaddset(&s, SIGRTMIN + i);
    sigprocmask(SIG_BLOCK, &s, &o);
    OK(!sigismember(&o, SIGRTMIN));
    for (int i = 2; i >= 0; i--)
        for (int j = 0; j < 2; j++) sigqueue(getpid(), SIGRTMIN + i, (union sigval){ .sival_int = i * 10 + j });
    sigpending(&o);
    OK(sigismember(&o, SIGRTMIN) && sigismember(&o, SIGRTMIN + 2) && !sigismember(&o, SIGUSR1));
    for (int i = 0; i < 6; i++) {
        siginfo_t si;
        int r = sigwaitinfo(&s, &si);
        printf("%d/%d/%d ", r - SIGRTMIN, si.si_value.sival_int, si.si_code);
    }
    struct timespec zero = { 0, 1000 };
    printf("\n");
    SHOW(sigtimedwait(&s, NULL, &zero));
    set(SIGRTMIN, info, SA_SIGINFO);
    sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = -77 });
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    printf("%d %d %d\n", last_sig == SIGRTMIN, last_code, last_value);
}

static const struct itimerval soon = { .it_value.tv_usec = 20000 };

static void interrupted_read(void)
{
    int p[2];
    char c;
    if (pipe(p)) return;
    set(SIGALRM, plain, 0);
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(read(p[0], &c, 1));
    set(SIGALRM, plain, SA_RESTART);
    fflush(stdout);
    pid_t k = fork();
    if (!k) { usleep(150000); if (write(p[1], "x", 1) != 1) _exit(1); _exit(0); }
    count = 0;
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(read(p[0], &c, 1));
    waitpid(k, NULL, 0);
    printf("%d\n", count);
}

static void interrupted_sleep(void)
{
    sigset_t s;
    setitimer(ITIMER_REAL, &soon, NULL);
    struct timespec ts = { 5, 0 }, rem;
    SHOW(nanosleep(&ts, &rem));
    OK(rem.tv_sec == 4);
    setitimer(ITIMER_REAL, &soon, NULL);
    sigemptyset(&s);
    SHOW(sigsuspend(&s));
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(pause());
}

static void alternate_stack(void)
{
    stack_t ss = { .ss_sp = alt, .ss_size = sizeof alt }, os;
    SHOW(sigaltstack(&ss, NULL));
    set(SIGUSR2, info, SA_SIGINFO | SA_ONSTACK);
    raise(SIGUSR2);
    printf("%d\n", on_alt);
    SHOW(sigaltstack(NULL, &os));
    printf("%d %d\n", os.ss_sp == alt, os.ss_flags);
}

static void memory_faults(void)
{
    char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    set(SIGSEGV, jump, SA_SIGINFO | SA_ONSTACK);
    if (!sigsetjmp(jb, 1)) *(volatile char *)page = 1;
    printf("%d %d %d\n", last_sig, last_code, last_addr == page);
    if (!sigsetjmp(jb, 1)) *(volatile char *)(page + 4097) = 1;
    printf("%d %d %d\n", last_sig, last_code, last_addr == page + 4097);
    int fd = memfd_create("x", 0);
    char *f = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    set(SIGBUS, jump, SA_SIGINFO);
    if (!sigsetjmp(jb, 1)) (void)*(volatile char *)f;
    printf("%d %d %d\n", last_sig, last_code, last_addr == f);
}

static void timer_of_the_process(void)
{
    timer_t tm;
    struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 4, .sigev_value.sival_int = 99 };
    set(SIGRTMIN + 4, info, SA_SIGINFO);
    SHOW(timer_create(CLOCK_MONOTONIC, &ev, &tm));
    struct itimerspec its = { { 0, 0 }, { 0, 5000000 } };
    SHOW(timer_settime(tm, 0, &its, NULL));
    while (last_sig != SIGRTMIN + 4) pause();
    printf("%d %d\n", last_code, last_value);
    SHOW(timer_getoverrun(tm));
    SHOW(timer_delete(tm));
}

static void child(void)
{
    set(SIGCHLD, info, SA_SIGINFO);
    fflush(stdout);
    if (!fork()) _exit(3);
    while (last_sig != SIGCHLD) usleep(1000);
    printf("%d\n", last_code);
    wait(NULL);
}

static void refusals(void)
{
    struct sigaction old;
    SHOW(sigaction(SIGKILL, &old, NULL));
    SHOW(kill(getpid(), 99));
    SHOW(syscall(SYS_tgkill, getpid(), getpid(), 0));
}

static void every_number(void)
{
    for (int i = 1; i <= 64; i++) if (i != SIGKILL && i != SIGSTOP && (i < 32 || i > 33)) set(i, plain, 0);
    count = 0;
    for (int i = 34; i <= 64; i++) raise(i);
    printf("%d\n", count);
}

int main(void)
{
    handler();
    queues();
    interrupted_read();
    interrupted_sleep();
    alternate_stack();
    memory_faults();
    timer_of_the_process();
    child();
    refusals();
    every_number();
    signal(SIGTERM, SIG_DFL);
    fflush(stdout);
    raise(SIGTERM);
    return 0;
}
