#include "rest/fixture.h"

#include "rest/list_group.h"

static struct fixture x;

static const struct {
    const char *field, *text, *want;
} tests[] = {
    {"views", "eq.10", "views.eq.10"},
    {"views", "not.eq.10", "views.not.eq.10"},
    {"views", "gt.-3", "views.gt.-3"},
    {"views", "in.(1,2,-3)", "views.in.(1,2,-3)"},
    {"views", "not.in.(1)", "views.not.in.(1)"},
    {"views", "is.null", "views.is.null"},
    {"views", "not.is.null", "views.not.is.null"},
    {"id", "lte.7", "id.lte.7"},
    {"price", "gte.1.5", "price.gte.1.5"},
    {"price", "lt.1e3", "price.lt.1000"},
    {"published", "is.true", "published.is.true"},
    {"published", "eq.false", "published.eq.false"},
    {"live_at", "gt.2026-11-23T23:04:18Z", "live_at.gt.2026-11-23T23:04:18Z"},
    {"status", "eq.live", "status.eq.\"live\""},
    {"status", "like.l*", "status.like.\"l*\""},
    {"author", "neq.3", "author.neq.3"},
    {"extra", "like.*x*", "extra.like.\"*x*\""},
    {"picture", "is.null", "picture.is.null"},
    /* a text's value is all that stands behind the operator's dot, as it is */
    {"title", "eq.", "title.eq.\"\""},
    {"title", "eq.a.b", "title.eq.\"a.b\""},
    {"title", "eq.a,b)", "title.eq.\"a,b)\""},
    {"title", "eq.\"q\"", "title.eq.\"\\\"q\\\"\""},
    {"title", "eq.null", "title.eq.\"null\""},
    {"title", "not.eq.not.x", "title.not.eq.\"not.x\""},
    {"title", "like.*boat*", "title.like.\"*boat*\""},
    {"title", "ilike.BOAT", "title.ilike.\"BOAT\""},
    {"title", "in.(a,\"b,c\",\"d\\\"\\\\\")", "title.in.(\"a\",\"b,c\",\"d\\\"\\\\\")"},
    /* refused */
    {"views", "10", "! views: '10' is no operator (views=eq.VALUE)"},
    {"views", "", "! views: '' is no operator (views=eq.VALUE)"},
    {"views", "eq", "! views: 'eq' needs a value behind a dot"},
    {"views", "not.eq", "! views: 'eq' needs a value behind a dot"},
    {"views", "not", "! views: 'not' is no operator (views=eq.VALUE)"},
    {"views", "not.", "! views: '' is no operator (views=eq.VALUE)"},
    {"views", "not.not.eq.1", "! views: 'not' is no operator (views=eq.VALUE)"},
    {"views", "gte1.5", "! views: 'gte1' is no operator, did you mean 'gte'? (views=eq.VALUE)"},
    {"views", "EQ.5", "! views: 'EQ' is no operator, did you mean 'eq'? (views=eq.VALUE)"},
    {"views", "eq.null", "! views cannot be compared with null: use is.null"},
    {"views", "like.1*", "! views is no text: like and ilike do not fit it"},
    {"views", "is.true", "! views is no bool field: is.true and is.false do not fit it"},
    {"views", "is.5", "! views can be tested by is.null, is.true or is.false only"},
    {"views", "in.1,2", "! views takes a list such as in.(a,b,\"c,d\")"},
    {"views", "in.(1,,2)", "! views takes a list such as in.(a,b,\"c,d\")"},
    {"picture", "eq.x", "! picture is a blob: only is.null can test it"},
    {"secret", "eq.x", "! secret is write-only: it cannot be filtered by"},
};

static void single(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        struct bw_err e = {.code = BW_OK};
        const struct column *c = table_column(x.t, bw_cstr(tests[i].field));
        assert_non_null(c);
        bw_str text = bw_arena_str(&x.arena, bw_cstr(tests[i].text));
        struct filter *f = list_group_test(c, text, &x.arena, &e);
        fixture_compare(tests[i].text, fixture_say(&x, f, &e), tests[i].want);
        if (!f) {
            check_int(e.code, BW_BAD);
            assert_string_equal(e.field, tests[i].field);
        }
    }
    fixture_same();
}

static void not_a_number(void **state)
{
    (void)state;
    struct bw_err e;
    check(!list_group_test(table_column(x.t, BW_LIT("views")), BW_LIT("eq.x"), &x.arena, &e));
    check_int(e.code, BW_BAD);
    check_says(&e, "views");
    check_says(&e, "'x'");
}

