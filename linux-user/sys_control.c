/* SPDX-License-Identifier: Apache-2.0 */
/* Control messages by rows: what each kind consists of. Sources: net/core/scm.c, net/socket.c, ip_sockglue.c,
 * ipv6/datagram.c, cmsg(3), ip(7), ipv6(7), udp(7), socket(7). */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "common-user/log.h"
#include "linux-user/sys_control.h"
#include "linux-user/sysrows.h"

/* Fields: w, h, d words of 4, 2, 8 bytes; f a word that is a descriptor; : and . two and four bytes that are the same
 * for both (single ones, network order); @ a socket address, the rest; * the one before goes on to the end. Bytes after
 * the fields, and a field that is cut off, are opaque. times: what is received is so many of a time structure. */
typedef struct ControlRow { int level, type; const char *fields; const ThunkStruct *time; uint8_t times; } ControlRow;
enum { IP = IPPROTO_IP, IP6 = IPPROTO_IPV6, ALG = 279, NETLINK = 270, TLS = 282 };
static const ControlRow rows[] = {
    { SOL_SOCKET, SCM_RIGHTS, "f*" }, { SOL_SOCKET, SCM_CREDENTIALS, "www" },
    { SOL_SOCKET, 3 /* SCM_SECURITY */, "" }, { SOL_SOCKET, 4 /* SCM_PIDFD */, "f" },
    { SOL_SOCKET, 12 /* SO_PRIORITY */, "w" }, { SOL_SOCKET, 36 /* SO_MARK */, "w" },
    { SOL_SOCKET, 40 /* SO_RXQ_OVFL */, "w" }, { SOL_SOCKET, 41 /* SCM_WIFI_STATUS */, "w" },
    { SOL_SOCKET, 58 /* SCM_TIMESTAMPING_PKTINFO */, "wwww" }, { SOL_SOCKET, 61 /* SCM_TXTIME */, "d" },
    { SOL_SOCKET, 81 /* SCM_TS_OPT_ID */, "w" },
    { SOL_SOCKET, 29 /* SCM_TIMESTAMP */, "", &struct_timeval, 1 },
    { SOL_SOCKET, 35 /* SCM_TIMESTAMPNS */, "", &struct_timespec, 1 },
    { SOL_SOCKET, 37 /* SCM_TIMESTAMPING; sent: flags */, "w", &struct_timespec, 3 },
    { SOL_SOCKET, 63 /* SO_TIMESTAMP_NEW */, "", &struct_timeval64, 1 },
    { SOL_SOCKET, 64 /* SO_TIMESTAMPNS_NEW */, "", &struct_timespec64, 1 },
    { SOL_SOCKET, 65 /* SO_TIMESTAMPING_NEW */, "w", &struct_timespec64, 3 },
    { IP, IP_PKTINFO, "w.." }, { IP, IP_TTL, "w" }, { IP, IP_TOS, "w" },
    { IP, IP_RECVOPTS, "" }, { IP, IP_RETOPTS, "" },
    { IP, 3 /* SCM_SECURITY */, "" }, { IP, 23 /* IP_CHECKSUM */, "." }, { IP, 25 /* IP_RECVFRAGSIZE */, "w" },
    { IP, 52 /* IP_PROTOCOL */, "w" }, { IP, IP_RECVERR, "w.ww@" }, { IP, IP_ORIGDSTADDR, "@" },
    { IP6, IPV6_PKTINFO, "....w" }, { IP6, 2 /* IPV6_2292PKTINFO */, "....w" }, { IP6, IPV6_HOPLIMIT, "w" },
    { IP6, 8 /* IPV6_2292HOPLIMIT */, "w" }, { IP6, IPV6_TCLASS, "w" }, { IP6, 11 /* IPV6_FLOWINFO */, "." },
    { IP6, IPV6_HOPOPTS, "" }, { IP6, IPV6_RTHDRDSTOPTS, "" }, { IP6, IPV6_RTHDR, "" }, { IP6, IPV6_DSTOPTS, "" },
    { IP6, 3 /* IPV6_2292HOPOPTS */, "" }, { IP6, 5 /* IPV6_2292RTHDR */, "" }, { IP6, 4 /* IPV6_2292DSTOPTS */, "" },
    { IP6, IPV6_RECVERR, "w.ww@" }, { IP6, 74 /* IPV6_ORIGDSTADDR */, "@" }, { IP6, 77 /* IPV6_RECVFRAGSIZE */, "w" },
    { IP6, IPV6_PATHMTU, "h:.....ww" }, { IP6, 62 /* IPV6_DONTFRAG */, "w" },
    { IPPROTO_TCP, 36 /* TCP_CM_INQ */, "w" },
    { IPPROTO_UDP, 103 /* UDP_SEGMENT */, "h" }, { IPPROTO_UDP, 104 /* UDP_GRO */, "w" },
    { NETLINK, 3 /* NETLINK_PKTINFO */, "w" }, { NETLINK, 8 /* NETLINK_LISTEN_ALL_NSID */, "w" },
    { ALG, 2 /* ALG_SET_IV */, "w" }, { ALG, 3 /* ALG_SET_OP */, "w" }, { ALG, 4 /* ALG_SET_AEAD_ASSOCLEN */, "w" },
    { TLS, 1 /* TLS_SET_RECORD_TYPE */, "" }, { TLS, 2 /* TLS_GET_RECORD_TYPE */, "" },
};

