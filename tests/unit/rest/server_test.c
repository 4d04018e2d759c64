#include "help/rest.h"

#include "core/log.h"
#include "rest/req.h"

static struct bw_server server;
static unsigned started, stopped;

static bool hello(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    bw_str name = bw_req_part(rq, "name");
    bw_reply_header(rq, "X-Path", bw_req_path(rq));
    return bw_reply(rq, "text/plain",
                    bw_arena_printf(bw_req_arena(rq), "hello %.*s", BW_FMT(name)));
}

static bool echo(struct bw_req *rq, struct bw_err *e)
{
    bw_str body, twice = bw_req_query(rq, "q"), header = bw_req_header(rq, "x-in");
    if (!bw_req_body(rq, &body, e))
        return false;
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_text(w, "method", bw_req_method(rq));
    bw_json_put_text(w, "body", body);
    bw_json_put_text(w, "q", twice);
    bw_json_put_text(w, "header", header);
    bw_json_put_bool(w, "server", bw_req_server(rq) == &server);
    bw_json_end(w);
    return bw_reply_status(rq, 202);
}

static bool stream_up(struct bw_req *rq, struct bw_err *e)
{
    size_t total = 0;
    for (bw_str piece;;) {
        if (!bw_req_read(rq, &piece, e))
            return false;
        if (piece.n == 0)
            break;
        total += piece.n;
    }
    return bw_reply(rq, "text/plain", bw_arena_printf(bw_req_arena(rq), "%zu", total));
}

static bool secret(struct bw_req *rq, struct bw_err *e)
{
    bw_reply_header(rq, "X-Half", BW_LIT("done"));
    bw_reply(rq, "text/plain", BW_LIT("half an answer"));
    return bw_fail(e, BW_SYS, "cannot open /etc/shadow");
}

static bool teapot(struct bw_req *rq, struct bw_err *e)
{
    (void)rq;
    bw_fail(e, BW_CONFLICT, "the pot is taken");
    memcpy(e->field, "pot", 4);
    return false;
}

static bool busy(struct bw_req *rq, struct bw_err *e)
{
    (void)rq;
    return bw_fail(e, BW_BUSY, "later");
}

static bool large(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    for (int i = 0; i < 3000; i++)
        bw_buf_add(rq->res->body, "0123456789", 10);
    return true;
}

static const struct bw_route routes[] = {
    {"GET", "/hello/:name", hello, "Greets.", 0},
    {"POST", "/api/echo", echo, "Says it again.", 100},
    {"PUT", "/api/echo", echo, NULL, 0},
    {"POST", "/up", stream_up, NULL, 0},
    {"GET", "/secret", secret, NULL, 0},
    {"GET", "/teapot", teapot, NULL, 0},
    {"GET", "/busy", busy, NULL, 0},
    {"GET", "/large", large, NULL, 0},
    {.path = NULL},
};

static bool on_start(struct bw_server *s, void *user, struct bw_err *e)
{
    (void)e;
    check(s == &server && user == &started);
    started++;
    return true;
}

static void on_stop(struct bw_server *s, void *user)
{
    (void)s;
    (void)user;
    stopped++;
}

static const struct bw_app app = {
    .name = "test",
    .version = "1.2",
    .routes = routes,
    .start = on_start,
    .stop = on_stop,
    .user = &started,
};

static int setup(void **state)
{
    (void)state;
    struct bw_err e;
    started = stopped = 0;
    log_set_level(LOG_LEVEL_FATAL);
    check_ok(server_init(&server, &app, &(struct server_opts){0}, &e), &e);
    check_ok(server_ready(&server, &e), &e);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_release(&server);
    ask_end();
    return 0;
}

static void routes_answer(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "GET", "/hello/J%C3%B6rg%2F7", NULL, NULL);
    check_int(a->status, 200);
    check_str(a->body, "hello Jörg/7");
    check_str(answer_field(a, "content-type"), "text/plain");
    check_str(answer_field(a, "x-path"), "/hello/Jörg/7");
    a = ask(&server, "POST", "/api/echo?q=a%20b+c&q=2", "X-In: 1\nX-In: 2", "body");
    check_int(a->status, 202);
    check_str(a->body, "{\"method\":\"POST\",\"body\":\"body\",\"q\":\"a b c\",\"header\":\"1, 2\","
                       "\"server\":true}");
    a = ask(&server, "POST", "/up", NULL, "12345");
    check_str(a->body, "5");
}

