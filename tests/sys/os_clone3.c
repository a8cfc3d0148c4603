/* SPDX-License-Identifier: Apache-2.0 */
/* clone3 and clone: which arguments Linux refuses, and with what; threads with CLONE_VFORK, CLONE_PIDFD, namespaces
 * of their own; CLONE_INTO_CGROUP. */
#include "os_check.h"
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
enum { STACK = 256 * 1024, THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM };
#ifndef CLONE_DETACHED
#define CLONE_DETACHED 0x00400000
#endif
static int null_tid[2];

static long clone3(const struct clone_args *a, unsigned long size) { return syscall(SYS_clone3, a, size); }

/* No child must come of it; one that does ends at once. */
static int refused(const struct clone_args *a, unsigned long size)
{
    errno = 0;
    long pid = clone3(a, size);
    if (!pid) _exit(0);
    if (pid < 0) return errno;
    waitpid((pid_t)pid, NULL, __WALL);
    return 0;
}

static void sizes(void)
{
    union { struct clone_args a; unsigned char bytes[65536 + 8]; } *u = calloc(1, sizeof *u);
    struct clone_args *a = &u->a;
    long page = sysconf(_SC_PAGESIZE);
    a->exit_signal = SIGCHLD;
    CHECK(refused(a, CLONE_ARGS_SIZE_VER0 - 1) == EINVAL);
    CHECK(refused(a, page + 1) == E2BIG);
    CHECK(!refused(a, page) && !refused(a, CLONE_ARGS_SIZE_VER0) && !refused(a, 100));
    u->bytes[95] = 1;
    CHECK(refused(a, 96) == E2BIG && !refused(a, 95));
    u->bytes[95] = 0;
    CHECK(refused((void *)8, sizeof *a) == EFAULT);
    free(u);
}

static void arguments(void)
{
    int fd = -1;
    pid_t tid = 1;
    char stack[64];
    const uint64_t f = (uintptr_t)&fd, id = (uintptr_t)&tid, bad = (uintptr_t)mmap(NULL, 65536, PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct { struct clone_args a; int want; } rows[] = {
        { { .exit_signal = 65 }, EINVAL }, { { .exit_signal = 0x100000000ull | SIGCHLD }, EINVAL },
        { { .exit_signal = 256 + SIGCHLD }, EINVAL },
        { { .flags = SIGCHLD }, EINVAL }, { { .flags = CLONE_DETACHED, .exit_signal = SIGCHLD }, EINVAL },
        { { .flags = 1ull << 50, .exit_signal = SIGCHLD }, EINVAL },
        { { .flags = CLONE_PARENT, .exit_signal = SIGCHLD }, EINVAL }, { { .flags = THREAD, .exit_signal = SIGCHLD },
        EINVAL },
        { { .flags = CLONE_THREAD }, EINVAL }, { { .flags = CLONE_SIGHAND, .exit_signal = SIGCHLD }, EINVAL },
        { { .flags = CLONE_SIGHAND | CLONE_VM | CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD }, EINVAL },
        { { .flags = CLONE_NEWNS | CLONE_FS, .exit_signal = SIGCHLD }, EINVAL },
        { { .flags = CLONE_NEWUSER | CLONE_FS, .exit_signal = SIGCHLD }, EINVAL },
        { { .flags = THREAD | CLONE_NEWPID, .stack = (uintptr_t)stack, .stack_size = 64 }, EINVAL },
        { { .flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .pidfd = f, .parent_tid = f, .exit_signal = SIGCHLD }, EINVAL },
        { { .stack = (uintptr_t)stack, .exit_signal = SIGCHLD }, EINVAL },
        { { .stack_size = 64, .exit_signal = SIGCHLD }, EINVAL },
        { { .stack = 4096, .stack_size = ~0ull - 4095, .exit_signal = SIGCHLD }, EINVAL },
        { { .set_tid = id, .exit_signal = SIGCHLD }, EINVAL }, { { .set_tid_size = 1, .exit_signal = SIGCHLD },
        EINVAL },
        { { .set_tid = id, .set_tid_size = 33, .exit_signal = SIGCHLD }, EINVAL },
        { { .set_tid = bad, .set_tid_size = 1, .exit_signal = SIGCHLD }, EFAULT },
        { { .flags = CLONE_INTO_CGROUP, .cgroup = 1ull << 31, .exit_signal = SIGCHLD }, EINVAL },
        { { .flags = CLONE_INTO_CGROUP, .cgroup = 999, .exit_signal = SIGCHLD }, EBADF },
        { { .flags = CLONE_INTO_CGROUP | CLONE_VM | CLONE_VFORK, .cgroup = 999, .exit_signal = SIGCHLD }, EBADF },
        { { .flags = CLONE_INTO_CGROUP | CLONE_VM, .cgroup = 999, .exit_signal = SIGCHLD }, EBADF },
        { { .flags = CLONE_INTO_CGROUP | CLONE_VFORK, .cgroup = 999, .exit_signal = SIGCHLD }, EBADF },
        { { .flags = CLONE_PIDFD, .pidfd = bad, .exit_signal = SIGCHLD }, EFAULT },
        { { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD }, EFAULT },
        { { .flags = CLONE_PIDFD | CLONE_VM | CLONE_VFORK, .pidfd = bad, .exit_signal = SIGCHLD }, EFAULT },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        int got = refused(&rows[i].a, sizeof rows[i].a);
        if (got != rows[i].want) printf("row %u: %s\n", i, strerror(got));
        CHECK(got == rows[i].want);
    }
    CHECK(fd == -1 && waitpid(-1, NULL, WNOHANG | __WALL) == -1);
}

static void old_call(void)
{
    int fd = -1, unused = -1;
    CHECK(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0L, &fd, 0L, 0L) == -1 &&
        errno == EINVAL && fd == -1);
    CHECK(syscall(SYS_clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0L, &fd, 0L, 0L) == -1 && errno == EINVAL &&
        fd == -1);
    CHECK(syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0L, (void *)8, 0L, 0L) == -1 && errno == EFAULT);
    CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1);
}

