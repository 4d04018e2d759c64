/* The same test runs against a server in this process and over HTTP: code that uses a client cannot
 * tell which. */
#include "help/t.h"

#include <pthread.h>

#include "core/clock.h"
#include "net/http_server.h"
#include "rest/server.h"

struct author {
    int64_t id;
    bw_str name, email;
};
static const struct bw_field author_fields[] = {
    BW_TEXT(struct author, name, .required = true),
    BW_TEXT(struct author, email, .unique = true),
    BW_END,
};
static const struct bw_table author_table = BW_TABLE("Author", struct author, author_fields);

struct article {
    int64_t id;
    bw_str title, body;
    int64_t views;
    double score;
    bool published;
    bw_str picture;
    int64_t author;
    bw_time created_at;
    int64_t version;
};
static const struct bw_field article_fields[] = {
    BW_TEXT(struct article, title, .required = true, .max_len = 100),
    BW_TEXT(struct article, body),
    BW_INT(struct article, views, BW_MIN(0)),
    BW_REAL(struct article, score),
    BW_BOOL(struct article, published),
    BW_BLOB(struct article, picture),
    BW_REF(struct article, author, .ref = "Author"),
    BW_CREATED(struct article, created_at),
    BW_VERSION(struct article, version),
    BW_END,
};
static const struct bw_table article_table = BW_TABLE("Article", struct article, article_fields);

static bool add(struct bw_call *c, struct bw_err *e)
{
    (void)e;
    return bw_give_int(c, bw_arg_int(c, 0) + bw_arg_int(c, 1));
}

/* A handler that uses its own client: adds an author and tells how many there are. */
static bool count_authors(struct bw_call *c, struct bw_err *e)
{
    struct author a = {.name = BW_LIT("made by a call")};
    int64_t n;
    struct bw_query *q = bw_query_new(&author_table);
    bool ok = bw_add(bw_call_client(c), &author_table, &a, NULL, e) &&
              bw_count(bw_call_client(c), q, &n, e);
    bw_query_free(q);
    return ok && bw_give_int(c, n);
}

static const struct bw_param two[] = {
    {.name = "n1", .type = BW_TYPE_INT}, {.name = "n2", .type = BW_TYPE_INT}, {0}};
static const struct bw_param one[] = {{.name = "result", .type = BW_TYPE_INT}, {0}};
static const struct bw_method methods[] = {
    {.name = "Add", .run = add, .in = two, .out = one},
    {.name = "CountAuthors", .run = count_authors, .out = one},
    {0},
};
static const struct bw_service calculator = {.name = "Calculator", .methods = methods};

static const struct bw_table *const tables[] = {&author_table, &article_table, NULL};
static const struct bw_service *const services[] = {&calculator, NULL};
static const struct bw_app app = {
    .name = "client-test", .version = "1", .tables = tables, .services = services};

/* ---- the two places ---- */

struct place {
    struct bw_server *server;
    struct bw_client *client;
    struct loops *loops;
    struct http_server *http;
    pthread_t thread;
};

static int open_local(void **state)
{
    static struct place p;
    struct bw_err e;
    p = (struct place){.server = bw_server_open(&app, "", &e)};
    check_ok(p.server != NULL, &e);
    p.client = bw_client_local(p.server);
    *state = &p;
    return 0;
}

static int close_local(void **state)
{
    struct place *p = *state;
    bw_client_close(p->client);
    bw_server_close(p->server);
    return 0;
}

static void *run_loops(void *loops)
{
    loops_run(loops);
    return NULL;
}

static int open_http(void **state)
{
    static struct place p;
    struct bw_err e;
    char url[256];
    p = (struct place){.server = bw_server_open(&app, "", &e)};
    check_ok(p.server != NULL, &e);
    p.loops = loops_new(&(struct loops_opts){.count = 2}, &e);
    p.http = http_server_new(
        p.loops, &(struct http_server_opts){.handler = server_handle, .arg = p.server}, &e);
    check_ok(p.http && http_server_listen(p.http, "127.0.0.1:0", url, &e), &e);
    check_int(pthread_create(&p.thread, NULL, run_loops, p.loops), 0);
    p.client = bw_client_open(url, NULL, &e);
    check_ok(p.client != NULL, &e);
    *state = &p;
    return 0;
}

