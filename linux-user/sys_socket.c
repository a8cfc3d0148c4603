/* SPDX-License-Identifier: Apache-2.0 */
/* Socket addresses and options of guests whose byte order or word size is not the host's; the socketcall multiplexer.
 * Messages and control data are in sys_message.c.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include "linux-user/sys_common.h"
#include "linux-user/sys_netlink.h"
#include "linux-user/sysrows.h"

/* --- addresses: host-order fields by family. { family, { offset, bytes }... } */
static const struct { uint16_t family; struct { uint8_t off, bytes; } f[3]; } address_fields[] = {
    { AF_INET6,   { { 24, 4 } } },                          /* scope id */
    { AF_NETLINK, { { 4, 4 }, { 8, 4 } } },                 /* pid, groups */
    { AF_PACKET,  { { 4, 4 }, { 8, 2 } } },                 /* interface, hardware type */
    { AF_VSOCK,   { { 2, 2 }, { 4, 4 }, { 8, 4 } } },       /* port, cid */
    { AF_ALG,     { { 16, 4 }, { 20, 4 } } },
    { AF_CAN,     { { 4, 4 }, { 8, 4 }, { 12, 4 } } },
};

static void swap_at(uint8_t *p, unsigned bytes)
{
    for (unsigned i = 0; i < bytes / 2; i++) {
        uint8_t b = p[i];
        p[i] = p[bytes - 1 - i];
        p[bytes - 1 - i] = b;
    }
}

void sys_sockaddr_swap(void *addr, size_t len, bool to_host)
{
    uint8_t *p = addr;
    uint16_t family;
    if (!linux_abi.big_endian || len < 2)
        return;
    if (to_host)
        swap_at(p, 2);
    memcpy(&family, p, 2);
    for (unsigned i = 0; i < sizeof address_fields / sizeof *address_fields; i++)
        for (int j = 0; address_fields[i].family == family && j < 3; j++)
            if (address_fields[i].f[j].bytes &&
                address_fields[i].f[j].off + (size_t)address_fields[i].f[j].bytes <= len)
                swap_at(p + address_fields[i].f[j].off, address_fields[i].f[j].bytes);
    if (!to_host)
        swap_at(p, 2);
}

/* --- options. Rows say the shape; others are an int when four bytes long, and opaque bytes when not. */
typedef enum OptShape {
    OPT_BYTES, OPT_U32S, OPT_TIMEVAL, OPT_TIMEVAL64, OPT_LAST_U32, OPT_FIRST_U32, OPT_FPROG, OPT_TCPINFO,
    OPT_PACKET_MREQ,                /* s32 ifindex, u16 type, u16 alen, bytes */
    OPT_RING,                       /* memory in the host's layout that the guest would map: refused */
} OptShape;
static const struct { int level, name; OptShape shape; } opt_rows[] = {
    { SOL_SOCKET, SO_LINGER, OPT_U32S }, { SOL_SOCKET, SO_PEERCRED, OPT_U32S },
    { SOL_SOCKET, 55 /* SO_MEMINFO */, OPT_U32S },
    { SOL_SOCKET, 59 /* SO_PEERGROUPS */, OPT_U32S },
    { SOL_SOCKET, 20 /* SO_RCVTIMEO_OLD */, OPT_TIMEVAL }, { SOL_SOCKET, 21 /* SO_SNDTIMEO_OLD */, OPT_TIMEVAL },
    { SOL_SOCKET, 66 /* SO_RCVTIMEO_NEW */, OPT_TIMEVAL64 }, { SOL_SOCKET, 67 /* SO_SNDTIMEO_NEW */, OPT_TIMEVAL64 },
    { 270 /* SOL_NETLINK */, 9 /* NETLINK_LIST_MEMBERSHIPS */, OPT_U32S },
    { SOL_SOCKET, SO_ATTACH_FILTER, OPT_FPROG }, { SOL_SOCKET, SO_BINDTODEVICE, OPT_BYTES },
    { SOL_SOCKET, SO_PEERSEC, OPT_BYTES },
    { IPPROTO_IP, IP_MULTICAST_IF, OPT_LAST_U32 }, { IPPROTO_IP, IP_ADD_MEMBERSHIP, OPT_LAST_U32 },
    { IPPROTO_IP, IP_DROP_MEMBERSHIP, OPT_LAST_U32 },
    { IPPROTO_IP, IP_OPTIONS, OPT_BYTES }, { IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, OPT_LAST_U32 },
    { IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, OPT_LAST_U32 },
    { IPPROTO_IPV6, IPV6_PKTINFO, OPT_LAST_U32 },
    { IPPROTO_TCP, TCP_CONGESTION, OPT_BYTES }, { IPPROTO_TCP, 31 /* TCP_ULP */, OPT_BYTES },
    { IPPROTO_TCP, TCP_INFO, OPT_TCPINFO },
    { IPPROTO_ICMPV6, 1 /* ICMP6_FILTER */, OPT_U32S },
    { SOL_PACKET, PACKET_ADD_MEMBERSHIP, OPT_PACKET_MREQ }, { SOL_PACKET, PACKET_DROP_MEMBERSHIP, OPT_PACKET_MREQ },
    { SOL_PACKET, PACKET_STATISTICS, OPT_U32S }, { SOL_PACKET, PACKET_RX_RING, OPT_RING },
    { SOL_PACKET, PACKET_TX_RING, OPT_RING },
};

