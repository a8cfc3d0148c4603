/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's loop: state, memory and control here; values by ir_eval (eval.h), memory in interp_mem.c,
 * helpers in interp_call.c. Nothing is kept between units, so a fault may leave by siglongjmp at any access. */
#include "interp.h"
#include <glib.h>
#include <string.h>
#include "interp_parts.h"

/* Guest address 0 may be host address 0, where an access faults as anywhere: no report of a sanitizer. */
#define GUEST_POINTER __attribute__((no_sanitize("null")))

enum { LOCALS = 16 };

typedef uint64_t __attribute__((aligned(1), may_alias)) Loose64;

/* What run does itself, the most frequent ops first among them; STEP_OTHER: see other. */
typedef enum Step {
    STEP_OTHER, STEP_INSN, STEP_GET, STEP_PUT, STEP_CONST, STEP_ADD, STEP_SUB, STEP_AND, STEP_SHL, STEP_LOW32,
    STEP_FLAGS, STEP_LOAD, STEP_STORE,
    STEP_ATOMIC, STEP_EXIT_IF, STEP_EXIT_IF_F, STEP_JUMP, STEP_JUMP_IND, STEP_RAISE, STEP_BR, STEP_BRCOND,
    STEP_BRCOND_F,
} Step;
static const uint8_t step_of[IR_NOPS] = {
    [IR_insn] = STEP_INSN, [IR_get] = STEP_GET, [IR_put] = STEP_PUT, [IR_const] = STEP_CONST, [IR_addr] = STEP_CONST,
    [IR_add] = STEP_ADD,
    [IR_sub] = STEP_SUB, [IR_and] = STEP_AND, [IR_shl] = STEP_SHL, [IR_trunc32] = STEP_LOW32, [IR_zext32] = STEP_LOW32,
    [IR_flags_pack] = STEP_FLAGS, [IR_flags_unpack] = STEP_FLAGS, [IR_load] = STEP_LOAD, [IR_store] = STEP_STORE,
    [IR_cas] = STEP_ATOMIC, [IR_xchg] = STEP_ATOMIC, [IR_fetch_add] = STEP_ATOMIC, [IR_fetch_and] = STEP_ATOMIC,
    [IR_fetch_or] = STEP_ATOMIC,
    [IR_fetch_xor] = STEP_ATOMIC, [IR_fetch_smin] = STEP_ATOMIC, [IR_fetch_smax] = STEP_ATOMIC,
    [IR_fetch_umin] = STEP_ATOMIC,
    [IR_fetch_umax] = STEP_ATOMIC, [IR_exit_if] = STEP_EXIT_IF, [IR_exit_if_f] = STEP_EXIT_IF_F, [IR_jump] = STEP_JUMP,
    [IR_calljump] = STEP_JUMP, [IR_jump_ind] = STEP_JUMP_IND, [IR_calljump_ind] = STEP_JUMP_IND,
    [IR_ret] = STEP_JUMP_IND,
    [IR_raise] = STEP_RAISE, [IR_br] = STEP_BR, [IR_brcond] = STEP_BRCOND, [IR_brcond_f] = STEP_BRCOND_F,
};

/* The rarer types; I64 is in line. */
__attribute__((noinline)) static void get_register(IrValue *out, IrType t, const void *p)
{
    if (t == IR_V128)
        memcpy(out, p, 16);
    else
        *out = (IrValue){ .u = { t == IR_I32 || t == IR_F32 ? *(const uint32_t *)p : *(const uint64_t *)p, 0 } };
}

__attribute__((noinline)) static void put_register(void *p, IrType t, const IrValue *v)
{
    if (t == IR_V128)
        memcpy(p, v, 16);
    else if (t == IR_I32 || t == IR_F32)
        *(uint32_t *)p = (uint32_t)v->u[0];
    else
        *(uint64_t *)p = v->u[0];
}

/* Guest memory. Returns false when the access is misaligned and must not be. */
__attribute__((noinline)) static bool access_memory(CpuState *cpu, const IrInsn *i, const IrValue *v, IrValue *out)
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

static inline bool holds_f(const IrInsn *i, const IrValue *v)
{
    return eval_cond_flags((IrCond)i->cond, v[i->arg[0]].u[0]);
}

static inline bool holds(const IrInsn *i, const IrValue *v)
{
    if (i->type == IR_I64 && (i->cond == COND_EQ || i->cond == COND_NE))
        return (v[i->arg[0]].u[0] == v[i->arg[1]].u[0]) == (i->cond == COND_EQ);
    return eval_cond((IrCond)i->cond, (IrType)i->type, v[i->arg[0]].u[0], v[i->arg[1]].u[0]);
}

static inline int leave(CpuState *cpu, gaddr pc, int code)
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

static void evaluate(const IrUnit *u, CpuState *cpu, const IrInsn *i, const IrValue *v, IrValue *out)
{
    const IrValue *const operand[4] = { &v[i->arg[0]], &v[i->arg[1]], &v[i->arg[2]], &v[i->arg[3]] };
    if (ir_op_class[i->op] == IRC_INT) {
        eval_int(out, i, operand);
        return;
    }
    EvalFp fp = { &u->guest->fp, cpu->fp_round, &cpu->fp_sticky, u->guest->fp_invalid, cpu };
    ir_eval(out, i, operand, &fp);
}

