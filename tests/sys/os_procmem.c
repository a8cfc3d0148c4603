/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc about memory, one's own and that of a child which runs the same program: addresses are the program's.
 * An emulator of larger pages may copy pieces of files: then they have no name, which is not what is tested here. */
#define _FILE_OFFSET_BITS 64
#include "os_check.h"
#include <elf.h>
#include <limits.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

enum { PAGES = 4 };
static char text[1 << 18] __attribute__((aligned(16)));
static volatile int marker = 0x1234;
static long page;

static const char *slurp(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t n, len = 0;
    while ((n = read(fd, text + len, sizeof text - 1 - len)) > 0) len += n;
    close(fd);
    text[len] = 0;
    return text;
}

static unsigned long long field(const char *stat, int n)
{
    const char *p = strrchr(stat, ')') + 2;
    for (int i = 3; i < n; i++) p = strchr(p, ' ') + 1;
    return strtoull(p, NULL, 10);
}

extern char __ehdr_start[], etext[], edata[], end[], **environ;
static void check_stat(char **argv)
{
    int local;
    void *brk = sbrk(0);
    slurp("/proc/self/stat");
    uintptr_t code = field(text, 26), code_end = field(text, 27), stack = field(text, 28), data = field(text, 45);
    CHECK(code <= (uintptr_t)check_stat && (uintptr_t)check_stat < code_end && code_end <= (uintptr_t)end);
    CHECK(stack > (uintptr_t)&local && stack <= (uintptr_t)argv && stack + 4 * sizeof(long) > (uintptr_t)argv - 1);
    CHECK(field(text, 29) == 0 && field(text, 30) == 0);            /* kstkesp, kstkeip: only of tasks that exit */
    CHECK(data >= code && data <= (uintptr_t)&marker);
    CHECK(field(text, 46) > (uintptr_t)&marker && field(text, 46) <= (uintptr_t)end);
    CHECK(field(text, 47) && field(text, 47) <= (uintptr_t)brk);
    CHECK(field(text, 48) == (uintptr_t)argv[0] && field(text, 50) == (uintptr_t)environ[0]);
    CHECK(field(text, 49) > field(text, 48) && field(text, 49) <= field(text, 50) && field(text, 51) > field(text, 50));
    CHECK(field(text, 34) == 0 && field(text, 33) == 0);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGTERM, (void (*)(int))check_stat);
    slurp("/proc/self/stat");
    CHECK(field(text, 33) == 1u << (SIGUSR1 - 1) && field(text, 34) == 1u << (SIGTERM - 1));
    signal(SIGUSR1, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

static void check_auxv(void)
{
    static unsigned long by_call[200];
    long n = prctl(0x41555856 /* PR_GET_AUXV */, by_call, sizeof by_call, 0, 0), phdr = 0;
    CHECK(n > 0);
    for (int i = 0; n > 0 && i < 198 && by_call[i]; i += 2) {
        if (by_call[i] == AT_PHDR) phdr |= by_call[i + 1] == getauxval(AT_PHDR);
        if (by_call[i] == AT_RANDOM) phdr |= 2 * (by_call[i + 1] == getauxval(AT_RANDOM));
    }
    CHECK(phdr == 3);
    slurp("/proc/self/auxv");
    CHECK(!memcmp(text, by_call, 16 * sizeof(long)));
    unsigned long two[3] = { 0, 0, 77 };
    CHECK(prctl(0x41555856, two, 2 * sizeof(long), 0, 0) == n);
    CHECK(!memcmp(two, by_call, 2 * sizeof(long)) && two[2] == 77);
    CHECK(prctl(0x41555856, two, 2 * sizeof(long), 1, 0) == -1 && errno == EINVAL);
    CHECK(prctl(0x41555856, (void *)8, 8, 0, 0) == -1 && errno == EFAULT);
}

/* --- mem */

/* A function that returns n. */
static size_t returns(unsigned n, uint32_t code[2])
{
#ifdef __x86_64__
    code[0] = 0x0000b8 | n << 8;
    code[1] = 0xc300;
#elif defined __aarch64__
    code[0] = 0x52800000 | n << 5;
    code[1] = 0xd65f03c0;
#elif defined __riscv
    code[0] = 0x00000513 | n << 20;
    code[1] = 0x00008067;
#else
    code[0] = 0x38600000 | n;
    code[1] = 0x4e800020;
#endif
    return 8;
}

static void check_mem(void)
{
    int fd = open("/proc/self/mem", O_RDWR), v = 0, w = 0x5678;
    CHECK(fd >= 0);
    CHECK(pread(fd, &v, sizeof v, (off_t)(uintptr_t)&marker) == sizeof v && v == 0x1234);
    CHECK(pwrite(fd, &w, sizeof w, (off_t)(uintptr_t)&marker) == sizeof w && marker == 0x5678);
    marker = 0x1234;
    char *p = mmap(NULL, PAGES * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(p + 2 * page, page);
    CHECK(pwrite(fd, "forced", 6, (off_t)(uintptr_t)p) == 6 && !strcmp(p, "forced"));   /* read-only for us only */
    mprotect(p, page, PROT_NONE);
    CHECK(pread(fd, text, 6, (off_t)(uintptr_t)p) == 6 && !memcmp(text, "forced", 6));
    CHECK(pread(fd, text, 3 * page, (off_t)(uintptr_t)p) == 2 * page);
    CHECK(pread(fd, text, 8, (off_t)(uintptr_t)(p + 2 * page)) == -1 && errno == EIO);
    CHECK(lseek(fd, (off_t)(uintptr_t)p, SEEK_SET) == (off_t)(uintptr_t)p);
    CHECK(read(fd, text, 3) == 3 && read(fd, text, 3) == 3 && !memcmp(text, "ced", 3));
    CHECK(lseek(fd, 0, SEEK_CUR) == (off_t)(uintptr_t)p + 6);
    munmap(p, PAGES * page);
    close(fd);
}

/* A write to code takes effect, once the caches that the ISA has have heard of it. */
static void check_mem_code(void)
{
    int fd = open("/proc/self/mem", O_RDWR), (*volatile f)(void), sum = 0;
    char *p = mmap(NULL, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t code[2];
    memcpy((void *)&f, &(void *){ p }, sizeof f);
    for (unsigned n = 7; n < 12; n++) {
        size_t len = returns(n, code);
        CHECK(pwrite(fd, code, len, (off_t)(uintptr_t)p) == (ssize_t)len);
        __builtin___clear_cache(p, p + len);
        for (int i = 0; i < 1000; i++) sum += f();
        CHECK(sum == 1000 * (int)n);
        sum = 0;
        if (n == 8) mprotect(p, page, PROT_READ | PROT_EXEC);
    }
    munmap(p, page);
    close(fd);
}

/* --- maps and its relatives */

typedef struct Query {
    uint64_t size, flags, addr, start, end, vflags, page, off, ino;
    uint32_t major, minor, name_size, build_size;
    uint64_t name, build;
} Query;
#define QUERY _IOWR('f', 17, Query)

static void check_query(void)
{
    char name[PATH_MAX] = "", exe[PATH_MAX] = "";
    int fd = open("/proc/self/maps", O_RDONLY), file = open("/proc/self/stat", O_RDONLY), local;
    char *p = mmap(NULL, PAGES * page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mprotect(p + page, page, PROT_READ | PROT_WRITE);
    munmap(p + 2 * page, page);
    Query q = { .size = sizeof q, .addr = (uintptr_t)p + page + 5 };
    if (ioctl(fd, QUERY, &q) == -1 && errno == ENOTTY) return;      /* a kernel before 6.11 */
    CHECK(q.start == (uintptr_t)p + page && q.end == q.start + page);
    CHECK(q.page == (uint64_t)page && q.vflags == (1 | 2 | 8));
    q = (Query){ .size = sizeof q, .addr = (uintptr_t)p + 2 * page };
    CHECK(ioctl(fd, QUERY, &q) == -1 && errno == ENOENT);
    q.flags = 0x10;
    CHECK(ioctl(fd, QUERY, &q) == 0 && q.start == (uintptr_t)p + 3 * page);
    q = (Query){ .size = sizeof q, .flags = 0x10 | 2, .addr = (uintptr_t)p };
    CHECK(ioctl(fd, QUERY, &q) == 0 && q.start == (uintptr_t)p + page);
    readlink("/proc/self/exe", exe, sizeof exe - 1);
    q = (Query){ .size = sizeof q, .flags = 4, .addr = (uintptr_t)check_query };
    q.name = (uintptr_t)name;
    q.name_size = sizeof name;
    if (strstr(slurp("/proc/self/maps"), exe)) {
        CHECK(ioctl(fd, QUERY, &q) == 0 && !strcmp(name, exe) && q.ino && q.name_size == strlen(exe) + 1);
        q.name_size = 3;
        CHECK(ioctl(fd, QUERY, &q) == -1 && errno == ENAMETOOLONG);
    }
    q = (Query){ .size = sizeof q, .addr = (uintptr_t)&local, .name = (uintptr_t)name, .name_size = sizeof name };
    CHECK(ioctl(fd, QUERY, &q) == 0 && !strcmp(name, "[stack]"));
    q.size = 16;
    CHECK(ioctl(fd, QUERY, &q) == -1 && errno == EINVAL);
    q = (Query){ .size = sizeof q, .flags = 0x40 };
    CHECK(ioctl(fd, QUERY, &q) == -1 && errno == EINVAL);
    CHECK(ioctl(file, QUERY, &q) == -1 && errno == ENOTTY);
    CHECK(ioctl(fd, QUERY, (void *)8) == -1 && errno == EFAULT);
    munmap(p, PAGES * page);
    close(fd);
    close(file);
}

/* The kB of a key in the block that starts at an address; -1: no such block. */
static long kb_of(const char *smaps, const void *start, const char *key)
{
    char head[32];
    snprintf(head, sizeof head, "%08lx-", (unsigned long)start);
    const char *b = strstr(smaps, head), *k = b ? strstr(b, key) : NULL;
    return k ? atol(k + strlen(key)) : -1;
}

static void check_smaps(void)
{
    char *p = mmap(NULL, 64 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(p + 63 * page, page);
    mprotect(p + 32 * page, 31 * page, PROT_READ | PROT_WRITE | PROT_EXEC);     /* for the host one */
    for (int i = 0; i < 10; i++) p[i * page] = 1;
    for (int i = 0; i < 7; i++) p[(33 + i) * page] = 1;
    slurp("/proc/self/smaps");
    long kb = page / 1024;
    CHECK(kb_of(text, p, "Size:") == 32 * kb && kb_of(text, p + 32 * page, "Size:") == 31 * kb);
    CHECK(kb_of(text, p, "KernelPageSize:") == kb);
    CHECK(kb_of(text, p, "Rss:") == 10 * kb && kb_of(text, p, "Anonymous:") == 10 * kb);
    CHECK(kb_of(text, p + 32 * page, "Rss:") == 7 * kb && kb_of(text, p + 32 * page, "Private_Dirty:") == 7 * kb);
    char *flags = strstr(strstr(text, "[stack]"), "VmFlags:");
    CHECK(flags && strstr(flags, "rd wr "));
    CHECK(!strstr(text, "qemu-"));
    slurp("/proc/self/smaps_rollup");
    CHECK(strstr(text, "[rollup]") && atol(strstr(text, "\nRss:") + 5) >= 17 * kb && !strstr(text, "VmFlags"));
    int fd = open("/proc/self/pagemap", O_RDONLY);
    uint64_t e[64];
    CHECK(pread(fd, e, sizeof e, (off_t)((uintptr_t)p / page * 8)) == sizeof e);
    for (int i = 0; i < 64; i++) CHECK(e[i] >> 63 == (i < 10 || (i > 32 && i < 40)));
    CHECK(pread(fd, e, 5, 0) == -1 && errno == EINVAL);
    close(fd);
    munmap(p, 64 * page);
}

/* --- another process: the same program, started anew */

typedef struct Facts { uintptr_t marker, code, random; } Facts;

static void child(int in, int out)
{
    Facts f = { (uintptr_t)&marker, field(slurp("/proc/self/stat"), 26), getauxval(AT_RANDOM) };
    char c;
    sigset_t s;
    marker = 0x4321;
    signal(SIGTERM, (void (*)(int))child);
    sigemptyset(&s);
    sigaddset(&s, SIGUSR2);
    sigprocmask(SIG_BLOCK, &s, NULL);
    write(out, &f, sizeof f);
    read(in, &c, 1);
    _exit(marker == 0x8765 ? 0 : 1);
}

static void check_other(const char *self)
{
    char path[64], a[16], b[16], exe[PATH_MAX] = "";
    int up[2], down[2], st, v = 0, w = 0x8765;
    Facts f = { 0 };
    CHECK(pipe(up) == 0 && pipe(down) == 0);
    snprintf(a, sizeof a, "%d", down[0]);
    snprintf(b, sizeof b, "%d", up[1]);
    pid_t pid = fork();
    if (!pid) {
        setenv("OF_THE_CHILD", "yes", 1);
        execl(self, self, a, b, NULL);
        _exit(9);
    }
    CHECK(read(up[0], &f, sizeof f) == sizeof f);
    readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (!strstr(slurp("/proc/self/maps"), exe)) *exe = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    slurp(path);
    CHECK(strstr(text, exe) && strstr(text, "[stack]") && !strstr(text, "qemu-"));
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    slurp(path);
    CHECK(strstr(text, exe) && strstr(text, "[stack]") && !strstr(text, "qemu-"));
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int fd = open(path, O_RDWR);
    CHECK(pread(fd, &v, sizeof v, (off_t)f.marker) == sizeof v && v == 0x4321);
    CHECK(pwrite(fd, &w, sizeof w, (off_t)f.marker) == sizeof w);
    CHECK(pread(fd, &v, 4, 8) == -1 && errno == EIO);
    close(fd);
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    CHECK(field(slurp(path), 26) == f.code && field(text, 34) == 1u << (SIGTERM - 1));
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    slurp(path);
    CHECK(strstr(text, "SigBlk:\t0000000000000800") && strstr(text, "SigCgt:\t0000000000004000"));
    CHECK(strstr(text, "Threads:\t1\n"));
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    slurp(path);
    CHECK(memmem(text, sizeof text, "OF_THE_CHILD=yes", 17));
    snprintf(path, sizeof path, "/proc/%d/auxv", (int)pid);
    slurp(path);
    for (unsigned long *x = (void *)text; *x; x += 2) if (*x == AT_RANDOM) CHECK(x[1] == f.random);
    CHECK(write(down[1], "x", 1) == 1 && waitpid(pid, &st, 0) == pid && st == 0);
}

int main(int argc, char **argv)
{
    if (argc > 2) child(atoi(argv[1]), atoi(argv[2]));
    page = sysconf(_SC_PAGESIZE);
    check_stat(argv);
    check_auxv();
    check_mem();
    check_mem_code();
    check_query();
    check_smaps();
    check_other(argv[0]);
    return CHECK_END();
}
