/* The JSON writer: commas, escapes, numbers, and what it does at the buffer's maximum. */
#include "help/t.h"

#include <locale.h>

#define TEXT(s)          \
    {                    \
        s, sizeof(s) - 1 \
    }

struct pad {
    struct bw_buf b;
    struct bw_json_writer w;
};

static void pad_init(struct pad *p)
{
    bw_buf_init(&p->b, 1 << 20);
    bw_json_init(&p->w, &p->b);
}

static void writes_structure(void **state)
{
    (void)state;
    struct pad p;
    pad_init(&p);
    bw_json_object(&p.w);
    bw_json_put_text(&p.w, "t", BW_LIT("x"));
    bw_json_put_int(&p.w, "i", -5);
    bw_json_put_real(&p.w, "r", 0.5);
    bw_json_put_bool(&p.w, "b", true);
    bw_json_put_time(&p.w, "at", INT64_C(1795475058123000));
    bw_json_key(&p.w, BW_LIT("list"));
    bw_json_array(&p.w);
    bw_json_end(&p.w);
    bw_json_key(&p.w, BW_LIT("more"));
    bw_json_array(&p.w);
    bw_json_int(&p.w, 1);
    bw_json_object(&p.w);
    bw_json_end(&p.w);
    bw_json_null(&p.w);
    bw_json_raw(&p.w, BW_LIT("[7]"));
    bw_json_raw(&p.w, (bw_str){0});
    bw_json_bool(&p.w, false);
    bw_json_text(&p.w, (bw_str){0});
    bw_json_text(&p.w, BW_LIT(""));
    bw_json_end(&p.w);
    bw_json_end(&p.w);
    check_str(bw_buf_str(&p.b), "{\"t\":\"x\",\"i\":-5,\"r\":0.5,\"b\":true,"
                                "\"at\":\"2026-11-23T23:04:18.123Z\",\"list\":[],"
                                "\"more\":[1,{},null,[7],null,false,null,\"\"]}");
    bw_buf_release(&p.b);
}

static void writes_indented(void **state)
{
    (void)state;
    struct pad p;
    pad_init(&p);
    p.w.indent = 2;
    bw_json_object(&p.w);
    bw_json_put_int(&p.w, "a", 1);
    bw_json_raw_key(&p.w, BW_LIT("\"b\":"));
    bw_json_array(&p.w);
    bw_json_int(&p.w, 2);
    bw_json_int(&p.w, 3);
    bw_json_end(&p.w);
    bw_json_key(&p.w, BW_LIT("c"));
    bw_json_object(&p.w);
    bw_json_end(&p.w);
    bw_json_end(&p.w);
    check_str(bw_buf_str(&p.b), "{\n  \"a\": 1,\n  \"b\": [\n    2,\n    3\n  ],\n  \"c\": {}\n}");
    bw_buf_release(&p.b);
}

static const struct {
    bw_str in, out;
} escapes[] = {
    {TEXT("plain"), TEXT("plain")},
    {TEXT(""), TEXT("")},
    {TEXT("\"\\/"), TEXT("\\\"\\\\/")},
    {TEXT("\b\t\n\v\f\r"), TEXT("\\b\\t\\n\\u000b\\f\\r")},
    {TEXT("a\0b\x1f"), TEXT("a\\u0000b\\u001f")},
    {TEXT("\x7f"), TEXT("\x7f")},
    {TEXT("0123456789\"0123456789\"01"), TEXT("0123456789\\\"0123456789\\\"01")},
    {TEXT("01234567\n"), TEXT("01234567\\n")},
    {TEXT("\n01234567"), TEXT("\\n01234567")},
    {TEXT("gr\xc3\xbc\xc3\x9f \xe2\x82\xac\xf0\x9f\x98\x80!"),
     TEXT("gr\xc3\xbc\xc3\x9f \xe2\x82\xac\xf0\x9f\x98\x80!")},
    {TEXT("\xe2\x80\xa8\xe2\x80\xa9"), TEXT("\xe2\x80\xa8\xe2\x80\xa9")},
    {TEXT("a\xff z"), TEXT("a\xef\xbf\xbd z")},
    {TEXT("\xc3"), TEXT("\xef\xbf\xbd")},
    {TEXT("\xc3\xa9\xc3"), TEXT("\xc3\xa9\xef\xbf\xbd")},
    {TEXT("\xed\xa0\x80"), TEXT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
    {TEXT("\xc0\x80"), TEXT("\xef\xbf\xbd\xef\xbf\xbd")},
    {TEXT("\x80\xc3\xa9\x80"), TEXT("\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd")},
};

static void escapes_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        struct bw_buf b;
        bw_buf_init(&b, 1 << 16);
        bw_json_escape(&b, escapes[i].in);
        if (!bw_str_eq(bw_buf_str(&b), escapes[i].out))
            fail_msg("row %zu: %.*s", i, BW_FMT(bw_buf_str(&b)));
        bw_buf_release(&b);
    }
}

