/* SPDX-License-Identifier: Apache-2.0 */
/* A bad pointer in any argument is EFAULT, never a crash. */
#include "check.h"
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define BAD ((void *)16)
#define TRY(nr, ...) do { errno = 0; long r_ = syscall(SYS_##nr, __VA_ARGS__); \
    printf("%s %s: %s\n", #nr, #__VA_ARGS__, r_ < 0 ? strerrorname_np(errno) : "accepted"); } while (0)

static void data(int z, int p[2])
{
    TRY(read, z, BAD, 8);
    TRY(write, p[1], BAD, 8);
    TRY(readv, z, BAD, 1);
    TRY(writev, p[1], BAD, 2);
    TRY(pipe2, BAD, 0);
    TRY(memfd_create, BAD, 0);
    TRY(ioctl, p[0], FIONREAD, BAD);
}

static void paths(void)
{
    TRY(openat, AT_FDCWD, BAD, 0, 0);
    TRY(unlinkat, AT_FDCWD, BAD, 0);
    TRY(mkdirat, AT_FDCWD, BAD, 0700);
    TRY(renameat2, AT_FDCWD, "x", AT_FDCWD, BAD, 0);
    TRY(symlinkat, BAD, AT_FDCWD, "y");
    TRY(readlinkat, AT_FDCWD, "/proc/self/exe", BAD, 64);
    TRY(faccessat, AT_FDCWD, BAD, 0);
    TRY(statx, AT_FDCWD, "/", 0, 0x7ff, BAD);
    TRY(getcwd, BAD, 64);
    TRY(getdents64, open("/", O_RDONLY | O_DIRECTORY), BAD, 4096);
}

static void events(int fd)
{
    int epfd = syscall(SYS_epoll_create1, 0), infd = syscall(SYS_inotify_init1, 0);
    TRY(epoll_ctl, epfd, 1, fd, BAD);
    TRY(inotify_add_watch, infd, BAD, 1);
}

static void machine(void)
{
    TRY(uname, BAD);
    TRY(getrandom, BAD, 8, 0);
    TRY(sysinfo, BAD);
}

static void clocks(void)
{
    char id[8];
    TRY(times, BAD);
    TRY(getitimer, 0, BAD);
    TRY(setitimer, 0, BAD, 0);
    TRY(timer_create, 0, BAD, id);
    TRY(timer_create, 0, 0, BAD);
}

static void signals(void)
{
    TRY(rt_sigaction, SIGUSR1, BAD, 0, 8);
    TRY(rt_sigaction, SIGUSR1, 0, BAD, 8);
    TRY(rt_sigprocmask, 0, BAD, 0, 8);
    TRY(rt_sigprocmask, 0, 0, BAD, 8);
    TRY(rt_sigpending, BAD, 8);
    TRY(rt_sigsuspend, BAD, 8);
    TRY(sigaltstack, BAD, 0);
    TRY(sigaltstack, 0, BAD);
}

static void processes(void)
{
    TRY(execve, BAD, 0, 0);
    TRY(execve, "/bin/true", BAD, 0);
    TRY(execve, "/bin/true", 0, BAD);
    TRY(wait4, -1, BAD, 0, 0);
    TRY(clone3, BAD, 88);
    TRY(prctl, 16, BAD);
    TRY(getrusage, 0, BAD);
    TRY(prlimit64, 0, 7, 0, BAD);
    TRY(prlimit64, 0, 7, BAD, 0);
    TRY(getgroups, 64, BAD);
    TRY(capget, BAD, BAD);
    TRY(sched_getaffinity, 0, 128, BAD);
    TRY(sched_setaffinity, 0, 128, BAD);
    TRY(sched_getparam, 0, BAD);
}

static void sockets(void)
{
#ifdef SYS_socket
    int s = syscall(SYS_socket, 2, 1, 0), len = 16;
    TRY(bind, s, BAD, 16);
    TRY(connect, s, BAD, 16);
    TRY(getsockname, s, BAD, &len);
    TRY(socketpair, 1, 1, 0, BAD);
    TRY(setsockopt, s, 1, 2, BAD, 4);
    TRY(getsockopt, s, 1, 2, BAD, BAD);
    TRY(sendmsg, s, BAD, 0);
    TRY(recvmsg, s, BAD, 0);
#endif
}

static void queues(void)
{
    TRY(msgsnd, 0, BAD, 8, 0);
    TRY(mq_open, BAD, 0, 0, 0);
}

int main(void)
{
    int p[2], z = open("/dev/zero", O_RDONLY);
    if (pipe(p)) return 1;
    setvbuf(stdout, NULL, _IONBF, 0);
    data(z, p);
    paths();
    events(p[0]);
    machine();
    clocks();
    signals();
    processes();
    sockets();
    queues();
    return 0;
}
