/* SPDX-License-Identifier: Apache-2.0
 * stress_mask SECONDS: every way to change a signal mask, in threads under timers and under each other's signals. Masks
 * read back are the ones that were set, blocked signals stay out, and every queued one is taken once. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 3 };
static atomic_int stop, failures, started;
static atomic_long got, sent, rounds;
static pthread_t thread[THREADS];
static __thread volatile int closed;
static __thread volatile sig_atomic_t inside;

static void fail(const char *what) { if (!failures++) printf("stress_mask: %s\n", what); }
static void on_alarm(int sig) { if (closed) closed = 2; }
static void on_rt(int sig, siginfo_t *i, void *uc)
{
    if (closed) closed = 2;
    if (inside++) fail("a handler in itself");          /* its own signal is blocked in it */
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    if (!sigismember(&now, sig) || !sigismember(&now, SIGALRM)) fail("the mask in a handler");
    got++;
    inside--;
}

static int same(const sigset_t *a, const sigset_t *b)
{
    for (int i = 1; i <= 64; i++) if (sigismember(a, i) != sigismember(b, i)) return 0;
    return 1;
}

static void round_of(const sigset_t *plain, const sigset_t *more)
{
    sigset_t s = *more, t;
    sigjmp_buf env;
    struct timespec zero = { 0, 0 }, bit = { 0, 20000 };
    if (sigprocmask(SIG_BLOCK, &s, &s) || !same(&s, plain)) fail("the old mask over the new one");
    closed = 1;
    for (volatile int i = 0; i < 50; i++) { }
    if (sigprocmask(SIG_SETMASK, NULL, &t) || !sigismember(&t, SIGALRM)) fail("the mask is not in force");
    if (closed == 2) fail("a blocked signal came");
    closed = 0;
    if (!sigsetjmp(env, 1)) {
        sigprocmask(SIG_SETMASK, plain, NULL);
        siglongjmp(env, 1);                             /* puts the closed mask back */
    }
    if (sigprocmask(SIG_SETMASK, NULL, &t) || !sigismember(&t, SIGALRM)) fail("siglongjmp's mask");
    if (ppoll(NULL, 0, &zero, plain) && errno != EINTR) fail("ppoll");
    if (ppoll(NULL, 0, &bit, plain) && errno != EINTR) fail("ppoll");
    if (sigprocmask(SIG_SETMASK, &s, &t) || !sigismember(&t, SIGALRM)) fail("the mask after ppoll");
    if (sigprocmask(SIG_SETMASK, NULL, &t) || !same(&t, plain)) fail("the mask was not put back");
    rounds++;
}

static void *worker(void *arg)
{
    sigset_t plain, more;
    sigemptyset(&plain); sigaddset(&plain, SIGUSR2);
    sigfillset(&more);
    sigprocmask(SIG_SETMASK, &plain, NULL);
    while (!started) usleep(1000);                      /* until all of thread[] is there */
    while (!stop) {
        for (int i = 0; i < 20; i++) round_of(&plain, &more);
        if (sent - got < 100) {
            union sigval v = { .sival_int = 1 };
            if (!pthread_sigqueue(thread[rand() % THREADS], SIGRTMIN + 1, v)) sent++;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART }, rt = { .sa_flags = SA_SIGINFO };
    struct itimerval it = { { 0, 60 }, { 0, 60 } }, off = { { 0, 0 }, { 0, 0 } };
    sigset_t all, old;
    rt.sa_sigaction = on_rt;
    sigfillset(&rt.sa_mask);
    sigaction(SIGALRM, &sa, NULL);
    sigaction(SIGRTMIN + 1, &rt, NULL);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);               /* main takes none */
    for (int i = 0; i < THREADS; i++) pthread_create(&thread[i], NULL, worker, NULL);
    started = 1;
    setitimer(ITIMER_REAL, &it, NULL);
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 2);
    while (time(NULL) < end && !failures) usleep(10000);
    stop = 1;
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    setitimer(ITIMER_REAL, &off, NULL);
    /* what came to a thread that had ended its loop was taken as it left, or went with it: libc blocks all then */
    if (got > sent || sent - got > THREADS * 110) fail("the count of queued signals");
    printf("stress_mask: %ld rounds, %ld of %ld signals\n", (long)rounds, (long)got, (long)sent);
    return failures != 0;
}
