/* SPDX-License-Identifier: Apache-2.0 */
/* What the riscv64 and riscv32 differential tests share: which encodings are testable, and how RISC-V state looks in a
 * record (x0..x31, f0..f31, fcsr). Registers with a role: x31 the record, x30 an unaligned and x8, x2 aligned data
 * pointers. */
#ifndef TESTS_TARGET_RISCV_DIFF_H
#define TESTS_TARGET_RISCV_DIFF_H

#include "tests/target/difftest.h"
#include "target/riscv/arch.h"
#include "riscv/rv.decode.h"
#include "riscv/rvc.decode.h"

enum { FCSR = 64, NREGS = 65, CSR_FFLAGS = 1, CSR_FRM = 2, CSR_FCSR = 3 };

static const char *reg_name(int i)
{
    return i == FCSR ? "fcsr" : guest_arch.tcg.regs[i].name;
}

static uint64_t random_f(Rng *r)
{
    switch (rng_below(r, 8)) {
    case 0:  return rng_next(r);
    case 1:  return rng_fp(r, 16) | ~0xffffull;
    case 2: case 3: case 4: return rng_fp(r, 32) | ~0ull << 32;
    default: return rng_fp(r, 64);
    }
}

static void random_state(Rng *r, uint64_t *regs, gaddr record)
{
    for (int i = 0; i < 32; i++) {
        regs[i] = rng_int(r);
        regs[32 + i] = random_f(r);
    }
    for (int i = 1; i < 32; i += 5)                     /* equal operands now and then */
        regs[i] = regs[i + 1 - (i > 30)];
    int fp = rng_below(r, 4);                           /* mostly one format, so that operands meet */
    for (int i = 32; fp && i < 64; i++)
        regs[i] = fp == 1 ? rng_fp(r, 64) : fp == 2 ? rng_fp(r, 32) | ~0ull << 32 : regs[i];
    regs[0] = 0;
    regs[2] = regs[8] = DIFF_MEM_MID;
    regs[30] = DIFF_MEM_MID + rng_below(r, 16);
    regs[31] = record;
    regs[FCSR] = rng_below(r, 5) << 5 | (rng_below(r, 32) & -(uint32_t)rng_below(r, 2));
}

static void load(CpuState *cpu, const uint64_t *regs)
{
    RvCpu *c = (RvCpu *)cpu;
    memcpy(c->x, regs, sizeof c->x);
    memcpy(c->f, regs + 32, sizeof c->f);
    rv_set_fcsr(c, regs[FCSR]);
}

static void save(CpuState *cpu, uint64_t *regs)
{
    const RvCpu *c = (const RvCpu *)cpu;
    memcpy(regs, c->x, sizeof c->x);
    memcpy(regs + 32, c->f, sizeof c->f);
    regs[FCSR] = rv_fcsr(c);
}

/* RV32: the upper halves of x registers do not exist. */
static void low_halves(uint64_t *regs)
{
    for (int i = 0; i < 32; i++)
        regs[i] = (uint32_t)regs[i];
}

static void random_state32(Rng *r, uint64_t *regs, gaddr record)
{
    random_state(r, regs, record);
    low_halves(regs);
}

static void save32(CpuState *cpu, uint64_t *regs)
{
    save(cpu, regs);
    low_halves(regs);
}

static int put32(uint8_t *out, uint32_t v)
{
    memcpy(out, &v, 4);
    return 4;
}

static int prologue(uint8_t *out) { return put32(out, 0x008fb083); }                   /* ld x1, 8(x31) */

static int prologue32(uint8_t *out) { return put32(out, 0x008fa083); }                 /* lw x1, 8(x31) */

static uint32_t j_imm(int32_t d)
{
    return (d & 0x100000) << 11 | (d & 0x7fe) << 20 | (d & 0x800) << 9 | (d & 0xff000);
}

static int jump(uint8_t *out, gaddr from, gaddr to) { return put32(out, 0x6f | j_imm((int32_t)(to - from))); }

static bool has_role(int x) { return x == 2 || x == 8 || x == 30 || x == 31; }

/* Is bits 11..7 a register that must not be written? Stores and branches have no rd there. */
static bool clobbers(const DecodeRow *r, uint64_t insn)
{
    unsigned op = insn & 0x7f;
    bool no_x = op == 0x23 || op == 0x63 || op == 0x27 || op == 0x07 || (op >= 0x43 && op <= 0x4f);
    bool f_result = op == 0x53 && (insn >> 28 < 10 || insn >> 28 == 13 || insn >> 28 == 15);
    return !no_x && !f_result && has_role(insn >> 7 & 31);
}

static bool tagged(const DecodeRow *r, const char *tag) { return strstr(r->tags, tag) != NULL; }

/* Rows that only make sense whole: a forward branch over one instruction. */
static int branch(const DecodeRow *r, uint32_t insn, uint8_t *out)
{
    uint32_t op = insn & 0x7f;
    if (op == 0x63)
        insn = (insn & 0x01fff07f) | 8 << 7;            /* +8 */
    else if (op == 0x6f)
        insn = (insn & 0xfff) | j_imm(8);
    else {                                              /* jalr: 12 past an auipc */
        put32(out, 0x00000297);                         /* auipc x5, 0 */
        put32(out + 4, (insn & 0x7fff) | 5 << 15 | 12 << 20);
        return 8 + put32(out + 8, 0x00128293);
    }
    put32(out, insn);
    return 4 + put32(out + 4, 0x00128293);              /* addi x5, x5, 1 */
}

