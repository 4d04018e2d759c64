/* http_carrier_socket.c: the client's bytes over a blocking socket (poll with deadlines), for
 * threads that are no loop. */
#include "net/http_client_int.h"

#include "os/socket.h"

struct on_socket {
    struct carrier c;
    int fd;
};

static struct on_socket *of(struct carrier *c)
{
    return LIST_OWNER(c, struct on_socket, c);
}

static bool write_all(struct carrier *c, const bw_str *pieces, unsigned n, int64_t deadline,
                      struct bw_err *e)
{
    for (unsigned i = 0; i < n && !c->stuck; i++)
        if (!socket_write(of(c)->fd, pieces[i], deadline, &c->stuck, e))
            return false;
    return true;
}

static bool more(struct carrier *c, int64_t deadline, struct bw_err *e)
{
    carrier_compact(c);
    char *room = bw_buf_room(&c->in, CARRIER_PIECE);
    bw_must(room); /* the parser's limits are below the buffer's */
#if defined(BW_TORTURE)
    ssize_t n = socket_read(of(c)->fd, room, 1, deadline, e);
#else
    ssize_t n = socket_read(of(c)->fd, room, CARRIER_PIECE, deadline, e);
#endif
    if (n < 0)
        return false;
    c->in.n += (size_t)n;
    c->ended = n == 0;
    return true;
}

static bool is_idle(struct carrier *c)
{
    return socket_is_idle(of(c)->fd);
}

static void rest(struct carrier *c)
{
    (void)c;
}

static void end(struct carrier *c)
{
    struct on_socket *o = of(c);
    close(o->fd);
    bw_buf_release(&c->in);
    free(o);
}

static const struct carrier_kind kind = {write_all, more, is_idle, rest, end};

/* Each address gets its share of the time that is left. */
static int connect_any(const struct socket_address *to, unsigned n, int64_t deadline,
                       struct bw_err *e)
{
    int fd = -1;
    for (unsigned i = 0; i < n && fd < 0; i++)
        fd = socket_connect(&to[i], socket_share(deadline, n - i), e);
    return fd;
}

int carrier_socket_connect(const char *host, unsigned port, int64_t deadline, struct bw_err *e)
{
    struct socket_address to[SOCKET_ADDRESSES];
    unsigned n = port ? socket_resolve(host, port, to, e) : socket_path(host, &to[0], e);
    return connect_any(to, n, deadline, e);
}

struct carrier *carrier_socket_open(const char *host, unsigned port, int64_t deadline,
                                    struct bw_err *e)
{
    int fd = carrier_socket_connect(host, port, deadline, e);
    if (fd < 0)
        return NULL;
    struct on_socket *o = calloc(1, sizeof *o);
    bw_must(o);
    o->c.kind = &kind;
    o->fd = fd;
    bw_buf_init(&o->c.in, 2 * CARRIER_WINDOW + 2 * CARRIER_PIECE);
    return &o->c;
}
