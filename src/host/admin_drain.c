/* admin_drain.c: POST /drain: the orderly end, as at SIGTERM: /ready fails, new connections are
 * refused, what is in flight is finished, then the process ends. */
#include "host/admin.h"

static void drain(struct serving *s, void *arg)
{
    (void)arg;
    serve_stop(s, "the admin socket");
}

static bool run(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    admin_on_main(rq, drain, NULL);
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_text(w, "state", BW_LIT("draining"));
    bw_json_end(w);
    return bw_reply_status(rq, 202);
}

const struct endpoint admin_drain = {
    .method = HTTP_POST,
    .path = "/drain",
    .run = run,
    .id = "drain",
    .help = "The orderly end: what is in flight is finished, then the process ends.",
    .produces = "application/json",
};
