/* SPDX-License-Identifier: Apache-2.0 */
/* Code shared by all units, made once: entering and leaving translated code, stubs, helper calls.
 * Stubs are reached by `call`, and their data follow the call: its return address is their argument. */
#include "emit.h"
#include "cold.h"
#include "lower.h"

enum { CALLER_SAVED = 1 << RAX | 1 << RCX | 1 << RDX | 1 << RSI | 1 << RDI | 1 << R8 | 1 << R9 | 1 << R10 | 1 << R11 };
static const uint8_t callee_saved[] = { RBX, RBP, R12, R13, R14, R15 };

static Mem env(size_t off) { return opd_env((int32_t)off).m; }
static Mem slot(int s) { return opd_env(hs_off(s)).m; }

/* Pins of general registers in mask, and of vectors when xmm, to or from their homes. */
static void move_pins(Em *e, const Tcg *t, uint32_t mask, bool xmm, bool store)
{
    for (int r = 0; r < 16; r++) {
        int g = e->hc->pinned[CL_G][r];
        if (g < 0 || !(mask >> r & 1))
            continue;
        const RegDesc *d = &t->guest->regs[g];
        if (store)
            mov_store(e, d->type == IR_I64, env(d->offset), r);
        else
            mov_load(e, d->type == IR_I64, r, env(d->offset));
    }
    for (int r = 0; r < 16 && xmm; r++) {
        int g = e->hc->pinned[CL_X][r];
        if (g < 0)
            continue;
        const RegDesc *d = &t->guest->regs[g];
        if (store)
            mov_x_store(e, d->type, opd_env((int32_t)d->offset), r);
        else
            mov_x_load(e, d->type, r, opd_env((int32_t)d->offset));
    }
}

static void stmxcsr(Em *e, Opd at) { em_op(e, M0F | 0xae, 3, at, 0); }
static void ldmxcsr(Em *e, Opd at) { em_op(e, M0F | 0xae, 2, at, 0); }

static void gen_constants(Em *e, HostCode *hc)
{
    hc->mxcsr_default = e->p;
    em32(e, MXCSR_DEFAULT);
}

/* C code runs under the default modes; saved is what MXCSR holds. Flags that are set already do not matter to it. */
static void default_modes(Em *e, Opd saved)
{
    enum { MODES = 0xe040 };            /* FTZ RC DAZ; exceptions are always masked */
    em_op(e, 0xf7, 0, saved, 4);
    em32(e, MODES);
    uint8_t *same = jcc_short(e, CC_E);
    em8(e, 0x0f);                       /* ldmxcsr default(%rip) */
    em16(e, 0x15ae);
    em32(e, (uint32_t)(e->hc->mxcsr_default - (e->p + 4)));
    jump_here(e, same);
}

static void clean_flags(Em *e, const Tcg *t)
{
    if (e->hc->flags_reg >= 0)
        alu_oi(e, ALU_AND, false, opd_env((int32_t)t->guest->regs[e->hc->flags_reg].offset), FLAGS_MASK);
}

static void push_r(Em *e, int r) { if (r & 8) em8(e, 0x41); em8(e, 0x50 | (r & 7)); }
static void pop_r(Em *e, int r) { if (r & 8) em8(e, 0x41); em8(e, 0x58 | (r & 7)); }

/* enter(cpu, code) */
static void gen_enter(Em *e, const Tcg *t)
{
    for (size_t i = 0; i < sizeof callee_saved; i++)
        push_r(e, callee_saved[i]);
    alu_ri(e, ALU_SUB, true, RSP, 8);
    mov_rr(e, true, RBP, RDI);
    mov_rr(e, true, RAX, RSI);
    mov_store(e, true, slot(HS_CSP), RSP);
    mov_load(e, true, RSP, slot(HS_PSP));
    move_pins(e, t, 0xffff, true, false);
    if (e->hc->base_reg)
        mov_load(e, true, MEM_BASE_REG, env(offsetof(CpuState, mem_base)));
    em_op(e, 0xff, 4, opd_reg(RAX), 0);
}

