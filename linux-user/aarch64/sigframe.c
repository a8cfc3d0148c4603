/* SPDX-License-Identifier: Apache-2.0 */
/* struct rt_sigframe of Linux arch/arm64/kernel/signal.c: siginfo, ucontext, and in sigcontext's reserved space the
 * records fpsimd_context, esr_context (faults) and the terminator (asm/sigcontext.h). Above it stands a frame record
 * {fp, lr} that unwinders follow.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "common-user/mm.h"
#include "linux-user/aarch64/sigframe.h"
#include "target/aarch64/cpu.h"

enum { FPSIMD_MAGIC = 0x46508001, ESR_MAGIC = 0x45535201, EXTRA_MAGIC = 0x45585401 };
/* ESR_EL1: abort from EL0, instruction length 32; WnR; fault status */
enum { ESR_DABT = 0x24, ESR_IABT = 0x20, ESR_EC_SHIFT = 26, ESR_IL = 1 << 25, ESR_WNR = 1 << 6 };
enum { FSC_TRANSLATION_0 = 4, FSC_TRANSLATION_3 = 7, FSC_PERMISSION_3 = 15, FSC_ALIGNMENT = 0x21 };
enum { PSTATE_MODE = 0xf, PSTATE_MODE32 = 1 << 4, PSTATE_DAIF = 0xf << 6 };
enum { SA_EXPOSE_TAGBITS = 0x800, TERMINATOR = 16, SIGFRAME_MAXSZ = 256 * 1024 };

typedef struct Record { uint32_t magic, size; } Record;
typedef struct Fpsimd { Record head; uint32_t fpsr, fpcr; A64Vec v[32]; } Fpsimd;
typedef struct Esr { Record head; uint64_t esr; } Esr;
typedef struct Extra { Record head; uint64_t datap; uint32_t size, reserved[3]; } Extra;

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

/* untagged_addr(): an address of the kernel's half stays. */
static gaddr untagged(gaddr a) { return (gaddr)((int64_t)(a << 8) >> 8) & a; }

/* set_thread_esr(): what the kernel's half of the address space holds is not told. */
static uint32_t fault_status(const Task *t)
{
    if (t->told.addr >> 48 & 0xff)
        return FSC_TRANSLATION_0;
    if (t->told.sig == SIGBUS && t->told.code == BUS_ADRALN)
        return FSC_ALIGNMENT;
    return t->told.sig == SIGSEGV && t->told.code == SEGV_ACCERR ? FSC_PERMISSION_3 : FSC_TRANSLATION_3;
}

/* The thread's last fault is in the frame of every signal until something else comes between, as in the kernel. */
static void save_records(const A64Cpu *c, Task *t, const SigDelivery *d, uint8_t *at)
{
    Fpsimd fp = { { FPSIMD_MAGIC, sizeof fp }, a64_fpsr(c), c->fpcr, { { .d = { 0 } } } };
    memcpy(fp.v, c->v, sizeof fp.v);
    memcpy(at, &fp, sizeof fp);
    at += sizeof fp;
    if (!t->told.code)
        return;
    Esr esr = { { ESR_MAGIC, sizeof esr }, (uint64_t)(t->told.fetch ? ESR_IABT : ESR_DABT) << ESR_EC_SHIFT };
    esr.esr |= ESR_IL | fault_status(t) | (t->told.write ? ESR_WNR : 0);
    memcpy(at, &esr, sizeof esr);
}

/* SA_EXPOSE_TAGBITS: si_addr with the tag of the pointer that the instruction used, which never reached the host.
 * Loads and stores have their base in bits 9..5, DC ZVA in 4..0; literals have none (Arm ARM, C4.1). */
static void expose_tag(Task *t, const SigDelivery *d, uint8_t info[128])
{
    enum { SI_ADDR = 16, SP = 31, ZR = 31 };
    const A64Cpu *c = (const A64Cpu *)t->cpu;
    uint64_t addr;
    uint32_t insn;
    bool fault = (d->sig == SIGSEGV || d->sig == SIGBUS) && d->info->si_code > 0 && d->info->si_code != SI_KERNEL;
    memcpy(&addr, info + SI_ADDR, sizeof addr);
    if (!fault || !(d->act->flags & SA_EXPOSE_TAGBITS) || addr == t->cpu->pc)
        return;
    if (gmem_get_u32(t, t->cpu->pc, &insn) < 0)
        return;
    bool literal = (insn & 0x3b000000) == 0x18000000, zva = (insn & 0xffffffe0) == 0xd50b7420;
    unsigned base = zva ? insn & 31 : insn >> 5 & 31;
    if (literal || (zva && base == ZR))
        return;
    addr |= (base == SP ? c->sp : c->x[base]) & 0xffull << 56;
    memcpy(info + SI_ADDR, &addr, sizeof addr);
}

