/* SPDX-License-Identifier: Apache-2.0 */
/* fork, vfork, posix_spawn, exec, threads, robust mutexes, identity in /proc. argv[1] selects what an
 * exec'd copy does. */
#include "os_check.h"

extern char **environ;
static char *self;
static volatile int shared;

static void vfork_shares(void)
{
    shared = 1;
    pid_t kid = vfork();
    if (!kid) { shared = 2; usleep(20000); _exit(5); }
    int st;
    CHECK(kid > 0 && shared == 2);
    CHECK(waitpid(kid, &st, 0) == kid && WIFEXITED(st) && WEXITSTATUS(st) == 5);
    kid = vfork();
    if (!kid) { char *a[] = { "argv zero", "exit", "9", NULL }; execv(self, a); _exit(1); }
    CHECK(waitpid(kid, &st, 0) == kid && WEXITSTATUS(st) == 9);
}

static void spawn(void)
{
    pid_t kid;
    int st;
    char *a[] = { self, "exit", "4", NULL };
    CHECK(!posix_spawn(&kid, self, NULL, NULL, a, environ));
    CHECK(waitpid(kid, &st, 0) == kid && WEXITSTATUS(st) == 4);
    CHECK(posix_spawn(&kid, "/does/not/exist", NULL, NULL, a, environ) == ENOENT);
    CHECK(posix_spawn(&kid, "/tmp", NULL, NULL, a, environ) == EACCES);
    CHECK(system("exit 6") == 6 << 8);
    char *none[] = { NULL };
    CHECK(execve("/etc/passwd", a, none) == -1 && errno == EACCES);
}

static void script(void)
{
    char name[] = "/tmp/scriptXXXXXX", text[4200];
    int fd = mkstemp(name), st;
    int n = snprintf(text, sizeof text, "#!%s script one two\nrest\n", self);
    CHECK(write(fd, text, n) == n);
    fchmod(fd, 0755);
    close(fd);
    fflush(stdout);
    pid_t kid = fork();
    if (!kid) { char *a[] = { "ignored", "three", NULL }; execv(name, a); _exit(1); }
    CHECK(waitpid(kid, &st, 0) == kid && WEXITSTATUS(st) == 11);
    unlink(name);
}

static void *nothing(void *p) { return p; }
static void *sum(void *p)
{
    for (int i = 0; i < 20000; i++) __atomic_add_fetch((int *)p, 1, __ATOMIC_SEQ_CST);
    return p;
}
static __thread int tls = 77;
static void *tls_check(void *p)
{
    int ok = tls == 77;
    tls = (int)(long)p;
    sched_yield();
    return (void *)(long)(ok && tls == (int)(long)p);
}

static void threads(void)
{
    pthread_t t[8];
    int total = 0;
    for (int r = 0; r < 20; r++) {
        for (int i = 0; i < 8; i++) CHECK(!pthread_create(&t[i], NULL, nothing, NULL));
        for (int i = 0; i < 8; i++) CHECK(!pthread_join(t[i], NULL));
    }
    for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, sum, &total);
    for (int i = 0; i < 8; i++) pthread_join(t[i], NULL);
    CHECK(total == 160000);
    for (long i = 0; i < 8; i++) pthread_create(&t[i], NULL, tls_check, (void *)i);
    for (int i = 0; i < 8; i++) { void *r; pthread_join(t[i], &r); CHECK(r != NULL); }
    CHECK(tls == 77);
}

/* glibc makes every thread change its user by a signal of its own, whose handler it installs before the
 * first of them. */
static void *sleeper(void *p) { pause(); return p; }
static void ids_of_all_threads(void)
{
    pid_t kid = fork();
    if (!kid) {
        pthread_t t;
        pthread_create(&t, NULL, sleeper, NULL);
        for (int i = 0; i < 20; i++) if (setuid(getuid()) || setgid(getgid())) _exit(1);
        _exit(5);
    }
    int st = 0;
    CHECK(waitpid(kid, &st, 0) == kid && WIFEXITED(st) && WEXITSTATUS(st) == 5);
}

static volatile int stop;
static void *spinner(void *p) { while (!stop) { free(malloc(100)); } return NULL; }
static void fork_with_threads(void)
{
    pthread_t t[3];
    stop = 0;
    for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, spinner, NULL);
    for (int i = 0; i < 30; i++) {
        pid_t kid = fork();
        int st;
        if (!kid) {
            free(malloc(1000));
            pthread_t x;
            pthread_create(&x, NULL, nothing, NULL);
            pthread_join(x, NULL);
            _exit(3);
        }
        CHECK(waitpid(kid, &st, 0) == kid && WIFEXITED(st) && WEXITSTATUS(st) == 3);
    }
    stop = 1;
    for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
}

