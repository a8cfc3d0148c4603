/* SPDX-License-Identifier: Apache-2.0 */
/* sendmsg, recvmsg and their vectors for guests whose msghdr is not the host's. Control data: sys_control.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include "common-user/mm.h"
#include "linux-user/proc.h"
#include "linux-user/sys_control.h"
#include "linux-user/sys_netlink.h"
#include "linux-user/sysrows.h"

enum { CONTROL_MAX = 65536, IOV_COUNT_MAX = 1024 };

/* Host copies of one message. */
typedef struct Message {
    struct msghdr h;
    gaddr name, control;
    uint32_t name_room; uint64_t control_room;
    struct sockaddr_storage addr;
    struct iovec iov[IOV_COUNT_MAX];
    uint8_t *buf;                   /* control data, malloc'd */
} Message;

static size_t align_to(size_t v, size_t a) { return (v + a - 1) & ~(a - 1); }

static int64_t read_header(Task *t, Message *m, gaddr at)
{
    memset(&m->h, 0, sizeof m->h);
    m->buf = NULL;
    int64_t r = sys_get_struct(t, &struct_msghdr, &m->h, at);
    if (r < 0)
        return r;
    if ((int32_t)m->h.msg_namelen < 0)
        return -EINVAL;
    if (m->h.msg_iovlen > IOV_COUNT_MAX)
        return -EMSGSIZE;
    m->name = (uintptr_t)m->h.msg_name;
    m->name_room = m->h.msg_namelen;
    m->control = (uintptr_t)m->h.msg_control;
    m->control_room = m->h.msg_controllen < CONTROL_MAX ? m->h.msg_controllen : CONTROL_MAX;
    r = sys_read_iov(t, m->iov, (uintptr_t)m->h.msg_iov, m->h.msg_iovlen);
    m->h.msg_iov = m->iov;
    m->h.msg_name = m->name ? &m->addr : NULL;
    if (m->h.msg_namelen > sizeof m->addr)
        m->h.msg_namelen = sizeof m->addr;
    if (r < 0 || !m->control || !m->control_room) {
        m->h.msg_control = NULL;
        m->h.msg_controllen = 0;
        return r;
    }
    m->h.msg_controllen = sys_foreign() ? 2 * m->control_room + 64 : m->control_room;
    m->h.msg_control = m->buf = calloc(1, m->h.msg_controllen);
    return m->buf ? 0 : -ENOMEM;
}

static int64_t send_one(Task *t, Message *m, int fd, gaddr at, uint64_t flags)
{
    int64_t r = read_header(t, m, at);
    if (r == 0 && m->buf && m->control_room >= CONTROL_MAX)
        r = -ENOBUFS;
    if (r == 0 && m->name) {
        r = gmem_read(t, &m->addr, m->name, m->h.msg_namelen);
        sys_sockaddr_swap(&m->addr, m->h.msg_namelen, true);
    }
    if (r == 0 && m->buf) {
        if (!sys_foreign()) {
            r = gmem_read(t, m->buf, m->control, m->control_room);
        } else {
            uint8_t *raw = malloc(m->control_room);
            r = raw ? gmem_read(t, raw, m->control, m->control_room) : -ENOMEM;
            if (r == 0)
                r = control_to_host(raw, m->control_room, m->buf, m->h.msg_controllen);
            if (r >= 0)
                m->h.msg_controllen = (size_t)r;
            free(raw);
        }
    }
    if (r >= 0)
        r = netlink_converts(fd) ? netlink_send(t, fd, &m->h, flags)
                                 : safe_syscall(t, SYS_sendmsg, (long)fd, &m->h, (long)flags, 0L, 0L, 0L);
    free(m->buf);
    return r;
}

/* Bytes of control data that the guest has got. What was for a bad address is lost: no error (net/core/scm.c). */
static uint64_t give_control(Task *t, const Message *m, bool *truncated)
{
    size_t len = m->h.msg_controllen, used = len;
    uint8_t *raw = m->buf && sys_foreign() ? calloc(1, m->control_room) : NULL;
    if (!m->buf)
        return 0;
    if (raw)
        used = control_to_guest(m->buf, len, raw, m->control_room, truncated);
    bool given = (raw || !sys_foreign()) && !gmem_write(t, m->control, raw ? raw : m->buf, used);
    free(raw);
    if (!given && control_discard(m->buf, len))
        *truncated = true;
    return given ? used : 0;
}

static int64_t give_message(Task *t, Message *m, gaddr at)
{
    const ThunkModel *model = sys_model();
    struct msghdr out = m->h;
    int64_t r = 0;
    bool truncated = false;
    uint64_t used = give_control(t, m, &truncated);
    if (m->name) {
        sys_sockaddr_swap(&m->addr, m->h.msg_namelen, false);
        r = gmem_write(t, m->name, &m->addr, m->h.msg_namelen < m->name_room ? m->h.msg_namelen : m->name_room);
    }
    if (r < 0)
        return r;
    if (truncated)
        out.msg_flags |= MSG_CTRUNC;
    /* only these three fields are the kernel's to write */
    unsigned w = model->word;
    if ((r = gmem_put_u32(t, at + w, out.msg_namelen)) < 0)
        return r;
    gaddr control_len = at + thunk_shape(&struct_msghdr, model)->fields[5].guest_off[model->layout];
    if ((r = gmem_put_word(t, control_len, used)) < 0)
        return r;
    return gmem_put_u32(t, control_len + w, out.msg_flags);
}