/* eax = exit code. */
static void gen_leave(Em *e, const Tcg *t, HostCode *hc)
{
    hc->leave = e->p;
    stmxcsr(e, opd_env(hs_off(HS_MXCSR)));      /* long before anybody wants it */
    move_pins(e, t, 0xffff, true, true);
    clean_flags(e, t);
    mov_store(e, true, slot(HS_PSP), RSP);
    hc->out = e->p;                     /* all is in CpuState */
    mov_load(e, true, RSP, slot(HS_CSP));
    alu_ri(e, ALU_ADD, true, RSP, 8);
    for (size_t i = sizeof callee_saved; i-- > 0; )
        pop_r(e, callee_saved[i]);
    em8(e, 0xc3);

    hc->fault_exit = e->p;              /* state is in CpuState already */
    stmxcsr(e, opd_env(hs_off(HS_MXCSR)));
    jmp_to(e, hc->out);
}

/* rax = the stub's data, which start with a guest pc. */
static void data_pc(Em *e)
{
    mov_load(e, true, RCX, (Mem){ RAX, NOREG, 0, 0 });
    mov_store(e, true, env(offsetof(CpuState, pc)), RCX);
}

static void stub_pc(Em *e)
{
    pop_r(e, RAX);
    data_pc(e);
}

static void gen_stubs(Em *e, const Tcg *t, HostCode *hc)
{
    hc->link = e->p;
    stub_pc(e);
    mov_store(e, true, slot(HS_LINK), RAX);
    em_rr(e, 0x33, RAX, RAX);
    jmp_to(e, hc->leave);

    hc->hot = e->p;
    stub_pc(e);
    mov_ri(e, RAX, ENGINE_HOT);
    jmp_to(e, hc->leave);

    hc->poll = e->p;
    stub_pc(e);
    mov_ri(e, RAX, TCG_EXIT_POLL);
    jmp_to(e, hc->leave);

    hc->raise = e->p;                   /* jumped to */
    data_pc(e);
    mov_load(e, true, RCX, (Mem){ RAX, NOREG, 0, 8 });
    mov_store(e, true, env(offsetof(CpuState, exit_arg)), RCX);
    mov_load(e, false, RAX, (Mem){ RAX, NOREG, 0, 16 });
    if (t->opt.call.exit && !t->nolink && !t->opt.one_insn) {
        alu_ri(e, ALU_CMP, false, RAX, t->opt.call.exit);
        jcc_rel32(e, CC_E);
        hc->call = e->p;
    }
    jmp_to(e, hc->leave);
}

/* rcx = the entry of the thread's table for the pc in rax. */
static void gen_jtab_entry(Em *e, const Tcg *t)
{
    em_rr(e, 0x8b, RCX, RAX);
    alu_ri(e, ALU_AND, false, RCX, ((1 << JTAB_BITS) - 1) << t->pc_shift);
    shift_ri(e, SH_SHL, false, RCX, JTAB_ENTRY_BITS - t->pc_shift);
    alu_ro(e, ALU_ADD, true, RCX, opd_env(hs_off(HS_JTAB)));
}

/* rdx = the unit for cpu->pc (in rax) or 0; the search of cache_lookup. */
static void gen_hash_walk(Em *e, const Tcg *t)
{
    mov_rr(e, true, RCX, RAX);
    mov_rr(e, true, RDX, RAX);
    shift_ri(e, SH_SHR, true, RCX, 17);
    shift_ri(e, SH_SHR, true, RDX, t->pc_shift);
    alu_rr(e, ALU_XOR, false, RCX, RDX);
    alu_ri(e, ALU_AND, false, RCX, (1 << HASH_BITS) - 1);
    mov_load(e, true, RDX, slot(HS_HASH));
    mov_load(e, true, RDX, (Mem){ RDX, RCX, 3, 0 });
    mov_load(e, false, RCX, env(offsetof(CpuState, tb_flags)));
    uint8_t *loop = e->p;
    test_rr(e, true, RDX, RDX);
    uint8_t *none = jcc_short(e, CC_E);
    em_op(e, 0x3b | RW, RAX, opd_mem(RDX, offsetof(Unit, pc)), 0);
    uint8_t *other = jcc_short(e, CC_NE);
    em_op(e, 0x3b, RCX, opd_mem(RDX, offsetof(Unit, flags)), 0);
    uint8_t *found = jcc_short(e, CC_E);
    jump_here(e, other);
    mov_load(e, true, RDX, (Mem){ RDX, NOREG, 0, offsetof(Unit, next) });
    em8(e, 0xeb);
    em8(e, (unsigned)(loop - e->p - 1) & 0xff);
    jump_here(e, none);
    jump_here(e, found);
}

/* An indirect branch to cpu->pc that the thread's table does not know: the shared table, then C. As jtab_fill does,
 * the entry is taken back when the unit was dropped meanwhile. */
