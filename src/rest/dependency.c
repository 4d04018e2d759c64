/* dependency.c: see dependency.h. The lock is held for copying only, never while one is asked. */
#include "rest/dependency.h"

#include <pthread.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/metric.h"
#include "net/fiber.h"
#include "rest/server.h"

enum state { UNKNOWN, UP, DOWN };

static const char *const states[] = {[UNKNOWN] = "unknown", [UP] = "up", [DOWN] = "down"};

/* What is known of one. */
struct report {
    enum state state;
    int64_t latency; /* ns */
    bw_time failed;  /* the last time it did; 0 = never */
    char error[sizeof((struct bw_err *)0)->text];
};

struct dependency {
    struct store *store;
    pthread_mutex_t lock; /* over report */
    struct report report;
    unsigned m_up, m_ping;
};

void dependencies_init(struct bw_server *s)
{
    struct bw_buf label;
    s->n_dependencies = 0;
    while (s->stores && s->stores[s->n_dependencies])
        s->n_dependencies++;
    s->dependencies = calloc(s->n_dependencies + 1, sizeof *s->dependencies);
    bw_must(s->dependencies);
    bw_buf_init(&label, 1024);
    for (unsigned i = 0; i < s->n_dependencies; i++) {
        struct dependency *d = &s->dependencies[i];
        d->store = s->stores[i];
        bw_must(pthread_mutex_init(&d->lock, NULL) == 0);
        bw_buf_clear(&label);
        metric_label(&label, "store", bw_cstr(d->store->name));
        d->m_up = metric_new(METRIC(store_up), bw_buf_cstr(&label));
        d->m_ping = metric_new(METRIC(store_ping), bw_buf_cstr(&label));
        metric_add(d->m_up, 1); /* it has just been opened */
    }
    bw_buf_release(&label);
}

void dependencies_release(struct bw_server *s)
{
    for (unsigned i = 0; i < s->n_dependencies; i++) {
        struct dependency *d = &s->dependencies[i];
        metric_add(d->m_up, -(int64_t)(d->report.state != DOWN));
        pthread_mutex_destroy(&d->lock);
    }
    free(s->dependencies);
    s->dependencies = NULL;
    s->n_dependencies = 0;
}

/* A change is told to the log once. */
static void tell_change(const struct dependency *d, enum state before, const struct bw_err *why)
{
    if (why && before != DOWN)
        log_error("rest", "a store does not answer", LOG_CSTR("store", d->store->name),
                  log_err(why));
    else if (!why && before == DOWN)
        log_info("rest", "the store answers again", LOG_CSTR("store", d->store->name));
}

static void note(struct dependency *d, int64_t latency, const struct bw_err *why)
{
    struct report *r = &d->report;
    pthread_mutex_lock(&d->lock);
    enum state before = r->state;
    r->state = why ? DOWN : UP;
    r->latency = latency;
    if (why) {
        r->failed = bw_now();
        memcpy(r->error, why->text, sizeof r->error);
    }
    pthread_mutex_unlock(&d->lock);
    metric_add(d->m_up, (int64_t)!why - (before != DOWN));
    metric_observe(d->m_ping, latency);
    tell_change(d, before, why);
}

bool dependencies_ask(struct bw_server *s)
{
    bool all = true;
    for (unsigned i = 0; i < s->n_dependencies; i++) {
        struct dependency *d = &s->dependencies[i];
        struct bw_err e;
        int64_t began = clock_mono();
        bool ok = d->store->kind->ping(d->store, &e);
        note(d, clock_mono() - began, ok ? NULL : &e);
        all = all && ok;
    }
    return all;
}

static void ask_all(void *server)
{
    struct bw_server *s = server;
    dependencies_ask(s);
    atomic_store(&s->asking, false);
}

void dependencies_refresh(struct bw_server *s)
{
    if (!fiber_current() || atomic_exchange(&s->asking, true))
        return;
    if (!fiber_start(ask_all, s, NULL))
        atomic_store(&s->asking, false);
}

static void write_one(const struct dependency *d, const struct report *r, struct bw_json_writer *w)
{
    bw_json_object(w);
    bw_json_put_text(w, "name", bw_cstr(d->store->name));
    bw_json_put_text(w, "kind", bw_cstr(d->store->kind->name));
    bw_json_put_text(w, "state", bw_cstr(states[r->state]));
    int64_t us = r->latency / 1000;
    if (r->state != UNKNOWN)
        bw_json_put_real(w, "latency_ms", (double)us / 1000);
    if (r->failed) {
        bw_json_put_text(w, "last_error", bw_cstr(r->error));
        bw_json_put_time(w, "last_error_at", r->failed);
    }
    bw_json_end(w);
}

void dependencies_write(struct bw_server *s, struct bw_json_writer *w)
{
    bw_json_array(w);
    for (unsigned i = 0; i < s->n_dependencies; i++) {
        struct dependency *d = &s->dependencies[i];
        pthread_mutex_lock(&d->lock);
        struct report r = d->report;
        pthread_mutex_unlock(&d->lock);
        write_one(d, &r, w);
    }
    bw_json_end(w);
}
