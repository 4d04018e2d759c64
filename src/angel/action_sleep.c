/* sleep: milliseconds. */
#include "angel/action.h"

#include <stdlib.h>

#include "core/clock.h"
#include "net/wait.h"

#define MOST 3600000

static bool read_ms(const struct action_step *s, long *ms)
{
    char *end;
    *ms = strtol(s->param, &end, 10);
    return end != s->param && !*end && *ms >= 0 && *ms <= MOST;
}

static bool check(const struct action_step *s, struct bw_err *e)
{
    long ms;
    return read_ms(s, &ms) ||
           bw_fail(e, BW_BAD, "'%s' is no number of milliseconds from 0 to %d", s->text, MOST);
}

static bool run(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    long ms = 0;
    (void)w;
    read_ms(s, &ms);
    return wait_until(clock_mono() + ms * CLOCK_MS) != WAIT_CANCELLED ||
           bw_fail(e, BW_GONE, "cancelled");
}

const struct action_kind action_sleep = {
    .name = "sleep",
    .help = "do nothing for so many milliseconds",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .check = check,
    .run = run,
};
