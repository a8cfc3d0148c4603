/* SPDX-License-Identifier: Apache-2.0 */
/* The client side of qemu-disas: started once per process on first use, spoken to over a socket pair. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common-user/disas.h"
#include "common-user/host.h"
#include "common-user/ownfd.h"

/* under the log's lock */
static struct { pid_t owner; bool failed; int handle; } peer = { .handle = OWNFD_NONE };

static void become_disas(int fd)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 16);
    dup2(fd, 0);
    dup2(fd, 1);
    char *slash = n > 0 ? memrchr(path, '/', n) : NULL;
    if (slash) {
        strcpy(slash + 1, "qemu-disas");
        execl(path, "qemu-disas", (char *)NULL);
    }
    execlp("qemu-disas", "qemu-disas", (char *)NULL);
    _exit(127);
}

static int start_grandchild(void *fd)
{
    if (!vfork())
        become_disas(*(int *)fd);
    _exit(0);
}

/* A grandchild, and its parent ends without a signal: the guest never sees a child that is not its own. */
static bool start(void)
{
    int fd[2];
    if (peer.owner == getpid())
        return !peer.failed;
    if (peer.owner)
        ownfd_close(peer.handle);               /* the parent's */
    peer.owner = getpid();
    peer.failed = true;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return false;
    enum { STACK = 64 * 1024 };
    char *stack = malloc(STACK);
    long middle =
        stack ? host_clone(CLONE_VM | CLONE_VFORK, stack + STACK, NULL, NULL, 0, start_grandchild, &fd[1]) : -1;
    if (middle > 0)
        waitpid((pid_t)middle, NULL, __WALL);
    free(stack);
    close(fd[1]);
    peer.handle = ownfd_keep(fd[0]);
    peer.failed = peer.handle == OWNFD_NONE;
    return !peer.failed;
}

static bool ask(const char *arch, uint64_t pc, const uint8_t *code, size_t len)
{
    char *text = malloc(2 * len + 64), *end = text;
    if (!text)
        return false;
    end += sprintf(end, "%s %llx ", arch, (unsigned long long)pc);
    for (size_t i = 0; i < len; i++)
        end += sprintf(end, "%02x", code[i]);
    *end++ = '\n';
    /* it may be gone */
    bool ok = send(ownfd_get(peer.handle), text, (size_t)(end - text), MSG_NOSIGNAL) == end - text;
    free(text);
    return ok;
}

static void pass_line(const char *answer, DisasLine *line, void *ctx)
{
    char *end;
    uint64_t pc = strtoull(answer, &end, 16);
    unsigned len = (unsigned)strtoul(end, &end, 10);
    line(ctx, pc, len, end + (*end == ' '));
}

/* Lines up to an empty one. False: there was none. */
static bool answer(DisasLine *line, void *ctx)
{
    char text[4096];
    size_t have = 0;
    bool any = false;
    for (;;) {
        ssize_t n = read(ownfd_get(peer.handle), text + have, sizeof text - 1 - have);
        if (n <= 0)
            return any;
        have += (size_t)n;
        char *start = text, *end;
        while ((end = memchr(start, '\n', have - (size_t)(start - text)))) {
            if (end == start)
                return any;
            *end = 0;
            pass_line(start, line, ctx);
            any = true;
            start = end + 1;
        }
        have -= (size_t)(start - text);
        memmove(text, start, have);
    }
}

bool disas_lines(const char *arch, uint64_t pc, const void *code, size_t len, DisasLine *line, void *ctx)
{
    bool any = start() && ask(arch, pc, code, len) && answer(line, ctx);
    if (!any)
        peer.failed = true;
    return any;
}
