/* SPDX-License-Identifier: Apache-2.0 */
/* Random IR programs: every op of ops.def, its types, lanes, conditions and immediates, over values that are edge
 * cases more often than not. Instructions are emitted raw, so that folding is what the engines under test do. */
#include <string.h>
#include "toy.h"

uint64_t rng_next(Rng *r)
{
    r->s ^= r->s >> 12;
    r->s ^= r->s << 25;
    r->s ^= r->s >> 27;
    return r->s * 0x2545f4914f6cdd1du;
}

/* --- values */
static uint64_t int_value(Rng *r)
{
    switch (rng_below(r, 8)) {
    case 0: return rng_below(r, 3) - 1ull;
    case 1: return 1ull << rng_below(r, 64);
    case 2: return (1ull << rng_below(r, 64)) - 1;
    case 3: return ~(1ull << rng_below(r, 64));
    case 4: return rng_below(r, 300) - 150ull;
    case 5: return 0x8080808080808080u ^ rng_below(r, 256);
    default: return rng_next(r) >> rng_below(r, 64);
    }
}

static uint64_t float_value(Rng *r, int frac, int exp)
{
    uint64_t bias = (1ull << (exp - 1)) - 1, top = (1ull << exp) - 1, sign = (uint64_t)rng_below(r, 2) << (frac + exp);
    uint64_t f = rng_next(r) & ((1ull << frac) - 1), quiet = 1ull << (frac - 1);
    switch (rng_below(r, 12)) {
    case 0: return sign;
    case 1: return sign | top << frac;                                  /* infinity */
    case 2: return sign | top << frac | quiet | f;                      /* quiet NaN */
    case 3: return sign | top << frac | ((f & ~quiet) | 1);             /* signalling */
    case 4: return sign | f >> rng_below(r, (uint32_t)frac);            /* subnormal */
    case 5: return sign | 1ull << frac | f;                             /* smallest normals */
    case 6: return sign | (top - 1) << frac | f;                        /* largest */
    case 7: return sign | (bias + rng_below(r, 70)) << frac | f;        /* where integers end */
    case 8: return sign | (bias + rng_below(r, 8)) << frac | (f & (7ull << (frac - 3)));     /* small, many ties */
    case 9: return sign | (bias - 1 + rng_below(r, 3)) << frac | (rng_below(r, 2) ? f & 3 : 0);
    case 10: return sign | (rng_next(r) & top) << frac | f;
    default: return sign | (bias - 3 + rng_below(r, 6)) << frac | f;
    }
}

uint64_t rng_value(Rng *r, IrType t)
{
    switch (t) {
    case IR_F32: return float_value(r, 23, 8);
    case IR_F64: return float_value(r, 52, 11);
    case IR_I32: return (uint32_t)int_value(r);
    default: return int_value(r);
    }
}

static uint64_t half_vector(Rng *r)
{
    switch (rng_below(r, 6)) {
    case 0: return rng_value(r, IR_F64);
    case 1: return rng_value(r, IR_F32) | rng_value(r, IR_F32) << 32;
    case 2: return rng_next(r);
    case 3: return rng_next(r) & 0x0f0f0f0f0f0f0f0fu;       /* indexes and shift counts */
    case 4: return rng_next(r) | 0x7f807f807f807f80u;
    default: return int_value(r);
    }
}

U128 rng_vector(Rng *r)
{
    uint64_t lo = half_vector(r), hi = rng_below(r, 4) ? half_vector(r) : lo;
    return (U128)hi << 64 | lo;
}

void gen_state(Rng *r, ToyState *s)
{
    memset(s, 0, sizeof *s);
    for (int k = 0; k < TOY_NR; k++) s->c.r[k] = rng_value(r, IR_I64);
    for (int k = 0; k < TOY_NW; k++) s->c.w[k] = (uint32_t)rng_value(r, IR_I32);
    for (int k = 0; k < TOY_NF; k++) s->c.f[k] = rng_value(r, IR_F64);
    for (int k = 0; k < TOY_NG; k++) s->c.g[k] = (uint32_t)rng_value(r, IR_F32);
    for (int k = 0; k < TOY_NV; k++) s->c.v[k] = rng_vector(r);
    for (int k = 0; k < 8; k++) s->c.env[k] = rng_next(r);
    for (int k = 0; k < TOY_MEM; k += 16) {
        U128 x = rng_vector(r);
        memcpy(s->mem + k, &x, 16);
    }
    s->c.cpu.fp_round = rng_below(r, 4);
    s->c.cpu.pc = toy_pc(0);
}

