/* tcp and unix: can a connection be made? */
#include "angel/action.h"
#include "angel/reach.h"

static bool check_tcp(const struct action_step *s, struct bw_err *e)
{
    return reach_is_tcp(s->param, e) || bw_because(e, "%s", s->text);
}

static bool run_tcp(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    return reach_tcp(s->param, w->deadline, e);
}

static bool check_unix(const struct action_step *s, struct bw_err *e)
{
    return s->param[0] == '/' ||
           bw_fail(e, BW_BAD, "'%s' names no socket, as in unix:/run/app.sock", s->text);
}

static bool run_unix(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    return reach_unix(s->param, w->deadline, e);
}

const struct action_kind action_tcp = {
    .name = "tcp",
    .help = "connect to host:port",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .asks = true,
    .check = check_tcp,
    .run = run_tcp,
};

const struct action_kind action_unix = {
    .name = "unix",
    .help = "connect to a unix socket by its path",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .asks = true,
    .check = check_unix,
    .run = run_unix,
};
