/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that executes others with more or less than it has, see security.bats. show: says what it is. MODE OWNER
 * GROUP UID: makes a copy of itself with them and runs that, as user and group UID. script: the same through a
 * script. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void copy(const char *to, mode_t mode, uid_t uid, gid_t gid)
{
    static char b[65536];
    int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    for (ssize_t n; (n = read(in, b, sizeof b)) > 0; ) if (write(out, b, (size_t)n) != n) _exit(9);
    if (fchown(out, uid, gid) || fchmod(out, mode)) perror("fchmod");
    close(in);
    close(out);
}

int main(int argc, char **argv)
{
    uid_t r, e, s;
    gid_t rg, eg, sg;
    if (!strcmp(argv[1], "show")) {
        getresuid(&r, &e, &s);
        getresgid(&rg, &eg, &sg);
        const char *prefix = getenv("QEMU_LD_PREFIX");
        printf("uid %d %d %d gid %d %d %d secure %ld argc %d argv0 %s prefix %s\n", r, e, s, rg, eg, sg,
               getauxval(AT_SECURE), argc, argv[0], prefix ? prefix : "none");
        if (argc > 2 && !strcmp(argv[2], "again")) {
            fflush(stdout);
            execve("/proc/self/exe", (char *[]){ "again", "show", NULL }, environ);
            perror("again");
        }
        return 0;
    }
    if (argc > 5 && !strcmp(argv[5], "quiet")) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    copy("raised", (mode_t)strtol(argv[1], NULL, 8), (uid_t)atoi(argv[2]), (gid_t)atoi(argv[3]));
    if (fork()) { int st; wait(&st); unlink("raised"); return WEXITSTATUS(st); }
    int id = atoi(argv[4]);
    if (setresgid(id, id, id) || setresuid(id, id, id)) _exit(8);
    execve("./raised", (char *[]){ "name", "show", argc > 5 ? argv[5] : NULL, NULL }, environ);
    printf("execve %s\n", strerrorname_np(errno));
    return 1;
}
