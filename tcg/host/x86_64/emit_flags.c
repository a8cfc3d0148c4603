/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering of ops that make or read FLAGS values. A value stays in EFLAGS while it can; packed it
 * has the form of lahf + seto, which is the IR's own, with junk in bits 9-12 until flags_pack. */
#include "emit.h"
#include "lower.h"
#include "ra.h"

static void lower_flags_sub(Em *e, const IrInsn *in)
{
    bool same = alu_matches(e, IR_sub, in), inv = same ? e->inv : true;     /* packing may have turned C round */
    if (!same) {
        IrVal a = in->arg[0], b = in->arg[1];
        int64_t c;
        if (use_imm32(e, b, &c)) {
            Opd oa = use_o(e, a);
            flags_clobber(e);
            alu_oi(e, ALU_CMP, w64(in), oa, (int32_t)c);
        } else {
            int ra = use_g(e, a);
            Opd ob = use_o(e, b);
            flags_clobber(e);
            alu_ro(e, ALU_CMP, w64(in), ra, ob);
        }
        alu_note(e, IR_sub, in);
    }
    def_flags(e, inv);
}

static void lower_flags_add(Em *e, const IrInsn *in)
{
    bool same = alu_matches(e, IR_add, in), inv = same ? e->inv : false;     /* packing may have turned C round */
    if (!same) {
        int t = tmp_g(e);
        int64_t c;
        bool imm = use_imm32(e, in->arg[1], &c);
        Opd oa = use_o(e, in->arg[0]), ob = imm ? opd_reg(0) : use_o(e, in->arg[1]);
        flags_clobber(e);
        em_op(e, 0x8b | (w64(in) ? RW : 0), t, oa, 0);
        if (imm)
            alu_ri(e, ALU_ADD, w64(in), t, (int32_t)c);
        else
            alu_ro(e, ALU_ADD, w64(in), t, ob);
    }
    def_flags(e, inv);
}

static void lower_flags_and(Em *e, const IrInsn *in)
{
    bool same = alu_matches(e, IR_and, in), inv = same ? e->inv : false;     /* packing may have turned C round */
    if (!same) {
        int64_t c;
        int ra = use_g(e, in->arg[0]);
        if (use_imm32(e, in->arg[1], &c)) {
            flags_clobber(e);
            test_ri(e, w64(in), opd_reg(ra), (int32_t)c);
        } else {
            Opd ob = use_o(e, in->arg[1]);
            flags_clobber(e);
            em_op(e, 0x85 | (w64(in) ? RW : 0), ra, ob, 0);
        }
    }
    def_flags(e, inv);                /* CF = OF = 0 */
}

/* EFLAGS.CF := C (or its inverse); the consumer then changes EFLAGS. done: it is the last that reads them. */
static void carry_in(Em *e, IrVal f, bool inverse, bool done)
{
    need_eflags(e, f);
    bool flip = e->inv != inverse;
    if (done)
        e->eflags = e->fp_eflags = 0;
    flags_clobber(e);                   /* saves f when it lives on; EFLAGS still hold it */
    if (flip)
        em8(e, 0xf5);
}

/* Only the flags that follow the operation, which will have been made by it, still read f. */
static bool only_follower(const Em *e, IrVal f, int flags_op)
{
    uint32_t last = e->val[e->val[f].rep].last;
    return last <= e->i + 2 && e->u->insn[last].op == flags_op;
}

static void lower_carry(Em *e, const IrInsn *in)
{
    bool sub = in->op == IR_sbc, follow = flags_follow(e, sub ? IR_flags_sbc : IR_flags_adc, in);
    IrVal a = in->arg[0], b = in->arg[1], f = in->arg[2];
    int64_t c;
    need_eflags(e, f);
    if (!sub)
        prefer_hint(e, &a, &b);
    bool imm = use_imm32(e, b, &c);
    Opd ob = imm ? opd_reg(0) : use_o(e, b);
    int d = def_copy_g(e, a, imm ? 0 : b);
    carry_in(e, f, sub, follow && only_follower(e, f, sub ? IR_flags_sbc : IR_flags_adc));
    if (imm)
        alu_ri(e, sub ? ALU_SBB : ALU_ADC, w64(in), d, (int32_t)c);
    else
        alu_ro(e, sub ? ALU_SBB : ALU_ADC, w64(in), d, ob);
    if (follow)
        alu_note(e, in->op, in);
}

static void lower_flags_carry(Em *e, const IrInsn *in)
{
    bool sub = in->op == IR_flags_sbc;
    if (alu_matches(e, sub ? IR_sbc : IR_adc, in)) {
        def_flags(e, e->inv);
        return;
    }
    need_eflags(e, in->arg[2]);
    Opd ob = use_o(e, in->arg[1]), oa = use_o(e, in->arg[0]);
    int d = tmp_g(e);
    em_op(e, 0x8b | (w64(in) ? RW : 0), d, oa, 0);
    carry_in(e, in->arg[2], sub, false);
    alu_ro(e, sub ? ALU_SBB : ALU_ADC, w64(in), d, ob);
    def_flags(e, sub);
}

