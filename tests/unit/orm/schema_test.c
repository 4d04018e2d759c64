/* schema_test.c: a database made for one model meets the next one. Each case: fields before, rows,
 * fields after; what the plan says and what the rows are when it is done. */
#include "help/t.h"

#include "db/db.h"
#include "orm/schema.h"
#include "orm/store.h"

#define F(n, ...)                                        \
    {                                                    \
        .name = (n), .offset = BW_NO_OFFSET, __VA_ARGS__ \
    }

struct world {
    struct db *db;
    struct bw_arena arena;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct bw_err e;
    struct db_opts o = {.path = "", .sync = DB_SYNC_OFF};
    w->db = db_open("sqlite", &o, &e);
    check_ok(w->db != NULL, &e);
    bw_arena_init(&w->arena);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    db_close(w->db);
    bw_arena_release(&w->arena);
    free(w);
    return 0;
}

static bool exec_all(struct db_tx *tx, void *arg, struct bw_err *e)
{
    for (const char *const *sql = arg; *sql; sql++)
        if (!db_exec(tx, *sql, NULL, 0, e))
            return false;
    return true;
}

#define RUN(w, ...)                                                         \
    do {                                                                    \
        struct bw_err run_err;                                              \
        const char *run_sql[] = {__VA_ARGS__, NULL};                        \
        check_ok(db_write((w)->db, exec_all, run_sql, &run_err), &run_err); \
    } while (0)

/* The only cell of a query as text, "null" for null. */
static bw_str cell(struct world *w, const char *sql)
{
    struct bw_err e;
    struct db_rows *r = db_query(w->db, sql, NULL, 0, &e);
    check_ok(r != NULL, &e);
    check_ok(db_next(r, &e) == 1, &e);
    struct bw_value v = db_value(r, 0);
    bw_str s = v.kind == BW_NULL        ? BW_LIT("null")
               : v.kind == BW_KIND_INT  ? bw_arena_printf(&w->arena, "%lld", (long long)v.i)
               : v.kind == BW_KIND_REAL ? bw_arena_printf(&w->arena, "%g", v.r)
                                        : bw_arena_str(&w->arena, v.s);
    db_rows_close(r);
    return s;
}

static struct model model;

/* The model of today: Author, and Article with these fields. */
static void plan(struct world *w, const struct bw_field *fields, const struct bw_index *indexes,
                 struct schema_plan *p)
{
    static const struct bw_field author[] = {F("name", .type = BW_TYPE_TEXT), BW_END};
    static const struct bw_table author_table = {.name = "Author", .fields = author};
    static struct bw_table article_table;
    const struct bw_table *defs[] = {&article_table, &author_table, NULL};
    struct bw_err e;
    article_table = (struct bw_table){.name = "Article", .fields = fields, .indexes = indexes};
    check_ok(model_init(&model, defs, &e), &e);
    struct table *tables[] = {&model.tables[0], &model.tables[1]};
    check_ok(schema_plan(p, w->db, tables, 2, &w->arena, &e), &e);
}

static void apply(struct world *w, const struct bw_field *fields, const struct bw_index *indexes)
{
    struct schema_plan p;
    struct bw_err e;
    plan(w, fields, indexes, &p);
    check_ok(schema_apply(&p, w->db, true, &e), &e);
    model_release(&model);
    plan(w, fields, indexes, &p); /* done is done */
    for (size_t i = 0; i < p.n; i++)
        print_error("left over: %.*s\n", BW_FMT(p.steps[i].sentence));
    check_int(p.n, 0);
    model_release(&model);
}

/* Exactly these steps: '+' additive, '-' lossy, then the sentence. */
#define CHECK_PLAN(p, ...) check_plan((p), (const char *const[]){__VA_ARGS__, NULL}, __LINE__)

static void check_plan(const struct schema_plan *p, const char *const *want, int line)
{
    size_t n = 0, lossy = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct schema_step *s = &p->steps[i];
        if (!want[n] || s->additive != (want[n][0] == '+') ||
            !bw_str_eq(s->sentence, bw_cstr(want[n] + 1))) {
            print_error("line %d: step %zu is %s\"%.*s\" (%.*s)\n", line, i,
                        s->additive ? "+" : "-", BW_FMT(s->sentence), BW_FMT(s->why));
            fail();
        }
        lossy += want[n++][0] == '-';
        check(s->additive == !s->why.p);
    }
    check(!want[n]);
    check_int(p->lossy, lossy);
}

