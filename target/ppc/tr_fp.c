/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point. Arithmetic is the IR's, FPSCR is put together when it is read (cpu.h): each arithmetic instruction
 * leaves what it was, each comparison its result, and the optimiser drops what nobody can see. While FPSCR enables
 * exceptions everything is help_fp.c's.
 */
#include "target/ppc/tr.h"
#include "ppc/ppc.decode.h"

static bool enables(const Tr *t) { return t->u->flags & PPC_TB_FP_ENABLES; }
static IrVal bits(Tr *t, IrVal f) { return ir_op1(t->u, IR_fbits, IR_I64, f); }
static IrVal from_bits(Tr *t, IrVal v) { return ir_op1(t->u, IR_ffrom, IR_F64, v); }
static IrVal sticky(Tr *t) { return ir_emit(t->u, IR_fpflags_get, IR_I32) - t->u->insn; }

static IrVal call(Tr *t, int helper, int n, IrVal a, IrVal b, IrVal c, IrVal d, IrVal e)
{
    IrVal args[] = { a, b, c, d, e };
    return ir_call(t->u, helper, n, args);
}

void put_cr1(Tr *t)
{
    scalar_mode(t);
    ir_put(t->u, R_CR0 + 1, op2(t, IR_shr, call(t, H_fpscr_read, 1, sticky(t), 0, 0, 0, 0), imm(t, 28)));
    forget_compare(t);
}

/* Behind an instruction that is complete: an enabled exception, its own or a write's, interrupts. */
static void interrupt(Tr *t)
{
    int none = ir_label_new(t->u);
    IrVal fex = op2(t, IR_and, ir_ld_env(t->u, IR_I32, MEM_32, offsetof(PpcCpu, fpscr)), imm(t, FPSCR_FEX));
    ir_brcond(t->u, COND_EQ, fex, imm(t, 0), none);
    ir_raise(t->u, EX_PPC_FP, 0, t->pc);
    ir_label(t->u, none);
    tr_stop(t);
}

static bool done(Tr *t, int frt, IrVal v, int rc)
{
    put_f(t, frt, v);
    if (rc)
        put_cr1(t);
    return true;
}

/* --- arithmetic. Operands that an instruction has not are 0. */

/* What FR, FI and FPRF are made of; op 0: nothing, they are in fpscr. */
static void record(Tr *t, uint32_t op, IrVal a, IrVal b, IrVal c)
{
    const IrVal operand[] = { a, b, c };
    ir_status(t->u, R_FPOP, R_FPC - R_FPOP);
    ir_put(t->u, R_FPOP, imm(t, op));
    ir_put(t->u, R_FPCC, imm(t, 0));
    for (int i = 0; i < 3; i++)
        if (operand[i])
            ir_put(t->u, R_FPA + i, operand[i]);
}

static IrVal exactly(Tr *t, uint32_t op, IrVal a, IrVal b, IrVal c, int frt)
{
    IrVal zero = ir_const(t->u, IR_I64, 0);
    IrVal v = call(t, H_fp_exact, 5, imm(t, op), a ? bits(t, a) : zero, b ? bits(t, b) : zero, c ? bits(t, c) : zero,
        bits(t, get_f(t, frt)));
    record(t, 0, 0, 0, 0);
    return from_bits(t, v);
}

static IrVal to_word(Tr *t, FpRound how, IrVal b)
{
    IrVal v = wide(t, ir_fcvt(t->u, IR_fcvt_fi, IR_I32, IR_F64, how, CVT_NAN_MIN, b));
    return from_bits(t, op2l(t, IR_or, v, ir_const(t->u, IR_I64, 0xfff8000000000000)));
}

/* --- singles. An FP register that the unit has put one to is known as an F32, too, and arithmetic on such operands is
 * the host's. Of others double arithmetic rounded again is right, but for fused operations, since operands that are no
 * singles have undefined results; and it cannot underflow as a double. */
