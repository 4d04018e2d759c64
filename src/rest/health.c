/* health.c: /health (the process is alive; always 200), /ready (send requests here; 503 while
 * starting or draining, or when a store does not answer) and /startup (503 until it has been ready
 * once). Each dependency is told of by the admin socket, and where a setting says so.
 *
 * /health is asked often, by balancers and by benchmarks, so its text is made at most every 50 ms
 * per thread and copied in between; the time in it turns with its second all the same. */
#include "rest/builtin.h"

#include "core/clock.h"
#include "rest/dependency.h"

#define CACHE_NS (50 * CLOCK_MS)

static const char *const states[] = {
    [SERVER_STARTING] = "starting", [SERVER_READY] = "ok", [SERVER_DRAINING] = "draining"};

static int64_t connections(const struct bw_server *s)
{
    return s->connections ? s->connections(s->connections_arg) : 0;
}

static void write_head(struct bw_json_writer *w, const struct bw_server *s, const char *status,
                       bw_time now)
{
    int64_t up = (now - s->started) / BW_TIME_SECOND;
    bw_json_object(w);
    bw_json_put_text(w, "status", bw_cstr(status));
    bw_json_put_time(w, "timestamp", now - now % BW_TIME_SECOND);
    bw_json_put_int(w, "uptime", up > 0 ? up : 0);
    bw_json_put_int(w, "connections", connections(s));
    bw_json_put_text(w, "version", bw_cstr(s->app->version ? s->app->version : "0"));
}

static bool tells_details(const struct bw_req *rq)
{
    return rq->server->opts.health_details || rq->admin;
}

static void write_details(struct bw_json_writer *w, struct bw_server *s)
{
    bw_json_key(w, BW_LIT("dependencies"));
    dependencies_write(s, w);
}

/* ---- /health ---- */

struct cached {
    const struct bw_server *server;
    bw_time started; /* a new server may stand where an old one was */
    int state;
    int64_t from, until; /* monotonic ns */
    size_t n;
    char text[512];
};

static _Thread_local struct cached cache;

static void renew(const struct bw_req *rq, int state)
{
    const struct bw_server *s = rq->server;
    bw_time now = bw_now();
    int64_t second_ends = (BW_TIME_SECOND - now % BW_TIME_SECOND) * 1000;
    struct bw_buf text;
    struct bw_json_writer w;
    bw_buf_init(&text, sizeof cache.text);
    bw_json_init(&w, &text);
    write_head(&w, s, states[state], now);
    bw_json_end(&w);
    cache.n = bw_buf_ok(&text) ? text.n : 0;
    memcpy(cache.text, bw_buf_str(&text).p, cache.n);
    bw_buf_release(&text);
    cache.server = s;
    cache.started = s->started;
    cache.state = state;
    cache.from = rq->began;
    cache.until = rq->began + (second_ends < CACHE_NS ? second_ends : CACHE_NS);
}

static bool health_details(struct bw_req *rq, int state)
{
    struct bw_json_writer *w = bw_reply_json(rq);
    dependencies_ask(rq->server);
    write_head(w, rq->server, states[state], bw_now());
    write_details(w, rq->server);
    bw_json_end(w);
    return true;
}

static bool health_run(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    const struct bw_server *s = rq->server;
    int state = atomic_load_explicit(&s->state, memory_order_relaxed);
    if (tells_details(rq) && state != SERVER_STARTING)
        return health_details(rq, state);
    if (cache.server != s || cache.started != s->started || cache.state != state ||
        rq->began >= cache.until || rq->began < cache.from)
        renew(rq, state);
    http_res_field(rq->res, "Content-Type", BW_LIT("application/json"));
    bw_buf_add(rq->res->body, cache.text, cache.n);
    return true;
}

const struct endpoint builtin_health = {
    .method = HTTP_GET,
    .path = "/health",
    .run = health_run,
    .id = "health",
    .help = "Is the process alive? Answers 200 from the start of the server to its end.",
    .produces = "application/json",
    .answer_schema =
        "{\"type\":\"object\",\"required\":[\"status\",\"timestamp\",\"uptime\",\"connections\","
        "\"version\"],\"properties\":{\"status\":{\"enum\":[\"starting\",\"ok\",\"draining\"]},"
        "\"timestamp\":{\"type\":\"string\",\"format\":\"date-time\"},\"uptime\":{\"type\":"
        "\"integer\",\"description\":\"seconds\"},\"connections\":{\"type\":\"integer\"},"
        "\"version\":{\"type\":\"string\"}}}",
    .open_while_starting = true,
};

/* ---- /ready ---- */

static void write_state(struct bw_req *rq, const char *status, bool details)
{
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_text(w, "status", bw_cstr(status));
    bw_json_put_time(w, "timestamp", bw_now());
    if (details)
        write_details(w, rq->server);
    bw_json_end(w);
}

static void not_yet(struct bw_req *rq)
{
    rq->res->status = 503;
    http_res_set(rq->res, "Retry-After", BW_LIT("1"));
}

static bool ready_run(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    struct bw_server *s = rq->server;
    int state = atomic_load(&s->state);
    /* While starting they may not be open yet. */
    bool answer = state == SERVER_STARTING || dependencies_ask(s);
    const char *status = state != SERVER_READY ? states[state] : answer ? "ready" : "unavailable";
    write_state(rq, status, tells_details(rq));
    if (state != SERVER_READY || !answer)
        not_yet(rq);
    return true;
}

const struct endpoint builtin_ready = {
    .method = HTTP_GET,
    .path = "/ready",
    .run = ready_run,
    .id = "ready",
    .help = "May requests be sent here? 503 while starting or draining, or when a store is silent.",
    .produces = "application/json",
    .answer_schema =
        "{\"type\":\"object\",\"required\":[\"status\",\"timestamp\"],\"properties\":{\"status\":{"
        "\"enum\":[\"ready\",\"starting\",\"draining\",\"unavailable\"]},\"timestamp\":{\"type\":"
        "\"string\",\"format\":\"date-time\"}}}",
    .open_while_starting = true,
};

/* ---- /startup ---- */

static bool startup_run(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    bool started = atomic_load(&rq->server->state) != SERVER_STARTING;
    write_state(rq, started ? "started" : "starting", false);
    if (!started)
        not_yet(rq);
    return true;
}

const struct endpoint builtin_startup = {
    .method = HTTP_GET,
    .path = "/startup",
    .run = startup_run,
    .id = "startup",
    .help = "Has the server been ready once? 503 until then; 200 to its end, whatever comes.",
    .produces = "application/json",
    .answer_schema =
        "{\"type\":\"object\",\"required\":[\"status\",\"timestamp\"],\"properties\":{\"status\":{"
        "\"enum\":[\"starting\",\"started\"]},\"timestamp\":{\"type\":\"string\",\"format\":"
        "\"date-time\"}}}",
    .open_while_starting = true,
};
