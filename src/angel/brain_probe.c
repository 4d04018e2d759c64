/* brain_probe.c: what is asked of a replica while it runs: its probes, and the Watch steps of its
 * settings. */
#include "angel/brain_int.h"

#include <stdio.h>
#include <stdlib.h>

static bool has_probes(const struct unit_conf *c)
{
    for (int i = 0; i < PROBE_KINDS; i++)
        if (c->probes[i].kind)
            return true;
    return false;
}

void replica_look_ready(struct replica *r)
{
    if (r->steps_done && r->probe_well)
        brain_post(r, EVENT_READY);
}

static void sick(struct replica *r, const char *what, const char *why)
{
    snprintf(r->why, sizeof r->why, "its %s has failed: %.200s", what, why);
    brain_tell_people(r->brain, r, NEWS_BAD, "sick", r->why);
    brain_post(r, EVENT_SICK);
}

static void said(void *arg, enum probe_what what, bool well, const char *why)
{
    struct replica *r = arg;
    if (what == PROBE_READY) {
        r->probe_well = well;
        if (well) {
            replica_look_ready(r);
            return;
        }
        snprintf(r->why, sizeof r->why, "%.250s", why);
        brain_post(r, EVENT_UNREADY);
    } else if (what == PROBE_STARTUP) {
        if (!well)
            sick(r, "startup probe", why);
        else if (!r->conf->probes[PROBE_READY].kind) {
            r->probe_well = true;
            replica_look_ready(r);
        }
    } else if (well) {
        crew_well(&r->brain->crew, r->slot, clock_mono());
    } else {
        sick(r, "live probe", why);
    }
}

/* ---- Watch ---- */

static void watch_failed(struct replica *r, const struct bw_err *e)
{
    int64_t most = r->conf->watch_failures > 1 ? r->conf->watch_failures : 1;
    if (++r->watch_failures < most) {
        brain_say(r->brain, r, "watch", "watch failed (%lld of %lld): %s",
                  (long long)r->watch_failures, (long long)most, e->text);
        return;
    }
    r->watch_failures = 0;
    sick(r, "watch", e->text);
}

static void watch_on_fiber(void *arg)
{
    struct steps *s = arg;
    struct replica *r = s->r;
    struct bw_err e = {.code = BW_OK};
    bool ok = true;
    s->fiber = fiber_current();
    for (size_t i = 0; i < s->list->n && ok && !s->over; i++) {
        struct action_world w = {
            .helpers = r->brain->helpers, .conf = s->conf, .unit = r->name, .arg = r};
        ok = action_run(&s->list->p[i], &w, &e);
    }
    bool over = s->over;
    list_remove(&s->node);
    free(s);
    if (over) {
        brain_settle(r->brain);
        return;
    }
    if (ok) {
        r->watch_failures = 0;
        crew_well(&r->brain->crew, r->slot, clock_mono());
    } else {
        watch_failed(r, &e);
    }
    if (r->conf->watch.n && life_has_child(r->brain->crew.units.p[r->slot].state))
        loop_timer_set(r->brain->loop, &r->watch_timer, clock_mono() + r->conf->watch_delay);
}

static void watch_due(struct loop_timer *t)
{
    struct replica *r =
        (struct replica *)((char *)t - offsetof(struct replica, watch_timer)); /* its owner */
    struct steps *s = calloc(1, sizeof *s);
    struct bw_err e;
    bw_must(s);
    *s = (struct steps){.r = r, .run = r->run, .list = &r->conf->watch, .conf = r->conf};
    list_push_back(&r->steps, &s->node);
    if (fiber_start(watch_on_fiber, s, &e))
        return;
    list_remove(&s->node);
    free(s);
    loop_timer_set(r->brain->loop, t, clock_mono() + r->conf->watch_delay);
}

/* ---- life ---- */

void replica_watch(struct replica *r)
{
    const struct unit_conf *c = r->conf;
    struct bw_err e;
    r->watch_failures = 0;
    if (has_probes(c)) {
        struct prober_opts o = {.helpers = r->brain->helpers,
                                .notify = r->brain->notify,
                                .output = r->output,
                                .conf = c,
                                .unit = r->name,
                                .pid = r->pid,
                                .said = said,
                                .arg = r};
        r->prober = prober_start(&o, &e);
        r->probed = c;
        if (!r->prober)
            brain_say(r->brain, r, "probe", "its probes cannot be made: %s", e.text);
    }
    if (c->watch.n) {
        loop_timer_init(&r->watch_timer, watch_due);
        loop_timer_set(r->brain->loop, &r->watch_timer, clock_mono() + c->watch_delay);
    }
    /* Without a ready probe the startup probe says so, and without that the process by itself. */
    if (!c->probes[PROBE_READY].kind && !c->probes[PROBE_STARTUP].kind) {
        r->probe_well = true;
        if (r->steps_done)
            *vec_push(&r->brain->pending) = (struct pending){r->slot, EVENT_READY};
    }
}

void replica_unwatch(struct replica *r)
{
    prober_stop(r->prober);
    r->prober = NULL;
    loop_timer_set(r->brain->loop, &r->watch_timer, 0);
    replica_end_steps(r);
}
