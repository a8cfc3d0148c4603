/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: mutexes of every kind, condition variables with timeouts, barriers, robust mutexes, thread-local data. */
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/mman.h>
#include <time.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t bar;
static __thread int tls = 5;
static long counter;
static int turn;

static void *count(void *p)
{
    pthread_barrier_wait(&bar);
    for (int i = 0; i < 20000; i++) { pthread_mutex_lock(&m); counter++; pthread_mutex_unlock(&m); }
    tls += (int)(intptr_t)p;
    return (void *)(intptr_t)tls;
}
static void *ping(void *p)
{
    int me = (int)(intptr_t)p;
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&m);
        while (turn != me) pthread_cond_wait(&cv, &m);
        turn = !me;
        pthread_cond_broadcast(&cv);
        pthread_mutex_unlock(&m);
    }
    return NULL;
}
static void *die_holding(void *p) { pthread_mutex_lock(p); return NULL; }

int main(void)
{
    pthread_t t[8];
    void *r;
    long sum = 0;
    pthread_barrier_init(&bar, NULL, 8);
    for (long i = 0; i < 8; i++) pthread_create(&t[i], NULL, count, (void *)i);
    for (int i = 0; i < 8; i++) { pthread_join(t[i], &r); sum += (intptr_t)r; }
    printf("%ld %ld %d\n", counter, sum, tls);
    for (long i = 0; i < 2; i++) pthread_create(&t[i], NULL, ping, (void *)i);
    for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
    puts("ping");
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_nsec += 20000000;
    if (ts.tv_nsec >= 1000000000) { ts.tv_sec++; ts.tv_nsec -= 1000000000; }
    pthread_mutex_lock(&m);
    puts(strerrorname_np(pthread_cond_timedwait(&cv, &m, &ts)));
    pthread_mutex_unlock(&m);
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutex_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_init(shared, &a);
    pthread_create(&t[0], NULL, die_holding, shared);
    pthread_join(t[0], NULL);
    puts(strerrorname_np(pthread_mutex_lock(shared)));
    pthread_mutex_consistent(shared);
    pthread_mutex_unlock(shared);
    fflush(stdout);
    if (!fork()) { pthread_mutex_lock(shared); _exit(0); }
    wait(NULL);
    puts(strerrorname_np(pthread_mutex_lock(shared)));
    pthread_mutex_consistent(shared);
    pthread_mutex_unlock(shared);
    sem_t s;
    sem_init(&s, 0, 1);
    SHOW(sem_wait(&s));
    SHOW(sem_trywait(&s));
    SHOW(sem_timedwait(&s, &ts));
    pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
    printf("%d\n", pthread_rwlock_rdlock(&rw));
    printf("%d\n", pthread_rwlock_trywrlock(&rw) == EBUSY);
    pid_t pid;
    int st;
    char *av[] = { "true", NULL }, *ev[] = { NULL };
    SHOW(posix_spawnp(&pid, "nonexistent-program", NULL, NULL, av, ev) == ENOENT);
    SHOW(posix_spawn(&pid, "/bin/true", NULL, NULL, av, ev));
    SHOW(waitpid(pid, &st, 0) == pid);
    printf("%d\n", st);
    return 0;
}
