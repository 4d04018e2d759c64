/* wait: runs a program to its end, and compares its exit code. */
#include "angel/action.h"

#include <sys/wait.h>

static bool run(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    int status = 0;
    struct helper_spec spec = {
        .unit = w->unit, .conf = w->conf, .argv = s->argv, .out = -1, .deadline = w->deadline};
    if (!helper_run(w->helpers, &spec, &status, e))
        return false;
    if (WIFSIGNALED(status))
        return bw_fail(e, BW_DOWN, "'%s' was ended by signal %d", s->param, WTERMSIG(status));
    return WEXITSTATUS(status) == s->expected ||
           bw_fail(e, BW_DOWN, "'%s' ended with exit code %d, not %lld", s->param,
                   WEXITSTATUS(status), (long long)s->expected);
}

const struct action_kind action_wait = {
    .name = "wait",
    .help = "run a program to its end; expects exit code 0 unless =N says another",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .run = run,
};
