/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors whose files must show the guest. They are known by number and checked by inode at each use, so that a
 * number which was closed behind our back shows nothing old; dup, fork and descriptors that come in messages are
 * followed. While there are any, system calls on their numbers do not go to the
 * host directly (direct.c). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "common-user/mm.h"
#include "linux-user/proc.h"
#include "linux-user/sys_common.h"

typedef struct ProcFd {
    int fd;
    dev_t dev; ino_t ino;
    const ProcRow *row;
    pid_t pid, tid;                 /* as in ProcView */
    char *text; size_t len;         /* what the last read saw: what follows is read from there, as of a seq_file */
    uint64_t next;                  /* where that goes on */
} ProcFd;

/* --- the list. A hole is moved over by the last one. */

static ProcFds *list_new(void)
{
    ProcFds *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    pthread_mutex_init(&f->lock, NULL);
    f->users = 1;
    return f;
}

static ProcFds *list_of(Process *p)
{
    ProcFds *f = atomic_load(&p->proc_fds), *none = NULL;
    if (f || !(f = list_new()))
        return f;
    if (atomic_compare_exchange_strong(&p->proc_fds, &none, f))
        return f;
    free(f);
    return none;
}

static ProcFd *at(ProcFds *f, int fd)
{
    for (int i = 0; i < f->n; i++)
        if (f->v[i].fd == fd)
            return &f->v[i];
    return NULL;
}

static void forget(ProcFds *f, ProcFd *d)
{
    uint64_t filter[4] = { 0 };
    free(d->text);
    *d = f->v[f->n - 1];
    atomic_fetch_sub(&f->n, 1);
    for (int i = 0; i < f->n; i++)
        filter[f->v[i].fd >> 6 & 3] |= 1ull << (f->v[i].fd & 63);
    for (int i = 0; i < 4; i++)
        atomic_store(&f->filter[i], filter[i]);
}

static void note(ProcFds *f, const ProcFd *d)
{
    pthread_mutex_lock(&f->lock);
    ProcFd *old = at(f, d->fd);
    if (old)
        forget(f, old);
    ProcFd *v = f->n < f->room ? f->v : realloc(f->v, (size_t)(f->room + 16) * sizeof *v);
    if (v && f->n >= f->room)
        f->room += 16;
    if (v) {
        f->v = v;
        v[f->n] = *d;
        atomic_fetch_or(&f->filter[d->fd >> 6 & 3], 1ull << (d->fd & 63));
        atomic_fetch_add(&f->n, 1);
    }
    pthread_mutex_unlock(&f->lock);
}

static void forget_range(ProcFds *f, unsigned first, unsigned last)
{
    pthread_mutex_lock(&f->lock);
    for (int i = f->n; i-- > 0; )
        if ((unsigned)f->v[i].fd >= first && (unsigned)f->v[i].fd <= last)
            forget(f, &f->v[i]);
    pthread_mutex_unlock(&f->lock);
}

/* Is it a file of ours? The caller gets the text, to give it back. */
static bool take(ProcFds *f, int fd, ProcFd *out)
{
    struct stat st;
    pthread_mutex_lock(&f->lock);
    ProcFd *d = at(f, fd);
    bool found = d && fstat(fd, &st) == 0 && st.st_dev == d->dev && st.st_ino == d->ino;
    if (d && !found)
        forget(f, d);
    if (found) {
        *out = *d;
        d->text = NULL;
    }
    pthread_mutex_unlock(&f->lock);
    return found;
}

static void give_back(ProcFds *f, const ProcFd *d)
{
    pthread_mutex_lock(&f->lock);
    ProcFd *now = at(f, d->fd);
    if (now && now->ino == d->ino && !now->text)
        *now = *d;
    else
        free(d->text);
    pthread_mutex_unlock(&f->lock);
}

int proc_fds_kept(Process *p, int *fd, int room)
{
    int n = 0;
    ProcFds *f = atomic_load(&p->proc_fds);
    if (!f)
        return 0;
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < f->n && n < room; i++) {
        int flags = fcntl(f->v[i].fd, F_GETFD);
        if (flags >= 0 && !(flags & FD_CLOEXEC))
            fd[n++] = f->v[i].fd;
    }
    pthread_mutex_unlock(&f->lock);
    return n;
}