static const struct bw_field first[] = {F("title", .type = BW_TYPE_TEXT, .required = true),
                                        F("views", .type = BW_TYPE_INT), BW_END};

static void creates_what_is_missing(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    static const struct bw_field fields[] = {
        F("title", .type = BW_TYPE_TEXT, .required = true, .index = true),
        F("slug", .type = BW_TYPE_TEXT, .unique = true),
        F("picture", .type = BW_TYPE_BLOB),
        F("rating", .type = BW_TYPE_REAL, .initial = "0.5"),
        F("author", .type = BW_TYPE_REF, .ref = "Author", .on_delete = BW_CASCADE),
        F("version", .type = BW_TYPE_VERSION),
        BW_END};
    static const struct bw_index indexes[] = {{.fields = "author title", .unique = true},
                                              {.fields = NULL}};
    plan(w, fields, indexes, &p);
    CHECK_PLAN(&p, "+create table Article", "+create table Author");
    model_release(&model);
    apply(w, fields, indexes);
    check_str(cell(w, "SELECT sql FROM sqlite_master WHERE name = 'Article'"),
              "CREATE TABLE \"Article\" (\"id\" INTEGER PRIMARY KEY AUTOINCREMENT, \"title\" TEXT "
              "NOT NULL, \"slug\" TEXT, \"picture\" BLOB, \"picture_type\" TEXT, \"rating\" REAL "
              "NOT NULL, \"author\" INTEGER REFERENCES \"Author\" (\"id\") ON DELETE CASCADE, "
              "\"version\" INTEGER NOT NULL)");
    /* author needs none of its own: another one begins with it */
    check_str(cell(w, "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master WHERE "
                      "type = 'index' ORDER BY name)"),
              "index.Article.title unique.Article.author.title unique.Article.slug");
}

static void adds_columns_and_indexes(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    struct bw_err e;
    apply(w, first, NULL);
    RUN(w, "INSERT INTO Article (title, views) VALUES ('a', 1), ('b', NULL)");
    static const struct bw_field fields[] = {
        F("title", .type = BW_TYPE_TEXT, .required = true),
        F("views", .type = BW_TYPE_INT, .index = true),
        F("likes", .type = BW_TYPE_INT, .initial = "7"),
        F("state", .type = BW_TYPE_TEXT, .initial = "\"it's\""),
        F("author", .type = BW_TYPE_REF, .ref = "Author"),
        F("changed", .type = BW_TYPE_MODIFIED),
        F("version", .type = BW_TYPE_VERSION),
        BW_END};
    plan(w, fields, NULL, &p);
    CHECK_PLAN(&p, "+add column Article.likes (INTEGER)", "+add column Article.state (TEXT)",
               "+add column Article.author (INTEGER)", "+add column Article.changed (INTEGER)",
               "+add column Article.version (INTEGER)", "+create index on Article (views)",
               "+create index on Article (author)");
    check_ok(schema_apply(&p, w->db, false, &e), &e);
    model_release(&model);
    apply(w, fields, NULL);
    check_str(cell(w,
                   "SELECT group_concat(likes || state || version) FROM Article WHERE changed > 0"
                   " AND author IS NULL"),
              "7it's1,7it's1");
}

