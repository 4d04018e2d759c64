/* The rules of fields, and what the server fills in. */
#include "orm/fixture.h"

#include "core/clock.h"

static void set(struct fixture *x, struct record *r, const char *name, struct bw_value v)
{
    const struct column *c = fixture_column(x, name);
    r->v[c->index] = v;
    column_add(&r->has, c->index);
}

static struct bw_value get(struct fixture *x, const struct record *r, const char *name)
{
    return r->v[fixture_column(x, name)->index];
}

static void values_obey_their_rules(void **state)
{
    (void)state;
    static char long_text[LIMIT_TEXT + 2];
    memset(long_text, 'a', LIMIT_TEXT + 1);
    const struct {
        const char *field;
        struct bw_value v;
        const char *rule, *text; /* NULL: fine */
    } cases[] = {
        {"views", bw_int(0), NULL, NULL},
        {"views", bw_int(1000), NULL, NULL},
        {"views", bw_int(-3), "min", "views must be at least 0, got -3"},
        {"views", bw_int(1001), "max", "views must be at most 1000, got 1001"},
        {"views", bw_text(BW_LIT("1")), "type",
         "views must be an integer, got a value of another type"},
        {"price", bw_real(0.5), NULL, NULL},
        {"price", bw_int(7), NULL, NULL},
        {"price", bw_real(0.25), "min", "price must be at least 0.5, got 0.25"},
        {"price", bw_real(99.75), "max", "price must be at most 99.5, got 99.75"},
        {"price", bw_real(NAN), "type", "price must be a finite number"},
        {"title", bw_text(BW_LIT("12345")), NULL, NULL},
        {"title", bw_text(BW_LIT("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4")), NULL, NULL},
        {"title", bw_text(BW_LIT("123456")), "max_len",
         "title must have at most 5 characters, got 6"},
        {"title", bw_text(BW_LIT("")), "required", "title must not be empty"},
        {"title", bw_text(BW_LIT("\xff")), "type", "title must be valid UTF-8"},
        {"title", bw_text(BW_LIT("a\0b")), "type", "title must not contain the character U+0000"},
        {"body", bw_text(BW_LIT("")), NULL, NULL},
        {"body", bw_text(bw_str_of(long_text, LIMIT_TEXT)), NULL, NULL},
        {"body", bw_text(bw_str_of(long_text, LIMIT_TEXT + 1)), "max_len",
         "body must have at most 1048576 bytes, got 1048577"},
        {"email", bw_text(BW_LIT("a@bc")), NULL, NULL},
        {"email", bw_text(BW_LIT("a@b")), "min_len",
         "email must have at least 4 characters, got 3"},
        {"email", bw_text(BW_LIT("a@ bc")), "pattern",
         "email must match the pattern [^@ ]+@[^@ ]+, got 'a@ bc'"},
        {"secret", bw_text(BW_LIT("123456789")), "max_len",
         "secret must have at most 8 characters, got 9"},
        {"published", bw_int(2), "type", "published must be true or false, got 2"},
        {"live_at", bw_int(INT64_MAX), "type", "live_at must lie in the years 0000 to 9999"},
        {"live_at", bw_int(INT64_C(253402300799999999)), NULL, NULL},
        {"extra", bw_text(BW_LIT("{\"a\":1}")), NULL, NULL},
        {"extra", bw_text(BW_LIT("{a:1}")), "type",
         "extra must be valid JSON, nested 64 deep at most"},
        {"status", bw_text(BW_LIT("gone")), NULL, NULL},
        {"status", bw_text(BW_LIT("Gone")), "enum",
         "status must be one of draft, live, gone, got 'Gone', did you mean 'gone'?"},
        {"status", bw_int(9), "enum", "status must be one of draft, live, gone, got 9"},
        {"author", bw_int(0), "type",
         "author must be the id of a record of author, an integer from 1, got 0"},
        {"picture", bw_blob(BW_LIT("1234")), NULL, NULL},
        {"picture", bw_blob(BW_LIT("12345")), "max_len",
         "picture must have at most 4 bytes, got 5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        struct record r;
        fixture_init(&x);
        struct faults f = {.arena = &x.arena};
        record_init(&r, x.article, &x.arena);
        set(&x, &r, cases[i].field, cases[i].v);
        record_check(&r, x.article, RECORD_UPDATE, &f);
        check_int(f.n, cases[i].rule ? 1 : 0);
        if (cases[i].rule) {
            check_str(f.at[0].field, cases[i].field);
            check_str(bw_cstr(f.at[0].rule), cases[i].rule);
            check_str(f.at[0].text, cases[i].text);
        }
        fixture_release(&x);
    }
}

static void an_added_record_is_filled(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    fixture_init(&x);
    clock_set(5000, 0);
    struct faults f = {.arena = &x.arena};
    record_init(&r, x.article, &x.arena);
    set(&x, &r, "title", bw_text(BW_LIT("t")));
    set(&x, &r, "created_at", bw_int(1)); /* from a C struct: the server's clock wins */
    set(&x, &r, "version", bw_int(9));
    record_check(&r, x.article, RECORD_ADD, &f);
    clock_unset();
    check_int(f.n, 0);
    check_int(get(&x, &r, "created_at").i, 5000);
    check_int(get(&x, &r, "modified_at").i, 5000);
    check_int(get(&x, &r, "version").i, 1);
    check_int(get(&x, &r, "views").i, 0);
    check_str(get(&x, &r, "status").s, "draft");
    check(get(&x, &r, "body").kind == BW_NULL);
    for (unsigned i = 1; i < x.article->n_columns; i++)
        check(column_in(&r.has, i));
    check(!column_in(&r.has, 0));
    fixture_release(&x);
}

static void an_update_changes_only_what_is_given(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    fixture_init(&x);
    clock_set(6000, 0);
    struct faults f = {.arena = &x.arena};
    record_init(&r, x.article, &x.arena);
    set(&x, &r, "views", bw_int(2));
    set(&x, &r, "version", bw_int(4));
    set(&x, &r, "created_at", bw_int(4));
    record_check(&r, x.article, RECORD_UPDATE, &f);
    clock_unset();
    check_int(f.n, 0);
    check_int(r.version, 4);
    check_int(get(&x, &r, "modified_at").i, 6000);
    for (unsigned i = 0; i < x.article->n_columns; i++)
        check_int(column_in(&r.has, i),
                  i == fixture_column(&x, "views")->index || i == x.article->modified);
    fixture_release(&x);
}

static void an_import_keeps_its_own(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    fixture_init(&x);
    clock_set(7000, 0);
    struct faults f = {.arena = &x.arena};
    record_init(&r, x.article, &x.arena);
    set(&x, &r, "title", bw_text(BW_LIT("t")));
    set(&x, &r, "created_at", bw_int(1));
    set(&x, &r, "version", bw_int(9));
    record_check(&r, x.article, RECORD_TRUSTED, &f);
    clock_unset();
    check_int(f.n, 0);
    check_int(get(&x, &r, "created_at").i, 1);
    check_int(get(&x, &r, "modified_at").i, 7000);
    check_int(get(&x, &r, "version").i, 9);
    fixture_release(&x);
}

static void nulls_are_for_nullable_fields(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    fixture_init(&x);
    struct faults f = {.arena = &x.arena};
    record_init(&r, x.article, &x.arena);
    set(&x, &r, "views", bw_null());
    set(&x, &r, "body", bw_null());
    record_check(&r, x.article, RECORD_ADD, &f);
    check_int(f.n, 2);
    check_str(f.at[0].text, "title is required");
    check_str(bw_cstr(f.at[0].rule), "required");
    check_str(f.at[1].text, "views must not be null");
    fixture_release(&x);
}

static void json_fits_one_line(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    fixture_init(&x);
    struct faults f = {.arena = &x.arena};
    record_init(&r, x.article, &x.arena);
    set(&x, &r, "extra", bw_text(BW_LIT("{\n \"a\":\r\n\"x\\ny\"}")));
    record_check(&r, x.article, RECORD_UPDATE, &f);
    check_int(f.n, 0);
    check_str(get(&x, &r, "extra").s, "{  \"a\":  \"x\\ny\"}");
    fixture_release(&x);
}

static void content_types_are_plain(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned faults;
    } cases[] = {{"image/png", 0}, {"a/b; c=d", 0}, {"", 1}, {"a\r\nb: c", 1}, {"a\xc3\xa4", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        struct record r;
        fixture_init(&x);
        struct faults f = {.arena = &x.arena};
        record_init(&r, x.article, &x.arena);
        unsigned k = fixture_column(&x, "picture")->companion;
        r.v[k] = bw_text(bw_cstr(cases[i].text));
        column_add(&r.has, k);
        record_check(&r, x.article, RECORD_UPDATE, &f);
        check_int(f.n, cases[i].faults);
        fixture_release(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_obey_their_rules),
        cmocka_unit_test(an_added_record_is_filled),
        cmocka_unit_test(an_update_changes_only_what_is_given),
        cmocka_unit_test(an_import_keeps_its_own),
        cmocka_unit_test(nulls_are_for_nullable_fields),
        cmocka_unit_test(json_fits_one_line),
        cmocka_unit_test(content_types_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