/* --- programs */
typedef struct Gen {
    Rng *r;
    IrUnit *u;
    gaddr mem;
    gaddr pc;                   /* of the next guest instruction */
    uint32_t out;               /* next free byte of the result area in memory */
    uint32_t block;             /* first instruction of the basic block */
    int unit, depth;
} Gen;

/* Memory: 0..1023 data for loads and atomics, then results. */
enum { DATA = 1024 };

static const IrType value_types[] = { IR_I32, IR_I64, IR_I128, IR_F32, IR_F64, IR_V64, IR_V128, IR_FLAGS };

static IrVal make_value(Gen *g, IrType t);

static IrInsn *emit(Gen *g, IrOp op, IrType t) { return ir_emit(g->u, op, t); }

static IrVal emit1(Gen *g, IrOp op, IrType t, IrType t2, IrVal a)
{
    IrInsn *i = emit(g, op, t);
    i->type2 = (uint8_t)t2;
    i->arg[0] = a;
    return g->u->n - 1;
}

static IrVal emit_const(Gen *g, IrType t, uint64_t v)
{
    emit(g, IR_const, t)->imm = t == IR_I32 ? (int32_t)v : (int64_t)v;
    return g->u->n - 1;
}

static IrVal get_reg(Gen *g, int first, int n, IrType t)
{
    emit(g, IR_get, t)->aux = (uint16_t)(first + (int)rng_below(g->r, (uint32_t)n));
    return g->u->n - 1;
}

static IrVal emit_addr(Gen *g, IrType t, gaddr a)
{
    emit(g, IR_addr, t)->imm = (int64_t)a;
    return g->u->n - 1;
}

static IrVal make_value(Gen *g, IrType t)
{
    IrVal a, b;
    bool lit = rng_below(g->r, 3) == 0;
    if ((t == IR_I32 || t == IR_I64) && rng_below(g->r, 12) == 0)
        return emit_addr(g, t, TOY_PC + rng_below(g->r, TOY_PC));
    switch (t) {
    case IR_I32: return lit ? emit_const(g, t, rng_value(g->r, t)) : get_reg(g, TOY_W, TOY_NW, t);
    case IR_I64: return lit ? emit_const(g, t, rng_value(g->r, t)) : get_reg(g, TOY_R, TOY_NR, t);
    case IR_F32: return lit ? emit_const(g, t, rng_value(g->r, t)) : get_reg(g, TOY_G, TOY_NG, t);
    case IR_F64: return lit ? emit_const(g, t, rng_value(g->r, t)) : get_reg(g, TOY_F, TOY_NF, t);
    case IR_V64:
        return lit ? emit_const(g, t, half_vector(g->r)) : emit1(g, IR_vlow, t, IR_V128, make_value(g, IR_V128));
    case IR_V128: return lit ? emit_const(g, t, half_vector(g->r)) : get_reg(g, TOY_V, TOY_NV, t);
    case IR_FLAGS: return emit1(g, IR_flags_unpack, t, IR_VOID, make_value(g, IR_I32));
    default:        /* I128 */
        a = make_value(g, IR_I64);
        b = make_value(g, IR_I64);
        emit(g, IR_pair, IR_I128)->arg[0] = a;
        g->u->insn[g->u->n - 1].arg[1] = b;
        return g->u->n - 1;
    }
}

/* A value of type t from this block, or a new one. */
static IrVal pick(Gen *g, IrType t)
{
    if (rng_below(g->r, 5))
        for (int tries = 0; tries < 12 && g->u->n > g->block; tries++) {
            IrVal v = g->block + rng_below(g->r, g->u->n - g->block);
            if (tries < 6 && g->u->n - g->block > 12)
                v = g->u->n - 1 - rng_below(g->r, 12);
            if (ir_result_type(&g->u->insn[v]) == t)
                return v;
        }
    return make_value(g, t);
}

static const uint8_t type_size[IR_NTYPES] = {
    [IR_I32] = 4, [IR_I64] = 8, [IR_I128] = 16, [IR_F32] = 4, [IR_F64] = 8, [IR_V64] = 8, [IR_V128] = 16,
};

static int full_mem(IrType t) { return __builtin_ctz(type_size[t]); }

