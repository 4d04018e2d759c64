/* mode.h: a run mode: what a hosting program does with its settings. One line in modes.def, one
 * function in a file mode_<something>.c. */
#ifndef HOST_MODE_H
#define HOST_MODE_H

#include "host/launch.h"

struct mode {
    const char *name;
    int unknown;                  /* exit status when the settings cannot be read */
    int (*run)(struct launch *l); /* the settings are read; gives the exit status */
};

/* The mode among the switches; NULL when they name two. */
const struct mode *mode_chosen(const struct args *a, struct bw_err *e);

#endif
