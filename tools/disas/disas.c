/* SPDX-License-Identifier: Apache-2.0 */
/* qemu-disas: turns lines of machine code into assembly, so that qemu-<arch> itself need not carry capstone.
 * Reads lines "ARCH HEXPC HEXBYTES" and answers each with one line per instruction, "HEXPC LENGTH ASSEMBLY" (no
 * assembly where capstone knows none), then an empty line. Used by -d in_asm and out_asm (common-user/disas.c), which
 * start it from beside the program; useful by hand as well.
 */
#include <capstone/capstone.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct Arch { const char *name; cs_arch arch; cs_mode mode; size_t step; } arches[] = {
    { "x86_64", CS_ARCH_X86, CS_MODE_64, 1 }, { "i386", CS_ARCH_X86, CS_MODE_32, 1 },
    { "aarch64", CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, 4 },
    { "ppc", CS_ARCH_PPC, CS_MODE_32 | CS_MODE_BIG_ENDIAN, 4 },
};      /* step: what to skip at an unknown encoding */

static size_t parse_hex(const char *s, uint8_t *out)
{
    size_t n = 0;
    unsigned v;
    while (sscanf(s + 2 * n, "%2x", &v) == 1)
        out[n++] = v;
    return n;
}

static void show(csh cs, const struct Arch *arch, uint64_t pc, const uint8_t *code, size_t len)
{
    cs_insn *insn;
    for (size_t n; len; pc += n, code += n, len -= n) {
        if (cs_disasm(cs, code, len, pc, 1, &insn) == 1) {
            n = insn->size;
            printf("%" PRIx64 " %zu %s%s%s\n", pc, n, insn->mnemonic, *insn->op_str ? " " : "", insn->op_str);
            cs_free(insn, 1);
        } else {
            n = len < arch->step ? len : arch->step;
            printf("%" PRIx64 " %zu\n", pc, n);
        }
    }
    puts("");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        puts("usage: qemu-disas < lines of: ARCH HEXPC HEXBYTES");
        return strcmp(argv[1], "--help") && strcmp(argv[1], "-h");
    }
    char *line = NULL;
    size_t cap = 0;
    csh cs = 0;
    size_t opened = sizeof arches;
    while (getline(&line, &cap, stdin) > 0) {
        char name[32];
        uint64_t pc;
        int at = 0;
        if (sscanf(line, "%31s %" SCNx64 " %n", name, &pc, &at) != 2 || !at) {
            fputs("qemu-disas: a line is ARCH HEXPC HEXBYTES\n", stderr);
            return 1;
        }
        size_t i = 0, count = sizeof arches / sizeof arches[0];
        while (i < count && strcmp(name, arches[i].name))
            i++;
        if (i == count) {
            fprintf(stderr, "qemu-disas: unknown architecture '%s'\n", name);
            return 1;
        }
        if (i != opened) {
            if (cs)
                cs_close(&cs);
            if (cs_open(arches[i].arch, arches[i].mode, &cs) != CS_ERR_OK) {
                fprintf(stderr, "qemu-disas: capstone lacks '%s'\n", name);
                return 1;
            }
            opened = i;
        }
        uint8_t *code = malloc(strlen(line));
        if (!code)
            return 1;
        show(cs, &arches[i], pc, code, parse_hex(line + at, code));
        free(code);
    }
    free(line);
    return 0;
}
