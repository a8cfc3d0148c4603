/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says about another process that runs the same program, about threads, and about the kernel's release. */
#include "os_check.h"
#include <limits.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static char text[PATH_MAX];
static const char *slurp(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    text[n < 0 ? 0 : n] = 0;
    return text;
}

static int said[2], quit[2];
static void *thread(void *unused)
{
    pid_t tid = (pid_t)syscall(SYS_gettid);
    char c;
    write(said[1], &tid, sizeof tid);
    read(quit[0], &c, 1);
    return NULL;
}

/* The files of a thread go with it. */
static void check_thread_files(void)
{
    static const char *const names[] = { "stat", "status", "maps", "cmdline", "exe" };
    char path[64];
    pthread_t t;
    pid_t tid = 0;
    CHECK(pipe(said) == 0 && pipe(quit) == 0);
    CHECK(pthread_create(&t, NULL, thread, NULL) == 0);
    CHECK(read(said[0], &tid, sizeof tid) == sizeof tid);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    CHECK(atoi(slurp(path)) == (int)tid && strchr(text, '('));
    CHECK(write(quit[1], "x", 1) == 1);
    CHECK(pthread_join(t, NULL) == 0);
    snprintf(path, sizeof path, "/proc/self/task/%d", (int)tid);
    /* the kernel lets the joiner go first */
    for (int i = 0; i < 5000 && access(path, F_OK) == 0; i++) usleep(1000);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "/proc/self/task/%d/%s", (int)tid, names[i]);
        errno = 0;
        CHECK(open(path, O_RDONLY) == -1 && errno == ENOENT);
    }
    errno = 0;
    CHECK(readlink(path, text, sizeof text) == -1 && errno == ENOENT);
}

int main(int argc, char **argv)
{
    char path[64], mine[PATH_MAX] = "", theirs[PATH_MAX] = "";
    struct stat a, b;
    struct utsname u;
    int ready[2];
    if (argc > 1) { write(atoi(argv[1]), "x", 1); pause(); return 0; }
    CHECK(pipe(ready) == 0);
    snprintf(path, sizeof path, "%d", ready[1]);
    pid_t pid = fork();
    if (!pid) { execl("/proc/self/exe", "other name", path, NULL); _exit(1); }
    CHECK(read(ready[0], text, 1) == 1);
    CHECK(readlink("/proc/self/exe", mine, sizeof mine - 1) > 0);
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    CHECK(readlink(path, theirs, sizeof theirs - 1) > 0 && !strcmp(mine, theirs));
    CHECK(stat("/proc/self/exe", &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino);
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    CHECK(!strcmp(slurp(path), "other name"));
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    /* the file's name, as execve had it */
    CHECK(!strncmp(slurp(path), "exe", 3) || !strncmp(slurp(path), "os_views", 8));
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, NULL, 0) == pid);
    CHECK(uname(&u) == 0);
    CHECK(
        !strncmp(slurp("/proc/sys/kernel/osrelease"), u.release, strlen(u.release)) && text[strlen(u.release)] == '\n');
    CHECK(!strncmp(slurp("/proc/version"), "Linux version ", 14) && !strncmp(text + 14, u.release, strlen(u.release)));
    check_thread_files();
    return CHECK_END();
}
