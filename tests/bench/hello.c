/* SPDX-License-Identifier: Apache-2.0
 * Start-up: the smallest dynamic program. */
#include <stdio.h>
int main(void) { return puts("hello") < 0; }
