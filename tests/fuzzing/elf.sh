#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Mutated ELF files: each ends by an error of one line (126, 127), or runs and ends somehow (a guest signal included), but
# the emulator itself never hangs, prints a sanitizer report or its own crash. ELF_ITER files per guest (default 150).
set -u
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cc -O1 "$SRC/tests/fuzzing/elfmut.c" -o "$dir/elfmut" || exit 1
printf '#include <stdio.h>\nint main(void){puts("hello");return 0;}' >"$dir/h.c"
bad=0
while read -r prog _ _ cross; do
    case $prog in '#'*|'') continue ;; esac
    [ "$cross" = - ] && continue
    [ -x "$B/qemu-$prog" ] || continue
    "$cross"-gcc -static -O1 "$dir/h.c" -o "$dir/s" && "$cross"-gcc -O1 "$dir/h.c" -o "$dir/d" || exit 1
    for i in $(seq "${ELF_ITER:-150}"); do
        in=$dir/s; [ $((i % 2)) = 0 ] && in=$dir/d
        "$dir/elfmut" "$i" "$in" "$dir/m" && chmod +x "$dir/m"
        { timeout -s KILL 20 "$B/qemu-$prog" "$dir/m" >"$dir/out" 2>"$dir/err" </dev/null; rc=$?; } 2>/dev/null     # no word of the shell's
        # a mutated program may loop by itself: then the installed qemu-user does not end it either
        if [ $rc = 137 ] && command -v "qemu-$prog" >/dev/null; then
            timeout -s KILL 10 "qemu-$prog" "$dir/m" >/dev/null 2>&1 </dev/null; [ $? = 137 ] && rc=0
        fi
        lines=1                         # the error is ours, not one of the guest's own loader: one line
        grep -q "^qemu-$prog:" "$dir/err" && lines=$(wc -l <"$dir/err")
        if [ $rc = 137 ] || grep -q 'Sanitizer\|runtime error\|bug:' "$dir/err" || { { [ $rc = 126 ] || [ $rc = 127 ]; } && [ "$lines" != 1 ]; }; then
            echo "$prog seed $i ($in): exit $rc"; head -5 "$dir/err"; bad=$((bad + 1))
        fi
    done
done <"$SRC/target/programs"
[ $bad = 0 ] || { echo "$bad files misbehaved"; exit 1; }
