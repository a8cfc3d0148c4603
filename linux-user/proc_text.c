/* SPDX-License-Identifier: Apache-2.0 */
/* What files of /proc say that come from how the program was started, or belong to the machine. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "linux-user/inherit.h"
#include "linux-user/options.h"
#include "linux-user/proc.h"

/* The guest may rewrite its argument area (setproctitle): what is in memory counts, then what exec put there. */
void proc_write_cmdline(const ProcView *v, FILE *out)
{
    Process *p = v->t->proc;
    char *now = malloc(p->cmdline_len + 1);
    bool read = now && !gmem_read(v->t, now, p->arg_start, p->cmdline_len);
    fwrite(read ? now : p->cmdline, 1, p->cmdline_len, out);
    free(now);
}

/* Lengths of other processes are what their memory says: no longer than Linux can make such an area at exec
 * (fs/exec.c, bprm_stack_limits; AT_VECTOR_SIZE). */
enum { ENVIRON_MOST = 6 << 20, AUXV_MOST = 4096 };

void proc_write_environ(const ProcView *v, FILE *out)
{
    const Process *p = v->p;
    size_t len = p->env_end > p->env_start ? p->env_end - p->env_start : 0, n = 0;
    if (!proc_is_own(v) && len > ENVIRON_MOST)
        return;
    char *now = malloc(len + 1);
    if (now && proc_is_own(v))
        n = gmem_read_some(v->t, now, p->env_start, len);
    else if (now && proc_peek(v, v->base + p->env_start, now, len))
        n = len;
    fwrite(now, 1, n, out);
    free(now);
}

void proc_write_auxv(const ProcView *v, FILE *out)
{
    uint8_t copy[AUXV_MOST];
    size_t len = v->p->auxv_len;
    if (proc_is_own(v))
        fwrite(v->p->auxv, 1, len, out);
    else if (len <= sizeof copy && proc_peek(v, (uintptr_t)v->p->auxv, copy, len))
        fwrite(copy, 1, len, out);
}

/* proc(5): the rows of what the guest keeps itself. */
void proc_write_limits(const ProcView *v, FILE *out)
{
    TaskLimits all = proc_is_own(v) ? process_limits(v->t->proc) : v->p->limits;
    const struct { const char *key; TaskLimit l; } guest[] = {
        { "Max address space", all.as }, { "Max data size", all.data },
    };
    char *text = proc_host_text(v), *save = NULL, word[2][24];
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        bool done = false;
        for (int k = 0; k < 2 && (all.set || proc_is_own(v)); k++) {
            if (strncmp(line, guest[k].key, strlen(guest[k].key)))
                continue;
            for (int i = 0; i < 2; i++) {
                uint64_t n = i ? guest[k].l.max : guest[k].l.cur;
                snprintf(word[i], sizeof word[i], n == RLIM_INFINITY ? "unlimited" : "%llu", (unsigned long long)n);
            }
            fprintf(out, "%-25s %-20s %-20s bytes     \n", guest[k].key, word[0], word[1]);
            done = true;
        }
        if (!done)
            fprintf(out, "%s\n", line);
    }
    free(text);
}

/* --- the machine */

void proc_write_cpuinfo(const ProcView *v, FILE *out)
{
    enum { ROOM = 1 << 16, CPUS = 64 };
    const Process *p = v->t->proc;
    char *text = malloc(ROOM);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    int len = text && p->abi->cpuinfo ? p->abi->cpuinfo(v->t->cpu, n > CPUS ? CPUS : (int)n, text, ROOM) : 0;
    if (len > 0)
        fwrite(text, 1, (size_t)len < ROOM ? (size_t)len : ROOM, out);
    free(text);
}

/* What uname(2) tells, -r included. */
static void guest_uname(const ProcView *v, struct utsname *u)
{
    const char *release = v->t->proc->opt->uname_release;
    uname(u);
    if (release)
        snprintf(u->release, sizeof u->release, "%s", release);
}

void proc_write_osrelease(const ProcView *v, FILE *out)
{
    struct utsname u;
    guest_uname(v, &u);
    fprintf(out, "%s\n", u.release);
}

/* "Linux version RELEASE ..." */
void proc_write_version(const ProcView *v, FILE *out)
{
    struct utsname u;
    int at = 0;
    char *text = proc_host_text(v);
    guest_uname(v, &u);
    sscanf(text, "Linux version %*s%n", &at);
    if (at)
        fprintf(out, "Linux version %s%s", u.release, text + at);
    else
        fputs(text, out);
    free(text);
}

void proc_write_arch(const ProcView *v, FILE *out) { fprintf(out, "%s\n", v->t->proc->arch->uname_machine); }
