/* SPDX-License-Identifier: Apache-2.0 */
/* Each folding rule against ir_eval: build the op over operands that make the rule apply, fold, and evaluate both
 * sides over random operands. Also the builder's own rewrites, which need new constants. */
#include <stdio.h>
#include <string.h>
#include "tcg/eval.h"
#include "tcg/fold.h"
#include "toy.h"

enum { ROUNDS = 200 };

typedef struct Values { IrValue get[3]; } Values;

static int failures;

static void fail(const char *what, IrOp a, IrOp b)
{
    printf("FAIL %s %s %s\n", what, ir_op_info[a].name, b == a ? "" : ir_op_info[b].name);
    failures++;
}

/* Value of v, where `get` of register k stands for a free operand. */
static void value(const IrUnit *u, IrVal v, const Values *vals, IrValue *out)
{
    const IrInsn *i = &u->insn[v];
    IrValue a[4];
    const IrValue *p[4];
    if (i->op == IR_get) {
        *out = vals->get[i->imm];
        return;
    }
    for (int k = 0; k < i->nargs; k++) {
        value(u, i->arg[k], vals, &a[k]);
        p[k] = &a[k];
    }
    ir_eval(out, i, p, NULL);
}

static IrVal operand(IrUnit *u, IrType t, int k)
{
    IrInsn *i = ir_emit(u, IR_get, t);
    i->imm = k;                 /* which free operand */
    return u->n - 1;
}

static void random_values(Rng *r, const IrType *t, Values *v)
{
    for (int k = 0; k < 3; k++) {
        v->get[k].x = t[k] == IR_V128 || t[k] == IR_I128 ? rng_vector(r) : rng_value(r, t[k]);
        if (t[k] == IR_FLAGS)
            v->get[k].x &= FL_ALL;
    }
}

static void compare(Rng *r, IrUnit *u, IrVal before, IrVal after, const IrType *types, const char *what)
{
    for (int n = 0; n < ROUNDS; n++) {
        Values v;
        IrValue x, y;
        random_values(r, types, &v);
        value(u, before, &v, &x);
        value(u, after, &v, &y);
        if (memcmp(&x, &y, sizeof x)) {
            fail(what, (IrOp)u->insn[before].op, (IrOp)u->insn[after].op);
            return;
        }
    }
}

/* A second copy of the instruction is folded. Returns it, or 0 when nothing applied. */
static IrVal folded_copy(IrUnit *u, IrVal v)
{
    IrInsn *i = ir_emit(u, IR_const, IR_I32);
    *i = u->insn[v];
    return ir_fold(u, i) ? u->n - 1 : 0;
}

static void check_rule(Rng *r, IrUnit *u, IrOp op, const FoldRule *rule, IrType t)
{
    ir_unit_reset(u, 0, 0);
    IrVal a = operand(u, t, 0), b = operand(u, t, 1), k = ir_const(u, t, rule->k);
    IrInsn *i = ir_emit(u, op, t);
    i->arg[0] = rule->when == FOLD_A_IS ? k : a;
    i->arg[1] = rule->when == FOLD_B_IS ? k : rule->when == FOLD_SAME ? a : b;
    i->lane = ir_op_info[op].result == 'v' ? (uint8_t)rng_below(r, 4) : 0;
    IrVal v = u->n - 1, f = folded_copy(u, v);
    if (f)
        compare(r, u, v, f, (IrType[3]){ t, t, t }, "rule of");
    else
        fail("no rule applied to", op, op);
}

static void check_rules(Rng *r, IrUnit *u)
{
    for (int op = 0; op < IR_NOPS; op++)
        for (const FoldRule *rule = fold_rules[op]; rule < fold_rules[op] + FOLD_RULES && rule->when; rule++) {
            bool vec = ir_op_info[op].result == 'v';
            check_rule(r, u, (IrOp)op, rule, vec ? IR_V64 : IR_I32);
            check_rule(r, u, (IrOp)op, rule, vec ? IR_V128 : IR_I64);
        }
}

