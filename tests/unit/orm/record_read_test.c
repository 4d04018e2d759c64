/* Records from JSON: each type's values, each way to be wrong, all faults of a record at once. */
#include "orm/fixture.h"

static bool reads(struct fixture *x, struct record *r, enum record_use use, const char *json,
                  struct faults *f)
{
    struct bw_json_reader in;
    bw_json_open(&in, &x->arena, fixture_text(x, json));
    record_init(r, x->article, &x->arena);
    *f = (struct faults){.arena = &x->arena};
    return (record_read(r, x->article, use, &in, f) && bw_json_finish(&in)) ||
           bw_json_fail(&in, &x->e);
}

static struct bw_value at(struct fixture *x, const struct record *r, const char *name)
{
    const struct column *c = fixture_column(x, name);
    check(column_in(&r->has, c->index));
    return r->v[c->index];
}

static void every_type_is_read(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    struct faults f;
    fixture_init(&x);
    check_ok(reads(&x, &r, RECORD_ADD,
                   "{\"id\":7,\"extra\":{\"a\": [1, "
                   "null]},\"title\":\"\\u00e4b\",\"views\":-9223372036854775808,"
                   "\"price\":2,\"published\":true,\"live_at\":\"1970-01-01T00:00:01Z\","
                   "\"status\":\"live\",\"author\":5,\"picture\":\"AQID\",\"body\":null}",
                   &f),
             &x.e);
    check_int(f.n, 0);
    check_int(r.id, 7);
    check_str(at(&x, &r, "title").s, "\xc3\xa4"
                                     "b");
    check_int(at(&x, &r, "views").i, INT64_MIN);
    check(at(&x, &r, "price").kind == BW_KIND_REAL && at(&x, &r, "price").r == 2.0);
    check_int(at(&x, &r, "published").i, 1);
    check_int(at(&x, &r, "live_at").i, BW_TIME_SECOND);
    check_str(at(&x, &r, "extra").s, "{\"a\": [1, null]}");
    check_str(at(&x, &r, "status").s, "live");
    check_int(at(&x, &r, "author").i, 5);
    check(at(&x, &r, "picture").kind == BW_KIND_BLOB);
    check_str(at(&x, &r, "picture").s, "\1\2\3");
    check(at(&x, &r, "body").kind == BW_NULL);
    check(!column_in(&r.has, fixture_column(&x, "email")->index) && !column_in(&r.has, 0));
    fixture_release(&x);
}

static void every_wrong_value_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *json, *field, *rule, *text;
    } cases[] = {
        {"{\"wiews\":1}", "wiews", "unknown",
         "'wiews' is no field of Article, did you mean 'views'?"},
        {"{\"picture_type\":\"a\"}", "picture_type", "unknown",
         "'picture_type' is no field of Article"},
        {"{\"views\":1,\"views\":2}", "views", "duplicate", "views is given twice"},
        {"{\"views\":1.0}", "views", "type",
         "views must be an integer, written without fraction and exponent, got 1.0"},
        {"{\"views\":1e3}", "views", "type",
         "views must be an integer, written without fraction and exponent, got 1e3"},
        {"{\"views\":\"1\"}", "views", "type", "views must be an integer, got '1'"},
        {"{\"views\":true}", "views", "type", "views must be an integer, got true"},
        {"{\"views\":[1,[2]]}", "views", "type", "views must be an integer, got an array"},
        {"{\"price\":\"x\"}", "price", "type", "price must be a number, got 'x'"},
        {"{\"title\":5}", "title", "type", "title must be a string, got 5"},
        {"{\"title\":{\"a\":{}}}", "title", "type", "title must be a string, got an object"},
        {"{\"published\":1}", "published", "type", "published must be true or false, got 1"},
        {"{\"published\":\"true\"}", "published", "type",
         "published must be true or false, got 'true'"},
        {"{\"live_at\":\"today\"}", "live_at", "type",
         "live_at must be an RFC 3339 time such as 2026-11-23T23:04:18Z, got 'today'"},
        {"{\"live_at\":0}", "live_at", "type",
         "live_at must be an RFC 3339 time such as 2026-11-23T23:04:18Z, got 0"},
        {"{\"status\":\"lve\"}", "status", "enum",
         "status must be one of draft, live, gone, got 'lve', did you mean 'live'?"},
        {"{\"status\":3}", "status", "enum", "status must be one of draft, live, gone, got 3"},
        {"{\"author\":0}", "author", "type",
         "author must be the id of a record of author, an integer from 1, got 0"},
        {"{\"author\":\"Ann\"}", "author", "type",
         "author must be the id of a record of author, an integer from 1, got 'Ann'"},
        {"{\"picture\":\"A\"}", "picture", "type",
         "picture must be a base64 string, got something else"},
        {"{\"id\":-1}", "id", "min", "id must be at least 1, got -1"},
        {"{\"id\":\"1\"}", "id", "type", "id must be an integer, got '1'"},
        {"{\"slug\":\"a\"}", "slug", "read_only", "slug is read-only"},
        {"{\"created_at\":\"2026-01-01\"}", "created_at", "read_only",
         "created_at is set by the server: leave it out"},
        {"{\"version\":1}", "version", "read_only", "version is set by the server: leave it out"},
        {"{\"secret\":123456}", "secret", "type", "secret must be a string"},
        {"{\"title\":[\"0123456789012345678901234567890123456789x\"]}", "title", "type",
         "title must be a string, got an array"},
        {"{\"views\":\"0123456789012345678901234567890123456789x\"}", "views", "type",
         "views must be an integer, got '012345678901234567890123456789012345678…'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        struct record r;
        struct faults f;
        fixture_init(&x);
        check_ok(reads(&x, &r, RECORD_ADD, cases[i].json, &f), &x.e);
        check_int(f.n, 1);
        check_str(f.at[0].field, cases[i].field);
        check_str(bw_cstr(f.at[0].rule), cases[i].rule);
        check_str(f.at[0].text, cases[i].text);
        fixture_release(&x);
    }
}