/* Keep a value where it can be compared. */
static void sink(Gen *g, IrVal v)
{
    IrType t = ir_result_type(&g->u->insn[v]);
    static const struct { uint8_t first, n; } home[IR_NTYPES] = {
        [IR_I32] = { TOY_W, TOY_NW }, [IR_I64] = { TOY_R, TOY_NR }, [IR_F32] = { TOY_G, TOY_NG },
        [IR_F64] = { TOY_F, TOY_NF },
        [IR_V128] = { TOY_V, TOY_NV },
    };
    if (t == IR_FLAGS) {
        v = emit1(g, IR_flags_pack, IR_I32, IR_VOID, v);
        t = IR_I32;
    }
    if (home[t].n && (rng_below(g->r, 2) || g->out + 16 > TOY_MEM)) {
        IrInsn *i = emit(g, IR_put, t);
        i->aux = (uint16_t)(home[t].first + rng_below(g->r, home[t].n));
        i->arg[0] = v;
    } else if (g->out + 16 <= TOY_MEM) {
        IrVal base = emit_const(g, IR_I64, g->mem + g->out);
        IrInsn *i = emit(g, IR_store, t);
        i->arg[0] = base;
        i->arg[1] = v;
        i->mem = (uint16_t)full_mem(t);
        g->out += 16;
    }
}

/* Address in the data area, `size` bytes fit; as value plus offset. */
static IrVal address(Gen *g, int size, bool aligned, int64_t *off)
{
    int64_t o = rng_below(g->r, 4) ? (int64_t)rng_below(g->r, 256) - 128 : 0;
    uint32_t span = DATA / 2, mask = aligned ? (span - 1) & ~((uint32_t)size - 1) : span - 1;
    if (aligned)
        o &= ~(int64_t)(size - 1);
    IrVal x = pick(g, IR_I64), m = emit_const(g, IR_I64, mask);
    emit(g, IR_and, IR_I64)->arg[0] = x;
    g->u->insn[g->u->n - 1].arg[1] = m;
    IrVal idx = g->u->n - 1, base = emit_const(g, IR_I64, g->mem + 256 - (gaddr)o);
    emit(g, IR_add, IR_I64)->arg[0] = idx;
    g->u->insn[g->u->n - 1].arg[1] = base;
    *off = o;
    return g->u->n - 1;
}

static void gen_access(Gen *g, IrOp op, IrType t)
{
    Rng *r = g->r;
    bool atomic = ir_op_class[op] == IRC_ATOMIC, integer = t == IR_I32 || t == IR_I64;
    int size = integer ? (int)rng_below(r, (uint32_t)full_mem(t) + 1) : full_mem(t), mem = size;
    bool aligned = atomic || rng_below(r, 2);
    if (op == IR_load && integer && rng_below(r, 2))
        mem |= MEM_SIGNED;
    if (rng_below(r, 3) == 0)
        mem |= MEM_BE;
    if (aligned && rng_below(r, 4) == 0)
        mem |= MEM_ALIGN | (atomic ? 0 : MEM_ATOMIC);
    if (rng_below(r, 4) == 0)
        mem |= op == IR_load ? MEM_ACQUIRE : op == IR_store ? MEM_RELEASE : MEM_ACQUIRE | MEM_RELEASE;
    int64_t off;
    IrVal a = address(g, 1 << size, aligned, &off), b = op == IR_load ? 0 : pick(g, t), c = 0;
    if (op == IR_cas) {
        c = pick(g, t);
        if (rng_below(r, 2)) {          /* make the comparison succeed sometimes */
            IrInsn *l = emit(g, IR_load, t);
            l->arg[0] = a;
            l->imm = off;
            l->mem = (uint16_t)(mem & (MEM_SIZE | MEM_BE));
            b = g->u->n - 1;
        }
    }
    IrInsn *i = emit(g, op, t);
    i->mem = (uint16_t)mem;
    i->imm = off;
    i->arg[0] = a;
    i->arg[1] = b;
    i->arg[2] = c;
}

static void gen_env(Gen *g, IrOp op, IrType t)
{
    int size = t == IR_I32 || t == IR_I64 ? (int)rng_below(g->r, (uint32_t)full_mem(t) + 1) : full_mem(t);
    IrVal v = op == IR_st_env ? pick(g, t) : 0;
    IrInsn *i = emit(g, op, t);
    i->mem =
        (uint16_t)(size | (op == IR_ld_env && (t == IR_I32 || t == IR_I64) && rng_below(g->r, 2) ? MEM_SIGNED : 0));
    i->imm = (int64_t)(offsetof(ToyCpu, env) + (rng_below(g->r, 48) & ~15u));
    i->arg[0] = v;
}

/* --- types and attributes by op */
static IrType one_of(Gen *g, const IrType *t, int n) { return t[rng_below(g->r, (uint32_t)n)]; }
#define ONE_OF(...) \
    one_of(g, (const IrType[]){ __VA_ARGS__ }, (int)(sizeof((IrType[]){ __VA_ARGS__ }) / sizeof(IrType)))