static IrVal newest_put(const Tr *t, int reg)
{
    uint32_t n = t->u->n - 1;
    while (t->u->insn[n].op != IR_put || t->u->insn[n].aux != reg)
        n--;
    return t->u->insn[n].arg[0];
}

/* The F32 in register n as far as known, as bits (I32) or as a number; else 0. */
static IrVal known_single(Tr *t, int n, IrType type)
{
    if (n < 0 || !(t->scratch[T_KNOWN] >> (KNOWN_SINGLES + n) & 1))
        return 0;
    const IrInsn *i = &t->u->insn[newest_put(t, R_F0 + n)];
    IrVal v = i->arg[0];
    if (i->op != IR_ffrom_s && i->op != IR_fwiden)
        return 0;
    if ((i->op == IR_ffrom_s) == (type == IR_I32))
        return v;
    return ir_op1(t->u, type == IR_I32 ? IR_fbits : IR_ffrom, type, v);
}

static IrVal widen(Tr *t, IrVal single) { return ir_fcvt(t->u, IR_fwiden, IR_F64, IR_F32, 0, 1, single); }
static IrVal narrow(Tr *t, IrVal v) { return ir_fcvt(t->u, IR_fcvt_ff, IR_F32, IR_F64, FP_DYN, 0, v); }

static const uint16_t ir_of[] = {
    [PPC_FADD] = IR_fadd, [PPC_FSUB] = IR_fsub, [PPC_FMUL] = IR_fmul, [PPC_FDIV] = IR_fdiv, [PPC_FSQRT] = IR_fsqrt
};

/* Operands a, b, c of an instruction: register numbers, -1 none; values, 0 none. */
typedef struct Operands { int reg[3]; IrVal v[3]; } Operands;

/* The arithmetic of a kind on values of a type. single: of doubles that are to be narrowed. */
static IrVal operate(Tr *t, IrType type, uint32_t kind, bool single, const IrVal *v)
{
    IrVal x = kind == PPC_FSQRT ? v[1] : v[0], y = kind == PPC_FSQRT ? 0 : kind == PPC_FMUL ? v[2] : v[1];
    return ir_fp(t->u, ir_of[kind], type, FP_DYN, single && (kind == PPC_FMUL || kind == PPC_FDIV), x, y, 0);
}

static bool all_singles(Tr *t, const Operands *o, IrVal *s)
{
    for (int i = 0; i < 3; i++) {
        s[i] = known_single(t, o->reg[i], IR_F32);
        if (o->v[i] && !s[i])
            return false;
    }
    return true;
}

static IrVal compute_single(Tr *t, uint32_t op, const Operands *o)
{
    uint32_t kind = op & PPC_FP_KIND, neg = op >> PPC_FP_NEG_SHIFT;
    IrVal s[3];
    if (kind == PPC_FRSP)
        return narrow(t, o->v[1]);
    bool all = all_singles(t, o, s);
    if (kind == PPC_FMA && all)
        return ir_fp(t->u, IR_fma, IR_F32, FP_DYN, neg, s[0], s[2], s[1]);
    if (kind == PPC_FMA) {
        IrVal v = ir_fp(t->u, IR_fma_narrow, IR_F32, FP_DYN, neg, o->v[0], o->v[2], o->v[1]);
        t->u->insn[v].type2 = IR_F64;
        return v;
    }
    return all ? operate(t, IR_F32, kind, false, s) : narrow(t, operate(t, IR_F64, kind, true, o->v));
}

static IrVal compute(Tr *t, uint32_t op, const Operands *o)
{
    switch (op & PPC_FP_KIND) {
    case PPC_FMA: return ir_fp(t->u, IR_fma, IR_F64, FP_DYN, op >> PPC_FP_NEG_SHIFT, o->v[0], o->v[2], o->v[1]);
    case PPC_FCTIW: return to_word(t, FP_DYN, o->v[1]);
    case PPC_FCTIWZ: return to_word(t, FP_RTZ, o->v[1]);
    default: return operate(t, IR_F64, op & PPC_FP_KIND, false, o->v);
    }
}

