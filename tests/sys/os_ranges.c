/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for ranges of memory: which error comes first, how many mappings there may be, locked, sealed and denied ones,
 * pieces of shared memory. What the kernel that runs this does not have is left out. */
#include "os_check.h"
#include <linux/perf_event.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>

enum { U = 65536 };                 /* a page of any size that we emulate */
#define ERR(call, e) CHECK((long)(call) == -1 && errno == (e))
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
enum { NR_MSEAL = 462, SET_MDWE = 65, GET_MDWE = 66 };

static char *map(size_t units, int prot) { return mmap(NULL, units * U, prot, ANON, -1, 0); }
static int in_child(void (*fn)(void))
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) { check_failures = 0; fn(); fflush(stdout); _exit(check_failures != 0); }
    waitpid(pid, &status, 0);
    return status;
}

static void order_of_errors(void)
{
    char *a = map(4, RW);
    munmap(a + 2 * U, U);
    ERR(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);       /* before all that the map itself has to say */
    ERR(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, 9999, 0), EBADF);
    ERR(mmap(NULL, (size_t)-U, PROT_READ, MAP_SHARED, -1, 0), EBADF);
    ERR(mmap(NULL, U, PROT_READ, 0, 9999, 0), EBADF);
    ERR(mmap((void *)1, U, PROT_READ, MAP_SHARED | MAP_FIXED, -1, 0), EBADF);
    int path = open("/proc/self/exe", O_PATH);
    ERR(mmap(NULL, U, PROT_READ, MAP_PRIVATE, path, 0), EBADF);
    close(path);
    ERR(mprotect(a, U, PROT_READ | PROT_GROWSUP), EINVAL);
    ERR(mprotect(a, U, PROT_READ | PROT_GROWSDOWN), EINVAL);
    ERR(mprotect(a + 2 * U, U, PROT_READ | PROT_GROWSUP), ENOMEM);
    ERR(mprotect(a + 2 * U, U, PROT_READ | PROT_GROWSDOWN), ENOMEM);
    ERR(mprotect(a + 2 * U, 2 * U, PROT_READ | PROT_GROWSDOWN), EINVAL);
    CHECK(!mprotect(a, 0, 0x40000000));                              /* nothing to do comes before what to do */
    ERR(mprotect(a, (size_t)-U, 0x40000000), ENOMEM);
    ERR(mprotect(a, U, 0x40000000), EINVAL);
    ERR(madvise(a, (size_t)-U, MADV_DONTNEED), EINVAL);
    ERR(madvise(a, (size_t)-1, MADV_NORMAL), EINVAL);
    ERR(madvise(a, 4 * U, MADV_NORMAL), ENOMEM);
    ERR(mlock(a, (size_t)-U), EINVAL);
    ERR(mmap(NULL, U, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0), EINVAL);
    munmap(a, 4 * U);
}

static long number_in(const char *path)
{
    char text[64] = "-1";
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && read(fd, text, sizeof text - 1) < 0) text[0] = 0;
    close(fd);
    return atol(text);
}

static int lines_of_maps(void)
{
    static char buf[65536];
    int fd = open("/proc/self/maps", O_RDONLY), lines = 0;
    for (ssize_t n; (n = read(fd, buf, sizeof buf)) > 0; ) for (ssize_t i = 0; i < n; i++) lines += buf[i] == '\n';
    close(fd);
    return lines;
}

static void many(void)
{
    long most = number_in("/proc/sys/vm/max_map_count"), n = 0;
    static char *at[70000];
    if (most < 0 || most > 69000 || sizeof(long) < 8) return;
    for (; n < most + 10; n++) {                                    /* differ in what only the program sees */
        at[n] = mmap(NULL, U, n & 1 ? PROT_READ : PROT_READ | PROT_EXEC, ANON | MAP_NORESERVE, -1, 0);
        if (at[n] == MAP_FAILED) break;
    }
    CHECK(errno == ENOMEM && n > most - 3000 && n <= most);
    int lines = lines_of_maps();
    CHECK(lines > most - 3000 && lines <= most + 2);
    CHECK(!munmap(at[5], U) && !munmap(at[9], U) && mmap(at[5], U, RW, ANON | MAP_FIXED, -1, 0) == at[5]);
}

