/* brain.c: the brain's life: opened with settings and hands, it finds what runs, starts what is to
 * run, and works off one event after another until told to stop. */
#include "angel/brain_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"

/* ---- events of lives ---- */

static bool is_over(const struct brain *b)
{
    for (size_t i = 0; i < b->in_order.n; i++) {
        const struct replica *r = b->in_order.p[i];
        enum life_state s = b->crew.units.p[r->slot].state;
        /* What cannot be killed cannot be waited for. */
        if (!list_empty(&r->steps) || (s != LIFE_STUCK && (life_has_child(s) || life_is_wanted(s))))
            return false;
    }
    return true;
}

/* Who could not be killed is told of to the last, and by the exit status. */
static void say_stopped(struct brain *b)
{
    char names[192] = "";
    size_t n = 0;
    for (size_t i = 0; i < b->in_order.n && n < sizeof names; i++) {
        const struct replica *r = b->in_order.p[i];
        if (b->crew.units.p[r->slot].state == LIFE_STUCK)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", r->name);
    }
    if (!n) {
        brain_say(b, NULL, "stopped", "all services have stopped");
        return;
    }
    b->status = b->status ? b->status : 1;
    brain_say(b, NULL, "stopped", "stopped, but for processes that cannot be killed: of %s", names);
}

void brain_forget_removed(struct brain *b)
{
    for (size_t i = b->in_order.n; i-- > 0;) {
        struct replica *r = b->in_order.p[i];
        if (r->removed && list_empty(&r->steps) && !r->syncing &&
            !life_has_child(b->crew.units.p[r->slot].state) &&
            !life_is_wanted(b->crew.units.p[r->slot].state))
            replica_free(r);
    }
}

void brain_settle(struct brain *b)
{
    if (b->working)
        return;
    b->working = true;
    for (size_t i = 0; i < b->pending.n; i++) {
        struct pending p = b->pending.p[i]; /* the list may move */
        struct replica *r = brain_replica(b, p.slot);
        if (!r)
            continue;
        if (p.ev != LIFE_EVENT_COUNT) {
            crew_event(&b->crew, p.slot, p.ev, clock_mono());
        } else {
            replica_stand_down(r);
            crew_leave(&b->crew, p.slot);
        }
        brain_spent_note(r);
        if (i + 1 == b->pending.n) /* all who leave have said so: now in order */
            crew_look(&b->crew, clock_mono());
    }
    vec_clear(&b->pending);
    b->working = false;
    brain_forget_removed(b);
    if (b->stopping && !b->stopped && !b->reports && !b->syncing && is_over(b)) {
        b->stopped = true;
        loop_timer_set(b->loop, &b->stop_timer, 0);
        say_stopped(b);
        b->opts.stopped(b->opts.arg);
    }
}

void brain_post(struct replica *r, enum life_event ev)
{
    *vec_push(&r->brain->pending) = (struct pending){r->slot, ev};
    brain_settle(r->brain);
}

void brain_let_go(struct replica *r)
{
    brain_post(r, LIFE_EVENT_COUNT);
}

/* ---- opening ---- */

/* Some units' logs hang, or not any more; n = 0: none. */
static void log_hangs(void *arg, unsigned n)
{
    struct brain *b = arg;
    hands_hang(b->hands, n);
    for (size_t i = 0; i < b->in_order.n; i++) {
        struct replica *r = b->in_order.p[i];
        bool hangs = r->output && capture_stats(r->output).hangs_since;
        if (hangs == r->hangs)
            continue;
        r->hangs = hangs;
        if (hangs)
            brain_say(b, r, "log-hangs", "the log of %s hangs: its disk (of %s) does not answer",
                      r->name, r->conf->log.path);
        else
            brain_say(b, r, "log-answers", "the disk of the log of %s answers again", r->name);
    }
}

