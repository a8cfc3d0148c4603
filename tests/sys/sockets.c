/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: addresses, messages with control data, options. */
#include "check.h"
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static void control(int s[2])
{
    union { struct cmsghdr h; char b[256]; } c = { 0 };
    char data[16] = "payload";
    struct iovec v = { data, 8 };
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = c.b, .msg_controllen = CMSG_SPACE(2 * sizeof(int))
    };
    int p[2];
    if (pipe(p)) exit(1);
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET; h->cmsg_type = SCM_RIGHTS; h->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(h), p, sizeof p);
    SHOW(sendmsg(s[0], &m, 0));
    int one = 1;
    SHOW(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one));
    memset(data, 0, sizeof data);
    memset(&c, 0, sizeof c);
    m.msg_controllen = sizeof c;
    v.iov_len = sizeof data;
    SHOW(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC));
    printf("%s flags %x\n", data, m.msg_flags & ~MSG_CMSG_CLOEXEC);
    for (h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
        printf("level %d type %d data %d\n", h->cmsg_level, h->cmsg_type, (int)(h->cmsg_len - CMSG_LEN(0)));
        if (h->cmsg_type == SCM_RIGHTS) {
            int fds[2];
            memcpy(fds, CMSG_DATA(h), sizeof fds);
            OK(fcntl(fds[0], F_GETFD) == FD_CLOEXEC);
            SHOW(write(fds[1], "through", 7));
            char b[8] = { 0 };
            SHOW(read(p[0], b, 7));
            puts(b);
        } else if (h->cmsg_type == SCM_CREDENTIALS) {
            struct ucred u;
            memcpy(&u, CMSG_DATA(h), sizeof u);
            OK(u.pid == getpid() && u.uid == getuid() && u.gid == getgid());
        }
    }
}

static void pair_options(int s[2])
{
    socklen_t len;
    struct ucred cr;
    len = sizeof cr;
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &cr, &len));
    OK(cr.pid == getpid() && len == sizeof cr);
    struct timeval tv = { 1, 500000 };
    SHOW(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
    memset(&tv, 0, sizeof tv);
    len = sizeof tv;
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
    printf("%ld %ld %d\n", (long)tv.tv_sec, (long)tv.tv_usec, len == sizeof tv);
    tv = (struct timeval){ 0, 1000 };
    setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    char b[64];
    SHOW(recv(s[0], b, sizeof b, 0));
}

/* Sets s to both ends of a connection: the caller's, which does not block, and the accepted one. */
static void connecting(int s[2])
{
    int one = 1;
    socklen_t len;
    int ls = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, peer;
    SHOW(bind(ls, (void *)&a, sizeof a));
    SHOW(listen(ls, 5));
    len = sizeof a;
    SHOW(getsockname(ls, (void *)&a, &len));
    printf("%d %d %s\n", (int)len, a.sin_family == AF_INET, inet_ntoa(a.sin_addr));
    int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SHOW(connect(c, (void *)&a, sizeof a));
    len = sizeof peer;
    int d = accept4(ls, (void *)&peer, &len, SOCK_CLOEXEC);
    SHOW(d >= 0);
    printf("%d %s\n", (int)len, inet_ntoa(peer.sin_addr));
    s[0] = c;
    s[1] = d;
}

