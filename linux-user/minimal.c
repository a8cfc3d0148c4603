/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for process_*.c until they land; delete this file then. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/process.h"

#define WEAK __attribute__((weak))
WEAK int64_t process_clone(Task *t, const CloneArgs *a) { return -ENOSYS; }
WEAK int64_t process_set_tid_address(Task *t, gaddr at) { t->clear_tid = at; return t->tid; }
WEAK void process_exit_thread(Task *t, int code) { _exit(code); }
WEAK void process_exit_group(Task *t, int code) { _exit(code); }
WEAK int64_t process_exec(Task *t, int dirfd, const char *path, char *const argv[], char *const envp[], int flags) { return -ENOSYS; }
WEAK int64_t process_proc_open(Task *t, const char *abspath, int flags) { return -ENOENT; }
WEAK int64_t process_proc_readlink(Task *t, const char *abspath, char *buf, size_t cap) { return -ENOENT; }
