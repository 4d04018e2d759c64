/* conformance_record.c: one record at a time: every kind of value goes in and comes out, ids,
 * updates of some fields, versions, deletes. */
#include "conformance.h"

static void values_come_back(void **state)
{
    struct suite *s = *state;
    int64_t id = suite_add(
        s, "Article",
        "{\"title\":\"Boats \\u00e9 'quoted' "
        "\\\"x\\\"\",\"body\":\"\",\"views\":9223372036854775807,"
        "\"likes\":-9223372036854775808,\"rating\":0.1,\"published\":true,\"status\":\"live\","
        "\"at\":\"2026-11-23T23:04:18.5Z\",\"extra\":{\"a\":[1,2]}}");
    check_str(suite_field(s, "Article", id, "title").s, "Boats \xc3\xa9 'quoted' \"x\"");
    struct bw_value body = suite_field(s, "Article", id, "body");
    check_int(body.kind, BW_KIND_TEXT);
    check_int(body.s.n, 0);
    check(suite_field(s, "Article", id, "views").i == INT64_MAX);
    check(suite_field(s, "Article", id, "likes").i == INT64_MIN);
    check(suite_field(s, "Article", id, "rating").r == 0.1);
    check_int(suite_field(s, "Article", id, "published").i, 1);
    check_str(suite_field(s, "Article", id, "status").s, "live");
    check(suite_field(s, "Article", id, "at").i == INT64_C(1795475058500000));
    check_str(suite_field(s, "Article", id, "extra").s, "{\"a\":[1,2]}");
    check_int(suite_field(s, "Article", id, "author").kind, BW_NULL);
    check(suite_field(s, "Article", id, "created_at").i > 0);
    check_int(suite_field(s, "Article", id, "version").i, 1);
    check_int(suite_get(s, "Article", id)[0].i, id);
}

static void a_real_stays_real(void **state)
{
    struct suite *s = *state;
    int64_t id = suite_add(s, "Article", "{\"title\":\"a\",\"rating\":4}");
    struct bw_value v = suite_field(s, "Article", id, "rating");
    check_int(v.kind, BW_KIND_REAL);
    check(v.r == 4.0);
}

static void only_chosen_columns(void **state)
{
    struct suite *s = *state;
    struct table *t = suite_table(s, "Article");
    struct bw_err e;
    struct bw_value *row = BW_NEW_N(&s->arena, struct bw_value, t->n_columns);
    int64_t id = suite_add(s, "Article", "{\"title\":\"a\",\"body\":\"b\"}");
    struct column_set set = {{0}};
    column_add(&set, table_column(t, BW_LIT("body"))->index);
    check_ok(store_get(t, id, &set, row, &s->arena, &e), &e);
    check_int(row[0].i, id);
    check_str(row[table_column(t, BW_LIT("body"))->index].s, "b");
    check_int(row[table_column(t, BW_LIT("title"))->index].kind, BW_NULL);
}

static void missing_record(void **state)
{
    struct suite *s = *state;
    struct table *t = suite_table(s, "Article");
    struct bw_err e;
    struct bw_value *row = BW_NEW_N(&s->arena, struct bw_value, t->n_columns);
    check(!store_get(t, 99, &t->simple, row, &s->arena, &e));
    check_int(e.code, BW_MISSING);
    check_says(&e, "no Article 99");
}

static void ids_rise_and_never_return(void **state)
{
    struct suite *s = *state;
    int64_t a = suite_add(s, "Author", "{\"name\":\"a\"}");
    int64_t b = suite_add(s, "Author", "{\"name\":\"b\"}");
    check(b > a);
    check(suite_write(s, CHANGE_DELETE, "Author", b, NULL).ok);
    check(suite_add(s, "Author", "{\"name\":\"c\"}") > b);
}

