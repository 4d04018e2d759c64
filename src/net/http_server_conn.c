/* http_server_conn.c: connections between requests: what stream events and time do to them. The one
 * timer of a connection means what its state says; moving it later costs one store. */
#include "net/http_server_int.h"

#include "core/clock.h"
#include "core/metric.h"

#define LINGER_SPAN (2 * CLOCK_SECOND)
#define SURPLUS     1024 /* connections over the maximum that are told so */
#define TOO_MANY    "this server has as many connections as it may; try again in a second"
#define TOO_BUSY    "this server has as many requests in hand as it may; try again in a second"
#define TOO_SLOW    "the head of the request did not come in time"
#define GOING_DOWN  "this server is stopping"
#define FRESH_SPAN  (1 * CLOCK_SECOND)

static void set_timer(struct http_conn *c, int64_t span)
{
    struct loop *l = c->worker->loop;
    loop_timer_set(l, &c->timer, loop_now(l) + span);
}

void http_conn_close(struct http_conn *c)
{
    if (c->work)
        http_work_give(c->work);
    c->state = CONN_CLOSED;
    stream_close(c->stream);
}

void http_conn_reset(struct http_conn *c)
{
    if (c->work)
        http_work_give(c->work);
    c->state = CONN_CLOSED;
    stream_reset(c->stream);
}

void http_conn_linger(struct http_conn *c)
{
    if (c->work)
        http_work_give(c->work);
    if (c->ended) {
        http_conn_close(c);
        return;
    }
    c->state = CONN_LINGER;
    stream_end(c->stream);
    http_conn_resume_reading(c);
    set_timer(c, LINGER_SPAN);
}

void http_conn_resume_reading(struct http_conn *c)
{
    if (!c->paused)
        return;
    c->paused = false;
    if (!c->ended && !c->broken)
        stream_read(c->stream, true);
}

static void pause_reading(struct http_conn *c)
{
    if (c->paused)
        return;
    c->paused = true;
    stream_read(c->stream, false);
}

/* Below its share a loop needs not ask the others. */
static bool admits(const struct http_worker *k)
{
    const struct http_server *s = k->server;
    int64_t max = (int64_t)s->o.max_in_flight;
    if (max == 0 ||
        (atomic_load_explicit(&k->in_flight, memory_order_relaxed) + 1) * (int64_t)s->n_workers <=
            max)
        return true;
    int64_t all = 0;
    for (unsigned i = 0; i < s->n_workers; i++)
        all += atomic_load_explicit(&s->workers[i].in_flight, memory_order_relaxed);
    return all < max;
}

static void start_fiber(struct http_conn *c)
{
    struct http_worker *k = c->worker;
    c->state = CONN_BUSY;
    c->work->first = c->fresh && k->server->shared;
    c->fresh = false;
    http_count(&k->in_flight, 1);
    if (fiber_start(http_work_serve, c->work, NULL))
        return; /* it may all be over by now */
    http_count(&k->in_flight, -1);
    http_refuse(c, 503, TOO_BUSY);
}

/* Bytes of a head are there, or the whole. */
static void begin(struct http_conn *c)
{
    bw_str bytes = http_inbox_rest(&c->work->in);
    enum http_parsed r = http_parse_request(&c->work->head, bytes.p, bytes.n);
    if (r == HTTP_PARSE_MORE && c->state != CONN_HEAD) {
        c->state = CONN_HEAD;
        set_timer(c, c->worker->server->o.head_timeout);
    } else if (r == HTTP_PARSE_REFUSED) {
        http_refuse(c, c->work->head.refusal, c->work->head.why);
    } else if (r == HTTP_PARSE_DONE) {
        if (admits(c->worker))
            start_fiber(c);
        else
            http_refuse(c, 503, TOO_BUSY);
    }
}

static void rest(struct http_conn *c)
{
    http_work_give(c->work);
    c->state = CONN_IDLE;
    set_timer(c, c->worker->server->o.idle_timeout);
}

void http_conn_batch_done(struct http_conn *c, bool last, bool linger)
{
    size_t held = c->broken ? 0 : stream_held(c->stream);
    bool more = http_inbox_rest(&c->work->in).n > 0;
    last = last || c->ended || (c->worker->draining && !more);
    linger = linger || more; /* closing on what was not read would reset the peer */
    if (c->broken) {
        http_conn_reset(c);
    } else if (last && linger) {
        http_conn_linger(c);
    } else if (held) {
        c->state = CONN_SENDING;
        c->closing = last;
        c->unsent = stream_unsent(c->stream);
        pause_reading(c);
        set_timer(c, c->worker->server->o.write_timeout);
    } else if (last) {
        http_conn_close(c);
    } else if (more) {
        http_conn_resume_reading(c);
        begin(c); /* more may have come since the fiber looked */
    } else {
        http_conn_resume_reading(c);
        rest(c);
    }
}

static void sent(struct http_conn *c)
{
    if (c->closing) {
        http_conn_close(c);
        return;
    }
    http_conn_resume_reading(c);
    if (http_inbox_rest(&c->work->in).n == 0)
        rest(c);
    else
        begin(c);
}

static void cancel_work(struct http_work *w)
{
    if (w->fiber)
        fiber_cancel(w->fiber);
    http_work_wake(w, false);
}

