/* server.h: a REST server without any transport: the model, its stores, the registry of routes, and
 * one entry: server_handle, which a socket, the in-process client, or a test calls alike.
 * Made at start, read-only while serving (but state and metrics), shared by all threads. */
#ifndef REST_SERVER_H
#define REST_SERVER_H

#include <stdatomic.h>

#include <burrow/app.h>

#include "net/http.h"
#include "orm/store.h"
#include "rest/registry.h"

enum server_state { SERVER_STARTING, SERVER_READY, SERVER_DRAINING };

struct server_opts {
    const char *root;                 /* "api": first part of every table and service path */
    int64_t limit_default, limit_max; /* records of a list */
    size_t max_body;
    int64_t batch_atomic_max; /* writes of one atomic batch */
    int64_t batch_deadline;   /* ns an atomic batch may hold the writer */
    bool health_details;      /* tell dependencies on /health and /ready */
};

struct bw_server {
    const struct bw_app *app;
    struct server_opts opts;
    struct model model;
    struct store **stores; /* NULL-terminated */
    struct registry registry;
    _Atomic int state; /* enum server_state */
    bw_time started;
    /* Asked by /health and /metrics; set by host, may be NULL. */
    int64_t (*connections)(void *arg);
    void *connections_arg;
    void *host;            /* host's own, for bw_server_close */
    struct bw_arena arena; /* process lifetime */
};

/* Builds model → registry over stores that the caller opens in between:
 *   server_init && (open stores for server->model) && server_ready.
 * opts is copied; texts in it must live as long as the server. */
bool server_init(struct bw_server *s, const struct bw_app *app, const struct server_opts *o,
                 struct bw_err *e);
bool server_ready(struct bw_server *s,
                  struct bw_err *e); /* every table has a store; app->start runs; state READY */
void server_release(struct bw_server *s); /* app->stop; does not close stores */
/* An http_handler; arg is the struct bw_server. */
void server_handle(struct http_req *rq, struct http_res *rs, void *arg);

#endif
