/* Models: columns and sets of a table, references, names, and every descriptor that is refused. */
#include "orm/fixture.h"

static void columns_stand_in_order(void **state)
{
    (void)state;
    struct fixture x;
    fixture_init(&x);
    const struct table *t = x.article;
    check_int(t->n_columns, 18);
    check_str(t->columns[0].name, "id");
    check_int(t->columns[0].type, BW_TYPE_INT);
    check_str(t->columns[1].name, "title");
    check_str(t->columns[1].json_key, "\"title\":");
    check_str(t->columns[13].name, "picture_type");
    check(t->columns[13].hidden && t->columns[13].nullable);
    check_int(t->columns[12].companion, 13);
    for (unsigned i = 0; i < t->n_columns; i++) {
        check_int(t->columns[i].index, i);
        check_int(t->columns[i].name.p[t->columns[i].name.n], 0);
    }
    check_int(t->created, 14);
    check_int(t->modified, 15);
    check_int(t->version, 16);
    fixture_release(&x);
}

static void sets_and_rules_follow_the_fields(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum bw_kind kind;
        bool simple, writable, nullable;
    } want[] = {
        {"id", BW_KIND_INT, true, false, false},
        {"title", BW_KIND_TEXT, true, true, false},
        {"body", BW_KIND_TEXT, true, true, true},
        {"secret", BW_KIND_TEXT, false, true, true},
        {"views", BW_KIND_INT, true, true, false},
        {"price", BW_KIND_REAL, true, true, true},
        {"published", BW_KIND_INT, true, true, true},
        {"live_at", BW_KIND_INT, true, true, true},
        {"extra", BW_KIND_TEXT, true, true, true},
        {"status", BW_KIND_TEXT, true, true, false},
        {"author", BW_KIND_INT, true, true, true},
        {"picture", BW_KIND_BLOB, false, true, true},
        {"created_at", BW_KIND_INT, true, false, false},
        {"modified_at", BW_KIND_INT, true, false, false},
        {"version", BW_KIND_INT, true, false, false},
        {"slug", BW_KIND_TEXT, true, false, true},
    };
    struct fixture x;
    fixture_init(&x);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const struct column *c = fixture_column(&x, want[i].name);
        check_int(c->kind, want[i].kind);
        check_int(column_in(&x.article->simple, c->index), want[i].simple);
        check_int(column_in(&x.article->writable, c->index), want[i].writable);
        check_int(c->nullable, want[i].nullable);
    }
    check(!column_in(&x.article->simple, 13) && !column_in(&x.article->writable, 13));
    check_str(fixture_column(&x, "status")->initial.s, "draft");
    check(fixture_column(&x, "views")->has_initial && !fixture_column(&x, "body")->has_initial);
    fixture_release(&x);
}

static void references_are_bound_both_ways(void **state)
{
    (void)state;
    struct fixture x;
    fixture_init(&x);
    check(fixture_column(&x, "author")->ref == x.author); /* "author": case does not count */
    check(x.author->referrers[0] == x.article && !x.author->referrers[1]);
    check(!x.article->referrers[0]);
    fixture_release(&x);
}

static void a_table_may_refer_to_itself(void **state)
{
    (void)state;
    static const struct bw_field fields[] = {
        {.name = "parent", .type = BW_TYPE_REF, .offset = BW_NO_OFFSET, .ref = "Node"}, BW_END};
    static const struct bw_table node = {.name = "Node", .fields = fields};
    const struct bw_table *defs[] = {&node, NULL};
    struct model m;
    struct bw_err e;
    check_ok(model_init(&m, defs, &e), &e);
    check(m.tables[0].referrers[0] == &m.tables[0]);
    model_release(&m);
}

static void names_are_found_or_hinted(void **state)
{
    (void)state;
    struct fixture x;
    fixture_init(&x);
    check(model_table(&x.model, BW_LIT("aRTICLE")) == x.article);
    check(!model_table(&x.model, BW_LIT("Articl")));
    check(model_of(&x.model, &author_table) == x.author);
    check(!model_need(&x.model, BW_LIT("articel"), &x.e));
    check_int(x.e.code, BW_MISSING);
    check_says(&x.e, "no table 'articel', did you mean 'Article'?");
    check(!table_column(x.article, BW_LIT("Title"))); /* fields go by exact case */
    check(!table_column(x.article, BW_LIT("picture_type")));
    check(!table_need(x.article, BW_LIT("wiews"), &x.e));
    check_int(x.e.code, BW_BAD);
    check_says(&x.e, "Article has no field 'wiews', did you mean 'views'?");
    check_str(bw_cstr(x.e.field), "wiews");
    fixture_release(&x);
}

static void an_empty_model_is_fine(void **state)
{
    (void)state;
    struct model m;
    struct bw_err e;
    check_ok(model_init(&m, NULL, &e), &e);
    check_int(m.n_tables, 0);
    check(!model_need(&m, BW_LIT("x"), &e));
    model_release(&m);
}

#define F(n, t, ...)                                                        \
    {                                                                       \
        .name = n, .type = BW_TYPE_##t, .offset = BW_NO_OFFSET, __VA_ARGS__ \
    }
#define ONE(...)              \
    (const struct bw_field[]) \
    {                         \
        __VA_ARGS__, BW_END   \
    }

static const char *const no_names[] = {NULL};
static const char *const twin_names[] = {"a", "b", "a", NULL};

