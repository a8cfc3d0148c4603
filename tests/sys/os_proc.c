/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc are live and are what the kernel says they are, whatever way leads to them: fs/seq_file.c, proc(5). */
#include "os_check.h"
#include <limits.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>

static char text[1 << 16];

static const char *again(int fd)
{
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    ssize_t n, len = 0;
    while ((n = read(fd, text + len, sizeof text - 1 - len)) > 0) len += n;
    CHECK(n == 0 && len > 0);
    text[len] = 0;
    return text;
}

/* The line of maps that an address is in; -1: none. */
static int lines_with(const char *maps, const void *p)
{
    unsigned long a, b, at = (unsigned long)p;
    for (const char *l = maps; l && *l; l = strchr(l, '\n') ? strchr(l, '\n') + 1 : NULL)
        if (sscanf(l, "%lx-%lx", &a, &b) == 2 && a <= at && at < b) return 1;
    return 0;
}

static void check_live(void)
{
    int maps = open("/proc/self/maps", O_RDONLY), status = open("/proc/self/status", O_RDONLY), dup_ = dup(maps);
    char *p = mmap(NULL, 1 << 16, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(maps >= 0 && status >= 0 && p != MAP_FAILED);
    CHECK(lines_with(again(maps), p) == 1);
    munmap(p, 1 << 16);
    CHECK(lines_with(again(maps), p) == 0);
    CHECK(mmap(p, 1 << 16, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    CHECK(lines_with(again(dup_), p) == 1);
    ssize_t n = pread(maps, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = 0;
    CHECK(n > 0 && lines_with(text, again) == 1);
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGUSR2);
    sigprocmask(SIG_BLOCK, &s, NULL);
    CHECK(strstr(again(status), "SigBlk:\t0000000000000800"));
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    CHECK(strstr(again(status), "SigBlk:\t0000000000000000"));
    munmap(p, 1 << 16);
    close(dup_);
    close(status);
    close(maps);
}

/* One byte at a time, in pieces, and by vectors: the same text. */
static void check_pieces(void)
{
    static char whole[1 << 16], part[1 << 16];
    int fd = open("/proc/self/limits", O_RDONLY);
    size_t n = strlen(strcpy(whole, again(fd))), got = 0;
    lseek(fd, 0, SEEK_SET);
    for (ssize_t r; (r = read(fd, part + got, got % 7 + 1)) > 0; got += r) { }
    CHECK(got == n && !memcmp(whole, part, n));
    CHECK(lseek(fd, 0, SEEK_CUR) == (off_t)n);
    CHECK(read(fd, part, 10) == 0);
    CHECK(lseek(fd, 20, SEEK_SET) == 20 && read(fd, part, 30) == 30 && !memcmp(part, whole + 20, 30));
    CHECK(pread(fd, part, 30, 11) == 30 && !memcmp(part, whole + 11, 30));
    CHECK(lseek(fd, 0, SEEK_CUR) == 50);
    struct iovec v[2] = { { part, 5 }, { part + 100, 50 } };
    CHECK(preadv(fd, v, 2, 3) == 55 && !memcmp(part, whole + 3, 5) && !memcmp(part + 100, whole + 8, 50));
    lseek(fd, 1, SEEK_SET);
    CHECK(readv(fd, v, 2) == 55 && !memcmp(part, whole + 1, 5) && !memcmp(part + 100, whole + 6, 50));
    CHECK(read(fd, (void *)8, 1) == -1 && errno == EFAULT);
    close(fd);
}

static void check_kind(void)
{
    static const char *const own[] = { "maps", "stat", "status", "statm", "limits", "environ", "cmdline", "auxv" };
    char name[64], link[64], at[PATH_MAX];
    struct stat st;
    struct statfs fs;
    int p[2], null = open("/dev/null", O_WRONLY);
    CHECK(pipe(p) == 0);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        snprintf(name, sizeof name, "/proc/self/%s", own[i]);
        int fd = open(name, O_RDONLY);
        CHECK(fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0 && !(st.st_mode & 022));
        CHECK(fstatfs(fd, &fs) == 0 && fs.f_type == 0x9fa0);
        CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, at, sizeof at - 1);
        at[n < 0 ? 0 : n] = 0;
        snprintf(name, sizeof name, "/proc/%d/%s", (int)getpid(), own[i]);
        CHECK(!strcmp(at, name));
        CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == ENODEV);
        CHECK(write(fd, "x", 1) == -1 && errno == EBADF);
        CHECK(splice(p[0], NULL, fd, NULL, 10, 0) == -1 && errno == EBADF);
        CHECK(splice(fd, NULL, p[1], NULL, 10, 0) == -1 && errno == EINVAL);
        CHECK(sendfile(null, fd, NULL, 10) == -1 && errno == EINVAL);
        close(fd);
    }
    close(p[0]);
    close(p[1]);
    close(null);
}