ProcFds *proc_fds_copy(ProcFds *f, bool share)
{
    if (share) {
        if (f)
            atomic_fetch_add(&f->users, 1);
        return f;
    }
    ProcFds *n = f ? list_new() : NULL;
    if (!n)
        return NULL;
    pthread_mutex_lock(&f->lock);
    n->v = malloc((size_t)f->room * sizeof *n->v + 1);
    if (n->v) {
        n->n = f->n;
        n->room = f->room;
        memcpy(n->v, f->v, (size_t)f->n * sizeof *n->v);
        for (int i = 0; i < 4; i++)
            n->filter[i] = f->filter[i];
        for (int i = 0; i < n->n; i++)
            n->v[i].text = NULL;
    }
    pthread_mutex_unlock(&f->lock);
    return n;
}

void proc_fds_drop(ProcFds *f)
{
    if (!f || atomic_fetch_sub(&f->users, 1) > 1)
        return;
    if (pthread_mutex_trylock(&f->lock))            /* its last user was killed changing it: leaked */
        return;
    for (int i = 0; i < f->n; i++)
        free(f->v[i].text);
    free(f->v);
    free(f);
}

void proc_fds_before_fork(Process *p)
{
    ProcFds *f = list_of(p);
    if (f)
        pthread_mutex_lock(&f->lock);
}

void proc_fds_after_fork(Process *p, bool child)
{
    ProcFds *f = atomic_load(&p->proc_fds);
    if (f && child)
        pthread_mutex_init(&f->lock, NULL);
    else if (f)
        pthread_mutex_unlock(&f->lock);
}

/* --- what a descriptor is of */

/* Whom does "ROOT/PID" or "ROOT/PID/task/TID" name? False: nobody that the row can tell of. */
static bool names_guest(Task *t, const ProcRow *r, char *path, ProcFd *d)
{
    char exe[PATH_MAX];
    ProcOwner o;
    if (!proc_cut_owner(t, path, &o))
        return false;
    d->pid = o.pid;
    d->tid = o.tid;
    return o.own || (r->others && o.pid && process_proc_guest(o.pid, exe, NULL));
}

static const ProcRow *row_of(Task *t, const char *path, ProcFd *d)
{
    char rest[PATH_MAX];
    for (const ProcRow *r = proc_rows; r < proc_rows + proc_nrows; r++) {
        strcpy(rest, path);
        if (!proc_cut_name(rest, r->name))
            continue;
        if (r->own ? names_guest(t, r, rest, d) : !proc_cut_number(rest))
            return r;
    }
    return NULL;
}

/* Files of /proc are empty regular files of a file system without a device: most descriptors are none at first look. */
void proc_fds_opened(Task *t, int fd)
{
    char link[40], path[PATH_MAX];
    struct stat st;
    struct statfs fs;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size || major(st.st_dev))
        return;
    if (fstatfs(fd, &fs) || fs.f_type != PROC_SUPER_MAGIC || fcntl(fd, F_GETFL) & O_PATH)
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0)
        return;
    path[n] = 0;
    ProcFd d = { .fd = fd, .dev = st.st_dev, .ino = st.st_ino };
    if (!(d.row = row_of(t, path, &d)))
        return;
    ProcFds *f = list_of(t->proc);
    if (f)
        note(f, &d);
}

/* --- contents */

static int64_t write_text(Task *t, ProcFd *d)
{
    ProcView v = { t, d->pid, d->tid, d->fd, d->row };
    ProcTask unused;
    Process copy;
    free(d->text);
    d->text = NULL;
    if (d->row->own && d->pid == getpid() && d->tid != d->pid && !proc_task(&v, &unused))
        return -ESRCH;
    FILE *out = open_memstream(&d->text, &d->len);
    if (!out)
        return -ENOMEM;
    bool known = proc_subject(&v, &copy);
    size_t len = 0;
    char *host = known ? NULL : proc_host_bytes(&v, &len);
    if (known)
        d->row->write(&v, out);
    else
        fwrite(host, 1, len, out);
    free(host);
    return fclose(out) ? -ENOMEM : 0;
}

/* The text of which [pos, pos + len) is wanted. Linux: fs/seq_file.c, seq_read_iter. */
static int64_t text_for(Task *t, ProcFd *d, uint64_t pos)
{
    return d->text && pos && pos == d->next ? 0 : write_text(t, d);
}

