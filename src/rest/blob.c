/* blob.c: a blob field as bytes with a content type. What a peer stored is answered to other peers'
 * browsers, so a type that can carry scripts goes out with `Content-Security-Policy: sandbox`, and
 * no type is ever guessed (nosniff). The ETag is the record's version where it has one, else a hash
 * of the bytes. */
#include "rest/blob.h"

#include "rest/etag.h"
#include "rest/range.h"

#define DEFAULT_TYPE "application/octet-stream"

/* One blob as the store has it. */
struct blob {
    struct bw_req *rq;
    struct table *table;
    const struct column *column;
    int64_t id;
    bw_str bytes, type;
    bool filled; /* not null */
    char tag[ETAG_SIZE];
    bw_str etag; /* p == NULL while not filled */
};

static bool begin(struct blob *b, struct bw_req *rq, struct bw_err *e)
{
    static const char *const none[] = {NULL};
    *b = (struct blob){.rq = rq, .table = rq->endpoint->table, .column = rq->endpoint->column};
    return req_only_params(rq, none, e) && req_id(rq, &b->id, e);
}

static bool load(struct blob *b, struct bw_err *e)
{
    struct column_set set = {.bits = {0}};
    struct bw_value *row = BW_NEW_N(b->rq->arena, struct bw_value, b->table->n_columns);
    column_add(&set, b->column->index);
    column_add(&set, b->column->companion);
    if (b->table->version)
        column_add(&set, b->table->version);
    if (!store_get(b->table, b->id, &set, row, b->rq->arena, e))
        return false;
    struct bw_value v = row[b->column->index], type = row[b->column->companion];
    b->filled = v.kind != BW_NULL;
    if (!b->filled)
        return true;
    b->bytes = v.s;
    b->type = type.kind == BW_KIND_TEXT ? type.s : BW_LIT(DEFAULT_TYPE);
    b->etag = b->table->version ? etag_of_version(b->tag, row[b->table->version].i)
                                : etag_of_bytes(b->tag, b->bytes);
    return true;
}

static bool missing(const struct blob *b, struct bw_err *e)
{
    return bw_fail(e, BW_MISSING, "%.*s %lld has no %.*s", BW_FMT(b->table->name), (long long)b->id,
                   BW_FMT(b->column->name));
}

/* ---- GET, HEAD ---- */

static bool contains(bw_str s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.n; i++)
        if (bw_str_ieq(bw_str_of(s.p + i, n), bw_str_of(word, n)))
            return true;
    return false;
}

