/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering of guest state, helper calls and everything that leaves a unit or branches inside it. */
#include "emit.h"
#include "tcg/eval.h"

/* --- constants, guest registers, environment, locals */
static void lower_const(Em *e, const IrInsn *in)
{
    (void)in;
    e->val[e->i].kind = V_CONST;
}

/* --- relocations */
void em_reloc(Em *e, RelocKind kind) { e->reloc[e->nreloc++ & (RELOC_MAX - 1)] = (Reloc){ (uint32_t)(e->p - e->start), kind }; }

void em_guest_pc(Em *e, gaddr pc)
{
    em_reloc(e, RELOC_PC64);
    em64(e, pc);
}

static void em_to_tramp(Em *e, unsigned opcode, const uint8_t *to)
{
    em8(e, opcode);
    em_reloc(e, RELOC_TRAMPOLINE);
    em32(e, (uint32_t)(to - (e->p + 4)));
}

void call_tramp(Em *e, const uint8_t *to) { em_to_tramp(e, 0xe8, to); }
void jmp_tramp(Em *e, const uint8_t *to) { em_to_tramp(e, 0xe9, to); }

static void mov_abs(Em *e, int dst, RelocKind kind, uint64_t v)
{
    em8(e, 0x48 | (dst >> 3));
    em8(e, 0xb8 | (dst & 7));
    em_reloc(e, kind);
    em64(e, v);
}

static void mov_addr(Em *e, int dst, gaddr a)
{
    if (a >> 32) {
        mov_abs(e, dst, RELOC_PC64, a);
        return;
    }
    if (dst & 8)
        em8(e, 0x41);
    em8(e, 0xb8 | (dst & 7));
    em_reloc(e, RELOC_PC32U);
    em32(e, (uint32_t)a);
}

static void lower_addr(Em *e, const IrInsn *in) { mov_addr(e, def_g(e, 0), in->type == IR_I32 ? (uint32_t)in->imm : (gaddr)in->imm); }

static void lower_get(Em *e, const IrInsn *in) { ra_get(e, in->aux); }

static void lower_put(Em *e, const IrInsn *in)
{
    if (e->val[in->arg[0]].kind == V_DEFER) {
        ra_detach(e, in->aux);
        emit_put_flags(e, e->u->insn[in->arg[0]].arg[0]);
    } else {
        ra_put(e, in->aux, in->arg[0]);
    }
}

static void sync_env(Em *e, int32_t off, int size, bool back)
{
    int last = -1;
    for (int32_t o = off & ~3; o < off + size && o < (int32_t)e->guest->state_size; o += 4) {
        int r = e->hc->env_reg[o >> 2];
        if (r < 0 || r == last)
            continue;
        last = r;
        int pin = e->hc->pin[r];
        Opd home = opd_env((int32_t)e->guest->regs[r].offset);
        if (pin < 0) {
            if (!back)
                ra_detach(e, r);
            continue;
        }
        if (e->lent[e->hc->cls[r]] >> pin & 1)
            continue;                   /* it is at home */
        unsigned t = e->guest->regs[r].type;
        if (e->hc->cls[r] == CL_X) {
            if (back)
                mov_x_load(e, (int)t, pin, home);
            else
                mov_x_store(e, (int)t, home, pin);
        } else if (back) {
            mov_load(e, t == IR_I64, pin, home.m);
        } else {
            mov_store(e, t == IR_I64, home.m, pin);
        }
    }
}

static void lower_ld_env(Em *e, const IrInsn *in)
{
    int size = in->mem & MEM_SIZE;
    bool sign = in->mem & MEM_SIGNED;
    Opd o = opd_env((int32_t)in->imm);
    sync_env(e, (int32_t)in->imm, 1 << size, false);
    if (is_x_type(in->type)) {
        mov_x_load(e, size == 2 ? IR_F32 : size == 3 ? IR_F64 : IR_V128, def_x(e, 0), o);
        return;
    }
    if (in->type == IR_I128) {
        em_unsupported(e);
        return;
    }
    int d = def_g(e, 0);
    if (size == 0 && sign)
        movsx8(e, w64(in), d, o);
    else if (size == 0)
        movzx8(e, d, o);
    else if (size == 1 && sign)
        movsx16(e, w64(in), d, o);
    else if (size == 1)
        movzx16(e, d, o);
    else if (size == 2 && sign && w64(in))
        movsxd(e, d, o);
    else
        mov_load(e, size == 3, d, o.m);
}