static void gen_ind_miss(Em *e, const Tcg *t, HostCode *hc)
{
    hc->ind_miss = e->p;
    uint8_t *poll = NULL, *none = NULL, *interp = NULL;
    if (!t->nolink) {
        em_op(e, 0x83, ALU_CMP, opd_env(offsetof(CpuState, exit_request)), 1);
        em8(e, 0);
        jcc_rel32(e, CC_NE);
        poll = e->p;
        mov_load(e, true, RAX, env(offsetof(CpuState, pc)));
        gen_hash_walk(e, t);
        test_rr(e, true, RDX, RDX);
        none = jcc_short(e, CC_E);
        alu_oi(e, ALU_CMP, true, opd_mem(RDX, offsetof(Unit, code)), 0);
        interp = jcc_short(e, CC_E);
        gen_jtab_entry(e, t);
        alu_ri(e, ALU_XOR, true, RAX, 1 << t->pc_shift);       /* looks at the entry next to this one: as good as
                                                                * jtab_none */
        mov_store(e, true, (Mem){ RCX, NOREG, 0, 0 }, RAX);
        mov_load(e, true, RAX, (Mem){ RDX, NOREG, 0, offsetof(Unit, code) });
        mov_store(e, true, (Mem){ RCX, NOREG, 0, 8 }, RAX);
        mov_load(e, true, RAX, env(offsetof(CpuState, pc)));
        em_op(e, 0x87 | RW, RAX, opd_mem(RCX, 0), 0);
        alu_oi(e, ALU_CMP, false, opd_mem(RDX, offsetof(Unit, live)), 0);
        uint8_t *ok = jcc_short(e, CC_NE);
        mov_store(e, true, (Mem){ RCX, NOREG, 0, 0 }, RAX);
        jump_here(e, ok);
        em_op(e, 0xff, 4, opd_mem(RDX, offsetof(Unit, code)), 0);
        jump_here(e, none);
        jump_here(e, interp);
        int32_t d = (int32_t)(e->p - poll);
        memcpy(poll - 4, &d, 4);
    }
    em_op(e, 0xc7 | RW, 0, opd_env(hs_off(HS_LINK)), 4);
    em32(e, 0);
    em_rr(e, 0x33, RAX, RAX);
    jmp_to(e, hc->leave);
}

/* To the code for the guest pc in rax when the thread's table knows it; falls through when not. */
static void gen_jtab_jump(Em *e, const Tcg *t)
{
    gen_jtab_entry(e, t);
    em_op(e, 0x3b | RW, RAX, opd_mem(RCX, 0), 0);
    uint8_t *miss = jcc_short(e, CC_NE);
    em_op(e, 0xff, 4, opd_mem(RCX, 8), 0);
    jump_here(e, miss);
}

/* rax = guest pc that the newest pair does not match: look a little deeper (longjmp, tail calls), then as any indirect
 * jump. */
static void gen_ret_miss(Em *e, const Tcg *t, HostCode *hc)
{
    enum { DEPTH = 15 };
    hc->ret_miss = e->p;
    lea(e, true, RCX, (Mem){ RSP, NOREG, 0, 16 });
    mov_ri(e, RDX, DEPTH);
    uint8_t *loop = e->p;
    em_op(e, 0x3b | RW, RAX, opd_mem(RCX, 8), 0);
    uint8_t *found = jcc_short(e, CC_E);
    alu_ri(e, ALU_ADD, true, RCX, 16);
    alu_ri(e, ALU_SUB, false, RDX, 1);
    em8(e, 0x70 | CC_NE);
    em8(e, (unsigned)(loop - e->p - 1) & 0xff);
    gen_jtab_jump(e, t);
    mov_store(e, true, env(offsetof(CpuState, pc)), RAX);
    jmp_to(e, hc->ind_miss);
    jump_here(e, found);
    mov_rr(e, true, RSP, RCX);
    em8(e, 0xc3);
}

static void jump_far_here(Em *e, uint8_t *from)
{
    int32_t d = (int32_t)(e->p - from);
    memcpy(from - 4, &d, 4);
}

static uint8_t *jcc_far(Em *e, int cc)
{
    jcc_rel32(e, cc);
    return e->p;
}

/* Outside of tcg_run, as cache_leave and cache_enter have it, round TcgCall.make; rdi is its argument. Returns where it
 * comes back. */
