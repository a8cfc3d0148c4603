/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, fork, vfork, exec and exit. Results are as the syscall's: value or -errno. All on the
 * calling task's thread. */
#ifndef COMMON_USER_PROCESS_H
#define COMMON_USER_PROCESS_H

#include <limits.h>
#include "common-user/task.h"

/* clone and clone3 after argument conversion. flags are the kernel's CLONE_* without the exit signal. */
typedef struct CloneArgs {
    uint64_t flags; int exit_signal;
    gaddr stack;                    /* new stack pointer (top); 0 keeps the parent's */
    gaddr tls, parent_tid, child_tid, pidfd;
    const int32_t *set_tid; size_t set_tid_size; int cgroup;      /* clone3 only; host memory */
} CloneArgs;
int64_t process_clone(Task *t, const CloneArgs *a);     /* child side returns 0 with its own current task: use `current`
                                                         * after */
int64_t process_set_tid_address(Task *t, gaddr at);     /* returns the tid */
_Noreturn void process_exit_thread(Task *t, int code);  /* exit(2) */
_Noreturn void process_exit_group(Task *t, int code);
/* The file: as it is reached on the host, and as the guest named it. dirfd as execveat's (AT_FDCWD for execve). */
typedef struct ExecName { int dirfd; const char *path, *given; } ExecName;
/* argv and envp: NULL-terminated host arrays of host strings. flags as execveat's, 0 for execve. */
int64_t process_exec(Task *t, const ExecName *name, char *const argv[], char *const envp[], int flags);
/* The part of an absolute path behind /proc/self/, /proc/thread-self/, /proc/<pid>/ or .../task/<tid>/ of this process;
 * else NULL. */
const char *process_proc_own(const char *abspath);
/* readlink of /proc/self/exe and the like: length, or -ENOENT when the host's own answer is right. */
int64_t process_proc_readlink(Task *t, int dir, const char *path, char *buf, size_t cap);
/* A process that an emulator runs: its program, and (g not NULL) where its map (mm_view_of) and Process are. False:
 * it is none of these, or has less rights than the reader and could have made it up. What is read there may still be
 * anything: bound every length, count and pointer. */
typedef struct ProcGuest { uint64_t sizes, mm, process_size, process; } ProcGuest;
bool    process_proc_guest(pid_t pid, char exe[PATH_MAX], ProcGuest *g);
void    process_proc_announce(const Process *p);        /* once, when p->exe is known: lets other emulators answer for
                                                         * it */
/* A name for "/proc/PID/exe" of this guest or of another emulator's: the program that it runs. False: the host's answer
 * is right. */
bool    process_proc_exe(Task *t, int dir, const char *path, char out[PATH_MAX]);

#endif
