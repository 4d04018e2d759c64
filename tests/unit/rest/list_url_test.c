#include "rest/fixture.h"

#include "core/uri.h"
#include "rest/list_url.h"

static struct fixture x;
static const struct list_bounds bounds = {.limit_default = 100, .limit_max = 1000};

static unsigned read_params(const char *text, struct req_param *p)
{
    bw_str rest = bw_arena_str(&x.arena, bw_cstr(text)), name, value;
    unsigned n = 0;
    while (uri_query_next(&rest, &name, &value)) {
        assert_true(n < REQ_PARAMS);
        p[n++] = (struct req_param){.name = name, .value = value};
    }
    return n;
}

static void say_columns(const struct column_set *set, const char *head, struct bw_buf *b)
{
    const char *between = head;
    for (unsigned i = 0; i < x.t->n_columns; i++)
        if (column_in(set, i)) {
            bw_buf_printf(b, "%s%.*s", between, BW_FMT(x.t->columns[i].name));
            between = ",";
        }
}

/* All of a query that is not as it is unless said. */
static const char *say(const struct query *q)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 16);
    if (q->filter) {
        bw_buf_put(&b, BW_LIT("filter "));
        filter_text(q->filter, &b);
    }
    if (memcmp(&q->select, &x.t->simple, sizeof q->select) != 0)
        say_columns(&q->select, " select ", &b);
    for (unsigned i = 0; i < q->n_order; i++)
        if (q->n_order > 1 || q->order[0].column->index || q->order[0].desc)
            bw_buf_printf(&b, "%s%.*s%s", i ? "," : " order ", BW_FMT(q->order[i].column->name),
                          q->order[i].desc ? ".desc" : "");
    if (q->limit != bounds.limit_default)
        bw_buf_printf(&b, " limit %lld", (long long)q->limit);
    if (q->offset)
        bw_buf_printf(&b, " offset %lld", (long long)q->offset);
    say_columns(&q->expand, " expand ", &b);
    if (q->after)
        bw_buf_put(&b, BW_LIT(" after"));
    const char *s = bw_arena_cstr(&x.arena, bw_str_trim(bw_buf_str(&b)));
    bw_buf_release(&b);
    return s;
}

/* Faults: "! field: sentence". */
static const char *say_fault(const struct bw_err *e)
{
    assert_int_equal(e->code, BW_BAD);
    return bw_arena_printf(&x.arena, "! %s: %s", e->field, e->text).p;
}

