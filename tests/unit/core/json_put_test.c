/* JSON in place: the same bytes as value by value, whatever the text, its length and its place. */
#include "help/t.h"

#include "core/json_put.h"

/* Texts of every length with one odd thing at every place of them. */
static void texts_as_the_writer_has_them(void **state)
{
    (void)state;
    static const char *const odd[] = {"",         "\"",           "\\",
                                      "\n",       "\x01",         "\x7f",
                                      "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                      "\xff",     "\xc3",         "\xed\xa0\x80"};
    struct bw_buf b;
    bw_buf_init(&b, 4096);
    for (size_t k = 0; k < sizeof odd / sizeof *odd; k++)
        for (size_t n = 0; n < 70; n++)
            for (size_t at = 0; at <= n; at++) {
                size_t m = strlen(odd[k]);
                char *text = malloc(n + m + 1),
                     *out = malloc(json_text_most(n + m)); /* exactly: ASan sees more */
                memset(text, 'x', n + m);
                memcpy(text + at, odd[k], m);
                struct bw_json_writer w;
                bw_buf_clear(&b);
                bw_json_init(&w, &b);
                bw_json_text(&w, bw_str_of(text, n + m));
                char *end = json_put_text(out, bw_str_of(text, n + m));
                check_str(bw_str_of(out, (size_t)(end - out)), bw_buf_cstr(&b));
                free(text);
                free(out);
            }
    bw_buf_release(&b);
}

static void check_time(bw_time t, const char *want)
{
    char out[JSON_NUMBER_MAX];
    check_str(bw_str_of(out, (size_t)(json_put_time(out, t) - out)), want);
}

static void times(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) { /* the second time it is remembered */
        check_time(0, "\"1970-01-01T00:00:00Z\"");
        check_time(INT64_C(1795475058123456), "\"2026-11-23T23:04:18.123456Z\"");
        check_time(INT64_C(1795475058123456), "\"2026-11-23T23:04:18.123456Z\"");
        check_time(INT64_C(1795475058123000), "\"2026-11-23T23:04:18.123Z\"");
        check_time(INT64_MIN, "\"0000-01-01T00:00:00Z\"");
        check_time(INT64_MAX, "\"9999-12-31T23:59:59.999999Z\"");
    }
}

static void literals_and_keys(void **state)
{
    (void)state;
    char out[64];
    struct bw_arena a;
    bw_arena_init(&a);
    check_str(bw_str_of(out, (size_t)(json_put_bool(out, true) - out)), "true");
    check_str(bw_str_of(out, (size_t)(json_put_bool(out, false) - out)), "false");
    check_str(bw_str_of(out, (size_t)(json_put_null(out) - out)), "null");
    bw_str key = bw_json_make_key(&a, BW_LIT("id"));
    check_str(bw_str_of(out, (size_t)(json_put_key(out, key) - out)), "\"id\":");
    key = bw_json_make_key(&a, BW_LIT("a_name_of_many_letters"));
    check_str(bw_str_of(out, (size_t)(json_put_key(out, key) - out)),
              "\"a_name_of_many_letters\":");
    bw_arena_release(&a);
}

/* Between values of the ordinary way; refused where these must look at each byte. */
static void in_a_writer(void **state)
{
    (void)state;
    struct bw_buf b;
    struct bw_json_writer w;
    bw_buf_init(&b, 100);
    bw_json_init(&w, &b);
    bw_json_array(&w);
    bw_json_int(&w, 1);
    char *o = json_put_begin(&w, 40);
    check(o != NULL);
    json_put_end(&w, json_put_int(o, -23));
    check(json_put_begin(&w, 100) == NULL);
    check(bw_buf_ok(&b));
    bw_json_int(&w, 4);
    bw_json_end(&w);
    check_str(bw_buf_str(&b), "[1,-23,4]");
    w = (struct bw_json_writer){.out = &b, .indent = 2};
    check(json_put_begin(&w, 4) == NULL);
    bw_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_as_the_writer_has_them),
        cmocka_unit_test(times),
        cmocka_unit_test(literals_and_keys),
        cmocka_unit_test(in_a_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
