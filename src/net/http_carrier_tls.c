/* http_carrier_tls.c: the client's bytes through a TLS session over a blocking socket, for threads
 * that are no loop. What the peer says while a request is still going out is taken in: it may be an
 * answer, or only a word of TLS. */
#include "net/http_client_int.h"

#include <errno.h>
#include <poll.h>

#include "core/clock.h"
#include "net/tls.h"
#include "os/socket.h"

#define TOGETHER  (64 * 1024)
#define HANDSHAKE (10 * CLOCK_SECOND)
#define WIRE_MAX  (8u * 1024 * 1024)

struct on_tls {
    struct carrier c;
    int fd;
    struct tls *tls;
    struct bw_buf wire; /* came, not yet decrypted */
};

static struct on_tls *of(struct carrier *c)
{
    return LIST_OWNER(c, struct on_tls, c);
}

/* Bytes of the wire, waiting for them; 0 at the end of the connection, -1 on failure. */
static ssize_t receive(struct on_tls *o, int64_t deadline, struct bw_err *e)
{
    char *room = bw_buf_room(&o->wire, TLS_RECORD);
    if (!room) {
        bw_fail(e, BW_TOOBIG, "the peer sends more than it is asked for");
        return -1;
    }
#if defined(BW_TORTURE)
    ssize_t n = socket_read(o->fd, room, 1, deadline, e);
#else
    ssize_t n = socket_read(o->fd, room, TLS_RECORD, deadline, e);
#endif
    if (n > 0)
        o->wire.n += (size_t)n;
    return n;
}

/* Plain bytes behind c->in, as far as the wire's are there. */
static enum tls_did decrypt(struct on_tls *o, struct bw_err *e)
{
    struct carrier *c = &o->c;
    bw_str in = bw_buf_str(&o->wire);
    size_t n = 0;
    char *room = bw_buf_room(&c->in, TLS_RECORD);
    bw_must(room); /* as in http_carrier_socket.c */
    enum tls_did did = tls_read(o->tls, &in, room, &n, e);
    bw_buf_drop(&o->wire, o->wire.n - in.n);
    if (did == TLS_DONE)
        c->in.n += n;
    if (did == TLS_END)
        c->ended = true;
    return did;
}

/* The kernel takes no more, or has failed: has the peer said something? */
static bool listens(struct on_tls *o, int sys, int64_t deadline, struct bw_err *e)
{
    struct pollfd p = {.fd = o->fd, .events = POLLIN};
    enum tls_did did = TLS_MORE;
    if (poll(&p, 1, 0) == 1) {
        if (receive(o, deadline, e) <= 0)
            return bw_fail(e, BW_DOWN, "the connection broke: %s", strerror(sys));
        did = decrypt(o, e);
        o->c.stuck = did == TLS_DONE || did == TLS_END;
        return did != TLS_FAILED;
    }
    if (sys != EAGAIN)
        return bw_fail(e, BW_DOWN, "the connection broke: %s", strerror(sys));
    return socket_ready(o->fd, POLLIN | POLLOUT, deadline, e);
}

static bool send_out(struct on_tls *o, int64_t deadline, struct bw_err *e)
{
    struct bw_buf *out = tls_out(o->tls);
    bool ok = true;
    for (bw_str left = bw_buf_str(out); left.n && ok && !o->c.stuck;) {
        struct iovec piece = {.iov_base = (char *)(uintptr_t)left.p, .iov_len = left.n};
        ssize_t n = socket_send(o->fd, &piece, 1);
        if (n >= 0)
            left = bw_str_of(left.p + n, left.n - (size_t)n);
        else if (errno != EINTR)
            ok = listens(o, errno, deadline, e);
    }
    bw_buf_clear(out);
    return ok;
}

