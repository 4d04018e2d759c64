/* inprocess.c: see inprocess.h. The request has an arena of its own that ends with it; what the
 * answer keeps is copied to the caller's, but for the body, whose buffer is handed over. */
#include "rest/inprocess.h"

#include "core/uri.h"
#include "rest/server.h"

#define ANSWER_MAX (64u * 1024 * 1024)

struct exchange {
    const struct inprocess_ask *ask;
    struct inprocess_answer *answer;
    struct http_req rq;
    struct http_res rs;
    struct bw_buf *body; /* malloc'd with its own bytes: lives as long as the answer */
    bool body_given, head;
    struct bw_err broke; /* why read or write failed */
    bool failed;
};

static bool keep(struct exchange *x, const struct bw_err *why)
{
    if (!x->failed)
        x->broke = *why;
    x->failed = true;
    return false;
}

static bool take_piece(struct exchange *x, bw_str *piece, struct bw_err *e)
{
    if (x->ask->read)
        return x->ask->read(x->ask->arg, piece, e);
    *piece = x->body_given ? BW_LIT("") : x->ask->body;
    x->body_given = true;
    return true;
}

static bool read_body(struct http_req *rq, bw_str *piece, struct bw_err *e)
{
    struct exchange *x = rq->source;
    struct bw_err why;
    if (take_piece(x, piece, &why)) {
        rq->received += (int64_t)piece->n;
        return true;
    }
    keep(x, &why);
    if (e)
        *e = why;
    return false;
}

/* Status and fields, once, to where they outlive the request. */
static void fix_head(struct exchange *x)
{
    struct http_res *rs = &x->rs;
    struct inprocess_answer *a = x->answer;
    if (rs->started)
        return;
    rs->started = true;
    a->status = rs->status;
    a->n_fields = rs->n_fields;
    struct http_field *copy = BW_NEW_N(a->arena, struct http_field, rs->n_fields);
    for (size_t i = 0; i < rs->n_fields; i++) {
        copy[i].name = bw_arena_str(a->arena, rs->fields[i].name);
        copy[i].value = bw_arena_str(a->arena, rs->fields[i].value);
    }
    a->fields = copy;
}

static bool write_piece(struct exchange *x, bw_str piece, struct bw_err *e)
{
    struct bw_err why;
    if (piece.n == 0 || x->head || x->ask->write(x->ask->arg, x->answer, piece, &why))
        return true;
    keep(x, &why);
    if (e)
        *e = why;
    return false;
}

/* A collected answer stays open to the end: a handler that fails late still gets its problem told
 * whole, which a socket could not. */
static bool flush(struct http_res *rs, struct bw_err *e)
{
    struct exchange *x = rs->sink;
    if (!bw_buf_ok(rs->body))
        return bw_fail(e, BW_TOOBIG, "the answer passed %zu bytes in memory", rs->body->max);
    if (!x->ask->write)
        return true;
    fix_head(x);
    rs->sent = http_res_size(rs);
    bool ok = write_piece(x, bw_buf_str(rs->body), e);
    bw_buf_clear(rs->body);
    return ok;
}

static void free_body(void *arg)
{
    struct bw_buf *b = arg;
    bw_buf_release(b);
    free(b);
}

static void prepare(struct exchange *x, struct bw_arena *own)
{
    const struct inprocess_ask *ask = x->ask;
    bw_str query = ask->target, path;
    bw_str_cut(&query, '?', &path);
    x->head = bw_str_eq(ask->method, BW_LIT("HEAD"));
    x->rq = (struct http_req){
        .method = http_method_of(ask->method),
        .method_text = ask->method,
        .path = path,
        .query = query.p ? query : BW_LIT(""),
        .host = BW_LIT("localhost"),
        .peer = BW_LIT("inprocess"),
        .fields = ask->fields,
        .n_fields = ask->n_fields,
        .content_length = ask->read ? -1 : (int64_t)ask->body.n,
        .arena = own,
        .deadline = ask->deadline,
        .read = read_body,
        .source = x,
    };
    x->body = malloc(sizeof *x->body);
    bw_must(x->body);
    bw_buf_init(x->body, ask->max_answer ? ask->max_answer : ANSWER_MAX);
    x->rs =
        (struct http_res){.body = x->body, .length = -1, .rq = &x->rq, .flush = flush, .sink = x};
}

static bool finish(struct exchange *x, struct bw_err *e)
{
    struct http_res *rs = &x->rs;
    bool whole = !rs->broken;
    if (rs->borrowed.p && whole)
        bw_buf_put(rs->body, rs->borrowed);
    fix_head(x);
    if (x->ask->write && whole && bw_buf_ok(rs->body)) {
        whole = write_piece(x, bw_buf_str(rs->body), NULL);
        bw_buf_clear(rs->body);
    }
    if (!bw_buf_ok(rs->body))
        return bw_fail(e, BW_TOOBIG, "the answer passed %zu bytes in memory", rs->body->max);
    x->answer->body = x->head || x->ask->write ? BW_LIT("") : bw_buf_str(rs->body);
    if (whole)
        return true;
    if (!x->failed)
        return bw_fail(e, BW_DOWN, "the answer broke off; the log tells why");
    if (e)
        *e = x->broke;
    return false;
}

bool inprocess_ask(struct bw_server *s, const struct inprocess_ask *ask,
                   struct inprocess_answer *answer, struct bw_err *e)
{
    struct bw_arena own;
    bw_arena_init(&own);
    struct exchange x = {.ask = ask, .answer = answer};
    prepare(&x, &own);
    bw_arena_defer(answer->arena, free_body, x.body);
    server_handle(&x.rq, &x.rs, s);
    bool ok = finish(&x, e);
    bw_arena_release(&own);
    return ok;
}
