/* SPDX-License-Identifier: Apache-2.0 */
/* execve's second half for the one program an emulator process runs; Linux: fs/exec.c, fs/binfmt_elf.c. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/mm.h"
#include "linux-user/abi.h"
#include "linux-user/exec_busy.h"
#include "linux-user/exec_file.h"
#include "linux-user/exec_load.h"
#include "linux-user/exec_stack.h"
#include "loader/stack.h"

enum { MAX_SCRIPTS = 5, CANNOT_RUN = 126, NOT_FOUND = 127, AUX_MAX = 40 };
#define PIE_PAGES(abi) ((abi)->word == 8 ? 1 << 18 : 1 << 8)      /* of randomness */
enum { AUX_RSEQ_FEATURE_SIZE = 27, AUX_RSEQ_ALIGN = 28, AUX_HWCAP2 = 26, AUX_MINSIGSTKSZ = 51 };

/* One line, whatever a hostile name holds. */
static int refuse(const Process *p, int status, const char *path, const char *why)
{
    char *line = g_strdup_printf("%s: %s", path, why);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    fprintf(stderr, "qemu-%s: %s\n", p->arch->tcg.name, line);
    g_free(line);
    return status;
}

static int refuse_errno(const Process *p, const char *path, int e)
{
    return refuse(p, e == -ENOENT || e == -ENOTDIR ? NOT_FOUND : CANNOT_RUN, path, strerror(-e));
}

/* --- opening, scripts */

static char **script_argv(char **argv, const char *interp, const char *arg, const char *path)
{
    size_t n = 0, k = 0;
    while (argv[n])
        n++;
    char **out = calloc(n + 4, sizeof *out);
    out[k++] = strdup(interp);
    if (*arg)
        out[k++] = strdup(arg);
    out[k++] = strdup(path);
    for (size_t i = 1; i < n; i++)
        out[k++] = argv[i];
    return out;
}

int exec_open(Process *p, Program *prog, const char *path, int fd)
{
    char interp[PATH_MAX], arg[PATH_MAX];
    prog->path = strdup(path);
    if (fd < 0) {
        fd = exec_file_open(path, false);
        if (fd == -ENOENT)
            fd = exec_file_open(path, true);
    }
    for (int depth = 0; ; depth++) {
        FileKind kind;
        if (fd < 0)
            return refuse_errno(p, path, fd);
        int e = file_kind(fd, &kind, NULL, NULL, NULL);
        if (e < 0)
            return refuse_errno(p, path, e);
        if (kind != FILE_SCRIPT)
            break;
        if (depth == MAX_SCRIPTS)
            return refuse_errno(p, path, -ELOOP);
        if (script_read(fd, interp, arg) < 0)
            return refuse(p, CANNOT_RUN, path, "bad #! line");
        close(fd);
        prog->argv = script_argv(prog->argv, interp, arg, path);
        path = strdup(interp);              /* AT_EXECFN stays the script */
        fd = exec_file_open(path, true);
    }
    ElfTarget want = exec_file_target(p);
    char err[256];
    prog->fd = fd;
    return elf_read(fd, &want, &prog->image, err, sizeof err) < 0 ? refuse(p, CANNOT_RUN, prog->path, err) : 0;
}

/* --- segments */

