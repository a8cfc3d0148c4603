/* SPDX-License-Identifier: Apache-2.0 */
/* Lane-wise integer vector rows, logic, AES; the list of all vector rows. Rows with a host instruction per
 * lane size are tables; the rest are composed. Lane movement is in emit_lane.c, FP in emit_fpvec.c. */
#include "asm_vec.h"
#include "lower.h"

/* d = a op b for rows that are one instruction. */
static void binary(Em *e, const IrInsn *in, unsigned op, bool swap)
{
    IrVal x = in->arg[swap], y = in->arg[!swap];
    int a = use_x(e, x), b = use_x(e, y), d = avx(e) ? def_x(e, 0) : def_copy_x(e, x, y);

    v3(e, op, d, avx(e) ? a : d, b);
}

static const struct { uint16_t op; unsigned code[4]; } simple[] = {
    { IR_vadd, { PADDB, PADDW, PADDD, PADDQ } }, { IR_vsub, { PSUBB, PSUBW, PSUBD, PSUBQ } },
    { IR_vmul, { 0, PMULLW, PMULLD, 0 } },
    { IR_vsmin, { X38(0x38), X66(0xea), X38(0x39), 0 } }, { IR_vsmax, { X38(0x3c), X66(0xee), X38(0x3d), 0 } },
    { IR_vumin, { X66(0xda), X38(0x3a), X38(0x3b), 0 } }, { IR_vumax, { X66(0xde), X38(0x3e), X38(0x3f), 0 } },
    { IR_vsadd, { X66(0xec), X66(0xed), 0, 0 } }, { IR_vuadd, { X66(0xdc), X66(0xdd), 0, 0 } },
    { IR_vssub, { X66(0xe8), X66(0xe9), 0, 0 } }, { IR_vusub, { X66(0xd8), X66(0xd9), 0, 0 } },
    { IR_vavgu, { X66(0xe0), X66(0xe3), 0, 0 } },
    { IR_vand, { PAND, PAND, PAND, PAND } }, { IR_vor, { POR, POR, POR, POR } },
    { IR_vxor, { PXOR, PXOR, PXOR, PXOR } },
};
static const unsigned add_op[] = { PADDB, PADDW, PADDD, PADDQ }, sub_op[] = { PSUBB, PSUBW, PSUBD, PSUBQ };
static const unsigned eq_op[] = { PCMPEQB, PCMPEQW, PCMPEQD, PCMPEQQ },
                      gt_op[] = { PCMPGTB, PCMPGTW, PCMPGTD, PCMPGTQ };

/* d = (x & m) | (y & ~m); m is lost, d differs from x, y and m. */
static void blend(Em *e, int d, int m, int x, int y)
{
    v3(e, PANDN, d, m, y);
    v3(e, PAND, m, m, x);
    v3(e, POR, d, d, m);
}

/* d = a >u b in 64-bit lanes; t scratch. */
static void gtu64(Em *e, int d, int a, int b, int t)
{
    Opd sign = pool2(e, 1ull << 63);
    v3o(e, PXOR, d, a, sign);
    v3o(e, PXOR, t, b, sign);
    v3(e, PCMPGTQ, d, d, t);
}

/* Products of bytes: even and odd ones as 16-bit lanes. */
static void mul8(Em *e, int d, int a, int b, int t, int u)
{
    vshift(e, SHV_SRL, E16, t, a, 8);
    vshift(e, SHV_SRL, E16, u, b, 8);
    v3(e, PMULLW, t, t, u);
    vshift(e, SHV_SLL, E16, t, t, 8);
    v3(e, PMULLW, d, a, b);
    v3o(e, PAND, d, d, pool_lane(e, E16, 0xff));
    v3(e, POR, d, d, t);
}

static void mul64(Em *e, int d, int a, int b, int t, int u)
{
    vshift(e, SHV_SRL, E64, t, a, 32);
    v3(e, PMULUDQ, t, t, b);
    vshift(e, SHV_SRL, E64, u, b, 32);
    v3(e, PMULUDQ, u, u, a);
    v3(e, PADDQ, t, t, u);
    vshift(e, SHV_SLL, E64, t, t, 32);
    v3(e, PMULUDQ, d, a, b);
    v3(e, PADDQ, d, d, t);
}

