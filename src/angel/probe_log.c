/* probe_log.c: log:text: a line of the output contains it. Such a line comes once, so it says that
 * something has begun, never that it goes on. */
#include "angel/probe_int.h"

static bool check(struct probe_conf *c, struct bw_arena *a, struct bw_err *e)
{
    (void)a;
    size_t n = strlen(c->target);
    return (n > 0 && n < 256) || bw_fail(e, BW_BAD, "the text of a line is 1 to 255 bytes long");
}

static void found(void *arg)
{
    struct probe *p = arg;
    char why[PROBE_WHY];
    snprintf(why, sizeof why, "it printed '%.150s'", p->conf.target);
    probe_told(p, true, why);
}

static void begin(struct probe *p)
{
    if (p->prober->o.output)
        capture_expect(p->prober->o.output, p->conf.target, found, p);
}

static void end(struct probe *p)
{
    if (p->prober->o.output)
        capture_expect(p->prober->o.output, NULL, NULL, NULL);
}

const struct probe_kind probe_log = {
    .name = "log",
    .help = "log:TEXT: a line of its output contains this.",
    .places = 1u << PROBE_STARTUP | 1u << PROBE_READY,
    .check = check,
    .begin = begin,
    .end = end,
};
