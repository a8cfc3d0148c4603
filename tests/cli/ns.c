/* SPDX-License-Identifier: Apache-2.0 */
/* ns EMULATOR FLAGS MAGIC COMMAND...: runs COMMAND as root of user, mount and pid namespaces of its own, whose
 * binfmt_misc knows EMULATOR for MAGIC (binfmt-misc.rst's form "magic:mask"); FLAGS "-": for nothing. Root only.
 * Exit 77: namespaces, or binfmt_misc in them, are not to be had. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static void need(int ok, const char *what)
{
    if (ok) return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    _exit(77);
}

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    need(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
    close(fd);
}

static int finish(pid_t pid)
{
    int st;
    waitpid(pid, &st, 0);
    return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

int main(int argc, char **argv)
{
    int go[2], made[2];
    char c, path[64], entry[1024];
    need(argc > 4 && !geteuid() && !pipe(go) && !pipe(made), "not root");
    pid_t child = fork();
    if (child) {
        close(made[1]);
        if (read(made[0], &c, 1) == 1) {
            snprintf(path, sizeof path, "/proc/%d/uid_map", child);
            put(path, "0 0 65536");
            snprintf(path, sizeof path, "/proc/%d/gid_map", child);
            put(path, "0 0 65536");
        }
        close(go[1]);
        return finish(child);
    }
    close(go[1]);
    need(!unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) && write(made[1], "x", 1) == 1, "unshare");
    need(read(go[0], &c, 1) == 0 && !setresgid(0, 0, 0) && !setresuid(0, 0, 0) && !setgroups(0, NULL), "ids");
    need(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
    if (strcmp(argv[2], "-")) {
        need(!mount("none", "/proc/sys/fs/binfmt_misc", "binfmt_misc", 0, NULL), "binfmt_misc");
        snprintf(entry, sizeof entry, ":test:M::%s:%s:%s", argv[3], argv[1], argv[2]);
        put("/proc/sys/fs/binfmt_misc/register", entry);
    }
    child = fork();
    if (child) return finish(child);
    execvp(argv[4], argv + 4);
    perror(argv[4]);
    _exit(127);
}
