/* SPDX-License-Identifier: Apache-2.0 */
/* sigprocmask while a timer fires: the old mask is the one there was, also where it is written over the new one; a
 * blocked signal does not come, an unblocked one is not lost. */
#include "os_check.h"

static volatile long ticks;
static volatile int closed;
static void on_alarm(int sig) { ticks++; if (closed) closed = 2; }

static long now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int same(const sigset_t *a, const sigset_t *b)
{
    for (int i = 1; i <= 64; i++) if (sigismember(a, i) != sigismember(b, i)) return 0;
    return 1;
}

int main(void)
{
    struct itimerval it = { { 0, 60 }, { 0, 60 } }, off = { { 0, 0 }, { 0, 0 } };
    struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    sigset_t plain, more, s, t;
    long wrong = 0, rounds = 0, came = 0, end = now_ms() + 200;
    sigemptyset(&plain); sigaddset(&plain, SIGUSR2);
    sigemptyset(&more); sigaddset(&more, SIGUSR1); sigaddset(&more, SIGALRM);
    sigprocmask(SIG_SETMASK, &plain, NULL);
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &it, NULL);
    while (now_ms() < end) {
        for (int i = 0; i < 50; i++, rounds++) {
            memset(&s, 0x5a, sizeof s);
            s = more;
            wrong += sigprocmask(SIG_BLOCK, &s, &s) || !same(&s, &plain);      /* old over new */
            closed = 1;
            sigprocmask(SIG_SETMASK, NULL, &t);
            wrong += !sigismember(&t, SIGUSR1) || !sigismember(&t, SIGALRM) || !sigismember(&t, SIGUSR2);
            came += closed == 2;
            closed = 0;
            memset(&t, 0x5a, sizeof t);
            wrong += sigprocmask(SIG_SETMASK, &s, &t) || !sigismember(&t, SIGALRM);
            wrong += !sigismember(&t, SIGUSR2) || sigismember(&t, SIGINT);
        }
    }
    setitimer(ITIMER_REAL, &off, NULL);
    if (wrong) printf("%ld of %ld wrong\n", wrong, rounds);
    CHECK(!wrong && !came && ticks > 10);
    return CHECK_END();
}
