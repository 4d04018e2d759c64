/* Filters: tests from text, three-valued logic, LIKE, bounds. */
#include "orm/fixture.h"

#include "orm/query.h"

static struct filter *make(struct fixture *x, const char *field, enum bw_op op, const char *value)
{
    struct filter *f =
        filter_test(&x->arena, fixture_column(x, field), op, fixture_text(x, value), &x->e);
    check_ok(f != NULL, &x->e);
    return f;
}

/* A row with nulls but for one field. */
static struct bw_value *row_of(struct fixture *x, const char *field, struct bw_value v)
{
    struct bw_value *row = BW_NEW_N(&x->arena, struct bw_value, x->article->n_columns);
    row[fixture_column(x, field)->index] = v;
    return row;
}

#define I(n)                          \
    {                                 \
        .kind = BW_KIND_INT, .i = (n) \
    }
#define R(n)                           \
    {                                  \
        .kind = BW_KIND_REAL, .r = (n) \
    }
#define T(t)                                             \
    {                                                    \
        .kind = BW_KIND_TEXT, .s = {(t), sizeof(t) - 1 } \
    }
#define NIL             \
    {                   \
        .kind = BW_NULL \
    }

static void tests_answer(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        enum bw_op op;
        const char *value;
        struct bw_value v;
        bool match, match_not;
    } cases[] = {
        {"views", BW_EQ, "5", I(5), true, false},
        {"views", BW_EQ, "5", I(6), false, true},
        {"views", BW_EQ, "5", NIL, false, false},
        {"views", BW_NEQ, "5", I(6), true, false},
        {"views", BW_NEQ, "5", NIL, false, false},
        {"views", BW_GT, "5", I(5), false, true},
        {"views", BW_GT, "-9223372036854775808", I(-9), true, false},
        {"views", BW_GTE, "5", I(5), true, false},
        {"views", BW_LT, "5", I(4), true, false},
        {"views", BW_LTE, "5", I(5), true, false},
        {"id", BW_EQ, "7", I(7), true, false},
        {"price", BW_GT, "1.5", R(1.75), true, false},
        {"price", BW_EQ, "2", R(2), true, false},
        {"title", BW_EQ, "null", T("null"), true, false},
        {"title", BW_LT, "b", T("a"), true, false},
        {"title", BW_LT, "ab", T("a"), true, false},
        {"title", BW_LT, "a", T("B"), true, false}, /* bytes: 'B' stands before 'a' */
        {"published", BW_EQ, "true", I(1), true, false},
        {"published", BW_IS, "true", I(1), true, false},
        {"published", BW_IS, "true", NIL, false, true}, /* IS is never unknown */
        {"published", BW_IS, "false", I(0), true, false},
        {"body", BW_IS, "null", NIL, true, false},
        {"body", BW_IS, "null", T(""), false, true},
        {"picture", BW_IS, "null", NIL, true, false},
        {"live_at", BW_EQ, "1970-01-01T00:00:01Z", I(1000000), true, false},
        {"status", BW_EQ, "live", T("live"), true, false},
        {"title", BW_IN, "(a,\"b,\\\"c\\\\\",\"\")", T("b,\"c\\"), true, false},
        {"title", BW_IN, "(a,\"b,c\",\"\")", T(""), true, false},
        {"title", BW_IN, "(a,b)", T("c"), false, true},
        {"title", BW_IN, "(a,b)", NIL, false, false},
        {"title", BW_IN, "()", T(""), false, true},
        {"title", BW_IN, "()", NIL, false, true},
        {"views", BW_IN, "(1,-2)", I(-2), true, false},
        {"title", BW_LIKE, "a*", T("abc"), true, false},
        {"title", BW_LIKE, "a*", T("Abc"), false, true},
        {"title", BW_LIKE, "a*", NIL, false, false},
        {"title", BW_ILIKE, "*BOAT*", T("my boats"), true, false},
        {"title", BW_LIKE, "a?c", T("abc"), false, true},
        {"title", BW_LIKE, "a?[%_c", T("a?[%_c"), true, false},
        {"title", BW_LIKE, "", T(""), true, false},
        {"title", BW_LIKE, "", T("a"), false, true},
        {"title", BW_LIKE, "*", T(""), true, false},
        {"title", BW_LIKE, "*ab*ab", T("ababab"), true, false},
        {"title", BW_LIKE, "*ab*abc", T("ababab"), false, true},
        {"title", BW_ILIKE, "\xc3\x84", T("\xc3\xa4"), false, true}, /* only ASCII folds */
        {"extra", BW_LIKE, "*\"k\"*", T("{\"k\":1}"), true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        fixture_init(&x);
        struct filter *f = make(&x, cases[i].field, cases[i].op, cases[i].value);
        struct bw_value *row = row_of(&x, cases[i].field, cases[i].v);
        if (filter_match(f, row) != cases[i].match)
            fail_msg("case %zu: %s %s", i, cases[i].field, cases[i].value);
        f->not = true;
        if (filter_match(f, row) != cases[i].match_not)
            fail_msg("case %zu: not %s %s", i, cases[i].field, cases[i].value);
        fixture_release(&x);
    }
}

