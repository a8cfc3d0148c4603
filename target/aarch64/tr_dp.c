/* SPDX-License-Identifier: Apache-2.0 */
/* A64 integer data processing: one translator per group of rows of dp.decode.
 * Flags are set from the IR flag ops; pointer authentication is in tr_pac.c. */
#include "tr_a64.h"

#include "aarch64/dp.decode.h"
#include "aarch64/dp.decode.inc"

enum { OP_ADD, OP_ADDS, OP_SUB, OP_SUBS };

bool tr_adr(Tr *t, const OpAdr *a, int page)
{
    gaddr base = page ? t->pc & ~(gaddr)0xfff : t->pc;
    put_x(t, a->rd, addr_x(t, base + ((int64_t)a->adr << (page ? 12 : 0))));
    return true;
}

/* rd := r, and the flags f when there are any. sp: rd = 31 is SP (only when no flags are set). */
static void put_result(Tr *t, int sf, int rd, bool sp, IrVal r, IrVal f)
{
    if (!sp || f)
        put_r(t, sf, rd, r);
    else if (sf)
        put_x_sp(t, rd, r);
    else
        put_w_sp(t, rd, r);
    if (f)
        put_flags(t, f);
}

/* rd := n op m, with flags when op asks for them. */
static void add_sub(Tr *t, int op, int sf, int rd, bool sp, IrVal n, IrVal m)
{
    bool sub = op & 2, flags = op & 1;
    IrVal r = ir_op2(t->u, sub ? IR_sub : IR_add, sf_type(sf), n, m);
    IrVal f = flags ? ir_op2(t->u, sub ? IR_flags_sub : IR_flags_add, sf_type(sf), n, m) : 0;
    put_result(t, sf, rd, sp, r, f);
}

bool tr_addsub_i(Tr *t, const OpAddI *a, int op)
{
    IrVal n = a->sf ? get_x_sp(t, a->rn) : get_w_sp(t, a->rn);
    add_sub(t, op, a->sf, a->rd, true, n, imm_r(t, a->sf, (int64_t)a->imm12 << (a->sh ? 12 : 0)));
    return true;
}

/* Arm ARM DecodeBitMasks; false when reserved. */
static bool bitmask(int sf, int n, int immr, int imms, uint64_t *out)
{
    if (!sf && n)
        return false;
    uint32_t v = (uint32_t)n << 6 | (~imms & 0x3f);
    if (v < 2)
        return false;
    int len = 31 - __builtin_clz(v), size = 1 << len, levels = size - 1;
    int s = imms & levels, r = immr & levels;
    if (s == levels)
        return false;
    uint64_t welem = s == 63 ? ~0ull : (1ull << (s + 1)) - 1;
    if (r)
        welem = welem >> r | welem << (size - r);
    if (size < 64)
        welem &= (1ull << size) - 1;
    for (; size < 64; size *= 2)
        welem |= welem << size;
    *out = sf ? welem : (uint32_t)welem;
    return true;
}

bool ok_bitmask(const OpLogI *a) { uint64_t v; return bitmask(a->sf, a->n, a->immr, a->imms, &v); }

/* op: 0 and, 1 or, 2 xor, 3 and with flags; + 4: second operand inverted */
static void logic(Tr *t, int op, int sf, int rd, bool sp, IrVal n, IrVal m)
{
    static const IrOp ops[8] = { IR_and, IR_or, IR_xor, IR_and, IR_andc, IR_orc, IR_eqv, IR_andc };
    IrType ty = sf_type(sf);
    IrVal r = ir_op2(t->u, ops[op], ty, n, m), f = 0;
    if (op == 3)
        f = ir_op2(t->u, IR_flags_and, ty, n, m);
    if (op == 7)
        f = ir_op2(t->u, IR_flags_and, ty, r, r);
    put_result(t, sf, rd, sp, r, f);
}

bool tr_logic_i(Tr *t, const OpLogI *a, int op)
{
    uint64_t v = 0;
    bitmask(a->sf, a->n, a->immr, a->imms, &v);
    logic(t, op, a->sf, a->rd, true, get_r(t, a->sf, a->rn), imm_r(t, a->sf, (int64_t)v));
    return true;
}

