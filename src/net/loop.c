/* loop.c: the life of the loops, their turns, posts and hooks. A loop's thread owns its struct
 * loop; other threads touch only `posts` (a lock-free stack, taken whole and turned around by the
 * loop) and the async handle. Fibers are fiber.c's, timers wheel.c's.
 *
 * Ending: after loops_stop a loop is without work when it has no handle but its own, no fiber in
 * use and nothing queued. All loops stay until all are without work, so that a fiber may count on
 * other loops as long as it lives. A post that comes after the end is never run. */
#include "net/loop_int.h"

#include "core/clock.h"
#include "core/metric.h"
#include "net/fiber.h"
#include "os/cpus.h"
#include "os/signals.h"

static _Thread_local struct loop *current __attribute__((tls_model("initial-exec")));

struct loop *loop_current(void)
{
    return current;
}

unsigned loop_index(const struct loop *l)
{
    return l->index;
}

struct uv_loop_s *loop_uv(struct loop *l)
{
    return &l->uv;
}

int64_t loop_now(const struct loop *l)
{
    /* Read when first asked for: a turn that needs no time pays for no clock. */
    if (l->now == 0)
        ((struct loop *)(uintptr_t)l)->now = clock_mono();
    return l->now;
}

void loop_post(struct loop *l, struct loop_post *p)
{
    struct loop_post *first = atomic_load_explicit(&l->posts, memory_order_relaxed);
    do
        p->next = first;
    while (!atomic_compare_exchange_weak_explicit(&l->posts, &first, p, memory_order_acq_rel,
                                                  memory_order_relaxed));
    /* Whoever finds the list empty wakes the loop; on the loop itself the turn's end comes anyway.
     */
    if (!first && l != current)
        uv_async_send(&l->async);
}

static void run_posts(struct loop *l)
{
    if (!atomic_load_explicit(&l->posts, memory_order_relaxed))
        return;
    struct loop_post *p = atomic_exchange_explicit(&l->posts, NULL, memory_order_acq_rel);
    struct loop_post *in_order = NULL;
    while (p) {
        struct loop_post *next = p->next;
        p->next = in_order;
        in_order = p;
        p = next;
    }
    while (in_order) {
        struct loop_post *next = in_order->next; /* fn may free or post it again */
        in_order->fn(in_order);
        in_order = next;
    }
}

void loop_at_turn_end(struct loop *l, struct loop_hook *h)
{
    list_push_back(&l->hooks, &h->node);
}

void loop_at_end(struct loop *l, struct loop_hook *h)
{
    list_push_back(&l->enders, &h->node);
}

static void run_hooks(struct list *hooks)
{
    struct list now;
    list_init(&now);
    list_move(&now, hooks);
    while (!list_empty(&now)) {
        struct loop_hook *h = LIST_OWNER(now.next, struct loop_hook, node);
        list_remove(&h->node);
        h->fn(h);
    }
}

void loop_run_hooks(struct loop *l)
{
    run_hooks(&l->hooks);
}

void loop_timer_init(struct loop_timer *t, void (*fn)(struct loop_timer *t))
{
    list_init(&t->node);
    t->deadline = 0;
    t->fn = fn;
}

void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t deadline_ns)
{
    wheel_set(&l->wheel, t, deadline_ns, deadline_ns ? loop_now(l) : 0);
}

static void alarm_rang(uv_timer_t *t)
{
    struct loop *l = t->data;
    l->alarm_at = 0; /* turn_end of this same turn runs the wheel */
}

static void set_alarm(struct loop *l)
{
    int64_t next = wheel_next(&l->wheel);
    if (next == 0 || (l->alarm_at && l->alarm_at <= next))
        return;
    int64_t wait = next - loop_now(l);
    uv_update_time(&l->uv);
    uv_timer_start(&l->alarm, alarm_rang,
                   wait <= 0 ? 0 : (uint64_t)((wait + CLOCK_MS - 1) / CLOCK_MS), 0);
    l->alarm_at = next;
}

static void nothing(uv_idle_t *h)
{
    (void)h;
}

static bool has_ready(struct loop *l)
{
    return l->fibers.ready || !list_empty(&l->hooks) ||
           atomic_load_explicit(&l->posts, memory_order_relaxed);
}

static void set_idle(struct loop *l)
{
    bool on = has_ready(l) || !list_empty(&l->hooks); /* registered by the last of this turn */
    if (on == l->idling)
        return;
    l->idling = on;
    if (on)
        uv_idle_start(&l->idle, nothing);
    else
        uv_idle_stop(&l->idle);
}

static void put_labels(struct bw_buf *labels, const struct loop *l, const char *state)
{
    char index[16];
    bool own = l->index < LIMIT_METRIC_LOOPS;
    bw_buf_clear(labels);
    snprintf(index, sizeof index, "%u", l->index);
    metric_label(labels, "loop", bw_cstr(own ? index : "others"));
    if (state)
        metric_label(labels, "state", bw_cstr(state));
}

static void make_metrics(struct loop *l)
{
    struct loop_metrics *m = &l->metrics;
    struct bw_buf labels;
    bw_buf_init(&labels, 256);
    put_labels(&labels, l, "in use");
    m->in_use = metric_new(METRIC(fibers), bw_buf_cstr(&labels));
    put_labels(&labels, l, "pooled");
    m->pooled = metric_new(METRIC(fibers), bw_buf_cstr(&labels));
    put_labels(&labels, l, NULL);
    m->turn = metric_new(METRIC(loop_turn), bw_buf_cstr(&labels));
    if (l->index < LIMIT_METRIC_LOOPS)
        m->stack = metric_new(METRIC(fiber_stack_bytes), bw_buf_cstr(&labels));
    m->jobs = metric_new(METRIC(worker_jobs), "");
    bw_buf_release(&labels);
}

