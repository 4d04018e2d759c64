/* crud_read.c: GET of a list and of one record. A list goes from the statement into the answer's
 * buffer row by row and streams when it grows; only expanded lists are held back a chunk at a time.
 */
#include "rest/crud_int.h"

#include "core/uri.h"
#include "rest/etag.h"
#include "rest/expand.h"
#include "rest/list_url.h"

/* The Link header stands before the body but needs the last row: so up to this much is held back,
 * and only a larger page asks for its end first. */
#define HOLD_BACK (1024 * 1024)

struct list {
    struct bw_req *rq;
    struct query q;
    struct store_cursor *cursor;
    struct bw_value *row;
    int64_t page; /* rows wanted; the query asks for one more to know whether there is more */
    int64_t n;
    bool linked;
    struct expand *expand;
};

/* ---- Link: rel="next" ---- */

static void put_pair(struct bw_buf *b, const struct req_param *p)
{
    uri_encode(b, p->name);
    bw_buf_char(b, '=');
    uri_encode(b, p->value);
    bw_buf_char(b, '&');
}

static bool replaced(const struct req_param *p)
{
    return bw_str_eq(p->name, BW_LIT("after")) || bw_str_eq(p->name, BW_LIT("offset")) ||
           bw_str_ieq(p->name, BW_LIT("startIndex"));
}

/* The request's own URL with `after` (or, where the cursor would be too long, `offset`) put in. */
static void set_next(struct list *l, const struct bw_value *last)
{
    struct bw_buf b;
    struct bw_req *rq = l->rq;
    bw_buf_init(&b, LIMIT_HTTP_HEAD);
    bw_buf_room(&b, 512);
    bw_buf_char(&b, '<');
    bw_buf_put(&b, rq->http->path);
    bw_buf_char(&b, '?');
    for (unsigned i = 0; i < rq->n_params; i++)
        if (!replaced(&rq->params[i]))
            put_pair(&b, &rq->params[i]);
    size_t before = b.n;
    bw_buf_put(&b, BW_LIT("after="));
    if (!cursor_write(&l->q, last, &b)) {
        b.n = before;
        bw_buf_put(&b, BW_LIT("offset="));
        bw_buf_int(&b, l->q.offset + l->page);
    }
    bw_buf_put(&b, BW_LIT(">; rel=\"next\""));
    if (bw_buf_ok(&b))
        http_res_field(rq->res, "Link", bw_buf_str(&b));
    bw_buf_release(&b);
    l->linked = true;
}

/* The page is too large to be held back: looks at its last row and whether one comes behind. */
static bool look_ahead(struct list *l, struct bw_err *e)
{
    struct query q = l->q;
    q.select = (struct column_set){.bits = {0}};
    q.offset += l->page - 1;
    q.limit = 2;
    l->linked = true;
    struct store_cursor *c = store_list(&q, l->rq->arena, e);
    struct bw_value *row = BW_NEW_N(l->rq->arena, struct bw_value, q.table->n_columns);
    int got = c ? store_next(c, row, e) : -1;
    struct bw_value *last = got > 0 ? record_keep(q.table, row, l->rq->arena) : NULL;
    if (got > 0)
        got = store_next(c, row, e);
    if (got > 0)
        set_next(l, last);
    store_cursor_close(c);
    return got >= 0;
}

static bool flush_some(struct list *l, struct bw_err *e)
{
    struct http_res *rs = l->rq->res;
    if (rs->body->n < (rs->started ? LIMIT_HTTP_STREAM : HOLD_BACK))
        return true;
    if (!l->linked && !look_ahead(l, e))
        return false;
    return http_res_flush_some(rs, e);
}

/* ---- rows ---- */

static void write_row(struct list *l, const struct bw_value *row)
{
    record_write(l->q.table, &l->q.select, row, l->expand ? &l->expand->hook : NULL, &l->rq->json);
}

/* Row by row. The row behind the page is only looked at: the cursor is made of the one before,
 * whose values are gone by then, so the last row's order values are kept. */
