/* openapi.c: the document itself: one path item per path of the registry, one operation per
 * endpoint. Aliases are left out: they are the same operation spelt otherwise. */
#include "rest/openapi.h"

#include "core/map.h"
#include "rest/builtin.h"
#include "rest/openapi_schema.h"

#define DOCUMENT_MAX (64u * 1024 * 1024)

struct openapi {
    struct bw_buf text;
};

/* Endpoints of one path stand in a chain; heads[i] is where endpoint i's path begins, or not. */
struct paths {
    const struct registry *r;
    size_t *next; /* 0 = end of chain */
    bool *head;
};

static const char *tag_of(const struct endpoint *ep)
{
    if (ep->kind == ENDPOINT_METHOD)
        return ep->service->name;
    if (ep->table)
        return ep->table->def->name;
    return ep->kind == ENDPOINT_ROUTE ? "routes" : "server";
}

/* ---- parameters ---- */

static bool declared(const struct endpoint *ep, bw_str name)
{
    for (const struct endpoint_param *p = ep->params; p && p->name; p++)
        if (strcmp(p->in, "path") == 0 && bw_str_eq(name, bw_cstr(p->name)))
            return true;
    return false;
}

static void begin_param(struct bw_json_writer *w, bw_str name, const char *in, bool required)
{
    bw_json_object(w);
    bw_json_put_text(w, "name", name);
    bw_json_put_text(w, "in", bw_cstr(in));
    bw_json_put_bool(w, "required", required);
    bw_json_key(w, BW_LIT("schema"));
}

static void write_path_params(struct bw_json_writer *w, const struct endpoint *ep)
{
    bw_str rest = bw_cstr(ep->path), seg;
    while (bw_str_cut(&rest, '/', &seg)) {
        bw_str name = bw_str_of(seg.p + 1, seg.n ? seg.n - 1 : 0);
        if (!seg.n || (seg.p[0] != ':' && seg.p[0] != '*') || declared(ep, name))
            continue;
        bool id = ep->kind == ENDPOINT_TABLE && bw_str_eq(name, BW_LIT("id"));
        begin_param(w, name, "path", true);
        bw_json_raw(w, id ? BW_LIT("{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1}")
                          : BW_LIT("{\"type\":\"string\"}"));
        bw_json_end(w);
    }
}

static void write_declared(struct bw_json_writer *w, const struct endpoint *ep)
{
    for (const struct endpoint_param *p = ep->params; p && p->name; p++) {
        begin_param(w, bw_cstr(p->name), p->in, strcmp(p->in, "path") == 0);
        bw_json_raw(w, p->schema ? bw_cstr(p->schema) : BW_LIT("{\"type\":\"string\"}"));
        schema_text(w, "description", p->help);
        bw_json_end(w);
    }
}

static void write_params(struct bw_json_writer *w, const struct endpoint *ep)
{
    bool method = ep->kind == ENDPOINT_METHOD && ep->method == HTTP_GET;
    bw_json_key(w, BW_LIT("parameters"));
    bw_json_array(w);
    write_path_params(w, ep);
    write_declared(w, ep);
    for (const struct bw_param *p = method ? ep->rpc->in : NULL; p && p->name; p++) {
        begin_param(w, bw_cstr(p->name), "query", !p->optional);
        schema_param(w, p, false);
        bw_json_end(w);
    }
    bw_json_end(w);
}

/* ---- bodies ---- */

/* Of the records themselves: the list's path, or one record's; not blobs and batches. */
static bool of_list(const struct endpoint *ep)
{
    const char *last = strrchr(ep->path, '/');
    return ep->table && last && bw_str_eq(bw_cstr(last + 1), ep->table->name);
}

static bool of_record(const struct endpoint *ep)
{
    return ep->table && bw_str_ends(bw_cstr(ep->path), BW_LIT("/:id"));
}

static void write_call_schema(struct bw_json_writer *w, const struct bw_method *m)
{
    bw_json_object(w);
    bw_json_key(w, BW_LIT("oneOf"));
    bw_json_array(w);
    schema_params_array(w, m->in, false);
    schema_params_object(w, m->in);
    bw_json_end(w);
    bw_json_end(w);
}

