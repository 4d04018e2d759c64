/* sh: as wait, by the shell: pipes, redirections. The only verb that ever starts a shell. */
#include "angel/action.h"

static bool run(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    const char *const argv[] = {"/bin/sh", "-c", s->param, NULL};
    struct action_step by_shell = *s;
    by_shell.argv = argv;
    return action_wait.run(&by_shell, w, e);
}

const struct action_kind action_sh = {
    .name = "sh",
    .help = "run a line of shell to its end; expects exit code 0 unless =N says another",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .run = run,
};
