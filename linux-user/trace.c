/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common-user/disas.h"
#include "common-user/log.h"
#include "common-user/mm.h"
#include "common-user/task.h"
#include "linux-user/perf.h"
#include "linux-user/trace.h"

static void line(void *ctx, const char *text) { log_printf("  %s\n", text); }

static void log_guest_code(const IrUnit *u)
{
    if (!current) return;
    log_printf("IN: 0x%llx\n", (unsigned long long)u->pc);
    for (uint32_t r = 0; r < u->nrange; r++)
        for (gaddr pc = u->range[r].pc, end = pc + u->range[r].len; pc < end; ) {
            uint8_t code[16];
            char text[160] = "?";
            size_t have = mm_fetch(current->proc->mm, pc, code, sizeof code);
            int n = have ? guest_arch.tcg.disas(pc, code, have, text, sizeof text) : 0;
            if (n <= 0) break;
            log_printf("0x%llx:  %s\n", (unsigned long long)pc, text);
            pc += (unsigned)n;
        }
}

static void log_host_code(const void *code, size_t len)
{
    log_printf("OUT: %p, %zu bytes\n", code, len);
    if (disas_lines("x86_64", (uintptr_t)code, code, len, line, NULL))
        return;
    char hex[16 * 3 + 1];                               /* no qemu-disas: bytes */
    const uint8_t *b = code;
    for (size_t i = 0; i < len; i += 16) {
        for (size_t k = 0; k < 16; k++) snprintf(hex + 3 * k, 4, i + k < len ? "%02x " : "   ", i + k < len ? b[i + k] : 0);
        log_printf("%p:  %s\n", (const void *)(b + i), hex);
    }
}

static void on_translate(void *ctx, const IrUnit *u, int stage, const void *code, size_t len)
{
    const Options *o = ctx;
    if (stage == TCG_STAGE_CODE && o->perfmap) perf_map_unit(u, code, len);
    if (stage == TCG_STAGE_CODE && o->jitdump) perf_jitdump_unit(u, code, len);
    if (!log_in_range(u->pc)) return;
    switch (stage) {
    case TCG_STAGE_OP:
        if (log_on(LOG_in_asm)) log_guest_code(u);
        if (log_on(LOG_op) || log_on(LOG_op_ind)) { log_printf("OP: 0x%llx\n", (unsigned long long)u->pc); ir_print(u, line, NULL); }
        break;
    case TCG_STAGE_OP_OPT:
        if (log_on(LOG_op_opt)) { log_printf("OP after passes: 0x%llx\n", (unsigned long long)u->pc); ir_print(u, line, NULL); }
        break;
    case TCG_STAGE_CODE:
        if (log_on(LOG_out_asm)) log_host_code(code, len);
        break;
    }
}

static void on_exec(void *ctx, CpuState *cpu, gaddr pc)
{
    char text[4096];
    if (!log_in_range(pc)) return;
    if (log_on(LOG_exec)) log_printf("Trace %d: 0x%llx\n", (int)((Task *)cpu->task)->tid, (unsigned long long)pc);
    if (!log_on(LOG_cpu)) return;
    guest_arch.dump(cpu, text, sizeof text);
    log_printf("%s", text);
}

void trace_setup(TcgOptions *tcg, const Options *o)
{
    tcg->log_ctx = (void *)o;
    if (o->perfmap || o->jitdump || log_on(LOG_in_asm | LOG_op | LOG_op_opt | LOG_op_ind | LOG_out_asm)) tcg->on_translate = on_translate;
    if (log_on(LOG_exec | LOG_cpu)) tcg->on_exec = on_exec;
}

void trace_mappings(Mm *mm)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f) return;
    mm_maps(mm, f);
    fclose(f);
    for (char *p = text, *end; p && *p; p = end) {
        end = p + strcspn(p, "\n");
        end += *end == '\n';
        log_printf("%.*s", (int)(end - p), p);
    }
    free(text);
}
