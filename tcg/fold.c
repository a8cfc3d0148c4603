/* SPDX-License-Identifier: Apache-2.0 */
/* See fold.h. Every rule is checked against ir_eval over random operands by tests/tcg/test_fold.c. */
#include "fold.h"
#include "eval.h"

const FoldRule fold_rules[IR_NOPS][FOLD_RULES] = {
    [IR_add] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 } },
    [IR_sub] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_SAME, FOLD_TO_CONST, 0, 0 },
        { FOLD_A_IS, FOLD_TO_NEG_B, 0, 0 } },
    [IR_mul] = { { FOLD_B_IS, FOLD_TO_CONST, 0, 0 }, { FOLD_B_IS, FOLD_TO_A, 1, 0 },
        { FOLD_B_IS, FOLD_TO_NEG_A, -1, 0 } },
    [IR_mulhs] = { { FOLD_B_IS, FOLD_TO_CONST, 0, 0 } },
    [IR_mulhu] = { { FOLD_B_IS, FOLD_TO_CONST, 0, 0 }, { FOLD_B_IS, FOLD_TO_CONST, 1, 0 } },
    [IR_mulhsu] = { { FOLD_B_IS, FOLD_TO_CONST, 0, 0 }, { FOLD_A_IS, FOLD_TO_CONST, 0, 0 } },
    [IR_divs] = { { FOLD_B_IS, FOLD_TO_A, 1, 0 }, { FOLD_B_IS, FOLD_TO_NEG_A, -1, 0 },
        { FOLD_B_IS, FOLD_TO_CONST, 0, 0 } },
    [IR_divu] = { { FOLD_B_IS, FOLD_TO_A, 1, 0 }, { FOLD_B_IS, FOLD_TO_CONST, 0, 0 } },
    [IR_rems] = { { FOLD_B_IS, FOLD_TO_CONST, 1, 0 }, { FOLD_B_IS, FOLD_TO_CONST, -1, 0 },
        { FOLD_B_IS, FOLD_TO_A, 0, 0 } },
    [IR_remu] = { { FOLD_B_IS, FOLD_TO_CONST, 1, 0 }, { FOLD_B_IS, FOLD_TO_A, 0, 0 } },
    [IR_and] = { { FOLD_B_IS, FOLD_TO_CONST, 0, 0 }, { FOLD_B_IS, FOLD_TO_A, -1, 0 }, { FOLD_SAME, FOLD_TO_A, 0, 0 } },
    [IR_or] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_B_IS, FOLD_TO_CONST, -1, -1 }, { FOLD_SAME, FOLD_TO_A, 0, 0 } },
    [IR_xor] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_B_IS, FOLD_TO_NOT_A, -1, 0 },
        { FOLD_SAME, FOLD_TO_CONST, 0, 0 } },
    [IR_andc] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_B_IS, FOLD_TO_CONST, -1, 0 },
        { FOLD_A_IS, FOLD_TO_CONST, 0, 0 }, { FOLD_A_IS, FOLD_TO_NOT_B, -1, 0 }, { FOLD_SAME, FOLD_TO_CONST, 0, 0 } },
    [IR_orc] = { { FOLD_B_IS, FOLD_TO_CONST, 0, -1 }, { FOLD_B_IS, FOLD_TO_A, -1, 0 },
        { FOLD_A_IS, FOLD_TO_NOT_B, 0, 0 }, { FOLD_A_IS, FOLD_TO_CONST, -1, -1 }, { FOLD_SAME, FOLD_TO_CONST, 0, -1 } },
    [IR_eqv] = { { FOLD_B_IS, FOLD_TO_NOT_A, 0, 0 }, { FOLD_B_IS, FOLD_TO_A, -1, 0 },
        { FOLD_SAME, FOLD_TO_CONST, 0, -1 } },
    [IR_shl] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_A_IS, FOLD_TO_CONST, 0, 0 } },
    [IR_shr] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_A_IS, FOLD_TO_CONST, 0, 0 } },
    [IR_sar] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_A_IS, FOLD_TO_CONST, 0, 0 },
        { FOLD_A_IS, FOLD_TO_CONST, -1, -1 } },
    [IR_rotr] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_A_IS, FOLD_TO_CONST, 0, 0 },
        { FOLD_A_IS, FOLD_TO_CONST, -1, -1 } },
    [IR_clmul] = { { FOLD_B_IS, FOLD_TO_CONST, 0, 0 }, { FOLD_B_IS, FOLD_TO_A, 1, 0 } },
    [IR_clmulh] = { { FOLD_B_IS, FOLD_TO_CONST, 0, 0 }, { FOLD_B_IS, FOLD_TO_CONST, 1, 0 } },
    [IR_vand] = { { FOLD_B_IS, FOLD_TO_CONST, 0, 0 }, { FOLD_B_IS, FOLD_TO_A, -1, 0 }, { FOLD_SAME, FOLD_TO_A, 0, 0 } },
    [IR_vor] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_B_IS, FOLD_TO_CONST, -1, -1 }, { FOLD_SAME, FOLD_TO_A, 0, 0 } },
    [IR_vxor] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_SAME, FOLD_TO_CONST, 0, 0 } },
    [IR_vandc] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_SAME, FOLD_TO_CONST, 0, 0 } },
    [IR_vorc] = { { FOLD_B_IS, FOLD_TO_A, -1, 0 }, { FOLD_SAME, FOLD_TO_CONST, 0, -1 } },
    [IR_vadd] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 } },
    [IR_vsub] = { { FOLD_B_IS, FOLD_TO_A, 0, 0 }, { FOLD_SAME, FOLD_TO_CONST, 0, 0 } },
    [IR_vsmin] = { { FOLD_SAME, FOLD_TO_A, 0, 0 } },
    [IR_vsmax] = { { FOLD_SAME, FOLD_TO_A, 0, 0 } },
    [IR_vumin] = { { FOLD_SAME, FOLD_TO_A, 0, 0 } },
    [IR_vumax] = { { FOLD_SAME, FOLD_TO_A, 0, 0 } },
};

