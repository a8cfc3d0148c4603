/* SPDX-License-Identifier: Apache-2.0 */
/* Every FP and vector row: host code against the interpreter, on random and special operands, in every rounding
 * mode, with each guest's NaN rules; result and sticky flags compared. A synthetic guest has one unit per case:
 * set mode and flags, read operands, do the op, write the result and the flags. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tcg/engine.h"

enum {
    R_D0,
    R_S0 = 3,
    R_V0 = 6,
    R_X0 = 9,
    R_W0 = 12,
    R_FLAGS = 15,
    R_MODE,
    R_DOUT,
    R_SOUT,
    R_VOUT,
    R_XOUT,
    R_WOUT,
    NREG
};
typedef struct State {
    CpuState cpu;
    uint64_t v[6][2], d[6], x[6];
    uint32_t s[6], w[8];
} State;

#define AT(f) (uint32_t)offsetof(State, f)
static const RegDesc regs[NREG] = {
    { "d0", AT(d[0]), IR_F64, 0 }, { "d1", AT(d[1]), IR_F64, 3 }, { "d2", AT(d[2]), IR_F64, 0 },
    { "s0", AT(s[0]), IR_F32, 4 }, { "s1", AT(s[1]), IR_F32, 0 }, { "s2", AT(s[2]), IR_F32, 5 },
    { "v0", AT(v[0]), IR_V128, 1 }, { "v1", AT(v[1]), IR_V128, 2 }, { "v2", AT(v[2]), IR_V128, 0 },
    { "x0", AT(x[0]), IR_I64, 1 }, { "x1", AT(x[1]), IR_I64, 0 }, { "x2", AT(x[2]), IR_I64, 2 },
    { "w0", AT(w[0]), IR_I32, 3 }, { "w1", AT(w[1]), IR_I32, 0 }, { "w2", AT(w[2]), IR_I32, 4 },
    { "flags", AT(w[3]), IR_I32, 0 }, { "mode", AT(w[4]), IR_I32, 0 },
    { "dout", AT(d[3]), IR_F64, 6 }, { "sout", AT(s[3]), IR_F32, 0 }, { "vout", AT(v[3]), IR_V128, 7 },
    { "xout", AT(x[3]), IR_I64, 5 }, { "wout", AT(w[5]), IR_I32, 0 },
};
enum { PC0 = 0x10000, MAX_CASES = 20000 };

/* What a case does with a FLAGS result, in IrInsn.imm beside a condition. */
enum { USE_COND = 32, USE_PACKED = 64 };
typedef struct Case { IrInsn in; uint8_t arg[3]; } Case;       /* arg: IrType of each operand */
static Case *cases;
static int ncases, fails;
static uint64_t seed = 88172645463325252ull;

static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

/* --- the guest */

/* The first of the registers that hold a type, -1: none do. */
static int regs_of(int type)
{
    switch (type) {
    case IR_F64: return R_D0;
    case IR_F32: return R_S0;
    case IR_I64: return R_X0;
    case IR_I32: return R_W0;
    case IR_V128: return R_V0;
    default: return -1;
    }
}

static IrVal get(IrUnit *u, int type, int k)
{
    if (type == IR_V64)
        return ir_vconv(u, IR_vlow, IR_V64, IR_V128, E8, 0, 0, ir_get(u, R_V0 + k));
    return ir_get(u, regs_of(type) + k);
}

static int result_type(const IrInsn *in)
{
    char res = ir_op_info[in->op].result;
    return res == 'g' ? IR_FLAGS : res == 'w' ? IR_I32 : in->type;
}