bool ok_hw(const OpMovW *a) { return a->sf || a->hw < 2; }
bool tr_movw(Tr *t, const OpMovW *a, int op)
{
    uint64_t v = (uint64_t)a->imm16 << (16 * a->hw);
    if (op == 0)
        v = ~v;
    if (op == 2) {
        put_r(t, a->sf, a->rd,
            ir_deposit(t->u, sf_type(a->sf), get_r(t, a->sf, a->rd), imm_r(t, a->sf, a->imm16), 16 * a->hw, 16));
    } else {
        put_x(t, a->rd, imm_x(t, (int64_t)(a->sf ? v : (uint32_t)v)));
    }
    return true;
}

bool ok_bfm(const OpBfm *a) { return a->n == a->sf && (a->sf || (a->immr < 32 && a->imms < 32)); }

/* sbfm and ubfm: the field goes down (imms >= immr) or up; extraction is skipped when the shift drops the rest. */
static void bfm_move(Tr *t, const OpBfm *a, bool sign)
{
    IrType ty = sf_type(a->sf);
    int w = a->sf ? 64 : 32;
    IrVal v = get_r(t, a->sf, a->rn);
    if (a->imms >= a->immr) {
        int len = a->imms - a->immr + 1;
        if (a->imms == w - 1)
            v = ir_op2(t->u, sign ? IR_sar : IR_shr, ty, v, imm_r(t, a->sf, a->immr));
        else
            v = sign ? ir_sextract(t->u, ty, v, a->immr, len) : ir_extract(t->u, ty, v, a->immr, len);
    } else {
        int len = a->imms + 1, up = w - a->immr;
        if (len + up < w)
            v = sign ? ir_sextract(t->u, ty, v, 0, len) : ir_extract(t->u, ty, v, 0, len);
        v = ir_op2(t->u, IR_shl, ty, v, imm_r(t, a->sf, up));
    }
    put_r(t, a->sf, a->rd, v);
}

bool tr_sbfm(Tr *t, const OpBfm *a) { bfm_move(t, a, true); return true; }
bool tr_ubfm(Tr *t, const OpBfm *a) { bfm_move(t, a, false); return true; }
bool tr_bfm(Tr *t, const OpBfm *a)
{
    IrType ty = sf_type(a->sf);
    int w = a->sf ? 64 : 32;
    IrVal v = get_r(t, a->sf, a->rn), d = get_r(t, a->sf, a->rd);
    if (a->imms >= a->immr) {
        if (a->immr)
            v = ir_op2(t->u, IR_shr, ty, v, imm_r(t, a->sf, a->immr));
        v = ir_deposit(t->u, ty, d, v, 0, a->imms - a->immr + 1);
    } else {
        v = ir_deposit(t->u, ty, d, v, w - a->immr, a->imms + 1);
    }
    put_r(t, a->sf, a->rd, v);
    return true;
}

bool ok_extr(const OpExtr *a) { return a->n == a->sf && (a->sf || a->imms < 32); }
bool tr_extr(Tr *t, const OpExtr *a)
{
    IrType ty = sf_type(a->sf);
    IrVal r;
    if (a->rn == a->rm) {
        r = ir_op2(t->u, IR_rotr, ty, get_r(t, a->sf, a->rn), imm_r(t, a->sf, a->imms));
    } else if (!a->imms) {
        r = get_r(t, a->sf, a->rm);
    } else {
        IrVal n = get_r(t, a->sf, a->rn), m = get_r(t, a->sf, a->rm);
        IrInsn *i = ir_emit(t->u, IR_extr, ty);
        i->arg[0] = n, i->arg[1] = m, i->nargs = 2, i->imm = a->imms;
        r = (IrVal)(i - t->u->insn);
    }
    put_r(t, a->sf, a->rd, r);
    return true;
}

bool ok_sr(const OpSr *a) { return a->sf || a->imm6 < 32; }
bool ok_sr3(const OpSr *a) { return a->shift != 3 && ok_sr(a); }
static IrVal shifted(Tr *t, const OpSr *a)
{
    static const IrOp ops[4] = { IR_shl, IR_shr, IR_sar, IR_rotr };
    IrVal v = get_r(t, a->sf, a->rm);
    return a->imm6 ? ir_op2(t->u, ops[a->shift], sf_type(a->sf), v, imm_r(t, a->sf, a->imm6)) : v;
}

