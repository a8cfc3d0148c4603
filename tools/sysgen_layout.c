/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets and sizes of structures for each class of data model, by the C ABI's rules. */
#include <string.h>
#include "tools/sysgen.h"

static unsigned align_up(unsigned v, unsigned a) { return (v + a - 1) / a * a; }

/* Inside a family's variant, members take that family's shape. */
static const Struct *shape_in(const Struct *s, const Struct *sub)
{
    for (int i = 0; i < NFAMILY; i++)
        if (s->families >> i & 1 && sub->variant[i])
            return sub->variant[i];
    return sub;
}

/* Layout class c of s; with host rules, c is LP64 and hostpacked counts. */
static void lay_out(const Struct *s, int c, bool host, unsigned off[], unsigned *size, unsigned *align)
{
    unsigned at = 0, max = 1;
    for (int i = 0; i < s->nfields; i++) {
        const Field *f = &s->fields[i];
        unsigned bytes, a;
        if (f->kind == KIND_STRUCT) {
            const Struct *sub = shape_in(s, f->sub);
            bytes = host ? sub->host_size : sub->size[c];
            a = host ? sub->host_align : sub->align[c];
        } else {
            bytes = kinds[f->kind].bytes ? kinds[f->kind].bytes : layouts[c].word;
            a = bytes == 8 && layouts[c].word == 4 ? layouts[c].align64 : bytes;
            if (layouts[c].align64 == 2 && a > 2)
                a = 2;
        }
        if (s->packed || (host && s->hostpacked))
            a = 1;
        at = align_up(at, a);
        off[i] = at;
        at += bytes * f->count;
        if (a > max)
            max = a;
    }
    *size = align_up(at, max);
    *align = max;
}

static void match_base(Struct *s)
{
    s->host_size = s->base->host_size; s->host_align = s->base->host_align;
    for (int i = 0; i < s->nfields; i++) {
        Field *f = &s->fields[i];
        int j = 0;
        while (j < s->base->nfields && strcmp(s->base->fields[j].name, f->name))
            j++;
        if (j == s->base->nfields || f->wild) {
            f->wild = true;
            continue;
        }
        if ((f->kind == KIND_STRUCT) != (s->base->fields[j].kind == KIND_STRUCT))
            fail(s->file, s->line, "%s.%s: structure against scalar", s->name, f->name);
        f->host_off = s->base->fields[j].host_off;
        f->host_kind = s->base->fields[j].host_kind;
        if (s->base->fields[j].count < f->count)
            fail(s->file, s->line, "%s.%s: longer than the host's", s->name, f->name);
    }
}

static void compare(Struct *s)
{
    s->bytes_only = true;
    s->same = (1 << NLAYOUT) - 1;
    for (int c = 0; c < NLAYOUT; c++)
        if (s->size[c] != s->host_size)
            s->same &= ~(1u << c);
    for (int i = 0; i < s->nfields; i++) {
        const Field *f = &s->fields[i];
        if (f->wild)
            continue;
        if (f->kind == KIND_STRUCT ? !f->sub->bytes_only : f->kind > 1 && f->kind != 11 && f->kind != 12)
            s->bytes_only = false;
        for (int c = 0; c < NLAYOUT; c++) {
            bool same = f->off[c] == f->host_off;
            if (f->kind == KIND_STRUCT)
                same = same && (f->sub->same >> c & 1);
            else {
                unsigned gb = kinds[f->kind].bytes ? kinds[f->kind].bytes : layouts[c].word;
                unsigned hb = kinds[f->host_kind].bytes ? kinds[f->host_kind].bytes : 8;
                same = same && gb == hb && !(f->kind == 10 && layouts[c].word == 4);
            }
            if (!same)
                s->same &= ~(1u << c);
        }
    }
    if (s->base) for (int i = 0, n = 0; i < s->base->nfields; i++, n = 0) {    /* a host field the guest lacks */
        for (int j = 0; j < s->nfields; j++)
            n += !strcmp(s->base->fields[i].name, s->fields[j].name);
        if (!n && !s->base->fields[i].wild)
            s->same = 0;
    }
}

void lay_out_all(void)
{
    for (Struct *s = structs; s; s = s->next) {
        unsigned off[MAXFIELDS];
        for (int c = 0; c < NLAYOUT; c++) {
            lay_out(s, c, false, off, &s->size[c], &s->align[c]);
            for (int i = 0; i < s->nfields; i++)
                s->fields[i].off[c] = off[i];
        }
        if (s->base)
            match_base(s);
        else {
            lay_out(s, 0, true, off, &s->host_size, &s->host_align);
            for (int i = 0; i < s->nfields; i++) {
                s->fields[i].host_off = off[i];
                s->fields[i].host_kind = s->fields[i].kind;
            }
        }
        compare(s);
    }
}
