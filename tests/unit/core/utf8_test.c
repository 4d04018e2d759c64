/* utf8_test.c: what is UTF-8 and what is not. */
#include "help/t.h"

#include "core/utf8.h"

static void valid_and_not(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain ascii text of more than eight bytes", true},
        {"\x7f", true},
        {"é€😀", true},
        {"eight....é", true},
        {"\xc2\x80", true}, /* first of two bytes */
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true}, /* first of three */
        {"\xed\x9f\xbf", true}, /* last before the surrogates */
        {"\xee\x80\x80", true}, /* first after them */
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true}, /* first of four */
        {"\xf4\x8f\xbf\xbf", true}, /* U+10FFFF */
        {"\x80", false},
        {"\xbf", false},
        {"\xc0\x80", false},
        {"\xc1\xbf", false},
        {"\xc2", false},
        {"\xc2\x41", false},
        {"\xe0\x9f\xbf", false},
        {"\xe1\x80", false},
        {"\xe1\x80\x41", false},
        {"\xed\xa0\x80", false},
        {"\xed\xbf\xbf", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf0\x90\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"twelve bytes\xff", false},
        {"12345678\xc3", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (utf8_valid(bw_cstr(cases[i].s)) != cases[i].valid)
            fail_msg("case %zu", i);
    check(utf8_valid(bw_str_of("a\0b", 3)));
    check(utf8_valid(bw_str_of(NULL, 0)));
}

/* Every code point survives, and only code points are valid three-byte texts. */
static void all_code_points(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10ffff; cp += cp < 0x3000 ? 1 : 61) {
        char out[4];
        if (cp >= 0xd800 && cp <= 0xdfff)
            continue;
        unsigned n = utf8_encode(out, cp);
        check(utf8_valid(bw_str_of(out, n)));
        check_int(utf8_count(bw_str_of(out, n)), 1);
        check(n < 2 || !utf8_valid(bw_str_of(out, n - 1)));
    }
    char out[4];
    check_int(utf8_encode(out, 0x20ac), 3);
    check(memcmp(out, "€", 3) == 0);
}

static void count_and_cut(void **state)
{
    (void)state;
    bw_str s = BW_LIT("aé€😀z");
    check_int(s.n, 11);
    check_int(utf8_count(s), 5);
    static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t max = 0; max < sizeof want / sizeof want[0]; max++)
        check_int(utf8_cut(s, max), want[max]);
    check_int(utf8_cut(BW_LIT("\x80\x80\x80\x80\x80\x80\x80"), 5), 5); /* no UTF-8: cut as told */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_and_not),
        cmocka_unit_test(all_code_points),
        cmocka_unit_test(count_and_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