static OptShape opt_shape(int level, int name, size_t len)
{
    for (unsigned i = 0; i < sizeof opt_rows / sizeof *opt_rows; i++)
        if (opt_rows[i].level == level && opt_rows[i].name == name)
            return opt_rows[i].shape;
    return len == 4 ? OPT_U32S : OPT_BYTES;
}

/* Swaps in place what the shape says is in host order; no-op for little-endian guests. */
static void opt_swap(OptShape shape, uint8_t *v, size_t len)
{
    if (!linux_abi.big_endian)
        return;
    switch (shape) {
    case OPT_U32S: for (size_t i = 0; i + 4 <= len; i += 4) swap_at(v + i, 4); break;
    case OPT_LAST_U32:              /* mreqn, in6 + index; plain mreq is all network order */
        if (len == 12 || len >= 20)
            swap_at(v + len / 4 * 4 - 4, 4);
        break;
    case OPT_FIRST_U32: if (len >= 4) swap_at(v, 4); break;
    case OPT_PACKET_MREQ:
        if (len >= 8)
            swap_at(v, 4), swap_at(v + 4, 2), swap_at(v + 6, 2);
        break;
    case OPT_TCPINFO:                /* 8 bytes, 24 words, then 64-bit counters as far as they go */
        for (size_t i = 8; i + 4 <= len && i < 104; i += 4)
            swap_at(v + i, 4);
        for (size_t i = 104; i + 8 <= len; i += 8)
            swap_at(v + i, 8);
        break;
    default: break;
    }
}

static int host_name(int level, int name)
{
    return level == SOL_SOCKET ? (int)thunk_flags_to_host(&flags_sockoptname, sys_model(), (uint32_t)name) : name;
}

/* struct sock_fprog { u16 len; struct sock_filter *filter }; filter { u16 code; u8 jt, jf; u32 k } */
static int64_t attach_filter(Task *t, int fd, gaddr value)
{
    struct { uint16_t code; uint8_t jt, jf; uint32_t k; } f[4096];
    struct { uint16_t len; void *filter; } prog;
    uint64_t at;
    int64_t r;
    if ((r = gmem_get_u16(t, value, &prog.len)) < 0 || (r = gmem_get_word(t, value + linux_abi.word, &at)) < 0)
        return r;
    if (prog.len > 4096)
        return -EINVAL;
    if ((r = gmem_read(t, f, at, prog.len * 8)) < 0)
        return r;
    for (unsigned i = 0; i < prog.len; i++) {
        f[i].code = gmem_swap16(t, f[i].code);
        f[i].k = gmem_swap32(t, f[i].k);
    }
    prog.filter = f;
    return safe_syscall(t, SYS_setsockopt, (long)fd, (long)SOL_SOCKET, (long)SO_ATTACH_FILTER, &prog, sizeof prog, 0L);
}

