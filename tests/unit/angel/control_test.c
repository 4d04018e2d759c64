/* The control API over its unix socket and by TCP, before a brain that is made up: each address,
 * each refusal, streams that go on and that are taken up again. */
#include "angel/control.h"

#include <unistd.h>

#include "core/clock.h"
#include "help/loops.h"
#include "help/t.h"
#include "net/fiber.h"
#include "net/http_client.h"
#include "net/wait.h"

/* ---- the made-up brain ---- */

#define UNITS 3
#define TAIL  600

struct brain {
    struct angel_conf conf;
    struct {
        const char *name, *unit;
        enum life_state state;
    } units[UNITS];
    struct brain_event events[100];
    uint64_t first, last;
    struct list listeners;
    char told[200], log[TAIL + 1];
    int64_t log_bytes;
    bool applied, reopened;
};

static struct brain fake;

static void event(const char *unit, const char *kind, const char *text)
{
    struct brain_event *ev = &fake.events[++fake.last % 100];
    *ev = (struct brain_event){.seq = fake.last, .at = 1000, .kind = kind};
    snprintf(ev->unit, sizeof ev->unit, "%s", unit);
    snprintf(ev->text, sizeof ev->text, "%s", text);
    for (struct list *n = fake.listeners.next, *next; n != &fake.listeners; n = next) {
        struct brain_listener *l = LIST_OWNER(n, struct brain_listener, node);
        next = n->next;
        l->fn(l, ev);
    }
}

size_t brain_count(const struct brain *b)
{
    (void)b;
    return UNITS;
}

void brain_look(const struct brain *b, size_t i, struct brain_unit *out)
{
    *out = (struct brain_unit){.name = b->units[i].name,
                               .unit = b->units[i].unit,
                               .conf = &b->conf.units[i ? 1 : 0],
                               .state = b->units[i].state,
                               .ready = b->units[i].state == LIFE_READY,
                               .wanted = true,
                               .pid = 100 + (pid_t)i,
                               .runs = 3,
                               .restarts = 2,
                               .since = 1700000000000,
                               .why = "it <is> so",
                               .last_exit = "exit code 3",
                               .log = {.bytes = b->log_bytes, .lost_bytes = 7}};
}

bool brain_probe(const struct brain *b, size_t i, enum probe_what what, struct brain_probe *out)
{
    static const uint32_t buckets[20] = {[3] = 5, [19] = 1};
    (void)b;
    *out = (struct brain_probe){.last = "it answers", .took = 1000, .buckets = buckets, .n = 20};
    return i == 0 && what == PROBE_LIVE;
}

size_t brain_find(const struct brain *b, const char *name, size_t *first)
{
    size_t n = 0;
    for (size_t i = UNITS; i-- > 0;) {
        if (strcmp(name, b->units[i].name) != 0 && strcmp(name, b->units[i].unit) != 0)
            continue;
        *first = i;
        n++;
    }
    return n;
}

bool brain_tell(struct brain *b, const char *name, enum brain_command command, struct bw_err *e)
{
    if (command == BRAIN_RELOAD)
        return bw_fail(e, BW_CONFLICT, "%s does not run", name);
    snprintf(b->told, sizeof b->told, "%d %s", command, name);
    if (command == BRAIN_STOP)
        b->units[0].state = LIFE_STOPPING;
    return true;
}

bool brain_signal(struct brain *b, const char *name, int signal, struct bw_err *e)
{
    (void)e;
    snprintf(b->told, sizeof b->told, "signal %d %s", signal, name);
    return true;
}

bool brain_wait_ready(struct brain *b, const char *name, int64_t deadline, struct bw_err *e)
{
    (void)b;
    (void)deadline;
    return (name && !strcmp(name, "api")) || bw_fail(e, BW_LATE, "worker#2 is not ready");
}

bool brain_why(const struct brain *b, const char *name, struct bw_buf *out, struct bw_err *e)
{
    (void)b;
    (void)e;
    bw_buf_printf(out, "%s waits.\nBecause.\n", name);
    return true;
}

void brain_tail(const struct brain *b, size_t i, struct bw_buf *out)
{
    (void)i;
    bw_buf_put(out, bw_cstr(b->log));
}