static void refuses_and_then_drops(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    struct bw_err e;
    static const struct bw_field fields[] = {F("title", .type = BW_TYPE_TEXT, .required = true),
                                             BW_END};
    static const struct bw_field more[] = {F("title", .type = BW_TYPE_TEXT, .required = true),
                                           F("views", .type = BW_TYPE_INT, .index = true), BW_END};
    apply(w, more, NULL);
    plan(w, fields, NULL, &p);
    CHECK_PLAN(&p, "+drop index index.Article.views", "+drop column Article.views (INTEGER)");
    model_release(&model);
    RUN(w, "INSERT INTO Article (title, views) VALUES ('a', 1), ('b', 2), ('c', NULL)");
    plan(w, fields, NULL, &p);
    CHECK_PLAN(&p, "+drop index index.Article.views", "-drop column Article.views (INTEGER)");
    check_str(p.steps[1].why, "it holds 2 values");
    check(!schema_refuse(&p, &e));
    check_int(e.code, BW_CONFLICT);
    check_says(&e, "1 change to the database could lose or refuse data");
    check_says(&e, "drop column Article.views (INTEGER) (it holds 2 values)");
    check_says(&e, "burrow migrate plan");
    model_release(&model);
    apply(w, fields, NULL);
    check_str(cell(w, "SELECT group_concat(title) FROM Article"), "a,b,c");
}

static void retypes(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    static const struct bw_field before[] = {
        F("title", .type = BW_TYPE_TEXT, .required = true),
        F("views", .type = BW_TYPE_TEXT, .index = true, .unique = true), BW_END};
    static const struct bw_field after[] = {
        F("title", .type = BW_TYPE_TEXT, .required = true),
        F("views", .type = BW_TYPE_INT, .index = true, .unique = true), BW_END};
    apply(w, before, NULL);
    RUN(w, "CREATE INDEX by_hand ON Article (title, views)",
        "INSERT INTO Article (title, views) VALUES ('a', '12'), ('b', 'many'), ('c', NULL)");
    plan(w, after, NULL, &p);
    CHECK_PLAN(&p, "-change column Article.views from TEXT to INTEGER");
    check_str(p.steps[0].why,
              "2 values would be converted from TEXT to INTEGER; what is none is lost");
    model_release(&model);
    apply(w, after, NULL);
    check_str(cell(w, "SELECT group_concat(title || ifnull(views, '-')) FROM Article"),
              "a12,b-,c-");
    check_str(cell(w, "SELECT typeof(views) FROM Article WHERE title = 'a'"), "integer");
    check_str(cell(w, "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master WHERE "
                      "type = 'index' ORDER BY name)"),
              "by_hand unique.Article.views");
}

static void retypes_to_text_and_real(void **state)
{
    struct world *w = *state;
    static const struct bw_field before[] = {F("a", .type = BW_TYPE_INT),
                                             F("b", .type = BW_TYPE_TEXT),
                                             F("c", .type = BW_TYPE_REAL), BW_END};
    static const struct bw_field after[] = {F("a", .type = BW_TYPE_TEXT),
                                            F("b", .type = BW_TYPE_REAL),
                                            F("c", .type = BW_TYPE_INT), BW_END};
    apply(w, before, NULL);
    RUN(w, "INSERT INTO Article (a, b, c) VALUES (12, '-1.5', 3.7)");
    apply(w, after, NULL);
    check_str(cell(w, "SELECT a || typeof(a) || b || typeof(b) || c || typeof(c) FROM Article"),
              "12text-1.5real3integer");
}

static void requires_and_relaxes(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    static const struct bw_field strict[] = {
        F("title", .type = BW_TYPE_TEXT, .required = true),
        F("views", .type = BW_TYPE_INT, .required = true, BW_MIN(3)), BW_END};
    apply(w, first, NULL);
    RUN(w, "INSERT INTO Article (title, views) VALUES ('a', 9)");
    plan(w, strict, NULL, &p);
    CHECK_PLAN(&p, "+require a value in column Article.views");
    model_release(&model);
    RUN(w, "INSERT INTO Article (title) VALUES ('b')");
    plan(w, strict, NULL, &p);
    CHECK_PLAN(&p, "-require a value in column Article.views");
    check_str(p.steps[0].why, "1 record without a value would get 3");
    model_release(&model);
    apply(w, strict, NULL);
    check_str(cell(w, "SELECT group_concat(title || views) FROM Article"), "a9,b3");
    plan(w, first, NULL, &p);
    CHECK_PLAN(&p, "+let column Article.views be empty");
    model_release(&model);
    apply(w, first, NULL);
    RUN(w, "INSERT INTO Article (title) VALUES ('c')");
}

