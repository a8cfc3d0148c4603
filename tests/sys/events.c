/* SPDX-License-Identifier: Apache-2.0 */
/* poll, select, epoll and the descriptors that carry events. */
#include "check.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

static sigset_t none;

/* Leaves one byte in the pipe. */
static void polling(int p[2])
{
    struct pollfd f[2] = { { p[0], POLLIN, 0 }, { p[1], POLLOUT, 0 } };
    SHOW(poll(f, 2, 0));
    printf("%x %x\n", f[0].revents, f[1].revents);
    SHOW(poll(NULL, 0, 1));
    if (write(p[1], "x", 1) != 1) return;
    struct timespec ts = { 0, 1000000 };
    SHOW(ppoll(f, 2, &ts, &none));
    printf("%x %x\n", f[0].revents, f[1].revents);
}

static void selecting(int p[2])
{
    fd_set rd, wr;
    FD_ZERO(&rd); FD_ZERO(&wr);
    FD_SET(p[0], &rd); FD_SET(p[1], &wr);
    struct timeval tv = { 1, 0 };
    SHOW(select(p[1] + 1, &rd, &wr, NULL, &tv));
    printf("%d %d\n", !!FD_ISSET(p[0], &rd), !!FD_ISSET(p[1], &wr));
    FD_ZERO(&rd);
    FD_SET(p[1], &rd);
    struct timespec ts = { 0, 2000000 };
    SHOW(pselect(p[1] + 1, &rd, NULL, NULL, &ts, &none));
}

static void epoll(int p[2])
{
    int ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event ev = { EPOLLIN, { .u64 = 0x1122334455667788 } }, got[4];
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
    ev = (struct epoll_event){ EPOLLOUT | EPOLLET, { .fd = 77 } };
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[1], &ev));
    int n = epoll_wait(ep, got, 4, 100);
    printf("%d\n", n);
    for (int i = 0; i < n; i++)
        if (got[i].events & EPOLLIN) printf("in %llx\n", (unsigned long long)got[i].data.u64);
        else printf("out %d\n", got[i].data.fd);
    SHOW(epoll_pwait(ep, got, 1, 0, &none));
    SHOW(epoll_wait(ep, got, 0, 0));
    SHOW(epoll_ctl(ep, 9, p[0], &ev));
}

static void event_counter(void)
{
    uint64_t v;
    int e = eventfd(3, EFD_NONBLOCK);
    v = 5;
    SHOW(write(e, &v, 8));
    SHOW(read(e, &v, 8));
    printf("%llu\n", (unsigned long long)v);
    SHOW(read(e, &v, 8));
}

static void timer(void)
{
    uint64_t v;
    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec it = { { 0, 0 }, { 0, 100000000 } }, old;
    SHOW(timerfd_settime(t, 0, &it, NULL));
    SHOW(timerfd_gettime(t, &old));
    OK(old.it_value.tv_sec == 0 && old.it_value.tv_nsec <= 100000000 && old.it_value.tv_nsec > 0);
    struct pollfd tp = { t, POLLIN, 0 };
    SHOW(poll(&tp, 1, 1000));
    SHOW(read(t, &v, 8));
    printf("%llu\n", (unsigned long long)v);
}

static void signals(void)
{
    sigset_t m;
    sigemptyset(&m);
    sigaddset(&m, SIGUSR1); sigaddset(&m, SIGRTMIN + 2);
    SHOW(sigprocmask(SIG_BLOCK, &m, NULL));
    int s = signalfd(-1, &m, SFD_CLOEXEC);
    SHOW(s >= 0);
    union sigval sv = { .sival_int = 4711 };
    SHOW(sigqueue(getpid(), SIGRTMIN + 2, sv));
    struct signalfd_siginfo si;
    SHOW(read(s, &si, sizeof si));
    printf("%d %d %d\n", si.ssi_signo == (unsigned)SIGRTMIN + 2, si.ssi_int, si.ssi_pid == (unsigned)getpid());
}

static void notifications(void)
{
    char dir[] = "/tmp/sysinXXXXXX", file[64], buf[512] __attribute__((aligned(8)));
    if (!mkdtemp(dir)) return;
    int in = inotify_init1(IN_NONBLOCK);
    SHOW(inotify_add_watch(in, dir, IN_CREATE | IN_DELETE));
    snprintf(file, sizeof file, "%s/new", dir);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    unlink(file);
    rmdir(dir);
    int n = read(in, buf, sizeof buf);
    for (int i = 0; i < n; ) {
        struct inotify_event *x = (void *)(buf + i);
        printf("wd %d mask %x len %d %s\n", x->wd, x->mask & ~IN_IGNORED, (int)x->len, x->len ? x->name : "");
        i += sizeof *x + x->len;
    }
}

int main(void)
{
    int p[2];
    if (pipe(p)) return 1;
    sigemptyset(&none);
    polling(p);
    selecting(p);
    epoll(p);
    event_counter();
    timer();
    signals();
    notifications();
    return 0;
}
