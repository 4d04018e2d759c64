/* store_memory_write.c: who writes when. Writes queue up; the first whose turn comes runs all that
 * are queued, saves once, and makes them seen: what waits for the disk is shared (group commit). A
 * store with a file acknowledges, and shows, only what the file holds. A transaction keeps the turn
 * from begin to end, within its deadline. */
#include "orm/store_memory_int.h"

struct mem_job {
    struct list node;
    struct change *c;
    size_t n;
    bool together, begun, done, ok;
    struct bw_err err;
};

/* Under the lock. False: all its steps are undone and job->err says why. */
static bool run(struct store_memory *s, struct mem_job *job)
{
    size_t mark = s->steps.n;
    for (size_t i = 0; i < job->n; i++) {
        struct change *c = &job->c[i];
        if (mem_change(s, c) || (!job->together && change_alone(&c->err)))
            continue;
        job->err = c->err;
        mem_undo(s, mark);
        return false;
    }
    return true;
}

struct saving {
    struct store_memory *s;
    bool ok;
    struct bw_err err;
};

static void save(void *arg)
{
    struct saving *x = arg;
    x->ok = mem_save(x->s, &x->err);
}

/* Makes the steps durable and seen, or undoes them. */
static bool settle(struct store_memory *s, struct bw_err *e)
{
    struct saving x = {.s = s, .ok = true};
    if (s->disk && s->steps.n)
        turn_block(save, &x);
    pthread_rwlock_wrlock(&s->lock);
    if (x.ok)
        mem_commit(s);
    else
        mem_undo(s, 0);
    pthread_rwlock_unlock(&s->lock);
    if (!x.ok && e)
        *e = x.err;
    return x.ok;
}

static void take_queue(struct store_memory *s, struct list *jobs)
{
    pthread_mutex_lock(&s->queue_lock);
    list_move(jobs, &s->queue);
    for (struct list *l = jobs->next; l != jobs; l = l->next)
        LIST_OWNER(l, struct mem_job, node)->begun = true;
    pthread_mutex_unlock(&s->queue_lock);
}

static void finish(struct mem_job *job, bool saved, const struct bw_err *e)
{
    if (job->ok && !saved) {
        job->ok = false;
        job->err = *e;
    }
    if (!job->ok)
        changes_undone(job->c, job->n);
    job->done = true;
}

/* Runs all that wait. Its own job is among them, unless somebody before ran it. */
static void lead(struct store_memory *s)
{
    struct list jobs;
    list_init(&jobs);
    take_queue(s, &jobs);
    if (list_empty(&jobs))
        return;
    pthread_rwlock_wrlock(&s->lock);
    for (struct list *l = jobs.next; l != &jobs; l = l->next) {
        struct mem_job *job = LIST_OWNER(l, struct mem_job, node);
        job->ok = run(s, job);
    }
    pthread_rwlock_unlock(&s->lock);
    struct bw_err e = {0};
    bool saved = settle(s, &e);
    for (struct list *l = jobs.next; l != &jobs;) {
        struct mem_job *job = LIST_OWNER(l, struct mem_job, node);
        l = l->next;
        list_remove(&job->node);
        finish(job, saved, &e);
    }
}

/* The wait for the turn was cancelled. A job somebody has begun must be waited for: it holds our
 * memory. True: it never ran. */
static bool withdraw(struct store_memory *s, struct mem_job *job)
{
    pthread_mutex_lock(&s->queue_lock);
    bool ours = !job->begun;
    if (ours)
        list_remove(&job->node);
    pthread_mutex_unlock(&s->queue_lock);
    return ours;
}

bool mem_write(struct store *base, struct change *c, size_t n, bool together, struct bw_err *e)
{
    struct store_memory *s = (struct store_memory *)base;
    struct mem_job job = {.c = c, .n = n, .together = together};
    struct turn turn = {.deadline = 0};
    changes_start(c, n);
    pthread_mutex_lock(&s->queue_lock);
    list_push_back(&s->queue, &job.node);
    pthread_mutex_unlock(&s->queue_lock);
    if (!turn_begin(&s->turns, &turn, e)) {
        if (withdraw(s, &job))
            return false;
        turn.sure = true;
        turn_begin(&s->turns, &turn, NULL);
    }
    if (!job.done)
        lead(s);
    turn_end(&s->turns, &turn);
    if (!job.ok && e)
        *e = job.err;
    return job.ok;
}

/* ---- a transaction in pieces ---- */

struct mem_tx {
    struct store_tx base;
    struct turn turn;
    bool failed;
    struct bw_err err;
};

/* By whoever takes the turn from one who is late. */
static void undo_all(struct turn *t)
{
    struct mem_tx *tx = LIST_OWNER(t, struct mem_tx, turn);
    struct store_memory *s = (struct store_memory *)tx->base.store;
    pthread_rwlock_wrlock(&s->lock);
    mem_undo(s, 0);
    pthread_rwlock_unlock(&s->lock);
}

struct store_tx *mem_begin(struct store *base, int64_t deadline, struct bw_err *e)
{
    struct store_memory *s = (struct store_memory *)base;
    struct mem_tx *tx = calloc(1, sizeof *tx);
    bw_must(tx);
    tx->base.store = base;
    tx->turn.deadline = deadline;
    tx->turn.undo = undo_all;
    if (!turn_begin(&s->turns, &tx->turn, e)) {
        free(tx);
        return NULL;
    }
    if (!turn_pause(&s->turns, &tx->turn, e)) {
        turn_end(&s->turns, &tx->turn);
        free(tx);
        return NULL;
    }
    return &tx->base;
}

static bool fail(struct mem_tx *tx, struct bw_err *e)
{
    tx->failed = true;
    if (e)
        *e = tx->err;
    return false;
}

bool mem_tx_write(struct store_tx *base, struct change *c, size_t n, struct bw_err *e)
{
    struct mem_tx *tx = (struct mem_tx *)base;
    struct store_memory *s = (struct store_memory *)base->store;
    struct mem_job job = {.c = c, .n = n, .together = true};
    changes_start(c, n);
    if (tx->failed || !turn_resume(&s->turns, &tx->turn, &tx->err))
        return fail(tx, e);
    pthread_rwlock_wrlock(&s->lock);
    job.ok = run(s, &job);
    if (!job.ok)
        mem_undo(s, 0);
    pthread_rwlock_unlock(&s->lock);
    bool kept = turn_pause(&s->turns, &tx->turn, &tx->err);
    if (!job.ok) {
        changes_undone(c, n);
        tx->err = job.err;
    }
    return (job.ok && kept) || fail(tx, e);
}

bool mem_tx_end(struct store_tx *base, bool commit, struct bw_err *e)
{
    struct mem_tx *tx = (struct mem_tx *)base;
    struct store_memory *s = (struct store_memory *)base->store;
    bool held = turn_resume(&s->turns, &tx->turn, tx->failed ? NULL : &tx->err);
    bool ok = held && !tx->failed;
    if (ok && commit)
        ok = settle(s, &tx->err);
    else if (held)
        undo_all(&tx->turn);
    if (!ok && commit)
        fail(tx, e);
    turn_end(&s->turns, &tx->turn);
    free(tx);
    return ok || !commit; /* undone, as asked */
}
