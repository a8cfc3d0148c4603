/* SPDX-License-Identifier: Apache-2.0 */
/* The translator's hooks as log lines. Addresses have the names of the guest's functions. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common-user/disas.h"
#include "common-user/log.h"
#include "common-user/mm.h"
#include "common-user/symbols.h"
#include "common-user/task.h"
#include "linux-user/perf.h"
#include "linux-user/trace.h"

enum { MAX_INSN = 16 };             /* bytes of the longest instruction of any guest or host */

/* "name", "name+0x10", or the address of a place without a name. */
static const char *place(gaddr pc, char text[PERF_NAME])
{
    uint64_t into = 0;
    const char *name = current ? symbols_find(current->proc->mm, pc, &into) : NULL;
    if (name)
        snprintf(text, PERF_NAME, into ? "%s+0x%llx" : "%s", name, (unsigned long long)into);
    else
        snprintf(text, PERF_NAME, "0x%llx", (unsigned long long)pc);
    return text;
}

static void log_ir_line(void *ctx, const char *text) { log_printf("  %s\n", text); }

/* The encoding: a number where instructions are units of two or four bytes, bytes elsewhere. */
static void encoding(const uint8_t *code, unsigned len, bool number, bool big_endian, char out[2 * MAX_INSN + 1])
{
    for (unsigned i = 0; i < len && i < MAX_INSN; i++)
        snprintf(out + 2 * i, 3, "%02x", code[number && !big_endian ? len - 1 - i : i]);
}

typedef struct GuestCode { gaddr pc; const uint8_t *code; size_t len; } GuestCode;

/* What capstone does not know is shown by our rows' text. */
static void log_guest_line(void *ctx, uint64_t pc, unsigned len, const char *text)
{
    const GuestCode *g = ctx;
    const uint8_t *code = g->code + (pc - g->pc);
    char own[160] = "?", hex[2 * MAX_INSN + 1] = "";
    if (!*text)
        guest_arch.tcg.disas(pc, code, len, own, sizeof own);
    encoding(code, len, len == 2 || len == 4, guest_arch.elf_data == ELFDATA2MSB, hex);
    log_printf("0x%08llx:  %-8s  %s\n", (unsigned long long)pc, hex, *text ? text : own);
}

static void log_by_rows(GuestCode *g)
{
    char text[160];
    int n;
    for (size_t at = 0; at < g->len; at += (size_t)n) {
        n = guest_arch.tcg.disas(g->pc + at, g->code + at, g->len - at, text, sizeof text);
        if (n <= 0)
            return;
        log_guest_line(g, g->pc + at, (unsigned)n, text);
    }
}

static void log_guest_range(gaddr pc, size_t len)
{
    uint8_t *code = malloc(len);
    GuestCode g = { pc, code, code ? mm_fetch(current->proc->mm, pc, code, len) : 0 };
    if (!guest_arch.capstone || !disas_lines(guest_arch.capstone, pc, code, g.len, log_guest_line, &g))
        log_by_rows(&g);
    free(code);
}

static void log_guest_code(const IrUnit *u)
{
    char name[PERF_NAME];
    if (!current)
        return;
    log_printf("----------------\n");
    for (uint32_t r = 0; r < u->nrange; r++) {
        log_printf("IN: %s\n", place(u->range[r].pc, name));
        log_guest_range(u->range[r].pc, u->range[r].len);
    }
}

static void log_host_line(void *ctx, uint64_t pc, unsigned len, const char *text)
{
    const GuestCode *g = ctx;
    char hex[2 * MAX_INSN + 1] = "";
    encoding(g->code + (pc - g->pc), len, false, false, hex);
    log_printf("0x%08llx:  %-20s  %s\n", (unsigned long long)pc, hex, text);
}

static void log_host_code(const void *code, size_t len)
{
    GuestCode g = { (uintptr_t)code, code, len };
    log_printf("OUT: [size=%zu]\n", len);
    if (disas_lines(tcg_host_isa, g.pc, code, len, log_host_line, &g))
        return;
    for (size_t i = 0; i < len; i += MAX_INSN)          /* no qemu-disas: bytes */
        log_host_line(&g, g.pc + i, len - i < MAX_INSN ? (unsigned)(len - i) : MAX_INSN, "");
}

static void log_ir(const IrUnit *u, const char *title)
{
    log_printf("%s 0x%llx\n", title, (unsigned long long)u->pc);
    ir_print(u, log_ir_line, NULL);
}

/* For perf a function's units have one name, so that their samples add up. */
static void tell_perf(const Options *o, const IrUnit *u, const void *code, size_t len)
{
    uint64_t into;
    char number[32];
    const char *name = current ? symbols_find(current->proc->mm, u->pc, &into) : NULL;
    snprintf(number, sizeof number, "guest_0x%llx", (unsigned long long)u->pc);
    if (o->perfmap)
        perf_map_unit(name ? name : number, code, len);
    if (o->jitdump)
        perf_jitdump_unit(name ? name : number, code, len);
}

/* A unit goes through direct jumps, so what is asked for may be anywhere in it. */
static bool unit_in_range(const IrUnit *u)
{
    for (uint32_t r = 0; r < u->nrange; r++)
        if (log_in_range(u->range[r].pc, u->range[r].len))
            return true;
    return false;
}

static void on_translate(void *ctx, const IrUnit *u, int stage, const void *code, size_t len)
{
    const Options *o = ctx;
    bool shown = unit_in_range(u);
    log_lock();
    if (stage == TCG_STAGE_CODE && (o->perfmap || o->jitdump))
        tell_perf(o, u, code, len);
    if (shown && stage == TCG_STAGE_OP && log_on(LOG_in_asm))
        log_guest_code(u);
    if (shown && stage == TCG_STAGE_OP && log_on(LOG_op | LOG_op_ind))
        log_ir(u, "OP:");
    if (shown && stage == TCG_STAGE_OP_OPT && log_on(LOG_op_opt))
        log_ir(u, "OP after passes:");
    if (shown && stage == TCG_STAGE_CODE && log_on(LOG_out_asm))
        log_host_code(code, len);
    log_unlock();
}

static void on_exec(void *ctx, CpuState *cpu, gaddr pc)
{
    char text[4096], name[PERF_NAME];
    if (!log_in_range(pc, 1))
        return;
    log_lock();
    if (log_on(LOG_exec))
        log_printf("Trace %d: 0x%08llx [%s]\n", (int)((Task *)cpu->task)->tid, (unsigned long long)pc, place(pc, name));
    if (log_on(LOG_cpu)) {
        guest_arch.dump(cpu, (log_on(LOG_fpu) ? DUMP_FPU : 0) | (log_on(LOG_vpu) ? DUMP_VPU : 0), text, sizeof text);
        log_printf("%s", text);
    }
    log_unlock();
}

void trace_setup(TcgOptions *tcg, const Options *o)
{
    tcg->log_ctx = (void *)o;
    if (o->perfmap || o->jitdump || log_on(LOG_in_asm | LOG_op | LOG_op_opt | LOG_op_ind | LOG_out_asm))
        tcg->on_translate = on_translate;
    if (log_on(LOG_exec | LOG_cpu))
        tcg->on_exec = on_exec;
}

void trace_mappings(Mm *mm)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return;
    mm_maps(mm, f);
    fclose(f);
    for (char *p = text, *end; p && *p; p = end) {
        end = p + strcspn(p, "\n");
        end += *end == '\n';
        log_printf("%.*s", (int)(end - p), p);
    }
    free(text);
}
