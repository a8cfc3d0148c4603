/* SPDX-License-Identifier: Apache-2.0 */
/* A lock whose owner is gone is taken over in time, though signals come faster than a waiter's patience lasts. */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tcg/lock.h"

enum { ENOUGH = 1000 };             /* milliseconds, about: fifty times a waiter's patience */

static volatile sig_atomic_t ticks;

static void tick(int sig)
{
    if (++ticks < ENOUGH)
        return;
    if (write(1, "not ok 1 - taken over under signals\n", 36) < 0) { /* the exit code tells, too */ }
    _exit(1);
}

int main(void)
{
    puts("1..1");
    fflush(stdout);
    pid_t p = fork();
    if (!p)
        _exit(0);
    waitpid(p, NULL, 0);
    Lock l;
    atomic_store(&l.word, (uint32_t)p);
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = tick, .sa_flags = SA_RESTART }, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 1000 }, { 0, 1000 } }, NULL);
    bool whole = lock_take(&l, lock_thread_id());
    setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
    printf("%sok 1 - taken over under signals\n", whole ? "not " : "");
    return whole;
}