static void put(IrUnit *u, const IrInsn *in, IrVal r)
{
    char res = ir_op_info[in->op].result;

    if (res == 'g') {
        IrVal f = r;
        if (in->imm & USE_COND)
            r = ir_setcond_f(u, IR_I32, (IrCond)(in->imm & 31), f);
        if (in->imm & USE_PACKED) {
            IrVal p = ir_op1(u, IR_flags_pack, IR_I32, f);
            r = in->imm & USE_COND ? ir_op2(u, IR_xor, IR_I32, p, r) : p;
        }
        ir_put(u, R_WOUT, r);
        return;
    }
    switch (res == 'w' ? IR_I32 : (int)in->type) {
    case IR_F64: ir_put(u, R_DOUT, r); break;
    case IR_F32: ir_put(u, R_SOUT, r); break;
    case IR_I64: ir_put(u, R_XOUT, r); break;
    case IR_I32: ir_put(u, R_WOUT, r); break;
    case IR_V64: ir_put(u, R_VOUT, ir_vconv(u, IR_vzext, IR_V128, IR_V64, E8, 0, 0, r)); break;
    default: ir_put(u, R_VOUT, r); break;
    }
}

static IrVal emit_case(IrUnit *u, const Case *c, const IrVal *v)
{
    IrInsn *in = ir_emit(u, (IrOp)c->in.op, (IrType)c->in.type);
    uint8_t nargs = in->nargs;

    *in = c->in;
    in->nargs = nargs;
    in->imm = ir_op_info[in->op].result == 'g' ? 0 : in->imm;
    for (int k = 0; k < nargs; k++)
        in->arg[k] = v[k];
    return u->n - 1;
}

static uint32_t pick(uint32_t *s, uint32_t n)
{
    *s = *s * 1664525 + 1013904223;
    return (*s >> 12) % n;
}

/* A chain of random cases: operands are guest registers or earlier results, some results go back to guest
 * registers, so values live across cold paths, spills and changes of what they mirror. */
static void translate_chain(IrUnit *u, uint32_t s)
{
    enum { LEN = 14 };
    IrVal have[LEN], v[3];
    int type[LEN], n = 0;

    s = s * 2654435761u + 12345;
    for (; n < LEN; n++) {
        const Case *c = &cases[pick(&s, (uint32_t)ncases)];
        int args = (int)strlen(ir_op_info[c->in.op].args);
        for (int k = 0; k < args; k++) {
            int at = (int)pick(&s, LEN), tries = n;
            while (tries-- && type[at = at >= n - 1 ? 0 : at + 1] != c->arg[k])
                ;
            bool found = n && at < n && type[at] == c->arg[k] && pick(&s, 4);
            v[k] = found ? have[at] : get(u, c->arg[k], (int)pick(&s, 3));
        }
        have[n] = emit_case(u, c, v);
        type[n] = result_type(&c->in);
        if (!pick(&s, 3))
            put(u, &c->in, have[n]);
        int to = regs_of(type[n]);
        if (to >= 0 && !pick(&s, 3))
            ir_put(u, to + (int)pick(&s, 3), have[n]);
    }
    for (int k = 0; k < n; k++)
        if (type[k] == IR_V128 || type[k] == IR_F64 || type[k] == IR_I64)
            put(u, &(IrInsn){ .op = IR_get, .type = (uint8_t)type[k] }, have[k]);
}

static void translate(IrUnit *u, int max, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx)
{
    uint32_t index = (uint32_t)((u->pc - PC0) / 16);
    IrVal v[3], mode, zero;
    (void)max, (void)fetch, (void)ctx;

    u->nguest = 1;
    ir_insn(u, u->pc, 4);
    mode = ir_get(u, R_MODE);
    zero = ir_const(u, IR_I32, 0);
    ir_emit(u, IR_fpround_put, IR_I32)->arg[0] = mode;
    ir_emit(u, IR_fpflags_put, IR_I32)->arg[0] = zero;
    if (index >= (uint32_t)ncases) {
        translate_chain(u, index);
    } else {
        const Case *c = &cases[index];
        for (int k = 0; k < (int)strlen(ir_op_info[c->in.op].args); k++)
            v[k] = get(u, c->arg[k], k);
        put(u, &c->in, emit_case(u, c, v));
    }
    ir_put(u, R_FLAGS, (ir_emit(u, IR_fpflags_get, IR_I32), u->n - 1));
    ir_raise(u, TCG_EXIT_GUEST, 0, u->pc);
}

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    (void)ctx, (void)pc;
    memset(buf, 0, len);
    return len;
}

