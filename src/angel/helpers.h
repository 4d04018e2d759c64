/* helpers.h: short programs of actions, probes and notices, run through hands and waited for: at
 * their deadline the whole tree is killed, and none is left behind. Their child numbers begin at
 * HELPERS_FIRST; the brain hands their events on. The brain's loop only. */
#ifndef ANGEL_HELPERS_H
#define ANGEL_HELPERS_H

#include "angel/conf.h"

#define HELPERS_FIRST UINT32_C(0x80000000)

struct helpers;

struct helpers *helpers_new(struct hands *h);
void helpers_free(struct helpers *hs); /* kills what runs; those who wait get BW_GONE */

struct helper_spec {
    const char *unit;             /* for whom: "api#2" */
    const struct unit_conf *conf; /* user, folder, environment, limits; NULL: the angel's own */
    const char *const *argv, *const
                                 *env; /* env: further NAME=value, NULL-terminated; may be NULL */
    int out;                           /* standard output and error; -1 = /dev/null */
    int64_t deadline;                  /* monotonic ns */
};
/* *Waits.* Runs it to its end: *status as of waitpid. False: it could not be started, or not in
 * time (BW_LATE), or the waiter was cancelled. */
bool helper_run(struct helpers *hs, const struct helper_spec *s, int *status, struct bw_err *e);
/* Starts it and comes back at once (the action exec); it is reaped, and killed at the deadline if
 * there is one. */
bool helper_begin(struct helpers *hs, const struct helper_spec *s, struct bw_err *e);

/* From the brain's events. */
void helpers_failed(struct helpers *hs, uint32_t child, int sys, const char *what);
void helpers_exited(struct helpers *hs, uint32_t child, const struct hands_exit *x);
void helpers_swept(struct helpers *hs, uint32_t child);

#endif
