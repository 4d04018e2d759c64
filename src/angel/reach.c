/* reach.c: see reach.h. */
#include "angel/reach.h"

#include <stdio.h>

#include "core/hostport.h"
#include "net/stream.h"
#include "os/socket.h"

static void closed(struct stream *s)
{
    (void)s;
}

static void drained(struct stream *s, int sys)
{
    (void)s;
    (void)sys;
}

static void data(struct stream *s, bw_str bytes, int sys)
{
    (void)s;
    (void)bytes;
    (void)sys;
}

static bool reach(const char *host, unsigned port, int64_t deadline, struct bw_err *e)
{
    static const struct stream_events none = {.data = data, .drained = drained, .closed = closed};
    struct stream *s = stream_connect(host, port, deadline, e);
    if (!s)
        return false;
    stream_set(s, &none, NULL);
    stream_close(s);
    return true;
}

static bool place_of(const char *target, struct hostport *out, struct bw_err *e)
{
    char here[32];
    snprintf(here, sizeof here, "127.0.0.1%.16s", target);
    return hostport_parse(out, *target == ':' ? here : target, e) &&
           (out->port || bw_fail(e, BW_BAD, "'%.200s': port 0 cannot be reached", target));
}

bool reach_is_tcp(const char *target, struct bw_err *e)
{
    struct hostport at;
    return place_of(target, &at, e);
}

bool reach_is_unix(const char *path, struct bw_err *e)
{
    struct socket_address address;
    return socket_path(path, &address, e);
}

bool reach_tcp(const char *target, int64_t deadline, struct bw_err *e)
{
    struct hostport at;
    return place_of(target, &at, e) && reach(at.host, at.port, deadline, e);
}

bool reach_unix(const char *path, int64_t deadline, struct bw_err *e)
{
    return reach(path, 0, deadline, e);
}
