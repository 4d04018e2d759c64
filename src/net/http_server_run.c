/* http_server_run.c: the fiber of a batch: it answers every request whose head is complete, in
 * order, and writes the answers together. A fiber is taken for the batch, not for the connection.
 */
#include "net/http_server_int.h"

#define STRETCH 64 /* requests of one connection before others get their turn */

static void options(struct http_res *rs)
{
    rs->status = 204;
    http_res_field(rs, "Allow", BW_LIT("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
}

static void set_up(struct http_work *w)
{
    const struct http_parse *h = &w->head;
    struct http_conn *c = w->conn;
    w->rq = (struct http_req){
        .first = w->first,
        .secure = c->secure,
        .method = h->method,
        .method_text = h->method_text,
        .path = h->path,
        .query = h->query,
        .host = h->host.p ? h->host : BW_LIT(""),
        .peer = bw_str_of(c->peer, c->peer_n),
        .fields = w->fields,
        .n_fields = h->n_fields,
        .content_length = h->content_length,
        .max_body = c->worker->server->o.max_body,
        .arena = &w->arena,
        .read = http_body_read,
        .source = w,
    };
    w->rs = (struct http_res){
        .fields = w->res_fields,
        .cap_fields = sizeof w->res_fields / sizeof *w->res_fields,
        .body = &w->body,
        .length = -1,
        .rq = &w->rq,
        .flush = http_answer_flush,
        .sink = w,
    };
}

static void run_request(struct http_work *w)
{
    const struct http_server *o = w->conn->worker->server;
    if (w->tail.n)
        http_send_out(w); /* nothing goes behind it but by another write */
    http_inbox_use(&w->in, w->head.used);
    http_inbox_pin(&w->in);
    http_body_begin(w);
    set_up(w);
    http_count(&w->conn->worker->requests, 1);
    if (w->head.asterisk)
        options(&w->rs);
    else
        o->handler(&w->rq, &w->rs, o->arg);
    http_answer_finish(w);
    if (!w->last && !w->body_done)
        http_body_drop(w);
    http_work_next(w);
}

/* Whether another request is there, whole. */
static bool next_head(struct http_work *w)
{
    bw_str bytes = http_inbox_rest(&w->in);
    if (w->last || w->conn->broken || bytes.n == 0)
        return false;
    enum http_parsed r = http_parse_request(&w->head, bytes.p, bytes.n);
    if (r == HTTP_PARSE_REFUSED) {
        if (w->tail.n)
            http_send_out(w);
        http_refuse_write(w->conn->worker, &w->out, w->head.refusal, w->head.why);
        w->last = w->linger = true;
    }
    return r == HTTP_PARSE_DONE;
}

/* Between two requests of a long row. */
static void breathe(struct http_work *w, unsigned served)
{
    if (w->out.n >= LIMIT_HTTP_PIPELINE && !w->tail.n)
        http_send(w, NULL, 0, NULL);
    if (served % STRETCH != 0)
        return;
    http_send_out(w);
    fiber_yield();
}

void http_work_serve(void *work)
{
    struct http_work *w = work;
    struct http_conn *c = w->conn;
    w->fiber = fiber_current();
    w->run = 0;
    for (unsigned served = 1;; served++) {
        run_request(w);
        breathe(w, served);
        if (!next_head(w))
            break;
    }
    http_count(&c->worker->in_flight, -1);
    http_send_later(w);
}
