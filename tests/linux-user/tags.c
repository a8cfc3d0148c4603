/* SPDX-License-Identifier: Apache-2.0 */
/* AArch64: addresses with a tag in the top byte. The CPU ignores it always, calls take it by rule:
 * Documentation/arch/arm64/ tagged-pointers.rst and tagged-address-abi.rst of Linux. */
#include "../sys/os_check.h"
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <linux/futex.h>

#define TAG(p) ((void *)((uintptr_t)(p) | (uintptr_t)0xa5 << 56))
#define GET PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0
#define SET(v) PR_SET_TAGGED_ADDR_CTRL, (v), 0, 0, 0
#define ERR(call, e) CHECK((long)(call) == -1 && errno == (e))

static unsigned char area[256] __attribute__((aligned(64)));
static int five(void) { return 5; }

/* Every kind of access, the first through a tagged pointer in its process and the thousandth. */
typedef void Access(uintptr_t a);
#define ASM __asm__ volatile
#define ACCESS(name, code) static void name(uintptr_t a) { code; }
ACCESS(load1, *(volatile unsigned char *)a)
ACCESS(load2, *(volatile short *)a)
ACCESS(load4, *(volatile int *)a)
ACCESS(load8, *(volatile long *)a)
ACCESS(store1, *(volatile char *)a = 1)
ACCESS(store2, *(volatile short *)a = 1)
ACCESS(store4, *(volatile int *)a = 1)
ACCESS(store8, *(volatile long *)a = 1)
ACCESS(load_float, *(volatile float *)a)
ACCESS(store_double, *(volatile double *)a = 1)
ACCESS(pair, ASM("stp x0, x1, [%0]\n ldp x2, x3, [%0, 16]" :: "r"(a) : "x2", "x3", "memory"))
ACCESS(pre_index, ASM("mov x1, %0\n str x0, [x1, 8]!\n ldr w2, [x1], -8" :: "r"(a) : "x1", "x2", "memory"))
ACCESS(register_offset, ASM("mov x1, 8\n ldr x2, [%0, x1]\n strb w2, [%0, x1]" :: "r"(a) : "x1", "x2", "memory"))
ACCESS(by_sp, ASM("mov x1, sp\n mov sp, %0\n str x0, [sp]\n ldr x2, [sp]\n mov sp, x1" :: "r"(a)
    : "x1", "x2", "memory"))
ACCESS(vectors, ASM("st1 {v0.16b}, [%0]\n ld4 {v0.4s-v3.4s}, [%0]\n ld1 {v4.b}[3], [%0]\n ld1r {v5.2d}, [%0]" ::
    "r"(a) : "v0", "v1", "v2", "v3", "v4", "v5", "memory"))
ACCESS(exclusive, ASM("1: ldxr x0, [%0]\n stxr w1, x0, [%0]\n cbnz w1, 1b" :: "r"(a) : "x0", "x1", "memory"))
ACCESS(exclusive_pair, ASM("1: ldaxp x0, x2, [%0]\n stlxp w1, x0, x2, [%0]\n cbnz w1, 1b" :: "r"(a)
    : "x0", "x1", "x2", "memory"))
ACCESS(atomic, ASM(".arch armv8.1-a\n ldadd x0, x1, [%0]\n swpalb w0, w1, [%0]" :: "r"(a) : "x1", "memory"))
ACCESS(acquire, __atomic_load_n((int *)a, 5))
ACCESS(release, __atomic_store_n((int *)a, 1, 5))
ACCESS(cas, ASM(".arch armv8.1-a\n cas x0, x1, [%0]\n casp x2, x3, x4, x5, [%0]" :: "r"(a)
    : "x0", "x2", "x3", "memory"))
ACCESS(zva, ASM("dc zva, %0" :: "r"(a) : "memory"))
ACCESS(cache, ASM("dc cvau, %0\n ic ivau, %0\n dc civac, %0" :: "r"(a) : "memory"))
ACCESS(copies, memset((void *)a, 0, 64);
    memcpy((void *)(a + 64), (void *)a, 60); memmove((void *)(a + 8), (void *)a, 9))
