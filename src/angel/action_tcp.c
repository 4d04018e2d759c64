/* tcp and unix: can a connection be made? */
#include "angel/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/stream.h"

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

/* Of "host:port" and "[::1]:port"; false when it is neither. */
static bool split(const char *text, char host[256], unsigned *port)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    bool bracketed = n > 2 && text[0] == '[' && text[n - 1] == ']';
    if (!n || n >= 256)
        return false;
    memcpy(host, text + bracketed, n - 2 * bracketed);
    host[n - 2 * bracketed] = 0;
    char *end;
    unsigned long number = strtoul(colon + 1, &end, 10);
    *port = (unsigned)number;
    return end != colon + 1 && !*end && number > 0 && number < 65536;
}

static bool check_tcp(const struct action_step *s, struct bw_err *e)
{
    char host[256];
    unsigned port;
    return split(s->param, host, &port) ||
           bw_fail(e, BW_BAD, "'%s' is no host:port, as in tcp:127.0.0.1:5432", s->text);
}

static bool run_tcp(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    char host[256];
    unsigned port;
    return split(s->param, host, &port) && reach(host, port, w->deadline, e);
}

static bool run_unix(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    return reach(s->param, 0, w->deadline, e);
}

static bool check_unix(const struct action_step *s, struct bw_err *e)
{
    return s->param[0] == '/' ||
           bw_fail(e, BW_BAD, "'%s' names no socket, as in unix:/run/app.sock", s->text);
}

const struct action_kind action_tcp = {
    .name = "tcp",
    .help = "connect to host:port",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .asks = true,
    .check = check_tcp,
    .run = run_tcp,
};

const struct action_kind action_unix = {
    .name = "unix",
    .help = "connect to a unix socket by its path",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .asks = true,
    .check = check_unix,
    .run = run_unix,
};
