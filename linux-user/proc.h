/* SPDX-License-Identifier: Apache-2.0 */
/* /proc for the guest. A file that must show the guest is the host's own file, opened as any other, so that everything
 * but its contents is the kernel's: kind, mode, position, who may read it, what splice and mmap say. proc_fd.c knows
 * which descriptors are such files and answers the calls that read them; a row here says what is in one (proc_text.c,
 * proc_status.c, proc_memory.c). Errors are -errno. Any thread.
 */
#ifndef LINUX_USER_PROC_H
#define LINUX_USER_PROC_H

#include <stdio.h>
#include "common-user/mm_view.h"
#include "common-user/process.h"
#include "linux-user/syscall.h"

/* What one read is about. */
typedef struct ProcView {
    Task *t;                        /* the reader */
    pid_t pid, tid;                 /* whose file; the thread that the name says, or the process' first one */
    int fd;                         /* the host's file; only to be read with a position, which leaves its own alone */
    const struct ProcRow *row;
    const Process *p;               /* of pid: ours, or a copy, whose pointers are addresses there */
    MmSums sums;
    uint64_t base;                  /* its mm_base */
} ProcView;

/* A row is text, or bytes at positions that are addresses. */
typedef struct ProcRow {
    const char *name;
    bool own;                       /* below /proc/PID and /proc/PID/task/TID; else below /proc */
    bool others;                    /* tells of processes of other emulators, too */
    void (*write)(const ProcView *v, FILE *out);
    int64_t (*move)(const ProcView *v, bool in, void *buf, size_t len, uint64_t pos);      /* in: to the file */
    bool (*ioctl)(const ProcView *v, uint32_t cmd, gaddr arg, int64_t *r);      /* false: for the kernel to answer */
} ProcRow;
extern const ProcRow proc_rows[];
extern const int proc_nrows;

/* What other threads may see of a task; false: it has gone. */
typedef struct ProcTask {
    uint64_t sigmask;
    bool own;                       /* of this process; of others the rest is not known */
    uint64_t pending, nr, arg[7], filters;
    int64_t seccomp;
    gaddr sp, pc;
} ProcTask;
/* proc_subject.c. Finds out p, sums, base; false: nothing can be said, and the host's own file is as good. */
bool  proc_subject(ProcView *v, Process *copy);
bool  proc_is_own(const ProcView *v);
bool  proc_peek(const ProcView *v, uint64_t at, void *to, size_t len);         /* pid's memory; false: not all of it */
bool  proc_task(const ProcView *v, ProcTask *out);
uint64_t proc_handlers(const ProcView *v, bool ignored);        /* signals with handlers, or that are ignored */
char *proc_host_text(const ProcView *v);                /* what the host's file says: malloc'd, never NULL */
char *proc_host_bytes(const ProcView *v, size_t *len);  /* the same, which may have zeros in it */

/* proc_text.c, proc_status.c, proc_memory.c: rows' functions. */
MmView *proc_map(const ProcView *v);             /* NULL: it cannot be had */
void proc_write_maps(const ProcView *v, FILE *out);
void proc_write_smaps(const ProcView *v, FILE *out);
void proc_write_smaps_rollup(const ProcView *v, FILE *out);
int64_t proc_move_mem(const ProcView *v, bool in, void *buf, size_t len, uint64_t pos);
int64_t proc_move_pagemap(const ProcView *v, bool in, void *buf, size_t len, uint64_t pos);
bool proc_query_map(const ProcView *v, uint32_t cmd, gaddr arg, int64_t *r);    /* PROCMAP_QUERY */
void proc_write_cmdline(const ProcView *v, FILE *out);
void proc_write_environ(const ProcView *v, FILE *out);
void proc_write_auxv(const ProcView *v, FILE *out);
void proc_write_limits(const ProcView *v, FILE *out);
void proc_write_cpuinfo(const ProcView *v, FILE *out);
void proc_write_version(const ProcView *v, FILE *out);
void proc_write_osrelease(const ProcView *v, FILE *out);
void proc_write_arch(const ProcView *v, FILE *out);
void proc_write_stat(const ProcView *v, FILE *out);
void proc_write_statm(const ProcView *v, FILE *out);
void proc_write_status(const ProcView *v, FILE *out);
void proc_write_syscall(const ProcView *v, FILE *out);

/* --- names, as the kernel gives them for descriptors; proc_name.c. Each takes something off the end. */

pid_t proc_cut_number(char *path);                      /* "/N"; 0: there is none */
bool  proc_cut_name(char *path, const char *name);      /* "/name" */
/* "/PID" or "/PID/task/TID", which leaves ROOT. pid 0: a process of a name space that is not ours. */
typedef struct ProcOwner { bool own; pid_t pid, tid; } ProcOwner;
bool  proc_cut_owner(Task *t, char *path, ProcOwner *o);

/* --- descriptors, proc_fd.c */

/* Those of one table of descriptors; shared by processes that share that. */
typedef struct ProcFds {
    _Atomic int n, users;
    _Atomic uint64_t filter[4];     /* bit fd % 256 is set for each */
    pthread_mutex_t lock;           /* guards what follows, and changes of n and filter */
    struct ProcFd *v;
    int room;
} ProcFds;

/* False: no descriptor of this process is such a file. */
static inline bool proc_fds_some(const Process *p)
{
    const ProcFds *f = atomic_load_explicit(&p->proc_fds, memory_order_relaxed);
    return f && atomic_load_explicit(&f->n, memory_order_relaxed);
}

/* False: this one is none. Asked when there are some. */
static inline bool proc_fds_may_be(const Process *p, int fd)
{
    const ProcFds *f = atomic_load_explicit(&p->proc_fds, memory_order_relaxed);
    return atomic_load_explicit(&f->filter[fd >> 6 & 3], memory_order_relaxed) >> (fd & 63) & 1;
}

void     proc_fds_opened(Task *t, int fd);              /* fd is new here: notes it if it must show the guest */
int      proc_fds_kept(Process *p, int *fd, int room);  /* which of them survive exec: so many, at most room */
ProcFds *proc_fds_copy(ProcFds *f, bool share);         /* for clone; NULL for none, or no memory */
void     proc_fds_drop(ProcFds *f);
void     proc_fds_before_fork(Process *p);
void     proc_fds_after_fork(Process *p, bool child);
/* A system call with guest values. True: it was about such a file, and *r is its result. */
bool     proc_fds_call(Task *t, const SysDesc *call, const uint64_t *g, int64_t *r);
/* Of any other call: descriptors come and go. */
void     proc_fds_after(Task *t, const SysDesc *call, const uint64_t *g, int64_t r);

#endif
