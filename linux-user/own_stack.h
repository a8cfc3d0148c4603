/* SPDX-License-Identifier: Apache-2.0 */
/* Stack of the emulator's own first thread. */
#ifndef LINUX_USER_OWN_STACK_H
#define LINUX_USER_OWN_STACK_H

/* fn(argc, argv) on a stack that is large enough whatever RLIMIT_STACK is, or becomes: that limit is the guest's. */
int own_stack_run(int (*fn)(int argc, char **argv), int argc, char **argv);

#endif
