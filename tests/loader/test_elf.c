/* SPDX-License-Identifier: Apache-2.0 */
/* elf_read, script_read, stack_build and vdso_build: good files, and every kind of bad field by its own message. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "loader/elf.h"
#include "loader/stack.h"
#include "loader/vdso.h"

static int failures;
#define CHECK(e) do { if (!(e)) { failures++; printf("FAIL %s:%d %s\n", __func__, __LINE__, #e); } } while (0)

typedef struct File { Elf64_Ehdr h; Elf64_Phdr p[4]; uint8_t body[8192]; } File;
static const ElfTarget target = { EM_RISCV, ELFCLASS64, ELFDATA2LSB, 4096, 1ull << 47 };

static File good(void)
{
    File f;
    memset(&f, 0, sizeof f);
    memcpy(f.h.e_ident, ELFMAG, SELFMAG);
    f.h.e_ident[EI_CLASS] = ELFCLASS64; f.h.e_ident[EI_DATA] = ELFDATA2LSB; f.h.e_ident[EI_VERSION] = EV_CURRENT;
    f.h.e_type = ET_EXEC; f.h.e_machine = EM_RISCV; f.h.e_version = EV_CURRENT; f.h.e_entry = 0x10100;
    f.h.e_phoff = sizeof f.h; f.h.e_ehsize = sizeof f.h; f.h.e_phentsize = sizeof f.p[0]; f.h.e_phnum = 2;
    f.p[0] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0, 0x10000, 0, 0x1000, 0x1000, 0x1000 };
    f.p[1] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_W, 0x1000, 0x12000, 0, 0x100, 0x2000, 0x1000 };
    return f;
}

static int open_bytes(const void *bytes, size_t len)
{
    int fd = memfd_create("t", 0);
    if (write(fd, bytes, len) != (ssize_t)len) abort();
    return fd;
}

static int try(const File *f, size_t len, ElfImage *m, char err[256])
{
    int fd = open_bytes(f, len), r;
    *err = 0;
    r = elf_read(fd, &target, m, err, 256);
    close(fd);
    return r;
}

static void accepted(void)
{
    ElfImage m;
    char err[256];
    File f = good();
    CHECK(try(&f, sizeof f, &m, err) == 0 && m.nseg == 2 && m.lo == 0x10000 && m.hi == 0x14000 && m.brk == 0x14000 &&
        m.entry == 0x10100);
    CHECK(m.phdr == 0x10000 + sizeof f.h && !*m.interp && !m.dyn);
    f.h.e_phnum = 3;
    f.p[2] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = offsetof(File, body), .p_filesz = 8 };
    strcpy((char *)f.body, "/lib/ld");
    CHECK(try(&f, sizeof f, &m, err) == 0 && !strcmp(m.interp, "/lib/ld"));
}

/* One field of the good file changed: the result and a word of the message. */
typedef struct Bad { void (*change)(File *); int result; const char *word; } Bad;
static void b_magic(File *f) { f->h.e_ident[1] = 'X'; }
static void b_class(File *f) { f->h.e_ident[EI_CLASS] = 9; }
static void b_data(File *f) { f->h.e_ident[EI_DATA] = 0; }
static void b_machine(File *f) { f->h.e_machine = EM_X86_64; }
static void b_type(File *f) { f->h.e_type = ET_REL; }
static void b_version(File *f) { f->h.e_version = 0; }
static void b_phentsize(File *f) { f->h.e_phentsize = 1; }
static void b_phnum(File *f) { f->h.e_phnum = 0; }
static void b_phnum_big(File *f) { f->h.e_phnum = 0xffff; }
static void b_phoff(File *f) { f->h.e_phoff = 1ull << 40; }
static void b_phoff_wrap(File *f) { f->h.e_phoff = ~0ull - 10; }
static void b_noload(File *f) { f->p[0].p_type = f->p[1].p_type = PT_NULL; }
static void b_filesz(File *f) { f->p[1].p_filesz = 0x3000; }
static void b_truncated(File *f) { f->p[1].p_filesz = f->p[1].p_memsz = 0x100000; }
static void b_wrap(File *f) { f->p[1].p_memsz = ~0ull; }
static void b_high(File *f) { f->p[1].p_vaddr = 1ull << 60; }
static void b_overlap(File *f) { f->p[1].p_vaddr = 0x10000; }
static void b_congruent(File *f) { f->p[1].p_vaddr += 8; }
static void b_below(File *f) { f->p[0].p_vaddr += 0x100000; f->h.e_entry += 0x100000; }
static void b_align(File *f) { f->p[1].p_align = 0x1001; }
static void b_entry(File *f) { f->h.e_entry = ~0ull; }
static void b_interp(File *f)
{
    f->p[1] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = offsetof(File, body), .p_filesz = 4 };
    memset(f->body, 'x', 4);
}
static void b_interp_long(File *f) { f->p[1] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_filesz = 1 << 20 }; }
static void b_interp_empty(File *f)
{
    f->p[1] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = offsetof(File, body), .p_filesz = 4 };
}

static const Bad bad[] = {
    { b_magic, -ENOEXEC, "not an ELF" }, { b_class, -ENOEXEC, "class" }, { b_data, -ENOEXEC, "byte order" },
    { b_machine, -ENOEXEC, "machine" },
    { b_type, -ENOEXEC, "not an executable" }, { b_phentsize, -ENOEXEC, "header size" },
    { b_phnum, -ENOEXEC, "program headers" }, { b_phnum_big, -ENOEXEC, "program headers" },
    { b_phoff, -EINVAL, "truncated" },
    { b_phoff_wrap, -EINVAL, "truncated" }, { b_noload, -EINVAL, "no segment" }, { b_filesz, -EINVAL, "larger" },
    { b_wrap, -EINVAL, "address space" }, { b_high, -EINVAL, "address space" },
    { b_congruent, -EINVAL, "page" }, { b_entry, -EINVAL, "entry" },
    { b_interp, -ENOEXEC, "no end" }, { b_interp_long, -ENOEXEC, "interpreter" }, { b_interp_empty, -ENOEXEC, "empty" },
};

