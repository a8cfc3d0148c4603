/* SPDX-License-Identifier: Apache-2.0 */
/* sysgen: reads the descriptions in linux-user/desc (docs/syscalls.md has the grammar) and writes C.
 *   sysgen rows|desc FILE.sys...            enum and prototypes; tables
 *   sysgen table TBL FILE.sys...            one guest's table from its syscall.tbl
 *   sysgen check-host|check-generic|check-arm|check-ppc LAYOUT FILE.sys...   assertions against headers
 * This file: main and errors. sysgen_parse.c reads, sysgen_layout.c computes
 * offsets, sysgen_emit.c writes. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "tools/sysgen.h"

const char *const family_names[NFAMILY] = { "generic", "arm", "ppc" };
const struct LayoutClass layouts[NLAYOUT] = { { 8, 8 }, { 4, 8 }, { 4, 4 }, { 4, 2 } };
const Kind kinds[] = {
    { "u8", "TK_U8", 1 }, { "s8", "TK_S8", 1 }, { "u16", "TK_U16", 2 }, { "s16", "TK_S16", 2 }, { "u32", "TK_U32", 4 },
    { "s32", "TK_S32", 4 }, { "u64", "TK_U64", 8 }, { "s64", "TK_S64", 8 }, { "ulong", "TK_WORD", 0 },
    { "long", "TK_SWORD", 0 },
    { "nsec", "TK_NSEC", 8 }, { "net16", "TK_NET16", 2 }, { "net32", "TK_NET32", 4 }, { NULL, "TK_STRUCT", 0 },
};
Struct *structs; Flags *flagsets; Sys *syses; Ioctl *ioctls;
const char *headers[256]; int nheaders;

void fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        fail("sysgen", 0, "usage: sysgen rows|desc|table TBL|check-FAMILY LAYOUT FILE.sys...");
    const char *mode = argv[1], *extra = argv[2];
    bool has_extra = !strcmp(mode, "table") || !strncmp(mode, "check-", 6);
    for (int i = has_extra ? 3 : 2; i < argc; i++)
        parse_file(argv[i]);
    lay_out_all();
    if (!strcmp(mode, "rows"))
        emit_rows(stdout);
    else if (!strcmp(mode, "desc"))
        emit_desc(stdout);
    else if (!strcmp(mode, "table"))
        emit_table(stdout, extra);
    else {
        int family = -1;
        for (int i = 0; i < NFAMILY; i++)
            if (!strcmp(mode + 6, family_names[i]))
                family = i;
        emit_asserts(stdout, family, atoi(extra));
    }
    return fflush(stdout) || ferror(stdout);
}
