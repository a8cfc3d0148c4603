/* SPDX-License-Identifier: Apache-2.0 */
/* Address space calls: arguments are host values already; the Mm decides. */
#include <errno.h>
#include <linux/membarrier.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "common-user/mm.h"
#include "linux-user/process_robust.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

int64_t sys_brk(Task *t, gaddr at) { return (int64_t)mm_brk(t->proc->mm, at); }

int64_t sys_mmap(Task *t, gaddr addr, uint64_t len, uint64_t prot, uint64_t flags, int fd, uint64_t off)
{
    if (off & (mm_page_size(t->proc->mm) - 1))
        return -EINVAL;
    int64_t r = mm_map(t->proc->mm, addr, len, prot, flags, fd, off);
    if (r >= 0 && (flags & MAP_SHARED) && (prot & PROT_WRITE))
        robust_shared_memory(t);
    return r;
}

/* The offset counts units of 4096 bytes whatever the page size. */
int64_t sys_mmap2(Task *t, gaddr addr, uint64_t len, uint64_t prot, uint64_t flags, int fd, uint64_t pgoff)
{
    return sys_mmap(t, addr, len, prot, flags, fd, pgoff << 12);
}

/* Linux: calls that manage a range take its start with a tag, whatever the mode. brk, mmap, and where mremap moves to
 * do not: those addresses might be others' (Documentation/arch/arm64/tagged-address-abi.rst). */
static gaddr untag(const Task *t, gaddr at) { return arch_untag(t->proc->arch, at); }

int64_t sys_munmap(Task *t, gaddr addr, uint64_t len) { return mm_unmap(t->proc->mm, untag(t, addr), len); }
int64_t sys_mprotect(Task *t, gaddr addr, uint64_t len, uint64_t prot)
{
    return mm_protect(t->proc->mm, untag(t, addr), len, prot);
}

int64_t prctl_tags(Task *t, int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    bool set = option == PR_SET_TAGGED_ADDR_CTRL;
    if (!t->proc->arch->tag_bits || b || c || d)
        return -EINVAL;
    if (set ? a & ~(uint64_t)PR_TAGGED_ADDR_ENABLE : a != 0)
        return -EINVAL;
    if (set)
        t->tags = a;
    return set ? 0 : t->tags ? PR_TAGGED_ADDR_ENABLE : 0;
}

/* Protection keys are not offered: pkey_alloc says so, and -1 is plain mprotect. */
int64_t sys_pkey_mprotect(Task *t, gaddr addr, uint64_t len, uint64_t prot, int pkey)
{
    return pkey == -1 ? sys_mprotect(t, addr, len, prot) : -EINVAL;
}
int64_t sys_pkey_alloc(Task *t, uint32_t flags, uint32_t rights) { return flags || rights & ~3u ? -EINVAL : -ENOSPC; }
int64_t sys_pkey_free(Task *t, int pkey) { return -EINVAL; }

int64_t sys_mremap(Task *t, gaddr old, uint64_t oldlen, uint64_t newlen, uint64_t flags, gaddr new)
{
    return mm_remap(t->proc->mm, untag(t, old), oldlen, newlen, flags, new);
}

int64_t sys_madvise(Task *t, gaddr addr, uint64_t len, uint64_t advice)
{
    return mm_madvise(t->proc->mm, untag(t, addr), len, advice);
}

int64_t sys_msync(Task *t, gaddr addr, uint64_t len, uint64_t flags)
{
    return mm_msync(t->proc->mm, untag(t, addr), len, flags);
}

int64_t sys_mlock(Task *t, gaddr addr, uint64_t len) { return mm_mlock(t->proc->mm, untag(t, addr), len, 0); }
int64_t sys_mlock2(Task *t, gaddr addr, uint64_t len, uint32_t flags)
{
    return mm_mlock(t->proc->mm, untag(t, addr), len, flags);
}
int64_t sys_munlock(Task *t, gaddr addr, uint64_t len) { return mm_munlock(t->proc->mm, untag(t, addr), len); }