bool tr_logic_r(Tr *t, const OpSr *a, int op)
{
    if (a->rn == 31 && (op == 1 || op == 5)) {      /* mov, mvn */
        IrVal v = shifted(t, a);
        if (op == 1 && !a->sf && !a->imm6 && a->rm != 31) {
            put_w(t, a->rd, get_w(t, a->rm));
            return true;
        }
        put_r(t, a->sf, a->rd, op == 5 ? ir_op1(t->u, IR_not, sf_type(a->sf), v) : v);
        return true;
    }
    IrVal m = shifted(t, a);
    logic(t, op, a->sf, a->rd, false, get_r(t, a->sf, a->rn), m);
    return true;
}

bool tr_addsub_r(Tr *t, const OpSr *a, int op)
{
    IrVal m = shifted(t, a);
    if (op == OP_SUB && a->rn == 31) {
        put_r(t, a->sf, a->rd, ir_op1(t->u, IR_neg, sf_type(a->sf), m));
        return true;
    }
    add_sub(t, op, a->sf, a->rd, false, get_r(t, a->sf, a->rn), m);
    return true;
}

bool ok_er(const OpEr *a) { return a->imm3 <= 4; }

IrVal a64_extend(Tr *t, int sf, int rm, int option, int shift)
{
    static const IrOp ext[8] = { IR_zext8, IR_zext16, IR_zext32, IR_mov, IR_sext8, IR_sext16, IR_sext32, IR_mov };
    IrType ty = sf_type(sf);
    IrVal v;
    if ((option & 3) == 3 || (!sf && (option & 3) == 2))
        v = get_r(t, sf, rm);
    else if ((option & 3) == 2)
        v = ir_op1(t->u, ext[option], IR_I64, get_w(t, rm));
    else
        v = ir_op1(t->u, ext[option], ty, get_r(t, sf, rm));
    return shift ? ir_op2(t->u, IR_shl, ty, v, imm_r(t, sf, shift)) : v;
}

bool tr_addsub_x(Tr *t, const OpEr *a, int op)
{
    IrVal m = a64_extend(t, a->sf, a->rm, a->option, a->imm3);
    IrVal n = a->sf ? get_x_sp(t, a->rn) : get_w_sp(t, a->rn);
    add_sub(t, op, a->sf, a->rd, true, n, m);
    return true;
}

bool tr_adcsbc(Tr *t, const OpR3 *a, int op)
{
    IrType ty = sf_type(a->sf);
    IrVal n = get_r(t, a->sf, a->rn), m = get_r(t, a->sf, a->rm), c = get_flags(t);
    IrVal r = ir_op3(t->u, op & 2 ? IR_sbc : IR_adc, ty, n, m, c);
    IrVal f = op & 1 ? ir_op3(t->u, op & 2 ? IR_flags_sbc : IR_flags_adc, ty, n, m, c) : 0;
    put_r(t, a->sf, a->rd, r);
    if (f)
        put_flags(t, f);
    return true;
}

/* N Z C V in bits 3..0 of an I32 to the packed layout. */
static IrVal pack_nzcv(Tr *t, IrVal v)
{
    IrVal nz = ir_op2(t->u, IR_shl, IR_I32, ir_extract(t->u, IR_I32, v, 2, 2), imm_w(t, 14));
    IrVal c = ir_op2(t->u, IR_shl, IR_I32, ir_extract(t->u, IR_I32, v, 1, 1), imm_w(t, 8));
    IrVal o = ir_op2(t->u, IR_and, IR_I32, v, imm_w(t, 1));
    return ir_op2(t->u, IR_or, IR_I32, ir_op2(t->u, IR_or, IR_I32, nz, c), o);
}

bool tr_rmif(Tr *t, const OpRmif *a)
{
    IrVal v = ir_op2(t->u, IR_rotr, IR_I64, get_x(t, a->rn), imm_x(t, a->rot));
    IrVal p = pack_nzcv(t, ir_op1(t->u, IR_trunc32, IR_I32, v));
    int32_t m = a64_pack_const(a->mask);
    IrVal old = ir_op2(t->u, IR_and, IR_I32, get_flags_packed(t), imm_w(t, ~m));
    put_flags_packed(t, ir_op2(t->u, IR_or, IR_I32, old, ir_op2(t->u, IR_and, IR_I32, p, imm_w(t, m))));
    return true;
}

