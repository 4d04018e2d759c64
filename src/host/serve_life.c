/* serve_life.c: a server between its start and its end: ready after a first round of the watch,
 * fed watchdog, reload on SIGHUP, log files anew
 * on SIGUSR1, drain on SIGTERM or SIGINT (the second of them ends at once).
 * Each step is told to the log, the pid file, the service manager and a waiting parent. */
#include <signal.h>

#include "core/clock.h"
#include "core/log.h"
#include "host/admin.h"
#include "host/reload.h"
#include "net/http_server.h"
#include "net/signal.h"

static void tell_state(struct serving *s, const char *state)
{
    struct bw_err e;
    snprintf(s->pidfile.info.state, sizeof s->pidfile.info.state, "%s", state);
    if (s->pidfile.lock.fd >= 0 && !pidfile_write(&s->pidfile, &e))
        log_warn("host", "the pid file is out of date", log_err(&e));
}

/* ---- the end ---- */

static void all_answered(void *arg)
{
    struct serving *s = arg;
    loops_stop(s->loops);
}

static void drained(void *arg)
{
    struct serving *s = arg;
    for (size_t i = 0; i < SERVE_SIGNALS; i++) {
        signal_watch_free(s->signals[i]);
        s->signals[i] = NULL;
    }
    loop_timer_set(loops_at(s->loops, 0), &s->watchdog, 0);
    admin_drain_socket(s, all_answered, s);
}

static void stop(struct serving *s)
{
    s->stopping = true;
    notify_send("STOPPING=1\nSTATUS=Finishing the requests in flight");
    tell_state(s, "draining");
    atomic_store(&s->host->server.state, SERVER_DRAINING);
    http_server_drain(s->http, clock_mono() + s->launch->conf.server.drain_timeout, drained, s);
}

void serve_stop(struct serving *s, const char *by)
{
    if (s->stopping)
        return;
    log_info("host", "stopping: requests in flight are finished first", LOG_CSTR("by", by));
    stop(s);
}

static void told_to_stop(int number, void *arg)
{
    struct serving *s = arg;
    if (s->stopping) {
        log_warn("host", "told twice to stop: ending now", LOG_NUM("signal", number));
        log_stop();
        _exit(1);
    }
    serve_stop(s, strsignal(number));
}

/* ---- reload ---- */

static void free_conf(void *arg)
{
    conf_release(arg);
    free(arg);
}

static bool load(struct serving *s, struct conf *fresh, struct bw_err *e)
{
    return launch_load(s->launch, fresh, e) &&
           (!reload_reopens_log(&s->launch->conf, fresh) || host_log_change(fresh, e));
}

/* Everything that is live, whether it has changed or not. */
static void put_in_force(struct serving *s)
{
    host_log_live(&s->launch->conf);
    host_change(s->host);
    serve_change_http(s);
}

static bool reload(struct serving *s, struct bw_buf *said)
{
    struct conf *now = &s->launch->conf, *fresh = calloc(1, sizeof *fresh);
    struct bw_err e = {.code = BW_OK};
    bw_must(fresh);
    conf_init(fresh);
    if (!load(s, fresh, &e)) {
        bw_buf_printf(said, "the settings stay as they are: %s", e.text);
        free_conf(fresh);
        return false;
    }
    if (!reload_apply(now, fresh, said)) {
        free_conf(fresh);
        return true;
    }
    bw_arena_defer(&now->arena, free_conf, fresh); /* its texts are in use now */
    put_in_force(s);
    return true;
}

bool serve_reload(struct serving *s, struct bw_buf *said)
{
    struct pidfile_info *i = &s->pidfile.info;
    notify_send("RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading the settings again",
                (long long)(clock_mono() / 1000));
    i->reload_ok = reload(s, said);
    i->reloads++;
    snprintf(i->reload, sizeof i->reload, "%s", bw_buf_cstr(said));
    if (i->reload_ok)
        log_info("host", "settings read again", LOG_TEXT("result", bw_buf_str(said)));
    else
        log_error("host", "settings not read again", LOG_TEXT("error", bw_buf_str(said)));
    tell_state(s, "ready");
    notify_send("READY=1\nSTATUS=Serving at %s (%s)", s->url, i->reload);
    return i->reload_ok;
}

