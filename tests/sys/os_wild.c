/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses far outside the address space: SIGSEGV with the address, whatever the width and however often the code ran.
 * */
#include "os_check.h"
static sigjmp_buf env;
static volatile int sig, code;
static volatile uintptr_t addr;
static void on_fault(int s, siginfo_t *info, void *uc)
{
    sig = s;
    code = info->si_code;
    addr = (uintptr_t)info->si_addr;
    siglongjmp(env, 1);
}
#define FAULTS(e) (!sigsetjmp(env, 1) ? ((e), 0) : 1)

/* An x86-64 kernel is not told what the address was; arm64 reports it without the top byte. */
static int reported(uintptr_t a)
{
#if defined __x86_64__
    return code == SI_KERNEL;
#elif defined __aarch64__
    return code == SEGV_MAPERR && addr == (a & ~0ull >> 8);
#else
    return code == SEGV_MAPERR && addr == a;
#endif
}

static void access_by(int kind, uintptr_t a)
{
    char buf[64];
    switch (kind) {
    case 0: *(volatile char *)a; break;
    case 1: *(volatile short *)a; break;
    case 2: *(volatile int *)a; break;
    case 3: *(volatile long long *)a; break;
    case 4: *(volatile char *)a = 1; break;
    case 5: *(volatile short *)a = 1; break;
    case 6: *(volatile int *)a = 1; break;
    case 7: *(volatile long long *)a = 1; break;
    case 8: *(volatile double *)a; break;
    case 9: *(volatile double *)a = 1; break;
    case 10: __atomic_fetch_add((long *)a, 1, 5); break;
    case 11: __atomic_store_n((int *)a, 1, 5); break;
    case 12: *(volatile char *)(a - 24); break;
    }
}

static void access_all(uintptr_t a)
{
    for (int kind = 0; kind < 13; kind++) {
        int status;
        pid_t pid = fork();                 /* each the first of its process; then warm */
        if (!pid) {
            for (int n = 0; n < 200; n++) {
                sig = 0;
                if (!FAULTS(access_by(kind, a)) || sig != SIGSEGV || !reported(a - (kind == 12 ? 24 : 0))) {
                    printf("FAIL kind %d, %d: signal %d code %d at %lx", kind, n, sig, code, (long)addr);
                    printf(", not %lx\n", (long)a);
                    _exit(1);
                }
            }
            _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    }
}

int main(void)
{
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    if (sizeof(long) == 8) {
        access_all((uintptr_t)0x0041414141414140ull);
        access_all((uintptr_t)0x4141414141414140ull);
        access_all((uintptr_t)0x0000800000000040ull);
    }
    return CHECK_END();
}
