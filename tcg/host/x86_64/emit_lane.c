/* SPDX-License-Identifier: Apache-2.0 */
/* Vector rows that move lanes: to and from other types, permutations, widening and narrowing. */
#include "asm_vec.h"

static bool v64(const IrInsn *in) { return in->type == IR_V64; }
static int lane_bytes(const IrInsn *in) { return 1 << in->lane; }
static bool is_gpr(IrType t) { return t == IR_I32 || t == IR_I64 || t == IR_I16 || t == IR_I8; }

/* A shuffle of bytes as a pool constant: byte i of the result is byte from[i] of the source, or zero when negative. */
static Opd shuffle(Em *e, const int8_t from[16])
{
    uint64_t w[2];
    memcpy(w, from, 16);
    return pool(e, w[0], w[1]);
}

static void movd_from_gpr(Em *e, bool w, int d, int g) { v2(e, MOVD_XR | (w ? RW : 0), d, g); }

/* --- Between types */

void lower_vzext(Em *e, const IrInsn *in)
{
    IrType from = (IrType)in->type2;

    if (!is_gpr(from) && x_clean(e, in->arg[0])) {
        view(e, in->arg[0]);
        return;
    }
    if (is_gpr(from)) {
        int g = use_g(e, in->arg[0]);
        movd_from_gpr(e, from == IR_I64, def_x(e, 0), g);
        return;
    }
    int a = use_x(e, in->arg[0]);
    if (e->hold[CL_X] >> a & 1)
        fp_settle(e);                   /* a copy of it must be right */
    if (from == IR_F32)
        v3i(e, INSERTPS, def_x(e, avx(e) ? 0 : DEF_EARLY), a, a, 0x0e);
    else if (from == IR_V128)
        vmov(e, def_x(e, 0), a);
    else
        v2(e, MOVQ_XX, def_x(e, 0), a);
}

void lower_vlow(Em *e, const IrInsn *in)
{
    if (!is_gpr((IrType)in->type)) {
        view(e, in->arg[0]);
        return;
    }
    int a = use_x(e, in->arg[0]), d = def_g(e, 0);
    v2(e, MOVD_RX | (in->type == IR_I64 ? RW : 0), a, d);
}

static void lower_pair(Em *e, const IrInsn *in, unsigned op)
{
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]),
        d = avx(e) ? def_x(e, 0) : def_copy_x(e, in->arg[0], in->arg[1]);
    v3(e, op, d, avx(e) ? a : d, b);
}

void lower_vpair(Em *e, const IrInsn *in) { lower_pair(e, in, PUNPCKLQDQ); }

/* Every lane of d := the low lane of d; t scratch. */
static void broadcast(Em *e, IrLane lane, int d, int a, int t)
{
    static const unsigned avx2_op[] = { X38(0x78), X38(0x79), X38(0x58), X38(0x59) };

    if (e->hc->avx2) {
        v2(e, avx2_op[lane], d, a);
        return;
    }
    switch (lane) {
    case E8:
        vzero(e, t);
        v3(e, PSHUFB, d, a, t);
        break;
    case E16:
        v2i(e, PSHUFLW, d, a, 0);
        v3(e, PUNPCKLQDQ, d, d, d);
        break;
    case E32: v2i(e, PSHUFD, d, a, 0); break;
    default: v2i(e, PSHUFD, d, a, 0x44); break;
    }
}

void lower_vdup(Em *e, const IrInsn *in)
{
    IrType from = val_type(e, in->arg[0]);
    bool g = is_gpr(from);
    int a = g ? use_g(e, in->arg[0]) : use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY);
    int t = !e->hc->avx2 && in->lane == E8 ? tmp_x(e) : NOREG;

    if (g)
        movd_from_gpr(e, from == IR_I64, d, a);
    broadcast(e, (IrLane)in->lane, d, g ? d : a, t);
}

/* A lane as a scalar FP or vector value: it moves to the low lane. */
static void get_lane_x(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, avx(e) ? 0 : DEF_EARLY), n = (int)in->imm * lane_bytes(in);

    if (n == 0)
        vmov(e, d, a);
    else if (n % 4 == 0)
        v2i(e, PSHUFD, d, a, n == 8 ? 0xee : n / 4);
    else
        vshift(e, SHV_SRLDQ, E64, d, a, n);
}

