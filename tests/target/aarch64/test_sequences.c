/* SPDX-License-Identifier: Apache-2.0 */
/* Short A64 sequences with their expectation, for what random single instructions cannot show: exclusives, atomics,
 * pointer authentication, address tags, FPCR modes, system registers, exits. Each runs on the interpreter, on tier 1
 * without optimisation and on tier 1. Every sequence is ended by SVC. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "target/aarch64/cpu.h"

#define MEM 0x70000000ull             /* little-endian words 0x1112..18, 0x2122..28, ... */
enum { CODE = 0x10000000, SVC0 = 0xd4000001, MAX_WORDS = 12, MAX_REGS = 6 };

typedef struct RegValue { int reg; uint64_t value; } RegValue;      /* reg -1: no entries; { 0, 0 } after the first ends
                                                                     * a list */
typedef struct Case {
    const char *name;
    int exit;
    uint32_t code[MAX_WORDS];
    RegValue in[MAX_REGS], want[MAX_REGS];
} Case;

static const Case cases[] = {
    /* pacia x0, x1; mov x2, x0; autia x0, x1; xpaci x2 */
    { "pac_roundtrip", EX_SYSCALL, { 0xdac10020, 0xaa0003e2, 0xdac11020, 0xdac143e2 },
        { { 0, 0x7f1234567890 }, { 1, 0x55 } }, { { 0, 0x7f1234567890 }, { 2, 0x7f1234567890 } } },
    /* pacia x0, x1; eor x0, x0, #0x0040000000000000; autia x0, x1; ubfx x0, x0, #53, #2 */
    { "pac_wrong_modifier", EX_SYSCALL, { 0xdac10020, 0xd24a0000, 0xdac11020, 0xd375d800 },
        { { 0, 0x7f1234567890 }, { 1, 0x55 } }, { { 0, 1 } } },
    /* pacdb x0, x1; eor x0, x0, #0x0001000000000000; autdb x0, x1; ubfx x0, x0, #53, #2 */
    { "pac_wrong_key", EX_SYSCALL, { 0xdac10c20, 0xd2500000, 0xdac11c20, 0xd375d800 }, { { 0, 0x1000 }, { 1, 7 } },
        { { 0, 2 } } },
    /* pacdza x0; xpacd x0 */
    { "pac_keeps_tag", EX_SYSCALL, { 0xdac12be0, 0xdac147e0 }, { { 0, 0xab00000000001000 } },
        { { 0, 0xab00000000001000 } } },
    /* pacga x2, x0, x1; mov w3, w2 */
    { "pacga_low_zero", EX_SYSCALL, { 0x9ac13002, 0x2a0203e3 }, { { 0, 5 }, { 1, 6 } }, { { 3, 0 } } },
    /* paciasp; autiasp */
    { "paciasp", EX_SYSCALL, { 0xd503233f, 0xd50323bf }, { { 30, 0x401000 } }, { { 30, 0x401000 } } },
    /* stxr w0, x1, [x2] */
    { "stxr_open", EX_SYSCALL, { 0xc8007c41 }, { { 1, 5 }, { 2, MEM } }, { { 0, 1 } } },
    /* ldxr x0, [x2]; add x0, x0, #1; stxr w1, x0, [x2]; ldr x3, [x2] */
    { "ldxr_stxr", EX_SYSCALL, { 0xc85f7c40, 0x91000400, 0xc8017c40, 0xf9400043 }, { { 2, MEM } },
        { { 1, 0 }, { 3, 0x1112131415161719 } } },
    /* ldxr x0, [x2]; clrex; stxr w1, x0, [x2] */
    { "ldxr_clrex_stxr", EX_SYSCALL, { 0xc85f7c40, 0xd5033f5f, 0xc8017c40 }, { { 2, MEM } }, { { 1, 1 } } },
    /* ldxr x0, [x2]; stxr w1, x0, [x3] */
    { "ldxr_other", EX_SYSCALL, { 0xc85f7c40, 0xc8017c60 }, { { 2, MEM }, { 3, MEM + 16 } }, { { 1, 1 } } },
    /* ldxp x0, x1, [x2]; stxp w3, x1, x0, [x2]; ldp x4, x5, [x2] */
    { "ldxp_stxp", EX_SYSCALL, { 0xc87f0440, 0xc8230041, 0xa9401444 }, { { 2, MEM } },
        { { 3, 0 }, { 4, 0x2122232425262728 }, { 5, 0x1112131415161718 } } },
    /* ldxrb w0, [x2]; stxrb w1, wzr, [x2]; ldr x3, [x2] */
    { "ldxrb_stxrb", EX_SYSCALL, { 0x085f7c40, 0x08017c5f, 0xf9400043 }, { { 2, MEM } },
        { { 0, 0x18 }, { 1, 0 }, { 3, 0x1112131415161700 } } },
    /* casp x0, x1, x4, x5, [x2]; ldp x6, x7, [x2] */
    { "casp", EX_SYSCALL, { 0x48207c44, 0xa9401c46 },
        { { 0, 0x1112131415161718 }, { 1, 0x2122232425262728 }, { 2, MEM }, { 4, 1 }, { 5, 2 } },
        { { 6, 1 }, { 7, 2 } } },
    /* casb w0, w1, [x2]; ldrb w3, [x2] */
    { "casb_fails", EX_SYSCALL, { 0x08a07c41, 0x39400043 }, { { 0, 0x99 }, { 1, 1 }, { 2, MEM } },
        { { 0, 0x18 }, { 3, 0x18 } } },
    /* ldclral x0, x1, [x2]; ldr x3, [x2] */
    { "ldclr", EX_SYSCALL, { 0xf8e01041, 0xf9400043 }, { { 0, 0xff }, { 2, MEM } },
        { { 1, 0x1112131415161718 }, { 3, 0x1112131415161700 } } },
    /* ldsmaxh w0, w1, [x2]; ldrh w3, [x2] */
    { "ldsmaxh", EX_SYSCALL, { 0x78204041, 0x79400043 }, { { 0, 0xffff }, { 2, MEM } },
        { { 1, 0x1718 }, { 3, 0x1718 } } },
    /* swpb w0, w1, [x2]; ldrb w3, [x2] */
    { "swpb", EX_SYSCALL, { 0x38208041, 0x39400043 }, { { 0, 0x1ff }, { 2, MEM } }, { { 1, 0x18 }, { 3, 0xff } } },
    /* ldr x0, [x2], #8; ldr x1, [x2, #8]!; sub x2, x2, x3 */
    { "writeback", EX_SYSCALL, { 0xf8408440, 0xf8408c41, 0xcb030042 }, { { 2, MEM }, { 3, MEM } },
        { { 0, 0x1112131415161718 }, { 1, 0x3132333435363738 }, { 2, 16 } } },
    /* ldr x0, [x2]; ldp x3, x4, [x2, #8] */
    { "tag_ignored", EX_SYSCALL, { 0xf9400040, 0xa9409043 }, { { 2, MEM + 0x5a00000000000000 } },
        { { 0, 0x1112131415161718 }, { 3, 0x2122232425262728 } } },
    /* dc zva, x2; ldr x0, [x2]; ldr x1, [x2, #56] */
    { "dc_zva", EX_SYSCALL, { 0xd50b7422, 0xf9400040, 0xf9401c41 }, { { 2, MEM }, { 0, 1 }, { 1, 1 } },
        { { 0, 0 }, { 1, 0 } } },
    /* OP; b.COND 1f; cmp x2, x3; 1: mrs x4, nzcv, where the exit alone sees the flags of OP */
    { "cmp_seen_by_exit", EX_SYSCALL, { 0xeb01001f, 0x54000041, 0xeb03005f, 0xd53b4204 }, { { 0, 1 }, { 1, 2 } },
        { { 4, 0x80000000 } } },
    { "cmp_not_seen", EX_SYSCALL, { 0xeb01001f, 0x54000041, 0xeb03005f, 0xd53b4204 },
        { { 0, 2 }, { 1, 2 }, { 2, 3 }, { 3, 1 } }, { { 4, 0x20000000 } } },
    { "adds_seen_by_exit", EX_SYSCALL, { 0x2b010005, 0x54000046, 0xeb03005f, 0xd53b4204 },
        { { 0, 0x7fffffff }, { 1, 1 } }, { { 4, 0x90000000 } } },
    { "tst_seen_by_exit", EX_SYSCALL, { 0x6a01001f, 0x54000044, 0xeb03005f, 0xd53b4204 },
        { { 0, 0x80000000 }, { 1, 0xffffffff } }, { { 4, 0x80000000 } } },
    /* fmov d0, x0; fmov d1, x1; fcmp d0, d1; ... with b.vs and b.le */
    { "fcmp_seen_by_exit", EX_SYSCALL, { 0x9e670000, 0x9e670021, 0x1e612000, 0x54000046, 0xeb03005f, 0xd53b4204 },
        { { 0, 0x7ff8000000000000 } }, { { 4, 0x30000000 } } },
    { "fcmp_le_seen_by_exit", EX_SYSCALL, { 0x9e670000, 0x9e670021, 0x1e612000, 0x5400004d, 0xeb03005f, 0xd53b4204 },
        { { 0, 0 }, { 1, 0x3ff0000000000000 } }, { { 4, 0x80000000 } } },
    /* subs x0, x0, x1; b.eq 1f; b.lo 1f; cmp x2, x3; 1: mrs x4, nzcv */
    { "seen_by_two_exits", EX_SYSCALL, { 0xeb010000, 0x54000060, 0x54000043, 0xeb03005f, 0xd53b4204 },
        { { 0, 1 }, { 1, 2 } }, { { 4, 0x80000000 }, { 0, -1ull } } },
    /* cmp x0, x1; adc x5, x5, x5; adcs x6, x5, x5; b.hi 1f; cmp x2, x3; 1: mrs x4, nzcv */
    { "adcs_seen_by_exit", EX_SYSCALL, { 0xeb01001f, 0x9a0500a5, 0xba0500a6, 0x54000048, 0xeb03005f, 0xd53b4204 },
        { { 0, 1 }, { 5, 0xc000000000000000 } }, { { 4, 0x30000000 }, { 6, 3 } } },
    /* msr nzcv, x0; mrs x1, nzcv; cset w2, mi; cset w3, cs */
    { "nzcv", EX_SYSCALL, { 0xd51b4200, 0xd53b4201, 0x1a9f57e2, 0x1a9f37e3 }, { { 0, 0xa0000000 } },
        { { 1, 0xa0000000 }, { 2, 1 }, { 3, 1 } } },
    /* msr nzcv, xzr; rmif x0, #4, #15; mrs x1, nzcv */
    { "rmif", EX_SYSCALL, { 0xd51b421f, 0xba02040f, 0xd53b4201 }, { { 0, 0x50 } }, { { 1, 0x50000000 } } },
    /* setf8 w0; mrs x1, nzcv */
    { "setf8", EX_SYSCALL, { 0x3a00080d, 0xd53b4201 }, { { 0, 0x80 } }, { { 1, 0x90000000 } } },
    /* msr nzcv, x0; axflag; mrs x1, nzcv */
    { "axflag", EX_SYSCALL, { 0xd51b4200, 0xd500405f, 0xd53b4201 }, { { 0, 0x30000000 } }, { { 1, 0x40000000 } } },
    /* mov x1, #0x400000; msr fpcr, x1; fmov d0, #1.0; fmov d1, #3.0; fdiv d0, d0, d1; fmov x0, d0; msr fpcr, xzr */
    { "round_up", EX_SYSCALL, { 0xd2a00801, 0xd51b4401, 0x1e6e1000, 0x1e611001, 0x1e611800, 0x9e660000, 0xd51b441f },
        { { 0, 0 } }, { { 0, 0x3fd5555555555556 } } },
    /* mov x1, #0x1000000; msr fpcr, x1; msr fpsr, xzr; fmov d0, x0; fmov d1, #1.0; fmul d0, d0, d1; fmov x2, d0; mrs
       x3, fpsr; msr fpcr, xzr */
    { "flush_to_zero", EX_SYSCALL,
        { 0xd2a02001, 0xd51b4401, 0xd51b443f, 0x9e670000, 0x1e6e1001, 0x1e610800, 0x9e660002, 0xd53b4423, 0xd51b441f },
        { { 0, 0x8000000000000001 } }, { { 2, 0x8000000000000000 }, { 3, 0x80 } } },
/* fmov d0, x0; fmov d1, x1; mov x1, #0x1000000; msr fpcr, x1; msr fpsr, xzr; mov w2, #1000
 * 1: fmul d2, d0, d1; subs w2, w2, #1; b.ne 1b; mrs x3, fpsr; fmov x4, d2; msr fpcr, xzr */
#define FLUSHED \
    0x9e670000, 0x9e670021, 0xd2a02001, 0xd51b4401, 0xd51b443f, 0x52807d02, 0x1e610802, 0x71000442, 0x54ffffc1, \
        0xd53b4423, 0x9e660044, 0xd51b441f
    { "flush_inexact", EX_SYSCALL, { FLUSHED }, { { 0, 0x3ff5555555555555 }, { 1, 0x3ff0000000000001 } },
        { { 3, 0x10 }, { 4, 0x3ff5555555555556 } } },
    { "flush_underflow", EX_SYSCALL, { FLUSHED }, { { 0, 0x10000000000000 }, { 1, 0x3fe0000000000000 } },
        { { 3, 0x8 }, { 4, 0x0 } } },
    { "flush_exact", EX_SYSCALL, { FLUSHED }, { { 0, 0x4000000000000000 }, { 1, 0x4008000000000000 } },
        { { 4, 0x4018000000000000 }, { 3, 0 } } },
    { "flush_operand", EX_SYSCALL, { FLUSHED }, { { 0, 0x1 }, { 1, 0x3ff0000000000000 } },
        { { 3, 0x80 }, { 4, 0x0 } } },
#undef FLUSHED
    /* mov x1, #0x2000000; msr fpcr, x1; fmov d0, x0; fadd d0, d0, d0; fmov x2, d0; msr fpcr, xzr */
    { "default_nan", EX_SYSCALL, { 0xd2a04001, 0xd51b4401, 0x9e670000, 0x1e602800, 0x9e660002, 0xd51b441f },
        { { 0, 0xfff8000000000123 } }, { { 2, 0x7ff8000000000000 } } },
    /* msr fpsr, xzr; fmov d0, #1.0; fmov d1, xzr; fdiv d0, d0, d1; mrs x0, fpsr */
    { "fpsr_flags", EX_SYSCALL, { 0xd51b443f, 0x1e6e1000, 0x9e6703e1, 0x1e611800, 0xd53b4420 }, { { 0, 0 } },
        { { 0, 2 } } },
    /* fmov d0, x0; fjcvtzs w1, d0; cset w2, eq */
    { "fjcvtzs", EX_SYSCALL, { 0x9e670000, 0x1e7e0001, 0x1a9f17e2 }, { { 0, 0x41f0000000100000 } },
        { { 1, 1 }, { 2, 0 } } },
    /* mrs x0, id_aa64isar0_el1; ubfx x0, x0, #20, #4; mrs x1, dczid_el0 */
    { "id_isar0", EX_SYSCALL, { 0xd5380600, 0xd3545c00, 0xd53b00e1 }, { { 0, 0 } }, { { 0, 2 }, { 1, 4 } } },
    /* .inst 0x00000000 */
    { "illegal_exit", EX_ILLEGAL, { 0x00000000 }, { { 0, 0 } }, { { -1, 0 } } },
    /* hlt #1 */
    { "illegal_hlt", EX_ILLEGAL, { 0xd4400020 }, { { 0, 0 } }, { { -1, 0 } } },
    /* brk #7 */
    { "brk", EX_BREAKPOINT, { 0xd42000e0 }, { { 0, 0 } }, { { -1, 0 } } },
    /* ldadd x0, x1, [x2] */
    { "unaligned_atomic", TCG_EXIT_ALIGN, { 0xf8200041 }, { { 2, MEM + 1 } }, { { -1, 0 } } },
    /* fmov d0, x0; fjcvtzs w1, d0; cset w2, eq */
    { "fjcvtzs_exact", EX_SYSCALL, { 0x9e670000, 0x1e7e0001, 0x1a9f17e2 }, { { 0, 0xc008000000000000 } },
        { { 1, 0xfffffffd }, { 2, 1 } } },
};