/* outer(inner(x, y)) for every combination of types that ops.def allows. */
static int check_pair_types(
    Rng *r, IrUnit *u, IrOp outer_op, const FoldPair *p, IrType outer, IrType inner, IrType source)
{
    ir_unit_reset(u, 0, 0);
    IrInsn in = { .op = p->inner, .type = (uint8_t)inner, .type2 = (uint8_t)source };
    IrInsn out = { .op = (uint16_t)outer_op, .type = (uint8_t)outer, .type2 = (uint8_t)inner };
    if (outer_op != IR_vlow && outer_op != IR_funbox)
        out.type2 = 0;
    if (p->inner != IR_vzext && p->inner != IR_fbox)
        in.type2 = 0;
    int n = (int)strlen(ir_op_info[p->inner].args);
    IrType t[3] = { IR_I64, IR_I64, IR_I64 };
    for (int k = 0; k < n; k++) {
        t[k] = p->inner == IR_vpair ? IR_V64 : ir_operand_type(&in, k);
        in.arg[k] = operand(u, t[k], k);
    }
    in.cond = p->inner == IR_setcond_f ? COND_GTU : COND_LT;
    in.nargs = (uint8_t)n;
    *ir_emit(u, IR_const, IR_I32) = in;
    if (ir_operand_type(&out, 0) != ir_result_type(&in))
        return 0;
    out.arg[0] = u->n - 1;
    out.nargs = 1;
    *ir_emit(u, IR_const, IR_I32) = out;
    IrVal v = u->n - 1, f = folded_copy(u, v);
    if (!f)
        return 0;
    compare(r, u, v, f, t, "pair");
    return 1;
}

/* May t be IrInsn.type of op? */
static bool type_fits(IrOp op, IrType t)
{
    char c = ir_op_info[op].result;
    bool in = t == IR_I32 || t == IR_I64, fl = t == IR_F32 || t == IR_F64, vec = t == IR_V64 || t == IR_V128;
    if (op == IR_fbox || op == IR_funbox)
        return t == (op == IR_fbox ? IR_F64 : IR_F32);
    return op == IR_vlow ? in || fl || t == IR_V64
        : op == IR_vpair ? t == IR_V128
        : c == 'i'       ? in
        : c == 'f'       ? fl
        : c == 'v'       ? vec
                         : true;
}

static void check_pairs(Rng *r, IrUnit *u)
{
    static const IrType types[] = { IR_I32, IR_I64, IR_I128, IR_F32, IR_F64, IR_V64, IR_V128, IR_FLAGS };
    enum { N = sizeof types / sizeof *types };
    for (int n = 0; n < IR_NOPS * FOLD_PAIRS; n++) {
        const FoldPair *p = &fold_pairs[n / FOLD_PAIRS][n % FOLD_PAIRS];
        IrOp outer = (IrOp)(n / FOLD_PAIRS);
        int hits = 0;
        if (!p->inner)
            continue;
        for (int k = 0; k < N * N * N; k++) {
            IrType a = types[k % N], b = types[k / N % N], c = types[k / N / N];
            if (!type_fits(outer, a) || !type_fits((IrOp)p->inner, b) ||
                (p->inner == IR_vzext && !type_fits(IR_vlow, c)) ||
                (p->inner == IR_vzext && c == IR_V64 && b == IR_V64) || (p->inner == IR_fbox && c != IR_F32))
                continue;
            hits += check_pair_types(r, u, outer, p, a, b, c);
        }
        if (!hits)
            fail("pair never applies:", outer, (IrOp)p->inner);
    }
}

