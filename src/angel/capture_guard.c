/* capture_guard.c: disks that do not answer. While the worker makes disk calls the loop looks at it
 * twice a second; one that has been in the same call all the time of some looks is stuck: nothing
 * ends a process in such a call (state D), so its unit is left to it, and another worker goes on
 * with all the others. An idle capture is not looked at. */
#include "angel/capture_int.h"

#include <errno.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"

#define LOOK      (500 * CLOCK_MS)
#define LOOKS     2                  /* more, at the same call: it is stuck */
#define END_GRACE (2 * CLOCK_SECOND) /* at the end, for who is away */
#define STUCK_MAX 32                 /* threads */

void capture_disk_enter(struct capture_worker *w, struct capture_unit *u)
{
    struct capture *c = w->c;
    w->u = u;
    w->ticket = atomic_fetch_add(&c->disk, 1) + 1;
    if (!atomic_load(&c->guarded) && !atomic_exchange(&c->guarded, true))
        loop_post(c->loop, &c->guard->post);
}

bool capture_disk_leave(struct capture_worker *w)
{
    uint64_t ticket = w->ticket;
    return atomic_compare_exchange_strong(&w->c->disk, &ticket, ticket + 1);
}

/* ---- looking ---- */

static void tell(const struct capture_unit *u)
{
    char since[40];
    struct bw_buf b;
    bw_buf_init(&b, sizeof since);
    bw_time_write(&b, atomic_load(&u->hangs_since));
    snprintf(since, sizeof since, "%.*s", (int)b.n, b.p);
    bw_buf_release(&b);
    log_error("angel", "the disk of a log does not answer: in a disk call for its service",
              LOG_CSTR("unit", u->name), LOG_CSTR("path", u->path), LOG_CSTR("since", since));
}

/* A worker without a thread is none: it is tried again at the next look. */
static void replace(struct capture *c)
{
    struct bw_err e;
    if (!capture_worker_start(c, &e))
        log_error("angel", "output is not captured", log_err(&e));
}

static void give_up(struct capture *c)
{
    uint64_t ticket = c->guard->seen;
    pthread_mutex_lock(&c->lock); /* or it comes back and has gone before all is written down */
    bool stuck =
        c->stuck_n < STUCK_MAX && atomic_compare_exchange_strong(&c->disk, &ticket, ticket + 1);
    if (stuck) {
        struct capture_worker *w = c->worker;
        pthread_detach(w->thread);
        c->worker = NULL;
        c->taken = w->u;
        c->stuck_n++;
        c->ended = c->given_up;
        atomic_store(&w->u->hangs_since, c->guard->since);
        tell(w->u);
    }
    pthread_mutex_unlock(&c->lock);
}

static unsigned how_many(struct capture *c)
{
    pthread_mutex_lock(&c->lock);
    unsigned stuck = c->stuck_n, away = atomic_load(&c->away_n);
    pthread_mutex_unlock(&c->lock);
    return away > stuck ? away : stuck;
}

/* False: nothing needs to be looked at. */
static bool look(struct capture *c)
{
    struct capture_guard *g = c->guard;
    uint64_t disk = atomic_load(&c->disk);
    bool same = disk == g->seen, in = disk & 1;
    if (!same || !in) {
        g->seen = disk;
        g->looks = 0;
        g->since = bw_now();
    } else if (++g->looks >= LOOKS) {
        give_up(c);
    }
    if (!c->worker && !c->ended)
        replace(c);
    unsigned n = how_many(c);
    if (n != g->told) {
        g->told = n;
        if (c->hangs)
            c->hangs(c->arg, n);
    }
    return in || !same || n;
}

/* Whoever enters next tells; who has entered meanwhile is seen here. */
static bool rests(struct capture *c)
{
    atomic_store(&c->guarded, false);
    return atomic_load(&c->disk) == c->guard->seen || atomic_exchange(&c->guarded, true);
}