/* What belongs to no process can be spliced; it is what read gives. */
static void check_splice(void)
{
    static const char *const names[] = { "/proc/version", "/proc/cpuinfo", "/proc/sys/kernel/osrelease" };
    static char want[1 << 16], got[1 << 16];
    int p[2], s[2];
    CHECK(pipe(p) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int fd = open(names[i], O_RDONLY);
        size_t n = strlen(strcpy(want, again(fd)));
        off_t off = 0;
        loff_t wide = 0;
        for (int how = 0; how < 4; how++) {
            size_t len = 0;
            lseek(fd, 0, SEEK_SET);
            off = wide = 0;
            for (ssize_t r; len < n; len += r) {
                r = how == 0 ? splice(fd, NULL, p[1], NULL, 512, 0) : how == 1 ? splice(fd, &wide, p[1], NULL, 700, 0)
                  : how == 2 ? sendfile(s[0], fd, NULL, 600) : sendfile(s[0], fd, &off, 100);
                CHECK(r > 0);
                if (r <= 0) break;
                CHECK(read(how < 2 ? p[0] : s[1], got + len, r) == r);
            }
            CHECK(len == n && !memcmp(want, got, n));
            CHECK(how % 2 ? off + wide == (loff_t)n : lseek(fd, 0, SEEK_CUR) == (off_t)n);
        }
        close(fd);
    }
    for (int i = 0; i < 2; i++) { close(p[i]); close(s[i]); }
}

/* Field n of a stat file, from 3 on. */
static unsigned long long field(const char *stat, int n)
{
    const char *p = strrchr(stat, ')') + 2;
    for (int i = 3; i < n; i++) p = strchr(p, ' ') + 1;
    return strtoull(p, NULL, 10);
}

typedef struct How { uint64_t flags, mode, resolve; } How;
static int open2(const char *name, uint64_t resolve)
{
    How how = { O_RDONLY, 0, resolve };
    return syscall(437 /* openat2 */, AT_FDCWD, name, &how, sizeof how);
}

/* Restrictions meet the names as they are: linux/openat2.h. */
static void check_resolve(void)
{
    enum { NO_XDEV = 1, NO_MAGICLINKS = 2, NO_SYMLINKS = 4, BENEATH = 8, IN_ROOT = 16 };
    struct stat a, b;
    char name[64];
    int fd = open2("/proc/self/exe", 0);
    if (fd == -1 && (errno == ENOSYS || errno == EPERM)) return;
    CHECK(fstat(fd, &a) == 0 && stat("/proc/self/exe", &b) == 0 && a.st_ino == b.st_ino);
    close(fd);
    snprintf(name, sizeof name, "/proc/%d/exe", (int)getpid());
    CHECK(open2("/proc/self/exe", NO_MAGICLINKS) == -1 && errno == ELOOP);
    CHECK(open2("/proc/self/exe", NO_SYMLINKS) == -1 && errno == ELOOP);
    CHECK(open2(name, NO_SYMLINKS) == -1 && errno == ELOOP);
    CHECK(open2("/proc/self/exe", NO_XDEV) == -1 && errno == EXDEV);
    CHECK(open2("/proc/self/exe", BENEATH) == -1 && errno == EXDEV);
    CHECK(open2("/proc/self/maps", BENEATH) == -1 && errno == EXDEV);
    CHECK(open2("/proc/self/stat", NO_SYMLINKS) == -1 && errno == ELOOP);
    snprintf(name, sizeof name, "/proc/%d/stat", (int)getpid());
    fd = open2(name, NO_SYMLINKS | NO_MAGICLINKS);
    CHECK(field(again(fd), 26) && field(text, 26) <= (uintptr_t)check_resolve);
    close(fd);
}

