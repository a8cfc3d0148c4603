/* SPDX-License-Identifier: Apache-2.0 */
/* mmap and friends to the errno, brk. */
#include "os_check.h"
#include <sys/shm.h>

static long page;
#define ERR(call, e) CHECK((long)(call) == -1 && errno == (e))

static void mmap_errors(void)
{
    ERR(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    ERR(mmap((void *)1, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
    ERR(mmap(NULL, page, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
    ERR(mmap(NULL, page, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    ERR(mmap(NULL, (size_t)-page * 2, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    char *m = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(m != MAP_FAILED);
    ERR(mmap(m + page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
    ERR(munmap(m + 1, page), EINVAL);
    ERR(munmap(m, 0), EINVAL);
    CHECK(!munmap(m + page, page) && !munmap(m + page, page));
    /* a free hint is honoured */
    CHECK(mmap(m + page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == m + page);
    munmap(m + page, page);
    ERR(mprotect(m, 3 * page, PROT_READ), ENOMEM);
    ERR(mprotect(m + 1, page, PROT_READ), EINVAL);
    ERR(madvise(m, 3 * page, MADV_DONTNEED), ENOMEM);
    ERR(madvise(m, page, 12345), EINVAL);
    ERR(msync(m, 3 * page, MS_SYNC), ENOMEM);
    ERR(msync(m, page, MS_SYNC | MS_ASYNC), EINVAL);
    ERR(mlock(m, 3 * page), ENOMEM);
    unsigned char v[4];
    ERR(mincore(m, 3 * page, v), ENOMEM);
    CHECK(!mprotect(m + 2 * page, page, PROT_READ));
    CHECK(!mprotect(m, page, PROT_READ | PROT_WRITE));
    m[0] = 7;
    m = mremap(m, page, 3 * page, MREMAP_MAYMOVE);
    CHECK(m != MAP_FAILED && m[0] == 7 && m[2 * page] == 0);
    ERR(mremap(m + 1, page, page, 0), EINVAL);
    ERR(mremap(m, page, -page, MREMAP_MAYMOVE), EINVAL);        /* since Linux 6.17 */
    ERR(mremap(m, page, 0, 0), EINVAL);
    ERR(mremap(m, page, page, MREMAP_FIXED, m), EINVAL);
    char *hole = mmap(NULL, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(hole, page);
    ERR(mremap(hole, page, 2 * page, MREMAP_MAYMOVE), EFAULT);
    ERR(mremap(m, 4096 * page, 4097 * page, MREMAP_MAYMOVE), EFAULT);
    char *to = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mremap(m, 3 * page, 3 * page, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to && to[0] == 7);
    CHECK(mremap(to, 3 * page, page, 0) == to);
}

static void brk_rules(void)
{
    char *b = sbrk(0);
    CHECK(sbrk(3 * page + 5) == b);
    b[3 * page] = 9;
    CHECK(sbrk(-(3 * page + 5)) == b + 3 * page + 5 && sbrk(0) == b);
    CHECK(syscall(SYS_brk, (char *)8) == (long)b);
}

static void reservation(void)
{
    if (sizeof(long) < 8) return;
    size_t big = (size_t)1 << (sizeof(long) * 5);                   /* 1 TiB */
    char *m = mmap(NULL, big, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(m != MAP_FAILED);
    CHECK(!mprotect(m + big / 2, page, PROT_READ | PROT_WRITE));
    m[big / 2] = 1;
    CHECK(!munmap(m, big));
}

static void shm(void)
{
    int id = shmget(IPC_PRIVATE, 3 * page, IPC_CREAT | 0600);
    if (id < 0) return;
    char *a = shmat(id, NULL, 0), *b = shmat(id, NULL, SHM_RDONLY);
    CHECK(a != (char *)-1 && b != (char *)-1);
    a[page] = 42;
    CHECK(b[page] == 42);
    ERR(shmat(id, a + 1, 0), EINVAL);
    CHECK(!shmdt(b) && !shmdt(a));
    ERR(shmdt(a), EINVAL);
    shmctl(id, IPC_RMID, NULL);
}

static void maps(void)
{
    char line[512];
    int stack = 0, here = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && fgets(line, sizeof line, f)) {
        unsigned long a, b;
        CHECK(sscanf(line, "%lx-%lx", &a, &b) == 2 && a < b);
        if ((unsigned long)line >= a && (unsigned long)line < b) stack = strstr(line, "[stack]") != NULL;
        if ((unsigned long)maps >= a && (unsigned long)maps < b) here = strstr(line, "r-xp") != NULL;
    }
    if (f) fclose(f);
    CHECK(stack && here);
}

static int deep(int n) { volatile char big[4096]; big[0] = (char)n; return n ? deep(n - 1) + big[0] : 0; }

/* RISC-V says how many bits an address has: what is mapped fits. */
static void mmu_holds_addresses(void)
{
    char line[512];
    int bits = 0;
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f)) if (sscanf(line, "mmu : sv%d", &bits) == 1) break;
    if (f) fclose(f);
    void *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bits > 32)
        CHECK((uintptr_t)line >> (bits - 1) == 0 && (uintptr_t)p >> (bits - 1) == 0 &&
            (uintptr_t)mmu_holds_addresses >> (bits - 1) == 0);
    munmap(p, 4096);
}

int main(void)
{
    page = sysconf(_SC_PAGESIZE);
    mmap_errors(); brk_rules(); reservation(); shm(); maps();
    mmu_holds_addresses();
    deep(1500);
    return CHECK_END();
}
