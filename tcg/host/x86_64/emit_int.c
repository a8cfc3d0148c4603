/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering of integer arithmetic, comparisons and selections; emit_bits.c has shifts and fields. */
#include "emit.h"
#include "lower.h"
#include "ra.h"

/* --- shared with emit_flags.c and emit_flow.c */
bool eflags_live(Em *e) { return e->eflags && e->val[e->eflags].kind == V_EFLAGS && e->val[e->eflags].last > e->i; }

bool alu_matches(Em *e, int op, const IrInsn *in)
{
    return e->alu == op && e->alu_type == in->type && e->alu_a == e->val[in->arg[0]].rep &&
           e->alu_b == e->val[in->arg[1]].rep && e->alu_c == e->val[in->arg[2]].rep;
}

void alu_note(Em *e, int op, const IrInsn *in)
{
    e->alu = (uint8_t)op;
    e->alu_type = in->type;
    e->alu_a = e->val[in->arg[0]].rep;
    e->alu_b = e->val[in->arg[1]].rep;
    e->alu_c = e->val[in->arg[2]].rep;          /* adc and sbc; else 0 */
    e->inv = op == IR_sub || op == IR_sbc;
}

bool flags_follow(Em *e, int flags_op, const IrInsn *in)
{
    for (uint32_t k = 1; k <= 2 && e->i + k < e->u->n; k++) {
        const IrInsn *f = in + k;
        if (f->op == flags_op)
            return f->type == in->type && f->arg[0] == in->arg[0] && f->arg[1] == in->arg[1] &&
                   f->arg[2] == in->arg[2] && e->val[e->i + k].uses;
        if (f->op != IR_put)
            return false;
    }
    return false;
}

static void swap_operands(Em *e, IrVal *a, IrVal *b)
{
    int64_t c;
    if (use_imm(e, *a, &c)) {
        IrVal t = *a;
        *a = *b;
        *b = t;
    }
}

void prefer_hint(Em *e, IrVal *a, IrVal *b)
{
    const Val *xb = rv(e, *b);
    int h = e->val[e->i].hint;
    if (xb->kind == V_G &&
        ((h != NOREG && xb->reg == h) || (xb->owned && xb->last <= e->i && rv(e, *a)->kind != V_G))) {
        IrVal t = *a;
        *a = *b;
        *b = t;
    }
}

static void lower_add(Em *e, const IrInsn *in)
{
    IrVal a = in->arg[0], b = in->arg[1];
    bool w = w64(in), want = flags_follow(e, IR_flags_add, in), keep = eflags_live(e);
    int64_t c;
    swap_operands(e, &a, &b);
    if (use_imm32(e, b, &c)) {
        if (!want && (keep || rv(e, a)->kind == V_G)) {
            int ra = use_g(e, a), d = def_g(e, 0);
            if (d != ra || keep) {
                lea(e, w, d, (Mem){ (uint8_t)ra, NOREG, 0, (int32_t)c });
            } else {
                flags_clobber(e);
                alu_ri(e, ALU_ADD, w, d, (int32_t)c);
            }
            return;
        }
        int d = def_copy_g(e, a, 0);
        flags_clobber(e);
        alu_ri(e, ALU_ADD, w, d, (int32_t)c);
        if (want)
            alu_note(e, IR_add, in);
        return;
    }
    prefer_hint(e, &a, &b);
    if (!want && (keep || (rv(e, a)->kind == V_G && rv(e, b)->kind == V_G))) {
        int ra = use_g(e, a), rb = use_g(e, b), d = def_g(e, 0);
        if (!keep && (d == ra || d == rb)) {
            flags_clobber(e);
            alu_rr(e, ALU_ADD, w, d, d == ra ? rb : ra);
        } else {
            lea(e, w, d, (Mem){ (uint8_t)ra, (uint8_t)rb, 0, 0 });
        }
        return;
    }
    Opd ob = use_o(e, b);
    int d = def_copy_g(e, a, b);
    flags_clobber(e);
    alu_ro(e, ALU_ADD, w, d, ob);
    if (want)
        alu_note(e, IR_add, in);
}

