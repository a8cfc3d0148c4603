/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "common-user/ownfd.h"
#include "linux-user/exec_self.h"
#include "linux-user/options.h"

static const char own_exe[] = "/proc/self/exe";

static int kept(const Process *p) { return p->self_fd >= 0 ? p->self_fd : ownfd_get(p->self_handle); }

int exec_self_find(const Process *p, const char *program, ExecSelf *out)
{
    const char *start = p->opt->self_path ? p->opt->self_path : "";
    bool visible = !access(own_exe, X_OK);
    *out = (ExecSelf){ .fd = -1 };
    if (!program && visible) {
        strcpy(out->path, own_exe);
    } else if (!program && kept(p) >= 0) {
        out->fd = fcntl(kept(p), F_DUPFD, 3);
        return out->fd < 0 ? -errno : 0;
    } else if (!program) {
        snprintf(out->path, PATH_MAX, "%s", start);
    } else {
        char self[PATH_MAX];
        ssize_t n = visible ? readlink(own_exe, self, sizeof self - 1) : snprintf(self, sizeof self, "%s", start);
        self[n > 0 ? n : 0] = 0;
        char *slash = strrchr(self, '/');
        if (slash)
            snprintf(out->path, PATH_MAX, "%.*s/qemu-%s", (int)(slash - self), self, program);
    }
    return out->path[0] && !access(out->path, X_OK) ? 0 : -ENOENT;
}

void exec_self_keep(Process *p)
{
    if (kept(p) >= 0)
        return;
    int fd = open(own_exe, O_RDONLY | O_CLOEXEC);       /* an O_PATH one cannot be marked (ownfd.h) */
    if (fd < 0)
        fd = open(own_exe, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return;
    /* the table of a process that shares memory is its parent's too, the descriptor is not; it is about to execute */
    if (p->shares_memory)
        p->self_fd = fd;
    else
        p->self_handle = ownfd_keep(fd);
}

void exec_self_kept(Process *p, int fd)
{
    if (!access(own_exe, X_OK))
        close(fd);
    else
        p->self_handle = ownfd_keep(fd);
}
