/* client.c: what every client says, wherever the server is: records and calls become requests,
 * answers become records and errors. Knows no transport (client_kind) and holds no lock: one thread
 * or fiber uses a client at a time. */
#include "link/client_int.h"

#include <stdarg.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/uri.h"

void client_init(struct bw_client *c, const struct client_kind *kind,
                 const struct bw_client_opts *o)
{
    c->kind = kind;
    bw_arena_init(&c->own);
    bw_arena_init(&c->plans);
    c->arena = &c->own;
    c->timeout = (o && o->timeout_ms ? o->timeout_ms : 30000) * CLOCK_MS;
    c->max_answer = o && o->max_answer ? o->max_answer : LIMIT_JSON_TEXT;
}

void client_set_root(struct bw_client *c, const char *root, struct bw_arena *a)
{
    c->prefix = *root ? bw_arena_printf(a, "/%s", root).p : "";
}

static void free_tables(struct bw_client *c)
{
    for (size_t i = 0; i < c->tables.n; i++)
        table_release(c->tables.p[i]);
    vec_release(&c->tables);
    bw_arena_release(&c->plans);
}

void bw_client_close(struct bw_client *c)
{
    if (!c || c->of_request)
        return;
    if (c->kind->close)
        c->kind->close(c);
    free_tables(c);
    bw_arena_release(&c->own);
    free(c);
}

void bw_client_clear(struct bw_client *c)
{
    if (!c->of_request)
        bw_arena_clear(c->arena);
}

struct bw_arena *bw_client_arena(struct bw_client *c)
{
    return c->arena;
}

bw_str client_target(struct bw_client *c, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    bw_must(n >= 0 && (size_t)n < sizeof text);
    return bw_arena_printf(c->arena, "%s/%s", c->prefix, text);
}

/* ---- errors ---- */

struct problem {
    bw_str text, field;
};

static void read_first_fault(struct bw_json_reader *r, struct problem *p)
{
    bool first = true;
    while (bw_json_next(r) == BW_JSON_OBJECT) {
        bw_str name;
        while (bw_json_member(r, &name)) {
            enum bw_json_kind k = bw_json_next(r);
            if (first && k == BW_JSON_TEXT && bw_str_eq(name, BW_LIT("field")))
                p->field = r->text;
            bw_json_skip(r, k);
        }
        first = false;
    }
}

static void read_problem(struct bw_json_reader *r, struct problem *p)
{
    bw_str name;
    while (bw_json_member(r, &name)) {
        enum bw_json_kind k = bw_json_next(r);
        if (k == BW_JSON_TEXT && bw_str_eq(name, BW_LIT("detail")))
            p->text = r->text;
        else if (k == BW_JSON_ARRAY && bw_str_eq(name, BW_LIT("errors")))
            read_first_fault(r, p);
        else
            bw_json_skip(r, k);
    }
}

void client_problem(int status, bw_str body, struct bw_err *e)
{
    struct bw_arena a;
    bw_arena_init(&a);
    struct bw_json_reader r;
    struct problem p = {.text = {.p = NULL}};
    bw_json_open(&r, &a, body);
    if (bw_json_next(&r) == BW_JSON_OBJECT)
        read_problem(&r, &p);
    enum bw_code code = bw_code_of_status(status);
    if (p.text.n)
        bw_fail(e, code, "%.*s", BW_FMT(p.text));
    else
        bw_fail(e, code, "the server answered %d %s", status, bw_code_title(code));
    if (e)
        snprintf(e->field, sizeof e->field, "%.*s", BW_FMT(p.field));
    bw_arena_release(&a);
}

bool client_exchange(struct bw_client *c, const struct client_ask *ask,
                     struct client_answer *answer, struct bw_err *e)
{
    *answer = (struct client_answer){.status = 0};
    if (!c->kind->ask(c, ask, answer, e))
        return bw_because(e, "%s %.*s", ask->method, BW_FMT(ask->target));
    if (answer->status >= 400) {
        client_problem(answer->status, answer->body, e);
        return false;
    }
    return true;
}

/* ---- records ---- */

struct table *client_table(struct bw_client *c, const struct bw_table *t, struct bw_err *e)
{
    for (size_t i = 0; i < c->tables.n; i++)
        if (c->tables.p[i]->def == t)
            return c->tables.p[i];
    if (!t->size)
        return bw_fail(e, BW_BAD, "table %s has no C struct", t->name), NULL;
    if (c->model) {
        struct table *t_of = model_of(c->model, t);
        return t_of ? t_of : (bw_fail(e, BW_MISSING, "this server has no table %s", t->name), NULL);
    }
    struct table *made = BW_NEW(&c->plans, struct table);
    if (!table_init_alone(made, t, &c->plans, e))
        return NULL;
    *vec_push(&c->tables) = made;
    return made;
}

