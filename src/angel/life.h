/* life.h: the life of one replica of a unit as a pure table (life.def): state × event → next state,
 * what is to be done. No clock, no system call, no memory. crew.h puts lives together and knows
 * about time; the brain carries out. */
#ifndef ANGEL_LIFE_H
#define ANGEL_LIFE_H

#include <stdbool.h>

/* id, name for people */
#define LIFE_STATES(X)      \
    X(STOPPED, stopped)     \
    X(DONE, done)           \
    X(FAILED, failed)       \
    X(WAITING, waiting)     \
    X(STARTING, starting)   \
    X(RUNNING, running)     \
    X(READY, ready)         \
    X(STOPPING, stopping)   \
    X(CYCLING, cycling)     \
    X(SWEEPING, sweeping)   \
    X(CLEARING, clearing)   \
    X(CLOSING, closing)     \
    X(FINISHING, finishing) \
    X(BACKOFF, backoff)     \
    X(STUCK, stuck)         \
    X(JAMMED, jammed)

#define LIFE_EVENTS(X)                                                              \
    X(START, start)         /* told to run */                                       \
    X(STOP, stop)           /* told to end */                                       \
    X(RESTART, restart)     /* told to end and run again */                         \
    X(FOUND, found)         /* it runs already: of an earlier brain, or adopted */  \
    X(LOST, lost)           /* an earlier brain's that is to run, and does not */   \
    X(ALLOWED, allowed)     /* what it needs is there */                            \
    X(DENIED, denied)       /* ... but not the budget for it */                     \
    X(SPAWNED, spawned)     /* its process runs */                                  \
    X(UNBORN, unborn)       /* it could not be started; nothing runs */             \
    X(READY, ready)         /* start steps are through, the ready probe says yes */ \
    X(UNREADY, unready)     /* the ready probe says no again */                     \
    X(SICK, sick)           /* the live probe or a start step has failed */         \
    X(AGAIN, again)         /* its process has ended, and is to run again */        \
    X(FINAL, final)         /* ... and is not to run again: abort code, policy */   \
    X(OVER, over)           /* ... with success, and policy says that is it */      \
    X(EMPTY, empty)         /* nothing of it is left */                             \
    X(SURVIVORS, survivors) /* a sweep has left something alive */                  \
    X(DUE, due)             /* the time this state was given is over */

enum life_state {
#define X(id, name) LIFE_##id,
    LIFE_STATES(X)
#undef X
        LIFE_STATE_COUNT
};

enum life_event {
#define X(id, name) EVENT_##id,
    LIFE_EVENTS(X)
#undef X
        LIFE_EVENT_COUNT
};

/* What is to be done, in this order. */
enum life_do {
    DO_FRESH = 1,   /* forget how often it was started in vain */
    DO_CALM = 2,    /* the same: it has proved itself; recovered */
    DO_ASK = 4,     /* may it start? ALLOWED comes when it may */
    DO_SPAWN = 8,   /* the start steps and the process */
    DO_WATCH = 16,  /* probes; READY when they say so; time until then is limited */
    DO_STEADY = 32, /* DUE after its stable time */
    DO_TERM = 64,   /* stop steps, signal; DUE after its grace */
    DO_SWEEP = 128, /* kill what is left; EMPTY or SURVIVORS */
    DO_DELAY = 256, /* DUE after backoff and budgets */
    DO_PAUSE = 512  /* DUE after a while */
};

struct life_row {
    enum life_state next;
    unsigned todo; /* enum life_do */
};

/* NULL: passed over. */
const struct life_row *life_row(enum life_state s, enum life_event e);
const char *life_state_name(enum life_state s);
const char *life_event_name(enum life_event e);

/* Of a state: */
bool life_is_wanted(enum life_state s);  /* it is to run, now or soon */
bool life_has_child(enum life_state s);  /* a process may be alive */
bool life_is_settled(enum life_state s); /* whoever waits for its start need not wait longer */

#endif
