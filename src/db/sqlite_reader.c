/* sqlite_reader.c: the read connections of a loop (or of all plain threads together) and the
 * snapshots they keep. A set belongs to its loop's thread and has no lock; the plain threads' set
 * has one. A reader is one fiber's while that has rows open: a query inside its row loop uses the
 * same connection and snapshot, so that fibers which read twice cannot starve each other. Others
 * take another; beyond the maximum they queue.
 *
 * A snapshot is begun at the second read that finds the commit counter unmoved, and ended by the
 * first read that finds it moved. Until then that of an idle loop would pin the log: before and
 * after a checkpoint the writer has every loop that keeps one drop it (not after each commit: that
 * would wake all loops for nothing). `lock` guards what the writer needs for that. */
#include "db/sqlite_int.h"

#include "core/clock.h"
#include "core/metric.h"
#include "net/fiber.h"

#define READERS     4
#define SPARE_CACHE (1024 * 1024) /* of all but the first connection of a set */
#define FIRST_CACHE (16 * 1024 * 1024)

static void enter(struct sqlite_readers *set)
{
    if (!set->loop)
        uv_mutex_lock(&set->lock);
}

static void leave(struct sqlite_readers *set)
{
    if (!set->loop)
        uv_mutex_unlock(&set->lock);
}

static const void *who(void)
{
    static _Thread_local char thread;
    const void *fiber = fiber_current();
    return fiber ? fiber : &thread;
}

static void end_snapshot(struct sqlite_reader *r)
{
    if (sqlite_conn_step(r->end) != SQLITE_OK)
        r->conn.broken = true;
    r->snapshot = false;
    atomic_fetch_sub(&r->set->snapshots, 1);
}

static void begin_snapshot(struct sqlite_reader *r)
{
    if (sqlite_conn_step(r->begin) != SQLITE_OK)
        return;
    r->snapshot = true;
    atomic_fetch_add(&r->set->snapshots, 1);
}

static bool is_stale(const struct sqlite_reader *r)
{
    return r->snapshot && r->epoch != sqlite_wal_epoch(r->set->s);
}

static void renew_snapshot(struct sqlite_reader *r)
{
    uint64_t now = sqlite_wal_epoch(r->set->s); /* before the snapshot: at worst it is renewed */
    if (r->snapshot && r->epoch == now)
        return;
    if (r->snapshot) {
        end_snapshot(r);
        metric_add(r->set->s->metrics.snapshots, 1);
    } else if (r->epoch == now) {
        begin_snapshot(r);
    }
    r->epoch = now;
}

static void close_conn(struct sqlite_reader *r)
{
    if (!r->conn.db)
        return;
    if (r->snapshot)
        end_snapshot(r);
    sqlite3_finalize(r->begin);
    sqlite3_finalize(r->end);
    sqlite_conn_close(&r->conn);
    metric_add(r->set->s->metrics.connections, -1);
}

static bool open_conn(struct sqlite_reader *r, struct bw_err *e)
{
    const struct sqlite *s = r->set->s;
    int64_t cache = s->opts.cache_bytes > 0 ? s->opts.cache_bytes : FIRST_CACHE;
    r->conn.reader = r;
    if (!sqlite_conn_open(&r->conn, s, SQLITE_READER, r->first ? cache : SPARE_CACHE, e))
        return false;
    metric_add(s->metrics.connections, 1);
    sqlite_slice_watch(r);
    r->begin = sqlite_conn_prepare(&r->conn, "BEGIN", e);
    r->end = sqlite_conn_prepare(&r->conn, "COMMIT", e);
    r->epoch = 0;
    if (r->begin && r->end)
        return true;
    close_conn(r);
    return false;
}

static void drop_stale(struct sqlite_readers *set)
{
    for (struct list *n = set->idle.next; n != &set->idle; n = n->next) {
        struct sqlite_reader *r = LIST_OWNER(n, struct sqlite_reader, node);
        if (is_stale(r))
            end_snapshot(r);
    }
}

