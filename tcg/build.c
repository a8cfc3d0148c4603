/* SPDX-License-Identifier: Apache-2.0 */
/* The IR builder. Each function appends one instruction, then lets fold.c look at it: a constant stays as
 * `const`, a copy is dropped and its operand returned. Rewrites that need a new constant are here (reshape). */
#include <glib.h>
#include <string.h>
#include "fold.h"
#include "tcg.h"

void ir_unit_init(IrUnit *u, const struct TcgGuest *g)
{
    *u = (IrUnit){ .guest = g, .regs = g->regs, .n = 1 };
}

void ir_unit_reset(IrUnit *u, gaddr pc, uint32_t flags)
{
    u->pc = pc;
    u->flags = flags;
    u->n = 1;
    u->nguest = u->nrange = 0;
    u->nlabels = u->flags_reg = u->nstatus = 0;
}

void ir_unit_free(IrUnit *u)
{
    g_free(u->insn);
    u->insn = NULL;
    u->n = u->cap = 0;
}

void ir_grow(IrUnit *u)
{
    bool fresh = !u->insn;
    if (u->cap == IR_UNIT_MAX)
        g_error("unit 0x%" G_GINT64_MODIFIER "x: too long", u->pc);
    u->cap = u->cap ? u->cap * 2 : 512;
    u->insn = g_renew(IrInsn, u->insn, u->cap);
    if (fresh)
        u->insn[0] = (IrInsn){ .op = IR_NOPS - 1 };     /* no value; never executed */
}

/* See ir_simplified1. */
static inline bool simplifies(const IrUnit *u) { return !u->cold; }

/* Simplify the last instruction; the value it stands for. */
static inline IrVal finish(IrUnit *u, IrInsn *i)
{
    while (simplifies(u) && ir_fold(u, i)) {
        if (i->op == IR_mov) {
            u->n--;
            return i->arg[0];
        }
        if (!i->nargs)
            break;
    }
    return u->n - 1;
}

static IrType type_of(const IrUnit *u, IrVal v) { return ir_result_type(&u->insn[v]); }

bool ir_is_const(const IrUnit *u, IrVal v, int64_t *out)
{
    if (u->insn[v].op != IR_const)
        return false;
    *out = u->insn[v].imm;
    return true;
}

IrVal ir_addr(IrUnit *u, IrType t, gaddr a)
{
    ir_emit(u, IR_addr, t)->imm = t == IR_I32 ? (int32_t)a : (int64_t)a;
    return u->n - 1;
}

bool ir_is_addr(const IrUnit *u, IrVal v, gaddr *out)
{
    if (u->insn[v].op != IR_addr)
        return false;
    *out = (gaddr)u->insn[v].imm;
    return true;
}

/* --- rewrites with a new constant */
static int log2_of(int64_t k, IrType t)
{
    uint64_t x = t == IR_I32 ? (uint32_t)k : (uint64_t)k;
    return x && !(x & (x - 1)) ? __builtin_ctzll(x) : -1;
}

/* (x op k1) op k2 with op associative: x op (k1 op k2). */
static void reassociate(IrUnit *u, IrOp op, IrType t, IrVal *a, IrVal *b, int64_t k2)
{
    const IrInsn *d = &u->insn[*a];
    int64_t k1;
    if (d->op != op || !ir_is_const(u, d->arg[1], &k1))
        return;
    *a = d->arg[0];
    *b = ir_const(u, t,
        op == IR_add       ? (int64_t)((uint64_t)k1 + (uint64_t)k2)
            : op == IR_and ? k1 & k2
            : op == IR_or  ? k1 | k2
                           : k1 ^ k2);
}

/* One of the operands is a constant. */
__attribute__((noinline)) static IrOp reshape(IrUnit *u, IrOp op, IrType t, IrVal *a, IrVal *b)
{
    int64_t k;
    if (t != IR_I32 && t != IR_I64)
        return op;
    if (u->insn[*a].op == IR_const && ir_op_info[op].bits & OPF_COMM) {
        IrVal x = *a;
        *a = *b;
        *b = x;
    }
    if (!ir_is_const(u, *b, &k) || u->insn[*a].op == IR_const)
        return op;
    int s;
    switch (op) {
    case IR_sub:
        *b = ir_const(u, t, (int64_t)(0 - (uint64_t)k));
        reassociate(u, IR_add, t, a, b, (int64_t)(0 - (uint64_t)k));
        return IR_add;
    case IR_add: case IR_and: case IR_or: case IR_xor:
        reassociate(u, op, t, a, b, k);
        return op;
    case IR_mul: case IR_divu:
        if ((s = log2_of(k, t)) <= 0)
            return op;
        *b = ir_const(u, t, s);
        return op == IR_mul ? IR_shl : IR_shr;
    case IR_remu:
        if (log2_of(k, t) <= 0)
            return op;
        *b = ir_const(u, t, k - 1);
        return IR_and;
    default: return op;
    }
}

