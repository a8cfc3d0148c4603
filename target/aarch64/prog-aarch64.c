/* SPDX-License-Identifier: Apache-2.0 */
/* qemu-aarch64: the guest's row for the embedder, CPU models and features. */
#include <elf.h>
#include "arch.h"
#include "sysreg.h"

#define F(id) (1ull << FEAT_##id)
enum { NFEATURES = FEAT_COUNT };

static const CpuFeature features[] = {
#define FEATURE(id, name, hwcap, word, idreg, shift, value, needs) { name, FEAT_##id, FEAT_##needs },
#include "features.def"
#undef FEATURE
};

#define V80 (F(FP) | F(ASIMD) | F(AES) | F(PMULL) | F(SHA1) | F(SHA2) | F(CRC32) | F(CPUID))
#define V82 (V80 | F(LSE) | F(RDM) | F(LRCPC) | F(DOTPROD) | F(DPB))

/* features[1] is MIDR_EL1. Half-precision arithmetic is not implemented, so models that have it go without. */
static const CpuModel models[] = {
    /* Neoverse N1: glibc picks its 128-bit memcpy by this number, four times as fast here as the one for 64-bit
       registers. */
    { "max", "every feature implemented (default)", { (1ull << NFEATURES) - 1, 0x414fd0c1 } },
    { "cortex-a53", "ARMv8.0 with cryptography", { V80, 0x410fd034 } },
    { "cortex-a57", "ARMv8.0 with cryptography", { V80, 0x411fd070 } },
    { "cortex-a72", "ARMv8.0 with cryptography", { V80, 0x410fd083 } },
    { "cortex-a76", "ARMv8.2 without half precision", { V82, 0x414fd0b1 } },
    { "neoverse-n1", "ARMv8.2 without half precision", { V82, 0x414fd0c1 } },
};

extern const GuestArch guest_arch;
const GuestArch guest_arch = {
    .tcg = {
        .name = "aarch64", .addr_bits = 64, .big_endian = false, .sync_icache = true, .pc_shift = 2,
        .fp = { .nan = NAN_SNAN_FIRST, .tiny_before_rounding = true, .fma_addend_first = true,
                .fma_inf_zero_nan_default = true },
        .flush_mode = A64_TB_FLUSH, .flush_inexact = A64_TB_INEXACT,
        .state_size = sizeof(A64Cpu),
        .regs = a64_regs, .nregs = R_COUNT,
        .helpers = a64_helpers, .nhelpers = H_COUNT,
        .translate = a64_translate, .disas = a64_disas,
    },
    .elf_machine = EM_AARCH64, .elf_class = ELFCLASS64, .elf_data = ELFDATA2LSB,
    .triplet = "aarch64-linux-gnu", .uname_machine = "aarch64", .capstone = "aarch64",
    .models = models, .nmodels = sizeof models / sizeof *models,
    .features = features, .nfeatures = NFEATURES,
    .reset = a64_reset, .dump = a64_dump, .noncanonical = a64_noncanonical, .tag_bits = 8,
};
