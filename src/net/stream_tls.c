/* stream_tls.c: a stream whose bytes go through a TLS session on their way. The stream stays what
 * it is: its owner's events and calls are those of stream.h, `held` counts what the kernel has not
 * taken. Here is what lies between: what was written before the handshake was through, and what
 * came while the owner did not read (as it came, so that it stays small and bounded: then reading
 * stops).
 *
 *   SHAKING --through--> OPEN --the peer's end, a fault--> OVER
 *      |--failed, as a server--> PARTING: says why, waits until the peer has read it --> OVER
 *
 * All on the stream's loop. The session never waits: only who connects does, on a fiber. */
#include "net/stream_int.h"

#include <errno.h>

#include "core/clock.h"
#include "core/log.h"
#include "net/fiber.h"
#include "net/tls.h"
#include "net/wait.h"

#define EARLY_MAX    (16u * 1024 * 1024)
#define TOGETHER     (64 * 1024) /* bytes of the wire, handed on at once */
#define PARTING_SPAN (2 * CLOCK_SECOND)
#define CONNECT_SPAN (10 * CLOCK_SECOND)

enum tls_state { SHAKING, OPEN, PARTING, OVER };

struct stream_tls {
    struct stream *s; /* NULL: it has gone, and `more` is yet to run */
    struct tls *tls;
    enum tls_state state;
    struct bw_buf early; /* plain; counted in the stream's `held` */
    struct bw_buf kept;  /* as it came */
    struct loop_timer limit;
    struct loop_post more;
    struct wait *waiting; /* the fiber that connects */
    char *why;            /* it failed */
    int64_t span;
    int end_sys;
    bool client, posted;
    bool below_ended; /* the connection; end_sys tells how */
    bool told_end;    /* the owner knows */
    bool ending;      /* the owner has said that this was all */
};

static const char http_answer[] =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: application/problem+json\r\n"
    "Content-Length: 95\r\n"
    "Connection: close\r\n"
    "\r\n"
    "{\"title\":\"Malformed request\",\"status\":400,\"detail\":\"this port speaks TLS: use "
    "https:// "
    "here\"}\r\n";

static struct stream_tls *of(const struct stream *s)
{
    return s->uv.any.data;
}

static bool is_closing(const struct stream *s)
{
    return s->odd & STREAM_CLOSING;
}

bool stream_is_secure(const struct stream *s)
{
    return s->odd & STREAM_TLS;
}

const char *stream_why(const struct stream *s, int sys)
{
    return s->odd & STREAM_TLS && of(s)->why ? of(s)->why : strerror(sys);
}

/* ---- ends ---- */

static void set_limit(struct stream_tls *t, int64_t span)
{
    struct loop *l = t->s->loop;
    loop_timer_set(l, &t->limit, span ? loop_now(l) + span : 0);
}

static void wake(struct stream_tls *t)
{
    struct wait *w = t->waiting;
    t->waiting = NULL;
    if (w)
        wait_wake(w);
}

static void flush(struct stream_tls *t)
{
    struct bw_buf *out = tls_out(t->tls);
    bw_str bytes = bw_buf_str(out);
    if (bytes.n && !is_closing(t->s))
        stream_raw_write(t->s, &bytes, 1);
    bw_buf_release(out);
}

static void set_why(struct stream_tls *t, const char *why)
{
    if (t->why)
        return;
    t->why = strdup(why);
    bw_must(t->why);
}

/* The last that the owner is told. */
static void tell_end(struct stream_tls *t, int sys)
{
    struct stream *s = t->s;
    if (t->told_end)
        return;
    t->told_end = true;
    t->state = OVER;
    s->reading = false;
    set_limit(t, 0);
    stream_raw_read(s, false);
    wake(t);
    if (s->events && s->events->data)
        s->events->data(s, bw_str_of("", 0), sys);
}

static void break_off(struct stream_tls *t, const struct bw_err *e)
{
    set_why(t, e->text);
    flush(t); /* the alert */
    tell_end(t, EPROTO);
}

static void forget_early(struct stream_tls *t)
{
    struct stream *s = t->s;
    s->held -= t->early.n < s->held ? t->early.n : s->held;
    bw_buf_release(&t->early);
}

/* A close at once could reset the connection before the peer has read why. */
static void part(struct stream_tls *t, const struct bw_err *e)
{
    char peer[64];
    stream_peer(t->s, peer, sizeof peer);
    log_debug("tls", "a connection did not come to be", LOG_CSTR("peer", peer), log_err(e));
    set_why(t, e->text);
    forget_early(t);
    if (tls_met_http(t->tls)) {
        bw_buf_clear(tls_out(t->tls)); /* an alert is nothing to HTTP */
        bw_buf_put(tls_out(t->tls), bw_cstr(http_answer));
    }
    flush(t);
    stream_raw_end(t->s);
    t->state = PARTING;
    set_limit(t, PARTING_SPAN);
}

