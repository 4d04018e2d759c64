/* probe.c: a prober: the probes of one replica while one process of it lives. Startup comes first;
 * when it is well, or there is none, ready and live begin. Between two looks a probe is a timer; a
 * fiber is there for the look alone. A prober that is stopped while a look is under way lets go of
 * that probe, which frees itself at the end.
 *
 * What was never well yet is looked at again soon, in growing steps, so that a service is ready
 * when it is and not at the next interval; such looks do not count as failures. */
#include "angel/probe_int.h"

#include "core/clock.h"
#include "core/hash.h"

#define FIRST_PAUSE (20 * CLOCK_MS)

static void begin(struct probe *p);

static void drop(struct probe *p)
{
    bw_arena_release(&p->arena);
    free(p);
}

/* ---- verdicts ---- */

static void say(struct probe *p, bool well)
{
    struct prober *pr = p->prober;
    enum probe_what what = p->what;
    p->well = well;
    if (what == PROBE_STARTUP) {
        p->active = false;
        for (int i = PROBE_READY; well && i < PROBE_KINDS; i++)
            if (pr->probes[i])
                begin(pr->probes[i]);
    }
    pr->o.said(pr->o.arg, what, well, p->why); /* may stop the prober: the last thing done */
}

static bool is_news(const struct probe *p, bool well)
{
    if (p->what == PROBE_LIVE) /* each time it has failed enough: who was spared may not be now */
        return well ? !p->well : true;
    return well != p->well || (p->what == PROBE_STARTUP && !well);
}

void probe_told(struct probe *p, bool well, const char *why)
{
    if (why != p->why)
        snprintf(p->why, sizeof p->why, "%s", why);
    if (p->active && is_news(p, well))
        say(p, well);
}

/* The looks that count, by the thresholds. */
static void count(struct probe *p, bool ok)
{
    int64_t now = clock_mono();
    bool early = now - p->begun < p->conf.grace;
    if (ok) {
        p->bad = 0;
        p->good++;
    } else {
        p->good = 0;
        bool counts = !early && now - p->asked >= p->conf.interval - p->conf.interval / 4;
        if (counts) {
            p->asked = now;
            p->bad++;
        }
    }
    if (ok && p->good >= p->conf.success && is_news(p, true)) {
        say(p, true);
    } else if (!ok && p->bad >= p->conf.failure && is_news(p, false)) {
        p->bad = 0;
        say(p, false);
    }
}

/* ---- looks ---- */

static void note(struct probe *p, int64_t took)
{
    unsigned i = 0;
    int64_t most = CLOCK_MS / 64;
    while (i < PROBE_BUCKETS - 1 && took >= most << i)
        i++;
    p->histogram[i]++;
    p->took = took;
}

static int64_t spread(int64_t interval, int64_t per_mille)
{
    uint32_t r;
    int64_t most = interval / 1000 * per_mille;
    hash_random(&r, sizeof r);
    return most ? interval - most + (int64_t)(r / 4294967296.0 * 2 * (double)most) : interval;
}

static void set_next(struct probe *p)
{
    int64_t pause = spread(p->conf.interval, p->conf.jitter);
    bool soon = p->what != PROBE_LIVE && !p->well && p->pause < pause;
    if (soon) {
        pause = p->pause;
        p->pause *= 2;
    }
    loop_timer_set(p->loop, &p->timer, clock_mono() + pause);
}

static void look(void *arg)
{
    struct probe *p = arg;
    struct prober *pr = p->prober;
    struct bw_err e = {.code = BW_OK};
    int64_t from = clock_mono();
    struct probe_look k = {.conf = &p->conf,
                           .unit_conf = pr->o.conf,
                           .unit = pr->unit,
                           .helpers = pr->o.helpers,
                           .deadline = from + p->conf.timeout};
    p->fiber = fiber_current();
    bool ok = p->conf.kind->look(&k, &e);
    p->fiber = NULL;
    if (!p->prober) {
        drop(p);
        return;
    }
    note(p, clock_mono() - from);
    snprintf(p->why, sizeof p->why, "%.199s", ok ? "well" : e.text);
    set_next(p);
    count(p, ok);
}