const FoldPair fold_pairs[IR_NOPS][FOLD_PAIRS] = {
    [IR_neg] = { { IR_neg, 0 } },
    [IR_not] = { { IR_not, 0 } },
    [IR_bswap] = { { IR_bswap, 0 } },
    [IR_bitrev] = { { IR_bitrev, 0 } },
    [IR_sext8] = { { IR_sext8, FOLD_TO_INNER } },
    [IR_sext16] = { { IR_sext16, FOLD_TO_INNER }, { IR_sext8, FOLD_TO_INNER }, { IR_zext8, FOLD_TO_INNER } },
    [IR_zext8] = { { IR_zext8, FOLD_TO_INNER }, { IR_setcond, FOLD_TO_INNER }, { IR_setcond_f, FOLD_TO_INNER } },
    [IR_zext16] = { { IR_zext16, FOLD_TO_INNER }, { IR_zext8, FOLD_TO_INNER }, { IR_setcond, FOLD_TO_INNER },
        { IR_setcond_f, FOLD_TO_INNER } },
    [IR_trunc32] = { { IR_sext32, 0 }, { IR_zext32, 0 } },
    [IR_lo] = { { IR_pair, 0 } },
    [IR_hi] = { { IR_pair, 1 } },
    [IR_flags_unpack] = { { IR_flags_pack, 0 } },
    [IR_fneg] = { { IR_fneg, 0 } },
    [IR_fabs] = { { IR_fabs, FOLD_TO_INNER } },
    [IR_fbits] = { { IR_ffrom, 0 } },
    [IR_ffrom] = { { IR_fbits, 0 } },
    [IR_funbox] = { { IR_fbox, 0 } },
    [IR_aesmc] = { { IR_aesenc, 0, IR_aesencmc } },     /* one host instruction */
    [IR_aesimc] = { { IR_aesdec, 0, IR_aesdecimc } },
    [IR_clz] = { { IR_bitrev, 0, IR_ctz } },            /* how Arm counts trailing zeros */
    [IR_vnot] = { { IR_vnot, 0 } },
    [IR_vlow] = { { IR_vzext, 0 }, { IR_vpair, 0 } },
};

