/* http_server_int.h: the server's parts. Per loop one worker, which only its loop touches but for
 * the atomics. Per connection one small http_conn; while something of a request is there, also an
 * http_work from the worker's pool: buffers, arena, the request and its answer.
 *
 *   IDLE --bytes--> HEAD --head complete--> BUSY --batch answered--> IDLE, HEAD or SENDING
 *   SENDING --drained--> IDLE, HEAD, BUSY or closed      LINGER: answered for the last time, half
 *   closed; what still comes is dropped, so that the peer is not reset before it has read why.
 *
 * A BUSY connection belongs to its fiber: callbacks only add input, set flags and wake it; only the
 * fiber ends the state, so nothing is freed under it. */
#ifndef NET_HTTP_SERVER_INT_H
#define NET_HTTP_SERVER_INT_H

#include <stdatomic.h>

#include "core/limits.h"
#include "net/compress.h"
#include "net/fiber.h"
#include "net/http_chunk.h"
#include "net/http_inbox.h"
#include "net/http_parse.h"
#include "net/http_server.h"
#include "net/http_write.h"
#include "net/stream.h"
#include "net/wait.h"

#define HTTP_HOLD      (128 * 1024) /* input kept unread before reading stops */
#define HTTP_SLICE     (128 * 1024) /* of a large body, written at once */
#define HTTP_COPY      (16 * 1024)  /* a body up to this is copied behind its head */
#define HTTP_TAIL      (64 * 1024)  /* one up to this may wait for the turn's end */
#define HTTP_DISCARD   (64 * 1024)  /* of an unread body, dropped for the sake of keep-alive */
#define HTTP_LISTENERS 16

enum http_state { CONN_IDLE, CONN_HEAD, CONN_BUSY, CONN_SENDING, CONN_LINGER, CONN_CLOSED };

struct http_conn {
    struct list node; /* in the worker's list */
    struct stream *stream;
    struct http_worker *worker;
    struct http_work *work; /* NULL while IDLE, in LINGER and CLOSED */
    struct loop_timer timer;
    size_t unsent; /* when the timer was set while SENDING: what a slow reader had to take */
    enum http_state state;
    bool fresh;   /* it has asked nothing yet */
    bool ended;   /* the peer sends no more */
    bool broken;  /* nothing can be sent or read any more */
    bool paused;  /* reading is off */
    bool closing; /* when SENDING is over */
    bool secure;  /* it speaks TLS */
    unsigned char peer_n;
    char peer[];
};

/* What one request needs, used again for the next. */
struct http_work {
    struct http_conn *conn;
    struct http_work *next; /* in the pool */
    struct fiber *fiber;    /* NULL when it has done its batch and the answers are yet to go out */
    struct wait *waiter;    /* the fiber waits for the connection */
    struct loop_hook hook;
    struct http_inbox in;
    struct http_parse head;
    struct bw_arena arena;
    struct bw_buf out;    /* answers not yet handed to the stream */
    struct bw_buf body;   /* of the answer in hand, as the handler writes it */
    struct bw_buf tail;   /* behind `out`: the body of the last answer, too large to be copied */
    struct bw_buf packed; /* its coded form */
    struct compress *coder;
    struct http_chunk chunk;
    int64_t left;      /* of a body of known length */
    int64_t body_read; /* bytes given to the handler */
    int64_t sent;      /* bytes of a streamed answer before coding */
    size_t run;        /* bytes sent since the fiber last let others go first */
    bool first;        /* see http_req */
    bool late;         /* the wait ended by time */
    bool body_done, continue_due;
    bool last;    /* the connection ends behind this answer */
    bool linger;  /* and the peer may still be sending */
    bool chunked; /* the answer */
    struct http_req rq;
    struct http_res rs;
    struct http_field fields[LIMIT_HTTP_FIELDS];
    struct http_field res_fields[16];
};

struct http_worker {
    _Alignas(64) struct http_server *server;
    struct loop *loop;
    struct list conns;
    struct http_work *spare;
    unsigned n_spare;
    struct compress *coders[CODINGS]; /* not in use */
    struct http_date date;
    int64_t date_turn;
    size_t collected; /* bytes of ended batches that go out at the turn's end, */
    unsigned batches; /* and how many batches these are */
    bool draining, drained;
    _Atomic int64_t requests, in_flight, refused; /* written by this loop only */
    struct loop_post drain;
    struct loop_timer drain_end;
};

