/* SPDX-License-Identifier: Apache-2.0 */
/* Signal frames of 32-bit PowerPC, byte for byte as Linux arch/powerpc/kernel/signal_32.c lays them out (struct
 * sigframe for plain handlers, struct rt_sigframe for SA_SIGINFO), big-endian.
 */
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "linux-user/ppc/sigframe.h"
#include "target/ppc/cpu.h"

enum {
    SIGNAL_FRAMESIZE = 64,
    NR_SIGRETURN = 119,
    NR_RT_SIGRETURN = 172,
    MSR_EE_PR_ME = 0xd000,
    MSR_FP = 0x2000,
    MSR_VEC = 1 << 25
};
enum { G_NIP = 32, G_MSR, G_ORIG_R3, G_CTR, G_LR, G_XER, G_CCR, G_MQ, G_TRAP, G_DAR, G_DSISR };
/* Interrupt vectors, as pt_regs.trap has them, and DSISR (for an instruction, SRR1's same bits): asm/reg.h. */
enum { TRAP_DATA = 0x300, TRAP_INSN = 0x400, TRAP_ALIGN = 0x600, TRAP_PROGRAM = 0x700 };
enum { TRAP_DECREMENTER = 0x900, TRAP_SYSCALL = 0xc00 };
enum { DSISR_NOHPTE = 0x40000000, DSISR_NOEXEC = 0x10000000, DSISR_PROTFAULT = 0x08000000, DSISR_ISSTORE = 0x02000000 };

typedef struct Mcontext {
    uint32_t gregs[48];
    uint64_t fregs[33];
    uint32_t pad[2];                /* the sigreturn trampoline */
    uint32_t vregs[33][4] __attribute__((aligned(16)));     /* [32]: VSCR in the last word, VRSAVE in the first */
} Mcontext;

typedef struct Sigcontext { uint32_t unused[4]; uint32_t signal, handler, oldmask, regs; } Sigcontext;

typedef struct Ucontext {
    uint32_t flags, link, stack_sp, stack_flags, stack_size, pad[7], regs, mask[2], maskext[30], pad2[3];
    Mcontext mcontext;
} Ucontext;

typedef struct Sigframe { Sigcontext sctx; Mcontext mctx; uint32_t gap[56]; } Sigframe;
typedef struct RtSigframe { uint8_t info[128]; Ucontext uc; uint32_t gap[56]; } RtSigframe;
_Static_assert(offsetof(Mcontext, fregs) == MCONTEXT_FREGS && offsetof(Mcontext, vregs) == MCONTEXT_VREGS,
    "layout of signal_32.c");
_Static_assert(SIGNAL_FRAMESIZE + offsetof(Sigframe, mctx) == SIGFRAME_MCONTEXT, "unwinding");
_Static_assert(SIGNAL_FRAMESIZE + 16 + offsetof(RtSigframe, uc.mcontext) == RT_SIGFRAME_MCONTEXT, "unwinding");

static void save(const PpcCpu *c, Mcontext *m, uint32_t nr)
{
    memset(m, 0, sizeof *m);
    for (int i = 0; i < 32; i++) {
        m->gregs[i] = htobe32(c->gpr[i]);
        m->fregs[i] = htobe64(c->fpr[i]);
        for (int k = 0; k < 4; k++)
            m->vregs[i][k] = htobe32(c->vr[i].w[3 - k]);
    }
    m->gregs[G_NIP] = htobe32(c->head.pc);
    m->gregs[G_MSR] = htobe32(MSR_EE_PR_ME | MSR_FP | (c->head.tb_flags & 1 << FEAT_ALTIVEC ? MSR_VEC : 0));
    m->gregs[G_ORIG_R3] = htobe32(c->gpr[3]);
    m->gregs[G_CTR] = htobe32(c->ctr);
    m->gregs[G_LR] = htobe32(c->lr);
    m->gregs[G_XER] = htobe32(ppc_get_xer(c));
    m->gregs[G_CCR] = htobe32(ppc_get_cr(c));
    m->fregs[32] = htobe64(ppc_get_fpscr(c));
    m->vregs[32][3] = htobe32(ppc_get_vscr(c));
    m->vregs[32][0] = htobe32(c->vrsave);
    m->pad[0] = htobe32(0x38000000 | nr);               /* li r0, nr */
    m->pad[1] = htobe32(0x44000002);                    /* sc */
}

