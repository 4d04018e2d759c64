#include "help/t.h"

#include "core/clock.h"
#include "rest/rate.h"

static void mean_over_a_minute(void **state)
{
    (void)state;
    struct rate r;
    rate_init(&r, 100 * CLOCK_SECOND, 50);
    static const struct {
        int64_t second, count;
        double want;
    } rows[] = {
        {100, 50, 0},           /* no time has passed */
        {110, 150, 10},         /* since the start */
        {120, 350, 15},         /* the start is still within the minute */
        {170, 950, 800.0 / 60}, /* since 110, a whole minute ago */
        {171, 950, 800.0 / 61}, /* since 110 still: 120 is not old enough */
        {400, 950, 0},          /* nothing for long: since 171 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double got = rate_look(&r, rows[i].second * CLOCK_SECOND, rows[i].count);
        check(fabs(got - rows[i].want) < 0.01);
    }
    rate_release(&r);
}

static void often_asked(void **state)
{
    (void)state;
    struct rate r;
    rate_init(&r, CLOCK_SECOND, 0);
    double got = 0;
    /* 1000 a second, looked at every 100 ms for five minutes: the ring turns over. */
    for (int64_t i = 1; i <= 3000; i++)
        got = rate_look(&r, CLOCK_SECOND + i * 100 * CLOCK_MS, i * 100);
    check(fabs(got - 1000) < 0.01);
    check(r.n > RATE_SAMPLES);
    rate_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_over_a_minute),
        cmocka_unit_test(often_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
