/* SPDX-License-Identifier: Apache-2.0 */
/* Identity of the machine, randomness, scheduling masks, and calls of foreign-layout guests that are
 * refused by name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "linux-user/options.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

int64_t sys_uname(Task *t, void *buf)
{
    struct utsname *u = buf;
    if (!u)
        return -EFAULT;
    if (uname(u) < 0)
        return -errno;
    snprintf(u->machine, sizeof u->machine, "%s", t->proc->arch->uname_machine);
    if (t->proc->opt->uname_release)
        snprintf(u->release, sizeof u->release, "%s", t->proc->opt->uname_release);
    return 0;
}

/* Totals that a 32-bit guest's words cannot hold are given in larger units. Linux: COMPAT_SYSCALL sysinfo */
int64_t sys_sysinfo(Task *t, void *info)
{
    struct sysinfo *s = info;
    int64_t r = s ? safe_syscall(t, SYS_sysinfo, s, 0L, 0L, 0L, 0L, 0L) : -EFAULT;
    unsigned long *const sizes[] = {
        &s->totalram, &s->freeram, &s->sharedram, &s->bufferram,
        &s->totalswap, &s->freeswap, &s->totalhigh, &s->freehigh,
    };
    unsigned shift = 0;
    if (r < 0 || linux_abi.word == 8 || (s->totalram | s->totalswap) >> 32 == 0)
        return r;
    for (uint64_t page = linux_abi.page_size; s->mem_unit < page; s->mem_unit <<= 1)
        shift++;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        *sizes[i] >>= shift;
    return r;
}

/* splitmix64: with -seed, getrandom is reproducible. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = __atomic_add_fetch(state, 0x9e3779b97f4a7c15, __ATOMIC_RELAXED);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

int64_t sys_getrandom(Task *t, gaddr buf, uint64_t size, uint64_t flags)
{
    if (!t->proc->seeded)
        return sys_host_out(t, buf, size, SYS_getrandom, (uintptr_t)gmem_host(t, buf, size), size, flags, 0, 0, 0);
    for (uint64_t done = 0; done < size; done += 8) {
        uint64_t v = next_random(&t->proc->seed);
        int64_t r = gmem_write(t, buf + done, &v, size - done < 8 ? size - done : 8);
        if (r < 0)
            return done ? (int64_t)done : r;
    }
    return size;
}

/* --- CPU masks: arrays of unsigned long; the host's are little-endian 64-bit, which is a plain bit string */
enum { MASK_BYTES = 1024 };

static void mask_swap(uint8_t *m, size_t len)
{
    if (!linux_abi.big_endian)
        return;
    unsigned w = linux_abi.word;
    for (size_t i = 0; i + w <= len; i += w)
        for (unsigned j = 0; j < w / 2; j++) {
            uint8_t b = m[i + j];
            m[i + j] = m[i + w - 1 - j];
            m[i + w - 1 - j] = b;
        }
}

int64_t sys_sched_getaffinity(Task *t, int pid, uint32_t size, gaddr mask)
{
    uint8_t m[MASK_BYTES] = { 0 };
    if (size & (linux_abi.word - 1))
        return -EINVAL;
    int64_t r = safe_syscall(t, SYS_sched_getaffinity, (long)pid, (long)sizeof m, m, 0L, 0L, 0L);
    if (r < 0)
        return r;
    if (r > size) {                 /* Linux: EINVAL when the mask does not fit; trailing words without CPUs do */
        for (int64_t i = size; i < r; i++)
            if (m[i])
                return -EINVAL;
        r = size;
    }
    mask_swap(m, r);
    int64_t e = gmem_write(t, mask, m, r);
    return e < 0 ? e : r;
}

int64_t sys_sched_setaffinity(Task *t, int pid, uint32_t size, gaddr mask)
{
    uint8_t m[MASK_BYTES] = { 0 };
    if (size > sizeof m)
        size = sizeof m;
    int64_t r = gmem_read(t, m, mask, size);
    if (r < 0)
        return r;
    mask_swap(m, size);
    return safe_syscall(t, SYS_sched_setaffinity, (long)pid, (long)((size + 7) & ~7u), m, 0L, 0L, 0L);
}

