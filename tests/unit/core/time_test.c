/* time_test.c: RFC 3339 written and read. */
#include "help/t.h"

#include "core/civil.h"

static const char *written(struct bw_buf *b, bw_time t)
{
    bw_buf_clear(b);
    bw_time_write(b, t);
    return bw_buf_cstr(b);
}

static void writes(void **state)
{
    (void)state;
    static const struct {
        bw_time t;
        const char *s;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00.000001Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {123000, "1970-01-01T00:00:00.123Z"},
        {120000, "1970-01-01T00:00:00.120Z"},
        {123456, "1970-01-01T00:00:00.123456Z"},
        {INT64_C(951782400) * 1000000, "2000-02-29T00:00:00Z"},
        {INT64_C(1795475058) * 1000000, "2026-11-23T23:04:18Z"},
        {CIVIL_FIRST, "0000-01-01T00:00:00Z"},
        {CIVIL_FIRST - 1, "0000-01-01T00:00:00Z"},
        {CIVIL_LAST, "9999-12-31T23:59:59.999999Z"},
        {CIVIL_LAST + 1, "9999-12-31T23:59:59.999999Z"},
        {INT64_MIN, "0000-01-01T00:00:00Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999999Z"},
    };
    struct bw_buf b;
    bw_buf_init(&b, 64);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(written(&b, cases[i].t), cases[i].s);
    bw_buf_release(&b);
}

/* Every day from 0000 to 9999, against a calendar that simply counts. */
static void every_day(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 64);
    bw_time t = CIVIL_FIRST;
    int weekday = 6; /* 0000-01-01 was a Saturday */
    for (int y = 0; y < 10000; y++) {
        bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
        int months[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        for (int m = 1; m <= 12; m++)
            for (int d = 1; d <= months[m - 1]; d++) {
                struct civil c;
                civil_of_time(&c, t);
                check(c.year == y && c.month == m && c.day == d && c.weekday == weekday);
                bw_time back;
                check(civil_to_time(&c, 0, &back) && back == t);
                t += INT64_C(86400) * BW_TIME_SECOND;
                weekday = (weekday + 1) % 7;
            }
    }
    check(t == CIVIL_LAST + 1);
    bw_buf_release(&b);
}

static void reads(void **state)
{
    (void)state;
    static const struct {
        const char *s, *same; /* NULL: refused */
    } cases[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
        {"1970-01-01t00:00:00z", "1970-01-01T00:00:00Z"},
        {"2026-11-23", "2026-11-23T00:00:00Z"},
        {"2026-11-23T23:04:18.5Z", "2026-11-23T23:04:18.500Z"},
        {"2026-11-23T23:04:18.123456789Z", "2026-11-23T23:04:18.123456Z"},
        {"2026-11-23T23:04:18.000000999Z", "2026-11-23T23:04:18Z"},
        {"2026-11-24T01:04:18+02:00", "2026-11-23T23:04:18Z"},
        {"2026-11-23T18:34:18-04:30", "2026-11-23T23:04:18Z"},
        {"2026-11-23T23:04:18-00:00", "2026-11-23T23:04:18Z"},
        {"1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
        {"2000-02-29", "2000-02-29T00:00:00Z"},
        {"0000-02-29", "0000-02-29T00:00:00Z"},
        {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
        {"2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.250Z"},
        {"2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00Z"},
        {"1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z"},
        {"2016-12-30T23:59:60Z", NULL}, /* not the end of a month */
        {"2016-12-31T22:59:60Z", NULL},
        {"2016-12-31T23:59:60+01:00", NULL},
        {"2016-12-31T23:59:61Z", NULL},
        {"9999-12-31T23:59:60Z", NULL},
        {"9999-12-31T23:59:59-00:01", NULL},
        {"0000-01-01T00:00:00+00:01", NULL},
        {"2023-02-29", NULL},
        {"1900-02-29", NULL},
        {"2026-02-30T00:00:00Z", NULL},
        {"2026-04-31", NULL},
        {"2026-00-10", NULL},
        {"2026-13-01", NULL},
        {"2026-01-00", NULL},
        {"2026-01-32", NULL},
        {"2026-01-01T24:00:00Z", NULL},
        {"2026-01-01T23:60:00Z", NULL},
        {"2026-01-01T00:00:00", NULL},
        {"2026-01-01 00:00:00Z", NULL},
        {"2026-01-01T00:00:00.Z", NULL},
        {"2026-01-01T00:00:00,5Z", NULL},
        {"2026-01-01T00:00:00.1234567890Z", NULL},
        {"2026-01-01T00:00Z", NULL},
        {"2026-01-01T", NULL},
        {"2026-1-1", NULL},
        {"26-01-01", NULL},
        {"02026-01-01", NULL},
        {"+2026-01-01", NULL},
        {"-026-01-01", NULL},
        {"2026-01-01T00:00:00+0100", NULL},
        {"2026-01-01T00:00:00+01", NULL},
        {"2026-01-01T00:00:00+24:00", NULL},
        {"2026-01-01T00:00:00+01:60", NULL},
        {"2026-01-01T00:00:00 01:00", NULL},
        {"2026-01-01T00:00:00Z ", NULL},
        {" 2026-01-01T00:00:00Z", NULL},
        {"2026-01-01T00:00:00ZZ", NULL},
        {"2026-01-01Z", NULL},
        {"2026/01/01", NULL},
        {"2026-01-01T0 :00:00Z", NULL},
        {"", NULL},
    };
    struct bw_buf b;
    bw_buf_init(&b, 64);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bw_time t = 77;
        bool ok = bw_time_parse(bw_cstr(cases[i].s), &t);
        if (ok != (cases[i].same != NULL))
            fail_msg("\"%s\" %s", cases[i].s, ok ? "taken" : "refused");
        if (ok)
            assert_string_equal(written(&b, t), cases[i].same);
        check(ok || t == 77);
    }
    check(!bw_time_parse(bw_cstr(NULL), &(bw_time){0}));
    bw_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),
        cmocka_unit_test(every_day),
        cmocka_unit_test(reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