int64_t a64_sigframe_setup(Task *t, const SigDelivery *d)
{
    A64Cpu *c = (A64Cpu *)t->cpu;
    Frame f;
    memset(&f, 0, sizeof f);
    gaddr record = (signal_frame_sp(t, d->act, c->sp) - 16) & ~15ull, at = record - sizeof f;
    siginfo_t info = *d->info;
    bool fault = info.si_code > 0 && (info.si_signo == SIGSEGV || info.si_signo == SIGBUS);
    if (fault && !(d->act->flags & SA_EXPOSE_TAGBITS))
        info.si_addr = (void *)(uintptr_t)untagged((uintptr_t)info.si_addr);    /* hide_si_addr_tag_bits() */
    linux_siginfo_to_guest(t->proc->abi, f.info, &info);
    expose_tag(t, d, f.info);
    SigStack ss = t->altstack;
    f.stack_sp = ss.sp;
    f.stack_flags = ss.flags;
    f.stack_size = ss.size;
    f.mask = d->mask;
    memcpy(f.mc.regs, c->x, sizeof f.mc.regs);
    f.mc.sp = c->sp;
    f.mc.pc = t->cpu->pc;
    f.mc.pstate = a64_nzcv(c);
    f.mc.fault_address = t->told.code ? untagged(t->told.addr) : 0;
    save_records(c, t, d, f.mc.reserved);
    if (gmem_write(t, at, &f, sizeof f) < 0 || gmem_put_u64(t, record, c->x[29]) < 0 ||
        gmem_put_u64(t, record + 8, c->x[30]) < 0)
        return -EFAULT;
    c->x[0] = d->sig;
    c->x[29] = record;
    c->x[30] = d->act->flags & 0x04000000 /* SA_RESTORER */ ? d->act->restorer
                                                            : linux_vdso_symbol(t, t->proc->abi->vdso_rt_sigreturn);
    if (d->act->flags & SA_SIGINFO) {
        c->x[1] = at;
        c->x[2] = at + offsetof(Frame, flags);
    }
    c->sp = at;
    t->cpu->pc = d->act->handler;
    return 0;
}

/* Where an extra_context says more records are: right behind the terminator that follows it. Their size; 0: wrong. */
static uint64_t extra_size(Task *t, gaddr frame, gaddr at, uint64_t left, gaddr *data)
{
    Extra x;
    Record end;
    if (gmem_read(t, &x, at, sizeof x) < 0 || x.head.size < sizeof x || left - x.head.size < TERMINATOR)
        return 0;
    *data = at + x.head.size + TERMINATOR;
    if (gmem_read(t, &end, at + x.head.size, sizeof end) < 0 || end.magic || end.size)
        return 0;
    if (x.datap != *data || *data % 16 || x.size % 16)
        return 0;
    return x.size <= frame + SIGFRAME_MAXSZ - *data ? x.size : 0;
}

/* parse_user_sigframe(): the FP record's address. 0 or -EFAULT. */
static int64_t find_fpsimd(Task *t, gaddr frame, gaddr *fpsimd, uint32_t *size)
{
    gaddr base = frame + offsetof(Frame, mc.reserved);
    uint64_t at = 0, limit = sizeof(((Frame *)0)->mc.reserved);
    bool extra = false;
    *fpsimd = 0;
    for (;;) {
        Record r;
        if (limit - at < sizeof r || at % 16 || gmem_read(t, &r, base + at, sizeof r) < 0 || limit - at < r.size)
            return -EFAULT;
        if (!r.magic)
            return r.size || !*fpsimd ? -EFAULT : 0;
        if (r.magic == EXTRA_MAGIC) {
            if (extra || !(limit = extra_size(t, frame, base + at, limit - at, &base)))
                return -EFAULT;
            extra = true;
            at = 0;
            continue;
        }
        bool known = r.magic == ESR_MAGIC || (r.magic == FPSIMD_MAGIC && !*fpsimd);
        if (!known || r.size < sizeof r)
            return -EFAULT;
        if (r.magic == FPSIMD_MAGIC) {
            *fpsimd = base + at;
            *size = r.size;
        }
        at += r.size;
    }
}

/* What was restored before a fault stays, as in restore_sigframe(): the mask, then the registers. */
int64_t a64_sigreturn(Task *t, bool rt)
{
    A64Cpu *c = (A64Cpu *)t->cpu;
    Frame f;
    Fpsimd fp;
    gaddr at = c->sp, fpsimd;
    uint32_t size = 0;
    if (at & 15 || gmem_read(t, &f, at, offsetof(Frame, mc.reserved)) < 0)
        return -EFAULT;
    signal_restore_mask(t, linux_mask_to_host(t->proc->abi, f.mask));
    memcpy(c->x, f.mc.regs, sizeof f.mc.regs);
    c->sp = f.mc.sp;
    t->cpu->pc = f.mc.pc;
    a64_set_nzcv(c, f.mc.pstate);
    c->ex_addr = ~0ull;
    if (f.mc.pstate & (PSTATE_MODE | PSTATE_MODE32 | PSTATE_DAIF) || find_fpsimd(t, at, &fpsimd, &size) < 0)
        return -EFAULT;
    if (size != sizeof fp || gmem_read(t, &fp, fpsimd, sizeof fp) < 0)
        return -EFAULT;
    memcpy(c->v, fp.v, sizeof fp.v);
    a64_set_fpcr(c, fp.fpcr);
    a64_set_fpsr(c, fp.fpsr);
    SigStack ss = { f.stack_sp, f.stack_size, f.stack_flags };
    signal_altstack(t, &ss, NULL, c->sp, t->proc->abi->minsigstksz);       /* Linux ignores its error */
    return 0;
}

/* arm64_notify_segfault() */
void a64_bad_frame(Task *t, siginfo_t *info)
{
    gaddr sp = ((A64Cpu *)t->cpu)->sp;
    info->si_code = mm_any_above(t->proc->mm, untagged(sp)) ? SEGV_ACCERR : SEGV_MAPERR;
    info->si_addr = (void *)(uintptr_t)sp;
}