/* What brought the thread into the kernel; DAR and DSISR are those of its last fault. */
static void save_cause(const Task *t, Mcontext *m, const SigDelivery *d)
{
    bool memory = d->info->si_signo == SIGSEGV || d->info->si_signo == SIGBUS;
    bool align = t->told.sig == SIGBUS && t->told.code == BUS_ADRALN;
    uint32_t trap = d->origin == SIG_FROM_SYSCALL ? TRAP_SYSCALL : TRAP_DECREMENTER, dsisr = 0;
    if (d->origin == SIG_FROM_INSN)
        trap = !memory ? TRAP_PROGRAM : t->told.fetch ? TRAP_INSN : align ? TRAP_ALIGN : TRAP_DATA;
    if (t->told.sig == SIGSEGV && t->told.code == SEGV_ACCERR && (t->told.fetch || t->told.write))
        dsisr = t->told.fetch ? DSISR_NOEXEC : DSISR_PROTFAULT;
    else if (t->told.code && !align)
        dsisr = DSISR_NOHPTE;
    m->gregs[G_TRAP] = htobe32(trap);
    m->gregs[G_DAR] = htobe32(t->told.code ? t->told.addr : 0);
    m->gregs[G_DSISR] = htobe32(dsisr | (t->told.code && t->told.write ? DSISR_ISSTORE : 0));
}

static void restore(PpcCpu *c, const Mcontext *m)
{
    for (int i = 0; i < 32; i++) {
        c->gpr[i] = be32toh(m->gregs[i]);
        c->fpr[i] = be64toh(m->fregs[i]);
    }
    if (be32toh(m->gregs[G_MSR]) & MSR_VEC) {
        for (int i = 0; i < 32; i++)
            for (int k = 0; k < 4; k++)
                c->vr[i].w[3 - k] = be32toh(m->vregs[i][k]);
        ppc_set_vscr(c, be32toh(m->vregs[32][3]));
    } else {
        memset(c->vr, 0, sizeof c->vr);
    }
    c->vrsave = be32toh(m->vregs[32][0]);
    c->head.pc = be32toh(m->gregs[G_NIP]);
    c->ctr = be32toh(m->gregs[G_CTR]);
    c->lr = be32toh(m->gregs[G_LR]);
    ppc_set_xer(c, be32toh(m->gregs[G_XER]));
    ppc_set_cr(c, be32toh(m->gregs[G_CCR]));
    ppc_set_fpscr(c, be64toh(m->fregs[32]));
    c->res_addr = ~0u;
}

/* Stack pointer of the handler: the back chain points to the interrupted frame. */
static int64_t enter(Task *t, const SigDelivery *d, gaddr sp, uint32_t tramp, uint32_t r4, uint32_t r5, uint32_t r6)
{
    PpcCpu *c = (PpcCpu *)t->cpu;
    if (gmem_put_u32(t, sp, c->gpr[1]) < 0)
        return -EFAULT;
    c->gpr[1] = sp;
    c->gpr[3] = d->sig;
    c->gpr[4] = r4;
    c->gpr[5] = r5;
    c->gpr[6] = r6;
    c->lr = tramp;
    ppc_set_fpscr(c, 0);                                /* handlers start with exceptions off */
    t->cpu->pc = (uint32_t)d->act->handler;
    return 0;
}

static int64_t setup_plain(Task *t, const SigDelivery *d)
{
    PpcCpu *c = (PpcCpu *)t->cpu;
    gaddr at = (signal_frame_sp(t, d->act, c->gpr[1]) - sizeof(Sigframe)) & ~15ull;
    Sigframe f;
    memset(&f, 0, sizeof f);
    gaddr mctx = at + offsetof(Sigframe, mctx);
    f.sctx.signal = htobe32(d->sig);
    f.sctx.handler = htobe32(d->act->handler);
    f.sctx.oldmask = htobe32(d->mask);
    f.sctx.unused[3] = htobe32(d->mask >> 32);
    f.sctx.regs = htobe32(mctx);
    save(c, &f.mctx, NR_SIGRETURN);
    save_cause(t, &f.mctx, d);
    if (gmem_write(t, at, &f, sizeof f) < 0)
        return -EFAULT;
    return enter(t, d, at - SIGNAL_FRAMESIZE, linux_vdso_symbol(t, t->proc->abi->vdso_sigreturn), at, 0, 0);
}

static int64_t setup_rt(Task *t, const SigDelivery *d)
{
    PpcCpu *c = (PpcCpu *)t->cpu;
    gaddr at = (signal_frame_sp(t, d->act, c->gpr[1]) - sizeof(RtSigframe)) & ~15ull;
    RtSigframe f;
    memset(&f, 0, sizeof f);
    gaddr uc = at + offsetof(RtSigframe, uc), mctx = uc + offsetof(Ucontext, mcontext);
    linux_siginfo_to_guest(t->proc->abi, f.info, d->info);
    SigStack ss = t->altstack;
    f.uc.stack_sp = htobe32(ss.sp);
    f.uc.stack_flags = htobe32(ss.flags);
    f.uc.stack_size = htobe32(ss.size);
    f.uc.regs = htobe32(mctx);
    f.uc.mask[0] = htobe32(d->mask);
    f.uc.mask[1] = htobe32(d->mask >> 32);
    save(c, &f.uc.mcontext, NR_RT_SIGRETURN);
    save_cause(t, &f.uc.mcontext, d);
    if (gmem_write(t, at, &f, sizeof f) < 0)
        return -EFAULT;
    return enter(t, d, at - SIGNAL_FRAMESIZE - 16, linux_vdso_symbol(t, t->proc->abi->vdso_rt_sigreturn), at, uc, at);
}