static void write_body_schema(struct bw_json_writer *w, const struct endpoint *ep)
{
    if (ep->body_schema)
        bw_json_raw(w, bw_cstr(ep->body_schema));
    else if (ep->kind == ENDPOINT_METHOD)
        write_call_schema(w, ep->rpc);
    else if (of_list(ep) || of_record(ep))
        schema_ref(w, ep->table->def->name, of_list(ep) ? ".New" : ".Change");
    else
        bw_json_raw(w, BW_LIT("{}"));
}

static bool body_needed(const struct endpoint *ep)
{
    for (const struct bw_param *p = ep->rpc ? ep->rpc->in : NULL; p && p->name; p++)
        if (!p->optional)
            return true;
    return ep->kind == ENDPOINT_TABLE;
}

static void write_request(struct bw_json_writer *w, const struct endpoint *ep)
{
    if (!ep->consumes)
        return;
    bw_json_key(w, BW_LIT("requestBody"));
    bw_json_object(w);
    bw_json_put_bool(w, "required", body_needed(ep));
    bw_json_key(w, BW_LIT("content"));
    bw_json_object(w);
    for (const char *const *type = ep->consumes; *type; type++) {
        bw_json_key(w, bw_cstr(*type));
        bw_json_object(w);
        bw_json_key(w, BW_LIT("schema"));
        write_body_schema(w, ep);
        bw_json_end(w);
    }
    bw_json_end(w);
    bw_json_end(w);
}

/* ---- answers ---- */

static void write_result_schema(struct bw_json_writer *w, const struct bw_method *m)
{
    bw_json_raw(w, BW_LIT("{\"type\":\"object\",\"required\":[\"result\"],\"properties\":{"
                          "\"result\":"));
    struct bw_json_writer inner;
    bw_json_init(&inner, w->out);
    schema_params_array(&inner, m->out, true);
    bw_buf_put(w->out, BW_LIT("}}"));
}

static void write_records_schema(struct bw_json_writer *w, const struct endpoint *ep)
{
    if (ep->method != HTTP_GET || of_record(ep)) {
        schema_ref(w, ep->table->def->name, "");
        return;
    }
    bw_json_object(w);
    bw_json_put_text(w, "type", BW_LIT("array"));
    bw_json_key(w, BW_LIT("items"));
    schema_ref(w, ep->table->def->name, "");
    bw_json_end(w);
}

static void write_answer_schema(struct bw_json_writer *w, const struct endpoint *ep)
{
    if (ep->answer_schema)
        bw_json_raw(w, bw_cstr(ep->answer_schema));
    else if (ep->kind == ENDPOINT_METHOD)
        write_result_schema(w, ep->rpc);
    else if ((of_list(ep) || of_record(ep)) && ep->method != HTTP_DELETE)
        write_records_schema(w, ep);
    else
        bw_json_raw(w, BW_LIT("{}"));
}

static const char *answer_type(const struct endpoint *ep)
{
    if (ep->produces)
        return ep->produces;
    if (ep->answer_schema)
        return "application/json";
    return ep->column && ep->method == HTTP_GET ? "*/*" : NULL; /* what it was stored with */
}

static void write_bare_answer(struct bw_json_writer *w, const char *status, const char *help)
{
    bw_json_key(w, bw_cstr(status));
    bw_json_object(w);
    bw_json_put_text(w, "description", bw_cstr(help));
    bw_json_end(w);
}

static bool asks_for(const struct endpoint *ep, const char *param)
{
    for (const struct endpoint_param *p = ep->params; p && p->name; p++)
        if (strcmp(p->name, param) == 0)
            return true;
    return false;
}

