/* life.h: the life of one child of a unit as a pure table (life.def): state × event → next state,
 * what to do. No clock, no system call, no allocation: time comes in as numbers, what is to be done
 * goes out as a list. The brain carries it out; the simulator in tests/unit/angel/ drives millions
 * of schedules through it. */
#ifndef ANGEL_LIFE_H
#define ANGEL_LIFE_H

#include <stdbool.h>
#include <stdint.h>

/* id, name for people */
#define LIFE_STATES(X)                                                               \
    X(STOPPED, stopped)   /* nothing runs, nothing is wanted */                      \
    X(WAITING, waiting)   /* wanted; what it needs is not ready, or the budget is */ \
    X(STARTING, starting) /* its start steps run, its process is being made */       \
    X(RUNNING, running)   /* it runs, not ready yet (or no longer) */                \
    X(READY, ready)                                                                  \
    X(STOPPING, stopping) /* told to end, within its grace */                        \
    X(SWEEPING, sweeping) /* its tree is being killed until it is empty */           \
    X(BACKOFF, backoff)   /* it ended; starts again at `next` */                     \
    X(FAILED, failed)     /* ended for good: abort code, policy; until told */       \
    X(STUCK, stuck)       /* survivors of a sweep: no second copy is started */

enum life_state {
#define X(id, name) LIFE_##id,
    LIFE_STATES(X)
#undef X
        LIFE_STATE_COUNT
};

/* The rest of this header is whoever builds life.c's: events, actions, figures, life_step. */

#endif