/* Inner ops of fold_tree's trees. */
#define IN_TREE(op) ((op) == IR_shl || (op) == IR_shr || (op) == IR_not)
#define EXTENDS(op) ((op) == IR_shr || (op) == IR_trunc32 || (op) == IR_zext8 || (op) == IR_zext16)

static bool is_const(const IrUnit *u, IrVal v, int64_t *out)
{
    if (u->insn[v].op != IR_const)
        return false;
    *out = u->insn[v].imm;
    return true;
}

static void make_const(IrInsn *i, IrType t, int64_t v)
{
    *i = (IrInsn){ .op = IR_const,
        .type = (uint8_t)t,
        .imm = t == IR_I32 ? (int32_t)v
            : t == IR_F32  ? (uint32_t)v
                           : v };
}

static void make_mov(IrInsn *i, IrType t, IrVal v)
{
    *i = (IrInsn){ .op = IR_mov, .type = (uint8_t)t, .nargs = 1, .arg = { v } };
}

static void make_unary(IrInsn *i, IrOp op, IrVal v)
{
    *i = (IrInsn){ .op = (uint16_t)op, .type = i->type, .nargs = 1, .arg = { v } };
}

/* All operands are constants. */
static bool fold_constants(IrUnit *u, IrInsn *i)
{
    IrValue val[4], r;
    const IrValue *v[4];
    IrType t = ir_result_type(i);
    if (ir_op_info[i->op].bits & OPF_FP || !ir_is_pure((IrOp)i->op) || t == IR_FLAGS || t == IR_I128)
        return false;
    for (int k = 0; k < i->nargs; k++) {
        const IrInsn *d = &u->insn[i->arg[k]];
        if (d->op != IR_const)
            return false;
        eval_const(&val[k], (IrType)d->type, d->imm);
        v[k] = &val[k];
    }
    ir_eval(&r, i, v, NULL);
    if (t == IR_V128 && r.u[0] != r.u[1])
        return false;
    make_const(i, t, (int64_t)r.u[0]);
    return true;
}

static bool apply(IrInsn *i, const FoldRule *r)
{
    IrVal a = i->arg[0], b = i->arg[1];
    switch (r->then) {
    case FOLD_TO_A: make_mov(i, (IrType)i->type, a); break;
    case FOLD_TO_B: make_mov(i, (IrType)i->type, b); break;
    case FOLD_TO_CONST: make_const(i, (IrType)i->type, r->result); break;
    case FOLD_TO_NEG_A: make_unary(i, IR_neg, a); break;
    case FOLD_TO_NEG_B: make_unary(i, IR_neg, b); break;
    case FOLD_TO_NOT_A: make_unary(i, IR_not, a); break;
    default: make_unary(i, IR_not, b); break;
    }
    return true;
}

/* An address stays one under what moves with the program: offsets, the bits below a page, and its width. */
static bool fold_addr(const IrUnit *u, IrInsn *i)
{
    enum { PAGE_MASK = ~0xfff };
    int64_t a = u->insn[i->arg[0]].imm, k = 0;
    bool known = i->nargs == 2 && is_const(u, i->arg[1], &k);
    switch (i->op) {
    case IR_add: a = (int64_t)((uint64_t)a + (uint64_t)k); break;
    case IR_and: a &= k; known = known && (k & PAGE_MASK) == PAGE_MASK; break;
    case IR_zext32: a = (uint32_t)a; known = true; break;
    case IR_sext32: case IR_trunc32: a = (int32_t)a; known = true; break;
    default: return false;
    }
    if (known)
        *i = (IrInsn){ .op = IR_addr, .type = (uint8_t)ir_result_type(i), .imm = i->type == IR_I32 ? (int32_t)a : a };
    return known;
}