static const struct {
    const char *text, *want;
} cases[] = {
    {"", ""},
    {"views=gt.10", "filter and(views.gt.10)"},
    {"views=gt.10&views=lt.20", "filter and(views.gt.10,views.lt.20)"},
    {"title=not.like.*boat*", "filter and(title.not.like.\"*boat*\")"},
    {"or=(views.eq.1,body.is.null)", "filter and(or(views.eq.1,body.is.null))"},
    {"not.or=(views.eq.1,id.eq.2)", "filter and(not.or(views.eq.1,id.eq.2))"},
    {"and=(views.eq.1,id.eq.2)", "filter and(and(views.eq.1,id.eq.2))"},
    {"not.and=(views.eq.1,id.eq.2)&id=neq.5", "filter and(not.and(views.eq.1,id.eq.2),id.neq.5)"},
    {"select=id,title", "select id,title"},
    {"select=title", "select title"},
    {"select=picture,%20title", "! select: Article has no field '%20title', did you mean 'title'?"},
    {"select= title , id", "select id,title"},
    {"select=*", ""},
    {"select=*,picture",
     "select "
     "id,title,body,views,price,published,live_at,extra,status,author,picture,limit,version"},
    {"select=title,title", "select title"},
    {"SELECT=title", "select title"},
    {"order=views", "order views,id"},
    {"order=views.asc", "order views,id"},
    {"order=views.desc,title", "order views.desc,title,id"},
    {"order=views.desc&order=title", "order views.desc,title,id"},
    {"order=id.desc", "order id.desc"},
    {"order=id,views", ""},
    {"limit=is.null", "filter and(limit.is.null)"}, /* a field of that name wins */
    {"results=5", "limit 5"},
    {"RESULTS=1000", "limit 1000"},
    {"offset=40", "offset 40"},
    {"startIndex=40", "offset 40"},
    {"startindex=0", ""},
    {"expand=author", "expand author"},
    {"where=views>10 and title like 'a%'", "filter and(and(views.gt.10,title.ilike.\"a*\"))"},
    {"where=id=1&views=eq.2", "filter and(id.eq.1,views.eq.2)"},
    {"sort=views&dir=DESC", "order views.desc,id"},
    {"dir=desc&sort=views,title", "order views.desc,title.desc,id"},
    {"sort=views&dir=asc", "order views,id"},
    {"sort=views", "order views,id"},
    {"dir=asc", ""},
    {"select=title&where=views=1&sort=title&dir=desc&startIndex=10&results=20",
     "filter and(views.eq.1) select title order title.desc,id limit 20 offset 10"},
    /* refused: the parameter or the field is named */
    {"foo=1", "! foo: 'foo' is neither a field of Article nor a parameter"},
    {"view=eq.1", "! view: 'view' is neither a field of Article nor a parameter, did you mean "
                  "'views'?"},
    {"ordr=id", "! ordr: 'ordr' is neither a field of Article nor a parameter, did you mean "
                "'order'?"},
    {"ORDER=id", "! ORDER: 'ORDER' is neither a field of Article nor a parameter, did you mean "
                 "'order'?"},
    {"=1", "! : '' is neither a field of Article nor a parameter"},
    {"picture_type=eq.x", "! picture_type: 'picture_type' is neither a field of Article nor a "
                          "parameter"},
    {"views=10", "! views: views: '10' is no operator (views=eq.VALUE)"},
    {"views=eq.x", "! views: views must be an integer, got 'x'"},
    {"or=(views.eq.x)", "! views: views must be an integer, got 'x'"},
    {"or=(views.eq.1", "! or: a group of conditions: ',' or ')' is missing at its end"},
    {"not.and=", "! not.and: a group of conditions: '(' is missing at its end"},
    {"where=views>", "! where: where, near character 7: a value is a number or 'text'"},
    {"where=nope=1", "! nope: Article has no field 'nope'"},
    {"select=", "! select: Article has no field ''"},
    {"select=id,,title", "! select: Article has no field ''"},
    {"select=nope", "! select: Article has no field 'nope'"},
    {"select=secret", "! select: Article.secret is write-only: it never leaves"},
    {"select=picture_type", "! select: Article has no field 'picture_type'"},
    {"expand=title", "! expand: Article.title is no reference: it cannot be expanded"},
    {"expand=", "! expand: Article has no field ''"},
    {"order=", "! order: Article has no field ''"},
    {"order=views.up", "! order: order: 'up' is neither asc nor desc"},
    {"order=views.DESC", "! order: order: 'DESC' is neither asc nor desc"},
    {"order=views.", "! order: order: '' is neither asc nor desc"},
    {"order=nope", "! order: Article has no field 'nope'"},
    {"results=0", "! results: results must be an integer from 1 on, got '0'"},
    {"results=-1", "! results: results must be an integer from 1 on, got '-1'"},
    {"results=x", "! results: results must be an integer from 1 on, got 'x'"},
    {"results=99999999999999999999",
     "! results: results must be an integer from 1 on, got '99999999999999999999'"},
    {"results=1001", "! results: results is at most 1000 here, got 1001; go on behind the first "
                     "page with `after`"},
    {"offset=-1", "! offset: offset must be an integer from 0 on, got '-1'"},
    {"STARTINDEX=x", "! startIndex: startIndex must be an integer from 0 on, got 'x'"},
    {"dir=up", "! dir: dir is asc or desc, got 'up'"},
    {"sort=nope", "! sort: Article has no field 'nope'"},
};

static void lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct req_param p[REQ_PARAMS];
        struct bw_err e = {.code = BW_OK};
        struct query q;
        query_init(&q, x.t);
        bool ok = list_url_read(&q, (struct list_params){p, read_params(cases[i].text, p)}, &bounds,
                                &x.arena, &e);
        fixture_compare(cases[i].text, ok ? say(&q) : say_fault(&e), cases[i].want);
    }
    fixture_same();
}

