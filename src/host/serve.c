/* serve.c: the serving life of a host: loops, listeners, signals, drain. The first SIGTERM or
 * SIGINT finishes what is in flight and ends; the second ends now. Runs on the main thread, which
 * is loop 0. */
#include "host/serve_int.h"

#include <signal.h>

#include "core/clock.h"
#include "core/log.h"
#include "net/http_server.h"
#include "net/signal.h"

static void drained(void *arg)
{
    struct serving *s = arg;
    for (size_t i = 0; i < 2; i++) {
        signal_watch_free(s->signals[i]);
        s->signals[i] = NULL;
    }
    loops_stop(s->loops);
}

static void told_to_stop(int number, void *arg)
{
    struct serving *s = arg;
    if (s->stopping) {
        log_warn("host", "told twice to stop: ending now", LOG_NUM("signal", number));
        log_stop();
        _exit(1);
    }
    s->stopping = true;
    atomic_store(&s->host->server.state, SERVER_DRAINING);
    log_info("host", "stopping: requests in flight are finished first", LOG_NUM("signal", number));
    http_server_drain(s->http, clock_mono() + s->host->conf->server.drain_timeout, drained, s);
}

static int64_t connections(void *arg)
{
    struct serving *s = arg;
    return http_server_stats(s->http).connections;
}

static bool open_http(struct serving *s, struct bw_err *e)
{
    const struct conf *c = s->host->conf;
    struct loops_opts loops = {.count = (unsigned)c->server.threads};
    struct http_server_opts http = {.handler = server_handle,
                                    .arg = &s->host->server,
                                    .head_timeout = c->server.head_timeout,
                                    .body_timeout = c->server.body_timeout,
                                    .write_timeout = c->server.write_timeout,
                                    .idle_timeout = c->server.idle_timeout,
                                    .max_connections = (size_t)c->server.max_connections,
                                    .max_in_flight = (size_t)c->server.max_in_flight,
                                    .max_body = (size_t)c->server.max_body,
                                    .compress = c->server.compress};
    s->loops = loops_new(&loops, e);
    if (!s->loops)
        return false;
    s->http = http_server_new(s->loops, &http, e);
    return s->http != NULL;
}

/* The addresses are told together once all of them listen, so that a reader of standard output may
 * begin. */
static bool listen_all(struct serving *s, struct bw_err *e)
{
    struct bw_buf told;
    bw_buf_init(&told, 65536);
    bool ok = true;
    for (const char **address = s->host->conf->listen; ok && *address; address++) {
        char url[256];
        ok = http_server_listen(s->http, *address, url, e) ||
             bw_because(e, "listening on %s", *address);
        if (!ok)
            break;
        log_info("host", "listening", LOG_CSTR("url", url));
        bw_buf_printf(&told, "listening on %s\n", url);
    }
    if (ok) {
        fputs(bw_buf_cstr(&told), stdout);
        fflush(stdout);
    }
    bw_buf_release(&told);
    return ok;
}

static bool begin(struct serving *s, struct bw_err *e)
{
    if (!open_http(s, e) || !listen_all(s, e))
        return false;
    signal_ignore_pipe();
    s->signals[0] = signal_watch_new(loops_at(s->loops, 0), SIGTERM, told_to_stop, s);
    s->signals[1] = signal_watch_new(loops_at(s->loops, 0), SIGINT, told_to_stop, s);
    s->host->server.connections_arg = s;
    s->host->server.connections = connections;
    return true;
}

bool host_serve(struct host *h, struct bw_err *e)
{
    struct serving s = {.host = h};
    h->serving = &s;
    bool ok = begin(&s, e);
    if (ok) {
        loops_run(s.loops);
        log_info("host", "stopped");
    }
    h->server.connections = NULL;
    h->serving = NULL;
    http_server_free(s.http);
    loops_free(s.loops);
    return ok;
}
