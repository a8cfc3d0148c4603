/* SPDX-License-Identifier: Apache-2.0 */
/* For the system tests: each is a plain Linux C program that checks itself and prints FAIL lines; the same source runs
 * natively and under every guest. */
#ifndef CHECK_H
#define CHECK_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
static int check_failures;
#define CHECK(e) \
    do { \
        if (!(e)) { \
            check_failures++; \
            printf("FAIL %s:%d %s (errno %d)\n", __func__, __LINE__, #e, errno); \
            fflush(stdout); \
        } \
    } while (0)
#define CHECK_END() (printf("%s\n", check_failures ? "failed" : "ok"), check_failures != 0)
#endif