/* The builder against the bare op, with constants of every kind on either side. */
static void check_builder(Rng *r, IrUnit *u)
{
    for (int op = IR_add; op <= IR_clmulh; op++) {
        const IrOpInfo *o = &ir_op_info[op];
        if (o->result != 'i' || strcmp(o->args, "ii") || op == IR_setcond || op == IR_extr || op == IR_deposit)
            continue;
        for (int n = 0; n < ROUNDS; n++) {
            IrType t = rng_below(r, 2) ? IR_I32 : IR_I64;
            ir_unit_reset(u, 0, 0);
            IrVal a = operand(u, t, 0), b = operand(u, t, 1), k = ir_const(u, t, (int64_t)rng_value(r, t));
            IrVal k2 = ir_const(u, t, (int64_t)rng_value(r, t)), x, y;
            int shape = (int)rng_below(r, 4);
            IrVal lhs = shape == 1 ? k : a, rhs = shape == 0 ? k : shape == 1 ? a : shape == 2 ? k2 : b;
            if (shape == 2) {           /* op(op(a, k), k2) */
                ir_emit(u, (IrOp)op, t)->arg[0] = a;
                u->insn[u->n - 1].arg[1] = k;
                lhs = u->n - 1;
            }
            ir_emit(u, (IrOp)op, t)->arg[0] = lhs;
            u->insn[u->n - 1].arg[1] = rhs;
            x = u->n - 1;
            y = shape == 2 ? ir_op2(u, (IrOp)op, t, ir_op2(u, (IrOp)op, t, a, k), k2)
                           : ir_op2(u, (IrOp)op, t, lhs, rhs);
            compare(r, u, x, y, (IrType[3]){ t, t, t }, "builder");
        }
    }
}

/* Conditions on flags as comparisons, through select_f, whose operand types do not matter. */
static void check_flags(Rng *r, IrUnit *u)
{
    static const IrOp producers[] = { IR_flags_add, IR_flags_sub, IR_flags_and };
    for (int n = 0; n < 3 * 2 * 16; n++) {
        IrType t = n & 1 ? IR_I32 : IR_I64;
        ir_unit_reset(u, 0, 0);
        IrVal a = operand(u, t, 0), b = operand(u, t, 1), f = ir_op2(u, producers[n / 32], t, a, b);
        int c = n / 2 % 16;
        if (c == COND_TSTZ || c == COND_TSTNZ)
            continue;
        IrVal yes = ir_const(u, IR_I64, 1), no = ir_const(u, IR_I64, 2);
        IrInsn *i = ir_emit(u, IR_select_f, IR_I64);
        i->cond = (uint8_t)c;
        i->arg[0] = f, i->arg[1] = yes, i->arg[2] = no;
        IrVal x = u->n - 1, y = ir_select_f(u, IR_I64, (IrCond)c, f, yes, no);
        compare(r, u, x, y, (IrType[3]){ t, t, t }, "flags");
        i = ir_emit(u, IR_setcond_f, t);
        i->cond = (uint8_t)c;
        i->arg[0] = f;
        x = u->n - 1;
        y = ir_setcond_f(u, t, (IrCond)c, f);
        compare(r, u, x, y, (IrType[3]){ t, t, t }, "flags");
    }
}

/* Addresses: one stays an address where the sum moves with the program, whole pages at a time, and the
 * value is right. */
static void check_addr(Rng *r, IrUnit *u, IrOp op, IrType t, int64_t k, bool stays)
{
    IrType from = op == IR_zext32 || op == IR_sext32 ? IR_I32 : op == IR_trunc32 ? IR_I64 : t;
    ir_unit_reset(u, 0, 0);
    IrVal a = ir_addr(u, from, 0x7654321000 + rng_below(r, 4096)), b = ir_const(u, t, k);
    IrInsn *i = ir_emit(u, op, t);
    i->arg[0] = a;
    i->arg[1] = i->nargs == 2 ? b : 0;
    IrVal v = u->n - 1, f = folded_copy(u, v);
    if (!f != !stays || (f && u->insn[f].op != IR_addr))
        fail("an address under", op, f ? (IrOp)u->insn[f].op : op);
    if (f)
        compare(r, u, v, f, (IrType[3]){ t, t, t }, "address under");
}

static void check_addrs(Rng *r, IrUnit *u)
{
    for (int n = 0; n < ROUNDS; n++) {
        IrType t = n & 1 ? IR_I32 : IR_I64;
        check_addr(r, u, IR_add, t, (int64_t)rng_value(r, t) | 1, true);
        check_addr(r, u, IR_and, t, -2, true);
        check_addr(r, u, IR_and, t, -8192, false);
        check_addr(r, u, IR_xor, t, 5, false);
        check_addr(r, u, IR_zext32, IR_I64, 0, true);
        check_addr(r, u, IR_trunc32, IR_I32, 0, true);
    }
}

