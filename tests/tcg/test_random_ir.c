/* SPDX-License-Identifier: Apache-2.0 */
/* Random IR programs on every engine: the interpreter without optimisation says what is right.
 *
 *   test_random_ir [COUNT [SEED [OP]]]      OP: give that op a third of all places
 *
 * A failing program is reduced before it is shown, with the seed that makes it again. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "toy.h"

enum { ENGINES = 4, BASED = 2, DEFAULT_COUNT = 1500, MAX_FAILURES = 12 };

static ToyEngine *engine[TOY_NRULES][BASED][ENGINES];    /* [..][0] is the reference */

static char *differs(ToyEngine *ref, ToyEngine *e, const ToyProgram *p, const ToyState *in)
{
    ToyState *want = g_memdup2(in, sizeof *in), *have = g_memdup2(in, sizeof *in);
    toy_run(ref, p, want);
    toy_run(e, p, have);
    char *d = toy_diff(want, have);
    g_free(want);
    g_free(have);
    return d;
}

/* Simplify one instruction if the difference stays. */
static bool try_without(ToyEngine *ref, ToyEngine *e, ToyProgram *p, const ToyState *in, IrInsn *i)
{
    IrInsn old = *i;
    IrType t = ir_result_type(i);
    if (ir_is_terminator(i) || i->op == IR_label || i->op == IR_const || i->op == IR_addr || t == IR_FLAGS ||
        t == IR_I128 || (i->op == IR_fence && !i->aux))
        return false;
    if (t == IR_VOID)
        *i = (IrInsn){ .op = IR_fence };
    else
        *i = (IrInsn){ .op = IR_const, .type = (uint8_t)t, .imm = 0 };
    g_autofree char *d = differs(ref, e, p, in);
    if (!d)
        *i = old;
    return d != NULL;
}

/* The optimiser drops the instructions that reduction made useless; fences stay visible but harmless. */
static void reduce(ToyEngine *ref, ToyEngine *e, ToyProgram *p, const ToyState *in)
{
    bool again = true;
    for (int round = 0; again && round < 3; round++) {
        again = false;
        for (int k = p->n - 1; k >= 0; k--)
            for (uint32_t n = p->unit[k].n - 1; n; n--)
                again |= try_without(ref, e, p, in, &p->unit[k].insn[n]);
    }
}

static void show(const ToyProgram *p)
{
    for (int k = 0; k < p->n; k++) {            /* without dead constants and empty fences: a copy, cleaned */
        IrUnit u;
        ir_unit_init(&u, p->unit[k].guest);
        ir_unit_reset(&u, p->unit[k].pc, 0);
        IrVal map[p->unit[k].n];
        bool used[p->unit[k].n];
        memset(used, 0, sizeof used);
        for (uint32_t n = p->unit[k].n - 1; n; n--) {
            const IrInsn *i = &p->unit[k].insn[n];
            if (ir_result_type(i) == IR_VOID ? i->op == IR_fence && !i->aux
                                             : !used[n] && !(ir_op_info[i->op].bits & (OPF_SIDE | OPF_FAULT | OPF_FP)))
                continue;
            used[n] = true;
            for (int a = 0; a < i->nargs; a++)
                used[i->arg[a]] = true;
        }
        for (uint32_t n = 1; n < p->unit[k].n; n++) {
            if (!used[n])
                continue;
            IrInsn i = p->unit[k].insn[n];
            for (int a = 0; a < i.nargs; a++)
                i.arg[a] = map[i.arg[a]];
            map[n] = u.n;
            *ir_emit(&u, (IrOp)i.op, (IrType)i.type) = i;
        }
        u.nlabels = p->unit[k].nlabels;
        ToyProgram one = { .unit = { u }, .n = 1 };
        toy_print(&one);
        ir_unit_free(&u);
    }
}