/* Changes no flags. */
static void not_reg(Em *e, bool w, int r) { em_op(e, 0xf7 | (w ? RW : 0), 2, opd_reg(r), 0); }

/* a - b = a + ~b + 1, EFLAGS as they were */
static void sub_by_lea(Em *e, bool w, IrVal a, IrVal b)
{
    int rb = use_g(e, b), ra = use_g(e, a), t = tmp_g(e), d = def_g(e, 0);
    mov_rr(e, w, t, rb);
    not_reg(e, w, t);
    lea(e, w, d, (Mem){ (uint8_t)ra, (uint8_t)t, 0, 1 });
}

static void lower_sub(Em *e, const IrInsn *in)
{
    IrVal a = in->arg[0], b = in->arg[1];
    bool w = w64(in), want = flags_follow(e, IR_flags_sub, in);
    bool same = alu_matches(e, IR_sub, in);     /* EFLAGS are already those of this subtraction: repeating it keeps
                                                 * them */
    bool keep = eflags_live(e) && !want && !same;
    int64_t c;
    if (use_imm32(e, b, &c) && c != INT32_MIN) {
        if (!want && !same && (keep || rv(e, a)->kind == V_G)) {
            int ra = use_g(e, a), d = def_g(e, 0);
            lea(e, w, d, (Mem){ (uint8_t)ra, NOREG, 0, (int32_t)-c });
            return;
        }
        int d = def_copy_g(e, a, 0);
        if (!same)
            flags_clobber(e);
        alu_ri(e, ALU_SUB, w, d, (int32_t)c);
        if (want || same)       /* the carry sense is a fresh one */
            alu_note(e, IR_sub, in);
        return;
    }
    if (keep) {
        sub_by_lea(e, w, a, b);
        return;
    }
    const Val *xb = rv(e, b);
    int h = e->val[e->i].hint;
    if (!same && !want && xb->kind == V_G && xb->reg == h && dies(e, b) &&
        !(rv(e, a)->kind == V_G && rv(e, a)->reg == h)) { /* d = a - d */
        Opd oa = use_o(e, a);
        int d = def_copy_g(e, b, a);
        flags_clobber(e);
        em_op(e, 0xf7 | (w ? RW : 0), 3, opd_reg(d), 0);
        alu_ro(e, ALU_ADD, w, d, oa);
        return;
    }
    Opd ob = use_o(e, b);
    int d = def_copy_g(e, a, b);
    if (!same)
        flags_clobber(e);
    alu_ro(e, ALU_SUB, w, d, ob);
    if (want || same)
        alu_note(e, IR_sub, in);
}

static void lower_and_imm(Em *e, const IrInsn *in, IrVal a, int64_t c)
{
    if (c == 0xff || c == 0xffff || (c == 0xffffffff && w64(in))) {
        Opd o = c == 0xffffffff ? opd_reg(use_g(e, a)) : use_o(e, a);
        int d = def_g(e, 0);
        if (c == 0xff)
            movzx8(e, d, o);
        else if (c == 0xffff)
            movzx16(e, d, o);
        else
            em_op(e, 0x8b, d, o, 0);
        return;
    }
    int d = def_copy_g(e, a, 0);
    flags_clobber(e);
    alu_ri(e, ALU_AND, w64(in) && c < 0, d, (int32_t)c);
}

static void lower_logic(Em *e, const IrInsn *in)
{
    int alu = in->op == IR_and ? ALU_AND : in->op == IR_or ? ALU_OR : ALU_XOR;
    IrVal a = in->arg[0], b = in->arg[1];
    bool want = in->op == IR_and && flags_follow(e, IR_flags_and, in);
    int64_t c;
    swap_operands(e, &a, &b);
    if (use_imm(e, b, &c)) {
        if (alu == ALU_AND && !want && (c == (int32_t)c || (c == 0xffffffff && w64(in)))) {
            lower_and_imm(e, in, a, c);
            return;
        }
        if (c == (int32_t)c) {
            int d = def_copy_g(e, a, 0);
            flags_clobber(e);
            alu_ri(e, alu, w64(in), d, (int32_t)c);
            if (want)
                alu_note(e, IR_and, in);
            return;
        }
    }
    prefer_hint(e, &a, &b);
    Opd ob = use_o(e, b);
    int d = def_copy_g(e, a, b);
    flags_clobber(e);
    alu_ro(e, alu, w64(in), d, ob);
    if (want)
        alu_note(e, IR_and, in);
}

