/* SPDX-License-Identifier: Apache-2.0 */
/* The guest cannot see, close or use descriptors of the emulator; it can have their numbers. Prints "ok". */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;
#define CHECK(e) do { if (!(e)) { failures++; printf("FAIL %d %s (errno %d)\n", __LINE__, #e, errno); } } while (0)
/* Numbers to look at: within the limit, which is 1024 for most users. */
static int top(void)
{
    struct rlimit r;
    return !getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < 5000 ? (int)r.rlim_cur : 5000;
}

/* Where the emulator has its own: near the limit, but no higher than this (common-user/ownfd.c). */
enum { HIGHEST = 4096, ROOM = 64, SOME = 9 };
#define FIRST ((top() < HIGHEST ? top() : HIGHEST) - ROOM)

/* Names by which pid's descriptor n may be reached; `from` is another name for the same directory. */
static void names(int pid, int n)
{
    const char *const forms[] = {
        "/proc/%d/fd/%d", "/proc/%d/fdinfo/%d", "/proc/%1$d/task/%1$d/fd/%2$d", "/proc/%1$d/task/%1$d/fdinfo/%2$d",
        "/proc/%d/fd/../fd/./%d",
        "/proc/%1$d/cwd/../../../../../../../../proc/%1$d/fd/%2$d",
    };
    char path[200], to[200];
    struct stat st;
    for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++) {
        snprintf(path, sizeof path, forms[i], pid, n);
        CHECK(open(path, O_RDONLY) < 0 && errno == ENOENT);
        CHECK(open(path, O_WRONLY) < 0 && errno == ENOENT);
        CHECK(open(path, O_PATH | O_NOFOLLOW) < 0 && errno == ENOENT);
        CHECK(stat(path, &st) < 0 && errno == ENOENT);
        CHECK(lstat(path, &st) < 0 && errno == ENOENT);
        CHECK(readlink(path, to, sizeof to) < 0 && errno == ENOENT);
    }
}

/* Routes inside this process. */
static void routes(int n)
{
    char path[99], c = 'x';
    const char *const forms[] = { "/dev/fd/%d", "/proc/self/fd/%d", "/proc/thread-self/fd/%d", "/proc/self/fdinfo/%d" };
    for (unsigned i = 0; i < 4; i++) {
        snprintf(path, sizeof path, forms[i], n);
        CHECK(open(path, O_RDWR) < 0 && errno == ENOENT);
        CHECK(access(path, F_OK) < 0 && truncate(path, 0) < 0 && chmod(path, 0600) < 0 && link(path, "fds-link") < 0);
        int watch = inotify_init();
        CHECK(inotify_add_watch(watch, path, IN_MODIFY) < 0 && errno == ENOENT);
        close(watch);
        CHECK(execl(path, path, NULL) < 0 && errno == ENOENT);
        unlink("fds-sym");
        CHECK(!symlink(path, "fds-sym") && open("fds-sym", O_RDONLY) < 0 && errno == ENOENT);
        CHECK(open("fds-sym", O_RDONLY | O_CREAT, 0600) < 0);
        unlink("fds-sym");
    }
    names(getpid(), n);
    int dir = open("/proc/self/fd", O_RDONLY), proc = open("/proc/self", O_PATH), cwd = open(".", O_RDONLY);
    snprintf(path, sizeof path, "%d", n);
    CHECK(openat(dir, path, O_RDONLY) < 0 && errno == ENOENT);
    CHECK(faccessat(dir, path, F_OK, 0) < 0 && errno == ENOENT);
    CHECK(!fchdir(dir) && open(path, O_RDONLY) < 0 && errno == ENOENT);
    fchdir(cwd);
    snprintf(path, sizeof path, "fd/%d", n);
    CHECK(openat(proc, path, O_RDONLY) < 0 && errno == ENOENT);
    uint64_t how[3] = { O_RDONLY };
    CHECK(syscall(SYS_openat2, proc, path, how, sizeof how) < 0 && errno == ENOENT);
    close(dir); close(proc); close(cwd);

    struct pollfd p[2] = { { n, POLLIN | POLLOUT }, { 1, POLLOUT } };
    CHECK(poll(p, 2, 0) >= 1 && p[0].revents == POLLNVAL && p[0].fd == n && p[1].fd == 1);
    fd_set set;
    FD_ZERO(&set);
    if (n < FD_SETSIZE) FD_SET(n, &set);
    CHECK(select(n + 1, NULL, &set, NULL, &(struct timeval){ 0 }) <= 0);       /* beyond the table: ignored */
    int ep = epoll_create1(0), pair[2], none = open("/dev/null", O_RDWR);
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, n, &(struct epoll_event){ EPOLLIN }) < 0 && errno == EBADF);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    struct iovec v = { &c, 1 };
    union { struct cmsghdr h; char room[CMSG_SPACE(2 * sizeof(int))]; } m;
    m.h = (struct cmsghdr){ CMSG_LEN(2 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
    memcpy(CMSG_DATA(&m.h), (int[]){ 1, n }, 2 * sizeof(int));
    struct mmsghdr msg = { { NULL, 0, &v, 1, &m, CMSG_SPACE(2 * sizeof(int)) } };
    CHECK(sendmsg(pair[0], &msg.msg_hdr, 0) < 0 && errno == EBADF);
    CHECK(sendmmsg(pair[0], &msg, 1, 0) < 0 && errno == EBADF);
    int self = syscall(SYS_pidfd_open, getpid(), 0);
    CHECK(syscall(SYS_pidfd_getfd, self, n, 0) < 0 && errno == EBADF);
    CHECK(syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, n, 1) < 0 && errno == EBADF);
    CHECK(dup(n) < 0 && errno == EBADF);
    CHECK(dup3(n, 77, 0) < 0 && errno == EBADF);
    CHECK(fcntl(n, F_DUPFD, 0) < 0 && errno == EBADF);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, n, 0) == MAP_FAILED && errno == EBADF);
    CHECK(sendfile(none, n, NULL, 1) < 0 && errno == EBADF);
    CHECK(splice(n, NULL, pair[0], NULL, 1, 0) < 0 && errno == EBADF);
    CHECK(copy_file_range(n, NULL, none, NULL, 1, 0) < 0 && errno == EBADF);
    CHECK(ioctl(n, FIOCLEX) < 0 && errno == EBADF);
    CHECK(ioctl(none, FICLONE, n) < 0 && errno == EBADF);
    CHECK(pread(n, &c, 1, 0) < 0 && errno == EBADF);
    CHECK(writev(n, &v, 1) < 0 && errno == EBADF);
    CHECK(lseek(n, 0, SEEK_CUR) < 0 && errno == EBADF);
    CHECK(syscall(SYS_execveat, n, "", (char *[]){ "x", NULL }, NULL, AT_EMPTY_PATH) < 0 && errno == EBADF);
    close(ep); close(pair[0]); close(pair[1]); close(none); close(self);
}

