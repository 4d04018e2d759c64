/* call_read.c: the parameters of a call, from a JSON array, a JSON object, or the query string,
 * each read by its descriptor. Every wrong, unknown or missing one is told, not only the first. */
#include "rest/call.h"

#include "core/hash.h"
#include "core/near.h"
#include "core/utf8.h"

static const char *const wanted[] = {
    [BW_TYPE_INT] = "an integer",     [BW_TYPE_REAL] = "a number",
    [BW_TYPE_TEXT] = "a text",        [BW_TYPE_BLOB] = "bytes in base64",
    [BW_TYPE_BOOL] = "true or false", [BW_TYPE_TIME] = "a time like 2026-11-23T23:04:18Z",
    [BW_TYPE_JSON] = "a JSON value",
};

static bw_str clip(bw_str s)
{
    return bw_str_of(s.p ? s.p : "", utf8_cut(s, s.n < 60 ? s.n : 60));
}

static bool wrong(struct bw_call *c, const struct bw_param *p)
{
    struct faults *f = c->rq->faults;
    if (p->type != BW_TYPE_ENUM) {
        fault_add(f, bw_cstr(p->name), "type", "parameter '%s' must be %s", p->name,
                  wanted[p->type]);
        return false;
    }
    struct bw_buf names;
    bw_buf_init(&names, 300);
    for (size_t i = 0; p->names[i]; i++) {
        bw_buf_put(&names, i ? BW_LIT(", ") : BW_LIT(""));
        bw_buf_put(&names, bw_cstr(p->names[i]));
    }
    fault_add(f, bw_cstr(p->name), "enum", "parameter '%s' must be one of: %s", p->name,
              bw_buf_cstr(&names));
    bw_buf_release(&names);
    return false;
}

static void unknown(struct bw_call *c, bw_str name)
{
    struct near near;
    near_init(&near, name);
    for (unsigned i = 0; i < c->n_in; i++)
        near_offer(&near, bw_cstr(c->method->in[i].name));
    char hint[96];
    name = clip(name);
    fault_add(c->rq->faults, bw_arena_str(c->rq->arena, name), "unknown",
              "%s.%s has no parameter '%.*s'%s", c->service->name, c->method->name, BW_FMT(name),
              near_hint(&near, hint));
}

/* ---- one value from text ---- */

static bool read_name(const struct bw_param *p, bw_str text, struct arg *a)
{
    for (int64_t i = 0; p->names[i]; i++)
        if (bw_str_eq(text, bw_cstr(p->names[i]))) {
            a->i = i;
            return true;
        }
    return false;
}

static void release(void *buf)
{
    bw_buf_release(buf);
}

static bool read_base64(struct bw_arena *arena, bw_str text, bool url, struct arg *a)
{
    struct bw_buf *out = BW_NEW(arena, struct bw_buf);
    bw_buf_init(out, text.n + 4);
    bw_arena_defer(arena, release, out);
    bool ok = base64_parse(text, out);
    if (!ok && url) { /* what a query string is better at */
        bw_buf_clear(out);
        ok = base64url_parse(text, out);
    }
    a->s = bw_buf_str(out);
    return ok;
}

static bool read_bool(bw_str text, struct arg *a)
{
    a->i = bw_str_eq(text, BW_LIT("true"));
    return a->i || bw_str_eq(text, BW_LIT("false"));
}

static bool read_text(struct bw_call *c, const struct bw_param *p, bw_str text, struct arg *a)
{
    a->s = text;
    switch (p->type) {
    case BW_TYPE_INT:
        return bw_str_int(text, &a->i);
    case BW_TYPE_REAL:
        return bw_str_real(text, &a->r);
    case BW_TYPE_BOOL:
        return read_bool(text, a);
    case BW_TYPE_TIME:
        return bw_time_parse(text, &a->i);
    case BW_TYPE_ENUM:
        return read_name(p, text, a);
    case BW_TYPE_BLOB:
        return read_base64(c->rq->arena, text, true, a);
    case BW_TYPE_JSON:
        return bw_json_valid(text, LIMIT_JSON_DEPTH);
    default:
        return true;
    }
}

/* ---- one value from JSON ---- */

static bool read_scalar(struct bw_call *c, const struct bw_param *p, struct bw_json_reader *r,
                        enum bw_json_kind kind, struct arg *a)
{
    a->i = 0;
    a->s = r->text;
    switch (p->type) {
    case BW_TYPE_INT:
        a->i = r->integer;
        return kind == BW_JSON_INT;
    case BW_TYPE_REAL:
        a->r = r->real;
        return kind == BW_JSON_REAL || kind == BW_JSON_INT;
    case BW_TYPE_BOOL:
        a->i = r->boolean;
        return kind == BW_JSON_BOOL;
    case BW_TYPE_BLOB:
        return kind == BW_JSON_TEXT && read_base64(c->rq->arena, r->text, false, a);
    case BW_TYPE_TIME:
    case BW_TYPE_ENUM:
        return kind == BW_JSON_TEXT && read_text(c, p, r->text, a);
    default:
        return kind == BW_JSON_TEXT;
    }
}

