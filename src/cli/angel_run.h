/* angel_run.h: what the verbs that begin, end and renew an angel's processes share: where it is. */
#ifndef CLI_ANGEL_RUN_H
#define CLI_ANGEL_RUN_H

#include <limits.h>

#include "cli/angel.h"
#include "host/pidfile.h"

#define ANGEL_PID_FILE "angel.pid" /* in the state folder; its lock is the angel's lock */

/* Of settings that are good. Absolute paths. */
struct angel_where {
    char self[PATH_MAX], settings[PATH_MAX], state[200], pid_file[240], log[PATH_MAX];
    char name[64];
    int64_t stop_timeout; /* ns */
};

/* Makes the folders when `make`. */
bool angel_where(const struct angel_ask *k, bool make, struct angel_where *w, struct bw_err *e);

int angel_kill(const struct angel_ask *k, bool silent);
int angel_reload(const struct angel_ask *k);

#endif