/* Every byte at every place of a word: found exactly where it stands. */
static void escapes_at_any_place(void **state)
{
    (void)state;
    for (int c = 0; c < 128; c++) {
        for (size_t at = 0; at < 20; at++) {
            struct bw_buf b;
            struct bw_json_reader r;
            struct bw_arena a;
            char text[20];
            memset(text, 'a' + (int)at, sizeof text);
            text[at] = (char)c;
            bw_buf_init(&b, 1 << 10);
            bw_arena_init(&a);
            bw_buf_char(&b, '"');
            bw_json_escape(&b, bw_str_of(text, sizeof text));
            bw_buf_char(&b, '"');
            bw_json_open(&r, &a, bw_buf_str(&b));
            check_int(bw_json_next(&r), BW_JSON_TEXT);
            check(bw_json_finish(&r) && bw_str_eq(r.text, bw_str_of(text, sizeof text)));
            bw_arena_release(&a);
            bw_buf_release(&b);
        }
    }
}

static void fills_the_buffer_exactly(void **state)
{
    (void)state;
    bw_str text = BW_LIT("0123456789\n0123456789\xc3\xa9");
    struct bw_buf b;
    bw_buf_init(&b, 26);
    struct bw_json_writer w;
    bw_json_init(&w, &b);
    bw_json_text(&w, text);
    check(bw_buf_ok(&b));
    check_str(bw_buf_str(&b), "\"0123456789\\n0123456789\xc3\xa9\"");
    bw_buf_release(&b);
    bw_buf_init(&b, 25);
    bw_json_init(&w, &b);
    bw_json_text(&w, text);
    check(!bw_buf_ok(&b));
    bw_json_init(&w, &b);
    bw_json_real(&w, 1.5);
    bw_json_init(&w, &b);
    bw_json_int(&w, 15);
    check(!bw_buf_ok(&b));
    bw_buf_release(&b);
    bw_buf_init(&b, 20);
    bw_json_init(&w, &b);
    bw_json_int(&w, INT64_MIN);
    check(bw_buf_ok(&b));
    check_str(bw_buf_str(&b), "-9223372036854775808");
    bw_buf_release(&b);
}

static void makes_keys(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    check_str(bw_json_make_key(&a, BW_LIT("a\"b")), "\"a\\\"b\":");
    check_str(bw_json_make_key(&a, BW_LIT("")), "\"\":");
    bw_arena_release(&a);
}