bool brain_upgrade(struct brain *b, struct bw_err *e)
{
    (void)b;
    return bw_fail(e, BW_CONFLICT, "no keeper");
}

enum brain_upgrade brain_upgrading(const struct brain *b)
{
    (void)b;
    return BRAIN_UPGRADE_NONE;
}

void brain_reopen(struct brain *b)
{
    b->reopened = true;
}

bool brain_apply(struct brain *b, struct angel_conf *to, struct bw_err *e)
{
    (void)e;
    angel_conf_release(to);
    free(to);
    b->applied = true;
    return true;
}

const struct angel_conf *brain_conf(const struct brain *b)
{
    return &b->conf;
}

bool brain_event(const struct brain *b, uint64_t seq, struct brain_event *out, uint64_t *lost)
{
    uint64_t at = seq < b->first ? b->first : seq;
    *lost = at - seq;
    if (at > b->last)
        return false;
    *out = b->events[at % 100];
    return true;
}

void brain_listen(struct brain *b, struct brain_listener *l)
{
    list_push_back(&b->listeners, &l->node);
}

/* ---- asking ---- */

static struct bw_arena arena;
static struct http_client *client;
static struct control *control;
static char folder[32], settings[64];

struct got {
    int status;
    struct bw_buf body;
    char type[80];
};

static struct http_exchange *begin(const char *method, const char *path, const char *accept)
{
    struct bw_err e = {0};
    struct bw_buf url;
    struct uri *u = BW_NEW(&arena, struct uri);
    bw_buf_init(&url, 1000);
    bw_buf_put(&url, BW_LIT("http+unix://"));
    char socket[64];
    snprintf(socket, sizeof socket, "%s/s/control.sock", folder);
    uri_encode(&url, bw_cstr(socket));
    bw_buf_put(&url, BW_LIT("/"));
    check_ok(uri_parse(u, bw_str_of(bw_arena_cstr(&arena, bw_buf_str(&url)), url.n), &arena, &e),
             &e);
    bw_buf_release(&url);
    struct http_field field = {BW_LIT("Accept"), bw_cstr(accept ? accept : "*/*")};
    struct http_exchange *x =
        http_client_ask(client,
                        &(struct http_ask){.method = method,
                                           .uri = u,
                                           .target = bw_cstr(path),
                                           .fields = &field,
                                           .n_fields = 1,
                                           .deadline = clock_mono() + 20 * CLOCK_SECOND},
                        &e);
    check_ok(x && http_exchange_head(x, &e), &e);
    return x;
}

static int ask(struct got *g, const char *method, const char *path)
{
    struct bw_err e = {0};
    struct http_exchange *x = begin(method, path, NULL);
    g->status = http_exchange_status(x);
    snprintf(g->type, sizeof g->type, "%.*s", BW_FMT(http_exchange_field(x, "content-type")));
    bw_buf_init(&g->body, 1 << 20);
    check_ok(http_exchange_body(x, 1 << 20, &g->body, &e), &e);
    http_exchange_free(x);
    return g->status;
}

static void expect(const char *method, const char *path, int status, const char *contains)
{
    struct got g;
    ask(&g, method, path);
    if (g.status != status || !strstr(bw_buf_cstr(&g.body), contains))
        print_message("%s %s: %d %s\n", method, path, g.status, bw_buf_cstr(&g.body));
    check_int(g.status, status);
    check(strstr(bw_buf_cstr(&g.body), contains) != NULL);
    if (strstr(g.type, "json"))
        check(!strcmp(g.type, "application/x-ndjson") || bw_json_valid(bw_buf_str(&g.body), 20));
    bw_buf_release(&g.body);
}

/* Reads on until that stands in what came. */
static void read_until(struct http_exchange *x, struct bw_buf *got, const char *text)
{
    struct bw_err e = {0};
    bw_str piece = {.n = 1};
    while (!strstr(bw_buf_cstr(got), text)) {
        check_ok(http_exchange_read(x, &piece, &e), &e);
        check(piece.n > 0);
        bw_buf_put(got, piece);
    }
}

/* ---- the bed ---- */

bool brain_notify_test(struct brain *b, struct bw_buf *lines, struct bw_err *e)
{
    (void)b;
    (void)e;
    bw_buf_put(lines, BW_LIT("/tmp/alerts.log: written\n"));
    return true;
}

