/* http.c: what handlers do with a request and its answer, whoever carries them. */
#include "net/http.h"

#include "core/limits.h"

static const bw_str method_names[] = {
#define X(name) {.p = #name, .n = sizeof(#name) - 1},
    HTTP_METHODS(X)
#undef X
};

enum http_method http_method_of(bw_str text)
{
    for (int m = 0; m < HTTP_OTHER; m++)
        if (bw_str_eq(text, method_names[m]))
            return (enum http_method)m;
    return HTTP_OTHER;
}

const char *http_method_name(enum http_method m)
{
    return method_names[m].p;
}

/* RFC 9110 §15 and the registry; gaps are statuses nobody here sends. */
static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {511, "Network Authentication Required"},
};

const char *http_reason(int status)
{
    if (status == 200)
        return "OK";
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

bw_str http_field_get(const struct http_field *f, size_t n, const char *name)
{
    bw_str wanted = bw_cstr(name);
    for (size_t i = 0; i < n; i++)
        if (f[i].name.n == wanted.n && bw_str_ieq(f[i].name, wanted))
            return f[i].value;
    return bw_str_of(NULL, 0);
}

bw_str http_req_field(const struct http_req *rq, const char *name)
{
    return http_field_get(rq->fields, rq->n_fields, name);
}

static bool gather(struct http_req *rq, struct bw_buf *b, bw_str first, struct bw_err *e)
{
    for (bw_str piece = first; piece.n > 0;) {
        bw_buf_put(b, piece);
        if (!bw_buf_ok(b))
            return bw_fail(e, BW_TOOBIG, "the body is longer than %zu bytes", rq->max_body);
        if (!rq->read(rq, &piece, e))
            return false;
    }
    return true;
}

bool http_req_body(struct http_req *rq, bw_str *body, struct bw_err *e)
{
    *body = BW_LIT("");
    if (rq->content_length == 0)
        return true;
    if (rq->content_length > 0 && (uint64_t)rq->content_length > rq->max_body)
        return bw_fail(e, BW_TOOBIG, "the body is longer than %zu bytes", rq->max_body);
    bw_str piece;
    if (!rq->read(rq, &piece, e))
        return false;
    if (rq->content_length > 0 && (size_t)rq->content_length == piece.n) { /* the usual case */
        *body = bw_arena_str(rq->arena, piece);
        return rq->read(rq, &piece, e);
    }
    struct bw_buf b;
    bw_buf_init(&b, rq->max_body);
    bool ok = gather(rq, &b, piece, e);
    if (ok)
        *body = bw_arena_str(rq->arena, bw_buf_str(&b));
    bw_buf_release(&b);
    return ok;
}

static bool value_valid(bw_str v)
{
    return !memchr(v.p, '\r', v.n) && !memchr(v.p, '\n', v.n) && !memchr(v.p, 0, v.n);
}

void http_res_field(struct http_res *rs, const char *name, bw_str value)
{
    bw_must(!rs->started);
    bw_must(value.n == 0 || value_valid(value));
    if (rs->n_fields == rs->cap_fields) {
        size_t cap = rs->cap_fields ? rs->cap_fields * 2 : 8;
        struct http_field *grown = BW_NEW_N(rs->rq->arena, struct http_field, cap);
        if (rs->n_fields)
            memcpy(grown, rs->fields, rs->n_fields * sizeof *grown);
        rs->fields = grown;
        rs->cap_fields = cap;
    }
    rs->fields[rs->n_fields++] =
        (struct http_field){.name = bw_cstr(name), .value = bw_arena_str(rs->rq->arena, value)};
}

void http_res_set(struct http_res *rs, const char *name, bw_str value)
{
    bw_str wanted = bw_cstr(name);
    size_t kept = 0;
    for (size_t i = 0; i < rs->n_fields; i++)
        if (!bw_str_ieq(rs->fields[i].name, wanted))
            rs->fields[kept++] = rs->fields[i];
    rs->n_fields = kept;
    http_res_field(rs, name, value);
}

bw_str http_res_get(const struct http_res *rs, const char *name)
{
    return http_field_get(rs->fields, rs->n_fields, name);
}

bool http_res_flush_some(struct http_res *rs, struct bw_err *e)
{
    return rs->body->n < LIMIT_HTTP_STREAM || rs->flush(rs, e);
}

int64_t http_res_size(const struct http_res *rs)
{
    return rs->sent + (int64_t)(rs->borrowed.p ? rs->borrowed.n : rs->body->n);
}