static void stop_loops(void *loops)
{
    loops_stop(loops);
}

static int close_http(void **state)
{
    struct place *p = *state;
    bw_client_close(p->client);
    http_server_drain(p->http, clock_mono() + 5 * CLOCK_SECOND, stop_loops, p->loops);
    pthread_join(p->thread, NULL);
    http_server_free(p->http);
    loops_free(p->loops);
    bw_server_close(p->server);
    return 0;
}

/* ---- the tests ---- */

static struct bw_client *client(void **state)
{
    return ((struct place *)*state)->client;
}

static int64_t add_article(struct bw_client *c, const char *title, int64_t views)
{
    struct bw_err e;
    struct article a = {.title = bw_cstr(title), .views = views};
    check_ok(bw_add(c, &article_table, &a, NULL, &e), &e);
    return a.id;
}

static void a_record_comes_back_as_it_went(void **state)
{
    struct bw_client *c = client(state);
    struct bw_err e;
    struct article a = {.title = BW_LIT("A \"title\"\n\xC3\xA9"),
                        .views = INT64_MAX,
                        .score = 0.1,
                        .published = true},
                   b;
    check_ok(bw_add(c, &article_table, &a, NULL, &e), &e);
    check(a.id > 0 && a.version == 1 && a.created_at > 0);
    check_ok(bw_get(c, &article_table, a.id, &b, &e), &e);
    check_str(b.title, "A \"title\"\n\xC3\xA9");
    check(b.body.p == NULL);
    check(b.views == INT64_MAX && b.score == 0.1 && b.published && b.author == 0);
    check(b.created_at == a.created_at && b.version == 1);
}

static void errors_carry_code_field_and_sentence(void **state)
{
    struct bw_client *c = client(state);
    struct bw_err e;
    struct article a = {.title = BW_LIT("")};
    check(!bw_get(c, &article_table, 12345, &a, &e));
    check_int(e.code, BW_MISSING);
    check_says(&e, "12345");
    a = (struct article){.title = BW_LIT("x"), .views = -1};
    check(!bw_add(c, &article_table, &a, NULL, &e));
    check_int(e.code, BW_INVALID);
    check_str(bw_cstr(e.field), "views");
    struct author one_author = {.name = BW_LIT("a"), .email = BW_LIT("a@x")};
    check_ok(bw_add(c, &author_table, &one_author, NULL, &e), &e);
    one_author.id = 0;
    check(!bw_add(c, &author_table, &one_author, NULL, &e));
    check_int(e.code, BW_CONFLICT);
    check_str(bw_cstr(e.field), "email");
}

static void an_update_writes_the_named_fields_and_minds_the_version(void **state)
{
    struct bw_client *c = client(state);
    struct bw_err e;
    struct article a;
    int64_t id = add_article(c, "before", 1);
    check_ok(bw_get(c, &article_table, id, &a, &e), &e);
    a.views = 2;
    a.title = BW_LIT("not written");
    check_ok(bw_update(c, &article_table, &a, "views", &e), &e);
    check(!bw_update(c, &article_table, &a, "views", &e)); /* its version is 1 still */
    check_int(e.code, BW_CHANGED);
    check_ok(bw_get(c, &article_table, id, &a, &e), &e);
    check_str(a.title, "before");
    check(a.views == 2 && a.version == 2);
    check(!bw_update(c, &article_table, &a, "wiews", &e));
    check_says(&e, "did you mean 'views'");
}

