#include "help/rest.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metric.h"

#define NOON (INT64_C(1795435458) * BW_TIME_SECOND) /* 2026-11-23T12:04:18Z */
#define MONO (1000 * CLOCK_SECOND)

static struct bw_server server;
static int64_t open_connections;
static bool store_answers;

static int64_t connections(void *arg)
{
    return *(int64_t *)arg;
}

static bool ping(struct store *s, struct bw_err *e)
{
    (void)s;
    clock_set(bw_now(), clock_mono() + 1500 * 1000);
    return store_answers || bw_fail(e, BW_SYS, "disk unplugged");
}

static const struct store_kind fake_kind = {.name = "fake", .ping = ping};
static struct store fake = {.kind = &fake_kind, .name = "default"};
static struct store *stores[] = {&fake, NULL};

static const struct bw_app app = {.name = "test", .version = "1.2"};

static int setup_with(bool details)
{
    struct bw_err e;
    log_set_level(LOG_LEVEL_FATAL);
    metric_reset();
    clock_set(NOON, MONO);
    struct server_opts o = {.health_details = details};
    check_ok(server_init(&server, &app, &o, &e), &e);
    server.stores = stores;
    server.connections = connections;
    server.connections_arg = &open_connections;
    store_answers = true;
    open_connections = 3;
    check_ok(server_ready(&server, &e), &e);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(false);
}

static int setup_details(void **state)
{
    (void)state;
    return setup_with(true);
}

static int teardown(void **state)
{
    (void)state;
    server_release(&server);
    ask_end();
    clock_unset();
    return 0;
}

static void move(int64_t ns)
{
    clock_set(bw_now() + ns / 1000, clock_mono() + ns);
}

static void health(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "GET", "/health", "Accept: text/html", NULL);
    check_int(a->status, 200);
    check_str(answer_field(a, "content-type"), "application/json");
    check_str(a->body, "{\"status\":\"ok\",\"timestamp\":\"2026-11-23T12:04:18Z\",\"uptime\":0,"
                       "\"connections\":3,\"version\":\"1.2\"}");
    check_int(ask(&server, "HEAD", "/health", NULL, NULL)->body.n, 0);
    check_int(ask(&server, "POST", "/health", NULL, NULL)->status, 405);
    a = ask(&server, "GET", "/health?formt=1", NULL, NULL);
    check_int(a->status, 400);
    check_has(a, "unknown query parameter 'formt'");
    store_answers = false;
    check_int(ask(&server, "GET", "/health", NULL, NULL)->status, 200);
}

/* The text is kept for a moment, but its second is always right. */
static void health_is_kept(void **state)
{
    (void)state;
    ask(&server, "GET", "/health", NULL, NULL);
    open_connections = 4;
    move(49 * CLOCK_MS);
    check_has(ask(&server, "GET", "/health", NULL, NULL), "\"connections\":3");
    move(1 * CLOCK_MS);
    check_has(ask(&server, "GET", "/health", NULL, NULL), "\"connections\":4");
    move(940 * CLOCK_MS);
    check_has(ask(&server, "GET", "/health", NULL, NULL), "12:04:18Z\",\"uptime\":0");
    open_connections = 5;
    move(10 * CLOCK_MS);
    check_has(ask(&server, "GET", "/health", NULL, NULL),
              "12:04:19Z\",\"uptime\":1,\"connections\":5");
}

static void front_page(void **state)
{
    (void)state;
    const struct inprocess_answer *a =
        ask(&server, "GET", "/", "Accept: text/html,application/xhtml+xml;q=0.9", NULL);
    check_int(a->status, 200);
    check_str(answer_field(a, "content-type"), "text/html; charset=utf-8");
    check_str(answer_field(a, "content-security-policy"),
              "default-src 'none'; style-src 'unsafe-inline'");
    check_has(a, "<a href=\"/health\">");
    a = ask(&server, "GET", "/", "Accept: */*", NULL);
    check_str(answer_field(a, "content-type"), "application/json");
    check_has(a, "{\"method\":\"GET\",\"path\":\"/health\"}");
    check_has(a, "\"openapi\":\"/api/openapi.json\"");
    check_int(ask(&server, "GET", "/", "Accept: image/png", NULL)->status, 406);
}