void lower_vget(Em *e, const IrInsn *in)
{
    static const unsigned op[] = { X3A(0x14), X3A(0x15), X3A(0x16), X3A(0x16) | RW };
    bool w = in->type == IR_I64;
    int i = (int)in->imm;

    if (!is_gpr((IrType)in->type)) {
        get_lane_x(e, in);
        return;
    }
    int a = use_x(e, in->arg[0]), d = def_g(e, 0);
    if (i == 0 && in->lane >= E32)
        v2(e, MOVD_RX | (in->lane == E64 ? RW : 0), a, d);
    else
        v2i(e, op[in->lane], a, d, i);          /* reg field: the vector */
    if (!(in->aux & 1))
        return;
    switch (in->lane) {
    case E8: movsx8(e, w, d, opd_reg(d)); break;
    case E16: movsx16(e, w, d, opd_reg(d)); break;
    case E32:
        if (w)
            movsxd(e, d, opd_reg(d));
        break;
    default: break;
    }
}

void lower_vset(Em *e, const IrInsn *in)
{
    static const unsigned op[] = { X3A(0x20), X66(0xc4), X3A(0x22), X3A(0x22) | RW };
    IrType from = val_type(e, in->arg[1]);
    int i = (int)in->imm;
    bool g = is_gpr(from);
    int a = use_x(e, in->arg[0]), b = g ? use_g(e, in->arg[1]) : use_x(e, in->arg[1]);
    int d = avx(e) ? def_x(e, 0) : def_copy_x(e, in->arg[0], g ? 0 : in->arg[1]);

    if (!avx(e))
        a = d;
    if (g)
        v3i(e, op[in->lane], d, a, b, i);
    else if (in->lane == E64)
        v3(e, i ? PUNPCKLQDQ : MOVSD, d, a, b);
    else
        v3i(e, INSERTPS, d, a, b, i << 4);
}

/* --- Permutations */

void lower_vzip(Em *e, const IrInsn *in)
{
    static const unsigned low[] = { PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ, PUNPCKLQDQ },
                          high[] = { PUNPCKHBW, PUNPCKHWD, PUNPCKHDQ, PUNPCKHQDQ };

    if (!v64(in)) {
        lower_pair(e, in, (in->op == IR_vzip1 ? low : high)[in->lane]);
        return;
    }
    if (in->op == IR_vzip1) {
        lower_pair(e, in, low[in->lane]);
        return;
    }
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY);
    v3(e, low[in->lane], d, a, b);
    v2i(e, PSHUFD, d, d, 0xee);
}

/* Even (odd) lanes of 8 or 16 bits by packing with their neighbours masked (shifted) out; d may be a and b. */
static void unzip_pack(Em *e, const IrInsn *in, bool odd, int d, int a, int b, int t)
{
    IrLane wide = (IrLane)(in->lane + 1);
    int bits = 8 << in->lane;

    if (a == b) {
        if (odd)
            vshift(e, SHV_SRL, wide, d, a, bits);
        else
            v3o(e, PAND, d, a, pool_lane(e, wide, (1u << bits) - 1));
        v3(e, in->lane == E8 ? PACKUSWB : PACKUSDW, d, d, d);
        return;
    }
    if (odd) {
        vshift(e, SHV_SRL, wide, t, b, bits);
        vshift(e, SHV_SRL, wide, d, a, bits);
    } else {
        Opd m = pool_lane(e, wide, (1u << bits) - 1);
        v3o(e, PAND, t, b, m);
        v3o(e, PAND, d, a, m);
    }
    v3(e, in->lane == E8 ? PACKUSWB : PACKUSDW, d, d, t);
}

void lower_vuzp(Em *e, const IrInsn *in)
{
    bool odd = in->op == IR_vuzp2;

    if (in->lane == E64) {
        lower_pair(e, in, odd ? PUNPCKHQDQ : PUNPCKLQDQ);
        return;
    }
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY), t = tmp_x(e);
    if (v64(in)) {                              /* both sources in one register, the result in its low half */
        v3(e, PUNPCKLQDQ, d, a, b);
        if (in->lane == E32)
            v2i(e, PSHUFD, d, d, odd ? 0x0d : 0x08);
        else
            unzip_pack(e, in, odd, d, d, d, t);
    } else if (in->lane == E32) {
        v3i(e, SHUFPS, d, a, b, odd ? 0xdd : 0x88);
    } else {
        unzip_pack(e, in, odd, d, a, b, t);
    }
}

