/* SPDX-License-Identifier: Apache-2.0 */
/* A64 branches, exceptions, hints, barriers, cache maintenance and system registers (sys.decode).
 * The system registers are rows: those EL0 owns, and the ID registers as Linux emulates them. */
#include <time.h>
#include "tr_a64.h"
#include "sysreg.h"
#include "aarch64/sys.decode.h"
#include "aarch64/sys.decode.inc"

enum { LR = 30, ZVA_BYTES = 64 };

/* --- branches */

static gaddr next_pc(const Tr *t) { return t->pc + 4; }

bool tr_b(Tr *t, const OpB *a) { tr_jump(t, t->pc + (int64_t)a->imm26); return true; }

bool tr_bl(Tr *t, const OpB *a)
{
    put_x(t, LR, addr_x(t, next_pc(t)));
    ir_calljump(t->u, t->pc + (int64_t)a->imm26, next_pc(t));
    tr_end(t);
    return true;
}

bool tr_b_cond(Tr *t, const OpBc *a)
{
    gaddr to = t->pc + (int64_t)a->imm19;
    IrCond c = a64_cond(a->cond);
    if (c == COND_ALWAYS)
        tr_jump(t, to);
    else
        tr_branch_f(t, c, get_flags(t), to);
    return true;
}

bool tr_cbz(Tr *t, const OpCb *a, int cond)
{
    tr_branch(t, (IrCond)cond, get_r(t, a->sf, a->rt), imm_r(t, a->sf, 0), t->pc + (int64_t)a->imm19);
    return true;
}

bool tr_tbz(Tr *t, const OpTb *a, int cond)
{
    bool wide = a->bit >= 32;
    tr_branch(
        t, (IrCond)cond, get_r(t, wide, a->rt), imm_r(t, wide, (int64_t)(1ull << a->bit)), t->pc + (int64_t)a->imm14);
    return true;
}

static bool jump_to(Tr *t, IrVal pc) { ir_jump_ind(t->u, pc); tr_end(t); return true; }
static bool call_to(Tr *t, IrVal pc)        /* pc was read before: BLR x30 */
{
    put_x(t, LR, addr_x(t, next_pc(t)));
    ir_calljump_ind(t->u, pc, next_pc(t));
    tr_end(t);
    return true;
}

bool tr_br(Tr *t, const OpRn *a) { return jump_to(t, get_x(t, a->rn)); }
bool tr_blr(Tr *t, const OpRn *a) { return call_to(t, get_x(t, a->rn)); }
bool tr_ret(Tr *t, const OpRn *a) { ir_ret(t->u, get_x(t, a->rn)); tr_end(t); return true; }
bool tr_braz(Tr *t, const OpRnk *a) { return jump_to(t, pac_auth(t, get_x(t, a->rn), imm_x(t, 0), a->key)); }
bool tr_blraz(Tr *t, const OpRnk *a) { return call_to(t, pac_auth(t, get_x(t, a->rn), imm_x(t, 0), a->key)); }
bool tr_bra(Tr *t, const OpRnm *a) { return jump_to(t, pac_auth(t, get_x(t, a->rn), get_x_sp(t, a->rm), a->key)); }
bool tr_blra(Tr *t, const OpRnm *a) { return call_to(t, pac_auth(t, get_x(t, a->rn), get_x_sp(t, a->rm), a->key)); }
bool tr_reta(Tr *t, const OpK *a)
{
    ir_ret(t->u, pac_auth(t, get_x(t, LR), get_x_sp(t, 31), a->key));
    tr_end(t);
    return true;
}

/* --- exceptions */

static void open_monitor(Tr *t) { ir_st_env(t->u, MEM_64, offsetof(A64Cpu, ex_addr), imm_x(t, -1)); }

/* The kernel's return from the exception clears the exclusive monitor. */
bool tr_svc(Tr *t, const OpImm *a)
{
    open_monitor(t);
    tr_raise_next(t, EX_SYSCALL, a->imm16);
    return true;
}
bool tr_brk(Tr *t, const OpImm *a) { tr_raise(t, EX_BREAKPOINT, a->imm16); return true; }
bool tr_udf(Tr *t, const OpN *a) { tr_raise(t, EX_ILLEGAL, (int64_t)t->insn); return true; }

/* --- hints: CRm:op2; those not named here do nothing */

