/* SPDX-License-Identifier: Apache-2.0 */
/* Signal numbers, masks and siginfo_t between host and guest. siginfo has the same fields in the same order on every
 * Linux guest; the guest's word size and alignment place them: union at 12 (32-bit) or 16 (64-bit). */
#include <errno.h>
#include <string.h>
#include "linux-user/abi.h"

int linux_sig_to_guest(const LinuxAbi *abi, int host)
{
    return abi->sig_to_guest && host > 0 && host <= 64 ? abi->sig_to_guest[host] : host;
}

int linux_sig_to_host(const LinuxAbi *abi, int guest)
{
    if (!abi->sig_to_guest || guest <= 0 || guest > 64)
        return guest;
    for (int h = 1; h <= 64; h++)
        if (abi->sig_to_guest[h] == guest)
            return h;
    return guest;
}

static uint64_t map_mask(const LinuxAbi *abi, uint64_t m, int (*map)(const LinuxAbi *, int))
{
    if (!abi->sig_to_guest)
        return m;
    uint64_t out = 0;
    for (int s = 1; s <= 64; s++)
        if (m & SIG_BIT(s))
            out |= SIG_BIT(map(abi, s));
    return out;
}

uint64_t linux_mask_to_guest(const LinuxAbi *abi, uint64_t host) { return map_mask(abi, host, linux_sig_to_guest); }
uint64_t linux_mask_to_host(const LinuxAbi *abi, uint64_t guest) { return map_mask(abi, guest, linux_sig_to_host); }

typedef enum Shape {
    SHAPE_KILL, SHAPE_TIMER, SHAPE_RT, SHAPE_CHILD, SHAPE_FAULT, SHAPE_BOUNDS, SHAPE_PKEY, SHAPE_PERF, SHAPE_POLL,
    SHAPE_SYS,
} Shape;
enum { TRAP_PERF_CODE = 6 };

/* Which member of the union si_signo and si_code select; Linux: siginfo_layout(). */
static Shape shape_of(int sig, int code)
{
    if (code == SI_TIMER)
        return SHAPE_TIMER;
    if (code == SI_SIGIO)
        return SHAPE_POLL;
    if (code == SI_USER)
        return SHAPE_KILL;
    if (code < 0)
        return SHAPE_RT;
    switch (code == SI_KERNEL ? 0 : sig) {
    case SIGCHLD: return SHAPE_CHILD;
    case SIGSEGV: return code == SEGV_BNDERR ? SHAPE_BOUNDS : code == SEGV_PKUERR ? SHAPE_PKEY : SHAPE_FAULT;
    case SIGTRAP: return code == TRAP_PERF_CODE ? SHAPE_PERF : SHAPE_FAULT;
    case SIGBUS: case SIGILL: case SIGFPE: return SHAPE_FAULT;
    case SIGIO: return SHAPE_POLL;
    case SIGSYS: return SHAPE_SYS;
    }
    /* F_SETSIG chose another signal for SIGIO */
    return code >= POLL_IN && code <= POLL_HUP ? SHAPE_POLL : SHAPE_KILL;
}

/* A cursor over guest bytes: put or get, by direction, so that the layout is written once. */
typedef struct Cursor { const LinuxAbi *abi; uint8_t *p; size_t at; bool to_guest; } Cursor;

static void field(Cursor *c, void *host, size_t host_size, size_t guest_size)
{
    uint64_t v = 0;
    c->at = (c->at + guest_size - 1) & ~(guest_size - 1);
    if (c->to_guest)
        memcpy(&v, host, host_size);    /* the host is little-endian: low bytes first */
    for (size_t i = 0; i < guest_size; i++) {
        size_t shift = 8 * (c->abi->big_endian ? guest_size - 1 - i : i);
        if (c->to_guest)
            c->p[c->at + i] = (uint8_t)(v >> shift);
        else
            v |= (uint64_t)c->p[c->at + i] << shift;
    }
    c->at += guest_size;
    if (!c->to_guest)
        memcpy(host, &v, host_size);
}
static void f32(Cursor *c, void *h) { field(c, h, 4, 4); }
static void fword(Cursor *c, void *h) { field(c, h, 8, c->abi->word); }

