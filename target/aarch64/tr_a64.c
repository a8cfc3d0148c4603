/* SPDX-License-Identifier: Apache-2.0 */
/* The A64 translate callback: fetch, dispatch on the top-level encoding groups, flags shared by the
 * translators. Arm ARM C4.1, table "Main encoding table". */
#include "tr_a64.h"
#include "arch.h"

/* --- flags */

IrVal get_flags(Tr *t)
{
    IrVal f = (IrVal)t->scratch[A64_LIVE_FLAGS];
    if (f)
        return f;
    f = ir_op1(t->u, IR_flags_unpack, IR_FLAGS, ir_get(t->u, R_NZCV));
    t->scratch[A64_LIVE_FLAGS] = f;
    return f;
}

IrVal get_flags_packed(Tr *t) { return ir_get(t->u, R_NZCV); }

void put_flags(Tr *t, IrVal flags)
{
    ir_put(t->u, R_NZCV, ir_op1(t->u, IR_flags_pack, IR_I32, flags));
    t->scratch[A64_LIVE_FLAGS] = flags;
}

void put_flags_packed(Tr *t, IrVal w)
{
    ir_put(t->u, R_NZCV, w);
    forget_flags(t);
}

IrCond a64_cond(int cond)
{
    static const uint8_t conds[16] = {
        COND_EQ, COND_NE, COND_GEU, COND_LTU, COND_MI, COND_PL, COND_VS, COND_VC,
        COND_GTU, COND_LEU, COND_GE, COND_LT, COND_GT, COND_LE, COND_ALWAYS, COND_ALWAYS,
    };
    return (IrCond)conds[cond];
}

int32_t a64_pack_const(int nzcv)
{
    return (nzcv >> 3 & 1) << 15 | (nzcv >> 2 & 1) << 14 | (nzcv >> 1 & 1) << 8 | (nzcv & 1);
}

IrVal a64_flags_select(Tr *t, int cond, IrVal flags, int nzcv)
{
    IrCond c = a64_cond(cond);
    if (c == COND_ALWAYS)
        return flags;
    IrVal now = get_flags(t);
    IrInsn *i = ir_emit(t->u, IR_flags_select, IR_FLAGS);
    i->arg[0] = now, i->arg[1] = flags, i->cond = (uint8_t)c, i->imm = a64_pack_const(nzcv);
    return (IrVal)(i - t->u->insn);
}

/* --- dispatch on bits 28..25 */

static bool none(Tr *t, uint32_t insn) { return false; }
static bool decode_reserved(Tr *t, uint32_t insn) { return insn >> 16 ? none(t, insn) : a64_decode_sys(t, insn); }
static bool decode_ldst(Tr *t, uint32_t insn) { return a64_decode_ldst(t, insn) || a64_simd(t, insn); }
static bool decode_vector(Tr *t, uint32_t insn) { return a64_decode_fp(t, insn) || a64_simd(t, insn); }

typedef bool Decode(Tr *, uint32_t);
#define DP   a64_decode_dp
#define SYS  a64_decode_sys
#define LDST decode_ldst
#define FPV  decode_vector
static Decode *const groups[16] = {
    decode_reserved, none, none, none, LDST, DP, LDST, FPV,
    DP, DP, SYS, SYS, LDST, DP, LDST, FPV,
};

static bool step(Tr *t)
{
    if (t->pc & 3) {
        ir_insn(t->u, t->pc, 0);
        tr_raise_at(t, TCG_EXIT_ALIGN, t->pc);
        return true;
    }
    const uint8_t *code = tr_fetch(t, t->pc, 4);
    uint32_t insn;
    if (!code)
        return false;
    memcpy(&insn, code, 4);
    t->len = 4;
    t->insn = insn;
    ir_insn(t->u, t->pc, 4);
    bool no_registers = (insn >> 26 & 3) == 3 && !tr_has(t, FEAT_FP);       /* x11x, and loads and stores x1x0 with V */
    if (no_registers || !groups[insn >> 25 & 15](t, insn))
        tr_raise(t, EX_ILLEGAL, insn);
    return true;
}

static uint64_t unit_features(uint32_t flags) { return flags >> A64_TB_FEATURES; }

void a64_translate(IrUnit *u, int max_insns, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx)
{
    uint64_t features[2] = { unit_features(u->flags), 0 };
    tr_unit(u, features, max_insns, fetch, ctx, step);
}
