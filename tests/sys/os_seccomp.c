/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of system calls: actions, arguments of 64 bits, precedence, threads, and what fork and exec hand on. */
#include "os_check.h"
#include <elf.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#if defined __x86_64__
enum { ARCH = AUDIT_ARCH_X86_64 };
#elif defined __aarch64__
enum { ARCH = AUDIT_ARCH_AARCH64 };
#elif defined __riscv
enum { ARCH = __riscv_xlen == 64 ? AUDIT_ARCH_RISCV64 : AUDIT_ARCH_RISCV32 };
#else
enum { ARCH = AUDIT_ARCH_PPC };
#endif
#define DATA(field) offsetof(struct seccomp_data, field)
#define LOW_WORD (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define UNLESS(v, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, v, 0, skip)
#define RET(v) BPF_STMT(BPF_RET | BPF_K, v)
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static volatile int trapped_nr, trapped_data, trapped_code;
static volatile unsigned trapped_arch;

static int install(struct sock_filter *f, size_t n, unsigned flags)
{
    struct sock_fprog prog = { (unsigned short)n, f };
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static void on_sys(int sig, siginfo_t *info, void *uc)
{
    trapped_nr = info->si_syscall;
    trapped_data = info->si_errno;
    trapped_code = info->si_code;
    trapped_arch = info->si_arch;
}

/* Runs fn in a child; its wait status. */
static int in_child(void (*fn)(void))
{
    int st = 0;
    pid_t pid = fork();
    if (!pid) { fn(); _exit(check_failures ? 99 : 0); }
    CHECK(waitpid(pid, &st, 0) == pid);
    return st;
}

static void answers(void)
{
    struct sock_filter f[] = {
        LOAD(DATA(arch)), UNLESS(ARCH, 12), LOAD(DATA(nr)),
        UNLESS(SYS_getppid, 1), RET(SECCOMP_RET_ERRNO | EXDEV),
        UNLESS(SYS_getpgid, 1), RET(SECCOMP_RET_TRAP | 77),
        UNLESS(SYS_lseek, 4), LOAD(DATA(args[2]) + LOW_WORD), UNLESS(2, 1), RET(SECCOMP_RET_ERRNO | ENOTTY),
        RET(SECCOMP_RET_ALLOW),
        RET(SECCOMP_RET_ALLOW), RET(SECCOMP_RET_ALLOW), RET(SECCOMP_RET_KILL_PROCESS),
    };
    struct sigaction sa = { .sa_sigaction = on_sys, .sa_flags = SA_SIGINFO };
    sigaction(SIGSYS, &sa, NULL);
    int fd = open("/proc/self/exe", O_RDONLY);
    CHECK(install(f, COUNT(f), 0) == 0);
    CHECK(prctl(PR_GET_SECCOMP) == 2);
    CHECK(syscall(SYS_getppid) == -1 && errno == EXDEV);
    CHECK(getpid() > 0);
    syscall(SYS_getpgid, 0);
    CHECK(trapped_nr == SYS_getpgid && trapped_data == 77 && trapped_code == 1 && trapped_arch == ARCH);
#ifdef __LP64__
    CHECK(lseek(fd, 1, SEEK_SET) == 1);
    CHECK(lseek(fd, 0, SEEK_END) == -1 && errno == ENOTTY);
#endif
    /* the stricter of two wins, whichever is newer */
    struct sock_filter g[] = { LOAD(DATA(nr)), UNLESS(SYS_getppid, 1), RET(SECCOMP_RET_ERRNO | EPERM),
        RET(SECCOMP_RET_ALLOW) };
    struct sock_filter h[] = { LOAD(DATA(nr)), UNLESS(SYS_getppid, 1), RET(SECCOMP_RET_TRACE), RET(SECCOMP_RET_ALLOW) };
    CHECK(install(g, COUNT(g), 0) == 0 && install(h, COUNT(h), 0) == 0);
    CHECK(syscall(SYS_getppid) == -1 && errno == EPERM);
    char line[128];
    int filters = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status)) sscanf(line, "Seccomp_filters: %d", &filters);
    CHECK(filters == 3);
}

static void kills(void)
{
    struct sock_filter f[] = { LOAD(DATA(nr)), UNLESS(SYS_getppid, 1), RET(SECCOMP_RET_KILL_PROCESS),
        RET(SECCOMP_RET_ALLOW) };
    CHECK(install(f, COUNT(f), 0) == 0);
    syscall(SYS_getppid);
}

static void strict(void)
{
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    syscall(SYS_getppid);
}

static volatile int go, saw;
static void *other(void *none)
{
    while (!go) sched_yield();
    saw = syscall(SYS_getppid) == -1 && errno == EDOM;
    return NULL;
}
static void threads(void)
{
    pthread_t t;
    struct sock_filter f[] = { LOAD(DATA(nr)), UNLESS(SYS_getppid, 1), RET(SECCOMP_RET_ERRNO | EDOM),
        RET(SECCOMP_RET_ALLOW) };
    pthread_create(&t, NULL, other, NULL);
    CHECK(install(f, COUNT(f), SECCOMP_FILTER_FLAG_TSYNC) == 0);
    go = 1;
    pthread_join(t, NULL);
    CHECK(saw);
}

static void execs(void)
{
    struct sock_filter f[] = { LOAD(DATA(nr)), UNLESS(SYS_getppid, 1), RET(SECCOMP_RET_ERRNO | EDOM),
        RET(SECCOMP_RET_ALLOW) };
    CHECK(install(f, COUNT(f), 0) == 0);
    if (!fork()) { CHECK(syscall(SYS_getppid) == -1 && errno == EDOM); _exit(check_failures); }
    int st;
    CHECK(wait(&st) > 0 && st == 0);
    execl("/proc/self/exe", "child", "child", NULL);
    CHECK(0);
}

static void refusals(void)
{
    struct sock_filter no_end[] = { LOAD(0) }, past[] = { LOAD(64), RET(0) }, odd[] = { LOAD(2), RET(0) },
        far[] = { BPF_STMT(BPF_JMP | BPF_JA, 1), RET(0) },
        unknown[] = { BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RET(0) },
        unwritten[] = { BPF_STMT(BPF_LD | BPF_MEM, 1), RET(0) },
        by_zero[] = { BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET(0) };
    unsigned action = SECCOMP_RET_ERRNO, none = 0x12340000;
    CHECK(install(no_end, 1, 0) == -1 && errno == EINVAL);
    CHECK(install(past, 2, 0) == -1 && errno == EINVAL);
    CHECK(install(odd, 2, 0) == -1 && errno == EINVAL);
    CHECK(install(far, 2, 0) == -1 && errno == EINVAL);
    CHECK(install(unknown, 2, 0) == -1 && errno == EINVAL);
    CHECK(install(unwritten, 2, 0) == -1 && errno == EINVAL);
    CHECK(install(by_zero, 2, 0) == -1 && errno == EINVAL);
    CHECK(install(past, 0, 0) == -1 && errno == EINVAL);
    CHECK(install(past, 2, 1u << 20) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 16) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &none) == -1 && errno == EOPNOTSUPP);
    CHECK(prctl(PR_GET_SECCOMP) == 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) return syscall(SYS_getppid) == -1 && errno == EDOM ? 0 : 98;
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    refusals();
    int st = in_child(answers);
    CHECK(st == 0);
    st = in_child(kills);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSYS);
    st = in_child(strict);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
    CHECK(in_child(threads) == 0);
    st = in_child(execs);
    CHECK(st == 0);
    return CHECK_END();
}
