/* SPDX-License-Identifier: Apache-2.0 */
/* The generated decoders, the translation of one instruction, and disassembly. */
#include "arch.h"
#include "tr_rv.h"
#include "tr_csr.h"
#include "tr_fp.h"
#include "riscv/rv.decode.inc"
#include "riscv/rvc.decode.inc"

static bool step(Tr *t)
{
    const uint8_t *p = tr_fetch(t, t->pc, 2);
    if (!p)
        return false;
    t->insn = p[0] | p[1] << 8;
    t->len = 2;
    if ((t->insn & 3) == 3) {
        p = tr_fetch(t, t->pc, 4);
        if (!p)
            return false;
        t->insn = p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
        t->len = 4;
    }
    ir_insn(t->u, t->pc, t->len);
    bool ok = t->len == 4 ? decode_rv(t, t->insn) : tr_has(t, FEAT_C) && decode_rvc(t, t->insn);
    if (!ok)
        tr_raise(t, EX_ILLEGAL, t->insn);
    return true;
}

void rv_translate(IrUnit *u, int max_insns, size_t (*fetch)(void *ctx, gaddr pc, void *buf, size_t len), void *ctx)
{
    const uint64_t features[2] = { u->flags >> RV_TB_FEATURES, 0 };
    tr_unit(u, features, max_insns, fetch, ctx, step);
}

/* --- disassembly */

static const char *const reg_names[] = {
#define REG(id, name, field, class, pin, gdb, traits) name,
#include "regs.def"
#undef REG
};

void fmt_x(char *out, int64_t v, const DisCtx *ctx)   { strcpy(out, reg_names[R_X0 + (v & 31)]); }
void fmt_f(char *out, int64_t v, const DisCtx *ctx)   { strcpy(out, reg_names[R_F0 + (v & 31)]); }
void fmt_pc(char *out, int64_t v, const DisCtx *ctx) { snprintf(out, 48, "0x%llx", (unsigned long long)(ctx->pc + v)); }
void fmt_u(char *out, int64_t v, const DisCtx *ctx)   { snprintf(out, 48, "0x%x", (unsigned)(v >> 12 & 0xfffff)); }
void fmt_csr(char *out, int64_t v, const DisCtx *ctx) { snprintf(out, 48, "0x%x", (unsigned)v); }
void fmt_aq(char *out, int64_t v, const DisCtx *ctx)  { snprintf(out, 48, "%d", (int)v); }

void fmt_rm(char *out, int64_t v, const DisCtx *ctx)
{
    static const char *const names[] = { "rne", "rtz", "rdn", "rup", "rmm", "5", "6", "dyn" };
    strcpy(out, names[v & 7]);
}

static int disas(gaddr pc, const uint8_t *p, size_t avail, char *out, size_t cap, uint64_t features)
{
    const uint64_t f[2] = { features, 0 };
    DisCtx ctx = { .pc = pc, .features = f };
    if (avail < 2)
        return snprintf(out, cap, "(no code)"), 0;
    uint32_t insn = p[0] | p[1] << 8;
    if ((insn & 3) != 3) {
        if (!disas_rvc(out, cap, insn, &ctx))
            snprintf(out, cap, ".2byte 0x%04x", insn);
        return 2;
    }
    if (avail < 4)
        return snprintf(out, cap, "(no code)"), 0;
    insn |= p[2] << 16 | (uint32_t)p[3] << 24;
    if (!disas_rv(out, cap, insn, &ctx))
        snprintf(out, cap, ".4byte 0x%08x", insn);
    return 4;
}

int rv32_disas(gaddr pc, const void *code, size_t avail, char *out, size_t cap)
{
    return disas(pc, code, avail, out, cap, RV_ALL_FEATURES & ~(1 << FEAT_RV64));
}

int rv64_disas(gaddr pc, const void *code, size_t avail, char *out, size_t cap)
{
    return disas(pc, code, avail, out, cap, RV_ALL_FEATURES);
}
