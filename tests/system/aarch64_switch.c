/* aarch64_switch.c: the fiber switch of aarch64, built by the cross compiler and run under
 * qemu-user by test_aarch64.py. Says "ok" when control, integer and floating-point registers and
 * the rounding mode survive. Unlike the unit tests it needs no library for aarch64 but libc. */
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/fiber_switch.h"

static _Alignas(16) char stacks[2][128 * 1024];
static struct fiber_context host, fibers[2];
static volatile int one = 1;
static volatile double three = 3.0;

static void must(int ok, const char *what)
{
    if (ok)
        return;
    printf("failed: %s\n", what);
    exit(1);
}

static void work(void *arg)
{
    int self = *(int *)arg;
    if (self)
        fesetround(FE_UPWARD);
    double third = 1.0 / three;
    for (int i = 0;; i++) {
        int a = one + i, b = a + one, c = b + one, d = c + one, f = d + one, g = f + one;
        int h = g + one, k = h + one, l = k + one, m = l + one;
        double p = a * 0.5, q = b * 0.5, r = c * 0.5, s = d * 0.5, t = f * 0.5, u = g * 0.5;
        fiber_switch(&fibers[self], &host);
        must(a + b + c + d + f + g + h + k + l + m == 10 * i + 55, "integer registers");
        must(p + q + r + s + t + u == 3.0 * i + 10.5, "floating-point registers");
        must(1.0 / three == third, "rounding of a fiber");
    }
}

int main(void)
{
    static int numbers[2] = {0, 1};
    double third = 1.0 / three;
    for (int i = 0; i < 2; i++)
        fiber_context_init(&fibers[i], stacks[i], sizeof stacks[i], work, &numbers[i]);
    for (int i = 0; i < 10000; i++) {
        int a = one + i, b = a + one, c = b + one, d = c + one, f = d + one, g = f + one;
        double p = a * 0.25, q = b * 0.25, r = c * 0.25;
        fiber_switch(&host, &fibers[i % 2]);
        must(a + b + c + d + f + g == 6 * i + 21, "integer registers of the host");
        must(p + q + r == 0.75 * i + 1.5, "floating-point registers of the host");
        must(fegetround() == FE_TONEAREST && 1.0 / three == third, "rounding of the host");
    }
    for (int i = 0; i < 2; i++)
        fiber_context_release(&fibers[i]);
    puts("ok");
    return 0;
}