int64_t sys_sched_getattr(Task *t, int pid, gaddr attr, uint32_t size, uint32_t flags)
{
    enum { FIRST = 48, NOW = 56, MOST = 4096 };         /* SCHED_ATTR_SIZE_VER0, VER1 */
    uint64_t host[NOW / 8];
    uint8_t raw[NOW];
    if (!attr || size < FIRST || size > MOST)
        return -EINVAL;
    uint32_t give = size < NOW ? size & ~7u : NOW;
    int64_t r = safe_syscall(t, SYS_sched_getattr, (long)pid, host, (long)give, (long)flags, 0L, 0L);
    if (r < 0)
        return r;
    thunk_to_guest(&struct_sched_attr, sys_model(), raw, host, 1);
    return gmem_write(t, attr, raw, give);
}

/* --- RISC-V: what the CPU model offers (Documentation/arch/riscv/hwprobe.rst) */
static const struct { const char *feature; uint8_t bit; } hwprobe_ext[] = {
    { "v", 2 }, { "zba", 3 }, { "zbb", 4 }, { "zbs", 5 }, { "zicboz", 6 }, { "zbc", 7 }, { "zbkb", 8 }, { "zbkc", 9 },
    { "zbkx", 10 },
    { "zfh", 27 }, { "zfhmin", 28 }, { "zfa", 32 }, { "zicond", 35 }, { "zihintpause", 36 },
};

static bool has_feature(const Task *t, const char *name)
{
    const GuestArch *a = t->proc->arch;
    for (int i = 0; i < a->nfeatures; i++)
        if (!strcmp(a->features[i].name, name))
            return t->proc->features[a->features[i].bit >> 6] >> (a->features[i].bit & 63) & 1;
    return false;
}

static uint64_t hwprobe_value(const Task *t, int64_t *key)
{
    uint64_t v = 0;
    switch (*key) {
    case 0: case 1: case 2: return 0;       /* vendor, architecture, implementation: none */
    case 3: return 1;                       /* base behaviour: IMA */
    case 4:
        v = 3;                              /* F and D, C: always in RV64GC */
        for (unsigned i = 0; i < sizeof hwprobe_ext / sizeof *hwprobe_ext; i++)
            if (has_feature(t, hwprobe_ext[i].feature))
                v |= 1ull << hwprobe_ext[i].bit;
        return v;
    case 5: return 3;                       /* misaligned scalar access: fast */
    case 6: return has_feature(t, "zicboz") ? 64 : 0;
    case 7: return linux_abi.task_size - 1; /* highest virtual address */
    case 9: return 3;                       /* misaligned scalar performance: fast */
    default: *key = -1; return 0;
    }
}

int64_t sys_riscv_hwprobe(Task *t, gaddr pairs, uint64_t n, uint64_t cpusetsize, gaddr cpus, uint32_t flags)
{
    if (flags)
        return flags == 1 ? sys_unsupported("riscv_hwprobe: WHICH_CPUS") : -EINVAL;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t key;
        int64_t r = gmem_get_u64(t, pairs + 16 * i, &key), k = key;
        if (r < 0)
            return r;
        uint64_t v = hwprobe_value(t, &k);
        if ((r = gmem_put_u64(t, pairs + 16 * i, k)) < 0 || (r = gmem_put_u64(t, pairs + 16 * i + 8, v)) < 0)
            return r;
    }
    return 0;
}

int64_t sys_bpf(Task *t, int cmd, gaddr attr, uint32_t size) { return sys_unsupported("bpf"); }
int64_t sys_perf_event_open(Task *t, gaddr attr, int pid, int cpu, int group, uint32_t flags)
{
    return sys_unsupported("perf_event_open");
}
int64_t sys_userfaultfd(Task *t, uint64_t flags)
{
    return sys_unsupported("userfaultfd: its messages have the host's addresses");
}
int64_t sys_futex_wait(Task *t, gaddr uaddr, uint64_t val, uint64_t mask, uint32_t flags, void *timeout, uint64_t clock)
{
    return sys_unsupported("futex_wait");
}
int64_t sys_futex_requeue(Task *t, gaddr waiters, uint32_t flags, int nwake, int nrequeue)
{
    return sys_unsupported("futex_requeue");
}
