/* SPDX-License-Identifier: Apache-2.0
 * stress_exec SECONDS: signals against execve. Each signal that is sent has its effect once: in the old program's
 * handler, as the new program's default action, or as a pending one that both leave blocked. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { QUEUED = 40, GENERATIONS = 4, LOST = 13 };
static long lost;
static char *self;
static unsigned seed = 1;
static unsigned draw(unsigned n) { seed = seed * 1103515245 + 12345; return (seed >> 8) % n; }

static void quit(int sig) { _exit(7); }
static void *spin(void *arg) { for (volatile unsigned long i = 0; ; i++) { } }

static void again(const char *what, int n)
{
    char number[16];
    snprintf(number, sizeof number, "%d", n);
    execl("/proc/self/exe", self, what, number, "child", (char *)NULL);
    _exit(9);
}

/* A new program that leaves the signals blocked, and the last one, which counts. */
static int counted(int generation)
{
    sigset_t s;
    siginfo_t i;
    int n = 0, sig;
    sigemptyset(&s); sigaddset(&s, SIGRTMIN + 1); sigaddset(&s, SIGSEGV); sigaddset(&s, SIGTERM);
    if (generation < GENERATIONS) again("count", generation + 1);
    while ((sig = sigwaitinfo(&s, &i)) != SIGRTMIN + 1 || i.si_value.sival_int != QUEUED)
        if (sig == SIGRTMIN + 1 && i.si_value.sival_int != n++) return 11;
    if (n != QUEUED) return 12;
    /* the standard ones were sent first, and each is pending once or has been taken above */
    return 7;
}

static int status_of(pid_t kid)
{
    int st;
    while (waitpid(kid, &st, 0) < 0 && errno == EINTR) { }
    return WIFSIGNALED(st) ? -WTERMSIG(st) : WEXITSTATUS(st);
}

static int count_round(void)
{
    sigset_t s;
    sigemptyset(&s); sigaddset(&s, SIGRTMIN + 1); sigaddset(&s, SIGSEGV); sigaddset(&s, SIGTERM);
    sigprocmask(SIG_BLOCK, &s, NULL);
    pid_t kid = fork();
    if (!kid) counted(1);
    kill(kid, SIGSEGV);
    kill(kid, SIGTERM);
    for (int i = 0; i <= QUEUED; i++) {
        union sigval v = { .sival_int = i };
        while (sigqueue(kid, SIGRTMIN + 1, v)) { }
        if (draw(3) == 0) usleep(draw(300));
    }
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    return status_of(kid) == 7;
}

/* By a timer, or by the parent while other threads compute: one of these may have taken the signal when execve ends it,
 * and the signal with it. So it is on Linux too, about once in a thousand rounds. */
static int race_round(int threads)
{
    long delay = draw(5000);
    pid_t kid = fork();
    if (!kid) {
        struct itimerval it = { .it_value = { 0, delay ? delay : 1 } };
        struct rlimit no = { 0, 0 };
        pthread_t t;
        setrlimit(RLIMIT_CORE, &no);
        signal(SIGALRM, quit); signal(SIGUSR1, quit);
        for (int i = 0; i < threads; i++) pthread_create(&t, NULL, spin, NULL);
        if (!threads) setitimer(ITIMER_REAL, &it, NULL);
        again("wait", 0);
    }
    usleep(threads ? delay : 0);
    if (threads) kill(kid, SIGUSR1);
    int st = status_of(kid);
    if (threads && st == LOST) {
        lost++;
        return 1;
    }
    return st == 7 || st == (threads ? -SIGUSR1 : -SIGALRM);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 3) {
        if (!strcmp(argv[1], "count")) return counted(atoi(argv[2]));
        sleep(5);
        return LOST;
    }
    long rounds[3] = { 0 };
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 2);
    seed = (unsigned)time(NULL);
    while (time(NULL) < end) {
        int what = draw(3), ok = what == 0 ? count_round() : race_round(what == 1 ? 0 : 2);
        rounds[what]++;
        if (!ok) { printf("stress_exec: round of kind %d failed (seed %u)\n", what, seed); return 1; }
    }
    printf("stress_exec: %ld counted, %ld by timers, %ld with threads (%ld lost)\n", rounds[0], rounds[1], rounds[2],
        lost);
    return lost > 2 + rounds[2] / 50;
}