static bool own_front(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    return bw_reply(rq, "text/plain", BW_LIT("mine"));
}

/* An application that answers "/" goes first. */
static void front_page_of_the_application(void **state)
{
    (void)state;
    static const struct bw_route routes[] = {
        {.method = "GET", .path = "/", .run = own_front},
        {.path = NULL},
    };
    static const struct bw_app own = {.name = "own<b>", .routes = routes};
    struct bw_err e;
    struct bw_server s;
    struct server_opts o = {.root = NULL};
    check_ok(server_init(&s, &own, &o, &e), &e);
    check_ok(server_ready(&s, &e), &e);
    check_str(ask(&s, "GET", "/", "Accept: text/html", NULL)->body, "mine");
    server_release(&s);
}

static void ready(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "GET", "/ready", NULL, NULL);
    check_int(a->status, 200);
    check_str(a->body, "{\"status\":\"ready\",\"timestamp\":\"2026-11-23T12:04:18Z\"}");
    store_answers = false;
    a = ask(&server, "GET", "/ready", NULL, NULL);
    check_int(a->status, 503);
    check_str(a->body, "{\"status\":\"unavailable\",\"timestamp\":\"2026-11-23T12:04:18Z\"}");
}

static void details(void **state)
{
    (void)state;
    const char *good = "\"dependencies\":[{\"name\":\"default\",\"kind\":\"fake\",\"state\":\"up\","
                       "\"latency_ms\":1.5}]}";
    check_has(ask(&server, "GET", "/health", NULL, NULL), good);
    check_has(ask(&server, "GET", "/ready", NULL, NULL), good);
    store_answers = false;
    const char *bad = "\"state\":\"down\",\"latency_ms\":1.5,\"last_error\":\"disk unplugged\","
                      "\"last_error_at\":\"2026-11-23T12:04:18Z\"}]}";
    const struct inprocess_answer *a = ask(&server, "GET", "/ready", NULL, NULL);
    check_int(a->status, 503);
    check_has(a, bad);
    check_int(metric_total("store_up"), 0);
    store_answers = true; /* the last error stays known */
    a = ask(&server, "GET", "/ready", NULL, NULL);
    check_int(a->status, 200);
    check_has(a, "\"state\":\"up\",\"latency_ms\":1.5,\"last_error\":\"disk unplugged\"");
    check_int(metric_total("store_up"), 1);
    check_int(ask(&server, "GET", "/startup", NULL, NULL)->status, 200);
}

static void startup(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "GET", "/startup", NULL, NULL);
    check_int(a->status, 200);
    check_str(a->body, "{\"status\":\"started\",\"timestamp\":\"2026-11-23T12:04:18Z\"}");
    atomic_store(&server.state, SERVER_DRAINING);
    check_int(ask(&server, "GET", "/startup", NULL, NULL)->status, 200);
    check_int(ask(&server, "GET", "/ready", NULL, NULL)->status, 503);
    atomic_store(&server.state, SERVER_STARTING);
    a = ask(&server, "GET", "/startup", NULL, NULL);
    check_int(a->status, 503);
    check_str(a->body, "{\"status\":\"starting\",\"timestamp\":\"2026-11-23T12:04:18Z\"}");
    atomic_store(&server.state, SERVER_READY);
}