static void wrong_tests_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        enum bw_op op;
        const char *value, *says;
    } cases[] = {
        {"views", BW_EQ, "x", "views must be an integer, got 'x'"},
        {"views", BW_EQ, "", "views must be an integer, got ''"},
        {"views", BW_EQ, "null", "views cannot be compared with null: use is.null"},
        {"views", BW_IN, "(1,null)", "views cannot be compared with null"},
        {"views", BW_IN, "(1,x)", "views must be an integer, got 'x'"},
        {"views", BW_IN, "1,2", "views takes a list such as in.(a,b,\"c,d\")"},
        {"views", BW_IN, "(1,)", "takes a list"},
        {"views", BW_IN, "(,1)", "takes a list"},
        {"title", BW_IN, "(\"a)", "takes a list"},
        {"title", BW_IN, "(\"a\\\")", "takes a list"},
        {"title", BW_IN, "(\"a\"b)", "takes a list"},
        {"title", BW_IN, "(a(b)", "takes a list"},
        {"views", BW_LIKE, "1*", "views is no text: like and ilike do not fit it"},
        {"title", BW_LIKE, "\xff", "not valid UTF-8"},
        {"views", BW_IS, "true", "views is no bool field"},
        {"views", BW_IS, "5", "is.null, is.true or is.false only"},
        {"status", BW_EQ, "lve", "did you mean 'live'?"},
        {"picture", BW_EQ, "AQ==", "picture is a blob: only is.null can test it"},
        {"extra", BW_EQ, "1", "extra is a JSON field"},
        {"secret", BW_IS, "null", "secret is write-only: it cannot be filtered by"},
        {"live_at", BW_GT, "soon", "live_at must be an RFC 3339 time"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        fixture_init(&x);
        const struct column *c = fixture_column(&x, cases[i].field);
        check(!filter_test(&x.arena, c, cases[i].op, fixture_text(&x, cases[i].value), &x.e));
        check_int(x.e.code, BW_BAD);
        check_str(bw_cstr(x.e.field), cases[i].field);
        check_says(&x.e, cases[i].says);
        fixture_release(&x);
    }
}

static void long_values_are_refused(void **state)
{
    (void)state;
    struct fixture x;
    struct bw_buf b;
    fixture_init(&x);
    bw_buf_init(&b, 1 << 20);
    for (int i = 0; i < LIMIT_LIKE + 1; i++)
        bw_buf_char(&b, 'a');
    const struct column *c = fixture_column(&x, "title");
    check(!filter_test(&x.arena, c, BW_LIKE, bw_buf_str(&b), &x.e));
    check_says(&x.e, "256 bytes are the most");
    bw_buf_clear(&b);
    for (int i = 0; i < LIMIT_FILTER_IN; i++)
        bw_buf_put(&b, i ? BW_LIT(",1") : BW_LIT("(1"));
    bw_buf_char(&b, ')');
    check_ok(filter_test(&x.arena, c, BW_IN, bw_buf_str(&b), &x.e) != NULL, &x.e);
    b.n--;
    bw_buf_put(&b, BW_LIT(",1)"));
    check(!filter_test(&x.arena, c, BW_IN, bw_buf_str(&b), &x.e));
    check_says(&x.e, "500 values are the most");
    bw_buf_release(&b);
    fixture_release(&x);
}

/* Kleene's tables: views is the left side, price the right; null makes a side unknown. */
static void unknown_spreads_as_in_sql(void **state)
{
    (void)state;
    enum { F, T_, U };
    static const int and_table[3][3] = {{F, F, F}, {F, T_, U}, {F, U, U}};
    static const int or_table[3][3] = {{F, T_, U}, {T_, T_, T_}, {U, T_, U}};
    static const struct bw_value sides[] = {I(0), I(1), NIL};
    struct fixture x;
    fixture_init(&x);
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            for (int kind = 0; kind < 2; kind++) {
                struct filter *f = filter_new(&x.arena, kind ? FILTER_OR : FILTER_AND);
                filter_add(f, make(&x, "views", BW_EQ, "1"));
                filter_add(f, make(&x, "author", BW_EQ, "1"));
                struct bw_value *row = row_of(&x, "views", sides[a]);
                row[fixture_column(&x, "author")->index] = sides[b];
                int want = kind ? or_table[a][b] : and_table[a][b];
                check_int(filter_match(f, row), want == T_);
                f->not = true;
                check_int(filter_match(f, row), want == F);
            }
    check(filter_match(filter_new(&x.arena, FILTER_AND), row_of(&x, "views", sides[2])));
    check(!filter_match(filter_new(&x.arena, FILTER_OR), row_of(&x, "views", sides[2])));
    check(filter_match(NULL, NULL));
    fixture_release(&x);
}

static void trees_are_bounded(void **state)
{
    (void)state;
    struct fixture x;
    fixture_init(&x);
    struct filter *wide = filter_new(&x.arena, FILTER_AND);
    for (int i = 0; i < LIMIT_FILTER_TERMS; i++)
        filter_add(wide, make(&x, "views", BW_EQ, "1"));
    check_ok(filter_fits(wide, &x.e), &x.e);
    filter_add(wide, make(&x, "views", BW_EQ, "1"));
    check(!filter_fits(wide, &x.e));
    check_int(x.e.code, BW_BAD);
    struct filter *deep = make(&x, "views", BW_EQ, "1");
    for (int i = 0; i < LIMIT_FILTER_DEPTH; i++) {
        struct filter *up = filter_new(&x.arena, FILTER_OR);
        filter_add(up, deep);
        deep = up;
    }
    check_ok(filter_fits(deep, &x.e), &x.e);
    struct filter *deeper = filter_new(&x.arena, FILTER_OR);
    filter_add(deeper, deep);
    check(!filter_fits(deeper, &x.e));
    check(filter_fits(NULL, &x.e));
    fixture_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_answer),
        cmocka_unit_test(wrong_tests_are_told),
        cmocka_unit_test(long_values_are_refused),
        cmocka_unit_test(unknown_spreads_as_in_sql),
        cmocka_unit_test(trees_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
