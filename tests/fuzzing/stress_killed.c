/* SPDX-License-Identifier: Apache-2.0 */
/* stress_killed SECONDS: children that share memory with their parent (CLONE_VM, by themselves or as vfork's) are
 * killed at any moment while they and the parent's threads run ever new code, and the parent forks. The parent must go
 * on. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { AREA = 1 << 18, STACK = 1 << 16, LENGTH = 64 };

static _Atomic int stop, failures;
static _Atomic pid_t vforked;
static _Atomic long ran, beside, vforks, forks;

static void fail(const char *what)
{
    if (!failures++) fprintf(stderr, "stress_killed: %s: %s\n", what, strerror(errno));
}

__attribute__((noinline, aligned(LENGTH))) static unsigned long sample(unsigned long x) { return x * 3 + (x >> 2); }

/* Copies of a function at ever new addresses of the caller's area: each is new code. */
static void run_new_code(char *area)
{
    for (char *p = area; p + LENGTH <= area + AREA && !stop; p += LENGTH) {
        unsigned long (*f)(unsigned long) = (unsigned long (*)(unsigned long))(uintptr_t)p, want = sample(5);
        memcpy(p, (const void *)(uintptr_t)sample, LENGTH);
        __builtin___clear_cache(p, p + LENGTH);
        for (int i = 0; i < 80; i++)
            if (f(5) != want) fail("a wrong result");
        if (++ran % 8 == 0 && openat(AT_FDCWD, "/nonexistent/file", O_RDONLY) >= 0) fail("openat");
    }
}

static char *area_new(void)
{
    void *p = mmap(NULL, AREA, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) { perror("stress_killed: mmap"); exit(1); }
    return p;
}

static void *runner(void *arg)
{
    char *area = area_new();
    while (!stop) run_new_code(area);
    return NULL;
}

static void *forker(void *arg)
{
    while (!stop) {
        pid_t p = fork();
        if (p == 0) _exit(sample(1) == 3 ? 7 : 8);
        int st;
        if (p < 0 || waitpid(p, &st, 0) != p || !WIFEXITED(st) || WEXITSTATUS(st) != 7) fail("a fork");
        forks++;
        usleep(3000);
    }
    return NULL;
}

static int child(void *area) { for (;;) run_new_code(area); }

static void wait_killed(pid_t p)
{
    int st;
    if (waitpid(p, &st, __WALL) != p) fail("waitpid");
    else if (!WIFSIGNALED(st) || WTERMSIG(st) != SIGKILL) fail("a child ended by itself");
}

static void *vforker(void *area)
{
    while (!stop) {
        pid_t p = vfork();
        if (p == 0) {
            vforked = getpid();
            for (;;) run_new_code(area);
        }
        if (p < 0) fail("vfork");
        else wait_killed(p);
        vforks++;
    }
    return NULL;
}

static void *vfork_killer(void *arg)
{
    while (!stop) {
        pid_t p = atomic_exchange(&vforked, 0);
        usleep((unsigned)rand() % 4000);
        if (p) kill(p, SIGKILL);
    }
    pid_t p;
    while ((p = atomic_exchange(&vforked, 0)) || vforks >= 0) {
        if (p) kill(p, SIGKILL);
        usleep(1000);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (!getenv("QEMU_TB_SIZE")) {      /* a small cache of code: flushes are frequent */
        setenv("QEMU_TB_SIZE", "1", 1);
        execv("/proc/self/exe", argv);
    }
    pthread_t t[4], killer;
    char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *area = area_new();
    pthread_create(&t[0], NULL, runner, NULL);
    pthread_create(&t[1], NULL, runner, NULL);
    pthread_create(&t[2], NULL, forker, NULL);
    pthread_create(&t[3], NULL, vforker, area_new());
    pthread_create(&killer, NULL, vfork_killer, NULL);
    for (time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 2); time(NULL) < end && !failures; beside++) {
        pid_t p = clone(child, stack + STACK, CLONE_VM | SIGCHLD, area);
        if (p < 0) { fail("clone"); break; }
        usleep((unsigned)rand() % 4000);
        kill(p, SIGKILL);
        wait_killed(p);
    }
    stop = 1;
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    long n = vforks;
    vforks = -1;
    pthread_join(killer, NULL);
    printf("stress_killed: %ld killed beside, %ld of vfork, %ld forks, %ld pieces of code\n", beside, n, forks, ran);
    return failures != 0;
}
