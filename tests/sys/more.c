/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that the other programs leave out: data moved inside the kernel, timers to threads, scheduling, memory advice,
 * interface ioctls, control messages with times. */
#include "check.h"
#include <arpa/inet.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <time.h>

/* Like check.h's, with a name for what would not be equal everywhere. */
#undef SHOW
#define SHOW(name, e) \
    do { \
        errno = 0; \
        long r_ = (long)(e); \
        printf("%s: %ld %s\n", name, r_, r_ < 0 ? strerrorname_np(errno) : "-"); \
    } while (0)

static void in_the_kernel(void)
{
    int a[2], b[2], f = open("more.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600),
                    g = open("more.tmp2", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char buf[64] = { 0 };
    if (pipe(a) || pipe(b)) return;
    struct iovec v[2] = { { "hello ", 6 }, { "world", 5 } };
    SHOW("vmsplice", vmsplice(a[1], v, 2, 0));
    SHOW("tee", tee(a[0], b[1], 64, 0));
    SHOW("splice", splice(a[0], NULL, f, NULL, 64, 0));
    loff_t in = 6, out = 1;
    SHOW("copy_file_range", copy_file_range(f, &in, g, &out, 5, 0));
    printf("%lld %lld\n", (long long)in, (long long)out);
    SHOW("read", pread(g, buf, 64, 0));
    printf("%s\n", buf + 1);
    in = 2;
    SHOW("splice off", splice(f, &in, b[1], NULL, 4, 0));
    memset(buf, 0, sizeof buf);
    SHOW("read", read(b[0], buf, 64));
    printf("%s %lld\n", buf, (long long)in);
    off_t at = 3;
    SHOW("sendfile", sendfile(b[1], f, &at, 4));
    printf("%ld\n", (long)at);
    SHOW("fallocate", fallocate(f, FALLOC_FL_KEEP_SIZE, 0, 100000));
    SHOW("sync_file_range", sync_file_range(f, 0, 4096, SYNC_FILE_RANGE_WRITE));
    SHOW("fadvise", posix_fadvise(f, 0, 4096, POSIX_FADV_WILLNEED));
    SHOW("lease", fcntl(f, F_GETLEASE));
    SHOW("pipe size", fcntl(a[0], F_SETPIPE_SZ, 8192));
    SHOW("ficlone", ioctl(f, FICLONE, 999));
    SHOW("blkgetsize64", ioctl(f, BLKGETSIZE64, buf));
    int n = -1;
    SHOW("fionread", ioctl(f, FIONREAD, &n)); printf("%d\n", n);
    SHOW("fibmap", ioctl(f, FIGETBSZ, &n)); printf("%d\n", n);
    unlink("more.tmp"); unlink("more.tmp2");
}

static volatile int got_tid, got_value, got_code;
static void on_timer(int sig, siginfo_t *si, void *uc)
{
    got_tid = syscall(SYS_gettid);
    got_value = si->si_value.sival_int;
    got_code = si->si_code;
}
static void *timed(void *arg)
{
    struct sigevent ev = {
        .sigev_notify = 4 /* SIGEV_THREAD_ID */, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 77
    };
    struct sigaction sa = { .sa_sigaction = on_timer, .sa_flags = SA_SIGINFO };
    timer_t id;
    struct itimerspec it = { { 0, 0 }, { 0, 1000000 } };
    sigaction(SIGRTMIN + 1, &sa, NULL);
    ev._sigev_un._tid = syscall(SYS_gettid);
    SHOW("timer_create", timer_create(CLOCK_MONOTONIC, &ev, &id));
    SHOW("timer_settime", timer_settime(id, 0, &it, NULL));
    for (int i = 0; i < 1000 && !got_tid; i++) usleep(1000);
    printf("to this thread %d value %d code %d\n", got_tid == syscall(SYS_gettid), got_value, got_code);
    SHOW("timer_gettime", timer_gettime(id, &it)); printf("%ld\n", (long)it.it_value.tv_sec);
    SHOW("timer_delete", timer_delete(id));
    return NULL;
}

static void scheduling(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t prio;
        uint64_t runtime, deadline, period;
    } attr = { 0 };
    SHOW("sched_getattr", syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0));
    printf("%u %u %d\n", attr.size, attr.policy, attr.nice);
    attr.policy = SCHED_BATCH; attr.nice = 5;
    SHOW("sched_setattr", syscall(SYS_sched_setattr, 0, &attr, 0));
    SHOW("policy", sched_getscheduler(0));
    SHOW("nice", getpriority(PRIO_PROCESS, 0));
    SHOW("getattr short", syscall(SYS_sched_getattr, 0, &attr, 16, 0));
    struct sched_param p = { 0 };
    SHOW("setscheduler", sched_setscheduler(0, SCHED_OTHER, &p));
    SHOW("fifo max", sched_get_priority_max(SCHED_FIFO));
    SHOW("personality", personality(0xffffffff));
    SHOW("ioprio", syscall(SYS_ioprio_get, 1, 0));
}

