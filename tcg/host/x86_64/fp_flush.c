/* SPDX-License-Identifier: Apache-2.0 */
/* Flags of FP ops while the guest flushes subnormals (TcgGuest.flush_mode). The host does the same with FTZ and DAZ: a
 * result that is tiny after rounding becomes a zero of its sign and raises underflow; one that only rounding lifted to
 * the minimum normal is cold (fp_later.c). Two things differ. DAZ hides that an operand was subnormal (FPF_DENORM). It
 * is looked for here, in operands that are not known to be none: loaded, moved or permuted, since arithmetic gives no
 * subnormals. The host raises inexact, too, when it flushes a result. Once the guest has that flag anyway
 * (TcgGuest.flush_inexact), nothing is to be done. Before (Em.exact), operations whose result might be tiny are
 * softfloat's: those with an operand below 2^-40 (double: 2^-400), and not zero. Others' results are multiples of
 * 2^-126 (2^-904), so MXCSR has inexact only for the guest's reasons. Units look at it now and then. What is no
 * addition, product or square root is softfloat's. Intel SDM vol. 1, 10.2.3.3, 10.2.3.4, 11.5.2. */
#include "cold.h"
#include "asm_vec.h"
#include "ra.h"

enum { LOW32 = 1, LOW64 = 2, ALL32 = 4, ALL64 = 8 };        /* Val.normal: no subnormal in its low lane, in all lanes */

static bool is_vector(unsigned type) { return type == IR_V64 || type == IR_V128; }
static int width_of(const Em *e, const IrInsn *in, IrVal v)
{
    unsigned t = e->val[v].type;
    return is_vector(t) ? in->lane == E64 : t == IR_F64;
}

static bool const_is_normal(const Em *e, IrVal v, bool dbl)
{
    const IrInsn *in = &e->u->insn[v];
    uint64_t c = (uint64_t)in->imm;
    uint32_t half[2] = { (uint32_t)c, (uint32_t)(c >> 32) };
    if (in->op != IR_const)
        return false;
    if (dbl)
        return c << 1 == 0 || c << 1 >> 53;
    for (int k = 0; k < (in->type == IR_F32 ? 1 : 2); k++)
        if (half[k] << 1 && !(half[k] << 1 >> 24))
            return false;
    return true;
}

static bool is_normal(const Em *e, IrVal v, bool dbl, bool all)
{
    IrVal rep = e->val[v].rep;
    const Val *x = &e->val[rep];
    bool low = !all || !is_vector(x->type);
    return x->normal & (dbl ? ALL64 : ALL32) || (low && x->normal & (dbl ? LOW64 : LOW32)) ||
        const_is_normal(e, rep, dbl);
}

static void set_normal(Em *e, IrVal v, bool dbl)
{
    Val *x = &e->val[e->val[v].rep];
    unsigned type = e->val[v].type;
    /* not when v is the lower half of another */
    bool all = type == IR_V128 || (type == IR_V64 && x->type == IR_V64);
    x->normal |= (uint8_t)(dbl ? (all ? ALL64 | LOW64 : LOW64) : (all ? ALL32 | LOW32 : LOW32));
}

/* The operands of in that have to be looked at. */
static void add_operands(Em *e, const IrInsn *in, const uint8_t *r, FlushInputs *s)
{
    for (int k = 0; k < in->nargs; k++) {
        IrVal v = in->arg[k];
        bool dbl = width_of(e, in, v), all = is_vector(e->val[v].type);
        if (is_normal(e, v, dbl, all))
            continue;
        set_normal(e, v, dbl);
        s->r[s->n++] = r[k];
    }
}

static void cold_note(Em *e, Cold *c)
{
    alu_oi(e, ALU_OR, false, opd_env((int32_t)offsetof(CpuState, fp_sticky)), FPF_DENORM);
    jmp_back(e, c);
}

/* d: bits set where a lane of x is subnormal, but for signs. Such a lane compares equal to zero, and has bits set. */
static void gather(Em *e, unsigned type, bool dbl, int d, int x)
{
    unsigned cmp = 0xc2 | M0F | (is_vector(type) ? (dbl ? P66 : 0) : (dbl ? PF2 : PF3));
    v3oi(e, cmp, d, x, pool2(e, 0), CMP_EQ_OQ);
    v3(e, ANDPS, d, d, x);
}

static void branch(Em *e, unsigned type, bool dbl, int acc)
{
    uint64_t lane = dbl ? ~0ull >> 1 : is_vector(type) ? 0x7fffffff7fffffff : 0x7fffffff;
    flags_clobber(e);
    Cold *c = cold_new(e, cold_note);
    v2o(e, PTEST, acc, pool(e, lane, type == IR_V128 ? lane : 0));
    jcc_cold(e, CC_NE, c);
    cold_back(e, c);
}

