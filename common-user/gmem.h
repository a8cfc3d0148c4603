/* SPDX-License-Identifier: Apache-2.0 */
/* Guest memory from C. Only these touch it: copy routines that recover from a host fault by an exception
 * table keyed by host pc (host/linux-x86_64/host_asm.S), so a bad pointer is -EFAULT, races with munmap included.
 * Nothing probes first. Writes into pages that hold translated code unprotect them and retry; a mapping that grows
 * downwards grows.
 * All return 0 or -EFAULT unless said. A copy may be partial when it fails. Any thread; not from signal handlers.
 * Addresses of 32-bit guests must be zero-extended; a range that leaves the address space is -EFAULT. Tags are dropped
 * where the task may pass them (Task.tags), here and nowhere else.
 */
#ifndef COMMON_USER_GMEM_H
#define COMMON_USER_GMEM_H

#include <sys/mman.h>
#include <sys/uio.h>
#include "common-user/task.h"

int64_t gmem_read(Task *t, void *dst, gaddr src, size_t len);
int64_t gmem_write(Task *t, gaddr dst, const void *src, size_t len);
int64_t gmem_zero(Task *t, gaddr dst, size_t len);
size_t  gmem_read_some(Task *t, void *dst, gaddr src, size_t len);      /* bytes copied before a fault */
/* Length without NUL, or -EFAULT, or -ENAMETOOLONG when no NUL within cap bytes (dst is filled, not terminated). */
int64_t gmem_strncpy(Task *t, char *dst, gaddr src, size_t cap);
char   *gmem_strdup(Task *t, gaddr src, size_t max, int64_t *err);      /* malloc'd; NULL and *err on failure */

/* Scalars in the guest's byte order. `word` is 4 or 8 bytes by the guest's data model. */
int64_t gmem_get_u8(Task *t, gaddr a, uint8_t *v);
int64_t gmem_get_u16(Task *t, gaddr a, uint16_t *v);
int64_t gmem_get_u32(Task *t, gaddr a, uint32_t *v);
int64_t gmem_get_u64(Task *t, gaddr a, uint64_t *v);
int64_t gmem_get_word(Task *t, gaddr a, uint64_t *v);
int64_t gmem_put_u8(Task *t, gaddr a, uint8_t v);
int64_t gmem_put_u16(Task *t, gaddr a, uint16_t v);
int64_t gmem_put_u32(Task *t, gaddr a, uint32_t v);
int64_t gmem_put_u64(Task *t, gaddr a, uint64_t v);
int64_t gmem_put_word(Task *t, gaddr a, uint64_t v);
/* Compare-and-swap of a u32 in guest byte order; *old gets the value found. */
int64_t gmem_cas_u32(Task *t, gaddr a, uint32_t expect, uint32_t desired, uint32_t *old);

/* Byte order of a value between guest and host (its own inverse). */
uint16_t gmem_swap16(const Task *t, uint16_t v);
uint32_t gmem_swap32(const Task *t, uint32_t v);
uint64_t gmem_swap64(const Task *t, uint64_t v);

/* For handing same-layout buffers to the host kernel in place: the host pointer, or a pointer that always
 * faults when [a, a+len) leaves the guest's address space (so that the kernel answers EFAULT). Never dereference it.
 * 0 gives NULL. When a host syscall answers -EFAULT and mm_mend(...) says true, repeat it. */
void   *gmem_host(const Task *t, gaddr a, uint64_t len);

#endif