static void lower_andc(Em *e, const IrInsn *in)
{
    bool w = w64(in);
    if (e->hc->bmi1) {
        Opd oa = use_o(e, in->arg[0]);
        int rb = use_g(e, in->arg[1]), d = def_g(e, 0);
        flags_clobber(e);
        em_vex(e, M0F38 | 0xf2 | (w ? RW : 0), 0, d, rb, oa, 0);
        return;
    }
    int t = tmp_g(e);
    mov_rr(e, true, t, use_g(e, in->arg[1]));
    not_reg(e, w, t);
    int d = def_copy_g(e, in->arg[0], 0);
    flags_clobber(e);
    alu_rr(e, ALU_AND, w, d, t);
}

static void lower_orc(Em *e, const IrInsn *in)
{
    bool w = w64(in);
    int rb = use_g(e, in->arg[1]), t = tmp_g(e);
    mov_rr(e, true, t, rb);
    not_reg(e, w, t);
    int d = def_copy_g(e, in->arg[0], 0);
    flags_clobber(e);
    alu_rr(e, ALU_OR, w, d, t);
}

static void lower_eqv(Em *e, const IrInsn *in)
{
    Opd ob = use_o(e, in->arg[1]);
    int d = def_copy_g(e, in->arg[0], in->arg[1]);
    flags_clobber(e);
    alu_ro(e, ALU_XOR, w64(in), d, ob);
    not_reg(e, w64(in), d);
}

static void lower_neg(Em *e, const IrInsn *in)
{
    int d = def_copy_g(e, in->arg[0], 0);
    if (eflags_live(e)) {
        not_reg(e, w64(in), d);
        lea(e, w64(in), d, (Mem){ (uint8_t)d, NOREG, 0, 1 });
        return;
    }
    flags_clobber(e);
    em_op(e, 0xf7 | (w64(in) ? RW : 0), 3, opd_reg(d), 0);
}

static void lower_not(Em *e, const IrInsn *in)
{
    not_reg(e, w64(in), def_copy_g(e, in->arg[0], 0));
}

/* --- multiply, divide */
static void load_opd(Em *e, bool w, int dst, Opd o)
{
    if (o.mem)
        mov_load(e, w, dst, o.m);
    else
        mov_rr(e, w, dst, o.reg);
}

/* Either half of the unsigned product; EFLAGS stay. */
static void mulx(Em *e, const IrInsn *in, bool high)
{
    bool w = w64(in);
    take_g(e, RDX);
    Opd oa = use_o(e, in->arg[0]), ob = use_o(e, in->arg[1]);
    int d = def_g(e, 0);
    load_opd(e, w, RDX, oa);
    em_vex(e, M0F38 | PF2 | 0xf6 | (w ? RW : 0), 0, high ? d : RDX, d, ob, 0);
}

static void lower_mul(Em *e, const IrInsn *in)
{
    IrVal a = in->arg[0], b = in->arg[1];
    int64_t c;
    if (e->hc->bmi2 && eflags_live(e)) {
        mulx(e, in, false);
        return;
    }
    swap_operands(e, &a, &b);
    if (use_imm32(e, b, &c)) {
        Opd oa = use_o(e, a);
        int d = def_g(e, 0);
        flags_clobber(e);
        em_op(e, 0x69 | (w64(in) ? RW : 0), d, oa, 4);
        em32(e, (uint32_t)c);
        return;
    }
    prefer_hint(e, &a, &b);
    Opd ob = use_o(e, b);
    int d = def_copy_g(e, a, b);
    flags_clobber(e);
    em_op(e, M0F | 0xaf | (w64(in) ? RW : 0), d, ob, 0);
}

