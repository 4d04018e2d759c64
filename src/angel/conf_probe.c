/* conf_probe.c: probes as they are written → as they are asked. */
#include "angel/conf_int.h"
#include "angel/probe.h"
#include "core/clock.h"

#define OFTEN  CLOCK_SECOND        /* while something is waited for */
#define SELDOM (10 * CLOCK_SECOND) /* for Live */

struct probe_conf angel_conf_no_probes[PROBE_KINDS];

static const char *const names[] = {"Startup", "Ready", "Live"};

static bool has_check(const struct conf_probe *p)
{
    return p->check && *p->check;
}

static bool make_probe(const struct conf_load *l, const struct conf_entry *raw,
                       struct conf_entry *u, enum probe_what what, struct bw_err *e)
{
    const struct conf_probe *from = &u->probes[what];
    struct probe_conf *to = &u->conf.probes[what];
    char path[32];
    if (!has_check(from))
        return true;
    *to = (struct probe_conf){.member = from->member && *from->member ? from->member : NULL,
                              .equals = from->equals,
                              .interval = from->interval,
                              .timeout = from->timeout,
                              .grace = from->grace,
                              .success = from->success,
                              .failure = from->failure,
                              .jitter = (int64_t)(from->jitter * 1000)};
    if (!to->interval)
        to->interval = what == PROBE_LIVE ? SELDOM : OFTEN;
    if (probe_parse(to, what, from->check, l->a, e))
        return true;
    snprintf(path, sizeof path, "%s.Check", names[what]);
    return conf_fail_at(l, raw, path, e);
}

bool conf_make_probes(const struct conf_load *l, const struct conf_entry *raw, struct conf_entry *u,
                      struct bw_err *e)
{
    bool any = false;
    for (int i = 0; i < PROBE_KINDS; i++)
        any |= has_check(&u->probes[i]);
    u->conf.probes = any ? BW_NEW_N(l->a, struct probe_conf, PROBE_KINDS) : angel_conf_no_probes;
    for (int i = 0; i < PROBE_KINDS; i++)
        if (!make_probe(l, raw, u, i, e))
            return false;
    return true;
}