typedef struct HintRow { uint8_t hint, auth, reg, mod, key; } HintRow;    /* mod: 31 SP, 32 zero */
static const HintRow pac_hints[] = {
    {  8, 0, 17, 16, 0 }, { 10, 0, 17, 16, 1 }, { 12, 1, 17, 16, 0 }, { 14, 1, 17, 16, 1 },      /* PACIA1716 ... */
    /* PACIAZ PACIASP PACIBZ PACIBSP */
    { 24, 0, LR, 32, 0 }, { 25, 0, LR, 31, 0 }, { 26, 0, LR, 32, 1 }, { 27, 0, LR, 31, 1 },
    { 28, 1, LR, 32, 0 }, { 29, 1, LR, 31, 0 }, { 30, 1, LR, 32, 1 }, { 31, 1, LR, 31, 1 },
};

bool tr_hint(Tr *t, const OpHint *a)
{
    enum { HINT_YIELD = 1, HINT_WFE = 2, HINT_WFI = 3, HINT_XPACLRI = 7 };
    if (a->hint >= HINT_YIELD && a->hint <= HINT_WFI) {
        if (a->hint != HINT_YIELD)
            tr_raise_next(t, EX_YIELD, 0);    /* YIELD in a short spin must stay cheap */
        return true;
    }
    if (!tr_has(t, FEAT_PAUTH))
        return true;
    if (a->hint == HINT_XPACLRI) {
        put_x(t, LR, pac_strip(t, get_x(t, LR)));
        return true;
    }
    for (size_t i = 0; i < sizeof pac_hints / sizeof *pac_hints; i++) {
        const HintRow *h = &pac_hints[i];
        if (h->hint != a->hint)
            continue;
        IrVal p = get_x(t, h->reg), m = h->mod == 32 ? imm_x(t, 0) : get_x_sp(t, h->mod);
        put_x(t, h->reg, h->auth ? pac_auth(t, p, m, h->key) : pac_sign(t, p, m, h->key));
        return true;
    }
    return true;
}

/* --- barriers and caches */

static void fence(Tr *t, int bits) { ir_emit(t->u, IR_fence, IR_VOID)->aux = (uint16_t)bits; }

bool tr_clrex(Tr *t, const OpN *a) { open_monitor(t); return true; }

/* CRm<1:0>: 01 loads before anything, 10 stores before stores, else all. */
bool tr_dsb(Tr *t, const OpCrm *a)
{
    static const uint8_t bits[4] = { FENCE_ALL, FENCE_RR | FENCE_RW, FENCE_WW, FENCE_ALL };
    fence(t, bits[a->crm & 3]);
    return true;
}
bool tr_sb(Tr *t, const OpN *a) { return true; }
bool tr_isb(Tr *t, const OpN *a)
{
    fence(t, FENCE_SYNC_CORE);
    tr_stop(t);
    return true;
}

bool tr_dc_zva(Tr *t, const OpRt *a)
{
    IrVal at = ir_op2(t->u, IR_and, IR_I64, mem_addr(t, get_x(t, a->rt)), imm_x(t, -ZVA_BYTES));
    IrVal zero = ir_const(t->u, IR_V128, 0);
    for (int i = 0; i < ZVA_BYTES; i += 16)
        ir_store(t->u, MEM_128, at, i, zero);
    return true;
}

/* A clean needs read access to the line: fault where the core would. */
bool tr_dc_clean(Tr *t, const OpRt *a)
{
    a64_load(t, IR_I32, MEM_8, get_x(t, a->rt), 0);
    return true;
}

bool tr_ic_ivau(Tr *t, const OpRt *a)
{
    IrVal at = mem_addr(t, get_x(t, a->rt));
    ir_call(t->u, H_ic_ivau, 1, &at);       /* drops the line's units, this one perhaps among them */
    tr_stop(t);
    return true;
}

/* --- flags */

bool tr_cfinv(Tr *t, const OpN *a)
{
    put_flags_packed(t, ir_op2(t->u, IR_xor, IR_I32, get_flags_packed(t), imm_w(t, 1 << 8)));
    return true;
}

enum { PN = 15, PZ = 14, PC = 8, PV = 0 };          /* bits of the packed layout */
static IrVal flag(Tr *t, IrVal p, int bit) { return ir_extract(t->u, IR_I32, p, bit, 1); }
static IrVal w2(Tr *t, IrOp op, IrVal a, IrVal b) { return ir_op2(t->u, op, IR_I32, a, b); }
static void put_nzcv(Tr *t, IrVal n, IrVal z, IrVal c, IrVal v)
{
    IrVal nz = w2(t, IR_or, w2(t, IR_shl, n, imm_w(t, PN)), w2(t, IR_shl, z, imm_w(t, PZ)));
    put_flags_packed(t, w2(t, IR_or, nz, w2(t, IR_or, w2(t, IR_shl, c, imm_w(t, PC)), v)));
}