static A64Cpu *cpu;
static bool noncanonical;

static void on_fault(int sig, siginfo_t *info, void *uc)
{
    noncanonical = info->si_code == SI_KERNEL;
    if (!tcg_fault(&cpu->head, uc, info->si_addr)) abort();
}

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    memcpy(buf, (void *)(uintptr_t)pc, len);
    return len;
}

static void prepare(const Case *c)
{
    uint32_t *code = (uint32_t *)(uintptr_t)CODE;
    int n = 0;
    for (; n < MAX_WORDS && (c->code[n] || !n); n++) code[n] = c->code[n];
    code[n] = (uint32_t)SVC0;
    for (int i = 0; i < 64; i++) ((uint8_t *)MEM)[i] = (uint8_t)((i / 8 + 1) * 16 + 8 - i % 8);
    guest_arch.reset(&cpu->head, guest_arch.models[0].features);
    for (int i = 0; i < MAX_REGS; i++)
        if (c->in[i].reg >= 0 && c->in[i].value) cpu->x[c->in[i].reg] = c->in[i].value;
    cpu->head.pc = CODE;
}

static bool run(const Case *c, const char *engine)
{
    int code;
    prepare(c);
    do code = tcg_run(&cpu->head);
    while (code == EX_ICACHE || (code == TCG_EXIT_FAULT && noncanonical && guest_arch.noncanonical(&cpu->head)));
    if (code != c->exit) {
        printf("FAIL %s on %s: exit %d, not %d\n", c->name, engine, code, c->exit);
        return false;
    }
    for (int i = 0; i < MAX_REGS && c->exit == EX_SYSCALL; i++) {
        const RegValue *w = &c->want[i];
        if (i && !w->reg && !w->value) break;
        if (w->reg < 0 || cpu->x[w->reg] == w->value) continue;
        printf("FAIL %s on %s: x%d is %#lx, not %#lx\n", c->name, engine, w->reg, cpu->x[w->reg], w->value);
        return false;
    }
    return true;
}