void lower_vtrn(Em *e, const IrInsn *in)
{
    bool odd = in->op == IR_vtrn2;
    IrLane wide = (IrLane)(in->lane + 1);
    int bits = 8 << in->lane;

    if (in->lane == E64) {
        lower_pair(e, in, odd ? PUNPCKHQDQ : PUNPCKLQDQ);
        return;
    }
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY), t = tmp_x(e);
    if (in->lane == E8) {
        if (odd)
            vshift(e, SHV_SRL, wide, t, a, bits);
        else
            vshift(e, SHV_SLL, wide, t, b, bits);
        v3o(e, PAND, d, odd ? b : a, pool_lane(e, E16, odd ? 0xff00 : 0xff));
        v3(e, POR, d, d, t);
        return;
    }
    if (odd)
        vshift(e, SHV_SRL, wide, t, a, bits);
    else
        vshift(e, SHV_SLL, wide, t, b, bits);
    v3i(e, PBLENDW, d, odd ? t : a, odd ? b : t, in->lane == E16 ? 0xaa : 0xcc);
}

void lower_vext(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY);

    if (v64(in)) {
        v3(e, PUNPCKLQDQ, d, a, b);
        vshift(e, SHV_SRLDQ, E64, d, d, (int)in->imm);
    } else {
        v3i(e, PALIGNR, d, b, a, (int)in->imm);
    }
}

/* PSHUFB gives zero for indexes with bit 7 set: a saturating add lifts all that are out of range there. */
void lower_vperm(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY), t = tmp_x(e);

    v3o(e, PADDUSB, t, b, pool_lane(e, E8, v64(in) ? 0x78 : 0x70));
    if (v64(in)) {
        v2(e, MOVDDUP, d, a);                   /* valid indexes became 8..15 */
        a = d;
    }
    v3(e, PSHUFB, d, a, t);
}

void lower_vrevl(Em *e, const IrInsn *in)
{
    int8_t from[16];
    int n = lane_bytes(in), group = (int)in->imm;

    for (int i = 0; i < 16; i++)
        from[i] = (int8_t)(i / group * group + (group - n - i % group / n * n) + i % n);
    int a = use_x(e, in->arg[0]), d = def_x(e, avx(e) ? 0 : DEF_EARLY);
    v3o(e, PSHUFB, d, a, shuffle(e, from));
}

/* --- Widening and narrowing */

static void widen(Em *e, bool is_signed, IrLane lane, bool high, int d, int a)
{
    static const unsigned op[2][3] = { { X38(0x30), X38(0x33), X38(0x35) }, { X38(0x20), X38(0x23), X38(0x25) } };

    if (high) {
        v2i(e, PSHUFD, d, a, 0xee);
        a = d;
    }
    v2(e, op[is_signed][lane], d, a);
}

void lower_vwiden(Em *e, const IrInsn *in)
{
    int a = use_x(e, in->arg[0]), d = def_x(e, 0);
    widen(e, in->op == IR_vwidens, (IrLane)in->lane, in->imm, d, a);
}

static void narrow_plain(Em *e, const IrInsn *in, int d, int a)
{
    int8_t from[16];
    int n = lane_bytes(in) / 2;

    for (int i = 0; i < 16; i++)
        from[i] = i < 8 ? (int8_t)(i / n * 2 * n + i % n) : -1;
    v3o(e, PSHUFB, d, a, shuffle(e, from));
}

