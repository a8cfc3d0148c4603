/* SPDX-License-Identifier: Apache-2.0 */
/* Robust mutexes in shared memory: whatever the end of the process or thread that holds one, another
 * process gets it. */
#include "os_check.h"
#include <linux/futex.h>

typedef struct Shared { pthread_mutex_t m, second; volatile int held, word, go; struct robust_list lone, last; } Shared;
static Shared *s;
static int kind;                    /* PTHREAD_PRIO_* */

static void mutex_new(pthread_mutex_t *m)
{
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setprotocol(&a, kind);
    CHECK(!pthread_mutex_init(m, &a));
}

static void holds(void)
{
    if (pthread_mutex_lock(&s->m) || pthread_mutex_lock(&s->second)) _exit(90);
    s->held = 1;
}
static void *holder(void *arg) { holds(); for (;;) pause(); return arg; }
static void *ends_holding(void *arg) { holds(); return arg; }
static void until_go(void) { while (!s->go) usleep(1000); }
static void *faults_holding(void *arg) { holds(); until_go(); *(volatile int *)8 = 1; return arg; }
static void execs(void) { execl("/proc/self/exe", "os_robust", "5", (char *)NULL); _exit(91); }

typedef enum End { KILLED, TERMINATED, EXITS, EXECS, FAULTS, FIRST_ENDS, OWN_EXIT, OWN_EXEC, ENDS } End;

static void victim(End end)
{
    pthread_t t;
    if (end == OWN_EXIT || end == OWN_EXEC) holds();
    else pthread_create(&t, NULL, end == FAULTS ? faults_holding : holder, NULL);
    if (end == FIRST_ENDS) pthread_exit(NULL);          /* the process lives on, and is killed */
    until_go();
    if (end == EXITS || end == OWN_EXIT) _exit(5);
    if (end == EXECS || end == OWN_EXEC) execs();
    for (;;) pause();
}

typedef struct Wait { pthread_t thread; int got; } Wait;
static void *waits(void *arg)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    ((Wait *)arg)->got = pthread_mutex_timedlock(&s->m, &until);
    if (((Wait *)arg)->got == EOWNERDEAD) { pthread_mutex_consistent(&s->m); pthread_mutex_unlock(&s->m); }
    return NULL;
}

static void one(End end, int early)
{
    Wait w = { 0 };
    int status;
    s->held = s->go = 0;
    mutex_new(&s->m); mutex_new(&s->second);
    pid_t pid = fork();
    if (!pid) { victim(end); _exit(92); }
    while (!s->held && waitpid(pid, &status, WNOHANG) == 0) usleep(1000);
    CHECK(s->held);
    if (early) { pthread_create(&w.thread, NULL, waits, &w); usleep(30000); }
    s->go = 1;
    if (end == KILLED || end == FIRST_ENDS) kill(pid, SIGKILL);
    if (end == TERMINATED) kill(pid, SIGTERM);
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!early) pthread_create(&w.thread, NULL, waits, &w);
    pthread_join(w.thread, NULL);
    if (w.got != EOWNERDEAD) printf("end %d early %d protocol %d: %s\n", end, early, kind, strerror(w.got));
    CHECK(w.got == EOWNERDEAD && pthread_mutex_trylock(&s->second) == EOWNERDEAD);
}

/* A thread of this process. */
static void thread_ends(void)
{
    pthread_t t;
    mutex_new(&s->m); mutex_new(&s->second);
    pthread_create(&t, NULL, ends_holding, NULL);
    pthread_join(t, NULL);
    CHECK(pthread_mutex_lock(&s->m) == EOWNERDEAD && pthread_mutex_trylock(&s->second) == EOWNERDEAD);
}

/* A list by hand: an entry that is only announced, and a circle that never ends. */
static struct robust_list_head head;
static void by_hand(int how)
{
    int status;
    s->held = s->word = 0;
    pid_t pid = fork();
    if (!pid) {
        head.list.next = &head.list;
        head.futex_offset = (char *)&s->word - (char *)&s->lone;
        if (how) { head.list.next = &s->lone; s->lone.next = &s->lone; } else head.list_op_pending = &s->lone;
        if (syscall(SYS_set_robust_list, &head, sizeof head)) _exit(1);
        s->word = (int)syscall(SYS_gettid);
        s->held = 1;
        for (;;) pause();
    }
    while (!s->held && waitpid(pid, &status, WNOHANG) == 0) usleep(1000);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &status, 0) == pid);
    for (int i = 0; i < 200 && !((unsigned)s->word & FUTEX_OWNER_DIED); i++) usleep(10000);
    CHECK((unsigned)s->word == FUTEX_OWNER_DIED);
}

static void ask(void)
{
    void *at = NULL;
    size_t len = 0;
    struct robust_list_head mine;
    CHECK(!syscall(SYS_get_robust_list, 0, &at, &len) && len == sizeof mine);
    void *libc = at;
    CHECK(syscall(SYS_set_robust_list, &mine, sizeof mine - 1) == -1 && errno == EINVAL);
    CHECK(!syscall(SYS_set_robust_list, &mine, sizeof mine) && !syscall(SYS_get_robust_list, getpid(), &at, &len) &&
        at == &mine);
    CHECK(!syscall(SYS_set_robust_list, libc, sizeof mine));
    CHECK(syscall(SYS_get_robust_list, 0x7ffffff0, &at, &len) == -1 && errno == ESRCH);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] == '5') return 5;
    alarm(100);
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (kind = PTHREAD_PRIO_NONE; kind <= PTHREAD_PRIO_INHERIT; kind++) {
        for (End end = KILLED; end < ENDS; end++) { one(end, 0); one(end, 1); }
        thread_ends();
    }
    by_hand(0); by_hand(1);
    ask();
    return CHECK_END();
}