static void chosen_ids(void **state)
{
    struct suite *s = *state;
    struct change c = suite_write(s, CHANGE_ADD, "Author", 500, "{\"name\":\"a\"}");
    check_ok(c.ok, &c.err);
    check_int(c.id, 500);
    check(suite_add(s, "Author", "{\"name\":\"b\"}") > 500);
    c = suite_write(s, CHANGE_ADD, "Author", 7, "{\"name\":\"c\"}");
    check_int(c.id, 7);
    c = suite_write(s, CHANGE_ADD, "Author", 500, "{\"name\":\"d\"}");
    check(!c.ok);
    check_int(c.err.code, BW_CONFLICT);
    check(strcmp(c.err.field, "id") == 0);
    check_says(&c.err, "500");
    check_int(suite_count(s, "Author"), 3);
}

static void update_changes_given_fields_only(void **state)
{
    struct suite *s = *state;
    int64_t id = suite_add(s, "Article", "{\"title\":\"a\",\"body\":\"b\",\"likes\":3}");
    struct change c =
        suite_write(s, CHANGE_UPDATE, "Article", id, "{\"title\":\"new\",\"likes\":null}");
    check_ok(c.ok, &c.err);
    check_int(c.count, 1);
    check_int(c.new_version, 2);
    check_str(suite_field(s, "Article", id, "title").s, "new");
    check_str(suite_field(s, "Article", id, "body").s, "b");
    check_int(suite_field(s, "Article", id, "likes").kind, BW_NULL);
    check_int(suite_field(s, "Article", id, "version").i, 2);
}

static void update_of_nothing(void **state)
{
    struct suite *s = *state;
    int64_t id = suite_add(s, "Author", "{\"name\":\"a\"}");
    check(suite_write(s, CHANGE_UPDATE, "Author", id, "{}").ok);
    struct change c = suite_write(s, CHANGE_UPDATE, "Author", id + 1, "{}");
    check(!c.ok);
    check_int(c.err.code, BW_MISSING);
}

static void update_missing(void **state)
{
    struct suite *s = *state;
    struct change c = suite_write(s, CHANGE_UPDATE, "Article", 41, "{\"title\":\"new\"}");
    check(!c.ok);
    check_int(c.err.code, BW_MISSING);
    check_says(&c.err, "no Article 41");
}

static struct change with_version(struct suite *s, enum change_kind kind, int64_t id,
                                  const char *json, int64_t version)
{
    struct bw_err e;
    struct change c = suite_change(s, kind, "Article", id, json);
    c.version = version;
    check_ok(store_write(s->store, &c, 1, false, &e), &e);
    return c;
}

static void versions_must_match(void **state)
{
    struct suite *s = *state;
    int64_t id = suite_add(s, "Article", "{\"title\":\"a\"}");
    struct change c = with_version(s, CHANGE_UPDATE, id, "{\"title\":\"b\"}", 1);
    check_ok(c.ok, &c.err);
    check_int(c.new_version, 2);
    c = with_version(s, CHANGE_UPDATE, id, "{\"title\":\"c\"}", 1);
    check(!c.ok);
    check_int(c.err.code, BW_CHANGED);
    check_says(&c.err, "version is 2, not 1");
    check_str(suite_field(s, "Article", id, "title").s, "b");
    c = with_version(s, CHANGE_DELETE, id, NULL, 1);
    check(!c.ok);
    check_int(c.err.code, BW_CHANGED);
    c = with_version(s, CHANGE_DELETE, id, NULL, 2);
    check_ok(c.ok, &c.err);
    c = with_version(s, CHANGE_UPDATE, id, "{\"title\":\"c\"}", 2);
    check_int(c.err.code, BW_MISSING);
    c = with_version(s, CHANGE_DELETE, id, NULL, 2);
    check_int(c.err.code, BW_MISSING);
}

