#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/tcg/test_parallel.c and the translator under ThreadSanitizer: no report.
set -u
dir=$B/tsan; rm -rf "$dir"; mkdir -p "$dir"
cc="${CC:-gcc} -std=gnu11 -O1 -g -fsanitize=thread -pthread"
echo 'int main(void) { return 0; }' >"$dir/t.c"
$cc "$dir/t.c" -o "$dir/t" 2>/dev/null && "$dir/t" || { echo "no ThreadSanitizer here"; exit 77; }
host=$(sed -n 's/^HOST := //p' "$B/config.mk")
# fences: TSan does not know them (-Wno-tsan); the interpreter's are for the guest's memory only
ls tcg/*.c tcg/host/"$host"/*.[cS] tests/tcg/test_parallel.c tests/tcg/cells.c 2>/dev/null | while read -r src; do echo "$src -o $dir/${src//\//-}.o"; done |
    xargs -P "$(nproc)" -L 1 $cc -D_GNU_SOURCE -DDEBUG_BUILD=0 -DNDEBUG -Wno-tsan -I. $(pkg-config --cflags glib-2.0 libffi) -c || exit 1
$cc -o "$dir/test_parallel" "$dir"/*.o $(pkg-config --libs glib-2.0 libffi) -lm || exit 1
# host_enter reads link data that another thread emitted; the way there led through emitted code, which TSan does not see
echo 'race:host_enter' >"$dir/suppressions"
PARALLEL_MS=1000 TSAN_OPTIONS="suppressions=$dir/suppressions halt_on_error=1 exitcode=66" "$dir/test_parallel"