/* Signed saturation of s = a + b or a - b: on overflow the limit with a's sign. Overflow is the sign of o. */
static void signed_sat(Em *e, IrLane lane, bool sub, int d, int a, int b, int t, int u)
{
    uint64_t max = lane == E32 ? 0x7fffffff : ~0ull >> 1;

    v3(e, (sub ? sub_op : add_op)[lane], d, a, b);
    v3(e, PXOR, t, a, d);                       /* a and s differ in sign, and a and b do (sub) or do not (add) */
    v3(e, PXOR, u, a, b);
    if (sub)
        v3(e, PAND, t, t, u);
    else
        v3(e, PANDN, u, u, t), vmov(e, t, u);
    if (lane == E32) {
        vshift(e, SHV_SRA, E32, t, t, 31);
        vshift(e, SHV_SRA, E32, u, a, 31);
    } else {
        vzero(e, u);
        v3(e, PCMPGTQ, u, u, t);
        vmov(e, t, u);
        vzero(e, u);
        v3(e, PCMPGTQ, u, u, a);
    }
    v3o(e, PXOR, u, u, pool_lane(e, lane, max));
    v3(e, PAND, u, u, t);
    v3(e, PANDN, t, t, d);
    v3(e, POR, d, t, u);
}

static void unsigned_sat(Em *e, IrLane lane, bool sub, int d, int a, int b, int t, int u)
{
    if (lane == E32 && sub) {
        v3(e, PMAXUD, d, a, b);
        v3(e, PSUBD, d, d, b);
    } else if (lane == E32) {
        vones(e, t);
        v3(e, PXOR, t, t, b);
        v3(e, PMINUD, d, a, t);
        v3(e, PADDD, d, d, b);
    } else if (sub) {
        gtu64(e, u, b, a, t);
        v3(e, PSUBQ, d, a, b);
        v3(e, PANDN, u, u, d);
        vmov(e, d, u);
    } else {
        v3(e, PADDQ, d, a, b);
        gtu64(e, u, a, d, t);
        v3(e, POR, d, d, u);
    }
}

static void minmax64(Em *e, const IrInsn *in, int d, int a, int b, int t, int u)
{
    bool max = in->op == IR_vsmax || in->op == IR_vumax;

    if (in->op == IR_vumin || in->op == IR_vumax)
        gtu64(e, t, a, b, u);
    else
        v3(e, PCMPGTQ, t, a, b);
    blend(e, d, t, max ? a : b, max ? b : a);
}

static void lower_binary(Em *e, const IrInsn *in)
{
    int i = 0;
    while (simple[i].op != in->op)
        i++;
    if (simple[i].code[in->lane]) {
        binary(e, in, simple[i].code[in->lane], false);
        return;
    }
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY), t = tmp_x(e), u = tmp_x(e);
    switch (in->op) {
    case IR_vmul: (in->lane == E8 ? mul8 : mul64)(e, d, a, b, t, u); break;
    case IR_vsadd: case IR_vssub: signed_sat(e, in->lane, in->op == IR_vssub, d, a, b, t, u); break;
    case IR_vuadd: case IR_vusub: unsigned_sat(e, in->lane, in->op == IR_vusub, d, a, b, t, u); break;
    case IR_vavgu: em_unsupported(e); break;
    default: minmax64(e, in, d, a, b, t, u); break;
    }
}

/* --- Logic and sign */

static void lower_vandc(Em *e, const IrInsn *in) { binary(e, in, PANDN, true); }

static void lower_vorc(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY);
    vones(e, d);
    v3(e, PXOR, d, d, b);
    v3(e, POR, d, d, a);
}

static void lower_vnot(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY);
    vones(e, d);
    v3(e, PXOR, d, d, a);
}

static void lower_vbsl(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), c = use_x(e, in->arg[2]), d = def_x(e, DEF_EARLY),
        t = tmp_x(e);
    v3(e, PAND, t, a, b);
    v3(e, PANDN, d, a, c);
    v3(e, POR, d, d, t);
}

static void lower_vneg(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY);
    vzero(e, d);
    v3(e, sub_op[in->lane], d, d, a);
}

static void lower_vabs(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY);

    if (in->lane != E64) {
        v2(e, X38(0x1c + in->lane), d, a);
        return;
    }
    int t = tmp_x(e);
    vzero(e, t);
    v3(e, PCMPGTQ, t, t, a);
    v3(e, PXOR, d, a, t);
    v3(e, PSUBQ, d, d, t);
}

/* --- Shifts */

