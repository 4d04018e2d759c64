/* store_memory_test.c: what only the memory store does: its file (what comes back, what stops the
 * start, what a failing disk does), its one writer at a time and the transaction that is too late.
 */
#include "help/t.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "orm/store.h"

#define F(n, ...)                                        \
    {                                                    \
        .name = (n), .offset = BW_NO_OFFSET, __VA_ARGS__ \
    }

static const struct bw_field author_fields[] = {F("name", .type = BW_TYPE_TEXT, .unique = true),
                                                BW_END};
static const struct bw_field article_fields[] = {
    F("title", .type = BW_TYPE_TEXT, .required = true), F("rating", .type = BW_TYPE_REAL),
    F("picture", .type = BW_TYPE_BLOB),
    F("author", .type = BW_TYPE_REF, .ref = "Author", .on_delete = BW_CASCADE), BW_END};
static const struct bw_table author = {.name = "Author", .fields = author_fields};
static const struct bw_table article = {.name = "Article", .fields = article_fields};

struct world {
    struct model model;
    struct bw_arena arena;
    char folder[32], path[48];
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    snprintf(w->folder, sizeof w->folder, "/tmp/burrow_mem_XXXXXX");
    check(mkdtemp(w->folder) != NULL);
    snprintf(w->path, sizeof w->path, "%s/t.json", w->folder);
    bw_arena_init(&w->arena);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    static const char *const ends[] = {"", ".lock", ".new"};
    for (size_t i = 0; i < 3; i++)
        unlink(bw_arena_printf(&w->arena, "%s%s", w->path, ends[i]).p);
    check_int(rmdir(w->folder), 0);
    bw_arena_release(&w->arena);
    free(w);
    return 0;
}

static struct store *open_with(struct world *w, const struct bw_table *a, const struct bw_table *b,
                               struct bw_err *e)
{
    const struct bw_table *defs[] = {a, b, NULL};
    struct table *tables[2];
    check_ok(model_init(&w->model, defs, e), e);
    for (unsigned i = 0; i < w->model.n_tables; i++)
        tables[i] = &w->model.tables[i];
    struct store_opts o = {.name = "m", .path = w->path};
    struct store *s = store_open("memory", &o, tables, w->model.n_tables, e);
    if (!s)
        model_release(&w->model);
    return s;
}

static struct store *reopen(struct world *w)
{
    struct bw_err e;
    struct store *s = open_with(w, &author, &article, &e);
    check_ok(s != NULL, &e);
    return s;
}

static void shut(struct world *w, struct store *s)
{
    store_close(s);
    model_release(&w->model);
}

static struct change adding(struct world *w, const char *table, const char *first)
{
    struct change c = {.kind = CHANGE_ADD, .table = model_table(&w->model, bw_cstr(table))};
    record_init(&c.rec, c.table, &w->arena);
    c.rec.v[1] = bw_text(bw_cstr(first));
    return c;
}

static void write_one(struct store *s, struct change *c)
{
    struct bw_err e;
    check_ok(store_write(s, c, 1, true, &e), &e);
}

static void put_file(struct world *w, const char *text)
{
    FILE *f = fopen(w->path, "w");
    check(f != NULL);
    fputs(text, f);
    fclose(f);
}

static bw_str get_file(struct world *w)
{
    static char text[4096];
    FILE *f = fopen(w->path, "r");
    check(f != NULL);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    return bw_str_of(text, n);
}

static void comes_back(void **state)
{
    struct world *w = *state;
    struct store *s = reopen(w);
    struct bw_err e;
    struct change a = adding(w, "Author", "A \"n\" \xc3\xa9\n");
    write_one(s, &a);
    struct change c = adding(w, "Article", "t");
    c.rec.v[2] = bw_real(0.1);
    c.rec.v[3] = bw_blob(bw_str_of("\0\xff\x01", 3));
    c.rec.v[4] = bw_text(BW_LIT("image/png"));
    c.rec.v[5] = bw_int(a.id);
    write_one(s, &c);
    struct change b = adding(w, "Author", "b");
    write_one(s, &b);
    b.kind = CHANGE_DELETE;
    b.rec.id = b.id;
    write_one(s, &b);
    shut(w, s);
    s = reopen(w);
    struct bw_value row[6];
    struct column_set all = {{0x3f}};
    check_ok(store_get(&w->model.tables[1], 1, &all, row, &w->arena, &e), &e);
    check_str(row[1].s, "t");
    check(row[2].r == 0.1);
    check_int(row[3].kind, BW_KIND_BLOB);
    check(bw_str_eq(row[3].s, bw_str_of("\0\xff\x01", 3)));
    check_str(row[4].s, "image/png");
    check_int(row[5].i, 1);
    check_ok(store_get(&w->model.tables[0], 1, &all, row, &w->arena, &e), &e);
    check_str(row[1].s, "A \"n\" \xc3\xa9\n");
    b = adding(w, "Author", "c");
    write_one(s, &b);
    check_int(b.id, 3); /* 2 was given once */
    b = adding(w, "Author", "c");
    check(!store_write(s, &b, 1, true, &e)); /* and the rules know what was read */
    check_int(e.code, BW_CONFLICT);
    b = (struct change){.kind = CHANGE_DELETE, .table = &w->model.tables[0], .rec = {.id = 1}};
    write_one(s, &b);
    check(!store_get(&w->model.tables[1], 1, &all, row, &w->arena, &e));
    shut(w, s);
}