ACCESS(prefetch, __builtin_prefetch((void *)a))
ACCESS(call, CHECK(((int (*volatile)(void))TAG(five))() == 5))
ACCESS(jump, ASM("adr x0, 1f\n orr x0, x0, 0x7c00000000000000\n br x0\n nop\n 1:" ::: "x0"))
ACCESS(ret, ASM("adr x0, 1f\n orr x0, x0, 0x7f00000000000000\n ret x0\n nop\n 1: adr x1, 1b" ::: "x0", "x1"))
static Access *const kinds[] = {
    load1, load2, load4, load8, store1, store2, store4, store8, load_float, store_double, pair, pre_index,
    register_offset, by_sp, vectors, exclusive, exclusive_pair, atomic, acquire, release, cas, zva, cache, copies,
    prefetch, call, jump, ret,
};

static void accesses(int times)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int status = 0;
        pid_t pid = fork();
        if (!pid) {
            for (int n = 0; n < times; n++) kinds[i]((uintptr_t)TAG(area));
            for (int n = 0; n < times; n++) kinds[i]((uintptr_t)area);
            _exit(check_failures);
        }
        waitpid(pid, &status, 0);
        if (status) printf("FAIL access %zu, %d times: status %x\n", i, times, status);
        check_failures += status != 0;
    }
    *(volatile int *)TAG(area) = 77;
    CHECK(*(volatile int *)area == 77);
}

static sigjmp_buf env;
static uintptr_t got, context;
static void on_fault(int sig, siginfo_t *info, void *uc)
{
    got = (uintptr_t)info->si_addr;
    context = ((ucontext_t *)uc)->uc_mcontext.fault_address;
    siglongjmp(env, 1);
}
#define FAULTS(e) (!sigsetjmp(env, 1) ? ((e), 0) : 1)

static void load_at(void *base, long offset)
{
    ASM("ldr x0, [%0, %1]" :: "r"(base), "r"(offset) : "x0");
}

static void fault_addresses(void)
{
    char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int exposed = 0; exposed < 2; exposed++) {
        struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | (exposed ? 0x800 : 0) };
        sigaction(SIGSEGV, &sa, NULL);
        for (int by = 0; by < 3; by++) {
            uintptr_t want = (uintptr_t)none + 8;
            if (by == 0) CHECK(FAULTS(*(volatile int *)TAG(want)));
            if (by == 1) CHECK(FAULTS(*(volatile char *)TAG(want) = 1));
            if (by == 2) CHECK(FAULTS(load_at(TAG(none), 8)));
            CHECK(got == (exposed ? (uintptr_t)TAG(want) : want) && context == want);
        }
        uintptr_t wild = 0x0012345678901230;                      /* more than 48 bits: what has a page is below */
        CHECK(FAULTS(*(volatile char *)wild = 1) && got == wild);
        CHECK(FAULTS(((void (*)(void))TAG(none))()) && got == (uintptr_t)none);
    }
    signal(SIGSEGV, SIG_DFL);
    munmap(none, 4096);
}