/* Packed in a GPR (junk bits included), wherever the value was. */
int packed_reg(Em *e, IrVal f)
{
    f = e->val[f].rep;
    Val *x = &e->val[f];
    if (x->kind != V_EFLAGS)
        return use_g(e, f);
    take_g(e, RAX);
    pack_to_rax(e, f);
    if (e->inv)
        em8(e, 0xf5);                   /* EFLAGS as they were */
    return RAX;
}

/* Without the mask, and EFLAGS stay: the usual case of flags that somebody may still look at. */
void emit_put_flags(Em *e, IrVal fv)
{
    IrVal f = e->val[fv].rep;
    Mem slot = opd_env((int32_t)e->guest->regs[e->hc->flags_reg].offset).m;
    int r;
    if (e->val[f].kind == V_EFLAGS) {
        take_g(e, RAX);
        pack_to_rax(e, f);
        e->inv = false;
        r = RAX;
    } else {
        r = use_g(e, f);
    }
    ra_note(e, (RaStep){ .kind = RA_STORE, .cl = CL_G, .reg = (uint8_t)r, .off = slot.disp, .type = IR_I32 });
    em8(e, 0x66);
    em_op(e, 0x89, r, (Opd){ true, 0, slot }, 0);
}

FlagsAt flags_at(const Em *e, IrVal fv)
{
    IrVal f = e->val[fv].rep;
    const Val *x = &e->val[f];
    if (x->kind == V_EFLAGS && e->fp_eflags == f)
        return (FlagsAt){ e->fp_swap ? FLAGS_FCMP_SWAP : FLAGS_FCMP, NOREG, 0 };
    if (e->eflags == f)
        return (FlagsAt){ e->inv ? FLAGS_EFLAGS_INV : FLAGS_EFLAGS, NOREG, 0 };
    return x->kind == V_G ? (FlagsAt){ FLAGS_REG, x->reg, 0 } : (FlagsAt){ FLAGS_MEM, NOREG, x->off };
}

void put_flags_from(Em *e, FlagsAt at)
{
    int r = RAX;
    switch (at.place) {
    case FLAGS_NOWHERE: return;
    case FLAGS_EFLAGS: case FLAGS_EFLAGS_INV:
        if (at.place == FLAGS_EFLAGS_INV)
            em8(e, 0xf5);
        em8(e, 0x9f);
        setcc(e, CC_O, RAX);
        break;
    case FLAGS_FCMP: case FLAGS_FCMP_SWAP: pack_fcmp(e, RAX, RCX, at.place == FLAGS_FCMP_SWAP); break;
    case FLAGS_REG: r = at.reg; break;
    case FLAGS_MEM: mov_load(e, false, RAX, opd_env(at.off).m); break;
    }
    em8(e, 0x66);
    em_op(e, 0x89, r, opd_env((int32_t)e->guest->regs[e->hc->flags_reg].offset), 0);
}

static void lower_flags_pack(Em *e, const IrInsn *in)
{
    if (e->hc->flags_reg >= 0 && e->val[e->i].uses == 1 && e->i + 1 < e->u->n && in[1].op == IR_put &&
        in[1].aux == e->hc->flags_reg && in[1].arg[0] == e->i) {
        e->val[e->i].kind = V_DEFER;    /* the put does it */
        return;
    }
    IrVal f = e->val[in->arg[0]].rep;
    Val *x = &e->val[f];
    bool was_eflags = x->kind == V_EFLAGS;
    int r = packed_reg(e, f), d;
    if (was_eflags) {
        def_at_g(e, d = r);
        if (x->last > e->i) {           /* from here on the packed result stands for f */
            if (e->val[e->i].last < x->last)
                e->val[e->i].last = x->last;
            x->rep = e->i;
            x->kind = V_NONE;
        }
        e->eflags = 0;
        e->alu = 0;
    } else {
        d = def_copy_g(e, f, 0);
        flags_clobber(e);
    }
    e->val[e->i].packed = true;
    alu_ri(e, ALU_AND, false, d, FLAGS_MASK);
}

static void lower_flags_unpack(Em *e, const IrInsn *in)
{
    int d = def_copy_g(e, in->arg[0], 0);
    flags_clobber(e);
    alu_ri(e, ALU_AND, false, d, FLAGS_MASK);   /* unpacking adds to al: no junk there */
    e->val[e->i].packed = true;
}

