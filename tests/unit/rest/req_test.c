#include "help/rest.h"

#include "core/log.h"
#include "rest/req.h"

static struct bw_server server;

static void put(struct bw_json_writer *w, const char *key, bool ok, const struct bw_err *e)
{
    bw_json_put_text(w, key, bw_cstr(ok ? "ok" : e->text));
}

static bool prefer(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_array(w);
    bw_json_text(w, req_prefer(rq, "count"));
    bw_json_text(w, req_prefer(rq, "return"));
    bw_json_text(w, req_prefer(rq, "respond-async"));
    bw_json_end(w);
    return true;
}

static bool id(struct bw_req *rq, struct bw_err *e)
{
    int64_t v = 0;
    return req_id(rq, &v, e) &&
           bw_reply(rq, "text/plain", bw_arena_printf(rq->arena, "%lld", (long long)v));
}

static bool params(struct bw_req *rq, struct bw_err *e)
{
    static const char *const known[] = {"limit", "select", NULL};
    struct bw_err why;
    struct bw_json_writer *w = bw_reply_json(rq);
    bool ok = req_only_params(rq, known, &why);
    bw_json_object(w);
    put(w, "known", ok, &why);
    bw_json_put_text(w, "field", bw_cstr(ok ? "" : why.field));
    bw_json_put_int(w, "n", rq->n_params);
    bw_json_put_text(w, "limit", req_param(rq, "limit"));
    bw_json_end(w);
    (void)e;
    return true;
}

static bool media(struct bw_req *rq, struct bw_err *e)
{
    static const char *const json[] = {"application/json", "application/x-ndjson", NULL};
    static const char *const any[] = {"*/*", NULL};
    bool all = req_param(rq, "any").p != NULL;
    return req_media(rq, all ? any : json, e) && bw_reply(rq, "text/plain", BW_LIT("ok"));
}

static const struct bw_route routes[] = {
    {"GET", "/prefer", prefer, NULL, 0},
    {"GET", "/id/:id", id, NULL, 0},
    {"GET", "/params", params, NULL, 0},
    {"POST", "/media", media, NULL, 0},
    {.path = NULL},
};
static const struct bw_app app = {.name = "test", .routes = routes};

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
    ask_end();
    return 0;
}

static void preferences(void **state)
{
    (void)state;
    static const struct {
        const char *headers, *want;
    } rows[] = {
        {"", "[null,null,null]"},
        {"Prefer: count=exact", "[\"exact\",null,null]"},
        {"Prefer: return=representation; x=1 , COUNT = \"exact\"",
         "[\"exact\",\"representation\",null]"},
        {"Prefer: respond-async\nPrefer: return=minimal", "[null,\"minimal\",\"\"]"},
        {"Prefer: ,,=,;", "[null,null,null]"},
        {"Prefer: count=exact, count=planned", "[\"exact\",null,null]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_str(
            ask(&server, "GET", "/prefer", *rows[i].headers ? rows[i].headers : NULL, NULL)->body,
            rows[i].want);
}

static void ids(void **state)
{
    (void)state;
    static const struct {
        const char *path, *want;
        int status;
    } rows[] = {
        {"/id/7", "7", 200},
        {"/id/9223372036854775807", "9223372036854775807", 200},
        {"/id/%37", "7", 200},
        {"/id/0", "no record '0'", 404},
        {"/id/-1", "no record '-1'", 404},
        {"/id/9223372036854775808", "no record '9223372036854775808'", 404},
        {"/id/07x", "an id is an integer from 1", 404},
        {"/id/%zz", "no record ''", 404},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct inprocess_answer *a = ask(&server, "GET", rows[i].path, NULL, NULL);
        check_int(a->status, rows[i].status);
        check_has(a, rows[i].want);
    }
}

static void parameters(void **state)
{
    (void)state;
    static const struct {
        const char *query, *want;
    } rows[] = {
        {"", "{\"known\":\"ok\",\"field\":\"\",\"n\":0,\"limit\":null}"},
        {"?limit=5&&limit=6", "{\"known\":\"ok\",\"field\":\"\",\"n\":2,\"limit\":\"5\"}"},
        {"?limit", "\"n\":1,\"limit\":\"\""},
        {"?limit=a%26b%3Dc", "\"limit\":\"a&b=c\""},
        {"?limt=5",
         "{\"known\":\"unknown query parameter 'limt', did you mean 'limit'?\",\"field\":\"limt\""},
        {"?Limit=5", "unknown query parameter 'Limit', did you mean 'limit'?"},
        {"?limit=%f", "not percent-encoded UTF-8"},
        {"?limit=%00", "not percent-encoded UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char target[200];
        snprintf(target, sizeof target, "/params%s", rows[i].query);
        check_has(ask(&server, "GET", target, NULL, NULL), rows[i].want);
    }
    char many[REQ_PARAMS * 2 + 20] = "/params?a";
    for (int i = 0; i < REQ_PARAMS; i++)
        strncat(many, "&a", sizeof many - strlen(many) - 1);
    check_has(ask(&server, "GET", many, NULL, NULL), "more than 64 query parameters");
}

static void media_types(void **state)
{
    (void)state;
    static const struct {
        const char *target, *headers, *body;
        int status;
    } rows[] = {
        {"/media", "Content-Type: application/json", "1", 200},
        {"/media", "Content-Type: application/x-ndjson ; a=b", "1", 200},
        {"/media", "Content-Type: text/xml", "1", 415},
        {"/media", "Content-Type: ", "1", 415},
        {"/media", "Content-Type: text/xml", "", 200},
        {"/media", NULL, "1", 200},
        {"/media?any=1", "Content-Type: text/xml", "1", 200},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct inprocess_answer *a =
            ask(&server, "POST", rows[i].target, rows[i].headers, rows[i].body);
        check_int(a->status, rows[i].status);
        if (a->status == 415)
            check_has(a, "send application/json or application/x-ndjson");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preferences),
        cmocka_unit_test(ids),
        cmocka_unit_test(parameters),
        cmocka_unit_test(media_types),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
