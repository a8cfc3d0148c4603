/* SPDX-License-Identifier: Apache-2.0 */
/* The files of /proc that must show the guest. */
#include "linux-user/proc.h"

enum { MACHINE, OWN };
const ProcRow proc_rows[] = {
    { "maps", OWN, true, proc_write_maps, NULL, proc_query_map }, { "smaps", OWN, true, proc_write_smaps },
    { "smaps_rollup", OWN, true, proc_write_smaps_rollup },
    { "mem", OWN, true, NULL, proc_move_mem }, { "pagemap", OWN, true, NULL, proc_move_pagemap },
    { "cmdline", OWN, false, proc_write_cmdline }, { "environ", OWN, true, proc_write_environ },
    { "auxv", OWN, true, proc_write_auxv }, { "limits", OWN, true, proc_write_limits },
    { "stat", OWN, true, proc_write_stat }, { "statm", OWN, true, proc_write_statm },
    { "status", OWN, true, proc_write_status }, { "syscall", OWN, false, proc_write_syscall },
    { "cpuinfo", MACHINE, false, proc_write_cpuinfo }, { "version", MACHINE, false, proc_write_version },
    { "sys/kernel/osrelease", MACHINE, false, proc_write_osrelease },
    { "sys/kernel/arch", MACHINE, false, proc_write_arch },
};
const int proc_nrows = sizeof proc_rows / sizeof *proc_rows;
