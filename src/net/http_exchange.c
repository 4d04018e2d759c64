/* http_exchange.c: a request on its way and its answer. The head is copied into the exchange; the
 * body is lent piecewise from the connection's buffer. A connection goes back to the pool only when
 * request and answer are complete, the peer keeps it open, and nothing stands behind the answer. */
#include "net/http_exchange_int.h"

#include "core/limits.h"
#include "net/http_write.h"

static void drop_carrier(struct http_exchange *x)
{
    if (x->carrier)
        x->carrier->kind->close(x->carrier);
    x->carrier = NULL;
}

static bool fail_broken(struct http_exchange *x, const char *doing, struct bw_err *e)
{
    drop_carrier(x);
    return bw_because(e, "%s %.*s", doing, BW_FMT(x->uri.host));
}

static bool put(struct http_exchange *x, const bw_str *pieces, unsigned n, struct bw_err *e)
{
    struct carrier *c = x->carrier;
    return c->stuck || c->kind->write(c, pieces, n, x->deadline, e);
}

/* The pooled connection had been closed by the peer before it saw the request. */
static bool again(struct http_exchange *x, struct bw_err *e)
{
    drop_carrier(x);
    x->may_retry = false;
    bw_str out = bw_buf_str(&x->out);
    return http_exchange_connect(x, true, e) &&
           (put(x, &out, 1, e) || fail_broken(x, "sending to", e));
}

static bool is_stale(const struct http_exchange *x, const struct bw_err *e)
{
    return x->reused && x->may_retry && e->code == BW_DOWN;
}

bool http_exchange_begin(struct http_exchange *x, bw_str later, struct bw_err *e)
{
    struct bw_err why = {0};
    bw_str pieces[2] = {bw_buf_str(&x->out), later};
    if (put(x, pieces, later.n ? 2 : 1, &why))
        return true;
    if (is_stale(x, &why))
        return again(x, e);
    if (e)
        *e = why;
    return fail_broken(x, "sending to", e);
}

bool http_exchange_send(struct http_exchange *x, bw_str piece, struct bw_err *e)
{
    char head[HTTP_CHUNK_HEAD_MAX];
    if (!x->carrier)
        return bw_fail(e, BW_DOWN, "the connection is closed");
    if (x->chunked_out && !piece.p) {
        x->chunked_out = false;
        return put(x, &BW_LIT(HTTP_LAST_CHUNK), 1, e) || fail_broken(x, "sending to", e);
    }
    if (piece.n == 0)
        return true;
    bw_must(x->chunked_out || (uint64_t)x->left_out >= piece.n);
    if (!x->chunked_out) {
        x->left_out -= (int64_t)piece.n;
        return put(x, &piece, 1, e) || fail_broken(x, "sending to", e);
    }
    bw_str chunk[] = {{head, http_write_chunk_head(head, piece.n)}, piece, BW_LIT("\r\n")};
    return put(x, chunk, 3, e) || fail_broken(x, "sending to", e);
}

/* The head's own copy: the buffer it stands in is used for the body. */
static void keep_head(struct http_exchange *x, const struct http_parse *p)
{
    struct carrier *c = x->carrier;
    const char *from = carrier_bytes(c).p;
    char *to = bw_arena_alloc(&x->arena, p->used);
    memcpy(to, from, p->used);
    x->fields = BW_NEW_N(&x->arena, struct http_field, p->n_fields);
    for (size_t i = 0; i < p->n_fields; i++) {
        x->fields[i].name = bw_str_of(to + (p->fields[i].name.p - from), p->fields[i].name.n);
        x->fields[i].value = bw_str_of(to + (p->fields[i].value.p - from), p->fields[i].value.n);
    }
    x->n_fields = p->n_fields;
    x->status = p->status;
    x->keep_alive = p->keep_alive;
    x->left = p->content_length;
    x->complete = x->left == 0;
    http_chunk_init(&x->chunk);
    c->at += p->used;
}

static bool read_head(struct http_exchange *x, struct http_parse *p, struct bw_err *e)
{
    struct carrier *c = x->carrier;
    for (;;) {
        bw_str bytes = carrier_bytes(c);
        enum http_parsed r =
            bytes.n ? http_parse_response(p, bytes.p, bytes.n, x->to_head) : HTTP_PARSE_MORE;
        if (r == HTTP_PARSE_DONE)
            return true;
        if (r == HTTP_PARSE_REFUSED)
            return bw_fail(e, BW_DOWN, "the answer is not HTTP/1.1: %s", p->why);
        if (!c->kind->more(c, x->deadline, e))
            return false;
        if (c->ended)
            return bw_fail(e, BW_DOWN, "the connection was closed %s",
                           carrier_bytes(c).n ? "in the middle of the answer's head"
                                              : "without an answer");
    }
}