static int64_t read_text(Task *t, ProcFd *d, const struct iovec *v, uint64_t n, uint64_t pos)
{
    int64_t r = text_for(t, d, pos);
    if (r < 0)
        return r;
    uint64_t from = pos;
    for (uint64_t i = 0; i < n && from < d->len; i++) {
        size_t part = v[i].iov_len < d->len - from ? v[i].iov_len : d->len - from;
        size_t done = part - host_copy(v[i].iov_base, d->text + from, part);
        from += done;
        if (done < part)
            break;
    }
    d->next = from;
    uint64_t wanted = 0;
    for (uint64_t i = 0; i < n; i++)
        wanted += v[i].iov_len;
    return from == pos && wanted && pos < d->len ? -EFAULT : (int64_t)(from - pos);
}

static int64_t move_bytes(Task *t, const ProcFd *d, bool in, const struct iovec *v, uint64_t n, uint64_t pos)
{
    ProcView view = { t, d->pid, d->tid, d->fd, d->row };
    int64_t done = 0;
    for (uint64_t i = 0; i < n; i++) {
        int64_t r = v[i].iov_len ? d->row->move(&view, in, v[i].iov_base, v[i].iov_len, pos + (uint64_t)done) : 0;
        if (r < 0)
            return done ? done : r;
        done += r;
        if ((size_t)r < v[i].iov_len)
            break;
    }
    return done;
}

/* --- calls */

/* pos, flags: numbers of these arguments, 0 none */
typedef struct Transfer { bool in, vector; int8_t pos, flags; } Transfer;

/* Buffers as the host has them, opened where we write-protect code. */
static int64_t buffers(Task *t, const Transfer *x, const uint64_t *g, struct iovec *v, uint64_t *n)
{
    *n = x->vector ? g[2] : 1;
    if (x->vector) {
        int64_t r = sys_read_iov(t, v, g[1], *n);
        if (r == 0 && !x->in)
            sys_unprotect_iov(t, g[1], *n);
        return r;
    }
    if ((int64_t)g[2] < 0)
        return -EINVAL;
    if (!x->in)
        mm_unprotect_code(t->proc->mm, g[1], g[2]);
    *v = (struct iovec){ gmem_host(t, g[1], g[2]), g[2] };
    return 0;
}

static int64_t transfer(Task *t, ProcFd *d, const Transfer *x, const uint64_t *g)
{
    enum { IOVS = 1024, RWF_HIGH_PRIORITY = 1 };
    struct iovec v[IOVS];
    uint64_t n;
    if (x->flags && g[x->flags] & ~(uint64_t)RWF_HIGH_PRIORITY)
        return -EOPNOTSUPP;
    int64_t pos = x->pos ? (int64_t)g[x->pos] : -1;
    bool moves = pos == -1 && (!x->pos || x->flags);
    if (moves)
        pos = lseek(d->fd, 0, SEEK_CUR);
    if (pos < 0)
        return moves ? -errno : -EINVAL;
    int64_t r = buffers(t, x, g, v, &n);
    if (r < 0)
        return r;
    r = d->row->move ? move_bytes(t, d, x->in, v, n, (uint64_t)pos) : read_text(t, d, v, n, (uint64_t)pos);
    if (r > 0 && moves)
        lseek(d->fd, pos + r, SEEK_SET);
    return r;
}

/* splice and sendfile: the kernel does it with a memory file in place of the descriptor. arg: of the offset. */
static int64_t by_copy(Task *t, ProcFd *d, const SysDesc *call, const uint64_t *g, int arg)
{
    long nr = call->host_nr;
    gaddr offset = g[arg];
    bool narrow = thunk_size(call->args[arg].type, sys_model()) == 4;
    uint64_t word = 0;
    loff_t pos = 0, end;
    int64_t r = 0;
    if (!offset)
        pos = lseek(d->fd, 0, SEEK_CUR);
    else if ((r = narrow ? gmem_get_word(t, offset, &word) : gmem_get_u64(t, offset, &word)) == 0)
        pos = (loff_t)word;
    if (r == 0)
        r = write_text(t, d);
    int copy = r < 0 ? -1 : memfd_create("text", MFD_CLOEXEC);
    if (copy < 0)
        return r < 0 ? r : -ENOMEM;
    r = write(copy, d->text, d->len) == (ssize_t)d->len ? 0 : -ENOMEM;
    end = pos;
    if (r == 0 && nr == SYS_sendfile)
        r = safe_syscall(t, nr, (long)(int)g[0], (long)copy, &end, g[3], 0L, 0L);
    else if (r == 0)
        r = safe_syscall(t, nr, (long)copy, &end, (long)(int)g[2], gmem_host(t, g[3], 8), g[4], g[5]);
    close(copy);
    if (r <= 0)
        return r;
    if (!offset)
        lseek(d->fd, end, SEEK_SET);
    else if (narrow ? gmem_put_word(t, offset, (uint64_t)end) : gmem_put_u64(t, offset, (uint64_t)end))
        return -EFAULT;
    return r;
}

