#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each syscall.tbl against the numbers in that guest's own headers (both ways where the headers are new enough).
set -u
rc=0
check() {   # program compiler
    command -v "$2" >/dev/null || { echo "no $2: skipped"; return; }
    bad=$(awk '/^[0-9]/ { printf "#ifdef __NR_%s\n_Static_assert(__NR_%s == %d, \"%s\");\n#endif\n", $3, $3, $1, $3 }' "linux-user/$1/syscall.tbl" |
        { echo '#include <asm/unistd.h>'; cat; } | "$2" -x c -c -o /dev/null - 2>&1) || { echo "$bad"; echo "FAIL $1: numbers"; rc=1; }
    missing=$(echo '#include <asm/unistd.h>' | "$2" -E -dM - | sed -n 's/^#define __NR_\([a-z_][a-z0-9_]*\) .*/\1/p' |
        grep -vxE 'syscalls|arch_specific_syscall' | while read -r n; do
            awk -v n="$n" '$3 == n { f = 1 } END { exit !f }' "linux-user/$1/syscall.tbl" || echo "$n"; done)
    [ -z "$missing" ] || { echo "FAIL $1: not in the table:" $missing; rc=1; }
    echo "checked $1: $(grep -c '^[0-9]' "linux-user/$1/syscall.tbl") rows"
}
check aarch64 aarch64-linux-gnu-gcc
check riscv64 riscv64-linux-gnu-gcc
check ppc powerpc-linux-gnu-gcc
exit $rc
