/* scrape_test.c: the text of metrics read back, and what two looks at it make. */
#include "help/t.h"

#include "cli/scrape.c"
#include "cli/top_model.c"

#define R "method=\"GET\",route=\"/a\\\"b\\\\c\""

static const char first[] = "# HELP x y\n"
                            "burrow_requests_total 100\n"
                            "http_requests_total{" R ",status=\"2xx\"} 90\n"
                            "http_requests_total{" R ",status=\"5xx\"} 10\n"
                            "http_request_duration_seconds_bucket{" R ",le=\"0.001\"} 50\n"
                            "http_request_duration_seconds_bucket{" R ",le=\"0.01\"} 100\n"
                            "http_request_duration_seconds_bucket{" R ",le=\"+Inf\"} 100\n"
                            "http_request_duration_seconds_count{" R "} 100\n"
                            "http_request_duration_seconds_sum{" R "} 0.5\n"
                            "process_start_time_seconds 1795435000.5\n"
                            "burrow_ready 1\n";
static const char second[] = "burrow_requests_total 140\n"
                             "http_requests_total{" R ",status=\"2xx\"} 126\n"
                             "http_requests_total{" R ",status=\"5xx\"} 14\n"
                             "http_request_duration_seconds_bucket{" R ",le=\"0.001\"} 60\n"
                             "http_request_duration_seconds_bucket{" R ",le=\"0.01\"} 138\n"
                             "http_request_duration_seconds_bucket{" R ",le=\"+Inf\"} 140\n"
                             "http_request_duration_seconds_count{" R "} 140\n"
                             "http_request_duration_seconds_sum{" R "} 3.5\n"
                             "loop_turn_seconds_bucket{loop=\"0\",le=\"0.5\"} 4\n"
                             "loop_turn_seconds_bucket{loop=\"0\",le=\"+Inf\"} 4\n"
                             "fibers{loop=\"0\",state=\"in use\"} 3\n"
                             "db_writer_queue{db=\"d\"} 7\n"
                             "db_writes_total{db=\"d\"} 8\n"
                             "db_commits_total{db=\"d\"} 2\n"
                             "store_up{store=\"s\"} 0\n"
                             "burrow_info{app=\"blog\",version=\"1,0\",burrow=\"0\"} 1\n"
                             "burrow_ready 1\n";

static void read_text(struct scrape *s, const char *text, int64_t at)
{
    struct bw_err e;
    scrape_init(s);
    check_ok(scrape_read(s, bw_cstr(text), at, &e), &e);
}

static bool near_to(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void reads(void **state)
{
    (void)state;
    struct scrape s;
    read_text(&s, first, 5);
    check(scrape_value(&s, METRIC(burrow_requests), BW_LIT(""), -1) == 100);
    check(scrape_value(&s, METRIC(http_requests), BW_LIT(R ",status=\"5xx\""), -1) == 10);
    check(scrape_value(&s, METRIC(http_requests), BW_LIT("x=\"y\""), -1) == -1);
    check(scrape_sum(&s, METRIC(http_requests), "") == 100);
    check(scrape_sum(&s, METRIC(http_requests), "status=\"5xx\"") == 10);
    check_str(scrape_label(&s, BW_LIT(R), "route"), "/a\"b\\c");
    check_str(scrape_label(&s, BW_LIT(R), "method"), "GET");
    check_str(scrape_label(&s, BW_LIT(R), "rout"), "");
    check_str(scrape_label(&s, BW_LIT("a"), "a"), "");
    const struct histogram *h =
        scrape_histogram(&s, BW_LIT("http_request_duration_seconds"), BW_LIT(R));
    check(h && h->n == 3 && near_to(h->sum, 0.5) && histogram_count(h) == 100);
    scrape_release(&s);
}

static void refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"<html>",     "x{a=\"b\" 1",         "x",
                                      "x y",        "{a=\"\"} 1",          "x{a=\"\\\"} 1",
                                      "x_bucket 1", "x_bucket{le=\"z\"} 1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct scrape s;
        struct bw_err e;
        scrape_init(&s);
        if (scrape_read(&s, bw_cstr(bad[i]), 0, &e))
            fail_msg("%s", bad[i]);
        check(strstr(e.text, bad[i]) != NULL);
        scrape_release(&s);
    }
}

