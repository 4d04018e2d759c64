/* http_carrier_stream.c: the client's bytes over a stream, for fibers. Data callbacks fill `came`;
 * the fiber takes it over in `more`, so that views into `in` hold while the fiber does other
 * things. An idle one keeps reading (to notice the peer's close) but owns no buffer. */
#include "net/http_client_int.h"

#include "net/stream.h"
#include "net/wait.h"

#define HELD_MAX (256 * 1024) /* written but not yet taken by the kernel */

struct on_stream {
    struct carrier c;
    struct stream *s;
    struct bw_buf came;
    struct wait *waiting;
    int sys;
    bool ended, paused;
};

static struct on_stream *of(struct carrier *c)
{
    return LIST_OWNER(c, struct on_stream, c);
}

static void wake(struct on_stream *o)
{
    struct wait *w = o->waiting;
    o->waiting = NULL;
    if (w)
        wait_wake(w);
}

static void on_data(struct stream *s, bw_str bytes, int sys)
{
    struct on_stream *o = stream_user(s);
    if (o->c.pool) { /* the peer closes an idle connection, or talks out of turn */
        http_client_drop(&o->c);
        return;
    }
    if (bytes.n == 0)
        o->ended = true;
    if (sys)
        o->sys = sys;
    bw_buf_put(&o->came, bytes);
    if (o->came.n >= CARRIER_WINDOW) {
        o->paused = true;
        stream_read(s, false);
    }
    wake(o);
}

static void on_drained(struct stream *s, int sys)
{
    struct on_stream *o = stream_user(s);
    if (sys)
        o->sys = sys;
    wake(o);
}

static void on_closed(struct stream *s)
{
    struct on_stream *o = stream_user(s);
    bw_buf_release(&o->came);
    bw_buf_release(&o->c.in);
    free(o);
}

static const struct stream_events events = {on_data, on_drained, on_closed};

static bool wait_more(struct on_stream *o, int64_t deadline, struct bw_err *e)
{
    struct wait w;
    wait_init(&w);
    o->waiting = &w;
    enum wait_result r = wait_for(&w, deadline);
    o->waiting = NULL; /* wakers are on this loop: nobody has it any more */
    if (r == WAIT_CANCELLED)
        return bw_fail(e, BW_GONE, "cancelled");
    return r == WAIT_WOKEN || bw_fail(e, BW_LATE, "the peer did not answer in time");
}

static bool fail_broken(struct on_stream *o, struct bw_err *e)
{
    return bw_fail(e, BW_DOWN, "the connection broke: %s", stream_why(o->s, o->sys));
}

static bool write_some(struct carrier *c, const bw_str *pieces, unsigned n, int64_t deadline,
                       struct bw_err *e)
{
    struct on_stream *o = of(c);
    if (o->sys && !o->came.n)
        return fail_broken(o, e);
    size_t held = stream_write(o->s, pieces, n);
    while (held > HELD_MAX && !o->sys && !o->came.n && !o->ended) {
        if (!wait_more(o, deadline, e))
            return false;
        held = stream_held(o->s);
    }
    c->stuck = held > HELD_MAX || o->sys;
    return o->came.n || !o->sys || fail_broken(o, e);
}

static bool more(struct carrier *c, int64_t deadline, struct bw_err *e)
{
    struct on_stream *o = of(c);
    while (!o->came.n && !o->ended && !o->sys)
        if (!wait_more(o, deadline, e))
            return false;
    if (!o->came.n && o->sys)
        return fail_broken(o, e);
    if (!o->came.n)
        c->ended = true;
    if (c->at == c->in.n) { /* all used up: the two buffers change places */
        struct bw_buf spare = c->in;
        c->in = o->came;
        o->came = spare;
        bw_buf_clear(&o->came);
        c->at = 0;
    } else {
        carrier_compact(c);
        bw_buf_put(&c->in, bw_buf_str(&o->came));
        bw_buf_clear(&o->came);
    }
    if (o->paused && !o->ended) {
        o->paused = false;
        stream_read(o->s, true);
    }
    return true;
}

static bool is_idle(struct carrier *c)
{
    struct on_stream *o = of(c);
    return !o->ended && !o->sys && o->came.n == 0 && stream_held(o->s) == 0;
}

static void rest(struct carrier *c)
{
    bw_buf_release(&of(c)->came);
}

static void end(struct carrier *c)
{
    stream_close(of(c)->s); /* on_closed frees */
}

static const struct carrier_kind kind = {write_some, more, is_idle, rest, end};

struct carrier *carrier_stream_open(const char *host, unsigned port, struct tls_context *tls,
                                    int64_t deadline, struct bw_err *e)
{
    struct stream *s = stream_connect(host, port, deadline, e);
    if (!s || (tls && !stream_tls_connect(s, tls, host, deadline, e)))
        return NULL;
    struct on_stream *o = calloc(1, sizeof *o);
    bw_must(o);
    o->c.kind = &kind;
    o->s = s;
    /* Never over: what comes is bounded by pausing. */
    bw_buf_init(&o->came, CARRIER_WINDOW + 2 * CARRIER_PIECE);
    bw_buf_init(&o->c.in, 2 * CARRIER_WINDOW + 2 * CARRIER_PIECE);
    stream_set(s, &events, o);
    stream_read(s, true);
    return &o->c;
}
