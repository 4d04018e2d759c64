/* number_test.c: the grammar of numbers, exact integers, correctly rounded reals. */
#include "help/t.h"

#include <locale.h>
#include <stdlib.h>

#include "core/number.h"

static void grammar(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t n; /* bytes of the number in front */
    } cases[] = {
        {"0", 1},       {"-0", 2},   {"10", 2},   {"-1.5", 4}, {"1e5", 3}, {"1E+05", 5},
        {"1.25e-3", 7}, {"1,2", 1},  {"1]", 1},   {"0.0", 3},  {"12x", 2}, {"1e0.5", 3},
        {"", 0},        {"-", 0},    {"+1", 0},   {"01", 0},   {"-01", 0}, {".5", 0},
        {"1.", 0},      {"1.e5", 0}, {"1e", 0},   {"1e+", 0},  {"NaN", 0}, {"Infinity", 0},
        {"--1", 0},     {"x", 0},    {"0x10", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct number x;
        if (number_scan(bw_cstr(cases[i].s), &x) != cases[i].n)
            fail_msg("\"%s\"", cases[i].s);
    }
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        bool ok;
        int64_t v;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"10000000000000000000", false, 0},
        {"100000000000000000000", false, 0},
        {"1.0", false, 0},
        {"1e2", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct number x;
        int64_t v = 0;
        check(number_scan(bw_cstr(cases[i].s), &x) == strlen(cases[i].s));
        if (number_int(&x, &v) != cases[i].ok || (cases[i].ok && v != cases[i].v))
            fail_msg("\"%s\"", cases[i].s);
    }
}

static void same_as_strtod(const char *s)
{
    double got, want = strtod(s, NULL);
    if (!bw_str_real(bw_cstr(s), &got))
        fail_msg("\"%s\" refused", s);
    if (memcmp(&got, &want, sizeof got) != 0)
        fail_msg("\"%.40s\": %.17g, not %.17g", s, got, want);
}

static void reals(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "1",
        "0.1",
        "123.456",
        "1e22",
        "1e23",
        "1e-22",
        "1e-23",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993e0",
        "9007199254740992e22",
        "179769313486231570000000000000000000000e270",
        "1.7976931348623157e308",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1e-400",
        "1e-999999999999999999999999",
        "0e999999999999999999",
        "0.000000000000000000000000000000000000000000000000001e51",
        "12345678901234567890123456789",
        "1234567890123456789.0",
        "12345678901234567890.5e-3",
        "7.2057594037927933e16",
        "0.500000000000000166533453693773481063544750213623046875",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        same_as_strtod(good[i]);
    static const char *const bad[] = {
        "",    "1e400", "-1e309", "1.8e308", "1e99999999999999999999999",
        "inf", "nan",   "1 ",     " 1",      "0x1p3",
        "1,5", "01",    "1.",     ".1"};
    double r = 5;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (bw_str_real(bw_cstr(bad[i]), &r))
            fail_msg("\"%s\" taken", bad[i]);
    check(r == 5);
}

/* Reals of every size, written with 17, more and fewer digits, read back as strtod does. */
static void random_reals(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        double d;
        memcpy(&d, &x, sizeof d);
        if (!isfinite(d))
            continue;
        char s[512];
        snprintf(s, sizeof s, "%.*e", (int)(x % 40), d);
        same_as_strtod(s);
        snprintf(s, sizeof s, "%.*f", (int)(x % 20), (double)(int64_t)(x >> (x % 60)) / 1000.0);
        same_as_strtod(s);
    }
}

/* Exactly between two doubles, decided by the 800th, 5000th digit. */
static void long_digits(void **state)
{
    (void)state;
    static char s[6000];
    for (size_t zeros = 700; zeros < 5500; zeros += 150) {
        int n = snprintf(s, sizeof s, "9007199254740993.");
        memset(s + n, '0', zeros);
        snprintf(s + n + zeros, sizeof s - (size_t)n - zeros, "1");
        same_as_strtod(s);
        s[n + (int)zeros] = '0';
        same_as_strtod(s);
        n = snprintf(s, sizeof s, "0.");
        memset(s + n, '0', zeros);
        snprintf(s + n + zeros, sizeof s - (size_t)n - zeros, "90071992547409930001e%zu", zeros);
        same_as_strtod(s);
    }
    memset(s, '9', 5000);
    snprintf(s + 5000, 100, "e-4990");
    same_as_strtod(s);
}

static void no_locale(void **state)
{
    (void)state;
    double r;
    const char *comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < 4 && !setlocale(LC_ALL, comma[i]); i++)
        ;
    check(bw_str_real(BW_LIT("3.14159265358979323846264338327950288"), &r));
    setlocale(LC_ALL, "C");
    check(r == 3.14159265358979323846);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar),      cmocka_unit_test(integers),    cmocka_unit_test(reals),
        cmocka_unit_test(random_reals), cmocka_unit_test(long_digits), cmocka_unit_test(no_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
