/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Linux kernel/seccomp.c, net/core/filter.c (which instructions a program may have), seccomp(2). */
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include "common-user/process.h"
#include "linux-user/seccomp.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

typedef struct Seccomp {
    struct Seccomp *older;
    uint32_t len;                   /* 0: strict mode */
    struct sock_filter insn[];
} Seccomp;

enum { DATA_WORDS = sizeof(struct seccomp_data) / 4, PATH_MAX_INSNS = 32768, PENALTY = 4, SYS_SECCOMP_CODE = 1 };

/* --- programs */
static bool known_code(uint16_t code)
{
    static const uint8_t codes[] = {
        BPF_RET | BPF_K, BPF_RET | BPF_A, BPF_ALU | BPF_NEG, BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM, BPF_MISC | BPF_TAX,
        BPF_MISC | BPF_TXA,
        BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM, BPF_ST, BPF_STX, BPF_JMP | BPF_JA, BPF_LD | BPF_W | BPF_ABS,
        BPF_LD | BPF_W | BPF_LEN,
        BPF_LDX | BPF_W | BPF_LEN,
    };
    static const uint8_t with_source[] = {      /* K and X */
        BPF_ALU | BPF_ADD, BPF_ALU | BPF_SUB, BPF_ALU | BPF_MUL, BPF_ALU | BPF_DIV, BPF_ALU | BPF_AND, BPF_ALU | BPF_OR,
        BPF_ALU | BPF_XOR,
        BPF_ALU | BPF_LSH, BPF_ALU | BPF_RSH, BPF_JMP | BPF_JEQ, BPF_JMP | BPF_JGE, BPF_JMP | BPF_JGT,
        BPF_JMP | BPF_JSET,
    };
    for (size_t i = 0; i < sizeof codes; i++)
        if (codes[i] == code)
            return true;
    for (size_t i = 0; i < sizeof with_source; i++)
        if (with_source[i] == (code & ~BPF_X))
            return true;
    return false;
}

static bool valid_insn(const struct sock_filter *f, uint32_t left)
{
    if (!known_code(f->code))
        return false;
    switch (f->code) {
    case BPF_LD | BPF_W | BPF_ABS: return f->k < sizeof(struct seccomp_data) && !(f->k & 3);
    case BPF_LD | BPF_MEM: case BPF_LDX | BPF_MEM: case BPF_ST: case BPF_STX: return f->k < BPF_MEMWORDS;
    case BPF_ALU | BPF_DIV | BPF_K: return f->k != 0;
    case BPF_ALU | BPF_LSH | BPF_K: case BPF_ALU | BPF_RSH | BPF_K: return f->k < 32;
    case BPF_JMP | BPF_JA: return f->k < left;
    }
    return BPF_CLASS(f->code) != BPF_JMP || (f->jt < left && f->jf < left);
}

/* Scratch memory is written before it is read, on every path: check_load_and_stores of net/core/filter.c. */
static bool memory_ok(const struct sock_filter *f, uint32_t n)
{
    uint16_t written[BPF_MAXINSNS], now = 0;
    memset(written, 0xff, sizeof written);
    for (uint32_t i = 0; i < n; i++) {
        now &= written[i];
        switch (BPF_CLASS(f[i].code)) {
        case BPF_ST: case BPF_STX: now |= (uint16_t)(1u << f[i].k); break;
        case BPF_LD: case BPF_LDX:
            if (BPF_MODE(f[i].code) == BPF_MEM && !(now >> f[i].k & 1))
                return false;
            break;
        case BPF_JMP:
            written[i + 1 + (BPF_OP(f[i].code) == BPF_JA ? f[i].k : f[i].jt)] &= now;
            if (BPF_OP(f[i].code) != BPF_JA)
                written[i + 1 + f[i].jf] &= now;
            now = 0xffff;
        }
    }
    return true;
}

static bool valid(const struct sock_filter *f, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!valid_insn(&f[i], n - i - 1))
            return false;
    return BPF_CLASS(f[n - 1].code) == BPF_RET && memory_ok(f, n);
}

static uint32_t alu(uint32_t op, uint32_t a, uint32_t b, bool *bad)
{
    switch (op) {
    case BPF_ADD: return a + b;
    case BPF_SUB: return a - b;
    case BPF_MUL: return a * b;
    case BPF_DIV: *bad = !b; return b ? a / b : 0;
    case BPF_AND: return a & b;
    case BPF_OR: return a | b;
    case BPF_XOR: return a ^ b;
    case BPF_LSH: return a << (b & 31);
    case BPF_RSH: return a >> (b & 31);
    default: return -a;
    }
}

static bool holds(uint32_t op, uint32_t a, uint32_t b)
{
    return op == BPF_JEQ ? a == b : op == BPF_JGT ? a > b : op == BPF_JGE ? a >= b : (a & b) != 0;
}

