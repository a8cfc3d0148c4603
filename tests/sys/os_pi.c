/* SPDX-License-Identifier: Apache-2.0 */
/* Priority-inheritance futexes: their word, errors, time limits, owners that die, and requeueing; and libc's mutexes
 * on them. */
#include "os_check.h"
#include <linux/futex.h>
#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif
typedef volatile unsigned Word;
static int pi(Word *w, int op, unsigned val, const void *ts, Word *w2, unsigned val3)
{
    return (int)syscall(SYS_futex, w, op, val, ts, w2, val3);
}
/* The old call, whose time is two words of the guest's. */
static const void *at(long sec, long nsec, int clock)
{
    static _Thread_local long ts[2];
    struct timespec now;
    clock_gettime(clock, &now);
    ts[0] = now.tv_sec + sec;
    ts[1] = now.tv_nsec + nsec;
    if (ts[1] >= 1000000000) { ts[1] -= 1000000000; ts[0]++; }
    return ts;
}
static unsigned self(void) { return (unsigned)syscall(SYS_gettid); }
static Word w, cond;
static volatile int step, result, error;

static void *ends(void *arg) { *(unsigned *)arg = self(); return NULL; }
static void *tries(void *arg)
{
    CHECK(pi(&w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EAGAIN);
    CHECK(pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EPERM);
    CHECK(pi(&w, FUTEX_LOCK_PI, 0, at(0, 30000000, CLOCK_REALTIME), NULL, 0) == -1 && errno == ETIMEDOUT);
    CHECK(pi(&w, FUTEX_LOCK_PI, 0, at(-5, 0, CLOCK_REALTIME), NULL, 0) == -1 && errno == ETIMEDOUT);
    CHECK(pi(&w, FUTEX_LOCK_PI2, 0, at(0, 30000000, CLOCK_MONOTONIC), NULL, 0) == -1 && (errno == ETIMEDOUT ||
        errno == ENOSYS));
    CHECK(pi(&w, FUTEX_LOCK_PI, 0, (long[]){ 1, 1000000000 }, NULL, 0) == -1 && errno == EINVAL);
    return arg;
}

static void words(void)
{
    pthread_t t;
    unsigned gone = 0;
    CHECK(!pi(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0) && w == self());
    CHECK(pi(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EDEADLK);
    CHECK(pi(&w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EDEADLK);
    pthread_create(&t, NULL, tries, NULL);
    pthread_join(t, NULL);
    CHECK((w & FUTEX_TID_MASK) == self());
    CHECK(!pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) && w == 0);
    CHECK(pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EPERM);
    CHECK(!pi(&w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0) && w == self() && !pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    w = FUTEX_OWNER_DIED;
    CHECK(!pi(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0) && w == (self() | FUTEX_OWNER_DIED));
    CHECK(!pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    pthread_create(&t, NULL, ends, &gone);
    pthread_join(t, NULL);
    usleep(20000);
    w = gone;                                   /* an owner that nobody knows */
    CHECK(pi(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == -1 && errno == ESRCH);
    w = 0;
    CHECK(pi((Word *)((char *)&w + 2), FUTEX_LOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EINVAL);
    CHECK(pi((Word *)8, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EFAULT);
    CHECK(pi((Word *)8, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EFAULT);
    CHECK(pi(&w, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0) == -1 && errno == ENOSYS);
}

/* Ends with the word, without a list that says so: who waits gets it, marked. */
static void *ends_owner(void *arg)
{
    CHECK(!pi(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    step = 1;
    while (!(w & FUTEX_WAITERS)) usleep(1000);
    usleep(20000);
    return arg;
}
static void owner_ends(void)
{
    pthread_t t;
    step = 0;
    pthread_create(&t, NULL, ends_owner, NULL);
    while (!step) usleep(1000);
    CHECK(!pi(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0) && (w & ~FUTEX_WAITERS) == (self() | FUTEX_OWNER_DIED));
    pthread_join(t, NULL);
    CHECK(!pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) && !w);
}

static volatile int alarms;
static void on_alarm(int sig) { alarms++; }
static void *lets_go(void *arg)
{
    while (alarms < 3) usleep(1000);
    CHECK(!pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    return arg;
}
static void *takes_then_lets_go(void *arg) { CHECK(!pi(&w, FUTEX_LOCK_PI, 0, NULL, NULL,
    0)); step = 1; return lets_go(arg); }

/* A signal's handler runs, and the wait goes on. */
static void interrupted(void)
{
    pthread_t t;
    struct itimerval every = { { 0, 10000 }, { 0, 10000 } }, off = { 0 };
    sigset_t set;
    step = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_create(&t, NULL, takes_then_lets_go, NULL);
    while (!step) usleep(1000);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    CHECK(!pi(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0) && alarms >= 3);
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK(!pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    pthread_join(t, NULL);
}

/* --- a condition: those who wait on `cond` wake with the lock */
enum { WAITERS = 4 };
static volatile int served, owned;
static void *waits(void *arg)
{
    __sync_fetch_and_add(&step, 1);
    if (pi(&cond, FUTEX_WAIT_REQUEUE_PI, 0, at(20, 0, CLOCK_MONOTONIC), &w, 0)) { CHECK(!"requeued"); return arg; }
    CHECK((w & FUTEX_TID_MASK) == self() && !owned++);
    served++;
    usleep(1000);
    owned--;
    CHECK(!pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    return arg;
}
static void requeue(void)
{
    pthread_t t[WAITERS];
    step = 0;
    CHECK(pi(&cond, FUTEX_WAIT_REQUEUE_PI, 1, NULL, &w, 0) == -1 && errno == EAGAIN);
    CHECK(pi(&cond, FUTEX_WAIT_REQUEUE_PI, 0, at(0, 20000000, CLOCK_MONOTONIC), &w, 0) == -1 && errno == ETIMEDOUT);
    CHECK(pi(&cond, FUTEX_CMP_REQUEUE_PI, 2, (void *)1L, &w, 0) == -1 && errno == EINVAL);
    CHECK(pi(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)1L, &w, 7) == -1 && errno == EAGAIN);
    for (int i = 0; i < WAITERS; i++) pthread_create(&t[i], NULL, waits, NULL);
    while (step < WAITERS) usleep(1000);
    usleep(50000);
    CHECK(!pi(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    CHECK(pi(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)(long)INT32_MAX, &w, 0) == WAITERS);
    usleep(20000);
    CHECK(!served && !pi(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    for (int i = 0; i < WAITERS; i++) pthread_join(t[i], NULL);
    CHECK(served == WAITERS);
}

/* --- libc's mutexes: threads of two processes count */
typedef struct Shared { pthread_mutex_t m; volatile long count; } Shared;
static Shared *s;
enum { ROUNDS = 2000 };
static void *counts(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&s->m);
        s->count++;
        if (i % 64 == 0) sched_yield();
        pthread_mutex_unlock(&s->m);
    }
    return arg;
}
static void mutexes(void)
{
    pthread_t t[3];
    pthread_mutexattr_t a;
    int status;
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    CHECK(!pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT) && !pthread_mutex_init(&s->m, &a));
    pid_t pid = fork();
    for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, counts, NULL);
    for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
    if (!pid) _exit(0);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0 && s->count == 6 * ROUNDS);
    CHECK(!pthread_mutex_trylock(&s->m) && !pthread_mutex_unlock(&s->m) && !pthread_mutex_destroy(&s->m));
}

int main(void)
{
    alarm(60);
    words(); owner_ends(); requeue(); mutexes(); interrupted();
    return CHECK_END();
}