static void refused_orders(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "order=picture",
        "order=extra",
        "order=secret",
        "order=views,views",
        "order=title,body,views,price,id,published,live_at,status,author",
        "sort=picture",
        "after=nonsense",
        "after="};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct req_param p[REQ_PARAMS];
        struct bw_err e = {.code = BW_OK};
        struct query q;
        query_init(&q, x.t);
        check(!list_url_read(&q, (struct list_params){p, read_params(texts[i], p)}, &bounds,
                             &x.arena, &e));
        check_int(e.code, BW_BAD);
        check_int(strncmp(texts[i], e.field, strlen(e.field)), 0);
        check(e.field[0] != 0);
    }
}

/* What a page's last row wrote is read where the order is the same, and refused where not. */
static void cursors(void **state)
{
    (void)state;
    struct bw_value row[COLUMNS_MAX] = {{.kind = BW_NULL}};
    struct req_param p[REQ_PARAMS];
    struct bw_err e;
    struct query q;
    struct bw_buf b;
    unsigned views = table_column(x.t, BW_LIT("views"))->index;
    query_init(&q, x.t);
    check_ok(list_url_read(&q, (struct list_params){p, read_params("order=views", p)}, &bounds,
                           &x.arena, &e),
             &e);
    row[0] = bw_int(7);
    row[views] = bw_int(3);
    bw_buf_init(&b, 10000);
    bw_buf_put(&b, BW_LIT("after="));
    check(cursor_write(&q, row, &b));
    bw_buf_put(&b, BW_LIT("&order=views&results=5"));
    query_init(&q, x.t);
    check_ok(list_url_read(&q, (struct list_params){p, read_params(bw_buf_cstr(&b), p)}, &bounds,
                           &x.arena, &e),
             &e);
    assert_string_equal(say(&q), "order views,id limit 5 after");
    check_int(q.after[0].i, 3);
    check_int(q.after[1].i, 7);
    bw_buf_put(&b, BW_LIT("&order=title"));
    query_init(&q, x.t);
    check(!list_url_read(&q, (struct list_params){p, read_params(bw_buf_cstr(&b), p)}, &bounds,
                         &x.arena, &e));
    assert_string_equal(e.field, "after");
    bw_buf_release(&b);
}

static void conditions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } tries[] = {
        {"", ""},
        {"views=gt.10&or=(id.eq.1)", "filter and(views.gt.10,or(id.eq.1))"},
        {"where=id=1", "filter and(id.eq.1)"},
        {"order=id", "! order: 'order' has no place here: only conditions choose what is deleted"},
        {"results=1",
         "! results: 'results' has no place here: only conditions choose what is deleted"},
        {"SELECT=id", "! select: 'select' has no place here: only conditions choose what is "
                      "deleted"},
        {"nope=eq.1", "! nope: 'nope' is neither a field of Article nor a parameter"},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct req_param p[REQ_PARAMS];
        struct bw_err e = {.code = BW_OK};
        struct query q;
        query_init(&q, x.t);
        q.limit = bounds.limit_default;
        bool ok = list_url_conditions(&q, (struct list_params){p, read_params(tries[i].text, p)},
                                      &x.arena, &e);
        fixture_compare(tries[i].text, ok ? say(&q) : say_fault(&e), tries[i].want);
    }
    fixture_same();
}

/* Each parameter is within its bounds, all together are not. */
static void too_much(void **state)
{
    (void)state;
    struct req_param p[REQ_PARAMS];
    struct bw_err e;
    struct query q;
    for (unsigned i = 0; i < REQ_PARAMS; i++)
        p[i] = (struct req_param){.name = BW_LIT("or"), .value = BW_LIT("(id.eq.1,id.eq.2)")};
    query_init(&q, x.t);
    check_ok(
        list_url_read(&q, (struct list_params){p, LIMIT_FILTER_TERMS / 2}, &bounds, &x.arena, &e),
        &e);
    query_init(&q, x.t);
    check(!list_url_read(&q, (struct list_params){p, LIMIT_FILTER_TERMS / 2 + 1}, &bounds, &x.arena,
                         &e));
    check_int(e.code, BW_BAD);
    check_says(&e, "64 conditions");
    query_init(&q, x.t);
    check(!list_url_conditions(&q, (struct list_params){p, LIMIT_FILTER_TERMS / 2 + 1}, &x.arena,
                               &e));
    check_says(&e, "64 conditions");
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),      cmocka_unit_test(refused_orders), cmocka_unit_test(cursors),
        cmocka_unit_test(conditions), cmocka_unit_test(too_much),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