static const struct {
    const char *text, *want;
} groups[] = {
    {"(views.eq.1)", "or(views.eq.1)"},
    {"(views.eq.1,body.is.null)", "or(views.eq.1,body.is.null)"},
    {"(views.not.eq.1,title.not.like.*x*)", "or(views.not.eq.1,title.not.like.\"*x*\")"},
    {"(views.eq.1,and(views.gt.2,views.lt.5))", "or(views.eq.1,and(views.gt.2,views.lt.5))"},
    {"(not.and(views.gt.2),not.or(id.eq.1))", "or(not.and(views.gt.2),not.or(id.eq.1))"},
    {"(views.in.(1,2),id.in.(3))", "or(views.in.(1,2),id.in.(3))"},
    {"(title.in.(\"a)\",\"b,\\\"\"),id.eq.1)", "or(title.in.(\"a)\",\"b,\\\"\"),id.eq.1)"},
    {"(title.eq.a.b,id.eq.1)", "or(title.eq.\"a.b\",id.eq.1)"},
    {"(title.eq.f(x,y),id.eq.1)", "or(title.eq.\"f(x,y)\",id.eq.1)"},
    {"(title.eq.\"a,b)\",id.eq.1)", "or(title.eq.\"a,b)\",id.eq.1)"},
    {"(title.eq.\"a\\\"b\\\\\")", "or(title.eq.\"a\\\"b\\\\\")"},
    {"(title.eq.,id.eq.1)", "or(title.eq.\"\",id.eq.1)"},
    {"(title.eq.\"\")", "or(title.eq.\"\")"},
    {"(title.eq.a\"b)", "or(title.eq.\"a\\\"b\")"},
    {"(title.eq.not.and(x))", "or(title.eq.\"not.and(x)\")"},
    {"(limit.eq.3)", "or(limit.eq.3)"},
    /* refused */
    {"", "! a group of conditions: '(' is missing at its end"},
    {"views.eq.1", "! a group of conditions: '(' is missing before 'views.eq.1'"},
    {"()", "! a group of conditions: a condition is field.op.value before ')'"},
    {"(views.eq.1", "! a group of conditions: ',' or ')' is missing at its end"},
    {"(views.eq.1,", "! a group of conditions: a condition is field.op.value at its end"},
    {"(views.eq.1,)", "! a group of conditions: a condition is field.op.value before ')'"},
    {"(views.eq.1)x", "! a group of conditions: text behind its end, before 'x'"},
    {"(views.eq.1))", "! a group of conditions: text behind its end, before ')'"},
    {"(views)", "! a group of conditions: a condition is field.op.value before 'views)'"},
    {"(views.1)", "! views: '1)' is no operator (views=eq.VALUE)"},
    {"(view.eq.1)", "! Article has no field 'view', did you mean 'views'?"},
    {"(views.eqq.1)", "! views: 'eqq' is no operator, did you mean 'eq'? (views=eq.VALUE)"},
    {"(title.eq.\"a)", "! a group of conditions: a value is not ended before '\"a)'"},
    {"(title.eq.\"a\\", "! a group of conditions: a value is not ended before '\"a\\'"},
    {"(title.eq.\"a\"b)", "! a group of conditions: ',' or ')' is missing before 'b)'"},
    {"(title.eq.f(x)", "! a group of conditions: ',' or ')' is missing at its end"},
    {"(title.in.(\"a)", "! a group of conditions: a value is not ended before '(\"a)'"},
    {"(and views.eq.1)", "! Article has no field 'and views'"},
    {"(not.views.eq.1)", "! Article has no field 'not'"},
    {"(secret.eq.1)", "! secret is write-only: it cannot be filtered by"},
};

static void grouped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct bw_err e = {.code = BW_OK};
        bw_str text = bw_arena_str(&x.arena, bw_cstr(groups[i].text));
        struct filter *f = list_group_read(x.t, FILTER_OR, text, &x.arena, &e);
        fixture_compare(groups[i].text, fixture_say(&x, f, &e), groups[i].want);
        check(f || e.code == BW_BAD);
    }
    fixture_same();
}

static bool read_text(struct bw_buf *b, struct bw_err *e)
{
    bool ok = list_group_read(x.t, FILTER_AND, bw_buf_str(b), &x.arena, e) != NULL;
    bw_buf_release(b);
    return ok;
}

static bool nested(unsigned depth, struct bw_err *e)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    for (unsigned i = 1; i < depth; i++)
        bw_buf_put(&b, i > 1 ? BW_LIT("or(") : BW_LIT("("));
    bw_buf_put(&b, depth > 1 ? BW_LIT("or(id.eq.1)") : BW_LIT("(id.eq.1)"));
    for (unsigned i = 1; i < depth; i++)
        bw_buf_char(&b, ')');
    return read_text(&b, e);
}

static bool many(unsigned n, struct bw_err *e)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    for (unsigned i = 0; i < n; i++)
        bw_buf_printf(&b, "%cid.eq.%u", i ? ',' : '(', i);
    bw_buf_char(&b, ')');
    return read_text(&b, e);
}

static void bounded(void **state)
{
    (void)state;
    struct bw_err e;
    check_ok(nested(LIMIT_FILTER_DEPTH, &e), &e);
    check(!nested(LIMIT_FILTER_DEPTH + 1, &e));
    check_says(&e, "nested at most 8 deep");
    check(!nested(100000, &e));
    check_ok(many(LIMIT_FILTER_TERMS, &e), &e);
    check(!many(LIMIT_FILTER_TERMS + 1, &e));
    check_says(&e, "at most 64 conditions");
}

static int setup(void **state)
{
    (void)state;
    fixture_init(&x);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_release(&x);
    return 0;
}

int main(void)
{
    const struct CMUnitTest list[] = {
        cmocka_unit_test(single),
        cmocka_unit_test(not_a_number),
        cmocka_unit_test(grouped),
        cmocka_unit_test(bounded),
    };
    return cmocka_run_group_tests(list, setup, teardown);
}