static pthread_mutex_t robust;
static void *holder(void *p) { pthread_mutex_lock(&robust); return NULL; }
static void robust_mutex(void)
{
    pthread_mutexattr_t a;
    pthread_t t;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &a);
    pthread_create(&t, NULL, holder, NULL);
    pthread_join(t, NULL);
    CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD);
}

static volatile int got;
static void on_usr(int s) { got++; }
static void *wait_signal(void *p) { while (!got) sched_yield(); return NULL; }
static void thread_signal(void)
{
    pthread_t t;
    struct sigaction sa = { .sa_handler = on_usr };
    sigaction(SIGUSR1, &sa, NULL);
    got = 0;
    pthread_create(&t, NULL, wait_signal, NULL);
    CHECK(!pthread_kill(t, SIGUSR1));
    pthread_join(t, NULL);
    CHECK(got == 1);
}

static void *exit_thread(void *p) { usleep(10000); exit(8); }
static void group_exit(void)
{
    int st;
    fflush(stdout);
    pid_t kid = fork();
    if (!kid) { pthread_t t; pthread_create(&t, NULL, exit_thread, NULL); pthread_exit(NULL); }
    CHECK(waitpid(kid, &st, 0) == kid && WIFEXITED(st) && WEXITSTATUS(st) == 8);
    kid = fork();
    if (!kid) {
        pthread_t t;
        pthread_create(&t, NULL, spinner, NULL);
        usleep(5000);
        char *a[] = { self, "exit", "12", NULL };
        execv(self, a);
        _exit(1);
    }
    CHECK(waitpid(kid, &st, 0) == kid && WIFEXITED(st) && WEXITSTATUS(st) == 12);
}

static void identity(void)
{
    char buf[4096];
    ssize_t n = readlink("/proc/self/exe", buf, sizeof buf - 1);
    CHECK(n > 0);
    buf[n > 0 ? n : 0] = 0;
    CHECK(!strcmp(buf, self));
    int fd = open("/proc/self/cmdline", O_RDONLY);
    n = read(fd, buf, sizeof buf);
    close(fd);
    CHECK(n > 0 && strstr(buf, "os_process"));
    fd = open("/proc/self/comm", O_RDONLY);
    n = read(fd, buf, sizeof buf);
    close(fd);
    CHECK(n > 6 && !strncmp(buf, "os_process", 10));
    FILE *f = fopen("/proc/self/status", "r");
    int one = 0;
    while (f && fgets(buf, sizeof buf, f)) if (!strncmp(buf, "Threads:", 8)) one = atoi(buf + 8);
    if (f) fclose(f);
    CHECK(one == 1);
}

/* The same files by other ways than an absolute path: not those of whoever runs the program. */
static void proc_otherwise(void)
{
    char buf[4096], was[4096], link[64], want[64];
    int dir = open("/proc/self", O_RDONLY | O_DIRECTORY), fd = openat(dir, "cmdline", O_RDONLY);
    ssize_t n = read(fd, buf, sizeof buf);
    CHECK(n > 0 && !strcmp(buf, program_invocation_name));
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    snprintf(want, sizeof want, "/proc/%d/cmdline", (int)getpid());
    n = readlink(link, buf, sizeof buf);
    CHECK(n == (ssize_t)strlen(want) && !memcmp(buf, want, n));
    CHECK(getcwd(was, sizeof was) && !chdir("/proc/self"));
    FILE *f = fopen("auxv", "r");
    CHECK(f && fread(buf, 1, sizeof(long), f) == sizeof(long));
    CHECK(*(unsigned long *)buf <= 64);                     /* a type, in our own width and byte order */
    fclose(f);
    f = fopen("environ", "r");
    setenv("NEVER_THERE", "1", 1);
    n = fread(buf, 1, sizeof buf - 1, f);
    buf[n < 0 ? 0 : n] = 0;
    CHECK(!environ[0] || !strcmp(buf, environ[0]));
    CHECK(!chdir(was));
    fclose(f);
    close(fd); close(dir);
}

static void clone_flags(void)
{
    int st;
    pid_t tid = 0;
    fflush(stdout);
    long kid = syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, &tid, 0, 0);
    if (!kid) _exit(0);
    CHECK(kid > 0 && tid == kid && waitpid(kid, &st, 0) == kid);
    kid = syscall(SYS_clone, 0, 0, 0, 0, 0);                        /* no exit signal */
    if (!kid) _exit(0);
    CHECK(kid > 0 && waitpid(kid, &st, __WCLONE) == kid);
    CHECK(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0) == -1 && errno == EINVAL);
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "exit")) return atoi(argv[2]);
    if (argc > 3 && !strcmp(argv[1], "script one two")) return strcmp(argv[3], "three") ? 1 : 11;
    self = realpath(argv[0], NULL);
    identity(); proc_otherwise(); vfork_shares(); spawn(); script(); ids_of_all_threads(); threads();
    thread_signal(); fork_with_threads(); robust_mutex(); group_exit(); clone_flags();
    return CHECK_END();
}