static void a_version_in_the_record_counts(void **state)
{
    struct suite *s = *state;
    struct table *t = suite_table(s, "Article");
    struct bw_err e;
    int64_t id = suite_add(s, "Article", "{\"title\":\"a\"}");
    struct change c = suite_change(s, CHANGE_UPDATE, "Article", id, "{\"title\":\"b\"}");
    column_add(&c.rec.has, t->version);
    c.rec.v[t->version] = bw_int(9);
    check_ok(store_write(s->store, &c, 1, false, &e), &e);
    check(!c.ok);
    check_int(c.err.code, BW_CHANGED);
    c.rec.v[t->version] = bw_int(1);
    check_ok(store_write(s->store, &c, 1, false, &e), &e);
    check_ok(c.ok, &c.err);
    check_int(suite_field(s, "Article", id, "version").i, 2);
}

static void no_version_to_match(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    int64_t id = suite_add(s, "Author", "{\"name\":\"a\"}");
    struct change c = suite_change(s, CHANGE_UPDATE, "Author", id, "{\"name\":\"b\"}");
    c.version = 1;
    check_ok(store_write(s->store, &c, 1, false, &e), &e);
    check(!c.ok);
    check_int(c.err.code, BW_BAD);
}

static void delete_once(void **state)
{
    struct suite *s = *state;
    int64_t id = suite_add(s, "Author", "{\"name\":\"a\"}");
    struct change c = suite_write(s, CHANGE_DELETE, "Author", id, NULL);
    check_ok(c.ok, &c.err);
    check_int(c.count, 1);
    check(!suite_get(s, "Author", id));
    c = suite_write(s, CHANGE_DELETE, "Author", id, NULL);
    check(!c.ok);
    check_int(c.err.code, BW_MISSING);
    check_int(suite_count(s, "Author"), 0);
}

static void blobs(void **state)
{
    struct suite *s = *state;
    struct table *t = suite_table(s, "Article");
    struct bw_err e;
    const struct column *picture = table_column(t, BW_LIT("picture"));
    static char bytes[100000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)suite_random(256);
    int64_t id = suite_add(s, "Article", "{\"title\":\"a\"}");
    struct change c = suite_change(s, CHANGE_UPDATE, "Article", id, NULL);
    column_add(&c.rec.has, picture->index);
    column_add(&c.rec.has, picture->companion);
    c.rec.v[picture->index] = bw_blob(bw_str_of(bytes, sizeof bytes));
    c.rec.v[picture->companion] = bw_text(BW_LIT("image/png"));
    check_ok(store_write(s->store, &c, 1, true, &e), &e);
    struct bw_value *row = suite_get(s, "Article", id);
    check_int(row[picture->index].kind, BW_KIND_BLOB);
    check(bw_str_eq(row[picture->index].s, bw_str_of(bytes, sizeof bytes)));
    check_str(row[picture->companion].s, "image/png");
    c.rec.v[picture->index] = bw_blob(BW_LIT(""));
    check_ok(store_write(s->store, &c, 1, true, &e), &e);
    row = suite_get(s, "Article", id);
    check_int(row[picture->index].kind, BW_KIND_BLOB);
    check_int(row[picture->index].s.n, 0);
}

static const struct CMUnitTest tests[] = {
    SUITE_TEST(values_come_back),
    SUITE_TEST(a_real_stays_real),
    SUITE_TEST(only_chosen_columns),
    SUITE_TEST(missing_record),
    SUITE_TEST(ids_rise_and_never_return),
    SUITE_TEST(chosen_ids),
    SUITE_TEST(update_changes_given_fields_only),
    SUITE_TEST(update_of_nothing),
    SUITE_TEST(update_missing),
    SUITE_TEST(versions_must_match),
    SUITE_TEST(a_version_in_the_record_counts),
    SUITE_TEST(no_version_to_match),
    SUITE_TEST(delete_once),
    SUITE_TEST(blobs),
};
const struct CMUnitTest *const conformance_record_tests = tests;
const size_t conformance_record_count = sizeof tests / sizeof *tests;
