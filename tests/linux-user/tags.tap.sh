#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tags.c: AArch64's tagged addresses, on the backend and the interpreter, at another base and with large pages; HWASan.
set -u
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
Q=$B/qemu-aarch64 cross=aarch64-linux-gnu n=0
say() { n=$((n + 1)); echo "$1 $n - $2"; }
[ -x "$Q" ] && command -v $cross-gcc >/dev/null || { echo "ok 1 # skip no cross compiler"; echo 1..1; exit; }
for link in -static ''; do
    $cross-gcc -O1 -w -pthread $link tests/linux-user/tags.c -o "$dir/tags" || { say "not ok" compiler; continue; }
    for options in '' '-accel interp' '-p 65536' '-B 0x100000000000'; do
        if out=$(timeout 120 "$Q" $options -L /usr/$cross "$dir/tags" 2>&1) && [ "$(tail -n 1 <<<"$out")" = ok ]
        then say ok "tags $link $options"
        else say "not ok" "tags $link $options"; sed 's/^/# /' <<<"$out" | head -20; fi
    done
done
cat >"$dir/h.c" <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static void *use(void *n) { char *p = malloc(1000); for (int i = 0; i < 1000; i++) p[i] = i; free(p); return n; }
int main(int argc, char **argv)
{
    pthread_t t[4];
    for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, use, NULL);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    volatile char *p = malloc(16);
    printf("%s\n", "clean");
    fflush(stdout);
    return argc > 1 ? p[16] : 0;
}
C
if $cross-gcc -w -fsanitize=hwaddress -pthread "$dir/h.c" -o "$dir/h" 2>/dev/null; then
    out=$(timeout 60 "$Q" -L /usr/$cross "$dir/h" 2>&1); rc=$?
    [ "$rc $out" = "0 clean" ] && say ok "hwasan, clean" || say "not ok" "hwasan, clean: $rc $out"
    out=$(timeout 60 "$Q" -L /usr/$cross "$dir/h" x 2>&1)
    [[ $out == *"HWAddressSanitizer: tag-mismatch"* ]] && say ok "hwasan, overflow" || say "not ok" "hwasan, overflow"
else say ok "hwasan # skip the compiler has none"; fi
echo "1..$n"
