/* probe_tcp.c: tcp:host:port: a connection can be made. */
#include "angel/probe_int.h"
#include "angel/reach.h"

static bool check(struct probe_conf *c, struct bw_arena *a, struct bw_err *e)
{
    (void)a;
    return reach_is_tcp(c->target, e);
}

static bool look(const struct probe_look *k, struct bw_err *e)
{
    return reach_tcp(k->conf->target, k->deadline, e);
}

const struct probe_kind probe_tcp = {
    .name = "tcp",
    .help = "tcp:HOST:PORT: a connection can be made.",
    .places = 1u << PROBE_STARTUP | 1u << PROBE_READY | 1u << PROBE_LIVE,
    .check = check,
    .look = look,
};