/* Conditions that are one bit of the packed form. */
static const struct { uint16_t bit; uint8_t cc; } bit_cond[COND_ALWAYS + 1] = {
    [COND_EQ] = { 0x4000, CC_NE }, [COND_NE] = { 0x4000, CC_E }, [COND_LTU] = { 0x100, CC_E },
    [COND_GEU] = { 0x100, CC_NE },
    [COND_MI] = { 0x8000, CC_NE }, [COND_PL] = { 0x8000, CC_E }, [COND_VS] = { 1, CC_NE }, [COND_VC] = { 1, CC_E },
};

int flags_cc(Em *e, IrVal fv, int cond)
{
    IrVal f = e->val[fv].rep;
    if (cond == COND_NEVER || cond == COND_ALWAYS)
        return cond == COND_NEVER ? -1 : -2;
    if (e->fp_eflags == f && fp_cc(cond, e->fp_swap) >= 0) {
        ra_note(e, (RaStep){ .kind = RA_FLAGS_USE, .v = f });
        return fp_cc(cond, e->fp_swap);
    }
    if (e->eflags != f && bit_cond[cond].bit) {
        Opd o = use_o(e, f);
        flags_clobber(e);
        test_ri(e, false, o, bit_cond[cond].bit);
        return bit_cond[cond].cc;
    }
    need_eflags(e, f);
    bool carry = cond == COND_LTU || cond == COND_GEU, mixed = cond == COND_LEU || cond == COND_GTU;
    if (mixed && !e->inv) {
        em8(e, 0xf5);
        e->inv = true;
    }
    switch (cond) {
    case COND_EQ: return CC_E;
    case COND_NE: return CC_NE;
    case COND_LT: return CC_L;
    case COND_GE: return CC_GE;
    case COND_LE: return CC_LE;
    case COND_GT: return CC_G;
    case COND_LTU: case COND_GEU: return ((cond == COND_LTU) == e->inv) ? CC_B : CC_AE;
    case COND_LEU: return CC_BE;
    case COND_GTU: return CC_A;
    case COND_MI: return CC_S;
    case COND_PL: return CC_NS;
    case COND_VS: return CC_O;
    case COND_VC: return CC_NO;
    default: (void)carry; em_unsupported(e); return -1;
    }
}

static void lower_setcond_f(Em *e, const IrInsn *in)
{
    emit_setcond(e, flags_cc(e, in->arg[0], in->cond));
}

static void lower_select_f(Em *e, const IrInsn *in)
{
    int cc = flags_cc(e, in->arg[0], in->cond);
    if (cc >= 0) {
        emit_select(e, cc, in, in->arg[1], in->arg[2]);
        return;
    }
    IrVal v = in->arg[cc == -2 ? 1 : 2];
    if (is_x_type(in->type))
        def_copy_x(e, v, 0);
    else
        def_copy_g(e, v, 0);
}

/* cond(a) ? b : imm, b and the result packed */
static void lower_flags_select(Em *e, const IrInsn *in)
{
    IrVal b = e->val[in->arg[1]].rep;
    int rb = packed_reg(e, b);
    bool b_in_eflags = e->eflags == b && e->val[b].kind == V_EFLAGS;
    if (b_in_eflags) {                  /* keep the packed copy through what follows */
        mov_store(e, false, opd_env(hs_off(HS_TMP2)).m, rb);
        if (e->val[b].last <= e->i)
            e->eflags = 0;
        e->lock[CL_G] &= ~(1u << RAX);
    } else if (e->val[in->arg[0]].rep == b) {           /* flags_cc may spoil its register */
        int copy = tmp_g(e);
        mov_rr(e, false, copy, rb);
        ra_note(e, (RaStep){ .kind = RA_RELEASE });
        rb = copy;
    }
    int cc = flags_cc(e, in->arg[0], in->cond);
    Opd ob = b_in_eflags ? opd_env(hs_off(HS_TMP2)) : opd_reg(rb);
    int d = tmp_g(e);
    mov_ri(e, d, in->imm & FLAGS_MASK);
    if (cc == -2)
        em_op(e, 0x8b, d, ob, 0);
    else if (cc >= 0)
        cmov(e, cc, false, d, ob);
    def_at_g(e, d);
    e->val[e->i].packed = true;
}

const LowerRow lower_rows_flags[] = {
    { IR_flags_sub, lower_flags_sub }, { IR_flags_add, lower_flags_add }, { IR_flags_and, lower_flags_and },
    { IR_flags_adc, lower_flags_carry }, { IR_flags_sbc, lower_flags_carry },
    { IR_adc, lower_carry }, { IR_sbc, lower_carry },
    { IR_flags_pack, lower_flags_pack }, { IR_flags_unpack, lower_flags_unpack },
    { IR_setcond_f, lower_setcond_f }, { IR_select_f, lower_select_f }, { IR_flags_select, lower_flags_select },
    { 0, NULL }
};