/* Rather too many than too few: a sandbox takes nothing from what has no scripts. */
static bool scriptable(bw_str type)
{
    static const char *const words[] = {"html",   "xml",       "svg",   "xsl",
                                        "script", "multipart", "rfc822"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (contains(type, words[i]))
            return true;
    return false;
}

static void set_head(const struct blob *b)
{
    struct http_res *rs = b->rq->res;
    http_res_set(rs, "Content-Type", b->type);
    http_res_set(rs, "ETag", b->etag);
    http_res_set(rs, "Accept-Ranges", BW_LIT("bytes"));
    http_res_set(rs, "X-Content-Type-Options", BW_LIT("nosniff"));
    if (scriptable(b->type))
        http_res_set(rs, "Content-Security-Policy", BW_LIT("sandbox"));
}

/* If-Range must be our strong ETag to the letter: one with a coding's suffix is of other bytes, a
 * date is never right since there is no Last-Modified (RFC 9110 §13.1.5). */
static bool range_fits(const struct blob *b)
{
    bw_str wanted = http_req_field(b->rq->http, "if-range");
    return !wanted.p || bw_str_eq(bw_str_trim(wanted), b->etag);
}

static bool reply_part(const struct blob *b, size_t first, size_t last)
{
    struct http_res *rs = b->rq->res;
    rs->status = 206;
    rs->no_compress = true; /* the range is of the bytes as they are */
    rs->borrowed = bw_str_of(b->bytes.p + first, last - first + 1);
    http_res_set(rs, "Content-Range",
                 bw_arena_printf(b->rq->arena, "bytes %zu-%zu/%zu", first, last, b->bytes.n));
    return true;
}

/* Problems drop the fields set so far, so this one is no problem: RFC 9110 §15.5.17 wants the
 * length told. */
static bool reply_no_range(const struct blob *b)
{
    struct http_res *rs = b->rq->res;
    struct bw_err e;
    bw_fail(&e, BW_RANGE, "the range begins behind the last of %zu bytes", b->bytes.n);
    problem_answer(b->rq, &e);
    http_res_set(rs, "Content-Range", bw_arena_printf(b->rq->arena, "bytes */%zu", b->bytes.n));
    return true;
}

static bool reply_bytes(const struct blob *b)
{
    size_t first, last;
    bool get = b->rq->http->method == HTTP_GET; /* §14.2: Range is for GET only */
    bw_str range = get && range_fits(b) ? bw_req_header(b->rq, "range") : (bw_str){0};
    set_head(b);
    switch (range_read(range, b->bytes.n, &first, &last)) {
    case RANGE_PART:
        return reply_part(b, first, last);
    case RANGE_NONE:
        return reply_no_range(b);
    case RANGE_WHOLE:
        break;
    }
    b->rq->res->borrowed = b->bytes.n ? b->bytes : BW_LIT("");
    return true;
}

/* RFC 9110 §13.2.2: If-Match, If-None-Match, then Range. */
bool blob_get(struct bw_req *rq, struct bw_err *e)
{
    struct blob b;
    if (!begin(&b, rq, e) || !load(&b, e))
        return false;
    bw_str match = bw_req_header(rq, "if-match"), none = bw_req_header(rq, "if-none-match");
    if (match.p && !(b.filled && etag_listed(match, b.etag, false)))
        return bw_fail(e, BW_CHANGED, "If-Match does not hold: the ETag is %.*s now",
                       b.filled ? (int)b.etag.n : 4, b.filled ? b.etag.p : "none");
    if (!b.filled)
        return missing(&b, e);
    if (none.p && etag_listed(none, b.etag, true)) {
        set_head(&b);
        rq->res->length = (int64_t)b.bytes.n;
        return bw_reply_status(rq, 304);
    }
    return reply_bytes(&b);
}

/* ---- PUT, DELETE ---- */

/* Is there anything? Without moving the bytes. */
static bool look(struct blob *b, struct bw_err *e)
{
    struct bw_arena *a = b->rq->arena;
    struct query q;
    int64_t n;
    query_init(&q, b->table);
    struct filter *both = filter_new(a, FILTER_AND), *id, *not_null;
    id = filter_new(a, FILTER_TEST);
    id->column = &b->table->columns[0];
    id->op = BW_EQ;
    id->value = bw_int(b->id);
    not_null = filter_new(a, FILTER_TEST);
    not_null->column = b->column;
    not_null->op = BW_IS;
    not_null->not = true;
    filter_add(both, id);
    filter_add(both, not_null);
    q.filter = both;
    if (!store_count(&q, &n, e))
        return false;
    b->filled = n > 0;
    return true;
}

/* If-Match and If-None-Match of a write. A single version is compared by the store, in the
 * transaction that writes; all else now. */
static bool may_write(struct blob *b, int64_t *version, struct bw_err *e)
{
    struct bw_req *rq = b->rq;
    bw_str match = bw_req_header(rq, "if-match"), none = bw_req_header(rq, "if-none-match");
    *version = b->table->version ? etag_version(match) : 0;
    if ((!match.p || *version) && !none.p)
        return true;
    if (!load(b, e))
        return false;
    if (match.p && !(b->filled && etag_listed(match, b->etag, false)))
        return bw_fail(e, BW_CHANGED, "If-Match does not hold: the ETag is %.*s now",
                       b->filled ? (int)b->etag.n : 4, b->filled ? b->etag.p : "none");
    if (none.p && b->filled && etag_listed(none, b->etag, true))
        return bw_fail(e, BW_CHANGED, "If-None-Match does not hold: the ETag is %.*s now",
                       BW_FMT(b->etag));
    if (b->filled && b->table->version) /* what was compared must still stand when it is written */
        *version = etag_version(b->etag);
    return true;
}

static bool write_blob(struct blob *b, struct bw_value bytes, struct bw_value type, int64_t version,
                       struct bw_err *e)
{
    struct bw_req *rq = b->rq;
    struct change c = {.kind = CHANGE_UPDATE, .table = b->table, .version = version};
    struct faults *f = rq->faults = BW_NEW(rq->arena, struct faults);
    f->arena = rq->arena;
    record_init(&c.rec, b->table, rq->arena);
    c.rec.id = b->id;
    c.rec.v[b->column->index] = bytes;
    c.rec.v[b->column->companion] = type;
    column_add(&c.rec.has, b->column->index);
    column_add(&c.rec.has, b->column->companion);
    record_check(&c.rec, b->table, RECORD_UPDATE, f);
    if (!faults_fail(f, e) || !store_write(b->table->store, &c, 1, true, e))
        return false;
    if (bytes.kind == BW_NULL)
        return bw_reply_status(rq, 204);
    http_res_set(rq->res, "ETag",
                 b->table->version ? etag_of_version(b->tag, c.new_version)
                                   : etag_of_bytes(b->tag, bytes.s));
    return bw_reply_status(rq, 204);
}

static void release_buf(void *arg)
{
    bw_buf_release(arg);
}

/* The body, in memory that ends with the request: a statement binds a blob as one piece. */
static bool read_bytes(struct bw_req *rq, size_t max, bw_str *bytes, struct bw_err *e)
{
    bw_str piece;
    struct bw_buf *all = BW_NEW(rq->arena, struct bw_buf);
    bw_buf_init(all, max);
    bw_arena_defer(rq->arena, release_buf, all);
    while (rq->http->read(rq->http, &piece, e)) {
        if (piece.n == 0) {
            *bytes = bw_buf_str(all);
            return true;
        }
        bw_buf_put(all, piece);
        if (!bw_buf_ok(all))
            return bw_fail(e, BW_TOOBIG, "%.*s may have %zu bytes, more came",
                           BW_FMT(rq->endpoint->column->name), max);
    }
    return false;
}

static bool token(bw_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", s.p[i]))
            return false;
    return s.n > 0;
}

/* type/subtype, whatever parameters follow (RFC 9110 §8.3.1). None: nothing is stored. */
static bool read_type(struct bw_req *rq, struct bw_value *type, struct bw_err *e)
{
    bw_str given = http_req_field(rq->http, "content-type"), sub = given, main;
    *type = bw_null();
    if (!given.p)
        return true;
    bw_str_cut(&sub, ';', &sub);
    sub = bw_str_trim(sub);
    if (!bw_str_cut(&sub, '/', &main) || !token(main) || !token(sub))
        return bw_fail(e, BW_MEDIA, "the Content-Type is no media type such as image/png");
    *type = bw_text(given);
    return true;
}

bool blob_put(struct bw_req *rq, struct bw_err *e)
{
    struct blob b;
    struct bw_value type;
    bw_str bytes = BW_LIT("");
    int64_t version;
    if (!begin(&b, rq, e))
        return false;
    size_t max = b.column->f->max_len ? b.column->f->max_len : LIMIT_BLOB;
    max = rq->http->max_body < max ? rq->http->max_body : max;
    if (!read_type(rq, &type, e) || !may_write(&b, &version, e) || !read_bytes(rq, max, &bytes, e))
        return false;
    return write_blob(&b, bw_blob(bytes), type, version, e);
}

bool blob_delete(struct bw_req *rq, struct bw_err *e)
{
    struct blob b;
    int64_t version;
    if (!begin(&b, rq, e) || !may_write(&b, &version, e) || !look(&b, e))
        return false;
    if (b.filled)
        return write_blob(&b, bw_null(), bw_null(), version, e);
    struct bw_value *row = BW_NEW_N(rq->arena, struct bw_value, b.table->n_columns);
    struct column_set id = {.bits = {1}};
    return store_get(b.table, b.id, &id, row, rq->arena, e) && missing(&b, e);
}
