/* serve_bind.c: where a server listens. Sockets given to the process (socket activation) stand in
 * for the addresses of the settings, unless these name one: "systemd:NAME". */
#include "core/log.h"
#include "host/serve_int.h"
#include "net/http_server.h"

#define GIVEN "systemd:"

/* The application is opened after the binding. */
static void handle(struct http_req *rq, struct http_res *rs, void *arg)
{
    const struct serving *s = arg;
    server_handle(rq, rs, &s->host->server);
}

static struct http_server_opts opts_of(struct serving *s)
{
    const struct conf *c = &s->launch->conf;
    return (struct http_server_opts){.handler = handle,
                                     .arg = s,
                                     .head_timeout = c->server.head_timeout,
                                     .body_timeout = c->server.body_timeout,
                                     .write_timeout = c->server.write_timeout,
                                     .idle_timeout = c->server.idle_timeout,
                                     .max_connections = (size_t)c->server.max_connections,
                                     .max_in_flight = (size_t)c->server.max_in_flight,
                                     .max_body = (size_t)c->server.max_body,
                                     .compress = c->server.compress};
}

void serve_change_http(struct serving *s)
{
    struct http_server_opts o = opts_of(s);
    http_server_change(s->http, &o);
}

static bool open_http(struct serving *s, struct bw_err *e)
{
    struct loops_opts loops = {.count = (unsigned)s->launch->conf.server.threads};
    struct http_server_opts http = opts_of(s);
    s->loops = loops_new(&loops, e);
    if (!s->loops)
        return false;
    s->http = http_server_new(s->loops, &http, e);
    return s->http != NULL;
}

static void tell(struct serving *s, const char *url)
{
    if (!s->url[0])
        snprintf(s->url, sizeof s->url, "%s", url);
    bw_buf_printf(&s->urls, "%s\n", url);
}

static bool adopt(struct serving *s, struct notify_fd *given, struct bw_err *e)
{
    char url[256];
    int fd = given->fd;
    given->fd = -1;
    if (!http_server_adopt(s->http, fd, url, e))
        return bw_because(e, "serving the socket '%s' given to the process", given->name);
    log_info("host", "listening", LOG_CSTR("url", url), LOG_CSTR("socket", given->name));
    tell(s, url);
    return true;
}

static bool adopt_named(struct serving *s, const char *name, struct bw_err *e)
{
    for (unsigned i = 0; i < s->n_given; i++)
        if (s->given[i].fd >= 0 && !strcmp(s->given[i].name, name))
            return adopt(s, &s->given[i], e);
    return bw_fail(e, BW_MISSING,
                   "no socket named '%s' was given to the process; its socket unit needs "
                   "FileDescriptorName=%s",
                   name, name);
}

static bool listen_at(struct serving *s, const char *address, struct bw_err *e)
{
    char url[256];
    if (!strncmp(address, GIVEN, strlen(GIVEN)))
        return adopt_named(s, address + strlen(GIVEN), e);
    if (!http_server_listen(s->http, address, url, e))
        return bw_because(e, "listening on %s", address);
    log_info("host", "listening", LOG_CSTR("url", url));
    tell(s, url);
    return true;
}

static bool names_given(const char *const *listen)
{
    for (; *listen; listen++)
        if (!strncmp(*listen, GIVEN, strlen(GIVEN)))
            return true;
    return false;
}

bool serve_bind(struct serving *s, struct bw_err *e)
{
    const char **listen = s->launch->conf.listen;
    if (!open_http(s, e))
        return false;
    bool ok = true;
    if (s->n_given && !names_given(listen)) {
        for (unsigned i = 0; ok && i < s->n_given; i++)
            ok = adopt(s, &s->given[i], e);
        return ok;
    }
    if (!*listen)
        return bw_fail(
            e, BW_BAD,
            "'listen' names no address, so nobody could reach the server; one is written "
            "as in 127.0.0.1:8080");
    for (; ok && *listen; listen++)
        ok = listen_at(s, *listen, e);
    return ok;
}
