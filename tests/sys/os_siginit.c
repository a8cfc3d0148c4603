/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1 of a namespace: what is sent and not handled does nothing (pid_namespaces(7)), what it does itself kills it. */
#include "os_check.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

static volatile int count;
static void on_signal(int sig) { count++; }

static void unhandled(void)
{
    int sig[] = { SIGTERM, SIGSEGV, SIGBUS, SIGILL, SIGABRT, SIGRTMIN + 1, SIGKILL };
    for (unsigned i = 0; i < sizeof sig / sizeof *sig; i++) kill(1, sig[i]);
    raise(SIGSEGV); raise(SIGBUS); raise(SIGTERM);
    _exit(7);
}
static void handled(void)
{
    signal(SIGSEGV, on_signal); signal(SIGTERM, on_signal); signal(SIGBUS, on_signal);
    raise(SIGSEGV); raise(SIGTERM); kill(1, SIGBUS);
    _exit(count == 3 ? 7 : 8);
}
static void null(void) { *(volatile int *)8 = 1; }
static void blocked(void) { sigset_t s; sigfillset(&s); sigprocmask(SIG_SETMASK, &s, NULL); null(); }
static void ignored(void) { signal(SIGSEGV, SIG_IGN); null(); }
static void beyond(void)
{
    char name[] = "/tmp/sigbusXXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    (void)*(volatile char *)mmap(NULL, 65536, PROT_READ, MAP_SHARED, fd, 0);
}
static void ill(void) { __builtin_trap(); }
static void sys(void)
{
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog p = { 4, f };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0);
    syscall(SYS_getppid);
}

static pid_t new_init(void)
{
    fflush(stdout);
    return syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}
/* The number of the signal that it died of, or minus its exit code. */
static int init_does(void (*fn)(void))
{
    int st;
    pid_t kid = new_init();
    if (!kid) {
        struct rlimit no = { 0, 0 };
        setrlimit(RLIMIT_CORE, &no);
        if (getpid() != 1) _exit(90);
        fn();
        _exit(99);
    }
    if (waitpid(kid, &st, 0) != kid) return -100;
    return WIFSIGNALED(st) ? WTERMSIG(st) : -WEXITSTATUS(st);
}

int main(void)
{
    int st;
    pid_t kid = new_init();
    if (!kid) _exit(0);
    if (kid < 0 || waitpid(kid, &st, 0) != kid) return CHECK_END();    /* not allowed here */
    CHECK(init_does(unhandled) == -7);
    CHECK(init_does(handled) == -7);
    CHECK(init_does(null) == SIGSEGV);
    CHECK(init_does(blocked) == SIGSEGV);
    CHECK(init_does(ignored) == SIGSEGV);
    CHECK(init_does(beyond) == SIGBUS);
    int trap = init_does(ill);
    CHECK(trap == SIGILL || trap == SIGTRAP);
    CHECK(init_does(sys) == SIGSYS);
    return CHECK_END();
}
