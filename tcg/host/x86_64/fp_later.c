/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of FP results, put off. A result that needs care (a NaN, an edge of underflow) is rare, and a NaN goes through
 * arithmetic; so up to LATER_MAX operations wait for one check, and the cold path does all of them again in order.
 * Until then their destinations and operands stay as they are (Em.hold), and nothing looks at a destination but
 * arithmetic: any op that could copy it, or that an exact state must precede, settles first. */
#include "asm_vec.h"
#include "cold.h"
#include "ra.h"

enum { KEEP_FREE = 2 };                         /* temporaries that waiting operations leave to others and to their
                                                 * check */

static bool is_vector(const IrInsn *in) { return in->type == IR_V128; }
static bool is_double(const Em *e, const IrInsn *in)
{
    return is_vector(in) ? in->lane == E64 : e->val[in->arg[0]].type == IR_F64;
}

bool fp_can_wait(const Em *e, const IrInsn *in)
{
    if (e->exact)
        return false;
    switch (in->op) {
    case IR_fadd: case IR_fsub: case IR_fmul: case IR_fdiv: case IR_fsqrt:
    case IR_vfadd: case IR_vfsub: case IR_vfmul: case IR_vfdiv: case IR_vfsqrt:
        return in->round == FP_DYN && avx(e) && in->type != IR_V64 && e->i <= UINT16_MAX;
    case IR_fma: case IR_vfma:
        return in->round == FP_DYN && e->hc->fma && in->type != IR_V64 && e->i <= UINT16_MAX;
    default:
        return false;
    }
}

/* Same lanes: one check does for both, and a NaN in one goes on into the other. */
static bool alike(const Em *e, const IrInsn *a, const IrInsn *b)
{
    return is_vector(a) == is_vector(b) && is_double(e, a) == is_double(e, b);
}

/* Ops before which waiting checks need not be settled: they touch no vector register, or take care themselves. */
bool fp_may_pass(const Em *e, const IrInsn *in)
{
    switch (in->op) {
    case IR_insn: case IR_const: case IR_addr: case IR_get: case IR_put: case IR_mov: return true;
    case IR_vlow: return is_x_type(in->type);            /* else it copies */
    case IR_vzext: return is_x_type(in->type2);
    case IR_add: case IR_sub: case IR_mul: case IR_mulhs: case IR_mulhu: case IR_mulhsu: case IR_divs:
    case IR_divu: case IR_rems: case IR_remu: case IR_and: case IR_or: case IR_xor: case IR_andc: case IR_orc:
    case IR_eqv: case IR_neg: case IR_not: case IR_shl: case IR_shr: case IR_sar: case IR_rotr: case IR_extr:
    case IR_clz: case IR_ctz: case IR_popcnt: case IR_bswap: case IR_bitrev: case IR_sext8: case IR_sext16:
    case IR_zext8: case IR_zext16: case IR_sext32: case IR_zext32: case IR_trunc32: case IR_extract:
    case IR_sextract: case IR_deposit: return true;
    default: return fp_can_wait(e, in) && alike(e, in, &e->u->insn[e->wait[0].in]);
    }
}

/* Scalars of guests with one NaN: the cold path only puts that for any other, and needs no operands. Not fma: inf * 0 +
 * qNaN raises nothing on the host. */
static bool one_nan(const Em *e, const IrInsn *in)
{
    return e->guest->fp.nan == NAN_CANON && !e->guest->fp.tiny_before_rounding && !is_vector(in) && in->op != IR_fma;
}

static int free_temporaries(const Em *e)
{
    return NTMP_X - __builtin_popcount(e->hold[CL_X] & ((1u << NTMP_X) - 1));
}

void fp_wait(Em *e, const IrInsn *in, bool tiny, const int r[4])
{
    Waiting *w = &e->wait[e->nwait++];
    *w = (Waiting){ .in = e->i, .tiny = tiny };
    for (int k = 0; k < 4; k++) {
        w->r[k] = (uint8_t)r[k];
        if (r[k] != NOREG && (k == 0 || !one_nan(e, in)))
            e->hold[CL_X] |= 1u << r[k];
    }
    if (e->flush)
        fp_flush_join(e, in, w->r + 1);
    if (e->nwait == WAIT_MAX || free_temporaries(e) < KEEP_FREE)
        fp_settle(e);
}

static void ucomi(Em *e, bool dbl, int a, Opd b) { v2o(e, M0F | 0x2e | (dbl ? P66 : 0), a, b); }

