/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering of integer ops on bits: counts, extensions and views of halves, fields, shifts, checksums, carry-less
 * products. */
#include "emit.h"
#include "lower.h"

/* --- bits */
static void lower_count(Em *e, const IrInsn *in)
{
    bool w = w64(in);
    Opd oa = use_o(e, in->arg[0]);
    unsigned W = w ? RW : 0;
    if (in->op == IR_popcnt || e->hc->lzcnt) {
        int d = def_g(e, 0);
        flags_clobber(e);
        em_op(e, PF3 | M0F | W | (in->op == IR_popcnt ? 0xb8 : in->op == IR_clz ? 0xbd : 0xbc), d, oa, 0);
        return;
    }
    int t = tmp_g(e), d = def_g(e, DEF_EARLY);
    flags_clobber(e);
    mov_ri(e, t, in->op == IR_clz ? 2 * width(in) - 1 : width(in));
    em_op(e, M0F | W | (in->op == IR_clz ? 0xbd : 0xbc), d, oa, 0);
    cmov(e, CC_E, w, d, opd_reg(t));
    if (in->op == IR_clz)
        alu_ri(e, ALU_XOR, w, d, width(in) - 1);
}

static void lower_bswap(Em *e, const IrInsn *in)
{
    bswap_r(e, w64(in), def_copy_g(e, in->arg[0], 0));
}

static void lower_bitrev(Em *e, const IrInsn *in)
{
    static const uint64_t mask[3] = { 0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f };
    bool w = w64(in);
    int d = def_copy_g(e, in->arg[0], 0), t = tmp_g(e), m = tmp_g(e);
    flags_clobber(e);
    bswap_r(e, w, d);
    for (int k = 2; k >= 0; k--) {
        mov_rr(e, true, t, d);
        mov_ri(e, m, w ? (int64_t)mask[k] : (int64_t)(uint32_t)mask[k]);
        shift_ri(e, SH_SHR, w, t, 1 << k);
        alu_rr(e, ALU_AND, w, t, m);
        alu_rr(e, ALU_AND, w, d, m);
        shift_ri(e, SH_SHL, w, d, 1 << k);
        alu_rr(e, ALU_OR, w, d, t);
    }
}

static void lower_extend(Em *e, const IrInsn *in)
{
    Opd o = use_o(e, in->arg[0]);
    int d = def_g(e, 0);
    switch (in->op) {
    case IR_sext8: movsx8(e, w64(in), d, o); break;
    case IR_sext16: movsx16(e, w64(in), d, o); break;
    case IR_zext8: movzx8(e, d, o); break;
    case IR_zext16: movzx16(e, d, o); break;
    default: movsxd(e, d, o); break;
    }
}

static void lower_mov(Em *e, const IrInsn *in)
{
    view(e, in->arg[0]);
    e->val[e->i].dirty = e->val[in->arg[0]].dirty;
}

static void lower_trunc32(Em *e, const IrInsn *in)
{
    view(e, in->arg[0]);
    e->val[e->i].dirty = true;
}

static void lower_zext32(Em *e, const IrInsn *in)
{
    const Val *x = rv(e, in->arg[0]);
    if (!e->val[in->arg[0]].dirty && x->kind != V_CONST) {
        view(e, in->arg[0]);
        return;
    }
    int64_t c;
    if (use_imm(e, in->arg[0], &c)) {
        mov_ri(e, def_g(e, 0), (int64_t)(uint32_t)c);
        return;
    }
    Opd o = use_o(e, in->arg[0]);
    em_op(e, 0x8b, def_g(e, 0), o, 0);
}

static bool mask_imm(int len, bool w, int32_t *imm)
{
    *imm = len >= 32 ? -1 : (int32_t)((1u << len) - 1);
    return len < 32 || (!w && len == 32);
}

