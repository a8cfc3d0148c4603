/* SPDX-License-Identifier: Apache-2.0 */
/* Symbol tables by libelf. A file is known by device and inode, as mappings are; one without symbols is remembered as
 * such. */
#include <fcntl.h>
#include <gelf.h>
#include <glib.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "common-user/symbols.h"

typedef struct Symbol { uint64_t at, size; int rank; const char *name; } Symbol;
typedef struct Load { uint64_t off, vaddr, len; } Load;
typedef struct Module { uint64_t dev, ino; GArray *loads, *symbols; } Module;

static GArray *modules;             /* of Module, under the log's lock */

/* Where several names have an address, the most public one is shown. */
static int rank_of(int bind) { return bind == STB_GLOBAL ? 0 : bind == STB_WEAK ? 1 : 2; }

static int by_address(const void *a, const void *b)
{
    const Symbol *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : x->rank - y->rank;
}

static void add_symbols(Module *m, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    GElf_Sym sym;
    for (int i = 0;
         data && header->sh_entsize && i < (int)(header->sh_size / header->sh_entsize) && gelf_getsym(data, i, &sym);
         i++) {
        int type = GELF_ST_TYPE(sym.st_info);
        const char *name = elf_strptr(elf, header->sh_link, sym.st_name);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym.st_shndx == SHN_UNDEF || !name || !*name)
            continue;
        Symbol s = { sym.st_value, sym.st_size, rank_of(GELF_ST_BIND(sym.st_info)), g_intern_string(name) };
        g_array_append_val(m->symbols, s);
    }
}

static void read_symbols(Module *m, Elf *elf, GElf_Word type)
{
    GElf_Shdr header;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(elf, s)); )
        if (gelf_getshdr(s, &header) && header.sh_type == type)
            add_symbols(m, elf, s, &header);
}

static void read_loads(Module *m, Elf *elf)
{
    size_t n = 0;
    GElf_Phdr ph;
    if (elf_getphdrnum(elf, &n))
        return;
    for (size_t i = 0; i < n && gelf_getphdr(elf, (int)i, &ph); i++) {
        Load l = { ph.p_offset, ph.p_vaddr, ph.p_filesz };
        if (ph.p_type == PT_LOAD)
            g_array_append_val(m->loads, l);
    }
}

static void read_file(Module *m, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    elf_version(EV_CURRENT);
    Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
    if (elf && elf_kind(elf) == ELF_K_ELF) {
        read_loads(m, elf);
        read_symbols(m, elf, SHT_SYMTAB);
        if (!m->symbols->len)
            read_symbols(m, elf, SHT_DYNSYM);    /* stripped */
        g_array_sort(m->symbols, by_address);
    }
    elf_end(elf);
    if (fd >= 0)
        close(fd);
}

static const Module *module_at(Mm *mm, gaddr pc, const MmInfo *info)
{
    char path[PATH_MAX];
    if (!modules)
        modules = g_array_new(FALSE, FALSE, sizeof(Module));
    for (guint i = 0; i < modules->len; i++) {
        const Module *m = &g_array_index(modules, Module, i);
        if (m->dev == info->dev && m->ino == info->ino)
            return m;
    }
    Module m = { info->dev, info->ino, g_array_new(FALSE, FALSE, sizeof(Load)),
        g_array_new(FALSE, FALSE, sizeof(Symbol)) };
    if (mm_file_path(mm, pc, path))
        read_file(&m, path);
    g_array_append_val(modules, m);
    return &g_array_index(modules, Module, modules->len - 1);
}

/* The last symbol at or below an address, of its names the first in order. */
static const Symbol *symbol_below(const GArray *a, uint64_t at)
{
    guint lo = 0, hi = a->len;
    while (lo < hi) {
        guint mid = (lo + hi) / 2;
        if (g_array_index(a, Symbol, mid).at <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (!lo)
        return NULL;
    const Symbol *s = &g_array_index(a, Symbol, lo - 1);
    while (s > &g_array_index(a, Symbol, 0) && s[-1].at == s->at)
        s--;
    return s;
}

const char *symbols_find(Mm *mm, gaddr pc, uint64_t *into)
{
    MmInfo info;
    if (!mm_query(mm, pc, &info) || !info.ino)
        return NULL;
    const Module *m = module_at(mm, pc, &info);
    uint64_t off = info.off + (pc - info.start);
    for (guint i = 0; i < m->loads->len; i++) {
        const Load *l = &g_array_index(m->loads, Load, i);
        if (off - l->off >= l->len)
            continue;
        const Symbol *s = symbol_below(m->symbols, l->vaddr + off - l->off);
        if (!s)
            return NULL;
        *into = l->vaddr + off - l->off - s->at;
        return !s->size || *into < s->size ? s->name : NULL;
    }
    return NULL;
}
