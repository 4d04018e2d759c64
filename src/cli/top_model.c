/* top_model.c: two looks at the metrics become rates and times. */
#include "cli/top.h"

#include "core/clock.h"

#define HELD 128

struct making {
    struct top *t;
    struct scrape *now;
    const struct scrape *before;
};

/* A counter's steps per second; one that has become smaller began anew. */
static double per_second(const struct making *m, double now, double before)
{
    return m->t->span > 0 ? (now >= before ? now - before : now) / m->t->span : 0;
}

static double rate_sum(const struct making *m, const struct metric_family *f, const char *holds)
{
    return per_second(m, scrape_sum(m->now, f, holds),
                      m->before ? scrape_sum(m->before, f, holds) : 0);
}

static double rate(const struct making *m, const struct metric_family *f, bw_str labels)
{
    return per_second(m, scrape_value(m->now, f, labels, 0),
                      m->before ? scrape_value(m->before, f, labels, 0) : 0);
}

static double now(const struct making *m, const struct metric_family *f, bw_str labels)
{
    return scrape_value(m->now, f, labels, 0);
}

static bool is_of(const struct histogram *h, const struct metric_family *f)
{
    struct bw_buf name;
    bw_buf_init(&name, 256);
    metric_full_name(&name, f);
    bool same = bw_str_eq(h->name, bw_buf_str(&name));
    bw_buf_release(&name);
    return same;
}

static void since(const struct making *m, const struct histogram *h, struct histogram *out)
{
    histogram_since(out, h, m->before ? scrape_histogram(m->before, h->name, h->labels) : NULL);
}

static struct top_times times(const struct histogram *h)
{
    return (struct top_times){.count = histogram_count(h),
                              .p50 = histogram_quantile(h, 0.5),
                              .p99 = histogram_quantile(h, 0.99)};
}

static struct top_times times_of(const struct making *m, const struct metric_family *f,
                                 bw_str labels)
{
    struct histogram h = {.n = 0};
    struct bw_buf name;
    bw_buf_init(&name, 256);
    metric_full_name(&name, f);
    const struct histogram *found = scrape_histogram(m->now, bw_buf_str(&name), labels);
    if (found)
        since(m, found, &h);
    bw_buf_release(&name);
    return times(&h);
}

/* ---- the parts ---- */

static void make_whole(struct making *m)
{
    struct top *t = m->t;
    static const char *const classes[] = {[2] = "2xx", [3] = "3xx", [4] = "4xx", [5] = "5xx"};
    for (size_t i = 0; i < m->now->samples.n; i++) {
        const struct sample *v = &m->now->samples.p[i];
        if (!bw_str_eq(v->name, BW_LIT("burrow_info")))
            continue;
        t->app = scrape_label(m->now, v->labels, "app");
        t->version = scrape_label(m->now, v->labels, "version");
    }
    t->ready = now(m, METRIC(burrow_ready), BW_LIT("")) > 0;
    t->rate = rate(m, METRIC(burrow_requests), BW_LIT(""));
    for (int c = 2; c <= 5; c++) {
        char holds[HELD];
        snprintf(holds, sizeof holds, "status=\"%s\"", classes[c]);
        t->status[c] = rate_sum(m, METRIC(http_requests), holds);
    }
    t->in_flight = scrape_sum(m->now, METRIC(http_requests_in_flight), "");
    t->connections = scrape_sum(m->now, METRIC(http_connections), "");
}

static void make_process(struct making *m)
{
    struct top *t = m->t;
    t->cpu = rate(m, METRIC(process_cpu), BW_LIT(""));
    t->resident = now(m, METRIC(process_resident_memory_bytes), BW_LIT(""));
    t->fds = now(m, METRIC(process_open_fds), BW_LIT(""));
    t->max_fds = now(m, METRIC(process_max_fds), BW_LIT(""));
    t->threads = now(m, METRIC(process_threads), BW_LIT(""));
    t->lost_log = now(m, METRIC(log_records_lost), BW_LIT(""));
    t->lost_spans = now(m, METRIC(trace_spans), BW_LIT("result=\"lost\""));
}

static void add_loop(struct making *m, const struct histogram *h)
{
    struct top_loop *l = vec_push(&m->t->loops);
    char labels[HELD];
    bw_str name = scrape_label(m->now, h->labels, "loop");
    struct histogram span;
    since(m, h, &span);
    *l = (struct top_loop){.name = name, .turn = times(&span)};
    l->turns = m->t->span > 0 ? l->turn.count / m->t->span : 0;
    l->stack = now(m, METRIC(fiber_stack_bytes), h->labels);
    snprintf(labels, sizeof labels, "loop=\"%.*s\",state=\"in use\"", BW_FMT(name));
    l->in_use = now(m, METRIC(fibers), bw_cstr(labels));
    snprintf(labels, sizeof labels, "loop=\"%.*s\",state=\"pooled\"", BW_FMT(name));
    l->pooled = now(m, METRIC(fibers), bw_cstr(labels));
}

