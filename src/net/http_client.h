/* http_client.h: HTTP/1.1 client for fibers and plain threads: keep-alive pool per loop (per client
 * on a plain thread), deadlines, streaming both ways, chunked. One struct http_client belongs to
 * one thread or loop. On a plain thread it drives a private libuv loop or blocking sockets
 * underneath. Callers can tell by one thing: a peer that answers while it has not taken the request
 * yet is not sent the rest by a plain thread; on a fiber what was handed over goes on. */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "core/uri.h"
#include "net/http.h"

struct http_client;
struct http_exchange;

struct http_client *http_client_new(void);
/* For https: only servers vouched for by somebody in this PEM file, instead of whom this machine
 * trusts (SSL_CERT_FILE and SSL_CERT_DIR are heeded). Before the first question. */
bool http_client_trust(struct http_client *c, const char *ca, struct bw_err *e);
void http_client_free(struct http_client *c); /* closes pooled connections */

struct http_ask {
    const char *method;
    const struct uri *uri; /* http, https; its path and query are sent as they stand */
    bw_str target;         /* instead of the uri's path and query, p == NULL when unused */
    const struct http_field *fields;
    size_t n_fields;
    bw_str body;
    int64_t body_length; /* when the body is sent by http_exchange_send: its length, -1 chunked; 0
                            otherwise */
    int64_t deadline;    /* for the whole exchange, monotonic ns; 0 = none */
};

/* *Waits.* Sends the head (and body). A stale pooled connection is retried once when nothing was
 * answered and the method is idempotent. */
struct http_exchange *http_client_ask(struct http_client *c, const struct http_ask *ask,
                                      struct bw_err *e);
bool http_exchange_send(struct http_exchange *x, bw_str piece,
                        struct bw_err *e); /* *Waits.*; p == NULL ends a chunked body */
bool http_exchange_head(struct http_exchange *x,
                        struct bw_err *e); /* *Waits.* for the answer's head */
int http_exchange_status(const struct http_exchange *x);
bw_str http_exchange_field(const struct http_exchange *x, const char *name);
bool http_exchange_read(struct http_exchange *x, bw_str *piece,
                        struct bw_err *e); /* *Waits.*; n == 0 at the end */
bool http_exchange_body(struct http_exchange *x, size_t max, struct bw_buf *out,
                        struct bw_err *e);        /* *Waits.* */
void http_exchange_free(struct http_exchange *x); /* back to the pool when complete, else closed */

#endif
