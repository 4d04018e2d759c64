/* conformance_query.c: lists. Each operator by example, then filters, orders and pages at random,
 * held against filter_match and query_compare over all rows: every store answers alike, NULLs and
 * ties included. */
#include "conformance.h"

#define ROWS 60

static const char *const texts[] = {"",
                                    "a",
                                    "A",
                                    "ab",
                                    "a*b",
                                    "a?b",
                                    "a[b]",
                                    "a]b",
                                    "100%",
                                    "1_0",
                                    "back\\slash",
                                    "\xc3\xa9t\xc3\xa9",
                                    "aab",
                                    "abab",
                                    "-",
                                    "^a",
                                    "aaaaaaaaaaaaaaaaaaab"};
static const char *const patterns[] = {
    "*",     "a*", "*b", "a*b",  "*a*b*", "a?b", "a[b]",   "*]*",       "[*",      "1%*", "*_*",
    "**a**", "",   "A",  "*\\*", "*%",    "^*",  "*[^a]*", "\xc3\xa9*", "a*a*a*b", "-"};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct bw_value random_value(const struct column *c)
{
    switch (c->type) {
    case BW_TYPE_REAL:
        return bw_real((int)suite_random(5) - 2 + (suite_random(2) ? 0.5 : 0));
    case BW_TYPE_TEXT:
        return bw_text(bw_cstr(texts[suite_random(COUNT(texts))]));
    case BW_TYPE_BOOL:
        return bw_int(suite_random(2));
    case BW_TYPE_ENUM:
        return bw_text(bw_cstr(c->f->names[suite_random(3)]));
    default:
        return bw_int((int64_t)suite_random(6) - 2);
    }
}

static const char *const varied[] = {"body",      "views",  "likes", "rating",
                                     "published", "status", "at"};

static const struct column *any_column(struct suite *s)
{
    return table_column(suite_table(s, "Article"), bw_cstr(varied[suite_random(COUNT(varied))]));
}

/* Rows of few values, so that ties are many; a third of the nullable ones is null. */
static struct bw_value **fill(struct suite *s)
{
    struct table *t = suite_table(s, "Article");
    struct bw_value **rows = BW_NEW_N(&s->arena, struct bw_value *, ROWS);
    struct change *c = BW_NEW_N(&s->arena, struct change, ROWS);
    struct bw_err e;
    for (int i = 0; i < ROWS; i++) {
        c[i] = suite_change(s, CHANGE_ADD, "Article", 0, "{\"title\":\"t\"}");
        for (size_t k = 0; k < COUNT(varied); k++) {
            const struct column *col = table_column(t, bw_cstr(varied[k]));
            bool null = col->nullable && suite_random(3) == 0;
            c[i].rec.v[col->index] = null ? bw_null() : random_value(col);
        }
    }
    check_ok(store_write(s->store, c, ROWS, true, &e), &e);
    for (int i = 0; i < ROWS; i++)
        rows[i] = suite_get(s, "Article", c[i].id);
    return rows;
}

static size_t ask(struct suite *s, const char *field, enum bw_op op, const char *value)
{
    struct query q;
    struct bw_err e;
    size_t n;
    query_init(&q, suite_table(s, "Article"));
    q.filter =
        filter_test(&s->arena, table_column(q.table, bw_cstr(field)), op, bw_cstr(value), &e);
    check_ok(q.filter != NULL, &e);
    query_finish(&q);
    suite_ids(s, &q, &n);
    int64_t counted;
    check_ok(store_count(&q, &counted, &e), &e);
    check_int(counted, n);
    return n;
}