static void a_required_column_over_rows(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    static const struct bw_field fields[] = {
        F("title", .type = BW_TYPE_TEXT, .required = true), F("views", .type = BW_TYPE_INT),
        F("code", .type = BW_TYPE_TEXT, .required = true), BW_END};
    apply(w, first, NULL);
    plan(w, fields, NULL, &p);
    CHECK_PLAN(&p, "+add column Article.code (TEXT)");
    model_release(&model);
    RUN(w, "INSERT INTO Article (title) VALUES ('a')");
    plan(w, fields, NULL, &p);
    CHECK_PLAN(&p, "-add column Article.code (TEXT)");
    check_str(p.steps[0].why, "it is required and has no default: 1 record would get ''");
    model_release(&model);
    apply(w, fields, NULL);
    check_str(cell(w, "SELECT code FROM Article"), "");
}

static void unique_over_twins(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    struct bw_err e;
    static const struct bw_field fields[] = {
        F("title", .type = BW_TYPE_TEXT, .required = true, .unique = true),
        F("views", .type = BW_TYPE_INT, .unique = true), BW_END};
    apply(w, first, NULL);
    RUN(w, "INSERT INTO Article (title) VALUES ('a'), ('b'), ('a'), ('c'), ('a')");
    plan(w, fields, NULL, &p);
    CHECK_PLAN(&p, "-create unique index on Article (title)",
               "+create unique index on Article (views)");
    check_str(p.steps[0].why, "1 value in more than one record: make them differ first");
    check(!schema_apply(&p, w->db, true, &e));
    check_int(e.code, BW_CONFLICT);
    check_says(&e, "make them differ first");
    check_str(cell(w, "SELECT count(*) FROM sqlite_master WHERE type = 'index'"), "0");
    model_release(&model);
    RUN(w, "UPDATE Article SET title = title || id");
    apply(w, fields, NULL);
}

static void new_references(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    static const struct bw_field cascade[] = {
        F("title", .type = BW_TYPE_TEXT, .required = true),
        F("views", .type = BW_TYPE_REF, .ref = "Author", .on_delete = BW_CASCADE), BW_END};
    static const struct bw_field lets_go[] = {
        F("title", .type = BW_TYPE_TEXT, .required = true),
        F("views", .type = BW_TYPE_REF, .ref = "Author", .on_delete = BW_SET_NULL), BW_END};
    apply(w, first, NULL);
    RUN(w, "INSERT INTO Author (id, name) VALUES (1, 'x')",
        "INSERT INTO Article (title, views) VALUES ('a', 1), ('b', 2)");
    plan(w, cascade, NULL, &p);
    CHECK_PLAN(&p, "-let column Article.views refer to Author (cascade)",
               "+create index on Article (views)");
    check_str(p.steps[0].why, "there is no Author for 1 value, which would be lost");
    model_release(&model);
    apply(w, cascade, NULL);
    check_str(cell(w, "SELECT group_concat(title || ifnull(views, '-')) FROM Article"), "a1,b-");
    plan(w, lets_go, NULL, &p);
    CHECK_PLAN(&p, "+let column Article.views refer to Author (set null)");
    model_release(&model);
    apply(w, lets_go, NULL);
    RUN(w, "DELETE FROM Author");
    check_str(cell(w, "SELECT count(*) FROM Article WHERE views IS NULL"), "2");
}