static void lower_extract(Em *e, const IrInsn *in)
{
    int pos = in->aux & 63, len = in->aux >> 8, W = width(in);
    bool w = w64(in);
    int32_t imm;
    if (pos == 0 && (len == 8 || len == 16)) {
        Opd o = use_o(e, in->arg[0]);
        int d = def_g(e, 0);
        if (len == 8)
            movzx8(e, d, o);
        else
            movzx16(e, d, o);
        return;
    }
    if (pos == 0 && len == 32) {
        Opd o = use_o(e, in->arg[0]);
        em_op(e, 0x8b, def_g(e, 0), o, 0);
        return;
    }
    int d = def_copy_g(e, in->arg[0], 0);
    flags_clobber(e);
    if (pos + len == W) {
        if (pos)
            shift_ri(e, SH_SHR, w, d, pos);
    } else if (mask_imm(len, w, &imm)) {
        if (pos)
            shift_ri(e, SH_SHR, w && pos + len > 32, d, pos);
        alu_ri(e, ALU_AND, false, d, imm);
    } else {
        shift_ri(e, SH_SHL, w, d, W - pos - len);
        shift_ri(e, SH_SHR, w, d, W - len);
    }
}

static void lower_sextract(Em *e, const IrInsn *in)
{
    int pos = in->aux & 63, len = in->aux >> 8, W = width(in);
    bool w = w64(in);
    if (pos == 0 && (len == 8 || len == 16 || (len == 32 && w))) {
        Opd o = use_o(e, in->arg[0]);
        int d = def_g(e, 0);
        if (len == 8)
            movsx8(e, w, d, o);
        else if (len == 16)
            movsx16(e, w, d, o);
        else
            movsxd(e, d, o);
        return;
    }
    int d = def_copy_g(e, in->arg[0], 0);
    flags_clobber(e);
    if (W - pos - len)
        shift_ri(e, SH_SHL, w, d, W - pos - len);
    if (W - len)
        shift_ri(e, SH_SAR, w, d, W - len);
}

static void and_const(Em *e, bool w, int r, uint64_t mask, int t)
{
    if (!w || (int64_t)mask == (int32_t)mask) {
        alu_ri(e, ALU_AND, w, r, (int32_t)mask);
    } else if (mask == (uint32_t)mask) {
        if (mask == 0xffffffff)
            em_rr(e, 0x8b, r, r);
        else
            alu_ri(e, ALU_AND, false, r, (int32_t)mask);
    } else {
        mov_ri(e, t, (int64_t)mask);
        alu_rr(e, ALU_AND, true, r, t);
    }
}

static void lower_deposit(Em *e, const IrInsn *in)
{
    int pos = in->aux & 63, len = in->aux >> 8;
    bool w = w64(in);
    uint64_t m = len == 64 ? ~0ull : (1ull << len) - 1;
    uint64_t keep = ~(m << pos);
    int rb = use_g(e, in->arg[1]), t = tmp_g(e);
    bool big = w && (int64_t)keep != (int32_t)keep && keep != (uint32_t)keep;
    flags_clobber(e);
    if (len < 32 || !w) {
        mov_rr(e, false, t, rb);
        if (len < 32)
            alu_ri(e, ALU_AND, false, t, (int32_t)m);
        if (pos)
            shift_ri(e, SH_SHL, w, t, pos);
    } else {
        mov_rr(e, true, t, rb);
        shift_ri(e, SH_SHL, true, t, 64 - len);
        if (64 - len - pos)
            shift_ri(e, SH_SHR, true, t, 64 - len - pos);
    }
    int d = def_copy_g(e, in->arg[0], in->arg[1]);      /* may be b's register: b is in t now */
    if (big && pos == 0) {
        shift_ri(e, SH_SHR, true, d, len);
        shift_ri(e, SH_SHL, true, d, len);
    } else {
        and_const(e, w, d, keep, big ? tmp_g(e) : NOREG);
    }
    alu_rr(e, ALU_OR, w, d, t);
}

/* --- shifts */
static int shift_of(int op) { return op == IR_shl ? SH_SHL : op == IR_shr ? SH_SHR : op == IR_sar ? SH_SAR : SH_ROR; }

