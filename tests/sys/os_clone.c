/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that share memory (CLONE_VM), descriptors of processes, thread ids in memory, exec from a thread. */
#include "os_check.h"
#include <linux/futex.h>
#include <poll.h>
#ifdef __GLIBC__
#include <sys/wait.h>
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#endif
enum { STACK = 256 * 1024 };
static volatile int shared, go, gate;
static char *stack_new(void)
{
    return (char *)mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + STACK;
}
static void wait_for(volatile int *at, int value)
{
    for (int i = 0; i < 20000 && *at != value; i++) usleep(500);
    CHECK(*at == value);
}
static void futex_wait(volatile int *at, int value)
{
    syscall(SYS_futex, at, FUTEX_WAIT, value, &(struct timespec){ 10, 0 }, 0, 0);
}

static int beside(void *arg) { shared = 1; while (!go) sched_yield(); shared = (int)(long)arg; return 7; }

static void runs_beside(void)
{
    int status = 0;
    shared = go = 0;
    int pid = clone(beside, stack_new(), CLONE_VM | SIGCHLD, (void *)42L);
    CHECK(pid > 0);
    wait_for(&shared, 1);                       /* both run */
    CHECK(waitpid(pid, &status, WNOHANG) == 0);
    go = 1;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7 && shared == 42);
}

static int ids[4];
static int checks_ids(void *arg)
{
    ids[2] = getpid() == gettid() && ids[0] == getpid() && ids[1] == getpid() && getppid() == (int)(long)arg;
    while (!go) usleep(100);
    if (go == 2) raise(SIGKILL);
    return 0;
}

static void thread_ids(int kill)
{
    go = 0;
    ids[0] = ids[1] = ids[2] = 0; ids[3] = 1;
    /* set and clear share the address, which must be cleared at the end whatever the end is */
    int pid = clone(checks_ids, stack_new(),
        CLONE_VM | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, (void *)(long)getpid(),
        &ids[0], NULL, &ids[1]);
    CHECK(pid > 0 && ids[0] == pid);
    wait_for(&ids[2], 1);
    go = kill ? 2 : 1;
    while (ids[1]) futex_wait(&ids[1], pid);
    CHECK(waitpid(pid, NULL, 0) == pid && ids[0] == pid);
}

static void on_usr1(int sig) { shared += 100; }
static int changes_handler(void *arg) { signal(SIGUSR1, SIG_IGN); if (arg) raise(SIGUSR1); shared++; return 0; }

static void handlers(void)
{
    struct sigaction sa;
    shared = 0;
    signal(SIGUSR1, on_usr1);
    int pid = clone(changes_handler, stack_new(), CLONE_VM | SIGCHLD, NULL);
    CHECK(waitpid(pid, NULL, 0) == pid && !sigaction(SIGUSR1, NULL, &sa) && sa.sa_handler == on_usr1);
    pid = clone(changes_handler, stack_new(), CLONE_VM | CLONE_SIGHAND | SIGCHLD, (void *)1L);
    CHECK(waitpid(pid, NULL, 0) == pid && !sigaction(SIGUSR1, NULL, &sa) && sa.sa_handler == SIG_IGN && shared == 2);
    signal(SIGUSR1, on_usr1);
    raise(SIGUSR1);
    CHECK(shared == 102);
    signal(SIGUSR1, SIG_DFL);
}

static int closes(void *arg) { close((int)(long)arg); return 0; }
static void files(void)
{
    int a = dup(1), b = dup(1);
    waitpid(clone(closes, stack_new(), CLONE_VM | SIGCHLD, (void *)(long)a), NULL, 0);
    waitpid(clone(closes, stack_new(), CLONE_VM | CLONE_FILES | SIGCHLD, (void *)(long)b), NULL, 0);
    CHECK(fcntl(a, F_GETFD) == 0 && fcntl(b, F_GETFD) == -1);
    close(a);
}

static void *add(void *p) { __atomic_add_fetch((int *)p, 1, __ATOMIC_SEQ_CST); return NULL; }
static int with_threads(void *arg)
{
    char *sp = stack_new();
    int pid = clone(closes, sp, CLONE_VM | SIGCHLD, (void *)-1L);       /* a child of its own */
    int status;
    if (waitpid(pid, &status, 0) == pid && !status) __atomic_add_fetch(&shared, 1, __ATOMIC_SEQ_CST);
    pid = fork();
    if (!pid) _exit(3);
    if (waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3) __atomic_add_fetch(&shared, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static void many(void)
{
    int pids[8];
    shared = 0;
    for (int i = 0; i < 8; i++) pids[i] = clone(with_threads, stack_new(), CLONE_VM | SIGCHLD, NULL);
    for (int i = 0; i < 20; i++) { pthread_t t; pthread_create(&t, NULL, add, (void *)&gate); pthread_join(t, NULL); }
    for (int i = 0; i < 8; i++) CHECK(waitpid(pids[i], NULL, 0) == pids[i]);
    CHECK(shared == 16 && gate == 20);
}

static int execs(void *arg) { execl("/proc/self/exe", "os_clone", (char *)arg, (char *)NULL); return 99; }

static void exec_beside(void)
{
    int status;
    for (int vfork = 0; vfork < 2; vfork++) {
        int pid = clone(execs, stack_new(), CLONE_VM | (vfork ? CLONE_VFORK : 0) | SIGCHLD, "5");
        CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
    }
}

static int ends(void *arg) { return 3; }
static void pidfds(void)
{
    int kinds[] = { 0, CLONE_VM, CLONE_VM | CLONE_VFORK };
    for (int i = 0; i < 3; i++) {
        int fd = -1;
        siginfo_t info = { 0 };
        int pid = clone(ends, stack_new(), kinds[i] | CLONE_PIDFD | SIGCHLD, NULL, &fd);
        CHECK(pid > 0 && fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
        struct pollfd p = { fd, POLLIN };
        CHECK(poll(&p, 1, 10000) == 1);
        CHECK(!waitid(3 /* P_PIDFD */, fd, &info, WEXITED) && info.si_pid == pid && info.si_status == 3);
        close(fd);
    }
}

static int by_signal(void *arg) { raise(SIGTERM); return 0; }
static void ends_by_signal(void)
{
    int status;
    int pid = clone(by_signal, stack_new(), CLONE_VM | SIGCHLD, NULL);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    pid = clone(by_signal, stack_new(), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* By a descriptor that can only name the file. */
static void exec_by_name_descriptor(void)
{
    int status, fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    char *args[] = { "os_clone", "9", NULL };
    pid_t pid = fork();
    if (!pid) { syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH); _exit(99); }
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 9);
    close(fd);
}

static void *thread_execs(void *pid) { execl("/proc/self/exe", "os_clone", (char *)pid, (char *)NULL); return NULL; }
static void exec_from_thread(void)
{
    char me[20];
    int status, pid = fork();
    if (!pid) {
        pthread_t t[3];
        snprintf(me, sizeof me, "p%d", (int)getpid());
        for (int i = 0; i < 2; i++) pthread_create(&t[i], NULL, (void *(*)(void *))pause, NULL);
        pthread_create(&t[2], NULL, thread_execs, me);
        for (;;) pause();
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 11);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] == 'p') return atoi(argv[1] + 1) == getpid() && gettid() == getpid() ? 11 : 12;
    if (argc > 1) return atoi(argv[1]);
    alarm(100);
    runs_beside(); thread_ids(0); thread_ids(1); handlers(); files(); many();
    exec_beside(); exec_by_name_descriptor(); pidfds(); ends_by_signal(); exec_from_thread();
    CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
    return CHECK_END();
}
