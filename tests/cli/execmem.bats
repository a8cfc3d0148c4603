# SPDX-License-Identifier: Apache-2.0
# A host that refuses memory which is writable and executable (here PR_SET_MDWE, inherited over exec): programs are
# interpreted, silently but for logs.

setup_file() {
    export WORK=$BATS_FILE_TMPDIR
    cat >"$WORK/mdwe.c" <<'C'
#include <sys/prctl.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (prctl(65 /* PR_SET_MDWE */, 1, 0, 0, 0)) return 77;
    execv(argv[1], argv + 1);
    return 99;
}
C
    echo 'int main(void) { return 5; }' >"$WORK/five.c"
    gcc "$WORK/mdwe.c" -o "$WORK/mdwe"
    aarch64-linux-gnu-gcc -static "$WORK/five.c" -o "$WORK/five"
}

@test "memory for code is refused: the program runs, and -d says how" {
    run "$WORK/mdwe" "$B/qemu-aarch64" "$WORK/five"
    [ "$status" != 77 ] || skip "no PR_SET_MDWE"
    [ "$status" = 5 ]; [ -z "$output" ]
    run "$WORK/mdwe" "$B/qemu-aarch64" -d unimp "$WORK/five"
    [ "$status" = 5 ]; [[ $output == *"refuses memory for code"*interpreting* ]]
    run "$B/qemu-aarch64" -d unimp "$WORK/five"
    [ "$status" = 5 ]; [[ $output != *"refuses memory"* ]]
}