/* --- the same program through the builder, which folds, and through text */
static void rebuild(IrUnit *to, const IrUnit *from)
{
    IrVal map[from->n];
    ir_unit_reset(to, from->pc, 0);
    for (uint32_t n = 1; n < from->n; n++) {
        IrInsn i = from->insn[n];
        IrType t = (IrType)i.type;
        for (int k = 0; k < i.nargs; k++)
            i.arg[k] = map[i.arg[k]];
        const IrVal *a = i.arg;
        const IrOpInfo *o = &ir_op_info[i.op];
        bool plain = o->result == 'i' && !i.cond && !i.aux && !i.imm && !i.type2 &&
            !(o->bits & (OPF_SIDE | OPF_FAULT | OPF_READ | OPF_FP));
        /* the builder makes none that puts something */
        switch ((i.op == IR_exit_if_f || i.op == IR_exit_if) && i.aux ? IR_NOPS : i.op) {
        case IR_setcond: map[n] = ir_setcond(to, t, (IrCond)i.cond, a[0], a[1]); break;
        case IR_select: map[n] = ir_select(to, t, (IrCond)i.cond, a[0], a[1], a[2], a[3]); break;
        case IR_setcond_f: map[n] = ir_setcond_f(to, t, (IrCond)i.cond, a[0]); break;
        case IR_select_f: map[n] = ir_select_f(to, t, (IrCond)i.cond, a[0], a[1], a[2]); break;
        case IR_extract: map[n] = ir_extract(to, t, a[0], i.aux & 63, i.aux >> 8); break;
        case IR_sextract: map[n] = ir_sextract(to, t, a[0], i.aux & 63, i.aux >> 8); break;
        case IR_deposit: map[n] = ir_deposit(to, t, a[0], a[1], i.aux & 63, i.aux >> 8); break;
        case IR_exit_if: ir_exit_if(to, (IrCond)i.cond, a[0], a[1], (gaddr)i.imm); break;
        case IR_exit_if_f: ir_exit_if_f(to, (IrCond)i.cond, a[0], (gaddr)i.imm); break;
        case IR_brcond: ir_brcond(to, (IrCond)i.cond, a[0], a[1], i.aux); break;
        case IR_brcond_f: ir_brcond_f(to, (IrCond)i.cond, a[0], i.aux); break;
        case IR_load: map[n] = ir_load(to, t, i.mem, a[0], i.imm); break;
        case IR_store: ir_store(to, i.mem, a[0], i.imm, a[1]); break;
        default:
            if (plain && i.nargs == 1) {
                map[n] = ir_op1(to, (IrOp)i.op, t, a[0]);
            } else if (plain && i.nargs == 2) {
                map[n] = ir_op2(to, (IrOp)i.op, t, a[0], a[1]);
            } else if (ir_op_class[i.op] == IRC_VEC && !i.type2 && !i.cond && o->result == 'v') {
                map[n] = ir_v3(to, (IrOp)i.op, t, (IrLane)i.lane, i.imm, a[0], a[1], a[2]);
            } else {
                *ir_emit(to, (IrOp)i.op, t) = i;
                map[n] = to->n - 1;
            }
        }
    }
    to->nlabels = from->nlabels;
}

static void append_line(void *ctx, const char *line)
{
    g_string_append(ctx, line);
    g_string_append_c(ctx, '\n');
}

/* Variants of p that must behave as p does; NULL when they do. */
static char *variants_differ(ToyEngine *ref, const ToyProgram *p, const ToyState *in)
{
    static ToyProgram q;
    char *d = NULL;
    ToyState *want = g_memdup2(in, sizeof *in), *have = g_new(ToyState, 1);
    toy_run(ref, p, want);
    q.n = p->n;
    for (int how = 0; how < 2 && !d; how++) {
        for (int k = 0; k < p->n && !d; k++) {
            if (!q.unit[k].insn)
                ir_unit_init(&q.unit[k], p->unit[k].guest);
            q.unit[k].guest = p->unit[k].guest;
            if (how == 0) {
                rebuild(&q.unit[k], &p->unit[k]);
            } else {
                g_autoptr(GString) s = g_string_new(NULL), again = g_string_new(NULL);
                ir_print(&p->unit[k], append_line, s);
                d = ir_parse(&q.unit[k], s->str);
                ir_print(&q.unit[k], append_line, again);
                if (!d && !g_string_equal(s, again))
                    d = g_strdup("text changes in a round trip");
            }
            if (!d)
                d = ir_verify(&q.unit[k]);
        }
        *have = *in;
        if (!d) {
            toy_run(ref, &q, have);
            d = toy_diff(want, have);
        }
        if (d) {
            char *full = g_strdup_printf("%s: %s", how ? "through text" : "through the builder", d);
            g_free(d);
            d = full;
            toy_print(&q);
        }
    }
    g_free(want);
    g_free(have);
    return d;
}

