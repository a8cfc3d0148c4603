/* SPDX-License-Identifier: Apache-2.0 */
/* qemu-riscv32. */
#include <elf.h>
#include "arch.h"

static const RegDesc regs[] = {
#define CLASS_X IR_I32
#define CLASS_F IR_F64
#define REG(id, name, field, class, pin, gdb, traits) { name, offsetof(RvCpu, field), CLASS_##class, pin, gdb, traits },
#include "regs.def"
#undef REG
};

enum { EXTENSIONS = RV_ALL_FEATURES & ~(1 << FEAT_RV64), BASE = 0 };
enum { IMAFDC = 1 << FEAT_M | 1 << FEAT_A | 1 << FEAT_F | 1 << FEAT_D | 1 << FEAT_C };

static const CpuModel models[] = {
    { "max", "everything that is emulated", { BASE | EXTENSIONS } },
    { "rv32", "RV32GC with everything that is emulated", { BASE | EXTENSIONS } },
    { "rv32gc", "RV32GC alone", { BASE | IMAFDC } },
    { "rv32i", "RV32I alone", { BASE } },
};

const GuestArch guest_arch = {
    .tcg = {
        .name = "riscv32", .addr_bits = 32, .sync_icache = true, .sees_stores = true,
        .fp = { .nan = NAN_CANON, .fma_inf_zero_nan_default = true },
        .state_size = sizeof(RvCpu), .regs = regs, .nregs = R_COUNT, .helpers = rv_helpers, .nhelpers = H_COUNT,
        .translate = rv_translate, .disas = rv32_disas,
    },
    .elf_machine = EM_RISCV, .elf_class = ELFCLASS32, .elf_data = ELFDATA2LSB,
    .triplet = "riscv32-linux-gnu", .uname_machine = "riscv32",
    .models = models, .nmodels = 4,
    .features = rv_features + 1, .nfeatures = FEAT_COUNT - 1,      /* without RV64 */
    .reset = rv_reset, .dump = rv32_dump,
};
