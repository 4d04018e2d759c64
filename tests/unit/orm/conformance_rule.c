/* conformance_rule.c: what only a store can hold: unique values, references that exist, and what
 * becomes of them when their target goes. */
#include "conformance.h"

static void check_refused(const struct change *c, enum bw_code code, const char *field,
                          const char *words)
{
    check(!c->ok);
    check_int(c->err.code, code);
    check_str(bw_cstr(c->err.field), field);
    check_says(&c->err, words);
}

static void unique_field(void **state)
{
    struct suite *s = *state;
    suite_add(s, "Author", "{\"name\":\"a\",\"email\":\"x@y\"}");
    int64_t b = suite_add(s, "Author", "{\"name\":\"b\",\"email\":\"X@y\"}");
    struct change c = suite_write(s, CHANGE_ADD, "Author", 0, "{\"name\":\"c\",\"email\":\"x@y\"}");
    check_refused(&c, BW_CONFLICT, "email", "email 'x@y' is taken");
    c = suite_write(s, CHANGE_UPDATE, "Author", b, "{\"email\":\"x@y\"}");
    check_refused(&c, BW_CONFLICT, "email", "email 'x@y' is taken");
    check_str(suite_field(s, "Author", b, "email").s, "X@y");
    c = suite_write(s, CHANGE_UPDATE, "Author", b, "{\"email\":\"X@y\",\"name\":\"bb\"}");
    check_ok(c.ok, &c.err);
}

static void unique_lets_nulls_be(void **state)
{
    struct suite *s = *state;
    suite_add(s, "Author", "{\"name\":\"a\"}");
    suite_add(s, "Author", "{\"name\":\"b\",\"email\":null}");
    suite_add(s, "Node", "{\"room\":1}");
    suite_add(s, "Node", "{\"room\":1}");
    check_int(suite_count(s, "Author"), 2);
}

static void unique_value_is_free_again(void **state)
{
    struct suite *s = *state;
    int64_t a = suite_add(s, "Author", "{\"name\":\"a\",\"email\":\"x\"}");
    check(suite_write(s, CHANGE_UPDATE, "Author", a, "{\"email\":\"y\"}").ok);
    int64_t b = suite_add(s, "Author", "{\"name\":\"b\",\"email\":\"x\"}");
    check(suite_write(s, CHANGE_DELETE, "Author", b, NULL).ok);
    suite_add(s, "Author", "{\"name\":\"c\",\"email\":\"x\"}");
}

static void unique_over_fields(void **state)
{
    struct suite *s = *state;
    int64_t a = suite_add(s, "Node", "{\"room\":1,\"hour\":8}");
    suite_add(s, "Node", "{\"room\":1,\"hour\":9}");
    suite_add(s, "Node", "{\"room\":2,\"hour\":8}");
    struct change c = suite_write(s, CHANGE_ADD, "Node", 0, "{\"room\":1,\"hour\":9}");
    check_refused(&c, BW_CONFLICT, "room", "room 1 and hour 9 together are taken");
    c = suite_write(s, CHANGE_UPDATE, "Node", a, "{\"hour\":9}");
    check(!c.ok);
    check_int(c.err.code, BW_CONFLICT);
    check_says(&c.err, "hour 9");
    c = suite_write(s, CHANGE_UPDATE, "Node", a, "{\"hour\":10}");
    check_ok(c.ok, &c.err);
}

static void two_rules_the_first_is_told(void **state)
{
    struct suite *s = *state;
    suite_add(s, "Node", "{\"room\":1,\"hour\":8,\"tag\":\"t\"}");
    struct change c = suite_write(s, CHANGE_ADD, "Node", 0, "{\"room\":3,\"tag\":\"t\"}");
    check_refused(&c, BW_CONFLICT, "tag", "tag 't' is taken");
}