static IrType choose_type(Gen *g, IrOp op)
{
    const IrOpInfo *o = &ir_op_info[op];
    if ((ir_op_class[op] == IRC_VEC || ir_op_class[op] == IRC_VFP) && o->result == 'v') {
        bool wide = (op >= IR_vwidens && op <= IR_vclmul) || (op >= IR_aesenc && op <= IR_aesdecimc) ||
            op == IR_vpair || (op >= IR_sha256h && op <= IR_sha1h);
        return wide || rng_below(g->r, 2) ? IR_V128 : IR_V64;
    }
    switch (op) {
    case IR_sext32: case IR_zext32: case IR_lo: case IR_hi: return IR_I64;
    case IR_trunc32: case IR_flags_pack: case IR_crc32: case IR_crc32c: return IR_I32;
    case IR_pair: return IR_I128;
    case IR_flags_unpack: case IR_flags_select: case IR_brcond_f: case IR_exit_if_f: return IR_FLAGS;
    case IR_fcvt_fi: case IR_fcvt_fu: case IR_fbits: return ONE_OF(IR_I32, IR_I64);
    case IR_fcmp: case IR_flags_fcmp: case IR_forder: return ONE_OF(IR_F32, IR_F64);
    case IR_vmovmsk: case IR_vtestz: return ONE_OF(IR_V64, IR_V128);
    case IR_vlow: return ONE_OF(IR_I32, IR_I64, IR_F32, IR_F64, IR_V64);
    case IR_vget: return ONE_OF(IR_I32, IR_I64, IR_F32, IR_F64);
    case IR_cas: return ONE_OF(IR_I32, IR_I64, IR_I128);
    case IR_load: case IR_store: return ONE_OF(IR_I32, IR_I64, IR_I64, IR_I128, IR_F32, IR_F64, IR_V64, IR_V128);
    case IR_ld_env: case IR_st_env: return ONE_OF(IR_I32, IR_I64, IR_F32, IR_F64, IR_V128);
    case IR_fbox: case IR_fwiden: case IR_fbits_s: case IR_ffrom_s: return IR_F64;
    case IR_funbox: case IR_fma_narrow: return IR_F32;
    case IR_mov: case IR_select: case IR_select_f: return ONE_OF(IR_I32, IR_I64, IR_F32, IR_F64, IR_V64, IR_V128);
    default: break;
    }
    char c = o->result == 'f' || o->args[0] == 'f' ? 'f' : 'i';
    return c == 'f' ? ONE_OF(IR_F32, IR_F64) : ONE_OF(IR_I32, IR_I64);
}

static IrType choose_type2(Gen *g, IrOp op, IrType t)
{
    switch (op) {
    case IR_select: return ONE_OF(IR_I32, IR_I64);
    case IR_fcvt_ff:
    case IR_fma_narrow:
    case IR_fwiden:
    case IR_fbox:
    case IR_funbox: return t == IR_F32 ? IR_F64 : IR_F32;
    case IR_fcvt_fi: case IR_fcvt_fu: return ONE_OF(IR_F32, IR_F64);
    case IR_fcvt_if: case IR_fcvt_uf: return ONE_OF(IR_I32, IR_I64);
    case IR_vzext:
        return t == IR_V64 ? ONE_OF(IR_I32, IR_I64, IR_F32, IR_F64) : ONE_OF(IR_I32, IR_I64, IR_F32, IR_F64, IR_V64);
    case IR_vlow: case IR_vget: return t == IR_V64 ? IR_V128 : ONE_OF(IR_V64, IR_V128);
    case IR_vdup: case IR_vset: return IR_VOID;         /* after the lane is known */
    default: return IR_VOID;
    }
}

