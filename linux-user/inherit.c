/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "linux-user/inherit.h"
#include "linux-user/seccomp.h"

int inherit_give(Task *t)
{
    bool filtered = atomic_load(&t->seccomp);
    if (!filtered && !t->proc->limits.set) return INHERIT_NONE;
    int fd = memfd_create("inherit", 0);
    FILE *out = fd >= 0 ? fdopen(dup(fd), "w") : NULL;
    bool ok = out && fwrite(&t->proc->limits, sizeof t->proc->limits, 1, out) == 1 && seccomp_save(t, out);
    if (out && fclose(out)) ok = false;
    if (ok && lseek(fd, 0, SEEK_SET) == 0) return fd;
    if (fd >= 0) close(fd);
    return INHERIT_FAILED;
}

bool inherit_take(Task *t, int fd)
{
    FILE *in = fdopen(fd, "r");
    if (!in) return false;
    bool ok = fread(&t->proc->limits, sizeof t->proc->limits, 1, in) == 1 && seccomp_restore(t, in);
    fclose(in);
    return ok;
}