/* Skips interim answers (100, 103); a switch of protocols was not asked for. */
static bool read_final_head(struct http_exchange *x, struct bw_err *e)
{
    struct http_field fields[LIMIT_HTTP_FIELDS];
    struct http_parse p;
    do {
        http_parse_init(&p, fields, LIMIT_HTTP_FIELDS);
        if (!read_head(x, &p, e))
            return false;
        if (p.status == 101)
            return bw_fail(e, BW_DOWN, "the peer switches protocols unasked");
        x->may_retry = false; /* it has answered */
        if (p.status / 100 == 1)
            x->carrier->at += p.used;
    } while (p.status / 100 == 1);
    keep_head(x, &p);
    return true;
}

bool http_exchange_head(struct http_exchange *x, struct bw_err *e)
{
    if (x->status)
        return true;
    if (!x->carrier)
        return bw_fail(e, BW_DOWN, "the connection is closed");
    bw_must(x->carrier->stuck || (!x->chunked_out && x->left_out == 0)); /* send it all first */
    struct bw_err why = {0};
    bool ok = read_final_head(x, &why);
    if (!ok && is_stale(x, &why) && carrier_bytes(x->carrier).n == 0) {
        if (!again(x, e))
            return false;
        ok = read_final_head(x, &why);
    }
    if (ok)
        return true;
    if (e)
        *e = why;
    return fail_broken(x, "waiting for the answer of", e);
}

int http_exchange_status(const struct http_exchange *x)
{
    return x->status;
}

bw_str http_exchange_field(const struct http_exchange *x, const char *name)
{
    return http_field_get(x->fields, x->n_fields, name);
}

/* Of a chunked body: false when more bytes are needed. */
static bool next_chunk(struct http_exchange *x, bw_str *piece, struct bw_err *e)
{
    struct carrier *c = x->carrier;
    bw_str in = carrier_bytes(c);
    enum http_chunked r = http_chunk_next(&x->chunk, &in, piece);
    c->at = c->in.n - in.n;
    if (r == HTTP_CHUNK_REFUSED)
        return bw_fail(e, BW_DOWN, "the answer's body is malformed: %s", x->chunk.why);
    x->complete = r == HTTP_CHUNK_END;
    if (r != HTTP_CHUNK_DATA)
        *piece = bw_str_of("", 0);
    return true;
}

static void next_plain(struct http_exchange *x, bw_str *piece)
{
    struct carrier *c = x->carrier;
    *piece = carrier_bytes(c);
    if (x->left >= 0 && piece->n > (uint64_t)x->left)
        piece->n = (size_t)x->left;
    c->at += piece->n;
    if (x->left >= 0) {
        x->left -= (int64_t)piece->n;
        x->complete = x->left == 0;
    }
}

static bool read_piece(struct http_exchange *x, bw_str *piece, struct bw_err *e)
{
    struct carrier *c = x->carrier;
    for (;;) {
        *piece = bw_str_of("", 0);
        if (x->left != HTTP_LENGTH_CHUNKED)
            next_plain(x, piece);
        else if (carrier_bytes(c).n && !next_chunk(x, piece, e))
            return false;
        if (piece->n || x->complete)
            return true;
        if (!c->kind->more(c, x->deadline, e))
            return false;
        if (!c->ended)
            continue;
        x->complete = x->left == HTTP_LENGTH_CLOSE;
        return x->complete || bw_fail(e, BW_DOWN, "the connection was closed in the middle of it");
    }
}

bool http_exchange_read(struct http_exchange *x, bw_str *piece, struct bw_err *e)
{
    *piece = bw_str_of("", 0);
    if (!http_exchange_head(x, e))
        return false;
    if (x->complete)
        return true;
    if (!x->carrier)
        return bw_fail(e, BW_DOWN, "the connection is closed");
    return read_piece(x, piece, e) || fail_broken(x, "reading the answer of", e);
}

bool http_exchange_body(struct http_exchange *x, size_t max, struct bw_buf *out, struct bw_err *e)
{
    bw_str piece;
    for (size_t n = 0;;) {
        if (!http_exchange_read(x, &piece, e))
            return false;
        if (piece.n == 0)
            return true;
        if (piece.n > max - n)
            return bw_fail(e, BW_TOOBIG, "the answer of %.*s is larger than %zu bytes",
                           BW_FMT(x->uri.host), max);
        n += piece.n;
        bw_buf_put(out, piece);
        if (!bw_buf_ok(out))
            return bw_fail(e, BW_TOOBIG, "the answer is larger than its buffer may grow");
    }
}

void http_exchange_free(struct http_exchange *x)
{
    if (!x)
        return;
    struct carrier *c = x->carrier;
    if (x->status)
        span_int(x->span, "http.response.status_code", x->status);
    if (!x->status || x->status >= 400)
        span_fail(x->span, BW_LIT(""));
    span_end(x->span);
    bool sent = !x->chunked_out && x->left_out == 0;
    if (c && sent && x->status && x->complete && x->keep_alive && !c->stuck && !c->ended &&
        carrier_bytes(c).n == 0)
        http_client_rest(x->client, c);
    else
        drop_carrier(x);
    bw_buf_release(&x->out);
    bw_arena_release(&x->arena);
    free(x);
}
