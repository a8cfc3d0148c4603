/* SPDX-License-Identifier: Apache-2.0 */
/* Every decode row of A64 against an oracle: random encodings of the row, random and special operands, all registers,
 * FPSR and NZCV compared, on the interpreter and on tier 1 with and without optimisation. Then chains of random rows in
 * one unit, which exercise what a single instruction does not: register allocation, pins, dead state.
 *
 * Environment: FUZZ_ITER encodings per row (24; chains in proportion), FUZZ_SEED, DIFF_ROW part of a row or group name,
 * DIFF_ENGINE (interp, t0, t1).
 * Needs aarch64-linux-gnu-gcc and qemu-aarch64 (Debian's 7.2, bug: spare_oracle); skipped without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "diff.h"
#include "target/aarch64/cpu.h"
#include "target/decode.h"

extern const DecodeIsa isa_a64_dp, isa_a64_fp, isa_a64_ldst, isa_simd_same, isa_simd_diff, isa_simd_misc,
    isa_simd_shift, isa_simd_perm, isa_simd_fp, isa_simd_ldst, isa_simd_crypto;
static const DecodeIsa *const isas[] = {
    &isa_a64_dp, &isa_a64_fp, &isa_a64_ldst, &isa_simd_same, &isa_simd_diff, &isa_simd_misc, &isa_simd_shift,
    &isa_simd_perm,
    &isa_simd_fp, &isa_simd_ldst, &isa_simd_crypto,
};
enum { N_ISAS = sizeof isas / sizeof *isas };
static const uint64_t all_features[2] = { ~0ull, ~0ull };
/* pc-relative or implementation-defined results; exclusive stores: the monitor may outlive a test or not */
static const char *const left_out[] = { "adr", "adrp", "pacga", "prfm_l", "ldr_l", "ldrv_l", "ldra", "stxr", "stxp",
    NULL };

typedef struct Test { const DecodeIsa *isa; int row; } Test;        /* of the last instruction */
typedef struct Run {
    Test    *test;
    DiffRec *in, *want;
    int      n, cap;
} Run;

static uint64_t seed = 0x9e3779b97f4a7c15;
static uint64_t rnd(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed * 0x2545f4914f6cdd1d;
}

/* --- operands: one style per test, so that lanes meet lanes of their own kind */
static const uint32_t special32[] = {
    0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f800001, 0xffa00000, 1,
    0x807fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x4b000001, 0x3f000000, 0xbf000000, 0x3fc00000, 0x40200000,
    0x4f000000, 0xcf000000, 0x4f800000, 0x5f000000, 0x3f7fffff, 0x34000000, 0x7fffffff, 0xffffffff, 31, 32,
};
static const uint64_t special64[] = {
    0, 1ull << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
    0xfff8123456789abc, 0x7ff0000000000001, 0xfff4000000000000, 1, 0x800fffffffffffff, 0x0010000000000000,
    0x7fefffffffffffff, 0x4330000000000001, 0x3fe0000000000000, 0xbfe0000000000000, 0x3ff8000000000000,
    0x4004000000000000, 0x41e0000000000000, 0xc1e0000000000000, 0x43e0000000000000, 0xc3e0000000000000,
    0x43f0000000000000, 0x36a0000000000000, 0x380fffffffffffff, 0x47efffffffffffff, 0x47effffff0000000, ~0ull, 63, 64,
};
static const uint16_t special16[] = { 0, 1, 0x7fff, 0x8000, 0xffff, 0x8001, 16, 0x7c00, 0x7c01, 0xfe00, 0x3c00,
    0x03ff };
static const uint8_t special8[] = { 0, 1, 0x7f, 0x80, 0xff, 0x81, 2, 8 };
#define PICK(t) ((t)[rnd() % (sizeof (t) / sizeof *(t))])

enum { STYLES = 9 };
static uint64_t operand(int style)
{
    uint64_t r = 0;
    switch (style) {
    case 0: return rnd();
    case 1: return PICK(special64);
    case 2: r = PICK(special32); return r << 32 | PICK(special32);
    case 3:
        for (int i = 0; i < 4; i++)
            r = r << 16 | PICK(special16);
        return r;
    case 4:
        for (int i = 0; i < 8; i++)
            r = r << 8 | PICK(special8);
        return r;
    case 5: {
        double d = (double)(int64_t)rnd() / (double)(1ull << (rnd() & 63));
        memcpy(&r, &d, 8);
        return r;
    }
    case 6: {
        float f[2];
        for (int i = 0; i < 2; i++)
            f[i] = (float)(int32_t)rnd() / (float)(1u << (rnd() & 31));
        memcpy(&r, f, 8);
        return r;
    }
    case 7: return rnd() & 0x1f1f1f1f1f1f1f1f;
    default: return (rnd() & 0x800fffffffffffff) | (0x3ff0ull + (rnd() & 63)) << 48;
    }
}

