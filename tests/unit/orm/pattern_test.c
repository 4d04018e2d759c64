/* Patterns: anchored at both ends, in characters, bounded in work. */
#include "help/t.h"

#include "orm/pattern.h"

static void whole_texts_match(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        enum pattern_answer want;
    } cases[] = {
        {"ab", "ab", PATTERN_YES},
        {"ab", "xab", PATTERN_NO},
        {"ab", "abx", PATTERN_NO},
        {"a|ab", "ab", PATTERN_YES},
        {"^ab$", "ab", PATTERN_YES},
        {"^ab$", "ab\n", PATTERN_NO},
        {".", "\xc3\xa4", PATTERN_YES},
        {".", "", PATTERN_NO},
        {"", "", PATTERN_YES},
        {"[^@]+@[^@]+", "a@b", PATTERN_YES},
        {"[^@]+@[^@]+", "a@", PATTERN_NO},
    };
    struct bw_arena a;
    struct bw_err e;
    bw_arena_init(&a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pattern *p = pattern_new(cases[i].pattern, &a, &e);
        check_ok(p != NULL, &e);
        check_int(pattern_match(p, bw_cstr(cases[i].text)), cases[i].want);
    }
    bw_arena_release(&a);
}

static void hostile_texts_end_soon(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_err e;
    bw_arena_init(&a);
    struct pattern *p = pattern_new("(a+)+[bd]", &a, &e);
    check_ok(p != NULL, &e);
    check_int(pattern_match(p, bw_cstr("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac")),
              PATTERN_LIMIT);
    check_int(pattern_match(p, bw_cstr("aaab")), PATTERN_YES);
    bw_arena_release(&a);
}

static void long_texts_are_read(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_err e;
    static char text[20000];
    bw_arena_init(&a);
    struct pattern *p = pattern_new("(.|\\n)*", &a, &e);
    check_ok(p != NULL, &e);
    memset(text, '\n', sizeof text);
    check_int(pattern_match(p, bw_str_of(text, sizeof text)), PATTERN_YES);
    bw_arena_release(&a);
}

static void wrong_patterns_are_told(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_err e;
    bw_arena_init(&a);
    check(!pattern_new("x[a", &a, &e));
    check_int(e.code, BW_BAD);
    check_says(&e, "the pattern 'x[a' is wrong at character 4");
    check(!pattern_new("\\C", &a, &e));
    char deep[201] = "", long_one[2000];
    memset(deep, '(', 100);
    memset(deep + 100, ')', 100);
    check(!pattern_new(deep, &a, &e));
    memset(long_one, 'a', sizeof long_one);
    long_one[sizeof long_one - 1] = 0;
    check(!pattern_new(long_one, &a, &e));
    bw_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_texts_match),
        cmocka_unit_test(hostile_texts_end_soon),
        cmocka_unit_test(long_texts_are_read),
        cmocka_unit_test(wrong_patterns_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
