/* SPDX-License-Identifier: Apache-2.0 */
/* NETLINK_ROUTE: dumps as libraries and tools ask for them, requests with attributes, errors, peeking for the size. */
#include "check.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>

static void names(void)
{
    struct if_nameindex *n = if_nameindex();
    for (struct if_nameindex *i = n; i && i->if_name; i++) printf("%u %s\n", i->if_index, i->if_name);
    if_freenameindex(n);
}

static void addresses(void)
{
    struct ifaddrs *all, *i;
    SHOW(getifaddrs(&all));
    for (i = all; i; i = i->ifa_next) {
        char text[64] = "-", mask[64] = "-";
        int family = i->ifa_addr ? i->ifa_addr->sa_family : -1;
        size_t off = family == AF_INET ? 4 : 8;
        if (family == AF_INET || family == AF_INET6) {
            inet_ntop(family, (char *)i->ifa_addr + off, text, sizeof text);
            inet_ntop(family, (char *)i->ifa_netmask + off, mask, sizeof mask);
        }
        printf("%s family %d flags 0x%x %s %s\n", i->ifa_name, family, i->ifa_flags, text, mask);
    }
    freeifaddrs(all);
}

static void show_u32(const char *what, struct rtattr *a) { printf(" %s %u", what, *(uint32_t *)RTA_DATA(a)); }

static void show_link(struct nlmsghdr *h)
{
    struct ifinfomsg *m = NLMSG_DATA(h);
    int len = IFLA_PAYLOAD(h);
    printf("link %d type %u flags 0x%x", m->ifi_index, m->ifi_type, m->ifi_flags);
    for (struct rtattr *a = IFLA_RTA(m); RTA_OK(a, len); a = RTA_NEXT(a, len))
        switch (a->rta_type & NLA_TYPE_MASK) {
        case IFLA_IFNAME: printf(" %s", (char *)RTA_DATA(a)); break;
        case IFLA_MTU: show_u32("mtu", a); break;
        case IFLA_TXQLEN: show_u32("txqlen", a); break;
        case IFLA_GROUP: show_u32("group", a); break;
        case IFLA_STATS64:
            printf(" stats of %d, less than 2^48: %d", (int)RTA_PAYLOAD(a), *(uint64_t *)RTA_DATA(a) < 1ull << 48);
            break;
        case IFLA_AF_SPEC: {
            int left = RTA_PAYLOAD(a);
            for (struct rtattr *f = RTA_DATA(a); RTA_OK(f, left); f = RTA_NEXT(f, left)) {
                struct rtattr *in = RTA_DATA(f);
                printf(" af %d: first %d of %d", f->rta_type, in->rta_type, in->rta_len);
                if (f->rta_type == AF_INET) printf(" forwarding %u", ((uint32_t *)RTA_DATA(in))[0]);
            }
        } }
    printf("\n");
}

static void show_route(struct nlmsghdr *h)
{
    struct rtmsg *m = NLMSG_DATA(h);
    int len = RTM_PAYLOAD(h);
    printf("route family %d /%d table %d proto %d type %d flags 0x%x",
        m->rtm_family, m->rtm_dst_len, m->rtm_table, m->rtm_protocol, m->rtm_type, m->rtm_flags);
    for (struct rtattr *a = RTM_RTA(m); RTA_OK(a, len); a = RTA_NEXT(a, len))
        switch (a->rta_type) {
        case RTA_OIF: show_u32("oif", a); break;
        case RTA_TABLE: show_u32("table", a); break;
        case RTA_PRIORITY: show_u32("metric", a); break;
        case RTA_DST: printf(" dst %02x..", *(uint8_t *)RTA_DATA(a)); break;
        }
    printf("\n");
}

/* Receives with PEEK and TRUNC first, as iproute2 does. False: the last message has been seen. */
static int receive(int s, uint32_t seq)
{
    struct iovec v = { NULL, 0 };
    struct sockaddr_nl from;
    struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &v, .msg_iovlen = 1 };
    ssize_t n = recvmsg(s, &m, MSG_PEEK | MSG_TRUNC);
    if (n < 0) { perror("peek"); return 0; }
    struct nlmsghdr *h = v.iov_base = malloc(n);
    v.iov_len = n;
    ssize_t got = recvmsg(s, &m, 0);
    if (got != n || from.nl_pid != 0) printf("peeked %zd, got %zd from %u\n", n, got, from.nl_pid);
    int more = 1, len = got;
    for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
        if (h->nlmsg_seq != seq) printf("sequence %u\n", h->nlmsg_seq);
        struct nlmsgerr *e = NLMSG_DATA(h);
        switch (h->nlmsg_type) {
        case NLMSG_DONE: printf("done %d\n", *(int *)NLMSG_DATA(h)); more = 0; break;
        case NLMSG_ERROR:
            printf("error %s to type %d seq %u\n", strerrorname_np(-e->error), e->msg.nlmsg_type, e->msg.nlmsg_seq);
            more = 0;
            break;
        case RTM_NEWLINK: show_link(h); more = h->nlmsg_flags & NLM_F_MULTI; break;
        case RTM_NEWROUTE: show_route(h); break;
        case RTM_NEWADDR: {
            struct ifaddrmsg *a = NLMSG_DATA(h);
            printf("address family %d /%d scope %d index %u\n", a->ifa_family, a->ifa_prefixlen, a->ifa_scope,
                a->ifa_index);
            break;
        }
        default: printf("type %d\n", h->nlmsg_type);
        }
    }
    free(v.iov_base);
    return more;
}

