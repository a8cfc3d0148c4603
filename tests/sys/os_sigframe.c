/* SPDX-License-Identifier: Apache-2.0 */
/* sigreturn takes no frame that Linux would not: SIGSEGV at once, as the architecture's signal.c says (badframe).
 * What was restored before the fault was found stays. And what frames of faults hold. */
#include "os_check.h"
#include <stddef.h>

typedef void Forge(ucontext_t *uc);
static Forge *forge;
static volatile int handled, segv_code, code_of_return, marked;
static volatile uintptr_t segv_addr, segv_sp, segv_result;
static sigjmp_buf jump;

#if defined __aarch64__
# define SP(uc) ((uc)->uc_mcontext.sp)
# define RESULT(uc) ((uc)->uc_mcontext.regs[0])
# define RETURN_AT(at) __asm__ volatile("mov sp, %0\n mov x8, #139\n svc #0" :: "r"(at) : "memory")
#elif defined __riscv
# define SP(uc) ((uc)->uc_mcontext.__gregs[2])
# define RESULT(uc) ((uc)->uc_mcontext.__gregs[10])
# define RETURN_AT(at) __asm__ volatile("mv sp, %0\n li a7, 139\n ecall" :: "r"(at) : "memory")
#elif defined __powerpc__
# define SP(uc) ((uc)->uc_mcontext.uc_regs->gregs[1])
# define RESULT(uc) ((uc)->uc_mcontext.uc_regs->gregs[3])
# define RETURN_AT(at) __asm__ volatile("mr 1, %0\n li 0, 172\n sc" :: "r"(at) : "memory")
#else
# define SP(uc) ((uc)->uc_mcontext.gregs[REG_RSP])
# define RESULT(uc) ((uc)->uc_mcontext.gregs[REG_RAX])
# define RETURN_AT(at) __asm__ volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall" :: "r"(at) : "memory")
#endif

/* Newer libcs name the registers through a pointer only; the frame's own copy is what the kernel reads. */
static void on_usr(int sig, siginfo_t *i, void *ctx)
{
    ucontext_t *uc = ctx;
    handled++;
    sigaddset(&uc->uc_sigmask, SIGUSR2);
    forge(uc);
}

static void on_segv(int sig, siginfo_t *i, void *ctx)
{
    ucontext_t *uc = ctx;
    segv_code = i->si_code;
    segv_addr = (uintptr_t)i->si_addr;
    segv_sp = SP(uc);
    segv_result = RESULT(uc);
    marked = sigismember(&uc->uc_sigmask, SIGUSR2);
    siglongjmp(jump, 1);
}

static void install(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
    struct sigaction sa = { .sa_flags = SA_SIGINFO | flags };
    sa.sa_sigaction = fn;
    sigemptyset(&sa.sa_mask);
    CHECK(!sigaction(sig, &sa, NULL));
}

/* True when the forged frame was refused. */
static int refused(Forge *how)
{
    forge = how;
    handled = segv_code = marked = 0;
    if (!sigsetjmp(jump, 1)) {
        raise(SIGUSR1);
        sigset_t now;
        sigprocmask(SIG_SETMASK, NULL, &now);
        CHECK(handled == 1 && sigismember(&now, SIGUSR2));
        sigdelset(&now, SIGUSR2);
        sigprocmask(SIG_SETMASK, &now, NULL);
        return 0;
    }
    CHECK(handled == 1);
    return 1;
}

static void nothing(ucontext_t *uc) { }

#if defined __aarch64__
/* asm/sigcontext.h */
enum { FPSIMD = 0x46508001, ESR = 0x45535201, EXTRA = 0x45585401, FPSIMD_SIZE = 528 };
typedef struct Head { uint32_t magic, size; } Head;
typedef struct ExtraHead { Head head; uint64_t datap; uint32_t size, reserved[3]; } ExtraHead;
static unsigned char *records(ucontext_t *uc) { return (unsigned char *)uc->uc_mcontext.__reserved; }
static Head *at(ucontext_t *uc, int off) { return (Head *)(records(uc) + off); }
static Head *end(ucontext_t *uc)
{
    Head *h = at(uc, 0);
    while (h->magic) h = (Head *)((char *)h + h->size);
    return h;
}
static void put(Head *h, uint32_t magic, uint32_t size) { h->magic = magic; h->size = size; }