static void gen_make(Em *e, const Tcg *t)
{
    mov_load(e, true, RCX, env(offsetof(CpuState, thread)));
    em_op(e, 0xc7, 0, opd_mem(RCX, offsetof(TcgThread, active)), 4);
    em32(e, 0);
    em8(e, 0x48);                       /* lea back(%rip), %rsi */
    em16(e, 0x358d);
    em32(e, 0);
    uint8_t *back = e->p;
    mov_ri(e, RAX, (int64_t)(uintptr_t)t->opt.call.make);
    em_op(e, 0xff, 4, opd_reg(RAX), 0);
    jump_far_here(e, back);
}

/* Reached from a raise of TcgCall.exit. */
static void gen_call(Em *e, const Tcg *t, HostCode *hc)
{
    uint8_t *exit[2], *poll[3];
    if (!hc->call)
        return;
    jump_far_here(e, hc->call);
    stmxcsr(e, opd_env(hs_off(HS_MXCSR)));
    move_pins(e, t, 0xffff, true, true);
    clean_flags(e, t);
    default_modes(e, opd_env(hs_off(HS_MXCSR)));
    mov_store(e, true, slot(HS_PSP), RSP);
    mov_load(e, true, RSP, slot(HS_CSP));
    mov_rr(e, true, RDI, RBP);
    mov_ri(e, RAX, (int64_t)(uintptr_t)t->opt.call.prepare);
    em_op(e, 0xff, 2, opd_reg(RAX), 0);
    mov_rr(e, true, RDI, RAX);
    test_rr(e, true, RAX, RAX);
    exit[0] = jcc_far(e, CC_E);
    gen_make(e, t);
    test_rr(e, false, RAX, RAX);
    exit[1] = jcc_far(e, CC_NE);
    mov_load(e, true, RCX, env(offsetof(CpuState, thread)));
    mov_ri(e, RAX, 1);
    em_op(e, 0x87, RAX, opd_mem(RCX, offsetof(TcgThread, active)), 0);
    mov_ri(e, RDX, (int64_t)(uintptr_t)t);
    alu_oi(e, ALU_CMP, false, opd_mem(RDX, offsetof(Tcg, stop)), 0);
    poll[0] = jcc_far(e, CC_NE);
    mov_load(e, false, RAX, (Mem){ RDX, NOREG, 0, offsetof(Tcg, gen) });
    em_op(e, 0x3b, RAX, opd_mem(RCX, offsetof(TcgThread, gen)), 0);
    poll[1] = jcc_far(e, CC_NE);
    alu_oi(e, ALU_CMP, false, opd_env(offsetof(CpuState, exit_request)), 0);
    poll[2] = jcc_far(e, CC_NE);
    mov_load(e, true, RSP, slot(HS_PSP));
    ldmxcsr(e, opd_env(hs_off(HS_MXCSR)));
    move_pins(e, t, 0xffff, true, false);
    if (e->hc->base_reg)
        mov_load(e, true, MEM_BASE_REG, env(offsetof(CpuState, mem_base)));
    mov_load(e, true, RAX, env(offsetof(CpuState, pc)));
    gen_jtab_jump(e, t);
    jmp_to(e, hc->ind_miss);
    for (int i = 0; i < 3; i++)
        jump_far_here(e, poll[i]);
    mov_ri(e, RAX, TCG_EXIT_POLL);
    jmp_to(e, hc->out);
    for (int i = 0; i < 2; i++)
        jump_far_here(e, exit[i]);
    mov_ri(e, RAX, t->opt.call.exit);
    jmp_to(e, hc->out);
}

/* rax = C function; arguments in the slots. all: the guest state is in memory while it runs. no_fp:
 * as in HelperDesc. */
static uint8_t *gen_helper(Em *e, const Tcg *t, bool all, bool no_fp)
{
    uint8_t *start = e->p;
    uint32_t mask = all ? 0xffff : CALLER_SAVED;
    static const uint8_t arg[5] = { RSI, RDX, RCX, R8, R9 };
    move_pins(e, t, mask, true, true);
    if (all)
        clean_flags(e, t);
    mov_load(e, true, RCX, (Mem){ RSP, NOREG, 0, 0 });
    mov_store(e, true, slot(HS_HELPER), RCX);
    if (!no_fp) {
        stmxcsr(e, opd_env(hs_off(HS_TMP)));
        default_modes(e, opd_env(hs_off(HS_TMP)));
    }
    mov_store(e, true, slot(HS_PSP), RSP);
    mov_load(e, true, RSP, slot(HS_CSP));
    em_op(e, 0xff, 6, opd_env(hs_off(HS_ARG + 5)), 0);
    em_op(e, 0xff, 6, opd_env(hs_off(HS_ARG + 5)), 0);
    mov_rr(e, true, RDI, RBP);
    for (int i = 0; i < 5; i++)
        mov_load(e, true, arg[i], slot(HS_ARG + i));
    for (int i = 0; i < 6; i++)
        mov_x_load(e, IR_F64, i, opd_env(hs_off(HS_FARG + i)));
    em_op(e, 0xff, 2, opd_reg(RAX), 0);
    mov_load(e, true, RSP, slot(HS_PSP));
    em_op(e, 0xc7 | RW, 0, opd_env(hs_off(HS_HELPER)), 4);
    em32(e, 0);
    if (!no_fp)
        ldmxcsr(e, opd_env(hs_off(HS_TMP)));
    move_pins(e, t, mask, true, false);
    em8(e, 0xc3);
    return start;
}

