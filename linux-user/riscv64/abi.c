/* SPDX-License-Identifier: Apache-2.0 */
/* riscv64 Linux: data model and address space. Programs find themselves in the lower half of Sv39, which is what most
 * hardware has and some programs count on (ASan's shadow does); only what is larger than that goes above. */
#include "linux-user/riscv/riscv.h"

const LinuxAbi linux_abi = {
    .word = 8, .align64 = 8, .page_size = 4096, .task_size = 1ull << 47,
    .stack_top = 1ull << 38, .mmap_base = (1ull << 38) - (3ull << 30), .et_dyn_base = 0x2aaaaaa000,
    .mmap_low = 0x1555556000,
    .syscall_len = 4, .syscall_nr = riscv_syscall_nr, .syscall_args = riscv_syscall_args,
    .syscall_result = riscv_syscall_result,
    .result_at = offsetof(RvCpu, x) + 10 * 8, .result_bytes = 8, .errors_in_place = true,
    .clone_tls_before_ctid = true,
    .start = riscv_start, .set_tls = riscv_set_tls, .clone_child = riscv_clone_child, .get_sp = riscv_get_sp,
    .hwcap = riscv_hwcap, .minsigstksz = 2048, .auxv_minsigstksz = true, .cpuinfo = riscv_cpuinfo,
    .sigframe_setup = riscv_sigframe_setup, .sigreturn = riscv_sigreturn,
    .vdso = &riscv64_vdso, .vdso_fn = riscv_vdso_fn, .vdso_rt_sigreturn = 0,
};