static const ControlRow *row_of(int level, int type)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].level == level && rows[i].type == type)
            return &rows[i];
    if (log_on(LOG_unimp))
        log_printf("unsupported control message: level %d type %d\n", level, type);
    return NULL;
}

/* A level that no row is of: every family passes over it (net/core/scm.c, ip_cmsg_send). */
static const ControlRow *row_to_send(int level, int type)
{
    static const ControlRow foreign = { 0, 0, "" };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].level == level)
            return row_of(level, type);
    return &foreign;
}

static unsigned field_bytes(char f) { return f == 'd' ? 8 : f == 'h' || f == ':' ? 2 : f == '@' ? 0 : 4; }

/* Between the byte orders, in place. */
static void swap_fields(const ControlRow *row, uint8_t *data, size_t len, bool to_host)
{
    const char *f = row->fields;
    for (size_t at = 0; *f && linux_abi.big_endian; f += f[1] != '*') {
        unsigned n = field_bytes(*f);
        if (*f == '@')
            sys_sockaddr_swap(data + at, len - at, to_host);
        if (!n || n > len - at)
            break;
        if (strchr("wfhd", *f))
            thunk_store(data + at, n, false, thunk_load(data + at, n, false, true));
        at += n;
    }
}

static bool has_descriptors(const ControlRow *row) { return row && strchr(row->fields, 'f'); }

/* Closes them once: no number is left to close again. */
static void close_words(uint8_t *data, size_t len)
{
    int fd, none = -1;
    for (size_t i = 0; i + sizeof fd <= len; i += sizeof fd) {
        memcpy(&fd, data + i, sizeof fd);
        memcpy(data + i, &none, sizeof none);
        if (fd >= 0)
            close(fd);
    }
}

static size_t align_to(size_t v, size_t a) { return (v + a - 1) & ~(a - 1); }
static size_t head_bytes(void) { return align_to(linux_abi.word + 8u, linux_abi.word); }

