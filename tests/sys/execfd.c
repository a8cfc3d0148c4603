/* SPDX-License-Identifier: Apache-2.0 */
/* Programs executed by descriptor: memory files, deleted files, files that close on exec. What the new program sees of
 * itself. */
#include "check.h"
#include <limits.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

extern char **environ;
static char *const once[] = { "name", "1", NULL }, *const twice[] = { "name", "1", "2", NULL };

static void copy_to(int to)
{
    static char b[65536];
    int f = open("/proc/self/exe", O_RDONLY);
    for (ssize_t n; (n = read(f, b, sizeof b)) > 0; ) if (write(to, b, (size_t)n) != n) _exit(9);
    close(f);
}

static int file(const char *name, int flags)
{
    int f = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    copy_to(f);
    close(f);
    return open(name, flags);
}

/* The first line is what a shell or ps would show. */
static int child(int argc, char **argv)
{
    char link[PATH_MAX] = "", magic[4] = "", comm[17] = "";
    struct stat st;
    ssize_t n = readlink("/proc/self/exe", link, sizeof link - 1);
    char *at = strstr(link, "execfd-");
    int f = open("/proc/self/exe", O_RDONLY), k = 0;
    if (read(f, magic, 4) < 0) puts("no magic");
    close(f);
    f = open("/proc/self/comm", O_RDONLY);
    if (read(f, comm, 16) < 0) puts("no comm");
    close(f);
    comm[strcspn(comm, "\n")] = 0;
    char *execfn = (char *)getauxval(AT_EXECFN);
    for (int i = 3; i < 1000; i++) k += fcntl(i, F_GETFD) >= 0;
    if (strncmp(execfn, "/dev/fd/", 8) && strncmp(execfn, "/proc/", 6)) execfn = "a name";
    printf("  argv0=%s exe=%s stat=%d elf=%d comm=%s execfn=%s descriptors=%d\n", argv[0], n > 0 && at ? at : "another",
           stat("/proc/self/exe", &st), !memcmp(magic, "\177ELF", 4), comm, execfn, k);
    if (argc > 2) { execve("/proc/self/exe", once, environ); printf("  again: %s\n", strerrorname_np(errno)); }
    return 0;
}

static void run(const char *what, int fd, const char *path, char *const argv[], int flags)
{
    int st;
    if (!fork()) {
        syscall(SYS_execveat, fd, path, argv, environ, flags);
        printf("  %s\n", strerrorname_np(errno));
        _exit(9);
    }
    wait(&st);
    printf("%s: status %x\n", what, st);
}

int main(int argc, char **argv)
{
    char path[99];
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 1) return child(argc, argv);
    for (int i = 3; i < 100; i++) close(i);
    int plain = memfd_create("execfd-plain", 0), cloexec = memfd_create("execfd-cloexec", MFD_CLOEXEC);
    copy_to(plain);
    copy_to(cloexec);
    run("memory file", plain, "", once, AT_EMPTY_PATH);
    run("memory file that closes", cloexec, "", once, AT_EMPTY_PATH);
    run("the same, and /proc/self/exe", cloexec, "", twice, AT_EMPTY_PATH);
    sprintf(path, "/proc/self/fd/%d", plain);
    run("by /proc/self/fd", AT_FDCWD, path, once, 0);
    sprintf(path, "/dev/fd/%d", plain);
    run("by /dev/fd", AT_FDCWD, path, once, 0);
    fcntl(plain, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    run("sealed", plain, "", once, AT_EMPTY_PATH);
    run("no flag", plain, "", once, 0);
    run("below a file", plain, "x", once, AT_EMPTY_PATH);
    run("no descriptor", 77, "", once, AT_EMPTY_PATH);
    run("a bad flag", plain, "", once, AT_EMPTY_PATH | AT_NO_AUTOMOUNT);
    run("a link not followed", AT_FDCWD, "/proc/self/exe", once, AT_SYMLINK_NOFOLLOW);
    int gone = file("execfd-gone", O_RDONLY), kept = file("execfd-kept", O_PATH | O_CLOEXEC);
    int dir = open(".", O_PATH | O_CLOEXEC);
    unlink("execfd-gone");
    run("deleted", gone, "", once, AT_EMPTY_PATH);
    run("deleted, and /proc/self/exe", gone, "", twice, AT_EMPTY_PATH);
    run("O_PATH", kept, "", once, AT_EMPTY_PATH);
    run("below a directory that closes", dir, "execfd-kept", once, 0);
    fcntl(dir, F_SETFD, 0);
    run("below a directory that stays", dir, "execfd-kept", once, 0);
    int busy = open("execfd-kept", O_RDWR);
    run("open for writing", kept, "", once, AT_EMPTY_PATH);
    run("open for writing, by name", AT_FDCWD, "./execfd-kept", once, 0);
    close(busy);
    int script = memfd_create("execfd-script", 0);
    if (write(script, "#!/bin/echo hi\n", 15) != 15) return 1;
    run("script", script, "", once, AT_EMPTY_PATH);
    fcntl(script, F_SETFD, FD_CLOEXEC);
    run("script that closes", script, "", once, AT_EMPTY_PATH);
    int other = memfd_create("execfd-mode", 0);
    copy_to(other);
    fchmod(other, 0644);
    run("not executable", other, "", once, AT_EMPTY_PATH);
    unlink("execfd-kept");
    return 0;
}
