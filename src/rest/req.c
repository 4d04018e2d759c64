/* req.c: what handlers ask of a request: parameters of the query string, parts of the path,
 * preferences, media types. Everything is read when asked for, into the request's arena. */
#include "rest/req.h"

#include "core/hash.h"
#include "core/log.h"
#include "core/near.h"
#include "core/uri.h"
#include "core/utf8.h"

/* ---- query string ---- */

static bool read_params(struct bw_req *rq, struct bw_err *e)
{
    bw_str rest = rq->http->query, name, value;
    while (uri_query_next(&rest, &name, &value)) {
        if (name.n == 0 && value.n == 0)
            continue;
        if (rq->n_params == REQ_PARAMS)
            return bw_fail(e, BW_BAD, "the URL has more than %d query parameters", REQ_PARAMS);
        struct req_param *p = &rq->params[rq->n_params];
        p->name = uri_decode(rq->arena, name, true);
        p->value = uri_decode(rq->arena, value, true);
        if (!p->name.p || !p->value.p || !utf8_valid(p->name) || !utf8_valid(p->value))
            return bw_fail(e, BW_BAD,
                           "query parameter '%.*s' is not percent-encoded UTF-8; write a '%%' "
                           "itself as %%25",
                           (int)(name.n < 64 ? name.n : 64), name.p);
        rq->n_params++;
    }
    return true;
}

bool req_params(struct bw_req *rq, struct bw_err *e)
{
    if (rq->params_read)
        return true;
    rq->n_params = 0;
    if (rq->http->query.n == 0) {
        rq->params_read = true;
        return true;
    }
    rq->params = BW_NEW_N(rq->arena, struct req_param, REQ_PARAMS);
    if (!read_params(rq, e)) {
        rq->n_params = 0;
        return false;
    }
    rq->params_read = true;
    return true;
}

bw_str req_param(struct bw_req *rq, const char *name)
{
    if (!req_params(rq, NULL))
        return (bw_str){0};
    for (unsigned i = 0; i < rq->n_params; i++)
        if (bw_str_eq(rq->params[i].name, bw_cstr(name)))
            return rq->params[i].value;
    return (bw_str){0};
}

static bool known_param(bw_str name, const char *const *known, struct bw_err *e)
{
    struct near near;
    near_init(&near, name);
    for (; *known; known++) {
        if (bw_str_eq(name, bw_cstr(*known)))
            return true;
        near_offer(&near, bw_cstr(*known));
    }
    char hint[96];
    bw_str shown = bw_str_of(name.p, utf8_cut(name, name.n < 63 ? name.n : 63));
    bw_fail(e, BW_BAD, "unknown query parameter '%.*s'%s", BW_FMT(shown), near_hint(&near, hint));
    if (e) {
        memcpy(e->field, shown.p, shown.n);
        e->field[shown.n] = 0;
    }
    return false;
}

bool req_only_params(struct bw_req *rq, const char *const *known, struct bw_err *e)
{
    if (!req_params(rq, e))
        return false;
    for (unsigned i = 0; i < rq->n_params; i++)
        if (!known_param(rq->params[i].name, known, e))
            return false;
    return true;
}

/* ---- path ---- */

bw_str req_part(const struct bw_req *rq, const char *name)
{
    for (unsigned i = 0; i < rq->match.n_parts; i++)
        if (bw_str_eq(rq->match.names[i], bw_cstr(name)))
            return uri_decode(rq->arena, rq->match.parts[i], false);
    return (bw_str){0};
}

bool req_id(const struct bw_req *rq, int64_t *id, struct bw_err *e)
{
    bw_str text = req_part(rq, "id");
    if (text.p && bw_str_int(text, id) && *id > 0)
        return true;
    const struct table *t = rq->endpoint->table;
    bw_str shown = bw_str_of(text.p, utf8_cut(text, text.n < 64 ? text.n : 64));
    return bw_fail(e, BW_MISSING, "no %.*s '%.*s': an id is an integer from 1",
                   t ? (int)t->name.n : 6, t ? t->name.p : "record", BW_FMT(shown));
}

/* ---- header fields ---- */

