/* SPDX-License-Identifier: Apache-2.0 */
/* Differential test of the riscv64 rows. */
#include "tests/target/riscv/diff.h"

int main(void)
{
    return riscv_diff(64, "qemu-riscv64", "rv64,zba=true,zbb=true,zbc=true,zbs=true,Zfh=true,Zfhmin=true",
                      "-march=rv64gc -mabi=lp64d -DLX=ld -DSX=sd -DWORD=.quad -DUC_PC=176 -DXBYTES=8 -DMAPOFF=512000");
}