static void wake_all(struct loops *ls)
{
    for (unsigned i = 0; i < ls->count; i++)
        uv_async_send(&ls->at[i]->async);
}

static bool has_work(struct loop *l)
{
    return uv_loop_alive(&l->uv) || l->streams || l->fibers.in_use || has_ready(l);
}

static void consider_end(struct loop *l)
{
    struct loops *ls = l->all;
    if (!atomic_load_explicit(&ls->stopping, memory_order_acquire))
        return;
    uv_unref((uv_handle_t *)&l->async);
    bool busy = has_work(l);
    if (busy && !l->busy)
        atomic_fetch_add(&ls->busy, 1);
    else if (!busy && l->busy && atomic_fetch_sub(&ls->busy, 1) == 1)
        wake_all(ls);
    l->busy = busy;
    if (atomic_load(&ls->busy) != 0)
        uv_ref((uv_handle_t *)&l->async);
}

static void turn_end(uv_prepare_t *h)
{
    struct loop *l = h->data;
    if (has_ready(l))
        loop_now(l); /* the turn's time is that of its first work */
    run_posts(l);
    if (l->wheel.count)
        wheel_run(&l->wheel, loop_now(l));
    run_hooks(&l->hooks); /* a ready fiber may be a long query's, with a slice to use up */
    fibers_run_ready(l);
    run_hooks(&l->hooks);
    set_idle(l);
    set_alarm(l);
    if (l->now)
        metric_observe(l->metrics.turn, clock_mono() - l->now);
    l->now = 0;
    fibers_tell(l);
    consider_end(l);
}

static void woken(uv_async_t *h)
{
    (void)h; /* what there is to do is done at the turn's end */
}

static void own(struct loop *l, void *handle, bool keeps_alive)
{
    uv_handle_t *h = handle;
    h->data = l;
    if (!keeps_alive)
        uv_unref(h);
}

static struct loop *loop_new(struct loops *ls, unsigned index, unsigned max_fibers,
                             struct bw_err *e)
{
    struct loop *l = aligned_alloc(64, sizeof *l);
    bw_must(l);
    memset(l, 0, offsetof(struct loop, read_buffer)); /* the buffer's pages stay untouched */
    int r = uv_loop_init(&l->uv);
    if (r == 0 && (r = uv_async_init(&l->uv, &l->async, woken)) != 0)
        uv_loop_close(&l->uv);
    if (r != 0) {
        free(l);
        bw_fail_sys(e, -r, "cannot make event loop %u", index);
        return NULL;
    }
    uv_prepare_init(&l->uv, &l->turn);
    uv_idle_init(&l->uv, &l->idle);
    uv_timer_init(&l->uv, &l->alarm);
    own(l, &l->async, true);
    own(l, &l->turn, false);
    own(l, &l->idle, false);
    own(l, &l->alarm, false);
    uv_prepare_start(&l->turn, turn_end);
    l->all = ls;
    l->index = index;
    l->busy = true;
    list_init(&l->hooks);
    list_init(&l->enders);
    list_init(&l->paused_listeners);
    wheel_init(&l->wheel);
    fibers_init(&l->fibers, max_fibers);
    make_metrics(l);
    return l;
}

static void loop_free(struct loop *l)
{
    uv_close((uv_handle_t *)&l->async, NULL);
    uv_close((uv_handle_t *)&l->turn, NULL);
    uv_close((uv_handle_t *)&l->idle, NULL);
    uv_close((uv_handle_t *)&l->alarm, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    bw_must(uv_loop_close(&l->uv) == 0);
    free(l);
}

struct loops *loops_new(const struct loops_opts *o, struct bw_err *e)
{
    unsigned count = o->count ? o->count : cpus_count();
    if (count > LOOPS_MAX)
        count = LOOPS_MAX;
    signals_ignore_pipe();
    struct loops *ls = calloc(1, sizeof *ls + count * sizeof *ls->at);
    bw_must(ls);
    for (; ls->count < count; ls->count++) {
        struct loop *l = loop_new(ls, ls->count, o->max_fibers ? o->max_fibers : LIMIT_FIBERS, e);
        if (!l) {
            loops_free(ls);
            return NULL;
        }
        ls->at[ls->count] = l;
    }
    atomic_init(&ls->busy, count);
    return ls;
}

void loops_free(struct loops *ls)
{
    if (!ls)
        return;
    for (unsigned i = 0; i < ls->count; i++)
        loop_free(ls->at[i]);
    free(ls);
}

unsigned loops_count(const struct loops *ls)
{
    return ls->count;
}

struct loop *loops_at(struct loops *ls, unsigned i)
{
    bw_must(i < ls->count);
    return ls->at[i];
}

static void run(void *arg)
{
    struct loop *l = arg;
    bw_must(!current);
    current = l;
    stack_watch_begin(&l->watch, &l->fibers.on);
    fibers_begin(l);
    /* Not alive and yet not over: a post came between the last turn's end and uv_run's return. */
    do {
        uv_ref((uv_handle_t *)&l->async);
        uv_run(&l->uv, UV_RUN_DEFAULT);
    } while (has_work(l));
    run_hooks(&l->enders);
    fibers_end(l);
    stack_watch_end(&l->watch);
    current = NULL;
}

void loops_run(struct loops *ls)
{
    for (unsigned i = 1; i < ls->count; i++)
        bw_must(uv_thread_create(&ls->at[i]->thread, run, ls->at[i]) == 0);
    run(ls->at[0]);
    for (unsigned i = 1; i < ls->count; i++)
        uv_thread_join(&ls->at[i]->thread);
}

void loops_stop(struct loops *ls)
{
    atomic_store_explicit(&ls->stopping, true, memory_order_release);
    wake_all(ls);
}
