/* server_metric_test.c: what /metrics tells of requests: sizes, classes, and that the number of
 * series is bounded however many routes there are. */
#include "help/rest.h"

#include "core/limits.h"
#include "core/log.h"
#include "core/metric.h"

#define ROUTES 2000

static struct bw_server server;
static struct bw_route routes[ROUTES + 2];
static char paths[ROUTES][24];

static bool echo(struct bw_req *rq, struct bw_err *e)
{
    bw_str body;
    return bw_req_body(rq, &body, e) && bw_reply(rq, "text/plain", body);
}

static const struct bw_app app = {.name = "many", .version = "1.2", .routes = routes};

static int setup(void **state)
{
    (void)state;
    struct bw_err e;
    struct server_opts o = {.root = NULL};
    log_set_level(LOG_LEVEL_FATAL);
    metric_reset();
    routes[0] = (struct bw_route){.method = "POST", .path = "/echo", .run = echo};
    for (int i = 0; i < ROUTES; i++) {
        snprintf(paths[i], sizeof paths[i], "/route/%d", i);
        routes[i + 1] = (struct bw_route){.method = "GET", .path = paths[i], .run = echo};
    }
    check_ok(server_init(&server, &app, &o, &e), &e);
    check_ok(server_ready(&server, &e), &e);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_release(&server);
    ask_end();
    metric_reset();
    return 0;
}

static bw_str metrics(void)
{
    return ask(&server, "GET", "/metrics?format=openmetrics", NULL, NULL)->body;
}

static bool has(bw_str text, const char *line)
{
    size_t n = strlen(line);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, line, n) == 0 && (i == 0 || text.p[i - 1] == '\n'))
            return true;
    return false;
}

/* Lines that tell one good answer of a route of ours; read once: there are many. */
static int routes_with_one(bw_str text)
{
    bw_str line;
    int n = 0;
    while (bw_str_cut(&text, '\n', &line))
        n += bw_str_starts(line, BW_LIT("http_requests_total{method=\"GET\",route=\"/route/")) &&
             bw_str_ends(line, BW_LIT(",status=\"2xx\"} 1"));
    return n;
}

static void sizes_and_classes(void **state)
{
    (void)state;
    char body[1000];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = 0;
    check_int(ask(&server, "POST", "/echo", NULL, body)->status, 200);
    check_int(ask(&server, "POST", "/echo", NULL, "y")->status, 200);
    bw_str m = metrics();
    check(has(m, "http_requests_total{method=\"POST\",route=\"/echo\",status=\"2xx\"} 2\n"));
    check(has(m, "http_request_size_bytes_sum{method=\"POST\",route=\"/echo\"} 1000\n"));
    check(
        has(m, "http_request_size_bytes_bucket{method=\"POST\",route=\"/echo\",le=\"64.0\"} 1\n"));
    check(has(m, "http_response_size_bytes_sum{method=\"POST\",route=\"/echo\"} 1000\n"));
    check(has(m, "http_request_duration_seconds_count{method=\"POST\",route=\"/echo\"} 2\n"));
    check(has(m, "burrow_info{app=\"many\",version=\"1.2\",burrow=\"" BW_RELEASE "\"} 1\n"));
    check(has(m, "burrow_ready 1\n"));
    check(has(m, "log_records_lost_total "));
}

/* The first routes have series of their own, the others one together; nothing is lost, and the
 * limit of series is not reached. */
static void many_routes(void **state)
{
    (void)state;
    for (int i = 0; i < ROUTES; i++)
        check_int(ask(&server, "GET", paths[i], NULL, NULL)->status, 200);
    bw_str m = metrics();
    check(has(m, "http_requests_total{method=\"GET\",route=\"/route/0\",status=\"2xx\"} 1\n"));
    check(!has(m, "http_requests_total{method=\"GET\",route=\"/route/1999\",status=\"2xx\"}"));
    int own = routes_with_one(m);
    char line[128];
    check(own > 100 && own <= LIMIT_METRIC_ROUTES);
    snprintf(line, sizeof line,
             "http_requests_total{method=\"OTHER\",route=\"(other)\",status=\"2xx\"} %d\n",
             ROUTES - own);
    check(has(m, line));
    check(has(m, "metric_overflow_total 0\n"));
    check_int(registry_requests(&server.registry), ROUTES + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sizes_and_classes, setup, teardown),
        cmocka_unit_test_setup_teardown(many_routes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
