/* call.h: one call of a service method: its parameters as read, its results as they are written.
 * The public face is in service.h. */
#ifndef REST_CALL_H
#define REST_CALL_H

#include "orm/record.h"
#include "rest/req.h"

#define CALL_PARAMS 32 /* of one method */

struct arg {
    bool given, seen; /* seen: named in the request, though perhaps null or wrong */
    union {
        int64_t i; /* INT, TIME, ENUM (place in names), BOOL */
        double r;
        bw_str s;
    };
};

struct bw_call {
    struct bw_req *rq;
    const struct bw_service *service;
    const struct bw_method *method;
    unsigned n_in, n_out;
    struct arg args[CALL_PARAMS];
    struct bw_json_writer out; /* inside the array of results */
    unsigned n_given;          /* results written so far */
    const char *bad_result;    /* a result that was no JSON: its name */
};

/* Reads the parameters of the request into args; faults (and BW_BAD) name each wrong one. *Waits.*
 * for the body. */
bool call_read(struct bw_call *c, struct bw_err *e);
/* Writes null for the results that were not given. */
void call_finish(struct bw_call *c);

#endif
