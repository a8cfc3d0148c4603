/* SPDX-License-Identifier: Apache-2.0 */
/* Carry chains as multi-precision code has them: adds, adcs, subs and sbcs with multiplications, shifts, loads and
 * address arithmetic in between, over registers with and without a host register of their own. Each program runs on
 * every engine and in the model below, which knows these instructions from the Arm ARM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "target/aarch64/cpu.h"

enum { CODE = 0x10000000, MEM = 0x11000000, SVC0 = 0xd4000001, LENGTH = 40, PROGRAMS = 1500, BASE = 28 };
enum { N = 8, Z = 4, C = 2, V = 1 };

static uint64_t seed = 88172645463325252;
static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

typedef struct Model { uint64_t x[32], mem[16]; int nzcv; } Model;        /* x[31] reads as zero */

static uint64_t add_with_carry(Model *m, bool w, bool flags, uint64_t a, uint64_t b, int carry)
{
    uint64_t mask = w ? ~0ull : 0xffffffff, top = w ? 1ull << 63 : 1u << 31;
    unsigned __int128 sum = (unsigned __int128)(a & mask) + (b & mask) + carry;
    uint64_t r = (uint64_t)sum & mask;
    bool over = ~(a ^ b) & (a ^ r) & top;
    if (flags)
        m->nzcv = (r & top ? N : 0) | (r ? 0 : Z) | (sum >> (w ? 64 : 32) ? C : 0) | (over ? V : 0);
    return r;
}

typedef enum Kind { ADD, ADDS, SUB, SUBS, ADC, ADCS, SBC, SBCS, MUL, UMULH, LSL, CSEL, CSET, LDR, STR, NKINDS } Kind;
static const uint32_t base[NKINDS] = {
    [ADD] = 0x0b000000, [ADDS] = 0x2b000000, [SUB] = 0x4b000000, [SUBS] = 0x6b000000, [ADC] = 0x1a000000,
    [ADCS] = 0x3a000000, [SBC] = 0x5a000000, [SBCS] = 0x7a000000, [MUL] = 0x1b007c00, [UMULH] = 0x9bc07c00,
    [LSL] = 0x53000000, [CSEL] = 0x1a800000, [CSET] = 0x1a9f07e0, [LDR] = 0xf9400000, [STR] = 0xf9000000,
};

static bool condition(int nzcv, int cond)
{
    bool n = nzcv & N, z = nzcv & Z, c = nzcv & C, v = nzcv & V;
    const bool is[8] = { z, c, n, v, c && !z, n == v, !z && n == v, true };
    return is[cond >> 1] != (cond & 1 && cond != 15);
}

/* One instruction: its encoding, and what it does to the model. */
static uint32_t step(Model *m)
{
    static const uint8_t often[] = { ADDS, ADCS, ADCS, ADCS, SBCS, SUBS, ADC, SBC, MUL, MUL, UMULH, UMULH, ADD, SUB,
        LSL, LDR, STR };
    Kind k = rnd() % 8 ? often[rnd() % sizeof often] : rnd() % NKINDS;
    bool w = rnd() % 4 || k == UMULH || k >= LDR;
    unsigned d = rnd() % BASE, n = rnd() % 8 ? rnd() % BASE : 31, o = rnd() % 8 ? rnd() % BASE : 31, imm = 0;
    uint64_t mask = w ? ~0ull : 0xffffffff, a = m->x[n], b = m->x[o], r = 0;
    int c = m->nzcv & C ? 1 : 0;
    uint32_t code = base[k] | (w && k < LDR ? 1u << 31 : 0);
    switch (k) {
    case ADD: case ADDS: r = add_with_carry(m, w, k == ADDS, a, b, 0); break;
    case SUB: case SUBS: r = add_with_carry(m, w, k == SUBS, a, ~b, 1); break;
    case ADC: case ADCS: r = add_with_carry(m, w, k == ADCS, a, b, c); break;
    case SBC: case SBCS: r = add_with_carry(m, w, k == SBCS, a, ~b, c); break;
    case MUL: r = a * b & mask; break;
    case UMULH: r = (uint64_t)((unsigned __int128)a * b >> 64); break;
    case LSL:
        imm = 1 + rnd() % 31;
        r = (a & mask) << imm & mask;
        o = (w ? 64 : 32) - imm;                            /* ubfm: immr, imms */
        code |= (w ? 1u << 22 : 0) | ((w ? 63 : 31) - imm) << 10;
        break;
    case CSEL:
        imm = rnd() % 14;
        code |= imm << 12;
        r = (condition(m->nzcv, (int)imm) ? a : b) & mask;
        break;
    case CSET:
        imm = rnd() % 14;
        code |= (imm ^ 1) << 12;
        m->x[d] = condition(m->nzcv, (int)imm);
        return code | d;
    case LDR:
        imm = rnd() % 16;
        m->x[d] = m->mem[imm];
        return code | imm << 10 | BASE << 5 | d;
    default:
        imm = rnd() % 16;
        m->mem[imm] = m->x[d];
        return code | imm << 10 | BASE << 5 | d;
    }
    m->x[d] = r;
    return code | o << 16 | n << 5 | d;
}

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    memcpy(buf, (void *)(uintptr_t)pc, len);
    return len;
}

