/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering of everything that leaves a unit or branches inside it. */
#include "emit.h"
#include "lower.h"
#include "ra.h"

/* --- branches inside the unit */
static void to_label(Em *e, int label)
{
    e->lfix[e->nlfix].at = e->p - 4;
    e->lfix[e->nlfix++].label = label;
}

static void lower_label(Em *e, const IrInsn *in)
{
    ra_block(e);
    e->label[in->aux] = e->p;
}

static void lower_br(Em *e, const IrInsn *in)
{
    em8(e, 0xe9);
    em32(e, 0);
    to_label(e, in->aux);
}

static void branch_cc(Em *e, const IrInsn *in, int cc)
{
    if (cc == -2) {
        lower_br(e, in);
    } else if (cc >= 0) {
        jcc_rel32(e, cc);
        to_label(e, in->aux);
    }
}

static void lower_brcond(Em *e, const IrInsn *in)
{
    branch_cc(e, in, emit_cmp(e, in->cond, e->val[in->arg[0]].type, in->arg[0], in->arg[1]));
}
static void lower_brcond_f(Em *e, const IrInsn *in) { branch_cc(e, in, flags_cc(e, in->arg[0], in->cond)); }

/* --- leaving: see trampolines in tramp.c for the stubs' data */
static void lower_insn(Em *e, const IrInsn *in)
{
    e->pc = (gaddr)in->imm;
    uw_note(e);
}

/* By a jump, unlike the other stubs: a call that nobody returns from would spoil the prediction of every return behind
 * it. */
void emit_raise(Em *e, gaddr pc, int64_t arg, int code)
{
    enum { JMP = 5 };
    em_op(e, 0x8d | RW, RAX, opd_mem(REG_RIPREL, 0), 0);
    e->nfix--;                          /* not the pool: the data behind the jump */
    int32_t skip = JMP;
    memcpy(e->p - 4, &skip, 4);
    jmp_tramp(e, e->hc->raise);
    em_guest_pc(e, pc);
    em64(e, (uint64_t)arg);
    em32(e, (uint32_t)code);
}

static void cold_link(Em *e, Cold *c)
{
    uint8_t *stub = e->p;
    call_tramp(e, e->hc->link);
    em_guest_pc(e, c->a);
    em32(e, (uint32_t)(stub - c->from[0]));
}

static void cold_poll(Em *e, Cold *c)
{
    call_tramp(e, e->hc->poll);
    em_guest_pc(e, c->a);
}

static void cold_hot(Em *e, Cold *c)
{
    call_tramp(e, e->hc->hot);
    em_guest_pc(e, c->a);
}

void emit_count(Em *e, const int32_t *left)
{
    Cold *c = cold_new(e, cold_hot);
    c->a = e->u->pc;
    em8(e, 0x83);                       /* subl $1, left(%rip) */
    em8(e, 0x2d);
    em_reloc(e, RELOC_COUNT);
    em32(e, (uint32_t)((const uint8_t *)left - (e->p + 5)));
    em8(e, 1);
    jcc_cold(e, CC_S, c);
}

/* The four bytes that come after n opcode bytes are patched while others run: AMD promises that a fetch sees all or
 * nothing of a write only within an aligned 8 bytes (APM 2, 7.6.1, cross-modifying code). */
static void align_field(Em *e, int n)
{
    static const uint8_t nop[4][3] = { { 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 } };
    unsigned at = (unsigned)(uintptr_t)(e->p + n) & 7;
    if (at > 4) {
        unsigned pad = 8 - at;
        memcpy(e->p, nop[pad], pad);
        e->p += pad;
    }
}

static Cold *link_cold(Em *e, gaddr pc)
{
    Cold *c = cold_new(e, cold_link);
    c->a = pc;
    return c;
}

static void field_to_cold(Em *e, Cold *c) { c->from[c->nfrom++] = e->p - 4; }

static void test_request(Em *e)
{
    em_op(e, 0x83, ALU_CMP, opd_env(offsetof(CpuState, exit_request)), 1);
    em8(e, 0);
}

static void emit_poll(Em *e, Cold *c)
{
    test_request(e);
    jcc_cold(e, CC_NE, c);
}

static void poll_if_back(Em *e, gaddr pc)
{
    if (pc > e->u->pc)
        return;
    Cold *c = cold_new(e, cold_poll);
    c->a = pc;
    emit_poll(e, c);
}

/* The poll of a loop is one branch with the jump. */
static void go_back(Em *e, gaddr pc)
{
    Cold *c = cold_new(e, cold_poll);
    c->a = pc;
    test_request(e);
    align_field(e, 2);
    jcc_rel32(e, CC_E);
    field_to_cold(e, link_cold(e, pc));
    jmp_cold(e, c);
}