static void stream_options(int c, int d)
{
    int one = 1;
    socklen_t len;
    SHOW(setsockopt(d, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
    int val = 0;
    len = sizeof val;
    SHOW(getsockopt(d, IPPROTO_TCP, TCP_NODELAY, &val, &len));
    printf("%d %d\n", val, (int)len);
    SHOW(getsockopt(d, SOL_SOCKET, SO_TYPE, &val, &len));
    OK(val == SOCK_STREAM);
    SHOW(getsockopt(c, SOL_SOCKET, SO_ERROR, &val, &len));
    printf("%d\n", val);
    struct linger lg = { 1, 3 };
    SHOW(setsockopt(c, SOL_SOCKET, SO_LINGER, &lg, sizeof lg));
    memset(&lg, 0, sizeof lg);
    len = sizeof lg;
    SHOW(getsockopt(c, SOL_SOCKET, SO_LINGER, &lg, &len));
    printf("%d %d\n", lg.l_onoff, lg.l_linger);
    struct tcp_info ti;
    len = sizeof ti;
    SHOW(getsockopt(d, IPPROTO_TCP, TCP_INFO, &ti, &len));
    OK(ti.tcpi_state == TCP_ESTABLISHED && ti.tcpi_snd_mss > 500 && ti.tcpi_snd_mss < 70000);
}

static void stream_data(int c, int d)
{
    char b[64];
    int val = 0;
    SHOW(send(c, "abc", 3, MSG_NOSIGNAL));
    SHOW(ioctl(d, FIONREAD, &val));
    printf("%d\n", val);
    SHOW(recv(d, b, sizeof b, MSG_PEEK));
    SHOW(recv(d, b, sizeof b, 0));
    SHOW(shutdown(c, SHUT_WR));
    SHOW(recv(d, b, sizeof b, 0));
}

/* One datagram with its TTL and the interface it came by as control data. */
static void datagram_control(int u1, int u2, struct sockaddr_in a)
{
    int one = 1, val;
    char b[64];
    struct sockaddr_in peer;
    SHOW(setsockopt(u1, IPPROTO_IP, IP_PKTINFO, &one, sizeof one));
    SHOW(setsockopt(u1, IPPROTO_IP, IP_RECVTTL, &one, sizeof one));
    SHOW(sendto(u2, "dgram", 5, 0, (void *)&a, sizeof a));
    union { struct cmsghdr h; char b[256]; } cm;
    struct iovec v = { b, sizeof b };
    struct msghdr m = { .msg_name = &peer, .msg_namelen = sizeof peer, .msg_iov = &v, .msg_iovlen = 1,
        .msg_control = cm.b, .msg_controllen = sizeof cm };
    SHOW(recvmsg(u1, &m, 0));
    printf("%d %d\n", (int)m.msg_namelen, peer.sin_family == AF_INET);
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
        if (h->cmsg_level == IPPROTO_IP && h->cmsg_type == IP_TTL) {
            memcpy(&val, CMSG_DATA(h), 4);
            printf("ttl %d\n", val);
        }
        if (h->cmsg_level == IPPROTO_IP && h->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo pi;
            memcpy(&pi, CMSG_DATA(h), sizeof pi);
            printf("pktinfo %d %s\n", pi.ipi_ifindex, inet_ntoa(pi.ipi_addr));
        }
    }
}

static void several_messages(int u1, int u2, struct sockaddr_in a)
{
    struct mmsghdr mm[2] = { 0 };
    struct iovec mv[2] = { { "m1", 2 }, { "mm2", 3 } };
    for (int i = 0; i < 2; i++)
        mm[i].msg_hdr = (struct msghdr){ .msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &mv[i], .msg_iovlen = 1 };
    SHOW(sendmmsg(u2, mm, 2, 0));
    printf("%u %u\n", mm[0].msg_len, mm[1].msg_len);
    char rb[2][16];
    struct iovec rv[2] = { { rb[0], 16 }, { rb[1], 16 } };
    for (int i = 0; i < 2; i++) mm[i].msg_hdr = (struct msghdr){ .msg_iov = &rv[i], .msg_iovlen = 1 };
    SHOW(recvmmsg(u1, mm, 2, 0, NULL));
    printf("%u %u %.2s %.3s\n", mm[0].msg_len, mm[1].msg_len, rb[0], rb[1]);
}

static void local_names(void)
{
    socklen_t len;
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    snprintf(un.sun_path + 1, sizeof un.sun_path - 1, "sys-sockets-%d", (int)getpid());
    int ux = socket(AF_UNIX, SOCK_DGRAM, 0);
    SHOW(bind(ux, (void *)&un, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(un.sun_path + 1)));
    struct sockaddr_un back = { 0 };
    len = sizeof back;
    SHOW(getsockname(ux, (void *)&back, &len));
    OK(back.sun_family == AF_UNIX && !strcmp(back.sun_path + 1, un.sun_path + 1));
}

static void ipv6(void)
{
    struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
    int s6 = socket(AF_INET6, SOCK_DGRAM, 0);
    OK(s6 < 0 || bind(s6, (void *)&a6, sizeof a6) == 0 || errno == EADDRNOTAVAIL);
}

static void refusals(int u2, struct sockaddr_in a)
{
    SHOW(connect(-1, (void *)&a, sizeof a));
    SHOW(bind(u2, (void *)8, 16));
    SHOW(socket(77, SOCK_STREAM, 0));
}

int main(void)
{
    int s[2], c[2];
    signal(SIGPIPE, SIG_IGN);
    SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s));
    control(s);
    pair_options(s);
    connecting(c);
    stream_options(c[0], c[1]);
    stream_data(c[0], c[1]);
    int u1 = socket(AF_INET, SOCK_DGRAM, 0), u2 = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    SHOW(bind(u1, (void *)&a, sizeof a));
    getsockname(u1, (void *)&a, &(socklen_t){ sizeof a });
    datagram_control(u1, u2, a);
    several_messages(u1, u2, a);
    local_names();
    ipv6();
    refusals(u2, a);
    return 0;
}