static void choose_lane(Gen *g, IrInsn *i)
{
    Rng *r = g->r;
    int lo = E8, hi = E64;
    if (ir_op_class[i->op] == IRC_VFP)
        lo = E32;
    else if (i->op >= IR_vnarrow && i->op <= IR_vnarrow_uu)
        lo = E16;
    else if (i->op == IR_vwidens || i->op == IR_vwidenu || i->op == IR_vmulls || i->op == IR_vmullu)
        hi = E32;
    else if (i->op == IR_vavgu)
        hi = E16;
    else if (i->op >= IR_vzip1 && i->op <= IR_vtrn2 && i->type == IR_V64)
        hi = E32;
    else if (i->op == IR_vpopcnt)
        hi = E8;
    i->lane = (uint8_t)(lo + (int)rng_below(r, (uint32_t)(hi - lo + 1)));
    int bits = 8 << i->lane, bytes = i->type == IR_V64 ? 8 : 16;
    switch (i->op) {
    case IR_vget:
        if (i->type == IR_F32 || i->type == IR_F64)
            i->lane = i->type == IR_F32 ? E32 : E64;
        else if (i->type == IR_I32 && i->lane == E64)
            i->lane = E32;
        i->imm = rng_below(r, (uint32_t)((i->type2 == IR_V64 ? 8 : 16) >> i->lane));
        i->aux = (uint16_t)(i->type == IR_I32 || i->type == IR_I64 ? rng_below(r, 2) : 0);
        break;
    case IR_vset:
        i->imm = rng_below(r, (uint32_t)(bytes >> i->lane));
        i->type2 = (uint8_t)(i->lane == E64 ? ONE_OF(IR_I64, IR_F64)
                : i->lane == E32            ? ONE_OF(IR_I32, IR_F32, IR_I64)
                                            : ONE_OF(IR_I32, IR_I64));
        break;
    case IR_vdup:
        i->type2 = (uint8_t)(i->lane == E64 ? ONE_OF(IR_I64, IR_F64, IR_V128)
                : i->lane == E32            ? ONE_OF(IR_I32, IR_F32, IR_V128)
                                            : ONE_OF(IR_I32, IR_I64, IR_V128));
        break;
    case IR_vshli: i->imm = rng_below(r, (uint32_t)bits); break;
    case IR_vshri: case IR_vsari: i->imm = 1 + rng_below(r, (uint32_t)bits); break;
    case IR_vext: i->imm = rng_below(r, (uint32_t)bytes + 1); break;
    case IR_vrevl:
        if (i->lane == E64)
            i->lane = E32;
        i->imm = 2 << rng_below(r, 3);
        if (i->imm * 8 < bits)
            i->imm = 8;
        break;
    case IR_vwidens: case IR_vwidenu: case IR_vmulls: case IR_vmullu: i->imm = rng_below(r, 2); break;
    case IR_vclmul: i->imm = rng_below(r, 4); break;
    case IR_sha256h: i->imm = rng_below(r, 2); break;
    case IR_sha1h: i->imm = rng_below(r, 3); break;
    default: break;
    }
}

static void choose_attributes(Gen *g, IrInsn *i)
{
    static const IrCond fp_conds[] = { COND_EQ, COND_NE, COND_LT, COND_GE, COND_LE, COND_GT, COND_UN, COND_OR };
    Rng *r = g->r;
    IrOp op = (IrOp)i->op;
    uint32_t width = i->type == IR_I32 ? 32 : 64;
    if (ir_op_info[op].bits & OPF_FP)
        i->round = (uint8_t)rng_below(r, FP_DYN + 1);
    switch (op) {
    case IR_setcond: case IR_select: case IR_brcond: case IR_exit_if:
        i->cond = (uint8_t)rng_below(r, COND_TSTNZ + 1);
        if (op == IR_exit_if && i->cond <= COND_GTU && rng_below(r, 2))
            i->aux = (uint16_t)((TOY_W + 1 + rng_below(r, TOY_NW)) | (rng_below(r, 2) ? EXIT_ORDER_U : 0));
        break;
    case IR_setcond_f: case IR_select_f: case IR_flags_select: case IR_brcond_f: case IR_exit_if_f:
        i->cond = (uint8_t)rng_below(r, COND_GTU + 5);
        if (i->cond > COND_GTU)
            i->cond += 2;               /* skip TST* */
        i->aux = op == IR_exit_if_f && rng_below(g->r, 2) ? TOY_N + 1 : 0;
        i->imm = op == IR_flags_select ? (int64_t)(rng_next(r) & 0xc101) : 0;
        break;
    case IR_fcmp:
    case IR_vfcmp:
        i->cond = (uint8_t)fp_conds[rng_below(r, 8)];
        i->aux = (uint16_t)rng_below(r, 2);
        break;
    case IR_flags_fcmp: case IR_fround: case IR_vfround: i->aux = (uint16_t)rng_below(r, 2); break;
    case IR_fma: case IR_vfma: i->aux = (uint16_t)rng_below(r, 8); break;
    case IR_fmin: case IR_fmax: case IR_vfmin: case IR_vfmax: i->aux = (uint16_t)rng_below(r, 4); break;
    case IR_fcvt_fi: case IR_fcvt_fu: case IR_vfcvt_fi: case IR_vfcvt_fu:
        i->aux = (uint16_t)rng_below(r, 3);
        if (op == IR_fcvt_fi && i->type == IR_I32 && i->type2 == IR_F64 && !rng_below(r, 6))
            i->aux = CVT_WRAP_JS, i->round = FP_RTZ;
        break;
    case IR_vcmp: i->cond = (uint8_t)rng_below(r, COND_GTU + 1); break;
    case IR_order: i->aux = (uint16_t)rng_below(r, 2); break;
    case IR_crc32: case IR_crc32c: i->aux = (uint16_t)rng_below(r, 4); break;
    case IR_extr: i->imm = rng_below(r, width); break;
    case IR_extract: case IR_sextract: case IR_deposit: {
        uint32_t start = rng_below(r, width), len = 1 + rng_below(r, width - start);
        i->aux = (uint16_t)(start | len << 8);
        break;
    }
    default: break;
    }
    if ((ir_op_class[op] == IRC_VEC || ir_op_class[op] == IRC_VFP))
        choose_lane(g, i);
}

