/* SPDX-License-Identifier: Apache-2.0 */
/* SECCOMP_FILTER_FLAG_TSYNC reaches a thread that is being born: it is there and gets it, or its parent had it. */
#include "os_check.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>

enum { MAKERS = 3, BORN = 24 };
static atomic_int synced, missed, begun;

static void *born(void *arg)
{
    while (!synced) sched_yield();
    if (syscall(SYS_getppid) != -1 || errno != EDOM) missed++;
    return NULL;
}

static void *maker(void *arg)
{
    pthread_t t[BORN];
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    begun++;
    for (int i = 0; i < BORN; i++) if (pthread_create(&t[i], &attr, born, NULL)) _exit(3);
    for (int i = 0; i < BORN; i++) pthread_join(t[i], NULL);
    return NULL;
}

static int round_of(int delay)
{
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog p = { 4, f };
    pthread_t t[MAKERS];
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (int i = 0; i < MAKERS; i++) pthread_create(&t[i], NULL, maker, NULL);
    while (begun < MAKERS) sched_yield();
    for (volatile int i = 0; i < delay; i++) { }
    int r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &p);
    synced = 1;
    for (int i = 0; i < MAKERS; i++) pthread_join(t[i], NULL);
    return r ? 1 : missed ? 2 : 0;
}

int main(void)
{
    int st, bad = 0;
    for (int i = 0; i < 14; i++) {
        fflush(stdout);
        pid_t kid = fork();
        if (!kid) _exit(round_of(i * 2851 % 20000));
        waitpid(kid, &st, 0);
        if (st) { bad++; printf("round %d: status %#x\n", i, st); }
    }
    CHECK(!bad);
    return CHECK_END();
}