static bool open_parts(struct brain *b, struct bw_err *e)
{
    const char *state = b->conf->state;
    char out[512], hands[512];
    b->helpers = helpers_new(b->hands);
    if (!state)
        return true;
    brain_spent_open(b, state);
    snprintf(out, sizeof out, "%s/out", state);
    snprintf(hands, sizeof hands, "%s/in-hand", state);
    struct capture_opts o = {
        .loop = b->loop, .total = b->conf->log_total, .hands = hands, .hangs = log_hangs, .arg = b};
    return file_make_folders(out, e) && (b->capture = capture_new(&o, e)) &&
           (b->notify = notify_socket_open(b->loop, b->hands, state, e)) &&
           (b->notices = notices_open(b->helpers, b->conf, e));
}

/* One that the settings do not name any more: it ends as it would have. */
static bool take_stranger(struct brain *b, const struct hands_found *f, struct bw_err *e)
{
    struct bw_arena *a = &b->conf->arena;
    struct unit_conf *u = BW_NEW(a, struct unit_conf);
    static const char *const none[] = {NULL};
    *u = (struct unit_conf){.name = bw_arena_cstr(a, bw_cstr(f->unit)),
                            .run = "",
                            .argv = none,
                            .env = none,
                            .cwd = "/",
                            .os_matches = true,
                            .replicas = 1,
                            .stop_signal = 15,
                            .stop_grace = 10 * CLOCK_SECOND,
                            .probes = angel_conf_no_probes,
                            .notify = none};
    uint32_t set = brain_set(b, u->name);
    b->crew.sets.p[set].grace = u->stop_grace;
    struct replica *r = replica_new(b, u, 1, f, e);
    if (r)
        r->removed = true;
    return r != NULL;
}

static const struct hands_found *found_named(const struct brain *b, const char *name)
{
    const struct hands_found *list;
    size_t n = hands_found(b->hands, &list);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].unit, name) == 0)
            return &list[i];
    return NULL;
}