static void write_answers(struct bw_json_writer *w, const struct endpoint *ep)
{
    bool added = of_list(ep) && ep->method == HTTP_POST;
    bool blob_written = ep->column && ep->method != HTTP_GET;
    const char *type = answer_type(ep);
    bw_json_key(w, BW_LIT("responses"));
    bw_json_object(w);
    bw_json_key(w, added ? BW_LIT("201") : blob_written ? BW_LIT("204") : BW_LIT("200"));
    bw_json_object(w);
    bw_json_put_text(w, "description", added ? BW_LIT("Stored.") : BW_LIT("Done."));
    if (type) {
        bw_json_key(w, BW_LIT("content"));
        bw_json_object(w);
        bw_json_key(w, bw_cstr(type));
        bw_json_object(w);
        bw_json_key(w, BW_LIT("schema"));
        write_answer_schema(w, ep);
        bw_json_end(w);
        bw_json_end(w);
    }
    bw_json_end(w);
    if (asks_for(ep, "Range"))
        write_bare_answer(w, "206", "The bytes of the range.");
    if (asks_for(ep, "If-None-Match"))
        write_bare_answer(w, "304", "It still has this ETag.");
    bw_json_key(w, BW_LIT("4XX"));
    bw_json_raw(w, BW_LIT("{\"$ref\":\"#/components/responses/Problem\"}"));
    bw_json_key(w, BW_LIT("5XX"));
    bw_json_raw(w, BW_LIT("{\"$ref\":\"#/components/responses/Problem\"}"));
    bw_json_end(w);
}

/* ---- paths ---- */

static void write_operation(struct bw_json_writer *w, const struct endpoint *ep)
{
    char method[16];
    snprintf(method, sizeof method, "%s", http_method_name(ep->method));
    for (char *p = method; *p; p++)
        *p = (char)(*p + ('a' - 'A'));
    bw_json_key(w, bw_cstr(method));
    bw_json_object(w);
    bw_json_put_text(w, "operationId", bw_cstr(ep->id));
    bw_json_put_text(w, "summary", bw_cstr(ep->help && *ep->help ? ep->help : ep->id));
    bw_json_key(w, BW_LIT("tags"));
    bw_json_array(w);
    bw_json_text(w, bw_cstr(tag_of(ep)));
    bw_json_end(w);
    write_params(w, ep);
    write_request(w, ep);
    write_answers(w, ep);
    bw_json_end(w);
}

/* "/api/Article/:id" → "/api/Article/{id}" */
static void write_template(struct bw_json_writer *w, const char *path)
{
    struct bw_buf text;
    bw_buf_init(&text, 8192);
    bw_str rest = bw_cstr(path + 1), seg;
    while (bw_str_cut(&rest, '/', &seg)) {
        bool part = seg.n && (seg.p[0] == ':' || seg.p[0] == '*');
        bw_buf_printf(&text, part ? "/{%.*s}" : "/%.*s", (int)(seg.n - part), seg.p + part);
    }
    bw_json_key(w, bw_buf_str(&text));
    bw_buf_release(&text);
}

static void chain_paths(struct paths *p, struct bw_arena *a)
{
    struct map last; /* path → its last endpoint's place + 1 */
    map_init(&last, false);
    p->next = BW_NEW_N(a, size_t, p->r->n);
    p->head = BW_NEW_N(a, bool, p->r->n);
    for (size_t i = 0; i < p->r->n; i++) {
        if (p->r->all[i]->alias)
            continue;
        void *before = map_put(&last, bw_cstr(p->r->all[i]->path), (void *)(uintptr_t)(i + 1));
        if (before)
            p->next[(uintptr_t)before - 1] = i;
        else
            p->head[i] = true;
    }
    map_release(&last);
}

static void write_paths(struct bw_json_writer *w, const struct registry *r)
{
    struct bw_arena a;
    bw_arena_init(&a);
    struct paths p = {.r = r};
    chain_paths(&p, &a);
    bw_json_key(w, BW_LIT("paths"));
    bw_json_object(w);
    for (size_t i = 0; i < r->n; i++) {
        if (!p.head[i])
            continue;
        write_template(w, r->all[i]->path);
        bw_json_object(w);
        write_operation(w, r->all[i]);
        for (size_t k = p.next[i]; k; k = p.next[k])
            write_operation(w, r->all[k]);
        bw_json_end(w);
    }
    bw_json_end(w);
    bw_arena_release(&a);
}

/* ---- document ---- */

static void write_tag(struct bw_json_writer *w, const char *name, const char *help,
                      const char *otherwise)
{
    bw_json_object(w);
    bw_json_put_text(w, "name", bw_cstr(name));
    schema_text(w, "description", help && *help ? help : otherwise);
    bw_json_end(w);
}

