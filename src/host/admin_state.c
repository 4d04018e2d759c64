/* admin_state.c: GET /state: who serves what, since when, with what settings, and how its last
 * reload went. */
#include "host/admin.h"

#include "core/log.h"
#include "net/http_server.h"
#include "os/notify.h"

static void put_cstr(struct bw_json_writer *w, const char *key, const char *text)
{
    bw_json_key(w, bw_cstr(key));
    if (text && *text)
        bw_json_text(w, bw_cstr(text));
    else
        bw_json_null(w);
}

static void write_program(struct bw_json_writer *w, const struct serving *s)
{
    const struct bw_server *server = &s->host->server;
    const struct pidfile_info *i = &s->pidfile.info;
    bw_time now = bw_now();
    bw_json_put_text(w, "name", bw_cstr(s->launch->app.name));
    put_cstr(w, "version", s->launch->app.version);
    bw_json_put_text(w, "burrow", bw_cstr(bw_version()));
    bw_json_put_int(w, "pid", getpid());
    bw_json_put_int(w, "uid", geteuid());
    bw_json_put_text(w, "state", bw_cstr(i->state));
    bw_json_put_time(w, "started", server->started);
    bw_json_put_int(w, "uptime",
                    now > server->started ? (now - server->started) / BW_TIME_SECOND : 0);
}

static void write_places(struct bw_json_writer *w, const struct serving *s)
{
    bw_str urls = bw_buf_str(&s->urls), url;
    bw_json_key(w, BW_LIT("listen"));
    bw_json_array(w);
    while (bw_str_cut(&urls, '\n', &url) && url.n)
        bw_json_text(w, url);
    bw_json_end(w);
    put_cstr(w, "settings", s->launch->conf.file);
    put_cstr(w, "data", s->launch->conf.data);
    put_cstr(w, "pid_file", s->pidfile.lock.fd >= 0 ? s->pidfile.path : NULL);
    put_cstr(w, "admin", s->admin_path);
}

static void write_load(struct bw_json_writer *w, const struct serving *s)
{
    struct http_server_stats n = http_server_stats(s->http);
    bw_json_put_int(w, "loops", loops_count(s->loops));
    bw_json_put_int(w, "connections", n.connections);
    bw_json_put_int(w, "requests", n.requests);
    bw_json_put_int(w, "in_flight", n.in_flight);
    bw_json_put_int(w, "refused", n.refused);
}

static void write_life(struct bw_json_writer *w, const struct serving *s)
{
    const struct pidfile_info *i = &s->pidfile.info;
    bw_json_put_bool(w, "service_manager", notify_wanted());
    bw_json_key(w, BW_LIT("watchdog_ms"));
    if (s->watchdog_every)
        bw_json_int(w, s->watchdog_every / 1000000);
    else
        bw_json_null(w);
    bw_json_put_int(w, "reloads", i->reloads);
    if (i->reloads) {
        bw_json_key(w, BW_LIT("last_reload"));
        bw_json_object(w);
        bw_json_put_bool(w, "ok", i->reload_ok);
        bw_json_put_text(w, "result", bw_cstr(i->reload));
        bw_json_end(w);
    }
    bw_json_put_int(w, "log_lost", (int64_t)log_lost());
}

static void write_all(struct serving *s, void *arg)
{
    struct bw_json_writer *w = arg;
    bw_json_object(w);
    write_program(w, s);
    write_places(w, s);
    write_load(w, s);
    write_life(w, s);
    bw_json_end(w);
}

static bool run(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    admin_on_main(rq, write_all, bw_reply_json(rq));
    return true;
}

const struct endpoint admin_state = {
    .method = HTTP_GET,
    .path = "/state",
    .run = run,
    .id = "state",
    .help = "Who serves what, since when, and how the last reload went.",
    .produces = "application/json",
};
