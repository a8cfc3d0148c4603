/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers that the hand-written system calls (sys_*.c) share. Errors are -errno in host numbers. */
#ifndef LINUX_USER_SYS_COMMON_H
#define LINUX_USER_SYS_COMMON_H

#include <sys/socket.h>
#include <sys/uio.h>
#include "linux-user/syscall.h"

/* -ENOSYS, and a line under -d unimp. */
int64_t sys_unsupported(const char *what);

/* prctl options that act on the guest's own state: arguments 2 to 5. */
typedef int64_t PrctlCall(Task *t, int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
enum { OPT_SET_MDWE = 65, OPT_GET_MDWE };        /* newer than the headers */
PrctlCall prctl_tags, prctl_mdwe;       /* sys_memory.c */

bool    sys_capable(int capability);    /* CAP_*, one of the first 32, in the effective set */

/* Guest iovec array of n (at most 1024) → host iovecs. 0 or -errno. */
int64_t sys_read_iov(Task *t, struct iovec *out, gaddr at, uint64_t n);
/* Before a host call, or after its EFAULT: mm_mend for the n buffers of a guest iovec array. True: call again.
 * sys_unprotect_iov only looks when translated code has made something read-only. */
bool    sys_unprotect_iov(Task *t, gaddr at, uint64_t n);
bool    sys_mend_iov(Task *t, gaddr at, uint64_t n);

/* One structure, whole. 0, -EFAULT, or -EOVERFLOW of a value that does not fit. */
int64_t sys_get_struct(Task *t, const ThunkStruct *s, void *host, gaddr at);
int64_t sys_put_struct(Task *t, const ThunkStruct *s, gaddr at, const void *host);

/* Host-order and guest-order fields of a socket address, in place; len bytes valid. No-op for little-endian guests. */
void    sys_sockaddr_swap(void *addr, size_t len, bool to_host);

/* A 64-bit signal set in the guest's words, converted to host numbers and back. size is what the guest passed: not 8
 * is -EINVAL. Also -EFAULT. */
int64_t sys_get_sigset(Task *t, gaddr at, uint64_t size, uint64_t *mask);
void    sys_sigset_to_guest(uint8_t out[8], uint64_t mask);
int64_t sys_put_sigset(Task *t, gaddr at, uint64_t mask);

/* A timespec of `bytes` per field (the guest's word, or 8). 0 or -EFAULT. */
int64_t sys_get_timespec(Task *t, gaddr at, unsigned bytes, struct timespec *ts);
int64_t sys_put_timespec(Task *t, gaddr at, unsigned bytes, const struct timespec *ts);

/* safe_syscall, repeated once when an output range [at, at+len) was write-protected by us. */
int64_t sys_host_out(
    Task *t, gaddr at, uint64_t len, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

#endif
