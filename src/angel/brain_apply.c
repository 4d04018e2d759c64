/* brain_apply.c: new settings put in force, unit by unit. Whoever has to be started anew and does
 * not get ready with its new settings gets its old ones back: one bad line does not take down what
 * ran. Units with replicas or sockets of the angel are restarted one replica after another, with
 * more of them meanwhile, so that somebody always serves. *Waits* on the fiber of who applies. */
#include "angel/brain_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/heap.h"

#define READY_TIME  (60 * CLOCK_SECOND) /* where settings give no start timeout */
#define SETTLE_TIME CLOCK_SECOND

/* ---- settings that are in use ---- */

static bool is_in(const struct angel_conf *c, const struct unit_conf *u)
{
    return u >= c->units && u < c->units + c->n_units;
}

/* Its settings now, those its probes were begun with, and those of steps under way. */
static bool uses(const struct replica *r, const struct angel_conf *c)
{
    if (r->removed || is_in(c, r->conf) || (r->prober && is_in(c, r->probed)))
        return true;
    for (const struct list *n = r->steps.next; n != &r->steps; n = n->next)
        if (is_in(c, ((const struct steps *)n)->conf))
            return true;
    return false;
}

/* Units that got their old settings back point into what these were read into. */
static bool lends(const struct angel_conf *c, const struct angel_conf *to)
{
    for (size_t i = 0; i < to->n_units; i++)
        if (to->units[i].of == c)
            return true;
    return false;
}

static bool is_used(const struct brain *b, const struct angel_conf *c)
{
    for (size_t i = 0; i < b->in_order.n; i++)
        if (uses(b->in_order.p[i], c))
            return true;
    for (size_t i = 0; i < b->old.n; i++)
        if (b->old.p[i] != c && lends(c, b->old.p[i]))
            return true;
    return lends(c, b->conf);
}

void brain_own_units(struct angel_conf *c)
{
    for (size_t i = 0; i < c->n_units; i++)
        c->units[i].of = c;
}

void brain_free_confs(struct brain *b, bool all)
{
    for (size_t i = b->old.n; i-- > 0;) { /* the younger first: they may use the older */
        struct angel_conf *c = b->old.p[i];
        if (!all && is_used(b, c))
            continue;
        angel_conf_release(c);
        free(c);
        memmove(&b->old.p[i], &b->old.p[i + 1], (--b->old.n - i) * sizeof *b->old.p);
    }
    if (!all)
        return;
    vec_release(&b->old);
    angel_conf_release(b->conf);
    free(b->conf);
}

/* ---- one replica ---- */

static enum life_state state_of(const struct replica *r)
{
    return r->brain->crew.units.p[r->slot].state;
}

static bool is_wanted(const struct replica *r)
{
    return life_is_wanted(state_of(r)) && !r->brain->crew.units.p[r->slot].leaving;
}

/* 1 ready, -1 it will not be, 0 not yet */
static int look(const struct replica *r)
{
    switch (state_of(r)) {
    case LIFE_READY:
    case LIFE_DONE:
        return 1;
    case LIFE_BACKOFF: /* failed once more after its first restart, which was at once */
        return r->brain->crew.units.p[r->slot].failures > 1 ? -1 : 0;
    case LIFE_FAILED:
    case LIFE_STOPPED:
    case LIFE_STUCK:
    case LIFE_JAMMED:
        return -1;
    default:
        return 0;
    }
}

struct news {
    struct brain_listener listener;
    struct wait *wait;
};

static void wake(struct brain_listener *l, const struct brain_event *ev)
{
    struct news *n = (struct news *)l;
    struct wait *w = n->wait;
    (void)ev;
    n->wait = NULL;
    if (w)
        wait_wake(w);
}

/* As long as look() says `now`, at most until then; what it says after that. Every change of a life
 * that matters here comes with an event. */
static int while_it_is(struct replica *r, int now, int64_t deadline)
{
    struct news news = {.listener.fn = wake};
    int seen;
    list_init(&news.listener.node);
    brain_listen(r->brain, &news.listener);
    while ((seen = look(r)) == now) {
        struct wait w;
        wait_init(&w);
        news.wait = &w;
        enum wait_result how = wait_for(&w, deadline);
        news.wait = NULL;
        if (how != WAIT_WOKEN)
            break;
    }
    list_remove(&news.listener.node);
    return seen;
}