static void limits_and_controls(void)
{
    struct rlimit lim = { 100, 200 };
    SHOW("setrlimit", setrlimit(RLIMIT_NPROC + 0, &(struct rlimit){ 5000, 6000 }));
    SHOW("getrlimit", getrlimit(RLIMIT_NPROC, &lim));
    printf("%lu %lu\n", (unsigned long)lim.rlim_cur, (unsigned long)lim.rlim_max);
    struct timex tx = { 0 };
    SHOW("adjtimex", adjtimex(&tx) >= 0); printf("tick %ld\n", tx.tick);
    char name[16] = "";
    SHOW("set name", prctl(PR_SET_NAME, "a-name-that-is-too-long"));
    SHOW("get name", prctl(PR_GET_NAME, name)); printf("%s\n", name);
    SHOW("dumpable", prctl(PR_GET_DUMPABLE));
    SHOW("keepcaps", prctl(PR_GET_KEEPCAPS));
    SHOW("slack", prctl(PR_GET_TIMERSLACK) > 0);
    SHOW("subreaper", prctl(PR_SET_CHILD_SUBREAPER, 1));
    int sub = 0;
    SHOW("get", prctl(PR_GET_CHILD_SUBREAPER, &sub)); printf("%d\n", sub);
    int sig = 0;
    SHOW("pdeathsig", prctl(PR_SET_PDEATHSIG, SIGUSR1));
    SHOW("get", prctl(PR_GET_PDEATHSIG, &sig)); printf("%d\n", sig == SIGUSR1);
    SHOW("unknown prctl", prctl(12345));
    SHOW("membarrier", syscall(SYS_membarrier, 16 /* register private expedited */, 0, 0));
    SHOW("membarrier", syscall(SYS_membarrier, 8, 0, 0));
    SHOW("swapon", swapon("/nonexistent", 0));
}

static void memory(void)
{
    long page = 4096;
    char *m = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static const int kinds[] = {
        MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_DONTFORK, MADV_DOFORK,
        MADV_DONTDUMP, MADV_DODUMP,
        MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
        77 /* none */, MADV_REMOVE,
    };
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        printf("%d ", kinds[i]);
        SHOW("madvise", madvise(m, 4 * page, kinds[i]));
    }
    SHOW("madvise hole", (munmap(m + page, page), madvise(m, 4 * page, MADV_WILLNEED)));
    SHOW("mlock2", syscall(SYS_mlock2, m + 4 * page, 2 * page, 1));
    SHOW("munlock", munlock(m + 4 * page, 2 * page));
    SHOW("mlock2 bad", syscall(SYS_mlock2, m, page, 8));
    unsigned char vec[4];
    m[4 * page] = 1;
    SHOW("mincore", mincore(m + 4 * page, page, vec)); printf("%d\n", vec[0] & 1);
    SHOW("mincore hole", mincore(m, 3 * page, vec));
    int fd = memfd_create("x", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    SHOW("ftruncate", ftruncate(fd, page));
    SHOW("seal", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
    SHOW("seals", fcntl(fd, F_GET_SEALS));
    SHOW("shrink", ftruncate(fd, 0));
    struct iovec l = { m + 4 * page, 8 }, r = { m + 5 * page, 8 };
    memcpy(m + 5 * page, "remote!", 8);
    SHOW("process_vm_readv", process_vm_readv(getpid(), &l, 1, &r, 1, 0)); printf("%s\n", m + 4 * page);
    uint32_t word = 3;
    SHOW("futex", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0));
    SHOW("wake op",
        syscall(SYS_futex, &word, FUTEX_WAKE_OP, 1, 1, &word, FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 3)));
    printf("%u\n", word);
}

