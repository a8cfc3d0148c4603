/* SPDX-License-Identifier: Apache-2.0 */
/* Integer, flags and move ops by value, and ir_eval, which leads to the other parts of eval.h. */
#include "eval.h"

static inline uint64_t mask_of(IrType t) { return t == IR_I32 || t == IR_F32 ? 0xffffffffu : ~0ull; }
static inline int width_of(IrType t) { return t == IR_I32 ? 32 : 64; }
static inline int64_t sext_of(IrType t, uint64_t a) { return t == IR_I32 ? (int32_t)a : (int64_t)a; }

void eval_const(IrValue *r, IrType t, int64_t imm)
{
    r->u[0] = (uint64_t)imm & mask_of(t);
    r->u[1] = t == IR_V128 ? (uint64_t)imm : 0;
}

bool eval_cond(IrCond c, IrType t, uint64_t a, uint64_t b)
{
    int64_t sa = sext_of(t, a), sb = sext_of(t, b);
    switch (c) {
    case COND_EQ: return a == b;
    case COND_NE: return a != b;
    case COND_LT: return sa < sb;
    case COND_GE: return sa >= sb;
    case COND_LE: return sa <= sb;
    case COND_GT: return sa > sb;
    case COND_LTU: return a < b;
    case COND_GEU: return a >= b;
    case COND_LEU: return a <= b;
    case COND_GTU: return a > b;
    case COND_TSTZ: return !(a & b);
    case COND_TSTNZ: return a & b;
    case COND_ALWAYS: return true;
    default: return false;
    }
}

bool eval_cond_flags(IrCond c, uint64_t f)
{
    bool n = f & FL_N, z = f & FL_Z, cy = f & FL_C, v = f & FL_V;
    switch (c) {
    case COND_EQ: return z;
    case COND_NE: return !z;
    case COND_LTU: return !cy;
    case COND_GEU: return cy;
    case COND_LEU: return !cy || z;
    case COND_GTU: return cy && !z;
    case COND_LT: return n != v;
    case COND_GE: return n == v;
    case COND_LE: return z || n != v;
    case COND_GT: return !z && n == v;
    case COND_MI: return n;
    case COND_PL: return !n;
    case COND_VS: return v;
    case COND_VC: return !v;
    case COND_ALWAYS: return true;
    default: return false;
    }
}

/* --- arithmetic on 64-bit operands, of which the low `width` bits count; sa, sb are sign-extended */
static uint64_t divide(IrOp op, IrType t, uint64_t a, uint64_t b)
{
    int64_t sa = sext_of(t, a), sb = sext_of(t, b);
    bool overflow = sb == -1;           /* then a / b = -a, also where that wraps */
    switch (op) {
    case IR_divs: return !b ? 0 : overflow ? 0 - (uint64_t)sa : (uint64_t)(sa / sb);
    case IR_divu: return b ? a / b : 0;
    case IR_rems: return !b ? a : overflow ? 0 : (uint64_t)(sa % sb);
    default:      return b ? a % b : a;
    }
}

static uint64_t mul_high(IrOp op, IrType t, uint64_t a, uint64_t b)
{
    __int128 x = op == IR_mulhu ? (__int128)a : sext_of(t, a);
    __int128 y = op == IR_mulhs ? sext_of(t, b) : (__int128)b;
    return (uint64_t)((IrU128)x * (IrU128)y >> width_of(t));
}

static uint64_t reverse_bits(uint64_t a)
{
    a = (a >> 1 & 0x5555555555555555u) | (a & 0x5555555555555555u) << 1;
    a = (a >> 2 & 0x3333333333333333u) | (a & 0x3333333333333333u) << 2;
    a = (a >> 4 & 0x0f0f0f0f0f0f0f0fu) | (a & 0x0f0f0f0f0f0f0f0fu) << 4;
    return __builtin_bswap64(a);
}

