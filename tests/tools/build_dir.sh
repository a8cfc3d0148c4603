#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A build directory outside the source tree: configure from there, and plain `make` there builds the programs asked for.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
"$SRC/configure" --target-list=riscv32 >configure.out || { cat configure.out; exit 1; }
plan=$(make -n) || { echo "$plan" | tail -5; exit 1; }
case $plan in *"-o $dir/qemu-riscv32"*) ;; *) echo "make in $dir builds no qemu-riscv32:"; echo "$plan" | head -5; exit 1 ;; esac
case $plan in *qemu-ppc*) echo "--target-list=riscv32 builds others too"; exit 1 ;; esac
make help | grep -q 'make install' || { echo "make help in $dir says nothing"; exit 1; }
