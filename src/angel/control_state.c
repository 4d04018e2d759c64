/* control_state.c: the angel as a whole: its state, whether all are ready, notices, log files. */
#include "angel/control_int.h"

#include <unistd.h>

#include "core/clock.h"

static const char *const states[] = {
#define X(id, name) [LIFE_##id] = #name,
    LIFE_STATES(X)
#undef X
};

struct sums {
    size_t in[LIFE_STATE_COUNT], ready, degraded, wanted;
};

static void add_up(const struct brain *b, struct sums *s)
{
    *s = (struct sums){0};
    for (size_t i = 0; i < brain_count(b); i++) {
        struct brain_unit u;
        brain_look(b, i, &u);
        s->in[u.state]++;
        s->ready += u.ready;
        s->wanted += u.wanted;
        s->degraded += u.degraded;
    }
}

static uint64_t last_event(const struct brain *b)
{
    struct brain_event ev;
    uint64_t lost, last = 0;
    while (brain_event(b, last + 1, &ev, &lost))
        last = ev.seq;
    return last;
}

bool control_at_state(struct control_ask *k, struct bw_err *e)
{
    const struct angel_conf *c = brain_conf(k->b);
    struct bw_json_writer *w = control_json(k);
    struct sums s;
    (void)e;
    add_up(k->b, &s);
    bw_json_object(w);
    bw_json_put_text(w, "name", bw_cstr(c->name));
    bw_json_put_text(w, "version", BW_LIT(BW_RELEASE));
    bw_json_put_int(w, "pid", getpid());
    if (brain_upgrading(k->b))
        bw_json_put_text(w, "upgrade",
                         brain_upgrading(k->b) == BRAIN_UPGRADE_ASKED ? BW_LIT("asked")
                                                                      : BW_LIT("refused"));
    bw_json_put_time(w, "began", k->c->began * 1000);
    bw_json_put_text(w, "settings", bw_cstr(c->file));
    bw_json_put_text(w, "state_folder", bw_cstr(c->state));
    bw_json_put_text(w, "log_folder", bw_cstr(c->log_folder));
    bw_json_put_text(w, "control", bw_cstr(c->control));
    if (k->c->tcp)
        bw_json_put_text(w, "control_tcp", bw_cstr(k->c->tcp_url));
    bw_json_put_int(w, "units", (int64_t)brain_count(k->b));
    bw_json_put_int(w, "wanted", (int64_t)s.wanted);
    bw_json_put_int(w, "ready", (int64_t)s.ready);
    bw_json_put_int(w, "degraded", (int64_t)s.degraded);
    bw_json_key(w, BW_LIT("states"));
    bw_json_object(w);
    for (size_t i = 0; i < LIFE_STATE_COUNT; i++)
        bw_json_put_int(w, states[i], (int64_t)s.in[i]);
    bw_json_end(w);
    bw_json_put_int(w, "last_event", (int64_t)last_event(k->b));
    bw_json_end(w);
    return true;
}

bool control_at_ready(struct control_ask *k, struct bw_err *e)
{
    int64_t span;
    size_t first, n;
    k->name = control_param(k, "unit");
    if (k->name && !*k->name)
        k->name = NULL;
    if (!control_seconds(k, "timeout", 30, &span, e) ||
        (k->name && !control_find(k, &first, &n, e)))
        return false;
    if (!brain_wait_ready(k->b, k->name, clock_mono() + span, e)) {
        e->code = BW_BUSY;
        return false;
    }
    struct bw_json_writer *w = control_json(k);
    bw_json_object(w);
    bw_json_put_bool(w, "ready", true);
    bw_json_end(w);
    return true;
}

bool control_at_notify_test(struct control_ask *k, struct bw_err *e)
{
    struct bw_buf lines;
    struct bw_err why = {.code = BW_OK};
    bw_str rest, line;
    bw_buf_init(&lines, 64 * 1024);
    bool ok = brain_notify_test(k->b, &lines, &why);
    if (!ok && !lines.n) {
        bw_buf_release(&lines);
        *e = why;
        return false;
    }
    struct bw_json_writer *w = control_json(k);
    bw_json_object(w);
    bw_json_put_bool(w, "ok", ok);
    bw_json_key(w, BW_LIT("targets"));
    bw_json_array(w);
    for (rest = bw_buf_str(&lines); bw_str_cut(&rest, '\n', &line);) {
        if (line.n)
            bw_json_text(w, line);
    }
    bw_json_end(w);
    bw_json_end(w);
    bw_buf_release(&lines);
    return true;
}

bool control_at_upgrade(struct control_ask *k, struct bw_err *e)
{
    if (!brain_upgrade(k->b, e))
        return false;
    bw_json_object(control_json(k));
    bw_json_put_int(&k->w, "pid", getpid());
    bw_json_end(&k->w);
    return true;
}

bool control_at_reopen(struct control_ask *k, struct bw_err *e)
{
    (void)e;
    brain_reopen(k->b);
    bw_json_object(control_json(k));
    bw_json_end(&k->w);
    return true;
}
