/* http_server_send.c: from the work's buffers to the stream, never holding more than a slice that
 * the kernel did not take: a slow reader parks its fiber, not its answer in memory. */
#include "net/http_server_int.h"

#include "core/clock.h"

#define RUN_MAX (512 * 1024) /* sent at a stretch before others of the loop get their turn */

/* A peer behind many connections is woken once for all of a turn's answers, not for each: a wake-up
 * costs the kernel more than sending (a third of the time of a list of 50 records). Bounded, so
 * that the first of them need not wait long. */
#define TOGETHER_BYTES   (256 * 1024)
#define TOGETHER_BATCHES 16

void http_send_out(struct http_work *w)
{
    list_remove(&w->hook.node);
    if (w->out.n == 0)
        return;
    bw_str pieces[2] = {bw_buf_str(&w->out), bw_buf_str(&w->tail)};
    if (!w->conn->broken)
        stream_write(w->conn->stream, pieces, pieces[1].n ? 2 : 1);
    bw_buf_clear(&w->out);
    bw_buf_clear(&w->tail);
}

void http_send_later(struct http_work *w)
{
    struct http_worker *k = w->conn->worker;
    w->fiber = NULL;
    if (list_empty(&w->hook.node))
        loop_at_turn_end(k->loop, &w->hook);
    k->collected += w->out.n + w->tail.n;
    if (++k->batches >= TOGETHER_BATCHES || k->collected >= TOGETHER_BYTES)
        loop_run_hooks(k->loop);
}

static bool gone(struct bw_err *e)
{
    return bw_fail(e, BW_GONE, "the peer went away before it had the whole answer");
}

static bool wait_sent(struct http_work *w, struct bw_err *e)
{
    struct http_conn *c = w->conn;
    struct loop *l = c->worker->loop;
    int64_t span = c->worker->server->o.write_timeout, deadline = loop_now(l) + span;
    size_t before = stream_unsent(c->stream);
    while (!c->broken && stream_held(c->stream) > 0) {
        if (http_work_wait(w, deadline))
            continue;
        size_t unsent = stream_unsent(c->stream);
        if (unsent >= before) {
            c->broken = true;
            return bw_fail(e, BW_GONE, "the peer took nothing of the answer for %lld s",
                           (long long)(span / CLOCK_SECOND));
        }
        before = unsent; /* slow, but it takes something */
        deadline = loop_now(l) + span;
    }
    return !c->broken || gone(e);
}

static bool send_slice(struct http_work *w, const bw_str *pieces, unsigned n, struct bw_err *e)
{
    struct http_conn *c = w->conn;
    if (c->broken)
        return gone(e);
    size_t held = stream_write(c->stream, pieces, n);
    if (held > 0)
        return wait_sent(w, e);
    for (unsigned i = 0; i < n; i++)
        w->run += pieces[i].n;
    if (w->run > RUN_MAX) {
        w->run = 0;
        fiber_yield();
    }
    return true;
}

bool http_send(struct http_work *w, const bw_str *pieces, unsigned n, struct bw_err *e)
{
    bw_str slice[8], out = bw_buf_str(&w->out);
    bw_must(w->tail.n == 0);
    unsigned used = 0;
    size_t size = 0;
    bool ok = true;
    bw_must(n < 7);
    list_remove(&w->hook.node);
    for (unsigned i = 0; i <= n; i++) {
        for (bw_str left = i == 0 ? out : pieces[i - 1]; left.n > 0 && ok;) {
            size_t take = left.n < HTTP_SLICE - size ? left.n : HTTP_SLICE - size;
            slice[used++] = bw_str_of(left.p, take);
            left = bw_str_of(left.p + take, left.n - take);
            if ((size += take) < HTTP_SLICE)
                continue;
            ok = send_slice(w, slice, used, e);
            size = used = 0;
        }
    }
    ok = ok && (used == 0 || send_slice(w, slice, used, e));
    bw_buf_clear(&w->out);
    return ok;
}