static void write_tags(struct bw_json_writer *w, const struct bw_server *s)
{
    bw_json_key(w, BW_LIT("tags"));
    bw_json_array(w);
    for (unsigned i = 0; i < s->model.n_tables; i++)
        write_tag(w, s->model.tables[i].def->name, s->model.tables[i].def->help, "A table.");
    for (const struct bw_service *const *v = s->app->services; v && *v; v++)
        write_tag(w, (*v)->name, (*v)->help, "A service.");
    if (s->app->routes && s->app->routes->path)
        write_tag(w, "routes", NULL, "The application's own paths.");
    write_tag(w, "server", NULL, "The server itself.");
    bw_json_end(w);
}

static void write_components(struct bw_json_writer *w, const struct bw_server *s)
{
    bw_json_key(w, BW_LIT("components"));
    bw_json_object(w);
    bw_json_key(w, BW_LIT("responses"));
    bw_json_raw(w, BW_LIT("{\"Problem\":{\"description\":\"What went wrong.\",\"content\":{"
                          "\"application/problem+json\":{\"schema\":{\"$ref\":"
                          "\"#/components/schemas/Problem\"}}}}}"));
    bw_json_key(w, BW_LIT("schemas"));
    bw_json_object(w);
    for (unsigned i = 0; i < s->model.n_tables; i++)
        schema_table(w, &s->model.tables[i]);
    bw_json_key(w, BW_LIT("Problem"));
    schema_problem(w);
    bw_json_end(w);
    bw_json_end(w);
}

void openapi_write(const struct bw_server *s, struct bw_buf *out)
{
    struct bw_json_writer w;
    bw_json_init(&w, out);
    bw_json_object(&w);
    bw_json_put_text(&w, "openapi", BW_LIT("3.1.0"));
    bw_json_key(&w, BW_LIT("info"));
    bw_json_object(&w);
    bw_json_put_text(&w, "title", bw_cstr(s->app->name));
    bw_json_put_text(&w, "version", bw_cstr(s->app->version ? s->app->version : "0"));
    schema_text(&w, "description", s->app->help);
    bw_json_end(&w);
    bw_json_key(&w, BW_LIT("servers"));
    bw_json_raw(&w, BW_LIT("[{\"url\":\"/\"}]"));
    bw_json_key(&w, BW_LIT("security"));
    bw_json_raw(&w, BW_LIT("[]")); /* no authentication is asked */
    write_tags(&w, s);
    write_paths(&w, &s->registry);
    write_components(&w, s);
    bw_json_end(&w);
}

/* Two threads may make it at once: the later one throws its own away. */
static const struct openapi *document(struct bw_server *s)
{
    struct openapi *there = atomic_load(&s->openapi);
    if (there)
        return there;
    struct openapi *made = malloc(sizeof *made);
    bw_must(made);
    bw_buf_init(&made->text, DOCUMENT_MAX);
    openapi_write(s, &made->text);
    if (atomic_compare_exchange_strong(&s->openapi, &there, made))
        return made;
    bw_buf_release(&made->text);
    free(made);
    return there;
}

void openapi_free(struct bw_server *s)
{
    struct openapi *o = atomic_exchange(&s->openapi, NULL);
    if (!o)
        return;
    bw_buf_release(&o->text);
    free(o);
}

static bool openapi_run(struct bw_req *rq, struct bw_err *e)
{
    const struct openapi *o = document(rq->server);
    if (!bw_buf_ok(&o->text))
        return bw_fail(e, BW_SYS, "the OpenAPI document passed %u bytes", DOCUMENT_MAX);
    rq->res->borrowed = bw_buf_str(&o->text);
    return bw_reply_header(rq, "Content-Type", BW_LIT("application/json"));
}

const struct endpoint builtin_openapi = {
    .method = HTTP_GET,
    .path = BUILTIN_ROOT "openapi.json",
    .run = openapi_run,
    .id = "openapi",
    .help = "Everything this server offers, as OpenAPI 3.1.",
    .produces = "application/json",
    .answer_schema = "{\"type\":\"object\"}",
};
