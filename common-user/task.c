/* SPDX-License-Identifier: Apache-2.0 */
/* Creation, list and end of tasks. */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/mm.h"
#include "common-user/ownfd.h"
#include "common-user/signals.h"
#include "common-user/task.h"
#include "tcg/lock.h"

_Thread_local Task *current;
_Atomic bool task_other_ids;

uint32_t task_lock_id(const CpuState *cpu)
{
    const Task *t = cpu ? cpu->task : current;
    if (!t || !t->tid)
        return cpu ? 0 : lock_thread_id() | (atomic_load(&task_other_ids) ? LOCK_FOREIGN : 0);
    return (uint32_t)t->tid | (t->proc->other_ids ? LOCK_FOREIGN : 0);
}

Task *task_new(Process *p, const CpuState *copy)
{
    size_t size = (p->arch->tcg.state_size + 63) & ~(size_t)63;
    Task *t = calloc(1, sizeof *t);
    CpuState *cpu = t ? aligned_alloc(64, size) : NULL;
    if (!cpu) {
        free(t);
        return NULL;
    }
    if (copy)
        memcpy(cpu, copy, p->arch->tcg.state_size);
    else
        memset(cpu, 0, size);
    t->cpu = cpu;
    t->proc = p;
    if (!copy)
        p->arch->reset(cpu, p->features);
    cpu->mem_base = mm_base(p->mm);
    cpu->tcg = p->tcg;
    cpu->task = t;
    cpu->thread = NULL;
    if (current) {                              /* a clone's child has its parent's */
        atomic_store(&t->seccomp, atomic_load(&current->seccomp));
        t->tags = current->tags;
    }
    memset(cpu->host, 0, sizeof cpu->host);
    atomic_store(&cpu->exit_request, 0);
    return t;
}

void task_link(Task *t, const Task *parent)
{
    Process *p = t->proc;
    t->tid = (pid_t)syscall(SYS_gettid);
    signal_thread_init(t);
    tcg_thread_init(p->tcg, t->cpu);
    pthread_mutex_lock(&p->task_lock);
    if (parent)
        atomic_store(&t->seccomp, atomic_load(&parent->seccomp));    /* TSYNC may have come since task_new */
    t->next = p->tasks;
    p->tasks = t;
    pthread_mutex_unlock(&p->task_lock);
    atomic_fetch_add(&p->ntasks, 1);
    current = t;
}

void task_free(Task *t)
{
    Process *p = t->proc;
    pthread_mutex_lock(&p->task_lock);
    for (Task **q = &p->tasks; *q; q = &(*q)->next)
        if (*q == t) {
            *q = t->next;
            break;
        }
    pthread_mutex_unlock(&p->task_lock);
    tcg_thread_free(t->cpu);
    signal_thread_done(t);
    if (t->log_tid)
        ownfd_close(t->log);
    free(t->cpu);
    free(t);
}
