/* SPDX-License-Identifier: Apache-2.0 */
/* struct rt_sigframe of Linux arch/arm64/kernel/signal.c: siginfo, ucontext, and in sigcontext's reserved space the
 * records fpsimd_context, esr_context (faults) and the terminator (asm/sigcontext.h). Above it stands a frame record
 * {fp, lr} that unwinders follow.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "linux-user/aarch64/sigframe.h"
#include "target/aarch64/cpu.h"

enum { FPSIMD_MAGIC = 0x46508001, ESR_MAGIC = 0x45535201, EXTRA_MAGIC = 0x45585401 };
/* ESR_EL1: data abort from EL0, instruction length 32; WnR; fault status: translation or permission, level 3 */
enum { ESR_DABT = 0x24, ESR_IABT = 0x20, ESR_EC_SHIFT = 26, ESR_IL = 1 << 25, ESR_WNR = 1 << 6, DFSC_TRANSLATION = 7, DFSC_PERMISSION = 15 };

typedef struct Record { uint32_t magic, size; } Record;
typedef struct Fpsimd { Record head; uint32_t fpsr, fpcr; A64Vec v[32]; } Fpsimd;
typedef struct Esr { Record head; uint64_t esr; } Esr;

typedef struct Frame {
    uint8_t info[128];
    uint64_t flags, link, stack_sp; uint32_t stack_flags, pad; uint64_t stack_size, mask;
    uint8_t unused[120];
    struct {
        uint64_t fault_address, regs[31], sp, pc, pstate;
        uint8_t reserved[4096] __attribute__((aligned(16)));
    } mc __attribute__((aligned(16)));
} Frame;
_Static_assert(offsetof(Frame, mc) == 128 + 176 && offsetof(Frame, mc.reserved) == 128 + 176 + 288, "asm/ucontext.h");

static void save_records(const A64Cpu *c, Task *t, const SigDelivery *d, uint8_t *at)
{
    Fpsimd fp = { { FPSIMD_MAGIC, sizeof fp }, a64_fpsr(c), c->fpcr, { { .d = { 0 } } } };
    memcpy(fp.v, c->v, sizeof fp.v);
    memcpy(at, &fp, sizeof fp);
    at += sizeof fp;
    bool data_fault = (d->info->si_signo == SIGSEGV || d->info->si_signo == SIGBUS) && d->info->si_code > 0 && d->info->si_code != SI_KERNEL;
    if (!data_fault)
        return;
    bool fetch = (uint64_t)(uintptr_t)d->info->si_addr == t->cpu->pc;
    Esr esr = { { ESR_MAGIC, sizeof esr }, (uint64_t)(fetch ? ESR_IABT : ESR_DABT) << ESR_EC_SHIFT | ESR_IL };
    esr.esr |= d->info->si_code == SEGV_ACCERR ? DFSC_PERMISSION : DFSC_TRANSLATION;
    esr.esr |= t->fault.write && !fetch ? ESR_WNR : 0;
    memcpy(at, &esr, sizeof esr);
}

int64_t a64_sigframe_setup(Task *t, const SigDelivery *d)
{
    A64Cpu *c = (A64Cpu *)t->cpu;
    Frame f;
    memset(&f, 0, sizeof f);
    gaddr record = (signal_frame_sp(t, d->act, c->sp) - 16) & ~15ull, at = record - sizeof f;
    linux_siginfo_to_guest(t->proc->abi, f.info, d->info);
    SigStack ss = t->altstack;
    f.stack_sp = ss.sp;
    f.stack_flags = ss.flags;
    f.stack_size = ss.size;
    f.mask = d->mask;
    memcpy(f.mc.regs, c->x, sizeof f.mc.regs);
    f.mc.sp = c->sp;
    f.mc.pc = t->cpu->pc;
    f.mc.pstate = a64_nzcv(c);
    if (d->info->si_signo == SIGSEGV || d->info->si_signo == SIGBUS)
        f.mc.fault_address = (uintptr_t)d->info->si_addr;
    save_records(c, t, d, f.mc.reserved);
    if (gmem_write(t, at, &f, sizeof f) < 0 || gmem_put_u64(t, record, c->x[29]) < 0 || gmem_put_u64(t, record + 8, c->x[30]) < 0)
        return -EFAULT;
    c->x[0] = d->sig;
    c->x[29] = record;
    c->x[30] = d->act->flags & 0x04000000 /* SA_RESTORER */ ? d->act->restorer : linux_vdso_symbol(t, t->proc->abi->vdso_rt_sigreturn);
    if (d->act->flags & SA_SIGINFO) {
        c->x[1] = at;
        c->x[2] = at + offsetof(Frame, flags);
    }
    c->sp = at;
    t->cpu->pc = d->act->handler;
    return 0;
}

/* Finds the FP record; unknown records are refused, as the kernel does. */
static int64_t restore_records(A64Cpu *c, const uint8_t *reserved)
{
    bool seen = false;
    for (size_t at = 0; at + sizeof(Record) <= 4096;) {
        Record r;
        memcpy(&r, reserved + at, sizeof r);
        if (!r.magic)
            break;
        if (r.size < sizeof r || r.size > 4096 - at || r.size % 16 || (r.magic != FPSIMD_MAGIC && r.magic != ESR_MAGIC && r.magic != EXTRA_MAGIC))
            return -EFAULT;
        if (r.magic == FPSIMD_MAGIC) {
            Fpsimd fp;
            if (seen || r.size < sizeof fp)
                return -EFAULT;
            memcpy(&fp, reserved + at, sizeof fp);
            memcpy(c->v, fp.v, sizeof fp.v);
            a64_set_fpcr(c, fp.fpcr);
            a64_set_fpsr(c, fp.fpsr);
            seen = true;
        }
        at += r.size;
    }
    return seen ? 0 : -EFAULT;
}

int64_t a64_sigreturn(Task *t, bool rt)
{
    A64Cpu *c = (A64Cpu *)t->cpu;
    Frame f;
    if (c->sp & 15 || gmem_read(t, &f, c->sp, sizeof f) < 0 || restore_records(c, f.mc.reserved) < 0)
        return -EFAULT;
    memcpy(c->x, f.mc.regs, sizeof f.mc.regs);
    c->sp = f.mc.sp;
    t->cpu->pc = f.mc.pc;
    a64_set_nzcv(c, f.mc.pstate);
    c->ex_addr = ~0ull;
    SigStack ss = { f.stack_sp, f.stack_size, f.stack_flags };
    signal_altstack(t, &ss, NULL, c->sp, t->proc->abi->minsigstksz);       /* Linux ignores its error */
    signal_restore_mask(t, linux_mask_to_host(t->proc->abi, f.mask));
    return 0;
}