/* N = top bit of the byte or half, Z = it is zero, V = carry out differs from N; C stays. */
bool tr_setf(Tr *t, const OpRn *a, int bits)
{
    IrVal v = get_w(t, a->rn);
    IrVal n = ir_extract(t->u, IR_I32, v, bits - 1, 1);
    IrVal z = ir_setcond(t->u, IR_I32, COND_TSTZ, v, imm_w(t, (1 << bits) - 1));
    IrVal o = ir_op2(t->u, IR_xor, IR_I32, n, ir_extract(t->u, IR_I32, v, bits, 1));
    IrVal r = ir_op2(t->u, IR_and, IR_I32, get_flags_packed(t), imm_w(t, 1 << 8));
    r = ir_op2(t->u, IR_or, IR_I32, r, ir_op2(t->u, IR_shl, IR_I32, n, imm_w(t, 15)));
    r = ir_op2(t->u, IR_or, IR_I32, r, ir_op2(t->u, IR_shl, IR_I32, z, imm_w(t, 14)));
    put_flags_packed(t, ir_op2(t->u, IR_or, IR_I32, r, o));
    return true;
}

static void ccmp(Tr *t, bool sub, int sf, int cond, int nzcv, IrVal n, IrVal m)
{
    IrVal f = ir_op2(t->u, sub ? IR_flags_sub : IR_flags_add, sf_type(sf), n, m);
    put_flags(t, a64_flags_select(t, cond, f, nzcv));
}

bool tr_ccmp_r(Tr *t, const OpCcr *a, int sub)
{
    ccmp(t, sub, a->sf, a->cond, a->nzcv, get_r(t, a->sf, a->rn), get_r(t, a->sf, a->rm));
    return true;
}

bool tr_ccmp_i(Tr *t, const OpCci *a, int sub)
{
    ccmp(t, sub, a->sf, a->cond, a->nzcv, get_r(t, a->sf, a->rn), imm_r(t, a->sf, a->imm5));
    return true;
}

bool tr_csel(Tr *t, const OpCsel *a, int op)
{
    IrType ty = sf_type(a->sf);
    IrCond c = a64_cond(a->cond);
    if (c != COND_ALWAYS && a->rn == 31 && a->rm == 31 && (op == 1 || op == 2)) {      /* cset, csetm */
        IrVal v = ir_setcond_f(t->u, ty, cond_invert(c), get_flags(t));
        put_r(t, a->sf, a->rd, op == 2 ? ir_op1(t->u, IR_neg, ty, v) : v);
        return true;
    }
    IrVal n = get_r(t, a->sf, a->rn), m = get_r(t, a->sf, a->rm);
    if (op == 1)
        m = ir_op2(t->u, IR_add, ty, m, imm_r(t, a->sf, 1));
    if (op == 2)
        m = ir_op1(t->u, IR_not, ty, m);
    if (op == 3)
        m = ir_op1(t->u, IR_neg, ty, m);
    put_r(t, a->sf, a->rd, c == COND_ALWAYS ? n : ir_select_f(t->u, ty, c, get_flags(t), n, m));
    return true;
}

bool tr_alu_rr(Tr *t, const OpR3 *a, int op)
{
    put_r(t, a->sf, a->rd, ir_op2(t->u, (IrOp)op, sf_type(a->sf), get_r(t, a->sf, a->rn), get_r(t, a->sf, a->rm)));
    return true;
}

bool ok_crc(const OpCrc *a) { return a->sz < 3; }
static void crc(Tr *t, int op, int size, int rd, int rn, IrVal data)
{
    IrVal acc = get_w(t, rn);
    IrInsn *i = ir_emit(t->u, (IrOp)op, IR_I32);
    i->arg[0] = acc, i->arg[1] = data, i->nargs = 2, i->aux = (uint16_t)size;
    put_w(t, rd, (IrVal)(i - t->u->insn));
}
bool tr_crc32(Tr *t, const OpCrc *a, int op) { crc(t, op, a->sz, a->rd, a->rn, get_x(t, a->rm)); return true; }
bool tr_crc32x(Tr *t, const OpX3 *a, int op) { crc(t, op, 3, a->rd, a->rn, get_x(t, a->rm)); return true; }

bool tr_alu_r(Tr *t, const OpR2 *a, int op)
{
    put_r(t, a->sf, a->rd, ir_op1(t->u, (IrOp)op, sf_type(a->sf), get_r(t, a->sf, a->rn)));
    return true;
}