static void put_single(Tr *t, int n, IrVal v)           /* an ffrom_s or fwiden */
{
    put_f(t, n, v);
    t->scratch[T_KNOWN] |= 1ull << (KNOWN_SINGLES + n);
}

static bool arith(Tr *t, int frt, uint32_t op, int a, int b, int c, int rc)
{
    scalar_mode(t);
    uint32_t kind = op & PPC_FP_KIND;
    Operands o = { { a, b, c }, { a < 0 ? 0 : get_f(t, a), b < 0 ? 0 : get_f(t, b), c < 0 ? 0 : get_f(t, c) } };
    if (enables(t) || kind == PPC_FRE || kind == PPC_FRSQRTE) {
        done(t, frt, exactly(t, op, o.v[0], o.v[1], o.v[2], frt), rc);
        if (t->u->flags & PPC_TB_FP_TRAPS)
            interrupt(t);
        return true;
    }
    bool single = op & PPC_FP_SINGLE || kind == PPC_FRSP;
    IrVal v = single ? widen(t, compute_single(t, op, &o)) : compute(t, op, &o);
    record(t, op, o.v[0], o.v[1], o.v[2]);
    if (single)
        put_single(t, frt, v);
    else
        put_f(t, frt, v);
    if (rc)
        put_cr1(t);
    return true;
}

bool tr_farith(Tr *t, const OpFA *a, int op) { return arith(t, a->frt, op, a->fra, a->frb, -1, a->rc); }
bool tr_fmul(Tr *t, const OpFM *a, int single)
{
    return arith(t, a->frt, PPC_FMUL | single, a->fra, -1, a->frc, a->rc);
}
bool tr_funary(Tr *t, const OpFB *a, int op) { return arith(t, a->frt, op, -1, a->frb, -1, a->rc); }

bool tr_fmadd(Tr *t, const OpFMA *a, int how)           /* FMA_NEG_* | PPC_FP_SINGLE */
{
    uint32_t op = PPC_FMA | (how & PPC_FP_SINGLE) | (how & 7) << PPC_FP_NEG_SHIFT;
    return arith(t, a->frt, op, a->fra, a->frb, a->frc, a->rc);
}

bool tr_fsel(Tr *t, const OpFMA *a)
{
    /* >= 0, -0 included, NaN not */
    IrVal x = bits(t, get_f(t, a->fra)), b = bits(t, get_f(t, a->frb)), c = bits(t, get_f(t, a->frc));
    IrVal magnitude = op2l(t, IR_and, x, ir_const(t->u, IR_I64, INT64_MAX));
    IrVal inf = ir_const(t->u, IR_I64, 0x7ff0000000000000), zero = ir_const(t->u, IR_I64, 0);
    IrVal v = ir_select(t->u, IR_I64, COND_GE, x, zero, c, b);
    v = ir_select(t->u, IR_I64, COND_EQ, magnitude, zero, c, v);
    return done(t, a->frt, from_bits(t, ir_select(t->u, IR_I64, COND_GTU, magnitude, inf, b, v)), a->rc);
}

static IrVal moved(Tr *t, IrType type, int op, IrVal v)
{
    if (op == PPC_FABS || op == PPC_FNABS)
        v = ir_op1(t->u, IR_fabs, type, v);
    if (op == PPC_FNEG || op == PPC_FNABS)
        v = ir_op1(t->u, IR_fneg, type, v);
    return v;
}

bool tr_fmove(Tr *t, const OpFB *a, int op)
{
    IrVal s = known_single(t, a->frb, IR_F32);
    if (!s)
        return done(t, a->frt, moved(t, IR_F64, op, get_f(t, a->frb)), a->rc);
    if (op == PPC_FMR)
        put_single(t, a->frt, newest_put(t, R_F0 + a->frb));
    else
        put_single(t, a->frt, ir_fcvt(t->u, IR_fwiden, IR_F64, IR_F32, 0, 0, moved(t, IR_F32, op, s)));
    if (a->rc)
        put_cr1(t);
    return true;
}