bool client_fields(const struct table *t, const char *fields, struct column_set *set,
                   struct bw_err *e)
{
    *set = t->writable;
    if (!fields)
        return true;
    *set = (struct column_set){.bits = {0}};
    bw_str rest = bw_cstr(fields), name;
    while (bw_str_cut(&rest, ',', &name)) {
        const struct column *col = table_need(t, bw_str_trim(name), e);
        if (!col)
            return false;
        column_add(set, col->index);
    }
    return true;
}

void client_write(const struct table *t, const void *rec, const struct column_set *set,
                  struct bw_json_writer *w)
{
    struct bw_value v[COLUMNS_MAX];
    int64_t id;
    record_from_struct(t, rec, v, &id);
    record_write(t, set, v, NULL, w);
}

bool client_read(const struct table *t, struct bw_json_reader *r, struct bw_arena *a, void *rec,
                 struct bw_err *e)
{
    struct record got;
    struct faults faults = {.arena = a};
    record_init(&got, t, a);
    if (!record_read(&got, t, RECORD_TRUSTED, r, &faults))
        return bw_json_fail(r, e);
    if (!faults_fail(&faults, e))
        return bw_because(e, "the server's %.*s", BW_FMT(t->name));
    got.v[0] = bw_int(got.id);
    for (unsigned i = 0; r->arena != a && i < t->n_columns; i++)
        if (got.v[i].kind == BW_KIND_TEXT || got.v[i].kind == BW_KIND_BLOB)
            got.v[i].s = bw_arena_str(a, got.v[i].s);
    record_to_struct(t, got.v, rec);
    return true;
}

/* What a record's JSON is on the wire for an addition: absent rather than null, so that defaults
 * apply. */
static void drop_nulls(const struct table *t, const void *rec, struct column_set *set)
{
    struct bw_value v[COLUMNS_MAX];
    int64_t id;
    record_from_struct(t, rec, v, &id);
    for (unsigned i = 1; i < t->n_columns; i++)
        if (v[i].kind == BW_NULL)
            column_drop(set, i);
}

void client_write_new(const struct table *t, const void *rec, struct bw_json_writer *w)
{
    struct column_set set = t->writable;
    drop_nulls(t, rec, &set);
    int64_t id;
    memcpy(&id, (const char *)rec + t->def->id_offset, sizeof id);
    if (id)
        column_add(&set, 0);
    client_write(t, rec, &set, w);
}

bool client_write_changed(const struct table *t, const void *rec, const char *fields,
                          struct bw_json_writer *w, struct bw_err *e)
{
    struct column_set set;
    if (!client_fields(t, fields, &set, e))
        return false;
    int64_t version = 0;
    if (t->version)
        memcpy(&version, (const char *)rec + t->columns[t->version].f->offset, sizeof version);
    if (version)
        column_add(&set, t->version);
    client_write(t, rec, &set, w);
    return true;
}

static bool read_one(struct bw_client *c, const struct table *t, bw_str body, void *rec,
                     struct bw_err *e)
{
    struct bw_json_reader r;
    bw_json_open(&r, c->arena, body);
    return client_read(t, &r, c->arena, rec, e);
}

static int64_t id_of(const struct bw_table *t, const void *rec)
{
    int64_t id;
    memcpy(&id, (const char *)rec + t->id_offset, sizeof id);
    return id;
}

/* A JSON body built and sent; the buffer dies here. */
static bool send(struct bw_client *c, struct client_ask *ask, struct bw_buf *body,
                 struct client_answer *answer, struct bw_err *e)
{
    ask->content_type = "application/json";
    ask->body = bw_buf_str(body);
    bool ok = bw_buf_ok(body) ? client_exchange(c, ask, answer, e)
                              : bw_fail(e, BW_TOOBIG, "the record is larger than %u bytes as JSON",
                                        LIMIT_RECORD);
    bw_buf_release(body);
    return ok;
}

bool bw_get(struct bw_client *c, const struct bw_table *t, int64_t id, void *rec, struct bw_err *e)
{
    struct client_answer answer;
    struct client_ask ask = {.method = "GET",
                             .target = client_target(c, "%s/%lld", t->name, (long long)id)};
    const struct table *plan = client_table(c, t, e);
    return plan && client_exchange(c, &ask, &answer, e) && read_one(c, plan, answer.body, rec, e);
}

