/* SPDX-License-Identifier: Apache-2.0 */
/* Code is rewritten again and again while another thread, or the writer itself, calls it patiently: the new code is
 * seen in time. RISC-V has Ziccid, so no fence.i is needed there; a processor without such a promise gets its flush. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

enum { ROUNDS = 40, PATIENCE = 60 };

#if defined __riscv
static const uint32_t code[] = { 0x00000513, 0x00008067 };      /* li a0, n; ret */
static uint32_t with(uint32_t n) { return code[0] | n << 20; }
static void flush(void *p) { }
#elif defined __aarch64__
static const uint32_t code[] = { 0x52800000, 0xd65f03c0 };      /* mov w0, n; ret */
static uint32_t with(uint32_t n) { return code[0] | n << 5; }
static void flush(void *p) { __builtin___clear_cache(p, (char *)p + 8); }
#elif defined __powerpc__
static const uint32_t code[] = { 0x38600000, 0x4e800020 };      /* li r3, n; blr */
static uint32_t with(uint32_t n) { return code[0] | n; }
static void flush(void *p) { __asm__ volatile("dcbst 0,%0; sync; icbi 0,%0; sync; isync" : : "r"(p) : "memory"); }
#else
static const uint32_t code[] = { 0x000000b8, 0x9090c300 };      /* mov eax, n; ret */
static uint32_t with(uint32_t n) { return code[0] | n << 8; }
static void flush(void *p) { }
#endif

static _Atomic uint32_t *page, *alias;      /* where the code runs, and where it is written */
static _Atomic unsigned want, seen;
static _Atomic int failed, done;

static void put(uint32_t n)
{
    atomic_store(&alias[0], with(n));
    flush((void *)page);
}

static int patiently(uint32_t n)
{
    int (*f)(void) = (int (*)(void))(uintptr_t)page;
    time_t end = time(NULL) + PATIENCE;
    for (;;) {
        for (int i = 0; i < 1000000; i++)
            if (f() == (int)n) return 1;
        if (time(NULL) > end) return 0;
    }
}

static void *caller(void *arg)
{
    int (*f)(void) = (int (*)(void))(uintptr_t)page;
    while (!done) seen = (unsigned)f();
    return NULL;
}

static void start(void)
{
    atomic_store(&alias[1], code[1]);
    put(0);
    seen = 0;
    done = 0;
}

static int by_another(void)
{
    pthread_t t;
    start();
    pthread_create(&t, NULL, caller, NULL);
    time_t end = time(NULL) + PATIENCE;
    for (uint32_t n = 1; n <= ROUNDS && !failed; n++) {
        put(n);
        while (seen != n && !failed) {
            sched_yield();
            failed = time(NULL) > end;
        }
    }
    done = 1;
    pthread_join(t, NULL);
    return !failed;
}

static int by_itself(void)
{
    start();
    for (uint32_t n = 1; n <= ROUNDS; n++) {
        put(n);
        if (!patiently(n)) return 0;
    }
    return 1;
}

int main(void)
{
    setlinebuf(stdout);
    page = alias = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    OK(by_itself());
    OK(by_another());
    int fd = memfd_create("code", 0);
    SHOW(ftruncate(fd, 4096));
    page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    alias = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    OK(by_itself());
    OK(by_another());
    return 0;
}
