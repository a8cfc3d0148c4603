/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_AS and RLIMIT_DATA count the program's own map: every way to make it larger ends at the limit, none that makes
 * it smaller; fork and exec hand them on. */
#include "os_check.h"

enum { M = 1 << 20 };

static unsigned long status_kb(const char *key)
{
    char line[128];
    unsigned long v = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, key, strlen(key))) v = strtoul(line + strlen(key), NULL, 10);
    if (f) fclose(f);
    return v;
}

static int shown(const char *key, unsigned long want)
{
    char line[128];
    int ok = 0;
    FILE *f = fopen("/proc/self/limits", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, key, strlen(key))) ok = strtoul(line + strlen(key), NULL, 10) == want;
    if (f) fclose(f);
    return ok;
}

static void *anon(size_t len, int prot)
{
    return mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}
static int no_room(void *p) { return p == MAP_FAILED && errno == ENOMEM; }

static void set(int which, unsigned long bytes)
{
    struct rlimit l;
    CHECK(getrlimit(which, &l) == 0);
    l.rlim_cur = bytes;
    CHECK(setrlimit(which, &l) == 0);
    CHECK(getrlimit(which, &l) == 0 && l.rlim_cur == bytes);
}

static void address_space(void)
{
    unsigned long limit = status_kb("VmSize:") * 1024 + 64 * M;
    set(RLIMIT_AS, limit);
    CHECK(shown("Max address space", limit));
    char *a = anon(16 * M, PROT_NONE);
    CHECK(a != MAP_FAILED);
    CHECK(no_room(anon(65 * M, PROT_NONE)));
    CHECK(no_room(mremap(a, 16 * M, 80 * M, MREMAP_MAYMOVE)));
    CHECK(mmap(a, 16 * M, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == a);      /* nothing is added */
    CHECK(no_room(mmap(NULL, 65 * M, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0)));
    char *b = sbrk(0);
    CHECK(sbrk(70 * M) == (void *)-1 && errno == ENOMEM && sbrk(0) == b);
    char *c = anon(40 * M, PROT_READ);
    CHECK(c != MAP_FAILED && no_room(anon(16 * M, PROT_READ)));
    CHECK(munmap(c, 40 * M) == 0 && (c = anon(40 * M, PROT_READ)) != MAP_FAILED);
    CHECK(munmap(c, 40 * M) == 0 && munmap(a, 16 * M) == 0);
    pid_t pid = fork();
    if (!pid) _exit(!no_room(anon(80 * M, PROT_NONE)));
    int st = -1;
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
    pid = vfork();
    if (!pid) {
        struct rlimit l = { limit + 16 * M, RLIM_INFINITY };
        getrlimit(RLIMIT_AS, &l);
        l.rlim_cur = limit + 16 * M;
        _exit(setrlimit(RLIMIT_AS, &l));                /* the child's alone */
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
    CHECK(no_room(anon(70 * M, PROT_NONE)));
    char text[24];
    snprintf(text, sizeof text, "%lu", limit);
    pid = fork();
    if (!pid) { execl("/proc/self/exe", "child", text, NULL); _exit(1); }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
    pid = fork();
    if (!pid) { execl("/bin/sh", "sh", "-c", "exit 7", NULL); _exit(1); }
    CHECK(waitpid(pid, &st, 0) == pid && WIFEXITED(st));
    struct rlimit l;
    getrlimit(RLIMIT_AS, &l);
    set(RLIMIT_AS, l.rlim_max);
}

static void data(void)
{
    unsigned long limit = status_kb("VmData:") * 1024 + 32 * M;
    set(RLIMIT_DATA, limit);
    CHECK(shown("Max data size", limit));
    CHECK(no_room(anon(64 * M, PROT_READ | PROT_WRITE)));
    char *a = anon(64 * M, PROT_READ);                  /* no data */
    CHECK(a != MAP_FAILED);
    CHECK(mprotect(a, 64 * M, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
    CHECK(mprotect(a, 8 * M, PROT_READ | PROT_WRITE) == 0);
    char *b = mmap(NULL, 64 * M, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(b != MAP_FAILED);
    CHECK(sbrk(40 * M) == (void *)-1 && errno == ENOMEM);
    CHECK(munmap(a, 64 * M) == 0 && munmap(b, 64 * M) == 0);
    struct rlimit bad = { 2, 1 };
    CHECK(setrlimit(RLIMIT_DATA, &bad) == -1 && errno == EINVAL);
}

int main(int argc, char **argv)
{
    struct rlimit l;
    if (argc > 1)
        return getrlimit(RLIMIT_AS, &l) || l.rlim_cur != strtoul(argv[1], NULL, 10) ||
            !no_room(anon(1024u * M, PROT_NONE));
    address_space();
    data();
    return CHECK_END();
}