static uint32_t run(const Seccomp *s, const uint32_t data[DATA_WORDS])
{
    uint32_t a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 };
    for (const struct sock_filter *f = s->insn; ; f++) {
        uint32_t b = BPF_SRC(f->code) == BPF_X ? x : f->k;
        bool bad = false;
        switch (BPF_CLASS(f->code)) {
        case BPF_RET: return BPF_RVAL(f->code) == BPF_A ? a : f->k;
        case BPF_ALU: a = alu(BPF_OP(f->code), a, b, &bad); break;
        case BPF_JMP: f += BPF_OP(f->code) == BPF_JA ? f->k : holds(BPF_OP(f->code), a, b) ? f->jt : f->jf; break;
        case BPF_MISC: if (f->code & BPF_TXA) a = x; else x = a; break;
        case BPF_ST: mem[f->k] = a; break;
        case BPF_STX: mem[f->k] = x; break;
        default: {
            uint32_t mode = BPF_MODE(f->code);
            uint32_t v = mode == BPF_ABS ? data[f->k / 4]
                : mode == BPF_MEM        ? mem[f->k]
                : mode == BPF_LEN        ? DATA_WORDS * 4
                                         : f->k;
            if (BPF_CLASS(f->code) == BPF_LD)
                a = v;
            else
                x = v;
        }
        }
        if (bad)
            return SECCOMP_RET_KILL_THREAD;
    }
}

/* --- calls */
static void put64(uint32_t *at, uint64_t v)
{
    at[linux_abi.big_endian] = (uint32_t)v;
    at[!linux_abi.big_endian] = (uint32_t)(v >> 32);
}

static uint32_t audit_arch(const Task *t)
{
    return t->proc->arch->elf_machine | (linux_abi.word == 8 ? __AUDIT_ARCH_64BIT : 0) |
        (linux_abi.big_endian ? 0 : __AUDIT_ARCH_LE);
}

/* The strictest answer of all filters: actions are ordered as signed numbers. */
static uint32_t ask(const Task *t, const Seccomp *s, uint64_t nr, const uint64_t args[7])
{
    uint32_t data[DATA_WORDS] = { (uint32_t)nr, audit_arch(t) }, answer = SECCOMP_RET_ALLOW;
    put64(data + 2, t->cpu->pc);
    for (int i = 0; i < 6; i++)
        put64(data + 4 + 2 * i, args[i]);
    for (; s; s = s->older) {
        uint32_t r = run(s, data);
        if ((int32_t)(r & SECCOMP_RET_ACTION_FULL) < (int32_t)(answer & SECCOMP_RET_ACTION_FULL))
            answer = r;
    }
    return answer;
}

static bool strict_allows(uint64_t nr)
{
    static const char *const names[] = { "read", "write", "exit", "sigreturn", "rt_sigreturn" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (nr < sys_table.n && sys_table.names[nr] && !strcmp(sys_table.names[nr], names[i]))
            return true;
    return false;
}

bool seccomp_allows(Task *t, uint64_t nr, const uint64_t args[7], int64_t *ret)
{
    const Seccomp *s = atomic_load(&t->seccomp);
    siginfo_t info = { .si_signo = SIGSYS, .si_code = SYS_SECCOMP_CODE };
    if (!s->len) {
        if (strict_allows(nr))
            return true;
        info.si_signo = SIGKILL;
        signal_die(t, &info);
    }
    uint32_t answer = ask(t, s, nr, args), data = answer & SECCOMP_RET_DATA;
    info.si_errno = (int)data;
    info.si_call_addr = (void *)(uintptr_t)t->cpu->pc;
    info.si_syscall = (int)nr;
    info.si_arch = audit_arch(t);
    switch (answer & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW: case SECCOMP_RET_LOG: return true;
    case SECCOMP_RET_ERRNO: *ret = data > 4095 ? -4095 : -(int64_t)data; return false;
    /* there is no tracer, no listener */
    case SECCOMP_RET_TRACE: case SECCOMP_RET_USER_NOTIF: *ret = -ENOSYS; return false;
    case SECCOMP_RET_TRAP:
        t->syscall_noresult = true;
        signal_force(t, &info);
        *ret = 0;
        return false;
    case SECCOMP_RET_KILL_THREAD:
        if (atomic_load(&t->proc->ntasks) > 1)
            process_exit_thread(t, SIGSYS);
    }
    signal_die(t, &info);
}

/* --- setting up */
int64_t seccomp_mode(const Task *t)
{
    const Seccomp *s = atomic_load(&t->seccomp);
    return !s ? SECCOMP_MODE_DISABLED : s->len ? SECCOMP_MODE_FILTER : SECCOMP_MODE_STRICT;
}

uint64_t seccomp_count(const Task *t)
{
    uint64_t n = 0;
    for (const Seccomp *s = atomic_load(&t->seccomp); s && s->len; s = s->older)
        n++;
    return n;
}

static Seccomp *new_filter(uint32_t len)
{
    Seccomp *s = calloc(1, sizeof *s + len * sizeof *s->insn);
    if (s)
        s->len = len;
    return s;
}

static int64_t read_filter(Task *t, gaddr prog, Seccomp **out)
{
    uint8_t head[2], raw[8];
    uint64_t at;
    int64_t r;
    if ((r = gmem_read(t, head, prog, sizeof head)) < 0 || (r = gmem_get_word(t, prog + linux_abi.word, &at)) < 0)
        return r;
    uint32_t len = (uint32_t)thunk_load(head, 2, false, linux_abi.big_endian);
    if (!len || len > BPF_MAXINSNS)
        return -EINVAL;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 && !sys_capable(CAP_SYS_ADMIN))
        return -EACCES;
    Seccomp *s = new_filter(len);
    if (!s)
        return -ENOMEM;
    for (uint32_t i = 0; i < len && r == 0; i++) {
        r = gmem_read(t, raw, at + 8 * i, sizeof raw);
        s->insn[i] = (struct sock_filter){ (uint16_t)thunk_load(raw, 2, false, linux_abi.big_endian), raw[2], raw[3],
                                           (uint32_t)thunk_load(raw + 4, 4, false, linux_abi.big_endian) };
    }
    if (r == 0 && !valid(s->insn, len))
        r = -EINVAL;
    if (r < 0)
        free(s);
    else
        *out = s;
    return r;
}

