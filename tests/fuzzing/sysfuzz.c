/* SPDX-License-Identifier: Apache-2.0 */
/* sysfuzz SEED COUNT [NAME]: calls every system call COUNT times with arguments of which some are bad: wild, unaligned
 * and page-end pointers, read-only and forbidden memory, huge and negative sizes, wrong descriptors. Arguments are
 * drawn by name, so that the lines of a native run and of a guest's can be compared. One child per system call; a child
 * that ends otherwise than by itself gets a line. calls.h has rows { number, name, one letter per argument } made from
 * linux-user/desc. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Call { int nr; const char *name, *args; } Call;
static const Call calls[] = {
#include "calls.h"
};
enum { NCALLS = sizeof calls / sizeof *calls, PAGE = 65536, FDS = 10 };

static uint64_t state;
static unsigned rnd(unsigned n)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(state >> 33) % n;
}

/* zeroed memory; a readable page; a forbidden page; the end of a readable and writable page before it */
static char *good, *readonly, *hole, *edge;
static int fds[FDS];
typedef struct Value { const char *name; long v; } Value;

static Value pointer(void)
{
    switch (rnd(16)) {
    case 0: return (Value){ "NULL", 0 };
    case 1: return (Value){ "16", 16 };
    case 2: return (Value){ "hole", (long)hole };
    case 3: return (Value){ "hole+1", (long)hole + 1 };
    case 4: return (Value){ "edge", (long)edge };
    case 5: return (Value){ "edge-1", (long)edge - 1 };
    case 6: return (Value){ "edge-4", (long)edge - 4 };
    case 7: return (Value){ "edge-13", (long)edge - 13 };
    case 8: return (Value){ "-1", -1 };
    case 9: return (Value){ "-4096", -4096 };
    case 10: return (Value){ "readonly", (long)readonly };
    case 11: return (Value){ "good+1", (long)good + 1 };
    case 12: return (Value){ "min", (long)(1ul << (8 * sizeof(long) - 1)) };
    default: return (Value){ "good", (long)good };
    }
}

static Value string(void)
{
    switch (rnd(8)) {
    case 0: return (Value){ "edge-3", (long)edge - 3 };         /* no end */
    case 1: return (Value){ "good", (long)good };               /* "" */
    case 2: case 3: return pointer();
    default: return (Value){ "\"f\"", (long)"f" };
    }
}

static Value number(int size)
{
    static const Value sizes[] = { { "0", 0 }, { "1", 1 }, { "4", 4 }, { "7", 7 }, { "8", 8 }, { "16", 16 },
        { "64", 64 }, { "128", 128 }, { "4096", 4096 } };
    static const Value wild[] = { { "-1", -1 }, { "-8", -8 }, { "INT_MAX", 0x7fffffff }, { "INT_MIN", -0x7fffffff - 1 },
        { "1<<20", 1 << 20 }, { "3", 3 }, { "65536", 65536 } };
    return rnd(10) < (size ? 7 : 8) ? sizes[rnd(size ? 9 : 5)] : wild[rnd(7)];
}

static Value descriptor(void)
{
    static const char *const names[FDS] = { "file", "dir", "null", "zero", "pipe0", "pipe1", "sock", "sock2", "epoll",
        "event" };
    static const Value wild[] = { { "-1", -1 }, { "AT_FDCWD", AT_FDCWD }, { "999", 999 }, { "INT_MAX", 0x7fffffff } };
    unsigned i = rnd(FDS + 4);
    if (i < FDS) return (Value){ names[i], fds[i] };
    return wild[i - FDS];
}

static Value draw(char kind)
{
    switch (kind) {
    case 'p': return rnd(3) ? (Value){ "good", (long)good } : pointer();
    case 's': return string();
    case 'f': return descriptor();
    case 'n': return number(1);
    default: return number(0);
    }
}

static void on_alarm(int sig) { }

static void prepare(void)
{
    good = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    edge = good + PAGE;
    hole = edge;
    readonly = good + 2 * PAGE;
    mprotect(hole, PAGE, PROT_NONE);
    mprotect(readonly, PAGE, PROT_READ);
    int p[2], s[2];
    fds[0] = open("f", O_RDWR | O_CREAT, 0600);
    fds[1] = open(".", O_RDONLY | O_DIRECTORY);
    fds[2] = open("/dev/null", O_RDWR);
    fds[3] = open("/dev/zero", O_RDWR);
    if (pipe(p) || socketpair(AF_UNIX, SOCK_STREAM, 0, s)) exit(2);
    fds[4] = p[0]; fds[5] = p[1]; fds[6] = s[0]; fds[7] = s[1];
    fds[8] = epoll_create1(0);
    fds[9] = eventfd(0, 0);
    struct sigaction sa = { .sa_handler = on_alarm };
    sigaction(SIGALRM, &sa, NULL);
    struct itimerval t = { { 0, 10000 }, { 0, 10000 } };
    setitimer(ITIMER_REAL, &t, NULL);
}

static void run(const Call *c, int count)
{
    char line[300];
    int out = dup2(1, 800), nargs = (int)strlen(c->args);
    close(1);
    open("/dev/null", O_WRONLY);
    prepare();
    for (const char *p = c->name; *p; p++) state = state * 31 + (unsigned char)*p;
    for (int i = 0; i < count; i++) {
        long a[6] = { 0 };
        int n = snprintf(line, sizeof line, "%s(", c->name);
        for (int k = 0; k < nargs && k < 6; k++) {
            Value v = draw(c->args[k]);
            a[k] = v.v;
            n += snprintf(line + n, sizeof line - n, "%s%s", k ? "," : "", v.name);
        }
        memset(good, 0, PAGE);
        errno = 0;
        long r = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
        n += snprintf(line + n, sizeof line - n, ") = %s\n",
            r == -1 ? strerrorname_np(errno) ? strerrorname_np(errno) : "?" : "ok");
        if (write(out, line, n) != n) _exit(3);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    int count = atoi(argv[2]);
    if (!geteuid() && setresuid(65534, 65534, 65534)) return 2;
    for (int i = 0; i < NCALLS; i++) {
        int status;
        if (argc > 3 && strcmp(argv[3], calls[i].name)) continue;
        pid_t pid = fork();
        if (!pid) { state = strtoull(argv[1], 0, 0); run(&calls[i], count); }
        for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms++) {
            usleep(1000);
            if (ms == 5000 + 100 * count) { printf("%s: HANG\n", calls[i].name); kill(pid, SIGKILL); }
        }
        if (WIFSIGNALED(status)) printf("%s: DIED of signal %d\n", calls[i].name, WTERMSIG(status));
        else if (WEXITSTATUS(status)) printf("%s: EXIT %d\n", calls[i].name, WEXITSTATUS(status));
        fflush(stdout);
    }
    return 0;
}