static void reference_must_exist(void **state)
{
    struct suite *s = *state;
    struct change c = suite_write(s, CHANGE_ADD, "Article", 0, "{\"title\":\"a\",\"author\":9}");
    check_refused(&c, BW_INVALID, "author", "author: no Author 9");
    int64_t author = suite_add(s, "Author", "{\"name\":\"a\"}");
    char json[80];
    snprintf(json, sizeof json, "{\"title\":\"a\",\"author\":%lld}", (long long)author);
    int64_t id = suite_add(s, "Article", json);
    c = suite_write(s, CHANGE_UPDATE, "Article", id, "{\"author\":77}");
    check_refused(&c, BW_INVALID, "author", "author: no Author 77");
    check_int(suite_field(s, "Article", id, "author").i, author);
    c = suite_write(s, CHANGE_UPDATE, "Article", id, "{\"author\":null}");
    check_ok(c.ok, &c.err);
    c = suite_write(s, CHANGE_ADD, "Article", 0, "{\"title\":\"b\",\"category\":3}");
    check_refused(&c, BW_INVALID, "category", "no Category 3");
}

static void check_fault(const struct faults *f, unsigned i, const char *field, const char *rule,
                        const char *text)
{
    check(i < f->n);
    check_str(f->at[i].field, field);
    check_str(bw_cstr(f->at[i].rule), rule);
    check_str(f->at[i].text, text);
}

/* What is refused is refused with all that is wrong, not only with what the store met first. */
static void all_is_told(void **state)
{
    struct suite *s = *state;
    struct faults f = {.arena = &s->arena};
    struct bw_err e;
    suite_add(s, "Node", "{\"room\":1,\"hour\":8,\"tag\":\"t\"}");
    struct change c =
        suite_write(s, CHANGE_ADD, "Node", 0, "{\"room\":1,\"hour\":8,\"tag\":\"t\",\"parent\":9}");
    check(!store_refused(&c, &f, &e));
    check_int(f.n, 4);
    check_fault(&f, 0, "tag", "unique", "tag 't' is taken");
    check_fault(&f, 1, "room", "unique", "room 1 and hour 8 together are taken");
    check_fault(&f, 2, "hour", "unique", "room 1 and hour 8 together are taken");
    check_fault(&f, 3, "parent", "reference", "parent: no Node 9");
    check_int(e.code, BW_CONFLICT);
    check_str(bw_cstr(e.text),
              "tag 't' is taken; room 1 and hour 8 together are taken; parent: no Node 9");
    f.n = 0;
    c = suite_write(s, CHANGE_ADD, "Article", 0, "{\"title\":\"a\",\"author\":7,\"category\":8}");
    check(!store_refused(&c, &f, &e));
    check_int(f.n, 2);
    check_fault(&f, 0, "author", "reference", "author: no Author 7");
    check_fault(&f, 1, "category", "reference", "category: no Category 8");
    check_int(e.code, BW_INVALID);
}

/* An update may keep its own values, and is asked about what it does not give as it stands. */
static void all_is_told_of_an_update(void **state)
{
    struct suite *s = *state;
    struct faults f = {.arena = &s->arena};
    struct bw_err e;
    suite_add(s, "Node", "{\"room\":1,\"hour\":8,\"tag\":\"t\"}");
    int64_t b = suite_add(s, "Node", "{\"room\":1,\"hour\":9,\"tag\":\"u\"}");
    struct change c =
        suite_write(s, CHANGE_UPDATE, "Node", b, "{\"hour\":8,\"tag\":\"u\",\"parent\":9}");
    check(!store_refused(&c, &f, &e));
    check_int(f.n, 3);
    check_fault(&f, 0, "room", "unique", "room 1 and hour 8 together are taken");
    check_fault(&f, 1, "hour", "unique", "room 1 and hour 8 together are taken");
    check_fault(&f, 2, "parent", "reference", "parent: no Node 9");
    f.n = 0;
    fault_add(&f, BW_LIT("tag"), "max_len", "tag is too long");
    struct record r;
    record_init(&r, c.table, &s->arena);
    store_probe(c.table, &r, b, &f); /* gives nothing: nothing is wrong with it */
    check_int(f.n, 1);
}