static void deleting(void **state)
{
    struct bw_client *c = client(state);
    struct bw_err e;
    struct article a;
    int64_t n, id = add_article(c, "gone", 1);
    check_ok(bw_delete(c, &article_table, id, &e), &e);
    check(!bw_get(c, &article_table, id, &a, &e));
    check(!bw_delete(c, &article_table, id, &e));
    check_int(e.code, BW_MISSING);
    add_article(c, "doomed", 7777);
    add_article(c, "doomed too", 7777);
    struct bw_query *q = bw_query_new(&article_table);
    bw_where(q, "views", BW_EQ, bw_int(7777));
    check_ok(bw_delete_where(c, q, &n, &e), &e);
    check_int(n, 2);
    bw_query_free(q);
}

static size_t collect(struct bw_client *c, const struct bw_query *q, int64_t *views, size_t max)
{
    struct bw_err e;
    struct article a;
    size_t n = 0;
    int got;
    struct bw_rows *rows = bw_list(c, q, &e);
    check_ok(rows != NULL, &e);
    while ((got = bw_rows_next(rows, &a, &e)) > 0 && n < max)
        views[n++] = a.views;
    check_ok(got == 0, &e);
    bw_rows_close(rows);
    return n;
}

static void lists(void **state)
{
    struct bw_client *c = client(state);
    struct bw_err e;
    int64_t views[512], n;
    struct bw_batch *b = bw_batch_new(c, true);
    for (int64_t i = 0; i < 250; i++) {
        struct article a = {.title = i % 2 ? BW_LIT("list, (odd) \"one\"") : BW_LIT("list even"),
                            .views = 1000 + i};
        bw_batch_add(b, &article_table, &a);
    }
    check_ok(bw_batch_send(b, NULL, &e), &e);
    struct bw_query *q = bw_query_new(&article_table);
    bw_where(q, "title", BW_LIKE, bw_text(BW_LIT("list*")));
    bw_order(q, "views.desc");
    check_int(collect(c, q, views, 512), 250); /* three pages */
    for (size_t i = 0; i < 250; i++)
        check(views[i] == 1249 - (int64_t)i);
    check_ok(bw_count(c, q, &n, &e), &e);
    check_int(n, 250);
    bw_limit(q, 130);
    check_int(collect(c, q, views, 512), 130);
    bw_query_free(q);

    q = bw_query_new(&article_table);
    bw_where_or(q);
    bw_where(q, "views", BW_EQ, bw_int(1001));
    bw_where_and(q);
    bw_where(q, "title", BW_EQ, bw_text(BW_LIT("list, (odd) \"one\"")));
    bw_where(q, "views", BW_LT, bw_int(1006));
    bw_where_not(q, "views", BW_EQ, bw_int(1003));
    bw_where_end(q);
    bw_where_in(q, "views", (struct bw_value[]){bw_int(1010), bw_int(1012)}, 2);
    bw_where_end(q);
    bw_order(q, "views");
    check_int(collect(c, q, views, 512), 4);
    check(views[0] == 1001 && views[1] == 1005 && views[2] == 1010 && views[3] == 1012);
    bw_query_free(q);

    q = bw_query_new(&article_table);
    bw_where(q, "body", BW_IS, bw_null());
    bw_where(q, "published", BW_EQ, bw_int(1));
    bw_where(q, "views", BW_GT, bw_int(999));
    check_int(collect(c, q, views, 512), 1); /* the first test's */
    bw_query_free(q);
}

static void mistakes_in_a_query_are_told_when_it_is_used(void **state)
{
    struct bw_client *c = client(state);
    struct bw_err e;
    int64_t n;
    struct bw_query *q = bw_query_new(&article_table);
    bw_where(q, "views", BW_EQ, bw_null());
    check(!bw_count(c, q, &n, &e));
    check_says(&e, "BW_IS");
    bw_query_free(q);
    q = bw_query_new(&article_table);
    bw_where_or(q);
    check(bw_list(c, q, &e) == NULL);
    check_says(&e, "not ended");
    bw_query_free(q);
    q = bw_query_new(&article_table);
    bw_where(q, "wiews", BW_EQ, bw_int(1));
    check(bw_list(c, q, &e) == NULL);
    check_int(e.code, BW_BAD);
    check_says(&e, "did you mean 'views'");
    bw_query_free(q);
}

