/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into everything of a sanitizer build (configure --enable-sanitizers), nothing else: defaults that
 * $ASAN_OPTIONS may override. The emulator handles faults itself, ends by _exit, and tests leave their engines to the
 * kernel. */
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

const char *__asan_default_options(void)
{
    return "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:"
           "use_sigaltstack=0:detect_stack_use_after_return=0";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void) { return "print_stacktrace=1"; }

/* The stack of a vfork child goes without its frames being left: what ASan noted of them must go, too (ld --wrap). */
int __real_munmap(void *at, size_t len);
int __wrap_munmap(void *at, size_t len);
int __wrap_munmap(void *at, size_t len)
{
    enum { STACK_MAX = 16 << 20 };      /* larger ranges are no stacks, and their shadow would become real memory */
    if (len <= STACK_MAX)
        ASAN_UNPOISON_MEMORY_REGION(at, len);
    return __real_munmap(at, len);
}

/* Before a call that does not return ASan forgets the frames of the thread's stack; a vfork child is on another one. */
void __wrap___asan_handle_no_return(void);
void __wrap___asan_handle_no_return(void)
{
    enum { FRAMES = 256 << 10 };
    ASAN_UNPOISON_MEMORY_REGION(__builtin_frame_address(0), FRAMES);
}

/* common-user/alloc.c is not linked: malloc is the sanitizer's. */
void alloc_after_fork(void);
void alloc_after_fork(void) { }