static bool fold_identity(IrUnit *u, IrInsn *i)
{
    int64_t ka = 0, kb = 0;
    bool ca = is_const(u, i->arg[0], &ka), cb = is_const(u, i->arg[1], &kb);
    if (!ca && !cb && i->arg[0] != i->arg[1])
        return false;
    for (const FoldRule *r = fold_rules[i->op]; r->when; r++) {
        if ((r->when == FOLD_B_IS && cb && kb == r->k) || (r->when == FOLD_A_IS && ca && ka == r->k) ||
            (r->when == FOLD_SAME && i->arg[0] == i->arg[1]))
            return apply(i, r);
    }
    return false;
}

/* (x << k) and (x >> width - k), in either order. */
bool ir_is_rotation(const IrUnit *u, IrVal p, IrVal q, IrVal *x, IrVal *right)
{
    const IrInsn *l = &u->insn[p], *r = &u->insn[q];
    int64_t kl, kr;
    if (l->op == IR_shr) {
        const IrInsn *t = l;
        l = r;
        r = t;
    }
    if (l->op != IR_shl || r->op != IR_shr || l->type != r->type || l->arg[0] != r->arg[0] ||
        !is_const(u, l->arg[1], &kl) || !is_const(u, r->arg[1], &kr) || kl <= 0 || kr <= 0 ||
        kl + kr != (l->type == IR_I64 ? 64 : 32))
        return false;
    *x = l->arg[0];
    *right = r->arg[1];
    return true;
}

/* bitrev(bitrev(x) >> k) is x << k, and so the other way round. */
static bool fold_bitrev(const IrUnit *u, IrInsn *i)
{
    const IrInsn *d = &u->insn[i->arg[0]];
    int64_t k;
    if ((d->op != IR_shr && d->op != IR_shl) || u->insn[d->arg[0]].op != IR_bitrev || !is_const(u, d->arg[1], &k))
        return false;
    i->op = d->op == IR_shr ? IR_shl : IR_shr;
    i->nargs = 2;
    i->arg[0] = u->insn[d->arg[0]].arg[0];
    i->arg[1] = d->arg[1];
    return true;
}

/* (x << l) >> r with r >= l is a field of x: how RV64GC extends. */
static bool fold_shifts(const IrUnit *u, IrInsn *i)
{
    const IrInsn *d = &u->insn[i->arg[0]];
    int64_t l, r, w = i->type == IR_I32 ? 32 : 64;
    if (d->op != IR_shl || !is_const(u, d->arg[1], &l) || !is_const(u, i->arg[1], &r) || l < 0 || r < l || r >= w)
        return false;
    IrOp op = i->op == IR_shr ? IR_extract : IR_sextract;
    make_unary(i, op, d->arg[0]);
    i->aux = (uint16_t)((r - l) | (w - r) << 8);
    return true;
}

/* Is the sign of this I32 known to be clear? */
static bool is_positive(const IrUnit *u, const IrInsn *d)
{
    int64_t k;
    return d->op == IR_zext8 || d->op == IR_zext16 || (d->op == IR_shr && is_const(u, d->arg[1], &k) && (k & 31));
}

/* Is this I64 the sign extension of its low half? Looks through a few ops that keep it so. */
static bool is_extended(const IrUnit *u, IrVal v, int depth)
{
    const IrInsn *d = &u->insn[v];
    switch (d->op) {
    case IR_sext32: case IR_zext8: case IR_zext16: case IR_setcond: return true;
    case IR_zext32: return is_positive(u, &u->insn[d->arg[0]]);
    case IR_const: return d->imm == (int32_t)d->imm;
    case IR_load: return (d->mem & MEM_SIZE) < MEM_32 || (d->mem & (MEM_SIZE | MEM_SIGNED)) == (MEM_32 | MEM_SIGNED);
    case IR_and: case IR_or: case IR_xor: case IR_andc:
        return depth && is_extended(u, d->arg[0], depth - 1) && is_extended(u, d->arg[1], depth - 1);
    default: return false;
    }
}