static void to_canon(Em *e, bool dbl, int d)
{
    uint64_t sign = e->guest->fp.default_nan_negative;
    ucomi(e, dbl, d, opd_reg(d));
    uint8_t *number = jcc_short(e, CC_NP);
    v2o(e, MOVAPS, d, pool(e, dbl ? sign << 63 | 0x7ff8ull << 48 : sign << 31 | 0x7fc00000, 0));
    jump_here(e, number);
}

/* The cold path: c->a has the instructions, 16 bits each, c->b their registers. */
static void cold_again(Em *e, Cold *c)
{
    for (int k = 0; k < WAIT_MAX && (c->a >> 16 * k & 0xffff); k++) {
        const IrInsn *in = &e->u->insn[c->a >> 16 * k & 0xffff];
        if (one_nan(e, in)) {
            to_canon(e, is_double(e, in), c->b >> 16 * k & 15);
            continue;
        }
        uint8_t r[6] = { NOREG, NOREG, NOREG, NOREG, NOREG, NOREG };
        for (int j = 0; j <= e->hc->nargs[in->op]; j++)
            r[j] = c->b >> (16 * k + 4 * j) & 15;
        call_fp_cold(e, in, r);
    }
    jmp_back(e, c);
}

static Cold *all_again(Em *e)
{
    Cold *c = cold_new(e, cold_again);
    c->a = c->b = 0;
    for (int k = 0; k < e->nwait; k++) {
        c->a |= (uint64_t)e->wait[k].in << 16 * k;
        for (int j = 0; j < 4; j++)
            c->b |= (uint64_t)(e->wait[k].r[j] & 15) << (16 * k + 4 * j);
    }
    return c;
}

/* Is the result an operand of a later one that shows its NaNs? */
static bool covered(const Em *e, int k)
{
    const Waiting *w = e->wait;
    for (int m = k + 1; m < e->nwait; m++)
        for (int j = 1; j < 4; j++)
            if (w[m].r[j] == w[k].r[0])
                return true;
    return false;
}

static unsigned cmp_op(bool dbl) { return M0F | 0xc2 | (dbl ? P66 : 0); }
static Opd abs_mask(Em *e, bool dbl) { return pool2(e, dbl ? ~0ull >> 1 : 0x7fffffff7fffffff); }
static Opd min_normal(Em *e, bool dbl) { return pool2(e, dbl ? 1ull << 52 : 0x0080000000800000); }

/* t: all ones in the lanes of d that are NaNs or may be tiny; magnitude is a mask of the lanes that count. */
static void mark_tiny(Em *e, bool dbl, int t, int d, Opd magnitude)
{
    v3o(e, ANDPS, t, d, magnitude);
    v3oi(e, cmp_op(dbl), t, t, min_normal(e, dbl), CMP_EQ_UQ);
}

/* t: all ones in the lanes of d that need care; without `tiny`, in those where d or d2 is a NaN. */
static void mark(Em *e, bool dbl, bool tiny, int t, int d, int d2)
{
    if (tiny)
        mark_tiny(e, dbl, t, d, abs_mask(e, dbl));
    else
        v3i(e, cmp_op(dbl), t, d, d2, CMP_UNORD_Q);
}

/* Marks gather in t until `branch`; without a spare register each has its own. */
typedef struct Marks { int t, spare, g; unsigned movmsk, lanes; bool any; Cold *c; } Marks;

static void branch(Em *e, Marks *m)
{
    if (!m->any)
        return;
    v2(e, m->movmsk, m->g, m->t);
    if (m->lanes)
        test_ri(e, false, opd_reg(m->g), (int32_t)m->lanes);
    else
        test_rr(e, false, m->g, m->g);
    jcc_cold(e, CC_NE, m->c);
    m->any = false;
}

/* Where the next mark is made; marked() when it is. */
static int next_mark(Em *e, Marks *m)
{
    if (m->any && m->spare < 0)
        branch(e, m);
    return m->any ? m->spare : m->t;
}

static void marked(Em *e, Marks *m)
{
    if (m->any)
        v3(e, ORPS, m->t, m->t, m->spare);
    m->any = true;
}

static void add_mark(Em *e, Marks *m, bool dbl, bool tiny, int d, int d2)
{
    mark(e, dbl, tiny, next_mark(e, m), d, d2);
    marked(e, m);
}

/* Two scalars side by side. What singles have above them is the operands': a signalling NaN there must raise
 * nothing. */
