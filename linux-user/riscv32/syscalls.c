/* SPDX-License-Identifier: Apache-2.0 */
/* The system call numbers of riscv32, from syscall.tbl. */
#include "linux-user/sysrows.h"
#include "linux-user/riscv32/table.h"

const SysTable sys_table = { FAMILY_GENERIC, TABLE_SIZE, table_rows, table_names };
