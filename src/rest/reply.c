/* reply.c: the public face of a request and its answer (route.h), for routes written in C. */
#include "rest/req.h"

#include "core/uri.h"

bw_str bw_req_method(const struct bw_req *rq)
{
    return rq->http->method_text;
}

bw_str bw_req_path(const struct bw_req *rq)
{
    bw_str decoded = uri_decode(rq->arena, rq->http->path, false);
    return decoded.p ? decoded : rq->http->path;
}

bw_str bw_req_part(struct bw_req *rq, const char *name)
{
    return req_part(rq, name);
}

bw_str bw_req_query(struct bw_req *rq, const char *name)
{
    return req_param(rq, name);
}

bw_str bw_req_header(const struct bw_req *rq, const char *name)
{
    bw_str all = {0};
    for (size_t i = 0; i < rq->http->n_fields; i++) {
        const struct http_field *f = &rq->http->fields[i];
        if (!bw_str_ieq(f->name, bw_cstr(name)))
            continue;
        all = all.p ? bw_arena_printf(rq->arena, "%.*s, %.*s", BW_FMT(all), BW_FMT(f->value))
                    : f->value;
    }
    return all;
}

bool bw_req_body(struct bw_req *rq, bw_str *body, struct bw_err *e)
{
    return http_req_body(rq->http, body, e);
}

bool bw_req_read(struct bw_req *rq, bw_str *chunk, struct bw_err *e)
{
    return rq->http->read(rq->http, chunk, e);
}

struct bw_arena *bw_req_arena(struct bw_req *rq)
{
    return rq->arena;
}

struct bw_server *bw_req_server(struct bw_req *rq)
{
    return rq->server;
}

bool bw_reply_status(struct bw_req *rq, int status)
{
    bw_must(status >= 200 && status <= 599);
    rq->res->status = status;
    return true;
}

bool bw_reply_header(struct bw_req *rq, const char *name, bw_str value)
{
    http_res_set(rq->res, name, value);
    return true;
}

bool bw_reply(struct bw_req *rq, const char *content_type, bw_str body)
{
    http_res_set(rq->res, "Content-Type", bw_cstr(content_type));
    bw_buf_put(rq->res->body, body);
    return true;
}

struct bw_json_writer *bw_reply_json(struct bw_req *rq)
{
    http_res_set(rq->res, "Content-Type", BW_LIT("application/json"));
    bw_json_init(&rq->json, rq->res->body);
    return &rq->json;
}

bool bw_reply_flush(struct bw_req *rq, struct bw_err *e)
{
    return http_res_flush_some(rq->res, e);
}

bool bw_reply_write(struct bw_req *rq, bw_str bytes, struct bw_err *e)
{
    /* Pieces, so that one large write cannot pass the buffer's maximum. */
    while (bytes.n) {
        size_t n = bytes.n < LIMIT_HTTP_STREAM ? bytes.n : LIMIT_HTTP_STREAM;
        bw_buf_add(rq->res->body, bytes.p, n);
        bytes = bw_str_of(bytes.p + n, bytes.n - n);
        if (!http_res_flush_some(rq->res, e))
            return false;
    }
    return true;
}
