/* admin_reload.c: POST /reload: the settings read again, as at SIGHUP; the answer tells what
 * changed. 409 when they are broken: then nothing has changed. */
#include "host/admin.h"

struct outcome {
    bool stopping, ok;
    struct bw_buf said;
};

static void reload(struct serving *s, void *arg)
{
    struct outcome *o = arg;
    o->stopping = s->stopping;
    o->ok = !s->stopping && serve_reload(s, &o->said);
}

static bool run(struct bw_req *rq, struct bw_err *e)
{
    struct outcome o = {.ok = false};
    bw_buf_init(&o.said, 65536);
    admin_on_main(rq, reload, &o);
    if (o.ok) {
        struct bw_json_writer *w = bw_reply_json(rq);
        bw_json_object(w);
        bw_json_put_text(w, "result", bw_buf_str(&o.said));
        bw_json_end(w);
    } else if (o.stopping) {
        bw_fail(e, BW_BUSY, "the server is shutting down");
    } else {
        bw_fail(e, BW_CONFLICT, "%s", bw_buf_cstr(&o.said));
    }
    bw_buf_release(&o.said);
    return o.ok;
}

const struct endpoint admin_reload = {
    .method = HTTP_POST,
    .path = "/reload",
    .run = run,
    .id = "reload",
    .help = "The settings are read again: what can change live does, the rest is named.",
    .produces = "application/json",
};
