/* Orders and the comparison of values. */
#include "orm/fixture.h"

#include "orm/query.h"

static void values_sort_as_in_sqlite(void **state)
{
    (void)state;
    /* Rising; neighbours differ. */
    static const struct bw_value rising[] = {
        {.kind = BW_NULL},
        {.kind = BW_KIND_REAL, .r = -1e19},
        {.kind = BW_KIND_INT, .i = INT64_MIN},
        {.kind = BW_KIND_REAL, .r = -1.5},
        {.kind = BW_KIND_INT, .i = -1},
        {.kind = BW_KIND_REAL, .r = -0.5},
        {.kind = BW_KIND_INT, .i = 0},
        {.kind = BW_KIND_REAL, .r = 0.5},
        {.kind = BW_KIND_INT, .i = 1},
        {.kind = BW_KIND_REAL, .r = 1.5},
        {.kind = BW_KIND_INT, .i = INT64_C(9007199254740993)},
        {.kind = BW_KIND_REAL, .r = 9007199254740994.0},
        {.kind = BW_KIND_INT, .i = INT64_MAX},
        {.kind = BW_KIND_REAL, .r = 9223372036854775808.0},
        {.kind = BW_KIND_TEXT, .s = {"", 0}},
        {.kind = BW_KIND_TEXT, .s = {"B", 1}},
        {.kind = BW_KIND_TEXT, .s = {"a", 1}},
        {.kind = BW_KIND_TEXT, .s = {"ab", 2}},
        {.kind = BW_KIND_TEXT, .s = {"\xc3\xa4", 2}},
        {.kind = BW_KIND_BLOB, .s = {"", 0}},
        {.kind = BW_KIND_BLOB, .s = {"\xff", 1}},
    };
    int n = sizeof rising / sizeof *rising;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            check_int(value_compare(&rising[i], &rising[k]), (i > k) - (i < k));
    struct bw_value one = bw_int(1), same = bw_real(1.0);
    check_int(value_compare(&one, &same), 0);
}

static void orders_are_made_total(void **state)
{
    (void)state;
    struct fixture x;
    struct query q;
    fixture_init(&x);
    query_init(&q, x.article);
    check(q.limit == 0 && !q.filter && memcmp(&q.select, &x.article->simple, sizeof q.select) == 0);
    query_finish(&q);
    check_int(q.n_order, 1);
    check_str(q.order[0].column->name, "id");

    query_init(&q, x.article);
    check_ok(query_order(&q, fixture_column(&x, "views"), true, &x.e), &x.e);
    check_ok(query_order(&q, fixture_column(&x, "id"), true, &x.e), &x.e);
    check_ok(query_order(&q, fixture_column(&x, "title"), false, &x.e), &x.e);
    query_finish(&q);
    check_int(q.n_order, 2); /* what stands behind id decides nothing */
    check(q.order[1].desc);
    query_finish(&q);
    check_int(q.n_order, 2);
    fixture_release(&x);
}

static void wrong_orders_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *field, *says;
    } cases[] = {{"picture", "cannot order by 'picture': a blob or JSON"},
                 {"extra", "a blob or JSON"},
                 {"secret", "it is write-only"},
                 {"views", "it is named twice"}};
    struct fixture x;
    struct query q;
    fixture_init(&x);
    query_init(&q, x.article);
    check_ok(query_order(&q, fixture_column(&x, "views"), true, &x.e), &x.e);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(!query_order(&q, fixture_column(&x, cases[i].field), false, &x.e));
        check_int(x.e.code, BW_BAD);
        check_says(&x.e, cases[i].says);
        check_str(bw_cstr(x.e.field), cases[i].field);
    }
    static const char *const more[] = {"title",  "body",   "email", "price",
                                       "status", "author", "slug"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        check_ok(query_order(&q, fixture_column(&x, more[i]), false, &x.e), &x.e);
    check(!query_order(&q, fixture_column(&x, "id"), false, &x.e));
    check_says(&x.e, "8 fields are the most");
    query_finish(&q);
    check_int(q.n_order, ORDER_MAX + 1);
    fixture_release(&x);
}

static void rows_compare_by_the_order(void **state)
{
    (void)state;
    struct fixture x;
    struct query q;
    fixture_init(&x);
    query_init(&q, x.article);
    unsigned views = fixture_column(&x, "views")->index;
    query_order(&q, &x.article->columns[views], true, &x.e);
    query_finish(&q);
    struct bw_value a[COLUMNS_MAX], b[COLUMNS_MAX];
    a[0] = bw_int(1);
    b[0] = bw_int(2);
    a[views] = bw_int(5);
    b[views] = bw_int(9);
    check_int(query_compare(&q, a, b), 1);
    check_int(query_compare(&q, b, a), -1);
    b[views] = bw_int(5);
    check_int(query_compare(&q, a, b), -1); /* id decides */
    check_int(query_compare(&q, a, a), 0);
    b[views] = bw_null();
    check_int(query_compare(&q, a, b), -1); /* null is least, so last when descending */
    struct bw_value after[] = {bw_int(5), bw_int(1)};
    check(query_behind(&q, a));
    q.after = after;
    check(!query_behind(&q, a));
    check(query_behind(&q, b));
    a[0] = bw_int(3);
    check(query_behind(&q, a));
    a[views] = bw_int(6);
    check(!query_behind(&q, a));
    fixture_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_sort_as_in_sqlite),
        cmocka_unit_test(orders_are_made_total),
        cmocka_unit_test(wrong_orders_are_told),
        cmocka_unit_test(rows_compare_by_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
