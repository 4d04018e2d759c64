/* conformance.c: the tables of the suite, its helpers, and the runner. */
#include "conformance.h"

static const char *const statuses[] = {"draft", "live", "old", NULL};

static const struct bw_field author_fields[] = {
    {.name = "name", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .required = true},
    {.name = "email", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .unique = true},
    BW_END};
static const struct bw_field category_fields[] = {
    {.name = "name", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .unique = true}, BW_END};
static const struct bw_field article_fields[] = {
    {.name = "title",
     .type = BW_TYPE_TEXT,
     .offset = BW_NO_OFFSET,
     .required = true,
     .index = true},
    {.name = "body", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET},
    {.name = "views", .type = BW_TYPE_INT, .offset = BW_NO_OFFSET, .initial = "0"},
    {.name = "likes", .type = BW_TYPE_INT, .offset = BW_NO_OFFSET, .index = true},
    {.name = "rating", .type = BW_TYPE_REAL, .offset = BW_NO_OFFSET},
    {.name = "published", .type = BW_TYPE_BOOL, .offset = BW_NO_OFFSET},
    {.name = "status", .type = BW_TYPE_ENUM, .offset = BW_NO_OFFSET, .names = statuses},
    {.name = "at", .type = BW_TYPE_TIME, .offset = BW_NO_OFFSET},
    {.name = "extra", .type = BW_TYPE_JSON, .offset = BW_NO_OFFSET},
    {.name = "picture", .type = BW_TYPE_BLOB, .offset = BW_NO_OFFSET},
    {.name = "author", .type = BW_TYPE_REF, .offset = BW_NO_OFFSET, .ref = "Author"},
    {.name = "category",
     .type = BW_TYPE_REF,
     .offset = BW_NO_OFFSET,
     .ref = "Category",
     .on_delete = BW_SET_NULL},
    {.name = "created_at", .type = BW_TYPE_CREATED, .offset = BW_NO_OFFSET},
    {.name = "modified_at", .type = BW_TYPE_MODIFIED, .offset = BW_NO_OFFSET},
    {.name = "version", .type = BW_TYPE_VERSION, .offset = BW_NO_OFFSET},
    BW_END};
static const struct bw_field comment_fields[] = {
    {.name = "article",
     .type = BW_TYPE_REF,
     .offset = BW_NO_OFFSET,
     .ref = "Article",
     .on_delete = BW_CASCADE,
     .required = true},
    {.name = "text", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET},
    BW_END};
static const struct bw_field reply_fields[] = {
    {.name = "comment",
     .type = BW_TYPE_REF,
     .offset = BW_NO_OFFSET,
     .ref = "Comment",
     .on_delete = BW_CASCADE},
    {.name = "about", .type = BW_TYPE_REF, .offset = BW_NO_OFFSET, .ref = "Comment"},
    BW_END};
static const struct bw_field node_fields[] = {
    {.name = "parent", .type = BW_TYPE_REF, .offset = BW_NO_OFFSET, .ref = "Node"},
    {.name = "room", .type = BW_TYPE_INT, .offset = BW_NO_OFFSET},
    {.name = "hour", .type = BW_TYPE_INT, .offset = BW_NO_OFFSET},
    {.name = "tag", .type = BW_TYPE_TEXT, .offset = BW_NO_OFFSET, .unique = true},
    BW_END};
static const struct bw_index node_indexes[] = {{.fields = "room hour", .unique = true},
                                               {.fields = NULL}};

static const struct bw_table defs[] = {
    {.name = "Author", .fields = author_fields},
    {.name = "Category", .fields = category_fields},
    {.name = "Article", .fields = article_fields},
    {.name = "Comment", .fields = comment_fields},
    {.name = "Reply", .fields = reply_fields},
    {.name = "Node", .fields = node_fields, .indexes = node_indexes},
};
#define TABLES (sizeof defs / sizeof *defs)

static const struct conformance_kind *kind_now;
static uint64_t random_state;

void suite_random_start(unsigned seed)
{
    random_state = seed;
}

unsigned suite_random(unsigned below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % below;
}

int suite_setup(void **state)
{
    struct suite *s = calloc(1, sizeof *s);
    struct bw_err e;
    const struct bw_table *list[TABLES + 1] = {0};
    struct table *tables[TABLES];
    assert_non_null(s);
    for (size_t i = 0; i < TABLES; i++)
        list[i] = &defs[i];
    bw_arena_init(&s->arena);
    check_ok(model_init(&s->model, list, &e), &e);
    for (unsigned i = 0; i < TABLES; i++)
        tables[i] = &s->model.tables[i];
    s->store = kind_now->open(tables, TABLES);
    assert_non_null(s->store);
    suite_random_start(1);
    *state = s;
    return 0;
}