static bool write_all(struct carrier *c, const bw_str *pieces, unsigned n, int64_t deadline,
                      struct bw_err *e)
{
    struct on_tls *o = of(c);
    for (unsigned i = 0; i < n; i++) {
        for (bw_str left = pieces[i]; left.n && !c->stuck;) {
            size_t k = left.n < TLS_RECORD ? left.n : TLS_RECORD;
            if (!tls_write(o->tls, bw_str_of(left.p, k), e))
                return false;
            left = bw_str_of(left.p + k, left.n - k);
            if (tls_out(o->tls)->n >= TOGETHER && !send_out(o, deadline, e))
                return false;
        }
    }
    return send_out(o, deadline, e);
}

static bool more(struct carrier *c, int64_t deadline, struct bw_err *e)
{
    struct on_tls *o = of(c);
    carrier_compact(c);
    for (;;) {
        enum tls_did did = decrypt(o, e);
        if (did != TLS_MORE)
            return did != TLS_FAILED || bw_because(e, "the connection broke");
        if (!c->stuck && !send_out(o, deadline, e)) /* new keys */
            return false;
        ssize_t n = receive(o, deadline, e);
        if (n == 0)
            return bw_fail(e, BW_DOWN,
                           "the connection broke: it closed it without saying that this was all "
                           "(TLS close_notify)");
        if (n < 0)
            return false;
    }
}

static bool is_idle(struct carrier *c)
{
    return of(c)->wire.n == 0 && socket_is_idle(of(c)->fd);
}

static void rest(struct carrier *c)
{
    struct on_tls *o = of(c);
    bw_buf_release(tls_out(o->tls));
    if (o->wire.n == 0)
        bw_buf_release(&o->wire);
}

static void end(struct carrier *c)
{
    struct on_tls *o = of(c);
    struct bw_buf *out = tls_out(o->tls);
    if (out->n == 0) { /* else a record is half out */
        tls_end(o->tls);
        struct iovec last = {.iov_base = out->p, .iov_len = out->n};
        (void)!socket_send(o->fd, &last, 1);
    }
    tls_free(o->tls);
    close(o->fd);
    bw_buf_release(&o->wire);
    bw_buf_release(&c->in);
    free(o);
}

static bool shake(struct on_tls *o, int64_t deadline, struct bw_err *e)
{
    int64_t own = clock_mono() + HANDSHAKE;
    if (deadline && deadline < own)
        own = deadline;
    for (;;) {
        bw_str in = bw_buf_str(&o->wire);
        enum tls_did did = tls_shake(o->tls, &in, e);
        bw_buf_drop(&o->wire, o->wire.n - in.n);
        if (did == TLS_FAILED) {
            send_out(o, own, NULL); /* the alert */
            return false;
        }
        if (!send_out(o, own, e))
            return false;
        if (did == TLS_DONE)
            return true;
        ssize_t n = receive(o, own, e);
        if (n == 0)
            return bw_fail(e, BW_DOWN, "it closed the connection in the middle of the handshake");
        if (n < 0)
            return false;
    }
}

static const struct carrier_kind kind = {write_all, more, is_idle, rest, end};

struct carrier *carrier_tls_open(const char *host, unsigned port, struct tls_context *tls,
                                 int64_t deadline, struct bw_err *e)
{
    int fd = carrier_socket_connect(host, port, deadline, e);
    struct tls *session = fd >= 0 ? tls_new(tls, host, e) : NULL;
    if (!session) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    struct on_tls *o = calloc(1, sizeof *o);
    bw_must(o);
    o->c.kind = &kind;
    o->fd = fd;
    o->tls = session;
    bw_buf_init(&o->wire, WIRE_MAX);
    bw_buf_init(&o->c.in, 2 * CARRIER_WINDOW + 2 * CARRIER_PIECE);
    if (shake(o, deadline, e))
        return &o->c;
    bw_because(e, "TLS with %s", host);
    bw_buf_clear(tls_out(o->tls));
    end(&o->c);
    return NULL;
}