/* shlx and its kin, which leave EFLAGS alone */
static void shift_by_reg(Em *e, const IrInsn *in)
{
    static const unsigned pfx[] = { [SH_SHL] = P66, [SH_SHR] = PF2, [SH_SAR] = PF3 };
    Opd o = use_o(e, in->arg[0]);
    int n = use_g(e, in->arg[1]);
    em_vex(e, pfx[shift_of(in->op)] | M0F38 | 0xf7 | (w64(in) ? RW : 0), 0, def_g(e, 0), n, o, 0);
}

static void shift_imm(Em *e, const IrInsn *in, int n)
{
    bool w = w64(in);
    if (in->op == IR_rotr && e->hc->bmi2) {
        Opd o = use_o(e, in->arg[0]);
        em_vex(e, PF2 | M0F3A | 0xf0 | (w ? RW : 0), 0, def_g(e, 0), 0, o, 1);
        em8(e, (unsigned)n);
        return;
    }
    if (in->op == IR_shl && n >= 1 && n <= 3 && rv(e, in->arg[0])->kind == V_G) {
        int a = use_g(e, in->arg[0]), d = def_g(e, 0);
        if (d != a || eflags_live(e)) {
            lea(e, w, d, n == 1 ? (Mem){ (uint8_t)a, (uint8_t)a, 0, 0 } : (Mem){ NOREG, (uint8_t)a, (uint8_t)n, 0 });
            return;
        }
        flags_clobber(e);
        shift_ri(e, SH_SHL, w, d, n);
        return;
    }
    if (n && e->hc->bmi2 && eflags_live(e)) {
        shift_by_reg(e, in);
        return;
    }
    int d = def_copy_g(e, in->arg[0], 0);
    if (!n)
        return;
    flags_clobber(e);
    shift_ri(e, shift_of(in->op), w, d, n);
}

static void lower_shift(Em *e, const IrInsn *in)
{
    bool w = w64(in);
    int64_t c;
    if (use_imm(e, in->arg[1], &c)) {
        shift_imm(e, in, (int)(c & (width(in) - 1)));
        return;
    }
    if (in->op != IR_rotr && e->hc->bmi2) {
        shift_by_reg(e, in);
        return;
    }
    take_g(e, RCX);
    int n = use_g(e, in->arg[1]);
    em_rr(e, 0x8b, RCX, n);
    int d = def_copy_g(e, in->arg[0], 0);
    flags_clobber(e);
    shift_cl(e, shift_of(in->op), w, d);
}

static void lower_extr(Em *e, const IrInsn *in)
{
    int n = (int)in->imm & (width(in) - 1);
    if (!n) {
        def_copy_g(e, in->arg[1], 0);
        return;
    }
    int hi = use_g(e, in->arg[0]);
    int d = def_copy_g(e, in->arg[1], in->arg[0]);
    flags_clobber(e);
    em_op(e, M0F | 0xac | (w64(in) ? RW : 0), hi, opd_reg(d), 1);
    em8(e, (unsigned)n);
}

/* --- checksums and carry-less products */
static void lower_crc32c(Em *e, const IrInsn *in)
{
    int n = in->aux & 3;
    Opd ob = use_o(e, in->arg[1]);
    int d = def_copy_g(e, in->arg[0], in->arg[1]);
    if (n == 1)
        em8(e, 0x66);
    em_op(e, PF2 | M0F38 | (n == 0 ? 0xf0 | BYTE_RM : 0xf1) | (n == 3 ? RW : 0), d, ob, 0);
}

/* The n low bits of v = a ^ b go when q * P is added, and what is left above them is the sum: q is those bits times 1 /
 * P modulo 2^64 (products without carries). P is the polynomial, bits in the reverse order. */