static bool wanted(const DecodeIsa *isa, const DecodeRow *row)
{
    const char *only = getenv("DIFF_ROW");
    for (int i = 0; left_out[i]; i++)
        if (!strcmp(row->name, left_out[i]))
            return false;
    if (strstr(row->name, "pac") || strstr(row->name, "aut") || strstr(row->name, "xpac"))
        return false;
    return !strstr(row->tags ? row->tags : "", "branch") &&
        (!only || strstr(row->name, only) || strstr(isa->name, only));
}

/* Loads and stores whose registers meet are CONSTRAINED UNPREDICTABLE (writeback to the data
 * register, equal halves). */
static bool defined(const DecodeIsa *isa, const DecodeRow *row, uint32_t insn)
{
    int pair = !strcmp(row->name, "casp");
    uint32_t r[] = { insn & 31, insn >> 5 & 31, insn >> 10 & 31, insn >> 16 & 31 };
    if (isa != &isa_a64_ldst)
        return true;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            if (r[i] >> pair == r[j] >> pair)
                return false;
    return true;
}

static bool encode(const DecodeIsa *isa, int r, uint32_t *insn)
{
    const DecodeRow *row = &isa->rows[r];
    for (int i = 0; i < 10000; i++) {
        *insn = (uint32_t)(row->bits | (rnd() & ~row->mask));
        if ((!row->holds || row->holds(*insn)) && isa->match(all_features, *insn) == r && defined(isa, row, *insn))
            return true;
    }
    return false;
}

static void fill(DiffRec *t)
{
    int style = (int)(rnd() % (STYLES + 2));
    *t = (DiffRec){ .fpcr = (rnd() & 3) << 22, .nzcv = (uint32_t)(rnd() & 15) << 28 };
    if (rnd() % 4 == 0)
        t->fpcr |= rnd() & 0x07000000;
    if (rnd() % 2)
        t->fpsr = (rnd() & 0x0800008f) | (rnd() % 4 ? 0x10 : 0);         /* with IXC, FZ is another mode (cpu.h) */
    for (int i = 0; i < 32; i++) {
        for (int j = 0; j < 2; j++)
            t->v[i][j] = operand(style < STYLES ? style : (int)(rnd() % STYLES));
        t->x[i] = operand((int)(rnd() % STYLES));
    }
    t->x[31] = DIFF_WIN + 64;
    for (int i = 0; i < DIFF_WINDOW; i++)
        t->mem[i] = (uint8_t)rnd();
}

/* FJCVTZS of a subnormal that FPCR.FZ flushes: Z is 0 (Arm ARM FPToFixedJS, op<51:0> not zero); qemu 7.2 says 1. */
static void spare_oracle(DiffRec *t, const char *row)
{
    if (!strcmp(row, "fjcvtzs"))
        t->fpcr &= ~(uint32_t)FPCR_FZ;
}

static DiffRec *new_test(Run *run, const DecodeIsa *isa, int row)
{
    if (run->n == run->cap) {
        run->cap = run->cap ? 2 * run->cap : 4096;
        run->test = realloc(run->test, run->cap * sizeof *run->test);
        run->in = realloc(run->in, run->cap * sizeof *run->in);
    }
    run->test[run->n] = (Test){ isa, row };
    fill(&run->in[run->n]);
    return &run->in[run->n++];
}

/* Misaligned LDAPR faults before FEAT_LSE2, which the oracle has and we do not. */
static bool must_align(uint32_t insn) { return (insn & 0x3ffffc00) == 0x38bfc000; }

static int generate(Run *run, int per_row)
{
    int bad = 0;
    for (size_t l = 0; l < N_ISAS; l++)
        for (int r = 0; r < isas[l]->nrows; r++)
            for (int k = 0; k < per_row && wanted(isas[l], &isas[l]->rows[r]); k++) {
                uint32_t insn;
                if (!encode(isas[l], r, &insn)) {
                    printf("FAIL %s: no encoding of the row found\n", isas[l]->rows[r].name);
                    bad++;
                    break;
                }
                DiffRec *t = new_test(run, isas[l], r);
                t->n = 1, t->insn[0] = insn;
                spare_oracle(t, isas[l]->rows[r].name);
                if (isas[l] == &isa_a64_ldst)
                    t->x[insn >> 16 & 31] = rnd() % 16;
                if (isas[l] == &isa_simd_ldst || isas[l] == &isa_a64_ldst)
                    t->x[insn >> 5 & 31] = DIFF_WIN + (rnd() & 1 || must_align(insn) ? 32 : rnd() % 64);
            }
    return bad;
}

