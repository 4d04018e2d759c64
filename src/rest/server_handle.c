/* server_handle.c: the way of one request through the steps. Runs on the caller's fiber or thread.
 */
#include "rest/server.h"

#include "core/clock.h"
#include "core/list.h"
#include "rest/in_hand.h"
#include "rest/server_trace.h"
#include "rest/steps.h"

static const char *draw_name(struct trace *t)
{
    return req_name(LIST_OWNER(t, struct bw_req, trace));
}

/* Only what is read before it is written is set: the arrays of the match would cost more to clear
 * than routing costs. */
static void begin(struct bw_req *rq, struct bw_server *s, struct http_req *h, struct http_res *rs)
{
    rq->http = h;
    rq->res = rs;
    rs->status = 200; /* unless a step or the handler says otherwise */
    rq->server = s;
    rq->arena = h->arena;
    rq->match.n_parts = rq->match.allowed = 0;
    rq->registry = rq->admin ? &s->admin : &s->registry;
    rq->endpoint = &rq->registry->unmatched;
    rq->params = NULL;
    rq->n_params = 0;
    rq->params_read = rq->counted = false;
    rq->faults = NULL;
    rq->client = NULL;
    rq->name[0] = 0;
    rq->began = clock_mono();
    trace_begin(&rq->trace, h, rq->name);
    rq->trace.draw_name = draw_name;
    if (s->opts.request_ids || http_req_field(h, "x-request-id").p)
        http_res_field(rs, "X-Request-Id", bw_cstr(req_name(rq)));
}

static enum step_result run(const struct step *step, struct bw_req *rq, struct bw_err *e)
{
    if (!rq->trace.record)
        return step->run(rq, e);
    struct span span = span_begin(step->name, SPAN_INTERNAL);
    enum step_result r = step->run(rq, e);
    if (r == STEP_FAIL)
        span_fail(span, bw_cstr(e->text));
    span_end(span);
    return r;
}

static void handle(struct bw_req *rq, struct bw_server *s)
{
    struct bw_err e;
    in_hand_add(rq);
    bool done = false;
    for (unsigned i = 0; i < s->n_steps; i++) {
        const struct step *step = s->steps[i];
        if (done && !step->always)
            continue;
        enum step_result r = run(step, rq, &e);
        if (r == STEP_FAIL && !done)
            problem_answer(rq, &e);
        done |= r != STEP_ON;
    }
    in_hand_remove(rq);
    server_trace_end(rq);
}

void server_handle(struct http_req *h, struct http_res *rs, void *arg)
{
    struct bw_req rq;
    rq.admin = false;
    begin(&rq, arg, h, rs);
    handle(&rq, arg);
}

void server_handle_admin(struct http_req *h, struct http_res *rs, void *arg)
{
    struct bw_req rq;
    rq.admin = true;
    begin(&rq, arg, h, rs);
    handle(&rq, arg);
}
