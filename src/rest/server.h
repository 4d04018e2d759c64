/* server.h: a REST server without any transport: the model, its stores, the registry of routes, and
 * one entry: server_handle, which a socket, the in-process client, or a test calls alike.
 * Made at start, read-only while serving (but state and metrics), shared by all threads. */
#ifndef REST_SERVER_H
#define REST_SERVER_H

#include <stdatomic.h>

#include <burrow/app.h>

#include "net/http.h"
#include "orm/store.h"
#include "rest/rate.h"
#include "rest/registry.h"

struct step;
struct openapi;
struct access;
struct dependency;

#define SERVER_STEPS 24

enum server_state { SERVER_STARTING, SERVER_READY, SERVER_DRAINING };

/* 0 or NULL takes the default. */
struct server_opts {
    const char *root; /* "api": first part of every table and service path; "" = none */
    /* These may change while it serves (server_change). */
    _Atomic int64_t limit_default, limit_max; /* records of a list */
    _Atomic size_t max_body;
    _Atomic int64_t batch_atomic_max;    /* writes of one atomic batch */
    _Atomic int64_t batch_deadline;      /* ns an atomic batch may hold the writer */
    atomic_bool health_details;          /* tell dependencies on /health and /ready */
    atomic_bool request_ids;             /* every answer carries X-Request-Id */
    const struct access *_Atomic access; /* of the access log; NULL = none; for good: a request may
                                             still have the one that was replaced */
};

struct bw_server {
    const struct bw_app *app;
    struct server_opts opts;
    struct model model;
    struct store **stores;           /* NULL-terminated */
    struct registry registry, admin; /* admin: what server_handle_admin answers, filled by host */
    struct dependency *dependencies; /* dependency.h */
    unsigned n_dependencies;
    atomic_bool asking; /* them, in the background */
    _Atomic int state;  /* enum server_state */
    bool app_started;   /* app->stop is due */
    bw_time started;
    /* Asked by /health and /metrics; set by host, may be NULL. */
    int64_t (*connections)(void *arg);
    void *connections_arg;
    struct rate rate;                       /* of requests, for /metrics */
    _Atomic int64_t sessions;               /* active ones, for /metrics */
    const struct step *steps[SERVER_STEPS]; /* those of steps.def that this server needs */
    unsigned n_steps;
    struct openapi *_Atomic openapi; /* made at the first request for it */
    void *host;                      /* host's own, for bw_server_close */
    void *serving;                   /* host's own, for its admin endpoints */
    struct bw_arena arena;           /* process lifetime */
};

/* Builds model → registry over stores that the caller opens in between:
 *   server_init && (open stores for server->model) && server_ready.
 * opts is copied; texts in it must live as long as the server. */
bool server_init(struct bw_server *s, const struct bw_app *app, const struct server_opts *o,
                 struct bw_err *e);
/* The same options anew but for `root`, for the requests to come. Any thread. */
void server_change(struct bw_server *s, const struct server_opts *o);
bool server_ready(struct bw_server *s,
                  struct bw_err *e); /* every table has a store; app->start runs; state READY */
/* app->stop, once; /health says draining from now on. Nothing may be in flight any more. */
void server_stop(struct bw_server *s);
/* Stops if that was not done, then frees model and registry. The caller closes the stores before:
 * they point into the model. */
void server_release(struct bw_server *s);
/* An http_handler; arg is the struct bw_server. */
void server_handle(struct http_req *rq, struct http_res *rs, void *arg);
/* The same for who may know and do everything: the endpoints of `admin`, details told. */
void server_handle_admin(struct http_req *rq, struct http_res *rs, void *arg);

#endif
