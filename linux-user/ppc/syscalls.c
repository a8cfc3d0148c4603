/* SPDX-License-Identifier: Apache-2.0 */
/* The system call numbers of ppc, from syscall.tbl. */
#include "linux-user/sysrows.h"
#include "linux-user/ppc/table.h"

const SysTable sys_table = { FAMILY_PPC, TABLE_SIZE, table_rows, table_names };
