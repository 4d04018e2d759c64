/* Command texts to words and back; what needs a shell. */
#include "core/words.h"
#include "help/t.h"

static void splits_to(const char *text, const char *want)
{
    struct bw_arena a;
    struct bw_buf b;
    struct bw_err e = {0};
    bw_arena_init(&a);
    bw_buf_init(&b, 4096);
    const char **words = words_split(bw_cstr(text), &a, &e);
    check(words != NULL);
    for (size_t i = 0; words[i]; i++)
        bw_buf_printf(&b, "<%s>", words[i]);
    check_str(bw_buf_str(&b), want);
    const char *joint = words_join(words, &a);
    const char **again = words_split(bw_cstr(joint), &a, &e);
    bw_buf_clear(&b);
    for (size_t i = 0; again[i]; i++)
        bw_buf_printf(&b, "<%s>", again[i]);
    check_str(bw_buf_str(&b), want);
    bw_buf_release(&b);
    bw_arena_release(&a);
}

static void splits(void **state)
{
    (void)state;
    splits_to("", "");
    splits_to("  \t\n ", "");
    splits_to("/bin/app", "</bin/app>");
    splits_to(" a  b\tc ", "<a><b><c>");
    splits_to("\"a b\" 'c \"d' e\"f g\"h", "<a b><c \"d><ef gh>");
    splits_to("'' \"\"", "<><>");
    splits_to("a\\ b \\\" \\\\ \\n", "<a b><\"><\\><\\n>");
    splits_to("'a\\b' \"a\\\"b\\c\"", "<a\\b><a\"b\\c>");
    splits_to("$HOME *.c `x`", "<$HOME><*.c><`x`>");
    splits_to("end\\", "<end\\>");
}

static void tells_an_open_quote(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_err e = {0};
    bw_arena_init(&a);
    check(words_split(bw_cstr("a 'b c"), &a, &e) == NULL);
    check_says(&e, "a ' is not closed");
    check(words_split(bw_cstr("a 'b' \"c"), &a, &e) == NULL);
    check_says(&e, "a \" is not closed");
    bw_arena_release(&a);
}

static void sees_a_shell(void **state)
{
    (void)state;
    static const char *const yes[] = {"a | b", "a && b", "a || b", "a &",  "a ; b",
                                      "a >f",  "a > f",  "a 2>&1", "a <f", "a >>f"};
    static const char *const no[] = {"a",   "a '|' b", "a \">\"", "a=b;c", "http://x/?a&b",
                                     "a|b", "2",       "x2>y",    ""};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        check(words_want_shell(bw_cstr(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        check(!words_want_shell(bw_cstr(no[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits),
        cmocka_unit_test(tells_an_open_quote),
        cmocka_unit_test(sees_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
