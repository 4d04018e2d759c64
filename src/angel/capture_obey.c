/* capture_obey.c: what the thread is told by the loop. A command is `obeying` until it is done:
 * when its disk call is given up, the next worker obeys it again, from its beginning, with the unit
 * away; most then wait until it is back. */
#include "angel/capture_int.h"

#include <unistd.h>

void capture_command_free(struct capture_command *k)
{
    free(k->path);
    free(k);
}

static void free_unit(struct capture_unit *u)
{
    capture_hand_leave(u);
    list_remove(&u->all);
    list_remove(&u->ready);
    list_remove(&u->trouble);
    close(u->fifo);
    free(u->tail.p);
    free(u->held);
    free(u->name);
    free(u->path);
    free(u);
}

static bool drop(struct capture_worker *w, struct capture_unit *u)
{
    if (u->held && !capture_try(w, u))
        return false;
    if (!capture_drain(w, u) || (capture_owes(u) && !capture_try(w, u)) || !capture_shut(w, u))
        return false;
    free_unit(u);
    return true;
}

static bool change(struct capture_worker *w, struct capture_command *k)
{
    struct capture_unit *u = k->u;
    if (!capture_drain(w, u) || !capture_shut(w, u))
        return false;
    free(u->path);
    u->path = k->path;
    u->policy = k->policy;
    u->dev = 0;
    k->path = NULL;
    if (capture_owes(u))
        u->c->retry_at = 0;
    capture_away_look(u);
    return true;
}

static void add(struct capture_unit *u)
{
    list_push_back(&u->c->all, &u->all);
    if (!u->away && u->gap.since)
        capture_tell_soon(u);
    capture_make_ready(u);
    capture_away_look(u);
}

static void reopen(struct capture *c)
{
    for (struct list *x = c->all.next; x != &c->all; x = x->next) {
        struct capture_unit *u = LIST_OWNER(x, struct capture_unit, all);
        if (u->away)
            u->away->reopen = true;
        else if (u->is_open)
            logfile_reopen(&u->file);
    }
    c->retry_at = 0;
}

/* Who is away stays: how long, the loop decides. */
static bool end(struct capture_worker *w)
{
    struct capture *c = w->c;
    for (struct list *x = c->all.next, *next; x != &c->all; x = next) {
        struct capture_unit *u = LIST_OWNER(x, struct capture_unit, all);
        next = x->next;
        free(u->expect);
        u->expect = NULL;
        if (!u->away && !drop(w, u))
            return false;
    }
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return true;
}

static void back(struct capture_unit *u)
{
    struct capture *c = u->c;
    capture_away_end(u);
    if (c->ending) /* behind what they are told else */
        capture_tell(c, capture_command_new(CAPTURE_END, NULL));
}

static void synced(struct loop_post *p)
{
    struct capture_command *k = LIST_OWNER(p, struct capture_command, post);
    k->done(k->arg);
    free(k);
}

static void expect(struct capture_unit *u, struct capture_expect *x)
{
    capture_expect_back(u);
    u->expect = x;
    if (x && capture_tail_has(&u->tail, x, u->bytes - x->from))
        capture_expect_back(u);
}

/* It waits until the unit is back. */
static bool is_later(const struct capture_command *k)
{
    return k->u && k->u->away && (k->verb == CAPTURE_CHANGE || k->verb == CAPTURE_REMOVE);
}

static bool obey(struct capture_worker *w, struct capture_command *k)
{
    struct capture_unit *u = k->u;
    switch (k->verb) {
    case CAPTURE_ADD:
        add(u);
        return true;
    case CAPTURE_CHANGE:
        return change(w, k);
    case CAPTURE_REMOVE:
        capture_expect_back(u);
        return drop(w, u);
    case CAPTURE_EXPECT:
        expect(u, k->expect);
        return true;
    case CAPTURE_REOPEN:
        reopen(w->c);
        return true;
    case CAPTURE_BACK:
        back(u);
        return true;
    case CAPTURE_END:
        return end(w);
    case CAPTURE_SYNC:
        return capture_drain(w, u);
    }
    return true;
}

static struct capture_command *next(struct capture *c)
{
    pthread_mutex_lock(&c->lock);
    struct capture_command *k = c->first;
    if (k && !(c->first = k->next))
        c->last = &c->first;
    pthread_mutex_unlock(&c->lock);
    return k;
}

bool capture_obey_all(struct capture_worker *w)
{
    struct capture *c = w->c;
    uint64_t n;
    c->told = false;
    (void)!read(c->wake, &n, sizeof n);
    while (c->obeying || (c->obeying = next(c))) {
        struct capture_command *k = c->obeying;
        if (is_later(k)) {
            capture_away_later(k->u, k);
            c->obeying = NULL;
            continue;
        }
        if (!obey(w, k))
            return false;
        c->obeying = NULL;
        if (k->verb == CAPTURE_SYNC) {
            k->post.fn = synced;
            loop_post(c->loop, &k->post);
        } else {
            capture_command_free(k);
        }
    }
    return true;
}

void capture_clear(struct capture *c)
{
    for (struct list *x = c->all.next, *next; x != &c->all; x = next) {
        struct capture_unit *u = LIST_OWNER(x, struct capture_unit, all);
        next = x->next;
        capture_away_forget(u);
        capture_close(u);
        free_unit(u);
    }
    while (c->obeying || (c->obeying = next(c))) {
        capture_command_free(c->obeying);
        c->obeying = NULL;
    }
}