static bool check(uint64_t seed, int focus)
{
    Rng r = { seed * 0x9e3779b97f4a7c15u + 1 };
    int rules = (int)rng_below(&r, TOY_NRULES), based = (int)rng_below(&r, BASED);
    ToyEngine **e = engine[rules][based];
    static ToyProgram p;
    for (int k = 0; k < TOY_UNITS; k++)
        if (!p.unit[k].insn)
            ir_unit_init(&p.unit[k], toy_guest(TOY_CANON));   /* registers are the same in all */
    for (int k = 0; k < TOY_UNITS; k++)
        p.unit[k].guest = toy_guest((ToyRules)rules);
    ToyState *in = g_new(ToyState, 1);
    gen_state(&r, in);
    bool ok = true;
    gen_program(&r, &p, toy_mem_address(e[0]), 30, focus);
    for (int n = 0; n < p.n; n++) {
        g_autofree char *bad = ir_verify(&p.unit[n]);
        if (bad) {
            printf("FAIL seed %llu: the generator made wrong IR: %s\n", (unsigned long long)seed, bad);
            toy_print(&p);
            return false;
        }
    }
    g_autofree char *v = variants_differ(e[0], &p, in);
    if (v) {
        printf("FAIL seed %llu, rules %d: %s\n", (unsigned long long)seed, rules, v);
        show(&p);
        ok = false;
    }
    for (int k = 1; k < ENGINES && ok; k++) {
        g_autofree char *d = differs(e[0], e[k], &p, in);
        if (!d)
            continue;
        reduce(e[0], e[k], &p, in);
        g_autofree char *d2 = differs(e[0], e[k], &p, in);
        printf("FAIL seed %llu, rules %d, round %u, %s: %s\nreduced: %s\n", (unsigned long long)seed, rules,
            in->c.cpu.fp_round, toy_engine_name(e[k]), d, d2 ? d2 : "gone");
        show(&p);
        ok = false;
    }
    g_free(in);
    return ok;
}

static int find_op(const char *name)
{
    for (int k = 0; k < IR_NOPS; k++)
        if (!strcmp(ir_op_info[k].name, name))
            return k;
    fprintf(stderr, "no op %s\n", name);
    exit(1);
}

int main(int argc, char **argv)
{
    const char *iter = getenv("FUZZ_ITER"), *first = getenv("FUZZ_SEED");       /* from tests/fuzz */
    long count = argc > 1 ? atol(argv[1]) : iter ? atol(iter) : DEFAULT_COUNT;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : first ? strtoull(first, NULL, 0) * DEFAULT_COUNT : 1;
    int focus = argc > 3 ? find_op(argv[3]) : -1, failures = 0;
    for (int r = 0; r < TOY_NRULES; r++)
        for (int b = 0; b < BASED; b++) {
            engine[r][b][0] = toy_engine((ToyRules)r, true, 0, b);
            engine[r][b][1] = toy_engine((ToyRules)r, true, 1, b);
            engine[r][b][2] = toy_engine((ToyRules)r, false, 0, b);
            engine[r][b][3] = toy_engine((ToyRules)r, false, 1, b);
        }
    for (long k = 0; k < count && failures < MAX_FAILURES; k++) {
        uint64_t s = seed + (uint64_t)k;        /* alone decides what happens */
        int f = focus >= 0 ? focus : s & 1 ? (int)(s / 2 % IR_NOPS) : -1;      /* each op comes into focus */
        failures += !check(s, f);
        fflush(stdout);
    }
    if (!failures)
        printf("ok %ld programs\n", count);
    return failures != 0;
}