static const FpRules rules[4] = {
    { NAN_CANON, false, false, false, false },          /* RISC-V */
    { NAN_SNAN_FIRST, false, true, true, true },        /* Arm */
    { NAN_FIRST, false, true, false, false },           /* PowerPC */
    { NAN_X86, true, false, false, false },
};
static const char *const rules_name[] = { "riscv", "arm", "ppc", "x86" };

/* --- the cases */

static void add(IrInsn in, int a, int b, int c)
{
    if (ncases < MAX_CASES)
        cases[ncases++] = (Case){ in, { (uint8_t)a, (uint8_t)b, (uint8_t)c } };
    else
        fails++;
}

static const int all_rounds[] = { FP_DYN, FP_RNE, FP_RTZ, FP_RDN, FP_RUP, FP_RNA, FP_RODD };
#define EACH_ROUND(r) for (int r##_ = 0, r; r##_ < 7 && (r = all_rounds[r##_], 1); r##_++)

static void add_scalar_fp(int t)
{
    static const int two[] = { IR_fadd, IR_fsub, IR_fmul, IR_fdiv };
    static const int conds[] = { COND_EQ, COND_NE, COND_LT, COND_GE, COND_LE, COND_GT, COND_UN, COND_OR };
    int other = t == IR_F64 ? IR_F32 : IR_F64;

    EACH_ROUND(r) {
        for (int k = 0; k < 4; k++)
            add((IrInsn){ .op = two[k], .type = t, .round = r }, t, t, 0);
        add((IrInsn){ .op = IR_fsqrt, .type = t, .round = r }, t, 0, 0);
        add((IrInsn){ .op = IR_fcvt_ff, .type = t, .type2 = other, .round = r }, other, 0, 0);
        for (int k = 0; k < 8; k++)
            add((IrInsn){ .op = IR_fma, .type = t, .round = r, .aux = k }, t, t, t);
        for (int k = 0; k < 2; k++)
            add((IrInsn){ .op = IR_fround, .type = t, .round = r, .aux = k }, t, 0, 0);
        for (int w = IR_I32; w <= IR_I64; w++) {
            for (int k = 0; k < 3; k++) {
                add((IrInsn){ .op = IR_fcvt_fi, .type = w, .type2 = t, .round = r, .aux = k }, t, 0, 0);
                add((IrInsn){ .op = IR_fcvt_fu, .type = w, .type2 = t, .round = r, .aux = k }, t, 0, 0);
            }
            add((IrInsn){ .op = IR_fcvt_if, .type = t, .type2 = w, .round = r }, w, 0, 0);
            add((IrInsn){ .op = IR_fcvt_uf, .type = t, .type2 = w, .round = r }, w, 0, 0);
        }
    }
    for (int k = 0; k < 4; k++) {
        add((IrInsn){ .op = IR_fmin, .type = t, .aux = k }, t, t, 0);
        add((IrInsn){ .op = IR_fmax, .type = t, .aux = k }, t, t, 0);
    }
    for (int s = 0; s < 2; s++) {
        for (int k = 0; k < 8; k++)
            add((IrInsn){ .op = IR_fcmp, .type = t, .cond = conds[k], .aux = s }, t, t, 0);
        add((IrInsn){ .op = IR_flags_fcmp, .type = t, .aux = s, .imm = USE_PACKED }, t, t, 0);
        add((IrInsn){ .op = IR_forder, .type = t, .aux = s }, t, t, 0);
        for (int c = COND_EQ; c <= COND_VC; c++)
            if (c != COND_TSTZ && c != COND_TSTNZ) {
                add((IrInsn){ .op = IR_flags_fcmp, .type = t, .aux = s, .imm = USE_COND | c }, t, t, 0);
                add((IrInsn){ .op = IR_flags_fcmp, .type = t, .aux = s, .imm = USE_COND | USE_PACKED | c }, t, t, 0);
            }
    }
    add((IrInsn){ .op = IR_fneg, .type = t }, t, 0, 0);
    add((IrInsn){ .op = IR_fabs, .type = t }, t, 0, 0);
    add((IrInsn){ .op = IR_fcopysign, .type = t }, t, t, 0);
    int bits = t == IR_F64 ? IR_I64 : IR_I32;
    add((IrInsn){ .op = IR_fbits, .type = bits, .type2 = t }, t, 0, 0);
    add((IrInsn){ .op = IR_ffrom, .type = t, .type2 = bits }, bits, 0, 0);
    add((IrInsn){ .op = t == IR_F64 ? IR_fbox : IR_funbox, .type = t, .type2 = other }, other, 0, 0);
    if (t == IR_F64) {
        add((IrInsn){ .op = IR_fbits_s, .type = t }, t, 0, 0);
        add((IrInsn){ .op = IR_ffrom_s, .type = t }, IR_I32, 0, 0);
        add((IrInsn){ .op = IR_fwiden, .type = t, .type2 = other }, other, 0, 0);
        EACH_ROUND(r)
            for (int k = 0; k < 8; k++)
                add((IrInsn){ .op = IR_fma_narrow, .type = other, .type2 = t, .round = r, .aux = k }, t, t, t);
        add((IrInsn){ .op = IR_fcvt_fi, .type = IR_I32, .type2 = t, .round = FP_RTZ, .aux = CVT_WRAP_JS }, t, 0, 0);
    }
}