/* The value's beginning has been read, but for JSON parameters, whose text is taken whole. */
static void take_value(struct bw_call *c, unsigned i, struct bw_json_reader *r,
                       enum bw_json_kind kind)
{
    const struct bw_param *p = &c->method->in[i];
    struct arg *a = &c->args[i];
    a->seen = true;
    if (kind == BW_JSON_NULL && p->optional)
        return;
    a->given = read_scalar(c, p, r, kind, a);
    if (!a->given)
        wrong(c, p);
    bw_json_skip(r, kind);
}

static void take_json(struct bw_call *c, unsigned i, struct bw_json_reader *r)
{
    struct arg *a = &c->args[i];
    a->seen = true;
    a->given = bw_json_whole(r, &a->s);
}

static int place_of(const struct bw_call *c, bw_str name)
{
    for (unsigned i = 0; i < c->n_in; i++)
        if (bw_str_eq(name, bw_cstr(c->method->in[i].name)))
            return (int)i;
    return -1;
}

static void read_member(struct bw_call *c, struct bw_json_reader *r, bw_str name)
{
    int i = place_of(c, name);
    if (i < 0) {
        unknown(c, name);
        bw_json_skip(r, bw_json_next(r));
    } else if (c->args[i].seen) {
        bw_json_refuse(r, "parameter '%s' stands twice", c->method->in[i].name);
    } else if (c->method->in[i].type == BW_TYPE_JSON) {
        take_json(c, (unsigned)i, r);
    } else {
        take_value(c, (unsigned)i, r, bw_json_next(r));
    }
}

static void read_object(struct bw_call *c, struct bw_json_reader *r)
{
    bw_str name;
    while (bw_json_member(r, &name))
        read_member(c, r, name);
}

static void too_many(struct bw_call *c, struct bw_json_reader *r, enum bw_json_kind kind)
{
    unsigned n = c->n_in;
    for (; kind != BW_JSON_END && kind != BW_JSON_ERROR; kind = bw_json_next(r), n++)
        bw_json_skip(r, kind);
    bw_json_refuse(r, "%s.%s takes %u parameter%s, %u were given", c->service->name,
                   c->method->name, c->n_in, c->n_in == 1 ? "" : "s", n);
}

/* A JSON parameter must be read whole, so what stands next is looked at before it is begun. */
static bool more(const struct bw_json_reader *r)
{
    const char *p = r->at;
    while (p < r->end && (strchr(" \t\r\n,", *p) && *p))
        p++;
    return p < r->end && *p != ']';
}

static void read_array(struct bw_call *c, struct bw_json_reader *r)
{
    for (unsigned i = 0; !r->failed; i++) {
        if (i < c->n_in && c->method->in[i].type == BW_TYPE_JSON && more(r)) {
            take_json(c, i, r);
            continue;
        }
        enum bw_json_kind kind = bw_json_next(r);
        if (kind == BW_JSON_END || kind == BW_JSON_ERROR)
            return;
        if (i < c->n_in)
            take_value(c, i, r, kind);
        else
            too_many(c, r, kind);
    }
}

static bool read_body(struct bw_call *c, bw_str body, struct bw_err *e)
{
    struct bw_json_reader r;
    bw_json_open(&r, c->rq->arena, body);
    switch (bw_json_next(&r)) {
    case BW_JSON_ARRAY:
        read_array(c, &r);
        break;
    case BW_JSON_OBJECT:
        read_object(c, &r);
        break;
    default:
        bw_json_refuse(&r, "the parameters must be a JSON array or object");
    }
    return bw_json_finish(&r) || bw_json_fail(&r, e);
}

/* ---- query string ---- */

static bool read_query(struct bw_call *c, struct bw_err *e)
{
    struct bw_req *rq = c->rq;
    if (!req_params(rq, e))
        return false;
    for (unsigned k = 0; k < rq->n_params; k++) {
        int i = place_of(c, rq->params[k].name);
        if (i < 0) {
            unknown(c, rq->params[k].name);
            continue;
        }
        struct arg *a = &c->args[i];
        const struct bw_param *p = &c->method->in[i];
        if (a->seen)
            return bw_fail(e, BW_BAD, "parameter '%s' stands twice", p->name);
        a->seen = true;
        a->given = read_text(c, p, rq->params[k].value, a) || wrong(c, p);
    }
    return true;
}

/* ---- all ---- */

static bool check(struct bw_call *c, struct bw_err *e)
{
    struct faults *f = c->rq->faults;
    for (unsigned i = 0; i < c->n_in; i++) {
        const struct bw_param *p = &c->method->in[i];
        if (!p->optional && !c->args[i].seen)
            fault_add(f, bw_cstr(p->name), "required", "parameter '%s' (%s) is missing", p->name,
                      p->type == BW_TYPE_ENUM ? "a name" : wanted[p->type]);
    }
    if (faults_fail(f, e))
        return true;
    if (e)
        e->code = BW_BAD;
    return false;
}

bool call_read(struct bw_call *c, struct bw_err *e)
{
    struct bw_req *rq = c->rq;
    bw_str body = BW_LIT("");
    if (rq->http->method == HTTP_POST && !http_req_body(rq->http, &body, e))
        return false;
    if (body.n && rq->http->query.n)
        return bw_fail(e, BW_BAD,
                       "the parameters stand in the body; the URL may have none besides");
    rq->faults = BW_NEW(rq->arena, struct faults);
    rq->faults->arena = rq->arena;
    return (body.n ? read_body(c, body, e) : read_query(c, e)) && check(c, e);
}