static void all_faults_are_collected(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    struct faults f;
    fixture_init(&x);
    check_ok(reads(&x, &r, RECORD_ADD,
                   "{\"views\":\"a\",\"nope\":[{}],\"title\":\"toolong\",\"slug\":{},\"status\":3,"
                   "\"price\":1}",
                   &f),
             &x.e);
    check_int(f.n, 4);
    record_check(&r, x.article, RECORD_ADD, &f);
    check_int(f.n, 5); /* title; views and status are not told a second time */
    check_str(f.at[4].field, "title");
    check(at(&x, &r, "price").r == 1.0);
    fixture_release(&x);
}

static void malformed_records_fail(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } cases[] = {
        {"[]", "a record of Article is written as a JSON object"},
        {"null", "a record of Article is written as a JSON object"},
        {"{\"views\":", ""},
        {"{\"views\":1}x", ""},
        {"{\"views\":1,}", ""},
        {"{\"nope\":[1,}", ""},
        {"{\"extra\":{\"a\":}}", ""},
        {"{\"views\":9223372036854775808}", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        struct record r;
        struct faults f;
        fixture_init(&x);
        check(!reads(&x, &r, RECORD_ADD, cases[i].json, &f));
        check_int(x.e.code, BW_BAD);
        check_says(&x.e, cases[i].says);
        fixture_release(&x);
    }
}

static void updates_take_a_version(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    struct faults f;
    fixture_init(&x);
    check_ok(reads(&x, &r, RECORD_UPDATE, "{\"version\":3,\"views\":1,\"id\":0}", &f), &x.e);
    check_int(f.n, 0);
    check_int(r.version, 3);
    check_int(r.id, 0);
    check(!column_in(&r.has, x.article->version));
    fixture_release(&x);
}

static void trusted_records_bring_everything(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    struct faults f;
    fixture_init(&x);
    check_ok(
        reads(&x, &r, RECORD_TRUSTED,
              "{\"id\":9,\"slug\":\"s\",\"created_at\":\"1970-01-01T00:00:01Z\",\"version\":4}",
              &f),
        &x.e);
    check_int(f.n, 0);
    check_int(at(&x, &r, "version").i, 4);
    check_int(at(&x, &r, "created_at").i, BW_TIME_SECOND);
    check_str(at(&x, &r, "slug").s, "s");
    fixture_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(every_wrong_value_is_told),
        cmocka_unit_test(all_faults_are_collected),
        cmocka_unit_test(malformed_records_fail),
        cmocka_unit_test(updates_take_a_version),
        cmocka_unit_test(trusted_records_bring_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