int64_t sys_setsockopt(Task *t, int fd, int level, int name, gaddr value, uint32_t len)
{
    _Alignas(8) uint8_t v[4096];
    struct timeval tv;
    int64_t r;
    name = host_name(level, name);
    OptShape shape = opt_shape(level, name, len);
    if (len > sizeof v)
        return -EINVAL;
    if (shape == OPT_FPROG)
        return attach_filter(t, fd, value);
    if (shape == OPT_RING) {
        sys_unsupported("a packet socket's ring, which would be in the host's layout");
        return -ENOPROTOOPT;
    }
    if (shape == OPT_TIMEVAL) {
        if (len < 2u * linux_abi.word)
            return -EINVAL;
        if ((r = sys_get_struct(t, &struct_timeval, &tv, value)) < 0)
            return r;
        return safe_syscall(t, SYS_setsockopt, (long)fd, (long)level, (long)name, &tv, sizeof tv, 0L);
    }
    if (shape == OPT_TIMEVAL64) {
        if ((r = sys_get_struct(t, &struct_timeval64, &tv, value)) < 0)
            return r;
        return safe_syscall(t, SYS_setsockopt, (long)fd, (long)level, (long)name, &tv, sizeof tv, 0L);
    }
    if (value && (r = gmem_read(t, v, value, len)) < 0)
        return r;
    opt_swap(shape, v, len);
    return safe_syscall(t, SYS_setsockopt, (long)fd, (long)level, (long)name, value ? v : NULL, (long)len, 0L);
}

static int64_t get_timeval(
    Task *t, int fd, int level, int name, gaddr value, gaddr len_at, uint32_t len, const ThunkStruct *s)
{
    struct timeval tv;
    uint8_t raw[16];
    socklen_t host_len = sizeof tv;
    int64_t r = safe_syscall(t, SYS_getsockopt, (long)fd, (long)level, (long)name, &tv, &host_len, 0L);
    if (r < 0)
        return r;
    uint32_t size = thunk_size(s, sys_model());
    thunk_to_guest(s, sys_model(), raw, &tv, 1);
    if (len > size)
        len = size;
    if ((r = gmem_write(t, value, raw, len)) < 0)
        return r;
    return gmem_put_u32(t, len_at, len);
}

int64_t sys_getsockopt(Task *t, int fd, int level, int name, gaddr value, gaddr len_at)
{
    _Alignas(8) uint8_t v[4096] = { 0 };
    uint32_t len;
    int64_t r = gmem_get_u32(t, len_at, &len);
    if (r < 0)
        return r;
    if ((int32_t)len < 0)
        return -EINVAL;
    name = host_name(level, name);
    OptShape shape = opt_shape(level, name, len);
    if (shape == OPT_TIMEVAL)
        return get_timeval(t, fd, level, name, value, len_at, len, &struct_timeval);
    if (shape == OPT_TIMEVAL64)
        return get_timeval(t, fd, level, name, value, len_at, len, &struct_timeval64);
    socklen_t host_len = len > sizeof v ? sizeof v : len;
    r = safe_syscall(t, SYS_getsockopt, (long)fd, (long)level, (long)name, v, &host_len, 0L);
    if (r < 0)
        return r;
    opt_swap(opt_shape(level, name, host_len), v, host_len);
    int64_t e = gmem_write(t, value, v, host_len);
    if (e == 0)
        e = gmem_put_u32(t, len_at, host_len);
    return e < 0 ? e : r;
}

