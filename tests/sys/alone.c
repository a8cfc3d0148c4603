/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic operations that ran hot while the process was alone still are atomic when memory gets a second user: a thread,
 * a process with CLONE_VM, another process by a shared mapping (made so, or made writable later) or a System V segment.
 * One child process for each. */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

enum { WARM = 3000, ROUNDS = 400000 };
typedef struct Shared { _Atomic int ready; _Atomic long sum, cas; _Atomic int lock; long plain; } Shared;
static Shared own;

static void spin_lock(Shared *s) { while (atomic_exchange_explicit(&s->lock, 1, memory_order_acquire)) sched_yield(); }
static void spin_unlock(Shared *s) { atomic_store_explicit(&s->lock, 0, memory_order_release); }

/* The same code, whoever runs it and however often it has run. */
__attribute__((noinline)) static void work(Shared *s, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        atomic_fetch_add(&s->sum, 1);
        long old = atomic_load(&s->cas);
        while (!atomic_compare_exchange_weak(&s->cas, &old, old + 1)) { }
        if (i % 16) continue;
        spin_lock(s);
        s->plain++;
        spin_unlock(s);
    }
}

static void *second(void *p)
{
    Shared *s = p;
    atomic_fetch_add(&s->ready, 1);
    while (atomic_load(&s->ready) < 2) sched_yield();
    work(s, ROUNDS);
    return NULL;
}

static void show(const char *what, Shared *s)
{
    printf("%s: %ld %ld %ld\n", what, s->sum, s->cas, s->plain);
}

static void warm(void)
{
    work(&own, WARM);
    memset(&own, 0, sizeof own);
}

static void by_thread(void)
{
    pthread_t t;
    warm();
    pthread_create(&t, NULL, second, &own);
    second(&own);
    pthread_join(t, NULL);
    show("thread", &own);
}

static int clone_main(void *p) { second(p); return 0; }
static void by_clone(void)
{
    static char stack[64 << 10] __attribute__((aligned(16)));
    warm();
    pid_t pid = clone(clone_main, stack + sizeof stack, CLONE_VM | SIGCHLD, &own);
    second(&own);
    waitpid(pid, NULL, 0);
    show("clone", &own);
}

static void with_child(const char *what, Shared *s)
{
    pid_t pid = fork();
    second(s);
    if (!pid) _exit(0);
    waitpid(pid, NULL, 0);
    show(what, s);
}

static void by_mapping(void)
{
    warm();
    with_child("mapping", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static void by_protection(void)
{
    Shared *s = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    warm();
    mprotect(s, 4096, PROT_READ | PROT_WRITE);
    with_child("protection", s);
}

static void by_segment(void)
{
    int id = shmget(IPC_PRIVATE, 4096, 0600);
    warm();
    Shared *s = shmat(id, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    with_child("segment", s);
}

int main(void)
{
    static void (*const ways[])(void) = { by_thread, by_clone, by_mapping, by_protection, by_segment };
    setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        pid_t pid = fork();
        if (!pid) {
            ways[i]();
            _exit(0);
        }
        int status;
        waitpid(pid, &status, 0);
        OK(status == 0);
    }
    return 0;
}