/* How RV64 keeps words: extensions that change nothing, or whose sign is known. */
static bool fold_extension(const IrUnit *u, IrInsn *i)
{
    enum { DEPTH = 3 };
    const IrInsn *d = &u->insn[i->arg[0]];
    if (d->op == IR_trunc32 && is_extended(u, d->arg[0], DEPTH)) {
        make_mov(i, IR_I64, d->arg[0]);
        return true;
    }
    if (!is_positive(u, d))
        return false;
    i->op = IR_zext32;
    return true;
}

/* An op of two ops: a rotation, an AND with a complement; a shift between reversals; a field by two shifts; an
 * extension. */
static bool fold_tree(IrUnit *u, IrInsn *i)
{
    IrVal x, right;
    if ((i->op == IR_or || i->op == IR_xor) && ir_is_rotation(u, i->arg[0], i->arg[1], &x, &right)) {
        i->op = IR_rotr;
        i->arg[0] = x;
        i->arg[1] = right;
        return true;
    }
    if (i->op == IR_bitrev)
        return fold_bitrev(u, i);
    if (i->op == IR_shr || i->op == IR_sar)
        return fold_shifts(u, i);
    if (i->op == IR_sext32)
        return fold_extension(u, i);
    if (i->op != IR_and)
        return false;
    for (int k = 0; k < 2; k++) {
        const IrInsn *d = &u->insn[i->arg[k]];
        if (d->op != IR_not)
            continue;
        i->op = IR_andc;
        i->arg[0] = i->arg[!k];
        i->arg[1] = d->arg[0];
        return true;
    }
    return false;
}

static bool fold_pair(IrUnit *u, IrInsn *i)
{
    const IrInsn *d = &u->insn[i->arg[0]];
    for (const FoldPair *p = fold_pairs[i->op]; p < fold_pairs[i->op + 1] && p->inner; p++) {
        if (p->inner != d->op || (i->op == IR_vnot && i->type != d->type))
            continue;
        IrVal v = p->arg == FOLD_TO_INNER ? i->arg[0] : d->arg[p->arg];
        IrType want = ir_result_type(i);
        if (ir_result_type(&u->insn[v]) != want)
            continue;                   /* vlow of another type than went in */
        if (p->op)
            make_unary(i, (IrOp)p->op, v);
        else
            make_mov(i, want, v);
        return true;
    }
    return false;
}

/* --- conditions */
int ir_cond_known(const IrUnit *u, const IrInsn *i)
{
    int64_t a, b;
    if (i->cond == COND_ALWAYS || i->cond == COND_NEVER)
        return i->cond == COND_ALWAYS;
    IrType t = ir_result_type(&u->insn[i->arg[0]]);
    if (t == IR_FLAGS)
        return -1;
    if (is_const(u, i->arg[0], &a) && is_const(u, i->arg[1], &b)) {
        uint64_t m = t == IR_I32 ? 0xffffffffu : ~0ull;
        return eval_cond((IrCond)i->cond, t, (uint64_t)a & m, (uint64_t)b & m);
    }
    if (i->arg[0] == i->arg[1] && i->cond < COND_TSTZ)
        return eval_cond((IrCond)i->cond, t, 0, 0);
    return -1;
}

/* Condition c on the flags that d defines, as a comparison of integers. */
static bool flags_as_compare(const IrInsn *d, IrCond c, IrCond *out)
{
    if (d->op == IR_flags_sub && c <= COND_GTU) {
        *out = c;
        return true;
    }
    if (d->op == IR_flags_and && (c == COND_EQ || c == COND_NE)) {
        *out = c == COND_EQ ? COND_TSTZ : COND_TSTNZ;
        return true;
    }
    return false;
}

static bool fold_flags_use(IrUnit *u, IrInsn *i)
{
    const IrInsn *d = &u->insn[i->arg[0]];
    IrCond c;
    if (!flags_as_compare(d, (IrCond)i->cond, &c))
        return false;
    switch (i->op) {
    case IR_setcond_f:
        if (i->type != d->type)
            return false;
        i->op = IR_setcond;
        break;
    case IR_select_f:
        i->op = IR_select;
        i->type2 = d->type;
        i->arg[3] = i->arg[2];
        i->arg[2] = i->arg[1];
        i->nargs = 4;
        break;
    case IR_brcond_f: i->op = IR_brcond; i->type = d->type; break;
    default: i->op = IR_exit_if; i->type = d->type; break;
    }
    if (i->op != IR_select)
        i->nargs = 2;
    i->cond = (uint8_t)c;
    i->arg[0] = d->arg[0];
    i->arg[1] = d->arg[1];
    return true;
}

