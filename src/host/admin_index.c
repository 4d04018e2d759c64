/* admin_index.c: GET /: what the admin socket answers, for who has only curl and the path. */
#include "host/admin.h"

static bool run(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    const struct registry *r = rq->registry;
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_text(w, "name", bw_cstr(rq->server->app->name));
    bw_json_key(w, BW_LIT("endpoints"));
    bw_json_array(w);
    for (size_t i = 0; i < r->n; i++) {
        bw_json_object(w);
        bw_json_put_text(w, "method", bw_cstr(http_method_name(r->all[i]->method)));
        bw_json_put_text(w, "path", bw_cstr(r->all[i]->path));
        bw_json_put_text(w, "help", bw_cstr(r->all[i]->help));
        bw_json_end(w);
    }
    bw_json_end(w);
    bw_json_end(w);
    return true;
}

const struct endpoint admin_index = {
    .method = HTTP_GET,
    .path = "/",
    .run = run,
    .id = "index",
    .help = "This list.",
    .produces = "application/json",
};