static void time_out(struct loop_timer *timer)
{
    struct stream_tls *t = LIST_OWNER(timer, struct stream_tls, limit);
    set_why(t, "the handshake was not through in time");
    tell_end(t, ETIMEDOUT);
}

/* ---- what comes ---- */

static void send_early(struct stream_tls *t)
{
    struct bw_buf early = t->early;
    bw_str piece = bw_buf_str(&early);
    bw_buf_init(&t->early, EARLY_MAX);
    t->s->held -= early.n < t->s->held ? early.n : t->s->held;
    if (early.n)
        stream_tls_write(t->s, &piece, 1);
    bw_buf_release(&early);
    if (t->ending)
        stream_tls_end(t->s);
}

static void shake(struct stream_tls *t, bw_str *in)
{
    struct bw_err e;
    enum tls_did did = tls_shake(t->tls, in, &e);
    if (did == TLS_FAILED && !t->client) {
        part(t, &e);
    } else if (did == TLS_FAILED) {
        break_off(t, &e);
    } else {
        flush(t);
    }
    if (did != TLS_DONE)
        return;
    t->state = OPEN;
    set_limit(t, 0);
    wake(t);
    send_early(t);
}

static void deliver(struct stream_tls *t, bw_str *in)
{
    char plain[TLS_RECORD];
    struct stream *s = t->s;
    struct bw_err e;
    size_t n;
    while (s->reading && !is_closing(s) && t->state == OPEN) {
        enum tls_did did = tls_read(t->tls, in, plain, &n, &e);
        if (tls_out(t->tls)->n)
            flush(t); /* new keys */
        if (did == TLS_DONE)
            s->events->data(s, bw_str_of(plain, n), 0);
        else if (did == TLS_END)
            tell_end(t, 0);
        else if (did == TLS_FAILED)
            break_off(t, &e);
        else
            return;
    }
}

/* The connection has ended, and all that came before has been delivered. */
static void end_below(struct stream_tls *t)
{
    if (t->state == SHAKING)
        set_why(t, "it closed the connection in the middle of the handshake");
    else if (t->client && !t->end_sys)
        set_why(t, "it closed the connection without saying that this was all (TLS close_notify)");
    bool odd = t->state != OPEN || t->client;
    tell_end(t, !t->end_sys && odd ? EPROTO : t->end_sys);
}

static void work(struct stream_tls *t, bw_str fresh)
{
    struct stream *s = t->s;
    struct bw_buf all = t->kept;
    bw_buf_init(&t->kept, SIZE_MAX / 2); /* bounded by when reading stops */
    if (all.n)
        bw_buf_put(&all, fresh);
    bw_str in = all.n ? bw_buf_str(&all) : fresh;
    if (t->state == SHAKING)
        shake(t, &in);
    if (t->state == OPEN)
        deliver(t, &in);
    if (t->state == OPEN && in.n && !is_closing(s))
        bw_buf_put(&t->kept, in);
    bw_buf_release(&all);
    if (is_closing(s) || t->told_end)
        return;
    if (t->below_ended && !t->kept.n && (t->state != OPEN || s->reading))
        end_below(t);
    else if (!t->below_ended && t->state == OPEN)
        stream_raw_read(s, s->reading);
}

void stream_tls_came(struct stream *s, bw_str bytes, int sys)
{
    struct stream_tls *t = of(s);
    if (bytes.n == 0) {
        t->below_ended = true;
        t->end_sys = sys;
    }
    work(t, bytes);
}

static void go_on(struct loop_post *p)
{
    struct stream_tls *t = LIST_OWNER(p, struct stream_tls, more);
    t->posted = false;
    if (!t->s)
        free(t);
    else if (!is_closing(t->s) && !t->told_end)
        work(t, bw_str_of("", 0));
}

void stream_tls_read(struct stream *s, bool on)
{
    struct stream_tls *t = of(s);
    if (t->told_end)
        return;
    s->reading = on;
    if (t->state != OPEN)
        return; /* goes on by itself */
    if (!t->below_ended)
        stream_raw_read(s, on);
    if (!on || t->posted || (!t->kept.n && !t->below_ended))
        return;
    t->posted = true; /* never from within a call of the owner's */
    loop_post(s->loop, &t->more);
}

/* ---- what goes ---- */

static size_t put_off(struct stream_tls *t, const bw_str *pieces, unsigned n)
{
    struct stream *s = t->s;
    size_t before = t->early.n;
    for (unsigned i = 0; i < n; i++)
        bw_buf_put(&t->early, pieces[i]);
    s->held += t->early.n - before;
    if (!bw_buf_ok(&t->early))
        stream_post_fault(s, ENOBUFS);
    return s->held;
}

static bool encrypt(struct stream_tls *t, bw_str plain)
{
    struct bw_err e;
    if (!tls_write(t->tls, plain, &e)) {
        set_why(t, e.text);
        return false;
    }
    if (tls_out(t->tls)->n >= TOGETHER)
        flush(t);
    return true;
}

