/* batch.c: the two ways of a batch.
 *
 * Each on its own: the body is read piece by piece; whenever a chunk of writes is full it goes to
 * its store. Atomic: a slow client must not hold the database's writer, so the whole body comes
 * into a spool first; what fits one chunk is then one store_write, which shares the commit with
 * other requests; more is fed into a transaction, one chunk read while the store works on the
 * other. Memory is two chunks and what the spools keep of theirs, for any number of writes. */
#include "rest/batch_int.h"

#include "core/clock.h"
#include "net/fiber.h"

#define OUT_MAX ((size_t)16 * 1024 * 1024)

enum fill { FILL_FAILED, FILL_FULL, FILL_END };

/* ---- chunks ---- */

static void chunk_free(void *arg)
{
    struct chunk *c = arg;
    bw_arena_release(&c->arena);
    free(c);
}

static struct chunk *chunk_new(struct batch *b)
{
    struct chunk *c = malloc(sizeof *c);
    bw_must(c);
    bw_arena_init(&c->arena);
    bw_arena_defer(b->rq->arena, chunk_free, c);
    c->n = c->n_changes = 0;
    return c;
}

/* The i-th chunk, empty. */
static struct chunk *take_chunk(struct batch *b, unsigned i)
{
    if (!b->chunks[i])
        b->chunks[i] = chunk_new(b);
    struct chunk *c = b->chunks[i];
    bw_arena_clear(&c->arena);
    c->n = c->n_changes = c->bytes = 0;
    c->faults = NULL;
    c->first = b->n + 1;
    return c;
}

/* ---- the body ---- */

static bool next_piece(struct batch *b, bw_str *piece, struct bw_err *e)
{
    if (b->from_spool)
        return spool_read(&b->body, piece, e);
    if (!b->rq->http->read(b->rq->http, piece, e))
        return false;
    return !b->to_spool || spool_write(&b->body, *piece, e);
}

/* Sets b->next and b->item; *Waits.* for as much of the body as that takes. */
static bool look(struct batch *b, struct bw_err *e)
{
    bw_str piece;
    if (b->waiting)
        return true;
    while ((b->next = batch_split_next(&b->split, &b->item, e)) == SPLIT_MORE) {
        if (!next_piece(b, &piece, e))
            return false;
        batch_split_feed(&b->split, piece);
    }
    if (b->next == SPLIT_BAD)
        return bw_because(e, "write %lld", (long long)b->n + 1);
    b->waiting = true;
    return true;
}

/* The first look tells whether the batch is atomic; what is read for it is kept, to be read again.
 */
static bool look_first(struct batch *b, struct bw_err *e)
{
    bool said;
    if (!look(b, e))
        return false;
    if (b->split.atomic_given) {
        b->atomic = b->split.atomic;
    } else if (b->lines && b->next == SPLIT_ITEM && batch_read_option(b, b->item, &said)) {
        b->atomic = said;
        b->waiting = false; /* the option is no write */
    }
    return true;
}

static bool read_to_spool(struct batch *b, struct bw_err *e)
{
    bw_str piece;
    do {
        if (!next_piece(b, &piece, e))
            return false;
    } while (piece.n);
    return true;
}

static void begin_split(struct batch *b)
{
    batch_split_init(&b->split, b->lines ? SPLIT_LINES : SPLIT_JSON, LIMIT_RECORD);
    b->waiting = false;
}

/* The body is whole; its writes are read from the spool. */
static bool spool_body(struct batch *b, struct bw_err *e)
{
    if (!b->split.ended && !read_to_spool(b, e))
        return false;
    batch_split_release(&b->split);
    begin_split(b);
    b->from_spool = true;
    return look_first(b, e);
}

static bool begin_body(struct batch *b, struct bw_err *e)
{
    b->to_spool = true;
    bool ok = look_first(b, e);
    b->to_spool = b->atomic;
    if (ok && !b->atomic)
        spool_release(&b->body);
    return ok;
}

/* ---- filling ---- */

static bool too_many(struct batch *b, struct bw_err *e)
{
    return bw_fail(e, BW_TOOBIG,
                   "an atomic batch has at most %lld writes here; send several, or one with atomic "
                   "false",
                   (long long)b->rq->server->opts.batch_atomic_max);
}

