/* SPDX-License-Identifier: Apache-2.0 */
/* A lock that outlives its owner. Processes that share memory (CLONE_VM) share the translator and the guest's map,
 * and any of them may be killed at any instruction; libc's robust mutexes do not serve, because such a child runs on
 * another thread's thread-locals and the guest owns the kernel's robust list. So the word is the owner's kernel
 * thread id; who waits for long looks whether that thread still exists, and takes over. What the lock guards must be
 * whole after each single store, or be made afresh by who takes over.
 *
 * Ids: the kernel's, or'ed with LOCK_FOREIGN by a thread of another pid namespace: nobody judges it, and it judges
 * nobody. / */
#ifndef TCG_LOCK_H
#define TCG_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Lock { _Atomic uint32_t word; } Lock;        /* 0: free */
enum {
    LOCK_WAIT = 1u << 31,           /* somebody may be asleep */
    LOCK_FOREIGN = 1 << 30,
    LOCK_DEAD = LOCK_FOREIGN - 1,   /* id of an owner that is gone for certain */
    LOCK_PATIENCE = 20,             /* milliseconds before a waiter looks for the owner */
};

void lock_init(Lock *l);
bool lock_take(Lock *l, uint32_t me);           /* false: taken, too, but from an owner that died with it */
void lock_drop(Lock *l);
bool lock_bury(Lock *l, uint32_t id);           /* thread id is gone for certain: true when it held the lock */
bool lock_gone(uint32_t id, uint32_t me);       /* no thread has this id; false: or who knows */
uint32_t lock_thread_id(void);                  /* asks the kernel */

/* Sleep while *word is value, for so long at most, over signals; false: time is up. Wake all who do. */
bool lock_sleep(_Atomic uint32_t *word, uint32_t value, unsigned ms);
void lock_wake(_Atomic uint32_t *word);

#endif