bool tr_fcmp(Tr *t, const OpFCMP *a, int ordered)
{
    scalar_mode(t);
    IrVal x = known_single(t, a->fra, IR_F32), y = known_single(t, a->frb, IR_F32), cc;
    IrType type = x && y ? IR_F32 : IR_F64;
    if (enables(t) || type == IR_F64)
        x = get_f(t, a->fra), y = get_f(t, a->frb);
    if (enables(t)) {
        cc = call(t, H_fcmp, 3, imm(t, ordered), bits(t, x), bits(t, y), 0, 0);
    } else {
        cc = ir_fp(t->u, IR_forder, type, 0, ordered, x, y, 0);
        ir_status(t->u, R_FPOP, R_FPC - R_FPOP);
        ir_put(t->u, R_FPCC, cc);
    }
    ir_put(t->u, R_CR0 + a->crf, cc);
    forget_compare(t);
    if (t->u->flags & PPC_TB_FP_TRAPS)
        interrupt(t);
    return true;
}

/* --- loads and stores; an update form needs ra != 0 */
static IrVal ea_fd(Tr *t, const OpFD *a, int *off)
{
    *off = a->ra ? a->si : 0;                           /* stays within the guard areas of a 32-bit space */
    return wide(t, a->ra ? get_r(t, a->ra) : imm(t, a->si));
}
static bool update(Tr *t, int kind, int ra, IrVal ea, int off)
{
    if (kind & L_U)
        put_r(t, ra, off ? op2(t, IR_add, low(t, ea), imm(t, off)) : low(t, ea));
    return true;
}
static bool valid(int kind, int ra) { return !(kind & L_U) || ra; }

static bool load_single(Tr *t, int kind, int frt, int ra, IrVal ea, int off)
{
    IrVal v = ir_load(t->u, IR_I32, MEM_32 | MEM_BE, ea, off);
    put_single(t, frt, ir_op1(t->u, IR_ffrom_s, IR_F64, v));
    return update(t, kind, ra, ea, off);
}

/* Integers get into FP registers through memory, as two words stored and a double loaded: what the host cannot forward
 * from two stores is put together here. The two newest stores of the block, at off and off + 4 from the same content of
 * ra, nothing that could change either in between; 0: not so. */
static bool is_word_store(const Tr *t, const IrInsn *i, int ra)
{
    const IrInsn *at = &t->u->insn[i->arg[0]], *base = &t->u->insn[at->arg[0]];
    return i->op == IR_store && i->mem == (MEM_32 | MEM_BE) && at->op == IR_zext32 && base->op == IR_get &&
        base->aux == R_R0 + ra;
}

static IrVal just_stored(Tr *t, int ra, int32_t off)
{
    enum { FAR = 60 };
    const IrUnit *u = t->u;
    IrVal half[2] = { 0, 0 };
    for (uint32_t n = u->n - 1; n > 0 && n + FAR > u->n && !(half[0] && half[1]); n--) {
        const IrInsn *i = &u->insn[n];
        if (is_word_store(t, i, ra) && (i->imm == off || i->imm == off + 4) && !half[i->imm != off])
            half[i->imm != off] = i->arg[1];
        else if ((i->op == IR_put && i->aux == R_R0 + ra) ||
            (i->op != IR_put && i->op != IR_insn && ir_op_info[i->op].bits & (OPF_SIDE | OPF_END) &&
                i->op != IR_exit_if && i->op != IR_exit_if_f))
            return 0;
    }
    if (!half[0] || !half[1])
        return 0;
    return op2l(t, IR_or, op2l(t, IR_shl, wide(t, half[0]), ir_const(t->u, IR_I64, 32)), wide(t, half[1]));
}

static bool load_double(Tr *t, int kind, int frt, int ra, IrVal ea, int off)
{
    put_f(t, frt, ir_load(t->u, IR_F64, MEM_64 | MEM_BE, ea, off));
    return update(t, kind, ra, ea, off);
}

