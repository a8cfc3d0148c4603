/* SPDX-License-Identifier: Apache-2.0 */
/* Quiet comparisons raise nothing and lose nothing: RISC-V compilers put the flags back behind a comparison that raises
 * invalid. */
#include "check.h"
#include <fenv.h>
#include <math.h>

__attribute__((noinline)) static int less(double a, double b) { return isless(a, b); }
__attribute__((noinline)) static int less_equal(float a, float b) { return islessequal(a, b); }
/* The operands change behind the comparison. */
__attribute__((noinline)) static double smaller_of_sums(double a, double b, double c)
{
    return isless(a + c, b + c) ? a * c + b : b * c + a;
}

int main(void)
{
    static const double v[] = { 1, 2, -0.0, 0, NAN, -3, INFINITY };
    enum { N = sizeof v / sizeof *v };
    static const int before[] = { 0, FE_INEXACT, FE_INVALID, FE_INEXACT | FE_DIVBYZERO };
    for (int round = 0; round < 200; round++)           /* interpreted, compiled cold, compiled hot */
        for (int k = 0; k < 4 * N * N; k++) {
            double a = v[k / 4 % N], b = v[k / 4 / N];
            feclearexcept(FE_ALL_EXCEPT);
            feraiseexcept(before[k % 4]);
            int r = less(a, b) * 2 + less_equal((float)a, (float)b), after = fetestexcept(FE_ALL_EXCEPT);
            double s = a == INFINITY || b == INFINITY ? 0 : smaller_of_sums(a, b, 0.5);
            if (round == 199 || after != before[k % 4])
                printf("%d: %d %d %g\n", k, r, after == before[k % 4], s == s ? s : 99);
        }
    return 0;
}