static void the_file_is_plain(void **state)
{
    struct world *w = *state;
    struct store *s = reopen(w);
    struct change a = adding(w, "Author", "x");
    write_one(s, &a);
    check_str(
        get_file(w),
        "{\"format\":\"burrow tables\",\"tables\":[{\"name\":\"Author\",\"next\":2,\"columns\":["
        "\"id\",\"name\"],\"rows\":[\n[1,\"x\"]]},{\"name\":\"Article\",\"next\":1,\"columns\":["
        "\"id\",\"title\",\"rating\",\"picture\",\"picture_type\",\"author\"],\"rows\":[]}]}\n");
    shut(w, s);
}

static void a_refused_write_leaves_the_file(void **state)
{
    struct world *w = *state;
    struct store *s = reopen(w);
    struct bw_err e;
    struct change a = adding(w, "Author", "x");
    write_one(s, &a);
    bw_str before = bw_arena_str(&w->arena, get_file(w));
    struct change twice[] = {adding(w, "Author", "y"), adding(w, "Author", "x")};
    check(!store_write(s, twice, 2, true, &e));
    check(bw_str_eq(before, get_file(w)));
    check_ok(store_write(s, twice, 2, false, &e), &e);
    check(twice[0].ok && !twice[1].ok);
    check(!bw_str_eq(before, get_file(w)));
    shut(w, s);
}

/* The disk fails: nothing is acknowledged, nothing shows, and later it works again. */
static void a_failing_disk(void **state)
{
    struct world *w = *state;
    struct store *s = reopen(w);
    struct bw_err e;
    char aside[64];
    snprintf(aside, sizeof aside, "%s.new", w->path);
    struct change a = adding(w, "Author", "x"), b = adding(w, "Author", "y");
    write_one(s, &a);
    check_int(mkdir(aside, 0700), 0);
    check(!store_write(s, &b, 1, false, &e));
    check_says(&e, "cannot create");
    check(!b.ok);
    struct query q;
    int64_t n;
    query_init(&q, &w->model.tables[0]);
    check_ok(store_count(&q, &n, &e), &e);
    check_int(n, 1);
    struct store_tx *tx = store_begin(s, 0, &e);
    check_ok(store_tx_write(tx, &b, 1, &e), &e);
    check(!store_tx_end(tx, true, &e));
    check_int(rmdir(aside), 0);
    write_one(s, &b);
    shut(w, s);
    s = reopen(w);
    query_init(&q, &w->model.tables[0]);
    check_ok(store_count(&q, &n, &e), &e);
    check_int(n, 2);
    shut(w, s);
}

static void one_process_at_a_time(void **state)
{
    struct world *w = *state, other = *w;
    struct store *s = reopen(w);
    struct bw_err e;
    check(!open_with(&other, &author, &article, &e));
    check_int(e.code, BW_BUSY);
    check_says(&e, "served by another process");
    shut(w, s);
    shut(w, reopen(w));
}

static void new_fields_get_defaults(void **state)
{
    struct world *w = *state;
    static const struct bw_field fields[] = {F("name", .type = BW_TYPE_TEXT),
                                             F("state", .type = BW_TYPE_TEXT, .initial = "\"new\""),
                                             F("note", .type = BW_TYPE_TEXT),
                                             F("changed", .type = BW_TYPE_MODIFIED),
                                             F("version", .type = BW_TYPE_VERSION),
                                             BW_END};
    static const struct bw_table more = {.name = "Author", .fields = fields};
    struct bw_err e;
    put_file(
        w, "{\"format\":\"burrow tables\",\"tables\":[{\"name\":\"Author\",\"next\":9,\"columns\":["
           "\"id\",\"gone\",\"name\"],\"rows\":[[4,null,\"x\"]]}]}");
    struct store *s = open_with(w, &more, NULL, &e);
    check_ok(s != NULL, &e);
    struct bw_value row[6];
    struct column_set all = {{0x3f}};
    check_ok(store_get(&w->model.tables[0], 4, &all, row, &w->arena, &e), &e);
    check_str(row[1].s, "x");
    check_str(row[2].s, "new");
    check_int(row[3].kind, BW_NULL);
    check(row[4].i > 0);
    check_int(row[5].i, 1);
    shut(w, s);
}

#define TABLE "{\"format\":\"burrow tables\",\"tables\":[{\"name\":\"Author\",\"next\":9,"

