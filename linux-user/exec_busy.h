/* SPDX-License-Identifier: Apache-2.0 */
/* ETXTBSY for whoever would write to a program that a guest runs. The kernel denies writing to the emulator, not
 * to the guest's file, so emulators tell each other: a read lock on a byte that no file has, held by the mapping
 * of the program (a lock of an open file description lives as long as something refers to that). Nobody else can
 * meet it: who write-locks the file has it open for writing. Local file systems only; programs of the host are not
 * kept from writing. */
#ifndef LINUX_USER_EXEC_BUSY_H
#define LINUX_USER_EXEC_BUSY_H

#include <stdbool.h>

void exec_busy_mark(int fd);        /* of the program; may be closed then */
bool exec_busy(int dirfd, const char *path);            /* would a caller that may write there meet ETXTBSY? */

#endif