static void add_vector_fp(int t, int lane)
{
    static const int two[] = { IR_vfadd, IR_vfsub, IR_vfmul, IR_vfdiv };
    static const int conv[] = { IR_vfcvt_fi, IR_vfcvt_fu, IR_vfcvt_if, IR_vfcvt_uf, IR_vfsqrt };
    static const int conds[] = { COND_EQ, COND_NE, COND_LT, COND_GE, COND_LE, COND_GT, COND_UN, COND_OR };

    EACH_ROUND(r) {
        for (int k = 0; k < 4; k++)
            add((IrInsn){ .op = two[k], .type = t, .lane = lane, .round = r }, t, t, 0);
        for (int k = 0; k < 5; k++)
            add((IrInsn){ .op = conv[k], .type = t, .lane = lane, .round = r }, t, 0, 0);
        for (int k = 0; k < 8; k++)
            add((IrInsn){ .op = IR_vfma, .type = t, .lane = lane, .round = r, .aux = k }, t, t, t);
        for (int k = 0; k < 2; k++)
            add((IrInsn){ .op = IR_vfround, .type = t, .lane = lane, .round = r, .aux = k }, t, 0, 0);
    }
    for (int k = 0; k < 4; k++) {
        add((IrInsn){ .op = IR_vfmin, .type = t, .lane = lane, .aux = k }, t, t, 0);
        add((IrInsn){ .op = IR_vfmax, .type = t, .lane = lane, .aux = k }, t, t, 0);
    }
    for (int s = 0; s < 2; s++)
        for (int k = 0; k < 8; k++)
            add((IrInsn){ .op = IR_vfcmp, .type = t, .lane = lane, .cond = conds[k], .aux = s }, t, t, 0);
    add((IrInsn){ .op = IR_vfneg, .type = t, .lane = lane }, t, 0, 0);
    add((IrInsn){ .op = IR_vfabs, .type = t, .lane = lane }, t, 0, 0);
}

