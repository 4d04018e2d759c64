#include "rest/fixture.h"

#include "rest/list_group.h"
#include "rest/where_text.h"

static struct fixture x;

static const struct {
    const char *text, *want;
} cases[] = {
    {"views=1", "views.eq.1"},
    {"views==1", "views.eq.1"},
    {" views  =\t1 ", "views.eq.1"},
    {"views<>1", "views.neq.1"},
    {"views!=1", "views.neq.1"},
    {"views<1", "views.lt.1"},
    {"views<=1", "views.lte.1"},
    {"views>1", "views.gt.1"},
    {"views>=1", "views.gte.1"},
    {"views=-1", "views.eq.-1"},
    {"views>-1", "views.gt.-1"},
    {"views<-9223372036854775808", "views.lt.-9223372036854775808"},
    {"price>=1.5e-3", "price.gte.0.0015"},
    {"price=1e+2", "price.eq.100"},
    {"published=true", "published.eq.true"},
    {"published=TRUE", "published.eq.true"},
    {"published=0", "published.eq.false"},
    {"live_at>='2026-11-23T23:04:18Z'", "live_at.gte.2026-11-23T23:04:18Z"},
    {"status='live'", "status.eq.\"live\""},
    {"title='a'", "title.eq.\"a\""},
    {"title=''", "title.eq.\"\""},
    {"title='it''s'", "title.eq.\"it's\""},
    {"title=''''", "title.eq.\"'\""},
    {"title='a\\b\"c'", "title.eq.\"a\\\\b\\\"c\""},
    {"title='x or 1=1'", "title.eq.\"x or 1=1\""},
    {"title='\xc3\xa4\xe2\x82\xac'", "title.eq.\"\xc3\xa4\xe2\x82\xac\""},
    {"title=5", "title.eq.\"5\""},
    {"views='5'", "views.eq.5"},
    {"id=7", "id.eq.7"},
    {"ID=7", "id.eq.7"},
    {"RowID=7", "id.eq.7"},
    {"views=:(1):", "views.eq.1"},
    {"title = :('it''s'): and views > :(3):", "and(title.eq.\"it's\",views.gt.3)"},
    {"title like 'boat%'", "title.ilike.\"boat*\""},
    {"title LIKE '%boat%'", "title.ilike.\"*boat*\""},
    {"title not like '%boat%'", "title.not.ilike.\"*boat*\""},
    {"title like :('%x'):", "title.ilike.\"*x\""},
    {"views is null", "views.is.null"},
    {"views IS NOT NULL", "views.not.is.null"},
    {"not views is not null", "views.is.null"},
    {"views in (1,2, 3)", "views.in.(1,2,3)"},
    {"views not in (1)", "views.not.in.(1)"},
    {"title in ('a','b,c','d''\"')", "title.in.(\"a\",\"b,c\",\"d'\\\"\")"},
    {"views in (:(1):,:(2):)", "views.in.(1,2)"},
    {"views between 1 and 5", "and(views.gte.1,views.lte.5)"},
    {"views not between 1 and 5", "not.and(views.gte.1,views.lte.5)"},
    {"views between 1 and 5 and id=3", "and(and(views.gte.1,views.lte.5),id.eq.3)"},
    {"not views=1", "views.not.eq.1"},
    {"not (views=1 or id=2)", "not.or(views.eq.1,id.eq.2)"},
    {"views=1 and id=2 and id=3", "and(views.eq.1,id.eq.2,id.eq.3)"},
    {"views=1 or id=2 or id=3", "or(views.eq.1,id.eq.2,id.eq.3)"},
    {"views=1 or id=2 and id=3", "or(views.eq.1,and(id.eq.2,id.eq.3))"},
    {"views=1 and id=2 or id=3", "or(and(views.eq.1,id.eq.2),id.eq.3)"},
    {"(views=1 or id=2) and id=3", "and(or(views.eq.1,id.eq.2),id.eq.3)"},
    {"views=1 AND NOT id=2", "and(views.eq.1,id.not.eq.2)"},
    {"(((views=1)))", "views.eq.1"},
    {"(views=1)and(id=2)", "and(views.eq.1,id.eq.2)"},
    {"limit=3", "limit.eq.3"},
    /* refused */
    {"", "! where, near character 1: a field is missing"},
    {"  ", "! where, near character 3: a field is missing"},
    {"views", "! where, near character 6: a comparison is missing"},
    {"views=", "! where, near character 7: a value is a number or 'text'"},
    {"views=null", "! where, near character 7: a value is a number or 'text'"},
    {"views=x", "! where, near character 7: a value is a number or 'text'"},
    {"views=views", "! where, near character 7: a value is a number or 'text'"},
    {"views=(1)", "! where, near character 7: a value is a number or 'text'"},
    {"views=\"1\"", "! where, near character 7: a value is a number or 'text'"},
    {"views=:(1", "! where, near character 10: '):' is missing"},
    {"views=:(1)", "! where, near character 10: '):' is missing"},
    {"views=-", "! where, near character 7: a value is a number or 'text'"},
    {"1=1", "! where, near character 1: a field is missing"},
    {"'a'='a'", "! where, near character 1: a field is missing"},
    {"views=1;", "! where, near character 8: only conditions are taken: this does not fit"},
    {"views=1 -- x", "! where, near character 9: only conditions are taken: this does not fit"},
    {"views=1; drop table Article",
     "! where, near character 8: only conditions are taken: this does not fit"},
    {"views=1 order by id", "! where, near character 9: only conditions are taken: this does not "
                            "fit"},
    {"views=1 limit 5", "! where, near character 9: only conditions are taken: this does not fit"},
    {"views=1 views=2", "! where, near character 9: only conditions are taken: this does not fit"},
    {"views=1)", "! where, near character 8: only conditions are taken: this does not fit"},
    {"views=1 and", "! where, near character 12: a field is missing"},
    {"views=1 or or id=2", "! Article has no field 'or'"},
    {"(views=1", "! where, near character 9: ')' is missing"},
    {"upper(title)='X'", "! Article has no field 'upper'"},
    {"title='x", "! where, near character 7: a quoted text is not closed"},
    {"title='x''", "! where, near character 7: a quoted text is not closed"},
    {"title='", "! where, near character 7: a quoted text is not closed"},
    {"title||'a'='b'", "! where, near character 6: a comparison is missing"},
    {"views=1+1", "! views must be an integer, got '1+1'"},
    {"views+1=2", "! where, near character 6: a comparison is missing"},
    {"title like 'a_b'", "! where, near character 17: LIKE knows only % here"},
    {"title like 'a*b'", "! where, near character 17: LIKE knows only % here"},
    {"title like", "! where, near character 11: a value is a number or 'text'"},
    {"views in 1", "! where, near character 10: IN takes a list in parentheses"},
    {"views in (1", "! where, near character 12: ',' or ')' is missing"},
    {"views in ()", "! where, near character 11: a value is a number or 'text'"},
    {"views in (select 1)", "! where, near character 11: a value is a number or 'text'"},
    {"views between 1", "! where, near character 16: BETWEEN needs AND"},
    {"views between 1 and", "! where, near character 20: a value is a number or 'text'"},
    {"views is 5", "! where, near character 10: IS takes NULL or NOT NULL"},
    {"views not 5", "! where, near character 11: NOT stands before LIKE, IN or BETWEEN here"},
    {"exists (select 1)", "! Article has no field 'exists'"},
    {"view=1", "! Article has no field 'view', did you mean 'views'?"},
    {"Views=1", "! Article has no field 'Views', did you mean 'views'?"},
    {"secret='x'", "! secret is write-only: it cannot be filtered by"},
    {"picture='x'", "! picture is a blob: only is.null can test it"},
    {"views like 5", "! views is no text: like and ilike do not fit it"},
    {"title\n=1", "! where, near character 6: a comparison is missing"},
};

