/* metric_test.c: sums over threads, the two text forms, bounds. */
#include "help/t.h"

#include <pthread.h>

#include "core/limits.h"
#include "core/metric.h"

static const struct metric_family requests = {"http_requests", METRIC_COUNTER,
                                              "Requests answered."};
static const struct metric_family open_now = {"connections", METRIC_GAUGE, "Open \"now\"\\\n."};
static const struct metric_family took = {"http_request_duration", METRIC_TIME, "Time."};
static const struct metric_family sizes = {"http_answer", METRIC_SIZE, NULL};

static struct bw_buf b;

static bw_str written(bool openmetrics)
{
    bw_buf_clear(&b);
    metric_write(&b, openmetrics);
    check(bw_buf_ok(&b));
    return bw_buf_str(&b);
}

static bool says(const char *words)
{
    return strstr(bw_buf_cstr(&b), words) != NULL;
}

static int fresh(void **state)
{
    (void)state;
    metric_reset();
    return 0;
}

static void counts(void **state)
{
    (void)state;
    unsigned a = metric_new(&requests, "status=\"2xx\""),
             c = metric_new(&requests, "status=\"4xx\"");
    unsigned g = metric_new(&open_now, "");
    check(a != c && a != 0 && g != 0);
    check_int(metric_new(&requests, "status=\"2xx\""), a);
    metric_add(a, 5);
    metric_add(a, 2);
    metric_add(c, 1);
    metric_add(g, 3);
    metric_add(g, -1);
    check_int(metric_value(a), 7);
    check_int(metric_value(c), 1);
    check_int(metric_value(g), 2);
}

static void both_forms(void **state)
{
    (void)state;
    metric_add(metric_new(&requests, "status=\"2xx\""), 7);
    metric_add(metric_new(&open_now, ""), -2);
    metric_add(metric_new(&requests, ""), 1); /* a family stays together */
    check_str(written(true),
              "# TYPE metric_overflow counter\n"
              "# HELP metric_overflow Updates of series beyond the maximum number of "
              "series, which are not kept.\n"
              "metric_overflow_total 0\n"
              "# TYPE http_requests counter\n"
              "# HELP http_requests Requests answered.\n"
              "http_requests_total{status=\"2xx\"} 7\n"
              "http_requests_total 1\n"
              "# TYPE connections gauge\n"
              "# HELP connections Open \\\"now\\\"\\\\\\n.\n"
              "connections -2\n"
              "# EOF\n");
    check_str(written(false), "# TYPE metric_overflow_total counter\n"
                              "# HELP metric_overflow_total Updates of series beyond the maximum "
                              "number of series, which are not kept.\n"
                              "metric_overflow_total 0\n"
                              "# TYPE http_requests_total counter\n"
                              "# HELP http_requests_total Requests answered.\n"
                              "http_requests_total{status=\"2xx\"} 7\n"
                              "http_requests_total 1\n"
                              "# TYPE connections gauge\n"
                              "# HELP connections Open \"now\"\\\\\\n.\n"
                              "connections -2\n");
}

static void histogram_of_time(void **state)
{
    (void)state;
    unsigned h = metric_new(&took, "route=\"/x\"");
    static const int64_t ns[] = {-5, 0, 50000, 50001, 1000000, 59999999999, 60000000001};
    for (size_t i = 0; i < sizeof ns / sizeof ns[0]; i++)
        metric_observe(h, ns[i]);
    check_int(metric_value(h), 7);
    written(true);
    check(says("# TYPE http_request_duration_seconds histogram\n"
               "# UNIT http_request_duration_seconds seconds\n"
               "# HELP http_request_duration_seconds Time.\n"
               "http_request_duration_seconds_bucket{route=\"/x\",le=\"5e-05\"} 3\n"
               "http_request_duration_seconds_bucket{route=\"/x\",le=\"0.0001\"} 4\n"));
    check(says("le=\"0.0005\"} 4\n"));
    check(says("le=\"0.001\"} 5\n"));
    check(says("le=\"30.0\"} 5\n"));
    check(says("le=\"60.0\"} 6\n"));
    check(says("http_request_duration_seconds_bucket{route=\"/x\",le=\"+Inf\"} 7\n"
               "http_request_duration_seconds_count{route=\"/x\"} 7\n"
               "http_request_duration_seconds_sum{route=\"/x\"} 120.001100001\n# EOF\n"));
    written(false);
    check(says("le=\"60\"} 6\n") && !says("# UNIT") && !says("# EOF"));
}

static void histogram_of_sizes(void **state)
{
    (void)state;
    unsigned h = metric_new(&sizes, "");
    static const int64_t bytes[] = {64, 65, 1 << 30, (1 << 30) + 1};
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        metric_observe(h, bytes[i]);
    written(true);
    check(says("# UNIT http_answer_bytes bytes\nhttp_answer_bytes_bucket{le=\"64.0\"} 1\n"
               "http_answer_bytes_bucket{le=\"256.0\"} 2\n"));
    check(says("le=\"1073741824.0\"} 3\nhttp_answer_bytes_bucket{le=\"+Inf\"} 4\n"
               "http_answer_bytes_count 4\nhttp_answer_bytes_sum 2147483778\n"));
}

