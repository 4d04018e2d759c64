/* http_server.c: the server as a whole: its options, listeners, drain and end. */
#include "net/http_server_int.h"

#include "core/clock.h"
#include "core/hostport.h"
#include "core/metric.h"
#include "os/socket.h"

#include <stdalign.h>

static void drain_worker(struct loop_post *p);
static void drain_over(struct loop_timer *t);

static int64_t or_default(int64_t span, int64_t seconds)
{
    return span ? span : seconds * CLOCK_SECOND;
}

static void call_done(struct loop_post *p)
{
    struct http_server *s = LIST_OWNER(p, struct http_server, done_post);
    s->done(s->done_arg);
}

void http_server_change(struct http_server *s, const struct http_server_opts *o)
{
    s->o.head_timeout = or_default(o->head_timeout, 10);
    s->o.body_timeout = or_default(o->body_timeout, 20);
    s->o.write_timeout = or_default(o->write_timeout, 20);
    s->o.idle_timeout = or_default(o->idle_timeout, 75);
    s->o.max_connections = o->max_connections ? o->max_connections : LIMIT_CONNECTIONS;
    s->o.max_in_flight = o->max_in_flight;
    s->o.max_body = o->max_body ? o->max_body : LIMIT_HTTP_BODY;
    s->o.compress = o->compress;
}

struct http_server *http_server_new(struct loops *ls, const struct http_server_opts *o,
                                    struct bw_err *e)
{
    if (!o->handler) {
        bw_fail(e, BW_SYS, "a server needs a handler");
        return NULL;
    }
    unsigned n = loops_count(ls);
    size_t size = sizeof(struct http_server) + n * sizeof(struct http_worker);
    size_t line = alignof(struct http_worker);
    struct http_server *s = aligned_alloc(line, (size + line - 1) / line * line);
    bw_must(s);
    memset(s, 0, size);
    s->loops = ls;
    s->n_workers = n;
    s->handler = o->handler;
    s->arg = o->arg;
    s->own_only = o->own_only;
    http_server_change(s, o);
    s->done_post.fn = call_done;
    s->m_connections = metric_new(METRIC(http_connections),
                                  o->own_only ? "socket=\"admin\"" : "socket=\"public\"");
    http_refuse_metric(s, 503); /* told from the start */
    s->m_contexts = metric_new(METRIC(http_contexts_pooled), "");
    for (unsigned i = 0; i < n; i++) {
        struct http_worker *k = &s->workers[i];
        k->server = s;
        k->loop = loops_at(ls, i);
        list_init(&k->conns);
        k->drain.fn = drain_worker;
        loop_timer_init(&k->drain_end, drain_over);
    }
    return s;
}

static void url_of_path(const char *path, char url[256])
{
    size_t n = (size_t)snprintf(url, 256, "http+unix://");
    for (; *path && n < 252; path++) {
        bool plain =
            strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~", *path);
        n += (size_t)snprintf(url + n, 256 - n, plain ? "%c" : "%%%02X", (unsigned char)*path);
    }
    snprintf(url + n, 256 - n, "/");
}

bool http_server_listen(struct http_server *s, const char *address, char url[256], struct bw_err *e)
{
    return http_server_listen_tls(s, address, NULL, url, e);
}

bool http_server_listen_tls(struct http_server *s, const char *address, struct tls_context *tls,
                            char url[256], struct bw_err *e)
{
    struct hostport at;
    struct listener_opts o = {.host = at.host,
                              .accepted = http_conn_accept,
                              .arg = s,
                              .own_only = s->own_only,
                              .tls = tls};
    if (s->n_listeners == HTTP_LISTENERS)
        return bw_fail(e, BW_SYS, "a server listens at %d addresses at most", HTTP_LISTENERS);
    o.is_unix = strncmp(address, "unix:", 5) == 0;
    if (s->own_only && !o.is_unix)
        return bw_fail(e, BW_BAD, "'%s' is no unix socket: only there it is known who asks",
                       address);
    if (o.is_unix)
        o.host = address + 5;
    else if (!hostport_parse(&at, address, e))
        return false;
    else
        o.port = at.port;
    struct listener *l = listener_open(s->loops, &o, e);
    if (!l)
        return false;
    s->listeners[s->n_listeners++] = l;
    if (o.is_unix)
        url_of_path(o.host, url);
    else
        snprintf(url, 256, strchr(at.host, ':') ? "%s://[%s]:%u/" : "%s://%s:%u/",
                 tls ? "https" : "http", at.host, listener_port(l));
    return true;
}