static A64Cpu *new_cpu(const TcgOptions *o)
{
    const TcgHost host = { .fetch = fetch };
    A64Cpu *cpu = aligned_alloc(64, (sizeof *cpu + 63) & ~(size_t)63);
    memset(cpu, 0, sizeof *cpu);
    tcg_thread_init(tcg_new(&guest_arch.tcg, &host, o), &cpu->head);
    return cpu;
}

static bool agrees(const char *engine, A64Cpu *cpu, const Model *start, const Model *end)
{
    tcg_invalidate(cpu->head.tcg, CODE, CODE + 4096);
    guest_arch.reset(&cpu->head, guest_arch.models[0].features);
    memcpy(cpu->x, start->x, sizeof cpu->x);
    memcpy((void *)MEM, start->mem, sizeof start->mem);
    a64_set_nzcv(cpu, (uint32_t)start->nzcv << 28);
    cpu->head.pc = CODE;
    if (tcg_run(&cpu->head) == EX_SYSCALL && !memcmp(cpu->x, end->x, sizeof cpu->x) &&
        !memcmp((void *)MEM, end->mem, sizeof end->mem) && a64_nzcv(cpu) == (uint32_t)end->nzcv << 28)
        return true;
    printf("FAIL %s: nzcv %x want %x", engine, a64_nzcv(cpu) >> 28, end->nzcv);
    for (int i = 0; i < 31; i++)
        if (cpu->x[i] != end->x[i])
            printf(" x%d %016lx want %016lx", i, cpu->x[i], end->x[i]);
    printf("\n ");
    for (const uint32_t *p = (const uint32_t *)(uintptr_t)CODE; *p != SVC0; p++)
        printf(" %08x", *p);
    printf("\n");
    return false;
}

int main(void)
{
    static const struct { const char *name; TcgOptions o; } engine[] = {
        { "interp", { .interp = true, .opt_level = 1 } }, { "t0", { .opt_level = 0 } }, { "t1", { .opt_level = 1 } },
    };
    enum { ENGINES = sizeof engine / sizeof *engine };
    int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, bad = 0;
    if (mmap((void *)MEM, 4096, prot, flags, -1, 0) == MAP_FAILED ||
        mmap((void *)(uintptr_t)CODE, 4096, prot, flags, -1, 0) == MAP_FAILED)
        return 1;
    A64Cpu *cpu[ENGINES];
    for (int e = 0; e < ENGINES; e++)
        cpu[e] = new_cpu(&engine[e].o);
    for (int k = 0; k < PROGRAMS && bad < 5; k++) {
        Model m = { .nzcv = (int)(rnd() & 15) }, start;
        for (int i = 0; i < 31; i++)
            m.x[i] = rnd() % 4 ? rnd() : rnd() % 3 - 1;
        for (int i = 0; i < 16; i++)
            m.mem[i] = rnd();
        m.x[BASE] = MEM;
        start = m;
        uint32_t *code = (uint32_t *)(uintptr_t)CODE;
        for (int i = 0; i < LENGTH; i++)
            code[i] = step(&m);
        code[LENGTH] = SVC0;
        for (int e = 0; e < ENGINES; e++)
            bad += !agrees(engine[e].name, cpu[e], &start, &m);
    }
    if (!bad)
        printf("ok %d programs of %d instructions on each engine\n", PROGRAMS, LENGTH);
    return bad != 0;
}