static void lower_mulh64(Em *e, const IrInsn *in)
{
    if (in->op == IR_mulhu && e->hc->bmi2) {
        mulx(e, in, true);
        return;
    }
    take_g(e, RAX);
    take_g(e, RDX);
    Opd oa = use_o(e, in->arg[0]);
    Opd ob = opd_reg(in->op == IR_mulhsu ? use_g(e, in->arg[1]) : NOREG);
    if (in->op != IR_mulhsu)
        ob = use_o(e, in->arg[1]);
    flags_clobber(e);
    load_opd(e, true, RAX, oa);
    em_op(e, 0xf7 | RW, in->op == IR_mulhs ? 5 : 4, ob, 0);
    if (in->op == IR_mulhsu) {              /* signed a: subtract b when a < 0 */
        load_opd(e, true, RAX, oa);
        shift_ri(e, SH_SAR, true, RAX, 63);
        alu_ro(e, ALU_AND, true, RAX, ob);
        alu_rr(e, ALU_SUB, true, RDX, RAX);
    }
    def_at_g(e, RDX);
}

/* A word, extended. */
static void load_word(Em *e, bool sign, int dst, Opd o)
{
    if (sign)
        movsxd(e, dst, o);
    else
        em_op(e, 0x8b, dst, o, 0);
}

static void lower_mulh(Em *e, const IrInsn *in)
{
    if (w64(in)) {
        lower_mulh64(e, in);
        return;
    }
    bool sa = in->op != IR_mulhu, sb = in->op == IR_mulhs;
    Opd oa = use_o(e, in->arg[0]), ob = use_o(e, in->arg[1]);
    int d = def_g(e, DEF_EARLY), t = tmp_g(e);
    flags_clobber(e);
    load_word(e, sa, d, oa);
    load_word(e, sb, t, ob);
    em_op(e, M0F | 0xaf | RW, d, opd_reg(t), 0);
    shift_ri(e, SH_SHR, true, d, 32);
}

/* Total division: b = 0 and the signed overflow never reach the host's divide. */
static void lower_div(Em *e, const IrInsn *in)
{
    bool w = w64(in), sign = in->op == IR_divs || in->op == IR_rems, rem = in->op == IR_rems || in->op == IR_remu;
    int64_t c;
    bool known = use_imm(e, in->arg[1], &c) && c != 0 && c != -1;
    take_g(e, RAX);
    take_g(e, RDX);
    Opd oa = use_o(e, in->arg[0]);
    int rb = use_g(e, in->arg[1]);
    uint8_t *zero = NULL, *minus = NULL, *done = NULL, *done2 = NULL;
    flags_clobber(e);
    load_opd(e, w, RAX, oa);
    if (!known) {
        test_rr(e, w, rb, rb);
        zero = jcc_short(e, CC_E);
        if (sign) {
            alu_ri(e, ALU_CMP, w, rb, -1);
            minus = jcc_short(e, CC_E);
        }
    }
    if (sign) {
        if (w)
            em8(e, 0x48);
        em8(e, 0x99);                       /* cdq, cqo */
    } else {
        em_rr(e, 0x33, RDX, RDX);
    }
    em_op(e, 0xf7 | (w ? RW : 0), sign ? 7 : 6, opd_reg(rb), 0);
    if (!known) {
        done = jmp_short(e);
        if (minus) {
            jump_here(e, minus);
            if (rem)
                em_rr(e, 0x33, RDX, RDX);
            else
                em_op(e, 0xf7 | (w ? RW : 0), 3, opd_reg(RAX), 0);
            done2 = jmp_short(e);
        }
        jump_here(e, zero);
        if (rem)
            mov_rr(e, w, RDX, RAX);
        else
            em_rr(e, 0x33, RAX, RAX);
        if (rem && !w)
            em_rr(e, 0x8b, RDX, RDX);
        jump_here(e, done);
        if (done2)
            jump_here(e, done2);
    }
    def_at_g(e, rem ? RDX : RAX);
}

