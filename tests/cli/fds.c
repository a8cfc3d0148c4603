/* SPDX-License-Identifier: Apache-2.0 */
/* The guest cannot see, close or use descriptors of the emulator; it can have their numbers. Prints "ok". */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;
#define CHECK(e) do { if (!(e)) { failures++; printf("FAIL %d %s (errno %d)\n", __LINE__, #e, errno); } } while (0)
/* Numbers to look at: within the limit, which is 1024 for most users. */
static int top(void)
{
    struct rlimit r;
    return !getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < 5000 ? (int)r.rlim_cur : 5000;
}

int main(int argc, char **argv)
{
    int last = top();
    if (argc > 1) { for (int i = 3; i < last; i++) CHECK(fcntl(i, F_GETFD) < 0); puts(failures ? "failed" : "child ok"); return failures; }
    close_range(3, ~0u, 0);
    int listed = 0;
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *e; (e = readdir(d)); ) listed += e->d_name[0] != '.' && atoi(e->d_name) > 2 && atoi(e->d_name) != dirfd(d);
    CHECK(!listed);
    closedir(d);
    for (int i = 3; i < last; i++) {
        char link[40], to[256];
        CHECK(close(i) < 0 && errno == EBADF);
        CHECK(fcntl(i, F_GETFD) < 0 && errno == EBADF);
        CHECK(write(i, "x", 1) < 0 && errno == EBADF);
        snprintf(link, sizeof link, "/proc/self/fd/%d", i);
        CHECK(readlink(link, to, sizeof to) < 0 && errno == ENOENT);
    }
    for (int i = 3; i < last; i += i < 200 ? 1 : 7) { CHECK(dup2(1, i) == i); CHECK(fcntl(i, F_GETFD) == 0); }
    CHECK(!close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) && fcntl(3, F_GETFD) == FD_CLOEXEC);
    CHECK(!close_range(3, ~0u, 0) && fcntl(3, F_GETFD) < 0);
    fflush(stdout);
    if (!fork()) { execl("/proc/self/exe", argv[0], "child", NULL); _exit(1); }
    int status;
    CHECK(wait(&status) > 0 && status == 0);
    fprintf(stderr, "end of the parent\n");
    puts(failures ? "failed" : "ok");
    return failures != 0;
}
