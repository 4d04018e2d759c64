/* http_server_body.c: the body of a request, in pieces that are views into the inbox. Reading from
 * the socket stops when much waits here, and goes on when the handler has taken it. */
#include "net/http_server_int.h"

#include "core/clock.h"

void http_body_begin(struct http_work *w)
{
    const struct http_parse *h = &w->head;
    w->left = h->content_length;
    w->body_read = 0;
    w->body_done = h->content_length == 0;
    /* A client that did not wait for it needs no 100 (RFC 9110 §10.1.1). */
    w->continue_due = h->expect_continue && http_inbox_rest(&w->in).n == 0;
    if (h->content_length == HTTP_LENGTH_CHUNKED)
        http_chunk_init(&w->chunk);
}

bool http_body_droppable(const struct http_work *w)
{
    return !w->continue_due && w->left <= HTTP_DISCARD && !w->linger;
}

/* Nothing sensible can be read behind this. */
static void spoil(struct http_work *w)
{
    w->last = w->linger = true;
}

/* What is left may be anything, or never come: the connection ends behind the answer. */
static bool too_big(struct http_work *w, struct bw_err *e)
{
    spoil(w);
    return bw_fail(e, BW_TOOBIG, "the body is longer than the %zu bytes allowed here",
                   w->rq.max_body);
}

static void go_on_sending(struct http_work *w)
{
    if (w->continue_due)
        bw_buf_put(&w->out, BW_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
    w->continue_due = false;
}

static bool wait_for_more(struct http_work *w, struct bw_err *e)
{
    struct http_conn *c = w->conn;
    struct loop *l = c->worker->loop;
    int64_t deadline = loop_now(l) + c->worker->server->o.body_timeout;
    bool mine = w->rq.deadline && w->rq.deadline < deadline;
    http_send_out(w);
    http_conn_resume_reading(c);
    while (http_inbox_rest(&w->in).n == 0) {
        if (c->broken || c->ended) {
            spoil(w);
            return bw_fail(e, BW_GONE, "the peer went away inside the body of its request");
        }
        if (http_work_wait(w, mine ? w->rq.deadline : deadline))
            continue;
        spoil(w);
        return mine ? bw_fail(e, BW_LATE, "the request's time was over before its body had come")
                    : bw_fail(e, BW_TIMEOUT, "nothing of the body came for %lld s",
                              (long long)(c->worker->server->o.body_timeout / CLOCK_SECOND));
    }
    return true;
}

static void take_known(struct http_work *w, bw_str *piece)
{
    bw_str rest = http_inbox_rest(&w->in);
    *piece = bw_str_of(rest.p, (int64_t)rest.n < w->left ? rest.n : (size_t)w->left);
    http_inbox_use(&w->in, piece->n);
    w->left -= (int64_t)piece->n;
    w->body_done = w->left == 0;
}

/* False when the coding is wrong. *piece stays empty when more input is needed. */
static bool take_chunked(struct http_work *w, bw_str *piece, struct bw_err *e)
{
    bw_str rest = http_inbox_rest(&w->in), before = rest;
    enum http_chunked r = http_chunk_next(&w->chunk, &rest, piece);
    http_inbox_use(&w->in, before.n - rest.n);
    w->body_done = r == HTTP_CHUNK_END;
    if (r != HTTP_CHUNK_REFUSED)
        return true;
    spoil(w);
    return bw_fail(e, bw_code_of_status(w->chunk.refusal), "%s", w->chunk.why);
}

static bool next_piece(struct http_work *w, bw_str *piece, struct bw_err *e)
{
    bool chunked = w->head.content_length == HTTP_LENGTH_CHUNKED;
    while (piece->n == 0 && !w->body_done) {
        http_inbox_settle(&w->in);
        if (http_inbox_rest(&w->in).n == 0 && !wait_for_more(w, e))
            return false;
        if (!chunked)
            take_known(w, piece);
        else if (!take_chunked(w, piece, e))
            return false;
    }
    w->body_read += (int64_t)piece->n;
    w->rq.received = w->body_read;
    return true;
}

bool http_body_read(struct http_req *rq, bw_str *piece, struct bw_err *e)
{
    struct http_work *w = rq->source;
    *piece = BW_LIT("");
    if (w->body_done)
        return true;
    if (w->left > 0 && (uint64_t)(w->left + w->body_read) > rq->max_body)
        return too_big(w, e);
    go_on_sending(w);
    if (!next_piece(w, piece, e))
        return false;
    if ((uint64_t)w->body_read > rq->max_body) {
        *piece = BW_LIT("");
        return too_big(w, e);
    }
    return true;
}

bool http_body_drop(struct http_work *w)
{
    bw_str piece = {0};
    for (int64_t dropped = 0; !w->body_done; dropped += (int64_t)piece.n) {
        piece.n = 0;
        if (dropped > HTTP_DISCARD || !next_piece(w, &piece, NULL)) {
            spoil(w);
            return false;
        }
    }
    return true;
}