static void locked(void)
{
    struct rlimit lim;
    getrlimit(RLIMIT_MEMLOCK, &lim);
    lim.rlim_cur = 6 << 20;
    if (setrlimit(RLIMIT_MEMLOCK, &lim) || setuid(65534)) return;   /* without CAP_IPC_LOCK */
    ERR(mlockall(0), EINVAL);
    ERR(mlockall(MCL_ONFAULT), EINVAL);
    ERR(mlockall(64), EINVAL);
    CHECK(!mlockall(MCL_FUTURE));
    char *m = map(2, RW);
    unsigned char in[32] = { 0 };
    CHECK(m != MAP_FAILED && !mincore(m, 2 * U, in) && in[0] & 1 && in[31] & 1);
    CHECK(mmap(NULL, 128 << 20, RW, ANON, -1, 0) == MAP_FAILED && errno == EAGAIN);
    CHECK(!munlockall() && mmap(NULL, 128 << 20, RW, ANON, -1, 0) != MAP_FAILED);
    CHECK(mlockall(MCL_CURRENT) == -1 && errno == ENOMEM);          /* more than the limit by now */
    lim.rlim_cur = 0;
    setrlimit(RLIMIT_MEMLOCK, &lim);
    ERR(mlockall(MCL_CURRENT), EPERM);
}

static void locked_now(void)
{
    char *m = map(2, RW);
    unsigned char in[32] = { 0 };
    if (!mlockall(MCL_CURRENT)) CHECK(!mincore(m, 2 * U, in) && in[0] & 1 && in[31] & 1 && !munlockall());
}

static void sealed(void)
{
    char *m = map(6, RW), *to = map(1, RW);
    m[0] = m[U] = 7;
    if (syscall(NR_MSEAL, m + U, U, 0) == -1 && errno == ENOSYS) return;
    ERR(syscall(NR_MSEAL, m, U, 1), EINVAL);
    ERR(syscall(NR_MSEAL, m + 1, U, 0), EINVAL);
    CHECK(!syscall(NR_MSEAL, m, 0, 0));
    ERR(munmap(m + U, U), EPERM);
    ERR(munmap(m, 6 * U), EPERM);
    CHECK(m[0] == 7);
    ERR(mprotect(m + U, U, PROT_READ), EPERM);
    ERR(mmap(m + U, U, RW, ANON | MAP_FIXED, -1, 0), EPERM);
    ERR(mremap(m + U, U, 2 * U, MREMAP_MAYMOVE), EPERM);
    ERR(mremap(to, U, U, MREMAP_MAYMOVE | MREMAP_FIXED, m + U), EPERM);
    CHECK(!madvise(m + U, U, MADV_DONTNEED) && m[U] == 0);          /* writable: no secret */
    CHECK(!mprotect(m + 3 * U, U, PROT_READ) && !syscall(NR_MSEAL, m + 3 * U, U, 0));
    ERR(madvise(m + 3 * U, U, MADV_DONTNEED), EPERM);
    CHECK(!madvise(m + 3 * U, U, MADV_RANDOM) && !munmap(m + 4 * U, 2 * U) && !munmap(m, U));
    ERR(syscall(NR_MSEAL, m, 2 * U, 0), ENOMEM);
}

static void denied(void)
{
    if (prctl(SET_MDWE, 0, 0, 0, 0) == -1 && prctl(GET_MDWE, 0, 0, 0, 0) == -1) return;
    char *before = map(1, RW | PROT_EXEC), *x = map(1, PROT_READ | PROT_EXEC);
    ERR(prctl(SET_MDWE, 4, 0, 0, 0), EINVAL);
    ERR(prctl(SET_MDWE, 2, 0, 0, 0), EINVAL);
    ERR(prctl(SET_MDWE, 1, 1, 0, 0), EINVAL);
    ERR(prctl(GET_MDWE, 1, 0, 0, 0), EINVAL);
    CHECK(!prctl(SET_MDWE, 1, 0, 0, 0) && prctl(GET_MDWE, 0, 0, 0, 0) == 1 && !prctl(SET_MDWE, 1, 0, 0, 0));
    ERR(prctl(SET_MDWE, 0, 0, 0, 0), EPERM);
    ERR(mmap(NULL, U, RW | PROT_EXEC, ANON, -1, 0), EACCES);
    char *m = map(1, RW);
    ERR(mprotect(m, U, PROT_READ | PROT_EXEC), EACCES);
    CHECK(!mprotect(x, U, PROT_READ | PROT_EXEC) && before != MAP_FAILED);
    CHECK(map(1, PROT_READ | PROT_EXEC) != MAP_FAILED);
    int status;
    pid_t pid = fork();
    if (!pid) execl("/proc/self/exe", "os_ranges", "denied", (char *)NULL);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);          /* execs keep it */
}

