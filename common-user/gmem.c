/* SPDX-License-Identifier: Apache-2.0 */
/* Guest memory access from C; see gmem.h. The copies themselves are host/<h>/host_asm.S. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "common-user/gmem.h"
#include "common-user/host.h"
#include "common-user/mm.h"

/* A host address that always faults and is no canonical pointer's neighbour: the kernel half. */
#define BAD_HOST ((void *)(uintptr_t)0xffff800000000000ull)

/* The address behind a tag, where the guest may pass such. */
static inline gaddr plain(const Task *t, gaddr a)
{
    return __builtin_expect(t->tags, 0) ? arch_untag(t->proc->arch, a) : a;
}

void *gmem_host(const Task *t, gaddr a, uint64_t len)
{
    if (a == 0)
        return NULL;
    a = plain(t, a);
    uint64_t limit = mm_task_size(t->proc->mm);
    if (a >= limit || len > limit - a)
        return BAD_HOST;
    if (__builtin_expect(mm_in_gap(t->proc->mm, &a, 1), 0))
        mm_grow(t->proc->mm, a);
    return (void *)(uintptr_t)(t->cpu->mem_base + a);
}

/* As gmem_host, but address 0 is an ordinary (faulting or not) address. */
static void *host_at(const Task *t, gaddr a, uint64_t len)
{
    uint64_t limit = mm_task_size(t->proc->mm);
    if (a >= limit || len > limit - a)
        return BAD_HOST;
    return (void *)(uintptr_t)(t->cpu->mem_base + a);
}

/* After a faulting write: was it our own protection? Then the page is open now: again. */
static bool retry_write(Task *t, gaddr a, size_t len)
{
    if (t->fault.sig != SIGSEGV)
        return false;
    if (t->fault.code == SEGV_ACCERR && mm_unprotect_code(t->proc->mm, a, len))
        return true;
    if (mm_grow(t->proc->mm, a))
        return true;
    return t->fault.code == SEGV_ACCERR && mm_covered(t->proc->mm, a, len, PROT_WRITE);
}

static bool retry_read(Task *t, gaddr a) { return t->fault.sig == SIGSEGV && mm_grow(t->proc->mm, a); }

size_t gmem_read_some(Task *t, void *dst, gaddr src, size_t len)
{
    size_t done = 0;
    src = plain(t, src);
    while (done < len) {
        size_t left = host_copy((char *)dst + done, host_at(t, src + done, len - done), len - done);
        done = len - left;
        if (left && !retry_read(t, src + done))
            break;
    }
    return done;
}

int64_t gmem_read(Task *t, void *dst, gaddr src, size_t len)
{
    return gmem_read_some(t, dst, src, len) == len ? 0 : -EFAULT;
}

int64_t gmem_write(Task *t, gaddr dst, const void *src, size_t len)
{
    size_t done = 0;
    dst = plain(t, dst);
    while (done < len) {
        size_t left = host_copy(host_at(t, dst + done, len - done), (const char *)src + done, len - done);
        done = len - left;
        if (left && !retry_write(t, dst + done, 1))
            return -EFAULT;
    }
    return 0;
}

int64_t gmem_zero(Task *t, gaddr dst, size_t len)
{
    size_t done = 0;
    dst = plain(t, dst);
    while (done < len) {
        size_t left = host_zero(host_at(t, dst + done, len - done), len - done);
        done = len - left;
        if (left && !retry_write(t, dst + done, 1))
            return -EFAULT;
    }
    return 0;
}

int64_t gmem_strncpy(Task *t, char *dst, gaddr src, size_t cap)
{
    uint64_t limit = mm_task_size(t->proc->mm);
    src = plain(t, src);
    if (src >= limit)
        return -EFAULT;
    size_t room = limit - src < cap ? limit - src : cap;
    ssize_t n;
    do n = host_strncpy(dst, (const char *)(uintptr_t)(t->cpu->mem_base + src), room);
    while (n < 0 && retry_read(t, src));
    if (n < 0)
        return -EFAULT;
    if ((size_t)n < room)
        return n;
    return room < cap ? -EFAULT : -ENAMETOOLONG;
}

char *gmem_strdup(Task *t, gaddr src, size_t max, int64_t *err)
{
    size_t cap = 256, len = 0;
    char *s = malloc(cap);
    for (;;) {
        if (!s) {
            *err = -ENOMEM;
            return NULL;
        }
        int64_t n = gmem_strncpy(t, s + len, src + len, cap - len);
        if (n >= 0)
            return s;
        *err = n;
        if (n != -ENAMETOOLONG || cap >= max) {
            free(s);
            return NULL;
        }
        len = cap;
        cap = cap * 2 > max ? max : cap * 2;
        char *bigger = realloc(s, cap);
        if (!bigger)
            free(s);
        s = bigger;
    }
}

uint16_t gmem_swap16(const Task *t, uint16_t v) { return t->proc->arch->tcg.big_endian ? __builtin_bswap16(v) : v; }
uint32_t gmem_swap32(const Task *t, uint32_t v) { return t->proc->arch->tcg.big_endian ? __builtin_bswap32(v) : v; }
uint64_t gmem_swap64(const Task *t, uint64_t v) { return t->proc->arch->tcg.big_endian ? __builtin_bswap64(v) : v; }

int64_t gmem_get_u8(Task *t, gaddr a, uint8_t *v)
{
    a = plain(t, a);
    while (host_load8(host_at(t, a, 1), v))
        if (!retry_read(t, a))
            return -EFAULT;
    return 0;
}
int64_t gmem_put_u8(Task *t, gaddr a, uint8_t v)
{
    a = plain(t, a);
    while (host_store8(host_at(t, a, 1), v))
        if (!retry_write(t, a, 1))
            return -EFAULT;
    return 0;
}
/* GET_PUT: one pair of accessors per width */
#define GET_PUT(bits) \
int64_t gmem_get_u##bits(Task *t, gaddr a, uint##bits##_t *v) \
{ \
    uint##bits##_t raw; \
    a = plain(t, a); \
    while (host_load##bits(host_at(t, a, bits / 8), &raw)) if (!retry_read(t, a)) return -EFAULT; \
    *v = gmem_swap##bits(t, raw); \
    return 0; \
} \
int64_t gmem_put_u##bits(Task *t, gaddr a, uint##bits##_t v) \
{ \
    a = plain(t, a); \
    while (host_store##bits(host_at(t, a, bits / 8), gmem_swap##bits(t, v))) \
        if (!retry_write(t, a, bits / 8)) return -EFAULT; \
    return 0; \
}
GET_PUT(16)
GET_PUT(32)
GET_PUT(64)
#undef GET_PUT

int64_t gmem_get_word(Task *t, gaddr a, uint64_t *v)
{
    uint32_t w = 0;
    if (t->proc->arch->tcg.addr_bits == 64)
        return gmem_get_u64(t, a, v);
    int64_t r = gmem_get_u32(t, a, &w);
    *v = w;
    return r;
}

int64_t gmem_put_word(Task *t, gaddr a, uint64_t v)
{
    return t->proc->arch->tcg.addr_bits == 64 ? gmem_put_u64(t, a, v) : gmem_put_u32(t, a, (uint32_t)v);
}

int64_t gmem_cas_u32(Task *t, gaddr a, uint32_t expect, uint32_t desired, uint32_t *old)
{
    uint32_t raw;
    a = plain(t, a);
    while (host_cas32(host_at(t, a, 4), gmem_swap32(t, expect), gmem_swap32(t, desired), &raw))
        if (!retry_write(t, a, 4))
            return -EFAULT;
    *old = gmem_swap32(t, raw);
    return 0;
}