/* Descriptors that came may be of files that must show the guest. */
static void look_at_descriptors(Task *t, const uint8_t *h, size_t len)
{
    for (size_t at = 0; at + sizeof(struct cmsghdr) <= len; ) {
        const struct cmsghdr *c = (const struct cmsghdr *)(h + at);
        if (c->cmsg_len < sizeof *c || c->cmsg_len > len - at)
            break;
        bool rights = c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; rights && i < n; i++)
            proc_fds_opened(t, ((const int *)CMSG_DATA(c))[i]);
        at += align_to(c->cmsg_len, sizeof(long));
    }
}

static int64_t receive_one(Task *t, Message *m, int fd, gaddr at, uint64_t flags)
{
    gaddr iov;
    int64_t r = read_header(t, m, at);
    if (r == 0)
        r = gmem_get_word(t, at + 2u * linux_abi.word, &iov);
    if (r == 0)
        sys_unprotect_iov(t, iov, m->h.msg_iovlen);
    if (r == 0 && netlink_converts(fd))
        r = netlink_receive(t, fd, &m->h, flags);
    else if (r == 0)
        r = safe_syscall(t, SYS_recvmsg, (long)fd, &m->h, (long)flags, 0L, 0L, 0L);
    if (r >= 0) {
        int64_t e = give_message(t, m, at);
        look_at_descriptors(t, m->buf, m->h.msg_controllen);
        if (e < 0)
            r = e;
    }
    free(m->buf);
    return r;
}

int64_t sys_sendmsg(Task *t, int fd, gaddr msg, uint64_t flags) { Message m; return send_one(t, &m, fd, msg, flags); }

/* May the host kernel take the guest's structures as they are, and write where they point? */
static bool in_place(const Task *t)
{
    return !sys_foreign() && !mm_base(t->proc->mm) && !mm_watches_code(t->proc->mm) && !t->tags;
}

/* The same for a message that the kernel wrote into guest memory. */
static void look_in_place(Task *t, gaddr msg)
{
    struct msghdr h;
    if (gmem_read(t, &h, msg, sizeof h))
        return;
    size_t len = h.msg_controllen;
    if (len < sizeof(struct cmsghdr) || len > CONTROL_MAX)
        return;
    uint8_t *raw = malloc(len);
    if (raw && !gmem_read(t, raw, (uintptr_t)h.msg_control, len))
        look_at_descriptors(t, raw, len);
    free(raw);
}

int64_t sys_recvmsg(Task *t, int fd, gaddr msg, uint64_t flags)
{
    Message m;
    if (!in_place(t))
        return receive_one(t, &m, fd, msg, flags);
    int64_t r = safe_syscall(t, SYS_recvmsg, (long)fd, msg, (long)flags, 0L, 0L, 0L);
    if (r >= 0)
        look_in_place(t, msg);
    return r;
}

/* struct mmsghdr: msghdr, u32 length, padded to a word. */
static uint64_t vector_stride(void)
{
    return align_to(thunk_size(&struct_msghdr, sys_model()) + 4, linux_abi.word);
}

int64_t sys_sendmmsg(Task *t, int fd, gaddr msgs, uint32_t n, uint64_t flags)
{
    Message m;
    if (n > IOV_COUNT_MAX)
        n = IOV_COUNT_MAX;
    for (uint32_t i = 0; i < n; i++) {
        gaddr at = msgs + i * vector_stride();
        int64_t r = send_one(t, &m, fd, at, flags);
        if (r >= 0)
            r = gmem_put_u32(t, at + thunk_size(&struct_msghdr, sys_model()), r);
        if (r < 0)
            return i ? (int64_t)i : r;
    }
    return n;
}

static int64_t receive_many(Task *t, int fd, gaddr msgs, uint32_t n, uint64_t flags, struct timespec *timeout)
{
    Message m;
    struct timespec now, end = { 0 };
    if (timeout && (timeout->tv_sec < 0 || (uint64_t)timeout->tv_nsec >= 1000000000))
        return -EINVAL;
    if (timeout) {
        if (timeout->tv_sec < 0 || (uint64_t)timeout->tv_nsec > 999999999)
            return -EINVAL;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += timeout->tv_sec;
        end.tv_nsec += timeout->tv_nsec;
    }
    for (uint32_t i = 0; i < n; i++) {
        gaddr at = msgs + i * vector_stride();
        int64_t r = receive_one(t, &m, fd, at, flags & ~(uint64_t)MSG_WAITFORONE);
        if (r >= 0)
            r = gmem_put_u32(t, at + thunk_size(&struct_msghdr, sys_model()), r);
        if (r < 0)
            return i ? (int64_t)i : r;
        if (flags & MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (!timeout)
            continue;    /* Linux checks the timeout only after each datagram */
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t left = (end.tv_sec - now.tv_sec) * 1000000000ll + end.tv_nsec - now.tv_nsec;
        *timeout = left > 0 ? (struct timespec){ left / 1000000000, left % 1000000000 } : (struct timespec){ 0, 0 };
        if (left <= 0)
            return i + 1;
    }
    return n;
}
int64_t sys_recvmmsg(Task *t, int fd, gaddr msgs, uint32_t n, uint64_t flags, void *timeout)
{
    if (!in_place(t))
        return receive_many(t, fd, msgs, n, flags, timeout);
    int64_t r = safe_syscall(t, SYS_recvmmsg, (long)fd, msgs, (long)n, (long)flags, timeout, 0L);
    for (int64_t i = 0; i < r; i++)
        look_in_place(t, msgs + (uint64_t)i * vector_stride());
    return r;
}

int64_t sys_recvmmsg_time64(Task *t, int fd, gaddr msgs, uint32_t n, uint64_t flags, void *timeout)
{
    return receive_many(t, fd, msgs, n, flags, timeout);
}
