/* sql_test.c: the texts themselves: what is quoted, bound, escaped, and which shape a page takes.
 * That they mean the right thing is the conformance suite's. */
#include "help/t.h"

#include "orm/sql.h"

static const struct bw_field fields[] = {
    {.name = "title", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .required = true},
    {.name = "views", .type = BW_TYPE_INT, .offset = BW_NO_OFFSET},
    {.name = "body", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET},
    BW_END};
static const struct bw_table def = {.name = "Article", .fields = fields};

static struct model model;
static struct bw_arena arena;

static int setup(void **state)
{
    const struct bw_table *defs[] = {&def, NULL};
    struct bw_err e;
    (void)state;
    check_ok(model_init(&model, defs, &e), &e);
    bw_arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bw_arena_release(&arena);
    model_release(&model);
    return 0;
}

static const struct column *column(const char *name)
{
    return table_column(&model.tables[0], bw_cstr(name));
}

static struct filter *test(const char *field, enum bw_op op, const char *value)
{
    struct bw_err e;
    struct filter *f = filter_test(&arena, column(field), op, bw_cstr(value), &e);
    check_ok(f != NULL, &e);
    return f;
}

static bw_str text_of(struct filter *f, unsigned n_args)
{
    struct sql q;
    struct bw_err e;
    sql_init(&q, &dialect_sqlite, &arena);
    check_ok(sql_filter(&q, f, &e), &e);
    check_int(q.n_args, n_args);
    return bw_cstr(sql_text(&q));
}

static void conditions(void **state)
{
    (void)state;
    check_str(text_of(test("views", BW_EQ, "1"), 1), "(\"views\" = ?)");
    check_str(text_of(test("views", BW_LTE, "1"), 1), "(\"views\" <= ?)");
    check_str(text_of(test("views", BW_IS, "null"), 0), "(\"views\" IS NULL)");
    check_str(text_of(test("title", BW_LIKE, "a*"), 1), "(\"title\" GLOB ?)");
    check_str(text_of(test("title", BW_ILIKE, "a*"), 1), "(\"title\" LIKE ? ESCAPE '\\')");
    struct filter * or = filter_new(&arena, FILTER_OR);
    or->not = true;
    check_str(text_of(or, 0), "NOT (1 = 0)");
    filter_add(or, test("views", BW_GT, "1"));
    filter_add(or, test("title", BW_EQ, "x'; DROP TABLE y"));
    check_str(text_of(or, 2), "NOT ((\"views\" > ?) OR (\"title\" = ?))");
}

/* Lists of like length share a text. */
static void lists_of_values(void **state)
{
    (void)state;
    check_str(text_of(test("views", BW_IN, "(1)"), 1), "(\"views\" IN (?))");
    check_str(text_of(test("views", BW_IN, "(1,2,3)"), 4), "(\"views\" IN (?,?,?,?))");
    check_str(text_of(test("views", BW_IN, "(1,2,3,4)"), 4), "(\"views\" IN (?,?,?,?))");
    check_str(text_of(test("views", BW_IN, "()"), 0), "(1 = 0)");
}

static void patterns(void **state)
{
    (void)state;
    check_str(sql_glob(&arena, BW_LIT("a*b?[c]**")), "a*b[?][[]c]*");
    check_str(sql_like(&arena, BW_LIT("**a%_\\*")), "%a\\%\\_\\\\%");
    check_str(sql_glob(&arena, BW_LIT("")), "");
}

static void too_long_a_pattern(void **state)
{
    struct sql q;
    struct bw_err e;
    static char long_pattern[LIMIT_LIKE + 1];
    (void)state;
    memset(long_pattern, 'a', sizeof long_pattern);
    struct filter *f = test("title", BW_LIKE, "a");
    f->value = bw_text(bw_str_of(long_pattern, sizeof long_pattern));
    sql_init(&q, &dialect_sqlite, &arena);
    check(!sql_filter(&q, f, &e));
    check_int(e.code, BW_BAD);
}

static bw_str list(struct query *q, unsigned n_args)
{
    struct sql s;
    struct bw_err e;
    struct column_set set;
    query_finish(q);
    q->select = (struct column_set){{0}};
    sql_init(&s, &dialect_sqlite, &arena);
    check_ok(sql_list(&s, q, &set, &e), &e);
    check_int(s.n_args, n_args);
    return bw_cstr(sql_text(&s));
}

static void lists(void **state)
{
    struct query q;
    (void)state;
    query_init(&q, &model.tables[0]);
    check_str(list(&q, 0), "SELECT \"id\" FROM \"Article\" ORDER BY \"id\" ASC");
    q.limit = 10;
    check_str(list(&q, 1), "SELECT \"id\" FROM \"Article\" ORDER BY \"id\" ASC LIMIT ?");
    q.offset = 5;
    q.filter = test("views", BW_EQ, "1");
    check_str(list(&q, 3),
              "SELECT \"id\" FROM \"Article\" WHERE (\"views\" = ?) ORDER BY \"id\" ASC "
              "LIMIT ? OFFSET ?");
}

#define HEAD "SELECT \"id\", \"views\" FROM \"Article\" WHERE "

static void pages(void **state)
{
    struct query q;
    struct bw_value after[2] = {bw_int(3), bw_int(7)};
    (void)state;
    query_init(&q, &model.tables[0]);
    query_order(&q, column("views"), false, NULL);
    q.after = after;
    check_str(list(&q, 2), HEAD "(\"views\", \"id\") > (?, ?) ORDER BY \"views\" ASC, \"id\" ASC");
    after[0] = bw_null();
    check_str(list(&q, 2), HEAD "1 = 1 AND (\"views\" IS NOT NULL OR (\"views\" IS ? AND (\"id\" > "
                                "?))) ORDER BY \"views\" ASC, \"id\" ASC");
    after[0] = bw_int(3);
    q.order[0].desc = true;
    check_str(list(&q, 4), HEAD "(\"views\" <= ? OR \"views\" IS NULL) AND ((\"views\" < ? OR "
                                "\"views\" IS NULL) OR (\"views\" IS ? AND (\"id\" > ?))) ORDER BY "
                                "\"views\" DESC, \"id\" ASC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions), cmocka_unit_test(lists_of_values),
        cmocka_unit_test(patterns),   cmocka_unit_test(too_long_a_pattern),
        cmocka_unit_test(lists),      cmocka_unit_test(pages),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