IrVal ir_simplified1(IrUnit *u, IrOp op, IrType t, IrVal a)
{
    IrInsn *i = ir_emit(u, op, t);
    i->arg[0] = a;
    return finish(u, i);
}

IrVal ir_simplified2(IrUnit *u, IrOp op, IrType t, IrVal a, IrVal b)
{
    if (u->insn[a].op == IR_const || u->insn[b].op == IR_const)
        op = reshape(u, op, t, &a, &b);
    IrInsn *i = ir_emit(u, op, t);
    i->arg[0] = a;
    i->arg[1] = b;
    return finish(u, i);
}

IrVal ir_op3(IrUnit *u, IrOp op, IrType t, IrVal a, IrVal b, IrVal c)
{
    IrInsn *i = ir_emit(u, op, t);
    i->arg[0] = a;
    i->arg[1] = b;
    i->arg[2] = c;
    return finish(u, i);
}

/* --- state */
void ir_status(IrUnit *u, int reg, int behind)
{
    u->flags_reg = (uint16_t)(reg + 1);
    u->nstatus = (uint16_t)behind;
}

IrVal ir_ld_env(IrUnit *u, IrType t, int mem, uint32_t offset)
{
    IrInsn *i = ir_emit(u, IR_ld_env, t);
    i->mem = (uint16_t)mem;
    i->imm = offset;
    return u->n - 1;
}

void ir_st_env(IrUnit *u, int mem, uint32_t offset, IrVal v)
{
    IrInsn *i = ir_emit(u, IR_st_env, type_of(u, v));
    i->mem = (uint16_t)mem;
    i->imm = offset;
    i->arg[0] = v;
}

/* --- memory */
IrInsn *ir_simplified_access(IrUnit *u, IrOp op, IrType t, int mem, IrVal addr, int64_t off)
{
    if (off != (int32_t)off) {
        addr = ir_op2(u, IR_add, IR_I64, addr, ir_const(u, IR_I64, off));
        off = 0;
    }
    IrInsn *i = ir_emit(u, op, t);
    i->mem = (uint16_t)mem;
    i->arg[0] = addr;
    i->imm = off;
    if (simplifies(u))
        ir_fold(u, i);
    return i;
}

IrVal ir_rmw(IrUnit *u, IrOp op, IrType t, int mem, IrVal addr, IrVal v)
{
    ir_access(u, op, t, mem, addr, 0)->arg[1] = v;
    return u->n - 1;
}

IrVal ir_cas(IrUnit *u, IrType t, int mem, IrVal addr, IrVal expect, IrVal desired)
{
    IrInsn *i = ir_access(u, IR_cas, t, mem, addr, 0);
    i->arg[1] = expect;
    i->arg[2] = desired;
    return u->n - 1;
}

/* --- conditions */
static IrVal emit_cond(IrUnit *u, IrOp op, IrType t, IrType t2, IrCond c, const IrVal *v)
{
    IrInsn *i = ir_emit(u, op, t);
    i->type2 = (uint8_t)t2;
    i->cond = (uint8_t)c;
    memcpy(i->arg, v, i->nargs * sizeof *v);
    return finish(u, i);
}

IrVal ir_setcond(IrUnit *u, IrType t, IrCond c, IrVal a, IrVal b)
{
    return emit_cond(u, IR_setcond, t, IR_VOID, c, (IrVal[]){ a, b });
}

IrVal ir_select(IrUnit *u, IrType t, IrCond c, IrVal a, IrVal b, IrVal x, IrVal y)
{
    return emit_cond(u, IR_select, t, type_of(u, a), c, (IrVal[]){ a, b, x, y });
}

IrVal ir_setcond_f(IrUnit *u, IrType t, IrCond c, IrVal flags)
{
    return emit_cond(u, IR_setcond_f, t, IR_VOID, c, &flags);
}

IrVal ir_select_f(IrUnit *u, IrType t, IrCond c, IrVal flags, IrVal x, IrVal y)
{
    return emit_cond(u, IR_select_f, t, IR_VOID, c, (IrVal[]){ flags, x, y });
}

/* --- fields */
static IrVal emit_field(IrUnit *u, IrOp op, IrType t, IrVal a, IrVal b, int pos, int len)
{
    IrInsn *i = ir_emit(u, op, t);
    i->aux = (uint16_t)(pos | len << 8);
    i->arg[0] = a;
    i->arg[1] = b;
    return finish(u, i);
}