/* --- threads, made by hand: the code between the call and the end uses nothing of libc that wants a thread of its
 * own */
typedef struct Shot { volatile int done, in; int fd; char stack[STACK]; } Shot;
static Shot shot;
static char *top(void) { return (char *)((uintptr_t)(shot.stack + STACK) & ~63ul); }
static int sleeps(void *arg)
{
    struct timespec ts = { 0, 50000000 };
    shot.in = 1;
    syscall(SYS_nanosleep, &ts, NULL);
    shot.done = 1;
    syscall(SYS_exit, 0);
    return 0;
}

static void thread_vfork(void)
{
    shot.done = 0;
    int tid = clone(sleeps, top(), THREAD | CLONE_VFORK, NULL);
    CHECK(tid > 0 && shot.done);
}

static void thread_pidfd(void)
{
    shot.fd = -1; shot.done = 0;
    int tid = clone(sleeps, top(), THREAD | CLONE_PIDFD, NULL, &shot.fd);
    if (tid < 0 && errno == EINVAL) return;                     /* before Linux 6.9 */
    struct pollfd p = { shot.fd, POLLIN };
    CHECK(tid > 0 && shot.fd > 2 && poll(&p, 1, 10000) == 1 && shot.done);
    close(shot.fd);
    CHECK(clone(sleeps, top(), THREAD | CLONE_PIDFD, NULL, (void *)8) == -1 && errno == EFAULT);
}

static char spaces[2][64];
static int looks(void *arg)
{
    syscall(SYS_readlinkat, AT_FDCWD, "/proc/thread-self/ns/uts", spaces[(long)arg], 63);
    syscall(SYS_exit, 0);
    return 0;
}
static void thread_namespace(void)
{
    int tid = clone(looks, top(), THREAD | CLONE_VFORK, (void *)0L);
    int own = clone(looks, top(), THREAD | CLONE_VFORK | CLONE_NEWUTS, (void *)1L);
    if (own < 0) { CHECK(errno == EPERM); return; }
    CHECK(tid > 0 && spaces[0][0] && spaces[1][0] && strcmp(spaces[0], spaces[1]));
}

static void *nothing(void *arg) { return arg; }
/* A process whose children are to live in another namespace has no more threads. */
static void unshared(void)
{
    int status;
    pid_t pid = fork();
    if (!pid) {
        pthread_t t;
        if (unshare(CLONE_NEWPID)) _exit(errno == EPERM ? 0 : 1);
        _exit(pthread_create(&t, NULL, nothing, NULL) == EINVAL ? 0 : 2);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* Into a group of its own, when this system lets us have one. */
static char line[4096];
static void into(int fd, const char *group, uint64_t kind)
{
    struct clone_args a = { .flags = CLONE_INTO_CGROUP | kind, .exit_signal = SIGCHLD, .cgroup = (unsigned)fd };
    int out[2];
    CHECK(!pipe(out));
    long pid = syscall(SYS_clone3, &a, sizeof a);
    if (!pid) {
        int c = open("/proc/self/cgroup", O_RDONLY);
        long n = read(c, line, sizeof line);
        _exit(write(out[1], line, n) != n);
    }
    CHECK(pid > 0);
    long n = pid > 0 ? read(out[0], line, sizeof line - 1) : 0;
    line[n > 0 ? n : 0] = 0;
    CHECK(strstr(line, group));
    if (pid > 0) waitpid((pid_t)pid, NULL, 0);
    close(out[0]); close(out[1]);
}

static int in_groups(const char *root)
{
    char dir[64];
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("none", root, "cgroup2", 0,
        NULL)) return 0;
    snprintf(dir, sizeof dir, "%s/os_clone3.%d", root, (int)getpid());
    if (mkdir(dir, 0700)) return 0;
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    into(fd, strrchr(dir, '/'), 0);
    into(fd, strrchr(dir, '/'), CLONE_VFORK);
    close(fd);
    CHECK(!rmdir(dir));
    return check_failures != 0;
}

static void cgroup(void)
{
    char root[] = "/tmp/os_clone3.XXXXXX";
    int status;
    CHECK(mkdtemp(root));
    pid_t pid = fork();
    if (!pid) _exit(in_groups(root));
    CHECK(waitpid(pid, &status, 0) == pid && status == 0 && !rmdir(root));
}

int main(void)
{
    alarm(60);
    sizes(); arguments(); old_call(); thread_vfork(); thread_pidfd(); thread_namespace(); unshared(); cgroup();
    return CHECK_END();
}
