#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Dynamic programs with Debian's own musl (arm64): tests/sys programs, whose outputs must equal the host's with glibc. Left out
# are those that ask for what musl does differently by design (signals 32 to 34, sched_*) or lacks (statx).
set -u
prefix=aarch64-linux-gnu root=${ROOTS-$B/roots}/arm64-musl
skip() { echo "ok 1 - musl # skip $1"; echo 1..1; exit; }
command -v $prefix-gcc >/dev/null || skip "no $prefix-gcc"
"$SRC/tools/roots" arm64-musl "$root" >"$B/roots-arm64-musl.log" 2>&1 || skip "packages cannot be had: $(tail -n 1 "$B/roots-arm64-musl.log")"
out=$(mktemp -d); trap 'rm -rf "$out"' EXIT
include=$root/usr/include/aarch64-linux-musl lib=$root/usr/lib/aarch64-linux-musl

# glibc's names of errors, which the programs print; the kernel's headers, which musl has none of
{ echo 'static const char *const name[] = {'
  echo '#include <errno.h>' | gcc -E -dM - | awk '/#define E[A-Z0-9]+ [0-9]+$/ { print "[" $3 "] = \"" $2 "\"," }'
  echo '}; const char *strerrorname_np(int e) { return e > 0 && e < sizeof name / sizeof *name ? name[e] : 0; }'; } >"$out/names.c"
echo 'const char *strerrorname_np(int);' >"$out/names.h"
mkdir "$out/kernel"
for d in linux asm asm-generic; do ln -s "/usr/$prefix/include/$d" "$out/kernel/$d"; done

n=0
for name in cancel efault events interfaces sockets terminal threads; do
    n=$((n + 1))
    gcc -O1 -w -o "$out/native" "tests/sys/$name.c" -lpthread &&
    $prefix-gcc -O1 -w -include "$out/names.h" -nostdinc -isystem "$include" -isystem "$($prefix-gcc -print-file-name=include)" -idirafter "$out/kernel" \
        -nostdlib -o "$out/guest" "$lib"/crt1.o "$lib"/crti.o "tests/sys/$name.c" "$out/names.c" "-L$lib" -lc "$($prefix-gcc -print-libgcc-file-name)" "$lib"/crtn.o \
        -Wl,-dynamic-linker,/lib/ld-musl-aarch64.so.1 || { echo "not ok $n - $name: compiler"; continue; }
    (cd "$out" && { timeout 60 ./native; echo "exit $?"; } >want 2>&1; { timeout 60 "$B/qemu-aarch64" -L "$root" ./guest; echo "exit $?"; } >got 2>&1)
    if diff "$out/want" "$out/got" >"$out/diff"; then echo "ok $n - $name"; else echo "not ok $n - $name"; head -12 "$out/diff" | sed 's/^/# /'; fi
done
echo "1..$n"