static void bad_magic(ucontext_t *uc) { put(end(uc), 0xdeadbeef, 16); }
static void known_elsewhere(ucontext_t *uc) { put(end(uc), 0x53564501 /* SVE_MAGIC */, 16); }
static void size_of_end(ucontext_t *uc) { end(uc)->size = 16; }
static void size_too_small(ucontext_t *uc) { put(end(uc), ESR, 4); }
static void size_not_16(ucontext_t *uc) { Head *h = end(uc); put(h, ESR, 24); memset(h + 1, 0, 64); }
static void size_too_large(ucontext_t *uc) { put(end(uc), ESR, 8192); }
static void fpsimd_twice(ucontext_t *uc)
{
    Head *h = end(uc);
    memcpy(h, at(uc, 0), FPSIMD_SIZE);
    put((Head *)((char *)h + FPSIMD_SIZE), 0, 0);
}
static void fpsimd_missing(ucontext_t *uc) { put(at(uc, 0), 0, 0); }
static void fpsimd_disguised(ucontext_t *uc) { put(at(uc, 0), ESR, FPSIMD_SIZE); }
static void fpsimd_size(ucontext_t *uc)
{
    Head *h = end(uc);
    CHECK((char *)h == (char *)at(uc, FPSIMD_SIZE));
    at(uc, 0)->size += 16;
    put(h + 2, 0, 0);
}
static void esr_added(ucontext_t *uc) { Head *h = end(uc); put(h, ESR, 16); put(h + 2, 0, 0); }
static void no_end(ucontext_t *uc)
{
    int off = FPSIMD_SIZE;
    for (; off + 16 <= 4096; off += 16) put(at(uc, off), ESR, 16);
}
/* FPSIMD, extra, terminator, then the extra space with one record and its end */
static ExtraHead *extra(ucontext_t *uc)
{
    ExtraHead *x = (ExtraHead *)end(uc);
    memset(x, 0, 256);
    *x = (ExtraHead){ { EXTRA, sizeof *x }, (uintptr_t)x + sizeof *x + 16, 32 };
    put((Head *)(uintptr_t)x->datap, ESR, 16);
    return x;
}
static void extra_good(ucontext_t *uc) { extra(uc); }
static void extra_empty(ucontext_t *uc) { extra(uc)->size = 0; }
static void extra_elsewhere(ucontext_t *uc) { extra(uc)->datap += 16; }
static void extra_size(ucontext_t *uc) { extra(uc)->size = 24; }
static void extra_huge(ucontext_t *uc) { extra(uc)->size = 1 << 19; }
static void extra_small(ucontext_t *uc) { ExtraHead *x = extra(uc); x->head.size = 16; x->datap -= 16; }
static void extra_no_end(ucontext_t *uc) { put((Head *)(extra(uc) + 1), ESR, 16); }
static void extra_twice(ucontext_t *uc) { ExtraHead *x = extra(uc); put((Head *)(uintptr_t)x->datap, EXTRA, 32); }
static uint64_t bits;
static void pstate(ucontext_t *uc) { uc->uc_mcontext.pstate = (uc->uc_mcontext.pstate & ~15ull) | bits; }

static void arch(void)
{
    static Forge *const bad[] = {
        bad_magic, known_elsewhere, size_of_end, size_too_small, size_not_16, size_too_large, fpsimd_twice,
        fpsimd_missing, fpsimd_disguised, fpsimd_size, no_end, extra_empty, extra_elsewhere, extra_size, extra_huge,
        extra_small, extra_no_end, extra_twice,
    };
    static Forge *const good[] = { nothing, esr_added, extra_good };
    static const uint32_t refuse[] = { 4, 5, 8, 9, 12, 13, 1, 16, 64, 128, 256, 512, 0xf0000140 };
    static const uint32_t accept[] = { 0, 0xf0000000, 1 << 20 /* IL */, 1 << 5, 0x80000000 };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        int r = refused(bad[i]), right = segv_code == SEGV_ACCERR && segv_addr == segv_sp && segv_result == 0 && marked;
        if (!r || !right) printf("record %u: %d code %d\n", i, r, segv_code);
        CHECK(r && right);
    }
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) CHECK(!refused(good[i]));
    for (unsigned i = 0; i < sizeof refuse / sizeof *refuse; i++) {
        bits = refuse[i];
        CHECK(refused(pstate) && segv_code == SEGV_ACCERR && segv_addr == segv_sp && marked);
    }
    for (unsigned i = 0; i < sizeof accept / sizeof *accept; i++) { bits = accept[i]; CHECK(!refused(pstate)); }
}
static int code_of(uintptr_t sp) { return SEGV_ACCERR; }

