/* SPDX-License-Identifier: Apache-2.0 */
/* The A64 translate callback: fetch, dispatch on the top-level encoding groups, flags shared by the
 * translators, and the look-ahead that tells when NZCV is dead. Arm ARM C4.1, table "Main encoding table". */
#include "tr_a64.h"
#include "arch.h"

/* --- flags */

IrVal get_flags(Tr *t)
{
    IrVal f = (IrVal)t->scratch[A64_LIVE_FLAGS];
    if (f) return f;
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
    if (c == COND_ALWAYS) return flags;
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

typedef struct Group { bool (*decode)(Tr *, uint32_t); const DecodeIsa *isa; } Group;      /* isa: for the flags column */
#define DP   { a64_decode_dp, &isa_a64_dp }
#define SYS  { a64_decode_sys, &isa_a64_sys }
#define LDST { decode_ldst, &isa_a64_ldst }
#define FPV  { decode_vector, &isa_a64_fp }
static const Group groups[16] = {
    { decode_reserved, NULL }, { none, NULL }, { none, NULL }, { none, NULL }, LDST, DP, LDST, FPV,
    DP, DP, SYS, SYS, LDST, DP, LDST, FPV,
};

static bool step(Tr *t)
{
    const uint8_t *code = t->pc & 3 ? NULL : tr_fetch(t, t->pc, 4);
    uint32_t insn;
    if (!code) return false;
    memcpy(&insn, code, 4);
    t->len = 4;
    t->insn = insn;
    ir_insn(t->u, t->pc, 4);
    if (!groups[insn >> 25 & 15].decode(t, insn)) tr_raise(t, EX_ILLEGAL, insn);
    return true;
}

static uint64_t unit_features(uint32_t flags) { return flags >> A64_TB_FEATURES; }

void a64_translate(IrUnit *u, int max_insns, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx)
{
    uint64_t features[2] = { unit_features(u->flags), 0 };
    tr_unit(u, features, max_insns, fetch, ctx, step);
}

/* --- dead flags: look ahead from pc until an instruction that writes all of NZCV, reads it, or may not be passed */

static bool direct_jump(uint32_t insn, gaddr *pc)
{
    if (insn >> 26 != 5) return false;
    *pc += (gaddr)((int64_t)((uint64_t)insn << 38) >> 36);
    return true;
}

static int flags_effect(const uint64_t *features, uint32_t insn)
{
    const DecodeIsa *isa = groups[insn >> 25 & 15].isa;
    int row = isa ? isa->match(features, insn) : -1;
    if (row < 0 && isa == &isa_a64_fp)
        return a64_simd_flags(features, insn);
    return row < 0 ? 0 : isa->rows[row].flags;
}

bool a64_reg_dead_at(int reg, gaddr pc, uint32_t flags, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx)
{
    enum { LOOK_AHEAD = 12 };
    uint64_t features[2] = { unit_features(flags), 0 };
    uint32_t code[LOOK_AHEAD];
    size_t have = 0, at = 0;
    if (reg != R_NZCV) return false;
    for (int i = 0; i < LOOK_AHEAD; i++, at++) {
        if (at == have) {
            size_t page_left = 4096 - (pc & 4095), want = (size_t)(LOOK_AHEAD - i) * 4;
            have = fetch(ctx, pc, code, want < page_left ? want : page_left) / 4;
            at = 0;
            if (!have) return false;
        }
        uint32_t insn = code[at];
        if (direct_jump(insn, &pc)) {
            have = at = 0;
            at--;
            continue;
        }
        int effect = flags_effect(features, insn);
        if (effect & DECODE_WRITES_FLAGS) return true;
        if (!(effect & DECODE_NO_FLAGS)) return false;
        pc += 4;
    }
    return false;
}
