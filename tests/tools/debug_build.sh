#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The translator as configure --enable-debug builds it: the verifier after each pass and the register checker after each unit,
# over random IR and one guest's random instructions. (In a build that is one already, make check does that.)
set -u
grep -q '^DEBUG := yes' "$B/config.mk" && { echo "this build is a debug build"; exit 0; }
debug=$B/debug
[ -f "$debug/config.mk" ] || ./configure --builddir="$debug" --enable-debug --target-list=riscv64 || exit 1
tests="tcg/test_random_ir tcg/host/x86_64/test_regcheck target/riscv64/test_diff"
make -s -j"$(nproc)" B="$debug" $(for t in $tests; do echo "$debug/tests/$t"; done) || exit 1
for t in $tests; do
    timeout 120 "$debug/tests/$t" || { echo "$t failed: $?"; exit 1; }
done
