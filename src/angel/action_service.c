/* service: a service of Windows. Elsewhere a list of verbs goes on to its next one. */
#include "angel/action.h"

const struct action_kind action_service = {
    .name = "service",
    .help = "on Windows: start, stop or look at a service of the system; elsewhere the next verb "
            "of the list is taken",
    .places = 0,
};