static struct filter *read_where(const char *text, struct bw_err *e)
{
    bw_str exact = bw_arena_str(&x.arena, bw_cstr(text));
    *e = (struct bw_err){.code = BW_OK};
    return where_text_read(x.t, exact, &x.arena, e);
}

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_err e;
        struct filter *f = read_where(cases[i].text, &e);
        fixture_compare(cases[i].text, fixture_say(&x, f, &e), cases[i].want);
        check_int(e.code, f ? BW_OK : BW_BAD);
    }
    fixture_same();
}

static bool repeated(const char *first, const char *again, const char *last, unsigned n,
                     struct bw_err *e)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 22);
    bw_buf_put(&b, bw_cstr(first));
    for (unsigned i = 0; i < n; i++)
        bw_buf_put(&b, bw_cstr(again));
    bw_buf_put(&b, bw_cstr(last));
    bool ok = read_where(bw_buf_cstr(&b), e) != NULL;
    bw_buf_release(&b);
    return ok;
}

static void bounded(void **state)
{
    (void)state;
    struct bw_err e;
    check_ok(repeated("id=1", " and id=2", "", LIMIT_FILTER_TERMS - 1, &e), &e);
    check(!repeated("id=1", " and id=2", "", LIMIT_FILTER_TERMS, &e));
    check_says(&e, "at most 64 conditions");
    check_ok(repeated("", "(", "id=1))))))))", LIMIT_FILTER_DEPTH, &e), &e);
    check(!repeated("", "(", "id=1", 100000, &e));
    check_says(&e, "nested at most 8 deep");
    check_ok(repeated("id in (0", ",1", ")", LIMIT_FILTER_IN - 1, &e), &e);
    check(!repeated("id in (0", ",1", ")", LIMIT_FILTER_IN, &e));
    check_says(&e, "at most 500 values");
    check(!repeated("id in (0", ",1", ")", 100000, &e));
    check_says(&e, "at most 500 values");
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(bounded)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