static void add_vector_lanes(int t, int lane)
{
    static const int two[] = { IR_vadd, IR_vsub, IR_vmul, IR_vshl, IR_vshr, IR_vsar, IR_vsmin, IR_vsmax, IR_vumin,
        IR_vumax, IR_vsadd, IR_vuadd, IR_vssub, IR_vusub, IR_vavgu, IR_vzip1, IR_vzip2, IR_vuzp1, IR_vuzp2, IR_vtrn1,
        IR_vtrn2 };
    int width = 8 << lane, lanes = (t == IR_V64 ? 8 : 16) >> lane;

    for (unsigned k = 0; k < sizeof two / sizeof *two; k++)
        if (!(two[k] == IR_vavgu && lane > E16) && !(lanes == 1 && two[k] >= IR_vzip1 && two[k] <= IR_vtrn2))
            add((IrInsn){ .op = two[k], .type = t, .lane = lane }, t, t, 0);
    for (int c = COND_EQ; c <= COND_GTU; c++)
        add((IrInsn){ .op = IR_vcmp, .type = t, .lane = lane, .cond = c }, t, t, 0);
    add((IrInsn){ .op = IR_vneg, .type = t, .lane = lane }, t, 0, 0);
    add((IrInsn){ .op = IR_vabs, .type = t, .lane = lane }, t, 0, 0);
    add((IrInsn){ .op = IR_vmovmsk, .type = t, .lane = lane }, t, 0, 0);
    for (int n = 0; n <= width; n++) {
        if (n < width)
            add((IrInsn){ .op = IR_vshli, .type = t, .lane = lane, .imm = n }, t, 0, 0);
        add((IrInsn){ .op = IR_vshri, .type = t, .lane = lane, .imm = n }, t, 0, 0);
        add((IrInsn){ .op = IR_vsari, .type = t, .lane = lane, .imm = n }, t, 0, 0);
    }
    for (int g = 2 << lane; g <= 8; g *= 2)
        add((IrInsn){ .op = IR_vrevl, .type = t, .lane = lane, .imm = g }, t, 0, 0);
    for (int n = 0; n < lanes; n++) {
        IrType whole = lane == E64 ? IR_I64 : IR_I32, real = lane == E64 ? IR_F64 : IR_F32;
        add((IrInsn){ .op = IR_vset, .type = t, .lane = lane, .imm = n, .type2 = whole }, t, whole, 0);
        if (lane >= E32)
            add((IrInsn){ .op = IR_vset, .type = t, .lane = lane, .imm = n, .type2 = real }, t, real, 0);
        for (int s = 0; s < 2; s++) {
            if (lane < E64)
                add((IrInsn){ .op = IR_vget, .type = IR_I32, .type2 = t, .lane = lane, .imm = n, .aux = s }, t, 0, 0);
            add((IrInsn){ .op = IR_vget, .type = IR_I64, .type2 = t, .lane = lane, .imm = n, .aux = s }, t, 0, 0);
        }
        if (lane >= E32)
            add((IrInsn){ .op = IR_vget, .type = lane == E64 ? IR_F64 : IR_F32, .type2 = t, .lane = lane, .imm = n }, t,
                0, 0);
    }
    static const int from[] = { IR_I32, IR_I64, IR_F32, IR_F64, IR_V128 };
    for (int k = 0; k < 5; k++)
        if (!(lane == E64 && (from[k] == IR_I32 || from[k] == IR_F32)))
            add((IrInsn){ .op = IR_vdup, .type = t, .type2 = from[k], .lane = lane }, from[k], 0, 0);
}

static void add_vector_whole(int t)
{
    static const int two[] = { IR_vand, IR_vor, IR_vxor, IR_vandc, IR_vorc, IR_vperm };

    for (int k = 0; k < 6; k++)
        add((IrInsn){ .op = two[k], .type = t }, t, t, 0);
    for (int n = 0; n < (t == IR_V64 ? 8 : 16); n++)
        add((IrInsn){ .op = IR_vext, .type = t, .imm = n }, t, t, 0);
    add((IrInsn){ .op = IR_vnot, .type = t }, t, 0, 0);
    add((IrInsn){ .op = IR_vpopcnt, .type = t }, t, 0, 0);
    add((IrInsn){ .op = IR_vtestz, .type = t }, t, 0, 0);
    add((IrInsn){ .op = IR_vbsl, .type = t }, t, t, t);
}