static int map_segment(Mm *mm, const ElfSegment *s, gaddr bias, int fd)
{
    uint64_t page = mm_page_size(mm), lead = s->vaddr & (page - 1);
    gaddr start = bias + s->vaddr - lead, file_end = bias + s->vaddr + s->filesz, end = bias + s->vaddr + s->memsz;
    gaddr file_top = (file_end + page - 1) & ~(page - 1), top = (end + page - 1) & ~(page - 1);
    int64_t r = 0;
    if (s->filesz) {
        r = mm_map(mm, start, file_top - start, s->prot, MAP_PRIVATE | MAP_FIXED, fd, s->offset - lead);
        if (r >= 0 && s->memsz > s->filesz && file_top > file_end) {
            /* rest of the last file page; a read-only segment cannot want its bss zeroed, Linux skips it too */
            if ((s->prot & PROT_WRITE) && host_zero((void *)(uintptr_t)(mm_base(mm) + file_end), file_top - file_end))
                return -EFAULT;
        }
    } else {
        file_top = start;
    }
    if (r >= 0 && top > file_top)
        r = mm_map(mm, file_top, top - file_top, s->prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return r < 0 ? (int)r : 0;
}

/* Holes between segments are no mappings. From each segment's end to the next one above it, whatever their order. */
static void free_holes(Mm *mm, const ElfImage *m, gaddr bias)
{
    uint64_t page = mm_page_size(mm);
    for (int i = 0; i < m->nseg; i++) {
        gaddr from = (m->seg[i].vaddr + m->seg[i].memsz + page - 1) & ~(page - 1), to = m->hi;
        for (int k = 0; k < m->nseg; k++) {
            gaddr start = m->seg[k].vaddr & ~(page - 1), end = m->seg[k].vaddr + m->seg[k].memsz;
            if (end > from && start < to)
                to = start;
        }
        if (to > from && to - from < (1ull << 40))
            mm_unmap(mm, bias + from, to - from);
    }
}

/* Places an image (want: address for ET_DYN, 0 anywhere) and maps it. The bias, or -errno. */
static int64_t map_image(Mm *mm, const ElfImage *m, gaddr want, int fd)
{
    gaddr bias = 0;
    uint64_t size = m->hi - m->lo;
    if (m->dyn) {
        uint64_t slack = m->align > mm_page_size(mm) ? m->align : 0;
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        int64_t at = mm_map(mm, want, size + slack, PROT_NONE, flags, -1, 0);
        if (at < 0)
            return at;
        gaddr lo = slack ? ((gaddr)at + m->align - 1) & ~(m->align - 1) : (gaddr)at;
        lo += m->lo & (m->align - 1);
        if (lo + size > (gaddr)at + size + slack)
            lo -= m->align;
        if (lo > (gaddr)at)
            mm_unmap(mm, (gaddr)at, lo - (gaddr)at);
        if ((gaddr)at + slack > lo)
            mm_unmap(mm, lo + size, (gaddr)at + slack - lo);
        bias = lo - m->lo;
    } else {
        int64_t at = mm_map(
            mm, m->lo, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (at < 0)
            return at;
    }
    for (int i = 0; i < m->nseg; i++) {
        int e = map_segment(mm, &m->seg[i], bias, fd);
        if (e < 0)
            return e;
    }
    free_holes(mm, m, bias);
    return (int64_t)bias;
}

/* --- the stack's contents */

typedef struct Auxv { AuxEntry e[AUX_MAX]; int n; } Auxv;
static void aux(Auxv *a, uint64_t type, uint64_t value) { a->e[a->n++] = (AuxEntry){ type, value }; }

static void build_auxv(Auxv *a, const Task *t, const ElfImage *m, gaddr bias, gaddr interp_base)
{
    const Process *p = t->proc;
    const LinuxAbi *abi = p->abi;
    uint64_t type, value;
    for (int i = 0; abi->auxv_extra && abi->auxv_extra(t->cpu, i, &type, &value); i++)
        aux(a, type, value);
    if (p->vdso)
        aux(a, AT_SYSINFO_EHDR, p->vdso);
    if (abi->auxv_minsigstksz)
        aux(a, AUX_MINSIGSTKSZ, abi->minsigstksz);
    aux(a, AT_HWCAP, abi->hwcap(t->cpu, 1));
    aux(a, AT_PAGESZ, mm_page_size(p->mm));
    aux(a, AT_CLKTCK, (uint64_t)sysconf(_SC_CLK_TCK));
    aux(a, AT_PHDR, m->phdr ? bias + m->phdr : 0);
    aux(a, AT_PHENT, m->phentsize);
    aux(a, AT_PHNUM, m->phnum);
    aux(a, AT_BASE, interp_base);
    aux(a, AT_FLAGS, 0);
    aux(a, AT_ENTRY, bias + m->entry);
    aux(a, AT_UID, getuid());
    aux(a, AT_EUID, geteuid());
    aux(a, AT_GID, getgid());
    aux(a, AT_EGID, getegid());
    aux(a, AT_SECURE, p->secure);
    aux(a, AUX_HWCAP2, abi->hwcap(t->cpu, 2));
}

static int write_stack(Task *t, const Program *prog, const Auxv *a, gaddr top, gaddr *sp)
{
    Process *p = t->proc;
    StackPlan plan = { .top = top,
        .word = p->abi->word,
        .big_endian = p->abi->big_endian,
        .argv = prog->argv,
        .envp = prog->envp,
        .execfn = prog->path,
        .platform = p->abi->platform,
        .aux = a->e,
        .naux = a->n };
    for (int i = 0; i < 16; i += 8) {
        uint64_t v = exec_random(p);
        memcpy(plan.random + i, &v, 8);
    }
    StackImage img;
    int e = stack_build(&plan, 6 << 20, &img);
    if (e < 0)
        return e;
    exec_stack_reach(p, top, img.sp);
    if (host_copy((void *)(uintptr_t)(mm_base(p->mm) + img.sp), img.bytes, img.len))
        return -E2BIG;
    p->arg_start = img.arg_start; p->arg_end = img.arg_end;
    p->env_start = img.env_start; p->env_end = img.env_end;
    p->auxv_len = img.aux_len;
    p->auxv = malloc(img.aux_len);
    memcpy(p->auxv, img.bytes + (img.aux - img.sp), img.aux_len);
    p->cmdline_len = img.arg_end - img.arg_start;
    p->cmdline = malloc(p->cmdline_len + 1);
    memcpy(p->cmdline, img.bytes + (img.arg_start - img.sp), p->cmdline_len);
    p->stack_top = *sp = img.sp;
    free(img.bytes);
    return 0;
}

/* --- all together */

static int load_interp(Process *p, const char *path, const ElfImage *m, ElfImage *im, gaddr *bias)
{
    char err[256], name[2 * PATH_MAX];
    snprintf(name, sizeof name, "%s: interpreter '%s'", path, m->interp);
    ElfTarget want = exec_file_target(p);
    int fd = exec_file_open(m->interp, true);
    if (fd < 0)
        return refuse_errno(p, name, fd);
    if (elf_read(fd, &want, im, err, sizeof err) < 0) {
        close(fd);
        return refuse(p, CANNOT_RUN, name, err);
    }
    int64_t r = map_image(p->mm, im, 0, fd);
    close(fd);
    if (r < 0)
        return refuse_errno(p, name, (int)r);
    *bias = (gaddr)r;
    return 0;
}

static gaddr brk_place(Process *p, const ElfImage *m, gaddr bias)
{
    uint64_t page = mm_page_size(p->mm);
    gaddr end = (bias + m->brk + page - 1) & ~(page - 1);
    /* a static PIE sits among the libraries; its heap goes where a PIE would be (Linux since 5.18) */
    if (m->dyn && !*m->interp)
        end = p->abi->et_dyn_base;
    return end + exec_jitter(p, 0x2000);
}

/* What /proc/PID/stat tells of the program; Linux: load_elf_binary. */
static void note_segments(Process *p, const ElfImage *m, gaddr bias)
{
    p->start_code = UINT64_MAX;
    for (int i = 0; i < m->nseg; i++) {
        gaddr start = bias + m->seg[i].vaddr, end = start + m->seg[i].filesz;
        if (m->seg[i].prot & PROT_EXEC && start < p->start_code)
            p->start_code = start;
        if (m->seg[i].prot & PROT_EXEC && end > p->end_code)
            p->end_code = end;
        if (start > p->start_data)
            p->start_data = start;
        if (end > p->end_data)
            p->end_data = end;
    }
    if (p->start_code == UINT64_MAX)
        p->start_code = 0;
}

int exec_load(Task *t, const Program *prog)
{
    Process *p = t->proc;
    const LinuxAbi *abi = p->abi;
    const ElfImage *m = &prog->image;
    ElfImage im;
    gaddr base = m->dyn && *m->interp ? abi->et_dyn_base + exec_jitter(p, PIE_PAGES(abi)) : 0;
    bool old = abi->old_stack_exec && !m->has_gnu_stack;
    if (old)
        personality(personality(0xffffffff) | READ_IMPLIES_EXEC);    /* what it execs will have it, too */
    mm_set_read_exec(p->mm, personality(0xffffffff) & READ_IMPLIES_EXEC);
    exec_busy_mark(prog->fd);
    int64_t bias = map_image(p->mm, m, base, prog->fd);
    close(prog->fd);
    if (bias < 0)
        return refuse(p, CANNOT_RUN, prog->path, strerror(-(int)bias));
    gaddr interp_bias = 0, entry = (gaddr)bias + m->entry;
    if (*m->interp) {
        int status = load_interp(p, prog->path, m, &im, &interp_bias);
        if (status)
            return status;
        entry = interp_bias + im.entry;
        interp_bias += im.lo;
    }
    p->start_brk = brk_place(p, m, (gaddr)bias);
    mm_brk_set(p->mm, p->start_brk);
    note_segments(p, m, (gaddr)bias);
    int64_t top = exec_stack_map(p, old || (m->has_gnu_stack && m->exec_stack));
    int64_t e = top < 0 ? top : linux_vdso_map(p);
    if (e < 0)
        return refuse(p, CANNOT_RUN, prog->path, strerror(-(int)e));
    Auxv a = { .n = 0 };
    build_auxv(&a, t, m, (gaddr)bias, interp_bias);
    gaddr sp;
    e = write_stack(t, prog, &a, (gaddr)top, &sp);
    if (e < 0)
        return refuse(p, CANNOT_RUN, prog->path, strerror(-(int)e));
    p->entry = (gaddr)bias + m->entry;
    p->load_bias = (gaddr)bias;
    abi->start(t->cpu, entry, sp);
    return 0;
}
