/* SPDX-License-Identifier: Apache-2.0 */
/* Time limits that calls refuse, what they leave of them, and calls about the process that carry a plain word. */
#include "os_check.h"
#include <linux/membarrier.h>
#include <sys/prctl.h>
#include <sys/socket.h>
enum { GET_REGISTRATIONS = 1 << 9 };

static void on_alarm(int sig) { }
static void alarm_soon(void)
{
    struct itimerval again = { { 0, 200000 }, { 0, 20000 } };           /* the first may come before the call */
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
    setitimer(ITIMER_REAL, &again, NULL);
}
static void alarm_off(void) { setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL); }

static void sleeps(void)
{
    void *bad = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long req[2] = { 1000, 0 }, rem[2] = { -1, -1 };
    alarm_soon();
    CHECK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, req, rem) == -1 && errno == EINTR && rem[0] >= 900 &&
        rem[0] < 1000);
    alarm_soon();
    CHECK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, req, NULL) == -1 && errno == EINTR);
    alarm_soon();
    CHECK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, req, bad) == -1 && errno == EFAULT);
    alarm_soon();
    CHECK(syscall(SYS_nanosleep, req, bad) == -1 && errno == EFAULT);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    req[0] = now.tv_sec + 1000;
    alarm_soon();                               /* absolute: nothing remains */
    rem[0] = -1;
    CHECK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, req, bad) == -1 && errno == EINTR);
    alarm_off();
    req[0] = 0; req[1] = 1000;
    CHECK(!syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, req, bad));
    req[1] = 1000000000;
    CHECK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, req, NULL) == -1 && errno == EINVAL);
    req[0] = -1; req[1] = 0;
    CHECK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, req, bad) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (void *)8, NULL) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_clock_nanosleep, 77, 0, req, NULL) == -1 && errno == EINVAL);
    munmap(bad, 65536);
}

/* The old call of each architecture: two words. */
static void messages(void)
{
    int fd[2];
    char text[4] = "abc";
    struct iovec v = { text, 3 };
    struct mmsghdr m[2] = { { { .msg_iov = &v, .msg_iovlen = 1 } }, { { .msg_iov = &v, .msg_iovlen = 1 } } };
    const long wrong[][2] = { { -1, 0 }, { 0, -1 }, { 0, 1000000000 }, { 1, 2000000000 } };
    CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
    for (int i = 0; i < 4; i++) {
        long ts[2] = { wrong[i][0], wrong[i][1] };
        alarm_soon();
        CHECK(syscall(SYS_recvmmsg, fd[0], m, 2, 0, ts) == -1 && errno == EINVAL);
        CHECK(syscall(SYS_recvmmsg, -1, m, 2, 0, ts) == -1 && errno == EINVAL);
    }
    alarm_soon();
    CHECK(syscall(SYS_recvmmsg, fd[0], m, 2, 0, (void *)8) == -1 && errno == EFAULT);
    alarm_off();
    long none[2] = { 0, 0 }, some[2] = { 5, 0 };
    CHECK(write(fd[1], "x", 1) == 1 && write(fd[1], "yz", 2) == 2 && write(fd[1], "q", 1) == 1);
    CHECK(syscall(SYS_recvmmsg, fd[0], m, 2, 0, none) == 1 && m[0].msg_len == 1);      /* looked at behind each */
    CHECK(syscall(SYS_recvmmsg, fd[0], m, 2, 0, some) == 2 && m[0].msg_len == 2 && some[0] == 4 && some[1] > 0);
    close(fd[0]); close(fd[1]);
}

static void barriers(void)
{
    int can = (int)syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    CHECK(can > 0 && (can & MEMBARRIER_CMD_PRIVATE_EXPEDITED));
    CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == -1 && errno == EPERM);
    if (can & GET_REGISTRATIONS) CHECK(syscall(SYS_membarrier, GET_REGISTRATIONS, 0, 0) == 0);
    if (can & MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE) {
        CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0) == -1 && errno == EPERM);
        CHECK(!syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
        CHECK(!syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
        if (can & GET_REGISTRATIONS)
            CHECK(syscall(SYS_membarrier, GET_REGISTRATIONS, 0, 0) ==
                (MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE));
    }
    CHECK(!syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
    CHECK(!syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
    CHECK(!syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0));
    if (can & GET_REGISTRATIONS)
        CHECK(syscall(SYS_membarrier, GET_REGISTRATIONS, 0, 0) & MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
    CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 1, 0) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_membarrier, 1 << 20, 0, 0) == -1 && errno == EINVAL);
}

/* Where there are two, the old one is from when limits were signed. */
#ifdef SYS_ugetrlimit
#define NEW_GETRLIMIT SYS_ugetrlimit
#define MOST 0x7ffffffful
#else
#define NEW_GETRLIMIT SYS_getrlimit
#define MOST (~0ul)
#endif
/* getrlimit and its relatives: each of the limits, as two words; RLIM_INFINITY is all bits of a word. */
static void limits(void)
{
    unsigned long l[2], old[2];
    CHECK(syscall(SYS_prlimit64, 0, RLIM_NLIMITS, NULL, NULL) == -1 && errno == EINVAL);
#ifdef SYS_getrlimit
    CHECK(syscall(SYS_getrlimit, RLIM_NLIMITS, l) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_getrlimit, RLIMIT_CORE, (void *)8) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_getrlimit, RLIMIT_CORE, NULL) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_getrlimit, RLIM_NLIMITS, NULL) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_setrlimit, RLIMIT_CORE, NULL) == -1 && errno == EFAULT);
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        unsigned long long wide[2];
        CHECK(!syscall(SYS_getrlimit, i, l) && !syscall(SYS_prlimit64, 0, i, NULL, wide));
        for (int j = 0; j < 2; j++) CHECK(l[j] == (wide[j] > MOST ? MOST : (unsigned long)wide[j]));
    }
    CHECK(!syscall(NEW_GETRLIMIT, RLIMIT_CORE, old));
    l[0] = 4096; l[1] = old[1];
    CHECK(!syscall(SYS_setrlimit, RLIMIT_CORE, l) && !syscall(NEW_GETRLIMIT, RLIMIT_CORE, l) && l[0] == 4096 &&
        l[1] == old[1]);
    l[0] = 2; l[1] = 1;
    CHECK(syscall(SYS_setrlimit, RLIMIT_CORE, l) == -1 && errno == EINVAL && !syscall(SYS_setrlimit, RLIMIT_CORE, old));
    /* 2^31 and more bytes: no sign */
    l[0] = 0x80000000ul; l[1] = old[1];
    if (old[1] >= l[0]) {
        CHECK(
            !syscall(SYS_setrlimit, RLIMIT_CORE, l) && !syscall(NEW_GETRLIMIT, RLIMIT_CORE, l) && l[0] == 0x80000000ul);
        CHECK(!syscall(SYS_setrlimit, RLIMIT_CORE, old));
    }
#endif
}

int main(void)
{
    alarm(60);
    sleeps(); messages(); limits(); barriers();
    return CHECK_END();
}
