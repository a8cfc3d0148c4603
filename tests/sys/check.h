/* SPDX-License-Identifier: Apache-2.0 */
/* For system tests: output is the same on every architecture; native and emulated runs are compared. */
#ifndef CHECK_H
#define CHECK_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
/* Prints an expression's value, or the name of its errno. */
#define SHOW(e) \
    do { \
        errno = 0; \
        long long v_ = (long long)(e); \
        if (v_ == -1 && errno) printf("%s = -1 %s\n", #e, strerrorname_np(errno)); \
        else printf("%s = %lld\n", #e, v_); \
    } while (0)
#define OK(e) printf("%s: %s\n", #e, (e) ? "yes" : "NO")
#endif
