/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common-user/mm.h"
#include "linux-user/inherit.h"
#include "linux-user/proc.h"
#include "linux-user/seccomp.h"

enum { MDWE_NO_INHERIT = 2 };

int inherit_give(Task *t, const Handed *h)
{
    Handed all = *h;
    all.limits = t->proc->limits;
    all.mdwe = mm_mdwe(t->proc->mm);
    if (all.mdwe & MDWE_NO_INHERIT)
        all.mdwe = 0;
    all.nproc = proc_fds_kept(t->proc, all.proc, sizeof all.proc / sizeof *all.proc);
    int fd = memfd_create("inherit", 0);
    if (fd < 0)
        return -errno;
    FILE *out = fdopen(dup(fd), "w");
    bool ok = out && fwrite(&all, sizeof all, 1, out) == 1 && seccomp_save(t, out);
    if (out && fclose(out))
        ok = false;
    if (ok && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    close(fd);
    return -ENOMEM;
}

bool inherit_open(Inherit *from, int fd)
{
    from->in = fdopen(fd, "r");
    return from->in && fread(&from->h, sizeof from->h, 1, from->in) == 1;
}

bool inherit_take(Inherit *from, Task *t)
{
    t->proc->limits = from->h.limits;
    mm_set_mdwe(t->proc->mm, from->h.mdwe);
    for (int i = 0; i < from->h.nproc; i++)
        proc_fds_opened(t, from->h.proc[i]);
    bool ok = seccomp_restore(t, from->in);
    fclose(from->in);
    return ok;
}