static void writes_base64(void **state)
{
    (void)state;
    static const struct {
        bw_str in;
        const char *out;
    } rows[] = {{TEXT(""), "\"\""},
                {TEXT("f"), "\"Zg==\""},
                {TEXT("fo"), "\"Zm8=\""},
                {TEXT("foo"), "\"Zm9v\""},
                {TEXT("\xff\xfe\xfd"), "\"//79\""},
                {{0}, "null"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pad p;
        pad_init(&p);
        bw_json_base64(&p.w, rows[i].in);
        check_str(bw_buf_str(&p.b), rows[i].out);
        bw_buf_release(&p.b);
    }
}

/* ---- numbers ---- */

static void writes_ints(void **state)
{
    (void)state;
    static const struct {
        int64_t v;
        const char *out;
    } rows[] = {{0, "0"},
                {9, "9"},
                {10, "10"},
                {99, "99"},
                {100, "100"},
                {-1, "-1"},
                {12345, "12345"},
                {1000000, "1000000"},
                {-99999999, "-99999999"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pad p;
        pad_init(&p);
        bw_json_int(&p.w, rows[i].v);
        check_str(bw_buf_str(&p.b), rows[i].out);
        bw_buf_release(&p.b);
    }
    char want[32];
    int64_t v = 1;
    for (int digits = 1; digits <= 18; digits++, v *= 10) {
        for (int64_t near = -1; near <= 1; near++) {
            struct pad p;
            pad_init(&p);
            bw_json_int(&p.w, v + near);
            snprintf(want, sizeof want, "%lld", (long long)(v + near));
            check_str(bw_buf_str(&p.b), want);
            bw_buf_release(&p.b);
        }
    }
}

static const struct {
    double v;
    const char *out;
} reals[] = {
    {0.0, "0"},
    {-0.0, "-0.0"},
    {1.0, "1"},
    {-1.5, "-1.5"},
    {0.1, "0.1"},
    {0.3, "0.3"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {2.0 / 3, "0.6666666666666666"},
    {123.456, "123.456"},
    {19.99, "19.99"},
    {1.005, "1.005"},
    {99999999.99999999, "99999999.99999999"},
    {0.0001, "0.0001"},
    {0.00001, "0.00001"},
    {1e-6, "0.000001"},
    {1e-7, "1e-7"},
    {1.5e-8, "1.5e-8"},
    {1e15, "1000000000000000"},
    {9007199254740992.0, "9007199254740992"},
    {9007199254740994.0, "9007199254740994"},
    {123456789012345680.0, "123456789012345680"},
    {1e18, "1e18"},
    {1.25e21, "1.25e21"},
    {1e22, "1e22"},
    {1e23, "1e23"},
    {-123456789012345680000.0, "-1.2345678901234568e20"},
    {1.7976931348623157e308, "1.7976931348623157e308"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {5e-324, "5e-324"},
    {1.5e-323, "1.5e-323"},
    {5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44: the nearest 16 digits fail */
    {9.5367431640625e-07, "9.5367431640625e-7"},
    {3.141592653589793, "3.141592653589793"},
    {4503599627370495.5, "4503599627370495.5"},
    {0.000123456789, "0.000123456789"},
    {NAN, "null"},
    {INFINITY, "null"},
    {-INFINITY, "null"},
};

static void writes_reals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        struct pad p;
        pad_init(&p);
        bw_json_real(&p.w, reals[i].v);
        check_str(bw_buf_str(&p.b), reals[i].out);
        bw_buf_release(&p.b);
    }
}

/* No locale with a decimal comma need be installed where tests run; when one is, it changes
 * nothing. */
static void ignores_the_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (setlocale(LC_ALL, names[i]))
            writes_reals(state);
    }
    setlocale(LC_ALL, "C");
}

static uint64_t step(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void check_round_trip(double v)
{
    struct bw_buf b;
    struct bw_json_reader r;
    char longest[40];
    bw_buf_init(&b, 64);
    bw_json_write_real(&b, v);
    bw_json_open(&r, NULL, bw_buf_str(&b));
    enum bw_json_kind kind = bw_json_next(&r);
    if (kind == BW_JSON_ERROR || r.real != v)
        fail_msg("%.17g was written as %.*s", v, BW_FMT(bw_buf_str(&b)));
    /* Never more significant digits than the first precision that reads back. */
    int precision = 1;
    while (snprintf(longest, sizeof longest, "%.*e", precision - 1, v), strtod(longest, NULL) != v)
        precision++;
    int digits = 0, zeros = 0;
    for (size_t i = 0; i < b.n && b.p[i] != 'e'; i++) {
        bool digit = b.p[i] >= '0' && b.p[i] <= '9';
        if (!digit || (digits == 0 && b.p[i] == '0'))
            continue;
        digits++;
        zeros = b.p[i] == '0' ? zeros + 1 : 0;
    }
    if (digits - zeros > precision)
        fail_msg("%.17g needs %d digits: %.*s", v, precision, BW_FMT(bw_buf_str(&b)));
    bw_buf_release(&b);
}

static void reads_back_what_it_wrote(void **state)
{
    (void)state;
    uint64_t x = UINT64_C(88172645463325252);
    for (int i = 0; i < 5000; i++) {
        uint64_t bits = step(&x);
        double v;
        memcpy(&v, &bits, sizeof v);
        if (isfinite(v))
            check_round_trip(v);
        check_round_trip((double)(int64_t)(bits % 100000000) / 100);
        check_round_trip((double)(int64_t)(bits >> 20) / 1000);
        check_round_trip(ldexp(1, (int)(bits % 2040) - 1020));
        check_round_trip((double)(bits >> 11) * 0x1p-53);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_structure),
        cmocka_unit_test(writes_indented),
        cmocka_unit_test(escapes_text),
        cmocka_unit_test(escapes_at_any_place),
        cmocka_unit_test(fills_the_buffer_exactly),
        cmocka_unit_test(makes_keys),
        cmocka_unit_test(writes_base64),
        cmocka_unit_test(writes_ints),
        cmocka_unit_test(writes_reals),
        cmocka_unit_test(ignores_the_locale),
        cmocka_unit_test(reads_back_what_it_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
