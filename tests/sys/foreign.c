/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and records whose data a guest of another word size or byte order must have converted: what they say is the
 * same on every architecture. */
#include "check.h"
#include <linux/aio_abi.h>
#include <linux/ethtool.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/if_packet.h>
#include <linux/keyctl.h>
#include <linux/sockios.h>
#include <mqueue.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <sys/fanotify.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

static char block[65536];

static void cache(int fd)
{
    uint64_t range[2] = { 0, sizeof block }, stat[5] = { 0 };
    SHOW(syscall(451, fd, range, stat, 0));
    printf("cached: %d\n", stat[0] == sizeof block / sysconf(_SC_PAGESIZE) || stat[0] == 16);
    SHOW(syscall(451, fd, range, stat, 1));
    SHOW(syscall(451, -1, range, stat, 0));
}

static void extents(int fd)
{
    struct { struct fiemap m; struct fiemap_extent x[4]; } fm = { { 0, ~0ull, 1, 0, 4 } };
    int r = ioctl(fd, FS_IOC_FIEMAP, &fm);
    if (r) { printf("fiemap: %s\n", strerrorname_np(errno)); return; }
    int mapped = fm.m.fm_mapped_extents, last = mapped < 1 || fm.x[mapped - 1].fe_flags & 1;
    struct fiemap many = { 0, ~0ull, 1, 0, ~0u };
    SHOW(ioctl(fd, FS_IOC_FIEMAP, &many));
    many.fm_extent_count = 0xffffffff / sizeof(struct fiemap_extent) + 1;
    SHOW(ioctl(fd, FS_IOC_FIEMAP, &many));
    printf("fiemap: %d, last %d\n", mapped >= 1, last);
}

static void requests(void)
{
    struct ethtool_value v = { ETHTOOL_GLINK };
    struct ethtool_drvinfo d = { ETHTOOL_GDRVINFO };
    struct ifreq q = { .ifr_name = "lo" };
    unsigned uid = 99;
    int s = socket(AF_INET, SOCK_DGRAM, 0), self = syscall(SYS_pidfd_open, getpid(), 0);
    q.ifr_data = (void *)&v;
    SHOW(ioctl(s, SIOCETHTOOL, &q));
    printf("link %u\n", v.data);
    q.ifr_data = (void *)&d;
    SHOW(ioctl(s, SIOCETHTOOL, &q));
    SHOW(ioctl(open("/proc/self/ns/user", O_RDONLY), 0xb704 | _IO(0, 0), &uid));       /* NS_GET_OWNER_UID */
    printf("owner %u\n", uid);
    struct { uint64_t mask, cgroup; uint32_t pid, tgid, ids[9]; int32_t exit; } info = { 1 };
    if (!ioctl(self, _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, 64), &info))
        printf("pidfd info: %d %d\n", info.pid == getpid(), info.tgid == getpid());
    else puts("pidfd info: no");
    close(s); close(self);
}

static void keys(void)
{
    char text[64];
    int32_t ring = syscall(SYS_add_key, "keyring", "foreign", NULL, 0, KEY_SPEC_PROCESS_KEYRING), list[4];
    if (ring < 0) { printf("keys: %s\n", strerrorname_np(errno)); return; }
    int32_t key = syscall(SYS_add_key, "user", "name", "secret", 6, ring);
    OK(key > 0);
    SHOW(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text));
    OK(!memcmp(text, "secret", 6));
    SHOW(syscall(SYS_keyctl, KEYCTL_READ, ring, list, sizeof list));
    OK(list[0] == key);
    OK(syscall(SYS_keyctl, KEYCTL_SEARCH, ring, "user", "name", 0) == key);
    SHOW(syscall(SYS_keyctl, KEYCTL_SEARCH, ring, "user", "other", 0));
    OK(syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, text, sizeof text) > 0 && !strncmp(text, "user;", 5));
    SHOW(syscall(SYS_keyctl, KEYCTL_UPDATE, key, "longer secret", 13));
    SHOW(syscall(SYS_keyctl, KEYCTL_READ, key, NULL, 0));
    struct iovec iov[2] = { { "ab", 2 }, { "cd", 2 } };
    SHOW(syscall(SYS_keyctl, KEYCTL_INSTANTIATE_IOV, key, iov, 2, 0));
    SHOW(syscall(SYS_keyctl, KEYCTL_UNLINK, key, ring));
    SHOW(syscall(SYS_keyctl, 99, 0, 0, 0, 0));
    SHOW(syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, (void *)1, 5));
}