static bool is_older(const Seccomp *what, const Seccomp *than)
{
    for (; than && than != what; than = than->older) {
    }
    return than == what;
}

/* Every thread gets s, if each has what we had or less. A thread's number, or 0. */
static int64_t give_to_all(Task *t, Seccomp *s)
{
    Process *p = t->proc;
    int64_t odd = 0;
    pthread_mutex_lock(&p->task_lock);
    for (Task *o = p->tasks; o && !odd; o = o->next)
        if (o != t && !is_older(atomic_load(&o->seccomp), s->older))
            odd = o->tid;
    for (Task *o = p->tasks; o && !odd; o = o->next)
        atomic_store(&o->seccomp, s);
    pthread_mutex_unlock(&p->task_lock);
    return odd;
}

static int64_t add_filter(Task *t, uint32_t flags, gaddr prog)
{
    const uint32_t known = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
        SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    Seccomp *s = NULL;
    if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
        sys_unsupported("seccomp: SECCOMP_FILTER_FLAG_NEW_LISTENER");
    if (flags & ~known)
        return -EINVAL;
    int64_t r = read_filter(t, prog, &s);
    if (r < 0)
        return r;
    s->older = atomic_load(&t->seccomp);
    uint64_t total = s->len;
    for (const Seccomp *o = s->older; o; o = o->older)
        total += o->len + PENALTY;
    if (seccomp_mode(t) == SECCOMP_MODE_STRICT)
        r = -EINVAL;
    else if (total > PATH_MAX_INSNS)
        r = -ENOMEM;
    else if (flags & SECCOMP_FILTER_FLAG_TSYNC)
        r = give_to_all(t, s);
    else
        atomic_store(&t->seccomp, s);
    if (r)
        free(s);
    return r > 0 && flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -ESRCH : r;
}

static int64_t set_strict(Task *t)
{
    if (seccomp_mode(t) == SECCOMP_MODE_FILTER)
        return -EINVAL;
    Seccomp *s = new_filter(0);
    if (!s)
        return -ENOMEM;
    atomic_store(&t->seccomp, s);
    return 0;
}

static int64_t action_available(Task *t, gaddr at)
{
    static const uint32_t known[] = { SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
        SECCOMP_RET_ERRNO, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW };
    uint32_t action;
    int64_t r = gmem_get_u32(t, at, &action);
    if (r < 0)
        return r;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] == action)
            return 0;
    return -EOPNOTSUPP;
}

int64_t sys_seccomp(Task *t, uint32_t op, uint32_t flags, gaddr args)
{
    switch (op) {
    case SECCOMP_SET_MODE_STRICT: return flags || args ? -EINVAL : set_strict(t);
    case SECCOMP_SET_MODE_FILTER: return add_filter(t, flags, args);
    case SECCOMP_GET_ACTION_AVAIL: return flags ? -EINVAL : action_available(t, args);
    }
    return -EINVAL;
}

int64_t seccomp_prctl(Task *t, uint64_t mode, gaddr filter)
{
    return mode == SECCOMP_MODE_STRICT ? set_strict(t)
        : mode == SECCOMP_MODE_FILTER  ? add_filter(t, 0, filter)
                                       : -EINVAL;
}

/* --- across execve */
bool seccomp_save(const Task *t, FILE *out)
{
    bool ok = true;
    for (const Seccomp *s = atomic_load(&t->seccomp); s && ok; s = s->older)
        ok = fwrite(&s->len, sizeof s->len, 1, out) == 1 && fwrite(s->insn, sizeof *s->insn, s->len, out) == s->len;
    return ok;
}

bool seccomp_restore(Task *t, FILE *in)
{
    Seccomp *newest = NULL, **end = &newest;
    uint32_t len;
    while (fread(&len, sizeof len, 1, in) == 1) {
        if (len > BPF_MAXINSNS || !(*end = new_filter(len)) ||
            fread((*end)->insn, sizeof *(*end)->insn, len, in) != len)
            return false;
        if (len && !valid((*end)->insn, len))
            return false;
        end = &(*end)->older;
    }
    atomic_store(&t->seccomp, newest);
    return true;
}