static void test(Em *e, unsigned type, bool dbl, const FlushInputs *s)
{
    int acc = tmp_x(e), t = s->n > 1 ? tmp_x(e) : NOREG, whole = type == IR_V64 ? tmp_x(e) : NOREG;
    for (int k = 0; k < s->n; k++) {
        int x = s->r[k];
        if (type == IR_V64)
            v2(e, MOVDDUP, whole, x), x = whole;        /* the unused half must not raise anything */
        gather(e, type, dbl, k ? t : acc, x);
        if (k)
            v3(e, ORPS, acc, acc, t);
    }
    branch(e, type, dbl, acc);
}

static bool has_fp_operands(int op)
{
    static const uint8_t yes[IR_NOPS] = {
        [IR_fadd] = 1, [IR_fsub] = 1, [IR_fmul] = 1, [IR_fdiv] = 1, [IR_fsqrt] = 1, [IR_fma] = 1, [IR_fmin] = 1,
        [IR_fmax] = 1, [IR_fcmp] = 1, [IR_flags_fcmp] = 1, [IR_forder] = 1, [IR_fcvt_ff] = 1, [IR_fma_narrow] = 1,
        [IR_fround] = 1, [IR_fcvt_fi] = 1, [IR_fcvt_fu] = 1, [IR_vfadd] = 1, [IR_vfsub] = 1, [IR_vfmul] = 1,
        [IR_vfdiv] = 1, [IR_vfsqrt] = 1, [IR_vfma] = 1, [IR_vfmin] = 1, [IR_vfmax] = 1, [IR_vfcmp] = 1,
        [IR_vfround] = 1, [IR_vfcvt_fi] = 1, [IR_vfcvt_fu] = 1,
    };
    return yes[op];
}

/* Does fp_exact_guard look at its operands before FPF_INEXACT? */
static bool is_guarded(int op)
{
    switch (op) {
    case IR_fadd: case IR_fsub: case IR_fmul: case IR_fsqrt: case IR_fma: case IR_vfadd: case IR_vfsub: case IR_vfmul:
    case IR_vfsqrt: case IR_vfma: return true;
    default: return false;
    }
}

void fp_flush_before(Em *e, const IrInsn *in)
{
    FlushInputs s = { .n = 0 };
    uint8_t r[3];
    if (!has_fp_operands(in->op) || fp_can_wait(e, in) || (e->exact && is_guarded(in->op)))
        return;
    for (int k = 0; k < in->nargs; k++)
        r[k] = (uint8_t)use_x(e, in->arg[k]);
    add_operands(e, in, r, &s);
    if (s.n)
        test(e, e->val[in->arg[0]].type, width_of(e, in, in->arg[0]), &s);
    ra_release(e);
}

void fp_flush_after(Em *e, const IrInsn *in)
{
    bool sign = in->op == IR_fneg || in->op == IR_fabs || in->op == IR_vfneg || in->op == IR_vfabs;
    bool dup = in->op == IR_vdup && in->lane >= E32;
    unsigned t = e->val[e->i].type;
    bool dbl = is_vector(t) ? in->lane == E64 : t == IR_F64;
    if ((!is_vector(t) && t != IR_F32 && t != IR_F64) || in->op == IR_vfcvt_fi || in->op == IR_vfcvt_fu)
        return;
    if (has_fp_operands(in->op) || in->op == IR_fcvt_if || in->op == IR_fcvt_uf || in->op == IR_vfcvt_if ||
        in->op == IR_vfcvt_uf || (sign && is_normal(e, in->arg[0], dbl, is_vector(t))) ||
        (dup && is_normal(e, in->arg[0], dbl, false)))
        set_normal(e, e->i, dbl);
}

/* An operation has joined those that wait; r: the registers of its operands, which are held. */
void fp_flush_join(Em *e, const IrInsn *in, const uint8_t *r)
{
    FlushInputs s = { .n = 0 };
    unsigned type = e->val[in->arg[0]].type;
    bool dbl = width_of(e, in, in->arg[0]);
    add_operands(e, in, r, &s);
    for (int k = 0; k < s.n; k++) {
        bool first = e->flush_acc == NOREG;
        int d = ra_free_x(e);
        if (d < 0) {                    /* no register to gather in */
            s = (FlushInputs){ .r = { s.r[k], s.r[(k + 1) % 3], s.r[(k + 2) % 3] }, .n = s.n - k };
            test(e, type, dbl, &s);
            return;
        }
        gather(e, type, dbl, d, s.r[k]);
        if (first) {
            e->flush_acc = (uint8_t)d;
            e->hold[CL_X] |= 1u << d;
        } else {
            v3(e, ORPS, e->flush_acc, e->flush_acc, d);
            e->lock[CL_X] &= ~(1u << d);
        }
    }
}

