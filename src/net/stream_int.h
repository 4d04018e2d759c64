/* stream_int.h: what listeners, connectors and TLS need of a stream. A plain stream that is open
 * has nothing odd about it: that one check, which each operation needs anyway, is all that TLS
 * costs those without it. What TLS knows of a stream hangs at uv.any.data, which is free otherwise.
 */
#ifndef NET_STREAM_INT_H
#define NET_STREAM_INT_H

#include <uv.h>

#include "net/stream.h"

enum { STREAM_CLOSING = 1, STREAM_TLS = 2 };

struct stream {
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t path;
    } uv;
    const struct stream_events *events;
    void *user;
    struct loop *loop;
    size_t held;
    int failed;        /* errno of the write that failed; its event has come or is posted */
    unsigned char odd; /* STREAM_… */
    bool is_unix, closed, fault_posted;
    bool reading; /* with TLS: the owner wants to */
    struct loop_post fault;
};

/* An idle one on this loop, without a socket. */
struct stream *stream_new(struct loop *l, bool is_unix);
/* Around a connected socket, which it takes; NULL (and closed) on failure. */
struct stream *stream_of(struct loop *l, int fd, bool is_unix);

/* ---- between stream_uv.c and stream_tls.c ---- */

/* As stream_write, of bytes as they are on the wire. */
size_t stream_raw_write(struct stream *s, const bw_str *pieces, unsigned n);
void stream_raw_read(struct stream *s, bool on);
void stream_raw_end(struct stream *s);
/* Bytes the kernel took; the rest is forgotten. */
size_t stream_raw_last(struct stream *s, bw_str bytes);
/* Everything held is given up: told by `drained`, later. */
void stream_post_fault(struct stream *s, int sys);

/* As stream_events.data, of bytes as they came. */
void stream_tls_came(struct stream *s, bw_str bytes, int sys);
size_t stream_tls_write(struct stream *s, const bw_str *pieces, unsigned n);
void stream_tls_read(struct stream *s, bool on);
void stream_tls_end(struct stream *s);
void stream_tls_close(struct stream *s); /* right before it is closed */
void stream_tls_free(struct stream *s);

/* listener.c: a descriptor has come free on this loop. */
void listeners_resume(struct loop *l);

#endif
