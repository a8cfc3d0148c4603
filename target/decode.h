/* SPDX-License-Identifier: Apache-2.0 */
/* What generated decoders (tools/decodegen, docs/decode.md) share: the row table as data, for tests,
 * fuzzers and the coverage report, and the context of the disassembler.
 */
#ifndef TARGET_DECODE_H
#define TARGET_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "target/tr.h"

typedef struct DisCtx {
    gaddr pc;                       /* of the instruction */
    const uint64_t *features;
} DisCtx;

typedef struct DecodeRow {
    const char *name;
    uint64_t mask, bits;
    const char *features;           /* "zba rv64": all; "a|b": any; "!a": not */
    const char *tags;               /* " load mem ": the row's %words */
    bool (*holds)(uint64_t insn);   /* predicates, NULL: none */
} DecodeRow;

typedef struct DecodeSkip { const char *name; uint64_t mask, bits; const char *reason; } DecodeSkip;

typedef struct DecodeIsa {
    const char *name;
    int width;
    const DecodeRow *rows; int nrows;
    const DecodeSkip *skips; int nskips;
    int  (*match)(const uint64_t *features, uint64_t insn);     /* row or -1 */
    bool (*disas)(char *out, size_t cap, uint64_t insn, const DisCtx *ctx);
} DecodeIsa;

#endif
