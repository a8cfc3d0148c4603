/* SPDX-License-Identifier: Apache-2.0 */
/* The few system calls a static hello needs, until dispatch.c lands: delete this file then. */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/mm.h"
#include "linux-user/abi.h"
#include "linux-user/path.h"

int64_t linux_errno_to_guest(const LinuxAbi *abi, int64_t ret) { return ret; }
void path_prefix_set(const char *p) { }
bool path_apply_prefix(const char *p, char *out) { return false; }
int64_t linux_syscall(Task *t, uint64_t nr, const uint64_t a[7])
{
    switch (nr) {      /* numbers of asm-generic/unistd.h */
    case 64: return safe_syscall(t, SYS_write, (long)a[0], gmem_host(t, a[1], a[2]), (long)a[2]);
    case 93: case 94: _exit((int)a[0]);
    case 214: return (int64_t)mm_brk(t->proc->mm, a[0]);
    case 222: return mm_map(t->proc->mm, a[0], a[1], (int)a[2], (int)a[3], (int)a[4], a[5]);
    case 215: return mm_unmap(t->proc->mm, a[0], a[1]);
    case 226: return mm_protect(t->proc->mm, a[0], a[1], (int)a[2]);
    case 96: return t->tid;
    case 99: case 293: return -ENOSYS;
    case 139: t->syscall_noresult = true; return t->proc->abi->sigreturn(t, true);
    }
    return -ENOSYS;
}