bool tr_axflag(Tr *t, const OpN *a)
{
    IrVal p = get_flags_packed(t), v = flag(t, p, PV);
    put_nzcv(t, imm_w(t, 0), w2(t, IR_or, flag(t, p, PZ), v), w2(t, IR_andc, flag(t, p, PC), v), imm_w(t, 0));
    return true;
}

bool tr_xaflag(Tr *t, const OpN *a)
{
    IrVal p = get_flags_packed(t), c = flag(t, p, PC), z = flag(t, p, PZ), one = imm_w(t, 1);
    IrVal not_c = w2(t, IR_xor, c, one);
    put_nzcv(t, w2(t, IR_andc, not_c, z), w2(t, IR_and, z, c), w2(t, IR_or, c, z), w2(t, IR_andc, z, c));
    return true;
}

/* --- system registers; encoding o0:op1:CRn:CRm:op2 as in MRS bits 19..5 (op0 = 2 + o0) */

static IrVal rd_nzcv(Tr *t)
{
    IrVal p = get_flags_packed(t);
    IrVal nz = w2(t, IR_shl, ir_extract(t->u, IR_I32, p, 14, 2), imm_w(t, 30));
    IrVal c = w2(t, IR_shl, flag(t, p, PC), imm_w(t, 29)), v = w2(t, IR_shl, flag(t, p, PV), imm_w(t, 28));
    return ir_op1(t->u, IR_zext32, IR_I64, w2(t, IR_or, nz, w2(t, IR_or, c, v)));
}

static void wr_nzcv(Tr *t, IrVal x)
{
    IrVal w = ir_op1(t->u, IR_trunc32, IR_I32, x);
    put_nzcv(t, flag(t, w, 31), flag(t, w, 30), flag(t, w, 29), flag(t, w, 28));
}

static IrVal rd_fpcr(Tr *t) { return ir_ld_env(t->u, IR_I64, MEM_32, offsetof(A64Cpu, fpcr)); }

/* Behind the instruction in the mode that is in force now. */
static void go_on_in_mode(Tr *t, IrVal changed)
{
    int same = ir_label_new(t->u);
    ir_brcond(t->u, COND_EQ, changed, imm_w(t, 0), same);
    ir_raise(t->u, EX_ICACHE, 0, next_pc(t));
    ir_label(t->u, same);
    forget_flags(t);
    tr_stop(t);
}

/* The unit must end: its translation mode is that of the old FPCR. */
static void wr_fpcr(Tr *t, IrVal x)
{
    IrVal w = ir_op1(t->u, IR_trunc32, IR_I32, x);
    IrVal rmode = ir_extract(t->u, IR_I32, w, FPCR_RMODE_SHIFT, 2);
    IrVal round = w2(t, IR_and, w2(t, IR_sub, imm_w(t, 4), rmode), imm_w(t, 3));       /* RN RP RM RZ to FpRound */
    _Static_assert(FP_FLUSH == 8 && FP_DEFAULT_NAN == 16, "FZ and DN stand side by side, as these do");
    IrVal modes = w2(t, IR_shl, ir_extract(t->u, IR_I32, w, FPCR_FZ_SHIFT, 2), imm_w(t, 3));
    IrVal args[2] = { w, ir_op1(t->u, IR_fpflags_get, IR_I32, 0) };
    ir_op1(t->u, IR_fpround_put, IR_I32, w2(t, IR_or, round, modes));
    go_on_in_mode(t, ir_call(t->u, H_set_fpcr, 2, args));
}

static IrVal rd_fpsr(Tr *t)
{
    IrVal now = ir_op1(t->u, IR_fpflags_get, IR_I32, 0);
    IrVal f = w2(t, IR_and, now, imm_w(t, 0x1f));
    f = w2(t, IR_or, f, w2(t, IR_shl, w2(t, IR_and, now, imm_w(t, FPF_DENORM)), imm_w(t, FPSR_IDC_SHIFT)));
    IrVal clear = ir_v1(t->u, IR_vtestz, IR_V128, E64, 0, ir_get(t->u, R_QC));
    IrVal qc = w2(t, IR_shl, w2(t, IR_xor, clear, imm_w(t, 1)), imm_w(t, 27));
    return ir_op1(t->u, IR_zext32, IR_I64, w2(t, IR_or, f, qc));
}

