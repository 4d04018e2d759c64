/* near_test.c: distances and what is told. */
#include "help/t.h"

#include <limits.h>

#include "core/near.h"

static void distances(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned d;
    } cases[] = {
        {"", "", 0},           {"", "abc", 3},
        {"abc", "", 3},        {"title", "title", 0},
        {"TITLE", "title", 0}, {"titel", "title", 1},
        {"ab", "ba", 1},       {"ca", "abc", 3},
        {"titl", "title", 1},  {"tittle", "title", 1},
        {"tidle", "title", 1}, {"kitten", "sitting", 3},
        {"@", "`", 1},         {"limti", "limit", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_int(near_distance(bw_cstr(cases[i].a), bw_cstr(cases[i].b)), cases[i].d);
        check_int(near_distance(bw_cstr(cases[i].b), bw_cstr(cases[i].a)), cases[i].d);
    }
    char a[65], b[65];
    memset(a, 'a', 65);
    memset(b, 'b', 65);
    check_int(near_distance(bw_str_of(a, 64), bw_str_of(b, 64)), 64);
    check(near_distance(bw_str_of(a, 65), bw_str_of(a, 65)) == UINT_MAX);
}

static const char *hint(const char *wanted, const char *const *words, char out[96])
{
    struct near n;
    near_init(&n, bw_cstr(wanted));
    for (; *words; words++)
        near_offer(&n, bw_cstr(*words));
    return near_hint(&n, out);
}

static void hints(void **state)
{
    (void)state;
    static const char *const words[] = {"title", "views", "id", "view", "author", NULL};
    char out[96];
    assert_string_equal(hint("titel", words, out), ", did you mean 'title'?");
    assert_string_equal(hint("Views", words, out), ", did you mean 'views'?");
    assert_string_equal(hint("vieww", words, out),
                        ", did you mean 'views'?"); /* the first of equals */
    assert_string_equal(hint("di", words, out), ", did you mean 'id'?");
    assert_string_equal(hint("ID", words, out), ", did you mean 'id'?");
    assert_string_equal(hint("x", words, out), "");
    assert_string_equal(hint("", words, out), "");
    assert_string_equal(hint("publisher", words, out), "");
    char w[65] = "";
    memset(w, 'w', 64);
    const char *const wide[] = {w, NULL};
    check_int(strlen(hint(w, wide, out)), 64 + strlen(", did you mean ''?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
