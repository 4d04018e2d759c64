/* action.h: one step of Start, Stop or Watch: verb[,verb…]:parameter[=expected]. The verbs stand in
 * actions.def, each in a file of its own (action_<verb>.c); the first of a list that this system
 * knows is taken. */
#ifndef ANGEL_ACTION_H
#define ANGEL_ACTION_H

#include "angel/helpers.h"

enum action_place { ACTION_START = 1, ACTION_STOP = 2, ACTION_WATCH = 4 };

/* Where an action runs. */
struct action_world {
    struct helpers *helpers;
    const struct unit_conf *conf;
    const char *unit; /* "api#2" */
    int64_t deadline; /* monotonic ns; 0 = the step's own timeout alone */
    bool patient;     /* in Start: what only asks is asked again until it is as expected */
    /* To the unit's main process (the action signal). */
    bool (*signal)(void *arg, int number, struct bw_err *e);
    void *arg;
};

struct action_kind {
    const char *name;
    const char *help;
    unsigned places;  /* enum action_place */
    int64_t expected; /* status, unless written */
    bool asks;        /* changes nothing, so it may be asked again */
    /* The parameter makes sense? NULL: any. */
    bool (*check)(const struct action_step *s, struct bw_err *e);
    /* *Waits.* False: e says why not, also when the status was another. NULL: the brain does it
     * (start, stop). */
    bool (*run)(const struct action_step *s, const struct action_world *w, struct bw_err *e);
};

#define ACTION(name) extern const struct action_kind action_##name;
#include "angel/actions.def"
#undef ACTION

/* Fills in kind, expected and timeout of s from s->text; *param gets what stands between (borrowed
 * from the text), to be filled in and split by the settings. Unknown verbs: "did you mean". */
bool action_parse(struct action_step *s, enum action_place place, bw_str *param, struct bw_err *e);
/* *Waits.* */
bool action_run(const struct action_step *s, const struct action_world *w, struct bw_err *e);

#endif
