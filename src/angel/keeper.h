/* keeper.h: the process that holds the children. One thread, one epoll, no heap once it runs but
 * for standing orders; it decides nothing but that a brain which ends unasked is started again.
 * keeper.c is its life and signals, keeper_brain.c the brain's process and what it orders,
 * keeper_send.c what it is told, keeper_stand.c what it may do before the brain has heard,
 * keeper_upgrade.c a new program in the place of this one. */
#ifndef ANGEL_KEEPER_H
#define ANGEL_KEEPER_H

#include <burrow/err.h>

/* Where a brain finds them. */
#define KEEPER_SOCKET 3
#define KEEPER_LOCK   4

struct keeper_opts {
    const char *state;        /* folder */
    int lock;                 /* of it, held */
    const char *const *brain; /* command line of a brain; [0] is a path */
    /* Command line, [0] a path, of a keeper that takes over; the descriptor's number is put behind
     * it, or "try": then it only says by exit code 0 that it could. */
    const char *const *resume;
    bool no_groups; /* leave cgroups alone */
    /* The brain serves, for the first time. */
    void (*ready)(void *arg);
    void *arg;
};

/* *Blocks* until the brain has said that it is done: the exit status. Signals: TERM, INT, QUIT:
 * stop; HUP: reload; USR1: log files anew; USR2: upgrade. False: it could not begin. */
bool keeper_run(const struct keeper_opts *o, int *status, struct bw_err *e);

/* *Blocks* as well: goes on for the keeper before this one, which has left its all in fd. At the
 * end ended(state, lock) is to give the lock back. */
bool keeper_resume(int fd, void (*ended)(const char *state, int lock), int *status,
                   struct bw_err *e);

/* Ends a brain of an earlier keeper that holds the lock although its keeper has gone. */
void keeper_end_lost_brain(const char *state);

#endif