int64_t sys_mlockall(Task *t, uint64_t flags) { return mm_mlockall(t->proc->mm, (int)flags); }
int64_t sys_munlockall(Task *t) { return mm_munlockall(t->proc->mm); }

/* 32-bit kernels do not have it. */
int64_t sys_mseal(Task *t, gaddr addr, uint64_t len, uint64_t flags)
{
    if (linux_abi.word == 4)
        return -ENOSYS;
    return flags ? -EINVAL : mm_seal(t->proc->mm, untag(t, addr), len);
}

int64_t sys_remap_file_pages(Task *t, gaddr addr, uint64_t size, uint64_t prot, uint64_t pgoff, uint64_t flags)
{
    return prot ? -EINVAL : mm_remap_file_pages(t->proc->mm, addr, size, pgoff, (int)flags & MAP_NONBLOCK);
}

int64_t prctl_mdwe(Task *t, int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    bool set = option == OPT_SET_MDWE;
    if (b || c || d || (!set && a))
        return -EINVAL;
    return set ? mm_set_mdwe(t->proc->mm, a) : (int64_t)mm_mdwe(t->proc->mm);
}

int64_t sys_mincore(Task *t, gaddr addr, uint64_t len, gaddr vec)
{
    uint64_t page = mm_page_size(t->proc->mm), pages = len / page + !!(len % page);
    uint8_t buf[4096];
    addr = untag(t, addr);
    if (addr & (page - 1))
        return -EINVAL;
    for (uint64_t done = 0; done < pages; ) {
        uint64_t n = pages - done < sizeof buf ? pages - done : sizeof buf;
        int64_t r = mm_mincore(t->proc->mm, addr + done * page, n * page, buf);
        if (r == 0)
            r = gmem_write(t, vec + done, buf, n);
        if (r < 0)
            return r;
        done += n;
    }
    return 0;
}

/* The host's own, registrations included. (SYNC_CORE is about code, which is dropped by whoever wrote it before this
 * call.) Restartable sequences are refused, and with them their barrier. */
int64_t sys_membarrier(Task *t, int cmd, uint32_t flags, int cpu)
{
    enum { RSEQ = MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ };
    if (cmd & RSEQ)
        return -EINVAL;
    int64_t r = safe_syscall(t, SYS_membarrier, (long)cmd, (long)flags, (long)cpu, 0L, 0L, 0L);
    return r >= 0 && cmd == MEMBARRIER_CMD_QUERY ? r & ~RSEQ : r;
}

int64_t sys_riscv_flush_icache(Task *t, gaddr start, gaddr end, uint64_t flags)
{
    if (flags & ~1ull)
        return -EINVAL;
    if (end > start)
        mm_icache_flush(t->proc->mm, start, end - start);
    return 0;
}

/* --- NUMA: foreign layouts only. The masks are arrays of unsigned long. */

int64_t sys_mbind(Task *t, gaddr addr, uint64_t len, int mode, gaddr nodes, uint64_t maxnode, uint32_t flags)
{
    return sys_unsupported("mbind");
}
int64_t sys_get_mempolicy(Task *t, gaddr mode, gaddr nodes, uint64_t maxnode, gaddr addr, uint32_t flags)
{
    return sys_unsupported("get_mempolicy");
}
int64_t sys_set_mempolicy(Task *t, int mode, gaddr nodes, uint64_t maxnode)
{
    return mode == MPOL_DEFAULT ? 0 : sys_unsupported("set_mempolicy");
}
int64_t sys_migrate_pages(Task *t, int pid, uint64_t maxnode, gaddr old, gaddr new)
{
    return sys_unsupported("migrate_pages");
}
int64_t sys_move_pages(Task *t, int pid, uint64_t n, gaddr pages, gaddr nodes, gaddr status, uint32_t flags)
{
    return sys_unsupported("move_pages");
}
int64_t sys_process_madvise(Task *t, int pidfd, gaddr iov, uint64_t n, uint64_t advice, uint32_t flags)
{
    return sys_unsupported("process_madvise");
}