/* CSR rows: the FP registers; frm only gets values 0..4, so that dynamic rounding stays legal. */
static int csr(Rng *r, uint32_t insn, uint8_t *out)
{
    static const int numbers[] = { CSR_FFLAGS, CSR_FFLAGS, CSR_FRM, CSR_FCSR };
    int n = numbers[rng_below(r, 4)], f3 = insn >> 12 & 7, src = insn >> 15 & 31;
    if (n != CSR_FFLAGS && (f3 == 5 || f3 == 7 || f3 == 3))
        src = f3 == 3 ? 0 : rng_below(r, 5);            /* csrrwi; csrrci clears; csrrc reads */
    else if (n != CSR_FFLAGS && f3 == 1)
        return 0;                                       /* csrrw */
    else if (n != CSR_FFLAGS)
        src = 0;
    return put32(out, (insn & 0x7fff) | src << 15 | (uint32_t)n << 20);
}

static int amo(const DecodeRow *r, uint32_t insn, uint8_t *out)
{
    insn = (insn & ~(31u << 15)) | 8 << 15;
    unsigned f5 = insn >> 27, width = insn & 0x7000;
    if (f5 != 2 && f5 != 3)
        return put32(out, insn);
    /* lr and sc: together, so that no reservation is left behind */
    int n = put32(out, f5 == 2 ? insn : 0x100002af | 8 << 15 | width);                  /* lr x5 */
    return n + put32(out + n, f5 == 3 ? insn : 0x180002af | 8 << 15 | 6 << 20 | width); /* sc x5, x6 */
}

static int memory(Rng *r, const DecodeRow *row, uint32_t insn, uint8_t *out)
{
    if (tagged(row, " amo "))
        return amo(row, insn, out);
    insn = (insn & ~(31u << 15)) | 30 << 15;
    int imm = (int)rng_below(r, 400) - 200;
    if ((insn & 0x7f) == 0x23 || (insn & 0x7f) == 0x27)
        insn = (insn & 0x01fff07f) | (imm & 31) << 7 | (uint32_t)(imm & 0xfe0) << 20;
    else if ((insn & 0x7f) == 0x03 || (insn & 0x7f) == 0x07)
        insn = (insn & 0xfffff) | (uint32_t)imm << 20;
    return put32(out, insn);
}

static int compressed(const DecodeRow *r, uint32_t insn, uint8_t *out)
{
    const char *n = r->name;
    bool rd_full = (insn & 3) == 2 || ((insn & 3) == 1 && insn >> 13 < 4);
    if (tagged(r, " sys ") || !strcmp(n, "c.addi16sp"))
        return -1;
    if (!strcmp(n, "c.jr") || !strcmp(n, "c.jalr")) {
        put32(out, 0x00000297);                         /* auipc x5, 0; addi x5, x5, 14 */
        put32(out + 4, 0x00e28293);
        insn = (insn & 0xf07f) | 5 << 7;
        memcpy(out + 8, &insn, 2);
        return 10 + put32(out + 10, 0x00128293);
    }
    if (tagged(r, " branch ")) {
        insn = !strncmp(n, "c.j", 3) ? (insn & 0xe003) | 0x18 : (insn & 0xe383) | 0x18;       /* +6: over the addi */
        memcpy(out, &insn, 2);
        return 2 + put32(out + 2, 0x00128293);
    }
    if (tagged(r, " mem ") && (insn & 3) == 0)
        insn = insn & ~(7u << 7);                       /* rs1' = x8 */
    if (rd_full && has_role(insn >> 7 & 31) && !(tagged(r, " mem ") && insn >> 13 >= 5) && strncmp(n, "c.fl", 4))
        return 0;
    bool rdp_low = (insn & 3) == 0 && insn >> 13 < 4 && strncmp(n, "c.fl", 4);
    if (rdp_low && (insn >> 2 & 7) == 0)
        return 0;                                       /* rd' = x8 */
    if ((insn & 3) == 1 && insn >> 13 == 4 && (insn >> 7 & 7) == 0)
        return 0;
    memcpy(out, &insn, 2);
    return 2;
}

static int generate(Rng *r, const DecodeIsa *isa, int row, uint64_t insn, uint8_t *out)
{
    const DecodeRow *d = &isa->rows[row];
    if (isa->width == 16)
        return compressed(d, insn, out);
    if (clobbers(d, insn))
        return 0;
    if (tagged(d, " branch "))
        return branch(d, insn, out);
    if (!strncmp(d->name, "csrr", 4))
        return csr(r, insn, out);
    if (tagged(d, " sys "))
        return -1;
    if (tagged(d, " mem "))
        return memory(r, d, insn, out);
    unsigned rm = insn >> 12 & 7;
    bool has_rm = tagged(d, " fp ") && !(d->mask >> 12 & 1);
    if (has_rm && (rm == 5 || rm == 6))
        return 0;
    return put32(out, insn);
}

static const struct DiffSkip skips[] = {
#define SKIP(row, feature, why) { row, feature, why },
#include "oracle.def"
#undef SKIP
    { 0 }
};

/* bits: XLEN. */
static int riscv_diff(int bits, const char *oracle, const char *cpu, const char *cc_args)
{
    static const DecodeIsa *const isas[] = { &isa_rv, &isa_rvc };
    const DiffGuest g = {
        .isas = isas, .nisas = 2, .model = &guest_arch.models[0], .nregs = NREGS, .reg_name = reg_name,
        .random_state = bits == 64 ? random_state : random_state32, .load = load, .save = bits == 64 ? save : save32,
        .prologue = bits == 64 ? prologue : prologue32, .generate = generate, .jump = jump,
        .syscall_insn = { 0x73, 0, 0, 0 },
        .oracle = oracle, .oracle_cpu = cpu, .cc = "riscv64-linux-gnu-gcc", .cc_args = cc_args,
        .runner = "tests/target/riscv/runner.S", .oracle_skip = skips,
    };
    return difftest_main(&g);
}

#endif