#elif defined __riscv
/* asm/ptrace.h: __riscv_extra_ext_header lies over the end of the FP registers: a reserved word, then magic and size */
static uint32_t *words(ucontext_t *uc) { return (uint32_t *)((char *)&uc->uc_mcontext.__fpregs + 516); }
static void reserved(ucontext_t *uc) { words(uc)[0] = 1; }
static void vector(ucontext_t *uc) { words(uc)[1] = 0x53465457; words(uc)[2] = 64; }
static void end_size(ucontext_t *uc) { words(uc)[2] = 8; }
static void magic(ucontext_t *uc) { words(uc)[1] = 1; }
static void arch(void)
{
    static Forge *const bad[] = { reserved, vector, end_size, magic };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(refused(bad[i]) && segv_code == SI_KERNEL && segv_addr == 0 && segv_result == 0 && marked);
    CHECK(!refused(nothing));
}
static int code_of(uintptr_t sp) { return SI_KERNEL; }

#elif defined __powerpc__
static void regs_elsewhere(ucontext_t *uc)
{
    mcontext_t *m = (mcontext_t *)0x8;
    memcpy((char *)uc + offsetof(ucontext_t, uc_mcontext), &m, 4);
}
enum { NIP = 32, TRAP = 40, DAR, DSISR };
static unsigned long gregs[48];
static void on_fault(int sig, siginfo_t *i, void *ctx)
{
    memcpy(gregs, ((ucontext_t *)ctx)->uc_mcontext.uc_regs->gregs, sizeof gregs);
    segv_code = i->si_code;
    segv_addr = (uintptr_t)i->si_addr;
    siglongjmp(jump, 1);
}
static void on_call(int sig, siginfo_t *i, void *ctx)
{
    memcpy(gregs, ((ucontext_t *)ctx)->uc_mcontext.uc_regs->gregs, sizeof gregs);
}
#define FAULT(e) do { memset(gregs, 0, sizeof gregs); if (!sigsetjmp(jump, 1)) { e; CHECK(!"reached"); } } while (0)

static void causes(void)
{
    char *ro = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    install(SIGSEGV, on_fault, 0); install(SIGILL, on_fault, 0); install(SIGTRAP, on_fault, 0);
    FAULT(*(volatile int *)0x40 = 1);
    CHECK(gregs[TRAP] == 0x300 && gregs[DAR] == 0x40 && gregs[DSISR] == 0x42000000);
    FAULT((void)*(volatile int *)0x44);
    CHECK(gregs[TRAP] == 0x300 && gregs[DAR] == 0x44 && gregs[DSISR] == 0x40000000);
    FAULT(*(volatile char *)(ro + 3) = 1);
    CHECK(gregs[TRAP] == 0x300 && gregs[DAR] == (uintptr_t)ro + 3 && gregs[DSISR] == 0x0a000000);
    FAULT(((void (*)(void))0x48)());
    CHECK(gregs[TRAP] == 0x400 && gregs[DAR] == 0x48 && gregs[NIP] == 0x48);
    FAULT(__asm__ volatile(".long 0"));
    CHECK(gregs[TRAP] == 0x700 && segv_code == ILL_ILLOPC);
    FAULT(__asm__ volatile("trap"));
    CHECK(gregs[TRAP] == 0x700 && segv_code == TRAP_BRKPT);
    /* instructions of the supervisor, and special registers by the number's privileged bit */
    FAULT(__asm__ volatile("mfmsr 9" ::: "9")); CHECK(segv_code == ILL_PRVOPC);
    FAULT(__asm__ volatile("mtmsr %0" :: "r"(0))); CHECK(segv_code == ILL_PRVOPC);
    FAULT(__asm__ volatile("rfi")); CHECK(segv_code == ILL_PRVOPC);
    FAULT(__asm__ volatile("mfsr 9, 1" ::: "9")); CHECK(segv_code == ILL_PRVOPC);
    FAULT(__asm__ volatile("tlbsync")); CHECK(segv_code == ILL_PRVOPC);
    FAULT(__asm__ volatile("dcbi 0, %0" :: "r"(gregs))); CHECK(segv_code == ILL_PRVOPC);
    FAULT(__asm__ volatile("mfspr 9, 26" ::: "9")); CHECK(segv_code == ILL_PRVOPC);    /* SRR0 */
    FAULT(__asm__ volatile("mtspr 272, %0" :: "r"(0))); CHECK(segv_code == ILL_PRVOPC);
    FAULT(__asm__ volatile("mfspr 9, 2" ::: "9")); CHECK(segv_code == ILL_ILLOPC);
    install(SIGUSR2, on_call, 0);
    raise(SIGUSR2);
    CHECK(gregs[TRAP] == 0xc00);
    munmap(ro, 65536);
}

