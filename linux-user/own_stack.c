/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own stack may grow while the limit allows it: so it grows at once; with a small limit another is taken. */
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include "linux-user/own_stack.h"

enum { NEEDED = 512 << 10 };

typedef struct Start {
    int (*fn)(int argc, char **argv);
    int argc, result;
    char **argv;
} Start;

static __attribute__((noinline)) void grow(void)
{
    char room[NEEDED];
    *(volatile char *)room = 0;
}

/* makecontext hands over ints. */
static void entry(unsigned high, unsigned low)
{
    Start *s = (Start *)((unsigned long)high << 32 | low);
    s->result = s->fn(s->argc, s->argv);
}

int own_stack_run(int (*fn)(int argc, char **argv), int argc, char **argv)
{
    struct rlimit lim;
    if (getrlimit(RLIMIT_STACK, &lim) || lim.rlim_cur >= 2 * NEEDED) {
        grow();
        return fn(argc, argv);
    }
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    void *stack = mmap(NULL, NEEDED, PROT_READ | PROT_WRITE, flags, -1, 0);
    ucontext_t here, there;
    if (stack == MAP_FAILED || getcontext(&there))
        return fn(argc, argv);
    Start s = { fn, argc, 0, argv };
    unsigned long at = (unsigned long)&s;
    there.uc_stack = (stack_t){ .ss_sp = stack, .ss_size = NEEDED };
    there.uc_link = &here;
    makecontext(&there, (void (*)(void))entry, 2, (unsigned)(at >> 32), (unsigned)at);
    swapcontext(&here, &there);
    return s.result;
}