static int64_t add_with(struct suite *s, const char *table, const char *fmt, int64_t ref)
{
    char json[128];
    snprintf(json, sizeof json, fmt, (long long)ref);
    return suite_add(s, table, json);
}

static void restrict_holds(void **state)
{
    struct suite *s = *state;
    int64_t author = suite_add(s, "Author", "{\"name\":\"a\"}");
    int64_t id = add_with(s, "Article", "{\"title\":\"a\",\"author\":%lld}", author);
    struct change c = suite_write(s, CHANGE_DELETE, "Author", author, NULL);
    check_refused(&c, BW_CONFLICT, "author", "Article 1 still refers to Author 1");
    check(suite_get(s, "Author", author));
    check(suite_write(s, CHANGE_DELETE, "Article", id, NULL).ok);
    check(suite_write(s, CHANGE_DELETE, "Author", author, NULL).ok);
}

static void set_null_lets_go(void **state)
{
    struct suite *s = *state;
    int64_t category = suite_add(s, "Category", "{\"name\":\"c\"}");
    int64_t a = add_with(s, "Article", "{\"title\":\"a\",\"category\":%lld}", category);
    int64_t b = add_with(s, "Article", "{\"title\":\"b\",\"category\":%lld}", category);
    struct change c = suite_write(s, CHANGE_DELETE, "Category", category, NULL);
    check_ok(c.ok, &c.err);
    check_int(c.count, 1);
    check_int(suite_field(s, "Article", a, "category").kind, BW_NULL);
    check_int(suite_field(s, "Article", b, "category").kind, BW_NULL);
    check_str(suite_field(s, "Article", b, "title").s, "b");
}

static void cascade_takes_along(void **state)
{
    struct suite *s = *state;
    int64_t a = suite_add(s, "Article", "{\"title\":\"a\"}");
    int64_t b = suite_add(s, "Article", "{\"title\":\"b\"}");
    for (int i = 0; i < 20; i++)
        add_with(s, "Comment", "{\"article\":%lld,\"text\":\"x\"}", i % 2 ? a : b);
    struct change c = suite_write(s, CHANGE_DELETE, "Article", a, NULL);
    check_ok(c.ok, &c.err);
    check_int(c.count, 1);
    check_int(suite_count(s, "Comment"), 10);
    check_int(suite_count(s, "Article"), 1);
}

static int64_t add_reply(struct suite *s, int64_t comment, int64_t about)
{
    struct change c = suite_change(s, CHANGE_ADD, "Reply", 0, "{}");
    struct bw_err e;
    c.rec.v[1] = comment ? bw_int(comment) : bw_null();
    c.rec.v[2] = about ? bw_int(about) : bw_null();
    check_ok(store_write(s->store, &c, 1, true, &e), &e);
    return c.id;
}

static void cascades_go_on(void **state)
{
    struct suite *s = *state;
    int64_t article = suite_add(s, "Article", "{\"title\":\"a\"}");
    int64_t a = add_with(s, "Comment", "{\"article\":%lld}", article);
    int64_t b = add_with(s, "Comment", "{\"article\":%lld}", article);
    add_reply(s, a, b); /* restricts b, but goes with a */
    add_reply(s, b, b);
    struct change c = suite_write(s, CHANGE_DELETE, "Article", article, NULL);
    check_ok(c.ok, &c.err);
    check_int(c.count, 1);
    check_int(suite_count(s, "Comment"), 0);
    check_int(suite_count(s, "Reply"), 0);
}