static void told_to_reload(int number, void *arg)
{
    struct serving *s = arg;
    struct bw_buf said;
    if (s->stopping)
        return;
    /* A terminal that closes says this too: then there is nobody left to serve for. */
    if (s->life == LAUNCH_CONSOLE && isatty(STDERR_FILENO)) {
        told_to_stop(number, s);
        return;
    }
    bw_buf_init(&said, 65536);
    serve_reload(s, &said);
    bw_buf_release(&said);
}

static void told_to_reopen(int number, void *arg)
{
    (void)arg;
    log_reopen();
    log_info("host", "log files opened anew", LOG_NUM("signal", number));
}

/* ---- ready, and well ---- */

static void tell_urls(const struct serving *s)
{
    bw_str urls = bw_buf_str(&s->urls), url;
    while (bw_str_cut(&urls, '\n', &url) && url.n)
        printf("listening on %.*s\n", BW_FMT(url));
    fflush(stdout);
}

static void become_ready(struct serving *s)
{
    s->ready = true;
    tell_urls(s);
    snprintf(s->pidfile.info.url, sizeof s->pidfile.info.url, "%s", s->url);
    tell_state(s, "ready");
    log_info("host", "ready", LOG_NUM("pid", getpid()));
    notify_send("READY=1\nMAINPID=%ld\nSTATUS=Serving at %s", (long)getpid(), s->url);
    daemon_tell(&s->daemon, NULL);
}

static void round_over(void *arg, const struct bw_err *e)
{
    struct serving *s = arg;
    if (e)
        log_error("host", "a store does not answer", log_err(e));
    if (s->ready || s->stopping)
        return;
    if (!e) {
        become_ready(s);
        return;
    }
    s->failed = true;
    s->why = *e;
    stop(s);
}

static void feed_watchdog(struct loop_timer *t)
{
    struct serving *s = LIST_OWNER(t, struct serving, watchdog);
    struct loop *loop = loops_at(s->loops, 0);
    /* A batch may hold the writer as long as the settings let it. */
    int64_t patience = s->launch->conf.rest.batch_timeout + s->watchdog_every;
    if (watch_is_well(&s->watch, patience))
        notify_send("WATCHDOG=1");
    else
        log_error("host", "a loop or a store's writer has stopped answering",
                  LOG_BOOL("loops_answered", s->watch.loops_answered));
    watch_begin(&s->watch);
    loop_timer_set(loop, t, loop_now(loop) + s->watchdog_every);
}

static int64_t connections(void *arg)
{
    struct serving *s = arg;
    return http_server_stats(s->http).connections;
}

static void begin(struct serving *s)
{
    struct loop *loop = loops_at(s->loops, 0);
    signal_ignore_pipe();
    s->signals[0] = signal_watch_new(loop, SIGTERM, told_to_stop, s);
    s->signals[1] = signal_watch_new(loop, SIGINT, told_to_stop, s);
    s->signals[2] = signal_watch_new(loop, SIGHUP, told_to_reload, s);
    s->signals[3] = signal_watch_new(loop, SIGUSR1, told_to_reopen, s);
    s->host->server.connections_arg = s;
    s->host->server.connections = connections;
    s->watch.loops = s->loops;
    s->watch.stores = s->host->stores;
    s->watch.over = round_over;
    s->watch.arg = s;
    watch_init(&s->watch);
    watch_begin(&s->watch);
    loop_timer_init(&s->watchdog, feed_watchdog);
    s->watchdog_every = notify_watchdog() / 3; /* one may come late, and one round is behind */
    if (s->watchdog_every)
        loop_timer_set(loop, &s->watchdog, clock_mono() + s->watchdog_every);
}

bool serve_live(struct serving *s)
{
    begin(s);
    loops_run(s->loops);
    s->host->server.connections = NULL;
    watch_release(&s->watch);
    if (!s->failed)
        log_info("host", "stopped");
    return !s->failed;
}
