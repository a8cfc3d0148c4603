/* SPDX-License-Identifier: Apache-2.0 */
/* Control messages: descriptors that do not fit are closed (net/core/scm.c), and every kind that a local socket gives
 * has the program's own layout. */
#include "os_check.h"
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int open_fds(void)
{
    int n = 0;
    for (int i = 0; i < 200; i++) n += fcntl(i, F_GETFD) >= 0;
    return n;
}

static union { struct cmsghdr h; char room[1024]; } in;
static char byte[2048];
static struct sockaddr_storage from;

static struct cmsghdr *receive_in(int s, void *control, size_t len, int flags, struct msghdr *m)
{
    static struct iovec v = { byte, sizeof byte };
    *m = (struct msghdr){ .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &v, .msg_iovlen = 1,
                          .msg_control = control, .msg_controllen = len };
    ssize_t r = recvmsg(s, m, flags);
    CHECK(r >= 0);
    return r < 0 ? NULL : CMSG_FIRSTHDR(m);
}

static struct cmsghdr *receive(int s, int flags)
{
    static struct msghdr m;
    memset(&in, 0x55, sizeof in);
    return receive_in(s, &in, sizeof in, flags, &m);
}

static struct cmsghdr *find(struct cmsghdr *c, int level, int type)
{
    struct msghdr m = { .msg_control = &in, .msg_controllen = sizeof in };
    for (int i = 0; c && i < 20; i++, c = CMSG_NXTHDR(&m, c))
        if (c->cmsg_level == level && c->cmsg_type == type) return c;
    return NULL;
}

static void send_fds(int s, int n)
{
    union { struct cmsghdr h; char room[CMSG_SPACE(8 * sizeof(int))]; } u = { 0 };
    int fds[8];
    struct iovec v = { "x", 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &u };
    m.msg_controllen = CMSG_SPACE(n * sizeof(int));
    u.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    for (int i = 0; i < n; i++) fds[i] = s;
    memcpy(CMSG_DATA(&u.h), fds, n * sizeof(int));
    CHECK(sendmsg(s, &m, 0) == 1);
}

static void check_rights(void)
{
    /* room, beyond the header: how many of three arrive */
    static const struct { size_t room; int arrive; } cases[] = {
        { 12, 3 }, { 20, 3 }, { 11, 2 }, { 8, 2 }, { 5, 1 }, { 4, 1 }, { 3, 0 }, { 0, 0 },
    };
    struct msghdr m;
    int s[2], fd[8];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int before = open_fds(), n = cases[i].arrive;
        send_fds(s[0], 3);
        struct cmsghdr *c = receive_in(s[1], &in, CMSG_LEN(cases[i].room), i % 2 ? MSG_CMSG_CLOEXEC : 0, &m);
        CHECK(open_fds() == before + n);
        CHECK(!(m.msg_flags & MSG_CTRUNC) == (n == 3));
        if (!n) { CHECK(m.msg_controllen == 0); continue; }
        CHECK(c && c->cmsg_len == CMSG_LEN(n * sizeof(int)) && c->cmsg_type == SCM_RIGHTS);
        CHECK(m.msg_controllen >= CMSG_LEN(n * sizeof(int)));
        memcpy(fd, CMSG_DATA(c), n * sizeof(int));
        for (int k = 0; k < n; k++) CHECK(fcntl(fd[k], F_GETFD) == (i % 2 ? FD_CLOEXEC : 0) && close(fd[k]) == 0);
    }
    int before = open_fds();
    send_fds(s[0], 3);
    receive_in(s[1], NULL, 0, 0, &m);
    CHECK(m.msg_flags & MSG_CTRUNC && m.msg_controllen == 0 && open_fds() == before);
    send_fds(s[0], 3);
    receive_in(s[1], (void *)64, 64, 0, &m);            /* a buffer that is none loses what was for it, no more */
    CHECK(m.msg_flags & MSG_CTRUNC && open_fds() == before);
    send_fds(s[0], 3);
    struct mmsghdr mm = { .msg_hdr = { .msg_control = &in, .msg_controllen = CMSG_LEN(4) } };
    struct iovec v = { byte, 1 };
    mm.msg_hdr.msg_iov = &v;
    mm.msg_hdr.msg_iovlen = 1;
    CHECK(recvmmsg(s[1], &mm, 1, 0, NULL) == 1 && mm.msg_hdr.msg_flags & MSG_CTRUNC && open_fds() == before + 1);
    struct timespec bad = { -1, 0 };
    CHECK(recvmmsg(s[1], &mm, 1, 0, &bad) == -1 && errno == EINVAL);
    close(s[0]);
    close(s[1]);
}

