/* trace_test.c: which trace is current, what is recorded of it, and what calls of others carry. */
#include "help/http_peer.h"
#include "help/loops.h"

#include "core/clock.h"
#include "core/metric.h"
#include "core/uri.h"
#include "net/fiber.h"
#include "net/http_client.h"
#include "net/trace_int.h"

#define T      "0af7651916cd43dd8448eb211c80319c"
#define P      "b7ad6b7169203331"
#define PARENT "00-" T "-" P "-01"

static struct trace_record *taken;
static struct bw_arena arena;

static void take(struct trace_record *r)
{
    r->next = taken;
    taken = r;
}

static void record(bool by_parent, double ratio)
{
    trace_record_to(&(struct trace_opts){.by_parent = by_parent, .ratio = ratio, .take = take});
}

static void forget(void)
{
    while (taken) {
        struct trace_record *r = taken;
        taken = r->next;
        trace_record_free(r);
    }
}

static int teardown(void **state)
{
    (void)state;
    trace_record_to(NULL);
    forget();
    bw_arena_clear(&arena);
    check(trace_current() == NULL);
    return 0;
}

/* At most two fields. */
static struct http_req *request(const char *parent, const char *tracestate)
{
    struct http_req *rq = BW_NEW(&arena, struct http_req);
    struct http_field *f = BW_NEW_N(&arena, struct http_field, 2);
    *rq = (struct http_req){.fields = f, .arena = &arena};
    if (parent)
        f[rq->n_fields++] = (struct http_field){BW_LIT("TraceParent"), bw_cstr(parent)};
    if (tracestate)
        f[rq->n_fields++] = (struct http_field){BW_LIT("tracestate"), bw_cstr(tracestate)};
    return rq;
}

static void nobody_takes(void **state)
{
    (void)state;
    struct trace t;
    struct trace_carried c;
    char id[33];
    check(!trace_carry(&c));
    trace_begin(&t, request(NULL, NULL), "");
    check(trace_current() == &t && t.record == NULL);
    check(span_begin("x", SPAN_INTERNAL).record == 0);
    check(!trace_carry(&c));
    trace_id(&t, id);
    check_str(bw_cstr(id), "");
    trace_end(&t);
    /* What came is passed on as it came. */
    trace_begin(&t, request(PARENT, "a=b"), "");
    check(trace_carry(&c));
    check_str(bw_cstr(c.parent), PARENT);
    check_str(c.state, "a=b");
    trace_id(&t, id);
    check_str(bw_cstr(id), T);
    trace_end(&t);
    trace_begin(&t, request("00-" T "-" P "-0X", "a=b"), "n-1");
    check(trace_carry(&c)); /* the request's name alone */
    check(c.parent[0] == 0 && c.state.p == NULL);
    check_str(bw_cstr(c.name), "n-1");
    trace_end(&t);
    check(taken == NULL);
}

static void spans_nest(void **state)
{
    (void)state;
    struct trace t;
    record(true, 1);
    clock_set(1000000, 5000);
    trace_begin(&t, request(NULL, NULL), "");
    check(t.record != NULL);
    struct span a = span_begin("a", SPAN_INTERNAL), rows = span_begin("rows", SPAN_CLIENT);
    clock_set(1000000, 6000);
    span_text(rows, "sql", BW_LIT("SELECT 1"));
    struct span other = span_begin("other", SPAN_CLIENT);
    span_end(rows); /* not the innermost */
    struct span in_other = span_begin("in other", SPAN_INTERNAL);
    span_end(in_other);
    span_end(other);
    struct span b = span_begin("b", SPAN_INTERNAL);
    span_fail(b, BW_LIT("why"));
    span_int(b, "n", 7);
    span_rename(b, BW_LIT("B"));
    span_end(b);
    span_end(b);
    span_end(a);
    struct span open = span_begin("forgotten", SPAN_INTERNAL);
    trace_end(&t);
    span_end(open); /* too late, and harmless */
    clock_unset();
    check(taken && !taken->next);
    const struct span_data *s = taken->spans;
    check_int(taken->n, 7);
    static const char *const names[] = {"request",  "a", "rows",     "other",
                                        "in other", "B", "forgotten"};
    static const int parents[] = {-1, 0, 1, 2, 3, 1, 0};
    for (int i = 0; i < 7; i++) {
        check_str(s[i].name, names[i]);
        check(s[i].ended >= s[i].began);
        if (parents[i] >= 0)
            check(memcmp(s[i].parent, s[parents[i]].id, 8) == 0);
    }
    check_int(s[0].kind, SPAN_SERVER);
    check_int(s[1].began, 5000);
    check_int(taken->wall + s[1].began, 1000000 * 1000);
    check_str(s[2].attrs[0].text, "SELECT 1");
    check(s[5].failed && s[5].attrs[0].number == 7);
    check_str(s[5].why, "why");
    check_int(s[0].parent[0], 0);
}