/* --- compare, select */
static const uint8_t cc_of[] = {
    [COND_EQ] = CC_E, [COND_NE] = CC_NE, [COND_LT] = CC_L, [COND_GE] = CC_GE, [COND_LE] = CC_LE, [COND_GT] = CC_G,
    [COND_LTU] = CC_B, [COND_GEU] = CC_AE, [COND_LEU] = CC_BE, [COND_GTU] = CC_A, [COND_TSTZ] = CC_E,
    [COND_TSTNZ] = CC_NE,
};
static const uint8_t cond_swapped[] = {
    [COND_EQ] = COND_EQ, [COND_NE] = COND_NE, [COND_LT] = COND_GT, [COND_GE] = COND_LE, [COND_LE] = COND_GE,
    [COND_GT] = COND_LT,
    [COND_LTU] = COND_GTU, [COND_GEU] = COND_LEU, [COND_LEU] = COND_GEU, [COND_GTU] = COND_LTU,
    [COND_TSTZ] = COND_TSTZ, [COND_TSTNZ] = COND_TSTNZ,
};

static bool is_tst(int cond) { return cond == COND_TSTZ || cond == COND_TSTNZ; }

/* The host condition when EFLAGS hold the comparison already, else -1. */
static int cc_held(Em *e, int cond, int type, IrVal a, IrVal b)
{
    bool tst = is_tst(cond);
    if (cond > COND_TSTNZ || e->alu != (tst ? IR_and : IR_sub) || e->alu_type != type || e->alu_a != e->val[a].rep ||
        e->alu_b != e->val[b].rep)
        return -1;
    if (e->inv == !tst || (!tst && cond < COND_LTU))    /* signed conditions: whatever C is */
        return cc_of[cond];
    if (tst)
        return -1;
    em8(e, 0xf5);                       /* cmc: C was turned round for packing */
    e->inv = true;
    return cc_of[cond];
}

/* a & b in EFLAGS; b is the constant if one is. */
static void emit_tst(Em *e, bool w, IrVal a, IrVal b)
{
    int64_t c;
    if (!use_imm32(e, b, &c)) {
        int rb = use_g(e, b);
        Opd oa = use_o(e, a);
        flags_clobber(e);
        em_op(e, 0x85 | (w ? RW : 0), rb, oa, 0);
        return;
    }
    Opd oa = use_o(e, a);
    flags_clobber(e);
    if (c >= 0 && c < 128 && oa.mem) {
        em_op(e, 0xf6, 0, oa, 1);
        em8(e, (unsigned)c);
    } else {
        test_ri(e, w && c < 0, oa, (int32_t)c);
    }
}

/* Compare in EFLAGS; the host condition. -1: never, -2: always. */
int emit_cmp(Em *e, int cond, int type, IrVal a, IrVal b)
{
    bool w = type == IR_I64;
    int64_t c;
    int held = cc_held(e, cond, type, a, b);
    if (held >= 0)
        return held;
    if (cond == COND_NEVER || cond == COND_ALWAYS)
        return cond == COND_NEVER ? -1 : -2;
    if (cond > COND_TSTNZ) {
        em_unsupported(e);
        return -1;
    }
    if (use_imm32(e, a, &c) && !use_imm32(e, b, &c)) {
        IrVal t = a;
        a = b;
        b = t;
        cond = cond_swapped[cond];
    }
    if (is_tst(cond)) {
        emit_tst(e, w, a, b);
    } else if (use_imm32(e, b, &c)) {
        Opd oa = use_o(e, a);
        flags_clobber(e);
        if (c == 0 && !oa.mem)
            test_rr(e, w, oa.reg, oa.reg);
        else
            alu_oi(e, ALU_CMP, w, oa, (int32_t)c);
    } else {
        int ra = use_g(e, a);
        Opd ob = use_o(e, b);
        flags_clobber(e);
        alu_ro(e, ALU_CMP, w, ra, ob);
    }
    return cc_of[cond];
}

static void lower_setcond(Em *e, const IrInsn *in)
{
    int64_t c;
    if (in->cond == COND_LT && use_imm(e, in->arg[1], &c) && c == 0) {
        int d = def_copy_g(e, in->arg[0], 0);
        flags_clobber(e);
        shift_ri(e, SH_SHR, w64(in), d, width(in) - 1);
        return;
    }
    emit_setcond(e, emit_cmp(e, in->cond, in->type, in->arg[0], in->arg[1]));
}

