/* clock_test.c: frozen clocks, HTTP dates. */
#include "help/t.h"

#include "core/clock.h"

static void clocks_freeze(void **state)
{
    (void)state;
    clock_set(BW_TIME_SECOND * 5, 99);
    check_int(bw_now(), BW_TIME_SECOND * 5);
    check_int(clock_wall_ms(), 5000);
    check_int(clock_mono(), 99);
    clock_set(0, 100);
    check_int(bw_now(), 0);
    check_int(clock_mono(), 100);
    clock_unset();
    check(bw_now() > INT64_C(1600000000) * BW_TIME_SECOND); /* 2020 is over */
    int64_t before = clock_mono();
    check(before > 0 && clock_mono() >= before);
}

static void http_dates(void **state)
{
    (void)state;
    static const struct {
        bw_time t;
        const char *s;
    } cases[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {INT64_C(1795475058) * 1000000, "Mon, 23 Nov 2026 23:04:18 GMT"},
        {INT64_C(784111777) * 1000000, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {INT64_C(951782400) * 1000000, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {INT64_C(-1) * 1000000, "Wed, 31 Dec 1969 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[30];
        bw_time t;
        clock_http_date(out, cases[i].t + 999999);
        assert_string_equal(out, cases[i].s);
        check(clock_parse_http_date(bw_cstr(out), &t));
        check(t == cases[i].t);
    }
    bw_time t;
    check(clock_parse_http_date(BW_LIT("Sat, 31 Dec 2016 23:59:60 GMT"), &t));
    check(t == INT64_C(1483228800) * BW_TIME_SECOND);
}

static void bad_http_dates(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Mon, 06 Nov 1994 08:49:37 GMT", /* it was a Sunday */
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 6  Nov 1994 08:49:37 GMT",
        "Sun; 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08.49.37 GMT",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bw_time t = 7;
        if (clock_parse_http_date(bw_cstr(bad[i]), &t))
            fail_msg("\"%s\" taken", bad[i]);
        check(t == 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_freeze),
        cmocka_unit_test(http_dates),
        cmocka_unit_test(bad_http_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
