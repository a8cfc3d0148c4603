/* SPDX-License-Identifier: Apache-2.0 */
/* -L: names below a prefix as the kernel resolves them in a root, and the same where it refuses to (openat2 behind an
 * older container's filter): one tree of links and names, resolved both ways. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "linux-user/path.h"

static int failures;
#define CHECK(e) \
    do { \
        if (!(e)) { \
            failures++; \
            printf("FAIL %s:%d %s (%s)\n", __func__, __LINE__, #e, strerror(errno)); \
        } \
    } while (0)

/* "name", "name/" (a directory) or "name -> target" */
static const char *const tree[] = {
    "lib/", "usr/", "usr/lib/", "usr/lib/deep/", "closed/",
    "usr/lib/file", "usr/lib/deep/file", "closed/file", "lib/plain",
    "lib/rel -> ../usr/lib/file", "lib/abs -> /usr/lib/file", "lib/above -> ../../../../usr/lib/file",
    "lib/absup -> /../../usr/lib/file",
    "lib/dir -> /usr/lib", "lib/dirslash -> /usr/lib/", "lib/root -> /", "lib/dots -> ./././../lib/./plain",
    "lib/gone -> /usr/none",
    "lib/gonedir -> /none/x", "lib/self -> self", "lib/a -> b", "lib/b -> a", "lib/twice -> dir/deep/../file",
    "lib/outside -> /etc/passwd",
    "lib/fileslash -> /usr/lib/file/", "lib/up -> ..", "usr/lib/back -> /lib/dir",
};
static const char *const names[] = {
    "/lib", "/lib/", "/lib/.", "/lib/..", "/lib//plain", "/lib/plain", "/lib/plain/", "/lib/plain/.", "/lib/plain/..",
    "/lib/plain/x", "/lib/rel",
    "/lib/rel/", "/lib/abs", "/lib/above", "/lib/absup", "/lib/dir", "/lib/dir/", "/lib/dir/file", "/lib/dir/deep/file",
    "/lib/dir/..",
    "/lib/dir/../lib/plain", "/lib/dir/../lib/file", "/lib/dirslash", "/lib/dirslash/file", "/lib/root",
    "/lib/root/lib/plain", "/lib/root/..",
    "/lib/dots", "/lib/gone", "/lib/gone/", "/lib/gonedir", "/lib/self", "/lib/self/x", "/lib/a", "/lib/a/", "/lib/b",
    "/lib/twice", "/lib/outside",
    "/lib/fileslash", "/lib/up", "/lib/up/lib/plain", "/lib/up/../../lib/plain", "/usr/lib/back",
    "/usr/lib/back/back/back/file",
    "/usr/../../../usr/lib/file", "/lib/none", "/lib/none/..", "/lib/none/../plain", "/./lib/plain", "/../lib/plain",
    "/closed/file", "/closed",
    "/lib/chain39", "/lib/chain40", "/lib/chain41", "/lib/dir/../../lib/chain40", "/lib/root/lib/chain40",
    "/lib/chain40/", "/lib/long",
};
enum { NAMES = sizeof names / sizeof *names };

static void grow(const char *base)
{
    char path[PATH_MAX], at[PATH_MAX], to[PATH_MAX], from[64] = "plain";
    for (unsigned i = 0; i < sizeof tree / sizeof *tree; i++) {
        if (sscanf(tree[i], "%s -> %s", at, to) == 2) {
            snprintf(path, sizeof path, "%.1000s/%.1000s", base, at);
            CHECK(symlink(to, path) == 0);
            continue;
        }
        snprintf(path, sizeof path, "%.1000s/%s", base, tree[i]);
        if (path[strlen(path) - 1] == '/') CHECK(mkdir(path, 0755) == 0);
        else close(open(path, O_CREAT | O_WRONLY, 0644));
    }
    for (int i = 1; i <= 41; i++) {
        snprintf(path, sizeof path, "%.1000s/lib/chain%d", base, i);
        CHECK(symlink(from, path) == 0);
        snprintf(from, sizeof from, "chain%d", i);
    }
    /* a target of nearly PATH_MAX, with more behind it */
    size_t n = 0;
    while (n < PATH_MAX - 16) n += sprintf(to + n, "./");
    strcpy(to + n, "dir");
    snprintf(path, sizeof path, "%.1000s/lib/long", base);
    CHECK(symlink(to, path) == 0);
    snprintf(path, sizeof path, "%.1000s/closed", base);
    CHECK(chmod(path, 0) == 0);
}

static char results[2][2 * NAMES + 2][PATH_MAX];

static void resolve_all(char (*r)[PATH_MAX], const char *base)
{
    char under[PATH_MAX];
    for (int i = 0; i < 2 * NAMES; i++)
        if (!path_resolve(names[i / 2], r[i], i & 1)) strcpy(r[i], "-");
    for (int i = 0; i < 2; i++) {
        snprintf(under, sizeof under, "%.1000s/lib/%s", base, i ? "absup" : "long/deep/file");
        if (!path_resolve(under, r[2 * NAMES + i], true)) strcpy(r[2 * NAMES + i], "-");
    }
}

static bool refuse_openat2(int error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = { sizeof code / sizeof *code, code };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0;
}

int main(void)
{
    char made[] = "/tmp/test_path.XXXXXX", base[PATH_MAX], path[PATH_MAX];
    CHECK(mkdtemp(made) && realpath(made, base));
    grow(base);
    int before = dup(0);
    path_prefix_set(base);
    if (syscall(SYS_openat2, -1, "", NULL, 0) < 0 && (errno == ENOSYS || errno == EPERM)) {
        printf("the kernel refuses openat2 already\n");
        return 77;
    }
    resolve_all(results[0], base);
    snprintf(path, sizeof path, "%.1000s/usr/lib/file", base);
    CHECK(!strcmp(results[0][2 * 14 + 1], path));           /* /lib/absup: the tree is what it should be */
    for (int e = 0; e < 2; e++) {
        int error = e ? EPERM : ENOSYS;                     /* the newest of two filters wins */
        CHECK(refuse_openat2(error));
        CHECK(syscall(SYS_openat2, -1, "", NULL, 0) < 0 && errno == error);
        resolve_all(results[1], base);
        for (int i = 0; i < 2 * NAMES + 2; i++)
            if (strcmp(results[0][i], results[1][i])) {
                failures++;
                printf("FAIL %s%s: kernel %s, walk %s\n", i < 2 * NAMES ? names[i / 2] : "below the prefix",
                    i & 1 ? "" : " (nofollow)", results[0][i], results[1][i]);
            }
    }
    int after = dup(0);
    CHECK(after == before + 1);                             /* no descriptor left behind */
    char clean[PATH_MAX + 32];
    snprintf(clean, sizeof clean, "chmod 755 '%.1000s/closed'; rm -rf '%.1000s'", base, base);
    CHECK(system(clean) == 0);
    printf("%s\n", failures ? "failed" : "ok");
    return failures != 0;
}