static void check_identity(void)
{
    int s[2], one = 1, fd;
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
    CHECK(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one) == 0);
    int pidfd = setsockopt(s[1], SOL_SOCKET, 76 /* SO_PASSPIDFD */, &one, sizeof one) == 0;
    CHECK(send(s[0], "x", 1, 0) == 1);
    struct cmsghdr *all = receive(s[1], 0), *c = find(all, SOL_SOCKET, SCM_CREDENTIALS);
    struct ucred u = { 0 };
    CHECK(c && c->cmsg_len == CMSG_LEN(sizeof u));
    if (c) memcpy(&u, CMSG_DATA(c), sizeof u);
    CHECK(u.pid == getpid() && u.uid == getuid() && u.gid == getgid());
    c = find(all, SOL_SOCKET, 4 /* SCM_PIDFD */);
    if (pidfd) CHECK(c && (memcpy(&fd, CMSG_DATA(c), sizeof fd), fd > 2 && fd < 200 && close(fd) == 0));
    u = (struct ucred){ getpid(), getuid(), getgid() };
    union { struct cmsghdr h; char room[CMSG_SPACE(sizeof u)]; } out = { 0 };
    struct iovec v = { "x", 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &out, .msg_controllen = sizeof out };
    out.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof u), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS };
    memcpy(CMSG_DATA(&out.h), &u, sizeof u);
    CHECK(sendmsg(s[0], &m, 0) == 1);
    close(s[0]);
    close(s[1]);
}

