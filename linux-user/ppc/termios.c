/* SPDX-License-Identifier: Apache-2.0 */
/* Terminal modes: PowerPC has its own numbers, flags and order of control characters (arch/powerpc asm/termbits.h). */
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "linux-user/ppc/termios.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

/* the kernel's struct termios */
typedef struct HostTermios { uint32_t iflag, oflag, cflag, lflag; uint8_t line, cc[19]; uint32_t pad[2]; } HostTermios;
enum { PPC_CC = 19, PPC_SIZE = 44, GENERIC_CBAUD = 0x100f, GENERIC_CBAUDEX = 0x1000 };
/* host index of each PowerPC control character: VINTR VQUIT VERASE VKILL VEOF VMIN VEOL VTIME VEOL2 VSWTC VWERASE VREPRINT VSUSP
 * VSTART VSTOP VLNEXT VDISCARD */
static const uint8_t ppc_cc[17] = { 0, 1, 2, 3, 4, 6, 11, 5, 16, 7, 14, 12, 10, 8, 9, 15, 13 };
/* multi-bit delay fields and the character size: { host mask, host shift, ppc mask, ppc shift } */
static const struct { uint32_t hmask; uint8_t hshift; uint32_t gmask; uint8_t gshift; } ppc_fields[] = {
    { 0x0100, 8, 0x0300, 8 }, { 0x0600, 9, 0x3000, 12 }, { 0x1800, 11, 0x0c00, 10 },
    { 0x2000, 13, 0x8000, 15 }, { 0x4000, 14, 0x10000, 16 }, { 0x8000, 15, 0x4000, 14 },
};

static uint32_t oflag_fields(uint32_t v, bool to_host)
{
    uint32_t out = 0;
    for (unsigned i = 0; i < sizeof ppc_fields / sizeof *ppc_fields; i++)
        out |= to_host ? (v & ppc_fields[i].gmask) >> ppc_fields[i].gshift << ppc_fields[i].hshift & ppc_fields[i].hmask
                       : (v & ppc_fields[i].hmask) >> ppc_fields[i].hshift << ppc_fields[i].gshift;
    return out;
}

static uint32_t known_bits(const ThunkFlags *f, uint32_t v, bool to_host)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < f->n; i++) mask |= to_host ? f->flags[i].guest_mask[sys_table.family] : f->flags[i].host_mask;
    v &= mask;
    return to_host ? thunk_flags_to_host(f, sys_model(), v) : thunk_flags_to_guest(f, sys_model(), v);
}

/* Speeds: PowerPC counts on from B38400 (15); the generic code sets CBAUDEX and starts again at 1 for B57600. */
static uint32_t cflag_fields(uint32_t v, bool to_host)
{
    if (to_host) {
        uint32_t speed = v & 0xff;
        return (speed < 16 ? speed : speed == 0x1f ? GENERIC_CBAUDEX : GENERIC_CBAUDEX | (speed - 15)) | (v & 0x300) >> 8 << 4;
    }
    uint32_t speed = v & 0xf;
    return (!(v & GENERIC_CBAUDEX) ? speed : speed ? speed + 15 : 0x1f) | (v & 0x30) >> 4 << 8;
}

static int64_t ppc_termios_get(Task *t, int fd, gaddr at)
{
    HostTermios h;
    uint8_t g[PPC_SIZE] = { 0 };
    int64_t r = safe_syscall(t, SYS_ioctl, (long)fd, (long)TCGETS, &h, 0L, 0L, 0L);
    if (r < 0) return r;
    thunk_store(g, 4, true, known_bits(&flags_iflag, h.iflag, false));
    thunk_store(g + 4, 4, true, known_bits(&flags_oflag, h.oflag, false) | oflag_fields(h.oflag, false));
    thunk_store(g + 8, 4, true, known_bits(&flags_cflag, h.cflag, false) | cflag_fields(h.cflag, false));
    thunk_store(g + 12, 4, true, known_bits(&flags_lflag, h.lflag, false));
    for (unsigned i = 0; i < sizeof ppc_cc; i++) g[16 + i] = h.cc[ppc_cc[i]];
    g[16 + PPC_CC] = h.line;
    return gmem_write(t, at, g, sizeof g);
}

static int64_t ppc_termios_set(Task *t, int fd, long cmd, gaddr at)
{
    HostTermios h = { 0 };
    uint8_t g[PPC_SIZE];
    int64_t r = gmem_read(t, g, at, sizeof g);
    if (r < 0) return r;
    uint32_t i = thunk_load(g, 4, false, true), o = thunk_load(g + 4, 4, false, true);
    uint32_t c = thunk_load(g + 8, 4, false, true), l = thunk_load(g + 12, 4, false, true);
    h.iflag = known_bits(&flags_iflag, i, true);
    h.oflag = known_bits(&flags_oflag, o, true) | oflag_fields(o, true);
    h.cflag = known_bits(&flags_cflag, c, true) | cflag_fields(c, true);
    h.lflag = known_bits(&flags_lflag, l, true);
    for (unsigned k = 0; k < sizeof ppc_cc; k++) h.cc[ppc_cc[k]] = g[16 + k];
    h.line = g[16 + PPC_CC];
    return safe_syscall(t, SYS_ioctl, (long)fd, cmd, &h, 0L, 0L, 0L);
}

bool ppc_ioctl(Task *t, int fd, uint32_t cmd, gaddr at, int64_t *r)
{
    switch (cmd) {
    case 0x402c7413: *r = ppc_termios_get(t, fd, at); return true;
    case 0x802c7414: *r = ppc_termios_set(t, fd, TCSETS, at); return true;
    case 0x802c7415: *r = ppc_termios_set(t, fd, TCSETSW, at); return true;
    case 0x802c7416: *r = ppc_termios_set(t, fd, TCSETSF, at); return true;
    default: return false;
    }
}