static void lower_st_env(Em *e, const IrInsn *in)
{
    int size = in->mem & MEM_SIZE;
    Opd o = opd_env((int32_t)in->imm);
    for (int32_t b = (int32_t)in->imm & ~3; b < (int32_t)in->imm + (1 << size); b += 4)
        if (e->hc->env_reg[b >> 2] >= 0)
            ra_detach(e, e->hc->env_reg[b >> 2]);
    sync_env(e, (int32_t)in->imm, 1 << size, false);
    if (is_x_type(e->val[in->arg[0]].type)) {
        mov_x_store(e, size == 2 ? IR_F32 : size == 3 ? IR_F64 : IR_V128, o, use_x(e, in->arg[0]));
    } else if (e->val[in->arg[0]].type == IR_I128) {
        em_unsupported(e);
    } else {
        int r = use_g(e, in->arg[0]);
        if (size == 0) {
            em_op(e, 0x88 | BYTE_REG, r, o, 0);
        } else {
            if (size == 1)
                em8(e, 0x66);
            em_op(e, 0x89 | (size == 3 ? RW : 0), r, o, 0);
        }
    }
    sync_env(e, (int32_t)in->imm, 1 << size, true);
}

static void lower_local_get(Em *e, const IrInsn *in)
{
    Opd o = opd_env(hs_off(HS_LOCAL + 2 * in->aux));
    if (is_x_type(in->type)) {
        mov_x_load(e, in->type, def_x(e, 0), o);
    } else if (in->type == IR_FLAGS) {
        mov_load(e, false, def_g(e, 0), o.m);
        e->val[e->i].packed = true;
    } else if (in->type == IR_I128) {
        em_unsupported(e);
    } else {
        mov_load(e, w64(in), def_g(e, 0), o.m);
    }
}

static void lower_local_put(Em *e, const IrInsn *in)
{
    Opd o = opd_env(hs_off(HS_LOCAL + 2 * in->aux));
    unsigned t = e->val[in->arg[0]].type;
    if (is_x_type(t))
        mov_x_store(e, (int)t, o, use_x(e, in->arg[0]));
    else if (t == IR_FLAGS)
        mov_store(e, false, o.m, packed_reg(e, in->arg[0]));
    else if (t == IR_I128)
        em_unsupported(e);
    else
        mov_store(e, true, o.m, use_g(e, in->arg[0]));
}

/* --- C helpers of the guest */
static void push_arg(Em *e, IrVal v, int type, int *ni, int *nf, int *nv)
{
    int64_t c;
    if (type == IR_V128 || type == IR_V64) {
        int x = use_x(e, v), slot = hs_off(HS_VARG + 2 * (*nv)++), t = tmp_g(e);
        mov_x_store(e, IR_V128, opd_env(slot), x);
        lea(e, true, t, opd_env(slot).m);
        mov_store(e, true, opd_env(hs_off(HS_ARG + (*ni)++)).m, t);
    } else if (is_x_type((unsigned)type)) {
        mov_x_store(e, IR_F64, opd_env(hs_off(HS_FARG + (*nf)++)), use_x(e, v));
    } else {
        Opd slot = opd_env(hs_off(HS_ARG + (*ni)++));
        if (use_imm32(e, v, &c)) {
            em_op(e, 0xc7 | RW, 0, slot, 4);
            em32(e, (uint32_t)c);
        } else if (e->val[v].type == IR_FLAGS) {
            mov_store(e, true, slot.m, packed_reg(e, v));
        } else {
            mov_store(e, true, slot.m, use_g(e, v));
        }
    }
    ra_release(e);
}

