/* SPDX-License-Identifier: Apache-2.0 */
/* A child by CLONE_VM has what the thread that made it has at that moment: ids, no_new_privs, affinity, namespaces,
 * directory; whatever children there were before. */
#include "os_check.h"
#include <sys/prctl.h>

static char stack[65536] __attribute__((aligned(16)));
static struct { int uid, gid, quiet, cpus; char uts[64], dir[64]; } seen;

static void look(void)
{
    cpu_set_t set;
    seen.uid = (int)syscall(SYS_geteuid);
    seen.gid = (int)syscall(SYS_getegid);
    seen.quiet = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    sched_getaffinity(0, sizeof set, &set);
    seen.cpus = CPU_COUNT(&set);
    memset(seen.uts, 0, sizeof seen.uts);
    (void)!readlink("/proc/self/ns/uts", seen.uts, sizeof seen.uts - 1);
    (void)!getcwd(seen.dir, sizeof seen.dir);
}
static int looks(void *arg) { look(); return arg != NULL; }
static int waits(void *arg) { while (!*(volatile int *)arg) usleep(1000); return 0; }

static void child(int (*fn)(void *), void *arg, int flags)
{
    int status;
    pid_t pid = clone(fn, stack + sizeof stack, CLONE_VM | SIGCHLD | flags, arg);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void one_cpu(void)
{
    cpu_set_t set;
    int cpu = 0;
    sched_getaffinity(0, sizeof set, &set);
    while (!CPU_ISSET(cpu, &set)) cpu++;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    CHECK(!sched_setaffinity(0, sizeof set, &set));
}

static void changes(int flags)
{
    int root = !geteuid();
    for (int i = 0; i < 2; i++) {       /* with and without time for those who have ended */
        child(looks, NULL, flags);
        usleep(i * 100000);
    }
    if (root) CHECK(!unshare(CLONE_NEWUTS));
    CHECK(!unshare(CLONE_FS) && !chdir("/proc"));
    one_cpu();
    if (root) CHECK(!syscall(SYS_setresgid, 65534, 65534, 65534) && !syscall(SYS_setresuid, 65534, 65534, 65534));
    CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    look();
    typeof(seen) mine = seen;
    memset(&seen, 0, sizeof seen);
    child(looks, NULL, flags);
    CHECK(seen.uid == mine.uid && seen.gid == mine.gid && (!root || seen.uid == 65534) && seen.quiet == 1);
    CHECK(seen.cpus == 1 && mine.cpus == 1 && !strcmp(seen.uts, mine.uts) && !strcmp(seen.dir, "/proc"));
}

static int threads(void)
{
    char line[200];
    int n = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, f)) sscanf(line, "Threads: %d", &n);
    fclose(f);
    return n;
}

/* Nothing of an ended child stays in the process. */
static void leaves_nothing(void)
{
    int go = 0, tries = 0;
    pid_t pid = clone(waits, stack + sizeof stack, CLONE_VM | SIGCHLD, &go);
    go = 1;
    CHECK(waitpid(pid, NULL, 0) == pid);
    while (threads() != 1 && tries++ < 200) usleep(10000);
    CHECK(threads() == 1);
}

static void apart(int flags)
{
    int status;
    pid_t pid = fork();
    if (!pid) {
        if (flags >= 0) changes(flags);
        else leaves_nothing();
        _exit(check_failures != 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void)
{
    alarm(50);
    apart(0); apart(CLONE_FILES | CLONE_SIGHAND); apart(CLONE_VFORK); apart(-1);
    return CHECK_END();
}