static void add_pair(Em *e, Marks *m, bool dbl, int d, int d2)
{
    int t = next_mark(e, m);
    v3(e, dbl ? PUNPCKLQDQ : PUNPCKLDQ, t, d, d2);
    mark_tiny(e, dbl, t, t, dbl ? abs_mask(e, true) : pool(e, 0x7fffffff7fffffff, 0));
    marked(e, m);
}

static void test_scalars(Em *e, bool dbl, const Waiting *const *w, int n, bool tiny, Marks *m, Cold *c)
{
    if (!tiny) {                                /* unordered when either is a NaN */
        for (int k = 0; k < n; k += 2) {
            ucomi(e, dbl, w[k]->r[0], opd_reg(w[k + 1 < n ? k + 1 : k]->r[0]));
            jcc_cold(e, CC_P, c);
        }
    } else if (n == 1) {                        /* unordered sets ZF, too */
        v3o(e, ANDPS, m->t, w[0]->r[0], abs_mask(e, dbl));
        ucomi(e, dbl, m->t, min_normal(e, dbl));
        jcc_cold(e, CC_E, c);
    } else {
        for (int k = 0; k < n; k += 2)
            add_pair(e, m, dbl, w[k]->r[0], w[k + 1 < n ? k + 1 : k]->r[0]);
    }
}

static void test_vectors(Em *e, bool dbl, const Waiting *const *w, int n, Marks *m)
{
    const Waiting *plain = NULL;
    for (int k = 0; k < n; k++) {
        if (w[k]->tiny) {
            add_mark(e, m, dbl, true, w[k]->r[0], NOREG);
        } else if (plain) {
            add_mark(e, m, dbl, false, plain->r[0], w[k]->r[0]);
            plain = NULL;
        } else {
            plain = w[k];
        }
    }
    if (plain)
        add_mark(e, m, dbl, false, plain->r[0], plain->r[0]);
}

void fp_settle(Em *e)
{
    if (!e->nwait)
        return;
    const IrInsn *first = &e->u->insn[e->wait[0].in];
    const Waiting *w[WAIT_MAX];
    bool dbl = is_double(e, first), vec = is_vector(first), tiny = false;
    int n = 0;
    for (int k = 0; k < e->nwait; k++)
        if (e->wait[k].tiny || !covered(e, k)) {
            w[n++] = &e->wait[k];
            tiny |= e->wait[k].tiny;
        }
    uint32_t locked[2] = { e->lock[CL_G], e->lock[CL_X] };
    fp_flush_settle(e);
    bool marks = vec || (tiny && n > 1);
    Marks m = { .movmsk = dbl && !vec ? MOVMSKPD : MOVMSKPS, .lanes = vec ? 0 : 3 };
    m.t = vec || tiny ? tmp_x(e) : NOREG;
    m.spare = marks ? ra_free_x(e) : -1;
    m.g = marks ? tmp_g(e) : NOREG;
    flags_clobber(e);
    Cold *c = m.c = all_again(e);
    if (vec)
        test_vectors(e, dbl, w, n, &m);
    else
        test_scalars(e, dbl, w, n, tiny, &m, c);
    branch(e, &m);
    cold_back(e, c);
    e->nwait = 0;
    e->hold[CL_X] = 0;
    e->lock[CL_G] = locked[CL_G] | e->borrowed[CL_G];
    e->lock[CL_X] = locked[CL_X] | e->borrowed[CL_X];
}

/* Where a waiting operation's result goes: the pin that it will be put to, when that can be had. An operand there moves
 * away: the move would come after the operation otherwise. */
int fp_def_waiting(Em *e, int *a, int *b, int *c)
{
    int h = e->val[e->i].hint, *at[3] = { a, b, c };
    bool mine = false;
    if (one_nan(e, &e->u->insn[e->i]))
        return def_x(e, c ? DEF_EARLY : 0);     /* a fused one starts with a copy of c */
    for (int k = 0; k < 3; k++)
        mine |= at[k] && *at[k] == h;
    if (h == NOREG || !mine || !ra_hint_free(e, CL_X))
        return def_x(e, DEF_EARLY);
    int t = ra_free_x(e);
    if (t < 0)
        return def_x(e, DEF_EARLY);
    move_reg(e, CL_X, IR_V128, t, h);
    for (int k = 0; k < 3; k++)
        if (at[k] && *at[k] == h)
            *at[k] = t;
    return ra_def_hint_x(e);
}
