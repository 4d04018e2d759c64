/* C structs and rows. */
#include "orm/fixture.h"

static void a_struct_survives_the_way_through_a_row(void **state)
{
    (void)state;
    struct fixture x;
    struct bw_value row[COLUMNS_MAX];
    fixture_init(&x);
    struct article in = {.id = 7,
                         .title = BW_LIT("t"),
                         .body = BW_LIT(""),
                         .views = -5,
                         .price = 2.5,
                         .published = true,
                         .live_at = 9,
                         .extra = BW_LIT("{}"),
                         .status = 2,
                         .author = 3,
                         .picture = BW_LIT("\0\1"),
                         .version = 4};
    struct article out;
    int64_t id = 0;
    memset(&out, 0x5a, sizeof out);
    record_from_struct(x.article, &in, row, &id);
    check_int(id, 7);
    check_int(row[0].i, 7);
    check(row[fixture_column(&x, "body")->index].kind == BW_KIND_TEXT);
    check(row[fixture_column(&x, "email")->index].kind == BW_NULL);
    check(row[fixture_column(&x, "created_at")->index].kind == BW_NULL);
    check(row[fixture_column(&x, "picture")->index].kind == BW_KIND_BLOB);
    check(row[fixture_column(&x, "picture")->companion].kind == BW_NULL);
    check_str(row[fixture_column(&x, "status")->index].s, "gone");
    record_to_struct(x.article, row, &out);
    check_int(out.id, 7);
    check_str(out.title, "t");
    check(out.body.p && out.body.n == 0 && !out.email.p);
    check_int(out.views, -5);
    check(out.price == 2.5 && out.published);
    check_int(out.live_at, 9);
    check_int(out.status, 2);
    check_int(out.author, 3);
    check(bw_str_eq(out.picture, in.picture));
    check_int(out.created_at, 0);
    check_int(out.version, 4);
    fixture_release(&x);
}

static void nulls_have_their_forms(void **state)
{
    (void)state;
    struct fixture x;
    struct bw_value row[COLUMNS_MAX];
    struct article s;
    fixture_init(&x);
    for (unsigned i = 0; i < x.article->n_columns; i++)
        row[i] = bw_null();
    memset(&s, 0x5a, sizeof s);
    record_to_struct(x.article, row, &s);
    check(s.id == 0 && !s.title.p && s.views == 0 && s.price == 0 && !s.published);
    check_int(s.status, -1);
    check(s.author == 0 && s.live_at == 0 && !s.picture.p);
    record_from_struct(x.article, &s, row, NULL);
    static const char *const null[] = {"title", "live_at", "status", "author", "picture"};
    for (size_t i = 0; i < sizeof null / sizeof *null; i++)
        check(row[fixture_column(&x, null[i])->index].kind == BW_NULL);
    check(row[fixture_column(&x, "views")->index].kind == BW_KIND_INT);
    fixture_release(&x);
}

static void an_impossible_enum_is_refused_later(void **state)
{
    (void)state;
    struct fixture x;
    struct record r;
    fixture_init(&x);
    struct faults f = {.arena = &x.arena};
    struct article s = {.title = BW_LIT("t"), .status = 17};
    record_init(&r, x.article, &x.arena);
    record_from_struct(x.article, &s, r.v, &r.id);
    column_add(&r.has, fixture_column(&x, "title")->index);
    column_add(&r.has, fixture_column(&x, "status")->index);
    record_check(&r, x.article, RECORD_ADD, &f);
    check_int(f.n, 1);
    check_str(f.at[0].text, "status must be one of draft, live, gone, got 17");
    fixture_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_struct_survives_the_way_through_a_row),
        cmocka_unit_test(nulls_have_their_forms),
        cmocka_unit_test(an_impossible_enum_is_refused_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
