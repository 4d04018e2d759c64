/* brood.h: the children of one process: starts them, sees them end, signals, sweeps and adopts
 * them. The body of both kinds of hands: the keeper has one, and so has hands_here. It has a
 * descriptor to wait on and no loop of its own; one thread; no heap after brood_open.
 *
 * What happened to a child waits in its slot until the consumer has taken it, so that however long
 * nobody listens nothing is lost and nothing grows. */
#ifndef ANGEL_BROOD_H
#define ANGEL_BROOD_H

#include "angel/children.h"
#include "angel/group.h"
#include "angel/order.h"

struct brood;
struct spawn;

struct brood_opts {
    const char *state; /* folder; NULL: nothing outlives this process */
    int lock;          /* of that folder; -1: none */
    bool keeper;       /* subreaper: reaps every orphan, which a library must not */
    bool no_groups;    /* leave cgroups alone: /proc is swept */
};

struct brood *brood_open(const struct brood_opts *o, struct bw_err *e);
void brood_close(struct brood *b); /* processes go on */
/* Readable: brood_turn has something to do. */
int brood_fd(const struct brood *b);
void brood_turn(struct brood *b);
void brood_bury(struct brood *b); /* keeper: whose end has been told is reaped */
void brood_reap(struct brood *b); /* keeper: there was a SIGCHLD */
/* A child of the keeper that is none of the brood, 0: none. Not reaped here; while it is a zombie
 * brood_reap stops short of it, and is to be called again. */
void brood_spare(struct brood *b, pid_t pid);

/* What it says comes as events, also that it could not. `spawn` is room for what the start needs,
 * with spawn.h's `room` set: the order is the child's, too, until that is free again. NULL: the
 * child gets a copy of everything. */
void brood_spawn(struct brood *b, struct order *o, struct spawn *spawn);
/* The order was damaged on its way (descriptors lost): the same event as for a failed start. */
void brood_refuse(struct brood *b, const struct order *o, int sys);
void brood_signal(struct brood *b, uint32_t child, int signal, enum hands_whom whom);
void brood_sweep(struct brood *b, uint32_t child, int64_t deadline);
void brood_sweep_all(struct brood *b, int64_t deadline);
void brood_release(struct brood *b, uint32_t child);
/* Those of the brain that has gone: killed, and released when they are. */
void brood_end_helpers(struct brood *b);
/* Everything that descends from this process but `spared` is killed: what got away from its unit.
 * The number that still lives. */
unsigned brood_end_orphans(struct brood *b, pid_t spared);

enum brood_what { BROOD_SPAWNED = 1, BROOD_FAILED = 2, BROOD_EXITED = 4, BROOD_SWEPT = 8 };

struct brood_event {
    enum brood_what what;
    uint32_t child;
    pid_t pid;        /* SPAWNED */
    int sys;          /* FAILED */
    const char *step; /* FAILED */
    struct hands_exit exit;
    unsigned survivors; /* SWEPT */
    char names[256];
};
/* The first of those that wait; false: none. brood_taken removes it. */
bool brood_event(struct brood *b, struct brood_event *out);
void brood_taken(struct brood *b, const struct brood_event *ev);
/* A new consumer: the last state of each child that does not run is an event again, whatever the
 * one before has heard. */
void brood_tell_again(struct brood *b);

/* Each child that is not released and no helper; false behind the last. */
bool brood_found(const struct brood *b, size_t *i, struct hands_found *out);
size_t brood_count(const struct brood *b);    /* helpers too */
unsigned brood_limits(const struct brood *b); /* GROUP_MEMORY …: can be enforced here */
struct children *brood_children(struct brood *b);

/* Everything as it is, for a keeper that takes the place of this one in the same process: the
 * descriptors stay open over exec. */
bool brood_hand_over(struct brood *b, int fd, struct bw_err *e);
struct brood *brood_take_over(const struct brood_opts *o, int fd, struct bw_err *e);

#endif