static void lower_call(Em *e, const IrInsn *in)
{
    const HelperDesc *h = &e->guest->helpers[in->imm];
    int ni = 0, nf = 0, nv = 0;
    bool by_ref = h->ret == IR_V128 || h->ret == IR_I128 || h->ret == IR_V64;
    if (by_ref) {
        int t = tmp_g(e);
        lea(e, true, t, opd_env(hs_off(HS_RET)).m);
        mov_store(e, true, opd_env(hs_off(HS_ARG + ni++)).m, t);
        ra_release(e);
    }
    for (int k = 0; k < h->nargs; k++)
        push_arg(e, in->arg[k], h->arg[k], &ni, &nf, &nv);
    if (ni > 6 || nv > 6 || nf > 6)
        em_unsupported(e);
    if (h->writes == HELPER_ALL)
        for (int r = 0; r < e->guest->nregs; r++)
            ra_detach(e, r);
    else if (h->writes == HELPER_LIST)
        for (const uint16_t *w = h->write_list; *w != 0xffff; w++)
            ra_detach(e, *w);
    ra_spill_all(e);
    ra_return_lent(e);
    bool all = h->faults || h->reads != HELPER_NONE || h->writes != HELPER_NONE;
    mov_abs(e, RAX, RELOC_HELPER, (uint64_t)(uintptr_t)h->fn);
    call_tramp(e, all ? e->hc->helper_all : e->hc->helper_none);
    ra_note(e, (RaStep){ .kind = RA_CALL });
    if (h->ret == IR_VOID || !e->val[e->i].uses)
        return;
    if (h->ret == IR_I128) {
        int x = tmp_x(e);
        int32_t off;
        mov_x_load(e, IR_V128, x, opd_env(hs_off(HS_RET)));
        def_slot(e, &off);
        mov_x_store(e, IR_V128, opd_env(off), x);
    } else if (by_ref) {
        mov_x_load(e, IR_V128, def_x(e, 0), opd_env(hs_off(HS_RET)));
    } else if (is_x_type(h->ret)) {
        e->lock[CL_X] |= 1;
        def_at_x(e, 0);
    } else {
        take_g(e, RAX);
        if (h->ret != IR_I64)
            em_rr(e, 0x8b, RAX, RAX);
        def_at_g(e, RAX);
        e->val[e->i].packed = h->ret == IR_FLAGS;
    }
}

/* --- any pure op through the interpreter's evaluator */
static uint8_t eval_opd(Em *e, IrVal v)
{
    unsigned t = e->val[v].type;
    if (t == IR_I128) {
        em_unsupported(e);
        return 0;
    }
    unsigned size = t == IR_V128 ? 2 : t == IR_I64 || t == IR_F64 || t == IR_V64 ? 1 : 0;
    int r = is_x_type(t) ? use_x(e, v) : t == IR_FLAGS ? packed_reg(e, v) : use_g(e, v);
    return (uint8_t)(r | size << 4 | (is_x_type(t) ? 0x40 : 0));
}

static void call_cold(Em *e, const IrInsn *in, const uint8_t r[6], int kind)
{
    ColdDesc d = { .op = in->op, .type = in->type, .type2 = in->type2, .cond = in->cond, .lane = in->lane, .round = in->round,
                   .kind = (uint8_t)kind, .aux = in->aux, .imm = in->imm };
    memcpy(d.r, r, sizeof d.r);
    call_tramp(e, e->hc->cold_call);
    memcpy(e->p, &d, sizeof d);
    e->p += sizeof d;
}

void call_fp_cold(Em *e, const IrInsn *in, const uint8_t r[6]) { call_cold(e, in, r, COLD_FP); }