static void pieces(void)
{
    int id = shmget(IPC_PRIVATE, 4 * U, 0600);
    char *a = shmat(id, NULL, 0), *b = shmat(id, NULL, 0);
    struct shmid_ds ds;
    CHECK(!munmap(a, U) && !munmap(a + 2 * U, U) && mmap(a + 2 * U, U, RW, ANON | MAP_FIXED, -1, 0) == a + 2 * U);
    a[2 * U] = 5;
    b[U] = 6;
    ERR(shmdt(a + U), EINVAL);
    ERR(shmdt(a + 1), EINVAL);
    CHECK(!shmctl(id, IPC_STAT, &ds) && ds.shm_nattch >= 2);
    CHECK(!shmdt(a) && a[2 * U] == 5);                              /* what is not of the segment stays */
    CHECK(!shmctl(id, IPC_STAT, &ds) && ds.shm_nattch == 1);
    ERR(shmdt(a), EINVAL);
    shmctl(id, IPC_RMID, NULL);
    CHECK(b[U] == 6 && !shmdt(b));
}

static void order(void)
{
    FILE *f = tmpfile();
    int fd = fileno(f);
    for (int i = 0; i < 4; i++) CHECK(pwrite(fd, &(char){ (char)('0' + i) }, 1, (off_t)i * U) == 1);
    CHECK(!ftruncate(fd, 4 * U));
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *m = mmap(NULL, 4 * U, RW, MAP_SHARED, fd, 0), *p = map(2, RW);
    CHECK(!remap_file_pages(m, U, 0, 3 * U / page, 0) && m[0] == '3' && m[U] == '1');
    CHECK(!remap_file_pages(m + 3 * U, U, 0, 0, 0) && m[3 * U] == '0');
    m[0] = 'x';
    CHECK(pread(fd, p, 1, 3 * U) == 1 && p[0] == 'x');
    ERR(remap_file_pages(m, U, PROT_READ, 0, 0), EINVAL);
    ERR(remap_file_pages(p, U, 0, 0, 0), EINVAL);
    ERR(remap_file_pages(m, 0, 0, 0, 0), EINVAL);
    ERR(remap_file_pages(m + 3 * U, 2 * U, 0, 0, 0), EINVAL);
    ERR(remap_file_pages(m, U, 0, (size_t)-1, 0), EINVAL);
    fclose(f);
}

static int is_exec(const void *at)
{
    char line[512], prot[5];
    unsigned long a, b;
    int found = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && !found && fgets(line, sizeof line, f))
        found = sscanf(line, "%lx-%lx %4s", &a, &b, prot) == 3 && (unsigned long)at >= a && (unsigned long)at < b;
    if (f) fclose(f);
    return found && prot[2] == 'x';
}

