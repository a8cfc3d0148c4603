/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel AIO of guests whose layout is not the host's. A context is, as on Linux, an address of the guest: a page
 * without the ring's magic number, so that libraries make system calls instead of reading a ring; the host's context is
 * noted in it (the kernel looks it up in its own table, so a guest that writes there harms itself). A request is known
 * to the kernel by the address of our copy, which comes back with its event.
 * Source: io_submit(2), linux/aio_abi.h. */
#include <errno.h>
#include <limits.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/mm.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

enum { NOTE = 256, IOCB_BYTES = 64, EVENTS_MOST = 256, EVENTS_CAP = 1 << 20 };    /* cap: above any aio-max-nr */
typedef struct Request { struct iocb cb; uint64_t data; gaddr guest; } Request;

static int64_t host_context(Task *t, uint64_t ctx, aio_context_t *host)
{
    return gmem_read(t, host, ctx + NOTE, sizeof *host) < 0 ? -EINVAL : 0;
}

int64_t sys_io_setup(Task *t, uint32_t n, gaddr ctx)
{
    uint64_t was;
    aio_context_t host = 0;
    Mm *mm = t->proc->mm;
    int64_t r = gmem_get_word(t, ctx, &was);
    if (r < 0)
        return r;
    if (was)
        return -EINVAL;
    if ((r = safe_syscall(t, SYS_io_setup, (long)n, &host, 0L, 0L, 0L, 0L)) < 0)
        return r;
    int64_t at = mm_map(mm, 0, linux_abi.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    r = at < 0 ? at : gmem_write(t, (gaddr)at + NOTE, &host, sizeof host);
    if (r == 0)
        r = gmem_put_word(t, ctx, (gaddr)at);
    if (r == 0)
        return mm_protect(mm, (gaddr)at, linux_abi.page_size, PROT_READ);
    if (at >= 0)
        mm_unmap(mm, (gaddr)at, linux_abi.page_size);
    syscall(SYS_io_destroy, host);
    return r;
}

/* Events that are there already are dropped with the context. */
int64_t sys_io_destroy(Task *t, uint64_t ctx)
{
    struct io_event ev[EVENTS_MOST];
    struct timespec zero = { 0, 0 };
    aio_context_t host;
    int64_t r = host_context(t, ctx, &host);
    if (r < 0)
        return r;
    for (long n; (n = syscall(SYS_io_getevents, host, 0, EVENTS_MOST, ev, &zero)) > 0; )
        for (long k = 0; k < n; k++)
            free((void *)(uintptr_t)ev[k].obj);
    if ((r = safe_syscall(t, SYS_io_destroy, host, 0L, 0L, 0L, 0L, 0L)) == 0)
        mm_unmap(t->proc->mm, ctx, linux_abi.page_size);
    return r;
}

/* struct iocb has the same fields everywhere, but for the order of two halves. */
static int64_t get_request(Task *t, Request *q, gaddr at)
{
    uint8_t raw[IOCB_BYTES];
    int64_t r = gmem_read(t, raw, at, sizeof raw);
    bool be = linux_abi.big_endian;
    if (r < 0)
        return r;
    q->guest = at;
    q->data = thunk_load(raw, 8, false, be);
    q->cb = (struct iocb){
        .aio_data = q->data, .aio_rw_flags = (int)thunk_load(raw + (be ? 8 : 12), 4, false, be),
        .aio_lio_opcode = (uint16_t)thunk_load(raw + 16, 2, false, be),
        .aio_reqprio = (int16_t)thunk_load(raw + 18, 2, true, be),
        .aio_fildes = (uint32_t)thunk_load(raw + 20, 4, false, be), .aio_buf = thunk_load(raw + 24, 8, false, be),
        .aio_nbytes = thunk_load(raw + 32, 8, false, be), .aio_offset = (int64_t)thunk_load(raw + 40, 8, true, be),
        .aio_reserved2 = thunk_load(raw + 48, 8, false, be), .aio_flags = (uint32_t)thunk_load(raw + 56, 4, false, be),
        .aio_resfd = (uint32_t)thunk_load(raw + 60, 4, false, be),
    };
    return 0;
}

static int64_t submit_one(Task *t, aio_context_t host, gaddr at)
{
    struct iovec iov[IOV_MAX];
    Request *q = calloc(1, sizeof *q);
    struct iocb *cb = q ? &q->cb : NULL;
    int64_t r = q ? get_request(t, q, at) : -ENOMEM;
    if (r == 0 && (cb->aio_lio_opcode == IOCB_CMD_PREAD || cb->aio_lio_opcode == IOCB_CMD_PWRITE)) {
        if (cb->aio_lio_opcode == IOCB_CMD_PREAD)
            mm_mend(t->proc->mm, cb->aio_buf, cb->aio_nbytes);
        cb->aio_buf = (uintptr_t)gmem_host(t, cb->aio_buf, cb->aio_nbytes);
    } else if (r == 0 && (cb->aio_lio_opcode == IOCB_CMD_PREADV || cb->aio_lio_opcode == IOCB_CMD_PWRITEV)) {
        if (cb->aio_lio_opcode == IOCB_CMD_PREADV)
            sys_mend_iov(t, cb->aio_buf, cb->aio_nbytes);
        r = sys_read_iov(t, iov, cb->aio_buf, cb->aio_nbytes);          /* the kernel copies it at once */
        cb->aio_buf = (uintptr_t)iov;
    }
    if (r == 0)
        r = safe_syscall(t, SYS_io_submit, host, 1L, &cb, 0L, 0L, 0L);
    if (r != 1)
        free(q);
    return r;
}

int64_t sys_io_submit(Task *t, uint64_t ctx, int64_t n, gaddr iocbs)
{
    aio_context_t host;
    int64_t r = host_context(t, ctx, &host), done = 0;
    if (r < 0 || n < 0)
        return r < 0 ? r : -EINVAL;
    for (uint64_t at; done < n; done++) {
        if ((r = gmem_get_word(t, iocbs + (gaddr)done * linux_abi.word, &at)) < 0 || (r = submit_one(t, host, at)) != 1)
            break;
    }
    return done ? done : r;
}

/* The kernel would want the address of our copy, which is known to nobody before the event. */
int64_t sys_io_cancel(Task *t, uint64_t ctx, gaddr iocb, gaddr result) { return sys_unsupported("io_cancel"); }

static int64_t put_events(Task *t, gaddr at, const struct io_event *ev, int64_t n)
{
    int64_t r = 0;
    for (int64_t k = 0; k < n; k++, at += sizeof *ev) {
        Request *q = (Request *)(uintptr_t)ev[k].obj;
        int64_t res = ev[k].res < 0 ? linux_errno_to_guest(&linux_abi, ev[k].res) : ev[k].res;
        if (r == 0)
            r = gmem_put_u64(t, at, q->data);
        if (r == 0)
            r = gmem_put_u64(t, at + 8, q->guest);
        if (r == 0)
            r = gmem_put_u64(t, at + 16, (uint64_t)res);
        if (r == 0)
            r = gmem_put_u64(t, at + 24, (uint64_t)ev[k].res2);
        free(q);
    }
    return r;
}

/* sig: what io_pgetevents' last argument points to in the host's layout, or NULL. */
static int64_t get_events(Task *t, uint64_t ctx, int64_t min, int64_t n, gaddr events, void *timeout, const void *sig)
{
    struct io_event few[EVENTS_MOST], *ev = few;
    aio_context_t host;
    int64_t r = host_context(t, ctx, &host), most = n < EVENTS_CAP ? n : EVENTS_CAP;
    if (r < 0)
        return r;
    if (min > n)
        return -EINVAL;
    if (min > most)
        min = most;
    if (most > EVENTS_MOST && !(ev = malloc((size_t)most * sizeof *ev)))
        return -ENOMEM;
    r = sig ? safe_syscall(t, SYS_io_pgetevents, host, min, most, ev, timeout, sig)
            : safe_syscall(t, SYS_io_getevents, host, min, most, ev, timeout, 0L);
    int64_t e = r > 0 ? put_events(t, events, ev, r) : 0;
    if (ev != few)
        free(ev);
    return e < 0 ? e : r;
}

/* The same for a guest whose contexts and events are the host's. */
static int64_t get_own_events(Task *t, uint64_t ctx, int64_t min, int64_t n, gaddr at, void *timeout, const void *sig)
{
    uint64_t most = n < 0 ? 0 : n < EVENTS_MOST ? (uint64_t)n : EVENTS_MOST, len = most * sizeof(struct io_event);
    return sys_host_out(t, at, len, SYS_io_pgetevents, ctx, (uint64_t)min, (uint64_t)n,
                        (uintptr_t)gmem_host(t, at, len), (uintptr_t)timeout, (uintptr_t)sig);
}

int64_t sys_io_getevents(Task *t, uint64_t ctx, int64_t min, int64_t n, gaddr events, void *timeout)
{
    int64_t r = get_events(t, ctx, min, n, events, timeout, NULL);
    return r == -ERESTARTSYS ? -EINTR : r;
}

int64_t sys_io_pgetevents(Task *t, uint64_t ctx, int64_t min, int64_t n, gaddr events, void *timeout, gaddr sig)
{
    struct { const uint64_t *mask; uint64_t size; } host = { 0 };
    uint64_t mask = 0, size = 0, bits;
    int64_t r = 0;
    if (sig && ((r = gmem_get_word(t, sig, &mask)) < 0 || (r = gmem_get_word(t, sig + linux_abi.word, &size)) < 0))
        return r;
    if (mask && (r = sys_get_sigset(t, mask, size, &bits)) < 0)
        return r;
    if (mask) {
        bits = signal_temp_mask(t, bits);
        host.mask = &bits;
        host.size = 8;
    }
    r = sys_foreign() ? get_events(t, ctx, min, n, events, timeout, &host)
                      : get_own_events(t, ctx, min, n, events, timeout, &host);
    return r == -ERESTARTSYS ? -ERESTARTNOHAND : r;             /* never restarted after a handler ran */
}

int64_t sys_io_pgetevents_time64(Task *t, uint64_t ctx, int64_t min, int64_t n, gaddr events, void *timeout, gaddr sig)
{
    return sys_io_pgetevents(t, ctx, min, n, events, timeout, sig);
}