/* Reads writes until the chunk is full. An atomic batch stops at its first wrong one. */
static enum fill fill(struct batch *b, struct chunk *c, struct bw_err *e)
{
    while (c->n < CHUNK_WRITES && c->bytes < CHUNK_BYTES) {
        if (!look(b, e))
            return FILL_FAILED;
        if (b->next == SPLIT_END)
            return FILL_END;
        b->waiting = false;
        b->n++;
        if (b->atomic && b->n > b->rq->server->opts.batch_atomic_max) {
            too_many(b, e);
            return FILL_FAILED;
        }
        c->bytes += b->item.n;
        if (!batch_read(b, c, bw_arena_str(&c->arena, b->item)) && b->atomic) {
            batch_blame(b, c, c->n - 1, e);
            return FILL_FAILED;
        }
    }
    return FILL_FULL;
}

/* ---- each on its own ---- */

/* Changes that follow each other into the same store go there together. */
static bool send_each(struct chunk *c, struct bw_err *e)
{
    for (size_t i = 0; i < c->n_changes;) {
        struct store *s = c->changes[i].table->store;
        size_t n = 1;
        while (i + n < c->n_changes && c->changes[i + n].table->store == s)
            n++;
        if (!store_write(s, &c->changes[i], n, false, e))
            return false;
        i += n;
    }
    return true;
}

/* Sends and tells what was read, also where the body then broke. */
static bool finish_each(struct batch *b, struct chunk *c, struct bw_err *e)
{
    if (send_each(c, e) && batch_tell(b, c, e))
        return true;
    return bw_because(e, "the batch stopped at write %lld or behind it", (long long)c->first);
}

static bool run_each(struct batch *b, struct bw_err *e)
{
    struct bw_err own;
    enum fill got;
    bool ok;
    do {
        struct chunk *c = take_chunk(b, 0);
        got = fill(b, c, &own);
        ok = finish_each(b, c, got == FILL_FAILED ? NULL : &own) && got != FILL_FAILED;
        fiber_yield();
    } while (ok && got == FILL_FULL);
    if (ok)
        return batch_answer(b, e);
    if (b->done || b->failed)
        bw_because(&own, "%lld writes were done and %lld refused before this", (long long)b->done,
                   (long long)b->failed);
    if (e)
        *e = own;
    return false;
}

/* ---- atomic ---- */

static bool one_store(const struct chunk *c, const struct store *s, struct bw_err *e)
{
    for (size_t i = 0; i < c->n_changes; i++) {
        const struct table *t = c->changes[i].table;
        if (t->store == s)
            continue;
        return bw_fail(e, BW_INVALID,
                       "an atomic batch changes tables of one store, and %.*s (write %lld) is kept "
                       "in '%s', not in '%s'; send atomic false",
                       BW_FMT(t->name), (long long)c->first + (long long)i, t->store->name,
                       s->name);
    }
    return true;
}

/* The first change in a chunk that the store refused, or c->n. */
static size_t refused(const struct chunk *c)
{
    size_t i = 0;
    for (; i < c->n; i++) {
        const struct change *change = c->writes[i].change;
        if (change && !change->ok && change->err.code != BW_OK)
            break;
    }
    return i;
}

/* Of all that went wrong the first write is told, whoever found it; else what `why` says. */
static bool blame(struct batch *b, const struct bw_err *why, struct bw_err *e)
{
    struct chunk *x = b->chunks[0], *y = b->chunks[1];
    struct chunk *first = y && y->first < x->first ? y : x, *second = first == x ? y : x;
    if (refused(first) < first->n)
        return batch_blame(b, first, refused(first), e);
    if (second && refused(second) < second->n)
        return batch_blame(b, second, refused(second), e);
    if (e)
        *e = *why;
    return false;
}

static bool run_small(struct batch *b, struct chunk *c, struct bw_err *e)
{
    struct bw_err own;
    if (c->n) {
        struct store *s = c->changes[0].table->store;
        if (!one_store(c, s, e))
            return false;
        if (!store_write(s, c->changes, c->n, true, &own))
            return blame(b, &own, e);
        b->handed = c;
    }
    return true;
}