/* Gauges and counters of time, numbers in a histogram, and a histogram without observations. */
static void other_kinds(void **state)
{
    (void)state;
    static const struct metric_family since = {"since", METRIC_SECONDS, NULL};
    static const struct metric_family cpu = {"cpu", METRIC_COUNTER_SECONDS, NULL};
    static const struct metric_family group = {"group", METRIC_COUNT, NULL};
    metric_add(metric_new(&since, ""), -1500000000);
    metric_add(metric_new(&cpu, ""), 2000000001);
    unsigned h = metric_new(&group, "db=\"a\"");
    metric_new(&group, "db=\"b\"");
    metric_observe(h, 3);
    metric_observe(h, 20000);
    written(true);
    check(says(
        "# TYPE since_seconds gauge\n# UNIT since_seconds seconds\nsince_seconds -1.500000000\n"));
    check(says("# TYPE cpu_seconds counter\n# UNIT cpu_seconds seconds\n"
               "cpu_seconds_total 2.000000001\n"));
    check(says("# TYPE group histogram\ngroup_bucket{db=\"a\",le=\"1.0\"} 0\n"));
    check(says("le=\"4.0\"} 1\n") && says("le=\"+Inf\"} 2\n"));
    check(says("group_sum{db=\"a\"} 20003\n") && !says("db=\"b\""));
    written(false);
    check(says("# TYPE cpu_seconds_total counter\n"));
    struct bw_buf name;
    bw_buf_init(&name, 100);
    metric_full_name(&name, METRIC(process_cpu));
    bw_buf_char(&name, ' ');
    metric_full_name(&name, METRIC(http_request_duration));
    check_str(bw_buf_str(&name), "process_cpu_seconds_total http_request_duration_seconds");
    bw_buf_release(&name);
}

static unsigned shared_counter, shared_histogram;
static pthread_barrier_t gate;

static void *work(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        metric_add(shared_counter, 1);
        metric_observe(shared_histogram, i * 1000);
        if (i == 10000)
            metric_new(&requests, arg);
    }
    pthread_barrier_wait(&gate);
    pthread_barrier_wait(&gate);
    return NULL;
}

/* While threads live and after they have ended, nothing of what they counted is missing. */
static void threads_add_up(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    static char labels[THREADS][16];
    pthread_t t[THREADS];
    shared_counter = metric_new(&requests, "");
    shared_histogram = metric_new(&took, "");
    for (int round = 1; round <= 2; round++) {
        check(pthread_barrier_init(&gate, NULL, THREADS + 1) == 0);
        for (int i = 0; i < THREADS; i++) {
            snprintf(labels[i], sizeof labels[i], "thread=\"%d\"", i);
            check(pthread_create(&t[i], NULL, work, labels[i]) == 0);
        }
        written(true); /* reads while they write */
        check(metric_value(shared_counter) <= round * THREADS * 20000);
        pthread_barrier_wait(&gate);
        check_int(metric_value(shared_counter), round * THREADS * 20000);
        check_int(metric_value(shared_histogram), round * THREADS * 20000);
        pthread_barrier_wait(&gate);
        for (int i = 0; i < THREADS; i++)
            pthread_join(t[i], NULL);
        check_int(metric_value(shared_counter), round * THREADS * 20000);
        check_int(metric_value(shared_histogram), round * THREADS * 20000);
        pthread_barrier_destroy(&gate);
    }
}

static int64_t read_gauge(void *arg)
{
    return *(int64_t *)arg;
}

static void computed_gauges(void **state)
{
    (void)state;
    int64_t memory = 11, other = 5;
    metric_computed(&open_now, "kind=\"a\"", read_gauge, &other);
    metric_computed(&open_now, "kind=\"a\"", read_gauge, &memory);
    metric_computed(&open_now, "kind=\"b\"", read_gauge, &other);
    memory = 12;
    written(true);
    check(says("connections{kind=\"a\"} 12\nconnections{kind=\"b\"} 5\n"));
    metric_computed_drop(&memory);
    written(true);
    check(says("connections{kind=\"a\"} 0\nconnections{kind=\"b\"} 5\n"));
}

static void labels_are_escaped(void **state)
{
    (void)state;
    bw_buf_clear(&b);
    metric_label(&b, "route", BW_LIT("/a\"b\\c\nd€"));
    metric_label(&b, "status", BW_LIT("2xx"));
    metric_label(&b, "odd",
                 BW_LIT("\xff"
                        "a\xc3"));
    check_str(bw_buf_str(&b), "route=\"/a\\\"b\\\\c\\nd€\",status=\"2xx\",odd=\"?a?\"");
}

static void too_many_series(void **state)
{
    (void)state;
    char labels[32];
    unsigned last = 1;
    size_t made = 0;
    for (int i = 0; i < LIMIT_SERIES + 10; i++) {
        snprintf(labels, sizeof labels, "n=\"%d\"", i);
        last = metric_new(&took, labels);
        made += last != 0;
        metric_observe(last, 1);
    }
    check_int(last, 0);
    check_int(made, LIMIT_SERIES - 1); /* one is the overflow itself */
    metric_add(last, -100);            /* counts as one update that was not kept */
    check_int(metric_value(0), 12);
    check(metric_new(&took, "n=\"5\"") != 0);
    check_int(metric_value(metric_new(&took, "n=\"1990\"")), 1);
    metric_reset();
    check_int(metric_value(metric_new(&took, "n=\"1990\"")), 0);
}

int main(void)
{
    bw_buf_init(&b, 16 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(counts, fresh),
        cmocka_unit_test_setup(both_forms, fresh),
        cmocka_unit_test_setup(histogram_of_time, fresh),
        cmocka_unit_test_setup(histogram_of_sizes, fresh),
        cmocka_unit_test_setup(other_kinds, fresh),
        cmocka_unit_test_setup(threads_add_up, fresh),
        cmocka_unit_test_setup(computed_gauges, fresh),
        cmocka_unit_test_setup(labels_are_escaped, fresh),
        cmocka_unit_test_setup(too_many_series, fresh),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    metric_reset();
    bw_buf_release(&b);
    return failed;
}
