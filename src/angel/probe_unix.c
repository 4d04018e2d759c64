/* probe_unix.c: unix:/path: a connection to the socket can be made. */
#include "angel/probe_int.h"
#include "net/stream.h"
#include "os/socket.h"

static bool check(struct probe_conf *c, struct bw_arena *a, struct bw_err *e)
{
    struct socket_address address;
    (void)a;
    return socket_path(c->target, &address, e);
}

static bool look(const struct probe_look *k, struct bw_err *e)
{
    struct stream *s = stream_connect(k->conf->target, 0, k->deadline, e);
    if (s)
        stream_close(s);
    return s != NULL;
}

const struct probe_kind probe_unix = {
    .name = "unix",
    .help = "unix:PATH: a connection to that socket can be made.",
    .places = 1u << PROBE_STARTUP | 1u << PROBE_READY | 1u << PROBE_LIVE,
    .check = check,
    .look = look,
};
