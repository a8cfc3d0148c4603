/* SPDX-License-Identifier: Apache-2.0 */
/* A structure load or store that faults in its second page leaves the registers alone, reports the first bad byte,
 * and resumes with what the handler put into the frame. A guest program; prints ok. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <asm/sigcontext.h>

enum { PAGE_AT = 0x20000000, BAD = PAGE_AT + 4096, MARK = 0x77 };
static int faults, bad;

static void check(int ok, const char *what)
{
    if (!ok)
        printf("FAIL %s\n", what), bad++;
}

static void on_fault(int sig, siginfo_t *si, void *context)
{
    ucontext_t *u = context;
    struct fpsimd_context *f = (void *)u->uc_mcontext.__reserved;
    faults++;
    check((uintptr_t)si->si_addr == BAD, "address");
    check(f->head.magic == FPSIMD_MAGIC && (uint64_t)f->vregs[0] == 0x0101010101010101 &&
            (uint64_t)f->vregs[3] == 0x0404040404040404,
        "V registers");
    f->vregs[7] = MARK;
    u->uc_mcontext.pc += 4;
}

#define TRY(insn, off) \
    do { \
        register uint64_t at __asm__("x1") = BAD - (off); \
        uint64_t v7; \
        int before = faults; \
        __asm__ volatile("movi v0.16b, #1\n movi v1.16b, #2\n movi v2.16b, #3\n movi v3.16b, #4\n movi v7.16b, #9\n " \
                         "mov x2, #24\n" insn "\n umov %0, v7.d[0]" \
                         : "=r"(v7), "+r"(at)::"v0", "v1", "v2", "v3", "v7", "x2", "memory"); \
        check(faults == before + 1 && at == BAD - (off) && v7 == MARK, insn); \
    } while (0)

int main(void)
{
    char *p = mmap((void *)PAGE_AT, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    if (p == MAP_FAILED || mprotect(p + 4096, 4096, PROT_NONE))
        return 1;
    sigaction(SIGSEGV, &sa, NULL);
    TRY("ld4 {v0.4s-v3.4s}, [x1], #64", 48);
    TRY("ld4 {v0.4s-v3.4s}, [x1], #64", 35);
    TRY("ld1 {v0.16b-v3.16b}, [x1], x2", 16);
    TRY("ld3 {v0.8b-v2.8b}, [x1], #24", 17);
    TRY("ld3 {v0.b, v1.b, v2.b}[3], [x1], x2", 2);
    TRY("ld2r {v0.2d, v1.2d}, [x1], #16", 8);
    TRY("st1 {v0.16b-v3.16b}, [x1], #64", 48);
    TRY("st2 {v0.8h, v1.8h}, [x1], #32", 9);
    TRY("st4 {v0.d, v1.d, v2.d, v3.d}[1], [x1], x2", 24);
    puts(bad ? "FAIL" : "ok");
    return bad;
}