bool bw_add(struct bw_client *c, const struct bw_table *t, void *rec, int64_t *id, struct bw_err *e)
{
    const struct table *plan = client_table(c, t, e);
    if (!plan)
        return false;
    struct bw_buf body;
    struct bw_json_writer w;
    bw_buf_init(&body, LIMIT_RECORD);
    bw_json_init(&w, &body);
    client_write_new(plan, rec, &w);
    struct client_answer answer;
    struct client_ask ask = {.method = "POST",
                             .target = client_target(c, "%s", t->name),
                             .prefer = "return=representation"};
    if (!send(c, &ask, &body, &answer, e))
        return false;
    /* The answer holds what the server filled in: id, times, version, defaults. */
    if (!read_one(c, plan, answer.body, rec, e))
        return false;
    if (id)
        *id = id_of(t, rec);
    return true;
}

bool bw_update(struct bw_client *c, const struct bw_table *t, const void *rec, const char *fields,
               struct bw_err *e)
{
    const struct table *plan = client_table(c, t, e);
    if (!plan)
        return false;
    struct bw_buf body;
    struct bw_json_writer w;
    bw_buf_init(&body, LIMIT_RECORD);
    bw_json_init(&w, &body);
    if (!client_write_changed(plan, rec, fields, &w, e)) {
        bw_buf_release(&body);
        return false;
    }
    struct client_answer answer;
    struct client_ask ask = {.method = "PATCH",
                             .target =
                                 client_target(c, "%s/%lld", t->name, (long long)id_of(t, rec))};
    return send(c, &ask, &body, &answer, e);
}

bool bw_delete(struct bw_client *c, const struct bw_table *t, int64_t id, struct bw_err *e)
{
    struct client_answer answer;
    struct client_ask ask = {.method = "DELETE",
                             .target = client_target(c, "%s/%lld", t->name, (long long)id)};
    return client_exchange(c, &ask, &answer, e);
}

bool bw_delete_where(struct bw_client *c, const struct bw_query *q, int64_t *n, struct bw_err *e)
{
    bw_str text;
    if (!query_text(q, &text, e))
        return false;
    struct client_answer answer;
    struct client_ask ask = {.method = "DELETE", .target = client_target(c, "%s", q->table->name)};
    ask.target = bw_arena_printf(c->arena, "%.*s?%.*s", BW_FMT(ask.target), BW_FMT(text));
    if (!client_exchange(c, &ask, &answer, e))
        return false;
    struct bw_json_reader r;
    bw_str name = BW_LIT("");
    int64_t count = 0;
    bw_json_open(&r, c->arena, answer.body);
    if (bw_json_next(&r) == BW_JSON_OBJECT)
        while (bw_json_member(&r, &name))
            if (bw_json_next(&r) == BW_JSON_INT && bw_str_eq(name, BW_LIT("deleted")))
                count = r.integer;
    if (n)
        *n = count;
    return r.failed ? bw_json_fail(&r, e) : true;
}

/* ---- calls and blobs ---- */

bool bw_invoke(struct bw_client *c, const char *method, bw_str args, bw_str *result,
               struct bw_err *e)
{
    struct client_answer answer;
    struct client_ask ask = {.method = "POST",
                             .target = client_target(c, "%s", method),
                             .content_type = "application/json",
                             .body = args.n ? args : BW_LIT("[]")};
    if (!client_exchange(c, &ask, &answer, e))
        return false;
    struct bw_json_reader r;
    bw_str name;
    *result = BW_LIT("[]");
    bw_json_open(&r, c->arena, answer.body);
    if (bw_json_next(&r) == BW_JSON_OBJECT)
        while (bw_json_member(&r, &name)) {
            bw_str raw;
            if (bw_json_whole(&r, &raw) && bw_str_eq(name, BW_LIT("result")))
                *result = raw;
        }
    return r.failed ? bw_json_fail(&r, e) : true;
}

static bw_str blob_target(struct bw_client *c, const struct bw_blob_at *at)
{
    return client_target(c, "%s/%lld/%s", at->table->name, (long long)at->id, at->field);
}

bool bw_blob_get(struct bw_client *c, const struct bw_blob_at *at, struct bw_blob_data *out,
                 struct bw_err *e)
{
    struct client_answer answer;
    struct client_ask ask = {.method = "GET", .target = blob_target(c, at)};
    if (!client_exchange(c, &ask, &answer, e))
        return false;
    *out = (struct bw_blob_data){.bytes = answer.body, .content_type = answer.content_type};
    return true;
}

bool bw_blob_put(struct bw_client *c, const struct bw_blob_at *at, const struct bw_blob_data *blob,
                 struct bw_err *e)
{
    struct client_answer answer;
    struct client_ask ask = {.method = "PUT",
                             .target = blob_target(c, at),
                             .content_type = "application/octet-stream",
                             .body = blob->bytes};
    if (blob->content_type.n)
        ask.content_type = bw_arena_cstr(c->arena, blob->content_type);
    return client_exchange(c, &ask, &answer, e);
}