static void drop_posted(struct loop_post *p)
{
    struct sqlite_readers *set = LIST_OWNER(p, struct sqlite_readers, drop);
    atomic_store(&set->dropping, false);
    drop_stale(set);
}

/* The loop ends, or the set is to be freed: from here on the writer does not know the loop. */
static void leave_loop(struct sqlite_readers *set)
{
    uv_mutex_lock(&set->lock);
    struct wait *closer = set->closer;
    set->closer = NULL;
    set->alive = false;
    uv_mutex_unlock(&set->lock);
    list_remove(&set->at_end.node);
    if (closer)
        wait_wake(closer); /* the last touch */
}

static void loop_ended(struct loop_hook *h)
{
    struct sqlite_readers *set = LIST_OWNER(h, struct sqlite_readers, at_end);
    for (struct list *n = set->idle.next; n != &set->idle; n = n->next) {
        struct sqlite_reader *r = LIST_OWNER(n, struct sqlite_reader, node);
        if (r->snapshot)
            end_snapshot(r);
    }
    leave_loop(set);
}

static void stop_posted(struct loop_post *p)
{
    leave_loop(LIST_OWNER(p, struct sqlite_readers, stop));
}

static void detach(struct sqlite_readers *set)
{
    struct wait w;
    wait_init(&w);
    uv_mutex_lock(&set->lock);
    bool alive = set->alive;
    if (alive) {
        set->closer = &w;
        loop_post(set->loop, &set->stop); /* after all drops posted before */
    }
    uv_mutex_unlock(&set->lock);
    if (alive)
        wait_for(&w, WAIT_SURE);
}

static void attach(struct sqlite_readers *set, struct loop *loop)
{
    set->loop = loop;
    if (!loop)
        return;
    set->drop.fn = drop_posted;
    set->stop.fn = stop_posted;
    set->at_end.fn = loop_ended;
    atomic_store(&set->dropping, false);
    loop_at_end(loop, &set->at_end);
    uv_mutex_lock(&set->lock);
    set->alive = true;
    uv_mutex_unlock(&set->lock);
}

struct sqlite_readers *sqlite_readers_new(struct sqlite *s, struct loop *loop)
{
    struct sqlite_readers *set = calloc(1, sizeof *set);
    bw_must(set);
    set->s = s;
    list_init(&set->idle);
    list_init(&set->busy);
    list_init(&set->wants);
    bw_must(uv_mutex_init(&set->lock) == 0);
    attach(set, loop);
    return set;
}

void sqlite_readers_free(struct sqlite_readers *set)
{
    if (!set)
        return;
    bw_must(list_empty(&set->busy) && list_empty(&set->wants));
    detach(set);
    for (struct list *n = set->idle.next; n != &set->idle;) {
        struct sqlite_reader *r = LIST_OWNER(n, struct sqlite_reader, node);
        n = n->next;
        close_conn(r);
        free(r);
    }
    uv_mutex_destroy(&set->lock);
    free(set);
}

static struct sqlite_readers *set_here(struct sqlite *s)
{
    struct loop *loop = loop_current();
    if (!loop)
        return s->threads;
    unsigned i = loop_index(loop);
    struct sqlite_readers *set = atomic_load_explicit(&s->sets[i], memory_order_relaxed);
    if (!set) {
        set = sqlite_readers_new(s, loop);
        atomic_store(&s->sets[i], set);
        unsigned n = atomic_load(&s->n_sets);
        while (n <= i && !atomic_compare_exchange_weak(&s->n_sets, &n, i + 1))
            ;
    }
    if (!set->alive) /* the struct loops before has ended, this is another */
        attach(set, loop);
    bw_must(set->loop == loop);
    return set;
}

static struct sqlite_reader *mine(struct sqlite_readers *set, const void *user)
{
    for (struct list *n = set->busy.next; n != &set->busy; n = n->next) {
        struct sqlite_reader *r = LIST_OWNER(n, struct sqlite_reader, node);
        if (r->user == user)
            return r;
    }
    return NULL;
}

static void hand(struct sqlite_reader *r, const void *user)
{
    list_remove(&r->node);
    list_push_front(&r->set->busy, &r->node);
    r->user = user;
    r->uses = 1;
}

