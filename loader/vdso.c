/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "loader/vdso.h"

enum { PAGE = 4096, NDYN = 10 };

typedef struct Out { const VdsoSpec *s; uint8_t *b; size_t at; } Out;

static void put(Out *o, uint64_t v, int n)
{
    for (int i = 0; i < n; i++)
        o->b[o->at + (unsigned)i] = (uint8_t)(v >> 8 * (o->s->data == ELFDATA2MSB ? n - 1 - i : i));
    o->at += (unsigned)n;
}
static int word(const Out *o) { return o->s->class == ELFCLASS64 ? 8 : 4; }
static void put_word(Out *o, uint64_t v) { put(o, v, word(o)); }
static void align(Out *o, size_t n) { o->at = (o->at + n - 1) & ~(n - 1); }

static uint32_t elf_hash(const char *s)                 /* System V ABI */
{
    uint32_t h = 0;
    for (; *s; s++) {
        h = (h << 4) + (uint8_t)*s;
        uint32_t g = h & 0xf0000000;
        if (g)
            h ^= g >> 24;
        h &= ~g;
    }
    return h;
}

static uint32_t put_string(Out *o, size_t base, const char *s)
{
    uint32_t at = (uint32_t)(o->at - base);
    memcpy(o->b + o->at, s, strlen(s) + 1);
    o->at += strlen(s) + 1;
    return at;
}

static void put_symbol(Out *o, uint32_t name, uint64_t value, uint64_t size, int info, int shndx)
{
    put(o, name, 4);
    if (word(o) == 8) {
        put(o, (uint64_t)info, 1);
        put(o, 0, 1);
        put(o, (uint64_t)shndx, 2);
        put(o, value, 8);
        put(o, size, 8);
    } else {
        put(o, value, 4);
        put(o, size, 4);
        put(o, (uint64_t)info, 1);
        put(o, 0, 1);
        put(o, (uint64_t)shndx, 2);
    }
}

static void put_phdr(Out *o, uint32_t type, uint32_t flags, uint64_t off, uint64_t size, uint64_t al)
{
    put(o, type, 4);
    if (word(o) == 8)
        put(o, flags, 4);
    put_word(o, off); put_word(o, off); put_word(o, off); put_word(o, size); put_word(o, size);
    if (word(o) == 4)
        put(o, flags, 4);
    put_word(o, al);
}

static void put_ehdr(Out *o, int nph)
{
    int w = word(o);
    const uint8_t ident[EI_NIDENT] = { 0x7f, 'E', 'L', 'F', o->s->class, o->s->data, EV_CURRENT };
    memcpy(o->b, ident, sizeof ident);
    o->at = sizeof ident;
    put(o, ET_DYN, 2); put(o, o->s->machine, 2); put(o, EV_CURRENT, 4);
    put_word(o, 0); put_word(o, w == 8 ? 64 : 52); put_word(o, 0);
    put(o, o->s->flags, 4);
    put(o, w == 8 ? 64 : 52, 2); put(o, w == 8 ? 56 : 32, 2); put(o, (uint64_t)nph, 2);
    put(o, w == 8 ? 64 : 40, 2); put(o, 0, 2); put(o, 0, 2);
}

/* One version definition for the base and one for spec->version; all symbols carry the second. */
static void put_verdef(Out *o, uint32_t soname, uint32_t version)
{
    const VdsoSpec *s = o->s;
    for (int i = 0; i < 2; i++) {
        put(o, 1, 2); put(o, i ? 0 : VER_FLG_BASE, 2); put(o, (uint64_t)i + 1, 2); put(o, 1, 2);
        put(o, elf_hash(i ? s->version : s->soname), 4); put(o, 20, 4); put(o, i ? 0 : 28, 4);
        put(o, i ? version : soname, 4); put(o, 0, 4);
    }
}

/* --- .eh_frame: Linux Standard Base, DWARF extensions */
enum {
    PCREL_SDATA4 = 0x1b, DATAREL_SDATA4 = 0x3b, UDATA4 = 0x03,
    CFA_DEF_EXPRESSION = 0x0f, CFA_EXPRESSION = 0x10, OP_DEREF = 0x06, OP_BREG0 = 0x70, MAX_FRAMES = 4,
};

static size_t start_entry(Out *o) { o->at += 4; return o->at; }
static void end_entry(Out *o, size_t start)             /* padded with DW_CFA_nop, which is 0 */
{
    align(o, 4);
    size_t end = o->at;
    o->at = start - 4;
    put(o, end - start, 4);
    o->at = end;
}
static void put_uleb(Out *o, unsigned v) { for (; v > 127; v >>= 7) put(o, v | 128, 1); put(o, v, 1); }
static void put_breg(Out *o, const VdsoFrame *f, unsigned offset)       /* DW_OP_breg of sp, length before it; offset as
                                                                         * SLEB128 of two bytes */
{
    offset += f->base;
    put(o, OP_BREG0 + f->sp, 1); put(o, (offset & 127) | 128, 1); put(o, offset >> 7 & 127, 1);
}

static size_t put_cie(Out *o, int ra)
{
    size_t cie = start_entry(o);
    put(o, 0, 4); put(o, 1, 1);
    memcpy(o->b + o->at, "zRS", 4);                     /* S: a signal frame */
    o->at += 4;
    put_uleb(o, 4); put(o, 0x7c, 1); put_uleb(o, (unsigned)ra);         /* alignment factors 4, -4 */
    put_uleb(o, 1); put(o, PCREL_SDATA4, 1);
    end_entry(o, cie);
    return cie - 4;
}