static int run_all(const char *engine, const TcgOptions *o)
{
    const TcgHost host = { .fetch = fetch };
    enum { NCASES = sizeof cases / sizeof *cases };
    Tcg *t = tcg_new(&guest_arch.tcg, &host, o);
    int bad = 0;
    memset(cpu, 0, sizeof *cpu);
    tcg_thread_init(t, &cpu->head);
    for (int i = 0; i < NCASES; i++) {
        tcg_invalidate(t, CODE, CODE + 4096);
        bad += !run(&cases[i], engine);
    }
    if (!bad) printf("ok %s: %d sequences\n", engine, (int)NCASES);
    return bad;
}

int main(void)
{
    int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
    cpu = aligned_alloc(64, (sizeof *cpu + 63) & ~(size_t)63);
    if (!cpu || mmap((void *)MEM, 65536, prot, flags, -1, 0) == MAP_FAILED ||
        mmap((void *)(uintptr_t)CODE, 4096, prot, flags, -1, 0) == MAP_FAILED)
        return 1;
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    int bad = run_all("interp", &(TcgOptions){ .interp = true, .opt_level = 1 });
    bad += run_all("t0", &(TcgOptions){ .opt_level = 0, .alone = true });
    bad += run_all("t1", &(TcgOptions){ .opt_level = 1 });
    return bad != 0;
}
