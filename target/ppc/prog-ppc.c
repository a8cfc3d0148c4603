/* SPDX-License-Identifier: Apache-2.0 */
/* qemu-ppc: 32-bit big-endian PowerPC as a GuestArch: registers, models, decoding of one instruction, disassembly. */
#include "target/decode.h"
#include "target/ppc/arch.h"
#include "target/ppc/tr.h"
#include "ppc/ppc.decode.h"
#include "ppc/vmx.decode.h"

#include "ppc/ppc.decode.inc"
#include "ppc/vmx.decode.inc"

static const RegDesc regs[] = {
#define REG(id, name, field, type, pin, gdb, traits) { name, offsetof(PpcCpu, field), type, pin, gdb, traits },
#include "target/ppc/regs.def"
#undef REG
};

/* Features ride in the unit's flags, so that units know their CPU model. */
static const uint64_t feature_sets[1 << FEAT_COUNT][2] = {
#define SET(n) [n] = { n, 0 }
    SET(0), SET(1), SET(2), SET(3),
#undef SET
};

static uint32_t big_endian32(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

static bool step(Tr *t)
{
    const uint8_t *code = tr_fetch(t, t->pc, 4);
    if (!code)
        return false;
    t->len = 4;
    t->insn = big_endian32(code);
    ir_insn(t->u, t->pc, 4);
    if (!decode_ppc(t, t->insn) && !(tr_has(t, FEAT_ALTIVEC) && decode_vmx(t, t->insn)))
        tr_raise(t, EX_ILLEGAL, t->insn);
    return true;
}

static void translate(IrUnit *u, int max, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx)
{
    tr_unit(u, feature_sets[u->flags & ((1 << FEAT_COUNT) - 1)], max, fetch, ctx, step);
}

static int disas(gaddr pc, const void *code, size_t avail, char *out, size_t cap)
{
    if (avail < 4) {
        snprintf(out, cap, "?");
        return avail;
    }
    uint32_t insn = big_endian32(code);
    DisCtx ctx = { pc, feature_sets[(1 << FEAT_COUNT) - 1] };
    if (!disas_ppc(out, cap, insn, &ctx) && !disas_vmx(out, cap, insn, &ctx))
        snprintf(out, cap, ".long 0x%08x", insn);
    return 4;
}

static void reset(CpuState *cpu, const uint64_t *f)
{
    PpcCpu *c = (PpcCpu *)cpu;
    memset((char *)c + sizeof *cpu, 0, sizeof *c - sizeof *cpu);
    cpu->tb_flags = f[0];
    c->res_addr = ~0u;
    c->vscr_nj = 1;                                     /* as Linux starts programs */
    ppc_set_fpscr(c, 0);
}

static void dump(const CpuState *cpu, unsigned what, char *out, size_t cap)
{
    const PpcCpu *c = (const PpcCpu *)cpu;
    size_t n = snprintf(out, cap, "nip %08x lr %08x ctr %08x cr %08x xer %08x fpscr %08x\n",
                        (uint32_t)cpu->pc, c->lr, c->ctr, ppc_get_cr(c), ppc_get_xer(c), ppc_get_fpscr(c));
    for (int i = 0; i < 32 && n < cap; i++)
        n += snprintf(out + n, cap - n, "r%-2d %08x%c", i, c->gpr[i], i % 8 == 7 ? '\n' : ' ');
    for (int i = 0; i < 32 && n < cap && what & DUMP_FPU; i++)
        n += snprintf(out + n, cap - n, "f%-2d %016lx%c", i, c->fpr[i], i % 4 == 3 ? '\n' : ' ');
    for (int i = 0; i < 32 && n < cap && what & DUMP_VPU; i++)
        n += snprintf(out + n, cap - n, "v%-2d %016lx%016lx%c", i, c->vr[i].d[1], c->vr[i].d[0], i % 2 ? '\n' : ' ');
}

static const CpuModel models[] = {
    { "7447a", "PowerPC 7447A (G4): FP and AltiVec, with fsqrt", { 1 << FEAT_ALTIVEC | 1 << FEAT_FSQRT } },
    { "750", "PowerPC 750 (G3): FP", { 0 } },
};
static const CpuFeature features[] = { { "altivec", FEAT_ALTIVEC, FEAT_ALTIVEC }, { "fsqrt", FEAT_FSQRT, FEAT_FSQRT } };

/* AT_HWCAP: PPC_FEATURE_32, HAS_FPU, HAS_MMU, HAS_ALTIVEC (asm/cputable.h). */
uint64_t ppc_hwcap(const CpuState *cpu, int which)
{
    if (which != 1)
        return 0;
    return 0x80000000u | 0x08000000u | 0x04000000u | (cpu->tb_flags & 1 << FEAT_ALTIVEC ? 0x10000000u : 0);
}

const GuestArch guest_arch = {
    .tcg = {
        .name = "ppc", .addr_bits = 32, .big_endian = true, .sync_icache = true, .pc_shift = 2,
        .fp = { .nan = NAN_FIRST, .tiny_before_rounding = true },
        .state_size = sizeof(PpcCpu),
        .regs = regs, .nregs = R_COUNT,
        .helpers = ppc_helpers, .nhelpers = H_COUNT,
        .translate = translate, .disas = disas, .fp_invalid = ppc_fp_invalid,
    },
    .elf_machine = 20, .elf_class = 1, .elf_data = 2,   /* EM_PPC, ELFCLASS32, ELFDATA2MSB */
    .triplet = "powerpc-linux-gnu", .uname_machine = "ppc", .capstone = "ppc",
    .models = models, .nmodels = sizeof models / sizeof models[0],
    .features = features, .nfeatures = sizeof features / sizeof features[0],
    .reset = reset, .dump = dump,
};
