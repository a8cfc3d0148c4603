/* SPDX-License-Identifier: Apache-2.0 */
/* Cancelling a thread that sleeps in a system call: the C library unwinds through the signal's frame, running clean-up
 * handlers. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void cleanup(void *arg) { puts("clean-up"); }

static void *sleeper(void *arg)
{
    pthread_cleanup_push(cleanup, NULL);
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 5; i++) {
        pthread_t t;
        void *r;
        pthread_create(&t, NULL, sleeper, NULL);
        usleep(i * 20000);
        pthread_cancel(t);
        pthread_join(t, &r);
        puts(r == PTHREAD_CANCELED ? "cancelled" : "returned");
        fflush(stdout);
    }
    return 0;
}
