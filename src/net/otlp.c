/* otlp.c: the queue and the thread behind it. `lock` guards the queue; a request holds it to link
 * one record, the thread to take a batch. What is being sent is the thread's own.
 *
 * A batch that the collector refuses for now, or that finds none, is tried again with growing
 * pauses until its time is over; meanwhile the queue fills, and what comes then is lost. */
#include "net/otlp.h"

#include <pthread.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/metric.h"
#include "net/http_client.h"
#include "net/trace_int.h"

#define FIRST_PAUSE  (CLOCK_SECOND / 2)
#define LAST_SECONDS 3 /* for what is queued when the program ends */
#define MESSAGE_MAX  (64u * 1024 * 1024)

struct otlp {
    struct otlp_opts o;
    struct bw_arena arena; /* of the options */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct trace_record *first, **last;
    int64_t queued; /* spans */
    bool closing;
    int64_t end; /* when closing: no longer than that */
    unsigned m_sent, m_lost;
    /* The thread's own, once it runs. */
    struct http_client *client;
    bool failing; /* the last batch was lost */
};

static struct otlp *the_one; /* while requests are traced */

/* ---- requests ---- */

static void take(struct trace_record *r)
{
    struct otlp *x = the_one;
    pthread_mutex_lock(&x->lock);
    bool fits = x->queued + r->n <= x->o.queue;
    if (fits) {
        r->next = NULL;
        *x->last = r;
        x->last = &r->next;
        bool before = x->queued < x->o.batch;
        x->queued += r->n;
        if (before && x->queued >= x->o.batch)
            pthread_cond_signal(&x->work);
    }
    pthread_mutex_unlock(&x->lock);
    if (fits)
        return;
    metric_add(x->m_lost, r->n);
    trace_record_free(r);
}

/* ---- the thread ---- */

static void sleep_until(struct otlp *x, int64_t deadline)
{
    pthread_cond_timedwait(
        &x->work, &x->lock,
        &(struct timespec){.tv_sec = deadline / CLOCK_SECOND, .tv_nsec = deadline % CLOCK_SECOND});
}

static int64_t now_mono(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t); /* what the condition waits by, whatever a test froze */
    return t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

/* Until a batch is there, its time has come, or the end. With the lock. */
static void await_batch(struct otlp *x)
{
    int64_t due = now_mono() + x->o.delay;
    while (!x->closing && x->queued < x->o.batch && now_mono() < due)
        sleep_until(x, due);
}

/* At least one record; no more spans than a batch unless the first has more. With the lock. */
static struct trace_record *cut(struct otlp *x, int64_t *spans)
{
    struct trace_record *batch = x->first, *r = batch;
    *spans = r->n;
    while (r->next && *spans + r->next->n <= x->o.batch) {
        r = r->next;
        *spans += r->n;
    }
    x->first = r->next;
    if (!x->first)
        x->last = &x->first;
    r->next = NULL;
    x->queued -= *spans;
    return batch;
}

enum answer { TAKEN, LATER, REFUSED };

static enum answer post(struct otlp *x, bw_str message, struct bw_err *e)
{
    struct http_field fields[OTLP_PAIRS + 1] = {
        {BW_LIT("Content-Type"), BW_LIT("application/json")}};
    memcpy(fields + 1, x->o.headers, x->o.n_headers * sizeof *fields);
    struct http_ask ask = {.method = "POST",
                           .uri = &x->o.uri,
                           .fields = fields,
                           .n_fields = x->o.n_headers + 1,
                           .body = message,
                           .deadline = clock_mono() + x->o.post_time};
    struct http_exchange *exchange = http_client_ask(x->client, &ask, e);
    struct bw_buf said;
    bw_buf_init(&said, 65536);
    bool ok = exchange && http_exchange_head(exchange, e) &&
              http_exchange_body(exchange, said.max, &said, e);
    int status = ok ? http_exchange_status(exchange) : 0;
    if (ok && status / 100 != 2)
        bw_fail(e, BW_DOWN, "the collector answers %d: %.*s", status,
                (int)(said.n < 200 ? said.n : 200), bw_buf_str(&said).p);
    http_exchange_free(exchange);
    bw_buf_release(&said);
    if (status / 100 == 2)
        return TAKEN;
    bool later = status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
    return later ? LATER : REFUSED;
}

/* False when there is no time for another attempt. */
static bool pause_before_next(struct otlp *x, int64_t pause, int64_t end)
{
    pthread_mutex_lock(&x->lock);
    int64_t until = now_mono() + pause;
    while (now_mono() < until && !x->closing)
        sleep_until(x, until);
    bool more = !x->closing && now_mono() < end;
    pthread_mutex_unlock(&x->lock);
    return more;
}

