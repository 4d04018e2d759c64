/* stream_int.h: what listeners and connectors need of a stream. */
#ifndef NET_STREAM_INT_H
#define NET_STREAM_INT_H

#include <uv.h>

#include "net/stream.h"

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
    int failed; /* errno of the write that failed; its event has come or is posted */
    bool is_unix, reading, closing, closed, fault_posted;
    struct loop_post fault;
};

/* An idle one on this loop, without a socket. */
struct stream *stream_new(struct loop *l, bool is_unix);
/* Around a connected socket, which it takes; NULL (and closed) on failure. */
struct stream *stream_of(struct loop *l, int fd, bool is_unix);

/* listener.c: a descriptor has come free on this loop. */
void listeners_resume(struct loop *l);

#endif
