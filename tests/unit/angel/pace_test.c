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

static bool take(const struct pace_budget *b, struct pace_spent *s, int64_t now)
{
    if (pace_when(b, s, 0, now) > now)
        return false;
    pace_begin(s);
    pace_end(b, s, now);
    return true;
}

/* n at once, then each when the one n before it has left the window. */
static void budget(void **state)
{
    (void)state;
    const struct pace_budget b = {.n = 5, .window = 10 * S};
    struct pace_spent s = {.n = 0};
    int64_t now = 100 * S;
    for (int i = 0; i < 3; i++)
        check(take(&b, &s, now));
    for (int i = 0; i < 2; i++)
        check(take(&b, &s, now + S));
    check_int(pace_when(&b, &s, 0, now + S), now + 10 * S);
    check_int(pace_when(&b, &s, 3, now + S), now + 11 * S);
    check_int(pace_when(&b, &s, 5, now + S), now + 20 * S);
    check(!take(&b, &s, now + 10 * S - 1));
    for (int i = 0; i < 3; i++)
        check(take(&b, &s, now + 10 * S));
    check_int(pace_when(&b, &s, 0, now + 10 * S), now + 11 * S);
    now += 1000 * S;
    check_int(pace_when(&b, &s, 4, now), now);
    check_int(pace_when(&b, &s, 5, now), now + 10 * S);
    check_int(s.cap, 5);
    pace_release(&s);
    const struct pace_budget any = {.n = 0};
    for (int i = 0; i < 100; i++)
        check(take(&any, &s, 7));
    check(!s.at);
}

/* What is under way has not happened yet: the window begins when it has. */
static void what_is_under_way_counts(void **state)
{
    (void)state;
    const struct pace_budget b = {.n = 2, .window = 100};
    struct pace_spent s = {.n = 0};
    pace_begin(&s);
    pace_begin(&s);
    check(!take(&b, &s, 1000));
    check(!take(&b, &s, 5000));
    pace_end(&b, &s, 5000);
    pace_end(&b, &s, 5010);
    check_int(pace_when(&b, &s, 0, 5020), 5100);
    check(!take(&b, &s, 5099));
    check(take(&b, &s, 5100));
    pace_release(&s);
}

/* Takers that come when they like: never n + 1 within a window, and nobody waits who need not. */
static void never_more_than_n(void **state)
{
    (void)state;
    enum { N = 7, TAKEN = 4096 };
    const struct pace_budget b = {.n = N, .window = 1000};
    static int64_t taken[TAKEN];
    struct pace_spent s = {.n = 0};
    uint32_t seed = 1, n = 0;
    for (int64_t now = 5000; n < TAKEN; now += (seed >> 16) % 300) {
        seed = seed * 1103515245u + 12345u;
        bool free = n < N || taken[n - N] <= now - b.window;
        check(take(&b, &s, now) == free);
        if (free)
            taken[n++] = now;
    }
    check_int(s.cap, N);
    pace_release(&s);
}

/* A budget made smaller counts what was spent before; greater: there is room at once. */
static void budget_changes(void **state)
{
    (void)state;
    struct pace_budget b = {.n = 6, .window = 100};
    struct pace_spent s = {.n = 0};
    for (int64_t t = 1; t <= 6; t++)
        check(take(&b, &s, 1000 + t));
    b.n = 2;
    check_int(pace_when(&b, &s, 0, 1010), 1105);
    check_int(pace_when(&b, &s, 1, 1010), 1106);
    check(take(&b, &s, 1105));
    check(!take(&b, &s, 1105));
    b.n = 4;
    check(take(&b, &s, 1105));
    pace_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff),
        cmocka_unit_test(budget),
        cmocka_unit_test(what_is_under_way_counts),
        cmocka_unit_test(never_more_than_n),
        cmocka_unit_test(budget_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