static void sari64(Em *e, int d, int a, int t, int n)
{
    if (n < 32) {
        vshift(e, SHV_SRL, E64, d, a, n);
        vshift(e, SHV_SRA, E32, t, a, n);
    } else {
        v2i(e, PSHUFD, d, a, 0xf5);
        vshift(e, SHV_SRA, E32, d, d, n == 64 ? 31 : n - 32);
        vshift(e, SHV_SRA, E32, t, a, 31);
    }
    v3i(e, PBLENDW, d, d, t, 0xcc);
}

static void shift8i(Em *e, uint16_t op, int d, int a, int n)
{
    if (op == IR_vshli) {
        vshift(e, SHV_SLL, E16, d, a, n);
        v3o(e, PAND, d, d, pool_lane(e, E8, 0xffu << n));
        return;
    }
    n = op == IR_vsari && n > 7 ? 7 : n;
    vshift(e, SHV_SRL, E16, d, a, n);
    v3o(e, PAND, d, d, pool_lane(e, E8, 0xffu >> n));
    if (op == IR_vsari) {                       /* extend the sign that is now bit 7 - n */
        Opd sign = pool_lane(e, E8, 0x80u >> n);
        v3o(e, PXOR, d, d, sign);
        v3o(e, PSUBB, d, d, sign);
    }
}

static void lower_vshift_imm(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), n = (int)in->imm, width = 8 << in->lane;

    if (in->lane == E8) {
        shift8i(e, in->op, def_x(e, DEF_EARLY), a, n);
    } else if (in->op == IR_vsari && in->lane == E64) {
        int d = def_x(e, DEF_EARLY);
        sari64(e, d, a, tmp_x(e), n);
    } else {
        int d = def_x(e, 0), kind = in->op == IR_vshli ? SHV_SLL : in->op == IR_vshri ? SHV_SRL : SHV_SRA;
        vshift(e, kind, in->lane, d, a, kind == SHV_SRA && n == width ? width - 1 : n);
    }
}

/* 32- and 64-bit lanes by their own counts; n is masked already. */
static void shift_wide(Em *e, const IrInsn *in, int d, int a, int n, int t)
{
    unsigned w = in->lane == E64 ? RW : 0;

    if (in->op != IR_vsar) {
        v3(e, (in->op == IR_vshl ? VPSLLV : VPSRLV) | w, d, a, n);
    } else if (in->lane == E32) {
        v3(e, VPSRAV, d, a, n);
    } else {                                    /* logical, then extend the sign that moved along */
        v2o(e, MOVAPS, t, pool2(e, 1ull << 63));
        v3(e, VPSRLV | RW, t, t, n);
        v3(e, VPSRLV | RW, d, a, n);
        v3(e, PXOR, d, d, t);
        v3(e, PSUBQ, d, d, t);
    }
}

/* 16-bit lanes as the two halves of 32-bit ones; t, u scratch, d differs from all. */
static void shift16(Em *e, uint16_t op, int d, int a, int n, int t, int u)
{
    Opd low = pool_lane(e, E32, 0xffff);

    v3o(e, PAND, t, n, low);
    vshift(e, SHV_SRL, E32, u, n, 16);
    if (op == IR_vshl) {
        v3(e, VPSLLV, t, a, t);
        vshift(e, SHV_SRL, E32, d, a, 16);
        v3(e, VPSLLV, d, d, u);
        vshift(e, SHV_SLL, E32, d, d, 16);
    } else if (op == IR_vshr) {
        v3o(e, PAND, d, a, low);
        v3(e, VPSRLV, t, d, t);
        v3(e, VPSRLV, d, a, u);
    } else {
        vshift(e, SHV_SLL, E32, d, a, 16);
        v3(e, VPSRAV, t, d, t);
        vshift(e, SHV_SRL, E32, t, t, 16);
        v3(e, VPSRAV, d, a, u);
    }
    v3i(e, PBLENDW, d, t, d, 0xaa);
}

