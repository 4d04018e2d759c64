/* probe_notify.c: notify: the process says so itself, as to systemd (sd_notify): READY=1 and
 * RELOADING=1, STOPPING=1; for Live WATCHDOG=1 must come at least once in an interval. */
#include "angel/probe_int.h"
#include "core/clock.h"

static bool check(struct probe_conf *c, struct bw_arena *a, struct bw_err *e)
{
    (void)a;
    return !*c->target || bw_fail(e, BW_BAD, "'notify' has nothing behind it");
}

static void told_of_life(struct probe *p, const char *value)
{
    if (!strcmp(value, "trigger")) {
        probe_told(p, false, "it asked to be restarted (WATCHDOG=trigger)");
        return;
    }
    loop_timer_set(p->loop, &p->timer, clock_mono() + p->conf.interval);
    probe_told(p, true, "it lives (WATCHDOG=1)");
}

static void came(struct notify_listener *l, const char *name, const char *value)
{
    struct probe *p = LIST_OWNER(l, struct probe, listener);
    if (!strcmp(name, "STATUS")) {
        snprintf(p->why, sizeof p->why, "it says: %.180s", value);
        return;
    }
    if (p->what == PROBE_LIVE) {
        if (!strcmp(name, "WATCHDOG"))
            told_of_life(p, value);
        return;
    }
    if (!strcmp(name, "READY") && !strcmp(value, "1"))
        probe_told(p, true, strncmp(p->why, "it says:", 8) ? "it says that it is ready" : p->why);
    else if (p->what == PROBE_READY && !strcmp(name, "RELOADING") && !strcmp(value, "1"))
        probe_told(p, false, "it says that it reads its settings again");
    else if (p->what == PROBE_READY && !strcmp(name, "STOPPING") && !strcmp(value, "1"))
        probe_told(p, false, "it says that it stops");
}

static void late(struct loop_timer *t)
{
    struct probe *p = LIST_OWNER(t, struct probe, timer);
    char why[PROBE_WHY];
    snprintf(why, sizeof why, "it has not said WATCHDOG=1 for %.1f s",
             (double)p->conf.interval / CLOCK_SECOND);
    loop_timer_set(p->loop, t, clock_mono() + p->conf.interval);
    probe_told(p, false, why);
}

static void begin(struct probe *p)
{
    struct prober *pr = p->prober;
    p->listener = (struct notify_listener){.pid = pr->o.pid, .unit = pr->unit, .fn = came};
    list_init(&p->listener.node);
    if (pr->o.notify)
        notify_listen(pr->o.notify, &p->listener);
    if (p->what != PROBE_LIVE)
        return;
    int64_t first = p->conf.grace > p->conf.interval ? p->conf.grace : p->conf.interval;
    loop_timer_init(&p->timer, late);
    loop_timer_set(p->loop, &p->timer, clock_mono() + first);
}

static void end(struct probe *p)
{
    notify_unlisten(&p->listener);
    loop_timer_set(p->loop, &p->timer, 0);
}

int64_t probe_watchdog(const struct unit_conf *c)
{
    const struct probe_conf *live = &c->probes[PROBE_LIVE];
    return live->kind == &probe_notify ? live->interval : 0;
}

const struct probe_kind probe_notify = {
    .name = "notify",
    .help = "notify: it says so itself (sd_notify: READY=1, for Live WATCHDOG=1).",
    .places = 1u << PROBE_STARTUP | 1u << PROBE_READY | 1u << PROBE_LIVE,
    .check = check,
    .begin = begin,
    .end = end,
};