static void add_wide(void)
{
    static const int from[] = { IR_I32, IR_I64, IR_F32, IR_F64, IR_V64 },
                     to[] = { IR_V64, IR_F32, IR_F64, IR_I32, IR_I64 };

    for (int lane = E8; lane <= E32; lane++)
        for (int h = 0; h < 2; h++) {
            add((IrInsn){ .op = IR_vwidens, .type = IR_V128, .lane = lane, .imm = h }, IR_V128, 0, 0);
            add((IrInsn){ .op = IR_vwidenu, .type = IR_V128, .lane = lane, .imm = h }, IR_V128, 0, 0);
            add((IrInsn){ .op = IR_vmulls, .type = IR_V128, .lane = lane, .imm = h }, IR_V128, IR_V128, 0);
            add((IrInsn){ .op = IR_vmullu, .type = IR_V128, .lane = lane, .imm = h }, IR_V128, IR_V128, 0);
        }
    for (int lane = E16; lane <= E64; lane++)
        for (int op = IR_vnarrow; op <= IR_vnarrow_uu; op++)
            add((IrInsn){ .op = op, .type = IR_V128, .lane = lane }, IR_V128, 0, 0);
    for (int n = 0; n < 4; n++)
        add((IrInsn){ .op = IR_vclmul, .type = IR_V128, .imm = n }, IR_V128, IR_V128, 0);
    for (int op = IR_aesenc; op <= IR_aesdecimc; op++)
        add((IrInsn){ .op = op, .type = IR_V128 }, IR_V128, 0, 0);
    add((IrInsn){ .op = IR_vpair, .type = IR_V128 }, IR_V128, IR_V128, 0);
    for (int k = 0; k < 5; k++) {
        add((IrInsn){ .op = IR_vzext, .type = IR_V128, .type2 = from[k] }, from[k], 0, 0);
        add((IrInsn){ .op = IR_vlow, .type = to[k], .type2 = IR_V128 }, IR_V128, 0, 0);
    }
}

/* --- operands */

static uint64_t fp_bits(bool dbl)
{
    static const uint64_t special[] = { 0, 1, 0x000fffffffffffff, 0x0010000000000000, 0x3ff0000000000000,
        0x3fe0000000000000, 0x3ff8000000000000, 0x41dfffffffc00000, 0x41dfffffffe00000, 0x41e0000000000000,
        0x41efffffffe00000, 0x41effffffff00000, 0x41f0000000000000, 0x43e0000000000000, 0x43f0000000000000,
        0x43efffffffffffff, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
        0x7ffc123400000000, 0x36a0000000000000, 0x3810000000000000, 0x380fffffe0000000, 0x380fffffffffffff,
        0x47efffffefffffff };
    static const uint32_t special32[] = {
        0, 1, 0x7fffff, 0x800000, 0x3f800000, 0x3f000000, 0x3fc00000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000,
        0x5f000000, 0x5f800000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001, 0x7fe01234 };
    uint64_t r = rnd(), s = rnd(), sign = (s & 1) << (dbl ? 63 : 31);

    switch (rnd() % 8) {
    case 0: case 1: return sign | (dbl ? special[r % (sizeof special / 8)] : special32[r % (sizeof special32 / 4)]);
    case 2: return dbl ? (s & 64 ? ~0ull << 32 | (uint32_t)r : r) : (uint32_t)r;   /* some are boxed singles */
    case 3:             /* tiny and huge */
        return sign | (dbl ? ((s >> 1 & 1 ? 0x7fd : 0) + (s >> 8) % 2) << 52 | (r & 0xfffffffffffff)
                           : (uint64_t)((s >> 1 & 1 ? 0xfd : 0) + (s >> 8) % 2) << 23 | (r & 0x7fffff));
    case 4:
        return sign |
            (dbl ? (1023 - 540 + s / 4 % 60) << 52 | (r & 0xfffffffffffff)
                 : (uint64_t)(127 - 75 + s / 4 % 20) << 23 | (r & 0x7fffff));
    case 5: r &= dbl ? ~0ull << 40 : ~0xfffu;   /* few bits */
        /* fall through */
    default:
        return sign |
            (dbl ? (1023 - 4 + s / 4 % 72) << 52 | (r & 0xfffffffffffff)
                 : (uint64_t)(127 - 4 + s / 4 % 40) << 23 | (r & 0x7fffff));
    }
}

