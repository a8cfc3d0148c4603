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
    if (t->pc & 3) {
        ir_insn(t->u, t->pc, 0);
        tr_raise_at(t, TCG_EXIT_ALIGN, t->pc);
        return true;
    }
    const uint8_t *code = tr_fetch(t, t->pc, 4);
    uint32_t insn;
    if (!code) return false;
    memcpy(&insn, code, 4);
    t->len = 4;
    t->insn = insn;
    ir_insn(t->u, t->pc, 4);
    bool no_registers = (insn >> 26 & 3) == 3 && !tr_has(t, FEAT_FP);       /* x11x, and loads and stores x1x0 with V */
    if (no_registers || !groups[insn >> 25 & 15].decode(t, insn)) tr_raise(t, EX_ILLEGAL, insn);
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

/* Code seen by one look-ahead: a window of one page. */
typedef struct Ahead {
    size_t (*fetch)(void *, gaddr, void *, size_t);
    void *ctx;
    uint64_t features[2];
    gaddr lo;
    size_t n;
    uint32_t code[24];
} Ahead;

static bool ahead_fetch(Ahead *a, gaddr pc, uint32_t *insn)
{
    if (pc - a->lo >= a->n * 4) {
        size_t page_left = 4096 - (pc & 4095);
        a->lo = pc;
        a->n = a->fetch(a->ctx, pc, a->code, page_left < sizeof a->code ? page_left : sizeof a->code) / 4;
        if (!a->n) return false;
    }
    *insn = a->code[(pc - a->lo) / 4];
    return true;
}

/* Loads and stores pass: a fault does not see flags that are overwritten before they are read (tcg/opt_dead.c). */
static bool is_ldst(uint32_t insn) { return (insn >> 25 & 5) == 4; }
static bool is_call(uint32_t insn) { return insn >> 26 == 0x25; }
static bool is_test_branch(uint32_t insn) { return (insn >> 25 & 0x3f) == 0x1a || (insn >> 25 & 0x3f) == 0x1b; }       /* CBZ, TBZ */
static gaddr test_target(uint32_t insn, gaddr pc)
{
    bool bit = insn >> 25 & 1;
    return pc + (gaddr)(bit ? (int64_t)((uint64_t)insn << 45) >> 50 << 2 : (int64_t)((uint64_t)insn << 40) >> 45 << 2);
}

static bool flags_dead(Ahead *a, gaddr pc, int *budget)
{
    while ((*budget)-- > 0) {
        uint32_t insn;
        if (!ahead_fetch(a, pc, &insn)) return false;
        if (direct_jump(insn & ~(is_call(insn) ? 1u << 31 : 0), &pc)) continue;
        if (is_test_branch(insn)) {
            if (!flags_dead(a, test_target(insn, pc), budget)) return false;
        } else if (!is_ldst(insn)) {
            int effect = flags_effect(a->features, insn);
            if (effect & DECODE_WRITES_FLAGS) return true;
            if (!(effect & DECODE_NO_FLAGS)) return false;
        }
        pc += 4;
    }
    return false;
}

bool a64_reg_dead_at(int reg, gaddr pc, uint32_t flags, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx)
{
    Ahead a = { .fetch = fetch, .ctx = ctx, .features = { unit_features(flags), 0 } };
    int budget = 24;
    return reg == R_NZCV && flags_dead(&a, pc, &budget);
}
