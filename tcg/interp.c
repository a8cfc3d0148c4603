/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's loop: state, memory and control here; values by ir_eval (eval.h), memory in interp_mem.c,
 * helpers in interp_call.c. Nothing is kept between units, so a fault may leave by siglongjmp at any access. */
#include "interp.h"
#include <glib.h>
#include <string.h>
#include "interp_parts.h"

typedef struct Run {
    const IrUnit *u;
    CpuState *cpu;
    IrValue *v;                     /* by IrVal */
    const uint32_t *label;          /* where each label stands */
    EvalFp fp;
    IrValue local[16];
    int code;                       /* exit code when control leaves */
} Run;

enum { LEAVE = UINT32_MAX };        /* in place of the next instruction */

static void *slot(Run *r, const IrInsn *i)
{
    return (char *)r->cpu + r->u->guest->regs[i->aux].offset;
}

static void get_register(Run *r, const IrInsn *i, IrValue *out)
{
    const void *p = slot(r, i);
    *out = (IrValue){ .u = { 0, 0 } };
    switch (i->type) {
    case IR_I32: case IR_F32: out->u[0] = *(const uint32_t *)p; break;
    case IR_V128: memcpy(out, p, 16); break;
    default: out->u[0] = *(const uint64_t *)p;
    }
}

static void put_register(Run *r, const IrInsn *i)
{
    const IrValue *v = &r->v[i->arg[0]];
    void *p = slot(r, i);
    switch (i->type) {
    case IR_I32: case IR_F32: *(uint32_t *)p = (uint32_t)v->u[0]; break;
    case IR_V128: memcpy(p, v, 16); break;
    default: *(uint64_t *)p = v->u[0];
    }
}

/* Guest memory. Returns false when the access is misaligned and must not be. */
static bool access_memory(Run *r, const IrInsn *i, IrValue *out)
{
    gaddr addr = r->v[i->arg[0]].u[0] + (uint64_t)i->imm;
    uint64_t low = (1u << (i->mem & MEM_SIZE)) - 1;
    bool wide_atomic = (i->mem & MEM_SIZE) == MEM_128 && i->op == IR_cas;       /* the host cannot either */
    if (addr & low && (i->mem & MEM_ALIGN || wide_atomic)) {
        r->cpu->fault_addr = addr;
        return false;
    }
    void *p = (void *)(uintptr_t)(r->cpu->mem_base + addr);
    if (i->op == IR_load)
        mem_load(out, p, i);
    else if (i->op == IR_store)
        mem_store(p, i, &r->v[i->arg[1]]);
    else
        mem_atomic(out, p, i, &r->v[i->arg[1]], &r->v[i->arg[2]]);
    return true;
}

static bool holds(Run *r, const IrInsn *i)
{
    if (i->op == IR_brcond_f || i->op == IR_exit_if_f)
        return eval_cond_flags((IrCond)i->cond, r->v[i->arg[0]].u[0]);
    return eval_cond((IrCond)i->cond, (IrType)i->type, r->v[i->arg[0]].u[0], r->v[i->arg[1]].u[0]);
}

static uint32_t leave(Run *r, gaddr pc, int code)
{
    r->cpu->pc = pc;
    r->code = code;
    return LEAVE;
}

static uint32_t leave_with_flags(Run *r, const IrInsn *i)
{
    if (i->aux)
        *(uint32_t *)((char *)r->cpu + r->u->guest->regs[i->aux - 1].offset) = (uint32_t)r->v[i->arg[0]].u[0];
    return leave(r, (gaddr)i->imm, 0);
}

static uint32_t leave_raise(Run *r, const IrInsn *i)
{
    r->cpu->exit_code = i->aux;
    r->cpu->exit_arg = i->imm;
    return leave(r, i->imm2, i->aux);
}

static void fence(const IrInsn *i)
{
    if (i->aux & FENCE_SYNC_CORE)
        __builtin___clear_cache(NULL, NULL);    /* nothing on coherent hosts; a compiler barrier at least */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void evaluate(Run *r, const IrInsn *i, IrValue *out)
{
    const IrValue *operand[4];
    for (int k = 0; k < i->nargs; k++)
        operand[k] = &r->v[i->arg[k]];
    r->fp.round = r->cpu->fp_round;
    ir_eval(out, i, operand, &r->fp);
}

/* Execute instruction n; the next one, or LEAVE. */
static uint32_t step(Run *r, uint32_t n)
{
    const IrInsn *i = &r->u->insn[n];
    IrValue *out = &r->v[n];
    CpuState *cpu = r->cpu;
    switch (i->op) {
    case IR_insn: cpu->pc = (gaddr)i->imm; break;
    case IR_get: get_register(r, i, out); break;
    case IR_put: put_register(r, i); break;
    case IR_ld_env: mem_load(out, (char *)cpu + i->imm, i); break;
    case IR_st_env: mem_store((char *)cpu + i->imm, i, &r->v[i->arg[0]]); break;
    case IR_local_get: *out = r->local[i->aux]; break;
    case IR_local_put: r->local[i->aux] = r->v[i->arg[0]]; break;
    case IR_load: case IR_store: case IR_cas: case IR_xchg: case IR_fetch_add: case IR_fetch_and: case IR_fetch_or:
    case IR_fetch_xor: case IR_fetch_smin: case IR_fetch_smax: case IR_fetch_umin: case IR_fetch_umax:
        if (!access_memory(r, i, out))
            return leave(r, cpu->pc, TCG_EXIT_ALIGN);
        break;
    case IR_prefetch: break;
    case IR_fence: fence(i); break;
    case IR_fpflags_get: *out = (IrValue){ .u = { cpu->fp_sticky, 0 } }; break;
    case IR_fpflags_put: cpu->fp_sticky = r->v[i->arg[0]].u[0]; break;
    case IR_fpround_put: cpu->fp_round = (uint32_t)r->v[i->arg[0]].u[0]; break;
    case IR_call: interp_call(r->u->guest, cpu, i, r->v, out); break;
    case IR_host_insn: g_error("unit 0x%" G_GINT64_MODIFIER "x: host_insn has no meaning in the interpreter", r->u->pc);
    case IR_label: break;
    case IR_br: return r->label[i->aux];
    case IR_brcond: case IR_brcond_f: return holds(r, i) ? r->label[i->aux] : n + 1;
    case IR_exit_if: return holds(r, i) ? leave(r, (gaddr)i->imm, 0) : n + 1;
    case IR_exit_if_f: return holds(r, i) ? leave_with_flags(r, i) : n + 1;
    case IR_jump: case IR_calljump: return leave(r, (gaddr)i->imm, 0);
    case IR_jump_ind: case IR_calljump_ind: case IR_ret: return leave(r, r->v[i->arg[0]].u[0], 0);
    case IR_raise: return leave_raise(r, i);
    default: evaluate(r, i, out); break;
    }
    return n + 1;
}

int interp_unit(const IrUnit *u, CpuState *cpu)
{
    IrValue value[u->n];
    uint32_t label[u->nlabels + 1];
    Run r = { .u = u, .cpu = cpu, .v = value, .label = label,
              .fp = { .rules = &u->guest->fp, .sticky = &cpu->fp_sticky, .invalid = u->guest->fp_invalid, .cpu = cpu } };
    if (u->nlabels)
        for (uint32_t n = 1; n < u->n; n++)
            if (u->insn[n].op == IR_label)
                label[u->insn[n].aux] = n;
    for (uint32_t n = 1; n != LEAVE; )
        n = step(&r, n);
    return r.code;
}