/* 8-bit lanes by a product: with 1 << n, or with 128 >> n and a shift by 7. f, t, u scratch. */
static void shift8(Em *e, uint16_t op, int d, int a, int n, int f, int t, int u)
{
    if (op == IR_vshl) {
        v2o(e, MOVAPS, f, pool(e, 0x8040201008040201, 0x8040201008040201));
        v3(e, PSHUFB, f, f, n);
        mul8(e, d, a, f, t, u);
        return;
    }
    v2o(e, MOVAPS, f, pool(e, 0x0102040810204080, 0x0102040810204080));
    v3(e, PSHUFB, f, f, n);
    int kind = op == IR_vsar ? SHV_SRA : SHV_SRL;
    vshift(e, kind, E16, t, a, 8);              /* odd lanes */
    vshift(e, SHV_SRL, E16, u, f, 8);
    v3(e, PMULLW, t, t, u);
    vshift(e, SHV_SRL, E16, t, t, 7);
    vshift(e, SHV_SLL, E16, t, t, 8);
    vshift(e, SHV_SLL, E16, d, a, 8);           /* even lanes */
    vshift(e, kind, E16, d, d, 8);
    v3o(e, PAND, u, f, pool_lane(e, E16, 0xff));
    v3(e, PMULLW, d, d, u);
    vshift(e, SHV_SRL, E16, d, d, 7);
    v3o(e, PAND, d, d, pool_lane(e, E16, 0xff));
    v3(e, POR, d, d, t);
}

static void lower_vshift(Em *e, const IrInsn *in)
{
    if (!e->hc->avx2 && in->lane != E8) {
        lower_by_eval(e, in);                   /* no per-lane counts on this host */
        return;
    }
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY), n = tmp_x(e), t = tmp_x(e);
    int u = in->lane <= E16 ? tmp_x(e) : NOREG, f = in->lane == E8 ? tmp_x(e) : NOREG;

    v3o(e, PAND, n, b, pool_lane(e, in->lane, (8u << in->lane) - 1));
    if (in->lane == E8)
        shift8(e, in->op, d, a, n, f, t, u);
    else if (in->lane == E16)
        shift16(e, in->op, d, a, n, t, u);
    else
        shift_wide(e, in, d, a, n, t);
}

/* --- Comparison */

/* GEU: max(a, b) == a; the rest by swapping and inverting. */
static void compare_unsigned(Em *e, const IrInsn *in, int d, int a, int b, int t)
{
    static const unsigned max_op[] = { X66(0xde), X38(0x3e), X38(0x3f) };
    bool swap = in->cond == COND_LEU || in->cond == COND_GTU, invert = in->cond == COND_LTU || in->cond == COND_GTU;
    int x = swap ? b : a, y = swap ? a : b;

    if (in->lane == E64) {
        gtu64(e, d, y, x, t);                   /* x < y */
        invert = !invert;
    } else {
        v3(e, max_op[in->lane], d, x, y);
        v3(e, eq_op[in->lane], d, d, x);
    }
    if (invert) {
        vones(e, t);
        v3(e, PXOR, d, d, t);
    }
}

static void lower_vcmp(Em *e, const IrInsn *in)
{
    IrCond c = in->cond;
    bool invert = c == COND_NE || c == COND_LE || c == COND_GE;

    if (c == COND_EQ || c == COND_GT || c == COND_LT) {
        binary(e, in, (c == COND_EQ ? eq_op : gt_op)[in->lane], c == COND_LT);
        return;
    }
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY), t = tmp_x(e);
    if (!invert) {
        compare_unsigned(e, in, d, a, b, t);
        return;
    }
    v3(e, (c == COND_NE ? eq_op : gt_op)[in->lane], d, c == COND_GE ? b : a, c == COND_GE ? a : b);
    vones(e, t);
    v3(e, PXOR, d, d, t);
}

/* --- Bytes, polynomials, AES */

static void lower_vpopcnt(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY), t = tmp_x(e), u = tmp_x(e);
    Opd table = pool(e, 0x0302020102010100, 0x0403030203020201), low = pool_lane(e, E8, 15);

    v3o(e, PAND, t, a, low);
    v2o(e, MOVAPS, d, table);
    v3(e, PSHUFB, d, d, t);
    vshift(e, SHV_SRL, E16, t, a, 4);
    v3o(e, PAND, t, t, low);
    v2o(e, MOVAPS, u, table);
    v3(e, PSHUFB, u, u, t);
    v3(e, PADDB, d, d, u);
}

static void lower_vclmul(Em *e, const IrInsn *in)
{
    if (!e->hc->pclmul) {
        lower_by_eval(e, in);
        return;
    }
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY);
    v3i(e, PCLMULQDQ, d, a, b, (int)((in->imm & 1) | (in->imm & 2) << 3));
}