static void look_again(struct loop_timer *t)
{
    struct capture_guard *g = LIST_OWNER(t, struct capture_guard, timer);
    struct capture *c = g->c;
    g->armed = look(c) || !rests(c);
    if (g->armed)
        loop_timer_set(c->loop, t, clock_mono() + LOOK);
}

static void begin(struct loop_post *p)
{
    struct capture_guard *g = LIST_OWNER(p, struct capture_guard, post);
    if (!g->c) {
        free(g);
        return;
    }
    g->armed = true;
    g->seen = 0;
    g->looks = 0;
    look_again(&g->timer);
}

struct capture_guard *capture_guard_new(struct capture *c)
{
    struct capture_guard *g = calloc(1, sizeof *g);
    bw_must(g);
    g->c = c;
    g->post.fn = begin;
    loop_timer_init(&g->timer, look_again);
    return g;
}

/* ---- the end ---- */

static void leave_guard(struct capture *c)
{
    struct capture_guard *g = c->guard;
    bool on_its_way = atomic_exchange(&c->guarded, true) && !g->armed;
    c->guard = NULL;
    if (g->armed)
        loop_timer_set(c->loop, &g->timer, 0);
    g->c = NULL;
    if (!on_its_way)
        free(g);
}

static void nap(struct capture *c)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += LOOK;
    t.tv_sec += t.tv_nsec / CLOCK_SECOND;
    t.tv_nsec %= CLOCK_SECOND;
    pthread_cond_timedwait(&c->changed, &c->lock, &t);
}

static void wait_for_end(struct capture *c)
{
    int64_t deadline = clock_mono() + END_GRACE;
    unsigned stuck = 0;
    pthread_mutex_lock(&c->lock);
    while (!c->ended) {
        nap(c);
        if (c->stuck_n > stuck)
            deadline = clock_mono() + END_GRACE;
        stuck = c->stuck_n;
        if (c->ending && stuck && !c->given_up && clock_mono() >= deadline) {
            c->given_up = true;
            capture_wake(c);
        }
        pthread_mutex_unlock(&c->lock);
        look(c);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
}

static void tell_left(const struct capture *c)
{
    for (const struct list *x = c->all.next; x != &c->all; x = x->next) {
        const struct capture_unit *u = LIST_OWNER(x, struct capture_unit, all);
        const struct capture_away *a = u->away;
        log_error("angel",
                  "the log of a service is left as it is: its disk does not answer; the "
                  "next angel tells in it what was lost",
                  LOG_CSTR("unit", u->name), LOG_CSTR("path", u->path),
                  LOG_NUM("bytes", a ? (int64_t)a->kept_n + a->lost : 0));
    }
}

bool capture_guard_end(struct capture *c)
{
    wait_for_end(c);
    leave_guard(c);
    if (c->worker) {
        pthread_join(c->worker->thread, NULL);
        capture_worker_free(c->worker);
    }
    pthread_mutex_lock(&c->lock);
    if (c->stuck_n)
        tell_left(c);
    c->left = c->stuck_n > 0;
    bool left = c->left;
    pthread_mutex_unlock(&c->lock);
    return !left;
}

bool capture_is_over(struct capture *c)
{
    if (!c->ending)
        return false;
    pthread_mutex_lock(&c->lock);
    c->ended = c->given_up || list_empty(&c->all);
    bool ended = c->ended;
    if (ended)
        pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return ended;
}

/* ---- the stuck worker ---- */

void capture_stuck_back(struct capture_worker *w)
{
    struct capture *c = w->c;
    struct capture_command *k = capture_command_new(CAPTURE_BACK, w->u);
    pthread_mutex_lock(&c->lock);
    c->stuck_n--;
    bool last = c->left && !c->stuck_n;
    *c->last = k;
    c->last = &k->next;
    capture_wake(c);
    pthread_mutex_unlock(&c->lock);
    capture_worker_free(w);
    if (!last)
        return;
    capture_clear(c);
    capture_release(c);
}