static void timestamp(void **state)
{
    (void)state;
    const struct inprocess_answer *a = ask(&server, "GET", "/api/timestamp", NULL, NULL);
    check_str(a->body, "{\"timestamp\":\"2026-11-23T12:04:18Z\",\"unix_ms\":1795435458000,"
                       "\"time_log\":136007434514}");
    check_str(answer_field(a, "content-type"), "application/json");
    a = ask(&server, "GET", "/api/timestamp", "Accept: text/plain", NULL);
    check_str(a->body, "136007434514");
    check_int(ask(&server, "GET", "/api/timestamp", "Accept: image/png", NULL)->status, 406);
}

static void metrics_json(void **state)
{
    (void)state;
    struct metric_family f = {"db_connections", METRIC_GAUGE, "test"};
    metric_add(metric_new(&f, "db=\"a\""), 2);
    metric_add(metric_new(&f, "db=\"b\""), 3);
    for (int i = 0; i < 20; i++)
        ask(&server, "GET", i % 2 ? "/health" : "/nowhere", NULL, NULL);
    move(10 * CLOCK_SECOND);
    atomic_store(&server.sessions, 7);
    const struct inprocess_answer *a = ask(&server, "GET", "/metrics", NULL, NULL);
    check_str(answer_field(a, "content-type"), "application/json");
    check_has(a, "{\"requests_total\":20,\"requests_per_second\":2,\"memory_mb\":");
    check_has(a, ",\"db_connections\":5,\"active_sessions\":7}");
}

static void metrics_text(void **state)
{
    (void)state;
    static const struct {
        const char *target, *headers, *type, *says;
    } rows[] = {
        {"/metrics?format=openmetrics", NULL,
         "application/openmetrics-text; version=1.0.0; charset=utf-8",
         "http_requests_total{method=\"GET\",route=\"/health\",status=\"2xx\"} 1\n"},
        {"/metrics",
         "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,"
         "*/*;q=0.1",
         "application/openmetrics-text; version=1.0.0; charset=utf-8", "# EOF\n"},
        {"/metrics", "Accept: text/plain", "text/plain; version=0.0.4; charset=utf-8",
         "http_requests_total{method=\"OTHER\",route=\"(none)\",status=\"4xx\"} 1\n"},
        {"/metrics?format=prometheus", NULL, "text/plain; version=0.0.4; charset=utf-8",
         "http_requests_in_flight{method=\"GET\",route=\"/metrics\"} 1\n"},
        {"/metrics?format=json", "Accept: text/plain", "application/json", "\"memory_mb\""},
        {"/metrics", "Accept: application/openmetrics-text;q=0, */*", "application/json", "mb"},
    };
    ask(&server, "GET", "/health", NULL, NULL);
    ask(&server, "GET", "/nowhere", NULL, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct inprocess_answer *a =
            ask(&server, "GET", rows[i].target, rows[i].headers, NULL);
        check_int(a->status, 200);
        check_str(answer_field(a, "content-type"), rows[i].type);
        check_has(a, rows[i].says);
    }
    const struct inprocess_answer *a = ask(&server, "GET", "/metrics?format=xml", NULL, NULL);
    check_int(a->status, 400);
    check_has(a, "must be json, openmetrics or prometheus, not 'xml'");
    a = ask(&server, "GET", "/metrics?fromat=json", NULL, NULL);
    check_has(a, "unknown query parameter 'fromat', did you mean 'format'?");
    check_int(ask(&server, "GET", "/metrics", "Accept: image/png", NULL)->status, 406);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(health, setup, teardown),
        cmocka_unit_test_setup_teardown(health_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(front_page, setup, teardown),
        cmocka_unit_test_setup_teardown(front_page_of_the_application, setup, teardown),
        cmocka_unit_test_setup_teardown(ready, setup, teardown),
        cmocka_unit_test_setup_teardown(details, setup_details, teardown),
        cmocka_unit_test_setup_teardown(startup, setup, teardown),
        cmocka_unit_test_setup_teardown(timestamp, setup, teardown),
        cmocka_unit_test_setup_teardown(metrics_json, setup, teardown),
        cmocka_unit_test_setup_teardown(metrics_text, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
