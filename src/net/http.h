/* http.h: a request and its answer as handlers see them, the same for a socket, for a call inside
 * the process, and (later) for a WebSocket frame. Views live until the answer is finished. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <burrow/arena.h>
#include <burrow/buf.h>

#define HTTP_METHODS(X) \
    X(GET)              \
    X(HEAD)             \
    X(POST)             \
    X(PUT)              \
    X(PATCH)            \
    X(DELETE)           \
    X(OPTIONS)          \
    X(OTHER)

enum http_method {
#define X(name) HTTP_##name,
    HTTP_METHODS(X)
#undef X
};

struct http_field {
    bw_str name, value; /* name as sent; compared case-insensitively */
};

struct http_req {
    enum http_method method;
    bw_str method_text;
    bw_str path;  /* begins with '/', still percent-encoded */
    bw_str query; /* behind '?', "" when none */
    bw_str host;  /* of Host or the absolute form, with port */
    bw_str peer;  /* address text */
    bool secure;  /* came by TLS */
    bool first;   /* of a connection from a socket that others serve too: to be answered even while
                     the server drains, since nobody else can */
    const struct http_field *fields;
    size_t n_fields;
    int64_t content_length; /* -1: chunked, length unknown; 0: no body */
    size_t max_body;        /* bytes; the handler may change it before it reads */
    struct bw_arena *arena; /* of the request; reset after the answer */
    int64_t deadline;       /* monotonic ns, 0 = none */
    int64_t received;       /* bytes of the body read so far */
    /* *Waits.* Next piece of the body, n == 0 at its end. Borrowed until the next call. */
    bool (*read)(struct http_req *rq, bw_str *piece, struct bw_err *e);
    void *source; /* whoever implements read */
};

struct http_res {
    int status;
    struct http_field *fields; /* arena, via http_res_field */
    size_t n_fields, cap_fields;
    struct bw_buf
        *body; /* written by the handler; goes out at the end, or piecewise by http_res_flush */
    bw_str borrowed; /* instead of body: bytes that outlive the answer (arena, static), not copied;
                        p == NULL when unused */
    bool started;    /* the head is out; status and fields are fixed */
    bool no_compress;
    bool close;     /* end the connection behind this answer */
    bool broken;    /* failed after `started`: cut the connection without the body's proper end (no
                       last chunk), so that the peer sees that the answer is not whole */
    int64_t length; /* of a streamed body when known, else -1 (chunked); of a 304: its 200's */
    int64_t sent;   /* bytes of the body that went out by flush, before coding */
    struct http_req *rq;
    /* *Waits.* Sends the head if it is not out, then what is in body and clears it. */
    bool (*flush)(struct http_res *rs, struct bw_err *e);
    void *sink;
};

/* Runs on a fiber (or on a plain thread inside the process); the answer is complete when it
 * returns. */
typedef void http_handler(struct http_req *rq, struct http_res *rs, void *arg);

enum http_method http_method_of(bw_str text);
const char *http_method_name(enum http_method m);
const char *http_reason(int status);
/* First field of that name (lower-case literal), p == NULL when none. */
bw_str http_field_get(const struct http_field *f, size_t n, const char *name);
bw_str http_req_field(const struct http_req *rq, const char *name);
/* *Waits.* The whole body, in the arena; BW_TOOBIG over max_body. */
bool http_req_body(struct http_req *rq, bw_str *body, struct bw_err *e);
/* Adds (http_res_field) or replaces (http_res_set) an answer field; name is static, value copied to
 * the arena. A value with CR, LF or NUL is a bw_must. */
void http_res_field(struct http_res *rs, const char *name, bw_str value);
void http_res_set(struct http_res *rs, const char *name, bw_str value);
bw_str http_res_get(const struct http_res *rs, const char *name);
/* *Waits.* Flushes when body has grown past LIMIT_HTTP_STREAM. */
bool http_res_flush_some(struct http_res *rs, struct bw_err *e);
/* Bytes of the answer's body so far, before coding: of all of it, behind the handler. */
int64_t http_res_size(const struct http_res *rs);
/* Does an Accept field value take this media type? ("" takes all.) Quality 0 refuses. */
bool http_accepts(bw_str accept, const char *type);

#endif