static void head_has_no_body(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "HEAD", "/hello/x", NULL, NULL);
    check_int(a->status, 200);
    check_int(a->body.n, 0);
    check_str(answer_field(a, "content-type"), "text/plain");
}

static void unknown_paths(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "GET", "/api/ehco", NULL, NULL);
    check_int(a->status, 404);
    check_has(a, "no such path /api/ehco, did you mean /api/echo?");
    a = ask(&server, "GET", "/zzz", NULL, NULL);
    check_int(a->status, 404);
    check_has(a, "\"detail\":\"no such path /zzz\"");
}

static void wrong_methods(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "DELETE", "/api/echo", NULL, NULL);
    check_int(a->status, 405);
    check_str(answer_field(a, "allow"), "POST, PUT, OPTIONS");
    a = ask(&server, "BREW", "/hello/x", NULL, NULL);
    check_int(a->status, 405);
    check_str(answer_field(a, "allow"), "GET, HEAD, OPTIONS");
    check_has(a, "BREW is not allowed");
}

static void options(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "OPTIONS", "/api/echo", NULL, NULL);
    check_int(a->status, 204);
    check_str(answer_field(a, "allow"), "POST, PUT, OPTIONS");
    check_int(a->body.n, 0);
    a = ask(&server, "OPTIONS", "*", NULL, NULL);
    check_int(a->status, 204);
    check_int(ask(&server, "OPTIONS", "/zzz", NULL, NULL)->status, 404);
}

static void problems(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "GET", "/teapot", "X-Request-Id: abc-1", NULL);
    check_int(a->status, 409);
    check_str(answer_field(a, "content-type"), "application/problem+json");
    check_str(a->body,
              "{\"type\":\"urn:burrow:problem:conflict\",\"title\":\"Conflict\",\"status\":409,"
              "\"detail\":\"the pot is taken\",\"instance\":\"urn:burrow:request:abc-1\","
              "\"errorCode\":409,\"errorText\":\"the pot is taken\",\"errors\":[{\"field\":\"pot\","
              "\"detail\":\"the pot is taken\"}]}");
    a = ask(&server, "GET", "/busy", NULL, NULL);
    check_int(a->status, 503);
    check_str(answer_field(a, "retry-after"), "1");
    check_has(a, "\"instance\":\"urn:uuid:");
    /* A name that could forge log lines is not taken. */
    a = ask(&server, "GET", "/busy", "X-Request-Id: a b", NULL);
    check_has(a, "\"instance\":\"urn:uuid:");
}

static void inner_errors_stay_inside(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "GET", "/secret", "X-Request-Id: r7", NULL);
    check_int(a->status, 500);
    check_has(a, "its log tells why, under request r7");
    check(memmem(a->body.p, a->body.n, "shadow", 6) == NULL);
    check(memmem(a->body.p, a->body.n, "half", 4) == NULL);
    check(answer_field(a, "x-half").p == NULL);
}

static void body_limits(void **state)
{
    (void)state;
    char body[102];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = 0;
    const struct inprocess_answer *a = ask(&server, "POST", "/api/echo", NULL, body);
    check_int(a->status, 413);
    check_has(a, "may have 100 bytes, this one has 101");
    check_int(ask(&server, "PUT", "/api/echo", NULL, body)->status, 202);
    body[100] = 0;
    check_int(ask(&server, "POST", "/api/echo", NULL, body)->status, 202);
}

static void deadline_before_the_turn(void **state)
{
    (void)state;
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct inprocess_answer a = {.arena = &arena};
    struct inprocess_ask q = {.method = BW_LIT("GET"), .target = BW_LIT("/hello/x"), .deadline = 1};
    struct bw_err e;
    check_ok(inprocess_ask(&server, &q, &a, &e), &e);
    check_int(a.status, 504);
    bw_arena_release(&arena);
}

