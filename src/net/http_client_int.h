/* http_client_int.h: the seam between the HTTP client and what carries its bytes: a stream on a
 * fiber (http_carrier_stream.c) or a blocking socket on a plain thread (http_carrier_socket.c; with
 * TLS http_carrier_tls.c). Callers cannot tell; the files above the seam contain no "which one". */
#ifndef NET_HTTP_CLIENT_INT_H
#define NET_HTTP_CLIENT_INT_H

#include <burrow/buf.h>

#include "core/list.h"
#include "core/uri.h"

#define CARRIER_WINDOW (256 * 1024) /* bytes taken in before the peer is told to wait */
#define CARRIER_PIECE  (64 * 1024)

struct carrier;
struct http_client;
struct tls_context;

struct carrier_kind {
    /* *Waits.* Until the bytes are away, but for a bounded rest. True also when the peer has begun
     * to answer and takes no more: then `stuck` is set. */
    bool (*write)(struct carrier *c, const bw_str *pieces, unsigned n, int64_t deadline,
                  struct bw_err *e);
    /* *Waits.* Puts at least one more byte behind c->in, or sets c->ended. */
    bool (*more)(struct carrier *c, int64_t deadline, struct bw_err *e);
    /* Nothing came on the idle connection and it is open. */
    bool (*is_idle)(struct carrier *c);
    void (*rest)(struct carrier *c); /* goes to the pool: keeps no buffers */
    void (*close)(struct carrier *c);
};

struct carrier {
    const struct carrier_kind *kind;
    struct http_client *pool; /* idle in it; NULL in use */
    struct list node;
    int64_t rested;   /* when it came there */
    struct bw_buf in; /* [at, n) is not used up */
    size_t at;
    bool ended;      /* the peer has ended its side */
    bool stuck;      /* it answered before it had taken the request */
    char place[280]; /* "host:port", "tls:host:port" or the socket's path: the pool's key */
};

/* *Waits.* On a fiber, a stream; on a plain thread, a socket. NULL on failure. */
struct carrier *carrier_open(struct http_client *c, const struct uri *uri, int64_t deadline,
                             struct bw_err *e);
/* tls: NULL = plain. */
struct carrier *carrier_stream_open(const char *host, unsigned port, struct tls_context *tls,
                                    int64_t deadline, struct bw_err *e);
struct carrier *carrier_tls_open(const char *host, unsigned port, struct tls_context *tls,
                                 int64_t deadline, struct bw_err *e);
struct carrier *carrier_socket_open(const char *host, unsigned port, int64_t deadline,
                                    struct bw_err *e);
int carrier_socket_connect(const char *host, unsigned port, int64_t deadline,
                           struct bw_err *e); /* -1 on failure */
bool carrier_is_tls(const struct uri *uri);
void carrier_place(const struct uri *uri, char out[280]);
/* Bytes at hand. */
static inline bw_str carrier_bytes(const struct carrier *c)
{
    return bw_str_of(c->in.p + c->at, c->in.n - c->at);
}
/* Forgets what is used up; keeps the rest in one piece. */
void carrier_compact(struct carrier *c);

/* The pool of http_client.c: a connection goes there, or leaves it for ever. */
void http_client_rest(struct http_client *c, struct carrier *k);
void http_client_drop(struct carrier *k);

#endif