/* Who has no probe that could say so is ready once it runs: it has to go on for a moment. */
static bool gets_ready(struct replica *r)
{
    const struct unit_conf *c = r->conf;
    int64_t most = c->start_timeout ? c->start_timeout : READY_TIME;
    int now = while_it_is(r, 0, clock_mono() + c->stop_grace + SWEEP_TIME + most);
    if (now > 0 && !c->probes[PROBE_READY].kind && !c->probes[PROBE_STARTUP].kind)
        now = while_it_is(r, 1, clock_mono() + SETTLE_TIME);
    return now > 0;
}

static void use(struct replica *r, const struct unit_conf *u)
{
    struct bw_err e;
    replica_stand_down(r);
    r->conf = u;
    if (!replica_log_policy(r, &e))
        brain_say(r->brain, r, "log", "its log stays as it was: %s", e.text);
}

static bool restart_with(struct replica *r, const struct unit_conf *u)
{
    use(r, u);
    brain_post(r, EVENT_RESTART);
    return gets_ready(r);
}

/* ---- one unit ---- */

struct change {
    struct brain *b;
    struct angel_conf *to;
    const struct unit_conf *from; /* the unit as it was */
    struct unit_conf *unit;       /* as it is to be */
    VEC(struct replica *) members;
};

static void find_members(struct change *c, const char *name)
{
    vec_clear(&c->members);
    for (size_t i = 0; i < c->b->in_order.n; i++)
        if (!c->b->in_order.p[i]->removed && strcmp(c->b->in_order.p[i]->conf->name, name) == 0)
            *vec_push(&c->members) = c->b->in_order.p[i];
}

static struct replica *more(struct change *c, uint32_t number)
{
    struct bw_err e;
    struct replica *r = replica_new(c->b, c->unit, number, NULL, &e);
    if (!r) {
        brain_say(c->b, NULL, "apply", "%s#%u: %s", c->unit->name, number, e.text);
        return NULL;
    }
    brain_put_in_order(c->b);
    if (!c->unit->disabled && c->unit->os_matches)
        brain_post(r, EVENT_START);
    return r;
}

static void less(struct replica *r)
{
    r->removed = true;
    brain_let_go(r);
}

/* As many as there are to be. */
static void scale(struct change *c)
{
    find_members(c, c->unit->name);
    for (size_t i = 0; i < c->members.n; i++)
        if (c->members.p[i]->number > c->unit->replicas)
            less(c->members.p[i]);
    for (uint32_t k = 1; k <= c->unit->replicas; k++) {
        bool there = false;
        for (size_t i = 0; i < c->members.n; i++)
            there |= c->members.p[i]->number == k;
        if (!there)
            more(c, k);
    }
}

/* Its old settings again, and in what is in force too, so that the next plan tells the difference.
 */
static void give_back(struct change *c, size_t changed)
{
    for (size_t i = 0; i < changed; i++) {
        if (c->members.p[i]->removed)
            continue;
        brain_say(c->b, c->members.p[i], "rollback", "%s gets its old settings back",
                  c->members.p[i]->name);
        restart_with(c->members.p[i], c->from);
    }
    for (size_t i = changed; i < c->members.n; i++)
        use(c->members.p[i], c->from);
    brain_make_set(c->b, c->to, c->from);
    *c->unit = *c->from;
    for (size_t i = 0; i < c->members.n; i++)
        c->members.p[i]->conf = c->unit;
}

static bool one_after_another(struct change *c, struct bw_err *e)
{
    for (size_t i = 0; i < c->members.n; i++) {
        if (!is_wanted(c->members.p[i])) {
            use(c->members.p[i], c->unit);
            continue;
        }
        if (restart_with(c->members.p[i], c->unit))
            continue;
        bw_fail(e, BW_CONFLICT,
                "%s did not get ready with its new settings (%.200s), so the old "
                "ones are back",
                c->members.p[i]->name, c->members.p[i]->why);
        give_back(c, i + 1);
        return false;
    }
    return true;
}

static bool any_wanted(const struct change *c)
{
    for (size_t i = 0; i < c->members.n; i++)
        if (is_wanted(c->members.p[i]))
            return true;
    return false;
}

/* More of them first: should these not get ready nothing else was touched. */
static bool rolling(struct change *c, struct bw_err *e)
{
    struct replica *surge[16];
    size_t n = 0, most = (size_t)(c->unit->rolling_surge < 16 ? c->unit->rolling_surge : 16);
    bool ok = true;
    if (!any_wanted(c))
        most = 0;
    uint32_t number =
        (uint32_t)(c->unit->replicas > c->from->replicas ? c->unit->replicas : c->from->replicas);
    while (n < most && ok) {
        struct replica *r = more(c, ++number);
        ok = r && gets_ready(r);
        if (r)
            surge[n++] = r;
        if (!ok) {
            bw_fail(e, BW_CONFLICT,
                    "%s did not get ready with its new settings (%.200s); the old "
                    "ones go on serving",
                    c->unit->name, r ? r->why : "no replica could be made");
            brain_say(c->b, r, "rollback", "%s", e->text);
        }
    }
    if (ok)
        ok = one_after_another(c, e);
    else
        give_back(c, 0);
    for (size_t i = 0; i < n; i++)
        less(surge[i]);
    return ok;
}