/* --- ops that are more than operands and attributes */
static void gen_insn_mark(Gen *g)
{
    ir_insn(g->u, g->pc, 4);
    g->pc += 4;
}

static void gen_call(Gen *g)
{
    const TcgGuest *guest = g->u->guest;
    IrVal args[6];
    int h = (int)rng_below(g->r, (uint32_t)guest->nhelpers);
    for (int k = 0; k < guest->helpers[h].nargs; k++)
        args[k] = pick(g, (IrType)guest->helpers[h].arg[k]);
    IrVal v = ir_call(g->u, h, guest->helpers[h].nargs, args);
    if (guest->helpers[h].ret != IR_VOID)
        sink(g, v);
}

static void gen_some(Gen *g, int n, int focus);

static void gen_operands(Gen *g, IrInsn i)
{
    int n = (int)strlen(ir_op_info[i.op].args);
    for (int k = 0; k < n; k++)
        i.arg[k] = k && !rng_below(g->r, 12) && ir_operand_type(&i, k) == ir_operand_type(&i, 0)
            ? i.arg[0]
            : pick(g, ir_operand_type(&i, k));
    *emit(g, (IrOp)i.op, (IrType)i.type) = (i.nargs = (uint8_t)n, i);
}

/* Forward branch over some instructions. */
static void gen_branch(Gen *g, IrOp op)
{
    IrInsn i = { .op = (uint16_t)op, .type = (uint8_t)(op == IR_br ? IR_VOID : choose_type(g, op)) };
    int label = ir_label_new(g->u);
    choose_attributes(g, &i);
    i.aux = (uint16_t)label;
    gen_operands(g, i);
    gen_some(g, 4, -1);
    ir_label(g->u, label);
    g->block = g->u->n;
}

/* A loop of one to four rounds, counted in a local. */
static void gen_loop(Gen *g)
{
    int label = ir_label_new(g->u), local = 12 + g->depth;
    uint32_t out = g->out;
    IrVal v = emit_const(g, IR_I64, 1 + rng_below(g->r, 4)), one;
    emit(g, IR_local_put, IR_I64)->arg[0] = v;
    g->u->insn[g->u->n - 1].aux = (uint16_t)local;
    ir_label(g->u, label);
    g->block = g->u->n;
    g->depth++;
    gen_some(g, 6, -1);
    g->depth--;
    emit(g, IR_local_get, IR_I64)->aux = (uint16_t)local;
    v = g->u->n - 1;
    one = emit_const(g, IR_I64, 1);
    emit(g, IR_sub, IR_I64)->arg[0] = v;
    g->u->insn[g->u->n - 1].arg[1] = one;
    v = g->u->n - 1;
    emit(g, IR_local_put, IR_I64)->arg[0] = v;
    g->u->insn[g->u->n - 1].aux = (uint16_t)local;
    IrInsn *b = emit(g, IR_brcond, IR_I64);
    b->arg[0] = b->arg[1] = v;
    b->cond = COND_TSTNZ;
    b->aux = (uint16_t)label;
    (void)out;
}

static void gen_local(Gen *g, IrOp op)
{
    static const IrType types[] = { IR_I32, IR_I64, IR_F32, IR_F64, IR_V128, IR_I64 };
    uint32_t l = rng_below(g->r, 6);
    IrVal v = op == IR_local_put ? pick(g, types[l]) : 0;
    IrInsn *i = emit(g, op, types[l]);
    i->aux = (uint16_t)l;
    i->arg[0] = v;
}

static void gen_put(Gen *g)
{
    int reg = (int)rng_below(g->r, TOY_N);
    IrType t = (IrType)g->u->guest->regs[reg].type;
    IrVal v = pick(g, t);
    IrInsn *i = emit(g, IR_put, t);
    i->aux = (uint16_t)reg;
    i->arg[0] = v;
}