/* What may change while it serves (http_server_change): read by the loops at each use. */
struct http_live {
    _Atomic int64_t head_timeout, body_timeout, write_timeout, idle_timeout;
    _Atomic size_t max_connections, max_in_flight, max_body;
    atomic_bool compress;
};

struct http_server {
    struct loops *loops;
    http_handler *handler;
    void *arg;
    bool own_only;
    bool shared; /* its socket was given to it: others go on serving it after us */
    struct http_live o;
    unsigned n_workers, n_listeners;
    struct listener *listeners[HTTP_LISTENERS];
    _Atomic int64_t connections;
    unsigned m_connections, m_contexts; /* metric series */
    _Atomic unsigned m_refused[200];    /* by status from 400, made when first met; 0 = not yet */
    atomic_bool draining;
    atomic_uint undrained; /* workers */
    int64_t drain_deadline;
    void (*done)(void *arg);
    void *done_arg;
    struct loop_post done_post;
    struct http_worker workers[];
};

static inline void http_count(_Atomic int64_t *counter, int64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* http_server.c */
void http_worker_check_drained(struct http_worker *k);

/* http_server_conn.c */
void http_conn_accept(struct stream *s, void *server);
void http_conn_close(struct http_conn *c);
void http_conn_reset(struct http_conn *c);
/* For its last answer has been written. */
void http_conn_linger(struct http_conn *c);
/* The fiber has done what there was to do; `last`: and for good. */
void http_conn_batch_done(struct http_conn *c, bool last, bool linger);
/* Worker drains: a connection without a request in hand goes. abort: every one goes. */
void http_conn_drain(struct http_conn *c, bool abort);
void http_conn_resume_reading(struct http_conn *c);

/* http_server_work.c */
struct http_work *http_work_take(struct http_conn *c);
void http_work_give(struct http_work *w);
void http_work_free(struct http_work *w);
void http_work_next(struct http_work *w); /* the request is over */
/* *Waits.* For an event of the connection; false when none came before the deadline. */
bool http_work_wait(struct http_work *w, int64_t deadline);
void http_work_wake(struct http_work *w, bool late);

/* http_server_run.c: the fiber, http_work as argument */
void http_work_serve(void *work);

/* http_server_body.c */
void http_body_begin(struct http_work *w);
bool http_body_read(struct http_req *rq, bw_str *piece, struct bw_err *e);
/* Whether the rest is so little that dropping it is better than closing. */
bool http_body_droppable(const struct http_work *w);
bool http_body_drop(struct http_work *w); /* *Waits.* */

/* http_server_answer.c */
void http_answer_finish(struct http_work *w); /* *Waits.* when the answer is large */
bool http_answer_flush(struct http_res *rs, struct bw_err *e);
bw_str http_answer_date(struct http_worker *k);

/* http_server_send.c */
void http_send_out(struct http_work *w);
/* The batch is over and its fiber about to end: at the end of the loop's turn its answers go out,
 * then http_conn_batch_done. */
void http_send_later(struct http_work *w);
/* *Waits.* Sends what is collected, then all of this. Behind it the pieces may go. */
bool http_send(struct http_work *w, const bw_str *pieces, unsigned n, struct bw_err *e);

/* http_server_pack.c */
/* Chooses the coding of an answer of this length (-1 unknown) and sets its fields. */
enum coding http_pack_choose(struct http_work *w, int64_t length);
/* *Waits.* The coded body instead of *body, when that is shorter. */
void http_pack_whole(struct http_work *w, bw_str *body);
/* For a 304: the ETag and Vary the 200 would have had, whose body had this length (RFC 9110
 * §15.4.5). */
void http_pack_tell(struct http_work *w, int64_t length);
void http_pack_begin(struct http_work *w, enum coding c);
void http_pack_end(struct http_work *w);

/* http_server_refuse.c */
void http_refuse_write(struct http_worker *k, struct bw_buf *out, int status, const char *why);
/* Not on the connection's fiber. */
void http_refuse(struct http_conn *c, int status, const char *why);
/* The series of refusals with that status. */
unsigned http_refuse_metric(struct http_server *s, int status);
/* The answer in hand becomes this problem. */
void http_refuse_instead(struct http_res *rs, int status, const char *why);

#endif
