/* The bare switch: control goes to and fro, registers and FP control words survive. */
#include "help/t.h"
#include <fenv.h>
#include "os/fiber_switch.h"
#include "os/stack.h"

static struct fiber_context host, other;
static struct stack stack;
static int steps;

static void to_and_fro(void *arg)
{
    int *n = arg;
    for (;;) {
        (*n)++;
        steps = steps * 10 + 2;
        fiber_switch(&other, &host);
    }
}

static void switches(void **state)
{
    (void)state;
    int n = 0;
    fiber_context_init(&other, stack.base, stack.size, to_and_fro, &n);
    steps = 0;
    for (int i = 0; i < 3; i++) {
        steps = steps * 10 + 1;
        fiber_switch(&host, &other);
    }
    check_int(steps, 121212);
    check_int(n, 3);
    fiber_context_release(&other);
}

static double seen;

static void rounds_up(void *arg)
{
    volatile double three = 3.0;
    fesetround(FE_UPWARD);
    for (;;) {
        seen = 1.0 / three;
        (void)arg;
        fiber_switch(&other, &host);
    }
}

/* A fiber that changes rounding must not change it for the loop, and finds it as it left it. */
static void keeps_rounding(void **state)
{
    (void)state;
    volatile double three = 3.0;
    double nearest = 1.0 / three;
    fiber_context_init(&other, stack.base, stack.size, rounds_up, NULL);
    for (int i = 0; i < 2; i++) {
        seen = 0;
        fiber_switch(&host, &other);
        check(fegetround() == FE_TONEAREST);
        check(1.0 / three == nearest);
        check(seen > nearest);
    }
}

static volatile int one = 1;

static void many_locals(void *arg)
{
    (void)arg;
    for (;;) {
        int a = one, b = a + one, c = b + one, d = c + one, f = d + one, g = f + one;
        double x = a * 0.5, y = b * 0.5, z = c * 0.5;
        fiber_switch(&other, &host);
        bw_must(a + b + c + d + f + g == 21 && x + y + z == 3.0);
    }
}

static void keeps_registers(void **state)
{
    (void)state;
    fiber_context_init(&other, stack.base, stack.size, many_locals, NULL);
    for (int i = 0; i < 1000; i++) {
        int a = one + i, b = a + one, c = b + one, d = c + one, f = d + one;
        double x = a * 0.5, y = b * 0.5;
        fiber_switch(&host, &other);
        check_int(a + b + c + d + f, 5 * a + 10);
        check(x + y == a + 0.5);
    }
}

/* A stack of its own for each test: a fiber that is left for ever leaves its frames behind, with
 * what AddressSanitizer has marked around them. They are unmapped together at the end. */
static struct stack stacks[3];

static int next_stack(void **state)
{
    static unsigned n;
    (void)state;
    if (!stack_map(&stacks[n], 64 * 1024, NULL))
        return -1;
    stack = stacks[n++];
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(switches, next_stack),
        cmocka_unit_test_setup(keeps_rounding, next_stack),
        cmocka_unit_test_setup(keeps_registers, next_stack),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        stack_unmap(&stacks[i]);
    return failed;
}