/* The unwinder looks for the instruction before a return address: a word before the row belongs to it. */
static size_t put_fde(Out *o, const VdsoFrame *f, size_t cie, uint32_t code)
{
    size_t fde = start_entry(o);
    put(o, fde - cie, 4);
    put(o, code - 4 - o->at, 4); put(o, (uint64_t)o->s->rows[f->row].nwords * 4 + 4, 4); put_uleb(o, 0);
    put(o, CFA_DEF_EXPRESSION, 1); put_uleb(o, 4); put_breg(o, f, f->caller_sp); put(o, OP_DEREF, 1);
    for (int i = 0; i < f->nsaved; i++)
        for (int k = 0; k < f->saved[i].n; k++) {
            put(o, CFA_EXPRESSION, 1); put_uleb(o, f->saved[i].reg + (unsigned)k); put_uleb(o, 3);
            put_breg(o, f, f->saved[i].offset + (unsigned)(k * f->saved[i].size));
        }
    end_entry(o, fde);
    return fde - 4;
}

/* .eh_frame and, returned, .eh_frame_hdr with its search table. */
static size_t put_unwind(Out *o, const uint32_t *code)
{
    const VdsoSpec *s = o->s;
    size_t fde[MAX_FRAMES];
    align(o, 8);
    size_t cie = put_cie(o, s->frames[0].ra);
    for (int i = 0; i < s->nframes; i++)
        fde[i] = put_fde(o, &s->frames[i], cie, code[s->frames[i].row]);
    put(o, 0, 4);
    size_t hdr = o->at;
    put(o, 1, 1); put(o, PCREL_SDATA4, 1); put(o, UDATA4, 1); put(o, DATAREL_SDATA4, 1);
    put(o, cie - o->at, 4); put(o, (uint64_t)s->nframes, 4);
    for (int i = 0; i < s->nframes; i++) {
        put(o, code[s->frames[i].row] - 4 - hdr, 4);
        put(o, fde[i] - hdr, 4);
    }
    return hdr;
}

void vdso_build(const VdsoSpec *s, Vdso *out)
{
    Out o = { s, calloc(1, PAGE * 2), 0 };
    int n = s->nrows, w = word(&o);
    uint32_t name[VDSO_MAX_ROWS], soname, version;
    size_t header = (w == 8 ? 64 : 52) + 3 * (w == 8 ? 56u : 32u);

    o.at = header;
    size_t strtab = o.at;
    o.at++;
    soname = put_string(&o, strtab, s->soname);
    version = put_string(&o, strtab, s->version);
    for (int i = 0; i < n; i++)
        name[i] = put_string(&o, strtab, s->rows[i].name);
    size_t strsz = o.at - strtab;

    size_t text = (o.at + 2047) & ~(size_t)63;          /* clear of the tables that follow */
    o.at = text;
    for (int i = 0; i < n; i++) {
        align(&o, 16);
        out->offset[i] = (uint32_t)o.at;
        for (int k = 0; k < s->rows[i].nwords; k++)
            put(&o, s->rows[i].words[k], 4);
    }

    align(&o, 8);
    size_t symtab = o.at;
    put_symbol(&o, 0, 0, 0, 0, 0);
    for (int i = 0; i < n; i++)
        put_symbol(&o, name[i], out->offset[i], (uint64_t)s->rows[i].nwords * 4, STB_GLOBAL << 4 | STT_FUNC, 1);
    align(&o, 8);
    size_t hash = o.at;                                 /* one bucket: the chain is every symbol */
    put(&o, 1, 4); put(&o, (uint64_t)n + 1, 4); put(&o, n ? 1 : 0, 4); put(&o, 0, 4);
    for (int i = 1; i <= n; i++)
        put(&o, i < n ? (uint64_t)i + 1 : 0, 4);
    size_t versym = o.at;
    put(&o, 0, 2);
    for (int i = 0; i < n; i++)
        put(&o, 2, 2);
    align(&o, 8);
    size_t verdef = o.at;
    put_verdef(&o, soname, version);
    align(&o, 8);
    size_t dynamic = o.at;
    const uint64_t dyn[NDYN][2] = {
        { DT_SONAME, soname }, { DT_STRTAB, strtab }, { DT_STRSZ, strsz }, { DT_SYMTAB, symtab },
        { DT_SYMENT, w == 8 ? 24 : 16 },
        { DT_HASH, hash }, { DT_VERSYM, versym }, { DT_VERDEF, verdef }, { DT_VERDEFNUM, 2 }, { DT_NULL, 0 },
    };
    for (int i = 0; i < NDYN; i++) {
        put_word(&o, dyn[i][0]);
        put_word(&o, dyn[i][1]);
    }
    size_t unwind = s->nframes ? put_unwind(&o, out->offset) : 0, end = o.at;
    out->len = (end + PAGE - 1) & ~(size_t)(PAGE - 1);
    put_ehdr(&o, s->nframes ? 3 : 2);
    put_phdr(&o, PT_LOAD, PF_R | PF_X, 0, end, PAGE);
    put_phdr(&o, PT_DYNAMIC, PF_R, dynamic, sizeof dyn / 16 * 2 * (unsigned)w, 8);
    if (s->nframes)
        put_phdr(&o, PT_GNU_EH_FRAME, PF_R, unwind, end - unwind, 4);
    out->bytes = o.b;
}
