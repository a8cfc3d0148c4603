/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of newer kernels whose structures grow, of guests whose layout is not the host's: a part that both sides know
 * is converted, what lies behind must be zero on the way in and is bytes on the way out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

enum { NR_STATMOUNT = 457, NR_LISTMOUNT, NR_LSM_GET_SELF_ATTR, NR_LSM_SET_SELF_ATTR, NR_LSM_LIST_MODULES };
enum { MOST = 1 << 20, LIST_MOST = 1000000 };

/* copy_struct_from_user of `size` bytes, at least `first` of them, as s. 0, -E2BIG, -EINVAL or -EFAULT. */
static int64_t get_growing(Task *t, const ThunkStruct *s, void *host, gaddr at, uint64_t size, uint64_t first)
{
    uint8_t raw[64] = { 0 };
    size_t known = thunk_size(s, sys_model());
    if (size < first)
        return -EINVAL;
    if (size > 4096)
        return -E2BIG;
    int64_t r = gmem_read(t, raw, at, size < known ? size : known);
    for (uint64_t k = known; k < size && r == 0; k++) {
        uint8_t more;
        if ((r = gmem_get_u8(t, at + k, &more)) == 0 && more)
            r = -E2BIG;
    }
    if (r == 0)
        thunk_to_host(s, sys_model(), host, raw, 1);
    return r;
}

static int64_t get_request(Task *t, gaddr at, uint64_t host[4])
{
    uint32_t size;
    int64_t r = gmem_get_u32(t, at, &size);
    return r < 0 ? r : get_growing(t, &struct_mnt_id_req, host, at, size, 24);
}

static int64_t put_words(Task *t, gaddr at, const uint64_t *v, uint64_t n)
{
    int64_t r = 0;
    for (uint64_t k = 0; k < n && r == 0; k++)
        r = gmem_put_u64(t, at + 8 * k, v[k]);
    return r;
}

int64_t sys_statmount(Task *t, gaddr req, gaddr buf, uint64_t size, uint32_t flags)
{
    uint64_t request[4];
    int64_t r = get_request(t, req, request);
    if (r < 0)
        return r;
    uint64_t room = size < MOST ? size : MOST;
    uint8_t *host = calloc(1, room + 1);
    if (!host)
        return -ENOMEM;
    r = safe_syscall(t, NR_STATMOUNT, request, host, room, (long)flags, 0L, 0L);
    size_t head = struct_statmount.host_size, whole = r < 0 ? 0 : thunk_load(host, 4, false, false);
    if (r == 0 && room >= head)
        r = sys_put_struct(t, &struct_statmount, buf, host);
    else if (r == 0)
        r = sys_unsupported("statmount: a buffer smaller than the structure");
    if (r == 0 && whole > head)
        r = gmem_write(t, buf + head, host + head, (whole < room ? whole : room) - head);
    free(host);
    return r;
}

int64_t sys_listmount(Task *t, gaddr req, gaddr ids, uint64_t n, uint32_t flags)
{
    uint64_t request[4];
    if (n > LIST_MOST)
        return -EOVERFLOW;
    int64_t r = get_request(t, req, request);
    if (r < 0)
        return r;
    uint64_t *host = calloc(n + 1, 8);
    if (!host)
        return -ENOMEM;
    r = safe_syscall(t, NR_LISTMOUNT, request, host, n, (long)flags, 0L, 0L);
    int64_t e = r > 0 ? put_words(t, ids, host, (uint64_t)r) : 0;
    free(host);
    return e < 0 ? e : r;
}

int64_t sys_mount_setattr(Task *t, int dir, const char *path, uint32_t flags, gaddr attr, uint64_t size)
{
    uint64_t host[4];
    int64_t r = get_growing(t, &struct_mount_attr, host, attr, size, 32);
    return r < 0 ? r : safe_syscall(t, SYS_mount_setattr, (long)dir, path, (long)flags, host, sizeof host, 0L);
}

/* --- security modules: lists of struct lsm_ctx { u64 id, flags, len, ctx_len; u8 ctx[] }, each len bytes */
enum { CTX_HEAD = 32 };

static int64_t put_contexts(Task *t, gaddr at, const uint8_t *p, uint32_t size)
{
    int64_t r = 0;
    for (uint32_t k = 0, len; k + CTX_HEAD <= size && r == 0; k += len) {
        uint64_t head[4];
        memcpy(head, p + k, sizeof head);
        len = head[2] >= CTX_HEAD && head[2] <= size - k ? (uint32_t)head[2] : size - k;
        if ((r = put_words(t, at + k, head, 4)) == 0)
            r = gmem_write(t, at + k + CTX_HEAD, p + k + CTX_HEAD, len - CTX_HEAD);
    }
    return r;
}

/* The size of a buffer, 32 bits in guest memory, is what there is on the way in and what is wanted on the way out. */
typedef int64_t PutFn(Task *t, gaddr at, const uint8_t *p, uint32_t size);
static int64_t sized_call(Task *t, long nr, const uint64_t *before, gaddr buf, gaddr size, uint64_t flags, PutFn *put)
{
    uint32_t room;
    int64_t r = gmem_get_u32(t, size, &room);
    if (r < 0)
        return r;
    uint32_t want = room < MOST ? room : MOST;
    uint8_t *host = calloc(1, want + 1);
    if (!host)
        return -ENOMEM;
    void *out = buf ? host : NULL;
    r = before ? safe_syscall(t, nr, *before, out, &want, (long)flags, 0L, 0L)
               : safe_syscall(t, nr, out, &want, (long)flags, 0L, 0L, 0L);
    int64_t e = r >= 0 || r == -E2BIG ? gmem_put_u32(t, size, want) : 0;
    if (e == 0 && r >= 0 && buf)
        e = put(t, buf, host, want);
    free(host);
    return e < 0 ? e : r;
}

static int64_t put_ids(Task *t, gaddr at, const uint8_t *p, uint32_t size)
{
    return put_words(t, at, (const uint64_t *)(const void *)p, size / 8);
}

int64_t sys_lsm_get_self_attr(Task *t, uint32_t attr, gaddr ctx, gaddr size, uint32_t flags)
{
    /* its id would be read from ctx */
    if (flags && ctx)
        return sys_unsupported("lsm_get_self_attr: of a single module");
    return sized_call(t, NR_LSM_GET_SELF_ATTR, &(uint64_t){ attr }, ctx, size, flags, put_contexts);
}

int64_t sys_lsm_list_modules(Task *t, gaddr ids, gaddr size, uint32_t flags)
{
    return sized_call(t, NR_LSM_LIST_MODULES, NULL, ids, size, flags, put_ids);
}

int64_t sys_lsm_set_self_attr(Task *t, uint32_t attr, gaddr ctx, uint32_t size, uint32_t flags)
{
    uint64_t host[4096 / 8];
    if (size < CTX_HEAD)
        return -EINVAL;
    if (size > sizeof host)
        return -E2BIG;
    int64_t r = gmem_read(t, host, ctx, size);
    for (int k = 0; k < 4; k++)
        host[k] = gmem_swap64(t, host[k]);
    return r < 0 ? r : safe_syscall(t, NR_LSM_SET_SELF_ATTR, (long)attr, host, (long)size, (long)flags, 0L, 0L);
}
