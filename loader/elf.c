/* SPDX-License-Identifier: Apache-2.0 */
/* ELF headers and program headers to an ElfImage. Sections are never looked at. */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "loader/elf.h"

enum { MAX_PHDR_BYTES = 65536, MAX_PROPERTY = 4096 };

typedef struct Reader {
    int fd;
    const ElfTarget *want;
    ElfImage *img;
    bool swap, wide;
    char *err; size_t errcap;
} Reader;

static int fail(Reader *r, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fail(Reader *r, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->err, r->errcap, fmt, ap);
    va_end(ap);
    return code;
}

/* All of len bytes at off: 1; fewer: 0; -errno. */
static int read_at(int fd, void *buf, size_t len, uint64_t off)
{
    size_t have = 0;
    if (off > INT64_MAX - len)
        return 0;
    while (have < len) {
        ssize_t n = pread(fd, (char *)buf + have, len - have, (off_t)(off + have));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        have += (size_t)n;
    }
    return 1;
}

static uint16_t get16(const Reader *r, uint16_t v) { return r->swap ? __builtin_bswap16(v) : v; }
static uint32_t get32(const Reader *r, uint32_t v) { return r->swap ? __builtin_bswap32(v) : v; }
static uint64_t get64(const Reader *r, uint64_t v) { return r->swap ? __builtin_bswap64(v) : v; }

/* Both classes in the wide form. */
static Elf64_Ehdr wide_ehdr(const Reader *r, const void *raw)
{
    Elf64_Ehdr h;
    memset(&h, 0, sizeof h);
    memcpy(h.e_ident, raw, EI_NIDENT);
#define EHDR(T, w) { const T *e = raw; h.e_type = get16(r, e->e_type); h.e_machine = get16(r, e->e_machine); \
    h.e_version = get32(r, e->e_version); h.e_entry = get##w(r, e->e_entry); h.e_phoff = get##w(r, e->e_phoff); \
    h.e_flags = get32(r, e->e_flags); h.e_ehsize = get16(r, e->e_ehsize); h.e_phentsize = get16(r, e->e_phentsize); \
    h.e_phnum = get16(r, e->e_phnum); }
    if (r->wide)
        EHDR(Elf64_Ehdr, 64) else EHDR(Elf32_Ehdr, 32)
    #undef EHDR
        return h;
}

static Elf64_Phdr wide_phdr(const Reader *r, const uint8_t *raw)
{
    Elf64_Phdr p;
#define PHDR(T, w) { T e; memcpy(&e, raw, sizeof e); p.p_type = get32(r, e.p_type); p.p_flags = get32(r, e.p_flags); \
    p.p_offset = get##w(r, e.p_offset); p.p_vaddr = get##w(r, e.p_vaddr); p.p_paddr = 0; \
    p.p_filesz = get##w(r, e.p_filesz); p.p_memsz = get##w(r, e.p_memsz); p.p_align = get##w(r, e.p_align); }
    if (r->wide)
        PHDR(Elf64_Phdr, 64) else PHDR(Elf32_Phdr, 32)
    #undef PHDR
        return p;
}

static int add_load(Reader *r, const Elf64_Phdr *p, int i)
{
    ElfImage *m = r->img;
    uint64_t page = r->want->page;
    if (p->p_filesz > p->p_memsz)
        return fail(r, -EINVAL, "segment %d is larger in the file than in memory", i);
    if (!p->p_memsz)
        return 0;
    if (p->p_vaddr >= r->want->limit || p->p_memsz > r->want->limit - p->p_vaddr)
        return fail(r, -EINVAL, "segment %d leaves the address space", i);
    if (p->p_filesz && (p->p_vaddr ^ p->p_offset) & (page - 1))
        return fail(r, -EINVAL, "segment %d: file offset and address differ within a page", i);
    if (p->p_offset > INT64_MAX || p->p_filesz > INT64_MAX - p->p_offset)
        return fail(r, -EINVAL, "segment %d ends beyond every file", i);
    if (m->nseg == ELF_MAX_SEGMENTS)
        return fail(r, -EINVAL, "more than %d segments", ELF_MAX_SEGMENTS);
    ElfSegment *s = &m->seg[m->nseg++];
    *s = (ElfSegment){ p->p_vaddr, p->p_memsz, p->p_filesz, p->p_offset,
        (p->p_flags & PF_R ? PROT_READ : 0) | (p->p_flags & PF_W ? PROT_WRITE : 0) |
            (p->p_flags & PF_X ? PROT_EXEC : 0) };
    uint64_t end = p->p_vaddr + p->p_memsz;
    if (m->nseg == 1 || p->p_vaddr < m->lo)
        m->lo = p->p_vaddr & ~(page - 1);
    if (end > m->brk)
        m->brk = end;
    m->hi = (m->brk + page - 1) & ~(page - 1);
    bool power = !(p->p_align & (p->p_align - 1));      /* Linux: maximum_alignment passes over others */
    if (power && p->p_align > m->align)
        m->align = p->p_align;
    return 0;
}

