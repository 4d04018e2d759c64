/* invoke.c: puts the services into the registry, and runs a call. */
#include "rest/invoke.h"

#include "rest/call.h"

static bool word_ok(const char *s)
{
    for (const char *p = s; p && *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
        if (!letter && !(p != s && *p >= '0' && *p <= '9'))
            return false;
    }
    return s && *s && strlen(s) < 64;
}

static bool type_ok(const struct bw_param *p)
{
    switch (p->type) {
    case BW_TYPE_ENUM:
        return p->names && p->names[0];
    case BW_TYPE_REF:
    case BW_TYPE_CREATED:
    case BW_TYPE_MODIFIED:
    case BW_TYPE_VERSION:
        return false;
    default:
        return true;
    }
}

static bool check_params(const struct bw_param *list, const char *what, struct bw_err *e)
{
    for (unsigned i = 0; list && list[i].name; i++) {
        const struct bw_param *p = &list[i];
        if (!word_ok(p->name))
            return bw_fail(e, BW_BAD, "%s: '%s' is no name for a parameter", what, p->name);
        if (!type_ok(p))
            return bw_fail(e, BW_BAD,
                           "%s: parameter '%s' has a type or names that a call cannot use", what,
                           p->name);
        if (i == CALL_PARAMS)
            return bw_fail(e, BW_BAD, "%s has more than %d parameters", what, CALL_PARAMS);
        for (unsigned k = 0; k < i; k++)
            if (strcmp(list[k].name, p->name) == 0)
                return bw_fail(e, BW_BAD, "%s has two parameters '%s'", what, p->name);
    }
    return true;
}

static unsigned count(const struct bw_param *list)
{
    unsigned n = 0;
    while (list && list[n].name)
        n++;
    return n;
}

static bool invoke_run(struct bw_req *rq, struct bw_err *e)
{
    struct bw_call c = {.rq = rq, .service = rq->endpoint->service, .method = rq->endpoint->rpc};
    c.n_in = count(c.method->in);
    c.n_out = count(c.method->out);
    if (!call_read(&c, e))
        return false;
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_key(w, BW_LIT("result"));
    bw_json_array(w);
    c.out = *w;
    if (!c.method->run(&c, e))
        return false;
    call_finish(&c);
    if (c.bad_result)
        return bw_fail(e, BW_SYS, "%s.%s gave a result '%s' that is not JSON", c.service->name,
                       c.method->name, c.bad_result);
    bw_json_end(&c.out);
    bw_json_end(&c.out);
    return true;
}

/* One method and path; `separator` '/' is the second spelling. */
static bool add(struct bw_server *s, struct endpoint ep, char separator, struct bw_err *e)
{
    const char *root = s->opts.root;
    ep.path = bw_arena_printf(&s->arena, "/%s%s%s%c%s", root, *root ? "/" : "", ep.service->name,
                              separator, ep.rpc->name)
                  .p;
    ep.alias = separator == '/';
    return registry_add(&s->registry, &ep, e);
}

static bool add_method(struct bw_server *s, const struct bw_service *v, const struct bw_method *m,
                       struct bw_err *e)
{
    static const char *const json[] = {"application/json", NULL};
    const char *id = bw_arena_printf(&s->arena, "%s.%s", v->name, m->name).p;
    if (!word_ok(m->name))
        return bw_fail(e, BW_BAD, "service '%s': '%s' is no name for a method", v->name, m->name);
    if (!m->run)
        return bw_fail(e, BW_BAD, "method %s has no function", id);
    if (!check_params(m->in, id, e) || !check_params(m->out, id, e))
        return false;
    struct endpoint ep = {
        .kind = ENDPOINT_METHOD,
        .method = HTTP_POST,
        .run = invoke_run,
        .id = id,
        .help = m->help,
        .service = v,
        .rpc = m,
        .consumes = json,
        .produces = "application/json",
    };
    if (!add(s, ep, '.', e) || !add(s, ep, '/', e))
        return false;
    ep.method = HTTP_GET;
    ep.consumes = NULL;
    ep.id = bw_arena_printf(&s->arena, "%s.get", id).p;
    return !m->safe || (add(s, ep, '.', e) && add(s, ep, '/', e));
}

bool services_register(struct bw_server *s, struct bw_err *e)
{
    for (const struct bw_service *const *v = s->app->services; v && *v; v++) {
        if (!word_ok((*v)->name))
            return bw_fail(e, BW_BAD, "'%s' is no name for a service", (*v)->name);
        for (const struct bw_method *m = (*v)->methods; m && m->name; m++)
            if (!add_method(s, *v, m, e))
                return false;
    }
    return true;
}
