/* crud.c: the endpoints of every table, declared from one list. */
#include "rest/crud.h"

#include "rest/batch.h"
#include "rest/blob.h"
#include "rest/crud_int.h"

/* A batch streams: what bounds it is the number of its writes and the spool, not memory. */
#define BATCH_BODY ((size_t)16 << 30)

static const char *const json[] = {"application/json", NULL};
static const char *const batch_types[] = {"application/json", "application/x-ndjson",
                                          "application/ndjson", NULL};
static const char *const any_type[] = {"*/*", NULL};

static const struct endpoint_param list_params[] = {
    {"select", "query", "{\"type\":\"string\"}", "fields to answer, by commas; * = all but blobs"},
    {"order", "query", "{\"type\":\"string\"}", "fields to sort by: views.desc,id"},
    {"limit", "query", "{\"type\":\"integer\",\"minimum\":1}", "records of the page"},
    {"offset", "query", "{\"type\":\"integer\",\"minimum\":0}",
     "records to leave out; `after` is faster"},
    {"after", "query", "{\"type\":\"string\"}",
     "the cursor of the Link header: goes on behind a page"},
    {"expand", "query", "{\"type\":\"string\"}",
     "reference fields answered as the records they point to"},
    {"or", "query", "{\"type\":\"string\"}", "(a.eq.1,b.is.null): any of these conditions"},
    {"and", "query", "{\"type\":\"string\"}", "(a.gt.1,a.lt.9): all of these conditions"},
    {"where", "query", "{\"type\":\"string\"}", "conditions in mORMot's words"},
    {"Prefer", "header", "{\"type\":\"string\"}", "count=exact tells the total in Content-Range"},
    {NULL, NULL, NULL, NULL},
};
static const struct endpoint_param one_params[] = {
    {"select", "query", "{\"type\":\"string\"}", "fields to answer, by commas; * = all but blobs"},
    {"expand", "query", "{\"type\":\"string\"}",
     "reference fields answered as the records they point to"},
    {"If-None-Match", "header", "{\"type\":\"string\"}", "304 when the record still has this ETag"},
    {NULL, NULL, NULL, NULL},
};
static const struct endpoint_param add_params[] = {
    {"Prefer", "header", "{\"type\":\"string\"}",
     "return=representation answers the stored record"},
    {NULL, NULL, NULL, NULL},
};
static const struct endpoint_param change_params[] = {
    {"If-Match", "header", "{\"type\":\"string\"}", "412 when the record has another ETag by now"},
    {"Prefer", "header", "{\"type\":\"string\"}",
     "return=representation answers the stored record"},
    {NULL, NULL, NULL, NULL},
};
static const struct endpoint_param match_params[] = {
    {"If-Match", "header", "{\"type\":\"string\"}", "412 when the record has another ETag by now"},
    {NULL, NULL, NULL, NULL},
};
static const struct endpoint_param bytes_params[] = {
    {"Range", "header", "{\"type\":\"string\"}", "bytes=0-99: a part, answered 206"},
    {"If-Range", "header", "{\"type\":\"string\"}",
     "the part only when the ETag is still this one"},
    {"If-None-Match", "header", "{\"type\":\"string\"}", "304 when the record still has this ETag"},
    {NULL, NULL, NULL, NULL},
};
static const struct endpoint_param batch_params[] = {
    {"atomic", "query", "{\"type\":\"boolean\",\"default\":true}", "false: each write on its own"},
    {"Prefer", "header", "{\"type\":\"string\"}", "return=minimal tells only failures"},
    {NULL, NULL, NULL, NULL},
};

/* What OpenAPI tells of batches; a line of NDJSON is one write. */
static const char any_write[] =
    "{\"type\":\"object\",\"properties\":{\"add\":{\"type\":\"string\"},\"update\":{\"type\":"
    "\"string\"},\"delete\":{\"type\":\"string\"},\"id\":{\"type\":\"integer\"},\"version\":{"
    "\"type\":"
    "\"integer\"},\"record\":{\"type\":\"object\"}}}";
static const char batch_answer[] =
    "{\"type\":\"object\",\"required\":[\"results\",\"done\",\"failed\"],\"properties\":{"
    "\"results\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"status\"],"
    "\"properties\":{\"id\":{\"type\":\"integer\"},\"status\":{\"type\":\"integer\"},\"version\":{"
    "\"type\":\"integer\"},\"write\":{\"type\":\"integer\"},\"error\":{\"type\":\"object\","
    "\"required\":[\"type\",\"title\",\"status\",\"detail\"]}}}},\"done\":{\"type\":\"integer\"},"
    "\"failed\":{\"type\":\"integer\"}}}";

static const char *batch_body(struct bw_arena *a, const char *write)
{
    return bw_arena_printf(a,
                           "{\"anyOf\":[{\"type\":\"array\",\"items\":%s},{\"type\":\"object\","
                           "\"required\":[\"writes\"],\"properties\":{\"atomic\":{\"type\":"
                           "\"boolean\",\"default\":true},\"writes\":{\"type\":\"array\","
                           "\"items\":%s}}}]}",
                           write, write)
        .p;
}

static const char *table_batch_body(struct bw_arena *a, const struct table *t)
{
    return batch_body(
        a, bw_arena_printf(a, "{\"$ref\":\"#/components/schemas/%.*s.New\"}", BW_FMT(t->name)).p);
}