/* Entered with the set's lock, leaves without. */
static struct sqlite_reader *queue(struct sqlite_readers *set, const void *user, int64_t deadline,
                                   struct bw_err *e)
{
    struct sqlite_want want = {.user = user};
    wait_init(&want.wait);
    list_push_back(&set->wants, &want.node);
    leave(set);
    enum wait_result how = wait_for(&want.wait, deadline);
    if (how == WAIT_WOKEN)
        return want.got;
    enter(set);
    list_remove(&want.node);
    leave(set);
    if (want.got)
        sqlite_reader_give(want.got); /* it came at the last moment */
    if (how == WAIT_CANCELLED)
        bw_fail(e, BW_GONE, "the query was not begun: nobody waits for it any more");
    else
        bw_fail(e, BW_LATE,
                "the database is too busy: no connection of this thread became free in time");
    return NULL;
}

static struct sqlite_reader *find(struct sqlite_readers *set, const void *user, int64_t deadline,
                                  struct bw_err *e)
{
    unsigned most = set->s->opts.max_readers ? set->s->opts.max_readers : READERS;
    struct sqlite_reader *r = NULL;
    if (!list_empty(&set->idle)) {
        r = LIST_OWNER(set->idle.next, struct sqlite_reader, node);
    } else if (set->n < most) {
        r = calloc(1, sizeof *r);
        bw_must(r);
        r->set = set;
        list_init(&r->node);
        r->first = set->n++ == 0;
    } else {
        return queue(set, user, deadline, e);
    }
    hand(r, user);
    leave(set);
    return r;
}

struct sqlite_reader *sqlite_reader_take(struct sqlite *s, struct bw_err *e)
{
    struct sqlite_readers *set = set_here(s);
    const void *user = who();
    int64_t now = clock_mono();
    int64_t deadline = now + s->opts.query_timeout;
    enter(set);
    struct sqlite_reader *r = mine(set, user);
    if (r) {
        r->uses++;
        leave(set);
        return r;
    }
    r = find(set, user, deadline, e);
    if (!r)
        return NULL;
    r->deadline = deadline;
    r->slice = now;
    if (!r->conn.db && !open_conn(r, e)) {
        sqlite_reader_give(r);
        return NULL;
    }
    renew_snapshot(r);
    return r;
}

void sqlite_reader_give(struct sqlite_reader *r)
{
    if (--r->uses)
        return;
    struct sqlite_readers *set = r->set;
    if (r->conn.broken)
        close_conn(r);
    enter(set);
    if (is_stale(r))
        end_snapshot(r);
    if (list_empty(&set->wants)) {
        list_remove(&r->node);
        list_push_front(&set->idle, &r->node); /* the last used is the warmest */
    } else {
        struct sqlite_want *want = LIST_OWNER(set->wants.next, struct sqlite_want, node);
        list_remove(&want->node);
        hand(r, want->user);
        want->got = r;
        wait_wake(&want->wait);
    }
    leave(set);
}

static void refresh(struct sqlite_readers *set)
{
    if (!set || atomic_load(&set->snapshots) == 0)
        return;
    uv_mutex_lock(&set->lock);
    if (!set->loop)
        drop_stale(set);
    else if (set->alive && !atomic_exchange(&set->dropping, true))
        loop_post(set->loop, &set->drop);
    uv_mutex_unlock(&set->lock);
}

void sqlite_readers_refresh(struct sqlite *s)
{
    refresh(s->threads);
    unsigned n = atomic_load(&s->n_sets);
    for (unsigned i = 0; i < n; i++)
        refresh(atomic_load(&s->sets[i]));
}

bool sqlite_readers_clean(struct sqlite *s)
{
    unsigned n = atomic_load(&s->n_sets);
    bool clean = atomic_load(&s->threads->snapshots) == 0;
    for (unsigned i = 0; clean && i < n; i++) {
        struct sqlite_readers *set = atomic_load(&s->sets[i]);
        clean = !set || atomic_load(&set->snapshots) == 0;
    }
    return clean;
}