static int add_interp(Reader *r, const Elf64_Phdr *p)
{
    char *to = r->img->interp;
    if (*to)
        return 0;    /* the first one counts */
    if (p->p_filesz < 2 || p->p_filesz > PATH_MAX)
        return fail(r, -ENOEXEC, "interpreter name of %llu bytes", (unsigned long long)p->p_filesz);
    int n = read_at(r->fd, to, p->p_filesz, p->p_offset);
    if (n < 0)
        return fail(r, n, "%s", strerror(-n));
    if (!n)
        return fail(r, -EIO, "file is truncated: interpreter name");
    if (to[p->p_filesz - 1]) {
        *to = 0;
        return fail(r, -ENOEXEC, "interpreter name has no end");
    }
    if (!*to)
        return fail(r, -ENOEXEC, "interpreter name is empty");
    return 0;
}

/* NT_GNU_PROPERTY_TYPE_0: only AArch64's BTI bit matters. Malformed notes are ignored, as the kernel's user would see
 * none. */
static void read_property(Reader *r, const Elf64_Phdr *p)
{
    enum { FEATURE_1_AND = 0xc0000000u, BTI = 1, NOTE = 16 };
    uint8_t buf[MAX_PROPERTY];
    if (r->want->machine != EM_AARCH64 || p->p_filesz < NOTE + 16 || p->p_filesz > sizeof buf)
        return;
    if (read_at(r->fd, buf, p->p_filesz, p->p_offset) != 1)
        return;
    for (size_t at = NOTE; at + 12 <= p->p_filesz; ) {
        uint32_t type, size, value;
        memcpy(&type, buf + at, 4); memcpy(&size, buf + at + 4, 4); memcpy(&value, buf + at + 8, 4);
        type = get32(r, type); size = get32(r, size);
        if (type == FEATURE_1_AND && size >= 4)
            r->img->bti = get32(r, value) & BTI;
        if (size > p->p_filesz)
            return;
        at += 8 + ((size + 7) & ~7u);
    }
}

static int add_phdr(Reader *r, const Elf64_Phdr *p, int i)
{
    switch (p->p_type) {
    case PT_LOAD: return add_load(r, p, i);
    case PT_INTERP: return add_interp(r, p);
    case PT_GNU_STACK:
        r->img->has_gnu_stack = true;
        r->img->exec_stack = p->p_flags & PF_X;
        return 0;
    case PT_GNU_PROPERTY: read_property(r, p); return 0;
    }
    return 0;
}