/* sigval is a union that userland may fill as an int: copy 8 raw bytes, swapping the int. */
static void fvalue(Cursor *c, union sigval *v)
{
    c->at = (c->at + c->abi->word - 1) & ~(size_t)(c->abi->word - 1);
    uint8_t *g = c->p + c->at;
    if (c->abi->big_endian && c->abi->word == 8) {
        /* pointer-sized on the wire; the int sits in its first four bytes */
        uint64_t w;
        if (c->to_guest) {
            w = __builtin_bswap64((uint64_t)(uintptr_t)v->sival_ptr);
            memcpy(g, &w, 8);
        }
        else { memcpy(&w, g, 8); v->sival_ptr = (void *)(uintptr_t)__builtin_bswap64(w); }
        c->at += 8;
        return;
    }
    field(c, v, 8, c->abi->word);
}

/* What a program made up behind the fields that we know: the kernel carries all of its siginfo, 32 bytes on 32-bit
 * machines. */
static void rest(Cursor *c, void *host)
{
    enum { KERNEL_SIGINFO = 32 };
    if (c->at >= KERNEL_SIGINFO)
        return;
    if (c->to_guest)
        memcpy(c->p + c->at, host, KERNEL_SIGINFO - c->at);
    else
        memcpy(host, c->p + c->at, KERNEL_SIGINFO - c->at);
}

static void convert(Cursor *c, siginfo_t *h)
{
    /* si_perf_data, _type, _flags: libc's header has no names yet */
    uint8_t *perf = (uint8_t *)&h->si_addr + sizeof h->si_addr;
    f32(c, &h->si_signo);
    f32(c, &h->si_errno);
    f32(c, &h->si_code);
    c->at = c->abi->word == 8 ? 16 : 12;
    switch (shape_of(h->si_signo, h->si_code)) {
    case SHAPE_KILL: f32(c, &h->si_pid); f32(c, &h->si_uid); break;
    case SHAPE_TIMER: f32(c, &h->si_timerid); f32(c, &h->si_overrun); fvalue(c, &h->si_value); break;
    case SHAPE_RT:
        f32(c, &h->si_pid); f32(c, &h->si_uid); fvalue(c, &h->si_value);
        rest(c, &h->si_value + 1);
        break;
    case SHAPE_CHILD:
        f32(c, &h->si_pid); f32(c, &h->si_uid); f32(c, &h->si_status);
        fword(c, &h->si_utime); fword(c, &h->si_stime);
        break;
    case SHAPE_FAULT: fword(c, &h->si_addr); field(c, &h->si_addr_lsb, 2, 2); break;
    case SHAPE_BOUNDS:
        fword(c, &h->si_addr);
        c->at += c->abi->word;
        fword(c, &h->si_lower); fword(c, &h->si_upper);
        break;
    case SHAPE_PKEY: fword(c, &h->si_addr); c->at += c->abi->word; f32(c, &h->si_pkey); break;
    case SHAPE_PERF: fword(c, &h->si_addr); fword(c, perf); f32(c, perf + 8); f32(c, perf + 12); break;
    case SHAPE_POLL: fword(c, &h->si_band); f32(c, &h->si_fd); break;
    case SHAPE_SYS: fword(c, &h->si_call_addr); f32(c, &h->si_syscall); f32(c, &h->si_arch); break;
    }
}

bool linux_siginfo_same(const LinuxAbi *abi) { return abi->word == 8 && !abi->big_endian && !abi->sig_to_guest; }

void linux_siginfo_to_guest(const LinuxAbi *abi, uint8_t out[128], const siginfo_t *host)
{
    siginfo_t h = *host;
    if (linux_siginfo_same(abi)) {
        memcpy(out, host, 128);
        return;
    }
    memset(out, 0, 128);
    Cursor c = { abi, out, 0, true };
    convert(&c, &h);
    if (abi->sig_to_guest) {
        int sig = linux_sig_to_guest(abi, host->si_signo);
        Cursor first = { abi, out, 0, true };
        f32(&first, &sig);
    }
}

void linux_siginfo_to_host(const LinuxAbi *abi, siginfo_t *host, const uint8_t in[128])
{
    memset(host, 0, sizeof *host);
    Cursor head = { abi, (uint8_t *)in, 0, false };
    f32(&head, &host->si_signo); f32(&head, &host->si_errno); f32(&head, &host->si_code);
    host->si_signo = linux_sig_to_host(abi, host->si_signo);
    int sig = host->si_signo;
    Cursor c = { abi, (uint8_t *)in, 0, false };
    convert(&c, host);
    host->si_signo = sig;
    /* behind what a 32-bit kernel knows: the host refuses it (E2BIG) where it knows no layout of the code */
    for (int i = 32; i < 128; i++)
        ((uint8_t *)host)[127] |= in[i];
}
