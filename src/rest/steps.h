/* steps.h: one step of a request: a descriptor per file step_<name>.c, a line in steps.def. A
 * server keeps only the steps it wants, so one that is switched off costs nothing. */
#ifndef REST_STEPS_H
#define REST_STEPS_H

#include "rest/req.h"

enum step_result {
    STEP_ON,   /* go on with the next */
    STEP_DONE, /* the answer is complete */
    STEP_FAIL  /* the error becomes the answer */
};

struct step {
    const char *name, *help;
    bool (*wanted)(const struct bw_server *s); /* asked once at start; NULL = always */
    enum step_result (*run)(struct bw_req *rq, struct bw_err *e);
    bool always; /* runs whatever came before; its result does not matter */
};

#define STEP(name) extern const struct step step_##name;
#include "rest/steps.def"
#undef STEP

#endif