static void files_that_stop_the_start(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"[]", "not a file of Burrow's memory store"},
        {"{\"format\":\"x\"}", "not a file of Burrow's memory store"},
        {"{\"format\":\"burrow tables\",\"x\":1}", "unknown member"},
        {TABLE "\"columns\":[\"id\",\"name\"],\"rows\":[[1,2]]}]}",
         "does not fit the field 'name'"},
        {TABLE "\"columns\":[\"id\",\"name\"],\"rows\":[[1]]}]}", "as many plain values"},
        {TABLE "\"columns\":[\"id\",\"name\"],\"rows\":[[1,\"a\",3]]}]}", "as many plain values"},
        {TABLE "\"columns\":[\"id\",\"name\"],\"rows\":[[null,\"a\"]]}]}", "needs its id"},
        {TABLE "\"columns\":[\"id\",\"name\"],\"rows\":[[1,\"a\"],[1,\"b\"]]}]}",
         "stands here twice"},
        {TABLE "\"columns\":[\"id\",\"name\"],\"rows\":[[1,\"a\"],[2,\"a\"]]}]}",
         "name 'a' is taken"},
        {TABLE "\"columns\":[\"name\"],\"rows\":[[\"a\"]]}]}", "must hold id"},
        {TABLE "\"columns\":[\"id\",\"old\"],\"rows\":[[1,5]]}]}",
         "values of 'old' in Author, a field the model has no more"},
        {TABLE "\"columns\":[\"id\",\"name\"],\"rows\":[[1,\"a\"]", "line 1"},
        {TABLE "\"columns\":[\"id\",\"name\"],\"rows\":[1]}]}", "a row must be an array"},
        {"{\"format\":\"burrow tables\",\"tables\":[{\"next\":1}]}", "begins with its name"},
        {"{\"format\":\"burrow "
         "tables\",\"tables\":[{\"name\":\"Old\",\"columns\":[\"id\"],\"rows\":[[1]]"
         "}]}",
         "records of 'Old', a table the model has no more"},
        {"{\"format\":\"burrow "
         "tables\",\"tables\":[{\"name\":\"Article\",\"columns\":[\"id\",\"rating\"],"
         "\"rows\":[[1,2]]}]}",
         "'title' of Article is required"},
        {"{\"format\":\"burrow "
         "tables\",\"tables\":[{\"name\":\"Article\",\"columns\":[\"id\",\"title\","
         "\"author\"],\"rows\":[[1,\"a\",3]]}]}",
         "no Author 3"},
        {"{\"format\":\"burrow "
         "tables\",\"tables\":[{\"name\":\"Article\",\"columns\":[\"id\",\"title\","
         "\"picture\"],\"rows\":[[1,\"a\",\"!\"]]}]}",
         "not base64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_err e;
        put_file(w, cases[i].text);
        check(!open_with(w, &author, &article, &e));
        check_says(&e, cases[i].says);
        check_says(&e, w->path);
    }
}

/* ---- a transaction that is too late ---- */

static void late_alone(void **state)
{
    struct world *w = *state;
    struct store *s = reopen(w);
    struct bw_err e;
    clock_set(1, 1000);
    struct store_tx *tx = store_begin(s, 2000, &e);
    struct change a = adding(w, "Author", "x"), b = adding(w, "Author", "y");
    check_ok(store_tx_write(tx, &a, 1, &e), &e);
    clock_set(1, 3000);
    check(!store_tx_write(tx, &b, 1, &e));
    check_int(e.code, BW_LATE);
    check(!store_tx_end(tx, true, &e));
    check_int(e.code, BW_LATE);
    clock_unset();
    a = adding(w, "Author", "x");
    write_one(s, &a);
    shut(w, s);
}

static void others_take_over_from_the_late(void **state)
{
    struct world *w = *state;
    struct store *s = reopen(w);
    struct bw_err e;
    clock_set(1, 1000);
    struct store_tx *tx = store_begin(s, 2000, &e);
    struct change a = adding(w, "Author", "x"), b = adding(w, "Author", "x");
    check_ok(store_tx_write(tx, &a, 1, &e), &e);
    clock_set(1, 3000);
    write_one(s, &b); /* does not wait for the end, and what was in the way is undone */
    check(!store_tx_end(tx, true, &e));
    check_int(e.code, BW_LATE);
    clock_unset();
    struct query q;
    int64_t n;
    query_init(&q, &w->model.tables[0]);
    check_ok(store_count(&q, &n, &e), &e);
    check_int(n, 1);
    shut(w, s);
}

static void deadline_may_pass_while_others_wait(void **state)
{
    struct world *w = *state;
    struct store *s = reopen(w);
    struct bw_err e;
    struct store_tx *tx = store_begin(s, clock_mono() + 20 * CLOCK_MS, &e);
    struct change a = adding(w, "Author", "x"), b = adding(w, "Author", "x");
    check_ok(store_tx_write(tx, &a, 1, &e), &e);
    write_one(s, &b); /* waits until then */
    check(!store_tx_end(tx, true, &e));
    shut(w, s);
}

#define MEM_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEM_TEST(comes_back),
        MEM_TEST(the_file_is_plain),
        MEM_TEST(a_refused_write_leaves_the_file),
        MEM_TEST(a_failing_disk),
        MEM_TEST(one_process_at_a_time),
        MEM_TEST(new_fields_get_defaults),
        MEM_TEST(files_that_stop_the_start),
        MEM_TEST(late_alone),
        MEM_TEST(others_take_over_from_the_late),
        MEM_TEST(deadline_may_pass_while_others_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