int64_t ppc_sigframe_setup(Task *t, const SigDelivery *d)
{
    return d->act->flags & SA_SIGINFO ? setup_rt(t, d) : setup_plain(t, d);
}

/* What was restored before a fault stays, as in the kernel: the mask, then (restore_user_regs) the registers. */
int64_t ppc_sigreturn(Task *t, bool rt)
{
    PpcCpu *c = (PpcCpu *)t->cpu;
    uint32_t sp = c->gpr[1], mask[2];
    gaddr regs;
    RtSigframe f;
    Sigcontext s;
    Mcontext m;
    if (rt) {
        if (gmem_read(t, &f, sp + SIGNAL_FRAMESIZE + 16, offsetof(RtSigframe, uc.mcontext)) < 0)
            return -EFAULT;
        mask[0] = be32toh(f.uc.mask[0]);
        mask[1] = be32toh(f.uc.mask[1]);
        regs = be32toh(f.uc.regs);
    } else {
        if (gmem_read(t, &s, sp + SIGNAL_FRAMESIZE, sizeof s) < 0)
            return -EFAULT;
        mask[0] = be32toh(s.oldmask);
        mask[1] = be32toh(s.unused[3]);
        regs = be32toh(s.regs);
    }
    signal_restore_mask(t, linux_mask_to_host(t->proc->abi, (uint64_t)mask[1] << 32 | mask[0]));
    if (gmem_read(t, &m, regs, sizeof m) < 0)
        return -EFAULT;
    restore(c, &m);
    if (rt) {
        SigStack ss = { be32toh(f.uc.stack_sp), be32toh(f.uc.stack_size), be32toh(f.uc.stack_flags) };
        signal_altstack(t, &ss, NULL, c->gpr[1], t->proc->abi->minsigstksz);     /* Linux ignores its error too */
    }
    return 0;
}

/* --- swapcontext, sys_swapcontext of signal_32.c: r2 stays the thread's, and the context goes on with a system call's
 * success */
static int64_t save_context(Task *t, gaddr at)
{
    PpcCpu now = *(const PpcCpu *)t->cpu;
    gaddr mctx = (at + offsetof(Ucontext, mcontext)) & ~15ull;      /* as the kernel aligns it */
    uint32_t regs = htobe32(mctx);
    uint64_t mask = linux_mask_to_guest(t->proc->abi, t->sigmask);
    uint32_t words[2] = { htobe32(mask), htobe32(mask >> 32) };
    Mcontext m;
    now.cr[0] &= ~1u;
    save(&now, &m, NR_RT_SIGRETURN);
    m.pad[0] = m.pad[1] = 0;                            /* nothing returns through it */
    if (gmem_write(t, mctx, &m, sizeof m) < 0 || gmem_write(t, at + offsetof(Ucontext, mask), words, sizeof words) < 0)
        return -EFAULT;
    return gmem_write(t, at + offsetof(Ucontext, regs), &regs, sizeof regs) < 0 ? -EFAULT : 0;
}

/* A context that cannot be read is EFAULT; one whose registers cannot ends the program, handler or not. */
static int64_t restore_context(Task *t, gaddr at)
{
    PpcCpu *c = (PpcCpu *)t->cpu;
    siginfo_t fatal = { .si_signo = SIGSEGV, .si_code = SI_KERNEL };
    uint32_t tls = c->gpr[2];
    Ucontext uc;
    Mcontext m;
    if (gmem_read(t, &uc, at, sizeof uc) < 0)
        return -EFAULT;
    if (gmem_read(t, &m, be32toh(uc.regs), sizeof m) < 0)
        signal_die(t, &fatal);
    restore(c, &m);
    c->gpr[2] = tls;
    signal_restore_mask(t, linux_mask_to_host(t->proc->abi, (uint64_t)be32toh(uc.mask[1]) << 32 | be32toh(uc.mask[0])));
    t->syscall_noresult = true;
    return 0;
}

int64_t ppc_swapcontext(Task *t, gaddr old, gaddr new, uint64_t size)
{
    if (size < sizeof(Ucontext))
        return -EINVAL;
    int64_t r = old ? save_context(t, (uint32_t)old) : 0;
    return r < 0 || !new ? r : restore_context(t, (uint32_t)new);
}