/* Changing a table that others refer to must not run their ON DELETE. */
static void referrers_survive(void **state)
{
    struct world *w = *state;
    static const struct bw_field fields[] = {
        F("title", .type = BW_TYPE_TEXT), F("views", .type = BW_TYPE_REAL),
        F("next", .type = BW_TYPE_REF, .ref = "Article", .on_delete = BW_CASCADE), BW_END};
    static const struct bw_field changed[] = {
        F("title", .type = BW_TYPE_INT), F("views", .type = BW_TYPE_TEXT),
        F("next", .type = BW_TYPE_REF, .ref = "Article", .on_delete = BW_CASCADE), BW_END};
    apply(w, fields, NULL);
    RUN(w, "INSERT INTO Article (id, title, views) VALUES (1, '5', 1.5)",
        "INSERT INTO Article (id, next) VALUES (2, 1), (3, 2)");
    apply(w, changed, NULL);
    check_str(cell(w, "SELECT group_concat(id || ifnull(next, '-')) FROM Article"), "1-,21,32");
    check_str(cell(w, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
}

/* That pairs differ does not make the single values differ. */
static void a_shorter_unique_rule(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    static const struct bw_index indexes[] = {{.fields = "views title", .unique = true},
                                              {.fields = "views", .unique = true},
                                              {.fields = "views title"},
                                              {.fields = NULL}};
    apply(w, first, NULL);
    plan(w, first, indexes, &p);
    CHECK_PLAN(&p, "+create unique index on Article (views, title)",
               "+create unique index on Article (views)");
    model_release(&model);
}

static void leaves_others_alone(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    apply(w, first, NULL);
    RUN(w, "CREATE TABLE other (x)", "CREATE INDEX by_hand ON Article (views)");
    plan(w, first, NULL, &p);
    check_int(p.n, 0);
    model_release(&model);
}

static void a_foreign_table_in_the_way(void **state)
{
    struct world *w = *state;
    struct schema_plan p;
    struct bw_err e;
    RUN(w, "CREATE TABLE article (id TEXT, title TEXT)");
    plan(w, first, NULL, &p);
    CHECK_PLAN(&p, "-take table Article over", "+create table Author");
    check(!schema_apply(&p, w->db, true, &e));
    check_says(&e, "no \"id\" INTEGER PRIMARY KEY");
    model_release(&model);
}

/* ---- through a store's opening ---- */

static struct store *open_store(const char *path, bool sync_schema, struct bw_err *e)
{
    struct store_opts o = {
        .name = "default", .path = path, .sync = "off", .sync_schema = sync_schema};
    struct table *tables[] = {&model.tables[0]};
    return store_open("sqlite", &o, tables, 1, e);
}

static void opening_refuses(void **state)
{
    char path[] = "/tmp/burrow_schema_XXXXXX";
    static const struct bw_field fewer[] = {F("views", .type = BW_TYPE_INT), BW_END};
    static const struct bw_table with = {.name = "Article", .fields = first};
    static const struct bw_table without = {.name = "Article", .fields = fewer};
    const struct bw_table *defs[] = {&with, NULL};
    struct bw_err e;
    (void)state;
    int fd = mkstemp(path);
    check(fd >= 0);
    close(fd);
    check_ok(model_init(&model, defs, &e), &e);
    check(!open_store(path, false, &e));
    check_says(&e, "1 change to the database must be applied first");
    check_says(&e, "create table Article");
    struct store *s = open_store(path, true, &e);
    check_ok(s != NULL, &e);
    struct bw_value v[3] = {bw_null(), bw_text(BW_LIT("t")), bw_null()};
    struct change c = {.kind = CHANGE_ADD, .table = &model.tables[0], .rec = {.v = v}};
    check_ok(store_write(s, &c, 1, true, &e), &e);
    store_close(s);
    s = open_store(path, false, &e);
    check_ok(s != NULL, &e);
    store_close(s);
    model_release(&model);
    defs[0] = &without;
    check_ok(model_init(&model, defs, &e), &e);
    check(!open_store(path, true, &e));
    check_int(e.code, BW_CONFLICT);
    check_says(&e, "opening store 'default'");
    check_says(&e, "drop column Article.title (TEXT) (it holds 1 value)");
    model_release(&model);
    static const char *const ends[] = {"", "-wal", "-shm", ".lock", "-lock"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

#define SCHEMA_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHEMA_TEST(creates_what_is_missing),
        SCHEMA_TEST(adds_columns_and_indexes),
        SCHEMA_TEST(refuses_and_then_drops),
        SCHEMA_TEST(retypes),
        SCHEMA_TEST(retypes_to_text_and_real),
        SCHEMA_TEST(requires_and_relaxes),
        SCHEMA_TEST(a_required_column_over_rows),
        SCHEMA_TEST(unique_over_twins),
        SCHEMA_TEST(new_references),
        SCHEMA_TEST(referrers_survive),
        SCHEMA_TEST(leaves_others_alone),
        SCHEMA_TEST(a_shorter_unique_rule),
        SCHEMA_TEST(a_foreign_table_in_the_way),
        cmocka_unit_test(opening_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
