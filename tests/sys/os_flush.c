/* SPDX-License-Identifier: Apache-2.0 */
/* System calls of one thread while another makes so much code that the code cache is emptied (-tb-size 1): calls that
 * sleep meanwhile, calls that a signal interrupts, and calls that fail. */
#include "os_check.h"
#include "emit.h"

enum { FUNCTIONS = 16384, ROUNDS = 4 };
static volatile int stop, signals;
static int fds[2];

static void on_signal(int sig) { signals++; }

static void *sleeper(void *none)
{
    long got = 0, n;
    char c[8];
    while ((n = read(fds[0], c, 1)) == 1) got += c[0];      /* restarted when interrupted: SA_RESTART */
    CHECK(n == 0);
    return (void *)got;
}

static void *caller(void *none)
{
    pid_t parent = getppid();
    long n = 0;
    do {                            /* once at least: on a busy machine all may be over before this thread starts */
        CHECK(syscall(SYS_getppid) == parent);
        CHECK(syscall(SYS_fsync, -1) == -1 && errno == EBADF);
        CHECK(syscall(SYS_getpgid, 0) == getpgrp());
        n++;
    } while (!stop);
    return (void *)n;
}

static void *napper(void *none)
{
    long interrupted = 0;
    while (!stop) {
        fd_set none_ready;
        FD_ZERO(&none_ready);
        struct timespec ts = { 0, 300000 };
        int r = pselect(0, NULL, NULL, NULL, &ts, NULL);
        CHECK(r == 0 || errno == EINTR);
        interrupted += r < 0;
    }
    return (void *)interrupted;
}

int main(void)
{
    pthread_t t[3];
    void *(*const fn[3])(void *) = { sleeper, caller, napper };
    void *got = NULL;
    struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &sa, NULL);
    CHECK(pipe(fds) == 0);
    for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, fn[i], NULL);
    char *code = mmap(NULL, FUNCTIONS * CODE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < FUNCTIONS; i++) emit(code + i * CODE_BYTES, i % 2000);
    CHECK(mprotect(code, FUNCTIONS * CODE_BYTES, PROT_READ | PROT_EXEC) == 0);
    __builtin___clear_cache(code, code + FUNCTIONS * CODE_BYTES);
    long sent = 0;
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < FUNCTIONS; i++) {
            int want = i % 2000, bad = 0;
            for (int k = 0; k < 3; k++) bad += ((int (*)(void))(code + i * CODE_BYTES))() != want;
            CHECK(!bad);
            if (i % 256 == 0) { CHECK(write(fds[1], "\1", 1) == 1); sent++; }
            if (i % 64 == 0) pthread_kill(t[i / 64 % 3], SIGUSR1);
        }
    stop = 1;
    close(fds[1]);
    pthread_join(t[0], &got);
    CHECK((long)got == sent);
    pthread_join(t[1], &got);
    CHECK((long)got > 0);
    pthread_join(t[2], NULL);
    CHECK(signals > 0);
    return CHECK_END();
}