static void add_route(struct making *m, const struct histogram *h)
{
    struct histogram span;
    since(m, h, &span);
    if (histogram_count(&span) == 0)
        return;
    struct top_route *r = vec_push(&m->t->routes);
    *r = (struct top_route){.method = scrape_label(m->now, h->labels, "method"),
                            .route = scrape_label(m->now, h->labels, "route"),
                            .time = times(&span)};
    bw_str failed = bw_arena_printf(&m->now->arena, "%.*s,status=\"5xx\"", BW_FMT(h->labels));
    r->rate = m->t->span > 0 ? r->time.count / m->t->span : 0;
    r->failed = rate(m, METRIC(http_requests), failed);
    r->in_flight = now(m, METRIC(http_requests_in_flight), h->labels);
}

static void make_histograms(struct making *m)
{
    struct histogram all = {.n = 0}, span;
    for (size_t i = 0; i < m->now->histograms.n; i++) {
        const struct histogram *h = &m->now->histograms.p[i];
        since(m, h, &span);
        if (is_of(h, METRIC(http_request_duration))) {
            add_route(m, h);
            histogram_add(&all, &span);
        } else if (is_of(h, METRIC(loop_turn))) {
            add_loop(m, h);
        } else if (is_of(h, METRIC(http_request_size)) && m->t->span > 0) {
            m->t->received += span.sum / m->t->span;
        } else if (is_of(h, METRIC(http_response_size)) && m->t->span > 0) {
            m->t->sent += span.sum / m->t->span;
        }
    }
    m->t->time = times(&all);
}

static void add_db(struct making *m, bw_str labels)
{
    struct top_db *d = vec_push(&m->t->dbs);
    *d = (struct top_db){.name = scrape_label(m->now, labels, "db"),
                         .writes = rate(m, METRIC(db_writes), labels),
                         .commits = rate(m, METRIC(db_commits), labels),
                         .checkpoints = rate(m, METRIC(db_checkpoints), labels),
                         .queue = now(m, METRIC(db_writer_queue), labels),
                         .wal = now(m, METRIC(db_wal_bytes), labels),
                         .commit = times_of(m, METRIC(db_commit), labels),
                         .flush = times_of(m, METRIC(db_fsync), labels)};
    d->group = d->commits > 0 ? d->writes / d->commits : 0;
}

static void make_series(struct making *m)
{
    for (size_t i = 0; i < m->now->samples.n; i++) {
        const struct sample *v = &m->now->samples.p[i];
        if (bw_str_eq(v->name, BW_LIT("db_writer_queue")))
            add_db(m, v->labels);
        else if (bw_str_eq(v->name, BW_LIT("store_up")))
            *vec_push(&m->t->stores) = (struct top_store){
                .name = scrape_label(m->now, v->labels, "store"), .up = v->value > 0};
    }
}

void top_make(struct top *t, struct scrape *now_is, const struct scrape *before)
{
    struct making m = {t, now_is, before};
    double started = scrape_value(now_is, METRIC(process_start_time), BW_LIT(""), 0);
    *t = (struct top){.where = ""};
    t->up = (double)bw_now() / (double)BW_TIME_SECOND - started;
    t->up = t->up > 0 ? t->up : 0;
    t->since_start = !before;
    t->span = before ? (double)(now_is->at - before->at) / (double)CLOCK_SECOND : t->up;
    make_whole(&m);
    make_process(&m);
    make_histograms(&m);
    make_series(&m);
}

void top_release(struct top *t)
{
    vec_release(&t->loops);
    vec_release(&t->dbs);
    vec_release(&t->routes);
    vec_release(&t->stores);
}

/* ---- order ---- */

static int descending(double a, double b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

static int by_name(const void *a, const void *b)
{
    const struct top_route *x = a, *y = b;
    int c = bw_str_cmp(x->route, y->route);
    return c ? c : bw_str_cmp(x->method, y->method);
}

static int by_p99(const void *a, const void *b)
{
    const struct top_route *x = a, *y = b;
    int c = descending(x->time.p99, y->time.p99);
    return c ? c : by_name(a, b);
}

static int by_rate(const void *a, const void *b)
{
    const struct top_route *x = a, *y = b;
    int c = descending(x->rate, y->rate);
    return c ? c : by_name(a, b);
}

static int by_failed(const void *a, const void *b)
{
    const struct top_route *x = a, *y = b;
    int c = descending(x->failed, y->failed);
    return c ? c : by_p99(a, b);
}

static int by_turn(const void *a, const void *b)
{
    const struct top_loop *x = a, *y = b;
    return descending(x->turn.p99, y->turn.p99);
}

void top_sort(struct top *t, enum top_order by)
{
    static int (*const orders[])(const void *, const void *) = {[TOP_BY_P99] = by_p99,
                                                                [TOP_BY_RATE] = by_rate,
                                                                [TOP_BY_FAILED] = by_failed,
                                                                [TOP_BY_NAME] = by_name};
    if (t->routes.n)
        qsort(t->routes.p, t->routes.n, sizeof *t->routes.p, orders[by]);
    if (t->loops.n)
        qsort(t->loops.p, t->loops.n, sizeof *t->loops.p, by_turn);
}
