/* SPDX-License-Identifier: Apache-2.0 */
/* Every clone that copies memory, in a process whose other threads are busy in system calls: the child is whole. */
#include "os_check.h"
#include <dirent.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <sys/stat.h>
enum { THREADS = 6, ROUNDS = 4, STACK = 128 * 1024 };
static volatile int stop;

/* raw: only the calls themselves, so that nothing of this program's own libc can be half done in the child */
static void *busy(void *arg)
{
    struct stat st;
    while (!stop) {
        stat("/proc/self/../self/status", &st);
        access("/nonexistent/name", R_OK);
    }
    return arg;
}

static long raw_clone(struct clone_args *a) { return syscall(SYS_clone3, a, sizeof *a); }

static void *opens(void *result)
{
    int fd = open("/proc/self/status", O_RDONLY);
    char c;
    *(int *)result = fd >= 0 && read(fd, &c, 1) == 1 && !close(fd);
    return NULL;
}

/* What a child may do: open, make a thread, fork again. */
static int child(void)
{
    int mine = 0, theirs = 0, status = -1;
    pthread_t t;
    alarm(20);
    opens(&mine);
    if (pthread_create(&t, NULL, opens, &theirs) || pthread_join(t, NULL)) return 2;
    pid_t pid = fork();
    if (!pid) { opens(&mine); _exit(mine ? 5 : 6); }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 5) return 3;
    return mine && theirs ? 7 : 4;
}

typedef struct Kind { const char *name; unsigned long long flags; int signal; } Kind;
static const Kind kinds[] = {
    { "nothing", 0, 0 }, { "fork", 0, SIGCHLD }, { "another signal", 0, SIGUSR1 },
    { "files", CLONE_FILES | CLONE_FS, SIGCHLD },
    { "vfork that copies", CLONE_VFORK, SIGCHLD }, { "io", CLONE_IO | CLONE_SYSVSEM, SIGCHLD },
    { "handlers", CLONE_CLEAR_SIGHAND, SIGCHLD },
    { "user namespace", CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS, SIGCHLD },
    { "process namespace", CLONE_NEWUSER | CLONE_NEWPID, SIGCHLD },
    { "time namespace", CLONE_NEWUSER | CLONE_NEWTIME, SIGCHLD },
    { "files of a vfork", CLONE_VFORK | CLONE_FILES, SIGCHLD },
};

static void ends_well(const char *name, pid_t pid)
{
    int status = 0;
    pid_t r = waitpid(pid, &status, __WALL);
    if (r == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7) return;
    printf("%s: waitpid %d of %d, status %x\n", name, (int)r, (int)pid, status);
    CHECK(!"a child ended badly");
}

static void all_kinds(void)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int n = 0; n < ROUNDS; n++) {
            struct clone_args a = { .flags = kinds[i].flags, .exit_signal = kinds[i].signal };
            long pid = raw_clone(&a);
            if (!pid) _exit(child());
            if (pid < 0 && (kinds[i].flags & CLONE_NEWUSER) && (errno == EPERM || errno == ENOSPC ||
                errno == EUSERS)) break;
            CHECK(pid > 0);
            if (pid > 0) ends_well(kinds[i].name, (pid_t)pid);
        }
}

/* The old call, whose signal is in the flags. */
static void old_call(void)
{
    for (int n = 0; n < ROUNDS; n++) {
        long pid = syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
        if (!pid) _exit(child());
        CHECK(pid > 0);
        ends_well("clone(0)", (pid_t)pid);
    }
}

static void own_ids(void)
{
    int fd = -1, status;
    pid_t seen = 0;
    int parent = 0;
    struct clone_args a = { .flags = CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, .pidfd = (uintptr_t)&fd,
        .parent_tid = (uintptr_t)&parent, .child_tid = (uintptr_t)&seen, .exit_signal = SIGCHLD };
    long pid = raw_clone(&a);
    if (!pid) _exit(seen == getpid() && seen == (pid_t)syscall(SYS_gettid) ? child() : 9);
    CHECK(pid > 0 && fd >= 0 && parent == pid && !seen);
    ends_well("ids", (pid_t)pid);
    close(fd);
    /* a chosen number: one that was just free */
    pid_t chosen = (pid_t)pid;
    a = (struct clone_args){ .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&chosen, .set_tid_size = 1 };
    pid = raw_clone(&a);
    if (!pid) _exit(getpid() == chosen ? child() : 9);
    CHECK(pid == chosen || errno == EPERM || errno == EEXIST);
    if (pid > 0) ends_well("chosen id", (pid_t)pid);
    CHECK(waitpid(-1, &status, WNOHANG | __WALL) == -1 && errno == ECHILD);
}

/* CLONE_PARENT: a sibling; its end is the business of whoever waits for us. */
static void sibling(int to)
{
    struct clone_args a = { .flags = CLONE_PARENT };
    long pid = raw_clone(&a);
    if (!pid) _exit(child());
    CHECK(pid > 0);
    CHECK(write(to, &pid, sizeof pid) == sizeof pid && waitpid((pid_t)pid, NULL, __WALL) == -1);
}

/* A vfork that copies: the parent's other threads run on while it sleeps, and it sleeps until exec or exit. */
static int pipe_fd[2];
static void *answers(void *arg) { char c = 0; CHECK(read(pipe_fd[0], &c, 1) == 1); *(char *)arg = c; return NULL; }
static void sleeps_alone(const char *self, unsigned long long files)
{
    char c = 0;
    pthread_t t;
    CHECK(!pipe(pipe_fd) && !pthread_create(&t, NULL, answers, &c));
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    struct clone_args a = { .flags = CLONE_VFORK | files, .exit_signal = SIGCHLD };
    long pid = raw_clone(&a);
    if (!pid) {
        usleep(100000);
        if (write(pipe_fd[1], "x", 1) != 1) _exit(1);
        execl(self, "os_fork", "7", (char *)NULL);
        _exit(2);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    CHECK((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 99);
    ends_well("sleeps alone", (pid_t)pid);
    CHECK(!pthread_join(t, NULL) && c == 'x');
    close(pipe_fd[0]); close(pipe_fd[1]);
}

static int run(int to)
{
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, busy, NULL);
    signal(SIGUSR1, SIG_IGN);
    old_call();
    all_kinds();
    own_ids();
    sleeps_alone("/proc/self/exe", 0);
    sleeps_alone("/proc/self/exe", CLONE_FILES);
    sibling(to);
    stop = 1;
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    return CHECK_END();
}

int main(int argc, char **argv)
{
    if (argc > 1) return atoi(argv[1]);
    int to[2], status;
    long brother = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(100);
    CHECK(!pipe(to));
    pid_t pid = fork();
    if (!pid) { alarm(90); return run(to[1]); }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status));
    CHECK(read(to[0], &brother, sizeof brother) == sizeof brother);
    ends_well("sibling", (pid_t)brother);
    return check_failures != 0;
}