IrVal ir_extract(IrUnit *u, IrType t, IrVal a, int pos, int len)
{
    return emit_field(u, IR_extract, t, a, 0, pos, len);
}
IrVal ir_sextract(IrUnit *u, IrType t, IrVal a, int pos, int len)
{
    return emit_field(u, IR_sextract, t, a, 0, pos, len);
}
IrVal ir_deposit(IrUnit *u, IrType t, IrVal a, IrVal b, int pos, int len)
{
    return emit_field(u, IR_deposit, t, a, b, pos, len);
}

/* --- FP and vectors: one shape */
typedef struct Shape { IrType t, t2; IrCond c; IrLane e; FpRound r; int64_t imm; int aux; IrVal a, b, x; } Shape;

static IrVal emit_shape(IrUnit *u, IrOp op, Shape s)
{
    IrInsn *i = ir_emit(u, op, s.t);
    i->type2 = (uint8_t)s.t2;
    i->cond = (uint8_t)s.c;
    i->lane = (uint8_t)s.e;
    i->round = (uint8_t)s.r;
    i->imm = s.imm;
    i->aux = (uint16_t)s.aux;
    i->arg[0] = s.a;
    i->arg[1] = s.b;
    i->arg[2] = s.x;
    return finish(u, i);
}

IrVal ir_fp(IrUnit *u, IrOp op, IrType t, FpRound r, int aux, IrVal a, IrVal b, IrVal c)
{
    return emit_shape(u, op, (Shape){ .t = t, .r = r, .aux = aux, .a = a, .b = b, .x = c });
}

IrVal ir_fcvt(IrUnit *u, IrOp op, IrType to, IrType from, FpRound r, int aux, IrVal a)
{
    return emit_shape(u, op, (Shape){ .t = to, .t2 = from, .r = r, .aux = aux, .a = a });
}

IrVal ir_order(IrUnit *u, IrType t, bool is_unsigned, IrVal a, IrVal b)
{
    return emit_shape(u, IR_order, (Shape){ .t = t, .aux = is_unsigned, .a = a, .b = b });
}

IrVal ir_fcmp(IrUnit *u, IrCond c, IrType t, bool signalling, IrVal a, IrVal b)
{
    return emit_shape(u, IR_fcmp, (Shape){ .t = t, .c = c, .aux = signalling, .a = a, .b = b });
}

IrVal ir_v1(IrUnit *u, IrOp op, IrType t, IrLane e, int64_t imm, IrVal a)
{
    return emit_shape(u, op, (Shape){ .t = t, .e = e, .imm = imm, .a = a });
}

IrVal ir_v2(IrUnit *u, IrOp op, IrType t, IrLane e, int64_t imm, IrVal a, IrVal b)
{
    return emit_shape(u, op, (Shape){ .t = t, .e = e, .imm = imm, .a = a, .b = b });
}

IrVal ir_v3(IrUnit *u, IrOp op, IrType t, IrLane e, int64_t imm, IrVal a, IrVal b, IrVal c)
{
    return emit_shape(u, op, (Shape){ .t = t, .e = e, .imm = imm, .a = a, .b = b, .x = c });
}

IrVal ir_vfp(IrUnit *u, IrOp op, IrType t, IrLane e, FpRound r, int aux, IrVal a, IrVal b, IrVal c)
{
    return emit_shape(u, op, (Shape){ .t = t, .e = e, .r = r, .aux = aux, .a = a, .b = b, .x = c });
}

IrVal ir_vcmp(IrUnit *u, IrType t, IrLane e, IrCond c, IrVal a, IrVal b)
{
    return emit_shape(u, IR_vcmp, (Shape){ .t = t, .e = e, .c = c, .a = a, .b = b });
}

IrVal ir_vconv(IrUnit *u, IrOp op, IrType to, IrType from, IrLane e, int64_t imm, int aux, IrVal a)
{
    return emit_shape(u, op, (Shape){ .t = to, .t2 = from, .e = e, .imm = imm, .aux = aux, .a = a });
}

IrVal ir_vset(IrUnit *u, IrType t, IrLane e, int lane, IrVal a, IrVal b)
{
    return emit_shape(u, IR_vset, (Shape){ .t = t, .t2 = type_of(u, b), .e = e, .imm = lane, .a = a, .b = b });
}

IrVal ir_call(IrUnit *u, int helper, int nargs, const IrVal *args)
{
    IrInsn *i = ir_emit(u, IR_call, (IrType)u->guest->helpers[helper].ret);
    i->imm = helper;
    i->nargs = (uint8_t)nargs;
    for (int k = 0; k < nargs; k++)
        i->arg[k] = args[k];
    return u->n - 1;
}