void lower_by_eval(Em *e, const IrInsn *in)
{
    uint8_t r[6] = { 0 };
    for (int k = 0; k < e->hc->nargs[in->op] && k < 5; k++)
        r[k + 1] = eval_opd(e, in->arg[k]);
    unsigned t = e->val[e->i].type;
    if (t == IR_I128) {
        em_unsupported(e);
        return;
    }
    r[0] = is_x_type(t) ? (uint8_t)(def_x(e, 0) | 0x40) : (uint8_t)def_g(e, 0);
    flags_clobber(e);
    e->val[e->i].packed = t == IR_FLAGS;
    call_cold(e, in, r, COLD_EVAL);
}

static void cold_eval(CpuState *cpu, ColdRegs *regs, const ColdDesc *d)
{
    IrInsn in = { .op = d->op, .type = d->type, .type2 = d->type2, .cond = d->cond, .lane = d->lane, .round = d->round, .aux = d->aux, .imm = d->imm,
                  .nargs = (uint8_t)strlen(ir_op_info[d->op].args) };
    IrValue v[5], out = { { 0, 0 } };
    const IrValue *pv[5] = { &v[0], &v[1], &v[2], &v[3], &v[4] };
    for (int k = 0; k < 5; k++) {
        unsigned r = d->r[k + 1] & 15, size = d->r[k + 1] >> 4 & 3;
        v[k].u[0] = d->r[k + 1] & 0x40 ? regs->x[r].lo : regs->g[r];
        v[k].u[1] = d->r[k + 1] & 0x40 && size == 2 ? regs->x[r].hi : 0;
        if (size == 0)
            v[k].u[0] &= 0xffffffff;
    }
    EvalFp fp = { &cpu->tcg->guest->fp, cpu->fp_round, &cpu->fp_sticky };
    ir_eval(&out, &in, pv, &fp);
    if (d->r[0] & 0x40) {
        regs->x[d->r[0] & 15].lo = out.u[0];
        regs->x[d->r[0] & 15].hi = out.u[1];
    } else {
        regs->g[d->r[0] & 15] = out.u[0];
    }
}

/* --- 16-byte compare-and-swap: needs rbx, so it goes through C */
void emit_cas128(Em *e, const IrInsn *in)
{
    const Val *x = rv(e, in->arg[1]), *n = rv(e, in->arg[2]);
    if (x->kind != V_ENV || n->kind != V_ENV) {
        em_unsupported(e);
        return;
    }
    int addr = use_g(e, in->arg[0]);
    int32_t off;
    ra_note(e, (RaStep){ .kind = RA_USE_AT, .off = x->off, .v = in->arg[1] });
    ra_note(e, (RaStep){ .kind = RA_USE_AT, .off = n->off, .v = in->arg[2] });
    flags_clobber(e);
    def_slot(e, &off);
    int base = hs_off(0);
    uint8_t r[6] = { (uint8_t)((off - base) / 8), (uint8_t)addr, (uint8_t)((x->off - base) / 8), (uint8_t)((n->off - base) / 8) };
    IrInsn i = *in;
    i.aux = in->mem;
    call_cold(e, &i, r, COLD_CAS128);
}

static void swap16(uint64_t v[2])
{
    uint64_t t = __builtin_bswap64(v[0]);
    v[0] = __builtin_bswap64(v[1]);
    v[1] = t;
}

static void cold_cas128(CpuState *cpu, ColdRegs *regs, const ColdDesc *d)
{
    uint64_t x[2], n[2];
    void *p = (void *)(uintptr_t)(cpu->mem_base + regs->g[d->r[1]] + (uint64_t)d->imm);
    memcpy(x, &cpu->host[d->r[2]], 16);
    memcpy(n, &cpu->host[d->r[3]], 16);
    if (d->aux & MEM_BE) {
        swap16(x);
        swap16(n);
    }
    if ((uintptr_t)p & 15) {            /* cmpxchg16b needs alignment; the guests demand it, too */
        uint64_t old[2];
        memcpy(old, p, 16);
        if (old[0] == x[0] && old[1] == x[1])
            memcpy(p, n, 16);
        memcpy(x, old, 16);
    } else {
        __asm__ volatile("lock cmpxchg16b %0" : "+m"(*(unsigned __int128 *)p), "+a"(x[0]), "+d"(x[1]) : "b"(n[0]), "c"(n[1]) : "cc", "memory");
    }
    if (d->aux & MEM_BE)
        swap16(x);
    memcpy(&cpu->host[d->r[0]], x, 16);
}

