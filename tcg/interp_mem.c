/* SPDX-License-Identifier: Apache-2.0 */
/* Guest memory and CpuState access of the interpreter. Aligned accesses up to 8 bytes are single host accesses;
 * atomics are compare-and-swap loops, which serve both byte orders and every operation alike. */
#include <string.h>
#include "atomic16.h"
#include "interp_parts.h"

typedef uint16_t __attribute__((aligned(1), may_alias)) Loose16;
typedef uint32_t __attribute__((aligned(1), may_alias)) Loose32;
typedef uint64_t __attribute__((aligned(1), may_alias)) Loose64;

/* Guest address 0 may be host address 0, where an access faults as anywhere: no report of a sanitizer. */
#define GUEST_POINTER __attribute__((no_sanitize("null")))

GUEST_POINTER static uint64_t read_host(const void *p, int size)
{
    switch (size) {
    case MEM_8:  return *(const volatile uint8_t *)p;
    case MEM_16: return *(const volatile Loose16 *)p;
    case MEM_32: return *(const volatile Loose32 *)p;
    default:     return *(const volatile Loose64 *)p;
    }
}

GUEST_POINTER static void write_host(void *p, int size, uint64_t x)
{
    switch (size) {
    case MEM_8:  *(volatile uint8_t *)p = (uint8_t)x; break;
    case MEM_16: *(volatile Loose16 *)p = (uint16_t)x; break;
    case MEM_32: *(volatile Loose32 *)p = (uint32_t)x; break;
    default:     *(volatile Loose64 *)p = x;
    }
}

static uint64_t swap(uint64_t x, int size) { return __builtin_bswap64(x) >> (64 - (8 << size)); }

static IrU128 swap16(IrU128 x)
{
    return (IrU128)__builtin_bswap64((uint64_t)x) << 64 | __builtin_bswap64((uint64_t)(x >> 64));
}

static uint64_t size_mask(int size) { return ~0ull >> (64 - (8 << size)); }

static uint64_t sign_extend(uint64_t x, int size)
{
    int s = 64 - (8 << size);
    return (uint64_t)((int64_t)(x << s) >> s);
}

static void load16(IrValue *r, const void *p, const IrInsn *i)
{
    if (i->mem & MEM_ATOMIC && !((uintptr_t)p & 15)) {
        r->x = atomic16_load(p);
    } else {
        r->u[0] = read_host(p, MEM_64);
        r->u[1] = read_host((const char *)p + 8, MEM_64);
    }
    if (i->mem & MEM_BE)
        r->x = swap16(r->x);
}

static void store16(void *p, const IrInsn *i, const IrValue *v)
{
    IrU128 x = i->mem & MEM_BE ? swap16(v->x) : v->x, old;
    if (i->mem & MEM_ATOMIC && !((uintptr_t)p & 15)) {
        old = atomic16_load(p);
        while (!atomic16_cas(p, &old, x))
            ;
        return;
    }
    /* one host store: a fault in the second page leaves the first untouched and names the lowest address that faults */
    typedef uint64_t Pair __attribute__((vector_size(16), aligned(1), may_alias));
    *(volatile Pair *)p = (Pair){ (uint64_t)x, (uint64_t)(x >> 64) };
}

void mem_load(IrValue *r, const void *p, const IrInsn *i)
{
    int size = i->mem & MEM_SIZE;
    if (size == MEM_128) {
        load16(r, p, i);
    } else {
        uint64_t x = read_host(p, size);
        if (i->mem & MEM_BE)
            x = swap(x, size);
        if (i->mem & MEM_SIGNED)
            x = sign_extend(x, size);
        r->u[0] = i->type == IR_I32 || i->type == IR_F32 ? (uint32_t)x : x;
        r->u[1] = 0;
    }
    if (i->mem & MEM_ACQUIRE)
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* A release store also orders before later acquire loads (Arm's STLR before LDAR). */
void mem_store(void *p, const IrInsn *i, const IrValue *v)
{
    int size = i->mem & MEM_SIZE;
    if (i->mem & MEM_RELEASE)
        __atomic_thread_fence(__ATOMIC_RELEASE);
    if (size == MEM_128)
        store16(p, i, v);
    else
        write_host(p, size, i->mem & MEM_BE ? swap(v->u[0], size) : v->u[0]);
    if (i->mem & MEM_RELEASE)
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* --- atomics */
static bool host_cas(void *p, int size, uint64_t *expect, uint64_t desired)
{
    switch (size) {
#define CASE(n, type) \
    case n: { \
        type e = (type)*expect; \
        bool ok = \
            __atomic_compare_exchange_n((type *)p, &e, (type)desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        *expect = e; \
        return ok; \
    }
        CASE(MEM_8, uint8_t)
        CASE(MEM_16, uint16_t)
        CASE(MEM_32, uint32_t)
    default:
    CASE(MEM_64, uint64_t)
#undef CASE
    }
}

static uint64_t combine(const IrInsn *i, uint64_t old, uint64_t v)
{
    int size = i->mem & MEM_SIZE;
    int64_t so = (int64_t)sign_extend(old, size), sv = (int64_t)sign_extend(v, size);
    switch (i->op) {
    case IR_fetch_add: return old + v;
    case IR_fetch_and: return old & v;
    case IR_fetch_or:  return old | v;
    case IR_fetch_xor: return old ^ v;
    case IR_fetch_smin: return so < sv ? old : v;
    case IR_fetch_smax: return so > sv ? old : v;
    case IR_fetch_umin: return old < v ? old : v;
    case IR_fetch_umax: return old > v ? old : v;
    default: return v;              /* xchg */
    }
}

static void cas16(IrValue *r, void *p, const IrInsn *i, const IrValue *expect, const IrValue *desired)
{
    bool be = i->mem & MEM_BE;
    IrU128 e = be ? swap16(expect->x) : expect->x;
    atomic16_cas(p, &e, be ? swap16(desired->x) : desired->x);
    r->x = be ? swap16(e) : e;
}

void mem_atomic(IrValue *r, void *p, const IrInsn *i, const IrValue *b, const IrValue *c)
{
    int size = i->mem & MEM_SIZE;
    bool be = i->mem & MEM_BE;
    if (size == MEM_128) {
        cas16(r, p, i, b, c);
        return;
    }
    uint64_t m = size_mask(size), v = b->u[0] & m, old;
    if (i->op == IR_cas) {
        uint64_t want = c->u[0] & m;
        old = be ? swap(v, size) : v;
        host_cas(p, size, &old, be ? swap(want, size) : want);
    } else {
        uint64_t next;
        old = read_host(p, size);
        do {
            next = combine(i, be ? swap(old, size) : old, v) & m;
        } while (!host_cas(p, size, &old, be ? swap(next, size) : next));
    }
    r->u[0] = be ? swap(old, size) : old;
    r->u[1] = 0;
}