static void interface(void)
{
    struct ifreq q = { .ifr_name = "lo" };
    int u = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW("SIOCGIFFLAGS", ioctl(u, SIOCGIFFLAGS, &q)); printf("loopback %d\n", !!(q.ifr_flags & IFF_LOOPBACK));
    SHOW("SIOCGIFINDEX", ioctl(u, SIOCGIFINDEX, &q)); printf("%d\n", q.ifr_ifindex);
    SHOW("SIOCGIFADDR", ioctl(u, SIOCGIFADDR, &q));
    printf("%s\n", inet_ntoa(((struct sockaddr_in *)&q.ifr_addr)->sin_addr));
    SHOW("SIOCGIFMTU", ioctl(u, SIOCGIFMTU, &q)); printf("%d\n", q.ifr_mtu);
    SHOW("SIOCGIFHWADDR", ioctl(u, SIOCGIFHWADDR, &q)); printf("%d\n", q.ifr_hwaddr.sa_family);
}

static void datagrams(void)
{
    int u = socket(AF_INET, SOCK_DGRAM, 0), v = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    SHOW("bind", bind(u, (struct sockaddr *)&a, sizeof a));
    getsockname(u, (struct sockaddr *)&a, &len);
    SHOW("timestamp", setsockopt(u, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof one));
    SHOW("pktinfo", setsockopt(u, IPPROTO_IP, IP_PKTINFO, &one, sizeof one));
    SHOW("ttl", setsockopt(u, IPPROTO_IP, IP_RECVTTL, &one, sizeof one));
    struct ip_mreqn mr = { .imr_multiaddr.s_addr = htonl(0xe0000101), .imr_ifindex = 1 };
    SHOW("join", setsockopt(u, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof mr));
    SHOW("leave", setsockopt(u, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mr, sizeof mr));
    unsigned char loop = 1;
    SHOW("loop", setsockopt(u, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, 1));
    SHOW("sendto", sendto(v, "dgram", 5, 0, (struct sockaddr *)&a, sizeof a));
    char buf[16] = "", control[256];
    struct iovec io = { buf, sizeof buf };
    struct msghdr h = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    SHOW("recvmsg", recvmsg(u, &h, 0));
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
        if (c->cmsg_level == SOL_SOCKET) {
            struct timeval tv;
            memcpy(&tv, CMSG_DATA(c), sizeof tv);
            printf("time %d\n", labs((long)(tv.tv_sec - time(NULL))) < 5);
        } else if (c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *p = (void *)CMSG_DATA(c);
            printf("pktinfo %d %s\n", p->ipi_ifindex, inet_ntoa(p->ipi_addr));
        } else if (c->cmsg_type == IP_TTL) printf("ttl %d\n", *(int *)CMSG_DATA(c));
        else printf("other %d %d\n", c->cmsg_level, c->cmsg_type);
    }
}

static void stream_options(void)
{
    int t = socket(AF_INET, SOCK_STREAM, 0);
    struct tcp_info ti;
    socklen_t len = sizeof ti;
    SHOW("tcp_info", getsockopt(t, IPPROTO_TCP, TCP_INFO, &ti, &len)); printf("%d\n", ti.tcpi_state);
    struct timeval tv = { 1, 500000 };
    SHOW("rcvtimeo", setsockopt(t, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
    len = sizeof tv;
    memset(&tv, 0, sizeof tv);
    SHOW("get", getsockopt(t, SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
    printf("%ld %ld\n", (long)tv.tv_sec, (long)tv.tv_usec);
    struct linger lg = { 1, 7 };
    SHOW("linger", setsockopt(t, SOL_SOCKET, SO_LINGER, &lg, sizeof lg));
    int n = 0;
    len = sizeof n;
    SHOW("type", getsockopt(t, SOL_SOCKET, SO_TYPE, &n, &len)); printf("%d\n", n);
}

int main(void)
{
    pthread_t t;
    setvbuf(stdout, NULL, _IONBF, 0);
    in_the_kernel();
    pthread_create(&t, NULL, timed, NULL);
    pthread_join(t, NULL);
    scheduling();
    limits_and_controls();
    memory();
    interface();
    datagrams();
    stream_options();
    return 0;
}
