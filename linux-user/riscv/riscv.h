/* SPDX-License-Identifier: Apache-2.0 */
/* What riscv32 and riscv64 Linux share: registers of system calls, programs and clones; frames; cpuinfo. */
#ifndef LINUX_USER_RISCV_H
#define LINUX_USER_RISCV_H
#include "linux-user/abi.h"
#include "target/riscv/cpu.h"

uint64_t riscv_syscall_nr(const CpuState *cpu);
void     riscv_syscall_args(const CpuState *cpu, uint64_t args[7]);
void     riscv_syscall_result(CpuState *cpu, int64_t ret);
void     riscv_start(CpuState *cpu, gaddr entry, gaddr sp);
void     riscv_set_tls(CpuState *cpu, uint64_t tls);
void     riscv_clone_child(CpuState *cpu, gaddr sp);
gaddr    riscv_get_sp(const CpuState *cpu);
uint64_t riscv_hwcap(const CpuState *cpu, int which);
int      riscv_cpuinfo(const CpuState *cpu, int ncpu, char *out, size_t cap);
int64_t  riscv_sigframe_setup(Task *t, const SigDelivery *d);
int64_t  riscv_sigreturn(Task *t, bool rt);

extern const VdsoSpec riscv64_vdso, riscv32_vdso;        /* vdso.c; row 0 is rt_sigreturn */
extern const uint8_t riscv_vdso_fn[];

#endif
