/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that translated code makes without coming back to the loop: their rows say that the host kernel may have
 * the guest's registers as they are (SysDesc.plain, which tools/sysgen works out). A call that was interrupted, or
 * whose error has another form in the guest, leaves its result in Task.call for the loop. */
#include <errno.h>
#include "common-user/log.h"
#include "common-user/mm.h"
#include "common-user/ownfd.h"
#include "linux-user/direct.h"
#include "linux-user/proc.h"
#include "linux-user/sysrows.h"

/* Pointers of the guest are the host's. */
static bool same_addresses(const Process *p)
{
    return !linux_abi.big_endian && mm_base(p->mm) == 0 && mm_task_size(p->mm) == linux_abi.task_size;
}

static bool may_go(const Process *p, const SysDesc *d)
{
    if (!d || d->host_nr < 0)
        return false;
    if (atomic_load_explicit(&p->reads_held, memory_order_relaxed))
        return false;
    unsigned family = 1u << sys_table.family;
    if (linux_abi.word == 4)
        return d->plain32 & family;
    if (!(d->plain & family) || (d->attr & SYS_FOREIGN && !same_addresses(p)))
        return false;
    return !(d->touches && (mm_watches_code(p->mm) || !same_addresses(p) || current->tags));
}

/* Would the kernel come upon room that a stack has yet to grow to? The frame itself may be untouched. */
static bool in_gap(Task *t)
{
    gaddr sp = linux_abi.get_sp(t->cpu);
    return __builtin_expect(mm_in_gap(t->proc->mm, &sp, 1) | mm_in_gap(t->proc->mm, t->call.arg, 6), 0);
}

/* Where the process has descriptors of its own: calls that may not name one, or do not. The others go by dispatch.c. */
static bool no_own_fd(const SysDesc *d, const uint64_t *arg)
{
    for (int i = 0; i < d->nargs; i++) {
        const SysArg *a = &d->args[i];
        bool fd = a->style == STYLE_FD || a->style == STYLE_NEWFD || a->style == STYLE_ATFD;
        bool name = a->kind == A_PATH || a->kind == A_LOOKUP;
        if (name || (fd && ownfd_is((int)arg[i])) || a->type == &struct_pollfd)
            return false;
    }
    return !(d->attr & SYS_FOREIGN);
}

/* The same for files of /proc that show the guest. */
static bool no_proc_fd(const Process *p, const SysDesc *d, const uint64_t *arg)
{
    for (int i = 0; i < d->nargs; i++) {
        unsigned style = d->args[i].style;
        if ((style == STYLE_FD || style == STYLE_NEWFD) && proc_fds_may_be(p, (int)arg[i]))
            return false;
    }
    return true;
}

static void *prepare(CpuState *cpu)
{
    Task *t = cpu->task;
    HostCall *c = &t->call;
    uint64_t nr = linux_abi.syscall_nr(cpu);
    const SysDesc *d = nr < sys_table.n ? sys_table.rows[nr] : NULL;
    if (atomic_load_explicit(&t->seccomp, memory_order_relaxed) || !may_go(t->proc, d))
        return NULL;
    linux_abi.syscall_args(cpu, c->arg);
    if (d->touches && in_gap(t))
        return NULL;
    if (__builtin_expect(ownfd_any(), 0) && !no_own_fd(d, c->arg))
        return NULL;
    if (__builtin_expect(proc_fds_some(t->proc), 0) && !no_proc_fd(t->proc, d, c->arg))
        return NULL;
    /* flags as success has them */
    if (!linux_abi.errors_in_place)
        linux_abi.syscall_result(cpu, (int64_t)c->arg[0]);
    for (int i = 0; linux_abi.word == 4 && d->sext >> i; i++)
        if (d->sext >> i & 1)
            c->arg[i] = (uint64_t)(int64_t)(int32_t)c->arg[i];
    c->nr = (uint64_t)d->host_nr;
    c->pending = &t->pending;
    c->out = (char *)cpu + linux_abi.result_at;
    c->wide = linux_abi.result_bytes == 8;
    c->errors = linux_abi.errors_in_place && !linux_abi.errno_map;
    return c;
}

void direct_setup(TcgOptions *tcg)
{
    if (!log_on(LOG_strace) && linux_abi.result_bytes) tcg->call = (TcgCall){ EX_SYSCALL, prepare, host_call_make };
}

int64_t direct_result(Task *t)
{
    uint64_t args[7];
    t->call.made = false;
    if (t->call.result != -EFAULT)
        return t->call.result;
    linux_abi.syscall_args(t->cpu, args);
    return linux_syscall_refault(t, linux_abi.syscall_nr(t->cpu), args);
}
