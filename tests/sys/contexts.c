/* SPDX-License-Identifier: Apache-2.0 */
/* getcontext and its kin (a system call on PowerPC), and SIGFPE of enabled FP exceptions, where the
 * processor has them. */
#define _GNU_SOURCE
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>

static ucontext_t home, ping, pong;
static void player(int a, int b)
{
    for (int i = 0; i < 3; i++) {
        volatile double kept = 1.5 * i;
        printf("%d %d %d\n", a, b, i);
        if (a == 1) swapcontext(&ping, &pong);
        else swapcontext(&pong, &ping);
        printf("kept %g\n", kept);
    }
}

static void coroutines(void)
{
    static char stack[2][65536];
    ucontext_t *both[] = { &ping, &pong };
    for (int i = 0; i < 2; i++) {
        getcontext(both[i]);
        both[i]->uc_stack.ss_sp = stack[i];
        both[i]->uc_stack.ss_size = sizeof stack[i];
        both[i]->uc_link = &home;
        makecontext(both[i], (void (*)(void))player, 2, i + 1, 40 + i);
    }
    swapcontext(&home, &ping);
    puts("home");
}

static void again(void)
{
    volatile int times = 0;
    sigset_t set, now;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    ucontext_t here;
    getcontext(&here);
    sigprocmask(SIG_BLOCK, NULL, &now);
    printf("time %d, blocked %d\n", times, sigismember(&now, SIGUSR1));
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (times++ < 3) setcontext(&here);
}

static sigjmp_buf out;
static volatile int got;
static void on_fpe(int sig, siginfo_t *info, void *uc) { got = info->si_code; siglongjmp(out, 1); }

static void fp_exceptions(void)
{
    static const struct { int bit, code; double a, b; char op; } rows[] = {
        { FE_DIVBYZERO, FPE_FLTDIV, 1, 0, '/' }, { FE_INVALID, FPE_FLTINV, 0, 0, '/' },
        { FE_OVERFLOW, FPE_FLTOVF, 1e308, 1e308, '*' },
        { FE_UNDERFLOW, FPE_FLTUND, 1e-308, 1e-308, '*' }, { FE_INEXACT, FPE_FLTRES, 1, 3, '/' },
    };
    struct sigaction act = { .sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO };
    sigaction(SIGFPE, &act, NULL);
    for (int i = 0; i < 5; i++) {
        volatile double a = rows[i].a, b = rows[i].b, r;
        got = 0;
        feclearexcept(FE_ALL_EXCEPT);
        if (!sigsetjmp(out, 1)) {
            if (feenableexcept(rows[i].bit) == -1) got = rows[i].code;      /* no such thing on this processor */
            else if (rows[i].op == '/') r = a / b;
            else r = a * b;
        }
        fedisableexcept(FE_ALL_EXCEPT);
        printf("%d: %d %d\n", i, got == rows[i].code, fegetexcept());
    }
}

int main(void)
{
    coroutines();
    again();
    fp_exceptions();
    return 0;
}
