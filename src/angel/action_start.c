/* start: the service's process, which the angel keeps running. The brain does it. */
#include "angel/action.h"

const struct action_kind action_start = {
    .name = "start",
    .help = "start the process and keep it running; without a parameter, Run",
    .places = ACTION_START,
};