static void lower_aes(Em *e, const IrInsn *in)
{
    if (!e->hc->aes) {
        lower_by_eval(e, in);
        return;
    }
    int a = use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY), t = in->op == IR_aesimc ? NOREG : tmp_x(e);

    if (t != NOREG)
        vzero(e, t);
    switch (in->op) {
    case IR_aesenc: v3(e, AESENCLAST, d, a, t); break;
    case IR_aesdec: v3(e, AESDECLAST, d, a, t); break;
    case IR_aesimc: v2(e, AESIMC, d, a); break;
    case IR_aesencmc: v3(e, AESENC, d, a, t); break;
    case IR_aesdecimc: v3(e, AESDEC, d, a, t); break;
    default:                                    /* undo the substitution that AESENC does before MixColumns */
        v3(e, AESDECLAST, d, a, t);
        v3(e, AESENC, d, d, t);
        break;
    }
}

const LowerRow lower_rows_vec[] = {
    { IR_vadd, lower_binary }, { IR_vsub, lower_binary }, { IR_vmul, lower_binary }, { IR_vand, lower_binary },
    { IR_vor, lower_binary },
    { IR_vxor, lower_binary }, { IR_vsmin, lower_binary }, { IR_vsmax, lower_binary }, { IR_vumin, lower_binary },
    { IR_vumax, lower_binary },
    { IR_vsadd, lower_binary }, { IR_vuadd, lower_binary }, { IR_vssub, lower_binary }, { IR_vusub, lower_binary },
    { IR_vavgu, lower_binary },
    { IR_vandc, lower_vandc }, { IR_vorc, lower_vorc }, { IR_vnot, lower_vnot }, { IR_vbsl, lower_vbsl },
    { IR_vneg, lower_vneg },
    { IR_vabs, lower_vabs }, { IR_vshli, lower_vshift_imm }, { IR_vshri, lower_vshift_imm },
    { IR_vsari, lower_vshift_imm },
    { IR_vshl, lower_vshift }, { IR_vshr, lower_vshift }, { IR_vsar, lower_vshift }, { IR_vcmp, lower_vcmp },
    { IR_vpopcnt, lower_vpopcnt }, { IR_vclmul, lower_vclmul },
    { IR_aesenc, lower_aes }, { IR_aesdec, lower_aes }, { IR_aesmc, lower_aes }, { IR_aesimc, lower_aes },
    { IR_aesencmc, lower_aes }, { IR_aesdecimc, lower_aes },
    { IR_sha256h, lower_sha256h }, { IR_sha256su0, lower_sha256su }, { IR_sha256su1, lower_sha256su },
    { IR_sha1h, lower_sha1h },
    { IR_vzext, lower_vzext }, { IR_vlow, lower_vlow }, { IR_vpair, lower_vpair }, { IR_vdup, lower_vdup },
    { IR_vget, lower_vget },
    { IR_vset, lower_vset }, { IR_vzip1, lower_vzip }, { IR_vzip2, lower_vzip }, { IR_vuzp1, lower_vuzp },
    { IR_vuzp2, lower_vuzp },
    { IR_vtrn1, lower_vtrn }, { IR_vtrn2, lower_vtrn }, { IR_vext, lower_vext }, { IR_vperm, lower_vperm },
    { IR_vrevl, lower_vrevl },
    { IR_vwidens, lower_vwiden }, { IR_vwidenu, lower_vwiden }, { IR_vnarrow, lower_vnarrow },
    { IR_vnarrow_ss, lower_vnarrow },
    { IR_vnarrow_su, lower_vnarrow }, { IR_vnarrow_uu, lower_vnarrow }, { IR_vmulls, lower_vmull },
    { IR_vmullu, lower_vmull },
    { IR_vmovmsk, lower_vmovmsk }, { IR_vtestz, lower_vtestz },
    { IR_vfadd, lower_vfarith }, { IR_vfsub, lower_vfarith }, { IR_vfmul, lower_vfarith }, { IR_vfdiv, lower_vfarith },
    { IR_vfsqrt, lower_vfsqrt }, { IR_vfma, lower_vfma }, { IR_vfneg, lower_vfneg }, { IR_vfabs, lower_vfabs },
    { IR_vfmin, lower_vfminmax }, { IR_vfmax, lower_vfminmax }, { IR_vfcmp, lower_vfcmp },
    { IR_vfround, lower_vfround },
    { IR_vfcvt_fi, lower_vfcvt_fi }, { IR_vfcvt_fu, lower_vfcvt_fu }, { IR_vfcvt_if, lower_vfcvt_if },
    { IR_vfcvt_uf, lower_vfcvt_uf },
    { 0, NULL },
};
