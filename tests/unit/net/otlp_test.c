/* otlp_test.c: the variables OTEL_…, and the message that is sent. */
#include "help/t.h"

#include "core/clock.h"
#include "net/otlp.h"
#include "net/trace_int.h"

static struct bw_arena arena;
static struct bw_buf told;
static struct otlp_opts o;

#define READ(...) read_env((const char *const[]){__VA_ARGS__, NULL})
#define AT        "OTEL_EXPORTER_OTLP_ENDPOINT=http://h:1"

static void read_env(const char *const *env)
{
    bw_buf_clear(&told);
    otlp_read(&o, env, "blog", &arena, &told);
}

static bool said(const char *words)
{
    return strstr(bw_buf_cstr(&told), words) != NULL;
}

static void on_and_off(void **state)
{
    (void)state;
    READ("PATH=/bin", "OTEL_SERVICE_NAME=x");
    check(!o.on && told.n == 0);
    READ("OTEL_EXPORTER_OTLP_ENDPOINT=");
    check(!o.on && told.n == 0);
    READ(AT);
    check(o.on && told.n == 0);
    check_str(o.uri.path, "/v1/traces");
    check_str(o.uri.host, "h");
    check_int(o.uri.port, 1);
    READ(AT "/base/");
    check_str(o.uri.path, "/base/v1/traces");
    READ(AT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://other/as/it/is");
    check_str(o.uri.path, "/as/it/is");
    READ(AT, "OTEL_SDK_DISABLED=TRUE");
    check(!o.on && told.n == 0);
    READ(AT, "OTEL_SDK_DISABLED=no");
    check(o.on);
    READ(AT, "OTEL_TRACES_EXPORTER=none");
    check(!o.on);
    READ("OTEL_EXPORTER_OTLP_ENDPOINT=https://h");
    check(o.on && o.uri.port == 443 && !o.ca && told.n == 0);
    READ("OTEL_EXPORTER_OTLP_ENDPOINT=https://h", "OTEL_EXPORTER_OTLP_CERTIFICATE=/ca.pem");
    check(o.on && strcmp(o.ca, "/ca.pem") == 0);
    READ("OTEL_EXPORTER_OTLP_ENDPOINT=ws://h");
    check(!o.on && said("='ws://h/v1/traces' is neither http:// nor https://"));
    READ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=here");
    check(!o.on && said("is no URL"));
    READ(AT, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc");
    check(o.on && said("OTEL_EXPORTER_OTLP_PROTOCOL='grpc' is not spoken here"));
}

static void numbers(void **state)
{
    (void)state;
    READ(AT);
    check_int(o.queue, 2048);
    check_int(o.batch, 512);
    check_int(o.delay, 5 * CLOCK_SECOND);
    check_int(o.timeout, 30 * CLOCK_SECOND);
    check_int(o.post_time, 10 * CLOCK_SECOND);
    READ(AT, "OTEL_BSP_MAX_QUEUE_SIZE=100", "OTEL_BSP_SCHEDULE_DELAY=7",
         "OTEL_EXPORTER_OTLP_TIMEOUT=20");
    check_int(o.queue, 100);
    check_int(o.batch, 100); /* no more than the queue holds */
    check_int(o.delay, 7 * CLOCK_MS);
    check_int(o.post_time, 20 * CLOCK_MS);
    READ(AT, "OTEL_EXPORTER_OTLP_TIMEOUT=20", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=30");
    check_int(o.post_time, 30 * CLOCK_MS);
    READ(AT, "OTEL_BSP_MAX_QUEUE_SIZE=0", "OTEL_BSP_SCHEDULE_DELAY=soon");
    check_int(o.queue, 2048);
    check_int(o.delay, 5 * CLOCK_SECOND);
    check(said("OTEL_BSP_MAX_QUEUE_SIZE='0' is no number from 1") && said("'soon'"));
}

static void samplers(void **state)
{
    (void)state;
    static const struct {
        const char *sampler, *arg;
        bool by_parent;
        double ratio;
        const char *told;
    } rows[] = {
        {"parentbased_always_on", NULL, true, 1, NULL},
        {"parentbased_always_off", NULL, true, 0, NULL},
        {"always_on", "0.5", false, 1, NULL},
        {"always_off", NULL, false, 0, NULL},
        {"traceidratio", "0.25", false, 0.25, NULL},
        {"parentbased_traceidratio", "0", true, 0, NULL},
        {"parentbased_traceidratio", "2", true, 1, "OTEL_TRACES_SAMPLER_ARG='2' is no share"},
        {"sometimes", NULL, true, 1, "OTEL_TRACES_SAMPLER='sometimes' is none of"},
    };
    char sampler[80], arg[80];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(sampler, sizeof sampler, "OTEL_TRACES_SAMPLER=%s", rows[i].sampler);
        snprintf(arg, sizeof arg, "OTEL_TRACES_SAMPLER_ARG=%s", rows[i].arg ? rows[i].arg : "");
        READ(AT, sampler, arg);
        check(o.by_parent == rows[i].by_parent);
        check(o.ratio == rows[i].ratio);
        check(rows[i].told ? said(rows[i].told) : told.n == 0);
    }
}

static void pairs(void **state)
{
    (void)state;
    READ(AT, "OTEL_EXPORTER_OTLP_HEADERS=a=1");
    check_int(o.n_headers, 1);
    READ(AT, "OTEL_EXPORTER_OTLP_HEADERS=a=1",
         "OTEL_EXPORTER_OTLP_TRACES_HEADERS=k = v%20w ,, x=y=z");
    check_int(o.n_headers, 2);
    check_str(o.headers[0].name, "k");
    check_str(o.headers[0].value, "v w");
    check_str(o.headers[1].value, "y=z");
    READ(AT);
    check_int(o.n_resource, 1);
    check_str(o.resource[0].value, "blog");
    READ(AT, "OTEL_RESOURCE_ATTRIBUTES=service.name=a,k=v");
    check_str(o.resource[0].value, "a");
    check_str(o.resource[1].key, "k");
    READ(AT, "OTEL_RESOURCE_ATTRIBUTES=k=v,service.name=a", "OTEL_SERVICE_NAME=b");
    check_str(o.resource[0].value, "b");
    check_int(o.n_resource, 2);
    READ(AT, "OTEL_RESOURCE_ATTRIBUTES=k,l=%zz,m=1");
    check_int(o.n_resource, 2);
    check(said("'k' is no key=value") && said("'l=%zz'"));
}

static void message(void **state)
{
    (void)state;
    READ(AT, "OTEL_SERVICE_NAME=a\"b");
    struct span_data spans[2] = {
        {.id = {1},
         .parent = {2, 0xff},
         .name = BW_LIT("GET /x"),
         .kind = SPAN_SERVER,
         .began = 5,
         .ended = 7,
         .n_attrs = 2,
         .attrs = {{"k", BW_LIT("v"), 0}, {"n", {0}, INT64_MIN}}},
        {.id = {3},
         .parent = {1},
         .name = BW_LIT("SELECT"),
         .kind = SPAN_CLIENT,
         .began = 6,
         .ended = 6,
         .failed = true,
         .why = BW_LIT("no")},
    };
    struct trace_record second = {.id = {.trace = {9}, .flags = 1}},
                        r = {.next = &second,
                             .id = {.trace = {0xab}, .flags = 1},
                             .state = BW_LIT("a=b"),
                             .wall = 1000,
                             .spans = spans,
                             .n = 2};
    struct bw_buf out;
    bw_buf_init(&out, 1 << 20);
    otlp_write(&out, &o, &r);
    check(bw_json_valid(bw_buf_str(&out), 20));
    const char *text = bw_buf_cstr(&out);
    check(strstr(text, "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"a\\\"b\"}}"));
    check(strstr(text, "{\"traceId\":\"ab000000000000000000000000000000\",\"spanId\":"
                       "\"0100000000000000\",\"parentSpanId\":\"02ff000000000000\",\"traceState\":"
                       "\"a=b\",\"flags\":1,\"name\":\"GET /x\",\"kind\":2,\"startTimeUnixNano\":"
                       "\"1005\",\"endTimeUnixNano\":\"1007\",\"attributes\":[{\"key\":\"k\","
                       "\"value\":{\"stringValue\":\"v\"}},{\"key\":\"n\",\"value\":{\"intValue\":"
                       "\"-9223372036854775808\"}}],\"status\":{}}"));
    check(strstr(text, "\"status\":{\"code\":2,\"message\":\"no\"}}"));
    bw_buf_release(&out);
}

int main(void)
{
    bw_arena_init(&arena);
    bw_buf_init(&told, 1 << 16);
    const struct CMUnitTest tests[] = {cmocka_unit_test(on_and_off), cmocka_unit_test(numbers),
                                       cmocka_unit_test(samplers), cmocka_unit_test(pairs),
                                       cmocka_unit_test(message)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_buf_release(&told);
    bw_arena_release(&arena);
    return failed;
}