/* 64-bit sources: low and high words apart; t holds where the low word is the value, u what it saturates to. */
static void narrow_sat64(Em *e, uint16_t op, int d, int a, int t, int u)
{
    v2i(e, PSHUFD, d, a, 0x08);
    v2i(e, PSHUFD, u, a, 0x0d);
    if (op == IR_vnarrow_uu) {
        vzero(e, t);
        v3(e, PCMPEQD, t, t, u);
        vones(e, u);
        v3(e, PXOR, t, t, u);
        v3(e, POR, d, d, t);
        v2(e, MOVQ_XX, d, d);
        return;
    }
    if (op == IR_vnarrow_ss)
        vshift(e, SHV_SRA, E32, t, d, 31);
    else
        vzero(e, t);
    v3(e, PCMPEQD, t, t, u);
    vshift(e, SHV_SRA, E32, u, u, 31);
    v3o(e, PXOR, u, u, pool_lane(e, E32, op == IR_vnarrow_ss ? 0x7fffffff : 0xffffffff));
    v3(e, PAND, d, d, t);
    v3(e, PANDN, t, t, u);
    v3(e, POR, d, d, t);
    v2(e, MOVQ_XX, d, d);
}

void lower_vnarrow(Em *e, const IrInsn *in)
{
    static const unsigned pack_ss[] = { 0, PACKSSWB, PACKSSDW }, pack_us[] = { 0, PACKUSWB, PACKUSDW };
    int a = use_x(e, in->arg[0]), d = def_x(e, DEF_EARLY);

    if (in->op == IR_vnarrow) {
        narrow_plain(e, in, d, a);
        return;
    }
    int t = tmp_x(e);
    if (in->lane == E64) {
        narrow_sat64(e, in->op, d, a, t, tmp_x(e));
        return;
    }
    vzero(e, t);
    if (in->op == IR_vnarrow_uu) {
        v3o(e, in->lane == E16 ? PMINUW : PMINUD, d, a,
            pool_lane(e, (IrLane)in->lane, in->lane == E16 ? 0xff : 0xffff));
        a = d;
    }
    v3(e, (in->op == IR_vnarrow_ss ? pack_ss : pack_us)[in->lane], d, a, t);
}

void lower_vmull(Em *e, const IrInsn *in)
{
    bool s = in->op == IR_vmulls, high = in->imm;
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), d = def_x(e, DEF_EARLY), t = tmp_x(e);

    switch (in->lane) {
    case E8:
        widen(e, s, E8, high, d, a);
        widen(e, s, E8, high, t, b);
        v3(e, PMULLW, d, d, t);
        break;
    case E16:
        v3(e, PMULLW, d, a, b);
        v3(e, s ? PMULHW : PMULHUW, t, a, b);
        v3(e, high ? PUNPCKHWD : PUNPCKLWD, d, d, t);
        break;
    default:
        v2i(e, PSHUFD, d, a, high ? 0xfa : 0x50);
        v2i(e, PSHUFD, t, b, high ? 0xfa : 0x50);
        v3(e, s ? PMULDQ : PMULUDQ, d, d, t);
        break;
    }
}

/* --- To integers */

void lower_vmovmsk(Em *e, const IrInsn *in)
{
    bool half = v64(in);
    int a = use_x(e, in->arg[0]), d = def_g(e, 0), t = in->lane == E16 ? tmp_x(e) : NOREG;

    if (half || in->lane == E16)
        flags_clobber(e);
    switch (in->lane) {
    case E8: v2(e, PMOVMSKB, d, a); break;
    case E16:
        vzero(e, t);
        v3(e, PACKSSWB, t, avx(e) ? a : t, avx(e) ? t : a);
        v2(e, PMOVMSKB, d, t);
        if (!avx(e))                            /* packed into the high half there */
            shift_ri(e, SH_SHR, false, d, 8);
        break;
    case E32: v2(e, MOVMSKPS, d, a); break;
    default: v2(e, MOVMSKPD, d, a); break;
    }
    if (half)
        alu_ri(e, ALU_AND, false, d, (1 << (8 >> in->lane)) - 1);
}

void lower_vtestz(Em *e, const IrInsn *in)
{
    bool half = v64(in);
    int a = use_x(e, in->arg[0]), d = def_g(e, 0), t = half ? tmp_x(e) : a;

    flags_clobber(e);
    if (half)
        v2(e, MOVQ_XX, t, a);
    alu_rr(e, ALU_XOR, false, d, d);
    v2(e, PTEST, t, t);
    setcc(e, CC_E, d);
}
