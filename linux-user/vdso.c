/* SPDX-License-Identifier: Apache-2.0 */
/* The vDSO at run time: mapping it, and the C side of its functions. The guest calls them as in Linux; the trap word
 * takes the illegal-instruction exit, which this file turns into the host's own vDSO call. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/mman.h>
#include <time.h>
#include "common-user/mm.h"
#include "linux-user/abi.h"
#include "linux-user/exec_load.h"

gaddr linux_vdso_symbol(const Task *t, int row) { return t->proc->vdso + t->proc->vdso_offset[row]; }

static int64_t put_time(Task *t, gaddr at, int64_t sec, int64_t frac, bool wide)
{
    int64_t e;
    if (t->proc->abi->word == 4 && !wide) {
        if ((e = gmem_put_u32(t, at, (uint32_t)sec)))
            return e;
        return gmem_put_u32(t, at + 4, (uint32_t)frac);
    }
    if ((e = gmem_put_u64(t, at, (uint64_t)sec)))
        return e;
    return gmem_put_u64(t, at + 8, (uint64_t)frac);
}

static int64_t clock_call(Task *t, int fn, uint64_t clock, gaddr at)
{
    struct timespec ts;
    int r = fn == VDSO_CLOCK_GETRES ? clock_getres((clockid_t)clock, &ts) : clock_gettime((clockid_t)clock, &ts);
    if (r < 0)
        return -errno;
    if (!at && fn == VDSO_CLOCK_GETRES)
        return 0;
    return put_time(t, at, ts.tv_sec, ts.tv_nsec, fn == VDSO_CLOCK_GETTIME64);
}

static int64_t day_call(Task *t, gaddr tv, gaddr tz)
{
    struct timeval v;
    struct timezone z;
    if (gettimeofday(&v, &z) < 0)
        return -errno;
    int64_t e = tv ? put_time(t, tv, v.tv_sec, v.tv_usec, false) : 0;
    if (e || !tz)
        return e;
    if ((e = gmem_put_u32(t, tz, (uint32_t)z.tz_minuteswest)))
        return e;
    return gmem_put_u32(t, tz + 4, (uint32_t)z.tz_dsttime);
}

static int64_t time_call(Task *t, gaddr at)
{
    time_t now = time(NULL);
    int64_t e = at ? gmem_put_word(t, at, (uint64_t)now) : 0;
    return e ? e : now;
}

static int64_t cpu_call(Task *t, gaddr cpu, gaddr node)
{
    unsigned c, n;
    if (getcpu(&c, &n) < 0)
        return -errno;
    int64_t e = cpu ? gmem_put_u32(t, cpu, c) : 0;
    return e || !node ? e : gmem_put_u32(t, node, n);
}

bool linux_vdso_call(Task *t)
{
    const LinuxAbi *abi = t->proc->abi;
    CpuState *cpu = t->cpu;
    for (int i = 0; abi->vdso && i < abi->vdso->nrows; i++) {
        if (cpu->pc != linux_vdso_symbol(t, i) || abi->vdso_fn[i] == VDSO_NONE)
            continue;
        uint64_t arg[7];
        abi->syscall_args(cpu, arg);
        uint64_t a = arg[0], b = arg[1];
        int64_t r = 0;
        switch (abi->vdso_fn[i]) {
        case VDSO_CLOCK_GETTIME:
        case VDSO_CLOCK_GETTIME64:
        case VDSO_CLOCK_GETRES: r = clock_call(t, abi->vdso_fn[i], a, b); break;
        case VDSO_GETTIMEOFDAY: r = day_call(t, a, b); break;
        case VDSO_TIME: r = time_call(t, a); break;
        case VDSO_GETCPU: r = cpu_call(t, a, b); break;
        }
        abi->syscall_result(cpu, linux_errno_to_guest(abi, r));
        cpu->pc += 4;
        return true;
    }
    return false;
}

int64_t linux_vdso_map(Process *p)
{
    const LinuxAbi *abi = p->abi;
    Vdso v;
    if (!abi->vdso)
        return 0;
    vdso_build(abi->vdso, &v);
    int64_t at = mm_map(p->mm, 0, v.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at < 0)
        return at;
    memcpy((void *)(uintptr_t)(mm_base(p->mm) + (uint64_t)at), v.bytes, v.len);
    mm_protect(p->mm, (gaddr)at, v.len, PROT_READ | PROT_EXEC);
    mm_name(p->mm, (gaddr)at, "[vdso]");
    p->vdso = (gaddr)at;
    p->vdso_end = p->vdso + v.len;
    memcpy(p->vdso_offset, v.offset, sizeof p->vdso_offset);
    free(v.bytes);
    return 0;
}
