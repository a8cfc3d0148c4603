#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# laws.sh [TREE]: the laws of the tree that a script can read: which folder may include which, no conditional compilation
# outside host folders (include guards apart), no include of a .c file, mutable globals only by name, length of files and
# lines, no paths of somebody's machine, and the licence line of every source file. The objects of a build in $B are read, too.
# laws_planted.sh shows that each rule can fail.
set -u
cd "${1-$SRC}" || exit 1
failed=0
fail() { echo "FAIL $*"; failed=1; }

# What a folder may include besides itself. Dependencies point down only.
declare -A may=(
    [tcg]='' [thunk]='' [tools]=''
    [target]='tcg'
    [loader]='target tcg'
    [gdbstub]='target tcg'
    [common-user]='gdbstub loader thunk target tcg'
    [linux-user]='common-user gdbstub loader thunk target tcg'
    [bsd-user]='common-user gdbstub loader thunk target tcg'
    [hw]='target tcg'
    [system]='hw gdbstub loader target tcg'
    [lib]='common-user loader target tcg'
)
sources() { git ls-files -- "$@" 2>/dev/null | grep . || find "$@" -type f 2>/dev/null | sed 's,^\./,,'; }
code=$(sources tcg thunk target loader gdbstub common-user linux-user bsd-user hw system lib tools | grep '\.[chS]$')
[ "$(echo "$code" | wc -l)" -gt 150 ] || fail "only $(echo "$code" | wc -l) source files found: this test looks in the wrong place"

while IFS=: read -r file include; do
    from=${file%%/*} to=${include%%/*}
    [ -e "${file%/*}/$include" ] && to=$from            # a neighbour
    case $include in
    *../*) fail "$file includes $include: paths start at the root" ;;
    *.c)   fail "$file includes $include: a .c file" ;;
    esac
    if [ "$from" = "$to" ] || [ -z "${may[$to]+is a folder, not generated}" ]; then continue; fi
    case $from:$include in tools:*.def) continue ;; esac        # generators read anybody's rows
    case " ${may[$from]} " in *" $to "*) ;; *) fail "$file includes $include: $from may not depend on $to" ;; esac
    # the OS side meets a guest by target/*.h; only linux-user/<family> may know that family's inside
    case $include in
    target/*/*) case $file in linux-user/*/*) ;; *) fail "$file includes $include: a guest's inside" ;; esac ;;
    esac
done < <(echo "$code" | xargs sed -nE '/^[[:space:]]*#[[:space:]]*include[[:space:]]*"/ { s/[^"]*"([^"]*)".*/\1/; F; p }' | paste -d: - -)

while IFS=: read -r file line text; do
    case $file in */host/*) continue ;; esac
    fail "$file:$line: conditional compilation outside host/: $text"
done < <(echo "$code" | xargs awk '
    FNR == 1 { guard = "" }
    /^[ \t]*#[ \t]*ifndef/ && guard == "" && FILENAME ~ /\.h$/ { guard = $NF; line = FNR; next }
    /^[ \t]*#[ \t]*define/ && FNR == line + 1 && $2 == guard { next }
    /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else)([ \t(]|$)/ { print FILENAME ":" FNR ":" $0 }')

# State of the process that no structure can own; everything else hangs from Tcg, Mm, Process or Task.
globals='
common-user/alloc heap           what malloc hands out
common-user/disas peer          the disassembler: one helper program for all threads
common-user/log log_state       -d and -D, set by options
common-user/symbols modules      symbol tables that logs have read
common-user/task task_other_ids  set once: others of our threads have ids that are not of our name space
common-user/ownfd kept          descriptors of the emulator, a property of the process
linux-user/dispatch m           the data model of the guest, const after start
linux-user/main opt             the options as given, const after start
linux-user/path prefix          -L, const after start
linux-user/path tops            names below it, const after start
linux-user/perf files           -perfmap and -jitdump
linux-user/sys_dirent cookie_table      lock-free, made once
'
built=0
while read -r object symbol; do
    built=1
    [ -z "$symbol" ] || grep -qE "^$object $symbol( |$)" <<<"$globals" || fail "$object.c has a mutable global: $symbol"
done < <(cd "$B/obj" 2>/dev/null && echo "$code" | sed -n 's/\.c$/.o/p' | xargs ls 2>/dev/null | xargs -r objdump -t 2>/dev/null | awk '
    / file format / { sub(/\.o:.*/, ""); object = $0; print object }
    / O \.(data|bss)[ \t]/ && $NF !~ /^__odr_asan/ { sub(/\.[0-9]+$/, "", $NF); print object, $NF }')
[ $built = 1 ] || fail "no objects in $B/obj: the search for mutable globals looks in the wrong place"

max_lines=800
while read -r lines file; do
    [ "$file" = total ] || [ "$lines" -le $max_lines ] || fail "$file has $lines lines: more than one idea in $max_lines?"
done < <(echo "$code" | xargs wc -l)

# prose may have wide tables, and scripts are yet to come
while IFS=: read -r file line text; do
    fail "$file:$line: more than 120 columns: $text"
done < <({ echo "$code"; sources . | grep -E '\.(c|h|cc|S|def|sys|decode|tbl|md)$'; } | sort -u | grep -v '^build' |
    xargs awk '/^\|/ { next } { gsub(/[\200-\277]/, "&"); if (length($0) > 120) print FILENAME ":" FNR ":" $0 }')

while IFS=: read -r file line text; do
    fail "$file:$line: a path of somebody's machine: $text"
done < <(sources . | grep -v '^build' | xargs grep -InE '(^|[^A-Za-z0-9_.$}*-])/(work|home|root|Users|mnt)/[a-z]')

# tables that only we read carry the line too; prose, lists of names and data for tests do not
while read -r file; do
    fail "$file: no SPDX line"
done < <(sources . | grep -v '^build' | grep -vE '\.(md|ir|cases|list|txt|bin|elf)$|(^|/)(skips|LICENSE|VERSION|\.gitignore)$' |
    xargs awk 'FNR == 1 { if (last != "" && !found) print last; last = FILENAME; found = 0 }
               FNR <= 3 && /SPDX-License-Identifier: Apache-2\.0/ { found = 1 }
               END { if (!found) print last }')
[ $failed = 0 ] && echo "$(echo "$code" | wc -l) source files keep the laws"
exit $failed
