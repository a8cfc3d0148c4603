/* SPDX-License-Identifier: Apache-2.0 */
/* malloc and its family, in place of libc's. A process that shares our memory (CLONE_VM) may be killed in here, and
 * a raw clone may copy us while other threads are in here: libc's allocator then stays locked for ever or in pieces.
 * This one's lists are whole after every single store, so its locks (tcg/lock.h) can be taken over and, by a child,
 * simply made anew; what is lost is one block. Freed blocks wait in a list by size; what is larger than the largest
 * size is a mapping of its own. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common-user/alloc.h"
#include "common-user/task.h"
#include "tcg/lock.h"

/* Sizes: multiples of 16 up to SMALL, then four steps per doubling. */
enum {
    UNIT = 16,
    SMALL_BITS = 10,
    SMALL = 1 << SMALL_BITS,
    LARGE_BITS = 20,
    CLASSES = SMALL / UNIT + 4 * (LARGE_BITS - SMALL_BITS) + 1
};
enum { REGION = 32 << 20, OWN_MAPPING = 0 };

/* In front of what the caller gets, which may use `size` bytes; the block starts `back` bytes below. */
typedef struct Head { uint32_t class, back; size_t size; } Head;
typedef struct Free { struct Free *next; } Free;
typedef struct Region { char *next, *end; } Region;     /* at its own start */

static struct {
    Lock lock[CLASSES], region_lock;
    Free *free[CLASSES];            /* lock: the class's */
    Region *region;                 /* lock: region_lock */
} heap;

static unsigned class_of(size_t n)
{
    if (n <= SMALL)
        return (unsigned)((n + UNIT - 1) / UNIT);
    unsigned e = 63 - (unsigned)__builtin_clzll(n - 1);
    return SMALL / UNIT + (e - SMALL_BITS) * 4 + (unsigned)((n - 1) >> (e - 2) & 3) + 1;
}

static size_t class_size(unsigned class)
{
    if (class <= SMALL / UNIT)
        return class * UNIT;
    unsigned k = class - SMALL / UNIT - 1;
    return (size_t)(k % 4 + 5) << (k / 4 + SMALL_BITS - 2);
}

static void lock(Lock *l) { lock_take(l, task_lock_id(NULL)); }

static void *map(size_t n, int flags)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static Region *region_new(void)
{
    size_t n = REGION;
    Region *r = map(n, MAP_NORESERVE);
    if (!r)
        r = map(n = 2 << LARGE_BITS, MAP_NORESERVE);    /* little address space */
    if (!r)
        return NULL;
    *r = (Region){ (char *)(r + 1), (char *)r + n };
    __atomic_store_n(&heap.region, r, __ATOMIC_RELEASE);
    return r;
}

/* Never used memory: zero. */
static void *carve(size_t n)
{
    lock(&heap.region_lock);
    Region *r = heap.region;
    if (!r || (size_t)(r->end - r->next) < n)
        r = region_new();
    char *p = r ? r->next : NULL;
    if (p)
        r->next = p + n;
    lock_drop(&heap.region_lock);
    return p;
}

static void *reuse(unsigned class)
{
    if (!__atomic_load_n(&heap.free[class], __ATOMIC_RELAXED))
        return NULL;
    lock(&heap.lock[class]);
    Free *f = heap.free[class];
    if (f)
        __atomic_store_n(&heap.free[class], f->next, __ATOMIC_RELEASE);
    lock_drop(&heap.lock[class]);
    return f;
}

/* A block for size bytes behind its head, with `more` to spare for alignment. */
static Head *block_new(size_t size, size_t more, bool *zero)
{
    size_t n = sizeof(Head) + size + more;
    if (n < size || n > PTRDIFF_MAX)
        return NULL;
    unsigned class = OWN_MAPPING;
    Head *h;
    *zero = true;
    if (n <= (size_t)1 << LARGE_BITS) {
        class = class_of(n);
        n = class_size(class);
        *zero = !(h = reuse(class));
        if (!h)
            h = carve(n);
    } else {
        n = (n + 4095) & ~(size_t)4095;
        h = map(n, 0);
    }
    if (h) *h = (Head){ class, sizeof *h, n - sizeof *h };
    return h;
}

static void *out_of_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    bool zero;
    Head *h = block_new(size, 0, &zero);
    return h ? h + 1 : out_of_memory();
}

void *calloc(size_t n, size_t each)
{
    bool zero;
    size_t size;
    Head *h = __builtin_mul_overflow(n, each, &size) ? NULL : block_new(size, 0, &zero);
    if (!h)
        return out_of_memory();
    return zero ? h + 1 : memset(h + 1, 0, size);
}

/* The head of a block in use. One that is not is a bug, freed twice say, and must not be believed: class and back would
 * be a pointer's halves. */
static Head head_of(const void *p)
{
    const Head h = ((const Head *)p)[-1];
    size_t n = h.back + h.size;
    bool own = h.class == OWN_MAPPING;
    if (h.class < CLASSES && h.back >= sizeof h && (own ? !(((uintptr_t)p - h.back) & 4095) : n == class_size(h.class)))
        return h;
    char line[80];
    int len = snprintf(line, sizeof line, "qemu: bug: free of %p, which is no block in use\n", p);
    if (write(2, line, (size_t)len) < 0) { /* nothing left to try */ }
    abort();
}

void free(void *p)
{
    if (!p)
        return;
    const Head h = head_of(p);
    Free *f = (Free *)(void *)((char *)p - h.back);
    if (h.class == OWN_MAPPING) {
        int e = errno;
        munmap(f, h.back + h.size);
        errno = e;
        return;
    }
    lock(&heap.lock[h.class]);
    f->next = heap.free[h.class];
    __atomic_store_n(&heap.free[h.class], f, __ATOMIC_RELEASE);
    lock_drop(&heap.lock[h.class]);
}

void *realloc(void *p, size_t size)
{
    if (!p)
        return malloc(size);
    if (!size) {
        free(p);
        return NULL;
    }
    size_t have = head_of(p).size;
    if (size <= have && size >= have / 4)
        return p;
    void *q = malloc(size);
    if (!q)
        return NULL;
    memcpy(q, p, size < have ? size : have);
    free(p);
    return q;
}

void *memalign(size_t align, size_t size)
{
    bool zero;
    if (align <= UNIT)
        return malloc(size);
    Head *h = block_new(size, align, &zero);
    if (!h)
        return out_of_memory();
    char *p = (char *)(((uintptr_t)(h + 1) + align - 1) & ~(uintptr_t)(align - 1)), *end = (char *)(h + 1) + h->size;
    ((Head *)(void *)p)[-1] = (Head){ h->class, (uint32_t)(p - (char *)h), (size_t)(end - p) };
    return p;
}

void *aligned_alloc(size_t align, size_t size) { return memalign(align, size); }

int posix_memalign(void **out, size_t align, size_t size)
{
    int e = errno;
    if (align % sizeof(void *) || (align & (align - 1)) || !align)
        return EINVAL;
    void *p = memalign(align, size);
    errno = e;
    if (p)
        *out = p;
    return p ? 0 : ENOMEM;
}

void *valloc(size_t size) { return memalign(4096, size); }
void *pvalloc(size_t size) { return memalign(4096, (size + 4095) & ~(size_t)4095); }
size_t malloc_usable_size(void *p) { return p ? ((Head *)p)[-1].size : 0; }

void alloc_after_fork(void)
{
    for (unsigned i = 0; i < CLASSES; i++)
        lock_init(&heap.lock[i]);
    lock_init(&heap.region_lock);
}
