/* top_json.c: the view for scripts: rates per second, times in milliseconds. */
#include "cli/top.h"

/* Enough digits for a rate, none that only look exact. */
static void put(struct bw_json_writer *w, const char *key, double v)
{
    bool small = v > -1e12 && v < 1e12;
    bw_json_put_real(w, key, small ? (double)top_whole(v * 1000 + (v < 0 ? -0.5 : 0.5)) / 1000 : v);
}

static void put_times(struct bw_json_writer *w, const char *key, const struct top_times *t)
{
    bw_json_key(w, bw_cstr(key));
    bw_json_object(w);
    bw_json_put_int(w, "count", top_whole(t->count));
    put(w, "p50_ms", t->p50 * 1000);
    put(w, "p99_ms", t->p99 * 1000);
    bw_json_end(w);
}

static void put_whole(struct bw_json_writer *w, const struct top *t)
{
    bw_json_put_text(w, "app", t->app);
    bw_json_put_text(w, "version", t->version);
    bw_json_put_text(w, "server", bw_cstr(t->where));
    bw_json_put_bool(w, "ready", t->ready);
    put(w, "uptime_s", t->up);
    put(w, "seconds", t->span);
    put(w, "requests", t->rate);
    for (int c = 2; c <= 5; c++)
        put(w, (const char *const[]){"2xx", "3xx", "4xx", "5xx"}[c - 2], t->status[c]);
    put_times(w, "time", &t->time);
    put(w, "in_flight", t->in_flight);
    put(w, "connections", t->connections);
    put(w, "bytes_in", t->received);
    put(w, "bytes_out", t->sent);
}

static void put_process(struct bw_json_writer *w, const struct top *t)
{
    bw_json_key(w, BW_LIT("process"));
    bw_json_object(w);
    put(w, "cpu", t->cpu);
    put(w, "resident_bytes", t->resident);
    put(w, "open_fds", t->fds);
    put(w, "max_fds", t->max_fds);
    put(w, "threads", t->threads);
    put(w, "log_records_lost", t->lost_log);
    put(w, "spans_lost", t->lost_spans);
    bw_json_end(w);
}

static void put_loops(struct bw_json_writer *w, const struct top *t)
{
    bw_json_key(w, BW_LIT("loops"));
    bw_json_array(w);
    for (size_t i = 0; i < t->loops.n; i++) {
        const struct top_loop *l = &t->loops.p[i];
        bw_json_object(w);
        bw_json_put_text(w, "loop", l->name);
        put(w, "turns", l->turns);
        put_times(w, "turn", &l->turn);
        put(w, "fibers", l->in_use);
        put(w, "fibers_pooled", l->pooled);
        put(w, "stack_bytes", l->stack);
        bw_json_end(w);
    }
    bw_json_end(w);
}

static void put_dbs(struct bw_json_writer *w, const struct top *t)
{
    bw_json_key(w, BW_LIT("databases"));
    bw_json_array(w);
    for (size_t i = 0; i < t->dbs.n; i++) {
        const struct top_db *d = &t->dbs.p[i];
        bw_json_object(w);
        bw_json_put_text(w, "db", d->name);
        put(w, "writes", d->writes);
        put(w, "commits", d->commits);
        put(w, "checkpoints", d->checkpoints);
        put(w, "group", d->group);
        put(w, "queue", d->queue);
        put(w, "wal_bytes", d->wal);
        put_times(w, "commit", &d->commit);
        put_times(w, "flush", &d->flush);
        bw_json_end(w);
    }
    bw_json_end(w);
}

static void put_routes(struct bw_json_writer *w, const struct top *t)
{
    bw_json_key(w, BW_LIT("routes"));
    bw_json_array(w);
    for (size_t i = 0; i < t->routes.n; i++) {
        const struct top_route *r = &t->routes.p[i];
        bw_json_object(w);
        bw_json_put_text(w, "method", r->method);
        bw_json_put_text(w, "route", r->route);
        put(w, "requests", r->rate);
        put(w, "5xx", r->failed);
        put(w, "in_flight", r->in_flight);
        put_times(w, "time", &r->time);
        bw_json_end(w);
    }
    bw_json_end(w);
}

static void put_stores(struct bw_json_writer *w, const struct top *t)
{
    bw_json_key(w, BW_LIT("stores"));
    bw_json_array(w);
    for (size_t i = 0; i < t->stores.n; i++) {
        bw_json_object(w);
        bw_json_put_text(w, "store", t->stores.p[i].name);
        bw_json_put_bool(w, "up", t->stores.p[i].up);
        bw_json_end(w);
    }
    bw_json_end(w);
}

void top_json(const struct top *t, struct bw_buf *out)
{
    struct bw_json_writer w;
    bw_json_init(&w, out);
    bw_json_object(&w);
    put_whole(&w, t);
    put_process(&w, t);
    put_loops(&w, t);
    put_dbs(&w, t);
    put_stores(&w, t);
    put_routes(&w, t);
    bw_json_end(&w);
    bw_buf_char(out, '\n');
}
