 /* SPDX-License-Identifier: Apache-2.0 stress_fork SECONDS: clones that copy memory, with all kinds of flags, from a
  * process whose other threads are in system calls, come and go. Every child must be able to do what a process does:
  * open, make threads, fork, exec. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLERS = 12, MAKERS = 2, STACK = 64 * 1024 };
static volatile int stop;
static long forks;
static unsigned seed;
static unsigned draw(unsigned n) { seed = seed * 1103515245 + 12345; return (seed >> 8) % n; }

/* Bare calls only: nothing of this program's own libc is half done when the memory is copied. */
static void *calls(void *arg)
{
    struct stat st;
    for (unsigned i = 0; !stop; i++) {
        stat("/proc/self/../self/status", &st);
        access("/nonexistent/name", R_OK);
        if (i % 8 == 0) { close(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)); usleep(200); }
    }
    return arg;
}

/* Threads without libc: a stack each, and an end by the bare call. */
typedef struct Made { volatile int tid; char stack[STACK]; } Made;
static Made made[MAKERS];
static int looks(void *arg)
{
    struct stat st;
    stat("/proc/self/status", &st);
    syscall(SYS_exit, 0);
    return (int)(intptr_t)arg;
}
static void *makes(void *arg)
{
    Made *m = arg;
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    while (!stop) {
        m->tid = 1;
        int tid = clone(looks, (char *)((uintptr_t)(m->stack + STACK) & ~63ul), flags | CLONE_CHILD_CLEARTID, NULL,
            NULL, NULL,
            (void *)&m->tid);
        while (tid > 0 && m->tid && !stop) sched_yield();
        if (stop && tid > 0) while (m->tid) usleep(1000);
    }
    return NULL;
}

static void *opens(void *result)
{
    char c;
    int fd = open("/proc/self/status", O_RDONLY);
    *(int *)result = fd >= 0 && read(fd, &c, 1) == 1 && !close(fd);
    return NULL;
}

static int child(const char *self, unsigned what)
{
    int mine = 0, theirs = 0, status = -1;
    pthread_t t;
    opens(&mine);
    if (!mine) return 2;
    if (what & 1 && (pthread_create(&t, NULL, opens, &theirs) || pthread_join(t, NULL) || !theirs)) return 3;
    if (what & 2) {
        pid_t pid = fork();
        if (!pid) { opens(&mine); _exit(mine ? 5 : 6); }
        if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 5) return 4;
    }
    if (what & 4) { execl("/proc/self/exe", self, "child", (char *)NULL); return 8; }
    return 7;
}

/* 0, or what went wrong. */
static int one(const char *self)
{
    static const uint64_t kinds[] = { 0, CLONE_FILES, CLONE_FS | CLONE_FILES, CLONE_VFORK, CLONE_VFORK | CLONE_FILES,
        CLONE_IO,
        CLONE_SYSVSEM, CLONE_CLEAR_SIGHAND, CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWIPC, CLONE_NEWUSER | CLONE_NEWPID };
    unsigned kind = draw(sizeof kinds / sizeof *kinds), what = draw(8);
    struct clone_args a = { .flags = kinds[kind], .exit_signal = (uint64_t[]){ SIGCHLD, 0, SIGUSR1 }[draw(3)] };
    int status = 0;
    long pid = draw(2) || a.flags >> 32 ? syscall(SYS_clone3, &a, sizeof a)
             : syscall(SYS_clone, (unsigned long)(a.flags | a.exit_signal), 0L, 0L, 0L, 0L);
    if (!pid) { alarm(30); _exit(child(self, what)); }
    if (pid < 0) return a.flags & CLONE_NEWUSER ? 0 : printf("clone %llx: %s\n", (unsigned long long)a.flags,
        strerror(errno));
    pid_t r = waitpid((pid_t)pid, &status, __WALL);
    forks++;
    if (r == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7) return 0;
    return printf("flags %llx doing %u: waitpid %d, status %x\n", (unsigned long long)a.flags, what, (int)r, status);
}

int main(int argc, char **argv)
{
    pthread_t t[CALLERS + MAKERS];
    if (argc > 1 && !strcmp(argv[1], "child")) return 7;
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 2);
    int failed = 0;
    seed = (unsigned)getpid();
    signal(SIGUSR1, SIG_IGN);
    for (int i = 0; i < CALLERS; i++) pthread_create(&t[i], NULL, calls, NULL);
    for (int i = 0; i < MAKERS; i++) pthread_create(&t[CALLERS + i], NULL, makes, &made[i]);
    while (time(NULL) < end && !failed) failed = one(argv[0]);
    stop = 1;
    for (int i = 0; i < CALLERS + MAKERS; i++) pthread_join(t[i], NULL);
    printf("stress_fork: %ld clones\n", forks);
    return failed != 0;
}