static void due(struct loop_timer *t)
{
    struct probe *p = LIST_OWNER(t, struct probe, timer);
    struct bw_err e;
    if (p->active && !fiber_start(look, p, &e))
        set_next(p); /* too much is going on; not the unit's fault */
}

/* ---- life ---- */

static void begin(struct probe *p)
{
    p->active = true;
    p->begun = p->asked = clock_mono();
    p->pause = FIRST_PAUSE;
    p->well = p->what == PROBE_LIVE;
    if (p->conf.kind->begin) {
        p->conf.kind->begin(p);
        return;
    }
    loop_timer_init(&p->timer, due);
    int64_t first = p->what == PROBE_LIVE ? spread(p->conf.interval, p->conf.jitter) : 1;
    loop_timer_set(p->loop, &p->timer, p->begun + first);
}

static const char *copy(struct probe *p, const char *text)
{
    return text ? bw_arena_cstr(&p->arena, bw_cstr(text)) : NULL;
}

static struct probe *make(struct prober *pr, enum probe_what what)
{
    const struct probe_conf *c = &pr->o.conf->probes[what];
    struct probe *p = calloc(1, sizeof *p);
    size_t n = 0;
    bw_must(p);
    *p = (struct probe){.prober = pr, .what = what, .conf = *c, .loop = loop_current()};
    bw_arena_init(&p->arena);
    list_init(&p->listener.node);
    loop_timer_init(&p->timer, due);
    p->conf.target = copy(p, c->target);
    p->conf.member = copy(p, c->member);
    p->conf.equals = copy(p, c->equals);
    while (c->argv && c->argv[n])
        n++;
    const char **argv = BW_NEW_N(&p->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        argv[i] = copy(p, c->argv[i]);
    p->conf.argv = argv;
    return p;
}

struct prober *prober_start(const struct prober_opts *o, struct bw_err *e)
{
    struct prober *pr = calloc(1, sizeof *pr);
    (void)e;
    bw_must(pr);
    pr->o = *o;
    snprintf(pr->unit, sizeof pr->unit, "%s", o->unit);
    for (int i = 0; i < PROBE_KINDS; i++)
        if (o->conf->probes[i].kind)
            pr->probes[i] = make(pr, i);
    if (pr->probes[PROBE_STARTUP]) {
        begin(pr->probes[PROBE_STARTUP]);
        return pr;
    }
    for (int i = PROBE_READY; i < PROBE_KINDS; i++)
        if (pr->probes[i])
            begin(pr->probes[i]);
    return pr;
}

static void stop(struct probe *p)
{
    bool begun = p->begun;
    loop_timer_set(p->loop, &p->timer, 0);
    if (begun && p->conf.kind->end)
        p->conf.kind->end(p);
    p->active = false;
    p->prober = NULL;
    if (p->fiber && p->fiber != fiber_current())
        fiber_cancel(p->fiber);
    else if (!p->fiber)
        drop(p);
}

void prober_stop(struct prober *pr)
{
    for (int i = 0; pr && i < PROBE_KINDS; i++)
        if (pr->probes[i])
            stop(pr->probes[i]);
    free(pr);
}

const char *prober_last(const struct prober *pr, enum probe_what what, int64_t *took_ns)
{
    const struct probe *p = pr ? pr->probes[what] : NULL;
    if (took_ns)
        *took_ns = p ? p->took : 0;
    return p ? p->why : "";
}

unsigned prober_histogram(const struct prober *pr, enum probe_what what, const uint32_t **buckets)
{
    const struct probe *p = pr ? pr->probes[what] : NULL;
    *buckets = p ? p->histogram : NULL;
    return p ? PROBE_BUCKETS : 0;
}