/* --- control inside the unit */
int ir_label_new(IrUnit *u) { return u->nlabels++; }
void ir_label(IrUnit *u, int label) { ir_emit(u, IR_label, IR_VOID)->aux = (uint16_t)label; }
void ir_br(IrUnit *u, int label) { ir_emit(u, IR_br, IR_VOID)->aux = (uint16_t)label; }

/* A branch or side exit whose condition may turn out constant: gone, or unconditional (op `always`). */
static void emit_leave(IrUnit *u, IrOp op, IrOp always, IrCond c, IrVal a, IrVal b, int label, gaddr pc)
{
    IrInsn *i = ir_emit(u, op, type_of(u, a));
    i->cond = (uint8_t)c;
    i->aux = (uint16_t)label;
    i->imm = (int64_t)pc;
    i->arg[0] = a;
    i->arg[1] = b;
    while (simplifies(u) && ir_fold(u, i))
        ;
    int known = ir_cond_known(u, i);
    if (known < 0)
        return;
    u->n--;
    if (!known)
        return;
    i = ir_emit(u, always, IR_VOID);
    i->aux = (uint16_t)label;
    i->imm = (int64_t)pc;
}

void ir_brcond(IrUnit *u, IrCond c, IrVal a, IrVal b, int label) { emit_leave(u, IR_brcond, IR_br, c, a, b, label, 0); }
void ir_brcond_f(IrUnit *u, IrCond c, IrVal flags, int label)
{
    emit_leave(u, IR_brcond_f, IR_br, c, flags, 0, label, 0);
}
void ir_exit_if(IrUnit *u, IrCond c, IrVal a, IrVal b, gaddr pc) { emit_leave(u, IR_exit_if, IR_jump, c, a, b, 0, pc); }
void ir_exit_if_f(IrUnit *u, IrCond c, IrVal flags, gaddr pc)
{
    emit_leave(u, IR_exit_if_f, IR_jump, c, flags, 0, 0, pc);
}

/* --- leaving */
static uint64_t growth(const IrUnit *u, uint32_t r, gaddr lo, gaddr hi)
{
    gaddr a = u->range[r].pc, b = a + u->range[r].len;
    return (a > lo ? a - lo : 0) + (hi > b ? hi - b : 0);
}

/* Add [pc, pc + len) to the guest code that the unit depends on. When all ranges are taken, the nearest grows. */
void ir_add_range(IrUnit *u, gaddr pc, uint32_t len)
{
    uint32_t best = 0;
    for (uint32_t r = 0; r < u->nrange; r++) {
        if (pc >= u->range[r].pc && pc <= u->range[r].pc + u->range[r].len && pc + len >= pc) {
            uint32_t end = (uint32_t)(pc - u->range[r].pc) + len;
            u->range[r].len = end > u->range[r].len ? end : u->range[r].len;
            return;
        }
        if (growth(u, r, pc, pc + len) < growth(u, best, pc, pc + len))
            best = r;
    }
    if (u->nrange < G_N_ELEMENTS(u->range)) {
        u->range[u->nrange].pc = pc;
        u->range[u->nrange++].len = len;
        return;
    }
    gaddr lo = MIN(u->range[best].pc, pc), hi = MAX(u->range[best].pc + u->range[best].len, pc + len);
    u->range[best].pc = lo;
    u->range[best].len = (uint32_t)(hi - lo);
}

static IrInsn *emit_exit(IrUnit *u, IrOp op, IrVal a, int64_t imm, uint64_t imm2)
{
    IrInsn *i = ir_emit(u, op, IR_VOID);
    i->arg[0] = a;
    i->imm = imm;
    i->imm2 = imm2;
    return i;
}

void ir_jump(IrUnit *u, gaddr pc) { emit_exit(u, IR_jump, 0, (int64_t)pc, 0); }
void ir_calljump(IrUnit *u, gaddr pc, gaddr ret) { emit_exit(u, IR_calljump, 0, (int64_t)pc, ret); }
void ir_ret(IrUnit *u, IrVal pc) { emit_exit(u, IR_ret, pc, 0, 0); }
void ir_raise(IrUnit *u, int code, int64_t arg, gaddr pc) { emit_exit(u, IR_raise, 0, arg, pc)->aux = (uint16_t)code; }

void ir_jump_ind(IrUnit *u, IrVal pc)
{
    gaddr to;
    if (ir_is_addr(u, pc, &to))
        ir_jump(u, to);
    else
        emit_exit(u, IR_jump_ind, pc, 0, 0);
}

void ir_calljump_ind(IrUnit *u, IrVal pc, gaddr ret)
{
    gaddr to;
    if (ir_is_addr(u, pc, &to))
        ir_calljump(u, to, ret);
    else
        emit_exit(u, IR_calljump_ind, pc, 0, ret);
}