void host_cold(CpuState *cpu, ColdRegs *regs, const ColdDesc *d)
{
    ColdDesc copy;
    memcpy(&copy, d, sizeof copy);
    if (copy.kind == COLD_FP)
        fp_cold(cpu, regs, &copy);
    else if (copy.kind == COLD_EVAL)
        cold_eval(cpu, regs, &copy);
    else
        cold_cas128(cpu, regs, &copy);
}

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

static void lower_brcond(Em *e, const IrInsn *in) { branch_cc(e, in, emit_cmp(e, in->cond, e->val[in->arg[0]].type, in->arg[0], in->arg[1])); }
static void lower_brcond_f(Em *e, const IrInsn *in) { branch_cc(e, in, flags_cc(e, in->arg[0], in->cond)); }

/* --- leaving: see trampolines in tramp.c for the stubs' data */
static void lower_insn(Em *e, const IrInsn *in)
{
    e->pc = (gaddr)in->imm;
    uw_note(e);
}

/* By a jump, unlike the other stubs: a call that nobody returns from would spoil the prediction of every return behind it. */
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

/* The four bytes that come after n opcode bytes must not cross a cache line: they are patched while others run. */
static void align_field(Em *e, int n)
{
    static const uint8_t nop[4][3] = { { 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 } };
    unsigned at = (unsigned)(uintptr_t)(e->p + n) & 63;
    if (at > 60) {
        unsigned pad = 64 - at;
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

/* A side exit while pins are lent, or one that may close a loop: units are laid out along the way that runs more often,
 * so its poll stands out of line. */
static void cold_exit(Em *e, Cold *c)
{
    ra_load_lent(e, (uint32_t)c->b);
    go_to(e, c->a);
}

static void exit_cc(Em *e, gaddr pc, int cc)
{
    if (cc == -1)
        return;
    if (cc == -2) {
        ra_load_lent(e, ra_lent(e));
        go_to(e, pc);
        return;
    }
    if (ra_lent(e) || pc <= e->u->pc) {
        Cold *c = cold_new(e, cold_exit);
        c->a = pc;
        c->b = ra_lent(e);
        jcc_cold(e, cc, c);
        return;
    }
    align_field(e, 2);
    jcc_rel32(e, cc);
    field_to_cold(e, link_cold(e, pc));
}

static void lower_exit_if(Em *e, const IrInsn *in) { exit_cc(e, (gaddr)in->imm, emit_cmp(e, in->cond, e->val[in->arg[0]].type, in->arg[0], in->arg[1])); }
static void lower_exit_if_f(Em *e, const IrInsn *in) { exit_cc(e, (gaddr)in->imm, flags_cc(e, in->arg[0], in->cond)); }

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
    alu_ri(e, ALU_AND, false, x, ((1 << JTAB_BITS) - 1) << 1);
    shift_ri(e, SH_SHL, false, x, 3);
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
    { IR_const, lower_const }, { IR_addr, lower_addr }, { IR_get, lower_get }, { IR_put, lower_put }, { IR_ld_env, lower_ld_env }, { IR_st_env, lower_st_env },
    { IR_local_get, lower_local_get }, { IR_local_put, lower_local_put }, { IR_call, lower_call },
    { IR_label, lower_label }, { IR_br, lower_br }, { IR_brcond, lower_brcond }, { IR_brcond_f, lower_brcond_f },
    { IR_insn, lower_insn }, { IR_exit_if, lower_exit_if }, { IR_exit_if_f, lower_exit_if_f }, { IR_jump, lower_jump },
    { IR_jump_ind, lower_jump_ind }, { IR_calljump, lower_calljump }, { IR_calljump_ind, lower_calljump_ind },
    { IR_ret, lower_ret }, { IR_raise, lower_raise },
    { 0, NULL }
};
