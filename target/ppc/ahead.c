/* SPDX-License-Identifier: Apache-2.0 */
/* TcgGuest.reg_dead_at: are CR fields, CA and the FP status overwritten by the code ahead before it reads them? What may fault passes
 * (docs/instruction.md); what is not known here sees everything.
 */
#include "target/ppc/tr.h"

typedef enum Effect { SEES, OVERWRITES, PASSES } Effect;
typedef struct Ahead { size_t (*fetch)(void *, gaddr, void *, size_t); void *ctx; int budget, reg; Effect (*effect)(uint32_t insn, int reg); } Ahead;

static bool in_list(const uint16_t *list, int n, uint32_t v)
{
    for (int i = 0; i < n; i++)
        if (list[i] == v)
            return true;
    return false;
}
#define IN_LIST(v, ...) in_list((const uint16_t[]){ __VA_ARGS__ }, sizeof (uint16_t[]){ __VA_ARGS__ } / 2, v)

static uint32_t extended(uint32_t insn) { return insn >> 1 & 1023; }
static uint32_t spr(uint32_t insn) { return (insn >> 16 & 31) | (insn >> 6 & 0x3e0); }
static Effect overwrites_if(bool yes) { return yes ? OVERWRITES : PASSES; }

static Effect on_fp_status(uint32_t insn, int reg)
{
    uint32_t op = insn >> 26, xo = extended(insn), low = xo & 31;
    if (op == 59)
        return OVERWRITES;
    if (op != 63)
        return op == 17 || op == 19 ? SEES : PASSES;
    if (low >= 18)
        return low != 23 ? OVERWRITES : insn & 1 ? SEES : PASSES;       /* fsel */
    if (IN_LIST(xo, 12, 14, 15))                        /* frsp fctiw fctiwz */
        return OVERWRITES;
    return IN_LIST(xo, 0, 32, 40, 72, 136, 264) && !(insn & 1) ? PASSES : SEES;     /* fcmpu fcmpo fneg fmr fnabs fabs */
}

/* Opcodes of which every instruction computes, loads or stores, and touches neither CR nor CA but as the functions below say. */
static bool is_plain(uint32_t op)
{
    return IN_LIST(op, 3, 4, 7, 8, 12, 13, 14, 15, 59, 63) || (op >= 20 && op <= 29 && op != 22) || (op >= 32 && op <= 55);
}

static Effect on_cr_31(uint32_t insn, uint32_t to, uint32_t field)
{
    uint32_t xo = extended(insn);
    if (xo == 0 || xo == 32 || xo == 512)               /* cmp cmpl mcrxr */
        return overwrites_if(to == field);
    if (xo == 19)                                       /* mfcr */
        return SEES;
    if (xo == 144)                                      /* mtcrf */
        return overwrites_if(insn >> (19 - field) & 1);
    bool records = xo == 150 || IN_LIST(xo & 31, 8, 10, 11, 24, 26, 28);         /* stwcx., arithmetic, shifts, logic */
    return overwrites_if(records && insn & 1 && field == 0);
}

static Effect on_cr_19(uint32_t insn, uint32_t to, uint32_t field)
{
    uint32_t xo = extended(insn);
    if (xo == 0)                                        /* mcrf */
        return (insn >> 18 & 7) == field ? SEES : overwrites_if(to == field);
    if (xo == 150)                                      /* isync */
        return PASSES;
    bool logic = IN_LIST(xo, 33, 129, 193, 225, 257, 289, 417, 449);
    return logic && to != field && (insn >> 18 & 7) != field && (insn >> 13 & 7) != field ? PASSES : SEES;
}

static Effect on_cr(uint32_t insn, int reg)
{
    uint32_t op = insn >> 26, to = insn >> 23 & 7, field = (uint32_t)(reg - R_CR0), xo = extended(insn);
    switch (op) {
    case 10: case 11: return overwrites_if(to == field);                        /* cmpli cmpi */
    case 13: case 28: case 29: return overwrites_if(field == 0);                /* addic. andi. andis. */
    case 19: return on_cr_19(insn, to, field);
    case 20: case 21: case 23: return overwrites_if(insn & 1 && field == 0);
    case 31: return on_cr_31(insn, to, field);
    case 59: return overwrites_if(insn & 1 && field == 1);
    case 63: return overwrites_if(IN_LIST(xo, 0, 32, 64) ? to == field : insn & 1 && field == 1);       /* fcmpu fcmpo mcrfs */
    default: return is_plain(op) ? PASSES : SEES;
    }
}

static Effect on_ca(uint32_t insn, int reg)
{
    uint32_t op = insn >> 26, xo = extended(insn);
    if (IN_LIST(op, 8, 12, 13))                         /* subfic addic addic. */
        return OVERWRITES;
    if (op == 19)
        return IN_LIST(xo, 16, 528) ? SEES : PASSES;    /* bclr bcctr */
    if (op != 31)
        return is_plain(op) || op == 10 || op == 11 ? PASSES : SEES;
    if (IN_LIST(xo & 511, 136, 138, 200, 202, 232, 234) || xo == 512 || (xo == 339 && spr(insn) == 1))     /* subfe adde .., mcrxr, mfxer */
        return SEES;
    return overwrites_if(IN_LIST(xo & 511, 8, 10) || IN_LIST(xo, 792, 824) || (xo == 467 && spr(insn) == 1));       /* subfc addc sraw srawi mtxer */
}

static bool dead(Ahead *a, gaddr pc)
{
    uint8_t b[4];
    while (a->budget-- > 0 && a->fetch(a->ctx, pc, b, 4) == 4) {
        uint32_t insn = (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3], op = insn >> 26;
        gaddr base = insn & 2 ? 0 : pc;
        if (op == 18) {
            pc = (uint32_t)(base + (int32_t)((insn & 0x3fffffc) << 6) / 64);
            continue;
        }
        if (op == 16) {
            bool reads_cr = !(insn >> 21 & 16);
            if ((reads_cr && a->reg == R_CR0 + (int)(insn >> 18 & 7)) || !dead(a, (uint32_t)(base + (int16_t)(insn & 0xfffc))))
                return false;
        } else {
            Effect e = a->effect(insn, a->reg);
            if (e != PASSES)
                return e == OVERWRITES;
        }
        pc += 4;
    }
    return false;
}

bool ppc_reg_dead_at(int reg, gaddr pc, uint32_t flags, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx)
{
    Ahead a = { fetch, ctx, 32, reg, on_fp_status };
    if (reg >= R_CR0 && reg <= R_CR0 + 7)
        a.effect = on_cr;
    else if (reg == R_CA)
        a.effect = on_ca;
    else if (reg != R_FPOP || flags & PPC_TB_FP_ENABLES)
        return false;
    return dead(&a, pc);
}