/* A comparison whose flags are taken back. */
static void gen_undo(Gen *g)
{
    IrType t = rng_below(g->r, 2) ? IR_F32 : IR_F64;
    IrVal x = pick(g, t), y = pick(g, t);
    emit(g, IR_fpflags_get, IR_I32);
    IrVal flags = g->u->n - 1;
    IrInsn cmp = { .op = IR_fcmp, .type = (uint8_t)t };
    choose_attributes(g, &cmp);
    IrInsn *i = emit(g, IR_fcmp, t);
    i->cond = cmp.cond, i->aux = cmp.aux, i->arg[0] = x, i->arg[1] = y;
    sink(g, g->u->n - 1);
    i = emit(g, IR_fpflags_undo, t);
    i->arg[0] = flags, i->arg[1] = x, i->arg[2] = y;
}

static void gen_op(Gen *g, IrOp op)
{
    switch (op) {
    case IR_const: case IR_addr: case IR_get: make_value(g, value_types[rng_below(g->r, 8)]); return;
    case IR_put: gen_put(g); return;
    case IR_ld_env: case IR_st_env: gen_env(g, op, choose_type(g, op)); break;
    case IR_local_get: case IR_local_put: gen_local(g, op); break;
    case IR_prefetch: return;
    case IR_fence: emit(g, op, IR_VOID)->aux = (uint16_t)rng_below(g->r, 16); return;
    case IR_call: gen_call(g); return;
    case IR_insn: gen_insn_mark(g); return;
    case IR_br: case IR_brcond: case IR_brcond_f:
        if (g->depth < 2)
            gen_branch(g, op);
        return;
    case IR_label:
        if (g->depth < 2)
            gen_loop(g);
        return;
    case IR_host_insn:
    case IR_jump:
    case IR_jump_ind:
    case IR_calljump:
    case IR_calljump_ind:
    case IR_ret:
    case IR_raise: return;
    case IR_fpflags_get: emit(g, op, IR_VOID); break;
    case IR_fpflags_undo: gen_undo(g); return;
    case IR_fpflags_put: case IR_fpround_put: {
        IrVal v = op == IR_fpround_put ? emit_const(g, IR_I32, rng_below(g->r, 4))
                                       : emit_const(g, IR_I32, rng_below(g->r, 32));
        emit(g, op, IR_VOID)->arg[0] = v;
        return;
    }
    case IR_load: case IR_store: case IR_cas: case IR_xchg: case IR_fetch_add: case IR_fetch_and: case IR_fetch_or:
    case IR_fetch_xor: case IR_fetch_smin: case IR_fetch_smax: case IR_fetch_umin: case IR_fetch_umax:
        gen_access(g, op, choose_type(g, op));
        break;
    default: {
        IrInsn i = { .op = (uint16_t)op, .type = (uint8_t)choose_type(g, op) };
        i.type2 = (uint8_t)choose_type2(g, op, (IrType)i.type);
        choose_attributes(g, &i);
        if (op == IR_exit_if || op == IR_exit_if_f) {
            if (rng_below(g->r, 4))
                return;
            i.imm = (int64_t)toy_pc(8 + (int)rng_below(g->r, 2));
        }
        gen_operands(g, i);
    }
    }
    if (ir_op_info[op].result != '-' && rng_below(g->r, 2))
        sink(g, g->u->n - 1);
}

/* What compiled code looks like: 32- and 64-bit arithmetic from registers to registers, compares, side exits. After
 * forwarding, values live long while registers change under them. */
