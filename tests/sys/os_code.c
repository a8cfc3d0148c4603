/* SPDX-License-Identifier: Apache-2.0 */
/* Code that changes under us, by every route; code that is not there, not allowed or no code; and stacks that end. */
#include "os_check.h"
#include "emit.h"
#include <sys/socket.h>
#include <sys/uio.h>

typedef int Fn(void);
static long page;
static sigjmp_buf jump;
static volatile int last_sig, last_code, armed;
static volatile uintptr_t last_addr;

static void flush(void *at)
{
#if defined __powerpc__             /* the compiler's builtin does nothing there */
    __asm__ volatile("dcbst 0,%0; sync; icbi 0,%0; sync; isync" : : "r"(at) : "memory");
#else
    __builtin___clear_cache((char *)at, (char *)at + CODE_BYTES);
#endif
}

static int call(void *at) { return ((Fn *)at)(); }
static int now(void *at, int n) { flush(at); return call(at) == n; }

static char *map(int prot, int flags, int fd) { return mmap(NULL, page, prot, flags, fd, 0); }
static char *anon(int prot) { return map(prot, MAP_PRIVATE | MAP_ANONYMOUS, -1); }
enum { RWX = PROT_READ | PROT_WRITE | PROT_EXEC, RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC };

/* --- routes */
static void stores(void)
{
    char *c = anon(RWX);
    for (int i = 0; i < 300; i++) {
        emit(c + 8 * (i % 3), i);               /* three functions in one page, and data beside them */
        *(volatile int *)(c + page - 8) = i;
        CHECK(now(c + 8 * (i % 3), i));
    }
    for (int i = 0; i < 100; i++) {
        memset(c, 0, (size_t)page);
        emit(c, i);
        CHECK(now(c, i));
    }
    munmap(c, page);
}

static void aliases(void)
{
    int fd = memfd_create("code", 0);
    CHECK(!ftruncate(fd, page));
    char *w = map(RW, MAP_SHARED, fd), *x = map(RX, MAP_SHARED, fd), *y = map(RWX, MAP_SHARED, fd);
    for (int i = 0; i < 60; i++) {
        emit(i & 1 ? w : y, i);
        CHECK(now(x, i) && now(y, i));
    }
    for (int i = 0; i < 40; i++) {              /* an alias that comes later */
        char *z = map(RW, MAP_SHARED, fd);
        emit(z, i + 100);
        CHECK(now(x, i + 100));
        munmap(z, page);
    }
    unsigned two[2];
    for (int i = 0; i < 40; i++) {              /* through the file */
        emit(two, i + 50);
        CHECK(pwrite(fd, two, CODE_BYTES, 0) == CODE_BYTES);
        CHECK(now(x, i + 50));
    }
    CHECK(!ftruncate(fd, 0) && !ftruncate(fd, page));
    emit(w, 7);
    CHECK(now(x, 7) && now(y, 7));
    munmap(w, page); munmap(x, page); munmap(y, page); close(fd);
}

static void kernel_writes(void)
{
    char *c = anon(RWX);
    int p[2], s[2];
    unsigned two[2];
    CHECK(!pipe(p) && !socketpair(AF_UNIX, SOCK_STREAM, 0, s));
    for (int i = 0; i < 100; i++) {
        struct iovec part[2] = { { c, 4 }, { c + 4, 4 } }, from = { two, CODE_BYTES }, whole = { c, CODE_BYTES };
        struct msghdr msg = { .msg_iov = part, .msg_iovlen = 2 };
        emit(two, i);
        switch (i % 5) {
        case 0: CHECK(write(p[1], two, 8) == 8 && read(p[0], c, 8) == 8); break;
        case 1: CHECK(write(p[1], two, 8) == 8 && readv(p[0], part, 2) == 8); break;
        case 2: CHECK(send(s[1], two, 8, 0) == 8 && recv(s[0], c, 8, 0) == 8); break;
        case 3: CHECK(send(s[1], two, 8, 0) == 8 && recvmsg(s[0], &msg, 0) == 8); break;
        case 4: CHECK(process_vm_writev(getpid(), &from, 1, &whole, 1, 0) == 8); break;
        }
        CHECK(now(c, i));
    }
    munmap(c, page); close(p[0]); close(p[1]); close(s[0]); close(s[1]);
}

/* The kernel writes for another process, so it may be us; nothing was flushed, and the page is one that stores open
 * often. */
static void vm_writes(void)
{
    char *c = anon(RWX);
    unsigned two[CODE_BYTES / 4];
    for (int i = 0; i < 200; i++) {
        struct iovec from = { two, CODE_BYTES }, whole = { c, CODE_BYTES };
        emit(c, i);
        CHECK(now(c, i));
        emit(two, i + 1);
        CHECK(process_vm_writev(i & 1 ? gettid() : getpid(), &from, 1, &whole, 1, 0) == CODE_BYTES);
        CHECK(call(c) == i + 1);
    }
    munmap(c, page);
}