/* In a chain SP is the base of every access and stays as it is; few registers, so that results meet. */
static bool fits_chain(const DecodeIsa *isa, const char *name, uint32_t *insn)
{
    if (isa == &isa_simd_ldst) {
        *insn |= 31 << 5;
        return !strstr(name, "_p");
    }
    if (isa == &isa_a64_ldst && !strstr(name, "_r"))        /* an index would need a small register */
        *insn |= 31 << 5;
    else if (isa == &isa_a64_ldst || (isa == &isa_a64_dp && (*insn & 31) == 31))
        return false;
    return true;
}

static void generate_chains(Run *run, int n)
{
    while (n-- > 0) {
        DiffRec *t = new_test(run, NULL, 0);
        t->n = (uint32_t)(2 + rnd() % (DIFF_CHAIN - 1));
        for (uint32_t k = 0; k < t->n;) {
            const DecodeIsa *isa = isas[rnd() % N_ISAS];
            int row = (int)(rnd() % (uint64_t)isa->nrows);
            uint32_t few = rnd() & 1 ? 0x00180318 : 0, insn;
            if (!wanted(isa, &isa->rows[row]) || !encode(isa, row, &insn))
                continue;
            if (few && isa->match(all_features, insn & ~few) == row)
                insn &= ~few;
            if (!fits_chain(isa, isa->rows[row].name, &insn) || isa->match(all_features, insn) != row ||
                !defined(isa, &isa->rows[row], insn))
                continue;
            t->insn[k++] = insn;
            spare_oracle(t, isa->rows[row].name);
            run->test[run->n - 1] = (Test){ isa, row };
        }
    }
}

/* --- the oracle */
static bool have(const char *program)
{
    char cmd[200];
    snprintf(cmd, sizeof cmd, "command -v %s >/dev/null 2>&1", program);
    return system(cmd) == 0;
}

static bool ask_oracle(Run *run, const char *dir, const char *src)
{
    char path[300], cmd[1200];
    snprintf(path, sizeof path, "%s/in", dir);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(run->in, sizeof *run->in, run->n, f) != (size_t)run->n || fclose(f))
        return false;
    snprintf(cmd, sizeof cmd,
        "aarch64-linux-gnu-gcc -O1 -static -Wl,--defsym=code_page=%#x -o %s/oracle %s && qemu-aarch64 -cpu max "
        "%s/oracle <%s/in >%s/out",
        DIFF_CODE, dir, src, dir, dir, dir);
    if (system(cmd))
        return false;
    snprintf(path, sizeof path, "%s/out", dir);
    f = fopen(path, "r");
    run->want = malloc(run->n * sizeof *run->want);
    bool ok = f && fread(run->want, sizeof *run->want, run->n, f) == (size_t)run->n;
    if (f)
        fclose(f);
    return ok;
}

/* --- our engines. Test k is the code at CODE + STRIDE * k: its instructions and system calls behind them. */
#define CODE 0x40000000ull
enum { STRIDE = 64 };
_Static_assert(4 * DIFF_CHAIN < STRIDE, "room for the system call");
static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    const Run *run = ctx;
    const uint32_t svc = 0xd4000001;
    size_t done = 0;
    for (; done < len && (pc + done - CODE) / STRIDE < (uint64_t)run->n; done++) {
        gaddr at = pc + done - CODE;
        const DiffRec *t = &run->in[at / STRIDE];
        uint32_t k = at % STRIDE / 4;
        ((uint8_t *)buf)[done] = (uint8_t)((k < t->n ? t->insn[k] : svc) >> 8 * (at & 3));
    }
    return done;
}

static bool same(const A64Cpu *c, const DiffRec *want, const void *mem)
{
    return !memcmp(c->v, want->v, sizeof want->v) && !memcmp(c->x, want->x, sizeof c->x) && c->sp == want->x[31]
        && a64_fpsr(c) == want->fpsr && a64_nzcv(c) == want->nzcv && !memcmp(mem, want->mem, DIFF_WINDOW);
}

static void show_vec(const char *what, const uint64_t *v) { printf("  v %-5s %016lx %016lx\n", what, v[1], v[0]); }

