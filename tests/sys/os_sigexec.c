/* SPDX-License-Identifier: Apache-2.0 */
/* Signals round execve(2): none is lost, whenever it comes; pending ones, the mask and what is ignored stay. */
#include "os_check.h"

static char *self;
static volatile int got[65];
static void on_signal(int sig) { got[sig]++; }
static void on_alarm(int sig) { _exit(7); }

static int status_of(pid_t kid)
{
    int st;
    while (waitpid(kid, &st, 0) < 0 && errno == EINTR) { }
    return WIFSIGNALED(st) ? WTERMSIG(st) : -WEXITSTATUS(st);
}

/* What the new image is told to do. */
static int as_child(const char *what)
{
    sigset_t pending, mask, all;
    sigpending(&pending);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    if (!strcmp(what, "wait")) { sleep(3); return 5; }     /* the signal was lost */
    if (!strcmp(what, "pending")) {
        int sig[] = { SIGTERM, SIGUSR1, SIGSEGV, SIGBUS, SIGRTMIN + 1 }, bad = 0;
        for (unsigned i = 0; i < sizeof sig / sizeof *sig; i++)
            bad |= (!sigismember(&pending, sig[i]) || !sigismember(&mask, sig[i])) << i;
        if (bad || sigismember(&pending, SIGUSR2) || sigismember(&mask, SIGUSR2)) return 64 | bad;
        for (unsigned i = 0; i < sizeof sig / sizeof *sig; i++) signal(sig[i], on_signal);
        sigemptyset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        for (unsigned i = 0; i < sizeof sig / sizeof *sig; i++) bad |= (got[sig[i]] != 1) << i;
        return bad;
    }
    if (!strcmp(what, "ignored")) {
        int sig[] = { SIGTERM, SIGBUS, SIGSEGV, SIGSYS, SIGRTMAX }, bad = 0;
        for (unsigned i = 0; i < sizeof sig / sizeof *sig; i++) {
            struct sigaction sa;
            sigaction(sig[i], NULL, &sa);
            bad |= (sa.sa_handler != SIG_IGN) << i;
            raise(sig[i]);
        }
        return bad;
    }
    if (!strcmp(what, "fault")) { *(volatile int *)8 = 1; return 5; }
    return 6;
}

static pid_t start(const char *what, void (*before)(void))
{
    fflush(stdout);
    pid_t kid = fork();
    if (kid) return kid;
    struct rlimit no = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no);
    before();
    execl("/proc/self/exe", self, "child", what, (char *)NULL);
    _exit(9);
}

static long delay;
static void arm(void)
{
    struct itimerval it = { .it_value = { 0, delay } };
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &it, NULL);
}

/* The alarm comes before, in or after execve: the handler's exit or the default action. */
static void alarm_races(void)
{
    int before = 0, after = 0, lost = 0;
    for (int i = 0; i < 40; i++) {
        delay = 100 + i * 75;
        int st = status_of(start("wait", arm));
        if (st == SIGALRM) after++;
        else if (st == -7) before++;
        else { lost++; printf("delay %ld: status %d\n", delay, st); break; }
    }
    CHECK(!lost && before + after == 40);
}

static void send_blocked(void)
{
    sigset_t set;
    int sig[] = { SIGTERM, SIGUSR1, SIGSEGV, SIGBUS, SIGRTMIN + 1 };
    sigemptyset(&set);
    for (unsigned i = 0; i < sizeof sig / sizeof *sig; i++) sigaddset(&set, sig[i]);
    sigprocmask(SIG_SETMASK, &set, NULL);
    for (unsigned i = 0; i < sizeof sig / sizeof *sig; i++) kill(getpid(), sig[i]);
}

static void ignore(void)
{
    int sig[] = { SIGTERM, SIGBUS, SIGSEGV, SIGSYS, SIGRTMAX };
    for (unsigned i = 0; i < sizeof sig / sizeof *sig; i++) signal(sig[i], SIG_IGN);
}

static void block_all(void)
{
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

/* An execve that the kernel refuses late (E2BIG), while signals come: each is taken once. */
static void failing(void)
{
    enum { N = 150, BIG = 128 * 1024 + 8 };
    char *big = malloc(BIG + 1);
    char *argv[] = { self, big, NULL };
    int sig[] = { SIGUSR1, SIGRTMIN + 1, SIGRTMIN + 2, SIGRTMIN + 4 }, total = 0, e2big = 0, refused = 0;
    memset(big, 'x', BIG);
    big[BIG] = 0;
    for (int i = 0; i < 4; i++) { signal(sig[i], on_signal); got[sig[i]] = 0; }
    fflush(stdout);
    pid_t parent = getpid(), kid = fork();
    if (!kid) {
        for (int i = 0; i < N; i++)
            for (int k = 1; k < 4; k++) {
                union sigval v = { .sival_int = i };
                while (sigqueue(parent, sig[k], v)) { }
                if (i % 8 == 0) usleep(50);
            }
        kill(parent, SIGUSR1);
        _exit(0);
    }
    while (!got[SIGUSR1]) { refused += execv("/proc/self/exe", argv) == -1; e2big += errno == E2BIG; }
    CHECK(status_of(kid) == 0);
    for (int i = 1; i < 65; i++) total += got[i];
    CHECK(refused == e2big && refused > 0);
    for (int k = 1; k < 4; k++) CHECK(got[sig[k]] == N);
    CHECK(got[SIGUSR1] == 1 && total == 3 * N + 1);
    for (int i = 0; i < 4; i++) signal(sig[i], SIG_DFL);
    free(big);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 2) return as_child(argv[2]);
    CHECK(status_of(start("pending", send_blocked)) == 0);
    CHECK(status_of(start("ignored", ignore)) == 0);
    CHECK(status_of(start("fault", block_all)) == SIGSEGV);
    failing();
    alarm_races();
    return CHECK_END();
}