bool tr_rev16(Tr *t, const OpR2 *a)
{
    IrType ty = sf_type(a->sf);
    IrVal v = get_r(t, a->sf, a->rn), m = imm_r(t, a->sf, 0x00ff00ff00ff00ff), k = imm_r(t, a->sf, 8);
    IrVal hi = ir_op2(t->u, IR_and, ty, ir_op2(t->u, IR_shr, ty, v, k), m);
    IrVal lo = ir_op2(t->u, IR_shl, ty, ir_op2(t->u, IR_and, ty, v, m), k);
    put_r(t, a->sf, a->rd, ir_op2(t->u, IR_or, ty, hi, lo));
    return true;
}

bool tr_rev(Tr *t, const OpX2 *a, int kind)
{
    IrType ty = sf_type(kind);
    IrVal v = ir_op1(t->u, IR_bswap, ty, get_r(t, kind, a->rn));
    if (kind == 1)
        v = ir_op2(t->u, IR_rotr, IR_I64, v, imm_x(t, 32));
    put_r(t, kind, a->rd, v);
    return true;
}

bool tr_cls(Tr *t, const OpR2 *a)
{
    IrType ty = sf_type(a->sf);
    IrVal v = get_r(t, a->sf, a->rn), one = imm_r(t, a->sf, 1);
    v = ir_op2(t->u, IR_xor, ty, v, ir_op2(t->u, IR_sar, ty, v, one));
    put_r(t, a->sf, a->rd, ir_op2(t->u, IR_sub, ty, ir_op1(t->u, IR_clz, ty, v), one));
    return true;
}

bool tr_madd(Tr *t, const OpR4 *a, int op)
{
    IrType ty = sf_type(a->sf);
    IrVal p = ir_op2(t->u, IR_mul, ty, get_r(t, a->sf, a->rn), get_r(t, a->sf, a->rm));
    if (a->ra != 31)
        p = ir_op2(t->u, (IrOp)op, ty, get_r(t, a->sf, a->ra), p);
    else if (op == IR_sub)
        p = ir_op1(t->u, IR_neg, ty, p);
    put_r(t, a->sf, a->rd, p);
    return true;
}

/* op bit 0: subtract, bit 1: unsigned */
bool tr_maddl(Tr *t, const OpX4 *a, int op)
{
    IrOp ext = op & 2 ? IR_zext32 : IR_sext32;
    IrVal p = ir_op2(
        t->u, IR_mul, IR_I64, ir_op1(t->u, ext, IR_I64, get_w(t, a->rn)), ir_op1(t->u, ext, IR_I64, get_w(t, a->rm)));
    put_x(t, a->rd, ir_op2(t->u, op & 1 ? IR_sub : IR_add, IR_I64, get_x(t, a->ra), p));
    return true;
}

bool tr_mulh(Tr *t, const OpX3 *a, int op)
{
    put_x(t, a->rd, ir_op2(t->u, (IrOp)op, IR_I64, get_x(t, a->rn), get_x(t, a->rm)));
    return true;
}

/* Pointer authentication (tr_pac.c). Rd = 31 cannot be signed: the zero register takes no result. */
bool tr_pac(Tr *t, const OpX2 *a, int key)
{
    put_x(t, a->rd, pac_sign(t, get_x(t, a->rd), get_x_sp(t, a->rn), key));
    return true;
}
bool tr_aut(Tr *t, const OpX2 *a, int key)
{
    put_x(t, a->rd, pac_auth(t, get_x(t, a->rd), get_x_sp(t, a->rn), key));
    return true;
}
bool tr_pacz(Tr *t, const OpX1 *a, int key)
{
    put_x(t, a->rd, pac_sign(t, get_x(t, a->rd), imm_x(t, 0), key));
    return true;
}
bool tr_autz(Tr *t, const OpX1 *a, int key)
{
    put_x(t, a->rd, pac_auth(t, get_x(t, a->rd), imm_x(t, 0), key));
    return true;
}
bool tr_xpac(Tr *t, const OpX1 *a) { put_x(t, a->rd, pac_strip(t, get_x(t, a->rd))); return true; }
bool tr_pacga(Tr *t, const OpX3 *a)
{
    put_x(t, a->rd, pac_generic(t, get_x(t, a->rn), get_x_sp(t, a->rm)));
    return true;
}

bool a64_decode_dp(Tr *t, uint32_t insn) { return decode_a64_dp(t, insn); }