static bool make_replicas(struct brain *b, struct bw_err *e)
{
    const struct hands_found *list;
    size_t n = hands_found(b->hands, &list);
    char name[BRAIN_NAME];
    /* First those that run: their numbers are given. */
    for (size_t i = 0; i < b->conf->n_units; i++) {
        const struct unit_conf *u = &b->conf->units[i];
        for (uint32_t k = 1; k <= u->replicas; k++) {
            brain_replica_name(u, k, name);
            const struct hands_found *f = n ? found_named(b, name) : NULL;
            if (f && !replica_new(b, u, k, f, e))
                return false;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (!brain_named(b, list[i].unit) && !take_stranger(b, &list[i], e))
            return false;
    for (size_t i = 0; i < b->conf->n_units; i++) {
        const struct unit_conf *u = &b->conf->units[i];
        for (uint32_t k = 1; k <= u->replicas; k++) {
            brain_replica_name(u, k, name);
            if (!(n && brain_named(b, name)) && !replica_new(b, u, k, NULL, e))
                return false;
        }
    }
    brain_put_in_order(b);
    return true;
}

static void stop_is_late(struct loop_timer *t)
{
    struct brain *b = (struct brain *)((char *)t - offsetof(struct brain, stop_timer));
    brain_say(b, NULL, "late", "stopping takes longer than its timeout: no more waiting in order");
    for (size_t i = 0; i < b->in_order.n; i++)
        brain_post(b->in_order.p[i], EVENT_STOP);
}

struct brain *brain_open(const struct brain_opts *o, struct bw_err *e)
{
    struct brain *b = calloc(1, sizeof *b);
    bw_must(b);
    *b = (struct brain){.loop = o->loop, .hands = o->hands, .conf = o->conf, .opts = *o};
    b->ring = calloc(BRAIN_EVENTS, sizeof *b->ring);
    bw_must(b->ring);
    list_init(&b->listeners);
    list_init(&b->waiters);
    loop_timer_init(&b->stop_timer, stop_is_late);
    crew_init(&b->crew, (uint64_t)clock_mono());
    b->crew.order = brain_order;
    b->crew.arg = b;
    b->spent.fd = -1;
    brain_own_units(b->conf);
    brain_make_sets(b, b->conf);
    brain_events_begin(b);
    if (open_parts(b, e) && make_replicas(b, e)) {
        brain_spent_recall(b);
        b->degraded = b->crew.degraded =
            b->crew.guard_share && b->notices && notices_is_wrong(b->notices, "");
        return b;
    }
    brain_close(b);
    return NULL;
}

static bool is_to_run(struct replica *r)
{
    bool wanted = replica_recall(r);
    return wanted && !r->conf->disabled && r->conf->os_matches;
}

void brain_begin(struct brain *b)
{
    bool again = hands_before(b->hands).brains > 0;
    b->working = true; /* all of them first, then what follows */
    for (size_t i = 0; i < b->in_order.n; i++) {
        struct replica *r = b->in_order.p[i];
        bool run = is_to_run(r);
        if (r->held)
            *vec_push(&b->pending) = (struct pending){r->slot, EVENT_FOUND};
        else if (run)
            *vec_push(&b->pending) =
                (struct pending){r->slot, again && r->runs ? EVENT_LOST : EVENT_START};
        if (r->held && (r->removed || r->conf->disabled))
            *vec_push(&b->pending) = (struct pending){r->slot, LIFE_EVENT_COUNT};
    }
    b->working = false;
    if (hands_before(b->hands).brains)
        brain_say(b, NULL, "brain", "the brain before this one ended unasked; its services run on");
    hands_listen(b->hands, &brain_hands_events, b);
    brain_settle(b);
}

void brain_stop(struct brain *b)
{
    if (b->stopping)
        return;
    brain_say(b, NULL, "stopping", "stopping all services");
    b->stopping = true;
    if (b->conf->stop_timeout)
        loop_timer_set(b->loop, &b->stop_timer, clock_mono() + b->conf->stop_timeout);
    for (size_t i = 0; i < b->in_order.n; i++)
        *vec_push(&b->pending) = (struct pending){b->in_order.p[i]->slot, LIFE_EVENT_COUNT};
    brain_settle(b);
}

int brain_status(const struct brain *b)
{
    return b->status;
}

void brain_reopen(struct brain *b)
{
    if (b->capture)
        capture_reopen(b->capture);
    brain_say(b, NULL, "reopen", "log files are opened again");
}

bool brain_upgrade(struct brain *b, struct bw_err *e)
{
    if (!hands_upgrade(b->hands, e))
        return false;
    b->upgrade = BRAIN_UPGRADE_ASKED;
    brain_say(b, NULL, "upgrade", "told to be replaced by the program as it is on disk now");
    return true;
}

void brain_not_upgraded(struct brain *b)
{
    b->upgrade = BRAIN_UPGRADE_REFUSED;
    brain_say(b, NULL, "upgrade",
              "no upgrade, everything goes on as before: the program on disk does not run as a "
              "keeper");
}

enum brain_upgrade brain_upgrading(const struct brain *b)
{
    return b->upgrade;
}

void brain_close(struct brain *b)
{
    if (!b)
        return;
    loop_timer_set(b->loop, &b->stop_timer, 0);
    b->opts.stopped = NULL;
    for (size_t i = b->in_order.n; i-- > 0;) {
        struct replica *r = b->in_order.p[i];
        replica_unwatch(r);
        loop_timer_set(b->loop, &r->timer, 0);
        if (r->output)
            capture_remove(r->output);
        replica_drop(r);
    }
    vec_clear(&b->in_order);
    notices_close(b->notices);
    notify_socket_close(b->notify);
    capture_free(b->capture);
    helpers_free(b->helpers);
    crew_release(&b->crew);
    mapfile_close(&b->spent);
    for (size_t i = 0; i < b->set_names.n; i++)
        free(b->set_names.p[i]);
    vec_release(&b->set_names);
    vec_release(&b->replicas);
    vec_release(&b->by_child);
    vec_release(&b->in_order);
    vec_release(&b->pending);
    brain_free_confs(b, true);
    free(b->ring);
    free(b);
}