static void live(struct change *c)
{
    for (size_t i = 0; i < c->members.n; i++) {
        struct replica *r = c->members.p[i];
        use(r, c->unit);
        if (state_of(r) == LIFE_RUNNING || state_of(r) == LIFE_READY) {
            prober_stop(r->prober); /* what is asked of it may be something else now, or nothing */
            r->prober = NULL;
            loop_timer_set(c->b->loop, &r->watch_timer, 0);
            replica_watch(r);
        }
        if (c->unit->disabled && is_wanted(r))
            brain_let_go(r);
        else if (!c->unit->disabled && c->from->disabled)
            brain_post(r, EVENT_START);
    }
}

static bool change_unit(struct change *c, enum plan_kind kind, struct bw_err *e)
{
    bool ok = true;
    find_members(c, c->unit->name);
    if (kind == PLAN_ROLLING && c->from->replicas == c->unit->replicas)
        ok = rolling(c, e);
    else if (kind == PLAN_ROLLING || kind == PLAN_RESTART)
        ok = one_after_another(c, e);
    else if (kind == PLAN_LIVE)
        live(c);
    else
        for (size_t i = 0; i < c->members.n; i++)
            c->members.p[i]->conf = c->unit; /* nothing of it is another */
    if (ok)
        scale(c);
    return ok;
}

/* ---- all of it ---- */

static void stop_unit(struct brain *b, const char *name)
{
    struct crew_set *s = &b->crew.sets.p[brain_set(b, name)];
    s->n_needs = s->n_after = 0; /* those lists are the old settings' */
    for (size_t i = b->in_order.n; i-- > 0;)
        if (strcmp(b->in_order.p[i]->conf->name, name) == 0)
            less(b->in_order.p[i]);
}

static bool change_all(struct brain *b, const struct angel_conf *from, struct angel_conf *to,
                       const struct plan *p, struct bw_err *e)
{
    unsigned failed = 0;
    for (size_t i = 0; i < p->n && !b->stopping; i++) {
        struct bw_err mine;
        struct unit_conf *u = (struct unit_conf *)brain_unit_conf(to, p->p[i].unit);
        struct change c = {
            .b = b, .to = to, .unit = u, .from = brain_unit_conf(from, p->p[i].unit)};
        if (p->p[i].kind == PLAN_STOP)
            stop_unit(b, p->p[i].unit);
        else if (p->p[i].kind == PLAN_START)
            scale(&c);
        else if (!change_unit(&c, p->p[i].kind, &mine) && !failed++)
            *e = mine;
        vec_release(&c.members);
    }
    if (failed > 1) {
        struct bw_err first = *e;
        bw_fail(e, first.code, "%s; %u more have their old settings back, too", first.text,
                failed - 1);
    }
    return !failed;
}

bool brain_apply(struct brain *b, struct angel_conf *to, struct bw_err *e)
{
    struct bw_arena a;
    struct plan p;
    struct bw_err mine = {.code = BW_OK};
    if (b->applying || b->stopping) {
        angel_conf_release(to);
        free(to);
        return bw_fail(e, BW_BUSY,
                       b->stopping ? "the angel is stopping"
                                   : "other settings are being put in force just now");
    }
    b->applying = true;
    for (size_t i = 0; i < b->in_order.n; i++)
        replica_stand_down(b->in_order.p[i]); /* who is started at once hangs on all settings */
    bw_arena_init(&a);
    struct angel_conf *from = b->conf;
    plan_make(from, to, &a, &p);
    *vec_push(&b->old) = from;
    b->conf = to;
    brain_own_units(to);
    brain_make_sets(b, to);
    if (b->notices)
        notices_conf(b->notices, to);
    bool ok = change_all(b, from, to, &p, &mine);
    brain_put_in_order(b);
    brain_settle(b);
    brain_free_confs(b, false);
    bw_arena_release(&a);
    heap_give_back();
    b->applying = false;
    brain_stand_all(b);
    brain_say(b, NULL, ok ? "applied" : "rollback", "%s",
              ok ? "the new settings are in force" : mine.text);
    if (!ok && e)
        *e = mine;
    return ok;
}