/* The next "name[=value]" of a list; what stands behind ';' is dropped. */
static bool next_preference(bw_str *rest, bw_str *name, bw_str *value)
{
    bw_str item, tail;
    if (!bw_str_cut(rest, ',', &item))
        return false;
    bw_str_cut(&item, ';', &tail);
    bw_str_cut(&tail, '=', name);
    *name = bw_str_trim(*name);
    *value = tail.p ? bw_str_trim(tail) : BW_LIT("");
    if (value->n >= 2 && value->p[0] == '"' && value->p[value->n - 1] == '"')
        *value = bw_str_of(value->p + 1, value->n - 2);
    return true;
}

bw_str req_prefer(const struct bw_req *rq, const char *name)
{
    bw_str rest = bw_req_header(rq, "prefer"), got, value;
    if (!rest.p)
        return (bw_str){0};
    while (next_preference(&rest, &got, &value))
        if (bw_str_ieq(got, bw_cstr(name)))
            return value;
    return (bw_str){0};
}

static bool refuse_media(bw_str got, const char *const *types, struct bw_err *e)
{
    struct bw_buf list;
    bw_buf_init(&list, 400);
    for (size_t i = 0; types[i]; i++) {
        bw_buf_put(&list, i ? BW_LIT(" or ") : BW_LIT(""));
        bw_buf_put(&list, bw_cstr(types[i]));
    }
    got.n = got.n < 100 ? got.n : 100;
    bw_fail(e, BW_MEDIA, "a body of Content-Type '%.*s' is not taken here; send %s", BW_FMT(got),
            bw_buf_cstr(&list));
    bw_buf_release(&list);
    return false;
}

bool req_media(const struct bw_req *rq, const char *const *types, struct bw_err *e)
{
    if (rq->http->content_length == 0)
        return true;
    bw_str got = http_req_field(rq->http, "content-type"), type;
    if (!got.p)
        return true; /* RFC 9110 §8.3 lets the recipient assume: what this path takes */
    bw_str_cut(&got, ';', &type);
    type = bw_str_trim(type);
    for (size_t i = 0; types[i]; i++)
        if (bw_str_ieq(type, bw_cstr(types[i])) || strcmp(types[i], "*/*") == 0)
            return true;
    return refuse_media(type, types, e);
}

/* ---- name ---- */

static bool harmless(bw_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
            return false;
    }
    return s.n > 0 && s.n <= 36;
}

static void draw_uuid(char out[37])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char r[16];
    hash_random(r, sizeof r);
    r[6] = (unsigned char)(0x40 | (r[6] & 0x0f)); /* RFC 9562: version 4 */
    r[8] = (unsigned char)(0x80 | (r[8] & 0x3f));
    for (unsigned i = 0; i < 16; i++) {
        *out++ = digits[r[i] >> 4];
        *out++ = digits[r[i] & 15];
        if (i == 3 || i == 5 || i == 7 || i == 9)
            *out++ = '-';
    }
    *out = 0;
}

const char *req_name(struct bw_req *rq)
{
    if (rq->name[0])
        return rq->name;
    bw_str given = http_req_field(rq->http, "x-request-id");
    if (given.p && harmless(given)) {
        memcpy(rq->name, given.p, given.n);
        rq->name[given.n] = 0;
    } else {
        draw_uuid(rq->name);
    }
    return rq->name;
}

struct log_field req_trace_field(struct bw_req *rq, char id[33])
{
    trace_id(&rq->trace, id);
    return id[0] ? LOG_CSTR("trace", id) : (struct log_field){.key = NULL};
}

void req_allow(struct bw_req *rq)
{
    struct bw_buf list;
    bw_buf_init(&list, 256);
    for (unsigned m = HTTP_GET; m < HTTP_OTHER; m++) {
        if (!(rq->match.allowed >> m & 1))
            continue;
        bw_buf_put(&list, list.n ? BW_LIT(", ") : BW_LIT(""));
        bw_buf_put(&list, bw_cstr(http_method_name(m)));
    }
    http_res_set(rq->res, "Allow", bw_buf_str(&list));
    bw_buf_release(&list);
}