static void peer_gone(struct http_conn *c, int sys)
{
    c->ended = true;
    c->broken = c->broken || sys != 0;
    switch (c->state) {
    case CONN_BUSY: /* an answer already made still goes out to a peer that only ended its side */
        cancel_work(c->work);
        break;
    case CONN_SENDING:
        c->closing = true;
        if (c->broken)
            http_conn_reset(c);
        break;
    case CONN_CLOSED:
        break;
    default:
        http_conn_close(c);
    }
}

static void data(struct stream *s, bw_str bytes, int sys)
{
    struct http_conn *c = stream_user(s);
    if (sys || bytes.n == 0) {
        peer_gone(c, sys);
        return;
    }
    switch (c->state) {
    case CONN_IDLE:
        http_work_take(c);
        __attribute__((fallthrough));
    case CONN_HEAD:
        http_inbox_add(&c->work->in, bytes, NULL);
        begin(c);
        break;
    case CONN_BUSY:
    case CONN_SENDING:
        http_inbox_add(&c->work->in, bytes, &c->work->arena);
        if (http_inbox_full(&c->work->in) >= HTTP_HOLD)
            pause_reading(c);
        http_work_wake(c->work, false);
        break;
    default: /* dropped */
        break;
    }
}

static void drained(struct stream *s, int sys)
{
    struct http_conn *c = stream_user(s);
    if (sys)
        peer_gone(c, sys);
    else if (c->state == CONN_BUSY)
        http_work_wake(c->work, false);
    else if (c->state == CONN_SENDING)
        sent(c);
}

/* A peer that takes something, however slowly, has time anew. */
static bool progresses(struct http_conn *c)
{
    size_t unsent = stream_unsent(c->stream);
    if (unsent >= c->unsent)
        return false;
    c->unsent = unsent;
    set_timer(c, c->worker->server->o.write_timeout);
    return true;
}

static void time_out(struct loop_timer *t)
{
    struct http_conn *c = LIST_OWNER(t, struct http_conn, timer);
    switch (c->state) {
    case CONN_IDLE:
    case CONN_LINGER:
        http_conn_close(c);
        break;
    case CONN_HEAD:
        http_refuse(c, 408, TOO_SLOW);
        break;
    case CONN_BUSY:
        http_work_wake(c->work, true);
        break;
    case CONN_SENDING:
        if (!progresses(c))
            http_conn_reset(c);
        break;
    case CONN_CLOSED:
        break;
    }
}

static void closed(struct stream *s)
{
    struct http_conn *c = stream_user(s);
    struct http_worker *k = c->worker;
    loop_timer_set(k->loop, &c->timer, 0);
    list_remove(&c->node);
    atomic_fetch_sub_explicit(&k->server->connections, 1, memory_order_relaxed);
    metric_add(k->server->m_connections, -1);
    free(c);
    http_worker_check_drained(k);
}

static const struct stream_events events = {.data = data, .drained = drained, .closed = closed};

static struct http_conn *conn_new(struct http_worker *k, struct stream *s)
{
    char peer[64];
    stream_peer(s, peer, sizeof peer);
    size_t n = strlen(peer);
    struct http_conn *c = calloc(1, sizeof *c + n + 1);
    bw_must(c);
    c->stream = s;
    c->worker = k;
    c->peer_n = (unsigned char)n;
    c->secure = stream_is_secure(s);
    memcpy(c->peer, peer, n + 1);
    loop_timer_init(&c->timer, time_out);
    list_push_back(&k->conns, &c->node);
    stream_set(s, &events, c);
    return c;
}

void http_conn_accept(struct stream *s, void *server)
{
    struct http_server *srv = server;
    struct http_worker *k = &srv->workers[loop_index(stream_loop(s))];
    struct http_conn *c = conn_new(k, s);
    int64_t open = atomic_fetch_add_explicit(&srv->connections, 1, memory_order_relaxed);
    int64_t max = (int64_t)srv->o.max_connections;
    metric_add(srv->m_connections, 1);
    stream_read(s, true);
    c->fresh = true;
    if (k->draining && !srv->shared)
        http_refuse(c, 503, GOING_DOWN);
    else if (open >= max)
        http_refuse(c, 503, TOO_MANY);
    else
        set_timer(c, k->draining ? FRESH_SPAN : srv->o.idle_timeout);
    if (open >= max + SURPLUS)
        http_conn_close(c);
}

/* Who has just been accepted from a shared socket is nobody else's any more: its request, which
 * must be on its way, is answered. */
static bool is_promised(struct http_conn *c, bool abort)
{
    if (abort || !c->fresh || !c->worker->server->shared)
        return false;
    set_timer(c, FRESH_SPAN);
    return true;
}

void http_conn_drain(struct http_conn *c, bool abort)
{
    switch (c->state) {
    case CONN_BUSY: /* the fiber sees the worker drain */
        if (!abort)
            break;
        c->broken = true;
        cancel_work(c->work);
        break;
    case CONN_HEAD:
        if (abort)
            http_conn_reset(c);
        else if (!is_promised(c, abort))
            http_refuse(c, 503, GOING_DOWN);
        break;
    case CONN_SENDING:
        c->closing = true;
        if (abort)
            http_conn_reset(c);
        break;
    case CONN_IDLE:
        if (!is_promised(c, abort))
            http_conn_close(c);
        break;
    default:
        if (abort && c->state != CONN_CLOSED)
            http_conn_reset(c);
        break;
    }
}