static bool store_single(Tr *t, int kind, int frt, int ra, IrVal ea, int off)
{
    IrVal known = known_single(t, frt, IR_I32);
    ir_store(t->u, MEM_32 | MEM_BE, ea, off, known ? known : ir_op1(t->u, IR_fbits_s, IR_F64, get_f(t, frt)));
    return update(t, kind, ra, ea, off);
}

static bool store_double(Tr *t, int kind, int frt, int ra, IrVal ea, int off)
{
    ir_store(t->u, MEM_64 | MEM_BE, ea, off, get_f(t, frt));
    return update(t, kind, ra, ea, off);
}

static bool d_form(Tr *t, const OpFD *a, int kind, bool (*access)(Tr *, int, int, int, IrVal, int))
{
    int off;
    if (!valid(kind, a->ra))
        return false;
    IrVal ea = ea_fd(t, a, &off);
    return access(t, kind, a->frt, a->ra, ea, off);
}

/* Singles are widened by the host's conversion, which must not flush. */
bool tr_lfs(Tr *t, const OpFD *a, int k)
{
    scalar_mode(t);
    return d_form(t, a, k, load_single);
}

bool tr_lfsx(Tr *t, const OpFX *a, int k)
{
    scalar_mode(t);
    return valid(k, a->ra) && load_single(t, k, a->frt, a->ra, ea_x(t, a->ra, a->rb), 0);
}

bool tr_stfs(Tr *t, const OpFD *a, int k) { return d_form(t, a, k, store_single); }
bool tr_stfd(Tr *t, const OpFD *a, int k) { return d_form(t, a, k, store_double); }
bool tr_lfd(Tr *t, const OpFD *a, int k)
{
    IrVal v = k & L_U || !a->ra ? 0 : just_stored(t, a->ra, a->si);
    if (!v)
        return d_form(t, a, k, load_double);
    put_f(t, a->frt, from_bits(t, v));
    return true;
}

bool tr_lfdx(Tr *t, const OpFX *a, int k)
{
    return valid(k, a->ra) && load_double(t, k, a->frt, a->ra, ea_x(t, a->ra, a->rb), 0);
}
bool tr_stfsx(Tr *t, const OpFX *a, int k)
{
    return valid(k, a->ra) && store_single(t, k, a->frt, a->ra, ea_x(t, a->ra, a->rb), 0);
}
bool tr_stfdx(Tr *t, const OpFX *a, int k)
{
    return valid(k, a->ra) && store_double(t, k, a->frt, a->ra, ea_x(t, a->ra, a->rb), 0);
}

bool tr_stfiwx(Tr *t, const OpFX *a)
{
    ir_store(t->u, MEM_32 | MEM_BE, ea_x(t, a->ra, a->rb), 0, low(t, bits(t, get_f(t, a->frt))));
    return true;
}

/* --- FPSCR */

/* Flags that the host gathered are in fpscr now; it may keep some that fpscr has. */
static void settled(Tr *t, IrVal flags) { ir_emit(t->u, IR_fpflags_put, IR_VOID)->arg[0] = flags; }
static void settle_for(Tr *t, IrVal result) { settled(t, op2(t, IR_shr, result, imm(t, FPSCR_WRITE_FLAGS))); }

/* A new mode holds from the next instruction on. result: of h_fpscr_write. Goes on at `same`. */
static bool written(Tr *t, IrVal result, int rc, int same)
{
    int calm = ir_label_new(t->u);
    settle_for(t, result);
    if (rc)
        put_cr1(t);
    ir_brcond(t->u, COND_EQ, op2(t, IR_and, result, imm(t, FPSCR_WRITE_MODE | FPSCR_WRITE_ROUND)), imm(t, 0), same);
    IrVal mode = op2(t, IR_and, result, imm(t, 3)), leave = op2(t, IR_and, result, imm(t, FPSCR_WRITE_MODE));
    ir_emit(t->u, IR_fpround_put, IR_VOID)->arg[0] = mode;
    ir_brcond(t->u, COND_EQ, leave, imm(t, 0), same);
    IrVal flags = ir_ld_env(t->u, IR_I32, MEM_32, offsetof(PpcCpu, head.tb_flags)),
          fpscr = ir_ld_env(t->u, IR_I32, MEM_32, offsetof(PpcCpu, fpscr));
    /* PPC_TB_FP_TRAPS, FPSCR_FEX */
    IrVal traps = op2(t, IR_and, op2(t, IR_shr, flags, imm(t, 9)), op2(t, IR_shr, fpscr, imm(t, 30)));
    ir_brcond(t->u, COND_EQ, op2(t, IR_and, traps, imm(t, 1)), imm(t, 0), calm);
    ir_raise(t->u, EX_PPC_FP, 0, t->pc);
    ir_label(t->u, calm);
    ir_raise(t->u, EX_ICACHE, 0, (uint32_t)(t->pc + 4));
    ir_label(t->u, same);
    tr_stop(t);
    return true;
}