static void lower_crc32(Em *e, const IrInsn *in)
{
    const uint64_t p = 0x1db710641, inverse = 0xb4e5b025f7011641;
    int n = in->aux & 3, a, b, g, d, x;
    if (!e->hc->pclmul || !e->hc->avx) {
        lower_by_eval(e, in);
        return;
    }
    a = use_g(e, in->arg[0]), b = use_g(e, in->arg[1]);
    x = tmp_x(e), g = n < 3 ? tmp_g(e) : NOREG, d = def_g(e, DEF_EARLY);
    flags_clobber(e);
    em_rr(e, 0x8b, d, a);
    if (n == 0)
        movzx8(e, g, opd_reg(b));
    else if (n == 1)
        movzx16(e, g, opd_reg(b));
    alu_rr(e, ALU_XOR, n == 3, d, n < 2 ? g : b);
    em_vex(e, P66 | M0F | 0x6e | RW, 0, x, 0, opd_reg(d), 0);
    em_vex(e, P66 | M0F3A | 0x44, 0, x, x, pool(e, inverse, 0), 1);
    em8(e, 0);
    if (n < 3)
        em_vex(e, P66 | M0F | 0xdb, 0, x, x, pool(e, (1ull << (8 << n)) - 1, 0), 0);       /* vpand */
    em_vex(e, P66 | M0F3A | 0x44, 0, x, x, pool(e, p, 0), 1);
    em8(e, 0);
    if (n == 3) {
        em_vex(e, P66 | M0F3A | 0x16 | RW, 0, x, 0, opd_reg(d), 1);     /* vpextrq d, x, 1 */
        em8(e, 1);
        return;
    }
    em_vex(e, P66 | M0F | 0x7e | RW, 0, x, 0, opd_reg(g), 0);
    alu_rr(e, ALU_XOR, true, d, g);
    shift_ri(e, SH_SHR, true, d, 8 << n);
}

static void lower_clmul(Em *e, const IrInsn *in)
{
    if (!e->hc->pclmul || !e->hc->avx) {
        em_unsupported(e);
        return;
    }
    Opd oa = use_o(e, in->arg[0]), ob = use_o(e, in->arg[1]);
    unsigned w = w64(in) ? RW : 0;
    int x = tmp_x(e), y = tmp_x(e), d = def_g(e, 0);
    em_vex(e, P66 | M0F | 0x6e | w, 0, x, 0, oa, 0);
    em_vex(e, P66 | M0F | 0x6e | w, 0, y, 0, ob, 0);
    em_vex(e, P66 | M0F3A | 0x44, 0, x, x, opd_reg(y), 1);
    em8(e, 0);
    if (in->op == IR_clmulh && w64(in)) {
        em_vex(e, P66 | M0F3A | 0x16 | RW, 0, x, 0, opd_reg(d), 1);     /* vpextrq d, x, 1 */
        em8(e, 1);
        return;
    }
    em_vex(e, P66 | M0F | 0x7e | RW, 0, x, 0, opd_reg(d), 0);
    if (in->op == IR_clmulh) {
        flags_clobber(e);
        shift_ri(e, SH_SHR, true, d, 32);
    } else if (!w64(in)) {
        em_rr(e, 0x8b, d, d);
    }
}

const LowerRow lower_rows_bits[] = {
    { IR_shl, lower_shift }, { IR_shr, lower_shift }, { IR_sar, lower_shift }, { IR_rotr, lower_shift },
    { IR_extr, lower_extr },
    { IR_clz, lower_count }, { IR_ctz, lower_count }, { IR_popcnt, lower_count }, { IR_bswap, lower_bswap },
    { IR_bitrev, lower_bitrev },
    { IR_sext8, lower_extend }, { IR_sext16, lower_extend }, { IR_zext8, lower_extend }, { IR_zext16, lower_extend },
    { IR_sext32, lower_extend }, { IR_zext32, lower_zext32 }, { IR_trunc32, lower_trunc32 }, { IR_mov, lower_mov },
    { IR_extract, lower_extract }, { IR_sextract, lower_sextract }, { IR_deposit, lower_deposit },
    { IR_crc32c, lower_crc32c }, { IR_crc32, lower_crc32 }, { IR_clmul, lower_clmul }, { IR_clmulh, lower_clmul },
    { 0, NULL }
};
