/* SPDX-License-Identifier: Apache-2.0 */
/* The address of an instruction's memory operand. The CPU does not tell it for one that is not canonical (#GP, #SS).
 * Intel's manual, volume 2, chapter 2. Enough of it for what compilers and our backend emit: no EVEX, no segment base.
 * */
#include <string.h>
#include <ucontext.h>
#include "common-user/host.h"

typedef struct Insn { const uint8_t *at; bool r, x, b, narrow; } Insn;

static uint64_t reg(const ucontext_t *uc, int n)
{
    static const uint8_t greg[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                      REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
    return (uint64_t)uc->uc_mcontext.gregs[greg[n]];
}

/* Behind prefixes. False: one whose operand is not told by registers alone. */
static bool prefixes(Insn *i)
{
    for (;; i->at++) {
        switch (*i->at) {
        case 0x66: case 0xf0: case 0xf2: case 0xf3: case 0x2e: case 0x36: case 0x3e: case 0x26: continue;
        case 0x67: i->narrow = true; continue;
        case 0x64: case 0x65: case 0x62: return false;
        }
        if ((*i->at & 0xf0) != 0x40)
            return true;
        i->x = *i->at & 2;
        i->b = *i->at++ & 1;
        return true;
    }
}

/* Behind the opcode; VEX has the extension bits inverted. */
static void opcode(Insn *i)
{
    if (*i->at == 0xc5) {
        i->at += 3;
    } else if (*i->at == 0xc4) {
        i->x = !(i->at[1] & 0x40);
        i->b = !(i->at[1] & 0x20);
        i->at += 4;
    } else if (*i->at == 0x0f) {
        i->at += i->at[1] == 0x38 || i->at[1] == 0x3a ? 3 : 2;
    } else {
        i->at++;
    }
}

static uint64_t operand(const ucontext_t *uc, const Insn *i)
{
    int mod = i->at[0] >> 6, rm = i->at[0] & 7;
    const uint8_t *p = i->at + 1;
    uint64_t v = 0;
    if (mod == 3 || (mod == 0 && rm == 5))
        return 0;
    if (rm == 4) {
        int base = *p & 7, index = (*p >> 3 & 7) | i->x << 3, scale = *p >> 6;
        p++;
        if (index != 4)
            v = reg(uc, index) << scale;
        if (mod == 0 && base == 5)
            mod = 2;
        else
            v += reg(uc, base | i->b << 3);
    } else {
        v = reg(uc, rm | i->b << 3);
    }
    int32_t disp = 0;
    if (mod == 1)
        disp = (int8_t)*p;
    else if (mod == 2)
        memcpy(&disp, p, sizeof disp);
    v += (uint64_t)(int64_t)disp;
    return i->narrow ? (uint32_t)v : v;
}

static bool canonical(uint64_t a) { return (uint64_t)((int64_t)(a << 16) >> 16) == a; }

uintptr_t host_fault_operand(const void *ctx)
{
    const ucontext_t *uc = ctx;
    Insn i = { .at = (const uint8_t *)uc->uc_mcontext.gregs[REG_RIP] };
    if (!prefixes(&i))
        return 0;
    if (*i.at == 0xa4 || *i.at == 0xa5)
        return canonical(reg(uc, 6)) ? reg(uc, 7) : reg(uc, 6);    /* movs: rsi, rdi */
    if (*i.at == 0xaa || *i.at == 0xab)
        return reg(uc, 7);
    opcode(&i);
    return operand(uc, &i);
}
