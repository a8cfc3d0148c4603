/* SPDX-License-Identifier: Apache-2.0
 * stress SECONDS: threads that fork and exec, map and unmap, take signals, and run ever new code, all at once. Ends 0
 * when every child ended well and every queued signal arrived. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Atomic int stop, failures;
static _Atomic long got, sent, forks, maps, spawns;
static char *self;

static void fail(const char *what) { if (!failures++) fprintf(stderr, "stress: %s: %s\n", what, strerror(errno)); }
static void on_rt(int sig, siginfo_t *info, void *uc) { if (info->si_value.sival_int == 77) got++; }
static void on_usr(int sig) { got++; }

static void *signaller(void *arg)
{
    pthread_t *victim = arg;
    while (!stop) {
        if (got < sent - 100) { usleep(100); continue; }
        union sigval v = { .sival_int = 77 };
        if (pthread_sigqueue(*victim, SIGRTMIN + 3, v) == 0) sent++;
        else if (errno != EAGAIN) usleep(100);
    }
    return NULL;
}
static void *spinner(void *arg)
{
    volatile double x = 1;
    while (!stop) for (int i = 0; i < 1000; i++) x = x * 1.0000001 + 0.1;
    return NULL;
}
static void *forker(void *arg)
{
    while (!stop) {
        pid_t p = fork();
        if (p < 0) { fail("fork"); return NULL; }
        if (!p) {
            void *m = malloc(100000);
            memset(m, 1, 100000);
            free(m);
            if (forks % 4 == 0) { execl("/proc/self/exe", self, "child", (char *)NULL); _exit(99); }
            _exit(7);
        }
        int st;
        pid_t r;
        while ((r = waitpid(p, &st, 0)) < 0 && errno == EINTR) ;
        if (r != p || !WIFEXITED(st) || WEXITSTATUS(st) != 7) fail("a child ended badly");
        forks++;
    }
    return NULL;
}
static void *mapper(void *arg)
{
    while (!stop) {
        size_t n = 4096 * (1 + maps % 64);
        char *m = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (m == MAP_FAILED) { fail("mmap"); return NULL; }
        m[n - 1] = 1;
        mprotect(m, n, PROT_READ);
        if (m[n - 1] != 1 || munmap(m, n)) fail("munmap");
        maps++;
    }
    return NULL;
}
static void *nothing(void *arg) { return arg; }
static void *spawner(void *arg)
{
    while (!stop) {
        pthread_t t;
        void *r;
        if (pthread_create(&t, NULL, nothing, &t)) { usleep(1000); continue; }
        pthread_join(t, &r);
        if (r != &t) fail("join");
        spawns++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "child")) return 7;
    self = argv[0];
    struct sigaction sa = { .sa_sigaction = on_rt, .sa_flags = SA_SIGINFO | SA_RESTART };
    sigaction(SIGRTMIN + 3, &sa, NULL);
    signal(SIGUSR1, on_usr);
    pthread_t t[6];
    pthread_create(&t[0], NULL, spinner, NULL);
    pthread_create(&t[1], NULL, signaller, &t[0]);
    pthread_create(&t[2], NULL, forker, NULL);
    pthread_create(&t[3], NULL, mapper, NULL);
    pthread_create(&t[4], NULL, spawner, NULL);
    pthread_create(&t[5], NULL, forker, NULL);
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 2);
    while (time(NULL) < end && !failures) usleep(20000);
    stop = 1;
    pthread_join(t[1], NULL);
    for (int i = 0; i < 100 && got < sent; i++) usleep(10000);
    if (got != sent) fail("signals were lost");
    for (int i = 0; i < 6; i++) if (i != 1) pthread_join(t[i], NULL);
    printf("stress: %ld signals, %ld forks, %ld maps, %ld threads\n", (long)got, (long)forks, (long)maps, (long)spawns);
    return failures != 0;
}
