/* SPDX-License-Identifier: Apache-2.0 */
/* Pointer authentication with an implementation-defined algorithm: two multiplications over pointer,
 * modifier and the process's keys, inline. The PAC sits in bits 54..48, as with Linux's 48-bit addresses and
 * top-byte-ignore; a failed check poisons bits 54..53 with the key number (no FPAC). Arm ARM: AddPAC, Auth, Strip. */
#include "tr_a64.h"

enum { PAC_LOW = 48, PAC_BITS = 7, KEY_GENERIC = 4 };

static IrVal x2(Tr *t, IrOp op, IrVal a, IrVal b) { return ir_op2(t->u, op, IR_I64, a, b); }

static IrVal key_half(Tr *t, int key, int half)
{
    return ir_ld_env(t->u, IR_I64, MEM_64, (uint32_t)(offsetof(A64Cpu, pac_key) + 16 * key + 8 * half));
}

static IrVal hash(Tr *t, IrVal ptr, IrVal modifier, int key)
{
    IrVal h = x2(t, IR_mul, x2(t, IR_xor, ptr, key_half(t, key, 0)), imm_x(t, (int64_t)0x9e3779b97f4a7c15));
    IrVal m = x2(t, IR_add, modifier, key_half(t, key, 1));
    h = x2(t, IR_xor, h, x2(t, IR_rotr, m, imm_x(t, 23)));
    h = x2(t, IR_xor, h, x2(t, IR_shr, h, imm_x(t, 32)));
    return x2(t, IR_mul, h, imm_x(t, (int64_t)0xd6e8feb86659fd93));
}

/* The pointer with bits 54..48 as copies of bit 55. */
IrVal pac_strip(Tr *t, IrVal ptr)
{
    return ir_deposit(t->u, IR_I64, ptr, ir_sextract(t->u, IR_I64, ptr, 55, 1), PAC_LOW, PAC_BITS);
}

static IrVal pac_of(Tr *t, IrVal stripped, IrVal modifier, int key)
{
    return x2(t, IR_shr, hash(t, stripped, modifier, key), imm_x(t, 64 - PAC_BITS));
}

IrVal pac_sign(Tr *t, IrVal ptr, IrVal modifier, int key)
{
    IrVal ext = pac_strip(t, ptr), pac = pac_of(t, ext, modifier, key);
    IrVal bad = x2(t, IR_xor, pac, imm_x(t, 1 << (PAC_BITS - 1)));      /* ptr was not canonical */
    pac = ir_select(t->u, IR_I64, COND_EQ, ptr, ext, pac, bad);
    return ir_deposit(t->u, IR_I64, ptr, pac, PAC_LOW, PAC_BITS);
}

IrVal pac_auth(Tr *t, IrVal ptr, IrVal modifier, int key)
{
    IrVal ext = pac_strip(t, ptr), pac = pac_of(t, ext, modifier, key);
    IrVal poisoned = ir_deposit(t->u, IR_I64, ext, imm_x(t, key & 1 ? 2 : 1), 53, 2);
    return ir_select(t->u, IR_I64, COND_EQ, ir_extract(t->u, IR_I64, ptr, PAC_LOW, PAC_BITS), pac, ext, poisoned);
}

IrVal pac_generic(Tr *t, IrVal a, IrVal b)
{
    return x2(t, IR_and, hash(t, a, b, KEY_GENERIC), imm_x(t, (int64_t)0xffffffff00000000));
}