static void states(void **state)
{
    (void)state;
    static const struct {
        int state, hello, health, ready;
        const char *health_says, *ready_says;
    } rows[] = {
        {SERVER_STARTING, 503, 200, 503, "\"status\":\"starting\"", "\"status\":\"starting\""},
        {SERVER_READY, 200, 200, 200, "\"status\":\"ok\"", "\"status\":\"ready\""},
        {SERVER_DRAINING, 503, 200, 503, "\"status\":\"draining\"", "\"status\":\"draining\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        atomic_store(&server.state, rows[i].state);
        check_int(ask(&server, "GET", "/hello/x", NULL, NULL)->status, rows[i].hello);
        const struct inprocess_answer *a = ask(&server, "GET", "/health", NULL, NULL);
        check_int(a->status, rows[i].health);
        check_has(a, rows[i].health_says);
        a = ask(&server, "GET", "/ready", NULL, NULL);
        check_int(a->status, rows[i].ready);
        check_has(a, rows[i].ready_says);
        check((answer_field(a, "retry-after").p != NULL) == (rows[i].ready == 503));
    }
}

static void life(void **state)
{
    (void)state;
    check_int(started, 1);
    server_stop(&server);
    server_stop(&server);
    check_int(stopped, 1);
    check_int(ask(&server, "GET", "/ready", NULL, NULL)->status, 503);
}

static bool fail_start(struct bw_server *s, void *user, struct bw_err *e)
{
    (void)s;
    (void)user;
    return bw_fail(e, BW_SYS, "no luck");
}

static void refuses(const struct bw_app *a, const char *root, const char *says)
{
    struct bw_server s;
    struct bw_err e;
    check(!server_init(&s, a, &(struct server_opts){.root = root}, &e));
    check_says(&e, says);
}

static void bad_apps(void **state)
{
    (void)state;
    struct bw_err e;
    static const struct bw_route twice[] = {
        {"GET", "/a", hello, NULL, 0}, {"GET", "/a", hello, NULL, 0}, {.path = NULL}};
    static const struct bw_route odd[] = {{"BREW", "/a", hello, NULL, 0}, {.path = NULL}};
    static const struct bw_route empty[] = {{"GET", "/a", NULL, NULL, 0}, {.path = NULL}};
    static const struct bw_route health[] = {{"GET", "/health", hello, NULL, 0}, {.path = NULL}};
    refuses(&(struct bw_app){.name = "x", .routes = twice}, NULL, "GET /a (get_a_) is taken");
    refuses(&(struct bw_app){.name = "x", .routes = odd}, NULL, "a method that is none of");
    refuses(&(struct bw_app){.name = "x", .routes = empty}, NULL, "no function");
    refuses(&(struct bw_app){.name = "x", .routes = health}, NULL, "is taken already by /health");
    refuses(&(struct bw_app){.name = "x"}, "a b", "the root 'a b' is not a path");
    refuses(&(struct bw_app){.name = "x"}, "/api", "is not a path");
    refuses(&(struct bw_app){.name = "x"}, "api/", "must not end with '/'");
    struct bw_server s;
    struct bw_app bad = {.name = "unlucky", .start = fail_start, .stop = on_stop};
    check_ok(server_init(&s, &bad, &(struct server_opts){0}, &e), &e);
    check(!server_ready(&s, &e));
    check_says(&e, "starting unlucky: no luck");
    server_release(&s);
    check_int(stopped, 0);
}

static void other_roots(void **state)
{
    (void)state;
    static const struct {
        const char *root, *path;
    } rows[] = {{"", "/timestamp"}, {"api/v1", "/api/v1/timestamp"}, {"data", "/data/timestamp"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bw_server s;
        struct bw_err e;
        struct bw_app small = {.name = "small"};
        check_ok(server_init(&s, &small, &(struct server_opts){.root = rows[i].root}, &e), &e);
        check_ok(server_ready(&s, &e), &e);
        check_int(ask(&s, "GET", rows[i].path, NULL, NULL)->status, 200);
        check_int(ask(&s, "GET", "/health", NULL, NULL)->status, 200);
        server_release(&s);
    }
}

static void answers_too_large(void **state)
{
    (void)state;
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct inprocess_answer a = {.arena = &arena};
    struct inprocess_ask q = {
        .method = BW_LIT("GET"), .target = BW_LIT("/large"), .max_answer = 8192};
    struct bw_err e;
    check_ok(inprocess_ask(&server, &q, &a, &e), &e);
    check_int(a.status, 500);
    bw_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest one_server[] = {
        cmocka_unit_test(routes_answer),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(unknown_paths),
        cmocka_unit_test(wrong_methods),
        cmocka_unit_test(options),
        cmocka_unit_test(problems),
        cmocka_unit_test(inner_errors_stay_inside),
        cmocka_unit_test(body_limits),
        cmocka_unit_test(deadline_before_the_turn),
        cmocka_unit_test(answers_too_large),
        cmocka_unit_test(other_roots),
    };
    const struct CMUnitTest own_server[] = {
        cmocka_unit_test_setup_teardown(states, setup, teardown),
        cmocka_unit_test_setup_teardown(life, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_apps, setup, teardown),
    };
    return cmocka_run_group_tests(one_server, setup, teardown) +
           cmocka_run_group_tests(own_server, NULL, NULL);
}
