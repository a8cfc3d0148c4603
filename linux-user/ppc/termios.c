/* SPDX-License-Identifier: Apache-2.0 */
/* Terminal modes: PowerPC has its own numbers, flags and order of control characters (arch/powerpc asm/termbits.h). */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "linux-user/ppc/termios.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

/* the kernel's struct termios */
typedef struct HostTermios { uint32_t iflag, oflag, cflag, lflag; uint8_t line, cc[19]; uint32_t pad[2]; } HostTermios;
enum { PPC_CC = 19, PPC_SIZE = 44, GENERIC_CBAUD = 0x100f, GENERIC_CBAUDEX = 0x1000 };
/* host index of each PowerPC control character: VINTR VQUIT VERASE VKILL VEOF VMIN VEOL VTIME VEOL2 VSWTC VWERASE
 * VREPRINT VSUSP VSTART VSTOP VLNEXT VDISCARD */
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
    for (unsigned i = 0; i < f->n; i++)
        mask |= to_host ? f->flags[i].guest_mask[sys_table.family] : f->flags[i].host_mask;
    v &= mask;
    return to_host ? thunk_flags_to_host(f, sys_model(), v) : thunk_flags_to_guest(f, sys_model(), v);
}

/* Speeds: PowerPC counts on from B38400 (15); the generic code sets CBAUDEX and starts again at 1 for B57600. */
static uint32_t cflag_fields(uint32_t v, bool to_host)
{
    if (to_host) {
        uint32_t speed = v & 0xff;
        return (speed < 16             ? speed
                       : speed == 0x1f ? GENERIC_CBAUDEX
                                       : GENERIC_CBAUDEX | (speed - 15)) |
            (v & 0x300) >> 8 << 4;
    }
    uint32_t speed = v & 0xf;
    return (!(v & GENERIC_CBAUDEX) ? speed : speed ? speed + 15 : 0x1f) | (v & 0x30) >> 4 << 8;
}

/* The modes of a terminal as PowerPC's kernel has them. */
typedef struct Modes { uint32_t flag[4]; uint8_t cc[PPC_CC], line; } Modes;        /* input, output, control, local */

static int64_t modes_get(Task *t, int fd, Modes *m)
{
    HostTermios h;
    int64_t r = safe_syscall(t, SYS_ioctl, (long)fd, (long)TCGETS, &h, 0L, 0L, 0L);
    *m = (Modes){ .line = h.line };
    if (r < 0)
        return r;
    m->flag[0] = known_bits(&flags_iflag, h.iflag, false);
    m->flag[1] = known_bits(&flags_oflag, h.oflag, false) | oflag_fields(h.oflag, false);
    m->flag[2] = known_bits(&flags_cflag, h.cflag, false) | cflag_fields(h.cflag, false);
    m->flag[3] = known_bits(&flags_lflag, h.lflag, false);
    for (unsigned i = 0; i < sizeof ppc_cc; i++)
        m->cc[i] = h.cc[ppc_cc[i]];
    return 0;
}

static int64_t modes_set(Task *t, int fd, long cmd, const Modes *m)
{
    HostTermios h = {
        .iflag = known_bits(&flags_iflag, m->flag[0], true),
        .oflag = known_bits(&flags_oflag, m->flag[1], true) | oflag_fields(m->flag[1], true),
        .cflag = known_bits(&flags_cflag, m->flag[2], true) | cflag_fields(m->flag[2], true),
        .lflag = known_bits(&flags_lflag, m->flag[3], true), .line = m->line,
    };
    for (unsigned k = 0; k < sizeof ppc_cc; k++)
        h.cc[ppc_cc[k]] = m->cc[k];
    return safe_syscall(t, SYS_ioctl, (long)fd, cmd, &h, 0L, 0L, 0L);
}

/* struct termios: four words, control characters, line. struct termio: the low halves, line, the first ten characters;
 * what it leaves out stays as it is. */
enum { TERMIO_CC = 10, TERMIO_SIZE = 20, TERMIO_LINE = 8 };

static int64_t get_termios(Task *t, int fd, long unused, gaddr at)
{
    Modes m;
    uint8_t g[PPC_SIZE] = { 0 };
    int64_t r = modes_get(t, fd, &m);
    if (r < 0)
        return r;
    for (int i = 0; i < 4; i++)
        thunk_store(g + 4 * i, 4, true, m.flag[i]);
    memcpy(g + 16, m.cc, PPC_CC);
    g[16 + PPC_CC] = m.line;
    return gmem_write(t, at, g, sizeof g);
}

static int64_t set_termios(Task *t, int fd, long cmd, gaddr at)
{
    Modes m;
    uint8_t g[PPC_SIZE];
    int64_t r = gmem_read(t, g, at, sizeof g);
    if (r < 0)
        return r;
    for (int i = 0; i < 4; i++)
        m.flag[i] = (uint32_t)thunk_load(g + 4 * i, 4, false, true);
    memcpy(m.cc, g + 16, PPC_CC);
    m.line = g[16 + PPC_CC];
    return modes_set(t, fd, cmd, &m);
}

static int64_t get_termio(Task *t, int fd, long unused, gaddr at)
{
    Modes m;
    uint8_t g[TERMIO_SIZE] = { 0 };
    int64_t r = modes_get(t, fd, &m);
    if (r < 0)
        return r;
    for (int i = 0; i < 4; i++)
        thunk_store(g + 2 * i, 2, true, m.flag[i]);
    g[TERMIO_LINE] = m.line;
    memcpy(g + TERMIO_LINE + 1, m.cc, TERMIO_CC);
    return gmem_write(t, at, g, sizeof g);
}

static int64_t set_termio(Task *t, int fd, long cmd, gaddr at)
{
    Modes m;
    uint8_t g[TERMIO_SIZE];
    int64_t r = gmem_read(t, g, at, sizeof g);
    if (r < 0 || (r = modes_get(t, fd, &m)) < 0)
        return r;
    for (int i = 0; i < 4; i++)
        m.flag[i] = (m.flag[i] & 0xffff0000) | (uint32_t)thunk_load(g + 2 * i, 2, false, true);
    m.line = g[TERMIO_LINE];
    memcpy(m.cc, g + TERMIO_LINE + 1, TERMIO_CC);
    return modes_set(t, fd, cmd, &m);
}

bool ppc_ioctl(Task *t, int fd, uint32_t cmd, gaddr at, int64_t *r)
{
    static const struct { uint32_t guest; long host; int64_t (*run)(Task *, int, long, gaddr); } rows[] = {
        { 0x402c7413, TCGETS, get_termios }, { 0x802c7414, TCSETS, set_termios },
        { 0x802c7415, TCSETSW, set_termios }, { 0x802c7416, TCSETSF, set_termios },
        { 0x40147417, TCGETA, get_termio }, { 0x80147418, TCSETS, set_termio },
        { 0x80147419, TCSETSW, set_termio }, { 0x8014741c, TCSETSF, set_termio },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].guest == cmd) {
            *r = rows[i].run(t, fd, rows[i].host, at);
            return true;
        }
    return false;
}