int64_t control_to_host(const uint8_t *g, size_t glen, uint8_t *h, size_t room)
{
    unsigned w = linux_abi.word;
    size_t at = 0, out = 0, head = head_bytes();
    while (at + head <= glen) {
        size_t len = thunk_load(g + at, w, false, linux_abi.big_endian);
        if (len < head || len > glen - at)
            return -EINVAL;
        int level = (int)thunk_load(g + at + w, 4, true, linux_abi.big_endian);
        int type = (int)thunk_load(g + at + w + 4, 4, true, linux_abi.big_endian);
        const ControlRow *row = row_to_send(level, type);
        size_t data = len - head;
        if (!row || out + CMSG_SPACE(data) > room)
            return -EINVAL;
        struct cmsghdr *c = (struct cmsghdr *)(void *)(h + out);
        *c = (struct cmsghdr){ CMSG_LEN(data), level, type };
        memcpy(CMSG_DATA(c), g + at + head, data);
        swap_fields(row, CMSG_DATA(c), data, true);
        out += CMSG_SPACE(data);
        at += align_to(len, w);
    }
    return (int64_t)out;
}

/* The next message of host control data, NULL at the end. */
static struct cmsghdr *next(uint8_t *h, size_t hlen, size_t *at)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)(h + *at);
    if (*at + sizeof *c > hlen || c->cmsg_len < sizeof *c || c->cmsg_len > hlen - *at)
        return NULL;
    *at += align_to(c->cmsg_len, sizeof(long));
    return c;
}

bool control_discard(uint8_t *h, size_t hlen)
{
    bool any = false;
    size_t at = 0;
    for (struct cmsghdr *c; (c = next(h, hlen, &at)); ) {
        const ControlRow *row = row_of(c->cmsg_level, c->cmsg_type);
        if (!has_descriptors(row))
            continue;
        close_words(CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
        any = true;
    }
    return any;
}

/* One message's data in the guest's form, at most room bytes of it. Its whole length. */
static size_t put_data(const ControlRow *row, const struct cmsghdr *c, uint8_t *out, size_t room)
{
    enum { TIMES = 3, TIME = 16 };
    uint8_t time[TIMES * TIME];
    const uint8_t *data = CMSG_DATA(c);
    size_t len = c->cmsg_len - CMSG_LEN(0);
    if (row->time && len >= row->times * row->time->host_size) {
        thunk_to_guest(row->time, sys_model(), time, data, row->times);
        len = row->times * thunk_size(row->time, sys_model());
        memcpy(out, time, len < room ? len : room);
        return len;
    }
    memcpy(out, data, len < room ? len : room);
    swap_fields(row, out, len < room ? len : room, false);
    return len;
}

/* How much of one is given: whole descriptors, else as many bytes as there are. Linux: scm_detach_fds, put_cmsg */
static size_t cut(const ControlRow *row, struct cmsghdr *c, size_t len, size_t room)
{
    size_t whole = room & ~(sizeof(int) - 1);
    if (len <= room)
        return len;
    if (!has_descriptors(row))
        return room;
    close_words(CMSG_DATA(c) + whole, len - whole);
    return whole;
}

size_t control_to_guest(uint8_t *h, size_t hlen, uint8_t *g, size_t room, bool *truncated)
{
    unsigned w = linux_abi.word;
    size_t at = 0, out = 0, head = head_bytes();
    for (struct cmsghdr *c; (c = next(h, hlen, &at)); ) {
        const ControlRow *row = row_of(c->cmsg_level, c->cmsg_type);
        bool header_fits = row && out + head <= room;
        size_t left = header_fits ? room - out - head : 0;
        size_t len = header_fits ? put_data(row, c, g + out + head, left) : c->cmsg_len - CMSG_LEN(0);
        size_t given = cut(row, c, len, left);
        if (given < len || !header_fits)
            *truncated = true;
        if (!header_fits || (!given && has_descriptors(row)))
            continue;
        memset(g + out, 0, head);
        thunk_store(g + out, w, linux_abi.big_endian, head + given);
        thunk_store(g + out + w, 4, linux_abi.big_endian, (uint32_t)c->cmsg_level);
        thunk_store(g + out + w + 4, 4, linux_abi.big_endian, (uint32_t)c->cmsg_type);
        size_t step = align_to(head + given, w);
        out += step < room - out ? step : room - out;
    }
    return out;
}