static uint64_t int_bits(void)
{
    static const uint64_t special[] = { 0, ~0ull, 1, 0x7fffffffffffffff, 0x8000000000000000, 0x80, 0x7f,
        0x8000, 0x7fff, 0x7fffffff80000000, 0x80808080ffffffff, 0xff00ff0080007fff };
    return rnd() % 4 ? (rnd() % 3 ? rnd() : rnd() >> (rnd() & 63)) : special[rnd() % (sizeof special / 8)];
}

static uint64_t vec_bits(const IrInsn *in)
{
    bool fp = ir_op_info[in->op].bits & OPF_FP;
    if (in->op == IR_vfcvt_if || in->op == IR_vfcvt_uf || !fp)
        return in->op == IR_vperm && rnd() % 2 ? rnd() & 0x1f1f1f1f1f1f1f1f : int_bits();
    return in->lane == E64 ? fp_bits(true) : fp_bits(false) | fp_bits(false) << 32;
}

static void operands(State *s, const Case *c)
{
    for (int k = 0; k < 3; k++) {
        s->d[k] = fp_bits(true);
        s->s[k] = (uint32_t)fp_bits(false);
        s->x[k] = int_bits();
        s->w[k] = (uint32_t)int_bits();
        s->v[k][0] = vec_bits(&c->in);
        s->v[k][1] = rnd() % 4 ? vec_bits(&c->in) : s->v[k][0];
        if (k && rnd() % 8 == 0) {
            s->d[k] = s->d[0], s->s[k] = s->s[0];
            memcpy(s->v[k], s->v[0], 16);
        }
    }
    s->w[4] = (uint32_t)(rnd() % 4);
}

/* --- the run */

typedef struct Engine { TcgGuest guest; Tcg *tcg; State *st; } Engine;

static void engine_start(Engine *e, const FpRules *r, bool interp)
{
    static const TcgHost host = { .fetch = fetch };
    TcgOptions opt = { .interp = interp, .opt_level = interp ? 0 : 1, .nochain = true };

    e->guest = (TcgGuest){ .name = "test", .addr_bits = 64, .fp = *r,
                             .state_size = sizeof(State), .regs = regs, .nregs = NREG, .translate = translate };
    e->tcg = tcg_new(&e->guest, &host, &opt);
    e->st = aligned_alloc(64, (sizeof(State) + 63) & ~63ul);
    memset(e->st, 0, sizeof *e->st);
    tcg_thread_init(e->tcg, &e->st->cpu);
}

static void engine_run(Engine *e, const State *in, int i)
{
    memcpy(&e->st->v, &in->v, sizeof(State) - offsetof(State, v));
    e->st->cpu.pc = PC0 + 16 * (gaddr)i;
    tcg_run(&e->st->cpu);
}

/* FP_FLUSH: vector FP ops of guests that detect tininess before rounding. The flags are not defined. */
static bool may_flush(const FpRules *r, const IrInsn *in)
{
    return r->tiny_before_rounding && ir_op_info[in->op].bits & OPF_FP && (in->type == IR_V64 || in->type == IR_V128);
}