static int is_mine(int fd)
{
    int ok = fd >= 0 && lines_with(again(fd), text) == 1 && !strstr(text, "qemu-");
    close(fd);
    return ok;
}

static void check_names(void)
{
    char here[PATH_MAX], dir[] = "/tmp/procXXXXXX", name[PATH_MAX], me[PATH_MAX] = "", it[PATH_MAX] = "";
    struct stat a, b;
    int self = open("/proc/self", O_PATH | O_DIRECTORY), path = open("/proc/self/maps", O_PATH);
    CHECK(is_mine(openat(self, "maps", O_RDONLY)) && is_mine(openat(self, "task/../maps", O_RDONLY)));
    CHECK(is_mine(open("/proc/self/task/../../self/maps", O_RDONLY)) && is_mine(open("//proc/./self//maps", O_RDONLY)));
    snprintf(name, sizeof name, "/proc/self/fd/%d", path);
    CHECK(is_mine(open(name, O_RDONLY)));
    CHECK(read(path, text, 1) == -1 && errno == EBADF);
    CHECK(getcwd(here, sizeof here) && chdir("/proc/self") == 0 && is_mine(open("maps", O_RDONLY)) && chdir(here) == 0);
    CHECK(mkdtemp(dir) && chdir(dir) == 0 && symlink("/proc/self/maps", "link") == 0);
    CHECK(is_mine(open("link", O_RDONLY)));
    snprintf(name, sizeof name, "/proc/self/task/%d/maps", (int)getpid());
    CHECK(is_mine(open(name, O_RDONLY)));
    CHECK(readlink("/proc/self/exe", me, sizeof me - 1) > 0);
    CHECK(readlinkat(self, "exe", it, sizeof it - 1) > 0 && !strcmp(me, it));
    CHECK(stat(me, &a) == 0 && fstatat(self, "exe", &b, 0) == 0 && a.st_ino == b.st_ino);
    int exe = openat(self, "exe", O_RDONLY);
    CHECK(fstat(exe, &b) == 0 && a.st_ino == b.st_ino);
    close(exe);
    memset(it, 0, sizeof it);
    CHECK(chdir("/proc/self/task") == 0 && readlink("../exe", it, sizeof it - 1) > 0 && !strcmp(me, it));
    CHECK(chdir(dir) == 0 && unlink("link") == 0 && chdir(here) == 0 && rmdir(dir) == 0);
    close(self);
    close(path);
}