/* cond_ne(setcond(...), 0): use the inner condition. Only brcond and exit_if, which have no value. */
static bool fold_test_of_setcond(IrUnit *u, IrInsn *i)
{
    int64_t k;
    const IrInsn *d = &u->insn[i->arg[0]];
    if ((i->cond != COND_EQ && i->cond != COND_NE) || !is_const(u, i->arg[1], &k) || k)
        return false;
    if (d->op == IR_setcond) {
        i->cond = i->cond == COND_NE ? d->cond : (uint8_t)cond_invert((IrCond)d->cond);
        i->arg[0] = d->arg[0];
        i->arg[1] = d->arg[1];
        return true;
    }
    if (d->op == IR_setcond_f) {
        i->op = i->op == IR_brcond ? IR_brcond_f : IR_exit_if_f;
        i->type = IR_FLAGS;
        i->cond = i->cond == COND_NE ? d->cond : (uint8_t)cond_invert((IrCond)d->cond);
        i->arg[0] = d->arg[0];
        i->arg[1] = 0;
        i->nargs = 1;
        return true;
    }
    return false;
}

static bool fold_condition(IrUnit *u, IrInsn *i)
{
    int yes = ir_cond_known(u, i);
    if (yes >= 0) {
        switch (i->op) {
        case IR_setcond: case IR_setcond_f: make_const(i, (IrType)i->type, yes); return true;
        case IR_select: make_mov(i, (IrType)i->type, i->arg[yes ? 2 : 3]); return true;
        case IR_select_f: make_mov(i, (IrType)i->type, i->arg[yes ? 1 : 2]); return true;
        default: return false;          /* exits and branches: left as they are */
        }
    }
    switch (i->op) {
    case IR_select:
        if (i->arg[2] == i->arg[3]) {
            make_mov(i, (IrType)i->type, i->arg[2]);
            return true;
        }
        return false;
    case IR_brcond: case IR_exit_if: return fold_test_of_setcond(u, i);
    case IR_setcond: return false;
    case IR_select_f:
        if (i->arg[1] == i->arg[2]) {
            make_mov(i, (IrType)i->type, i->arg[1]);
            return true;
        }
        /* fall through */
    default: return fold_flags_use(u, i);
    }
}

/* mul and divu by a power of two have cheaper forms, but need a new constant: the builder does that.
 * Here: fields that are whole, or that are a plain extension. */
static bool fold_field(IrInsn *i)
{
    int w = i->type == IR_I32 ? 32 : 64, start = i->aux & 63, len = i->aux >> 8;
    IrVal a = i->arg[0], b = i->arg[1];
    if (!start && len == w) {
        make_mov(i, (IrType)i->type, i->op == IR_deposit ? b : a);
        return true;
    }
    if (i->op == IR_deposit || start || (len != 8 && len != 16))
        return false;
    make_unary(i, i->op == IR_extract ? (len == 8 ? IR_zext8 : IR_zext16) : (len == 8 ? IR_sext8 : IR_sext16), a);
    return true;
}

/* Shifts by nothing, and vector ops whose immediate makes them a copy. */
static bool fold_imm(IrInsn *i)
{
    if (i->imm)
        return false;
    make_mov(i, (IrType)i->type, i->op == IR_extr ? i->arg[1] : i->arg[0]);
    return true;
}

/* Of a sum. 64-bit address arithmetic wraps, so a constant addend moves into the offset of any access. An addend whose
 * sum went to a guest register stays: the register is the cheaper base. */