int suite_teardown(void **state)
{
    struct suite *s = *state;
    kind_now->close(s->store);
    model_release(&s->model);
    bw_arena_release(&s->arena);
    free(s);
    return 0;
}

struct table *suite_table(struct suite *s, const char *name)
{
    struct table *t = model_table(&s->model, bw_cstr(name));
    assert_non_null(t);
    return t;
}

struct change suite_change(struct suite *s, enum change_kind kind, const char *table, int64_t id,
                           const char *json)
{
    struct change c = {.kind = kind, .table = suite_table(s, table)};
    struct faults f = {.arena = &s->arena};
    struct bw_err e;
    record_init(&c.rec, c.table, &s->arena);
    if (json) {
        struct bw_json_reader in;
        bw_json_open(&in, &s->arena, bw_arena_str(&s->arena, bw_cstr(json)));
        enum record_use use = kind == CHANGE_ADD ? RECORD_ADD : RECORD_UPDATE;
        check(record_read(&c.rec, c.table, use, &in, &f));
        record_check(&c.rec, c.table, use, &f);
        check_ok(faults_fail(&f, &e), &e);
    }
    if (id)
        c.rec.id = id;
    return c;
}

struct change suite_write(struct suite *s, enum change_kind kind, const char *table, int64_t id,
                          const char *json)
{
    struct change c = suite_change(s, kind, table, id, json);
    struct bw_err e;
    check_ok(store_write(s->store, &c, 1, false, &e), &e);
    return c;
}

int64_t suite_add(struct suite *s, const char *table, const char *json)
{
    struct change c = suite_write(s, CHANGE_ADD, table, 0, json);
    check_ok(c.ok, &c.err);
    check(c.id > 0);
    return c.id;
}

struct bw_value *suite_get(struct suite *s, const char *table, int64_t id)
{
    struct table *t = suite_table(s, table);
    struct bw_value *row = BW_NEW_N(&s->arena, struct bw_value, t->n_columns);
    struct column_set all = {{0}};
    struct bw_err e;
    for (unsigned i = 0; i < t->n_columns; i++)
        column_add(&all, i);
    if (store_get(t, id, &all, row, &s->arena, &e))
        return row;
    check_int(e.code, BW_MISSING);
    return NULL;
}

struct bw_value suite_field(struct suite *s, const char *table, int64_t id, const char *field)
{
    struct bw_value *row = suite_get(s, table, id);
    struct column *c = table_column(suite_table(s, table), bw_cstr(field));
    assert_non_null(row);
    assert_non_null(c);
    return row[c->index];
}

int64_t *suite_ids(struct suite *s, const struct query *q, size_t *n)
{
    struct bw_err e;
    struct bw_value *row = BW_NEW_N(&s->arena, struct bw_value, q->table->n_columns);
    int64_t *ids = BW_NEW_N(&s->arena, int64_t, 4096);
    struct store_cursor *c = store_list(q, &s->arena, &e);
    int r;
    check_ok(c != NULL, &e);
    *n = 0;
    while ((r = store_next(c, row, &e)) > 0) {
        check(*n < 4096);
        ids[(*n)++] = row[0].i;
    }
    check_ok(r == 0, &e);
    store_cursor_close(c);
    return ids;
}

int64_t suite_count(struct suite *s, const char *table)
{
    struct query q;
    struct bw_err e;
    int64_t n;
    query_init(&q, suite_table(s, table));
    check_ok(store_count(&q, &n, &e), &e);
    return n;
}

int conformance_run(const struct conformance_kind *kind)
{
    static const struct {
        const char *name;
        const struct CMUnitTest *const *tests;
        const size_t *n;
    } parts[] = {{"records", &conformance_record_tests, &conformance_record_count},
                 {"rules", &conformance_rule_tests, &conformance_rule_count},
                 {"queries", &conformance_query_tests, &conformance_query_count},
                 {"writes", &conformance_write_tests, &conformance_write_count}};
    int failed = 0;
    kind_now = kind;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char name[100];
        snprintf(name, sizeof name, "%s: %s", kind->name, parts[i].name);
        failed += _cmocka_run_group_tests(name, *parts[i].tests, *parts[i].n, NULL, NULL);
    }
    return failed;
}