/* What Linux does not look at, or takes as it is. */
static void tolerated(void)
{
    void (*const changes[])(File *) = { b_version, b_truncated, b_overlap, b_align, b_below };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        File f = good();
        ElfImage m;
        char err[256] = "";
        changes[i](&f);
        if (try(&f, sizeof f, &m, err)) { failures++; printf("FAIL tolerated: row %zu gives '%s'\n", i, err); }
        CHECK(m.lo <= m.seg[0].vaddr && m.lo <= m.seg[1].vaddr && m.brk >= m.seg[0].vaddr + m.seg[0].memsz);
        CHECK(m.brk >= m.seg[1].vaddr + m.seg[1].memsz && m.hi >= m.brk && !(m.align & (m.align - 1)));
    }
}

static void rejected(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        File f = good();
        ElfImage m;
        char err[256];
        bad[i].change(&f);
        int r = try(&f, sizeof f, &m, err);
        if (r != bad[i].result || !strstr(err, bad[i].word)) {
            failures++;
            printf("FAIL rejected: row %zu gives %d '%s', want %d '%s'\n", i, r, err, bad[i].result, bad[i].word);
        }
    }
    File f = good();
    for (size_t len = 0; len < sizeof f.h + f.h.e_phnum * sizeof *f.p; len += 7) { /* cut in the headers */
        ElfImage m;
        char err[256];
        CHECK(try(&f, len, &m, err) < 0 && *err);
    }
}

static void random_bytes(void)
{
    srand(1);
    for (int i = 0; i < 20000; i++) {
        File f = good();
        ElfImage m;
        char err[256];
        for (int k = rand() % 8; k >= 0; k--)
            ((uint8_t *)&f)[rand() % (sizeof f.h + sizeof f.p)] = (uint8_t)(rand() >> 4);
        int r = try(&f, sizeof f, &m, err);
        CHECK(r == 0 ? m.nseg > 0 && m.hi <= target.limit : *err != 0);
    }
}

static void scripts(void)
{
    static const struct { const char *text, *interp, *arg; } row[] = {
        { "#!/bin/sh\n", "/bin/sh", "" }, { "#! /bin/sh -e\n", "/bin/sh", "-e" },
        { "#!/usr/bin/env python3 -x \t\nrest", "/usr/bin/env", "python3 -x" },
        { "#!/bin/sh", "/bin/sh", "" }, { "#!\n", NULL, NULL }, { "#!   \n", NULL, NULL }, { "#", NULL, NULL },
        { "hello", NULL, NULL },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char interp[PATH_MAX], arg[PATH_MAX];
        int fd = open_bytes(row[i].text, strlen(row[i].text)), r = script_read(fd, interp, arg);
        close(fd);
        CHECK(row[i].interp ? r == 0 && !strcmp(interp, row[i].interp) && !strcmp(arg, row[i].arg) : r < 0);
    }
    char longer[400];
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "#!/", 3);
    char interp[PATH_MAX], arg[PATH_MAX];
    int fd = open_bytes(longer, sizeof longer);
    CHECK(script_read(fd, interp, arg) == -ENOEXEC);
    close(fd);
}

static void stacks(void)
{
    char *argv[] = { "prog", "one", NULL }, *envp[] = { "A=b", NULL };
    AuxEntry aux[] = { { AT_PAGESZ, 4096 } };
    for (int word = 4; word <= 8; word += 4) {
        StackPlan p = { .top = 0x7ffff000, .word = (uint8_t)word, .argv = argv, .envp = envp,
                        .execfn = "./prog", .platform = "x", .aux = aux, .naux = 1 };
        StackImage s;
        CHECK(stack_build(&p, 1 << 20, &s) == 0);
        CHECK(!(s.sp & 15) && s.bytes[0] == 2 && s.sp + s.len == p.top);
        uint64_t a0 = 0;
        memcpy(&a0, s.bytes + word, (size_t)word);
        CHECK(!strcmp((char *)s.bytes + (a0 - s.sp), "prog") && a0 == s.arg_start && s.arg_end - s.arg_start == 9 &&
            s.env_end - s.env_start == 4);
        free(s.bytes);
        CHECK(stack_build(&p, 64, &s) == -E2BIG);
    }
}

static void vdsos(void)
{
    static const uint32_t words[] = { 0, 0x8067 };
    static const VdsoRow rows[] = { { "f", words, 2 }, { "g", words, 2 } };
    VdsoSpec spec = { EM_RISCV, ELFCLASS64, ELFDATA2LSB, 5, "linux-vdso.so.1", "LINUX_4.15", rows, 2 };
    Vdso v;
    ElfImage m;
    char err[256];
    vdso_build(&spec, &v);
    int fd = open_bytes(v.bytes, v.len);
    CHECK(elf_read(fd, &target, &m, err, sizeof err) == 0 && m.dyn && m.nseg == 1);
    CHECK(v.offset[1] - v.offset[0] == 16 && !memcmp(v.bytes + v.offset[1], words, 8));
    close(fd);
    free(v.bytes);
}

int main(void)
{
    accepted(); tolerated(); rejected(); random_bytes(); scripts(); stacks(); vdsos();
    puts(failures ? "failed" : "ok");
    return failures != 0;
}