static void mappings(void)
{
    char *c = anon(RW), *d = anon(RW), *at;
    for (int i = 0; i < 60; i++) {              /* write, then execute */
        CHECK(!mprotect(c, page, RW));
        emit(c, i);
        CHECK(!mprotect(c, page, RX) && now(c, i));
    }
    for (int i = 0; i < 20; i++) {              /* gone and new at the same place */
        CHECK(!munmap(c, page));
        CHECK(mmap(c, page, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == c);
        emit(c, i);
        CHECK(now(c, i));
        CHECK(mmap(c, page, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == c);
        emit(c, i + 1);
        CHECK(now(c, i + 1));
    }
    for (int i = 0; i < 20; i++) {              /* other code moves over it */
        emit(d, i + 300);
        CHECK(!mprotect(d, page, RX) && now(d, i + 300));
        CHECK(mremap(d, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, c) == c);
        CHECK(now(c, i + 300));
        d = anon(RW);
    }
    emit(d, 400);
    CHECK(!mprotect(d, page, RX) && now(d, 400));
    at = mremap(d, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, c);
    CHECK(at == c && now(c, 400));
    munmap(c, page);
}

static void forks(void)
{
    char *own = anon(RWX), *both = map(RWX, MAP_SHARED | MAP_ANONYMOUS, -1);
    int st;
    for (int i = 0; i < 10; i++) {
        emit(own, i);
        emit(both, i);
        CHECK(now(own, i) && now(both, i));
        pid_t pid = fork();
        if (!pid) {
            emit(own, i + 500);
            emit(both, i + 600);
            _exit(now(own, i + 500) && now(both, i + 600) ? 7 : 8);
        }
        CHECK(waitpid(pid, &st, 0) == pid && WIFEXITED(st) && WEXITSTATUS(st) == 7);
        CHECK(call(own) == i);
        CHECK(now(both, i + 600));              /* written by another process */
    }
    munmap(own, page); munmap(both, page);
}

/* --- several threads. One writes, all call; each must see what was written before its last look at `stage`. */
enum { CALLERS = 3, STAGES = 300 };
static char *shared_code;
static int stage, seen[CALLERS], bad_value;

static void *caller(void *arg)
{
    int me = (int)(intptr_t)arg;
    for (;;) {
        int before = __atomic_load_n(&stage, __ATOMIC_ACQUIRE);
        flush(shared_code);
        int v = call(shared_code), after = __atomic_load_n(&stage, __ATOMIC_ACQUIRE);
        if (v < before || v > after + 1) __atomic_add_fetch(&bad_value, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&seen[me], v, __ATOMIC_RELEASE);
        if (before == STAGES) return NULL;
        if (v == after) sched_yield();
    }
}

static void threads(void)
{
    pthread_t t[CALLERS];
    unsigned two[2];
    shared_code = anon(RWX);
    emit(shared_code, 0);
    flush(shared_code);
    for (intptr_t k = 0; k < CALLERS; k++) CHECK(!pthread_create(&t[k], NULL, caller, (void *)k));
    for (int i = 1; i <= STAGES; i++) {
        emit(two, i);
#if defined __x86_64__
        __atomic_store_n((unsigned long *)shared_code, *(unsigned long *)two, __ATOMIC_RELEASE);
#else
        __atomic_store_n((unsigned *)shared_code, two[0], __ATOMIC_RELEASE);        /* the second word stays */
#endif
        flush(shared_code);
        __atomic_store_n(&stage, i, __ATOMIC_RELEASE);
        if (i % 10) continue;
        for (int k = 0; k < CALLERS; k++)
            while (__atomic_load_n(&seen[k], __ATOMIC_ACQUIRE) < i) sched_yield();
    }
    for (int k = 0; k < CALLERS; k++) pthread_join(t[k], NULL);
    CHECK(!bad_value);
    munmap(shared_code, page);
}

/* --- while signals come, whose handler runs and changes code, too */
static char *storm_code;
static volatile int storms, storm_bad;

static void on_alarm(int sig)
{
    int n = ++storms % 1000;
    emit(storm_code + 64, n);
    if (!now(storm_code + 64, n)) storm_bad++;
}

static void storm(void)
{
    struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    struct itimerval tick = { { 0, 500 }, { 0, 500 } }, off = { { 0, 0 }, { 0, 0 } };
    storm_code = anon(RWX);
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &tick, NULL);
    time_t end = time(NULL) + 30;
    for (int i = 0; storms < 200 && time(NULL) < end; i++) {
        emit(storm_code, i % 2000);
        CHECK(now(storm_code, i % 2000));
    }
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK(storms >= 200 && !storm_bad);
    munmap(storm_code, page);
}

/* --- no code */
static void on_fault(int sig, siginfo_t *i, void *u)
{
    last_sig = sig; last_code = i->si_code; last_addr = (uintptr_t)i->si_addr;
    if (!armed) {
        printf("FAIL unexpected signal %d, code %d, addr %#lx\n", sig, last_code, (long)last_addr);
        fflush(stdout);
        _exit(1);
    }
    armed = 0;
    siglongjmp(jump, 1);
}

static void faulting_call(char *at, int sig, int code, char *addr, int line)
{
    last_sig = last_code = 0;
    last_addr = 1;
    armed = 1;
    if (!sigsetjmp(jump, 1)) { flush(at); call(at); }
    if (last_sig != sig || last_code != code || last_addr != (uintptr_t)addr) {
        printf("FAIL line %d: sig %d code %d addr %#lx, not %d %d %p\n", line, last_sig, last_code, (long)last_addr,
            sig, code, (void *)addr);
        check_failures++;
    }
}
#define FAULTS(at, sig, code, addr) faulting_call(at, sig, code, addr, __LINE__)

static void no_code(void)
{
    char *two = mmap(NULL, 2 * page, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *second = two + page, *data = anon(RW);
    emit(data, 1);
    FAULTS(data, SIGSEGV, SEGV_ACCERR, data);
    emit(two, 2);
    CHECK(now(two, 2));
    CHECK(!mprotect(two, page, RW));
    FAULTS(two, SIGSEGV, SEGV_ACCERR, two);
    CHECK(!mprotect(two, page, PROT_NONE));
    FAULTS(two, SIGSEGV, SEGV_ACCERR, two);
    CHECK(!mprotect(two, page, RWX) && now(two, 2));
    /* one instruction on each side of a page's end: the second is where it is not allowed */
    emit(second - 4, 3);
#if !defined __x86_64__
    CHECK(now(second - 4, 3));
    for (int i = 4; i < 20; i++) {
        emit(second - 4, i);
        CHECK(now(second - 4, i));
    }
    CHECK(!mprotect(second, page, RW));
    FAULTS(second - 4, SIGSEGV, SEGV_ACCERR, second);
    CHECK(!mprotect(second, page, RWX) && now(second - 4, 19));
    memset(two, 0, 16);
    FAULTS(two, SIGILL, ILL_ILLOPC, two);
    emit(two, 5);
    memset(two + 4, 0, 4);                      /* not the first of its block */
    FAULTS(two, SIGILL, ILL_ILLOPC, two + 4);
    emit(two, 6);
    CHECK(now(two, 6));
    CHECK(!madvise(two, page, MADV_DONTNEED));
    FAULTS(two, SIGILL, ILL_ILLOPC, two);
#endif
#if defined __aarch64__
    FAULTS(two + 2, SIGBUS, BUS_ADRALN, two + 2);
#endif
    emit(two, 8);
    CHECK(now(two, 8));
    CHECK(!munmap(second, page));
#if !defined __x86_64__
    emit(data, 3);
    memcpy(second - 4, data, 4);
    FAULTS(second - 4, SIGSEGV, SEGV_MAPERR, second);
#endif
    CHECK(!munmap(two, page));
    FAULTS(two, SIGSEGV, SEGV_MAPERR, two);
    FAULTS(NULL, SIGSEGV, SEGV_MAPERR, NULL);
    munmap(data, page);
}

/* --- stacks that end: the handler runs on the alternate one */
static int __attribute__((noinline)) down(int n)
{
    volatile char frame[512];
    frame[0] = (char)n;
    return down(n + 1) + frame[0];
}

static void *overflow(void *arg)
{
    stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };
    sigaltstack(&ss, NULL);
    for (int i = 0; i < 3; i++) {
        last_sig = 0;
        armed = 1;
        if (!sigsetjmp(jump, 1)) down(0);
        CHECK(last_sig == SIGSEGV);
    }
    ss.ss_flags = SS_DISABLE;
    sigaltstack(&ss, NULL);
    free(ss.ss_sp);
    return NULL;
}

/* Places that cannot hold code, again and again: a translator's tables of jumps must know them from empty entries. */
static void nowhere(void)
{
    static const uintptr_t places[] = { 0, 2, 4, 0x1ffe, -(uintptr_t)1, -(uintptr_t)2, -(uintptr_t)4 };
    for (unsigned k = 0; k < 30 * sizeof places / sizeof *places; k++) {
        last_sig = 0;
        armed = 1;
        if (!sigsetjmp(jump, 1)) ((void (*)(void))places[k / 30])();
        CHECK(last_sig == SIGSEGV || last_sig == SIGBUS);
    }
}

static int deep(int n) { volatile char big[256]; big[0] = (char)n; return n ? deep(n - 1) + big[0] - (char)n + 1 : 0; }

static void stacks(void)
{
    pthread_attr_t a;
    pthread_t t;
    CHECK(deep(10000) == 10000);
    overflow(NULL);
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, 256 << 10);
    CHECK(!pthread_create(&t, &a, overflow, NULL) && !pthread_join(t, NULL));
}

int main(void)
{
    char probe[CODE_BYTES];
    page = sysconf(_SC_PAGESIZE);
    if (emit(probe, 0)) {
        stores(); aliases(); kernel_writes(); vm_writes(); mappings(); forks(); threads(); storm();
        struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        sigaction(SIGSEGV, &sa, NULL); sigaction(SIGBUS, &sa, NULL); sigaction(SIGILL, &sa, NULL);
        no_code();
        nowhere();
        stacks();
    }
    return CHECK_END();
}