/* Mounted elsewhere, with less in it; for those who may mount. */
static void check_mount(void)
{
    char dir[] = "/tmp/procXXXXXX", name[64], exe[PATH_MAX] = "", it[PATH_MAX] = "";
    int st;
    CHECK(mkdtemp(dir) && readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
    pid_t pid = fork();
    if (!pid) {
        if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) _exit(0);
        if (mount("proc", dir, "proc", 0, "subset=pid")) _exit(0);
        CHECK(chdir(dir) == 0 && open("cpuinfo", O_RDONLY) == -1 && errno == ENOENT);
        CHECK(open("version", O_RDONLY) == -1 && errno == ENOENT);
        snprintf(name, sizeof name, "%d/maps", (int)getpid());
        CHECK(is_mine(open("self/maps", O_RDONLY)) && is_mine(open(name, O_RDONLY)));
        CHECK(readlink("self/exe", it, sizeof it - 1) > 0 && !strcmp(exe, it));
        _exit(check_failures);
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
    rmdir(dir);
}

/* A descriptor that comes by fork shows the parent, one over a socket its sender; a number used again nothing old. */
static void check_travel(void)
{
    char name[32];
    int s[2], fd = open("/proc/self/stat", O_RDONLY), ok = 1;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    pid_t pid = fork();
    if (!pid) {
        ok = atoi(again(fd)) == (int)getppid();
        int other = open("/dev/null", O_RDWR), mine = open("/proc/self/stat", O_RDONLY);
        ok &= atoi(again(mine)) == (int)getpid();
        ok &= dup2(other, mine) == mine && read(mine, text, 9) == 0;
        _exit(ok ? 0 : 1);
    }
    int st;
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
    char control[CMSG_SPACE(sizeof fd)] = "";
    struct iovec v = { name, 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    int maps = open("/proc/self/maps", O_RDONLY);
    memcpy(CMSG_DATA(c), &maps, sizeof maps);
    CHECK(sendmsg(s[0], &m, 0) == 1);
    close(maps);
    CHECK(recvmsg(s[1], &m, 0) == 1 && CMSG_FIRSTHDR(&m));
    memcpy(&maps, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof maps);
    CHECK(is_mine(maps));
    close(fd);
    close(s[0]);
    close(s[1]);
}

/* More than anybody holds, so that no table is too small. */
static void check_many(void)
{
    enum { MANY = 300 };
    int fd[MANY];
    for (int i = 0; i < MANY; i++) fd[i] = open("/proc/self/maps", O_RDONLY);
    for (int i = 0; i < MANY; i++) CHECK(is_mine(fd[i]));
}

/* The file of a process goes with it through exec, and shows the new program. */
static void check_exec(const char *self)
{
    int st;
    pid_t pid = fork();
    if (!pid) {
        dup2(open("/proc/self/stat", O_RDONLY), 0);
        dup2(0, 99);
        execl(self, self, "input", NULL);
        _exit(9);
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static int ready[2], leave[2];
static void *sleeper(void *unused)
{
    sigset_t s;
    char c;
    pid_t tid = (pid_t)syscall(SYS_gettid);
    sigemptyset(&s);
    sigaddset(&s, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &s, NULL);
    syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
    write(ready[1], &tid, sizeof tid);
    read(leave[0], &c, 1);
    return NULL;
}

static void check_thread(void)
{
    char name[64];
    pthread_t t;
    pid_t tid = 0;
    CHECK(pipe(ready) == 0 && pipe(leave) == 0 && pthread_create(&t, NULL, sleeper, NULL) == 0);
    CHECK(read(ready[0], &tid, sizeof tid) == sizeof tid);
    snprintf(name, sizeof name, "/proc/self/task/%d/status", (int)tid);
    int fd = open(name, O_RDONLY);
    again(fd);
    CHECK(strstr(text, "SigBlk:\t0000000000000200") && strstr(text, "SigPnd:\t0000000000000200"));
    CHECK(strstr(text, "Threads:\t2\n"));
    again(open("/proc/thread-self/status", O_RDONLY));
    CHECK(strstr(text, "SigBlk:\t0000000000000000") && strstr(text, "SigPnd:\t0000000000000000"));
    snprintf(name, sizeof name, "/proc/%d/stat", (int)tid);         /* a thread is a process for this name */
    again(open(name, O_RDONLY));
    CHECK(atoi(text) == (int)tid && field(text, 20) == 2);
    snprintf(name, sizeof name, "/proc/self/task/%d/stat", (int)tid);
    CHECK(field(again(open(name, O_RDONLY)), 32) == 0x200);
    snprintf(name, sizeof name, "/proc/self/task/%d/syscall", (int)tid);
    for (int i = 0; i < 1000 && !strncmp(again(open(name, O_RDONLY)), "running", 7); i++) usleep(1000);
    long nr = -1;
    unsigned long a[3] = { 0 }, sp = 0, pc = 0;
    CHECK(sscanf(text, "%ld %lx %lx %lx %*x %*x %*x %lx %lx", &nr, a, a + 1, a + 2, &sp, &pc) == 6);
    CHECK(nr == SYS_read && a[0] == (unsigned long)leave[0] && a[2] == 1 && sp && pc);
    write(leave[1], "x", 1);
    pthread_join(t, NULL);
    lseek(fd, 0, SEEK_SET);
    for (int i = 0; i < 5000 && pread(fd, text, 9, 0) >= 0; i++) usleep(1000);
    CHECK(read(fd, text, 9) == -1 && errno == ESRCH);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        unsigned long long code = field(again(open("/proc/self/stat", O_RDONLY)), 26);
        return !(code && code == field(again(0), 26) && code == field(again(99), 26));
    }
    check_live();
    check_pieces();
    check_kind();
    check_splice();
    check_names();
    check_resolve();
    check_mount();
    check_travel();
    check_many();
    check_exec(argv[0]);
    check_thread();
    return CHECK_END();
}