static void put_settings(const char *more)
{
    FILE *f = fopen(settings, "w");
    check(f != NULL);
    fprintf(f,
            "{\"State\": \"%s/s\", \"ControlListen\": \"127.0.0.1:0\", \"ControlToken\": "
            "\"geheim\", \"StateFile\": \"%s/page\", \"Services\": [{\"Name\": \"api\", "
            "\"Description\": \"an API\"}, {\"Name\": \"worker\", \"Replicas\": 2%s}]}",
            folder, folder, more);
    fclose(f);
}

static void (*to_run)(void);
static bool stopped;

static void note_stopped(void *arg)
{
    stopped = true;
    wait_wake(arg);
}

static void run(struct loops *ls)
{
    struct bw_err e = {0};
    memset(&fake, 0, sizeof fake);
    bw_arena_init(&arena);
    list_init(&fake.listeners);
    snprintf(folder, sizeof folder, "/tmp/control_test_XXXXXX");
    check(mkdtemp(folder) != NULL);
    snprintf(settings, sizeof settings, "%s/a.json", folder);
    put_settings("");
    check_ok(angel_conf_load(&fake.conf, settings, &e), &e);
    fake.units[0].name = fake.units[0].unit = "api";
    fake.units[0].state = LIFE_READY;
    fake.units[1].name = "worker#1";
    fake.units[2].name = "worker#2";
    fake.units[1].unit = fake.units[2].unit = "worker";
    fake.units[2].state = LIFE_BACKOFF;
    fake.first = 1;
    event("api", "started", "api runs as 100");
    event("worker#1", "exited", "exit code 3");
    client = http_client_new();
    const struct control_opts o = {.loops = ls, .brain = &fake, .settings = settings};
    check_ok(control_open(&o, &control, &e), &e);
    to_run();
    http_client_free(client);
    struct wait w;
    wait_init(&w);
    control_stop(control, clock_mono() + 20 * CLOCK_SECOND, note_stopped, &w);
    check_int(wait_for(&w, clock_mono() + 20 * CLOCK_SECOND), WAIT_WOKEN);
}

static void on_loop(void (*fn)(void))
{
    char path[64];
    to_run = fn;
    stopped = false;
    t_on_loops(1, run);
    control_free(control);
    angel_conf_release(&fake.conf);
    bw_arena_release(&arena);
    static const char *const files[] = {"a.json",         "page.html", "s/control.sock.lock",
                                        "s/control.sock", "s",         ""};
    for (size_t i = 0; i < 6; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        remove(path);
    }
    check(stopped && access(folder, F_OK) != 0);
}

/* ---- tests ---- */

static void tell(void)
{
    expect("GET", "/v1/units", 200, "\"name\":\"worker#2\",\"unit\":\"worker\"");
    expect("GET", "/v1/units", 200, "\"state\":\"ready\"");
    expect("GET", "/v1/units/api", 200, "\"description\":\"an API\"");
    expect("GET", "/v1/units/worker", 200, "\"replicas\":2");
    expect("GET", "/v1/units/worker%232", 200, "\"state\":\"backoff\"");
    expect("GET", "/v1/units/wroker", 404, "did you mean 'worker'?");
    expect("GET", "/v1/units/%zz", 400, "without two hex digits");
    expect("GET", "/v1/unit", 404, "no such address");
    expect("DELETE", "/v1/units", 405, "DELETE is not for this address");
    expect("GET", "/v1/units/api/why", 200, "\"why\":[\"api waits.\",\"Because.\"]");
    expect("GET", "/v1/state", 200, "\"last_event\":2");
    expect("GET", "/v1/state", 200, "\"backoff\":1");
    expect("GET", "/v1/ready?unit=api&timeout=1", 200, "true");
    expect("GET", "/v1/ready?timeout=0", 503, "worker#2 is not ready");
    expect("GET", "/v1/ready?timeout=x", 400, "a number of seconds");
    expect("POST", "/v1/notify-test", 200, "alerts.log: written");
    expect("POST", "/v1/reopen", 200, "{}");
    check(fake.reopened);
    expect("GET", "/", 200, "it &lt;is&gt; so");
    expect("GET", "/metrics", 200,
           "angel_unit_state{unit=\"worker\",name=\"worker#2\",state=\"backoff\"} 1\n");
    expect("GET", "/metrics", 200,
           "angel_unit_log_lost_bytes_total{unit=\"api\",name=\"api\"} 7\n");
    expect("GET", "/metrics", 200, "unit=\"api\",name=\"api\",probe=\"live\",le=\"0.000125\"} 5\n");
    expect("GET", "/metrics", 200, "unit=\"api\",name=\"api\",probe=\"live\",le=\"+Inf\"} 6\n");
    expect("GET", "/metrics", 200, "# EOF\n");
}