static bool write_plain(struct list *l, struct bw_err *e)
{
    const struct table *t = l->q.table;
    struct bw_value *last = NULL;
    int got;
    while ((got = store_next(l->cursor, l->row, e)) > 0) {
        if (l->n == l->page) {
            if (!l->linked)
                set_next(l, last);
            return true;
        }
        write_row(l, l->row);
        if (++l->n == l->page)
            last = record_keep(t, l->row, l->rq->arena);
        if (!flush_some(l, e))
            return false;
    }
    return got == 0;
}

/* A chunk of rows is read and kept, what they refer to is fetched, then they are written. */
static bool write_chunk(struct list *l, struct bw_arena *chunk, bool *more, struct bw_err *e)
{
    struct bw_value *rows[EXPAND_ROWS];
    size_t n = 0;
    int got = 1;
    while (n < EXPAND_ROWS && l->n + (int64_t)n < l->page &&
           (got = store_next(l->cursor, l->row, e)) > 0)
        rows[n++] = record_keep(l->q.table, l->row, chunk);
    if (got < 0 || !expand_fetch(l->expand, rows, n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        write_row(l, rows[i]);
    l->n += (int64_t)n;
    *more = got > 0 && l->n < l->page;
    if (got > 0 && l->n == l->page) {
        got = store_next(l->cursor, l->row, e);
        if (got > 0 && !l->linked)
            set_next(l, rows[n - 1]);
    }
    return got >= 0 && flush_some(l, e);
}

static bool write_expanded(struct list *l, struct bw_err *e)
{
    struct bw_arena chunk;
    bool ok = true, more = true;
    bw_arena_init(&chunk);
    while (ok && more) {
        bw_arena_clear(&chunk);
        ok = write_chunk(l, &chunk, &more, e);
    }
    bw_arena_release(&chunk);
    return ok;
}

static bool write_rows(struct list *l, struct bw_err *e)
{
    struct bw_json_writer *w = &l->rq->json;
    l->row = BW_NEW_N(l->rq->arena, struct bw_value, l->q.table->n_columns);
    bw_json_array(w);
    if (!(l->expand ? write_expanded(l, e) : write_plain(l, e)))
        return false;
    bw_json_end(w);
    return true;
}

/* "items 0-19/5012"; behind a cursor the place is not known: "items * /5012" without the space. */
static bool set_range(struct list *l, struct bw_err *e)
{
    int64_t total;
    if (!bw_str_eq(req_prefer(l->rq, "count"), BW_LIT("exact")))
        return true;
    if (!store_count(&l->q, &total, e))
        return false;
    int64_t rest = total - l->q.offset, n = rest < l->page ? rest : l->page;
    bw_str text =
        l->q.after || n <= 0
            ? bw_arena_printf(l->rq->arena, "items */%lld", (long long)total)
            : bw_arena_printf(l->rq->arena, "items %lld-%lld/%lld", (long long)l->q.offset,
                              (long long)(l->q.offset + n - 1), (long long)total);
    http_res_field(l->rq->res, "Content-Range", text);
    http_res_field(l->rq->res, "Preference-Applied", BW_LIT("count=exact"));
    return true;
}

static bool any_column(const struct column_set *s)
{
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        if (s->bits[i])
            return true;
    return false;
}

bool crud_list(struct bw_req *rq, struct bw_err *e)
{
    struct list l = {.rq = rq};
    struct expand expand;
    const struct list_bounds bounds = {rq->server->opts.limit_default, rq->server->opts.limit_max};
    query_init(&l.q, rq->endpoint->table);
    if (!req_params(rq, e) ||
        !list_url_read(&l.q, (struct list_params){rq->params, rq->n_params}, &bounds, rq->arena, e))
        return false;
    l.page = l.q.limit;
    if (!set_range(&l, e))
        return false;
    struct query ask = l.q;
    ask.limit++;
    l.cursor = store_list(&ask, rq->arena, e);
    if (!l.cursor)
        return false;
    if (any_column(&l.q.expand)) {
        expand_init(&expand, l.q.table, &l.q.expand, rq->arena);
        l.expand = &expand;
    }
    bw_reply_json(rq);
    bool ok = write_rows(&l, e);
    store_cursor_close(l.cursor);
    if (l.expand)
        expand_release(&expand);
    return ok;
}

/* ---- one record ---- */

struct one {
    struct bw_req *rq;
    struct table *table;
    int64_t id;
    struct column_set select, expand;
    struct bw_value *row;
};

static bool read_one_params(struct one *o, struct bw_err *e)
{
    static const char *const known[] = {"select", "expand", NULL};
    struct bw_req *rq = o->rq;
    o->select = o->table->simple;
    if (!rq->http->query.n)
        return true;
    if (!req_params(rq, e) || !req_only_params(rq, known, e))
        return false;
    bw_str select = req_param(rq, "select"), expand = req_param(rq, "expand");
    if ((select.p && !list_url_select(o->table, select, &o->select, e)) ||
        (expand.p && !list_url_expand(o->table, expand, &o->expand, e)))
        return false;
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        o->select.bits[i] |= o->expand.bits[i];
    return true;
}

static bool load_one(struct one *o, struct bw_err *e)
{
    struct column_set read = o->select;
    if (o->table->version)
        column_add(&read, o->table->version);
    o->row = BW_NEW_N(o->rq->arena, struct bw_value, o->table->n_columns);
    return store_get(o->table, o->id, &read, o->row, o->rq->arena, e);
}

static bool write_one(struct one *o, struct bw_err *e)
{
    struct bw_json_writer *w = bw_reply_json(o->rq);
    if (!any_column(&o->expand)) {
        record_write(o->table, &o->select, o->row, NULL, w);
        return true;
    }
    struct expand x;
    expand_init(&x, o->table, &o->expand, o->rq->arena);
    bool ok = expand_fetch(&x, &o->row, 1, e);
    if (ok)
        record_write(o->table, &o->select, o->row, &x.hook, w);
    expand_release(&x);
    return ok;
}

/* A version names the record; what else is in the answer (other records) needs its bytes. */
static bw_str tag_of(const struct one *o, char out[ETAG_SIZE])
{
    if (o->table->version && !any_column(&o->expand))
        return etag_of_version(out, o->row[o->table->version].i);
    return etag_of_bytes(out, bw_buf_str(o->rq->res->body));
}

static bool answer_conditions(struct bw_req *rq, bw_str etag, struct bw_err *e)
{
    http_res_field(rq->res, "ETag", etag);
    bw_str match = http_req_field(rq->http, "if-match"),
           none = http_req_field(rq->http, "if-none-match");
    if (match.p && !etag_listed(match, etag, false)) {
        bw_buf_clear(rq->res->body);
        return bw_fail(e, BW_CHANGED, "the record is not what If-Match says: its ETag is %.*s",
                       BW_FMT(etag));
    }
    if (none.p && etag_listed(none, etag, true)) {
        rq->res->length = (int64_t)rq->res->body->n;
        bw_buf_clear(rq->res->body);
        return bw_reply_status(rq, 304);
    }
    return true;
}

bool crud_get(struct bw_req *rq, struct bw_err *e)
{
    struct one o = {.rq = rq, .table = rq->endpoint->table};
    char tag[ETAG_SIZE];
    return req_id(rq, &o.id, e) && read_one_params(&o, e) && load_one(&o, e) && write_one(&o, e) &&
           answer_conditions(rq, tag_of(&o, tag), e);
}

bool crud_etag(struct bw_req *rq, int64_t id, char out[ETAG_SIZE], bw_str *etag, struct bw_err *e)
{
    struct one o = {
        .rq = rq, .table = rq->endpoint->table, .id = id, .select = rq->endpoint->table->simple};
    if (!load_one(&o, e))
        return false;
    if (o.table->version) {
        *etag = etag_of_version(out, o.row[o.table->version].i);
        return true;
    }
    struct bw_buf b;
    struct bw_json_writer w;
    bw_buf_init(&b, LIMIT_RECORD);
    bw_json_init(&w, &b);
    record_write(o.table, &o.select, o.row, NULL, &w);
    *etag = etag_of_bytes(out, bw_buf_str(&b));
    bw_buf_release(&b);
    return true;
}
