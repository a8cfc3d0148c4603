/* SPDX-License-Identifier: Apache-2.0 */
/* The files of /proc that must show the guest. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "common-user/held.h"
#include "common-user/signals.h"
#include "linux-user/abi.h"
#include "linux-user/proc.h"
#include "linux-user/seccomp.h"

enum { MACHINE, OWN };
const ProcRow proc_rows[] = {
    { "maps", OWN, true, proc_write_maps, NULL, proc_query_map }, { "smaps", OWN, true, proc_write_smaps },
    { "smaps_rollup", OWN, true, proc_write_smaps_rollup },
    { "mem", OWN, true, NULL, proc_move_mem }, { "pagemap", OWN, true, NULL, proc_move_pagemap },
    { "cmdline", OWN, false, proc_write_cmdline }, { "environ", OWN, false, proc_write_environ },
    { "auxv", OWN, false, proc_write_auxv }, { "limits", OWN, false, proc_write_limits },
    { "stat", OWN, false, proc_write_stat }, { "statm", OWN, false, proc_write_statm },
    { "status", OWN, false, proc_write_status }, { "syscall", OWN, false, proc_write_syscall },
    { "cpuinfo", MACHINE, false, proc_write_cpuinfo }, { "version", MACHINE, false, proc_write_version },
    { "sys/kernel/osrelease", MACHINE, false, proc_write_osrelease },
    { "sys/kernel/arch", MACHINE, false, proc_write_arch },
};
const int proc_nrows = sizeof proc_rows / sizeof *proc_rows;

bool proc_task(const ProcView *v, ProcTask *out)
{
    Process *p = v->t->proc;
    pthread_mutex_lock(&p->task_lock);
    const Task *t = p->tasks;
    while (t && t->tid != v->tid) t = t->next;
    if (t) {
        int taken = atomic_load(&t->pending) & (TASK_HELD - 1);
        *out = (ProcTask){
            .sigmask = t->sigmask, .pending = (held_set(t) & t->sigmask) | (taken ? SIG_BIT(taken) : 0),
            .sp = p->abi->get_sp(t->cpu), .pc = t->cpu->pc, .nr = p->abi->syscall_nr(t->cpu),
            .seccomp = seccomp_mode(t), .filters = seccomp_count(t),
        };
        p->abi->syscall_args(t->cpu, out->arg);
    }
    pthread_mutex_unlock(&p->task_lock);
    return t;
}

char *proc_host_text(const ProcView *v)
{
    enum { STEP = 16384 };
    size_t len = 0, room = STEP;
    char *text = malloc(room + 1), *more;
    for (ssize_t n; text && (n = pread(v->fd, text + len, room - len, (off_t)len)) > 0; ) {
        len += (size_t)n;
        if (room - len >= STEP / 2) continue;
        if (!(more = realloc(text, (room *= 2) + 1))) break;
        text = more;
    }
    if (!text) return calloc(1, 1);
    text[len] = 0;
    return text;
}