static void show(
    const char *engine, const Test *t, const DiffRec *in, const DiffRec *want, const A64Cpu *c, const void *mem)
{
    uint32_t insn = in->insn[0];
    printf("FAIL %s %s fpcr %08x: fpsr %08x want %08x, nzcv %x want %x%s:", engine,
        in->n > 1 ? "chain" : t->isa->rows[t->row].name, in->fpcr, a64_fpsr(c), want->fpsr, a64_nzcv(c) >> 28,
        want->nzcv >> 28, memcmp(mem, want->mem, DIFF_WINDOW) ? ", memory differs" : "");
    for (uint32_t k = 0; k < in->n; k++)
        printf(" %08x", in->insn[k]);
    printf("\n");
    for (int i = 0; i < 32; i++)
        if (memcmp(&c->v[i], want->v[i], 16)) {
            printf("  v%d\n", i);
            show_vec("got", c->v[i].d);
            show_vec("want", want->v[i]);
        }
    for (int i = 0; i < 31; i++)
        if (c->x[i] != want->x[i])
            printf("  x%d got %lx want %lx\n", i, c->x[i], want->x[i]);
    if (in->n == 1) {
        show_vec("n", in->v[insn >> 5 & 31]);
        show_vec("m", in->v[insn >> 16 & 31]);
        show_vec("d", in->v[insn & 31]);
        printf("  x n %lx m %lx\n", in->x[insn >> 5 & 31], in->x[insn >> 16 & 31]);
    }
}

static int run_engine(Run *run, const char *name, const TcgOptions *options, uint8_t *mem)
{
    enum { SHOWN_PER_ROW = 2 };
    static A64Cpu cpu __attribute__((aligned(64)));
    TcgHost host = { .ctx = run, .fetch = fetch };
    Tcg *tcg = tcg_new(&guest_arch.tcg, &host, options);
    int bad = 0, shown = 0;
    const DecodeRow *last = NULL;
    memset(&cpu, 0, sizeof cpu);
    memset(mem, 0, DIFF_MEM_SIZE);
    mem += DIFF_WIN - DIFF_MEM;
    guest_arch.reset(&cpu.head, guest_arch.models[0].features);
    tcg_thread_init(tcg, &cpu.head);
    for (int k = 0; k < run->n; k++) {
        const DiffRec *in = &run->in[k], *want = &run->want[k];
        const DecodeRow *row = &run->test[k].isa->rows[run->test[k].row];
        memcpy(cpu.v, in->v, sizeof in->v);
        memcpy(cpu.x, in->x, sizeof cpu.x);
        cpu.sp = in->x[31];
        a64_set_fpsr(&cpu, in->fpsr);
        a64_set_fpcr(&cpu, in->fpcr);
        a64_set_nzcv(&cpu, in->nzcv);
        memcpy(mem, in->mem, DIFF_WINDOW);
        cpu.head.pc = CODE + STRIDE * (gaddr)k;
        int code = tcg_run(&cpu.head);
        if (row != last)
            shown = 0, last = row;
        if ((code == EX_SYSCALL) == !want->signal && (want->signal || same(&cpu, want, mem)))
            continue;
        bad++;
        if (shown++ >= SHOWN_PER_ROW)
            continue;
        if ((code == EX_SYSCALL) != !want->signal)
            printf("FAIL %s %s %08x: exit %d, oracle signal %u\n", name, row->name, in->insn[0], code, want->signal);
        else
            show(name, &run->test[k], in, want, &cpu, mem);
    }
    tcg_thread_free(&cpu.head);
    printf("%s %s: %d of %d encodings differ\n", bad ? "FAIL" : "ok", name, bad, run->n);
    return bad;
}

int main(void)
{
    static const struct { const char *name; TcgOptions o; } engines[] = {
        { "interp", { .interp = true } }, { "t0", { .opt_level = 0, .alone = true } }, { "t1", { .opt_level = 1 } },
    };
    enum { CHAINS = 125 };      /* for each case of a row */
    const char *it = getenv("FUZZ_ITER"), *s = getenv("FUZZ_SEED"), *engine = getenv("DIFF_ENGINE");
    int per = it ? atoi(it) : 24;
    char dir[] = "/tmp/a64-diff-XXXXXX", cmd[100];
    Run run = { 0 };
    if (!have("aarch64-linux-gnu-gcc") || !have("qemu-aarch64")) {
        printf("no aarch64-linux-gnu-gcc or qemu-aarch64\n");
        return 77;
    }
    if (s)
        seed ^= strtoull(s, NULL, 0) * 0xd1342543de82ef95;
    int bad = generate(&run, per);
    generate_chains(&run, per * CHAINS);
    if (!mkdtemp(dir))
        return 1;
    bool asked = ask_oracle(&run, dir, "tests/target/aarch64/oracle.c");
    snprintf(cmd, sizeof cmd, "rm -r %s", dir);
    if (system(cmd) || !asked) {
        printf("FAIL the oracle did not answer\n");
        return 1;
    }
    uint8_t *mem = mmap((void *)(uintptr_t)DIFF_MEM, DIFF_MEM_SIZE, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (mem == MAP_FAILED)
        return 1;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        if (!engine || !strcmp(engine, engines[i].name))
            bad += run_engine(&run, engines[i].name, &engines[i].o, mem);
    return bad != 0;
}
