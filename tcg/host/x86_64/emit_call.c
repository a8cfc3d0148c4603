/* SPDX-License-Identifier: Apache-2.0 */
/* C from emitted code: the guest's helpers, the evaluator of IR ops, and what the host does better in C. */
#include "emit.h"
#include "cold.h"
#include "lower.h"
#include "ra.h"
#include "tcg/eval.h"

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
    call_tramp(e, e->hc->helper[all][h->no_fp]);
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
    ColdDesc d = { .op = in->op,
        .type = in->type,
        .type2 = in->type2,
        .cond = in->cond,
        .lane = in->lane,
        .round = in->round,
        .kind = (uint8_t)kind,
        .aux = in->aux,
        .imm = in->imm };
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
    IrInsn in = { .op = d->op,
        .type = d->type,
        .type2 = d->type2,
        .cond = d->cond,
        .lane = d->lane,
        .round = d->round,
        .aux = d->aux,
        .imm = d->imm,
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
    uint8_t r[6] = { (uint8_t)((off - base) / 8), (uint8_t)addr, (uint8_t)((x->off - base) / 8),
        (uint8_t)((n->off - base) / 8) };
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
        __asm__ volatile("lock cmpxchg16b %0"
                         : "+m"(*(unsigned __int128 *)p), "+a"(x[0]), "+d"(x[1])
                         : "b"(n[0]), "c"(n[1])
                         : "cc", "memory");
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

const LowerRow lower_rows_call[] = { { IR_call, lower_call }, { 0, NULL } };