/* Two shifts by constants as a field. */
static void check_shifts(Rng *r, IrUnit *u)
{
    int hits = 0;
    for (int n = 0; n < ROUNDS; n++) {
        IrType t = n & 1 ? IR_I32 : IR_I64;
        unsigned w = t == IR_I32 ? 32 : 64;
        ir_unit_reset(u, 0, 0);
        IrVal x = operand(u, t, 0), left = ir_const(u, t, rng_below(r, w)), right = ir_const(u, t, rng_below(r, w));
        IrVal s = ir_op2(u, IR_shl, t, x, left);
        IrInsn *i = ir_emit(u, n & 2 ? IR_sar : IR_shr, t);
        i->arg[0] = s;
        i->arg[1] = right;
        IrVal v = u->n - 1, f = folded_copy(u, v);
        hits += f != 0;
        if (f)
            compare(r, u, v, f, (IrType[3]){ t, t, t }, "shifts");
    }
    if (!hits)
        fail("two shifts are no field", IR_shl, IR_shr);
}

/* Extensions of words: of what has no sign, and of what is extended already. */
static void check_extensions(Rng *r, IrUnit *u)
{
    static const IrOp inner[] = { IR_zext8, IR_zext16, IR_sext8, IR_shr, IR_sar, IR_and, IR_xor, IR_andc };
    enum { N = sizeof inner / sizeof *inner };
    int hits[N][2] = { 0 };
    for (int n = 0; n < ROUNDS * N; n++) {
        bool wide = n & 1;                              /* sext32(trunc32(op64(sext32 a, sext32 b or constant))), or
                                                         * sext32(op32) */
        IrType t = wide ? IR_I64 : IR_I32;
        IrOp op = inner[n / 2 % N];
        ir_unit_reset(u, 0, 0);
        IrVal a = operand(u, IR_I32, 0), b = operand(u, IR_I32, 1);
        if (wide) {
            ir_emit(u, IR_sext32, IR_I64)->arg[0] = a, a = u->n - 1;
            ir_emit(u, IR_sext32, IR_I64)->arg[0] = b, b = u->n - 1;
        }
        if (op == IR_shr || op == IR_sar || rng_below(r, 2))
            b = ir_const(u, t, rng_below(r, 2) ? (int64_t)rng_below(r, 70) : (int64_t)rng_value(r, t));
        IrInsn *i = ir_emit(u, op, t);
        i->arg[0] = a;
        i->arg[1] = i->nargs == 2 ? b : 0;
        IrVal v = u->n - 1;
        if (wide)
            ir_emit(u, IR_trunc32, IR_I32)->arg[0] = v, v = u->n - 1;
        ir_emit(u, IR_sext32, IR_I64)->arg[0] = v;
        v = u->n - 1;
        IrVal f = folded_copy(u, v);
        hits[n / 2 % N][wide] += f != 0;
        if (f)
            compare(r, u, v, f, (IrType[3]){ IR_I32, IR_I32, IR_I32 }, "extension");
    }
    static const bool want[N][2] = { { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 0 }, { 0, 0 }, { 0, 1 }, { 0, 1 }, { 0, 1 } };
    for (int k = 0; k < N * 2; k++)
        if (want[k / 2][k % 2] && !hits[k / 2][k % 2])
            fail("no extension goes behind", inner[k / 2], IR_sext32);
}

int main(void)
{
    Rng r = { 0x1234567 };
    IrUnit u;
    ir_unit_init(&u, toy_guest(TOY_CANON));
    check_rules(&r, &u);
    check_pairs(&r, &u);
    check_builder(&r, &u);
    check_flags(&r, &u);
    check_addrs(&r, &u);
    check_shifts(&r, &u);
    check_extensions(&r, &u);
    ir_unit_free(&u);
    printf(failures ? "%d failures\n" : "ok\n", failures);
    return failures != 0;
}
