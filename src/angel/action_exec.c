/* exec: starts a program and goes on; it is reaped, and ended with the angel. */
#include "angel/action.h"

static bool run(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    return helper_begin(
        w->helpers,
        &(struct helper_spec){.unit = w->unit, .conf = w->conf, .argv = s->argv, .out = -1}, e);
}

const struct action_kind action_exec = {
    .name = "exec",
    .help = "start a program and do not wait for it",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .run = run,
};