typedef struct Request {
    struct nlmsghdr h;
    union {
        struct ifinfomsg link;
        struct rtmsg route;
        struct ifaddrmsg addr;
    };
    char more[64];
} Request;

static void add(Request *q, int type, const void *data, size_t len)
{
    struct rtattr *a = (void *)((char *)q + NLMSG_ALIGN(q->h.nlmsg_len));
    a->rta_type = type;
    a->rta_len = RTA_LENGTH(len);
    memcpy(RTA_DATA(a), data, len);
    q->h.nlmsg_len = NLMSG_ALIGN(q->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
}

static void ask(int s, const char *what, Request *q, int how)
{
    static uint32_t seq = 0x01020304;
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    struct iovec v[2] = { { q, 10 }, { (char *)q + 10, q->h.nlmsg_len - 10 } };
    struct msghdr m = { .msg_name = &kernel, .msg_namelen = sizeof kernel, .msg_iov = v, .msg_iovlen = 2 };
    q->h.nlmsg_seq = ++seq;
    printf("%s\n", what);
    long n = how == 0 ? sendmsg(s, &m, 0) : how == 1 ? sendto(s, q, q->h.nlmsg_len, 0, (void *)&kernel, sizeof kernel)
           : how == 2 ? write(s, q, q->h.nlmsg_len) : send(s, q, q->h.nlmsg_len, 0);
    OK(n == q->h.nlmsg_len);
    while (n > 0 && receive(s, seq));
}

int main(void)
{
    names();
    addresses();
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl me = { .nl_family = AF_NETLINK };
    socklen_t len = sizeof me;
    SHOW(bind(s, (void *)&me, len));
    SHOW(getsockname(s, (void *)&me, &len));
    OK(me.nl_pid == (uint32_t)getpid());
    int dump = NLM_F_REQUEST | NLM_F_DUMP;
    Request q = { .h = { NLMSG_LENGTH(sizeof q.link), RTM_GETLINK, dump } };
    ask(s, "links", &q, 0);
    q = (Request){ .h = { NLMSG_LENGTH(sizeof q.addr), RTM_GETADDR, dump } };
    ask(s, "addresses", &q, 1);
    q = (Request){ .h = { NLMSG_LENGTH(sizeof q.route), RTM_GETROUTE, dump } };
    ask(s, "routes", &q, 2);
    q = (Request){ .h = { NLMSG_LENGTH(sizeof q.link), RTM_GETLINK, NLM_F_REQUEST } };
    uint32_t mask = 1;                      /* RTEXT_FILTER_VF */
    add(&q, IFLA_EXT_MASK, &mask, 4);
    add(&q, IFLA_IFNAME, "lo", 3);
    ask(s, "one link", &q, 3);
    q = (Request){ .h = { NLMSG_LENGTH(sizeof q.link), RTM_GETLINK, NLM_F_REQUEST }, .link.ifi_index = 54321 };
    ask(s, "no such link", &q, 0);
    q = (Request){ .h = { NLMSG_LENGTH(1), RTM_GETADDR, dump } };
    ask(s, "a family alone", &q, 1);
    q = (Request){ .h = { 24, 0x7fff, NLM_F_REQUEST | NLM_F_ACK } };
    ask(s, "no such type", &q, 0);
    char buf[8192];
    struct nlmsghdr *h = (void *)buf;
    q = (Request){ .h = { NLMSG_LENGTH(sizeof q.link), RTM_GETLINK, NLM_F_REQUEST, 77 }, .link.ifi_index = 1 };
    OK(write(s, &q, q.h.nlmsg_len) == q.h.nlmsg_len);
    ssize_t n = recv(s, buf, 40, 0);        /* cut off within the attributes */
    printf("cut: %zd, type %d, longer %d, seq %u\n", n, h->nlmsg_type, h->nlmsg_len > 40, h->nlmsg_seq);
    show_link(&(struct {
        struct nlmsghdr h;
        struct ifinfomsg m;
    }){ { 32, RTM_NEWLINK }, *(struct ifinfomsg *)NLMSG_DATA(h) }
                   .h);
    OK(write(s, &q, q.h.nlmsg_len) == q.h.nlmsg_len);
    n = read(s, buf, sizeof buf);
    OK(n == h->nlmsg_len && h->nlmsg_seq == 77);
    SHOW(recv(s, buf, sizeof buf, MSG_DONTWAIT));
    SHOW(send(s, buf, 3, 0));
    int on = 1, group = RTNLGRP_LINK;
    SHOW(setsockopt(s, SOL_NETLINK, NETLINK_EXT_ACK, &on, 4));
    SHOW(setsockopt(s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, 4));
    q = (Request){ .h = { NLMSG_LENGTH(sizeof q.link), RTM_GETLINK, NLM_F_REQUEST }, .link.ifi_index = 54321 };
    ask(s, "an error with text", &q, 0);
    close(s);
    s = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
    OK(s >= 0);
    SHOW(socket(AF_NETLINK, SOCK_RAW, 31) < 0);
    return 0;
}