static void aio(int fd)
{
    aio_context_t ctx = 0;
    char in[16] = "", out[16] = "written by aio";
    struct iovec iov[2] = { { in, 4 }, { in + 8, 4 } };
    int ev = eventfd(0, 0);
    uint64_t count = 0;
    struct iocb w = { .aio_data = 0x123456789abcdefull,
        .aio_lio_opcode = IOCB_CMD_PWRITE,
        .aio_fildes = fd,
        .aio_buf = (uintptr_t)out,
        .aio_nbytes = 15,
        .aio_offset = 100,
        .aio_flags = IOCB_FLAG_RESFD,
        .aio_resfd = ev },
                r = { .aio_data = 7,
                    .aio_lio_opcode = IOCB_CMD_PREADV,
                    .aio_fildes = fd,
                    .aio_buf = (uintptr_t)iov,
                    .aio_nbytes = 2,
                    .aio_offset = 100 },
                bad = { .aio_data = 8,
                    .aio_lio_opcode = IOCB_CMD_PREAD,
                    .aio_fildes = 999,
                    .aio_buf = (uintptr_t)in,
                    .aio_nbytes = 1 },
                *all[] = { &w, &bad, &r };
    struct io_event got[4];
    struct timespec zero = { 0, 0 };
    SHOW(syscall(SYS_io_setup, 0, &ctx));
    SHOW(syscall(SYS_io_setup, 8, &ctx));
    OK(ctx != 0);
    SHOW(syscall(SYS_io_setup, 8, &ctx));
    SHOW(syscall(SYS_io_submit, ctx, 3, all));
    SHOW(syscall(SYS_io_getevents, ctx, 1, 4, got, NULL));
    OK(got[0].data == 0x123456789abcdefull && got[0].obj == (uintptr_t)&w && got[0].res == 15);
    OK(read(ev, &count, 8) == 8 && count == 1);
    SHOW(syscall(SYS_io_submit, ctx, 1, all + 1));
    SHOW(syscall(SYS_io_submit, ctx, 1, all + 2));
    SHOW(syscall(SYS_io_getevents, ctx, 1, 4, got, NULL));
    OK(got[0].data == 7 && got[0].obj == (uintptr_t)&r && got[0].res == 8);
    printf("%.4s|%.4s\n", in, in + 8);
    SHOW(syscall(SYS_io_getevents, ctx, 0, 4, got, &zero));
    SHOW(syscall(SYS_io_getevents, ctx, 5, 4, got, &zero));
    enum { MANY = 300 };
    static struct io_event many[MANY + 1];
    struct iocb *same[MANY];
    aio_context_t big = 0;
    r.aio_offset = 0;
    for (int i = 0; i < MANY; i++) same[i] = &r;
    SHOW(syscall(SYS_io_setup, MANY, &big));
    SHOW(syscall(SYS_io_submit, big, MANY, same));
    SHOW(syscall(SYS_io_getevents, big, MANY, MANY + 1, many, NULL));
    OK(many[MANY - 1].data == 7 && many[MANY - 1].obj == (uintptr_t)&r && !many[MANY].obj);
    SHOW(syscall(SYS_io_destroy, big));
    SHOW(syscall(SYS_io_destroy, ctx));
    SHOW(syscall(SYS_io_destroy, ctx));
    SHOW(syscall(SYS_io_submit, ctx, 0, all));
    close(ev);
}

/* Control messages of a level that nobody knows are passed over, an unknown one of SOL_SOCKET is not. */
static void controls(void)
{
    static const int levels[] = { 77, 12345, SOL_SOCKET };
    union { struct cmsghdr c; char room[CMSG_SPACE(4)]; } u;
    struct iovec iov = { "x", 1 };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof u };
    int s[2];
    OK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
    for (int i = 0; i < 3; i++) {
        memset(&u, 0, sizeof u);
        u.c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(4), .cmsg_level = levels[i], .cmsg_type = 99 };
        SHOW(sendmsg(s[0], &m, 0));
    }
    close(s[0]); close(s[1]);
}

static volatile int notified;
static void on_message(union sigval v) { notified = v.sival_int; }
static void messages(void)
{
    char name[32];
    snprintf(name, sizeof name, "/foreign%d", (int)getpid());
    mqd_t q = mq_open(name, O_RDWR | O_CREAT, 0600, NULL);
    struct sigevent e = { .sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 1234 };
    if (q < 0) { puts("no message queues"); return; }
    e.sigev_notify_function = on_message;
    SHOW(mq_notify(q, &e));
    SHOW(mq_send(q, "x", 1, 0));
    for (int i = 0; i < 3000 && !notified; i++) usleep(1000);
    SHOW(notified);
    mq_unlink(name);
}