/* swapcontext(2): what cannot be read is EFAULT, a context without registers is the end, handler or not. */
static void contexts(void)
{
    ucontext_t uc;
    int st;
    CHECK(syscall(SYS_swapcontext, NULL, 8, sizeof uc) == -1 && errno == EFAULT);
    CHECK(!syscall(SYS_swapcontext, &uc, NULL, sizeof uc));
    regs_elsewhere(&uc);
    fflush(stdout);
    pid_t kid = fork();
    if (!kid) {
        struct rlimit no = { 0, 0 };
        setrlimit(RLIMIT_CORE, &no);
        if (!sigsetjmp(jump, 1)) syscall(SYS_swapcontext, NULL, &uc, sizeof uc);
        _exit(5);
    }
    waitpid(kid, &st, 0);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
}

static void arch(void)
{
    CHECK(refused(regs_elsewhere) && segv_code == SI_KERNEL && segv_addr == 0 && marked);
    CHECK(!refused(nothing));
    causes();
    contexts();
    install(SIGSEGV, on_segv, SA_ONSTACK);
}
static int code_of(uintptr_t sp) { return SI_KERNEL; }

#else
static void fp_elsewhere(ucontext_t *uc) { uc->uc_mcontext.fpregs = (void *)8; }
static void arch(void)
{
    CHECK(refused(fp_elsewhere) && segv_code == SI_KERNEL && segv_addr == 0 && marked);
    CHECK(!refused(nothing));
}
static int code_of(uintptr_t sp) { return SI_KERNEL; }
#endif

/* A stack pointer with no frame, or none that the architecture would have. */
static void nowhere(void)
{
    long page = 65536;
    char *hole = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile uintptr_t sp[] = { (uintptr_t)hole + page, 16, (uintptr_t)hole + 8 };
    munmap(hole + page, page);
    for (volatile int i = 0; i < 3; i++) {
#if !defined __aarch64__
        if (i == 2) break;
#endif
        segv_code = 0;
        if (!sigsetjmp(jump, 1)) { RETURN_AT(sp[i]); CHECK(!"reached"); }
        CHECK(segv_code == code_of(sp[i]) && segv_addr == (segv_code == SI_KERNEL ? 0 : sp[i]) && segv_result == 0);
    }
}

/* A frame whose mask blocks SIGSEGV: there is no handler then. */
static void blocking(ucontext_t *uc) { sigaddset(&uc->uc_sigmask, SIGSEGV); }
static Forge *then;
static void both(ucontext_t *uc) { blocking(uc); then(uc); }
static void fatal(Forge *how)
{
    int st;
    fflush(stdout);
    pid_t kid = fork();
    if (!kid) {
        struct rlimit no = { 0, 0 };
        setrlimit(RLIMIT_CORE, &no);
        then = how;
        refused(both);
        _exit(5);
    }
    waitpid(kid, &st, 0);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
}

/* sigaction(2), SA_UNSUPPORTED: flags that the kernel does not know are not kept. */
static void flags(void)
{
    struct sigaction sa = { .sa_flags = SA_SIGINFO | 0x400 | 0x800 | 0x100000 };
    sa.sa_sigaction = on_usr;
    CHECK(!sigaction(SIGUSR2, &sa, NULL) && !sigaction(SIGUSR2, NULL, &sa));
    CHECK((sa.sa_flags & (0x400 | 0x800 | 0x100000 | SA_SIGINFO)) == (0x800 | SA_SIGINFO));
    signal(SIGUSR2, SIG_DFL);
}

int main(void)
{
    stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };
    CHECK(!sigaltstack(&ss, NULL));
    install(SIGUSR1, on_usr, 0);
    install(SIGSEGV, on_segv, SA_ONSTACK);
    flags();
    arch();
    nowhere();
#if defined __aarch64__
    fatal(bad_magic);
#elif defined __riscv
    fatal(reserved);
#elif defined __powerpc__
    fatal(regs_elsewhere);
#else
    fatal(fp_elsewhere);
#endif
    return CHECK_END();
}