int64_t sys_sendto(Task *t, int fd, gaddr buf, uint64_t size, uint64_t flags, gaddr addr, uint32_t len)
{
    struct sockaddr_storage name;
    struct iovec v = { gmem_host(t, buf, size), size };
    if (len > sizeof name)
        return -EINVAL;
    int64_t r = addr ? gmem_read(t, &name, addr, len) : 0;
    if (r < 0)
        return r;
    sys_sockaddr_swap(&name, addr ? len : 0, true);
    if (netlink_converts(fd))
        return netlink_send(t, fd, &(struct msghdr){ addr ? &name : NULL, len, &v, 1 }, flags);
    return safe_syscall(t, SYS_sendto, (long)fd, v.iov_base, size, (long)flags, addr ? &name : NULL, (long)len);
}

int64_t sys_recvfrom(Task *t, int fd, gaddr buf, uint64_t size, uint64_t flags, gaddr addr, gaddr len_at)
{
    struct sockaddr_storage name = { 0 };
    struct iovec v = { gmem_host(t, buf, size), size };
    struct msghdr m = { addr ? &name : NULL, sizeof name, &v, 1 };
    uint32_t room = 0;
    int64_t r;
    if (netlink_converts(fd))
        r = netlink_receive(t, fd, &m, flags);
    else
        r = sys_host_out(t, buf, size, SYS_recvfrom, fd, (uintptr_t)v.iov_base, size, flags, (uintptr_t)m.msg_name,
                              addr ? (uintptr_t)&m.msg_namelen : 0);
    if (r < 0 || !addr)
        return r;
    /* as the kernel: only now, and the datagram is gone whatever comes of it */
    int64_t e = gmem_get_u32(t, len_at, &room);
    if (e == 0 && (int32_t)room < 0)
        e = -EINVAL;
    sys_sockaddr_swap(&name, m.msg_namelen, false);
    if (e == 0)
        e = gmem_write(t, addr, &name, m.msg_namelen < room ? m.msg_namelen : room);
    if (e == 0)
        e = gmem_put_u32(t, len_at, m.msg_namelen);
    return e < 0 ? e : r;
}

int64_t sys_send(Task *t, int fd, gaddr buf, uint64_t size, uint64_t flags)
{
    return sys_sendto(t, fd, buf, size, flags, 0, 0);
}
int64_t sys_recv(Task *t, int fd, gaddr buf, uint64_t size, uint64_t flags)
{
    return sys_recvfrom(t, fd, buf, size, flags, 0, 0);
}

/* --- socketcall(2): arguments are an array of long. Row and number of arguments by call. */
static const struct { int row; uint8_t nargs; } socket_calls[] = {
    [1] = { ROW_socket, 3 }, [2] = { ROW_bind, 3 }, [3] = { ROW_connect, 3 }, [4] = { ROW_listen, 2 },
    [5] = { ROW_accept, 3 },
    [6] = { ROW_getsockname, 3 }, [7] = { ROW_getpeername, 3 }, [8] = { ROW_socketpair, 4 }, [9] = { ROW_send, 4 },
    [10] = { ROW_recv, 4 },
    [11] = { ROW_sendto, 6 }, [12] = { ROW_recvfrom, 6 }, [13] = { ROW_shutdown, 2 }, [14] = { ROW_setsockopt, 5 },
    [15] = { ROW_getsockopt, 5 },
    [16] = { ROW_sendmsg, 3 }, [17] = { ROW_recvmsg, 3 }, [18] = { ROW_accept4, 4 }, [19] = { ROW_recvmmsg, 5 },
    [20] = { ROW_sendmmsg, 4 },
};

int64_t sys_socketcall(Task *t, int call, gaddr args)
{
    uint64_t raw[7] = { 0 };
    if (call < 1 || call >= (int)(sizeof socket_calls / sizeof *socket_calls))
        return -EINVAL;
    for (int i = 0; i < socket_calls[call].nargs; i++) {
        int64_t r = gmem_get_word(t, args + i * linux_abi.word, &raw[i]);
        if (r < 0)
            return r;
    }
    const SysDesc *row = &sys_rows[socket_calls[call].row];
    return sys_run_row(t, row, row->name, 0, raw);
}