static void quantiles(void **state)
{
    (void)state;
    struct histogram h = {.n = 3, .bounds = {1, 2, INFINITY}, .counts = {10, 20, 30}};
    check(near_to(histogram_quantile(&h, 1.0 / 6), 0.5));
    check(near_to(histogram_quantile(&h, 0.5), 1.5));
    check(near_to(histogram_quantile(&h, 0.99), 2)); /* beyond the last bound */
    check(near_to(histogram_quantile(&h, 0), 0));
    check(near_to(histogram_quantile(&(struct histogram){.n = 0}, 0.5), 0));
}

static void between_two_looks(void **state)
{
    (void)state;
    struct scrape a, b;
    struct top t;
    read_text(&a, first, 0);
    read_text(&b, second, 4 * CLOCK_SECOND);
    top_make(&t, &b, &a);
    check(near_to(t.span, 4) && near_to(t.rate, 10) && near_to(t.status[5], 1) &&
          near_to(t.status[2], 9));
    check_int(t.routes.n, 1);
    const struct top_route *r = &t.routes.p[0];
    check_str(r->route, "/a\"b\\c");
    check(near_to(r->rate, 10) && near_to(r->failed, 1) && r->time.count == 40);
    check(near_to(r->time.p50, 0.001 + 0.009 * 10 / 28)); /* 10 of 40 below 1 ms, 28 below 10 */
    check(near_to(t.time.p50, r->time.p50) && near_to(t.time.p99, 0.01));
    check_int(t.loops.n, 1);
    check(t.loops.p[0].in_use == 3 && near_to(t.loops.p[0].turns, 1));
    check_int(t.dbs.n, 1);
    check(t.dbs.p[0].queue == 7 && near_to(t.dbs.p[0].writes, 2) && near_to(t.dbs.p[0].group, 4));
    check(t.stores.n == 1 && !t.stores.p[0].up && t.ready);
    check_str(t.version, "1,0");
    top_release(&t);
    /* The server began anew in between: its counters are smaller. */
    b.at = 0;
    a.at = 4 * CLOCK_SECOND;
    top_make(&t, &a, &b);
    check(near_to(t.rate, 25) && t.routes.p[0].time.count == 100);
    top_release(&t);
    top_make(&t, &b, NULL);
    check(t.since_start && t.up > 0);
    top_release(&t);
    scrape_release(&a);
    scrape_release(&b);
}

static void in_order(void **state)
{
    (void)state;
    struct top t = {.where = ""};
    static const struct top_route routes[] = {
        {.route = BW_LIT("/b"), .rate = 3, .failed = 0, .time = {.p99 = 2}},
        {.route = BW_LIT("/a"), .rate = 1, .failed = 9, .time = {.p99 = 2}},
        {.route = BW_LIT("/c"), .rate = 2, .failed = 0, .time = {.p99 = 5}},
    };
    static const struct {
        enum top_order by;
        const char *order;
    } rows[] = {{TOP_BY_P99, "/c/a/b"},
                {TOP_BY_RATE, "/b/c/a"},
                {TOP_BY_FAILED, "/a/c/b"},
                {TOP_BY_NAME, "/a/b/c"}};
    for (int i = 0; i < 3; i++)
        *vec_push(&t.routes) = routes[i];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char got[16] = "";
        top_sort(&t, rows[i].by);
        for (int k = 0; k < 3; k++)
            memcpy(got + 2 * k, t.routes.p[k].route.p, 3);
        check_str(bw_cstr(got), rows[i].order);
    }
    top_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads), cmocka_unit_test(refuses), cmocka_unit_test(quantiles),
        cmocka_unit_test(between_two_looks), cmocka_unit_test(in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