bool http_server_adopt(struct http_server *s, int fd, char url[256], struct bw_err *e)
{
    struct socket_address a;
    char text[160];
    if (s->n_listeners == HTTP_LISTENERS)
        return bw_fail(e, BW_SYS, "a server listens at %d addresses at most", HTTP_LISTENERS);
    if (!socket_adopt(fd, &a, e))
        return false;
    struct listener *l = listener_open(
        s->loops,
        &(struct listener_opts){.is_given = true, .fd = fd, .accepted = http_conn_accept, .arg = s},
        e);
    if (!l)
        return false;
    s->listeners[s->n_listeners++] = l;
    s->shared = true;
    socket_text(&a, true, text, sizeof text);
    if (a.any.sa_family == AF_UNIX)
        url_of_path(text + strlen("unix:"), url);
    else
        snprintf(url, 256, "http://%s/", text);
    return true;
}

static void worker_drained(struct http_worker *k)
{
    struct http_server *s = k->server;
    if (k->drained)
        return;
    k->drained = true;
    loop_timer_set(k->loop, &k->drain_end, 0);
    if (atomic_fetch_sub(&s->undrained, 1) == 1)
        loop_post(loops_at(s->loops, 0), &s->done_post);
}

void http_worker_check_drained(struct http_worker *k)
{
    if (k->draining && list_empty(&k->conns))
        worker_drained(k);
}

static void drain_all(struct http_worker *k, bool abort)
{
    for (struct list *n = k->conns.next; n != &k->conns; n = n->next)
        http_conn_drain(LIST_OWNER(n, struct http_conn, node), abort);
}

static void drain_over(struct loop_timer *t)
{
    struct http_worker *k = LIST_OWNER(t, struct http_worker, drain_end);
    drain_all(k, true);
    worker_drained(k);
}

static void drain_worker(struct loop_post *p)
{
    struct http_worker *k = LIST_OWNER(p, struct http_worker, drain);
    k->draining = true;
    loop_timer_set(k->loop, &k->drain_end, k->server->drain_deadline);
    drain_all(k, false);
    http_worker_check_drained(k);
}

void http_server_drain(struct http_server *s, int64_t deadline, void (*done)(void *arg), void *arg)
{
    if (atomic_exchange(&s->draining, true))
        return;
    s->drain_deadline = deadline ? deadline : 1;
    s->done = done;
    s->done_arg = arg;
    atomic_store(&s->undrained, s->n_workers);
    for (unsigned i = 0; i < s->n_listeners; i++)
        listener_stop(s->listeners[i]);
    for (unsigned i = 0; i < s->n_workers; i++)
        loop_post(s->workers[i].loop, &s->workers[i].drain);
}

struct http_server_stats http_server_stats(const struct http_server *s)
{
    struct http_server_stats all = {
        .connections = atomic_load_explicit(&s->connections, memory_order_relaxed)};
    for (unsigned i = 0; i < s->n_workers; i++) {
        const struct http_worker *k = &s->workers[i];
        all.requests += atomic_load_explicit(&k->requests, memory_order_relaxed);
        all.in_flight += atomic_load_explicit(&k->in_flight, memory_order_relaxed);
        all.refused += atomic_load_explicit(&k->refused, memory_order_relaxed);
    }
    return all;
}

static void worker_release(struct http_worker *k)
{
    metric_add(k->server->m_contexts, -(int64_t)k->n_spare);
    while (k->spare) {
        struct http_work *next = k->spare->next;
        http_work_free(k->spare);
        k->spare = next;
    }
    for (int c = 0; c < CODINGS; c++)
        compress_free(k->coders[c]);
}

void http_server_free(struct http_server *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->n_listeners; i++)
        listener_free(s->listeners[i]);
    for (unsigned i = 0; i < s->n_workers; i++)
        worker_release(&s->workers[i]);
    free(s);
}
