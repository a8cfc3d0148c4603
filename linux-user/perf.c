/* SPDX-License-Identifier: Apache-2.0 */
/* perf's two formats. Source: Linux tools/perf/Documentation/jitdump-specification.txt, jit-interface.txt. */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common-user/ownfd.h"
#include "linux-user/perf.h"

enum { JIT_MAGIC = 0x4a695444, JIT_VERSION = 1, JIT_CODE_LOAD = 0, NOT_OPENED = -2 };

typedef struct JitHeader {
    uint32_t magic, version, total_size, elf_mach, pad, pid;
    uint64_t timestamp, flags;
} JitHeader;
typedef struct JitLoad {
    uint32_t id, total_size; uint64_t timestamp;
    uint32_t pid, tid; uint64_t vma, code_addr, code_size, code_index;
} JitLoad;

/* Handles, under the log's lock. One file per process; a fork's child opens its own. */
static struct { pid_t owner; int map, dump; uint64_t index; } files;

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The names can be foretold and lie where others may write: what is there already is not opened, links least of all. A
 * file left by an earlier process of this id goes, if it is ours to remove; where it is not, there is no file. */
static int open_kept(const char *path)
{
    unlink(path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    return fd < 0 ? OWNFD_NONE : ownfd_keep(fd);
}

static void all(int handle, const void *p, size_t n)
{
    if (write(ownfd_get(handle), p, n) < 0) { /* a full disk costs names, not the program */ }
}

static int start_dump(void)
{
    char path[64];
    snprintf(path, sizeof path, "jit-%d.dump", (int)getpid());
    int handle = open_kept(path);
    if (handle == OWNFD_NONE)
        return handle;
    /* perf finds the file by this executable mapping of it; the mapping stays */
    mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_EXEC, MAP_PRIVATE, ownfd_get(handle), 0);
    JitHeader h = { JIT_MAGIC, JIT_VERSION, sizeof h, EM_X86_64, 0, (uint32_t)getpid(), now(), 0 };
    all(handle, &h, sizeof h);
    return handle;
}

static int start_map(void)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
    return open_kept(path);
}

static void own(void)
{
    if (files.owner == getpid())
        return;
    if (files.owner) {
        ownfd_close(files.map);
        ownfd_close(files.dump);
    }
    files.owner = getpid();
    files.map = files.dump = NOT_OPENED;
    files.index = 0;
}

void perf_map_unit(const char *name, const void *code, size_t len)
{
    char text[PERF_NAME + 64];
    int n = snprintf(text, sizeof text, "%lx %zx %s\n", (unsigned long)(uintptr_t)code, len, name);
    own();
    if (files.map == NOT_OPENED)
        files.map = start_map();
    if (files.map >= 0)
        all(files.map, text, (size_t)n);
}

void perf_jitdump_unit(const char *name, const void *code, size_t len)
{
    size_t n = strlen(name) + 1;
    own();
    if (files.dump == NOT_OPENED)
        files.dump = start_dump();
    if (files.dump < 0)
        return;
    JitLoad r = { JIT_CODE_LOAD, (uint32_t)(sizeof r + n + len), now(), (uint32_t)getpid(),
        (uint32_t)syscall(SYS_gettid), (uintptr_t)code, (uintptr_t)code, len, files.index++ };
    all(files.dump, &r, sizeof r);
    all(files.dump, name, n);
    all(files.dump, code, len);
}
