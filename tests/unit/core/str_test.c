/* str_test.c: text by pointer and length. */
#include "help/t.h"

static void compare(void **state)
{
    (void)state;
    check(bw_str_eq(BW_LIT("a"), BW_LIT("a")));
    check(!bw_str_eq(BW_LIT("a"), BW_LIT("ab")));
    check(bw_str_eq(bw_cstr(NULL), BW_LIT("")));
    check(bw_str_ieq(BW_LIT("Content-TYPE"), BW_LIT("content-type")));
    check(!bw_str_ieq(BW_LIT("@["), BW_LIT("`{"))); /* neighbours of the letters */
    check(!bw_str_ieq(BW_LIT("É"), BW_LIT("é")));
    check(bw_str_cmp(BW_LIT("a"), BW_LIT("b")) < 0);
    check(bw_str_cmp(BW_LIT("ab"), BW_LIT("a")) > 0);
    check(bw_str_cmp(BW_LIT("a"), BW_LIT("a")) == 0);
    check(bw_str_cmp(BW_LIT("\xff"), BW_LIT("a")) > 0);
    check(bw_str_cmp(bw_cstr(NULL), BW_LIT("")) == 0);
    check(bw_str_starts(BW_LIT("/api/x"), BW_LIT("/api")));
    check(!bw_str_starts(BW_LIT("/ap"), BW_LIT("/api")));
    check(bw_str_starts(bw_cstr(NULL), BW_LIT("")));
    check(bw_str_ends(BW_LIT("a.json"), BW_LIT(".json")));
    check(!bw_str_ends(BW_LIT("json"), BW_LIT(".json")));
    check(bw_str_ends(bw_cstr(NULL), BW_LIT("")));
}

static void trim_and_find(void **state)
{
    (void)state;
    check_str(bw_str_trim(BW_LIT(" \ta b\t ")), "a b");
    check_str(bw_str_trim(BW_LIT(" \t ")), "");
    check_str(bw_str_trim(BW_LIT("\na\n")), "\na\n");
    check_int(bw_str_find(BW_LIT("a,b,c"), ','), 1);
    check_int(bw_str_find(BW_LIT("abc"), ','), 3);
    check_int(bw_str_find(bw_cstr(NULL), ','), 0);
}

static void cut(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *parts[4];
    } cases[] = {
        {"a,,b", {"a", "", "b"}}, {"", {""}}, {",", {"", ""}}, {"a,", {"a", ""}}, {"abc", {"abc"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bw_str rest = bw_cstr(cases[i].text), part;
        size_t n = 0;
        for (; bw_str_cut(&rest, ',', &part); n++) {
            check(cases[i].parts[n] != NULL);
            check_str(part, cases[i].parts[n]);
        }
        check(cases[i].parts[n] == NULL);
        check(rest.p == NULL);
    }
    bw_str none = bw_cstr(NULL), part;
    check(!bw_str_cut(&none, ',', &part));
    bw_str self = BW_LIT("text/html; charset=x");
    check(bw_str_cut(&self, ';', &self));
    check_str(self, "text/html");
    check(bw_str_cut(&self, ';', &self));
    check_str(self, "text/html");
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
        {"007", true, 7},
        {"42", true, 42},
        {"-42", true, -42},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"--1", false, 0},
        {"0x1", false, 0},
        {"1\xb0", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t v = 77;
        if (bw_str_int(bw_cstr(cases[i].s), &v) != cases[i].ok)
            fail_msg("\"%s\"", cases[i].s);
        check(v == (cases[i].ok ? cases[i].v : 77));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compare),
        cmocka_unit_test(trim_and_find),
        cmocka_unit_test(cut),
        cmocka_unit_test(integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
