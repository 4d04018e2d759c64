#include "help/t.h"

#include "angel/pace.h"

#define S INT64_C(1000000000)

static void backoff(void **state)
{
    (void)state;
    struct backoff_conf c = {.base = 2 * S, .cap = 60 * S, .factor = 2};
    const int64_t want[] = {0, 2 * S, 4 * S, 8 * S, 16 * S, 32 * S, 60 * S, 60 * S};
    for (uint32_t k = 0; k < 8; k++)
        check_int(pace_backoff(&c, k, 77), want[k]);
    check_int(pace_backoff(&c, UINT32_MAX, 77), 60 * S);
    c.jitter = 100;
    check_int(pace_backoff(&c, 1, 0), 2 * S - S / 5);
    check_int(pace_backoff(&c, 1, UINT32_MAX), 2 * S + S / 5);
    check_int(pace_backoff(&c, 0, 0), 0);
    c = (struct backoff_conf){.base = S, .cap = 0, .factor = 3};
    check_int(pace_backoff(&c, 9, 1), 0);
}

/* A burst of n, then one each window/n; what was not used comes back, no more than n. */
static void budget(void **state)
{
    (void)state;
    struct pace_budget b = {.n = 5, .window = 10 * S};
    int64_t now = 100 * S;
    for (int i = 0; i < 5; i++)
        check_int(pace_take(&b, now), now);
    check_int(pace_take(&b, now), now + 2 * S);
    check_int(pace_take(&b, now), now + 4 * S);
    now += 1000 * S;
    for (int i = 0; i < 5; i++)
        check_int(pace_take(&b, now), now);
    check_int(pace_take(&b, now), now + 2 * S);
    struct pace_budget any = {.n = 0};
    check_int(pace_take(&any, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff),
        cmocka_unit_test(budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
