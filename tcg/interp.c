/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's loop: state, memory and control here; values by ir_eval (eval.h), memory in interp_mem.c,
 * helpers in interp_call.c. Nothing is kept between units, so a fault may leave by siglongjmp at any access. */
#include "interp.h"
#include <glib.h>
#include <string.h>
#include "interp_parts.h"

enum { LOCALS = 16 };

static inline void *slot(const IrUnit *u, CpuState *cpu, const IrInsn *i) { return (char *)cpu + u->guest->regs[i->aux].offset; }

static inline void get_register(IrValue *out, const IrInsn *i, const void *p)
{
    if (i->type == IR_I64)
        *out = (IrValue){ .u = { *(const uint64_t *)p, 0 } };
    else if (i->type == IR_V128)
        memcpy(out, p, 16);
    else
        *out = (IrValue){ .u = { i->type == IR_I32 || i->type == IR_F32 ? *(const uint32_t *)p : *(const uint64_t *)p, 0 } };
}

static inline void put_register(void *p, const IrInsn *i, const IrValue *v)
{
    if (i->type == IR_I64)
        *(uint64_t *)p = v->u[0];
    else if (i->type == IR_V128)
        memcpy(p, v, 16);
    else if (i->type == IR_I32 || i->type == IR_F32)
        *(uint32_t *)p = (uint32_t)v->u[0];
    else
        *(uint64_t *)p = v->u[0];
}

/* Guest memory. Returns false when the access is misaligned and must not be. */
static inline bool access_memory(CpuState *cpu, const IrInsn *i, const IrValue *v, IrValue *out)
{
    gaddr addr = v[i->arg[0]].u[0] + (uint64_t)i->imm;
    void *p = (void *)(uintptr_t)(cpu->mem_base + addr);
    bool wide_atomic = i->op == IR_cas && (i->mem & MEM_SIZE) == MEM_128;       /* the host cannot either */
    if ((i->mem & MEM_ALIGN || wide_atomic) && addr & ((1u << (i->mem & MEM_SIZE)) - 1)) {
        cpu->fault_addr = addr;
        return false;
    }
    if (i->op == IR_load)
        mem_load(out, p, i);
    else if (i->op == IR_store)
        mem_store(p, i, &v[i->arg[1]]);
    else
        mem_atomic(out, p, i, &v[i->arg[1]], &v[i->arg[2]]);
    return true;
}

static bool holds(const IrInsn *i, const IrValue *v)
{
    if (i->op == IR_brcond_f || i->op == IR_exit_if_f)
        return eval_cond_flags((IrCond)i->cond, v[i->arg[0]].u[0]);
    return eval_cond((IrCond)i->cond, (IrType)i->type, v[i->arg[0]].u[0], v[i->arg[1]].u[0]);
}

static int leave(CpuState *cpu, gaddr pc, int code)
{
    cpu->pc = pc;
    return code;
}

static int leave_with_flags(const IrUnit *u, CpuState *cpu, const IrInsn *i, const IrValue *v)
{
    if (i->aux)
        *(uint32_t *)((char *)cpu + u->guest->regs[i->aux - 1].offset) = (uint32_t)v[i->arg[0]].u[0];
    return leave(cpu, (gaddr)i->imm, 0);
}

static int leave_raise(CpuState *cpu, const IrInsn *i)
{
    cpu->exit_code = i->aux;
    cpu->exit_arg = i->imm;
    return leave(cpu, i->imm2, i->aux);
}

