/* SPDX-License-Identifier: Apache-2.0 */
/* struct rt_sigframe of Linux arch/riscv/kernel/signal.c: siginfo, then struct ucontext (asm/ucontext.h) with struct
 * sigcontext (asm/sigcontext.h). Offsets are computed from the word size; the two widths differ
 * in nothing else. */
#include <errno.h>
#include <string.h>
#include "linux-user/riscv/riscv.h"

enum { UC_UNUSED = 120, FP_UNION = 528, FCSR_OFF = 256, FRAME_MAX = 1152 };

typedef struct Layout { uint32_t word, link, stack, mask, regs, fp, size; } Layout;

static Layout layout_of(const LinuxAbi *abi)
{
    Layout l = { .word = abi->word };
    uint32_t uc = 128;
    l.link = uc + l.word;
    l.stack = uc + 2 * l.word;
    l.mask = l.stack + 3 * l.word;                      /* stack_t: sp, flags (int, padded), size */
    l.regs = (l.mask + 8 + UC_UNUSED + 15) & ~15u;
    l.fp = l.regs + 32 * l.word;
    l.size = l.fp + FP_UNION;
    return l;
}

static void put(uint8_t *f, uint32_t at, uint64_t v, uint32_t size) { memcpy(f + at, &v, size); }
static uint64_t get(const uint8_t *f, uint32_t at, uint32_t size)
{
    uint64_t v = 0;
    memcpy(&v, f + at, size);
    return v;
}

static void save(const RvCpu *c, uint8_t *f, const Layout *l)
{
    put(f, l->regs, c->head.pc, l->word);               /* in the place of x0 */
    for (int i = 1; i < 32; i++)
        put(f, l->regs + i * l->word, c->x[i], l->word);
    memcpy(f + l->fp, c->f, sizeof c->f);
    put(f, l->fp + FCSR_OFF, rv_fcsr(c), 4);
}

int64_t riscv_sigframe_setup(Task *t, const SigDelivery *d)
{
    const LinuxAbi *abi = t->proc->abi;
    RvCpu *c = (RvCpu *)t->cpu;
    Layout l = layout_of(abi);
    uint8_t f[FRAME_MAX];
    gaddr old_sp = riscv_get_sp(t->cpu), sp = (signal_frame_sp(t, d->act, old_sp) - l.size) & ~15ull;
    if (signal_on_altstack(t, old_sp) && !signal_on_altstack(t, old_sp - l.size))
        return -EFAULT;                                 /* get_sigframe(): it would overflow */
    memset(f, 0, sizeof f);
    linux_siginfo_to_guest(abi, f, d->info);
    SigStack ss = t->altstack;
    put(f, l.stack, ss.sp, l.word);
    put(f, l.stack + l.word, ss.flags, 4);
    put(f, l.stack + 2 * l.word, ss.size, l.word);
    put(f, l.mask, d->mask, 8);
    save(c, f, &l);
    if (gmem_write(t, sp, f, l.size) < 0)
        return -EFAULT;
    c->x[1] = linux_vdso_symbol(t, abi->vdso_rt_sigreturn);
    c->x[2] = sp;
    c->x[10] = d->sig;
    c->x[11] = sp;
    c->x[12] = sp + 128;
    t->cpu->pc = d->act->handler;
    return 0;
}

/* What was restored before a fault stays, as in the kernel: the mask, then the registers. */
int64_t riscv_sigreturn(Task *t, bool rt)
{
    const LinuxAbi *abi = t->proc->abi;
    RvCpu *c = (RvCpu *)t->cpu;
    Layout l = layout_of(abi);
    uint8_t f[FRAME_MAX];
    if (gmem_read(t, f, riscv_get_sp(t->cpu), l.size) < 0)
        return -EFAULT;
    signal_restore_mask(t, linux_mask_to_host(abi, get(f, l.mask, 8)));
    t->cpu->pc = get(f, l.regs, l.word);
    for (int i = 1; i < 32; i++)
        c->x[i] = get(f, l.regs + i * l.word, l.word);
    memcpy(c->f, f + l.fp, sizeof c->f);
    rv_set_fcsr(c, get(f, l.fp + FCSR_OFF, 4));
    c->res_addr = ~0ull;
    /* the extension header behind the FP state must be the terminator (no vector state here) */
    if (get(f, l.fp + 516, 4) || get(f, l.fp + 520, 8))
        return -EFAULT;
    SigStack ss = { get(f, l.stack, l.word), get(f, l.stack + 2 * l.word, l.word), get(f, l.stack + l.word, 4) };
    signal_altstack(t, &ss, NULL, riscv_get_sp(t->cpu), abi->minsigstksz);       /* Linux ignores its error */
    return 0;
}