static void answers(void **state)
{
    (void)state;
    on_loop(tell);
}

static void stop_later(void *arg)
{
    (void)arg;
    fake.units[0].state = LIFE_STOPPED;
    event("api", "stopped", "as it was told");
}

static void command(void)
{
    expect("POST", "/v1/units/api/start?wait=5", 200, "\"name\":\"api\"");
    assert_string_equal(fake.told, "0 api");
    expect("POST", "/v1/units/worker/restart?wait=1", 504, "worker#2 is not ready");
    expect("POST", "/v1/units/worker%231/retry", 200, "worker#1");
    assert_string_equal(fake.told, "3 worker#1");
    expect("POST", "/v1/units/api/reload", 409, "api does not run");
    expect("POST", "/v1/units/api/signal?signal=hup", 200, "api");
    assert_string_equal(fake.told, "signal 1 api");
    expect("POST", "/v1/units/api/signal", 400, "which signal?");
    expect("POST", "/v1/units/api/signal?signal=HPU", 400, "did you mean 'HUP'?");
    expect("POST", "/v1/units/api/stop?wait=0", 200, "\"state\":\"stopping\"");
    t_start_on(loop_current(), stop_later, NULL);
    expect("POST", "/v1/units/api/stop?wait=20", 200, "\"state\":\"stopped\"");
}

static void takes_commands(void **state)
{
    (void)state;
    on_loop(command);
}

static void plans(void)
{
    expect("POST", "/v1/plan", 200, "{\"unit\":\"worker\",\"change\":\"unchanged\",\"keys\":\"\"}");
    put_settings(", \"Nice\": 3, \"Level\": 2");
    expect("POST", "/v1/plan", 200,
           "{\"unit\":\"worker\",\"change\":\"rolling\",\"keys\":\"Nice, Level\"}");
    check(!fake.applied);
    expect("POST", "/v1/apply", 200, "\"rolling\"");
    check(fake.applied);
    put_settings(", \"Nise\": 3");
    expect("POST", "/v1/apply", 422, "unknown setting 'Nise', did you mean 'Nice'?");
}

static void makes_plans(void **state)
{
    (void)state;
    on_loop(plans);
}

static void more_events(void *arg)
{
    (void)arg;
    event("worker#1", "started", "again");
    event("api", "ready", "it says so");
}

static void stream(void)
{
    struct bw_buf got;
    bw_buf_init(&got, 1 << 20);
    expect("GET", "/v1/events", 200,
           "{\"seq\":1,\"at\":\"1970-01-01T00:00:01Z\",\"unit\":\"api\","
           "\"kind\":\"started\",\"text\":\"api runs as 100\"}\n{");
    expect("GET", "/v1/events?after=x", 400, "after is the number");
    struct http_exchange *x = begin("GET", "/v1/events?after=1&follow", NULL);
    read_until(x, &got, "\"seq\":2");
    check(!strstr(bw_buf_cstr(&got), "\"seq\":1,"));
    more_events(NULL);
    read_until(x, &got, "\"seq\":4");
    http_exchange_free(x);

    bw_buf_clear(&got);
    x = begin("GET", "/v1/events?after=2&unit=api", "text/event-stream");
    read_until(x, &got, "id: 4\nevent: ready\ndata: {\"seq\":4,");
    check(!strstr(bw_buf_cstr(&got), "worker")); /* another's */
    http_exchange_free(x);

    bw_buf_clear(&got);
    fake.first = 4; /* the ring has gone on */
    x = begin("GET", "/v1/events?after=1&follow", NULL);
    read_until(x, &got,
               "\"kind\":\"lost\",\"text\":\"up to 2 events before this are no longer kept\"");
    read_until(x, &got, "\"seq\":4");
    http_exchange_free(x);
    bw_buf_release(&got);
}

