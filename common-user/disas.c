/* SPDX-License-Identifier: Apache-2.0 */
/* The client side of qemu-disas: started once per process on first use, spoken to over a socket pair. */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "common-user/disas.h"

static struct { pthread_mutex_t lock; pid_t owner; bool failed; FILE *to, *from; } peer = { .lock = PTHREAD_MUTEX_INITIALIZER };

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

/* A grandchild, so that the guest never sees it as a child of its own. Caller holds the lock. */
static bool start(void)
{
    int fd[2];
    if (peer.owner == getpid())
        return !peer.failed;
    peer.owner = getpid();
    peer.failed = true;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return false;
    pid_t middle = vfork();
    if (!middle) {
        if (!vfork())
            become_disas(fd[1]);
        _exit(0);
    }
    close(fd[1]);
    int high = fcntl(fd[0], F_DUPFD_CLOEXEC, 900);      /* out of the way of the guest's descriptors */
    if (high >= 0) {
        close(fd[0]);
        fd[0] = high;
    }
    peer.to = fdopen(fd[0], "w");
    peer.from = fdopen(dup(fd[0]), "r");
    peer.failed = !peer.to || !peer.from;
    return !peer.failed;
}

int disas_lines(const char *arch, uint64_t pc, const void *code, size_t len, void (*line)(void *ctx, const char *text), void *ctx)
{
    char text[256];
    pthread_mutex_lock(&peer.lock);
    bool ok = start();
    if (ok) {
        fprintf(peer.to, "%s %llx ", arch, (unsigned long long)pc);
        for (size_t i = 0; i < len; i++)
            fprintf(peer.to, "%02x", ((const uint8_t *)code)[i]);
        fputc('\n', peer.to);
        ok = !fflush(peer.to);
    }
    bool any = false;
    while (ok && fgets(text, sizeof text, peer.from) && text[0] != '\n') {
        text[strcspn(text, "\n")] = 0;
        line(ctx, text);
        any = true;
    }
    if (ok && !any)
        peer.failed = true;
    pthread_mutex_unlock(&peer.lock);
    return any;
}
