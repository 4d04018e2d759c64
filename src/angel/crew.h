/* crew.h: all lives together, pure: who may start when (levels, After, Needs), who goes first at
 * the end, backoff and budgets, groups, the guard against failures that many have in common. Time
 * comes in with each call; what is to be done goes out by `order`, which must not call back. The
 * brain carries it out, the simulator tries to break it (tests/unit/angel/crew_sim_test.c). */
#ifndef ANGEL_CREW_H
#define ANGEL_CREW_H

#include <stdint.h>

#include "angel/life.h"
#include "angel/pace.h"
#include "core/vec.h"

enum crew_strategy { CREW_ONE, CREW_REST, CREW_ALL };

/* What a unit's settings say of all of its replicas. Texts of indexes are borrowed. */
struct crew_set {
    int64_t level;
    const uint32_t *needs; /* sets of which one replica must be ready (or done) */
    const uint32_t *after; /* sets that must be settled, where they are wanted at all */
    uint32_t n_needs, n_after;
    uint32_t group; /* 0 = none */
    enum crew_strategy strategy;
    struct backoff_conf backoff;
    struct pace_budget budget; /* restarts of each replica */
    int64_t stable;            /* ready for so long: it is forgotten how often it failed */
    int64_t start_timeout;     /* from the spawn to ready; 0 = any */
    int64_t grace;
    uint32_t serving, unsettled; /* private: so many of its replicas */
};

struct crew_unit {
    enum life_state state;
    uint32_t set;
    uint32_t failures; /* in a row: k of the backoff */
    bool used;         /* this slot is taken */
    bool leaving;      /* to be stopped when nobody leans on it any more */
    bool was_ready;    /* since its spawn */
    bool asked;        /* told to by a word from outside: such a start costs no budget */
    bool spending;     /* its start is under way, and on the budgets */
    bool queued;       /* waits for the budget of all, in its turn */
    bool promised;     /* its next start is on a place reserved in the budget of all */
    int64_t due;       /* of the state it is in; 0 = none */
    int64_t sick;      /* when its live probe failed last; 0 = well since */
    struct pace_spent spent;
};

enum crew_kind {
    CREW_CHANGED, /* state: from → to, by event */
    CREW_SPAWN,
    CREW_WATCH,  /* begin with probes */
    CREW_TERM,   /* stop steps and signal */
    CREW_SWEEP,  /* kill what is left */
    CREW_TIMER,  /* DUE at `at` (0: no more) */
    CREW_CALM,   /* it has proved itself */
    CREW_SPARED, /* sick, but so are too many: it is left alone */
    CREW_DEGRADED,
    CREW_SOUND /* the guard has begun, has ended; of all */
};

struct crew_order {
    enum crew_kind kind;
    uint32_t unit;
    int64_t at;
    enum life_state from, to;
    enum life_event event;
};

struct crew {
    VEC(struct crew_set) sets;
    VEC(struct crew_unit) units;
    struct pace_budget budget;         /* restarts of all */
    int64_t guard_share, guard_window; /* per mille of those that run, ns; 0 = no guard */
    int64_t pause;                     /* between sweeps of what cannot be killed */
    void (*order)(void *arg, const struct crew_order *o);
    void *arg;
    /* private */
    uint64_t seed;
    bool degraded;
    unsigned waiting, leaving, queued;
    struct pace_spent spent;
};

void crew_init(struct crew *c, uint64_t seed);
void crew_release(struct crew *c);
uint32_t crew_add(struct crew *c, uint32_t set); /* a replica, stopped */
void crew_remove(struct crew *c, uint32_t unit); /* that has no child any more */
void crew_event(struct crew *c, uint32_t unit, enum life_event ev, int64_t now);
/* STOP to it, at the next crew_look or event at which none of those that leave too and lean on it
 * is alive. START ends that. */
void crew_leave(struct crew *c, uint32_t unit);
/* Those that wait or leave are looked at again: somebody has begun to leave, settings have changed.
 */
void crew_look(struct crew *c, int64_t now);
/* The live probe says yes again. */
void crew_well(struct crew *c, uint32_t unit, int64_t now);
/* ---- starts that are promised ----
 *
 * Who carries out orders may be told beforehand that a unit is started again as soon as it ends:
 * one for which AGAIN would lead to CREW_SPAWN at once, whatever happens meanwhile to others. True:
 * it is such a one, until it is told to end or is started. */
bool crew_may_promise(struct crew *c, uint32_t unit, int64_t now);
/* Places in the budget of all for so many of such starts, as many as there are: how many. Each is
 * used by crew_promise or crew_squander. */
unsigned crew_reserve(struct crew *c, unsigned n, int64_t now);
/* It has ended and was started again: AGAIN comes next. */
void crew_promise(struct crew *c, uint32_t unit);
/* The same, but it is not to run any more. */
void crew_squander(struct crew *c, uint32_t unit, int64_t now);
/* Why a waiting one waits: the set that is missing; false: nothing (or a level: *set is
 * UINT32_MAX, *level tells it). */
bool crew_lacks(const struct crew *c, uint32_t unit, uint32_t *set, int64_t *level);

#endif