static void restrict_holds_a_cascade(void **state)
{
    struct suite *s = *state;
    int64_t article = suite_add(s, "Article", "{\"title\":\"a\"}");
    int64_t comment = add_with(s, "Comment", "{\"article\":%lld}", article);
    add_reply(s, comment, 0);
    int64_t held = add_reply(s, 0, comment);
    struct change c = suite_write(s, CHANGE_DELETE, "Article", article, NULL);
    check_refused(&c, BW_CONFLICT, "about", "Reply 2 still refers to Comment 1");
    check_int(suite_count(s, "Comment"), 1);
    check_int(suite_count(s, "Reply"), 2);
    check(suite_write(s, CHANGE_DELETE, "Reply", held, NULL).ok);
    check(suite_write(s, CHANGE_DELETE, "Article", article, NULL).ok);
    check_int(suite_count(s, "Reply"), 0);
}

static void references_to_itself(void **state)
{
    struct suite *s = *state;
    int64_t root = suite_add(s, "Node", "{}");
    int64_t child = add_with(s, "Node", "{\"parent\":%lld}", root);
    struct change c = suite_write(s, CHANGE_DELETE, "Node", root, NULL);
    check_refused(&c, BW_CONFLICT, "parent", "Node 2 still refers to Node 1");
    c = suite_write(s, CHANGE_UPDATE, "Node", child, "{\"parent\":2}");
    check_ok(c.ok, &c.err);
    c = suite_write(s, CHANGE_DELETE, "Node", child, NULL);
    check_ok(c.ok, &c.err);
}

/* All that restricts each other may go together, whatever their order. */
static void delete_where_at_once(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    int64_t root = suite_add(s, "Node", "{\"room\":1}");
    int64_t child = add_with(s, "Node", "{\"parent\":%lld,\"room\":1,\"hour\":1}", root);
    add_with(s, "Node", "{\"parent\":%lld,\"room\":1,\"hour\":2}", child);
    int64_t other = suite_add(s, "Node", "{\"room\":2}");
    struct change c = {.kind = CHANGE_DELETE_WHERE, .table = suite_table(s, "Node")};
    c.filter =
        filter_test(&s->arena, table_column(c.table, BW_LIT("room")), BW_EQ, BW_LIT("1"), &e);
    check_ok(store_write(s->store, &c, 1, true, &e), &e);
    check_int(c.count, 3);
    check(suite_get(s, "Node", other));
    check_ok(store_write(s->store, &c, 1, true, &e), &e);
    check_int(c.count, 0);
}

static void delete_where_is_held(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    int64_t a = suite_add(s, "Node", "{\"room\":1}");
    add_with(s, "Node", "{\"room\":2,\"parent\":%lld}", a);
    struct change c = {.kind = CHANGE_DELETE_WHERE, .table = suite_table(s, "Node")};
    c.filter =
        filter_test(&s->arena, table_column(c.table, BW_LIT("room")), BW_EQ, BW_LIT("1"), &e);
    check_ok(store_write(s->store, &c, 1, false, &e), &e);
    check_refused(&c, BW_CONFLICT, "parent", "Node 2 still refers to Node 1");
    check_int(suite_count(s, "Node"), 2);
}

static const struct CMUnitTest tests[] = {
    SUITE_TEST(unique_field),
    SUITE_TEST(unique_lets_nulls_be),
    SUITE_TEST(unique_value_is_free_again),
    SUITE_TEST(unique_over_fields),
    SUITE_TEST(two_rules_the_first_is_told),
    SUITE_TEST(all_is_told),
    SUITE_TEST(all_is_told_of_an_update),
    SUITE_TEST(reference_must_exist),
    SUITE_TEST(restrict_holds),
    SUITE_TEST(set_null_lets_go),
    SUITE_TEST(cascade_takes_along),
    SUITE_TEST(cascades_go_on),
    SUITE_TEST(restrict_holds_a_cascade),
    SUITE_TEST(references_to_itself),
    SUITE_TEST(delete_where_at_once),
    SUITE_TEST(delete_where_is_held),
};
const struct CMUnitTest *const conformance_rule_tests = tests;
const size_t conformance_rule_count = sizeof tests / sizeof *tests;