static const struct { int nr; Transfer how; } transfers[] = {
    { SYS_read,   { false, false } },   { SYS_pread64,  { false, false, 3 } },
    { SYS_readv,  { false, true } },    { SYS_preadv,   { false, true, 3 } },  { SYS_preadv2,  { false, true, 3, 4 } },
    { SYS_write,  { true, false } },    { SYS_pwrite64, { true, false, 3 } },
    { SYS_writev, { true, true } },     { SYS_pwritev,  { true, true, 3 } },   { SYS_pwritev2, { true, true, 3, 4 } },
};

static int64_t with(Task *t, ProcFd *d, const SysDesc *call, const uint64_t *g, bool *done)
{
    long nr = call->host_nr;
    *done = true;
    for (size_t i = 0; i < sizeof transfers / sizeof *transfers; i++) {
        const Transfer *x = &transfers[i].how;
        if (transfers[i].nr != nr)
            continue;
        int mode = fcntl(d->fd, F_GETFL) & O_ACCMODE;
        if ((x->in && !d->row->move) || mode == (x->in ? O_RDONLY : O_WRONLY))
            break;    /* for the kernel to say */
        return transfer(t, d, x, g);
    }
    ProcView view = { t, d->pid, d->tid, d->fd, d->row };
    int64_t r;
    if (nr == SYS_ioctl && d->row->ioctl && d->row->ioctl(&view, (uint32_t)g[1], g[2], &r))
        return r;
    /* files of processes cannot be spliced; the kernel refuses them itself */
    if (nr == SYS_splice && !d->row->own)
        return by_copy(t, d, call, g, 1);
    if (nr == SYS_sendfile && !d->row->own)
        return by_copy(t, d, call, g, 2);
    *done = false;
    return 0;
}

bool proc_fds_call(Task *t, const SysDesc *call, const uint64_t *g, int64_t *r)
{
    ProcFds *f = atomic_load(&t->proc->proc_fds);
    ProcFd d;
    bool done = false;
    int fd = (int)g[call->host_nr == SYS_sendfile];
    if (call->host_nr < 0 || !proc_fds_may_be(t->proc, fd) || !take(f, fd, &d))
        return false;
    /* a parent's, of a row that knows only us: as the host sees that */
    if (!d.row->own || d.row->others || d.pid == getpid())
        *r = with(t, &d, call, g, &done);
    give_back(f, &d);
    return done;
}

static void copied(Process *p, int from, int to)
{
    ProcFds *f = atomic_load(&p->proc_fds);
    pthread_mutex_lock(&f->lock);
    ProcFd *d = at(f, from), copy = d ? *d : (ProcFd){ 0 };
    pthread_mutex_unlock(&f->lock);
    copy.fd = to;
    copy.text = NULL;
    if (d)
        note(f, &copy);
    else
        forget_range(f, (unsigned)to, (unsigned)to);
}

void proc_fds_after(Task *t, const SysDesc *call, const uint64_t *g, int64_t r)
{
    long nr = call->host_nr;
    if (r < 0)
        return;
    ProcFds *f = atomic_load(&t->proc->proc_fds);
    bool dup_by_fcntl = nr == SYS_fcntl && (g[1] == F_DUPFD || g[1] == F_DUPFD_CLOEXEC);
    if (nr == SYS_dup || nr == SYS_dup2 || nr == SYS_dup3 || dup_by_fcntl) {
        if ((int)g[0] != (int)r)
            copied(t->proc, (int)g[0], (int)r);
    } else if (nr == SYS_close) {
        forget_range(f, (unsigned)g[0], (unsigned)g[0]);
    } else if (nr == SYS_close_range && !(g[2] & 4 /* CLOSE_RANGE_CLOEXEC */)) {
        forget_range(f, (unsigned)g[0], (unsigned)g[1]);
    }
}
