/* SPDX-License-Identifier: Apache-2.0 */
/* stat, statm, status and syscall: the host's text with the guest's values in it. proc(5). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common-user/mm.h"
#include "linux-user/proc.h"
#include "linux-user/syscall.h"

typedef unsigned long long ull;

static uint64_t guest_page(const ProcView *v) { return mm_page_size(v->t->proc->mm); }

/* Pages of the program's own code, in bytes. Linux: task_mem */
static uint64_t own_text(const ProcView *v)
{
    const Process *p = v->p;
    uint64_t page = guest_page(v);
    return ((p->end_code + page - 1) & ~(page - 1)) - (p->start_code & ~(page - 1));
}

/* size resident shared text lib data dt, in pages */
void proc_write_statm(const ProcView *v, FILE *out)
{
    ull resident = 0, shared = 0, page = guest_page(v), unit = (ull)sysconf(_SC_PAGESIZE);
    MmSums s = v->sums;
    char *text = proc_host_text(v);
    if (sscanf(text, "%*u %llu %llu", &resident, &shared) != 2)
        resident = shared = 0;
    free(text);
    fprintf(out, "%llu %llu %llu %llu 0 %llu 0\n", (ull)s.total / page, resident * unit / page, shared * unit / page,
            (ull)own_text(v) / page, (ull)(s.data + s.stack) / page);
}

/* The masks of 31 to 34 have no realtime signals: they are of the time before those. */
void proc_write_stat(const ProcView *v, FILE *out)
{
    enum { OLD_SIGNALS = 0x7fffffff, FIRST = 3 };
    const Process *p = v->p;
    ProcTask task = { 0 };
    char *text = proc_host_text(v), *save = NULL, *name_end = strrchr(text, ')');
    bool there = proc_task(v, &task);
    const struct { int field; uint64_t value; bool of_task; } guest[] = {
        { 20, (uint64_t)p->ntasks }, { 23, v->sums.total },
        { 26, p->start_code }, { 27, p->end_code }, { 28, p->stack_top },
        { 32, linux_mask_to_guest(&linux_abi, task.sigmask) & OLD_SIGNALS, true },
        { 33, proc_handlers(v, true) & OLD_SIGNALS }, { 34, proc_handlers(v, false) & OLD_SIGNALS },
        { 45, p->start_data }, { 46, p->end_data }, { 47, p->start_brk },
        { 48, p->arg_start }, { 49, p->arg_end }, { 50, p->env_start }, { 51, p->env_end },
    };
    if (name_end) {
        fwrite(text, 1, (size_t)(name_end + 1 - text), out);
        int i = FIRST;
        for (char *w = strtok_r(name_end + 1, " \n", &save); w; w = strtok_r(NULL, " \n", &save), i++) {
            size_t k = 0, n = sizeof guest / sizeof *guest;
            while (k < n && (guest[k].field != i || (guest[k].of_task && !there)))
                k++;
            if (k < n)
                fprintf(out, " %llu", (ull)guest[k].value);
            else
                fprintf(out, " %s", w);
        }
        fputc('\n', out);
    }
    free(text);
}

void proc_write_status(const ProcView *v, FILE *out)
{
    const Process *p = v->p;
    MmSums sums = v->sums;
    ProcTask task = { 0 };
    enum { ANY, TASK, OWN_TASK } known = !proc_task(v, &task) ? ANY : task.own ? OWN_TASK : TASK;
    uint64_t code = own_text(v);
    char *text = proc_host_text(v), *save = NULL;
    ull queued = 0;
    const char *pnd = strstr(text, "\nSigPnd:");
    if (pnd)
        sscanf(pnd, " SigPnd: %llx", &queued);
    const struct { const char *key; uint64_t value; const char *fmt; int needs; } guest[] = {
        { "Threads:", (uint64_t)p->ntasks, "%llu" },
        { "SigPnd:", linux_mask_to_guest(&linux_abi, queued | task.pending), "%016llx", OWN_TASK },
        { "SigBlk:", linux_mask_to_guest(&linux_abi, task.sigmask), "%016llx", TASK },
        { "SigIgn:", proc_handlers(v, true), "%016llx" }, { "SigCgt:", proc_handlers(v, false), "%016llx" },
        { "Seccomp:", (uint64_t)task.seccomp, "%llu", OWN_TASK },
        { "Seccomp_filters:", task.filters, "%llu", OWN_TASK },
        { "VmPeak:", sums.total / 1024, "%8llu kB" }, { "VmSize:", sums.total / 1024, "%8llu kB" },
        { "VmData:", sums.data / 1024, "%8llu kB" }, { "VmStk:", sums.stack / 1024, "%8llu kB" },
        { "VmExe:", code / 1024, "%8llu kB" },
        { "VmLib:", (sums.text > code ? sums.text - code : 0) / 1024, "%8llu kB" },
    };
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        size_t k = 0, n = sizeof guest / sizeof *guest;
        while (k < n && (strncmp(line, guest[k].key, strlen(guest[k].key)) || guest[k].needs > (int)known))
            k++;
        if (k == n) {
            fprintf(out, "%s\n", line);
            continue;
        }
        fprintf(out, "%s\t", guest[k].key);
        fprintf(out, guest[k].fmt, (ull)guest[k].value);
        fputc('\n', out);
    }
    free(text);
}

/* "running", or "NUMBER six arguments SP PC". The host's number tells whether the thread is in a call of the guest's,
 * or waits for something of ours, which for the guest is running. */
void proc_write_syscall(const ProcView *v, FILE *out)
{
    ProcTask task;
    char *text = proc_host_text(v);
    long host = -1;
    bool known = proc_task(v, &task) && sscanf(text, "%ld", &host) == 1 && host >= 0;
    const SysDesc *d = known && task.nr < sys_table.n ? sys_table.rows[task.nr] : NULL;
    bool in_call = v->tid == v->t->tid || (d && (d->host_nr == host || d->attr & SYS_HAND));
    if (known && in_call) {
        fprintf(out, "%lld", (long long)task.nr);
        for (int i = 0; i < 6; i++)
            fprintf(out, " 0x%llx", (ull)task.arg[i]);
        fprintf(out, " 0x%llx 0x%llx\n", (ull)task.sp, (ull)task.pc);
    } else {
        fputs(*text ? "running\n" : "", out);
    }
    free(text);
}