/* Huge pages of a memory file: whole ones, at their alignment; without reservation none has to exist. */
static void huge(void)
{
    enum { H = 2 << 20 };
    struct stat st;
    int fd = memfd_create("huge", 4 /* MFD_HUGETLB */);
    if (fd < 0 || fstat(fd, &st) || st.st_blksize != H || ftruncate(fd, 4 * H)) return;
    char *m = mmap(NULL, U, RW, MAP_SHARED | MAP_NORESERVE, fd, 0);
    char *n = mmap(NULL, U, RW, MAP_SHARED | MAP_NORESERVE, fd, H);
    if (m == MAP_FAILED) return;
    CHECK(((uintptr_t)m & (H - 1)) == 0 && ((uintptr_t)n & (H - 1)) == 0 && n != m);
    ERR(mmap(NULL, U, RW, MAP_SHARED | MAP_NORESERVE, fd, U), EINVAL);
    ERR(mmap(m + U, U, RW, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, 0), EINVAL);
    ERR(munmap(m, U), EINVAL);
    ERR(mprotect(m, U, PROT_READ), EINVAL);
    CHECK(mmap(m + H - U, U, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);     /* all of it is taken */
    CHECK(!mprotect(m, H, PROT_READ) && !munmap(m, H) && !munmap(n, H));
    m = mmap(NULL, U, RW, ANON | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
    if (m != MAP_FAILED) CHECK(((uintptr_t)m & (H - 1)) == 0 && munmap(m, U) == -1 && !munmap(m, H));
    close(fd);
}

static int put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY), bad = write(fd, text, strlen(text)) < 0;
    close(fd);
    return bad;
}

/* A file system that is mounted noexec, and READ_IMPLIES_EXEC, which spares it. */
static void no_exec(void)
{
    char dir[] = "/tmp/ranges.XXXXXX";
    if (!mkdtemp(dir)) return;
    char uid[32], gid[32];
    snprintf(uid, sizeof uid, "0 %d 1", (int)getuid());
    snprintf(gid, sizeof gid, "0 %d 1", (int)getgid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) || put("/proc/self/setgroups", "deny") ||
        put("/proc/self/uid_map", uid) || put("/proc/self/gid_map", gid) ||
        mount("none", dir, "tmpfs", MS_NOEXEC, NULL)) {
        rmdir(dir);
        return;
    }
    int fd = open(dir, O_TMPFILE | O_RDWR, 0600);
    CHECK(fd >= 0 && !ftruncate(fd, U));
    ERR(mmap(NULL, U, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), EPERM);
    char *m = mmap(NULL, U, PROT_READ, MAP_PRIVATE, fd, 0), *a;
    CHECK(m != MAP_FAILED && !mprotect(m, U, RW));
    ERR(mprotect(m, U, PROT_READ | PROT_EXEC), EACCES);
    personality(READ_IMPLIES_EXEC);
    a = map(1, PROT_READ);
    char *n = mmap(NULL, U, PROT_READ, MAP_PRIVATE, fd, 0), *w = map(1, PROT_WRITE);
    CHECK(is_exec(a) && !is_exec(n));
    CHECK(!mprotect(a, U, RW) && is_exec(a) && !mprotect(w, U, PROT_READ) && is_exec(w));
    CHECK(!mprotect(a, U, PROT_NONE) && !is_exec(a) && !mprotect(m, U, PROT_READ) && !is_exec(m));
    personality(0);
    CHECK(!is_exec(map(1, PROT_READ)));
    umount2(dir, MNT_DETACH);
    rmdir(dir);
}

/* A buffer that is one piece: the kernel lets go of it whole. */
static void ring(void)
{
    struct perf_event_attr e = { .type = PERF_TYPE_SOFTWARE, .size = sizeof e, .config = PERF_COUNT_SW_DUMMY };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    e.exclude_kernel = 1;
    int fd = syscall(SYS_perf_event_open, &e, 0, -1, -1, 0);
    if (fd < 0) return;
    char *m = mmap(NULL, 3 * page, RW, MAP_SHARED, fd, 0);
    if (m != MAP_FAILED) {
        long cut = munmap(m + page, page);
        CHECK(mremap(m, 3 * page, 5 * page, MREMAP_MAYMOVE) == MAP_FAILED);
        if (cut) CHECK(mremap(m, 3 * page, page, 0) == MAP_FAILED && *(volatile unsigned *)m + 1);
    }
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1) return mmap(NULL, U, RW | PROT_EXEC, ANON, -1, 0) != MAP_FAILED;
    order_of_errors();
    CHECK(in_child(many) == 0);
    CHECK(in_child(locked) == 0);
    CHECK(in_child(locked_now) == 0);
    CHECK(in_child(sealed) == 0);
    CHECK(in_child(denied) == 0);
    CHECK(in_child(no_exec) == 0);
    huge();
    pieces();
    order();
    ring();
    return CHECK_END();
}
