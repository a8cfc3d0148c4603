#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# simd_faults.c on the backend and on the interpreter.
command -v aarch64-linux-gnu-gcc >/dev/null && [ -x "$B/qemu-aarch64" ] || { echo "no aarch64-linux-gnu-gcc"; exit 77; }
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
aarch64-linux-gnu-gcc -O1 -static -o "$dir/t" "$SRC/tests/target/aarch64/simd_faults.c" || exit 1
for accel in "" "-accel interp"; do
    "$B/qemu-aarch64" $accel "$dir/t" || { echo "with '$accel'"; exit 1; }
done
