/* SPDX-License-Identifier: Apache-2.0 */
/* The main stack: small at start, grown by the program's and the kernel's accesses up to the limit of the moment, with
 * a gap to what is below. Other MAP_GROWSDOWN mappings likewise. Linux: mm/mmap.c expand_downwards. */
#include "os_check.h"
#include <sys/socket.h>
#include <sys/uio.h>

enum { KB = 1 << 10, MB = 1 << 20 };
static sigjmp_buf jump;
static volatile int last_code;
static void on_fault(int sig, siginfo_t *info, void *uc) { last_code = info->si_code; siglongjmp(jump, 1); }
#define FAULTS(e) (!sigsetjmp(jump, 1) ? ((e), 0) : 1)
static long page;

/* The line of /proc/self/maps that holds an address, or that has a name. */
static int line_of(const void *at, const char *name, uintptr_t *start, uintptr_t *end)
{
    char line[512];
    int found = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && !found && fgets(line, sizeof line, f)) {
        unsigned long a, b;
        if (sscanf(line, "%lx-%lx", &a, &b) != 2) continue;
        found = name ? strstr(line, name) != NULL : (uintptr_t)at >= a && (uintptr_t)at < b;
        *start = a;
        *end = b;
    }
    if (f) fclose(f);
    return found;
}

static long status_kb(const char *key)
{
    char line[256];
    long v = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && v < 0 && fgets(line, sizeof line, f))
        if (!strncmp(line, key, strlen(key))) v = atol(line + strlen(key));
    if (f) fclose(f);
    return v;
}

static void set_limit(rlim_t bytes)
{
    struct rlimit lim;
    getrlimit(RLIMIT_STACK, &lim);
    lim.rlim_cur = bytes;
    CHECK(!setrlimit(RLIMIT_STACK, &lim));
}

static void starts_small_and_grows(void)
{
    uintptr_t start, end, now;
    CHECK(line_of(NULL, "[stack]", &start, &end));
    CHECK(end - start < 2 * MB);
    volatile char *deep = (volatile char *)start - MB;
    *deep = 5;
    CHECK(*deep == 5);
    CHECK(line_of(NULL, "[stack]", &now, &end) && now <= (uintptr_t)deep && now + 512 * KB > (uintptr_t)deep);
    long kb = status_kb("VmStk:");
    CHECK(kb >= (long)(end - (uintptr_t)deep) / 1024 && kb < (long)(end - (uintptr_t)deep + MB) / 1024);
}

/* The kernel's own accesses grow it too, each as the first one to its page. */
static char *next_deep(void)
{
    uintptr_t start, end;
    CHECK(line_of(NULL, "[stack]", &start, &end));
    return (char *)start - 64 * KB;
}

static void kernel_writes(void)
{
    int fds[2], dgram[2], status = 0;
    char *p = next_deep();
    CHECK(!pipe(fds) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram));
    CHECK(write(fds[1], "abcdef", 6) == 6 && read(fds[0], p, 6) == 6 && !memcmp(p, "abcdef", 6));
    p = next_deep();
    CHECK(write(dgram[1], "datagram", 8) == 8 && recv(dgram[0], p, 100, MSG_DONTWAIT) == 8);
    CHECK(!memcmp(p, "datagram", 8));
    p = next_deep();
    struct iovec v[2] = { { &status, 1 }, { p, 3 } };
    CHECK(write(fds[1], "xyz", 3) == 3 && readv(fds[0], v, 2) >= 1);
    pid_t pid = fork();
    if (!pid) _exit(7);
    int *code = (int *)next_deep();
    CHECK(waitpid(pid, code, 0) == pid && WEXITSTATUS(*code) == 7);
    struct timespec *ts = (struct timespec *)next_deep();
    CHECK(!syscall(SYS_getrusage, RUSAGE_SELF, next_deep()));
    CHECK(!nanosleep(ts, NULL));                                /* reading grows it as well */
    CHECK(access(next_deep(), F_OK) == -1 && errno == ENOENT);  /* the empty name */
    sigset_t *set = (sigset_t *)next_deep();
    CHECK(!sigprocmask(SIG_BLOCK, NULL, set) && !sigismember(set, SIGUSR1));
    close(fds[0]); close(fds[1]); close(dgram[0]); close(dgram[1]);
}

static int __attribute__((noinline)) deeper(int n, char *from, size_t *depth)
{
    volatile char frame[4000];
    frame[0] = (char)n;
    *depth = (size_t)(from - (char *)frame);
    return n > 100000000 ? 0 : deeper(n + 1, from, depth) + frame[0];
}

