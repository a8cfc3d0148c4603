/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a file of /proc is about: this process, or another that an emulator of this build runs, whose state is read from
 * its memory as a debugger would, with the kernel's rules about who may. */
#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>
#include "common-user/held.h"
#include "common-user/signals.h"
#include "linux-user/abi.h"
#include "linux-user/proc.h"
#include "linux-user/seccomp.h"

bool proc_is_own(const ProcView *v) { return v->pid == getpid(); }

bool proc_peek(const ProcView *v, uint64_t at, void *to, size_t len)
{
    struct iovec here = { to, len }, there = { (void *)(uintptr_t)at, len };
    ssize_t n = process_vm_readv(v->pid, &here, 1, &there, 1, 0);
    return n >= 0 && (size_t)n == len;
}

bool proc_subject(ProcView *v, Process *copy)
{
    char exe[PATH_MAX];
    ProcGuest g;
    if (!v->row->own || proc_is_own(v)) {
        v->p = v->t->proc;
        v->sums = mm_sums(v->p->mm);
        v->base = mm_base(v->p->mm);
        return true;
    }
    if (!v->row->others || !process_proc_guest(v->pid, exe, &g) || g.process_size != sizeof *copy)
        return false;
    MmView *m = mm_view_of(v->pid, g.mm, g.sizes);
    if (!m || !proc_peek(v, g.process, copy, sizeof *copy)) {
        mm_view_free(m);
        return false;
    }
    v->p = copy;
    v->sums = m->sums;
    v->base = m->base;
    mm_view_free(m);
    return true;
}

/* --- tasks */

static void own_task(const Task *t, ProcTask *out)
{
    const struct LinuxAbi *abi = t->proc->abi;
    int taken = atomic_load(&t->pending) & (TASK_HELD - 1);
    *out = (ProcTask){
        .sigmask = t->sigmask, .pending = (held_set(t) & t->sigmask) | (taken ? SIG_BIT(taken) : 0),
        .sp = abi->get_sp(t->cpu), .pc = t->cpu->pc, .nr = abi->syscall_nr(t->cpu),
        .seccomp = seccomp_mode(t), .filters = seccomp_count(t), .own = true,
    };
    abi->syscall_args(t->cpu, out->arg);
}

static bool other_task(const ProcView *v, ProcTask *out)
{
    enum { MOST = 1 << 16 };
    Task t;
    uint64_t at = (uintptr_t)v->p->tasks;
    for (int i = 0; at && i < MOST; i++, at = (uintptr_t)t.next) {
        if (!proc_peek(v, at, &t, sizeof t))
            return false;
        if (t.tid == v->tid) {
            *out = (ProcTask){ .sigmask = t.sigmask };
            return true;
        }
    }
    return false;
}

bool proc_task(const ProcView *v, ProcTask *out)
{
    Process *p = v->t->proc;
    if (!proc_is_own(v))
        return other_task(v, out);
    pthread_mutex_lock(&p->task_lock);
    const Task *t = p->tasks;
    while (t && t->tid != v->tid)
        t = t->next;
    if (t)
        own_task(t, out);
    pthread_mutex_unlock(&p->task_lock);
    return t;
}

uint64_t proc_handlers(const ProcView *v, bool ignored)
{
    SigTable table;
    uint64_t m = 0;
    bool own = proc_is_own(v);
    if (!own && !proc_peek(v, (uintptr_t)v->p->sig, &table, sizeof table))
        return 0;
    for (int s = 1; s <= TASK_NSIG; s++) {
        gaddr h = own ? signal_get_action(v->t->proc, s).handler : table.act[s].handler;
        if (ignored ? h == 1 : h > 1)
            m |= SIG_BIT(s);
    }
    return linux_mask_to_guest(v->t->proc->abi, m);
}

char *proc_host_bytes(const ProcView *v, size_t *size)
{
    enum { STEP = 16384 };
    size_t len = 0, room = STEP;
    *size = 0;
    char *text = malloc(room + 1), *more;
    for (ssize_t n; text && (n = pread(v->fd, text + len, room - len, (off_t)len)) > 0; ) {
        len += (size_t)n;
        if (room - len >= STEP / 2)
            continue;
        if (!(more = realloc(text, (room *= 2) + 1)))
            break;
        text = more;
    }
    if (!text)
        return calloc(1, 1);
    text[len] = 0;
    *size = len;
    return text;
}

char *proc_host_text(const ProcView *v)
{
    size_t len;
    return proc_host_bytes(v, &len);
}