static int check_header(Reader *r, const Elf64_Ehdr *h)
{
    const ElfTarget *w = r->want;
    if (h->e_machine != w->machine)
        return fail(r, -ENOEXEC, "wrong machine: ELF machine %u, want %u", h->e_machine, w->machine);
    if (h->e_ident[EI_CLASS] != w->class)
        return fail(r, -ENOEXEC, "wrong ELF class: %s-bit", r->wide ? "64" : "32");
    if (h->e_ident[EI_DATA] != w->data)
        return fail(r, -ENOEXEC, "wrong byte order: %s-endian", h->e_ident[EI_DATA] == ELFDATA2MSB ? "big" : "little");
    if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
        return fail(r, -ENOEXEC, "not an executable: ELF type %u", h->e_type);
    if (h->e_phentsize != (r->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
        return fail(r, -ENOEXEC, "program header size %u", h->e_phentsize);
    if (!h->e_phnum || h->e_phnum * h->e_phentsize > MAX_PHDR_BYTES)
        return fail(r, -ENOEXEC, "%u program headers", h->e_phnum);
    return 0;
}

/* AT_PHDR: where a segment holds the program headers. */
static uint64_t find_phdr(const ElfImage *m, uint64_t phoff)
{
    for (int i = 0; i < m->nseg; i++)
        if (phoff >= m->seg[i].offset && phoff < m->seg[i].offset + m->seg[i].filesz)
            return phoff - m->seg[i].offset + m->seg[i].vaddr;
    return 0;
}

static int read_phdrs(Reader *r, const Elf64_Ehdr *h, uint8_t *table)
{
    ElfImage *m = r->img;
    size_t len = (size_t)h->e_phnum * h->e_phentsize;
    int n = read_at(r->fd, table, len, h->e_phoff);
    if (n < 0)
        return fail(r, n, "%s", strerror(-n));
    if (!n)
        return fail(r, -EINVAL, "file is truncated: program headers");
    for (int i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr p = wide_phdr(r, table + (size_t)i * h->e_phentsize);
        int e = add_phdr(r, &p, i);
        if (e < 0)
            return e;
    }
    if (!m->nseg)
        return fail(r, -EINVAL, "no segment to load");
    if (m->align > r->want->limit / 2)
        return fail(r, -EINVAL, "alignment 0x%llx", (unsigned long long)m->align);
    if (m->entry >= r->want->limit)
        return fail(r, -EINVAL, "entry point leaves the address space");
    m->phdr = find_phdr(m, h->e_phoff);
    return 0;
}

int elf_read(int fd, const ElfTarget *want, ElfImage *out, char *err, size_t errcap)
{
    Reader r = { .fd = fd, .want = want, .img = out, .err = err, .errcap = errcap };
    struct stat st;
    union { Elf64_Ehdr h64; Elf32_Ehdr h32; uint8_t ident[EI_NIDENT]; } raw = { 0 };
    memset(out, 0, sizeof *out);
    out->align = want->page;
    if (fstat(fd, &st) < 0)
        return fail(&r, -errno, "%s", strerror(errno));
    int n = read_at(fd, raw.ident, EI_NIDENT, 0);
    if (n < 0)
        return fail(&r, n, "%s", strerror(-n));
    if (!n || memcmp(raw.ident, ELFMAG, SELFMAG))
        return fail(&r, -ENOEXEC, "not an ELF file");
    if (raw.ident[EI_CLASS] != ELFCLASS32 && raw.ident[EI_CLASS] != ELFCLASS64)
        return fail(&r, -ENOEXEC, "unknown ELF class %u", raw.ident[EI_CLASS]);
    if (raw.ident[EI_DATA] != ELFDATA2LSB && raw.ident[EI_DATA] != ELFDATA2MSB)
        return fail(&r, -ENOEXEC, "unknown ELF byte order %u", raw.ident[EI_DATA]);
    r.wide = raw.ident[EI_CLASS] == ELFCLASS64;
    r.swap = raw.ident[EI_DATA] == ELFDATA2MSB;
    n = read_at(fd, &raw, r.wide ? sizeof raw.h64 : sizeof raw.h32, 0);
    if (n < 0)
        return fail(&r, n, "%s", strerror(-n));
    if (!n)
        return fail(&r, -ENOEXEC, "file is truncated: ELF header");
    Elf64_Ehdr h = wide_ehdr(&r, &raw);
    int e = check_header(&r, &h);
    if (e < 0)
        return e;
    out->dyn = h.e_type == ET_DYN;
    out->machine = h.e_machine;
    out->class = h.e_ident[EI_CLASS];
    out->data = h.e_ident[EI_DATA];
    out->flags = h.e_flags;
    out->entry = h.e_entry;
    out->phnum = h.e_phnum;
    out->phentsize = h.e_phentsize;
    uint8_t *table = malloc(MAX_PHDR_BYTES);
    if (!table)
        return fail(&r, -ENOMEM, "out of memory");
    e = read_phdrs(&r, &h, table);
    free(table);
    return e;
}

int file_kind(int fd, FileKind *kind, uint16_t *machine, uint8_t *class, uint8_t *data)
{
    uint8_t b[20] = { 0 };
    ssize_t n;
    do n = pread(fd, b, sizeof b, 0); while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    *kind = n == 0 ? FILE_EMPTY : n >= 2 && b[0] == '#' && b[1] == '!' ? FILE_SCRIPT
          : n == (ssize_t)sizeof b && !memcmp(b, ELFMAG, SELFMAG) ? FILE_ELF : FILE_UNKNOWN;
    if (*kind == FILE_ELF && machine) {
        *class = b[EI_CLASS];
        *data = b[EI_DATA];
        *machine = (uint16_t)(b[EI_DATA] == ELFDATA2MSB ? b[18] << 8 | b[19] : b[19] << 8 | b[18]);
    }
    return 0;
}
