/* http_server.h: HTTP/1.1 on listeners of all loops. Strict RFC 9110/9112, no lenient mode. Each
 * connection runs its requests in order on one fiber taken when a head is complete; pipelined
 * answers are written together. An idle connection owns no fiber and no buffer. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "net/http.h"
#include "net/loop.h"

struct http_server;
struct listener;
struct tls_context;

struct http_server_opts {
    http_handler *handler;
    void *arg;
    /* ns; 0 = the default in brackets */
    int64_t head_timeout;   /* first byte to end of head [10 s] */
    int64_t body_timeout;   /* between two pieces of a body [20 s] */
    int64_t write_timeout;  /* a peer that takes nothing [20 s] */
    int64_t idle_timeout;   /* keep-alive [75 s] */
    size_t max_connections; /* 0 = LIMIT_CONNECTIONS; beyond: 503 with Retry-After, then closed */
    size_t max_in_flight;   /* 0 = fibers; beyond: 503 with Retry-After */
    size_t max_body;        /* 0 = LIMIT_HTTP_BODY */
    bool own_only;          /* unix sockets: only for processes of this user and root */
    bool compress;          /* gzip, br, zstd negotiated for text-like types over 1 KiB */
};

struct http_server_stats {
    int64_t connections, requests, in_flight, refused;
};

struct http_server *http_server_new(struct loops *ls, const struct http_server_opts *o,
                                    struct bw_err *e);
/* Deadlines, maxima and compression from now on; what has begun keeps the deadlines it has. The
 * other options stay. Any thread. */
void http_server_change(struct http_server *s, const struct http_server_opts *o);
/* "127.0.0.1:8080", "[::1]:8080", "localhost:0", "unix:/run/x.sock". Sets *url to the arena-free
 * static text of where it listens. */
bool http_server_listen(struct http_server *s, const char *address, char url[256],
                        struct bw_err *e);
/* The same with TLS, which outlives the server. */
bool http_server_listen_tls(struct http_server *s, const char *address, struct tls_context *tls,
                            char url[256], struct bw_err *e);
/* Serves a listening socket that was given to the process; it is the server's from here on. */
bool http_server_adopt(struct http_server *s, int fd, char url[256], struct bw_err *e);
/* Refuses new connections and, with Connection: close, answers what is in flight; calls done(arg)
 * on loop 0 when nothing is left or the deadline (monotonic ns) has come. Any thread. */
void http_server_drain(struct http_server *s, int64_t deadline, void (*done)(void *arg), void *arg);
struct http_server_stats http_server_stats(const struct http_server *s);
void http_server_free(struct http_server *s);

#endif