static void report(const char *rule, const Case *c, const State *in, const State *want, const State *got)
{
    if (fails++ > 60)
        return;
    printf("FAIL %s %s type %d type2 %d lane %d imm %lld aux %d cond %d round %d dyn %u\n", rule,
        ir_op_info[c->in.op].name, c->in.type, c->in.type2, c->in.lane, (long long)c->in.imm, c->in.aux, c->in.cond,
        c->in.round, in->w[4]);
    for (int k = 0; k < 3; k++)
        if (k < (int)strlen(ir_op_info[c->in.op].args))
            printf("   v %016llx:%016llx d %016llx s %08x x %016llx w %08x\n", (unsigned long long)in->v[k][1],
                (unsigned long long)in->v[k][0], (unsigned long long)in->d[k], in->s[k], (unsigned long long)in->x[k],
                in->w[k]);
    for (int k = 0; k < 2; k++) {
        const State *r = k ? want : got;
        printf("   %s v %016llx:%016llx d %016llx s %08x x %016llx w %08x flags %x\n", k ? "want" : "got ",
            (unsigned long long)r->v[3][1], (unsigned long long)r->v[3][0], (unsigned long long)r->d[3], r->s[3],
            (unsigned long long)r->x[3], r->w[5], r->w[3]);
    }
}

static void run_chains(const char *name, Engine *ref, Engine *jit, int chains)
{
    State in;

    memset(&in, 0, sizeof in);
    for (int i = ncases; i < ncases + chains; i++)
        for (int n = 0; n < 6; n++) {
            operands(&in, &cases[rnd() % (uint64_t)ncases]);
            engine_run(ref, &in, i);
            engine_run(jit, &in, i);
            if (!memcmp(&ref->st->v, &jit->st->v, sizeof(State) - offsetof(State, v)))
                continue;
            printf("FAIL %s chain %d\n", name, i);
            report(name, &cases[0], &in, ref->st, jit->st);
            break;
        }
}

static void run_rules(int k, int rounds)
{
    Engine ref, jit;
    State in;
    uint64_t declined = 0;

    memset(&in, 0, sizeof in);
    engine_start(&ref, &rules[k], true);
    engine_start(&jit, &rules[k], false);
    if (jit.tcg->opt.interp) {
        printf("skip %s: no code generator on this host\n", rules_name[k]);
        return;
    }
    for (int i = 0; i < ncases; i++) {
        int before = fails;
        for (int n = 0; n < rounds && fails < before + 2; n++) {
            operands(&in, &cases[i]);
            if (rnd() % 2 && may_flush(&rules[k], &cases[i].in))
                in.w[4] |= FP_FLUSH;
            engine_run(&ref, &in, i);
            engine_run(&jit, &in, i);
            if (in.w[4] & FP_FLUSH)
                jit.st->w[3] = ref.st->w[3];
            if (memcmp(&ref.st->v, &jit.st->v, sizeof(State) - offsetof(State, v)))
                report(rules_name[k], &cases[i], &in, ref.st, jit.st);
        }
        if (jit.tcg->n_interp != declined) {
            declined = jit.tcg->n_interp;
            printf("note %s: no host code for %s type %d lane %d\n", rules_name[k],
                   ir_op_info[cases[i].in.op].name, cases[i].in.type, cases[i].in.lane);
        }
    }
    run_chains(rules_name[k], &ref, &jit, 20 * rounds);
    if (jit.tcg->n_interp != declined)
        printf("note %s: %llu chains without host code\n", rules_name[k],
            (unsigned long long)(jit.tcg->n_interp - declined));
    tcg_thread_free(&ref.st->cpu);
    tcg_thread_free(&jit.st->cpu);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 60;

    cases = calloc(MAX_CASES, sizeof *cases);
    add_scalar_fp(IR_F32);
    add_scalar_fp(IR_F64);
    for (int t = IR_V64; t <= IR_V128; t++) {
        for (int lane = E32; lane <= E64; lane++)
            add_vector_fp(t, lane);
        for (int lane = E8; lane <= E64; lane++)
            add_vector_lanes(t, lane);
        add_vector_whole(t);
    }
    add_wide();
    for (int k = 0; k < 4; k++)
        run_rules(k, rounds);
    if (!fails)
        printf("ok fpvec: %d cases\n", ncases);
    return fails != 0;
}
