/* http_server_work.c: the pool of works, and the one place where a fiber waits for its connection.
 * In the steady state a request calls no malloc: the work's buffers and its arena's first chunk
 * come back with it. What a large request made them grow to goes. */
#include "net/http_server_int.h"

#include "core/metric.h"

#define SPARE_MAX 64
#define KEEP      (64 * 1024)

static void send_collected(struct loop_hook *h)
{
    struct http_work *w = LIST_OWNER(h, struct http_work, hook);
    struct http_worker *k = w->conn->worker;
    k->collected = k->batches = 0;
    http_send_out(w);
    if (!w->fiber)
        http_conn_batch_done(w->conn, w->last, w->linger);
}

static struct http_work *work_new(void)
{
    struct http_work *w = malloc(sizeof *w);
    bw_must(w);
    memset(w, 0, offsetof(struct http_work, fields));
    list_init(&w->hook.node);
    w->hook.fn = send_collected;
    bw_arena_init(&w->arena);
    bw_buf_init(&w->out, SIZE_MAX / 2); /* bounded by who fills it */
    bw_buf_init(&w->body, LIMIT_BLOB);
    bw_buf_init(&w->tail, LIMIT_BLOB + LIMIT_BLOB / 8);
    bw_buf_init(&w->packed, LIMIT_BLOB + LIMIT_BLOB / 8);
    return w;
}

struct http_work *http_work_take(struct http_conn *c)
{
    struct http_worker *k = c->worker;
    struct http_work *w = k->spare;
    if (w) {
        k->spare = w->next;
        k->n_spare--;
        metric_add(k->server->m_contexts, -1);
    } else {
        w = work_new();
    }
    w->conn = c;
    c->work = w;
    w->last = w->linger = false;
    http_parse_init(&w->head, w->fields, LIMIT_HTTP_FIELDS);
    return w;
}

static void trim(struct bw_buf *b)
{
    if (b->cap > KEEP)
        bw_buf_release(b);
    else
        bw_buf_clear(b);
}

void http_work_next(struct http_work *w)
{
    http_inbox_unpin(&w->in);
    bw_arena_clear(&w->arena);
    trim(&w->body);
    trim(&w->packed);
    http_parse_init(&w->head, w->fields, LIMIT_HTTP_FIELDS);
}

void http_work_free(struct http_work *w)
{
    http_inbox_release(&w->in);
    bw_arena_release(&w->arena);
    bw_buf_release(&w->out);
    bw_buf_release(&w->body);
    bw_buf_release(&w->tail);
    bw_buf_release(&w->packed);
    free(w);
}

void http_work_give(struct http_work *w)
{
    struct http_worker *k = w->conn->worker;
    list_remove(&w->hook.node);
    w->conn->work = NULL;
    w->conn = NULL;
    if (k->n_spare >= SPARE_MAX) {
        http_work_free(w);
        return;
    }
    w->in.at = w->in.n;
    http_work_next(w);
    if (w->in.cap > KEEP)
        http_inbox_release(&w->in);
    trim(&w->out);
    trim(&w->tail);
    w->next = k->spare;
    k->spare = w;
    k->n_spare++;
    metric_add(k->server->m_contexts, 1);
}

bool http_work_wait(struct http_work *w, int64_t deadline)
{
    struct http_conn *c = w->conn;
    struct wait wait;
    wait_init(&wait);
    w->waiter = &wait;
    w->late = false;
    loop_timer_set(c->worker->loop, &c->timer, deadline);
    wait_for(&wait, WAIT_SURE); /* the connection's callbacks see to it that it ends */
    w->run = 0;
    return !w->late;
}

void http_work_wake(struct http_work *w, bool late)
{
    struct wait *waiter = w->waiter;
    if (!waiter)
        return;
    w->waiter = NULL;
    w->late = late;
    wait_wake(waiter);
}