/* Small pieces share a record, large ones are not copied for it. */
static bool encrypt_all(struct stream_tls *t, const bw_str *pieces, unsigned n)
{
    char record[TLS_RECORD];
    size_t used = 0;
    bool ok = true;
    for (unsigned i = 0; i < n && ok; i++) {
        for (bw_str left = pieces[i]; left.n && ok;) {
            size_t room = TLS_RECORD - used, k = left.n < room ? left.n : room;
            if (k == TLS_RECORD) {
                ok = encrypt(t, bw_str_of(left.p, k));
            } else {
                memcpy(record + used, left.p, k);
                used += k;
            }
            left = bw_str_of(left.p + k, left.n - k);
            if (used == TLS_RECORD) {
                ok = encrypt(t, bw_str_of(record, used));
                used = 0;
            }
        }
    }
    return ok && (used == 0 || encrypt(t, bw_str_of(record, used)));
}

size_t stream_tls_write(struct stream *s, const bw_str *pieces, unsigned n)
{
    struct stream_tls *t = of(s);
    if (t->state == SHAKING)
        return put_off(t, pieces, n);
    /* Its own end does not keep a peer from reading on. */
    if ((t->state == OPEN || (t->state == OVER && !t->why)) && encrypt_all(t, pieces, n)) {
        flush(t);
        return s->held;
    }
    for (unsigned i = 0; i < n; i++)
        s->held += pieces[i].n; /* until the owner is told */
    stream_post_fault(s, EPROTO);
    return s->held;
}

/* Can the peer still read what TLS has to say? */
static bool is_up(const struct stream_tls *t)
{
    return !t->why && (t->state == OPEN || t->state == OVER) && !t->s->failed;
}

void stream_tls_end(struct stream *s)
{
    struct stream_tls *t = of(s);
    t->ending = true;
    if (t->state == SHAKING)
        return;
    if (is_up(t)) {
        tls_end(t->tls);
        flush(t);
    }
    stream_raw_end(s);
}

void stream_tls_close(struct stream *s)
{
    struct stream_tls *t = of(s);
    if (t->ending || !is_up(t))
        return;
    tls_end(t->tls);
    stream_raw_last(s, bw_buf_str(tls_out(t->tls)));
}

/* ---- life ---- */

static struct stream_tls *begin(struct stream *s, struct tls *tls)
{
    struct stream_tls *t = calloc(1, sizeof *t);
    bw_must(t);
    t->s = s;
    t->tls = tls;
    t->more.fn = go_on;
    bw_buf_init(&t->early, EARLY_MAX);
    bw_buf_init(&t->kept, SIZE_MAX / 2);
    loop_timer_init(&t->limit, time_out);
    s->uv.any.data = t;
    s->odd |= STREAM_TLS;
    return t;
}

void stream_tls_free(struct stream *s)
{
    struct stream_tls *t = of(s);
    set_limit(t, 0);
    tls_free(t->tls);
    bw_buf_release(&t->early);
    bw_buf_release(&t->kept);
    free(t->why);
    t->s = NULL;
    if (!t->posted)
        free(t);
    s->uv.any.data = NULL;
    s->odd &= (unsigned char)~STREAM_TLS;
}

void stream_tls_accept(struct stream *s, struct tls_context *server)
{
    struct stream_tls *t = begin(s, tls_new(server, NULL, NULL));
    set_limit(t, tls_handshake_span(server));
    stream_raw_read(s, true);
}

/* The earlier of the two; 0 is none. */
static int64_t bounded(int64_t deadline, int64_t span)
{
    int64_t own = clock_mono() + span;
    return deadline && deadline < own ? deadline : own;
}

static bool await(struct stream_tls *t, int64_t deadline, const char *host, struct bw_err *e)
{
    struct wait w;
    wait_init(&w);
    t->waiting = &w;
    stream_raw_read(t->s, true);
    work(t, bw_str_of("", 0)); /* the greeting */
    enum wait_result r = wait_for(&w, bounded(deadline, CONNECT_SPAN));
    t->waiting = NULL;
    if (r == WAIT_CANCELLED)
        return bw_fail(e, BW_GONE, "cancelled");
    if (r == WAIT_DEADLINE)
        return bw_fail(e, BW_LATE, "TLS with %s: the handshake was not through in time", host);
    return t->state == OPEN || bw_fail(e, BW_DOWN, "TLS with %s: %s", host, t->why);
}

bool stream_tls_connect(struct stream *s, struct tls_context *client, const char *host,
                        int64_t deadline, struct bw_err *e)
{
    bw_must(fiber_current());
    struct tls *tls = tls_new(client, host, e);
    struct stream_tls *t = tls ? begin(s, tls) : NULL;
    if (t)
        t->client = true;
    if (t && await(t, deadline, host, e))
        return true;
    stream_close(s);
    return false;
}
