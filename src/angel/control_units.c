/* control_units.c: services and their replicas: how they are, what they are told, why they are so.
 */
#include "angel/control_int.h"

#include "core/clock.h"
#include "os/signame.h"

static const char *const states[] = {
#define X(id, name) [LIFE_##id] = #name,
    LIFE_STATES(X)
#undef X
};

/* ---- as JSON ---- */

static void put_time(struct bw_json_writer *w, const char *key, int64_t ms)
{
    if (ms)
        bw_json_put_time(w, key, ms * 1000);
}

static void put_log(struct bw_json_writer *w, const struct brain_unit *u)
{
    bw_json_key(w, BW_LIT("log"));
    bw_json_object(w);
    bw_json_put_text(w, "path", bw_cstr(u->conf->log.path));
    bw_json_put_int(w, "bytes", u->log.bytes);
    bw_json_put_int(w, "lost_bytes", u->log.lost_bytes);
    bw_json_put_int(w, "losses", u->log.losses);
    bw_json_put_int(w, "rotations", u->log.rotations);
    if (u->log.hangs_since)
        bw_json_put_time(w, "hangs_since", u->log.hangs_since);
    bw_json_end(w);
}

void control_write_unit(struct bw_json_writer *w, const struct brain_unit *u)
{
    bw_json_object(w);
    bw_json_put_text(w, "name", bw_cstr(u->name));
    bw_json_put_text(w, "unit", bw_cstr(u->unit));
    bw_json_put_text(w, "description", bw_cstr(u->conf->description ? u->conf->description : ""));
    bw_json_put_text(w, "state", bw_cstr(states[u->state]));
    bw_json_put_bool(w, "ready", u->ready);
    bw_json_put_bool(w, "wanted", u->wanted);
    bw_json_put_bool(w, "degraded", u->degraded);
    if (u->pid > 0)
        bw_json_put_int(w, "pid", u->pid);
    bw_json_put_int(w, "starts", (int64_t)u->runs);
    bw_json_put_int(w, "restarts", (int64_t)u->restarts);
    bw_json_put_bool(w, "standing", u->standing);
    put_time(w, "since", u->since);
    put_time(w, "started", u->started);
    put_time(w, "next_start", u->next);
    bw_json_put_text(w, "why", bw_cstr(u->why ? u->why : ""));
    if (u->last_exit[0])
        bw_json_put_text(w, "last_exit", bw_cstr(u->last_exit));
    put_log(w, u);
    bw_json_end(w);
}

static void write_units(struct control_ask *k, size_t first, size_t n)
{
    struct bw_json_writer *w = &k->w;
    bw_json_array(w);
    for (size_t i = first; i < first + n; i++) {
        struct brain_unit u;
        brain_look(k->b, i, &u);
        control_write_unit(w, &u);
    }
    bw_json_end(w);
}

bool control_at_units(struct control_ask *k, struct bw_err *e)
{
    struct bw_json_writer *w = control_json(k);
    (void)e;
    bw_json_object(w);
    bw_json_key(w, BW_LIT("units"));
    write_units(k, 0, brain_count(k->b));
    bw_json_end(w);
    return true;
}

static void put_names(struct bw_json_writer *w, const char *key, const char *const *names)
{
    bw_json_key(w, bw_cstr(key));
    bw_json_array(w);
    for (; names && *names; names++)
        bw_json_text(w, bw_cstr(*names));
    bw_json_end(w);
}

/* What people ask for most; no environment, which may hold secrets. */
static void put_conf(struct bw_json_writer *w, const struct unit_conf *c)
{
    bw_json_key(w, BW_LIT("settings"));
    bw_json_object(w);
    bw_json_put_text(w, "file", bw_cstr(c->file));
    bw_json_put_text(w, "run", bw_cstr(c->run));
    bw_json_put_int(w, "level", c->level);
    bw_json_put_int(w, "replicas", c->replicas);
    put_names(w, "after", c->after);
    put_names(w, "needs", c->needs);
    if (c->group)
        bw_json_put_text(w, "group", bw_cstr(c->group));
    bw_json_end(w);
}

