#include "help/rest.h"

#include <pthread.h>

#include "core/limits.h"
#include "core/log.h"

static struct bw_server server;

#define LINES 20000 /* of ten bytes: several pieces */

static bool lines(struct bw_req *rq, struct bw_err *e)
{
    bw_reply_header(rq, "X-Kind", BW_LIT("lines"));
    for (int i = 0; i < LINES; i++)
        if (!bw_reply_write(rq, BW_LIT("012345678\n"), e))
            return false;
    return true;
}

static bool breaks(struct bw_req *rq, struct bw_err *e)
{
    for (int i = 0; i < LINES; i++)
        if (!bw_reply_write(rq, BW_LIT("012345678\n"), e))
            return false;
    return bw_fail(e, BW_CONFLICT, "the table moved");
}

static bool copy(struct bw_req *rq, struct bw_err *e)
{
    for (bw_str piece;;) {
        if (!bw_req_read(rq, &piece, e))
            return false;
        if (piece.n == 0)
            return true;
        if (!bw_reply_write(rq, piece, e))
            return false;
    }
}

static bool whole(struct bw_req *rq, struct bw_err *e)
{
    bw_str body;
    return bw_req_body(rq, &body, e) && bw_reply(rq, "text/plain", body);
}

static const struct bw_route routes[] = {
    {"GET", "/lines", lines, NULL, 0},
    {"GET", "/breaks", breaks, NULL, 0},
    {"POST", "/copy", copy, NULL, 0},
    {"POST", "/whole", whole, NULL, 1000},
    {.path = NULL},
};
static const struct bw_app app = {.name = "test", .routes = routes};

struct ends {
    size_t asked, pieces, got, largest;
    size_t fail_read_at, fail_write_at; /* pieces; 0 = never */
    int status;
};

static int setup(void **state)
{
    (void)state;
    struct bw_err e;
    log_set_level(LOG_LEVEL_FATAL);
    check_ok(server_init(&server, &app, &(struct server_opts){0}, &e), &e);
    check_ok(server_ready(&server, &e), &e);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_release(&server);
    return 0;
}

static bool give(void *arg, bw_str *piece, struct bw_err *e)
{
    struct ends *x = arg;
    if (++x->asked == x->fail_read_at)
        return bw_fail(e, BW_GONE, "the source dried up");
    *piece = x->asked <= 30 ? BW_LIT("0123456789") : BW_LIT("");
    return true;
}

static bool take(void *arg, const struct inprocess_answer *a, bw_str piece, struct bw_err *e)
{
    struct ends *x = arg;
    x->status = a->status;
    x->got += piece.n;
    x->largest = piece.n > x->largest ? piece.n : x->largest;
    return ++x->pieces != x->fail_write_at || bw_fail(e, BW_GONE, "nobody listens");
}

static bool exchange(const char *method, const char *target, struct ends *x, bool up, bool down,
                     struct bw_err *e)
{
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct inprocess_answer a = {.arena = &arena};
    struct inprocess_ask q = {.method = bw_cstr(method), .target = bw_cstr(target), .arg = x};
    q.read = up ? give : NULL;
    q.write = down ? take : NULL;
    bool ok = inprocess_ask(&server, &q, &a, e);
    x->status = a.status;
    if (!down)
        x->got = a.body.n;
    bw_arena_release(&arena);
    return ok;
}

static void collected(void **state)
{
    (void)state;
    struct ends x = {0};
    struct bw_err e;
    check_ok(exchange("GET", "/lines", &x, false, false, &e), &e);
    check_int(x.status, 200);
    check_int(x.got, LINES * 10);
}

static void streamed(void **state)
{
    (void)state;
    struct ends x = {0};
    struct bw_err e;
    check_ok(exchange("GET", "/lines", &x, false, true, &e), &e);
    check_int(x.got, LINES * 10);
    check(x.pieces > 3);
    check(x.largest <= 2 * LIMIT_HTTP_STREAM);
    x = (struct ends){0};
    check_ok(exchange("HEAD", "/lines", &x, false, true, &e), &e);
    check_int(x.status, 200);
    check_int(x.pieces, 0);
}

static void streamed_up(void **state)
{
    (void)state;
    struct ends x = {0};
    struct bw_err e;
    check_ok(exchange("POST", "/copy", &x, true, true, &e), &e);
    check_int(x.got, 300);
    x = (struct ends){0};
    check_ok(exchange("POST", "/whole", &x, true, false, &e), &e);
    check_int(x.got, 300);
}

/* Collected, a late failure is told as a problem; streamed, it can only break the answer off. */
static void late_failure(void **state)
{
    (void)state;
    struct ends x = {0};
    struct bw_err e;
    check_ok(exchange("GET", "/breaks", &x, false, false, &e), &e);
    check_int(x.status, 409);
    x = (struct ends){0};
    check(!exchange("GET", "/breaks", &x, false, true, &e));
    check_says(&e, "broke off");
    check_int(x.status, 200);
}

static void broken_ends(void **state)
{
    (void)state;
    struct bw_err e;
    struct ends x = {.fail_write_at = 2};
    check(!exchange("GET", "/lines", &x, false, true, &e));
    check_says(&e, "nobody listens");
    check_int(x.pieces, 2);
    x = (struct ends){.fail_read_at = 3};
    /* The handler's error is the answer: nothing had been sent. */
    check_ok(exchange("POST", "/whole", &x, true, false, &e), &e);
    check_int(x.status, 499);
}

static void fields_outlive_the_request(void **state)
{
    (void)state;
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct inprocess_answer a = {.arena = &arena};
    struct inprocess_ask q = {.method = BW_LIT("GET"), .target = BW_LIT("/lines")};
    struct bw_err e;
    check_ok(inprocess_ask(&server, &q, &a, &e), &e);
    check_str(http_field_get(a.fields, a.n_fields, "x-kind"), "lines");
    bw_arena_release(&arena);
}

static void *asker(void *arg)
{
    static const char *const targets[] = {"/health", "/api/openapi.json", "/metrics", "/nowhere"};
    size_t *wrong = arg;
    for (size_t i = 0; i < 80; i++) {
        struct bw_arena arena;
        bw_arena_init(&arena);
        struct inprocess_answer a = {.arena = &arena};
        struct inprocess_ask q = {.method = BW_LIT("GET"), .target = bw_cstr(targets[i % 4])};
        struct bw_err e;
        bool ok = inprocess_ask(&server, &q, &a, &e);
        *wrong += !ok || a.status != (i % 4 == 3 ? 404 : 200) || !bw_json_valid(a.body, 64);
        bw_arena_release(&arena);
    }
    return NULL;
}

/* Nothing is shared but what is made for it; under TSan this says so. */
static void many_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t wrong[4] = {0};
    for (size_t i = 0; i < 4; i++)
        check_int(pthread_create(&threads[i], NULL, asker, &wrong[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        check_int(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collected),    cmocka_unit_test(streamed),
        cmocka_unit_test(streamed_up),  cmocka_unit_test(late_failure),
        cmocka_unit_test(broken_ends),  cmocka_unit_test(fields_outlive_the_request),
        cmocka_unit_test(many_threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
