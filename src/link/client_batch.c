/* client_batch.c: many writes in one exchange: POST /api/batch {"atomic":…,"writes":[…]}. The body
 * is written as the writes are put in; the first mistake sticks and is told by bw_batch_send. */
#include "link/client_int.h"

#include "core/limits.h"

struct bw_batch {
    struct bw_client *client;
    struct bw_buf body;
    struct bw_json_writer w;
    size_t n;
    struct bw_err err;
};

struct bw_batch *bw_batch_new(struct bw_client *c, bool atomic)
{
    struct bw_batch *b = calloc(1, sizeof *b);
    bw_must(b);
    b->client = c;
    bw_buf_init(&b->body, LIMIT_JSON_TEXT);
    bw_json_init(&b->w, &b->body);
    bw_json_object(&b->w);
    bw_json_put_bool(&b->w, "atomic", atomic);
    bw_json_key(&b->w, BW_LIT("writes"));
    bw_json_array(&b->w);
    return b;
}

/* The plan, or NULL when the batch is spoilt already or now. */
static const struct table *plan(struct bw_batch *b, const struct bw_table *t)
{
    return b->err.code == BW_OK ? client_table(b->client, t, &b->err) : NULL;
}

static void begin(struct bw_batch *b, const char *op, const struct bw_table *t)
{
    bw_json_object(&b->w);
    bw_json_put_text(&b->w, op, bw_cstr(t->name));
    b->n++;
}

void bw_batch_add(struct bw_batch *b, const struct bw_table *t, const void *rec)
{
    const struct table *p = plan(b, t);
    if (!p)
        return;
    begin(b, "add", t);
    bw_json_key(&b->w, BW_LIT("record"));
    client_write_new(p, rec, &b->w);
    bw_json_end(&b->w);
}

void bw_batch_update(struct bw_batch *b, const struct bw_table *t, const void *rec,
                     const char *fields)
{
    const struct table *p = plan(b, t);
    if (!p)
        return;
    int64_t id;
    memcpy(&id, (const char *)rec + t->id_offset, sizeof id);
    struct column_set set;
    if (!client_fields(p, fields, &set, &b->err))
        return;
    begin(b, "update", t);
    bw_json_put_int(&b->w, "id", id);
    bw_json_key(&b->w, BW_LIT("record"));
    client_write_changed(p, rec, fields, &b->w, &b->err);
    bw_json_end(&b->w);
}

void bw_batch_delete(struct bw_batch *b, const struct bw_table *t, int64_t id)
{
    if (b->err.code != BW_OK)
        return;
    begin(b, "delete", t);
    bw_json_put_int(&b->w, "id", id);
    bw_json_end(&b->w);
}

struct outcome {
    int64_t id;
    int status;
    bw_str error; /* problem JSON */
};

static bool read_outcome(struct bw_json_reader *r, struct outcome *o)
{
    bw_str name;
    *o = (struct outcome){.status = 0};
    while (bw_json_member(r, &name)) {
        if (bw_str_eq(name, BW_LIT("error"))) {
            bw_json_whole(r, &o->error);
            continue;
        }
        enum bw_json_kind k = bw_json_next(r);
        if (k == BW_JSON_INT && bw_str_eq(name, BW_LIT("id")))
            o->id = r->integer;
        else if (k == BW_JSON_INT && bw_str_eq(name, BW_LIT("status")))
            o->status = (int)r->integer;
        else
            bw_json_skip(r, k);
    }
    return !r->failed;
}

static bool read_outcomes(struct bw_json_reader *r, size_t n, int64_t *ids, struct bw_err *e)
{
    bool ok = true;
    for (size_t i = 0; bw_json_next(r) == BW_JSON_OBJECT; i++) {
        struct outcome o;
        if (!read_outcome(r, &o))
            return bw_json_fail(r, e);
        if (ids && i < n)
            ids[i] = o.status < 400 ? o.id : 0;
        if (o.status >= 400 && ok) {
            client_problem(o.status, o.error, e);
            ok = bw_because(e, "write %zu of the batch", i + 1);
        }
    }
    return ok;
}

static bool read_answer(struct bw_batch *b, bw_str body, int64_t *ids, struct bw_err *e)
{
    struct bw_json_reader r;
    bw_str name;
    bool ok = true;
    bw_json_open(&r, b->client->arena, body);
    if (bw_json_next(&r) == BW_JSON_OBJECT)
        while (bw_json_member(&r, &name)) {
            enum bw_json_kind k = bw_json_next(&r);
            if (k == BW_JSON_ARRAY && bw_str_eq(name, BW_LIT("results")))
                ok = read_outcomes(&r, b->n, ids, e) && ok;
            else
                bw_json_skip(&r, k);
        }
    return r.failed ? bw_json_fail(&r, e) : ok;
}

static bool post(struct bw_batch *b, int64_t *ids, struct bw_err *e)
{
    bw_json_end(&b->w);
    bw_json_end(&b->w);
    if (!bw_buf_ok(&b->body))
        return bw_fail(e, BW_TOOBIG, "the batch is larger than %u bytes as JSON: send it in parts",
                       LIMIT_JSON_TEXT);
    struct client_answer answer;
    struct client_ask ask = {.method = "POST",
                             .target = client_target(b->client, "batch"),
                             .content_type = "application/json",
                             .body = bw_buf_str(&b->body)};
    return client_exchange(b->client, &ask, &answer, e) && read_answer(b, answer.body, ids, e);
}

bool bw_batch_send(struct bw_batch *b, int64_t *ids, struct bw_err *e)
{
    bool ok = b->err.code == BW_OK;
    if (ids)
        memset(ids, 0, b->n * sizeof *ids);
    if (!ok && e)
        *e = b->err;
    ok = ok && post(b, ids, e);
    bw_buf_release(&b->body);
    free(b);
    return ok;
}
