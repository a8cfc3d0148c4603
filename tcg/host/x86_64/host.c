/* SPDX-License-Identifier: Apache-2.0 */
/* Running emitted code on an x86-64 Linux thread: entry with the guest's MXCSR, the pair stack, patching,
 * and what a host fault means. */
#include <immintrin.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "emit.h"
#include "cold.h"
#include "lower.h"

enum { PAIR_SIZE = 256 << 10, PAIR_GUARD = 4096, PAIR_TOP = 512, MXCSR_FLUSH = 0x8040 };      /* FTZ, DAZ */

const char tcg_host_isa[] = "x86_64";

void host_scratch_free(TcgThread *th);

/* The top is filled with a value that is no guest pc, for returns that look above the oldest pair. */
void host_thread_reset(TcgThread *th)
{
    th->cpu->host[HS_PSP] = (uint64_t)(uintptr_t)(th->pair_base + th->pair_size - PAIR_TOP);
    th->cpu->host[HS_JTAB] = (uint64_t)(uintptr_t)th->jtab;
    th->cpu->host[HS_HASH] = (uint64_t)(uintptr_t)th->tcg->hash;
    th->cpu->host[HS_HELPER] = th->cpu->host[HS_COLD] = 0;
}

void host_thread_init(TcgThread *th)
{
    th->pair_size = PAIR_SIZE;
    th->pair_base = mmap(NULL, PAIR_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    mprotect(th->pair_base, PAIR_GUARD, PROT_NONE);
    memset(th->pair_base + PAIR_SIZE - PAIR_TOP, 0xff, PAIR_TOP);
    host_thread_reset(th);
}

void host_thread_free(TcgThread *th, bool scratch)
{
    munmap(th->pair_base, th->pair_size);
    if (scratch)
        host_scratch_free(th);
}

/* --- entry. MXCSR.RC is the guest's; its sticky bits go to fp_sticky. */
static unsigned guest_mxcsr(const CpuState *cpu)
{
    static const uint8_t rc[] = {
        [FP_RNE] = 0, [FP_RTZ] = 3, [FP_RDN] = 1, [FP_RUP] = 2, [FP_RNA] = 0, [FP_RODD] = 0, [FP_DYN] = 0
    };
    return MXCSR_DEFAULT | (unsigned)rc[cpu->fp_round & 7] << 13 | (cpu->fp_round & FP_FLUSH ? MXCSR_FLUSH : 0);
}

static void fold_mxcsr(CpuState *cpu, unsigned m)
{
    cpu->fp_sticky |= (m & 1) | (m >> 1 & 0x1e);       /* denormal operands are flagged by softfloat where a guest has
                                                        * that flag */
}

int host_enter(CpuState *cpu, void *code, uint8_t **field, uint8_t **stub)
{
    int (*enter)(CpuState *, void *) = (int (*)(CpuState *, void *))(void *)cpu->tcg->hc->enter;
    unsigned want = guest_mxcsr(cpu);
    if (_mm_getcsr() != want)           /* C code may have raised flags of its own */
        _mm_setcsr(want);
    int rc = enter(cpu, code);
    unsigned m = (unsigned)cpu->host[HS_MXCSR];
    if (m != MXCSR_DEFAULT) {
        fold_mxcsr(cpu, m);
        _mm_setcsr(MXCSR_DEFAULT);
    }
    uint8_t *data = (uint8_t *)(uintptr_t)cpu->host[HS_LINK];
    *field = NULL;
    if (rc == 0 && data) {              /* data: guest pc, distance from the field */
        uint32_t back;
        memcpy(&back, data + 8, 4);
        *stub = data - 5;
        *field = *stub - back;
    }
    return rc;
}

void host_patch(uint8_t *field, const uint8_t *to)
{
    int32_t d = (int32_t)(to - (field + 4));
    __atomic_store((int32_t *)(void *)field, &d, __ATOMIC_RELEASE);
}

/* --- faults */
static const uint8_t greg_of[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                     REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

/* But for the lent ones (see ra_lent), whose guest registers are there already. */
static void save_pins(CpuState *cpu, const ucontext_t *uc, const ColdRegs *cold, uint32_t lent)
{
    const HostCode *hc = cpu->tcg->hc;
    const TcgGuest *g = cpu->tcg->guest;
    for (int r = 0; r < 16; r++) {
        int gr = lent >> r & 1 ? -1 : hc->pinned[CL_G][r], xr = lent >> (16 + r) & 1 ? -1 : hc->pinned[CL_X][r];
        if (gr >= 0) {
            uint64_t v = cold ? cold->g[r] : (uint64_t)uc->uc_mcontext.gregs[greg_of[r]];
            memcpy((char *)cpu + g->regs[gr].offset, &v, g->regs[gr].type == IR_I64 ? 8 : 4);
        }
        if (xr >= 0) {
            static const uint8_t size[IR_NTYPES] = { [IR_F32] = 4, [IR_F64] = 8, [IR_V64] = 8, [IR_V128] = 16 };
            const void *v = cold ? (const void *)&cold->x[r] : (const void *)&uc->uc_mcontext.fpregs->_xmm[r];
            memcpy((char *)cpu + g->regs[xr].offset, v, size[g->regs[xr].type]);
        }
    }
}

static bool leave_by_fault(CpuState *cpu, ucontext_t *uc, const uint8_t *at, uint32_t *lent)
{
    UnwindRow row;
    Unit *u = cache_find_code(cpu->tcg, at);
    if (!u || !unwind_find(u, (uint32_t)(at - (uint8_t *)u->code), &row))
        return false;
    cpu->pc = row.pc;
    *lent = row.lent;
    if (cpu->tcg->hc->flags_reg >= 0)
        *(uint32_t *)(void *)((char *)cpu + cpu->tcg->guest->regs[cpu->tcg->hc->flags_reg].offset) &= FLAGS_MASK;
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)cpu->tcg->hc->fault_exit;
    uc->uc_mcontext.gregs[REG_RBP] = (greg_t)(uintptr_t)cpu;
    uc->uc_mcontext.gregs[REG_RAX] = TCG_EXIT_FAULT;
    return true;
}

/* The pair stack is full: its own pointer stands at the guard page. A guest that reads the guard through an address of
 * its own has a fault of its own. */
static bool pair_stack_full(const TcgThread *th, const ucontext_t *uc, const uint8_t *addr)
{
    enum { REACH = 64 };
    const uint8_t *sp = (const uint8_t *)uc->uc_mcontext.gregs[REG_RSP];
    return addr >= th->pair_base - REACH && addr < th->pair_base + PAIR_GUARD && sp >= addr - REACH &&
        sp <= addr + REACH;
}

bool host_fault(CpuState *cpu, void *ucontext, void *addr, bool *resume)
{
    ucontext_t *uc = ucontext;
    TcgThread *th = cpu->thread;
    const uint8_t *pc = (const uint8_t *)uc->uc_mcontext.gregs[REG_RIP];
    uint32_t lent;
    if (tcg_owns_pc(cpu->tcg, (uintptr_t)pc)) {
        if (pair_stack_full(th, uc, addr)) {
            uc->uc_mcontext.gregs[REG_RSP] = (greg_t)(uintptr_t)(th->pair_base + th->pair_size - PAIR_TOP);
            return *resume = true;      /* forget it and go on */
        }
        if (!leave_by_fault(cpu, uc, pc, &lent))
            return false;
        save_pins(cpu, uc, NULL, lent);
        cpu->host[HS_PSP] = (uint64_t)uc->uc_mcontext.gregs[REG_RSP];
        return true;
    }
    if (!cpu->host[HS_HELPER])
        return false;
    if (!leave_by_fault(cpu, uc, (const uint8_t *)(uintptr_t)cpu->host[HS_HELPER] - 1, &lent))
        return false;
    const ColdRegs *cold = (const ColdRegs *)(uintptr_t)cpu->host[HS_COLD];
    /* the guest's: fault_exit keeps its flags */
    uc->uc_mcontext.fpregs->mxcsr = cold ? cold->mxcsr : (uint32_t)cpu->host[HS_TMP];
    if (cold)
        save_pins(cpu, uc, cold, lent);
    cpu->host[HS_HELPER] = cpu->host[HS_COLD] = 0;
    cpu->host[HS_PSP] += 8;             /* the return address of the helper stub */
    return true;
}

void host_redirect(void *ucontext, void (*fn)(void *), void *arg)
{
    greg_t *r = ((ucontext_t *)ucontext)->uc_mcontext.gregs;
    r[REG_RSP] = ((r[REG_RSP] - 1024) & ~(greg_t)15) - 8;
    r[REG_RIP] = (greg_t)(uintptr_t)fn;
    r[REG_RDI] = (greg_t)(uintptr_t)arg;
}
