/* SPDX-License-Identifier: Apache-2.0 */
/* Calls without a wrapper in older C libraries: futex_waitv, Landlock; and which of two errors comes first. */
#include "check.h"
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

typedef struct Waiter { uint64_t val, uaddr; uint32_t flags, reserved; } Waiter;
typedef struct Time64 { int64_t sec, nsec; } Time64;
static uint32_t word[3] = { 1, 0x01020304, 3 };

static void *waker(void *unused)
{
    for (int i = 0; i < 5000; i++) {
        __atomic_store_n(&word[1], 5, __ATOMIC_SEQ_CST);
        if (syscall(SYS_futex, &word[1], 1, 1, NULL, NULL, 0) == 1) break;       /* FUTEX_WAKE */
        usleep(1000);
    }
    return NULL;
}

static void waitv(void)
{
    Waiter w[3];
    struct timespec now;
    pthread_t t;
    for (int i = 0; i < 3; i++) w[i] = (Waiter){ word[i], (uintptr_t)&word[i], 2 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    Time64 soon = { now.tv_sec, now.tv_nsec }, late = { now.tv_sec + 20, 0 };
    SHOW(syscall(449, w, 3, 0, &soon, CLOCK_MONOTONIC));
    w[2].val = 4;
    SHOW(syscall(449, w, 3, 0, &soon, CLOCK_MONOTONIC));
    w[2].val = 3;
    SHOW(syscall(449, w, 0, 0, NULL, 0));
    SHOW(syscall(449, w, 129, 0, NULL, 0));
    SHOW(syscall(449, w, 3, 1, NULL, 0));
    SHOW(syscall(449, (void *)1, 3, 0, NULL, 0));
    SHOW(syscall(449, w, 3, 0, &soon, 77));
    pthread_create(&t, NULL, waker, NULL);
    long r = syscall(449, w, 3, 0, &late, CLOCK_MONOTONIC);
    printf("woken: %d\n", r == 1 || (r < 0 && errno == EAGAIN));        /* the word may have changed before */
    pthread_join(t, NULL);
}

static void landlock(void)
{
    struct { uint64_t fs, net; } rules = { 1 << 2, 0 };            /* READ_FILE */
    struct { uint64_t allowed; int32_t fd; } __attribute__((packed)) beneath = { 1 << 2, -1 };
    SHOW(syscall(444, NULL, 0, 1) > 0);
    SHOW(syscall(444, &rules, 3, 0));
    SHOW(syscall(444, (void *)1, 8, 0));
    SHOW(syscall(444, &(uint64_t){ 1ull << 60 }, 8, 0));
    mkdir("ll", 0755);
    close(open("ll/in", O_CREAT | O_WRONLY, 0644));
    close(open("ll-out", O_CREAT | O_WRONLY, 0644));
    int fd = syscall(444, &rules, 8, 0);
    OK(fd >= 0);
    SHOW(syscall(445, fd, 1, &beneath, 0));
    beneath.fd = open("ll", O_PATH | O_DIRECTORY);
    SHOW(syscall(445, fd, 1, &beneath, 0));
    SHOW(syscall(445, fd, 9, &beneath, 0));
    SHOW(syscall(445, fd, 1, (void *)1, 0));
    fflush(stdout);
    if (!fork()) {
        prctl(38 /* PR_SET_NO_NEW_PRIVS */, 1, 0, 0, 0);
        SHOW(syscall(446, fd, 0));
        OK(open("ll/in", O_RDONLY) >= 0);
        SHOW(open("ll-out", O_RDONLY) >= 0);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

static void order(void)
{
    void *bad = (void *)1;
    socklen_t negative = -1;
    int file = open("ll-out", O_RDONLY);
    SHOW(epoll_ctl(-1, EPOLL_CTL_ADD, 0, bad));
    SHOW(epoll_ctl(-1, EPOLL_CTL_DEL, 0, bad));
    SHOW(access(bad, 99));
    SHOW(faccessat(AT_FDCWD, bad, 99, 0));
    SHOW(bind(file, bad, 16));
    SHOW(bind(file, bad, 1000));
    SHOW(bind(-1, bad, 16));
    SHOW(connect(file, bad, 16));
    SHOW(accept(file, bad, bad));
    SHOW(accept4(file, bad, bad, 0x12345));
    SHOW(getsockname(file, bad, &negative));
    SHOW(readv(-1, bad, 1));
    SHOW(readv(-1, bad, 5000));
    SHOW(readv(file, bad, 5000));
    SHOW(readv(file, bad, 1));
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW(bind(s, bad, 16));
    SHOW(bind(s, bad, 1000));
    SHOW(getsockname(s, bad, &negative));
    SHOW(getsockname(s, bad, bad));
}

int main(void)
{
    waitv();
    landlock();
    order();
    return 0;
}
