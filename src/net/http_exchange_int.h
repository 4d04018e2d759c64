/* http_exchange_int.h: one request and its answer, between http_client.c (how it begins) and
 * http_exchange.c (how it goes on). */
#ifndef NET_HTTP_EXCHANGE_INT_H
#define NET_HTTP_EXCHANGE_INT_H

#include <burrow/arena.h>

#include "net/http_chunk.h"
#include "net/http_client.h"
#include "net/http_client_int.h"
#include "net/http_parse.h"
#include "net/trace.h"

struct http_exchange {
    struct http_client *client;
    struct carrier *carrier; /* NULL when failed */
    struct uri uri;          /* host in the arena; path and query not kept */
    struct bw_arena arena;
    int64_t deadline;
    struct span span;  /* of the caller's trace */
    struct bw_buf out; /* the request, while it may be sent a second time */
    bool to_head, reused, may_retry, chunked_out;
    int64_t left_out; /* bytes of the request's body still to be sent */
    /* The answer. */
    int status; /* 0: the head is not there yet */
    bool keep_alive, complete;
    struct http_field *fields; /* arena */
    size_t n_fields;
    int64_t left; /* of the body, or HTTP_LENGTH_… */
    struct http_chunk chunk;
};

/* *Waits.* http_client.c: takes a pooled connection (unless fresh) or makes one. */
bool http_exchange_connect(struct http_exchange *x, bool fresh, struct bw_err *e);
/* *Waits.* Sends `out` and what follows it; once more when the pooled connection was stale. */
bool http_exchange_begin(struct http_exchange *x, bw_str later, struct bw_err *e);

#endif