static void who_calls_decides(void **state)
{
    (void)state;
    static const struct {
        const char *parent;
        bool by_parent;
        double ratio;
        bool recorded;
    } rows[] = {
        {NULL, true, 1, true},
        {NULL, true, 0, false},
        {PARENT, true, 0, true},
        {"00-" T "-" P "-00", true, 1, false},
        {"00-" T "-" P "-00", false, 1, true},
        {PARENT, false, 0, false},
        {"00-" T "-" P "-0", true, 0, false}, /* invalid: a trace that begins here */
        /* The last 63 bits of the id decide: 0x8448eb211c80319c of 2^64. */
        {"00-" T "-" P "-01", false, 0.516, false},
        {"00-" T "-" P "-01", false, 0.517, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct trace t;
        struct trace_carried c;
        char id[33];
        record(rows[i].by_parent, rows[i].ratio);
        trace_begin(&t, request(rows[i].parent, "a=b"), "");
        if ((t.record != NULL) != rows[i].recorded)
            fail_msg("row %zu", i);
        trace_id(&t, id);
        bool carries = trace_carry(&c);
        check(carries == (rows[i].recorded || (rows[i].parent && strlen(rows[i].parent) == 55)));
        if (t.record && rows[i].parent) {
            check_str(bw_cstr(id), T);
            check(memcmp(t.record->id.span, "\xb7\xad\x6b\x71\x69\x20\x33\x31", 8) == 0);
            check(strncmp(c.parent, "00-" T "-", 36) == 0 && strstr(c.parent, P) == NULL);
            check_str(c.state, "a=b");
        }
        trace_end(&t);
        check((taken != NULL) == rows[i].recorded);
        forget();
    }
}

static void several_fields(void **state)
{
    (void)state;
    struct trace t;
    struct trace_carried c;
    struct http_field f[] = {{BW_LIT("traceparent"), BW_LIT(PARENT)},
                             {BW_LIT("tracestate"), BW_LIT("a=1")},
                             {BW_LIT("TRACESTATE"), BW_LIT("b=2")},
                             {BW_LIT("traceparent"), BW_LIT(PARENT)}};
    struct http_req rq = {.fields = f, .n_fields = 3, .arena = &arena};
    trace_begin(&t, &rq, "");
    check(trace_carry(&c));
    check_str(c.state, "a=1,b=2");
    trace_end(&t);
    rq.n_fields = 4; /* two parents: none */
    trace_begin(&t, &rq, "");
    check(!trace_carry(&c));
    trace_end(&t);
}

/* A call within the process belongs to the request that makes it. */
static void calls_within(void **state)
{
    (void)state;
    struct trace outer, inner;
    record(true, 1);
    trace_begin(&outer, request(PARENT, NULL), "");
    struct span step = span_begin("handle", SPAN_INTERNAL);
    trace_begin(&inner, request(NULL, NULL), "");
    check(trace_current() == &inner && inner.record == outer.record);
    span_rename(inner.root, BW_LIT("inside"));
    trace_end(&inner);
    check(taken == NULL && trace_current() == &outer);
    span_end(step);
    trace_end(&outer);
    check_int(taken->n, 3);
    check_str(taken->spans[2].name, "inside");
    check(memcmp(taken->spans[2].parent, taken->spans[1].id, 8) == 0);
}

static void too_many_spans(void **state)
{
    (void)state;
    struct trace t;
    record(true, 1);
    int64_t before = metric_total("trace_spans");
    trace_begin(&t, request(NULL, NULL), "");
    for (int i = 0; i < TRACE_SPANS + 9; i++)
        span_end(span_begin("x", SPAN_INTERNAL));
    trace_end(&t);
    check_int(taken->n, TRACE_SPANS);
    check_int(metric_total("trace_spans") - before, 10);
}

/* Each fiber has its own; what waits meanwhile does not mix them. */
static void work(void *arg)
{
    struct trace t;
    unsigned *left = arg;
    check(trace_current() == NULL);
    trace_begin(&t, request(PARENT, NULL), "");
    for (int i = 0; i < 3; i++) {
        struct span s = span_begin("wait", SPAN_INTERNAL);
        fiber_yield();
        check(trace_current() == &t);
        span_end(s);
    }
    trace_end(&t);
    check(trace_current() == NULL);
    --*left;
}

static void on_fibers(struct loops *ls)
{
    unsigned left = 4;
    (void)ls;
    for (int i = 0; i < 4; i++)
        check(fiber_start(work, &left, NULL));
    while (left)
        fiber_yield();
    unsigned n = 0;
    for (struct trace_record *r = taken; r; r = r->next, n++)
        check_int(r->n, 4);
    check_int(n, 4);
}

static void fibers(void **state)
{
    (void)state;
    record(true, 1);
    t_on_loops(1, on_fibers);
}

/* ---- over HTTP ---- */

static void mirror(struct http_req *rq, struct http_res *rs, void *arg)
{
    (void)arg;
    static const char *const names[] = {"traceparent", "tracestate", "x-request-id"};
    rs->status = 200;
    for (int i = 0; i < 3; i++) {
        bw_str v = http_req_field(rq, names[i]);
        bw_buf_printf(rs->body, "%.*s;", BW_FMT(v));
    }
}

static const char *ask_mirror(const char *url, const struct http_field *fields, size_t n)
{
    struct uri uri;
    struct bw_err e;
    struct bw_buf body;
    bw_buf_init(&body, 4096);
    check_ok(uri_parse(&uri, bw_cstr(url), &arena, &e), &e);
    struct http_client *c = http_client_new();
    struct http_ask ask = {.method = "GET", .uri = &uri, .fields = fields, .n_fields = n};
    struct http_exchange *x = http_client_ask(c, &ask, &e);
    check(x != NULL);
    check_ok(http_exchange_body(x, 4096, &body, &e), &e);
    http_exchange_free(x);
    http_client_free(c);
    const char *text = bw_arena_cstr(&arena, bw_buf_str(&body));
    bw_buf_release(&body);
    return text;
}

static void calls_carry_it(void **state)
{
    (void)state;
    struct served s;
    struct trace t;
    const struct http_field own[] = {{BW_LIT("TraceParent"), BW_LIT("mine")},
                                     {BW_LIT("X-Request-ID"), BW_LIT("me")}};
    served_start(&s, &(struct http_server_opts){.handler = mirror}, 1);
    check_str(bw_cstr(ask_mirror(s.url, NULL, 0)), ";;;");
    trace_begin(&t, request(PARENT, "a=b"), "n-7");
    check_str(bw_cstr(ask_mirror(s.url, NULL, 0)), PARENT ";a=b;n-7;");
    check_str(bw_cstr(ask_mirror(s.url, own, 2)), "mine;;me;");
    trace_end(&t);
    record(true, 1);
    trace_begin(&t, request(PARENT, "a=b"), "n-7");
    const char *got = ask_mirror(s.url, NULL, 0);
    trace_end(&t);
    check_int(taken->n, 2); /* the span of the call is what the other's belong to */
    struct traceparent p;
    check(traceparent_parse(&p, bw_str_of(got, TRACEPARENT_TEXT)));
    check(memcmp(p.span, taken->spans[1].id, 8) == 0 && p.flags == 1);
    check_str(taken->spans[1].name, "GET");
    check_int(taken->spans[1].kind, SPAN_CLIENT);
    check_str(bw_cstr(got + TRACEPARENT_TEXT), ";a=b;n-7;");
    served_stop(&s);
}

int main(void)
{
    bw_arena_init(&arena);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nobody_takes, teardown),
        cmocka_unit_test_teardown(spans_nest, teardown),
        cmocka_unit_test_teardown(who_calls_decides, teardown),
        cmocka_unit_test_teardown(several_fields, teardown),
        cmocka_unit_test_teardown(calls_within, teardown),
        cmocka_unit_test_teardown(too_many_spans, teardown),
        cmocka_unit_test_teardown(fibers, teardown),
        cmocka_unit_test_teardown(calls_carry_it, teardown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_arena_release(&arena);
    return failed;
}