static bool deliver(struct otlp *x, bw_str message, struct bw_err *e)
{
    int64_t end = now_mono() + x->o.timeout;
    for (int64_t pause = FIRST_PAUSE;; pause *= 2) {
        enum answer a = post(x, message, e);
        if (a != LATER)
            return a == TAKEN;
        if (!pause_before_next(x, pause, end))
            return false;
    }
}

/* A change is told once. */
static void tell_change(struct otlp *x, bool ok, const struct bw_err *e)
{
    if (!ok && !x->failing)
        log_warn("trace", "spans are lost: the collector does not take them", log_err(e));
    if (ok && x->failing)
        log_info("trace", "the collector takes spans again");
    x->failing = !ok;
}

static void send_batch(struct otlp *x, struct trace_record *batch, int64_t spans)
{
    struct bw_buf message;
    struct bw_err e = {.code = BW_OK};
    bw_buf_init(&message, MESSAGE_MAX);
    otlp_write(&message, &x->o, batch);
    bool ok = bw_buf_ok(&message) ? deliver(x, bw_buf_str(&message), &e)
                                  : bw_fail(&e, BW_TOOBIG, "a batch is too large");
    bw_buf_release(&message);
    metric_add(ok ? x->m_sent : x->m_lost, spans);
    tell_change(x, ok, &e);
    while (batch) {
        struct trace_record *next = batch->next;
        trace_record_free(batch);
        batch = next;
    }
}

static void *run(void *arg)
{
    struct otlp *x = arg;
    pthread_mutex_lock(&x->lock);
    for (;;) {
        if (!x->first && x->closing)
            break;
        await_batch(x);
        if (!x->first)
            continue;
        int64_t spans = 0;
        struct trace_record *batch = cut(x, &spans);
        pthread_mutex_unlock(&x->lock);
        send_batch(x, batch, spans);
        pthread_mutex_lock(&x->lock);
    }
    pthread_mutex_unlock(&x->lock);
    http_client_free(x->client);
    return NULL;
}

/* ---- life ---- */

static struct otlp *otlp_new(void)
{
    struct otlp *x = calloc(1, sizeof *x);
    pthread_condattr_t by_mono;
    bw_must(x);
    x->last = &x->first;
    bw_arena_init(&x->arena);
    pthread_condattr_init(&by_mono);
    pthread_condattr_setclock(&by_mono, CLOCK_MONOTONIC);
    bw_must(pthread_mutex_init(&x->lock, NULL) == 0 && pthread_cond_init(&x->work, &by_mono) == 0);
    pthread_condattr_destroy(&by_mono);
    return x;
}

static void otlp_free(struct otlp *x)
{
    pthread_mutex_destroy(&x->lock);
    pthread_cond_destroy(&x->work);
    bw_arena_release(&x->arena);
    free(x);
}

struct otlp *otlp_start(const char *const *env, const char *service, struct bw_buf *told)
{
    struct otlp *x = otlp_new();
    struct bw_err e;
    otlp_read(&x->o, env, bw_arena_cstr(&x->arena, bw_cstr(service)), &x->arena, told);
    if (!x->o.on) {
        otlp_free(x);
        return NULL;
    }
    x->client = http_client_new();
    if (x->o.ca && !http_client_trust(x->client, x->o.ca, &e))
        bw_buf_printf(told, "OTEL_EXPORTER_OTLP_CERTIFICATE: %s; whom this machine trusts is\n",
                      e.text);
    x->m_sent = metric_new(METRIC(trace_spans), "result=\"sent\"");
    x->m_lost = metric_new(METRIC(trace_spans), "result=\"lost\"");
    bw_must(pthread_create(&x->thread, NULL, run, x) == 0);
    the_one = x;
    trace_record_to(
        &(struct trace_opts){.by_parent = x->o.by_parent, .ratio = x->o.ratio, .take = take});
    return x;
}

void otlp_stop(struct otlp *x)
{
    struct timespec end;
    if (!x)
        return;
    trace_record_to(NULL);
    pthread_mutex_lock(&x->lock);
    x->closing = true;
    pthread_cond_signal(&x->work);
    pthread_mutex_unlock(&x->lock);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += LAST_SECONDS;
    if (pthread_timedjoin_np(x->thread, NULL, &end) == 0)
        otlp_free(x);
    else
        pthread_detach(x->thread); /* waits for a dead collector; the process ends without it */
}
