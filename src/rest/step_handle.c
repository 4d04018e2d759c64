/* step_handle.c: runs the endpoint's handler. An answer larger than its buffer may grow is an
 * error of the handler (it should have streamed), told as such instead of sent in part. */
#include "rest/steps.h"

static enum step_result handle(struct bw_req *rq, struct bw_err *e)
{
    if (!rq->endpoint->run(rq, e))
        return STEP_FAIL;
    if (!bw_buf_ok(rq->res->body)) {
        bw_fail(e, BW_SYS, "the answer of %s passed %zu bytes in memory; it must be streamed",
                rq->endpoint->id, rq->res->body->max);
        return STEP_FAIL;
    }
    return STEP_DONE;
}

const struct step step_handle = {
    .name = "handle",
    .help = "runs the endpoint: a table's, a service's, or the application's own function",
    .run = handle,
};
