 /* SPDX-License-Identifier: Apache-2.0 stress_robust SECONDS: processes of several threads that share robust
  * mutexes, plain ones and with priority inheritance, and end all the time, killed, by exit_group or by exec, with
  * some of them held. Nobody may wait for the dead, and no two may hold one mutex. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MUTEXES = 3, PROCESSES = 3, THREADS = 3, PATIENCE = 20 };
typedef struct Guarded { pthread_mutex_t m; volatile pid_t inside; volatile long taken, inherited; } Guarded;
typedef struct Shared { Guarded g[MUTEXES]; volatile int failed; } Shared;
static Shared *s;

static int fail(const char *what, int e)
{
    if (!s->failed) printf("%s: %s\n", what, strerror(e));
    fflush(stdout);
    s->failed = 1;
    return 1;
}

/* One turn: 0, or it went wrong. */
static int turn(Guarded *g, unsigned *seed)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    int e = pthread_mutex_timedlock(&g->m, &until);
    if (e == EOWNERDEAD) {
        g->inherited++;
        if ((e = pthread_mutex_consistent(&g->m))) return fail("consistent", e);
    } else if (e) {
        return fail("lock", e);
    } else if (g->inside) {
        return fail("two inside", 0);
    }
    g->inside = getpid();
    g->taken++;
    for (unsigned i = rand_r(seed) % 200; i; i--) __asm__ volatile("" ::: "memory");
    if (rand_r(seed) % 64 == 0) usleep(rand_r(seed) % 2000);
    g->inside = 0;
    e = pthread_mutex_unlock(&g->m);
    return e ? fail("unlock", e) : 0;
}

static void *turns(void *arg)
{
    unsigned seed = (unsigned)(size_t)arg;
    while (!s->failed && !turn(&s->g[rand_r(&seed) % MUTEXES], &seed)) { }
    return NULL;
}

static void process(const char *self, unsigned seed)
{
    pthread_t t;
    for (int i = 0; i < THREADS; i++) pthread_create(&t, NULL, turns, (void *)(size_t)(seed * 31 + i));
    usleep(1000 + rand_r(&seed) % 30000);
    if (seed % 3 == 0) execl("/proc/self/exe", self, "child", (char *)NULL);
    if (seed % 3 == 1) _exit(7);
    for (;;) pause();
}

static pid_t start(const char *self)
{
    static unsigned n;
    unsigned seed = (unsigned)getpid() * 7919 + n++;
    pid_t pid = fork();
    if (!pid) process(self, seed);
    return pid;
}

int main(int argc, char **argv)
{
    pid_t pid[PROCESSES];
    pthread_t own;
    long ends = 0, inherited = 0, taken = 0;
    if (argc > 1 && !strcmp(argv[1], "child")) return 7;
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 2);
    pthread_mutexattr_t a;
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < MUTEXES; i++) {
        pthread_mutexattr_setprotocol(&a, i ? PTHREAD_PRIO_NONE : PTHREAD_PRIO_INHERIT);
        if (pthread_mutex_init(&s->g[i].m, &a)) return fail("init", errno);
    }
    pthread_create(&own, NULL, turns, (void *)1);
    for (int i = 0; i < PROCESSES; i++) pid[i] = start(argv[0]);
    for (unsigned seed = 1; time(NULL) < end && !s->failed; ends++) {
        int i = rand_r(&seed) % PROCESSES, status;
        usleep(rand_r(&seed) % 30000);
        kill(pid[i], SIGKILL);
        if (waitpid(pid[i], &status, 0) != pid[i]) fail("waitpid", errno);
        pid[i] = start(argv[0]);
    }
    int failed = s->failed;
    for (int i = 0; i < PROCESSES; i++) kill(pid[i], SIGKILL);
    for (int i = 0; i < PROCESSES; i++) waitpid(pid[i], NULL, 0);
    s->failed = 1;
    pthread_join(own, NULL);
    for (int i = 0; i < MUTEXES; i++) { taken += s->g[i].taken; inherited += s->g[i].inherited; }
    printf("stress_robust: %ld ends, %ld turns, %ld inherited\n", ends, taken, inherited);
    return failed || !inherited;
}
