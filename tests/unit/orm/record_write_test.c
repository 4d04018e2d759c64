/* Rows as JSON, with and without expanded references. */
#include "orm/fixture.h"

static void put(struct fixture *x, struct bw_value *row, const char *name, struct bw_value v)
{
    row[fixture_column(x, name)->index] = v;
}

static void fill(struct fixture *x, struct bw_value *row)
{
    for (unsigned i = 0; i < x->article->n_columns; i++)
        row[i] = bw_null();
    put(x, row, "id", bw_int(7));
    put(x, row, "title", bw_text(BW_LIT("a\"b")));
    put(x, row, "views", bw_int(INT64_MIN));
    put(x, row, "price", bw_real(0.1));
    put(x, row, "published", bw_int(1));
    put(x, row, "live_at", bw_int(BW_TIME_SECOND));
    put(x, row, "extra", bw_text(BW_LIT("{\"k\":[1]}")));
    put(x, row, "status", bw_text(BW_LIT("live")));
    put(x, row, "author", bw_int(3));
    put(x, row, "picture", bw_blob(BW_LIT("\1\2\3")));
    put(x, row, "created_at", bw_int(0));
    put(x, row, "version", bw_int(2));
}

static void simple_columns_are_written(void **state)
{
    (void)state;
    struct fixture x;
    struct bw_value row[COLUMNS_MAX];
    struct bw_buf b;
    struct bw_json_writer w;
    fixture_init(&x);
    fill(&x, row);
    bw_buf_init(&b, 4096);
    bw_json_init(&w, &b);
    bw_json_array(&w);
    record_write(x.article, &x.article->simple, row, NULL, &w);
    struct column_set few = {0};
    column_add(&few, fixture_column(&x, "picture")->index);
    record_write(x.article, &few, row, NULL, &w);
    bw_json_end(&w);
    check_str(bw_buf_str(&b),
              "[{\"id\":7,\"title\":\"a\\\"b\",\"body\":null,\"email\":null,"
              "\"views\":-9223372036854775808,\"price\":0.1,\"published\":true,"
              "\"live_at\":\"1970-01-01T00:00:01Z\",\"extra\":{\"k\":[1]},\"status\":\"live\","
              "\"author\":3,\"created_at\":\"1970-01-01T00:00:00Z\",\"modified_at\":null,"
              "\"version\":2,\"slug\":null},{\"picture\":\"AQID\"}]");
    bw_buf_release(&b);
    fixture_release(&x);
}

/* A row without wide values goes in one go, one with them value by value: never a difference. */
static void both_ways_write_the_same(void **state)
{
    (void)state;
    struct fixture x;
    struct bw_value row[COLUMNS_MAX];
    static char long_text[5000];
    fixture_init(&x);
    memset(long_text, 'y', sizeof long_text);
    for (int i = 0; i < 4; i++) {
        struct bw_buf once, each;
        struct bw_json_writer w;
        fill(&x, row);
        put(&x, row, "extra", bw_null());
        put(&x, row, "published", i & 1 ? bw_int(0) : bw_null());
        put(&x, row, "price", bw_real(i & 1 ? 1e300 : -0.5));
        put(&x, row, "body",
            i & 2 ? bw_text(bw_str_of(long_text, sizeof long_text))
                  : bw_text(BW_LIT("\xc3\xa9\n")));
        bw_buf_init(&once, 1 << 20);
        bw_json_init(&w, &once);
        record_write(x.article, &x.article->simple, row, NULL, &w);
        bw_buf_init(&each, once.n); /* so near its maximum that each value is looked at */
        bw_json_init(&w, &each);
        record_write(x.article, &x.article->simple, row, NULL, &w);
        check(bw_buf_ok(&each));
        check_str(bw_buf_str(&each), bw_buf_cstr(&once));
        bw_buf_release(&once);
        bw_buf_release(&each);
    }
    fixture_release(&x);
}

static bool write_author(void *arg, const struct column *c, int64_t id, struct bw_json_writer *w)
{
    check_str(c->name, "author");
    if (!*(bool *)arg)
        return false;
    bw_json_object(w);
    bw_json_put_int(w, "id", id);
    bw_json_end(w);
    return true;
}

static void references_are_expanded(void **state)
{
    (void)state;
    struct fixture x;
    struct bw_value row[COLUMNS_MAX];
    fixture_init(&x);
    fill(&x, row);
    bool found = true;
    struct record_expand expand = {.write = write_author, .arg = &found};
    unsigned k = fixture_column(&x, "author")->index;
    column_add(&expand.set, k);
    static const char *const want[] = {"{\"author\":{\"id\":3}}", "{\"author\":3}",
                                       "{\"author\":null}"};
    for (int i = 0; i < 3; i++) {
        struct bw_buf b;
        struct bw_json_writer w;
        bw_buf_init(&b, 4096);
        bw_json_init(&w, &b);
        found = i == 0;
        if (i == 2)
            row[k] = bw_null();
        record_write(x.article, &expand.set, row, &expand, &w);
        check_str(bw_buf_str(&b), want[i]);
        bw_buf_release(&b);
    }
    fixture_release(&x);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    struct fixture x;
    struct bw_value row[COLUMNS_MAX];
    struct bw_buf b;
    struct bw_json_writer w;
    fixture_init(&x);
    fill(&x, row);
    bw_buf_init(&b, 4096);
    bw_json_init(&w, &b);
    record_write(x.article, &x.article->simple, row, NULL, &w);
    struct bw_json_reader in;
    struct record r;
    struct faults f = {.arena = &x.arena};
    bw_json_open(&in, &x.arena, bw_buf_str(&b));
    record_init(&r, x.article, &x.arena);
    check(record_read(&r, x.article, RECORD_TRUSTED, &in, &f));
    check_int(f.n, 0);
    check_int(r.id, 7);
    struct bw_buf again;
    bw_buf_init(&again, 4096);
    bw_json_init(&w, &again);
    r.v[0] = bw_int(r.id);
    record_write(x.article, &x.article->simple, r.v, NULL, &w);
    check(bw_str_eq(bw_buf_str(&again), bw_buf_str(&b)));
    bw_buf_release(&again);
    bw_buf_release(&b);
    fixture_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_columns_are_written),
        cmocka_unit_test(both_ways_write_the_same),
        cmocka_unit_test(references_are_expanded),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
