/* signal: to the service's main process: "signal:HUP". */
#include "angel/action.h"

#include "os/signame.h"

static bool check(const struct action_step *s, struct bw_err *e)
{
    int number;
    return signame_find(bw_cstr(s->param), &number, e);
}

static bool run(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    int number;
    return signame_find(bw_cstr(s->param), &number, e) &&
           (w->signal ? w->signal(w->arg, number, e)
                      : bw_fail(e, BW_CONFLICT, "there is no process to signal here"));
}

const struct action_kind action_signal = {
    .name = "signal",
    .help = "send a signal to the main process, by name or number",
    .places = ACTION_START | ACTION_STOP,
    .check = check,
    .run = run,
};
