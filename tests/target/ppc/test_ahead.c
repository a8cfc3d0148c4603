/* SPDX-License-Identifier: Apache-2.0 */
/* The look-ahead for flags (tcg/ahead.c): code, and which of CR0, CR1, CR7, CA and the FP status it
 * overwrites before it can be read. */
#include <stdio.h>
#include "target/ppc/arch.h"
#include "tcg/passes.h"

enum {
    CMPWI0 = 0x2c030000, CMPWI7 = 0x2f830000, LWZ = 0x80630000, BLR = 0x4e800020, BEQ0 = 0x41820008, BEQ7 = 0x419e0008,
    MFCR = 0x7c600026, MTCRF_FF = 0x7c6ff120, MTCRF_80 = 0x7c680120,
    ANDI_RC = 0x70630001, OR_RC = 0x7c632379, OR = 0x7c632378,
    STWCX = 0x7c60212d, LWZX_1 = 0x7c60202f,
    ADDC = 0x7c632014, ADDE = 0x7c632114, ADDIC = 0x30630001, SRAWI = 0x7c630e70, MFXER = 0x7c6102a6,
    MTXER = 0x7c6103a6, SC = 0x44000002,
    CROR_7 = 0x4fdef382, MCRF_0_7 = 0x4c1c0000, MCRF_7_0 = 0x4f800000, FADD_RC = 0xfc22182b, FCMPU_7 = 0xff811000,
    MTFSF_FF = 0xfdfe058e, MTFSF_FE = 0xfdfc058e, MFFS = 0xfc00048e,
    B_BACK = 0x4bfffffc, BL_2 = 0x48000009,
    UNKNOWN = 0x04000000, BDNZ = 0x42000008,
};
enum { CR0 = 1, CR1 = 2, CR7 = 4, CA = 8, FP = 16 };

static const struct { const char *name; uint32_t code[5]; int dead; } rows[] = {
    { "compares", { CMPWI0, CMPWI7, BLR }, CR0 | CR7 },
    { "a load passes", { LWZ, CMPWI0, BLR }, CR0 },
    { "return", { BLR }, 0 },
    { "read first", { BEQ0, CMPWI0, CMPWI0, CMPWI0, BLR }, 0 },
    { "both ways overwrite", { BEQ7, CMPWI0, CMPWI0, BLR }, CR0 },
    { "one way overwrites", { BEQ7, CMPWI0, BLR, BLR }, 0 },
    { "loop branch reads no CR", { BDNZ, CMPWI7, CMPWI7, BLR }, CR7 },
    { "mfcr", { MFCR, CMPWI0, BLR }, 0 },
    { "mtcrf", { MTCRF_FF, BLR }, CR0 | CR1 | CR7 },
    { "mtcrf of one", { MTCRF_80, BLR }, CR0 },
    { "record forms", { ANDI_RC, BLR }, CR0 },
    { "or.", { OR_RC, BLR }, CR0 },
    { "or", { OR, BLR }, 0 },
    { "stwcx.", { STWCX, BLR }, CR0 },
    { "a load with its reserved bit", { LWZX_1, BLR }, 0 },
    { "carries", { ADDC, BLR }, CA },
    { "carry in", { ADDE, ADDC, BLR }, 0 },
    { "addic", { ADDIC, BLR }, CA },
    { "srawi", { SRAWI, BLR }, CA },
    { "mfxer", { MFXER, ADDC, BLR }, 0 },
    { "mtxer", { MTXER, BLR }, CA },
    { "system call", { SC, CMPWI0, ADDC, BLR }, 0 },
    { "cror", { CROR_7, CMPWI7, CMPWI0, BLR }, CR0 },
    { "mcrf overwrites", { MCRF_0_7, CMPWI7, BLR }, CR0 },
    { "mcrf reads", { MCRF_7_0, CMPWI0, BLR }, CR7 },
    { "fadd.", { FADD_RC, BLR }, CR1 | FP },
    { "fcmpu", { FCMPU_7, BLR }, CR7 },
    { "mtfsf", { MTFSF_FF, BLR }, FP },
    { "mtfsf of some", { MTFSF_FE, FADD_RC, BLR }, 0 },
    { "mffs", { MFFS, MTFSF_FF, BLR }, 0 },
    { "for ever", { OR, B_BACK }, 0 },
    { "into a call", { BL_2, BLR, CMPWI0, BLR }, CR0 },
    { "unknown", { UNKNOWN, CMPWI0, ADDC, BLR }, 0 },
};

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    const uint32_t *code = ctx;
    uint32_t be = __builtin_bswap32(pc < 20 ? code[pc / 4] : 0);
    __builtin_memcpy(buf, &be, 4);
    return pc < 20 ? len : 0;
}

typedef struct Code { const uint32_t *insn; IrUnit scratch; } Code;

static const IrUnit *code_at(void *ctx, gaddr pc)
{
    Code *c = ctx;
    ir_unit_reset(&c->scratch, pc, 0);
    guest_arch.tcg.translate(&c->scratch, 1, fetch, (void *)c->insn);
    return &c->scratch;
}

static bool dead_at_start(const uint32_t *insn, int reg)
{
    Code c = { .insn = insn };
    IrUnit u;
    gaddr lo, hi;
    ir_unit_init(&u, &guest_arch.tcg);
    ir_unit_init(&c.scratch, &guest_arch.tcg);
    c.scratch.cold = true;
    u.code_at = code_at;
    u.code_ctx = &c;
    bool dead = opt_dead_at(&u, reg, 0, &lo, &hi);
    ir_unit_free(&c.scratch);
    return dead;
}

int main(void)
{
    static const int regs[] = { R_CR0, R_CR0 + 1, R_CR0 + 7, R_CA, R_FPOP };
    int fails = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < 5; k++)
            if (dead_at_start(rows[i].code, regs[k]) != (rows[i].dead >> k & 1)) {
                printf("FAIL %s: register %d\n", rows[i].name, k);
                fails++;
            }
    puts(fails ? "failed" : "ok");
    return fails != 0;
}
