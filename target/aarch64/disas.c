/* SPDX-License-Identifier: Apache-2.0 */
/* Assembly text from the decode rows, for logs where capstone is absent. */
#include <stdio.h>
#include "tr_a64.h"
#include "arch.h"

void fmt_x(char *out, int64_t v, const DisCtx *ctx)
{
    if (v == 31)
        snprintf(out, 48, "r31");    /* the row does not say whether it is SP */
    else
        snprintf(out, 48, "x%d", (int)v);
}
void fmt_rel(char *out, int64_t v, const DisCtx *ctx) { snprintf(out, 48, "%#lx", ctx->pc + (uint64_t)v); }
void fmt_sysreg(char *out, int64_t v, const DisCtx *ctx)
{
    snprintf(out, 48, "s%d_%d_c%d_c%d_%d", 2 + (int)(v >> 14), (int)(v >> 11 & 7), (int)(v >> 7 & 15),
        (int)(v >> 3 & 15), (int)(v & 7));
}

const DecodeIsa *const a64_isas[] = {
    &isa_a64_dp, &isa_a64_sys, &isa_a64_ldst, &isa_a64_fp,
    &isa_simd_same, &isa_simd_diff, &isa_simd_misc, &isa_simd_shift, &isa_simd_perm, &isa_simd_fp, &isa_simd_ldst,
    &isa_simd_crypto,
    NULL
};

int a64_disas(gaddr pc, const void *code, size_t avail, char *out, size_t cap)
{
    static const uint64_t all[2] = { ~0ull, 0 };
    const DisCtx ctx = { .pc = pc, .features = all };
    uint32_t insn;
    if (avail < 4) {
        snprintf(out, cap, "?");
        return (int)avail;
    }
    memcpy(&insn, code, 4);
    for (int i = 0; a64_isas[i]; i++)
        if (a64_isas[i]->disas(out, cap, insn, &ctx))
            return 4;
    snprintf(out, cap, ".word   %#010x", insn);
    return 4;
}
