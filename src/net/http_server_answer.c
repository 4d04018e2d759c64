/* http_server_answer.c: from what the handler left in http_res to bytes: a whole answer (head and
 * body known, collected with those of its batch) or a streamed one (RFC 9112 §6: Content-Length
 * when the handler told it, else chunked, else, for HTTP/1.0, up to the close). */
#include "net/http_server_int.h"

#include "core/clock.h"

enum { LENGTH_NONE = -2, LENGTH_STREAM = -1 };

bw_str http_answer_date(struct http_worker *k)
{
    int64_t now = loop_now(k->loop);
    if (now != k->date_turn) {
        k->date_turn = now;
        return http_date_lines(&k->date, clock_wall_ms());
    }
    return bw_str_of(k->date.text, k->date.n);
}

/* Fields that say how a message is carried are ours alone. */
static bool carries(bw_str name)
{
    switch (name.n) {
    case 10:
        return bw_str_ieq(name, BW_LIT("connection")) || bw_str_ieq(name, BW_LIT("keep-alive"));
    case 14:
        return bw_str_ieq(name, BW_LIT("content-length"));
    case 17:
        return bw_str_ieq(name, BW_LIT("transfer-encoding"));
    default:
        return false;
    }
}

static void write_head(struct http_work *w, int64_t length)
{
    struct bw_buf *b = &w->out;
    const struct http_res *rs = &w->rs;
    http_write_status(b, rs->status);
    bw_buf_put(b, http_answer_date(w->conn->worker));
    for (size_t i = 0; i < rs->n_fields; i++)
        if (!carries(rs->fields[i].name))
            http_write_field(b, rs->fields[i].name, rs->fields[i].value);
    if (length >= 0)
        http_write_length(b, length);
    else if (length == LENGTH_STREAM && w->chunked)
        bw_buf_put(b, BW_LIT("Transfer-Encoding: chunked\r\n"));
    if (w->last)
        bw_buf_put(b, BW_LIT("Connection: close\r\n"));
    else if (w->head.minor == 0)
        bw_buf_put(b, BW_LIT("Connection: keep-alive\r\n"));
    bw_buf_put(b, BW_LIT("\r\n"));
}

static void decide_last(struct http_work *w)
{
    if (!w->head.keep_alive || w->rs.close || w->conn->worker->draining)
        w->last = true;
    if (!w->body_done && !http_body_droppable(w))
        w->last = w->linger = true;
}

/* RFC 9110 §6.4.1: never a body, whatever the handler wrote. */
static bool bodiless(int status)
{
    return status < 200 || status == 204 || status == 304;
}

/* The buffers change places, so that the next request does not write over the body. */
static bool keep(struct http_work *w, bw_str body)
{
    struct bw_buf *from = body.p == w->body.p ? &w->body : &w->packed;
    if (body.n > HTTP_TAIL || body.p != from->p)
        return false;
    struct bw_buf empty = w->tail;
    w->tail = *from;
    *from = empty;
    return true;
}

static void whole(struct http_work *w)
{
    struct http_res *rs = &w->rs;
    bool to_head = w->rq.method == HTTP_HEAD;
    if (!bw_buf_ok(rs->body))
        http_refuse_instead(rs, 500, "the answer is longer than this server can hold in memory");
    bw_str body = rs->borrowed.p ? rs->borrowed : bw_buf_str(rs->body);
    decide_last(w);
    if (bodiless(rs->status)) {
        if (rs->status == 304 && rs->length >= 0)
            http_pack_tell(w, rs->length);
        write_head(w, LENGTH_NONE);
        return;
    }
    int64_t length = (int64_t)body.n;
    if (to_head && body.n == 0 && rs->length > 0)
        length = rs->length; /* told instead of made */
    else
        http_pack_whole(w, &body);
    write_head(w, body.n ? (int64_t)body.n : length);
    if (to_head)
        return;
    if (body.n <= HTTP_COPY)
        bw_buf_put(&w->out, body);
    else if (!keep(w, body))
        http_send(w, &body, 1, NULL);
}

static void begin_stream(struct http_work *w)
{
    struct http_res *rs = &w->rs;
    bool to_head = w->rq.method == HTTP_HEAD, none = bodiless(rs->status);
    enum coding c = none ? CODING_NONE : http_pack_choose(w, rs->length);
    w->sent = 0;
    http_pack_begin(w, c);
    int64_t length = none ? LENGTH_NONE : c != CODING_NONE ? LENGTH_STREAM : rs->length;
    w->chunked = length == LENGTH_STREAM && w->head.minor > 0;
    decide_last(w);
    if (length == LENGTH_STREAM && !w->chunked && !to_head)
        w->last = true; /* HTTP/1.0: the close is the end */
    write_head(w, length);
    rs->started = true;
}

/* One piece of a streamed body; the last one closes the coding. */
static bool send_piece(struct http_work *w, bw_str body, bool last, struct bw_err *e)
{
    if (w->rq.method == HTTP_HEAD || bodiless(w->rs.status))
        return http_send(w, NULL, 0, e);
    w->sent += (int64_t)body.n;
    if (w->coder) {
        bw_buf_clear(&w->packed);
        if (!compress_add(w->coder, body, last ? COMPRESS_END : COMPRESS_FLUSH, &w->packed))
            return bw_fail(e, BW_SYS, "could not compress the answer");
        body = bw_buf_str(&w->packed);
    }
    char size[HTTP_CHUNK_HEAD_MAX];
    bw_str pieces[4];
    unsigned n = 0;
    bool framed = w->chunked && body.n > 0;
    if (framed)
        pieces[n++] = bw_str_of(size, http_write_chunk_head(size, body.n));
    pieces[n++] = body;
    if (framed)
        pieces[n++] = BW_LIT("\r\n");
    if (w->chunked && last)
        pieces[n++] = BW_LIT(HTTP_LAST_CHUNK);
    return http_send(w, pieces, n, e);
}

static bw_str take_body(struct http_res *rs)
{
    bw_str body = rs->borrowed.p ? rs->borrowed : bw_buf_str(rs->body);
    rs->borrowed = bw_str_of(NULL, 0);
    return body;
}

bool http_answer_flush(struct http_res *rs, struct bw_err *e)
{
    struct http_work *w = rs->sink;
    bw_must(rs->status != 0);
    if (!bw_buf_ok(rs->body))
        return bw_fail(e, BW_SYS, "a piece of the answer is longer than memory allows");
    if (!rs->started)
        begin_stream(w);
    rs->sent = http_res_size(rs);
    bool ok = send_piece(w, take_body(rs), false, e);
    bw_buf_clear(rs->body);
    return ok;
}

static void end_stream(struct http_work *w)
{
    struct http_res *rs = &w->rs;
    bool counts = rs->length >= 0 && w->rq.method != HTTP_HEAD && !bodiless(rs->status);
    bool ok = !rs->broken && bw_buf_ok(rs->body) && send_piece(w, take_body(rs), true, NULL);
    http_pack_end(w);
    /* Cut short, or not as long as its head says: the peer must not take it for whole. */
    if (!ok || (counts && w->sent != rs->length))
        w->conn->broken = true;
}

void http_answer_finish(struct http_work *w)
{
    bw_must(w->rs.status != 0); /* a handler must answer */
    if (w->rs.started)
        end_stream(w);
    else
        whole(w);
    if (w->out.n > 0 && list_empty(&w->hook.node))
        loop_at_turn_end(w->conn->worker->loop, &w->hook);
}