/* path: behind "/root/Table". */
struct table_endpoint {
    const char *path, *name, *help;
    enum http_method method;
    bool (*run)(struct bw_req *rq, struct bw_err *e);
    const struct endpoint_param *params;
    const char *const *consumes;
    size_t max_body;
};

static const struct table_endpoint table_endpoints[] = {
    {"", "list", "Lists records; any field is a filter: field=op.value", HTTP_GET, crud_list,
     list_params, NULL, 0},
    {"", "add", "Adds a record", HTTP_POST, crud_add, add_params, json, LIMIT_RECORD},
    {"", "deleteWhere", "Deletes the records that fit the conditions", HTTP_DELETE,
     crud_delete_where, NULL, NULL, 0},
    {"/:id", "get", "One record", HTTP_GET, crud_get, one_params, NULL, 0},
    {"/:id", "replace", "Changes the given fields of a record", HTTP_PUT, crud_update,
     change_params, json, LIMIT_RECORD},
    {"/:id", "update", "Changes the given fields of a record", HTTP_PATCH, crud_update,
     change_params, json, LIMIT_RECORD},
    {"/:id", "delete", "Deletes a record", HTTP_DELETE, crud_delete, match_params, NULL, 0},
    {"/batch", "batch", "Adds many records, all or none unless atomic=false", HTTP_POST,
     batch_table_post, batch_params, batch_types, BATCH_BODY},
};

static const struct table_endpoint blob_endpoints[] = {
    {"", "get", "The bytes, with their content type; ranges are served", HTTP_GET, blob_get,
     bytes_params, NULL, 0},
    {"", "put", "Stores the bytes and their content type", HTTP_PUT, blob_put, match_params,
     any_type, 0},
    {"", "delete", "Removes the bytes", HTTP_DELETE, blob_delete, match_params, NULL, 0},
};

static const char *root_of(struct bw_server *s)
{
    return s->opts.root && *s->opts.root ? bw_arena_printf(&s->arena, "/%s", s->opts.root).p : "";
}

static struct endpoint base(const struct table_endpoint *te)
{
    return (struct endpoint){.kind = ENDPOINT_TABLE,
                             .method = te->method,
                             .run = te->run,
                             .help = te->help,
                             .params = te->params,
                             .consumes = te->consumes,
                             .max_body = te->max_body,
                             .produces = "application/json"};
}

static bool add_table(struct bw_server *s, struct table *t, struct bw_err *e)
{
    for (size_t i = 0; i < sizeof table_endpoints / sizeof *table_endpoints; i++) {
        const struct table_endpoint *te = &table_endpoints[i];
        struct endpoint ep = base(te);
        ep.table = t;
        ep.path = bw_arena_printf(&s->arena, "%s/%.*s%s", root_of(s), BW_FMT(t->name), te->path).p;
        ep.id = bw_arena_printf(&s->arena, "%.*s.%s", BW_FMT(t->name), te->name).p;
        if (te->run == batch_table_post) {
            ep.body_schema = table_batch_body(&s->arena, t);
            ep.answer_schema = batch_answer;
        }
        if (!registry_add(&s->registry, &ep, e))
            return false;
    }
    return true;
}

static bool add_blob(struct bw_server *s, struct table *t, const struct column *c, struct bw_err *e)
{
    for (size_t i = 0; i < sizeof blob_endpoints / sizeof *blob_endpoints; i++) {
        struct endpoint ep = base(&blob_endpoints[i]);
        if (ep.method != HTTP_GET && !column_in(&t->writable, c->index))
            continue;
        ep.table = t;
        ep.column = c;
        ep.produces = NULL; /* whatever was stored */
        ep.max_body = c->f->max_len;
        ep.path = bw_arena_printf(&s->arena, "%s/%.*s/:id/%.*s", root_of(s), BW_FMT(t->name),
                                  BW_FMT(c->name))
                      .p;
        ep.id = bw_arena_printf(&s->arena, "%.*s.%.*s.%s", BW_FMT(t->name), BW_FMT(c->name),
                                blob_endpoints[i].name)
                    .p;
        if (!registry_add(&s->registry, &ep, e))
            return false;
    }
    return true;
}

static bool add_batch(struct bw_server *s, struct bw_err *e)
{
    struct endpoint ep = {
        .kind = ENDPOINT_TABLE,
        .method = HTTP_POST,
        .run = batch_post,
        .id = "batch",
        .help = "Many writes to any tables, all or none unless they say atomic: false",
        .params = batch_params,
        .consumes = batch_types,
        .produces = "application/json",
        .body_schema = batch_body(&s->arena, any_write),
        .answer_schema = batch_answer,
        .max_body = BATCH_BODY};
    ep.path = bw_arena_printf(&s->arena, "%s/batch", root_of(s)).p;
    return registry_add(&s->registry, &ep, e);
}

bool crud_register(struct bw_server *s, struct bw_err *e)
{
    for (unsigned i = 0; i < s->model.n_tables; i++) {
        struct table *t = &s->model.tables[i];
        if (!add_table(s, t, e))
            return false;
        for (unsigned k = 0; k < t->n_columns; k++)
            if (t->columns[k].type == BW_TYPE_BLOB && !t->columns[k].f->write_only &&
                !add_blob(s, t, &t->columns[k], e))
                return false;
    }
    return !s->model.n_tables || add_batch(s, e);
}