static void streams_events(void **state)
{
    (void)state;
    on_loop(stream);
}

/* Of all that was printed the last TAIL bytes are kept. */
static void prints(const char *text)
{
    char all[2 * TAIL];
    size_t n = (size_t)snprintf(all, sizeof all, "%s%s", fake.log, text);
    snprintf(fake.log, sizeof fake.log, "%s", all + (n > TAIL ? n - TAIL : 0));
    fake.log_bytes += (int64_t)strlen(text);
}

static void logs(void)
{
    struct bw_buf got;
    char line[32];
    bw_buf_init(&got, 1 << 20);
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        prints(line);
    }
    expect("GET", "/v1/units/api/log", 200, "line 98\nline 99\n");
    expect("GET", "/v1/units/worker/log", 409, "worker has 2 replicas: name one");
    struct http_exchange *x = begin("GET", "/v1/units/api/log?lines=2&follow", NULL);
    read_until(x, &got, "line 99\n");
    check_str(bw_buf_str(&got), "line 98\nline 99\n");
    bw_buf_clear(&got);
    prints("a\na\n");
    read_until(x, &got, "a\na\n");
    prints("a\na\n"); /* the same again is new again */
    read_until(x, &got, "a\na\na\na\n");
    prints("b\n");
    fake.log_bytes += 5; /* the count is of another moment: the text has the last word */
    read_until(x, &got, "b\n");
    check_str(bw_buf_str(&got), "a\na\na\na\nb\n");
    for (int i = 0; i < 200; i++)
        prints("too much\n");
    read_until(x, &got, "[more was printed than could be shown here]\n");
    read_until(x, &got, "too much\n");
    http_exchange_free(x);
    bw_buf_release(&got);
}

static void follows_logs(void **state)
{
    (void)state;
    on_loop(logs);
}

static void by_tcp(void)
{
    static const struct {
        const char *token;
        int status;
    } cases[] = {{"Bearer geheim", 200}, {"bearer geheim", 200}, {"Bearer geheiM", 401},
                 {"Bearer ", 401},       {"Basic geheim", 401},  {"", 401}};
    struct got g;
    ask(&g, "GET", "/v1/state");
    char *at = strstr(bw_buf_cstr(&g.body), "\"control_tcp\":\"") + strlen("\"control_tcp\":\"");
    struct uri *u = BW_NEW(&arena, struct uri);
    struct bw_err e = {0};
    char *url = bw_arena_cstr(&arena, bw_str_of(at, strcspn(at, "\"")));
    check_ok(uri_parse(u, bw_cstr(url), &arena, &e), &e);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_field f = {BW_LIT("Authorization"), bw_cstr(cases[i].token)};
        struct http_exchange *x = http_client_ask(client,
                                                  &(struct http_ask){.method = "GET",
                                                                     .uri = u,
                                                                     .target = BW_LIT("/v1/units"),
                                                                     .fields = &f,
                                                                     .n_fields = 1},
                                                  &e);
        check_ok(x && http_exchange_head(x, &e), &e);
        check_int(http_exchange_status(x), cases[i].status);
        bw_buf_clear(&g.body);
        check_ok(http_exchange_body(x, 1 << 20, &g.body, &e), &e);
        http_exchange_free(x);
    }
    bw_buf_release(&g.body);
}

static void asks_for_the_token(void **state)
{
    (void)state;
    on_loop(by_tcp);
}

/* The page comes a second after the start and after each event. */
static void writes_page(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/page.html", folder);
    int64_t deadline = clock_mono() + 20 * CLOCK_SECOND;
    while (access(path, R_OK) != 0 && clock_mono() < deadline)
        wait_until(clock_mono() + 20 * CLOCK_MS);
    FILE *f = fopen(path, "r");
    check(f != NULL);
    char text[4096];
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    check(strstr(text, "angel Current State") && strstr(text, "worker#2"));
}

static void keeps_the_page(void **state)
{
    (void)state;
    on_loop(writes_page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),        cmocka_unit_test(takes_commands),
        cmocka_unit_test(makes_plans),    cmocka_unit_test(streams_events),
        cmocka_unit_test(follows_logs),   cmocka_unit_test(asks_for_the_token),
        cmocka_unit_test(keeps_the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