static int leave_with_order(const IrUnit *u, CpuState *cpu, const IrInsn *i, const IrValue *v)
{
    int reg = ir_exit_order(i->aux);
    if (reg >= 0) {
        IrInsn order = { .op = IR_order,
            .type = i->type,
            .aux = i->aux & EXIT_ORDER_U ? 1 : 0,
            .nargs = 2,
            .arg = { i->arg[0], i->arg[1] } };
        IrValue r;
        evaluate(u, cpu, &order, v, &r);
        put_register((char *)cpu + u->regs[reg].offset, IR_I32, &r);
    }
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

__attribute__((noinline)) static void other(
    const IrUnit *u, CpuState *cpu, const IrInsn *i, IrValue *v, IrValue *local, IrValue *out)
{
    switch (i->op) {
    case IR_ld_env: mem_load(out, (char *)cpu + i->imm, i); break;
    case IR_st_env: mem_store((char *)cpu + i->imm, i, &v[i->arg[0]]); break;
    case IR_local_get: *out = local[i->aux]; break;
    case IR_local_put: local[i->aux] = v[i->arg[0]]; break;
    case IR_prefetch: case IR_label: break;
    case IR_fence: fence(i); break;
    case IR_fpflags_get: *out = (IrValue){ .u = { cpu->fp_sticky, 0 } }; break;
    case IR_fpflags_put: case IR_fpflags_undo: cpu->fp_sticky = v[i->arg[0]].u[0]; break;
    case IR_fpround_put: cpu->fp_round = (uint32_t)v[i->arg[0]].u[0]; break;
    case IR_call: interp_call(u->guest, cpu, i, v, out); break;
    case IR_host_insn: g_error("unit 0x%" G_GINT64_MODIFIER "x: host_insn has no meaning in the interpreter", u->pc);
    default: evaluate(u, cpu, i, v, out); break;
    }
}

static inline uint64_t first(const IrInsn *i, const IrValue *v) { return v[i->arg[0]].u[0]; }
static inline uint64_t second(const IrInsn *i, const IrValue *v) { return v[i->arg[1]].u[0]; }
static inline uint64_t word(const IrInsn *i, uint64_t x)
{
    return i->type == IR_I32 || i->type == IR_F32 ? (uint32_t)x : x;
}

/* v: by IrVal; label: where each label stands. Scalars leave u[1] of a value as it was. */
GUEST_POINTER static int run(const IrUnit *u, CpuState *cpu, IrValue *v, const uint32_t *label)
{
    IrValue local[LOCALS], *out = v;
    const IrInsn *i = u->insn;
    const RegDesc *regs = u->regs;
    for (;;) {
        i++;
        out++;
        switch ((Step)step_of[i->op]) {
        case STEP_INSN: cpu->pc = (gaddr)i->imm; continue;
        case STEP_GET: {
            const void *p = (char *)cpu + regs[i->aux].offset;
            if (i->type == IR_I64)
                out->u[0] = *(const uint64_t *)p;
            else
                get_register(out, (IrType)i->type, p);
            continue;
        }
        case STEP_PUT: {
            void *p = (char *)cpu + regs[i->aux].offset;
            if (i->type == IR_I64)
                *(uint64_t *)p = first(i, v);
            else
                put_register(p, (IrType)i->type, &v[i->arg[0]]);
            continue;
        }
        case STEP_CONST:
            out->u[0] = word(i, (uint64_t)i->imm);
            if (i->type == IR_V128)
                out->u[1] = (uint64_t)i->imm;
            continue;
        case STEP_ADD: out->u[0] = word(i, first(i, v) + second(i, v)); continue;
        case STEP_SUB: out->u[0] = word(i, first(i, v) - second(i, v)); continue;
        case STEP_AND: out->u[0] = word(i, first(i, v) & second(i, v)); continue;
        case STEP_SHL: out->u[0] = word(i, first(i, v) << (second(i, v) & (i->type == IR_I32 ? 31 : 63))); continue;
        case STEP_LOW32: out->u[0] = (uint32_t)first(i, v); continue;
        case STEP_FLAGS: out->u[0] = first(i, v) & FL_ALL; continue;
        case STEP_LOAD:
            if (i->mem == MEM_64)
                out->u[0] = *(const volatile Loose64 *)(uintptr_t)(cpu->mem_base + first(i, v) + (uint64_t)i->imm);
            else if (!access_memory(cpu, i, v, out))
                return TCG_EXIT_ALIGN;
            continue;
        case STEP_STORE:
            if (i->mem == MEM_64)
                *(volatile Loose64 *)(uintptr_t)(cpu->mem_base + first(i, v) + (uint64_t)i->imm) = second(i, v);
            else if (!access_memory(cpu, i, v, out))
                return TCG_EXIT_ALIGN;
            continue;
        case STEP_ATOMIC:
            if (!access_memory(cpu, i, v, out))
                return TCG_EXIT_ALIGN;
            continue;
        case STEP_EXIT_IF_F:
            if (holds_f(i, v))
                return leave_with_flags(u, cpu, i, v);
            continue;
        case STEP_EXIT_IF:
            if (holds(i, v))
                return leave_with_order(u, cpu, i, v);
            continue;
        case STEP_JUMP: return leave(cpu, (gaddr)i->imm, 0);
        case STEP_JUMP_IND: return leave(cpu, first(i, v), 0);
        case STEP_RAISE: return leave_raise(cpu, i);
        case STEP_BRCOND: case STEP_BRCOND_F:
            if (i->op == IR_brcond ? !holds(i, v) : !holds_f(i, v))
                continue;
            /* fall through */
        case STEP_BR:
            out = v + label[i->aux];
            i = u->insn + label[i->aux];
            continue;
        case STEP_OTHER: other(u, cpu, i, v, local, out); continue;
        }
        __builtin_unreachable();
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
