/* watch.c: see watch.h. A post goes to each loop; the last one to run posts back to loop 0, where a
 * fiber asks the stores. */
#include "host/watch.h"

#include "core/clock.h"
#include "net/fiber.h"

struct watch_ask {
    struct loop_post post;
    struct watch *of;
};

static bool ask_store(struct store *s, struct bw_err *e)
{
    if (!s->kind->ping(s, e))
        return bw_because(e, "asking the store '%s'", s->name);
    struct store_tx *tx = store_begin(s, 0, e);
    if (!tx)
        return bw_because(e, "asking the writer of the store '%s'", s->name);
    return store_tx_end(tx, false, e);
}

static void finish(struct watch *w, const struct bw_err *e)
{
    w->asking = false;
    w->over(w->arg, e);
}

static void ask_stores(void *arg)
{
    struct watch *w = arg;
    struct bw_err e = {.code = BW_OK};
    bool ok = true;
    for (struct store **s = w->stores; ok && s && *s; s++)
        ok = ask_store(*s, &e);
    finish(w, ok ? NULL : &e);
}

static void loops_have_answered(struct loop_post *p)
{
    struct watch *w = LIST_OWNER(p, struct watch, back);
    w->loops_answered = true;
    /* No fiber to be had: so many requests are being worked on, which is an answer too. */
    if (!fiber_start(ask_stores, w, NULL))
        finish(w, NULL);
}

static void answer(struct loop_post *p)
{
    struct watch *w = LIST_OWNER(p, struct watch_ask, post)->of;
    if (atomic_fetch_sub(&w->missing, 1) == 1)
        loop_post(loops_at(w->loops, 0), &w->back);
}

void watch_init(struct watch *w)
{
    unsigned n = loops_count(w->loops);
    w->asks = calloc(n, sizeof *w->asks);
    bw_must(w->asks);
    w->back.fn = loops_have_answered;
    for (unsigned i = 0; i < n; i++)
        w->asks[i] = (struct watch_ask){.post.fn = answer, .of = w};
}

void watch_release(struct watch *w)
{
    free(w->asks);
    w->asks = NULL;
}

void watch_begin(struct watch *w)
{
    if (w->asking)
        return;
    w->asking = true;
    w->loops_answered = false;
    w->asked_at = clock_mono();
    atomic_store(&w->missing, loops_count(w->loops));
    for (unsigned i = 0; i < loops_count(w->loops); i++)
        loop_post(loops_at(w->loops, i), &w->asks[i].post);
}

bool watch_is_well(const struct watch *w, int64_t patience)
{
    return !w->asking || (w->loops_answered && clock_mono() - w->asked_at < patience);
}