static void notifications(void)
{
    char name[] = "fanfileXXXXXX";
    struct fanotify_event_metadata e = { 0 };
    int file = mkstemp(name), f = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY);
    if (f < 0) { printf("fanotify: %s\n", strerrorname_np(errno)); return; }
    SHOW(fanotify_mark(f, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, name));
    close(open(name, O_RDONLY));
    SHOW(read(f, &e, sizeof e));
    printf("len %u vers %d meta %u mask %llx own %d fd %d\n", e.event_len, e.vers, e.metadata_len,
        (unsigned long long)e.mask, e.pid == getpid(), e.fd > 0);
    close(f); close(file);
    f = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_REPORT_FID, O_RDONLY);
    if (f >= 0 && !fanotify_mark(f, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, name)) {
        char buf[256];
        close(open(name, O_RDONLY));
        ssize_t n = read(f, buf, sizeof buf);
        struct fanotify_event_metadata *m = (void *)buf;
        struct fanotify_event_info_fid *fid = (void *)(m + 1);
        struct file_handle *h = (void *)fid->handle;
        printf("fid: %d type %d len %d handle %d\n", n == (ssize_t)m->event_len, fid->hdr.info_type,
            m->event_len == sizeof *m + fid->hdr.len, h->handle_bytes < 128);
    }
    unlink(name);
}

static void mounts(void)
{
    static union {
        struct {
            uint32_t size, opts;
            uint64_t mask;
            uint32_t major, minor;
            uint64_t magic;
        } s;
        char room[4096];
    } m;
    uint64_t ids[4] = { 0 };
    struct { uint32_t size, fd; uint64_t id, param; } req = { 24, 0, ~0ull, 0 };
    long n = syscall(458, &req, ids, 4, 0);
    OK(n > 0 && ids[0]);
    req.id = ids[0]; req.param = 1 | 8;                 /* STATMOUNT_SB_BASIC, MNT_ROOT */
    SHOW(syscall(457, &req, &m, sizeof m, 0));
    OK((m.s.mask & 9) == 9 && m.s.size > 512 && m.s.magic);
    OK(m.room[512 + *(uint32_t *)(m.room + 104)] == '/');
    req.id = 1;
    SHOW(syscall(457, &req, &m, sizeof m, 0));
    req.size = 8;
    SHOW(syscall(457, &req, &m, sizeof m, 0));
    uint64_t lsm[32] = { 0 }; uint32_t size = sizeof lsm;
    long count = syscall(461, lsm, &size, 0);
    printf("lsm: %d\n", count < 0 ? errno : (count * 8 == size && (!count || (lsm[0] >= 100 && lsm[0] < 1000))));
    uint64_t attr[4] = { 0 };
    SHOW(syscall(SYS_mount_setattr, -1, "nowhere", 0, attr, 8));
    SHOW(syscall(SYS_mount_setattr, AT_FDCWD, "nowhere", 0, attr, 32));
}

static void packets(void)
{
    int s = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
    struct sockaddr_ll a = { .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_IP),
        .sll_ifindex = if_nametoindex("lo") },
                       from = { 0 };
    struct packet_mreq mr = { .mr_ifindex = a.sll_ifindex, .mr_type = PACKET_MR_PROMISC };
    socklen_t len = sizeof from;
    if (s < 0) { printf("packets: %s\n", strerrorname_np(errno)); return; }
    SHOW(bind(s, (void *)&a, sizeof a));
    SHOW(getsockname(s, (void *)&from, &len));
    OK(from.sll_ifindex == a.sll_ifindex && from.sll_hatype == 772 && from.sll_protocol == htons(ETH_P_IP));
    SHOW(setsockopt(s, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof mr));
    struct tpacket_stats st;
    len = sizeof st;
    SHOW(getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &st, &len));
    close(s);
}

int main(void)
{
    char name[] = "foreignXXXXXX";
    int fd = mkstemp(name);
    if (write(fd, block, sizeof block) != sizeof block) return 1;
    fsync(fd);
    cache(fd);
    extents(fd);
    requests();
    keys();
    aio(fd);
    controls();
    messages();
    notifications();
    mounts();
    packets();
    unlink(name);
    return 0;
}
