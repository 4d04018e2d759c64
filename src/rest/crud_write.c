/* crud_write.c: POST, PUT, PATCH and DELETE of records. A record is read and all its rules are
 * checked on the fiber; what only the store can know (unique, references, versions) comes back with
 * the change. */
#include "rest/crud_int.h"

#include "rest/etag.h"
#include "rest/list_url.h"

static struct faults *new_faults(struct bw_req *rq)
{
    rq->faults = BW_NEW(rq->arena, struct faults);
    rq->faults->arena = rq->arena;
    return rq->faults;
}

/* The body as a record of the endpoint's table, with every rule checked; for the update of record
 * `id`, or (0) to be added. One that is refused is refused with all that is wrong with it. */
static bool read_record(struct bw_req *rq, int64_t id, struct record *r, struct bw_err *e)
{
    enum record_use use = id ? RECORD_UPDATE : RECORD_ADD;
    static const char *const json[] = {"application/json", NULL};
    struct table *t = rq->endpoint->table;
    struct bw_json_reader in;
    bw_str body;
    if (!req_media(rq, json, e) || !http_req_body(rq->http, &body, e))
        return false;
    if (!body.n)
        return bw_fail(e, BW_BAD,
                       "the body is empty: a JSON object with the fields of %.*s belongs there",
                       BW_FMT(t->name));
    struct faults *faults = new_faults(rq);
    record_init(r, t, rq->arena);
    bw_json_open(&in, rq->arena, body);
    if (!record_read(r, t, use, &in, faults) || !bw_json_finish(&in))
        return bw_json_fail(&in, e);
    record_check(r, t, use, faults);
    if (faults->n)
        store_probe(t, r, id, faults);
    return faults_fail(faults, e);
}

/* Runs one change; what the store found wrong with fields becomes faults, so that 422 and 409 tell
 * it alike. */
static bool run_change(struct bw_req *rq, struct change *c, struct bw_err *e)
{
    if (store_write(rq->endpoint->table->store, c, 1, true, e))
        return true;
    if (c->err.code != BW_OK && c->err.field[0])
        store_refused(c, rq->faults ? rq->faults : new_faults(rq), e);
    return false;
}

static void reply_id(struct bw_req *rq, int64_t id, int64_t version)
{
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_int(w, "id", id);
    if (version)
        bw_json_put_int(w, "version", version);
    bw_json_end(w);
}

static void tag_version(struct bw_req *rq, int64_t version)
{
    char tag[ETAG_SIZE];
    if (version)
        http_res_field(rq->res, "ETag", etag_of_version(tag, version));
}

static bool wants_record(const struct bw_req *rq)
{
    if (!bw_str_eq(req_prefer(rq, "return"), BW_LIT("representation")))
        return false;
    http_res_field(rq->res, "Preference-Applied", BW_LIT("return=representation"));
    return true;
}

bool crud_add(struct bw_req *rq, struct bw_err *e)
{
    const struct table *t = rq->endpoint->table;
    struct change c = {.kind = CHANGE_ADD, .table = rq->endpoint->table};
    if (!read_record(rq, 0, &c.rec, e) || !run_change(rq, &c, e))
        return false;
    bw_reply_status(rq, 201);
    http_res_field(rq->res, "Location",
                   bw_arena_printf(rq->arena, "%.*s/%lld", BW_FMT(t->name), (long long)c.id));
    tag_version(rq, c.new_version);
    if (!wants_record(rq)) {
        reply_id(rq, c.id, c.new_version);
        return true;
    }
    c.rec.v[0] = bw_int(c.id);
    record_write(t, &t->simple, c.rec.v, NULL, bw_reply_json(rq));
    return true;
}

bool crud_match(struct bw_req *rq, int64_t id, int64_t *version, struct bw_err *e)
{
    bw_str match = http_req_field(rq->http, "if-match"),
           none = http_req_field(rq->http, "if-none-match"), etag;
    char tag[ETAG_SIZE];
    if (none.p)
        return bw_fail(e, BW_BAD, "If-None-Match has no meaning for %.*s here; If-Match has",
                       BW_FMT(rq->http->method_text));
    if (!match.p)
        return true;
    int64_t wanted = etag_version(match);
    if (wanted && rq->endpoint->table->version) {
        *version = wanted; /* the store compares, in the transaction that writes */
        return true;
    }
    if (!crud_etag(rq, id, tag, &etag, e))
        return false;
    if (!etag_listed(match, etag, false))
        return bw_fail(e, BW_CHANGED, "the record was changed: its ETag is %.*s now", BW_FMT(etag));
    if (rq->endpoint->table->version && !bw_str_eq(bw_str_trim(match), BW_LIT("*")))
        *version = etag_version(etag);
    return true;
}

static bool same_id(const struct record *r, int64_t id, struct bw_err *e)
{
    if (r->id == 0 || r->id == id)
        return true;
    return bw_fail(e, BW_BAD, "the body's id is %lld, the path's is %lld", (long long)r->id,
                   (long long)id);
}

static bool has_any(const struct record *r)
{
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        if (r->has.bits[i])
            return true;
    return false;
}

static bool reply_stored(struct bw_req *rq, int64_t id, struct bw_err *e)
{
    const struct table *t = rq->endpoint->table;
    struct bw_value *row = BW_NEW_N(rq->arena, struct bw_value, t->n_columns);
    if (!store_get(rq->endpoint->table, id, &t->simple, row, rq->arena, e))
        return false;
    record_write(t, &t->simple, row, NULL, bw_reply_json(rq));
    return true;
}

bool crud_update(struct bw_req *rq, struct bw_err *e)
{
    struct change c = {.kind = CHANGE_UPDATE, .table = rq->endpoint->table};
    int64_t id;
    if (!req_id(rq, &id, e) || !read_record(rq, id, &c.rec, e) || !same_id(&c.rec, id, e))
        return false;
    if (!has_any(&c.rec))
        return bw_fail(e, BW_BAD, "the body names no field of %.*s to change",
                       BW_FMT(c.table->name));
    c.version = c.rec.version;
    if (!crud_match(rq, id, &c.version, e))
        return false;
    c.rec.id = id;
    if (!run_change(rq, &c, e))
        return false;
    tag_version(rq, c.new_version);
    if (wants_record(rq))
        return reply_stored(rq, id, e);
    reply_id(rq, id, c.new_version);
    return true;
}

static bool reply_deleted(struct bw_req *rq, int64_t n)
{
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_int(w, "deleted", n);
    bw_json_end(w);
    return true;
}

bool crud_delete(struct bw_req *rq, struct bw_err *e)
{
    struct change c = {.kind = CHANGE_DELETE, .table = rq->endpoint->table};
    int64_t id;
    if (!req_id(rq, &id, e) || !crud_match(rq, id, &c.version, e))
        return false;
    c.rec.id = id;
    return run_change(rq, &c, e) && reply_deleted(rq, 1);
}

bool crud_delete_where(struct bw_req *rq, struct bw_err *e)
{
    struct table *t = rq->endpoint->table;
    struct query q;
    query_init(&q, t);
    if (!req_params(rq, e) ||
        !list_url_conditions(&q, (struct list_params){rq->params, rq->n_params}, rq->arena, e))
        return false;
    if (!q.filter)
        return bw_fail(
            e, BW_BAD,
            "a DELETE of %.*s without a condition would delete all: name one (id=gt.0 for all)",
            BW_FMT(t->name));
    struct change c = {.kind = CHANGE_DELETE_WHERE, .table = t, .filter = q.filter};
    return run_change(rq, &c, e) && reply_deleted(rq, c.count);
}