bool control_at_unit(struct control_ask *k, struct bw_err *e)
{
    size_t first, n;
    struct brain_unit u;
    if (!control_find(k, &first, &n, e))
        return false;
    struct bw_json_writer *w = control_json(k);
    brain_look(k->b, first, &u);
    bw_json_object(w);
    bw_json_put_text(w, "name", bw_cstr(u.unit));
    put_conf(w, u.conf);
    bw_json_key(w, BW_LIT("units"));
    write_units(k, first, n);
    bw_json_end(w);
    return true;
}

/* ---- commands ---- */

/* Something of it cannot be killed. */
static bool is_stuck(const struct brain_unit *u)
{
    return u->state == LIFE_STUCK || u->state == LIFE_JAMMED;
}

static bool is_over(const struct brain_unit *u)
{
    return u->state == LIFE_STOPPED || u->state == LIFE_DONE || u->state == LIFE_FAILED ||
           is_stuck(u);
}

/* The first replica that still runs; brain_count when none does. Found by name each time: settings
 * may change meanwhile. */
static bool all_over(struct control_ask *k, struct brain_unit *u)
{
    size_t first = 0, n = brain_find(k->b, k->name, &first);
    for (size_t i = first; i < first + n; i++) {
        brain_look(k->b, i, u);
        if (!is_over(u))
            return false;
        if (is_stuck(u))
            return true;
    }
    return true;
}

/* *Waits* until nothing of it runs. */
static bool wait_over(struct control_ask *k, int64_t deadline, struct bw_err *e)
{
    struct control_waiter w;
    struct brain_unit u = {0};
    control_wait_begin(k, &w);
    bool over = all_over(k, &u);
    while (!over && control_wait(k, &w, deadline))
        over = all_over(k, &u);
    control_wait_end(&w);
    if (!over)
        return bw_fail(e, BW_LATE, "%s is still %s: %s", u.name, states[u.state], u.why);
    return !is_stuck(&u) || bw_fail(e, BW_CONFLICT, "%s: %s", u.name, u.why);
}

static bool tell(struct control_ask *k, enum brain_command command, struct bw_err *e)
{
    size_t first, n;
    int64_t span;
    if (!control_find(k, &first, &n, e) || !control_seconds(k, "wait", 0, &span, e) ||
        !brain_tell(k->b, k->name, command, e))
        return false;
    int64_t deadline = clock_mono() + span;
    if (span && command == BRAIN_STOP && !wait_over(k, deadline, e))
        return false;
    if (span && command != BRAIN_STOP && !brain_wait_ready(k->b, k->name, deadline, e))
        return false;
    return control_at_unit(k, e);
}

bool control_at_start(struct control_ask *k, struct bw_err *e)
{
    return tell(k, BRAIN_START, e);
}

bool control_at_stop(struct control_ask *k, struct bw_err *e)
{
    return tell(k, BRAIN_STOP, e);
}

bool control_at_restart(struct control_ask *k, struct bw_err *e)
{
    return tell(k, BRAIN_RESTART, e);
}

bool control_at_retry(struct control_ask *k, struct bw_err *e)
{
    return tell(k, BRAIN_RETRY, e);
}

bool control_at_reload(struct control_ask *k, struct bw_err *e)
{
    return tell(k, BRAIN_RELOAD, e);
}

bool control_at_signal(struct control_ask *k, struct bw_err *e)
{
    size_t first, n;
    int number;
    const char *said = control_param(k, "signal");
    if (!control_find(k, &first, &n, e))
        return false;
    if (!said || !*said)
        return bw_fail(e, BW_BAD, "which signal? ?signal=HUP says so");
    return signame_find(bw_cstr(said), &number, e) && brain_signal(k->b, k->name, number, e) &&
           control_at_unit(k, e);
}

/* ---- why ---- */

bool control_at_why(struct control_ask *k, struct bw_err *e)
{
    size_t first, n;
    struct bw_buf text;
    bw_str rest, line;
    if (!control_find(k, &first, &n, e))
        return false;
    bw_buf_init(&text, 256 * 1024);
    bool ok = brain_why(k->b, k->name, &text, e);
    struct bw_json_writer *w = control_json(k);
    bw_json_object(w);
    bw_json_put_text(w, "name", bw_cstr(k->name));
    bw_json_key(w, BW_LIT("why"));
    bw_json_array(w);
    for (rest = bw_buf_str(&text); bw_str_cut(&rest, '\n', &line);) {
        if (line.n)
            bw_json_text(w, line);
    }
    bw_json_end(w);
    bw_json_end(w);
    bw_buf_release(&text);
    return ok;
}