static void go_to(Em *e, gaddr pc)
{
    if (pc <= e->u->pc) {
        go_back(e, pc);
        return;
    }
    align_field(e, 1);
    em8(e, 0xe9);
    em32(e, 0);
    field_to_cold(e, link_cold(e, pc));
}

/* EFLAGS are those of a comparison, less the host's condition for that: the order goes to guest register reg. Moves
 * keep EFLAGS. */
static void put_order(Em *e, int reg, int less)
{
    mov_ri(e, RAX, 4);
    mov_ri(e, RCX, 8);
    cmov(e, less, false, RAX, opd_reg(RCX));
    mov_ri(e, RCX, 2);
    cmov(e, CC_E, false, RAX, opd_reg(RCX));
    if (e->hc->pin[reg] >= 0)
        mov_rr(e, false, e->hc->pin[reg], RAX);
    else
        mov_store(e, false, opd_env((int32_t)e->guest->regs[reg].offset).m, RAX);
}

/* A side exit that puts something, or while pins are lent, or one that may close a loop: units are laid out along the
 * way that runs more often, so its poll stands out of line. */
static void cold_exit(Em *e, Cold *c)
{
    put_flags_from(e, (FlagsAt){ (FlagsPlace)c->r[0], c->r[1], (int32_t)(c->b >> 32) });
    ra_load_lent(e, (uint32_t)c->b);
    if (c->in->op == IR_exit_if && c->in->aux)
        put_order(e, ir_exit_order(c->in->aux), c->r[2]);
    go_to(e, c->a);
}

/* less: of an exit_if with aux, else 0 */
static void exit_cc(Em *e, gaddr pc, int cc, FlagsAt put, int less)
{
    if (cc == -1)
        return;
    if (cc == -2) {
        put_flags_from(e, put);
        ra_load_lent(e, ra_lent(e));
        go_to(e, pc);
        return;
    }
    if (ra_lent(e) || pc <= e->u->pc || put.place != FLAGS_NOWHERE || less) {
        Cold *c = cold_new(e, cold_exit);
        c->a = pc;
        c->b = ra_lent(e) | (uint64_t)(uint32_t)put.off << 32;
        c->r[0] = put.place;
        c->r[1] = put.reg;
        c->r[2] = (uint8_t)less;
        jcc_cold(e, cc, c);
        return;
    }
    align_field(e, 2);
    jcc_rel32(e, cc);
    field_to_cold(e, link_cold(e, pc));
}

static void lower_exit_if(Em *e, const IrInsn *in)
{
    int64_t c;
    bool held = alu_matches(e, IR_sub, in),
         swapped = !held && use_imm32(e, in->arg[0], &c) && !use_imm32(e, in->arg[1], &c);
    int cc = emit_cmp(e, in->cond, e->val[in->arg[0]].type, in->arg[0], in->arg[1]), less = 0;
    if (in->aux & EXIT_ORDER_U)
        less = swapped ? CC_A : held && !e->inv ? CC_AE : CC_B;
    else if (in->aux)
        less = swapped ? CC_G : CC_L;
    exit_cc(e, (gaddr)in->imm, cc, (FlagsAt){ 0 }, less);
}

static void lower_exit_if_f(Em *e, const IrInsn *in)
{
    int cc = flags_cc(e, in->arg[0], in->cond);
    exit_cc(e, (gaddr)in->imm, cc, in->aux ? flags_at(e, in->arg[0]) : (FlagsAt){ 0 }, 0);
}

static void lower_jump(Em *e, const IrInsn *in)
{
    ra_return_lent(e);
    go_to(e, (gaddr)in->imm);
}

static void lower_raise(Em *e, const IrInsn *in)
{
    ra_return_lent(e);
    emit_raise(e, in->imm2, in->imm, in->aux);
}

static void leave_to(Em *e, int t)
{
    mov_store(e, true, opd_env(offsetof(CpuState, pc)).m, t);
    jmp_tramp(e, e->hc->ind_miss);
}

static void cold_ind_miss(Em *e, Cold *c) { leave_to(e, c->r[0]); }

/* Look t up in the per-thread table: x := its entry, or off to c. */
static void probe_jtab(Em *e, int t, int x, Cold *c)
{
    emit_poll(e, c);
    em_rr(e, 0x8b, x, t);
    int shift = e->th->tcg->pc_shift;
    alu_ri(e, ALU_AND, false, x, ((1 << JTAB_BITS) - 1) << shift);
    shift_ri(e, SH_SHL, false, x, JTAB_ENTRY_BITS - shift);
    alu_ro(e, ALU_ADD, true, x, opd_env(hs_off(HS_JTAB)));
    em_op(e, 0x3b | RW, t, opd_mem(x, 0), 0);
    jcc_cold(e, CC_NE, c);
}

