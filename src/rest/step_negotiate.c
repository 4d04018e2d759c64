/* step_negotiate.c: media types, as the endpoint declares them: 415 for a body of a type it does
 * not take, 406 when the peer takes nothing that it makes; and for builtins, whose query
 * parameters are all declared, 400 for an unknown one. Health and its like answer anyone. */
#include "rest/steps.h"

static bool body_fits(struct bw_req *rq, struct bw_err *e)
{
    const struct endpoint *ep = rq->endpoint;
    if (rq->http->content_length == 0 || !ep->consumes)
        return true;
    bw_str coding = http_req_field(rq->http, "content-encoding");
    if (coding.n && !bw_str_ieq(coding, BW_LIT("identity")))
        return bw_fail(e, BW_MEDIA,
                       "a body in Content-Encoding '%.*s' is not taken; send it unpacked",
                       (int)(coding.n < 64 ? coding.n : 64), coding.p);
    return req_media(rq, ep->consumes, e);
}

static bool answer_fits(struct bw_req *rq, struct bw_err *e)
{
    const char *type = rq->endpoint->produces;
    if (!type)
        return true;
    bw_str accept = bw_req_header(rq, "accept");
    if (accept.n == 0 || bw_str_eq(accept, BW_LIT("*/*")) || http_accepts(accept, type))
        return true;
    return bw_fail(e, BW_ACCEPT, "this path answers with %s, which the request's Accept refuses",
                   type);
}

static bool params_fit(struct bw_req *rq, struct bw_err *e)
{
    if (rq->http->query.n == 0 || rq->endpoint->kind != ENDPOINT_BUILTIN)
        return true;
    const char *known[16];
    unsigned n = 0;
    for (const struct endpoint_param *p = rq->endpoint->params; p && p->name && n < 15; p++)
        if (strcmp(p->in, "query") == 0)
            known[n++] = p->name;
    known[n] = NULL;
    return req_only_params(rq, known, e);
}

static enum step_result negotiate(struct bw_req *rq, struct bw_err *e)
{
    if (rq->endpoint->open_while_starting)
        return params_fit(rq, e) ? STEP_ON : STEP_FAIL;
    return body_fits(rq, e) && answer_fits(rq, e) && params_fit(rq, e) ? STEP_ON : STEP_FAIL;
}

const struct step step_negotiate = {
    .name = "negotiate",
    .help = "checks Content-Type and Accept against what the endpoint takes and makes",
    .run = negotiate,
};
