/* SPDX-License-Identifier: Apache-2.0 */
/* What may be run: noexec mounts, READ_IMPLIES_EXEC, programs that do not speak of their stack, files being written. */
#include "os_check.h"
#include <elf.h>
#include <link.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

extern char **environ;

static void copy_self(const char *to, int without_stack)
{
    static char b[4 << 20];
    int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    ssize_t n = read(in, b, sizeof b);
    ElfW(Ehdr) *h = (ElfW(Ehdr) *)b;
    ElfW(Phdr) *p = (ElfW(Phdr) *)(b + h->e_phoff);
    for (int i = 0; i < h->e_phnum; i++) if (without_stack && p[i].p_type == PT_GNU_STACK) p[i].p_type = PT_NULL;
    CHECK(write(out, b, (size_t)n) == n);
    close(in);
    close(out);
}

/* "r-xp" of the mapping that holds an address. */
static void protection(const void *at, char out[5])
{
    char line[300];
    unsigned long lo, hi;
    FILE *f = fopen("/proc/self/maps", "r");
    out[0] = 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%lx-%lx %4s", &lo, &hi, out) == 3 && lo <= (unsigned long)at && (unsigned long)at < hi) break;
    fclose(f);
}

static int run(const char *path, const char *arg)
{
    int st;
    if (!fork()) {
        execve(path, (char *[]){ (char *)path, (char *)arg, NULL }, environ);
        _exit(errno);
    }
    wait(&st);
    return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static void implied(void)
{
    char p[5];
    int was = personality(0xffffffff), fd = open("/proc/self/exe", O_RDONLY);
    CHECK(personality(was | READ_IMPLIES_EXEC) == was);
    char *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    protection(a, p); CHECK(!strcmp(p, "rwxp"));
    char *f = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE, fd, 0);
    protection(f, p); CHECK(!strcmp(p, "r-xp"));
    protection(none, p); CHECK(!strcmp(p, "---p"));
    CHECK(!mprotect(none, 4096, PROT_READ)); protection(none, p); CHECK(!strcmp(p, "r-xp"));
    CHECK(personality(was) == (was | READ_IMPLIES_EXEC));
    char *b = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    protection(b, p); CHECK(!strcmp(p, "r--p"));
    close(fd);
}

/* A program without PT_GNU_STACK: PowerPC's kernel makes executable what it can read, the stack too; others neither. */
static int silent(void)
{
    char p[5], *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#if defined __powerpc__ && !defined __powerpc64__
    const char *want = "rwxp";
    CHECK(personality(0xffffffff) & READ_IMPLIES_EXEC);
#else
    const char *want = "rw-p";
    CHECK(!(personality(0xffffffff) & READ_IMPLIES_EXEC));
#endif
    protection(a, p); CHECK(!strcmp(p, want));
#if !defined __x86_64__             /* which gives such a program an executable stack alone */
    protection(&a, p); CHECK(!strcmp(p, want));
#endif
    return check_failures;
}

static void noexec_mount(void)
{
    if (geteuid() || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return;
    mkdir("os_noexec.dir", 0755);
    if (mount("none", "os_noexec.dir", "tmpfs", MS_NOEXEC, NULL)) { rmdir("os_noexec.dir"); return; }
    copy_self("os_noexec.dir/prog", 0);
    int fd = open("os_noexec.dir/prog", O_RDONLY);
    CHECK(run("os_noexec.dir/prog", "nothing") == EACCES);
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EPERM);
    char p[5], *m = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(m != MAP_FAILED);
    int was = personality(0xffffffff);
    personality(was | READ_IMPLIES_EXEC);
    m = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    protection(m, p); CHECK(!strcmp(p, "r--p"));
    personality(was);
    close(fd);
    umount2("os_noexec.dir", MNT_DETACH);
    rmdir("os_noexec.dir");
}

static void busy(void)
{
    copy_self("os_noexec.prog", 0);
    int fd = open("os_noexec.prog", O_WRONLY);
    CHECK(run("./os_noexec.prog", "nothing") == ETXTBSY);
    close(fd);
    CHECK(run("./os_noexec.prog", "nothing") == 0);
    int st, ready[2], go[2];
    char c;
    CHECK(!pipe(ready) && !pipe(go));
    if (!fork()) {
        dup2(ready[1], 3);
        dup2(go[0], 4);
        close_range(5, ~0u, 0);
        execl("./os_noexec.prog", "prog", "wait", NULL);
        _exit(1);
    }
    close(ready[1]);
    close(go[0]);
    CHECK(read(ready[0], &c, 1) == 1);
    CHECK(open("os_noexec.prog", O_WRONLY) < 0 && errno == ETXTBSY);
    CHECK(open("os_noexec.prog", O_RDWR | O_CREAT | O_TRUNC, 0755) < 0 && errno == ETXTBSY);
    CHECK(creat("os_noexec.prog", 0755) < 0 && errno == ETXTBSY);
    CHECK(truncate("os_noexec.prog", 0) < 0 && errno == ETXTBSY);
    CHECK(open("os_noexec.prog", O_RDWR | O_CREAT | O_EXCL, 0755) < 0 && errno == EEXIST);
    fd = open("os_noexec.prog", O_RDONLY);
    CHECK(fd >= 0);
    close(fd);
    CHECK(write(go[1], "x", 1) == 1);
    wait(&st);
    fd = open("os_noexec.prog", O_WRONLY);
    CHECK(fd >= 0);
    close(fd);
    close(ready[0]);
    close(go[1]);
    unlink("os_noexec.prog");
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/os_noexecXXXXXX";
    if (argc > 1 && !strcmp(argv[1], "wait")) return write(3, "x", 1) + read(4, dir, 1) != 2;
    if (argc > 1) return strcmp(argv[1], "silent") ? 0 : silent();
    CHECK(mkdtemp(dir) && !chdir(dir));
    implied();
    copy_self("silent", 1);
    CHECK(run("./silent", "silent") == 0);
    unlink("silent");
    busy();
    noexec_mount();
    rmdir(dir);
    return CHECK_END();
}
