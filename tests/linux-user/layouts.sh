#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Structure rows against the system headers: the host's and, by the cross compilers, each guest's.
set -u
T=$B/tools/sysgen out=$(mktemp -d); trap 'rm -rf "$out"' EXIT
files="linux-user/desc/types.sys $(ls linux-user/desc/*.sys | grep -v /types.sys)"
rc=0
check() {   # family layout compiler
    command -v "$3" >/dev/null || { echo "no $3: skipped"; return; }
    "$T" "check-$1" "$2" $files >"$out/$1.c" && "$3" -c "$out/$1.c" -o "$out/$1.o" || { echo "FAIL $1 ($3)"; rc=1; return; }
    echo "ok $1 ($3): $(grep -c _Static_assert "$out/$1.c") assertions"
}
check host 0 gcc
check generic 0 riscv64-linux-gnu-gcc
check arm 0 aarch64-linux-gnu-gcc
check ppc 1 powerpc-linux-gnu-gcc

# flag rows: the value of each family against the guest's own headers
constants() {   # family compiler
    command -v "$2" >/dev/null || return
    awk -v fam="$1" '/^flags |^values /{on = !/^flags (iflag|oflag|lflag|cflag)/} /^}/{on = 0}
        on { for (i = 1; i < NF + 1; i++) if ($i ~ "^" fam ":") { n = $(i-1); for (j = i; j > 1 && $(j) !~ /^[A-Z_]+[A-Z_0-9]*(=|$)/; j--); split($j, a, "="); if (a[1] !~ /^__|_OLD$/) print a[1], substr($i, length(fam) + 2) } }' $files |
    { echo '#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>'; while read -r n v; do echo "_Static_assert($n == $v, \"$n\");"; done; } >"$out/flags.c"
    "$2" -D_GNU_SOURCE -c "$out/flags.c" -o "$out/f.o" || { echo "FAIL flags of $1"; rc=1; return; }
    echo "ok flags of $1: $(grep -c _Static "$out/flags.c") assertions"
}
constants arm aarch64-linux-gnu-gcc
constants ppc powerpc-linux-gnu-gcc
exit $rc