void fp_flush_settle(Em *e)
{
    const IrInsn *first = &e->u->insn[e->wait[0].in];
    if (e->flush_acc == NOREG)
        return;
    branch(e, e->val[first->arg[0]].type, width_of(e, first, first->arg[0]), e->flush_acc);
    e->hold[CL_X] &= ~(1u << e->flush_acc);
    e->lock[CL_X] &= ~(1u << e->flush_acc);
    e->flush_acc = NOREG;
}

/* --- before inexact */

/* Who lowers an op then. */
Lower *fp_exact(const Em *e, const IrInsn *in, Lower *fn)
{
    switch (in->op) {
    case IR_fmin: case IR_fmax: case IR_fcmp: case IR_flags_fcmp: case IR_forder: case IR_vfmin: case IR_vfmax:
    case IR_vfcmp:
        return fn;
    default:
        if (is_guarded(in->op) && e->hc->fma && in->round == FP_DYN)
            return fn;
        return e->hc->bits[in->op] & OPF_FP ? lower_by_eval : fn;
    }
}

/* To c, where softfloat does in, when an operand is small; c has their registers. */
void fp_exact_guard(Em *e, const IrInsn *in, Cold *c)
{
    bool vec = is_vector(in->type), dbl = width_of(e, in, in->arg[0]);
    uint64_t limit = dbl ? (uint64_t)(1023 - 400) << 52 : (uint64_t)(127 - 40) << 23,
             lane = dbl ? ~0ull >> 1 : 0x7fffffff;
    unsigned cmp = 0xc2 | M0F | (vec ? (dbl ? P66 : 0) : (dbl ? PF2 : PF3));
    if (vec && !dbl)
        limit |= limit << 32, lane |= lane << 32;
    int acc = tmp_x(e), t = in->nargs > 1 ? tmp_x(e) : NOREG;
    for (int k = 0; k < in->nargs; k++) {
        int x = c->r[k + 1], d = k ? t : acc;
        v3o(e, ANDPS, d, x, pool2(e, dbl ? ~0ull >> 1 : 0x7fffffff7fffffff));
        v3oi(e, cmp, d, d, pool2(e, limit), CMP_LT_OQ);
        v3(e, ANDPS, d, d, x);
        if (k)
            v3(e, ORPS, acc, acc, t);
    }
    v2o(e, PTEST, acc, pool(e, lane, vec ? lane : 0));
    jcc_cold(e, CC_NE, c);
}

static void cold_poll(Em *e, Cold *c)
{
    enum { INEXACT = 0x20, UNITS = 1000 };                  /* of MXCSR */
    Opd at = opd_env(hs_off(HS_TMP2)), left = opd_env((int32_t)offsetof(CpuState, fp_poll));
    Opd sticky = opd_env((int32_t)offsetof(CpuState, fp_sticky));
    em_op(e, 0xc7, 0, left, 4);
    em32(e, UNITS);
    em_op(e, 0xf6, 0, sticky, 1);       /* softfloat's */
    em8(e, FPF_INEXACT);
    uint8_t *seen = jcc_short(e, CC_NE);
    em_op(e, M0F | 0xae, 3, at, 0);     /* stmxcsr */
    em_op(e, 0xf6, 0, at, 1);
    em8(e, INEXACT);
    uint8_t *none = jcc_short(e, CC_E);
    alu_oi(e, ALU_OR, false, sticky, FPF_INEXACT);
    jump_here(e, seen);
    alu_oi(e, ALU_OR, false, opd_env((int32_t)offsetof(CpuState, tb_flags)), (int32_t)e->guest->flush_inexact);
    em8(e, 0xf0);                       /* lock */
    /* run_loop looks at tb_flags */
    alu_oi(e, ALU_OR, false, opd_env((int32_t)offsetof(CpuState, exit_request)), REQ_FLUSH);
    jump_here(e, none);
    jmp_back(e, c);
}

void fp_exact_entry(Em *e)
{
    Cold *c = cold_new(e, cold_poll);
    alu_oi(e, ALU_SUB, false, opd_env((int32_t)offsetof(CpuState, fp_poll)), 1);
    jcc_cold(e, CC_S, c);
    cold_back(e, c);
}