static void limit_is_the_moments(void)
{
    uintptr_t start, end;
    size_t depth = 0;
    char here;
    for (int mb = 8; mb <= 48; mb += 20) {
        set_limit((rlim_t)mb * MB);
        CHECK(FAULTS(deeper(0, &here, &depth)) && last_code == SEGV_MAPERR);
        CHECK(line_of(NULL, "[stack]", &start, &end) && end - start <= (size_t)mb * MB);
        CHECK(end - start > (size_t)mb * MB - 256 * KB && depth < (size_t)mb * MB);
    }
    set_limit(8 * MB);                                          /* what is there stays */
    CHECK(!FAULTS(*(volatile char *)(start + page)) && line_of(NULL, "[stack]", &start, &end) && end - start > 40 * MB);
    CHECK(FAULTS(*(volatile char *)(start - 1)));
    int fds[2];
    CHECK(!pipe(fds) && write(fds[1], "a", 1) == 1);
    CHECK(read(fds[0], (char *)start - 64, 1) == -1 && errno == EFAULT);
    close(fds[0]); close(fds[1]);
}

static int __attribute__((noinline)) large_frame(size_t len)
{
    volatile char *local = __builtin_alloca(len);
    local[0] = 1;
    local[len / 2] = 2;
    return local[0] + local[len / 2] + local[len - 1] * 0;
}

/* Run by exec: the limit at exec decides how far mappings stay away. */
static int in_child(const char *what)
{
    size_t len = (size_t)atoi(what) * MB;
    uintptr_t start, end;
    CHECK(line_of(NULL, "[stack]", &start, &end));
    for (int i = 0; i < 50; i++) {
        char *m = mmap(NULL, 64 * KB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(m != MAP_FAILED && ((uintptr_t)m + 64 * KB <= end - len || (uintptr_t)m > end));
    }
    CHECK(large_frame(len) == 3);
    return check_failures != 0;
}

static void exec_with_limit(rlim_t limit, const char *mb)
{
    int status;
    struct rlimit lim;
    getrlimit(RLIMIT_STACK, &lim);
    if (lim.rlim_max != RLIM_INFINITY && (limit == RLIM_INFINITY || limit > lim.rlim_max)) return;
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        set_limit(limit);
        execl("/proc/self/exe", "os_growth", mb, (char *)NULL);
        _exit(9);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* A mapping of the program's own, with room below it. */
static void own_mapping(void)
{
    enum { ROOM = 16 * MB };
    uintptr_t start, end;
    int fds[2];
    char *room = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(room != MAP_FAILED && !munmap(room + 4 * MB, ROOM - 4 * MB));
    char *top = room + ROOM - 64 * KB;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED;
    CHECK(mmap(top, 64 * KB, PROT_READ | PROT_WRITE, flags, -1, 0) == top);
    CHECK(!pipe(fds) && write(fds[1], "abc", 3) == 3 && read(fds[0], top - 128 * KB, 3) == 3 && top[-128 * KB] == 'a');
    CHECK(line_of(top, NULL, &start, &end) && start == (uintptr_t)top - 128 * KB);
    CHECK(write(fds[1], top - 192 * KB, 3) == 3);
    /* the limit counts the whole mapping; PROT_NONE below is no neighbour to keep away from, others are */
    CHECK(FAULTS(top[-10 * MB] = 1));
    set_limit(16 * MB);
    CHECK(!FAULTS(top[-10 * MB] = 1));
    CHECK(!mprotect(room, 4 * MB, PROT_READ));
    CHECK(FAULTS(room[4 * MB + 256 * page - 1] = 1) && !FAULTS(room[4 * MB + 256 * page] = 1));
    CHECK(!mprotect(room, 4 * MB, PROT_NONE) && !FAULTS(room[4 * MB] = 1));
    CHECK(!munmap(room, ROOM));
    set_limit(8 * MB);
    close(fds[0]); close(fds[1]);
}

/* The kernel's choice keeps the gap free. */
static void choice_keeps_away(void)
{
    char *m[20], *low = mmap(NULL, 64 * KB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    for (int i = 0; i < 20; i++) {
        m[i] = mmap(NULL, 64 * KB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(m[i] >= low + 64 * KB || m[i] + 64 * KB + 256 * page <= low);
    }
    char *hint = low - 128 * KB;
    CHECK(mmap(hint, 64 * KB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != hint);
    for (int i = 0; i < 20; i++) munmap(m[i], 64 * KB);
    munmap(low, 64 * KB);
}

static void *from_thread(void *deep) { return (void *)(long)(*(volatile char *)deep = 3); }

static void others_grow_it(void)
{
    pthread_t t;
    void *r;
    int status;
    char *deep = next_deep();
    pid_t pid = fork();
    if (!pid) _exit(FAULTS(*(volatile char *)deep = 1));
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(!pthread_create(&t, NULL, from_thread, deep) && !pthread_join(t, &r) && r == (void *)3L && *deep == 3);
}

int main(int argc, char **argv)
{
    stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    page = sysconf(_SC_PAGESIZE);
    sigaltstack(&ss, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    if (argc > 1) return in_child(argv[1]);
    set_limit(8 * MB);
    if (!strstr(argv[0], "again")) {            /* from a limit of our own choice */
        execl("/proc/self/exe", "again", (char *)NULL);
        return 9;
    }
    starts_small_and_grows();
    kernel_writes();
    others_grow_it();
    own_mapping();
    choice_keeps_away();
    limit_is_the_moments();
    exec_with_limit(RLIM_INFINITY, "24");
    exec_with_limit((rlim_t)200 * MB, "150");
    return CHECK_END();
}
