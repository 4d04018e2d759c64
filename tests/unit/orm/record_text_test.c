/* Values from bare text: CSV cells and URL parameters. */
#include "orm/fixture.h"

static void texts_become_values(void **state)
{
    (void)state;
    static const struct {
        const char *field, *text;
        struct bw_value want;
    } cases[] = {
        {"views", "-12", {.kind = BW_KIND_INT, .i = -12}},
        {"price", "1.5", {.kind = BW_KIND_REAL, .r = 1.5}},
        {"price", "2", {.kind = BW_KIND_REAL, .r = 2}},
        {"published", "true", {.kind = BW_KIND_INT, .i = 1}},
        {"published", "0", {.kind = BW_KIND_INT, .i = 0}},
        {"live_at", "1970-01-01T00:00:02Z", {.kind = BW_KIND_INT, .i = 2000000}},
        {"author", "5", {.kind = BW_KIND_INT, .i = 5}},
        {"body", "", {.kind = BW_KIND_TEXT, .s = {"", 0}}},
        {"body", "null", {.kind = BW_KIND_TEXT, .s = {"null", 4}}},
        {"status", "live", {.kind = BW_KIND_TEXT, .s = {"live", 4}}},
        {"extra", "[1]", {.kind = BW_KIND_TEXT, .s = {"[1]", 3}}},
        {"extra", "null", {.kind = BW_NULL}},
        {"picture", "AQI=", {.kind = BW_KIND_BLOB, .s = {"\1\2", 2}}},
        {"price", "", {.kind = BW_NULL}},
        {"author", "", {.kind = BW_NULL}},
        {"picture", "", {.kind = BW_NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        struct record r;
        fixture_init(&x);
        struct faults f = {.arena = &x.arena};
        record_init(&r, x.article, &x.arena);
        const struct column *c = fixture_column(&x, cases[i].field);
        check(record_set_text(&r, c, fixture_text(&x, cases[i].text), &f, &x.arena));
        const struct bw_value *got = &r.v[c->index], *want = &cases[i].want;
        check(column_in(&r.has, c->index));
        check_int(got->kind, want->kind);
        if (want->kind == BW_KIND_INT)
            check_int(got->i, want->i);
        else if (want->kind == BW_KIND_REAL)
            check(got->r == want->r);
        else if (want->kind != BW_NULL)
            check(bw_str_eq(got->s, want->s));
        fixture_release(&x);
    }
}

static void wrong_texts_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *field, *text, *says;
    } cases[] = {
        {"views", "1.0", "views must be an integer, got '1.0'"},
        {"views", " 1", "views must be an integer, got ' 1'"},
        {"price", "1,5", "price must be a number, got '1,5'"},
        {"published", "yes", "published must be true or false, got 'yes'"},
        {"live_at", "1.1.2026", "live_at must be an RFC 3339 time such as"},
        {"author", "-1", "author must be the id of a record of author, an integer from 1, got -1"},
        {"status", "drafd", "got 'drafd', did you mean 'draft'?"},
        {"extra", "{", "extra must be a JSON value, got '{'"},
        {"picture", "AQ", "picture must be a base64 string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        struct record r;
        fixture_init(&x);
        struct faults f = {.arena = &x.arena};
        record_init(&r, x.article, &x.arena);
        const struct column *c = fixture_column(&x, cases[i].field);
        check(!record_set_text(&r, c, fixture_text(&x, cases[i].text), &f, &x.arena));
        check_int(f.n, 1);
        faults_fail(&f, &x.e);
        check_says(&x.e, cases[i].says);
        check(!column_in(&r.has, c->index));
        fixture_release(&x);
    }
}

static void an_empty_cell_leaves_the_default(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    fixture_init(&x);
    struct faults f = {.arena = &x.arena};
    record_init(&r, x.article, &x.arena);
    const struct column *c = fixture_column(&x, "views");
    check(record_set_text(&r, c, BW_LIT(""), &f, &x.arena));
    check(!column_in(&r.has, c->index));
    fixture_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_values),
        cmocka_unit_test(wrong_texts_are_told),
        cmocka_unit_test(an_empty_cell_leaves_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
