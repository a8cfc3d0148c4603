/* SPDX-License-Identifier: Apache-2.0 */
/* execve of files that cannot run fails with an errno that reaches who asked: by execve after vfork, posix_spawn and
 * fexecve. */
#include "check.h"
#include <elf.h>
#include <stdbool.h>
#include <spawn.h>

enum { MAX_IMAGE = 4 << 20 };
static unsigned char image[MAX_IMAGE];
static size_t size;
static bool wide;

static void put(unsigned char *at, uint64_t v, int n)
{
    for (int i = 0; i < n; i++) at[i] = (unsigned char)(v >> 8 * (image[EI_DATA] == ELFDATA2MSB ? n - 1 - i : i));
}

static uint64_t get(const unsigned char *at, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++) v |= (uint64_t)at[i] << 8 * (image[EI_DATA] == ELFDATA2MSB ? n - 1 - i : i);
    return v;
}

/* A row of the table that names type, or will: a static program has PT_NOTE instead of PT_INTERP. */
static unsigned char *header(unsigned char *copy)
{
    uint64_t at = wide ? get(copy + 32, 8) : get(copy + 28, 4), n = get(copy + (wide ? 56 : 44), 2),
             each = wide ? 56 : 32;
    unsigned char *note = NULL;
    for (uint64_t i = 0; i < n; i++) {
        unsigned char *h = copy + at + i * each;
        if (get(h, 4) == PT_INTERP) return h;
        if (get(h, 4) == PT_NOTE && !note) note = h;
    }
    return note;
}

static void save(const char *name, const void *bytes, size_t n, int mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0777);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n) perror(name);
    fchmod(fd, mode);
    close(fd);
}

static void save_with_interpreter(const char *name, const char *interp)
{
    unsigned char *copy = malloc(size + 100), *h;
    memcpy(copy, image, size);
    strcpy((char *)copy + size, interp);
    if ((h = header(copy))) {
        put(h, PT_INTERP, 4);
        put(h + (wide ? 8 : 4), size, wide ? 8 : 4);
        put(h + (wide ? 32 : 16), strlen(interp) + 1, wide ? 8 : 4);
    }
    save(name, copy, size + strlen(interp) + 1, 0755);
    free(copy);
}

static void save_with(const char *name, size_t at, uint64_t v, int n)
{
    unsigned char *copy = malloc(size);
    memcpy(copy, image, size);
    put(copy + at, v, n);
    save(name, copy, size, 0755);
    free(copy);
}

static void status(const char *how, pid_t p)
{
    int st = 0;
    waitpid(p, &st, 0);
    printf("  %s %s\n", how, WIFEXITED(st) ? strerrorname_np(WEXITSTATUS(st)) : "a signal");
}

static void attempt(const char *name)
{
    char *argv[] = { (char *)name, "again", NULL }, *none[] = { NULL };
    pid_t p = 0;
    int e = posix_spawn(&p, name, NULL, NULL, argv, none), fd = open(name, O_RDONLY | O_NONBLOCK);
    printf("%s: %s\n", name, e ? strerrorname_np(e) : "runs");
    if (!e) waitpid(p, NULL, 0);
    p = vfork();
    if (!p) { execve(name, argv, none); _exit(errno); }
    status("vfork", p);
    p = fork();
    if (!p) { fexecve(fd, argv, none); _exit(errno); }
    status("fexecve", p);
    close(fd);
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "whole", "no-interp", "dir-interp", "text-interp", "short-interp",
        "plain-interp", "fifo-interp", "cut-1", "cut-100", "no-headers", "object", "core", "#-missing", "#-dir",
        "#-plain", "#-cut", "#-fifo", "plain", "fifo" };
    static const char words[] =
        "words, and so many of them that an ELF header would have room, whichever class it is of\n";
    if (argc > 1) return ENOTBLK;
    char dir[] = "/tmp/execfail.XXXXXX";
    int self = open("/proc/self/exe", O_RDONLY);
    size = (size_t)read(self, image, sizeof image);
    wide = image[EI_CLASS] == ELFCLASS64;
    if (!mkdtemp(dir) || chdir(dir)) return 1;
    setvbuf(stdout, NULL, _IONBF, 0);
    save("whole", image, size, 0755);
    save("plain", image, size, 0644);
    save("text", words, sizeof words - 1, 0755);
    save("short", words, 6, 0755);
    mkfifo("fifo", 0777);
    chmod("fifo", 0777);
    save_with_interpreter("no-interp", "/nonexistent/ld.so");
    save_with_interpreter("dir-interp", "/");
    save_with_interpreter("text-interp", "text");
    save_with_interpreter("short-interp", "short");
    save_with_interpreter("plain-interp", "plain");
    save_with_interpreter("fifo-interp", "fifo");
    save("cut-1", image, 1, 0755);
    save("cut-100", image, 100, 0755);
    save_with("no-headers", wide ? 56 : 44, 0, 2);
    save_with("object", 16, ET_REL, 2);
    save_with("core", 16, ET_CORE, 2);
    save("#-missing", "#!/nonexistent/sh\n", 18, 0755);
    save("#-dir", "#!/\n", 4, 0755);
    save("#-plain", "#!plain\n", 8, 0755);
    save("#-cut", "#!cut-100\n", 10, 0755);
    save("#-fifo", "#!fifo\n", 7, 0755);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) attempt(names[i]);
    if (!chdir("/")) execlp("rm", "rm", "-r", dir, NULL);
    return 1;
}
