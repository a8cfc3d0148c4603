/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine asks of an x86-64 Linux host, signal contexts. The code generator attaches in backend.c. */
#include <signal.h>
#include <ucontext.h>
#include "tcg/engine.h"

void host_redirect(void *ucontext, void (*fn)(void *), void *arg)
{
    greg_t *r = ((ucontext_t *)ucontext)->uc_mcontext.gregs;
    r[REG_RSP] = ((r[REG_RSP] - 1024) & ~(greg_t)15) - 8;
    r[REG_RIP] = (greg_t)(uintptr_t)fn;
    r[REG_RDI] = (greg_t)(uintptr_t)arg;
}
bool  host_init(Tcg *t) { (void)t; return false; }
void  host_thread_init(TcgThread *th) { (void)th; }
void  host_thread_free(TcgThread *th) { (void)th; }
void  host_thread_reset(TcgThread *th) { (void)th; }
int   host_compile(TcgThread *th, const IrUnit *ir, Unit *u) { (void)th; (void)ir; (void)u; return HOST_NO; }
int   host_enter(CpuState *c, void *code, uint8_t **f, uint8_t **s) { (void)c; (void)code; (void)f; (void)s; return 0; }
void  host_patch(uint8_t *field, const uint8_t *to) { (void)field; (void)to; }
bool  host_fault(CpuState *c, void *u, void *a, bool *r) { (void)c; (void)u; (void)a; (void)r; return false; }
