/* batch_result.c: what became of a batch: {"results":[…],"done":N,"failed":M}. Results wait in a
 * spool until the whole body has been read: a client that sends everything before it reads
 * anything must not find us waiting for it to read. */
#include "rest/batch_int.h"

#include "core/log.h"

#define OUT_SPILL ((size_t)64 * 1024)

static int status_of(const struct change *c)
{
    return c->kind == CHANGE_ADD ? 201 : 200;
}

static void write_done(struct batch *b, const struct change *c)
{
    struct bw_json_writer w;
    bw_json_init(&w, &b->out);
    bw_json_object(&w);
    bw_json_put_int(&w, "id", c->kind == CHANGE_ADD ? c->id : c->rec.id);
    bw_json_put_int(&w, "status", status_of(c));
    if (c->new_version && c->kind != CHANGE_DELETE)
        bw_json_put_int(&w, "version", c->new_version);
    bw_json_end(&w);
}

static struct faults *new_faults(struct bw_arena *a)
{
    struct faults *f = BW_NEW(a, struct faults);
    f->arena = a;
    return f;
}

/* In a transaction that is undone there is nothing more to look for: what it added is gone. */
static const struct faults *store_fault(struct chunk *c, const struct bw_err *e)
{
    if (!e->field[0])
        return NULL;
    struct faults *f = new_faults(&c->arena);
    fault_add(f, bw_cstr(e->field), e->code == BW_CONFLICT ? "unique" : "reference", "%s", e->text);
    return f;
}

/* Of a write on its own: all that is wrong with it, by what its neighbours have made of the store.
 */
static const struct faults *all_faults(struct chunk *c, struct batch_write *w, struct bw_err *e)
{
    if (w->change && w->change->err.field[0]) {
        struct faults *f = new_faults(&c->arena);
        store_refused(w->change, f, e);
        return f;
    }
    if (w->refused) {
        store_probe(w->table, w->refused, w->update, w->faults);
        faults_fail(w->faults, e);
    }
    return w->faults;
}

static void write_failed(struct batch *b, struct chunk *c, size_t i)
{
    struct batch_write *bw = &c->writes[i];
    struct bw_err why = bw->change ? bw->change->err : *bw->err, *e = &why;
    const struct faults *f = all_faults(c, bw, e);
    struct bw_json_writer w;
    if (bw_code_status(e->code) >= 500)
        log_warn("rest", "a write of a batch failed", LOG_CSTR("request", req_name(b->rq)),
                 LOG_NUM("write", c->first + (int64_t)i), log_err(e));
    bw_json_init(&w, &b->out);
    bw_json_object(&w);
    bw_json_put_int(&w, "write", c->first + (int64_t)i);
    bw_json_put_int(&w, "status", bw_code_status(e->code));
    bw_json_key(&w, BW_LIT("error"));
    problem_write(b->rq, e, f, &w);
    bw_json_end(&w);
}

static bool spill(struct batch *b, size_t at_least, struct bw_err *e)
{
    if (b->out.n < at_least)
        return true;
    bw_must(bw_buf_ok(&b->out)); /* one result is far smaller than its maximum */
    bool ok = spool_write(&b->results, bw_buf_str(&b->out), e);
    bw_buf_clear(&b->out);
    return ok;
}

bool batch_tell(struct batch *b, struct chunk *c, struct bw_err *e)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct change *change = c->writes[i].change;
        bool ok = change && change->ok;
        *(ok ? &b->done : &b->failed) += 1;
        if (ok && b->minimal)
            continue;
        if (b->told++)
            bw_buf_char(&b->out, ',');
        if (ok)
            write_done(b, change);
        else
            write_failed(b, c, i);
        if (!spill(b, OUT_SPILL, e))
            return false;
    }
    return true;
}

bool batch_answer(struct batch *b, struct bw_err *e)
{
    struct bw_req *rq = b->rq;
    bw_str piece;
    if (!spill(b, 1, e))
        return false;
    http_res_set(rq->res, "Content-Type", BW_LIT("application/json"));
    if (b->minimal)
        http_res_set(rq->res, "Preference-Applied", BW_LIT("return=minimal"));
    bw_buf_put(rq->res->body, BW_LIT("{\"results\":["));
    do {
        if (!spool_read(&b->results, &piece, e) || !bw_reply_write(rq, piece, e))
            return false;
    } while (piece.n);
    bw_buf_printf(rq->res->body, "],\"done\":%lld,\"failed\":%lld}", (long long)b->done,
                  (long long)b->failed);
    return true;
}

bool batch_blame(struct batch *b, struct chunk *c, size_t i, struct bw_err *e)
{
    const struct batch_write *w = &c->writes[i];
    struct bw_err why = w->change ? w->change->err : *w->err;
    const struct faults *f = w->change ? store_fault(c, &why) : w->faults;
    int64_t n = c->first + (int64_t)i;
    if (f) { /* the chunk goes before the answer is written */
        struct faults *kept = BW_NEW(b->rq->arena, struct faults);
        kept->arena = b->rq->arena;
        for (unsigned k = 0; k < f->n; k++)
            fault_add(kept, bw_arena_str(kept->arena, f->at[k].field), f->at[k].rule, "%.*s",
                      BW_FMT(f->at[k].text));
        b->rq->faults = kept;
    }
    if (w->table)
        bw_because(&why, "write %lld (%.*s)", (long long)n, BW_FMT(w->table->name));
    else
        bw_because(&why, "write %lld", (long long)n);
    if (e)
        *e = why;
    return false;
}
