/* SPDX-License-Identifier: Apache-2.0 */
/* Runs on the oracle (qemu-aarch64 or silicon): each record on stdin is a few instructions with the whole register
 * state; the state after it goes to stdout. Built by test_diff.c:
 * aarch64-linux-gnu-gcc -O1 -static -Wl,--defsym=code_page=0x2000000 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "diff.h"

DiffRec rec, *rec_at = &rec;
uint64_t saved[22];

void run(void);                     /* rec's registers, the instructions on the code page, registers back into rec */
extern const char back[];           /* where the code page jumps */

#define V_PAIRS(op) \
    op " q0,q1,[x1]\n" op " q2,q3,[x1,32]\n" op " q4,q5,[x1,64]\n" op " q6,q7,[x1,96]\n" \
    op " q8,q9,[x1,128]\n" op " q10,q11,[x1,160]\n" op " q12,q13,[x1,192]\n" op " q14,q15,[x1,224]\n" \
    op " q16,q17,[x1,256]\n" op " q18,q19,[x1,288]\n" op " q20,q21,[x1,320]\n" op " q22,q23,[x1,352]\n" \
    op " q24,q25,[x1,384]\n" op " q26,q27,[x1,416]\n" op " q28,q29,[x1,448]\n" op " q30,q31,[x1,480]\n"
#define X_PAIRS(op) \
    op " x2,x3,[x0,16]\n" op " x4,x5,[x0,32]\n" op " x6,x7,[x0,48]\n" op " x8,x9,[x0,64]\n" op " x10,x11,[x0,80]\n" op \
       " x12,x13,[x0,96]\n" op " x14,x15,[x0,112]\n" op " x16,x17,[x0,128]\n" op " x18,x19,[x0,144]\n" op \
       " x20,x21,[x0,160]\n" op " x22,x23,[x0,176]\n" op " x24,x25,[x0,192]\n" op " x26,x27,[x0,208]\n" op \
       " x28,x29,[x0,224]\n"
#define HOST_PAIRS(op) \
    "adrp x1, saved\n add x1, x1, :lo12:saved\n" op " x19,x20,[x1]\n" op " x21,x22,[x1,16]\n" op \
    " x23,x24,[x1,32]\n" op " x25,x26,[x1,48]\n" op " x27,x28,[x1,64]\n" op " x29,x30,[x1,80]\n" op \
    " d8,d9,[x1,96]\n" op " d10,d11,[x1,112]\n" op " d12,d13,[x1,128]\n" op " d14,d15,[x1,144]\n"

/* TPIDR_EL0 holds x0 while the state pointer is fetched; offsets: v 16, x 528. */
__asm__(".text\n.global run\nrun:\n"
    HOST_PAIRS("stp")
    "mov x2, sp\n str x2, [x1,160]\n mrs x2, tpidr_el0\n str x2, [x1,168]\n"
    "adrp x0, rec_at\n ldr x0, [x0, :lo12:rec_at]\n"
    "ldr w1, [x0,4]\n msr fpcr, x1\n ldr w1, [x0,8]\n msr fpsr, x1\n ldr w1, [x0,12]\n msr nzcv, x1\n"
    "add x1, x0, 16\n" V_PAIRS("ldp")
    "add x0, x0, 528\n ldr x1, [x0,248]\n mov sp, x1\n" X_PAIRS("ldp")
    "ldr x30, [x0,240]\n ldp x0, x1, [x0]\n b code_page\n"
    ".global back\nback:\n"
    "msr tpidr_el0, x0\n adrp x0, rec_at\n ldr x0, [x0, :lo12:rec_at]\n add x0, x0, 528\n" X_PAIRS("stp")
    "str x30, [x0,240]\n str x1, [x0,8]\n mrs x1, tpidr_el0\n str x1, [x0]\n mov x1, sp\n str x1, [x0,248]\n"
    "sub x1, x0, 512\n" V_PAIRS("stp")
    "mrs x2, fpsr\n str w2, [x1,-8]\n mrs x2, nzcv\n str w2, [x1,-4]\n msr fpcr, xzr\n"
    HOST_PAIRS("ldp")
    "ldr x2, [x1,160]\n mov sp, x2\n ldr x2, [x1,168]\n msr tpidr_el0, x2\n ret\n");

static sigjmp_buf escape;
static void on_signal(int sig) { siglongjmp(escape, sig); }

int main(void)
{
    uint32_t *code = mmap((void *)(uintptr_t)DIFF_CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    uint8_t *mem = mmap((void *)(uintptr_t)DIFF_MEM, DIFF_MEM_SIZE, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    static char stack[65536];
    if (code == MAP_FAILED || mem == MAP_FAILED)
        return 1;
    sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
    struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER };
    sigaction(SIGILL, &sa, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    mem += DIFF_WIN - DIFF_MEM;
    while (fread(&rec, sizeof rec, 1, stdin) == 1) {
        memcpy(mem, rec.mem, sizeof rec.mem);
        uint32_t n = rec.n;
        memcpy(code, rec.insn, 4 * n);
        code[n] = 0x14000000 | (((uint32_t)(uintptr_t)back - (DIFF_CODE + 4 * n)) >> 2 & 0x3ffffff);
        __builtin___clear_cache((char *)code, (char *)(code + n + 1));
        int sig = sigsetjmp(escape, 1);
        if (!sig)
            run();
        rec.signal = (uint32_t)sig;
        memcpy(rec.mem, mem, sizeof rec.mem);
        fwrite(&rec, sizeof rec, 1, stdout);
    }
    return 0;
}