static void gen_compiled(Gen *g)
{
    static const IrOp ops[] = { IR_add, IR_sub, IR_and, IR_or, IR_xor, IR_mul, IR_shl, IR_sar, IR_andc };
    bool narrow = rng_below(g->r, 2);
    IrType t = narrow ? IR_I32 : IR_I64;
    IrVal v[2];
    gen_insn_mark(g);
    for (int k = 0; k < 2; k++) {
        bool lit = k && rng_below(g->r, 2);
        v[k] = lit ? emit_const(g, t, rng_below(g->r, 5) - 2ull) : get_reg(g, TOY_R, TOY_NR, IR_I64);
        if (!lit && narrow)
            v[k] = emit1(g, IR_trunc32, IR_I32, IR_VOID, v[k]);
    }
    int what = (int)rng_below(g->r, 8);
    IrOp op = what == 0 ? IR_flags_sub : what == 1 ? IR_mov : ops[rng_below(g->r, sizeof ops / sizeof *ops)];
    IrInsn *i = emit(g, op, t);
    i->arg[0] = v[0];
    i->arg[1] = op == IR_mov ? 0 : v[1];
    IrVal r = g->u->n - 1;
    if (op == IR_flags_sub) {
        r = emit1(g, IR_flags_pack, IR_I32, IR_VOID, r);
        i = emit(g, IR_put, IR_I32);
        i->arg[0] = r;
        i->aux = TOY_W;
        emit(g, IR_get, IR_I32)->aux = TOY_W;
        r = emit1(g, IR_flags_unpack, IR_FLAGS, IR_VOID, g->u->n - 1);
        i = emit(g, IR_exit_if_f, IR_FLAGS);
        i->cond = (uint8_t)(rng_below(g->r, 3) ? COND_EQ : rng_below(g->r, COND_GTU + 1));
        i->arg[0] = r;
        i->aux = rng_below(g->r, 2) ? TOY_N + 1 : 0;
        i->imm = (int64_t)toy_pc(8);
        return;
    }
    if (narrow)
        r = emit1(g, rng_below(g->r, 3) ? IR_zext32 : IR_sext32, IR_I64, IR_VOID, r);
    i = emit(g, IR_put, IR_I64);
    i->arg[0] = r;
    i->aux = (uint16_t)(TOY_R + rng_below(g->r, TOY_NR));
}

static void gen_some(Gen *g, int n, int focus)
{
    if (focus < 0 && rng_below(g->r, 3) == 0) {
        while (n-- > 0)
            gen_compiled(g);
        return;
    }
    while (n-- > 0) {
        if (rng_below(g->r, 4) == 0)
            gen_insn_mark(g);
        gen_op(g, focus >= 0 && rng_below(g->r, 3) == 0 ? (IrOp)focus : (IrOp)rng_below(g->r, IR_NOPS));
    }
}

/* An access to the page after the memory: the state there must be exact. */
static void gen_fault(Gen *g)
{
    IrVal a = emit_const(g, IR_I64, g->mem + TOY_MEM + rng_below(g->r, 256) * 8);
    if (rng_below(g->r, 2)) {
        emit(g, IR_load, IR_I64)->arg[0] = a;
    } else {
        IrVal v = pick(g, IR_I64);
        emit(g, IR_store, IR_I64)->arg[0] = a;
        g->u->insn[g->u->n - 1].arg[1] = v;
    }
    g->u->insn[g->u->n - 1].mem = MEM_64;
}

static void gen_end(Gen *g, gaddr next, bool last)
{
    IrVal v;
    if (last) {
        ir_raise(g->u, TCG_EXIT_GUEST + (int)rng_below(g->r, 40), (int64_t)rng_next(g->r), g->pc);
        return;
    }
    switch (rng_below(g->r, 5)) {
    case 0: ir_jump(g->u, next); break;
    case 1: ir_calljump(g->u, next, next + 64); break;
    default:
        v = rng_below(g->r, 2) ? emit_const(g, IR_I64, next) : emit_addr(g, IR_I64, next);
        emit(g, (IrOp[]){ IR_jump_ind, IR_calljump_ind, IR_ret }[rng_below(g->r, 3)], IR_VOID)->arg[0] = v;
        if (g->u->insn[g->u->n - 1].op == IR_calljump_ind)
            g->u->insn[g->u->n - 1].imm2 = next + 64;
    }
}

void gen_program(Rng *r, ToyProgram *p, gaddr mem, int size, int focus)
{
    p->n = 1 + (int)rng_below(r, TOY_UNITS - 1);
    uint32_t out = DATA;
    for (int k = 0; k < p->n; k++) {
        Gen g = { .r = r, .u = &p->unit[k], .mem = mem, .pc = toy_pc(k), .out = out, .block = 1, .unit = k };
        ir_unit_reset(g.u, toy_pc(k), 0);
        gen_insn_mark(&g);
        for (int l = 0; l < 6; l++) {           /* locals have a value before they are read */
            static const IrType types[] = { IR_I32, IR_I64, IR_F32, IR_F64, IR_V128, IR_I64 };
            IrVal v = make_value(&g, types[l]);
            emit(&g, IR_local_put, types[l])->arg[0] = v;
            g.u->insn[g.u->n - 1].aux = (uint16_t)l;
        }
        gen_some(&g, size / 2 + (int)rng_below(r, (uint32_t)size), focus);
        if (rng_below(r, 8) == 0) {
            gen_insn_mark(&g);
            gen_fault(&g);
            gen_some(&g, 3, -1);
        }
        emit(&g, IR_fpflags_get, IR_VOID);
        sink(&g, g.u->n - 1);
        gen_end(&g, toy_pc(k + 1), k == p->n - 1);
        out = g.out;
    }
}