static void fence(const IrInsn *i)
{
    if (i->aux & FENCE_SYNC_CORE)
        __builtin___clear_cache(NULL, NULL);    /* nothing on coherent hosts; a compiler barrier at least */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void evaluate(const IrUnit *u, CpuState *cpu, const IrInsn *i, const IrValue *v, IrValue *out)
{
    const IrValue *const operand[4] = { &v[i->arg[0]], &v[i->arg[1]], &v[i->arg[2]], &v[i->arg[3]] };
    if (i->op < IR_load) {              /* by the order of rows in ops.def */
        eval_int(out, i, operand);
        return;
    }
    EvalFp fp = { &u->guest->fp, cpu->fp_round, &cpu->fp_sticky, u->guest->fp_invalid, cpu };
    ir_eval(out, i, operand, &fp);
}

/* The most frequent ones of what evaluate knows, in line. */
static inline IrValue word(const IrInsn *i, uint64_t x)
{
    return (IrValue){ .u = { i->type == IR_I32 || i->type == IR_F32 ? (uint32_t)x : x, 0 } };
}

static inline IrValue add(const IrInsn *i, const IrValue *v) { return word(i, v[i->arg[0]].u[0] + v[i->arg[1]].u[0]); }
static inline IrValue and(const IrInsn *i, const IrValue *v) { return word(i, v[i->arg[0]].u[0] & v[i->arg[1]].u[0]); }
static inline IrValue low32(const IrInsn *i, const IrValue *v) { return (IrValue){ .u = { (uint32_t)v[i->arg[0]].u[0], 0 } }; }
static inline IrValue constant(const IrInsn *i)
{
    return i->type == IR_V128 ? (IrValue){ .u = { (uint64_t)i->imm, (uint64_t)i->imm } } : word(i, (uint64_t)i->imm);
}

/* v: by IrVal; label: where each label stands. */
static int run(const IrUnit *u, CpuState *cpu, IrValue *v, const uint32_t *label)
{
    IrValue local[LOCALS], *out = v;
    const IrInsn *i = u->insn;
    for (;;) {
        i++;
        out++;
        switch (i->op) {
        case IR_insn: cpu->pc = (gaddr)i->imm; break;
        case IR_get: get_register(out, i, slot(u, cpu, i)); break;
        case IR_put: put_register(slot(u, cpu, i), i, &v[i->arg[0]]); break;
        case IR_const: case IR_addr: *out = constant(i); break;
        case IR_add: *out = add(i, v); break;
        case IR_and: *out = and(i, v); break;
        case IR_trunc32: case IR_zext32: *out = low32(i, v); break;
        case IR_ld_env: mem_load(out, (char *)cpu + i->imm, i); break;
        case IR_st_env: mem_store((char *)cpu + i->imm, i, &v[i->arg[0]]); break;
        case IR_local_get: *out = local[i->aux]; break;
        case IR_local_put: local[i->aux] = v[i->arg[0]]; break;
        case IR_load: case IR_store: case IR_cas: case IR_xchg: case IR_fetch_add: case IR_fetch_and: case IR_fetch_or:
        case IR_fetch_xor: case IR_fetch_smin: case IR_fetch_smax: case IR_fetch_umin: case IR_fetch_umax:
            if (!access_memory(cpu, i, v, out))
                return TCG_EXIT_ALIGN;
            break;
        case IR_prefetch: case IR_label: break;
        case IR_fence: fence(i); break;
        case IR_fpflags_get: *out = (IrValue){ .u = { cpu->fp_sticky, 0 } }; break;
        case IR_fpflags_put: cpu->fp_sticky = v[i->arg[0]].u[0]; break;
        case IR_fpround_put: cpu->fp_round = (uint32_t)v[i->arg[0]].u[0]; break;
        case IR_call: interp_call(u->guest, cpu, i, v, out); break;
        case IR_host_insn: g_error("unit 0x%" G_GINT64_MODIFIER "x: host_insn has no meaning in the interpreter", u->pc);
        case IR_brcond: case IR_brcond_f:
            if (!holds(i, v))
                break;
            /* fall through */
        case IR_br:
            out = v + label[i->aux];
            i = u->insn + label[i->aux];
            break;
        case IR_exit_if_f:
            if (holds(i, v))
                return leave_with_flags(u, cpu, i, v);
            break;
        case IR_exit_if:
            if (!holds(i, v))
                break;
            /* fall through */
        case IR_jump: case IR_calljump: return leave(cpu, (gaddr)i->imm, 0);
        case IR_jump_ind: case IR_calljump_ind: case IR_ret: return leave(cpu, v[i->arg[0]].u[0], 0);
        case IR_raise: return leave_raise(cpu, i);
        default: evaluate(u, cpu, i, v, out); break;
        }
    }
}

int interp_unit(const IrUnit *u, CpuState *cpu)
{
    IrValue value[u->n];
    uint32_t label[u->nlabels + 1];
    if (u->nlabels)
        for (uint32_t n = 1; n < u->n; n++)
            if (u->insn[n].op == IR_label)
                label[u->insn[n].aux] = n;
    return run(u, cpu, value, label);
}
