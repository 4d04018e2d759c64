/* call.c: what a method's function asks of its call (service.h). Results are written into the
 * answer as they are given, so no text needs to live longer than the bw_give_… call. */
#include "rest/call.h"

static const struct arg *need(const struct bw_call *c, unsigned i, enum bw_type type)
{
    bw_must(i < c->n_in && c->method->in[i].type == type);
    return &c->args[i];
}

bool bw_arg_given(const struct bw_call *c, unsigned i)
{
    bw_must(i < c->n_in);
    return c->args[i].given;
}

int64_t bw_arg_int(const struct bw_call *c, unsigned i)
{
    return need(c, i, BW_TYPE_INT)->i;
}

double bw_arg_real(const struct bw_call *c, unsigned i)
{
    return need(c, i, BW_TYPE_REAL)->r;
}

bool bw_arg_bool(const struct bw_call *c, unsigned i)
{
    return need(c, i, BW_TYPE_BOOL)->i != 0;
}

bw_str bw_arg_text(const struct bw_call *c, unsigned i)
{
    bw_must(i < c->n_in);
    enum bw_type t = c->method->in[i].type;
    bw_must(t == BW_TYPE_TEXT || t == BW_TYPE_BLOB || t == BW_TYPE_JSON);
    return c->args[i].s;
}

bw_time bw_arg_time(const struct bw_call *c, unsigned i)
{
    return need(c, i, BW_TYPE_TIME)->i;
}

int bw_arg_enum(const struct bw_call *c, unsigned i)
{
    return (int)need(c, i, BW_TYPE_ENUM)->i;
}

/* ---- results ---- */

static const struct bw_param *next(struct bw_call *c)
{
    bw_must(c->n_given < c->n_out);
    return &c->method->out[c->n_given++];
}

static void next_of(struct bw_call *c, enum bw_type type)
{
    bw_must(next(c)->type == type);
}

static void give_name(struct bw_call *c, const struct bw_param *p, int64_t place)
{
    for (int64_t i = 0; p->names[i]; i++)
        if (i == place) {
            bw_json_text(&c->out, bw_cstr(p->names[i]));
            return;
        }
    bw_json_null(&c->out);
}

bool bw_give_int(struct bw_call *c, int64_t v)
{
    const struct bw_param *p = next(c);
    bw_must(p->type == BW_TYPE_INT || p->type == BW_TYPE_ENUM);
    if (p->type == BW_TYPE_ENUM)
        give_name(c, p, v);
    else
        bw_json_int(&c->out, v);
    return true;
}

bool bw_give_real(struct bw_call *c, double v)
{
    next_of(c, BW_TYPE_REAL);
    bw_json_real(&c->out, v);
    return true;
}

bool bw_give_bool(struct bw_call *c, bool v)
{
    next_of(c, BW_TYPE_BOOL);
    bw_json_bool(&c->out, v);
    return true;
}

bool bw_give_text(struct bw_call *c, bw_str s)
{
    const struct bw_param *p = next(c);
    bw_must(p->type == BW_TYPE_TEXT || p->type == BW_TYPE_BLOB || p->type == BW_TYPE_ENUM);
    if (p->type == BW_TYPE_BLOB && s.p)
        bw_json_base64(&c->out, s);
    else
        bw_json_text(&c->out, s);
    return true;
}

bool bw_give_time(struct bw_call *c, bw_time t)
{
    next_of(c, BW_TYPE_TIME);
    bw_json_time(&c->out, t);
    return true;
}

bool bw_give_json(struct bw_call *c, bw_str json)
{
    const struct bw_param *p = next(c);
    bw_must(p->type == BW_TYPE_JSON);
    if (!json.p) {
        bw_json_null(&c->out);
    } else if (bw_json_valid(json, LIMIT_JSON_DEPTH - 2)) {
        bw_json_raw(&c->out, json);
    } else {
        bw_json_null(&c->out);
        c->bad_result = p->name;
    }
    return true;
}

void call_finish(struct bw_call *c)
{
    for (; c->n_given < c->n_out; c->n_given++)
        bw_json_null(&c->out);
}

struct bw_arena *bw_call_arena(struct bw_call *c)
{
    return c->rq->arena;
}

void *bw_call_user(struct bw_call *c)
{
    return c->service->user;
}