/* A pair of datagram sockets on the loopback interface. */
static void udp_pair(int family, int s[2])
{
    struct sockaddr_storage a = { .ss_family = family };
    socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (family == AF_INET) ((struct sockaddr_in *)&a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else ((struct sockaddr_in6 *)&a)->sin6_addr = in6addr_loopback;
    for (int i = 0; i < 2; i++) CHECK((s[i] = socket(family, SOCK_DGRAM, 0)) >= 0 && bind(s[i], (void *)&a, len) == 0);
    CHECK(getsockname(s[1], (void *)&a, &len) == 0 && connect(s[0], (void *)&a, len) == 0);
}

#define ASK(s, level, opt) CHECK(setsockopt(s, level, opt, &(int){ 1 }, sizeof(int)) == 0)
static int int_of(struct cmsghdr *c)
{
    int v = -1;
    if (c && c->cmsg_len >= CMSG_LEN(sizeof v)) memcpy(&v, CMSG_DATA(c), sizeof v);
    return v;
}

static int is_now(const void *p, size_t bytes)
{
    long sec;
    int64_t wide = 0;
    if (bytes == sizeof(int64_t)) memcpy(&wide, p, sizeof wide);
    else { memcpy(&sec, p, sizeof sec); wide = sec; }
    return wide > time(NULL) - 100 && wide < time(NULL) + 100;
}

static void check_ip4(void)
{
    int s[2], flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE, tos = 0x10;
    udp_pair(AF_INET, s);
    ASK(s[1], IPPROTO_IP, IP_PKTINFO);
    ASK(s[1], IPPROTO_IP, IP_RECVTTL);
    ASK(s[1], IPPROTO_IP, IP_RECVTOS);
    ASK(s[1], IPPROTO_IP, IP_RECVORIGDSTADDR);
    ASK(s[1], SOL_SOCKET, SO_RXQ_OVFL);
    CHECK(setsockopt(s[0], IPPROTO_IP, IP_TOS, &tos, sizeof tos) == 0);
    CHECK(setsockopt(s[1], SOL_SOCKET, 37 /* SO_TIMESTAMPING_OLD */, &flags, sizeof flags) == 0);
    ASK(s[1], SOL_SOCKET, 35 /* SO_TIMESTAMPNS_OLD */);
    CHECK(send(s[0], "x", 1, 0) == 1);
    struct cmsghdr *all = receive(s[1], 0), *c = find(all, IPPROTO_IP, IP_PKTINFO);
    struct in_pktinfo p = { 0 };
    if (c) memcpy(&p, CMSG_DATA(c), sizeof p);
    CHECK(p.ipi_ifindex == 1 && p.ipi_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(int_of(find(all, IPPROTO_IP, IP_TTL)) == 64);
    c = find(all, IPPROTO_IP, IP_TOS);
    CHECK(c && c->cmsg_len == CMSG_LEN(1) && *CMSG_DATA(c) == 0x10);
    c = find(all, IPPROTO_IP, IP_ORIGDSTADDR);
    struct sockaddr_in a = { 0 };
    if (c) memcpy(&a, CMSG_DATA(c), sizeof a);
    CHECK(a.sin_family == AF_INET && a.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && a.sin_port);
    c = find(all, SOL_SOCKET, 35);
    CHECK(c && c->cmsg_len == CMSG_LEN(2 * sizeof(long)) && is_now(CMSG_DATA(c), sizeof(long)));
    c = find(all, SOL_SOCKET, 37);
    CHECK(c && c->cmsg_len == CMSG_LEN(6 * sizeof(long)) && is_now(CMSG_DATA(c), sizeof(long)));
    CHECK(setsockopt(s[1], SOL_SOCKET, 65 /* SO_TIMESTAMPING_NEW */, &flags, sizeof flags) == 0);
    ASK(s[1], SOL_SOCKET, 63 /* SO_TIMESTAMP_NEW */);
    CHECK(send(s[0], "x", 1, 0) == 1);
    all = receive(s[1], 0);
    c = find(all, SOL_SOCKET, 63);
    CHECK(c && c->cmsg_len == CMSG_LEN(16) && is_now(CMSG_DATA(c), 8));
    c = find(all, SOL_SOCKET, 65);
    CHECK(c && c->cmsg_len == CMSG_LEN(48) && is_now(CMSG_DATA(c), 8));
    close(s[0]);
    close(s[1]);
}

static void check_ip6(void)
{
    int s[2];
    udp_pair(AF_INET6, s);
    ASK(s[1], IPPROTO_IPV6, IPV6_RECVPKTINFO);
    ASK(s[1], IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
    ASK(s[1], IPPROTO_IPV6, IPV6_RECVTCLASS);
    ASK(s[1], IPPROTO_IPV6, 74 /* IPV6_RECVORIGDSTADDR */);
    union { struct cmsghdr h; char room[CMSG_SPACE(sizeof(int))]; } out = { 0 };
    struct iovec v = { "x", 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &out, .msg_controllen = sizeof out };
    out.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_TCLASS };
    memcpy(CMSG_DATA(&out.h), &(int){ 0x20 }, sizeof(int));
    CHECK(sendmsg(s[0], &m, 0) == 1);
    struct cmsghdr *all = receive(s[1], 0), *c = find(all, IPPROTO_IPV6, IPV6_PKTINFO);
    struct in6_pktinfo p = { .ipi6_ifindex = 0 };
    if (c) memcpy(&p, CMSG_DATA(c), sizeof p);
    CHECK(p.ipi6_ifindex == 1 && !memcmp(&p.ipi6_addr, &in6addr_loopback, 16));
    CHECK(int_of(find(all, IPPROTO_IPV6, IPV6_HOPLIMIT)) == 64);
    CHECK(int_of(find(all, IPPROTO_IPV6, IPV6_TCLASS)) == 0x20);
    c = find(all, IPPROTO_IPV6, 74);
    struct sockaddr_in6 a = { 0 };
    if (c) memcpy(&a, CMSG_DATA(c), sizeof a);
    CHECK(a.sin6_family == AF_INET6 && a.sin6_port);
    close(s[0]);
    close(s[1]);
}

/* What came back: an ICMP error, with the address of who made it. */
static void check_errors(int family, int level, int ask)
{
    int s[2];
    udp_pair(family, s);
    close(s[1]);
    ASK(s[0], level, ask);
    CHECK(send(s[0], "x", 1, 0) == 1);
    for (int i = 0; i < 100 && recv(s[0], byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN; i++) usleep(1000);
    struct cmsghdr *c = find(receive(s[0], MSG_ERRQUEUE), level, ask);
    struct { struct sock_extended_err e; struct sockaddr_in6 a; } e = { 0 };
    if (c) memcpy(&e, CMSG_DATA(c), family == AF_INET ? sizeof e.e + sizeof(struct sockaddr_in) : sizeof e);
    CHECK(e.e.ee_errno == ECONNREFUSED);
    CHECK(e.e.ee_origin == (family == AF_INET ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6));
    CHECK(e.a.sin6_family == family && from.ss_family == family);
    close(s[0]);
}

/* Large datagrams in parts, and together again. */
static void check_segments(void)
{
    int s[2];
    udp_pair(AF_INET, s);
    ASK(s[1], IPPROTO_UDP, 104 /* UDP_GRO */);
    union { struct cmsghdr h; char room[CMSG_SPACE(sizeof(uint16_t))]; } out = { 0 };
    struct iovec v = { byte, 1500 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &out, .msg_controllen = sizeof out };
    out.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(uint16_t)), .cmsg_level = IPPROTO_UDP, .cmsg_type = 103 };
    memcpy(CMSG_DATA(&out.h), &(uint16_t){ 500 }, sizeof(uint16_t));
    CHECK(sendmsg(s[0], &m, 0) == 1500);
    struct cmsghdr *c = find(receive(s[1], 0), IPPROTO_UDP, 104);
    CHECK(int_of(c) == 500);
    close(s[0]);
    close(s[1]);
}

int main(void)
{
    check_rights();
    check_identity();
    check_ip4();
    check_ip6();
    check_errors(AF_INET, IPPROTO_IP, IP_RECVERR);
    check_errors(AF_INET6, IPPROTO_IPV6, IPV6_RECVERR);
    check_segments();
    return CHECK_END();
}
