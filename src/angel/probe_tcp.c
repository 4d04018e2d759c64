/* probe_tcp.c: tcp:host:port: a connection can be made. */
#include "angel/probe_int.h"
#include "net/stream.h"

static bool split(const char *target, char host[256], unsigned *port, struct bw_err *e)
{
    const char *colon = strrchr(target, ':');
    int64_t n;
    size_t size = colon ? (size_t)(colon - target) : 0;
    if (!colon || !bw_str_int(bw_cstr(colon + 1), &n) || n < 1 || n > 65535 || size > 250)
        return bw_fail(e, BW_BAD, "'%.80s' is no host:port", target);
    if (size > 1 && *target == '[' && colon[-1] == ']') {
        target++;
        size -= 2;
    }
    snprintf(host, 256, "%.*s", (int)size, size ? target : "");
    if (!size)
        snprintf(host, 256, "127.0.0.1");
    *port = (unsigned)n;
    return true;
}

static bool check(struct probe_conf *c, struct bw_arena *a, struct bw_err *e)
{
    char host[256];
    unsigned port = 0;
    (void)a;
    return split(c->target, host, &port, e);
}

static bool look(const struct probe_look *k, struct bw_err *e)
{
    char host[256];
    unsigned port = 0;
    if (!split(k->conf->target, host, &port, e))
        return false;
    struct stream *s = stream_connect(host, port, k->deadline, e);
    if (s)
        stream_close(s);
    return s != NULL;
}

const struct probe_kind probe_tcp = {
    .name = "tcp",
    .help = "tcp:HOST:PORT: a connection can be made.",
    .places = 1u << PROBE_STARTUP | 1u << PROBE_READY | 1u << PROBE_LIVE,
    .check = check,
    .look = look,
};
