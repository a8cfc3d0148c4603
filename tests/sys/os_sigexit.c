/* SPDX-License-Identifier: Apache-2.0 */
/* A signal of the process that a thread has taken does not end with the thread (Linux: retarget_shared_pending). */
#include "os_check.h"
#include <stdatomic.h>

enum { N = 4000 };
static atomic_int got;
static sigset_t rt;
static void on_rt(int sig, siginfo_t *i, void *uc) { got++; }

/* libc's own way out blocks all signals first; the kernel's does not. */
static void *brief(void *arg)
{
    pthread_sigmask(SIG_UNBLOCK, &rt, NULL);
    for (volatile int i = 0; i < (int)(long)arg; i++) { }
    syscall(SYS_exit, 0);
    return NULL;
}

int main(void)
{
    struct sigaction sa = { .sa_flags = SA_SIGINFO };
    sa.sa_sigaction = on_rt;
    sigemptyset(&rt); sigaddset(&rt, SIGRTMIN + 2);
    sigaction(SIGRTMIN + 2, &sa, NULL);
    pthread_sigmask(SIG_BLOCK, &rt, NULL);
    pid_t parent = getpid(), kid = fork();
    if (!kid) {
        for (int i = 0; i < N; i++) {
            union sigval v = { .sival_int = i };
            while (sigqueue(parent, SIGRTMIN + 2, v)) if (getppid() != parent) _exit(1);
            if (i % 4 == 0) usleep(20);
        }
        _exit(0);
    }
    pthread_t t;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    for (long n = 0; waitpid(kid, NULL, WNOHANG) == 0; n++) {
        CHECK(!pthread_create(&t, &attr, brief, (void *)(n % 200)));
        pthread_join(t, NULL);
    }
    pthread_sigmask(SIG_UNBLOCK, &rt, NULL);
    if (got != N) printf("%d of %d\n", (int)got, N);
    CHECK(got == N);
    return CHECK_END();
}
