/* problem.c: the one place where an error becomes an HTTP answer: application/problem+json of
 * RFC 9457. `type` is urn:burrow:problem:<code>, stable for programs; `instance` names the request
 * as the log does; `errorCode` and `errorText` repeat status and detail for clients of mORMot;
 * `errors` tells every field at fault. What went wrong inside (500, 502) is for the log only. */
#include "rest/req.h"

#include "core/log.h"
#include "orm/record.h"

static const char *const slugs[] = {
#define X(name, status, title) [BW_##name] = #name,
    BW_CODES(X)
#undef X
};

static bool inner(enum bw_code code)
{
    return code == BW_SYS || code == BW_DOWN;
}

static void write_type(struct bw_json_writer *w, enum bw_code code)
{
    char text[64] = "urn:burrow:problem:";
    size_t n = strlen(text);
    for (const char *p = slugs[code]; *p; p++)
        text[n++] = (char)(*p + ('a' - 'A'));
    bw_json_put_text(w, "type", bw_str_of(text, n));
}

static void write_fault(struct bw_json_writer *w, bw_str field, const char *rule, bw_str text)
{
    bw_json_object(w);
    bw_json_put_text(w, "field", field);
    if (rule)
        bw_json_put_text(w, "rule", bw_cstr(rule));
    bw_json_put_text(w, "detail", text);
    bw_json_end(w);
}

static void write_errors(struct bw_json_writer *w, const struct faults *f, const struct bw_err *e)
{
    bool one = e->field[0] && !inner(e->code);
    if (!one && !(f && f->n))
        return;
    bw_json_key(w, BW_LIT("errors"));
    bw_json_array(w);
    for (unsigned i = 0; f && i < f->n; i++)
        write_fault(w, f->at[i].field, f->at[i].rule, f->at[i].text);
    if (!f || f->n == 0)
        write_fault(w, bw_cstr(e->field), NULL, bw_cstr(e->text));
    bw_json_end(w);
}

/* What a peer may know of it. */
static bw_str detail_of(struct bw_req *rq, const struct bw_err *e)
{
    if (!inner(e->code))
        return bw_cstr(e->text);
    return bw_arena_printf(rq->arena,
                           "the server could not do this; its log tells why, under request %s",
                           req_name(rq));
}

static void write_head(struct bw_json_writer *w, const struct bw_err *e, bw_str detail)
{
    write_type(w, e->code);
    bw_json_put_text(w, "title", bw_cstr(bw_code_title(e->code)));
    bw_json_put_int(w, "status", bw_code_status(e->code));
    bw_json_put_text(w, "detail", detail);
}

void problem_write(struct bw_req *rq, const struct bw_err *e, const struct faults *f,
                   struct bw_json_writer *w)
{
    bw_json_object(w);
    write_head(w, e, detail_of(rq, e));
    write_errors(w, f, e);
    bw_json_end(w);
}

static void write_body(struct bw_req *rq, const struct bw_err *e, int status)
{
    bw_str detail = detail_of(rq, e), name = bw_cstr(req_name(rq));
    struct bw_json_writer *w = &rq->json;
    bw_json_init(w, rq->res->body);
    bw_json_object(w);
    write_head(w, e, detail);
    bool uuid = name.n == 36;
    bw_json_put_text(w, "instance",
                     bw_arena_printf(rq->arena, "%s%.*s",
                                     uuid ? "urn:uuid:" : "urn:burrow:request:", BW_FMT(name)));
    bw_json_put_int(w, "errorCode", status);
    bw_json_put_text(w, "errorText", detail);
    write_errors(w, rq->faults, e);
    bw_json_end(w);
}

static void tell_log(struct bw_req *rq, const struct bw_err *e, int status)
{
    if (status < 500)
        return;
    char trace[33];
    log_warn("rest", "request failed", LOG_CSTR("request", req_name(rq)),
             LOG_TEXT("method", rq->http->method_text), LOG_TEXT("path", rq->http->path),
             LOG_NUM("status", status), log_err(e), req_trace_field(rq, trace));
}

void problem_answer(struct bw_req *rq, const struct bw_err *e)
{
    struct http_res *rs = rq->res;
    int status = bw_code_status(e->code);
    tell_log(rq, e, status);
    if (rs->started) {
        log_debug("rest", "answer cut short", LOG_CSTR("request", req_name(rq)),
                  LOG_TEXT("path", rq->http->path), log_err(e));
        rs->broken = rs->close = true;
        return;
    }
    rs->status = status;
    rs->n_fields = 0; /* what the handler said belonged to the answer it could not give */
    rs->borrowed = (bw_str){0};
    rs->length = -1;
    rs->no_compress = false;
    bw_buf_clear(rs->body);
    http_res_set(rs, "Content-Type", BW_LIT("application/problem+json"));
    http_res_set(rs, "X-Request-Id", bw_cstr(req_name(rq)));
    if (e->code == BW_METHOD)
        req_allow(rq);
    if (e->code == BW_BUSY || e->code == BW_LIMITED)
        http_res_set(rs, "Retry-After", BW_LIT("1"));
    write_body(rq, e, status);
}