static void batches(void **state)
{
    struct bw_client *c = client(state);
    struct bw_err e;
    int64_t ids[4] = {9, 9, 9, 9};
    struct article a = {.title = BW_LIT("in a batch")}, wrong = {.title = BW_LIT("x"), .views = -1};
    int64_t old = add_article(c, "old", 1);
    struct bw_batch *b = bw_batch_new(c, true);
    bw_batch_add(b, &article_table, &a);
    bw_batch_add(b, &article_table, &wrong);
    check(!bw_batch_send(b, ids, &e));
    check_int(e.code, BW_INVALID);
    check_says(&e, "write 2");
    check(ids[0] == 0 && ids[1] == 0);
    b = bw_batch_new(c, false);
    bw_batch_add(b, &article_table, &a);
    bw_batch_add(b, &article_table, &wrong);
    a.id = old;
    a.views = 5;
    bw_batch_update(b, &article_table, &a, "views");
    bw_batch_delete(b, &article_table, old);
    check(!bw_batch_send(b, ids, &e)); /* one failed, the others are done */
    check(ids[0] > 0 && ids[1] == 0);
    check(!bw_get(c, &article_table, old, &a, &e));
    check_ok(bw_get(c, &article_table, ids[0], &a, &e), &e);
}

static void calls(void **state)
{
    struct bw_client *c = client(state);
    struct bw_err e;
    bw_str result;
    check_ok(bw_invoke(c, "Calculator.Add", BW_LIT("[40,2]"), &result, &e), &e);
    check_str(result, "[42]");
    check(!bw_invoke(c, "Calculator.Add", BW_LIT("[40]"), &result, &e));
    check_int(e.code, BW_BAD);
    check_says(&e, "n2");
    check_ok(bw_invoke(c, "Calculator.CountAuthors", BW_LIT("[]"), &result, &e), &e);
    check_str(result, "[2]");
}

static void blobs(void **state)
{
    struct bw_client *c = client(state);
    struct bw_err e;
    struct bw_blob_data in = {.bytes = BW_LIT("\0\1\2\xFF"),
                              .content_type = BW_LIT("image/x-test")},
                        out;
    struct bw_blob_at at = {&article_table, add_article(c, "with a picture", 1), "picture"};
    check(!bw_blob_get(c, &at, &out, &e));
    check_int(e.code, BW_MISSING);
    check_ok(bw_blob_put(c, &at, &in, &e), &e);
    check_ok(bw_blob_get(c, &at, &out, &e), &e);
    check(bw_str_eq(in.bytes, out.bytes));
    check_str(out.content_type, "image/x-test");
}

static void nobody_listens(void **state)
{
    (void)state;
    struct bw_err e;
    struct article a;
    struct bw_client *c = bw_client_open("http://127.0.0.1:1", NULL, &e);
    check(c && !bw_get(c, &article_table, 1, &a, &e));
    check_says(&e, "127.0.0.1");
    bw_client_close(c);
    check(bw_client_open("nonsense", NULL, &e) == NULL);
}

#define EVERYWHERE                                                                                 \
    cmocka_unit_test(a_record_comes_back_as_it_went),                                              \
        cmocka_unit_test(errors_carry_code_field_and_sentence),                                    \
        cmocka_unit_test(an_update_writes_the_named_fields_and_minds_the_version),                 \
        cmocka_unit_test(deleting), cmocka_unit_test(lists),                                       \
        cmocka_unit_test(mistakes_in_a_query_are_told_when_it_is_used), cmocka_unit_test(batches), \
        cmocka_unit_test(calls), cmocka_unit_test(blobs)

int main(void)
{
    const struct CMUnitTest local[] = {EVERYWHERE};
    const struct CMUnitTest http[] = {EVERYWHERE, cmocka_unit_test(nobody_listens)};
    return cmocka_run_group_tests(local, open_local, close_local) +
           cmocka_run_group_tests(http, open_http, close_http);
}
