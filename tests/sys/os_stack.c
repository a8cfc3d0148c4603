/* SPDX-License-Identifier: Apache-2.0 */
/* Stack overflow is SIGSEGV on the alternate stack, its size follows RLIMIT_STACK, MAP_GROWSDOWN mappings grow. */
#include "os_check.h"
static sigjmp_buf jump;
static volatile int last_sig, last_code;
static void on_fault(int sig, siginfo_t *info, void *uc)
{
    last_sig = sig;
    last_code = info->si_code;
    siglongjmp(jump, 1);
}
static char *volatile deepest;
static int __attribute__((noinline)) deeper(int n)
{
    volatile char frame[2000];
    frame[0] = (char)n;
    deepest = (char *)frame;
    return n > 100000000 ? 0 : deeper(n + 1) + frame[0];
}

static size_t overflow(void)
{
    char here;
    last_sig = 0;
    if (!sigsetjmp(jump, 1)) deeper(0);
    CHECK(last_sig == SIGSEGV && last_code == SEGV_MAPERR);
    return (size_t)(&here - deepest);
}

static void follows_limit(void)
{
    struct rlimit lim;
    int status;
    pid_t pid = fork();
    if (!pid) {
        getrlimit(RLIMIT_STACK, &lim);
        lim.rlim_cur = 1 << 20;
        setrlimit(RLIMIT_STACK, &lim);
        execl("/proc/self/exe", "os_stack", "small", (char *)NULL);
        _exit(9);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    if (!(pid = fork())) { signal(SIGSEGV, SIG_DFL); deeper(0); _exit(0); }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void grows(void)
{
    enum { STEP = 65536, ROOM = 128 * STEP };
    char *room = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *top = room + ROOM - STEP;
    munmap(room, ROOM);
    CHECK(
        mmap(top, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0) == top);
    if (!sigsetjmp(jump, 1)) { top[-100] = 5; top[-3 * STEP] = 6; CHECK(top[-100] == 5 && top[-3 * STEP] == 6); }
    else CHECK(!"grows");
    CHECK(!munmap(top - 4 * STEP, 5 * STEP));
}

int main(int argc, char **argv)
{
    stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigaltstack(&ss, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    size_t depth = overflow();
    if (argc > 1) return depth > 1 << 20 || depth < 1 << 19;
    for (int i = 0; i < 3; i++) overflow();
    follows_limit();
    grows();
    return CHECK_END();
}
