/* SPDX-License-Identifier: Apache-2.0 */
/* Direct links between units: a branch is patched to its target when it is first taken, and back to
 * its own stub when the target is dropped. */
#include "engine.h"

void link_site(TcgThread *th, uint8_t *field, uint8_t *stub, Unit *to)
{
    Tcg *t = th->tcg;
    LinkSite *s = cache_alloc(th, sizeof *s);
    if (!s)
        return;
    engine_lock(t);
    if (atomic_load(&to->live)) {
        *s = (LinkSite){ to->in, field, stub };
        __atomic_store_n(&to->in, s, __ATOMIC_RELEASE);
        host_patch(field, to->code);
    }
    cache_share_memory(th);
    engine_unlock(t);
}

void link_move_in(Unit *from, Unit *to)
{
    while (from->in) {
        LinkSite *s = from->in;
        from->in = s->next;
        s->next = to->in;
        to->in = s;
        host_patch(s->field, to->code);
    }
}

void link_drop_in(Unit *u)
{
    for (LinkSite *s = u->in; s; s = s->next)
        host_patch(s->field, s->stub);
    u->in = NULL;
}