static void ranges_take_tags(void)
{
    unsigned char vec[2];
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *to;
    CHECK(!mprotect(TAG(m), 4096, PROT_READ) && !mprotect(TAG(m), 4096, PROT_READ | PROT_WRITE));
    CHECK(!madvise(TAG(m), 8192, MADV_NORMAL) && !mlock(TAG(m), 4096) && !munlock(TAG(m), 4096));
    CHECK(!msync(TAG(m), 8192, MS_ASYNC) && !mincore(TAG(m), 8192, vec));
    to = mremap(TAG(m), 8192, 8192, MREMAP_MAYMOVE);
    CHECK(to == m || to == TAG(m));                                /* in place: the address as it was given */
    ERR(mmap(TAG(m), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), ENOMEM);
    CHECK((uintptr_t)(to = mmap(TAG(m), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) >> 56 == 0);
    ERR(mremap(m, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, TAG(to)), EINVAL);
    CHECK(!munmap(to, 4096) && !munmap(TAG(m), 8192));
    void *b = sbrk(0);
    CHECK((void *)syscall(SYS_brk, TAG((char *)b + 4096)) == b);
}

static int ends[2];
static void calls_refuse(void)
{
    char buf[8];
    struct iovec v = { TAG(buf), 4 };
    CHECK(write(ends[1], "abcd", 4) == 4);
    ERR(read(ends[0], TAG(buf), 4), EFAULT);
    ERR(readv(ends[0], &v, 1), EFAULT);
    ERR(access(TAG("/"), F_OK), EFAULT);
    CHECK(read(ends[0], buf, 4) == 4);
}

static void calls_accept(void)
{
    char buf[8] = "", name[] = "/";
    struct iovec v[2] = { { TAG(buf), 2 }, { TAG(buf + 2), 2 } };
    struct msghdr m = { .msg_iov = TAG(v), .msg_iovlen = 2 };
    struct pollfd p = { ends[0], POLLIN };
    struct timespec ts = { 0, 1 }, *tp = TAG(&ts);
    struct stat st;
    sigset_t set;
    int word = 5, status = 0;
    CHECK(write(ends[1], TAG("abcd"), 4) == 4 && read(ends[0], TAG(buf), 4) == 4 && !strcmp(buf, "abcd"));
    CHECK(writev(ends[1], TAG(v), 2) == 4 && readv(ends[0], v, 2) == 4);
    CHECK(sendmsg(ends[1], TAG(&m), 0) == 4 && poll(TAG(&p), 1, 1000) == 1 && recvmsg(ends[0], TAG(&m), 0) == 4);
    CHECK(send(ends[1], TAG(buf), 4, 0) == 4 && recv(ends[0], TAG(buf), 8, 0) == 4 && !strcmp(buf, "abcd"));
    CHECK(!access(TAG(name), F_OK) && !stat(TAG(name), TAG(&st)) && S_ISDIR(st.st_mode));
    CHECK(syscall(SYS_newfstatat, AT_FDCWD, TAG(name), TAG(&st), 0) == 0);
    CHECK(!nanosleep(tp, tp) && !clock_gettime(CLOCK_REALTIME, tp) && ts.tv_sec);
    CHECK(!sigprocmask(SIG_BLOCK, NULL, TAG(&set)) && !sigismember(&set, SIGUSR1));
    CHECK(syscall(SYS_futex, TAG(&word), FUTEX_WAIT, 4, NULL) == -1 && errno == EAGAIN);
    CHECK(syscall(SYS_futex, TAG(&word), FUTEX_WAKE, 1) == 0);
    struct sigaction sa = { .sa_handler = SIG_IGN }, old;
    CHECK(!syscall(SYS_rt_sigaction, SIGUSR2, TAG(&sa), TAG(&old), 8));
    CHECK(syscall(SYS_getrandom, TAG(buf), 8, 0) == 8 && syscall(SYS_getcwd, TAG(area), sizeof area) > 0);
    pid_t pid = fork();
    if (!pid) _exit(prctl(GET) == 1 && read(ends[0], TAG(buf), 0) == 0 ? 3 : 4);
    CHECK(waitpid(pid, TAG(&status), 0) == pid && WEXITSTATUS(status) == 3);
    ERR(read(ends[0], (void *)((uintptr_t)buf | 1ull << 55), 4), EFAULT);       /* no tag: the kernel's half */
}

static void *in_thread(void *want) { return (void *)(long)(prctl(GET) == (long)want); }

static void mode(void)
{
    pthread_t t;
    void *ok;
    CHECK(prctl(GET) == 0);
    ERR(prctl(PR_GET_TAGGED_ADDR_CTRL, 1, 0, 0, 0), EINVAL);
    ERR(prctl(SET(2)), EINVAL);
    ERR(prctl(SET(1 | 1ul << 40)), EINVAL);
    ERR(prctl(PR_SET_TAGGED_ADDR_CTRL, 1, 1, 0, 0), EINVAL);
    ERR(prctl(PR_SET_TAGGED_ADDR_CTRL, 1, 0, 0, 1), EINVAL);
    calls_refuse();
    CHECK(!prctl(SET(1)) && prctl(GET) == 1);
    calls_accept();
    ranges_take_tags();
    CHECK(!pthread_create(&t, NULL, in_thread, (void *)1) && !pthread_join(t, &ok) && ok);
    CHECK(!prctl(SET(0)) && prctl(GET) == 0);
    calls_refuse();
}

static void exec_clears(void)
{
    int status;
    pid_t pid = fork();
    if (!pid) {
        prctl(SET(1));
        execl("/proc/self/exe", "tags", "clear", (char *)NULL);
        _exit(9);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) return prctl(GET) != 0;
    CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    accesses(1);
    accesses(2000);
    fault_addresses();
    ranges_take_tags();
    mode();
    exec_clears();
    return CHECK_END();
}