/* Hands the chunk over; the one before it is done then, and told. */
static bool hand_over(struct batch *b, struct store_tx *tx, struct chunk *c, struct bw_err *e)
{
    struct chunk *before = b->handed;
    if (!c->n)
        return true;
    if (!one_store(c, tx->store, e) || !store_tx_write(tx, c->changes, c->n, e))
        return false;
    b->handed = c;
    return !before || batch_tell(b, before, e);
}

static bool feed(struct batch *b, struct store_tx *tx, struct chunk *c, struct bw_err *e)
{
    enum fill got = FILL_FULL;
    unsigned turn = 0;
    while (hand_over(b, tx, c, e)) {
        if (got == FILL_END)
            return true;
        c = take_chunk(b, turn ^= 1);
        got = fill(b, c, e);
        if (got == FILL_FAILED)
            return false;
        fiber_yield();
    }
    return false;
}

static bool run_long(struct batch *b, struct chunk *c, struct bw_err *e)
{
    struct bw_err own;
    int64_t deadline = clock_mono() + b->rq->server->opts.batch_deadline;
    struct store_tx *tx = store_begin(c->changes[0].table->store, deadline, e);
    if (!tx)
        return false;
    bool ok = feed(b, tx, c, &own);
    ok = store_tx_end(tx, ok, ok ? &own : NULL) && ok;
    return ok || blame(b, &own, e);
}

static bool run_writes(struct batch *b, struct bw_err *e)
{
    struct chunk *c = take_chunk(b, 0);
    switch (fill(b, c, e)) {
    case FILL_FULL:
        return run_long(b, c, e);
    case FILL_END:
        return run_small(b, c, e);
    case FILL_FAILED:
        break;
    }
    return false;
}

static bool run_atomic(struct batch *b, struct bw_err *e)
{
    if (!spool_body(b, e) || !run_writes(b, e))
        return bw_because(e, "nothing was done");
    if ((!b->handed || batch_tell(b, b->handed, e)) && batch_answer(b, e))
        return true;
    return bw_because(e, "all %lld writes were done, but telling so failed", (long long)b->n);
}

/* ---- the request ---- */

static bool read_wishes(struct batch *b, struct bw_err *e)
{
    static const char *const known[] = {"atomic", NULL};
    struct bw_req *rq = b->rq;
    if (!req_only_params(rq, known, e))
        return false;
    bw_str atomic = req_param(rq, "atomic");
    b->atomic = !bw_str_eq(atomic, BW_LIT("false"));
    b->minimal = bw_str_ieq(req_prefer(rq, "return"), BW_LIT("minimal"));
    if (!atomic.p || !b->atomic || bw_str_eq(atomic, BW_LIT("true")))
        return true;
    bw_fail(e, BW_BAD, "atomic is true or false");
    if (e)
        snprintf(e->field, sizeof e->field, "atomic");
    return false;
}

static bool is_lines(const struct bw_req *rq)
{
    bw_str type = http_req_field(rq->http, "content-type");
    bw_str_cut(&type, ';', &type);
    type = bw_str_trim(type);
    return bw_str_ieq(type, BW_LIT("application/x-ndjson")) ||
           bw_str_ieq(type, BW_LIT("application/ndjson"));
}

static bool run(struct bw_req *rq, struct table *t, struct bw_err *e)
{
    struct batch *b = BW_NEW(rq->arena, struct batch);
    b->rq = rq;
    b->table = t;
    b->lines = is_lines(rq);
    if (!read_wishes(b, e))
        return false;
    spool_init(&b->body, (int64_t)rq->http->max_body);
    spool_init(&b->results, INT64_MAX);
    bw_buf_init(&b->out, OUT_MAX);
    begin_split(b);
    bool ok = begin_body(b, e) && (b->atomic ? run_atomic(b, e) : run_each(b, e));
    batch_split_release(&b->split);
    bw_buf_release(&b->out);
    spool_release(&b->results);
    spool_release(&b->body);
    return ok;
}

bool batch_post(struct bw_req *rq, struct bw_err *e)
{
    return run(rq, NULL, e);
}

bool batch_table_post(struct bw_req *rq, struct bw_err *e)
{
    return run(rq, rq->endpoint->table, e);
}
