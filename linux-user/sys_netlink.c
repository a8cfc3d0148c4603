/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink sockets of big-endian guests: messages are structures in host byte order all through, so NETLINK_ROUTE's are
 * converted by rows: the family's header by message type, attributes by table. Uevents are text. Other protocols are
 * refused by name. Sizes stay. An attribute without a row is zeroed and its type becomes 0 (IFLA_UNSPEC ...), which
 * nobody looks at; in a request it is EOPNOTSUPP. Both are named under -d unimp. Whether a descriptor is such a socket
 * the kernel is asked each time, so that dup, exec and passing over a socket need no bookkeeping. Layouts:
 * linux/rtnetlink.h, if_link.h, if_addr.h, neighbour.h, fib_rules.h.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "common-user/log.h"
#include "linux-user/sys_common.h"
#include "linux-user/sys_netlink.h"
#include "linux-user/sysrows.h"

enum { MESSAGE_MAX = 1 << 20, ATTR_HEAD = 4, MESSAGE_HEAD = 16 };

/* What an attribute holds: fields of these widths one after the other, the last repeated to the end ("1": bytes, text,
 * network order); or attributes of another table. */
typedef struct AttrRow AttrRow;
typedef struct AttrTable { const AttrRow *rows; uint16_t n; } AttrTable;
struct AttrRow { const char *fields; const AttrTable *nest; };
#define TABLE(name, ...) static const AttrRow name##_rows[] = { __VA_ARGS__ }; \
    static const AttrTable name = { name##_rows, sizeof name##_rows / sizeof *name##_rows }
#define BYTES { "1" }
#define U16 { "2" }
#define U32 { "4" }
#define U64 { "8" }
#define NEST(t) { NULL, &t }

TABLE(inet_link, [IFLA_INET_CONF] = U32);
TABLE(inet6_link, [IFLA_INET6_FLAGS] = U32, [IFLA_INET6_CONF] = U32, [IFLA_INET6_STATS] = U64,
    [IFLA_INET6_CACHEINFO] = U32, [IFLA_INET6_ICMP6STATS] = U64, [IFLA_INET6_TOKEN] = BYTES,
    [IFLA_INET6_ADDR_GEN_MODE] = BYTES, [IFLA_INET6_RA_MTU] = U32);
TABLE(families, [AF_INET] = NEST(inet_link), [AF_INET6] = NEST(inet6_link));
TABLE(link_info, [IFLA_INFO_KIND] = BYTES, [IFLA_INFO_SLAVE_KIND] = BYTES);
TABLE(xdp, [IFLA_XDP_FD] = U32, [IFLA_XDP_ATTACHED] = BYTES, [IFLA_XDP_FLAGS] = U32, [IFLA_XDP_PROG_ID] = U32);
TABLE(names, [IFLA_ALT_IFNAME] = BYTES);
TABLE(link_attrs,
    [IFLA_ADDRESS] = BYTES, [IFLA_BROADCAST] = BYTES, [IFLA_IFNAME] = BYTES, [IFLA_MTU] = U32, [IFLA_LINK] = U32,
    [IFLA_QDISC] = BYTES,
    [IFLA_STATS] = U32, [IFLA_MASTER] = U32, [IFLA_TXQLEN] = U32, [IFLA_MAP] = { "88821" }, [IFLA_WEIGHT] = U32,
    [IFLA_OPERSTATE] = BYTES,
    [IFLA_LINKMODE] = BYTES, [IFLA_LINKINFO] = NEST(link_info), [IFLA_NET_NS_PID] = U32, [IFLA_IFALIAS] = BYTES,
    [IFLA_NUM_VF] = U32,
    [IFLA_STATS64] = U64, [IFLA_AF_SPEC] = NEST(families), [IFLA_GROUP] = U32, [IFLA_NET_NS_FD] = U32,
    [IFLA_EXT_MASK] = U32,
    [IFLA_PROMISCUITY] = U32, [IFLA_NUM_TX_QUEUES] = U32, [IFLA_NUM_RX_QUEUES] = U32, [IFLA_CARRIER] = BYTES,
    [IFLA_PHYS_PORT_ID] = BYTES,
    [IFLA_CARRIER_CHANGES] = U32, [IFLA_PHYS_SWITCH_ID] = BYTES, [IFLA_LINK_NETNSID] = U32,
    [IFLA_PHYS_PORT_NAME] = BYTES,
    [IFLA_PROTO_DOWN] = BYTES, [IFLA_GSO_MAX_SEGS] = U32, [IFLA_GSO_MAX_SIZE] = U32, [IFLA_PAD] = BYTES,
    [IFLA_XDP] = NEST(xdp),
    [IFLA_EVENT] = U32, [IFLA_NEW_NETNSID] = U32, [IFLA_TARGET_NETNSID] = U32, [IFLA_CARRIER_UP_COUNT] = U32,
    [IFLA_CARRIER_DOWN_COUNT] = U32, [IFLA_NEW_IFINDEX] = U32, [IFLA_MIN_MTU] = U32, [IFLA_MAX_MTU] = U32,
    [IFLA_PROP_LIST] = NEST(names),
    [IFLA_ALT_IFNAME] = BYTES, [IFLA_PERM_ADDRESS] = BYTES, [IFLA_PARENT_DEV_NAME] = BYTES,
    [IFLA_PARENT_DEV_BUS_NAME] = BYTES,
    [IFLA_GRO_MAX_SIZE] = U32, [IFLA_TSO_MAX_SIZE] = U32, [IFLA_TSO_MAX_SEGS] = U32, [IFLA_ALLMULTI] = U32,
    [63 /* GSO_IPV4_MAX_SIZE */] = U32, [64 /* GRO_IPV4_MAX_SIZE */] = U32, [66 /* MAX_PACING_OFFLOAD_HORIZON */] = U64,
    [67 /* NETNS_IMMUTABLE */] = BYTES, [68 /* HEADROOM */] = U16, [69 /* TAILROOM */] = U16);
TABLE(addr_attrs, [IFA_ADDRESS] = BYTES, [IFA_LOCAL] = BYTES, [IFA_LABEL] = BYTES, [IFA_BROADCAST] = BYTES,
    [IFA_ANYCAST] = BYTES, [IFA_CACHEINFO] = U32, [IFA_MULTICAST] = BYTES, [IFA_FLAGS] = U32, [IFA_RT_PRIORITY] = U32,
    [IFA_TARGET_NETNSID] = U32, [IFA_PROTO] = BYTES);
TABLE(metrics, [RTAX_LOCK] = U32, [RTAX_MTU] = U32, [RTAX_WINDOW] = U32, [RTAX_RTT] = U32, [RTAX_RTTVAR] = U32,
    [RTAX_SSTHRESH] = U32, [RTAX_CWND] = U32, [RTAX_ADVMSS] = U32, [RTAX_REORDERING] = U32, [RTAX_HOPLIMIT] = U32,
    [RTAX_INITCWND] = U32, [RTAX_FEATURES] = U32, [RTAX_RTO_MIN] = U32, [RTAX_INITRWND] = U32, [RTAX_QUICKACK] = U32,
    [RTAX_CC_ALGO] = BYTES, [RTAX_FASTOPEN_NO_COOKIE] = U32);
TABLE(route_attrs,
    [RTA_DST] = BYTES, [RTA_SRC] = BYTES, [RTA_IIF] = U32, [RTA_OIF] = U32, [RTA_GATEWAY] = BYTES, [RTA_PRIORITY] = U32,
    [RTA_PREFSRC] = BYTES,
    [RTA_METRICS] = NEST(metrics), [RTA_FLOW] = U32, [RTA_CACHEINFO] = U32, [RTA_TABLE] = U32, [RTA_MARK] = U32,
    [RTA_MFC_STATS] = U64,
    [RTA_VIA] = { "21" }, [RTA_NEWDST] = BYTES, [RTA_PREF] = BYTES, [RTA_EXPIRES] = U32, [RTA_PAD] = BYTES,
    [RTA_UID] = U32,
    [RTA_TTL_PROPAGATE] = BYTES, [RTA_IP_PROTO] = BYTES, [RTA_SPORT] = BYTES, [RTA_DPORT] = BYTES, [RTA_NH_ID] = U32);
TABLE(neigh_attrs,
    [NDA_DST] = BYTES, [NDA_LLADDR] = BYTES, [NDA_CACHEINFO] = U32, [NDA_PROBES] = U32, [NDA_VLAN] = U16,
    [NDA_PORT] = BYTES, [NDA_VNI] = U32,
    [NDA_IFINDEX] = U32, [NDA_MASTER] = U32, [NDA_LINK_NETNSID] = U32, [NDA_SRC_VNI] = U32, [NDA_PROTOCOL] = BYTES,
    [NDA_NH_ID] = U32,
    [NDA_FLAGS_EXT] = U32);
TABLE(rule_attrs,
    [FRA_DST] = BYTES, [FRA_SRC] = BYTES, [FRA_IIFNAME] = BYTES, [FRA_GOTO] = U32, [FRA_PRIORITY] = U32,
    [FRA_FWMARK] = U32, [FRA_FLOW] = U32,
    [FRA_TUN_ID] = BYTES, [FRA_SUPPRESS_IFGROUP] = U32, [FRA_SUPPRESS_PREFIXLEN] = U32, [FRA_TABLE] = U32,
    [FRA_FWMASK] = U32,
    [FRA_OIFNAME] = BYTES, [FRA_PAD] = BYTES, [FRA_L3MDEV] = BYTES, [FRA_UID_RANGE] = U32, [FRA_PROTOCOL] = BYTES,
    [FRA_IP_PROTO] = BYTES,
    [FRA_SPORT_RANGE] = U16, [FRA_DPORT_RANGE] = U16);
TABLE(error_attrs, [NLMSGERR_ATTR_MSG] = BYTES, [NLMSGERR_ATTR_OFFS] = U32, [NLMSGERR_ATTR_COOKIE] = BYTES,
    [5 /* MISS_TYPE */] = U32, [6 /* MISS_NEST */] = U32);

/* Message types come in fours: new, del, get, set. */
static const struct { const char *header; const AttrTable *attrs; } groups[] = {
    [(RTM_NEWLINK - RTM_BASE) / 4] = { "112444", &link_attrs },
    [(RTM_NEWADDR - RTM_BASE) / 4] = { "11114", &addr_attrs },
    [(RTM_NEWROUTE - RTM_BASE) / 4] = { "111111114", &route_attrs },
    [(RTM_NEWNEIGH - RTM_BASE) / 4] = { "1124211", &neigh_attrs },
    [(RTM_NEWRULE - RTM_BASE) / 4] = { "111111114", &rule_attrs },
    [(RTM_NEWLINKPROP - RTM_BASE) / 4] = { "112444", &link_attrs },
};

static size_t aligned(size_t n) { return (n + 3) & ~(size_t)3; }

/* The value at p, which is turned round in place. */
static uint64_t turn(uint8_t *p, unsigned bytes, bool to_host)
{
    uint64_t v = thunk_load(p, bytes, false, to_host);
    thunk_store(p, bytes, !to_host, v);
    return v;
}

/* Whole fields within len; last: where the last one goes on. Bytes passed. */
static size_t turn_fields(const char *widths, bool repeat, uint8_t *p, size_t len, bool to_host)
{
    size_t at = 0;
    for (const char *w = widths; *w && at + (size_t)(*w - '0') <= len; at += (size_t)(*w - '0'), w += w[1] || !repeat) {
        if (*w == '1' && repeat && !w[1])
            return len;
        turn(p + at, (unsigned)(*w - '0'), to_host);
    }
    return at;
}

static int64_t no_row(const char *what, unsigned type, bool to_host)
{
    if (log_on(LOG_unimp))
        log_printf("netlink: %s %u has no row\n", what, type);
    return to_host ? -EOPNOTSUPP : 0;
}

static int64_t turn_attrs(const AttrTable *table, uint8_t *p, size_t len, bool to_host)
{
    for (size_t at = 0, whole; at + ATTR_HEAD <= len; at += aligned(whole)) {
        whole = turn(p + at, 2, to_host);
        unsigned type = (unsigned)turn(p + at + 2, 2, to_host);
        if (whole < ATTR_HEAD)
            break;    /* the kernel says what is wrong */
        size_t data = (whole < len - at ? whole : len - at) - ATTR_HEAD;
        uint8_t *v = p + at + ATTR_HEAD;
        unsigned plain = type & NLA_TYPE_MASK;
        const AttrRow *row = plain < table->n ? &table->rows[plain] : NULL;
        int64_t r = 0;
        if (!plain || (type & NLA_F_NET_BYTEORDER))
            continue;
        if (row && row->nest)
            r = turn_attrs(row->nest, v, data, to_host);
        else if (row && row->fields)
            turn_fields(row->fields, true, v, data, to_host);
        else if (!(r = no_row("attribute", plain, to_host))) {
            memset(p + at + 2, 0, 2);
            memset(v, 0, data);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int64_t turn_message(uint8_t *p, size_t have, bool to_host, size_t *whole);

/* The request that an error is about lies behind its number, or its header alone; then text and the like. */
static int64_t turn_error(uint8_t *p, size_t len, unsigned flags, bool to_host)
{
    enum { CAPPED = 0x100, TLVS = 0x200 };
    if (len < 4)
        return 0;
    int64_t error = linux_errno_to_guest(&linux_abi, (int32_t)thunk_load(p, 4, true, to_host));
    thunk_store(p, 4, !to_host, (uint64_t)error);
    if (len < 4 + MESSAGE_HEAD)
        return 0;
    size_t whole = MESSAGE_HEAD, room = flags & CAPPED ? MESSAGE_HEAD : len - 4;
    turn_message(p + 4, room, to_host, &whole);
    size_t at = 4 + (flags & CAPPED ? MESSAGE_HEAD : aligned(whole));
    return flags & TLVS && at < len ? turn_attrs(&error_attrs, p + at, len - at, to_host) : 0;
}

/* One message of which `have` bytes are here; whole: its length as it says. */
static int64_t turn_message(uint8_t *p, size_t have, bool to_host, size_t *whole)
{
    if (have < MESSAGE_HEAD)
        return 0;
    *whole = turn(p, 4, to_host);
    unsigned type = (unsigned)turn(p + 4, 2, to_host), flags = (unsigned)turn(p + 6, 2, to_host),
             group = (type - RTM_BASE) / 4;
    turn(p + 8, 4, to_host);
    turn(p + 12, 4, to_host);
    if (*whole < have)
        have = *whole;
    if (have <= MESSAGE_HEAD)
        return 0;
    uint8_t *body = p + MESSAGE_HEAD;
    size_t len = have - MESSAGE_HEAD;
    if (type == NLMSG_ERROR)
        return turn_error(body, len, flags, to_host);
    /* NLMSG_DONE: a number */
    if (type < RTM_BASE) {
        turn_fields("4", false, body, len, to_host);
        return 0;
    }
    if (group >= sizeof groups / sizeof *groups || !groups[group].header) {
        no_row("message type", type, to_host);
        if (!to_host)
            memset(body, 0, len);
        return 0;                                               /* a request: turn_all looks at the type */
    }
    size_t at = aligned(turn_fields(groups[group].header, false, body, len, to_host));
    return at < len ? turn_attrs(groups[group].attrs, body + at, len - at, to_host) : 0;
}

static bool is_request_known(unsigned type)
{
    unsigned group = (type - RTM_BASE) / 4;
    return type > RTM_MAX || type < RTM_BASE || (group < sizeof groups / sizeof *groups && groups[group].header);
}

/* The kernel also sends what is no netlink message: the 32 bytes that mq_notify(2) was given, on a socket that serves
 * nothing else. Their first word is the C library's pointer or nothing, and no length. */
static bool is_cookie(const uint8_t *p, size_t len)
{
    enum { NOTIFY_COOKIE_LEN = 32 };
    uint64_t whole = thunk_load(p, 4, false, false);
    return len == NOTIFY_COOKIE_LEN && (whole < MESSAGE_HEAD || whole > len);
}

static int64_t turn_all(uint8_t *p, size_t len, bool to_host)
{
    if (!to_host && is_cookie(p, len))
        return 0;
    for (size_t at = 0, whole; at + MESSAGE_HEAD <= len; at += aligned(whole)) {
        whole = len - at;
        int64_t r = turn_message(p + at, len - at, to_host, &whole);
        if (r < 0)
            return r;
        if (to_host && !is_request_known((unsigned)thunk_load(p + at + 4, 2, false, false)))
            return -EOPNOTSUPP;
        if (whole < MESSAGE_HEAD)
            break;
    }
    return 0;
}

bool netlink_converts(int fd)
{
    int domain = 0, protocol = 0;
    socklen_t len = sizeof domain;
    return linux_abi.big_endian && !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_NETLINK &&
        !getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) && protocol == NETLINK_ROUTE;
}

bool netlink_refused(uint64_t domain, int protocol)
{
    if (!linux_abi.big_endian || domain != AF_NETLINK || protocol == NETLINK_ROUTE ||
        protocol == NETLINK_KOBJECT_UEVENT)
        return false;
    if (log_on(LOG_unimp))
        log_printf("unsupported netlink protocol %d on a big-endian guest\n", protocol);
    return true;
}

/* Host memory for what a message's buffers hold; h->msg_iov[0] gets it. 0 or -errno. */
static int64_t gather(struct msghdr *h, struct iovec *one)
{
    size_t len = 0;
    for (size_t i = 0; i < h->msg_iovlen; i++)
        len += h->msg_iov[i].iov_len;
    if (len > MESSAGE_MAX)
        len = MESSAGE_MAX;
    *one = (struct iovec){ calloc(1, len + 1), len };
    return one->iov_base ? 0 : -ENOMEM;
}

static int64_t move(Task *t, const struct iovec *iov, size_t n, uint8_t *buf, size_t len, bool in)
{
    int64_t r = 0;
    for (size_t i = 0, at = 0; i < n && at < len && r == 0; at += iov[i].iov_len, i++) {
        size_t part = iov[i].iov_len < len - at ? iov[i].iov_len : len - at;
        gaddr a = (uintptr_t)iov[i].iov_base - t->cpu->mem_base;
        r = in ? gmem_read(t, buf + at, a, part) : gmem_write(t, a, buf + at, part);
    }
    return r;
}

int64_t netlink_send(Task *t, int fd, const struct msghdr *m, uint64_t flags)
{
    struct msghdr h = *m;
    struct iovec one;
    int64_t r = gather(&h, &one);
    if (r == 0)
        r = move(t, m->msg_iov, m->msg_iovlen, one.iov_base, one.iov_len, true);
    if (r == 0)
        r = turn_all(one.iov_base, one.iov_len, true);
    h.msg_iov = &one;
    h.msg_iovlen = 1;
    if (r == 0)
        r = safe_syscall(t, SYS_sendmsg, (long)fd, &h, (long)flags, 0L, 0L, 0L);
    free(one.iov_base);
    return r;
}

int64_t netlink_receive(Task *t, int fd, struct msghdr *m, uint64_t flags)
{
    struct iovec one, *iov = m->msg_iov;
    size_t n = m->msg_iovlen;
    int64_t r = gather(m, &one);
    if (r < 0)
        return r;
    m->msg_iov = &one;
    m->msg_iovlen = 1;
    r = safe_syscall(t, SYS_recvmsg, (long)fd, m, (long)flags, 0L, 0L, 0L);
    m->msg_iov = iov;
    m->msg_iovlen = n;
    if (r > 0) {
        size_t got = (size_t)r < one.iov_len ? (size_t)r : one.iov_len;
        turn_all(one.iov_base, got, false);
        int64_t e = move(t, iov, n, one.iov_base, got, false);
        if (e < 0)
            r = e;
    }
    free(one.iov_base);
    return r;
}