static void wr_fpsr(Tr *t, IrVal x)
{
    IrVal w = ir_op1(t->u, IR_trunc32, IR_I32, x);
    IrVal idc = w2(t, IR_shr, w2(t, IR_and, w, imm_w(t, FPSR_IDC)), imm_w(t, FPSR_IDC_SHIFT));
    ir_op1(t->u, IR_fpflags_put, IR_I32, w2(t, IR_or, w2(t, IR_and, w, imm_w(t, 0x1f)), idc));
    ir_put(t->u, R_QC, ir_vconv(t->u, IR_vzext, IR_V128, IR_I32, E32, 0, 0, w2(t, IR_and, w, imm_w(t, FPSR_QC))));
    if (fp_flushes(t))
        go_on_in_mode(t, ir_call(t->u, H_fp_mode, 0, NULL));
}

static IrVal rd_tpidr(Tr *t) { return ir_get(t->u, R_TPIDR); }
static void  wr_tpidr(Tr *t, IrVal x) { ir_put(t->u, R_TPIDR, x); }
static IrVal rd_tpidrro(Tr *t) { return ir_ld_env(t->u, IR_I64, MEM_64, offsetof(A64Cpu, tpidrro)); }
static IrVal rd_midr(Tr *t) { return ir_ld_env(t->u, IR_I64, MEM_64, offsetof(A64Cpu, midr)); }
static IrVal clock_ns(Tr *t, int clock)
{
    IrVal id = imm_w(t, clock);
    return ir_call(t->u, H_clock_ns, 1, &id);
}
static IrVal rd_cntvct(Tr *t) { return clock_ns(t, CLOCK_MONOTONIC); }
static IrVal rd_realtime(Tr *t) { return clock_ns(t, CLOCK_REALTIME); }    /* for our vDSO: linux-user/aarch64/vdso.c */
static IrVal rd_cntfrq(Tr *t) { return imm_x(t, A64_CNTFRQ); }
static IrVal rd_ctr(Tr *t) { return imm_x(t, 0x8444c004); }        /* 64-byte lines, PIPT; IC and DC maintenance
                                                                    * needed */
static IrVal rd_dczid(Tr *t) { return imm_x(t, 4); }               /* 4 << 4 bytes, permitted */

#define ENC(op0, op1, n, m, op2) ((op0 - 2) << 14 | op1 << 11 | n << 7 | m << 3 | op2)
typedef struct SysReg { uint16_t enc; IrVal (*read)(Tr *); void (*write)(Tr *, IrVal); } SysReg;
static const SysReg sysregs[] = {
    { ENC(3, 3, 4, 2, 0),  rd_nzcv,    wr_nzcv },
    { ENC(3, 3, 4, 4, 0),  rd_fpcr,    wr_fpcr },
    { ENC(3, 3, 4, 4, 1),  rd_fpsr,    wr_fpsr },
    { ENC(3, 3, 13, 0, 2), rd_tpidr,   wr_tpidr },
    { ENC(3, 3, 13, 0, 3), rd_tpidrro, NULL },
    { ENC(3, 3, 14, 0, 0), rd_cntfrq,  NULL },
    { ENC(3, 3, 14, 0, 2), rd_cntvct,  NULL },
    { ENC(3, 3, 15, 2, 0), rd_realtime, NULL },      /* implementation defined */
    { ENC(3, 3, 0, 0, 1),  rd_ctr,     NULL },
    { ENC(3, 3, 0, 0, 7),  rd_dczid,   NULL },
};

static const SysReg *find_sysreg(int enc)
{
    for (size_t i = 0; i < sizeof sysregs / sizeof *sysregs; i++)
        if (sysregs[i].enc == enc)
            return &sysregs[i];
    return NULL;
}

bool tr_mrs(Tr *t, const OpSys *a)
{
    const SysReg *r = find_sysreg(a->reg);
    if (r) {
        put_x(t, a->rt, r->read(t));
        return true;
    }
    uint64_t v;
    if (!tr_has(t, FEAT_CPUID))
        return false;
    if (a->reg == ENC(3, 0, 0, 0, 0)) {
        put_x(t, a->rt, rd_midr(t));
        return true;
    }
    if (!a64_id_register(t->features, a->reg, &v))
        return false;
    put_x(t, a->rt, imm_x(t, (int64_t)v));
    return true;
}

bool tr_msr(Tr *t, const OpSys *a)
{
    const SysReg *r = find_sysreg(a->reg);
    if (!r || !r->write)
        return false;
    r->write(t, get_x(t, a->rt));
    return true;
}

bool a64_decode_sys(Tr *t, uint32_t insn) { return decode_a64_sys(t, insn); }
