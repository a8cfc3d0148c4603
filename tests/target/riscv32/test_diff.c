/* SPDX-License-Identifier: Apache-2.0 */
/* Differential test of the riscv32 rows. */
#include "tests/target/riscv/diff.h"

int main(void)
{
    return riscv_diff(32, "qemu-riscv32", "rv32,zba=true,zbb=true,zbc=true,zbs=true,Zfh=true,Zfhmin=true",
                      "-march=rv32gc -mabi=ilp32d -DLX=lw -DSX=sw -DWORD=.word -DUC_PC=160 -DXBYTES=4 -DMAPOFF=125");
}