/* Another guest process, which is asleep: its emulator's descriptors are hidden as well. */
static void others(int pid, int last)
{
    char path[64];
    struct dirent *e;
    int listed = 0, pidfd = syscall(SYS_pidfd_open, pid, 0), n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *d = opendir(path);
    while ((e = readdir(d))) listed += e->d_name[0] != '.' && atoi(e->d_name) > 2;
    closedir(d);
    CHECK(!listed);
    for (int i = 3; i < last; i++) if ((n = syscall(SYS_pidfd_getfd, pidfd, i, 0)) >= 0) { CHECK(!"hidden"); close(n); }
    for (int i = FIRST; i < FIRST + SOME; i++) names(pid, i);
    close(pidfd);
}

int main(int argc, char **argv)
{
    if (argc > 2) { close_range(3, ~0u, 0); write(1, "", 0); pause(); }
    int last = top();
    if (argc > 1) {
        for (int i = 3; i < last; i++) CHECK(fcntl(i, F_GETFD) < 0);
        puts(failures ? "failed" : "child ok");
        return failures;
    }
    close_range(3, ~0u, 0);
    int listed = 0;
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *e; (e = readdir(d));)
        listed += e->d_name[0] != '.' && atoi(e->d_name) > 2 && atoi(e->d_name) != dirfd(d);
    CHECK(!listed);
    closedir(d);
    for (int i = 3; i < last; i++) {
        char link[40], to[256];
        CHECK(close(i) < 0 && errno == EBADF);
        CHECK(fcntl(i, F_GETFD) < 0 && errno == EBADF);
        CHECK(write(i, "x", 1) < 0 && errno == EBADF);
        snprintf(link, sizeof link, "/proc/self/fd/%d", i);
        CHECK(readlink(link, to, sizeof to) < 0 && errno == ENOENT);
    }
    for (int i = FIRST; i < FIRST + SOME; i++) routes(i);
    int slept = fork();
    if (!slept) { execl("/proc/self/exe", argv[0], "asleep", "child", NULL); _exit(1); }
    usleep(300000);
    others(slept, last);
    kill(slept, SIGKILL);
    waitpid(slept, NULL, 0);
    for (int i = 3; i < last; i += i < 200 ? 1 : 7) { CHECK(dup2(1, i) == i); CHECK(fcntl(i, F_GETFD) == 0); }
    CHECK(!close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) && fcntl(3, F_GETFD) == FD_CLOEXEC);
    CHECK(!close_range(3, ~0u, 0) && fcntl(3, F_GETFD) < 0);
    fflush(stdout);
    if (!fork()) { execl("/proc/self/exe", argv[0], "child", NULL); _exit(1); }
    int status;
    CHECK(wait(&status) > 0 && status == 0);
    fprintf(stderr, "end of the parent\n");
    puts(failures ? "failed" : "ok");
    return failures != 0;
}