static void every_operator(void **state)
{
    struct suite *s = *state;
    suite_add(s, "Article", "{\"title\":\"Big Boat\",\"likes\":1,\"published\":true}");
    suite_add(s, "Article", "{\"title\":\"boat\",\"likes\":2,\"published\":false}");
    suite_add(s, "Article", "{\"title\":\"ship\",\"body\":\"b\"}");
    static const struct {
        const char *field;
        enum bw_op op;
        const char *value;
        size_t n;
    } cases[] = {
        {"likes", BW_EQ, "1", 1},         {"likes", BW_NEQ, "1", 1},
        {"likes", BW_GT, "1", 1},         {"likes", BW_GTE, "1", 2},
        {"likes", BW_LT, "2", 1},         {"likes", BW_LTE, "2", 2},
        {"title", BW_LIKE, "*boat*", 1},  {"title", BW_ILIKE, "*boat*", 2},
        {"title", BW_LIKE, "boat", 1},    {"title", BW_ILIKE, "b*t", 2},
        {"likes", BW_IN, "(1,2,5)", 2},   {"title", BW_IN, "(ship,\"boat\")", 2},
        {"body", BW_IS, "null", 2},       {"published", BW_IS, "true", 1},
        {"published", BW_IS, "false", 1}, {"published", BW_IS, "null", 1},
        {"published", BW_EQ, "true", 1},  {"id", BW_EQ, "2", 1},
        {"id", BW_IN, "(3,1,3,9)", 2},    {"id", BW_GT, "1", 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_int(ask(s, cases[i].field, cases[i].op, cases[i].value), cases[i].n);
}

/* ---- at random ---- */

static struct filter *random_test(struct suite *s)
{
    struct filter *f = filter_new(&s->arena, FILTER_TEST);
    f->column = any_column(s);
    f->op = (enum bw_op)suite_random(BW_IS + 1);
    bool text = f->column->kind == BW_KIND_TEXT;
    if ((f->op == BW_LIKE || f->op == BW_ILIKE) && !text)
        f->op = BW_EQ;
    if (f->op == BW_LIKE || f->op == BW_ILIKE) {
        f->value = bw_text(bw_cstr(patterns[suite_random(COUNT(patterns))]));
    } else if (f->op == BW_IN) {
        f->n_values = suite_random(6);
        struct bw_value *v = BW_NEW_N(&s->arena, struct bw_value, 6);
        for (unsigned i = 0; i < f->n_values; i++)
            v[i] = random_value(f->column);
        f->values = v;
    } else if (f->op == BW_IS) {
        bool truth = f->column->type == BW_TYPE_BOOL && suite_random(2);
        f->value = truth ? bw_int(suite_random(2)) : bw_null();
    } else {
        f->value = random_value(f->column);
    }
    return f;
}

static struct filter *random_filter(struct suite *s, unsigned depth)
{
    struct filter *f;
    if (depth == 0 || suite_random(3) == 0) {
        f = random_test(s);
    } else {
        f = filter_new(&s->arena, suite_random(2) ? FILTER_AND : FILTER_OR);
        for (unsigned n = suite_random(4); n > 0; n--)
            filter_add(f, random_filter(s, depth - 1));
    }
    f->not = suite_random(3) == 0;
    return f;
}

static void filters_at_random(void **state)
{
    struct suite *s = *state;
    struct bw_value **rows = fill(s);
    struct query q;
    struct bw_err e;
    for (unsigned round = 0; round < 2000; round++) {
        suite_random_start(round);
        query_init(&q, suite_table(s, "Article"));
        q.filter = random_filter(s, 3);
        query_finish(&q);
        size_t n, k = 0;
        int64_t counted, *ids = suite_ids(s, &q, &n);
        for (int i = 0; i < ROWS; i++)
            if (filter_match(q.filter, rows[i])) {
                if (k >= n || ids[k] != rows[i][0].i)
                    print_error("round %u, record %d\n", round, (int)rows[i][0].i);
                check(k < n);
                check_int(ids[k++], rows[i][0].i);
            }
        check_int(n, k);
        check_ok(store_count(&q, &counted, &e), &e);
        check_int(counted, n);
    }
}

static void random_order(struct suite *s, struct query *q)
{
    for (unsigned n = suite_random(4); n > 0; n--)
        query_order(q, suite_random(9) == 0 ? &q->table->columns[0] : any_column(s),
                    suite_random(2), NULL);
    query_finish(q);
}

/* The place behind a row, as a cursor tells it. */
static const struct bw_value *place(struct suite *s, const struct query *q,
                                    const struct bw_value *row)
{
    struct bw_value *v = BW_NEW_N(&s->arena, struct bw_value, q->n_order);
    for (unsigned i = 0; i < q->n_order; i++) {
        v[i] = row[q->order[i].column->index];
        if (v[i].kind >= BW_KIND_TEXT)
            v[i].s = bw_arena_str(&s->arena, v[i].s);
    }
    return v;
}

/* One page; the ids go behind those had already. The last row's place, NULL when it was empty. */
static const struct bw_value *page(struct suite *s, const struct query *q, int64_t *ids, size_t *n)
{
    struct bw_err e;
    const struct bw_value *last = NULL;
    struct bw_value *row = BW_NEW_N(&s->arena, struct bw_value, q->table->n_columns);
    struct store_cursor *c = store_list(q, &s->arena, &e);
    int r, got = 0;
    check_ok(c != NULL, &e);
    while ((r = store_next(c, row, &e)) > 0) {
        check(*n < ROWS);
        check(++got <= q->limit);
        ids[(*n)++] = row[0].i;
        last = place(s, q, row);
    }
    check_ok(r == 0, &e);
    store_cursor_close(c);
    return last;
}

static void check_sorted(const struct query *q, struct bw_value **rows, const int64_t *ids,
                         size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        check(query_compare(q, rows[ids[i] - rows[0][0].i], rows[ids[i + 1] - rows[0][0].i]) < 0);
}

static void pages_give_every_row_once(void **state)
{
    struct suite *s = *state;
    struct bw_value **rows = fill(s);
    for (unsigned round = 0; round < 300; round++) {
        struct query q;
        int64_t ids[ROWS];
        size_t n = 0, want = 0;
        suite_random_start(round);
        query_init(&q, suite_table(s, "Article"));
        random_order(s, &q);
        if (suite_random(2))
            q.filter = random_filter(s, 1);
        for (int i = 0; i < ROWS; i++)
            want += !q.filter || filter_match(q.filter, rows[i]);
        q.limit = 1 + suite_random(9);
        while ((q.after = page(s, &q, ids, &n)))
            ;
        if (n != want)
            print_error("round %u\n", round);
        check_int(n, want);
        check_sorted(&q, rows, ids, n);
    }
}

static void limit_and_offset(void **state)
{
    struct suite *s = *state;
    struct query q;
    size_t n;
    fill(s);
    query_init(&q, suite_table(s, "Article"));
    query_order(&q, table_column(q.table, BW_LIT("likes")), true, NULL);
    query_finish(&q);
    int64_t *all = suite_ids(s, &q, &n);
    check_int(n, ROWS);
    q.limit = 7;
    q.offset = 50;
    int64_t *some = suite_ids(s, &q, &n);
    check_int(n, 7);
    assert_memory_equal(some, all + 50, 7 * sizeof *some);
    q.offset = 55;
    suite_ids(s, &q, &n);
    check_int(n, 5);
    q.limit = 0;
    some = suite_ids(s, &q, &n);
    check_int(n, 5);
    check_int(some[0], all[55]);
    q.offset = 99;
    suite_ids(s, &q, &n);
    check_int(n, 0);
}

static void selected_columns(void **state)
{
    struct suite *s = *state;
    struct table *t = suite_table(s, "Article");
    struct query q;
    struct bw_err e;
    suite_add(s, "Article", "{\"title\":\"a\",\"body\":\"b\",\"likes\":3}");
    query_init(&q, t);
    q.select = (struct column_set){{0}};
    column_add(&q.select, table_column(t, BW_LIT("body"))->index);
    query_order(&q, table_column(t, BW_LIT("likes")), false, NULL);
    query_finish(&q);
    struct bw_value *row = BW_NEW_N(&s->arena, struct bw_value, t->n_columns);
    struct store_cursor *c = store_list(&q, &s->arena, &e);
    check_int(store_next(c, row, &e), 1);
    check_int(row[0].i, 1);
    check_str(row[table_column(t, BW_LIT("body"))->index].s, "b");
    check_int(row[table_column(t, BW_LIT("likes"))->index].i, 3);
    check_int(row[table_column(t, BW_LIT("title"))->index].kind, BW_NULL);
    check_int(store_next(c, row, &e), 0);
    store_cursor_close(c);
    store_cursor_close(NULL);
}

static void a_long_pattern_is_bounded(void **state)
{
    struct suite *s = *state;
    struct query q;
    size_t n;
    static char pattern[LIMIT_LIKE + 1];
    suite_add(s, "Article", "{\"title\":\"a\",\"body\":\"b\"}");
    query_init(&q, suite_table(s, "Article"));
    query_finish(&q);
    q.filter = filter_new(&s->arena, FILTER_TEST);
    q.filter->column = table_column(q.table, BW_LIT("body"));
    for (int glob = 0; glob < 2; glob++) { /* the signs that grow most when they are escaped */
        memset(pattern, glob ? '?' : '%', sizeof pattern - 1);
        q.filter->op = glob ? BW_LIKE : BW_ILIKE;
        q.filter->value = bw_text(bw_cstr(pattern));
        suite_ids(s, &q, &n);
        check_int(n, 0);
        for (size_t i = 0; i + 1 < sizeof pattern; i += 2)
            pattern[i] = '*';
        suite_ids(s, &q, &n);
        check_int(n, 0);
    }
}

static void a_cursor_outlives_writes(void **state)
{
    struct suite *s = *state;
    struct table *t = suite_table(s, "Author");
    struct query q;
    struct bw_err e;
    for (int i = 0; i < 50; i++)
        suite_add(s, "Author", "{\"name\":\"a\"}");
    query_init(&q, t);
    query_finish(&q);
    struct bw_value *row = BW_NEW_N(&s->arena, struct bw_value, t->n_columns);
    struct store_cursor *c = store_list(&q, &s->arena, &e);
    check_int(store_next(c, row, &e), 1);
    struct change all = {.kind = CHANGE_DELETE_WHERE, .table = t};
    check_ok(store_write(s->store, &all, 1, true, &e), &e);
    check_int(all.count, 50);
    int n = 1;
    while (store_next(c, row, &e) > 0) {
        check_str(row[1].s, "a");
        n++;
    }
    check_int(n, 50);
    store_cursor_close(c);
    check_int(suite_count(s, "Author"), 0);
}

static const struct CMUnitTest tests[] = {
    SUITE_TEST(every_operator),
    SUITE_TEST(filters_at_random),
    SUITE_TEST(pages_give_every_row_once),
    SUITE_TEST(limit_and_offset),
    SUITE_TEST(selected_columns),
    SUITE_TEST(a_long_pattern_is_bounded),
    SUITE_TEST(a_cursor_outlives_writes),
};
const struct CMUnitTest *const conformance_query_tests = tests;
const size_t conformance_query_count = sizeof tests / sizeof *tests;