__attribute__((noinline)) static bool fold_address(IrUnit *u, IrInsn *i)
{
    const IrInsn *d = &u->insn[i->arg[0]];
    int64_t k, sum;
    if ((u->homes && u->homes[i->arg[0]]) || !is_const(u, d->arg[1], &k) || __builtin_add_overflow(i->imm, k, &sum) ||
        sum != (int32_t)sum)
        return false;
    i->arg[0] = d->arg[0];
    i->imm = sum;
    return true;
}

/* Which rules an op has beside constants; KIND_NONE: not even those. */
typedef enum Kind { KIND_NONE, KIND_CONST, KIND_COMM, KIND_COND, KIND_FIELD, KIND_IMM, KIND_ADDRESS } Kind;
#define HAS(flags, c) ((flags "  ")[0] == (c) || (flags "  ")[1] == (c) || (flags "  ")[2] == (c))
#define KIND_OF(class, args, flags) ( \
    ((class) == IRC_MEM || (class) == IRC_ATOMIC) ? KIND_ADDRESS : \
    HAS(flags, 'K') ? KIND_COND : \
    HAS(flags, 'D') ? KIND_FIELD : \
    HAS(flags, 'Z') ? KIND_IMM : \
    HAS(flags, 'C') ? KIND_COMM : \
    (args)[0] && (class) <= IRC_VFP && !HAS(flags, 'X') ? KIND_CONST : KIND_NONE)
static const uint8_t kind_of[IR_NOPS] = {
#define OP(name, class, res, args, flags, text) [IR_##name] = KIND_OF(IRC_##class, args, flags),
#include "ops.def"
#undef OP
};

__attribute__((noinline)) static bool fold_by_rules(IrUnit *u, IrInsn *i, Kind kind)
{
    IrOp a = (IrOp)u->insn[i->arg[0]].op;
    if (a == IR_const && fold_constants(u, i))
        return true;
    if (a == IR_addr && fold_addr(u, i))
        return true;
    switch (kind) {
    case KIND_COND: return fold_condition(u, i);
    case KIND_FIELD: return fold_field(i);
    case KIND_IMM: return fold_imm(i);
    default: break;
    }
    if (fold_rules[i->op][0].when && fold_identity(u, i))
        return true;
    return fold_pair(u, i) || fold_tree(u, i);
}

/* Constants that rules of fold_rules name: 0, 1 and -1. */
static bool is_special(const IrInsn *d) { return d->op == IR_const && (uint64_t)d->imm + 1 <= 2; }

/* Has an op whose operands are no constants a chance? d, e: its operands' instructions. */
static inline bool may_fold(const IrInsn *i, const IrInsn *d, const IrInsn *e)
{
    switch (i->op) {
    case IR_and: case IR_or: case IR_xor: case IR_shr: case IR_sar:
        if (IN_TREE(d->op) || IN_TREE(e->op))
            return true;
        break;
    case IR_sext32: return EXTENDS(d->op);
    case IR_clz: case IR_bitrev: return true;
    default: break;
    }
    for (const FoldPair *p = fold_pairs[i->op]; p < fold_pairs[i->op + 1] && p->inner; p++)
        if (p->inner == d->op)
            return true;
    return false;
}

/* Most instructions are looked at in vain: what has a chance is told apart first. */
bool ir_fold(IrUnit *u, IrInsn *i)
{
    Kind kind = (Kind)kind_of[i->op];
    if (kind == KIND_NONE)
        return false;
    const IrInsn *d = &u->insn[i->arg[0]], *e = &u->insn[i->arg[1]];
    if (kind == KIND_ADDRESS)
        return d->op == IR_add && fold_address(u, i);
    if (kind == KIND_COMM && d->op == IR_const) {
        IrVal swap = i->arg[0];         /* constants stand right */
        i->arg[0] = i->arg[1];
        i->arg[1] = swap;
        return fold_by_rules(u, i, kind);
    }
    bool chance = kind > KIND_COMM || d->op == IR_const || d->op == IR_addr || i->arg[0] == i->arg[1] ||
        is_special(e) || may_fold(i, d, e);
    return chance && fold_by_rules(u, i, kind);
}
