/* Cursors: what is written reads back; anything else is refused. */
#include "orm/fixture.h"

#include "core/hash.h"
#include "orm/query.h"

/* Ordered by all kinds of values: text, real, int, id. */
static void order(struct fixture *x, struct query *q)
{
    query_init(q, x->article);
    check_ok(query_order(q, fixture_column(x, "title"), false, &x->e), &x->e);
    check_ok(query_order(q, fixture_column(x, "price"), true, &x->e), &x->e);
    check_ok(query_order(q, fixture_column(x, "views"), false, &x->e), &x->e);
    query_finish(q);
}

static void row(struct fixture *x, struct bw_value *v, struct bw_value title, double price,
                int64_t views, int64_t id)
{
    v[fixture_column(x, "title")->index] = title;
    v[fixture_column(x, "price")->index] = bw_real(price);
    v[fixture_column(x, "views")->index] = bw_int(views);
    v[0] = bw_int(id);
}

static void places_survive(void **state)
{
    (void)state;
    static const struct {
        const char *title;
        double price;
        int64_t views, id;
    } cases[] = {{"", 0.5, 0, 1},
                 {"\xc3\xa4 b", -1e300, INT64_MIN, INT64_MAX},
                 {NULL, 0.1, -1, 63},
                 {"x", 1, 64, 8192}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        struct query q;
        struct bw_value v[COLUMNS_MAX];
        struct bw_buf b;
        fixture_init(&x);
        order(&x, &q);
        row(&x, v, bw_text(bw_cstr(cases[i].title)), cases[i].price, cases[i].views, cases[i].id);
        bw_buf_init(&b, 4096);
        check(cursor_write(&q, v, &b));
        check_ok(cursor_read(&q, bw_buf_str(&b), &x.arena, &x.e), &x.e);
        for (unsigned k = 0; k < q.n_order; k++)
            check_int(value_compare(&q.after[k], &v[q.order[k].column->index]), 0);
        check(!query_behind(&q, v));
        bw_buf_release(&b);
        fixture_release(&x);
    }
}

static void other_orders_refuse_it(void **state)
{
    (void)state;
    struct fixture x;
    struct query q, other;
    struct bw_value v[COLUMNS_MAX];
    struct bw_buf b;
    fixture_init(&x);
    order(&x, &q);
    row(&x, v, bw_text(BW_LIT("t")), 1, 2, 3);
    bw_buf_init(&b, 4096);
    check(cursor_write(&q, v, &b));
    order(&x, &other);
    other.order[1].desc = false;
    check(!cursor_read(&other, bw_buf_str(&b), &x.arena, &x.e));
    check_int(x.e.code, BW_BAD);
    check_str(bw_cstr(x.e.field), "after");
    check(!other.after);
    query_init(&other, x.article);
    query_finish(&other);
    check(!cursor_read(&other, bw_buf_str(&b), &x.arena, &x.e));
    query_init(&other, x.author);
    query_finish(&other);
    check(!cursor_read(&other, bw_buf_str(&b), &x.arena, &x.e));
    bw_buf_release(&b);
    fixture_release(&x);
}

/* Every byte changed, cut or added: refused, or a cursor that writes the same text again. */
static void damage_is_seen(void **state)
{
    (void)state;
    struct fixture x;
    struct query q;
    struct bw_value v[COLUMNS_MAX];
    struct bw_buf b, bytes, text;
    fixture_init(&x);
    order(&x, &q);
    row(&x, v, bw_text(BW_LIT("abc")), 1.5, -300, 70000);
    bw_buf_init(&b, 4096);
    bw_buf_init(&bytes, 4096);
    bw_buf_init(&text, 4096);
    check(cursor_write(&q, v, &b));
    check(base64url_parse(bw_buf_str(&b), &bytes));
    for (size_t n = 0; n < bytes.n; n++) {
        bw_buf_clear(&text);
        base64url_write(&text, bw_str_of(bytes.p, n));
        check(!cursor_read(&q, bw_buf_str(&text), &x.arena, &x.e));
    }
    for (size_t i = 0; i < bytes.n * 256; i++) {
        char was = bytes.p[i / 256];
        bytes.p[i / 256] = (char)i;
        bw_buf_clear(&text);
        base64url_write(&text, bw_buf_str(&bytes));
        if (cursor_read(&q, bw_buf_str(&text), &x.arena, &x.e)) {
            for (unsigned k = 0; k < q.n_order; k++)
                v[q.order[k].column->index] = q.after[k];
            bw_buf_clear(&b);
            check(cursor_write(&q, v, &b));
            check(bw_str_eq(bw_buf_str(&b), bw_buf_str(&text)));
        }
        bytes.p[i / 256] = was;
    }
    bw_buf_char(&bytes, 0);
    bw_buf_clear(&text);
    base64url_write(&text, bw_buf_str(&bytes));
    check(!cursor_read(&q, bw_buf_str(&text), &x.arena, &x.e));
    check(!cursor_read(&q, BW_LIT("***"), &x.arena, &x.e));
    check(!cursor_read(&q, BW_LIT(""), &x.arena, &x.e));
    bw_buf_release(&b);
    bw_buf_release(&bytes);
    bw_buf_release(&text);
    fixture_release(&x);
}

static void long_texts_make_no_cursor(void **state)
{
    (void)state;
    struct fixture x;
    struct query q;
    struct bw_value v[COLUMNS_MAX];
    struct bw_buf b;
    char text[CURSOR_MAX];
    fixture_init(&x);
    order(&x, &q);
    memset(text, 'a', sizeof text);
    bw_buf_init(&b, 1 << 16);
    row(&x, v, bw_text(bw_str_of(text, sizeof text)), 1, 2, 3);
    check(!cursor_write(&q, v, &b));
    check_int(b.n, 0);
    row(&x, v, bw_text(bw_str_of(text, CURSOR_MAX / 4 * 3 - 22)), 1, 2, 3);
    check(cursor_write(&q, v, &b));
    check(b.n <= CURSOR_MAX);
    check_ok(cursor_read(&q, bw_buf_str(&b), &x.arena, &x.e), &x.e);
    bw_buf_release(&b);
    fixture_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_survive),
        cmocka_unit_test(other_orders_refuse_it),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(long_texts_make_no_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