IrU128 eval_clmul64(uint64_t a, uint64_t b)
{
    IrU128 r = 0;
    for (int i = 0; i < 64; i++)
        if (b >> i & 1)
            r ^= (IrU128)a << i;
    return r;
}

static uint64_t crc(uint32_t poly, uint32_t c, uint64_t data, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        c ^= data >> (8 * i) & 0xff;
        for (int k = 0; k < 8; k++)
            c = (c >> 1) ^ (poly & -(c & 1));
    }
    return c;
}

static uint64_t field_mask(int len) { return len >= 64 ? ~0ull : (1ull << len) - 1; }

static uint64_t extract(uint16_t aux, uint64_t a, bool is_signed)
{
    int start = aux & 63, len = aux >> 8;
    uint64_t r = a >> start & field_mask(len);
    return is_signed && len && r >> (len - 1) & 1 ? r | ~field_mask(len) : r;
}

static uint64_t extr(IrType t, uint64_t a, uint64_t b, int s)
{
    if (t == IR_I32)
        return (a << 32 | b) >> (s & 31);
    return s & 63 ? b >> (s & 63) | a << (64 - (s & 63)) : b;
}

static uint64_t unary(const IrInsn *i, uint64_t a)
{
    IrType t = (IrType)i->type;
    int w = width_of(t);
    switch (i->op) {
    case IR_neg: return -a;
    case IR_not: return ~a;
    case IR_clz: return a ? (unsigned)__builtin_clzll(a) - (64u - (unsigned)w) : (unsigned)w;
    case IR_ctz: return a ? (unsigned)__builtin_ctzll(a) : (unsigned)w;
    case IR_popcnt: return (unsigned)__builtin_popcountll(a);
    case IR_bswap: return __builtin_bswap64(a) >> (64 - w);
    case IR_bitrev: return reverse_bits(a) >> (64 - w);
    case IR_sext8: return (uint64_t)(int8_t)a;
    case IR_sext16: return (uint64_t)(int16_t)a;
    case IR_zext8: return (uint8_t)a;
    case IR_zext16: return (uint16_t)a;
    case IR_sext32: return (uint64_t)(int32_t)a;
    case IR_zext32: case IR_trunc32: return (uint32_t)a;
    case IR_extract: return extract(i->aux, a, false);
    default: return extract(i->aux, a, true);      /* sextract */
    }
}

static uint64_t binary(const IrInsn *i, uint64_t a, uint64_t b)
{
    IrType t = (IrType)i->type;
    int w = width_of(t), s = (int)(b & (uint64_t)(w - 1));
    switch (i->op) {
    case IR_add: return a + b;
    case IR_sub: return a - b;
    case IR_mul: return a * b;
    case IR_mulhs: case IR_mulhu: case IR_mulhsu: return mul_high((IrOp)i->op, t, a, b);
    case IR_divs: case IR_divu: case IR_rems: case IR_remu: return divide((IrOp)i->op, t, a, b);
    case IR_and: return a & b;
    case IR_or: return a | b;
    case IR_xor: return a ^ b;
    case IR_andc: return a & ~b;
    case IR_orc: return a | ~b;
    case IR_eqv: return ~(a ^ b);
    case IR_shl: return a << s;
    case IR_shr: return a >> s;
    case IR_sar: return (uint64_t)(sext_of(t, a) >> s);
    case IR_rotr: return s ? a >> s | a << (w - s) : a;
    case IR_extr: return extr(t, a, b, (int)i->imm);
    case IR_deposit: {
        int start = i->aux & 63;
        uint64_t m = field_mask(i->aux >> 8) << start;
        return (a & ~m) | (b << start & m);
    }
    case IR_setcond: return eval_cond((IrCond)i->cond, t, a, b);
    case IR_order: return eval_cond(i->aux ? COND_LTU : COND_LT, t, a, b) ? 8 : eval_cond(COND_EQ, t, a, b) ? 2 : 4;
    case IR_crc32c: return crc(0x82f63b78, (uint32_t)a, b, 1 << i->aux);
    case IR_crc32: return crc(0xedb88320, (uint32_t)a, b, 1 << i->aux);
    case IR_clmul: return (uint64_t)eval_clmul64(a, b);
    default: return (uint64_t)(eval_clmul64(a, b) >> w);       /* clmulh */
    }
}

