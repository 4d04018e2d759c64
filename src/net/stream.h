/* stream.h: a connected byte stream (TCP or unix socket) of one loop, and listeners: the seam below
 * which libuv stands (stream_uv.c). Callbacks run on the loop, not on fibers. An idle stream owns
 * no buffer: reads go into one buffer per loop, lent for the call. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <burrow/str.h>

#include "net/loop.h"

struct stream;
struct tls_context;

struct stream_events {
    /* Bytes have come (borrowed until return), or n == 0: the peer has ended its side, or sys != 0:
     * the stream broke (errno). After the last two no more data comes; the owner closes. */
    void (*data)(struct stream *s, bw_str bytes, int sys);
    /* Everything handed to stream_write has gone to the kernel; sys as above. */
    void (*drained)(struct stream *s, int sys);
    /* The handle is gone; its memory may be freed by the owner. Last event. */
    void (*closed)(struct stream *s);
};

/* An owner embeds nothing: streams are made by the listener or stream_connect and carry `user`. */
void *stream_user(const struct stream *s);
void stream_set(struct stream *s, const struct stream_events *ev, void *user);
void stream_read(struct stream *s, bool on); /* pause reading when the owner holds enough */
/* Writes at once as much as the kernel takes; the rest is copied and goes later (then `drained` is
 * called). Returns bytes still held. The caller stops when too much is held. */
size_t stream_write(struct stream *s, const bw_str *pieces, unsigned n);
size_t stream_held(const struct stream *s);
/* The same and what the kernel holds that the peer has not taken: whether a slow reader moves at
 * all (the kernel's buffer may be megabytes). A system call. */
size_t stream_unsent(const struct stream *s);
void stream_end(struct stream *s);   /* half-close after what is held */
void stream_close(struct stream *s); /* idempotent; `closed` comes later */
void stream_reset(struct stream *s); /* close with RST */
void stream_peer(const struct stream *s, char *out, size_t n); /* "127.0.0.1", "[::1]" or "unix" */
struct loop *stream_loop(const struct stream *s);
/* The sentence's end for the `sys` of an event: what TLS had to say, or the system. */
const char *stream_why(const struct stream *s, int sys);

/* *Waits.* Connects by name or address, or to a unix socket path (port 0). NULL on failure. */
struct stream *stream_connect(const char *host, unsigned port, int64_t deadline, struct bw_err *e);

/* ---- TLS (stream_tls.c): the same streams, but what goes over the wire is encrypted. Their owner
 * sees plain bytes; a peer that ends without TLS's own word that this was all is broken (EPROTO) to
 * a client, and has ended to a server, whose requests say how long they are. ---- */

bool stream_is_secure(const struct stream *s);
/* *Waits.* For the handshake of a connection that has just been made, within ten seconds and the
 * deadline: the server is `host`, and proves it. On failure the stream is closed. */
bool stream_tls_connect(struct stream *s, struct tls_context *client, const char *host,
                        int64_t deadline, struct bw_err *e);
/* A client that has just come: its handshake goes on by itself. One that fails shows as a broken
 * stream; who speaks HTTP without TLS gets that as an answer. */
void stream_tls_accept(struct stream *s, struct tls_context *server);

struct listener;
struct listener_opts {
    const char *host; /* "127.0.0.1", "::1", "0.0.0.0", a name; or a unix socket path */
    unsigned port;    /* 0 = any free one */
    bool is_unix;
    bool own_only; /* a unix socket for this user and root alone: mode 0600, peers are asked, and
                      the opener sees to it that there is no second instance */
    bool is_given; /* `fd` is a listening socket already (socket activation); it is taken over */
    int fd;
    struct tls_context *tls; /* its streams speak TLS; outlives the listener. NULL: they do not */
    int backlog;             /* 0 = 4096 */
    void (*accepted)(struct stream *s, void *arg); /* runs on the stream's loop */
    void *arg;
};
/* Listens on every loop (SO_REUSEPORT after one exclusive bind that refuses an address in use; a
 * lock file per address keeps a second instance of ours out). TCP_NODELAY inherited. Called before
 * or while loops run. Accept survives EMFILE: it pauses, tells the log once, goes on. */
struct listener *listener_open(struct loops *ls, const struct listener_opts *o, struct bw_err *e);
unsigned listener_port(const struct listener *l);
void listener_stop(struct listener *l); /* no more accepts; any thread */
void listener_free(struct listener *l); /* after loops ended */

#endif
