/* angel_brain.c: burrow angel brain: the process that decides, as the keeper starts it: with a
 * socket to the keeper as descriptor --hands. Without that switch the services are its own
 * children, and end with it: for tests, and where no keeper is wanted. */
#include "cli/angel.h"

#include "angel/place.h"
#include "angel/serve.h"

static int run(const struct angel_ask *k)
{
    const char *said = args_value(k->args, "hands", "-1");
    struct angel_serve s = {.state = args_value(k->args, "state", NULL)};
    struct bw_err e = {.code = BW_OK};
    struct bw_arena a;
    int64_t number;
    int status = 1;
    if (!bw_str_int(bw_cstr(said), &number) || number < -1 || number > 1000000) {
        bw_fail(&e, BW_BAD, "--hands %s is no descriptor", said);
        return command_complain(k->command, &e, 2);
    }
    bw_arena_init(&a);
    s.socket = (int)number;
    s.settings = place_settings(args_value(k->args, "settings", NULL), &a);
    if (!angel_serve(&s, &status, &e))
        status = command_complain(k->command, &e, 1);
    bw_arena_release(&a);
    return status;
}

const struct angel_verb angel_verb_brain = {
    .name = "brain",
    .usage = "[--settings FILE] [--state FOLDER] [--hands FD]",
    .help = "what run starts to decide; by itself, its services end with it",
    .run = run,
};