/* N Z C V of a + b + carry at the type's width. */
static uint64_t flags_of_sum(IrType t, uint64_t a, uint64_t b, unsigned carry)
{
    uint64_t m = mask_of(t);
    IrU128 sum = (IrU128)(a & m) + (b & m) + carry;
    uint64_t r = (uint64_t)sum & m, top = (m >> 1) + 1;
    return (r & top ? FL_N : 0) | (r ? 0 : FL_Z) | (sum >> width_of(t) ? FL_C : 0) |
           ((a ^ r) & (b ^ r) & top ? FL_V : 0);
}

static uint64_t flags_op(const IrInsn *i, uint64_t a, uint64_t b, uint64_t f)
{
    IrType t = (IrType)i->type;
    unsigned c = !!(f & FL_C);
    switch (i->op) {
    case IR_flags_add: return flags_of_sum(t, a, b, 0);
    case IR_flags_sub: return flags_of_sum(t, a, ~b, 1);
    case IR_flags_and: return (sext_of(t, a & b) < 0 ? FL_N : 0) | (a & b ? 0 : FL_Z);
    case IR_flags_adc: return flags_of_sum(t, a, b, c);
    case IR_flags_sbc: return flags_of_sum(t, a, ~b, c);
    case IR_adc: return a + b + c;
    default: return a + ~b + c;         /* sbc */
    }
}

void eval_int(IrValue *r, const IrInsn *i, const IrValue *const *v)
{
    uint64_t a = i->nargs ? v[0]->u[0] : 0, b = i->nargs > 1 ? v[1]->u[0] : 0, hi = 0, lo;
    switch (i->op) {
    case IR_const: case IR_addr: eval_const(r, (IrType)i->type, i->imm); return;
    case IR_mov: *r = *v[0]; return;
    case IR_select: *r = *v[eval_cond((IrCond)i->cond, (IrType)i->type2, a, b) ? 2 : 3]; return;
    case IR_select_f: *r = *v[eval_cond_flags((IrCond)i->cond, a) ? 1 : 2]; return;
    case IR_flags_select: lo = eval_cond_flags((IrCond)i->cond, a) ? b : (uint64_t)i->imm & FL_ALL; break;
    case IR_setcond_f: lo = eval_cond_flags((IrCond)i->cond, a); break;
    case IR_flags_pack: case IR_flags_unpack: lo = a & FL_ALL; break;
    case IR_pair: lo = a, hi = b; break;
    case IR_lo: lo = a; break;
    case IR_hi: lo = v[0]->u[1]; break;
    case IR_flags_add: case IR_flags_sub: case IR_flags_and: lo = flags_op(i, a, b, 0); break;
    case IR_flags_adc: case IR_flags_sbc: lo = flags_op(i, a, b, v[2]->u[0]); break;
    case IR_adc: case IR_sbc: lo = flags_op(i, a, b, v[2]->u[0]) & mask_of((IrType)i->type); break;
    default: lo = (i->nargs == 1 ? unary(i, a) : binary(i, a, b)) & mask_of(ir_result_type(i));
    }
    r->u[0] = lo;
    r->u[1] = hi;
}

/* --- all of them */
bool ir_is_pure(IrOp op) { return ir_op_class[op] <= IRC_VFP; }

void ir_eval(IrValue *r, const IrInsn *i, const IrValue *const *v, EvalFp *fp)
{
    switch (ir_op_class[i->op]) {
    case IRC_INT: eval_int(r, i, v); break;
    case IRC_FP:  eval_fp(r, i, v, fp); break;
    case IRC_VEC: eval_vec(r, i, v); break;
    default:       eval_vfp(r, i, v, fp); break;
    }
}