/* One table T of these fields is refused with these words. */
static void wrong_fields_are_told(void **state)
{
    (void)state;
    const struct {
        const struct bw_field *fields;
        const char *says;
    } cases[] = {
        {ONE(F("1a", INT, )), "field '1a': a name has letters"},
        {ONE(F("a-b", INT, )), "a name has letters"},
        {ONE(F("", INT, )), "a name has letters"},
        {ONE(F("Id", INT, )), "every table has an id"},
        {ONE(F("a", INT, ), F("A", TEXT, )), "two columns are named 'A'"},
        {ONE(F("a", BLOB, ), F("a_type", TEXT, )), "two columns are named 'a_type' (a blob"},
        {ONE(F("a", TEXT, BW_MIN(1))),
         "table 'T', field 'a': 'min' does not fit a field of type text"},
        {ONE(F("a", INT, .max_len = 3)), "'max_len' does not fit a field of type int"},
        {ONE(F("a", JSON, .index = true)), "'index' does not fit a field of type json"},
        {ONE(F("a", BLOB, .unique = true)), "'unique' does not fit a field of type blob"},
        {ONE(F("a", BLOB, .initial = "\"\"")), "'default' does not fit a field of type blob"},
        {ONE(F("a", CREATED, .required = true)), "'required' does not fit"},
        {ONE(F("a", ENUM, )), "a field of type enum needs 'names'"},
        {ONE(F("a", REF, )), "a field of type ref needs 'ref'"},
        {ONE(F("a", ENUM, .names = no_names)), "'names' is empty"},
        {ONE(F("a", ENUM, .names = twin_names)), "the name 'a' stands twice"},
        {ONE(F("a", REF, .ref = "Artcle")), "a table 'Artcle' that does not exist"},
        {ONE(F("a", REF, .ref = "TT")), "does not exist, did you mean 'T'?"},
        {ONE(F("a", REF, .ref = "T", .on_delete = BW_SET_NULL, .required = true)),
         "on_delete set_null needs a field that may be null"},
        {ONE(F("a", INT, BW_MIN(3), BW_MAX(2))), "min is above max"},
        {ONE(F("a", TEXT, .min_len = 3, .max_len = 2)), "min_len 3 is above max_len 2"},
        {ONE(F("a", TEXT, .pattern = "a(b")), "the pattern 'a(b' is wrong at character 4"},
        {ONE(F("a", INT, .initial = "1.5")), "the default 1.5 does not fit: a must be an integer"},
        {ONE(F("a", INT, .initial = "-1", BW_MIN(0))), "a must be at least 0, got -1"},
        {ONE(F("a", INT, .initial = "1 2")), "it is not one JSON value"},
        {ONE(F("a", INT, .initial = "[")), "it is not one JSON value"},
        {ONE(F("a", INT, .initial = "null")), "the default is null: leave it out"},
        {ONE(F("a", ENUM, .names = status_names, .initial = "\"lve\"")), "did you mean 'live'?"},
        {ONE(F("a", VERSION, ), F("b", VERSION, )), "'a' is a version field already"},
        {ONE(F("a", TEXT, .read_only = true, .write_only = true)), "nobody could use it"},
        {ONE({.name = "a", .type = BW_TYPE_INT}), "has an offset, but the table has no C struct"},
        {ONE({.name = "a", .type = (enum bw_type)99}), "its type 99 is unknown"},
        {(const struct bw_field[]){BW_END}, "it has no fields"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_table t = {.name = "T", .fields = cases[i].fields};
        const struct bw_table *defs[] = {&t, NULL};
        struct model m;
        struct bw_err e = {.text = ""};
        check(!model_init(&m, defs, &e));
        check_int(e.code, BW_BAD);
        check_says(&e, cases[i].says);
        check_says(&e, "table 'T'");
    }
}

static void wrong_indexes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *says;
    } cases[] = {
        {"a bb", "index 'a bb': T has no field 'bb', did you mean 'b'?"},
        {"a a", "'a' stands twice"},
        {"pic", "a field of type blob cannot be indexed"},
        {"", "an index has no fields"},
    };
    const struct bw_field *fields = ONE(F("a", INT, ), F("b", INT, ), F("pic", BLOB, ));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_index indexes[] = {{.fields = cases[i].fields}, {.fields = NULL}};
        struct bw_table t = {.name = "T", .fields = fields, .indexes = indexes};
        const struct bw_table *defs[] = {&t, NULL};
        struct model m;
        struct bw_err e = {.text = ""};
        check(!model_init(&m, defs, &e));
        check_says(&e, cases[i].says);
    }
}

static void wrong_tables_are_told(void **state)
{
    (void)state;
    const struct bw_field *fields = ONE(F("a", INT, ));
    const struct {
        struct bw_table a, b;
        const char *says;
    } cases[] = {
        {{.name = "T", .fields = fields},
         {.name = "t", .fields = fields},
         "two tables are named 't'"},
        {{.name = "sqlite_x", .fields = fields}, {.name = NULL}, "SQLite keeps names"},
        {{.name = "a b", .fields = fields}, {.name = NULL}, "a name has letters"},
        {{.name = "T", .fields = fields, .size = 16, .id_offset = 12},
         {.name = NULL},
         "the id does not lie"},
        {{.name = "T", .fields = fields, .size = 16},
         {.name = NULL},
         "field 'a': it does not lie inside"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_table *defs[] = {&cases[i].a, cases[i].b.name ? &cases[i].b : NULL, NULL};
        struct model m;
        struct bw_err e = {.text = ""};
        check(!model_init(&m, defs, &e));
        check_says(&e, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_in_order),
        cmocka_unit_test(sets_and_rules_follow_the_fields),
        cmocka_unit_test(references_are_bound_both_ways),
        cmocka_unit_test(a_table_may_refer_to_itself),
        cmocka_unit_test(names_are_found_or_hinted),
        cmocka_unit_test(an_empty_model_is_fine),
        cmocka_unit_test(wrong_fields_are_told),
        cmocka_unit_test(wrong_indexes_are_told),
        cmocka_unit_test(wrong_tables_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