/* Fields without rounding and enables cannot change the mode. */
static bool write_fpscr(Tr *t, IrVal value, uint32_t mask, int rc)
{
    IrVal result = call(t, H_fpscr_write, 3, sticky(t), value, imm(t, mask), 0, 0);
    if (mask & (FPSCR_RN | FPSCR_VE | FPSCR_OE | FPSCR_UE | FPSCR_ZE | FPSCR_XE))
        return written(t, result, rc, ir_label_new(t->u));
    settle_for(t, result);
    if (rc)
        put_cr1(t);
    return true;
}

/* The upper half is undefined; 0, as later processors have it, compares as a number. */
bool tr_mffs(Tr *t, const OpFT *a)
{
    scalar_mode(t);
    return done(t, a->frt, from_bits(t, wide(t, call(t, H_fpscr_read, 1, sticky(t), 0, 0, 0, 0))), a->rc);
}

bool tr_mtfsf(Tr *t, const OpMTFSF *a)
{
    scalar_mode(t);
    uint32_t mask = 0;
    for (int i = 0; i < 8; i++)
        if (a->flm >> i & 1)
            mask |= 15u << 4 * i;
    if (mask == ~0u) {                                  /* nobody asks about the last operation any more */
        ir_status(t->u, R_FPOP, R_FPC - R_FPOP);
        ir_put(t->u, R_FPOP, imm(t, 0));
        ir_put(t->u, R_FPCC, imm(t, 0));
    }
    return write_fpscr(t, low(t, bits(t, get_f(t, a->frb))), mask, a->rc);
}

bool tr_mtfsfi(Tr *t, const OpMTFSFI *a)
{
    scalar_mode(t);
    int shift = 28 - 4 * a->crf;
    if (a->crf != 7 || a->rc || enables(t))
        return write_fpscr(t, imm(t, (uint32_t)a->imm << shift), 15u << shift, a->rc);
    /* XE NI RN: C libraries save and restore the mode, which seldom changes */
    int same = ir_label_new(t->u);
    IrVal now = op2(t, IR_and, ir_ld_env(t->u, IR_I32, MEM_32, offsetof(PpcCpu, fpscr)), imm(t, 15));
    ir_brcond(t->u, COND_EQ, now, imm(t, a->imm), same);
    return written(t, call(t, H_fpscr_write, 3, sticky(t), imm(t, a->imm), imm(t, 15), 0, 0), 0, same);
}

bool tr_mtfsb(Tr *t, const OpBT *a, int one)
{
    scalar_mode(t);
    uint32_t bit = 1u << (31 - a->bt);
    if (!one)
        return write_fpscr(t, imm(t, 0), bit, a->rc);
    return written(t, call(t, H_fpscr_set, 2, sticky(t), imm(t, bit), 0, 0, 0), a->rc, ir_label_new(t->u));
}

bool tr_mcrfs(Tr *t, const OpMCRF *a)
{
    scalar_mode(t);
    ir_put(t->u, R_CR0 + a->crf, call(t, H_mcrfs, 2, sticky(t), imm(t, a->crs), 0, 0, 0));
    settled(t, imm(t, 0));
    forget_compare(t);
    return true;
}