/* EFLAGS stay those of the comparison: a branch on it, mostly the next thing, needs none. */
static void lower_order(Em *e, const IrInsn *in)
{
    int64_t c;
    bool swapped = use_imm32(e, in->arg[0], &c) && !use_imm32(e, in->arg[1], &c);
    int cc = emit_cmp(e, in->aux ? COND_LTU : COND_LT, in->type, in->arg[0], in->arg[1]);
    if (!swapped)
        alu_note(e, IR_sub, in);
    ra_release(e);
    int d = def_g(e, 0);
    mov_ri(e, d, 4);
    cmov(e, cc, false, d, pool(e, 8, 8));
    cmov(e, CC_E, false, d, pool(e, 2, 2));
}

/* result = cc ? 1 : 0, EFLAGS set; -1: never, -2: always */
void emit_setcond(Em *e, int cc)
{
    int d = def_g(e, 0);
    if (cc < 0) {
        mov_ri(e, d, cc == -2);
        return;
    }
    setcc(e, cc, d);
    movzx8(e, d, opd_reg(d));
}

/* result = cc ? x : y, EFLAGS set; registers of the comparison are no longer needed */
void emit_select(Em *e, int cc, const IrInsn *in, IrVal x, IrVal y)
{
    ra_release(e);
    if (is_x_type(in->type)) {
        int rx = use_x(e, x), d = def_copy_x(e, y, x);
        uint8_t *over = jcc_short(e, cc ^ 1);
        mov_xx(e, d, rx);
        jump_here(e, over);
        return;
    }
    const Val *vx = rv(e, x);
    int h = e->val[e->i].hint;
    /* keep x in place, move y over it */
    if (vx->kind == V_G && (vx->reg == h || (h == NOREG && vx->owned && dies(e, x)))) {
        IrVal t = x;
        x = y;
        y = t;
        cc ^= 1;
    }
    Opd ox = use_o(e, x);
    int d = def_copy_g(e, y, x);
    cmov(e, cc, in->type == IR_I64, d, ox);
}

static void lower_select(Em *e, const IrInsn *in)
{
    int cc = emit_cmp(e, in->cond, in->type2, in->arg[0], in->arg[1]);
    if (cc < 0) {
        IrVal v = in->arg[cc == -2 ? 2 : 3];
        if (is_x_type(in->type))
            def_copy_x(e, v, 0);
        else
            def_copy_g(e, v, 0);
        return;
    }
    emit_select(e, cc, in, in->arg[2], in->arg[3]);
}

/* --- 128-bit pairs live in memory */
static void lower_pair(Em *e, const IrInsn *in)
{
    int lo = use_g(e, in->arg[0]), hi = use_g(e, in->arg[1]);
    int32_t off;
    def_slot(e, &off);
    mov_store(e, true, opd_env(off).m, lo);
    mov_store(e, true, opd_env(off + 8).m, hi);
}

static void lower_half(Em *e, const IrInsn *in)
{
    const Val *x = rv(e, in->arg[0]);
    if (x->kind != V_ENV) {
        em_unsupported(e);
        return;
    }
    ra_note(e, (RaStep){ .kind = RA_USE_AT, .off = x->off, .v = in->arg[0] });
    int32_t off = x->off + (in->op == IR_hi ? 8 : 0);
    mov_load(e, true, def_g(e, 0), opd_env(off).m);
}

const LowerRow lower_rows_int[] = {
    { IR_add, lower_add }, { IR_sub, lower_sub }, { IR_mul, lower_mul },
    { IR_mulhs, lower_mulh }, { IR_mulhu, lower_mulh }, { IR_mulhsu, lower_mulh },
    { IR_divs, lower_div }, { IR_divu, lower_div }, { IR_rems, lower_div }, { IR_remu, lower_div },
    { IR_and, lower_logic }, { IR_or, lower_logic }, { IR_xor, lower_logic },
    { IR_andc, lower_andc }, { IR_orc, lower_orc }, { IR_eqv, lower_eqv }, { IR_neg, lower_neg }, { IR_not, lower_not },
    { IR_setcond, lower_setcond }, { IR_order, lower_order },
    { IR_select, lower_select }, { IR_pair, lower_pair }, { IR_lo, lower_half }, { IR_hi, lower_half },
    { 0, NULL }
};