static void lower_jump_ind(Em *e, const IrInsn *in)
{
    ra_return_lent(e);
    int t = use_g(e, in->arg[0]);
    if (e->th->tcg->nolink) {
        leave_to(e, t);
        return;
    }
    int x = tmp_g(e);
    Cold *c = cold_new(e, cold_ind_miss);
    c->r[0] = (uint8_t)t;
    probe_jtab(e, t, x, c);
    em_op(e, 0xff, 4, opd_mem(x, 8), 0);
}

/* --- calls and returns: the pair stack holds the guest return pc above the host return address */
/* The pin that a put just before this call gave the return address to, or -1. */
static int link_pin(const Em *e, gaddr pc)
{
    for (uint32_t k = e->i - 1; k && k + 3 >= e->i; k--) {
        const IrInsn *put = &e->u->insn[k], *v = &e->u->insn[put->arg[0]];
        if (put->op == IR_put)
            return v->op == IR_addr && v->type == IR_I64 && (gaddr)v->imm == pc ? e->hc->pin[put->aux] : -1;
    }
    return -1;
}

static void push_pc(Em *e, gaddr pc)
{
    int pin = link_pin(e, pc);
    if (pin >= 0) {
        if (pin & 8)
            em8(e, 0x41);
        em8(e, 0x50 | (pin & 7));
    } else if ((int64_t)pc == (int32_t)pc) {
        em8(e, 0x68);
        em_reloc(e, RELOC_PC32S);
        em32(e, (uint32_t)pc);
    } else {
        int t = tmp_g(e);
        mov_abs(e, t, RELOC_PC64, pc);
        em8(e, 0x50 | t);
        e->lock[CL_G] &= ~(1u << t);
    }
}

static void landing(Em *e, gaddr pc)
{
    lea(e, true, RSP, (Mem){ RSP, NOREG, 0, 8 });
    align_field(e, 1);
    em8(e, 0xe9);
    em32(e, 0);
    field_to_cold(e, link_cold(e, pc));
}

static void lower_calljump(Em *e, const IrInsn *in)
{
    ra_return_lent(e);
    poll_if_back(e, (gaddr)in->imm);
    push_pc(e, in->imm2);
    align_field(e, 1);
    em8(e, 0xe8);
    em32(e, 0);
    field_to_cold(e, link_cold(e, (gaddr)in->imm));
    landing(e, in->imm2);
}

static void cold_call_miss(Em *e, Cold *c)
{
    int t = c->r[1];
    lea(e, true, t, (Mem){ REG_RIPREL, NOREG, 0, 0 });
    e->nfix--;                          /* not the pool: the landing */
    int32_t d = (int32_t)(c->back - e->p);
    memcpy(e->p - 4, &d, 4);
    em8(e, 0x50 | t);
    leave_to(e, c->r[0]);
}

static void lower_calljump_ind(Em *e, const IrInsn *in)
{
    ra_return_lent(e);
    int t = use_g(e, in->arg[0]);
    push_pc(e, in->imm2);
    int x = tmp_g(e);
    if (e->th->tcg->nolink) {
        em8(e, 0x50 | x);               /* any host address: never used without links */
        leave_to(e, t);
        return;
    }
    Cold *c = cold_new(e, cold_call_miss);
    c->r[0] = (uint8_t)t;
    c->r[1] = (uint8_t)x;
    probe_jtab(e, t, x, c);
    em_op(e, 0xff, 2, opd_mem(x, 8), 0);
    cold_back(e, c);
    landing(e, in->imm2);
}

static void cold_ret_miss(Em *e, Cold *c)
{
    mov_rr(e, true, RAX, c->r[0]);
    jmp_tramp(e, e->hc->ret_miss);
}

static void lower_ret(Em *e, const IrInsn *in)
{
    ra_return_lent(e);
    int t = use_g(e, in->arg[0]);
    if (e->th->tcg->nolink) {
        leave_to(e, t);
        return;
    }
    Cold *c = cold_new(e, cold_ret_miss), *p = cold_new(e, cold_ind_miss);
    c->r[0] = p->r[0] = (uint8_t)t;
    emit_poll(e, p);
    em_op(e, 0x3b | RW, t, opd_mem(RSP, 8), 0);
    jcc_cold(e, CC_NE, c);
    em8(e, 0xc3);
}

const LowerRow lower_rows_flow[] = {
    { IR_label, lower_label }, { IR_br, lower_br }, { IR_brcond, lower_brcond }, { IR_brcond_f, lower_brcond_f },
    { IR_insn, lower_insn }, { IR_exit_if, lower_exit_if }, { IR_exit_if_f, lower_exit_if_f }, { IR_jump, lower_jump },
    { IR_jump_ind, lower_jump_ind }, { IR_calljump, lower_calljump }, { IR_calljump_ind, lower_calljump_ind },
    { IR_ret, lower_ret }, { IR_raise, lower_raise },
    { 0, NULL }
};
