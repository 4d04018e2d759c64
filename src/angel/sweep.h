/* sweep.h: all processes of a child's tree: by its group where there is one, else by a look over
 * /proc at ancestry, session, process group and the marks in the environment. Each is signalled by
 * a pidfd that was checked to be of the tree after it was opened. Nothing here allocates. */
#ifndef ANGEL_SWEEP_H
#define ANGEL_SWEEP_H

#include "angel/group.h"
#include "angel/identity.h"

#define SWEEP_FOUND 8192 /* of one tree; a larger one takes another round */

struct sweep_room {
    struct {
        pid_t pid;
        uint64_t started;
    } found[SWEEP_FOUND];
    unsigned n;
};

struct sweep {
    struct sweep_room *room; /* to work in */
    const struct groups *groups;
    char group[GROUP_NAME];
    const char *unit_mark, *id_mark; /* "BURROW_UNIT=api" */
    pid_t main;                      /* lives, or is a zombie of ours: the number is still its */
};

struct sweep_result {
    unsigned living; /* found, and not a zombie */
    char *names;     /* "1234 (D) dd, …"; may be NULL */
    size_t n, size;
};

/* Signal 0 only counts. */
void sweep_signal(const struct sweep *s, int signal, struct sweep_result *r);
/* KILL to all of it, forks of this very moment included where there are groups. */
void sweep_kill(const struct sweep *s, struct sweep_result *r);
/* Everything whose ancestor is this process, but `spared`: what got away from its unit. */
void sweep_orphans(struct sweep_room *room, int signal, pid_t spared, struct sweep_result *r);

#endif