/* Every register goes to a ColdRegs on the C stack and comes back from it. */
static void gen_cold_call(Em *e, HostCode *hc)
{
    enum { SIZE = (sizeof(ColdRegs) + 15) & ~15 };
    hc->cold_call = e->p;
    mov_store(e, true, slot(HS_TMP), RAX);
    mov_load(e, true, RAX, slot(HS_CSP));
    alu_ri(e, ALU_SUB, true, RAX, SIZE);
    for (int r = RCX; r <= R15; r++)
        if (r != RSP && r != RBP)
            mov_store(e, true, (Mem){ RAX, NOREG, 0, 8 * r }, r);
    for (int r = 0; r < 16; r++)
        mov_x_store(e, IR_V128, opd_mem(RAX, (int32_t)offsetof(ColdRegs, x) + 16 * r), r);
    stmxcsr(e, opd_mem(RAX, offsetof(ColdRegs, mxcsr)));
    default_modes(e, opd_mem(RAX, offsetof(ColdRegs, mxcsr)));
    mov_load(e, true, RCX, slot(HS_TMP));
    mov_store(e, true, (Mem){ RAX, NOREG, 0, 0 }, RCX);
    mov_load(e, true, RDX, (Mem){ RSP, NOREG, 0, 0 });
    mov_store(e, true, slot(HS_HELPER), RDX);
    mov_store(e, true, slot(HS_COLD), RAX);
    mov_store(e, true, slot(HS_PSP), RSP);
    mov_rr(e, true, RSP, RAX);
    mov_rr(e, true, RSI, RAX);
    mov_rr(e, true, RDI, RBP);
    mov_ri(e, RAX, (int64_t)(uintptr_t)host_cold);
    em_op(e, 0xff, 2, opd_reg(RAX), 0);
    mov_rr(e, true, RAX, RSP);
    mov_load(e, true, RSP, slot(HS_PSP));
    alu_oi(e, ALU_ADD, true, opd_mem(RSP, 0), sizeof(ColdDesc));
    em_op(e, 0xc7 | RW, 0, opd_env(hs_off(HS_HELPER)), 4);
    em32(e, 0);
    em_op(e, 0xc7 | RW, 0, opd_env(hs_off(HS_COLD)), 4);
    em32(e, 0);
    ldmxcsr(e, opd_mem(RAX, offsetof(ColdRegs, mxcsr)));
    for (int r = 0; r < 16; r++)
        mov_x_load(e, IR_V128, r, opd_mem(RAX, (int32_t)offsetof(ColdRegs, x) + 16 * r));
    for (int r = R15; r >= RAX; r--)
        if (r != RSP && r != RBP)
            mov_load(e, true, r, (Mem){ RAX, NOREG, 0, 8 * r });
    em8(e, 0xc3);
}

bool tramp_emit(Tcg *t, HostCode *hc)
{
    Em e = { .p = t->code, .start = t->code, .limit = t->code + 8192, .hc = hc, .guest = t->guest };
    gen_constants(&e, hc);
    hc->enter = e.p;
    gen_enter(&e, t);
    gen_leave(&e, t, hc);
    gen_stubs(&e, t, hc);
    gen_ind_miss(&e, t, hc);
    gen_ret_miss(&e, t, hc);
    gen_call(&e, t, hc);
    for (int k = 0; k < 4; k++)
        hc->helper[k >> 1][k & 1] = gen_helper(&e, t, k >> 1, k & 1);
    gen_cold_call(&e, hc);
    t->code_start = e.p;
    atomic_store(&t->code_next, (size_t)1 << CHUNK_BITS);
    return e.p < e.limit;
}
