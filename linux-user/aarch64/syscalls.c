/* SPDX-License-Identifier: Apache-2.0 */
/* The system call numbers of aarch64, from syscall.tbl. */
#include "linux-user/sysrows.h"
#include "linux-user/aarch64/table.h"

const SysTable sys_table = { FAMILY_ARM, TABLE_SIZE, table_rows, table_names };
