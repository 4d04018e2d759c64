/* stream_connect.c: connecting from a fiber: names are resolved on libuv's thread pool, then the
 * addresses are tried one after the other. The deadline is shared among the addresses left, so that
 * one that swallows packets leaves time for the next. */
#include "net/stream_int.h"

#include <errno.h>

#include "net/fiber.h"
#include "net/loop_int.h"
#include "net/wait.h"
#include "os/socket.h"

/* A look-up cannot be stopped once it runs; who gives up leaves it to its callback. */
struct lookup {
    uv_getaddrinfo_t req;
    struct wait done;
    struct addrinfo *found;
    int status;
    bool abandoned;
};

static void looked_up(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct lookup *k = LIST_OWNER(req, struct lookup, req);
    if (k->abandoned) {
        uv_freeaddrinfo(found);
        free(k);
        return;
    }
    k->found = found;
    k->status = status;
    wait_wake(&k->done);
}

static unsigned collect(const struct addrinfo *found, struct socket_address *out)
{
    unsigned n = 0;
    for (const struct addrinfo *a = found; a && n < SOCKET_ADDRESSES; a = a->ai_next)
        if (a->ai_addrlen <= sizeof out->path) {
            memcpy(&out[n].any, a->ai_addr, a->ai_addrlen);
            out[n++].size = a->ai_addrlen;
        }
    return n;
}

static bool fail_wait(enum wait_result r, struct bw_err *e)
{
    if (r == WAIT_CANCELLED)
        return bw_fail(e, BW_GONE, "cancelled");
    return bw_fail(e, BW_LATE, "the deadline has passed");
}

static unsigned look_up(const char *host, unsigned port, int64_t deadline,
                        struct socket_address *out, struct bw_err *e)
{
    struct lookup *k = calloc(1, sizeof *k);
    bw_must(k);
    char service[16];
    snprintf(service, sizeof service, "%u", port);
    wait_init(&k->done);
    struct addrinfo want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    k->status = uv_getaddrinfo(loop_uv(loop_current()), &k->req, looked_up, host, service, &want);
    if (k->status == 0) {
        enum wait_result r = wait_for(&k->done, deadline);
        if (r != WAIT_WOKEN) {
            k->abandoned = true;
            uv_cancel((uv_req_t *)&k->req);
            fail_wait(r, e);
            bw_because(e, "looking up '%s'", host);
            return 0;
        }
    }
    unsigned n = k->status == 0 ? collect(k->found, out) : 0;
    if (n == 0)
        bw_fail(e, BW_DOWN, "no address for the host name '%s': %s", host,
                k->status ? uv_strerror(k->status) : "none found");
    uv_freeaddrinfo(k->found);
    free(k);
    return n;
}

struct attempt {
    uv_connect_t req;
    struct wait done;
    int status;
};

static void connected(uv_connect_t *req, int status)
{
    struct attempt *t = LIST_OWNER(req, struct attempt, req);
    t->status = status;
    wait_wake(&t->done);
}

static struct stream *try_one(const struct socket_address *a, int64_t deadline, struct bw_err *e)
{
    bool is_unix = a->any.sa_family == AF_UNIX;
    struct attempt t = {.status = 0};
    struct stream *s = stream_new(loop_current(), is_unix);
    wait_init(&t.done);
    if (is_unix)
        uv_pipe_connect(&t.req, &s->uv.path, a->path.sun_path, connected);
    else
        t.status = uv_tcp_connect(&t.req, &s->uv.tcp, &a->any, connected);
    enum wait_result r = t.status ? WAIT_WOKEN : wait_for(&t.done, deadline);
    if (r != WAIT_WOKEN) {
        stream_close(s); /* calls `connected` with ECANCELED */
        wait_for(&t.done, WAIT_SURE);
        fail_wait(r, e);
    } else if (t.status != 0) {
        stream_close(s);
        bw_fail(e, BW_DOWN, "%s", uv_strerror(t.status));
        if (e)
            e->sys = -t.status;
    } else {
        if (!is_unix)
            uv_tcp_nodelay(&s->uv.tcp, 1);
        return s;
    }
    char text[160];
    socket_text(a, true, text, sizeof text);
    bw_because(e, "cannot connect to %s", text);
    return NULL;
}

struct stream *stream_connect(const char *host, unsigned port, int64_t deadline, struct bw_err *e)
{
    struct socket_address found[SOCKET_ADDRESSES];
    unsigned n = 0;
    bw_must(fiber_current());
    if (port == 0)
        n = socket_path(host, &found[0], e) ? 1 : 0;
    else
        n = socket_numeric(host, port, &found[0]) ? 1 : look_up(host, port, deadline, found, e);
    for (unsigned i = 0; i < n; i++) {
        struct stream *s = try_one(&found[i], socket_share(deadline, n - i), e);
        if (s || fiber_is_cancelled())
            return s;
    }
    return NULL;
}
