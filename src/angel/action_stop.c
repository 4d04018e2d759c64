/* stop: ends the service's process: its stop signal, its grace, then the whole tree. The brain does
 * it. */
#include "angel/action.h"

const struct action_kind action_stop = {
    .name = "stop",
    .help = "end the process that start has started",
    .places = ACTION_STOP,
};
