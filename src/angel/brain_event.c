/* brain_event.c: what has happened, as sentences in a ring with sequence numbers; who waits for it;
 * and what people are told of it. */
#include "angel/brain_int.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/log.h"

/* Numbers only grow, from brain to brain too, so that who follows can go on behind the last one it
 * has seen: they are taken from the keeper in blocks, and a new brain begins behind the block of
 * the one before it. No name of a unit begins with '@'. */
#define BLOCK 256
#define NOTE  "@events"

static void take_block(struct brain *b)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRIu64, b->seq + BLOCK);
    struct bw_err e;
    if (!hands_note(b->hands, NOTE, bw_str_of(text, (size_t)n), &e))
        log_warn("angel", "the numbers of events cannot be kept", LOG_CSTR("why", e.text));
}

void brain_events_begin(struct brain *b)
{
    int64_t noted;
    b->seq = bw_str_int(hands_noted(b->hands, NOTE), &noted) && noted > 0 ? (uint64_t)noted : 1;
    b->first = b->seq;
    take_block(b);
}

static void put(struct brain *b, const struct replica *r, const char *kind, const char *text)
{
    if ((b->seq - b->first) % BLOCK == BLOCK - 1)
        take_block(b);
    struct brain_event *ev = &b->ring[b->seq % BRAIN_EVENTS];
    *ev = (struct brain_event){.seq = b->seq++, .at = clock_wall_ms(), .kind = kind};
    snprintf(ev->unit, sizeof ev->unit, "%s", r ? r->name : "");
    snprintf(ev->text, sizeof ev->text, "%s", text);
    for (struct list *n = b->listeners.next, *next; n != &b->listeners; n = next) {
        struct brain_listener *l = (struct brain_listener *)n; /* node is its first member */
        next = n->next;
        l->fn(l, ev);
    }
}

void brain_say(struct brain *b, const struct replica *r, const char *kind, const char *fmt, ...)
{
    char text[sizeof b->ring->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!b->opts.quiet)
        log_info("angel", text, LOG_CSTR("unit", r ? r->name : ""), LOG_CSTR("event", kind));
    put(b, r, kind, text);
}

void brain_tell_people(struct brain *b, struct replica *r, enum brain_news news, const char *kind,
                       const char *text)
{
    brain_say(b, r, kind, "%s", text);
    if (r)
        r->troubled = news == NEWS_BAD;
    if (!b->notices)
        return;
    if (r) {
        notices_send(b->notices, &(struct notice){.unit = r->name,
                                                  .kind = kind,
                                                  .text = text,
                                                  .targets = r->conf->notify,
                                                  .good = news == NEWS_GOOD});
        return;
    }
    /* Of the angel itself: to everybody who is told anything; the notices know who was told. */
    for (size_t i = 0; i < b->conf->n_units; i++)
        notices_send(b->notices, &(struct notice){.unit = "",
                                                  .kind = kind,
                                                  .text = text,
                                                  .targets = b->conf->units[i].notify,
                                                  .good = news == NEWS_GOOD});
}

/* ---- readers ---- */

bool brain_event(const struct brain *b, uint64_t seq, struct brain_event *out, uint64_t *lost)
{
    uint64_t first = b->seq - b->first > BRAIN_EVENTS ? b->seq - BRAIN_EVENTS : b->first;
    *lost = seq < first ? first - seq : 0;
    if (seq < first)
        seq = first;
    if (seq >= b->seq)
        return false;
    *out = b->ring[seq % BRAIN_EVENTS];
    return true;
}

void brain_listen(struct brain *b, struct brain_listener *l)
{
    list_push_back(&b->listeners, &l->node);
}

/* ---- waiting ---- */

struct waiter {
    struct list node;
    struct wait wait;
};

void brain_wake(struct brain *b)
{
    while (!list_empty(&b->waiters)) {
        struct waiter *w = (struct waiter *)b->waiters.next;
        list_remove(&w->node);
        wait_wake(&w->wait);
    }
}

/* Ready, or as far as it will come by itself: done. */
static bool has_come(const struct brain *b, const struct replica *r)
{
    enum life_state s = b->crew.units.p[r->slot].state;
    return s == LIFE_READY || s == LIFE_DONE;
}

static bool is_hopeless(const struct brain *b, const struct replica *r)
{
    enum life_state s = b->crew.units.p[r->slot].state;
    return s == LIFE_FAILED || s == LIFE_STOPPED || s == LIFE_STUCK;
}

/* How far it is: 1: there; 0: not yet; -1: never. */
static int ready(const struct brain *b, const struct replica *r, bool named)
{
    enum life_state s = b->crew.units.p[r->slot].state;
    if (has_come(b, r) || (!named && s == LIFE_STOPPED))
        return 1;
    return is_hopeless(b, r) ? -1 : 0;
}

static int ended(const struct brain *b, const struct replica *r, bool named)
{
    enum life_state s = b->crew.units.p[r->slot].state;
    (void)named;
    return s == LIFE_STUCK ? -1 : !life_has_child(s) && !life_is_wanted(s);
}

struct goal {
    int (*look)(const struct brain *b, const struct replica *r, bool named);
    const char *what;
};

/* Of all of that name, the one that is least far; e says who. */
static int look(const struct brain *b, const struct goal *g, const char *name, struct bw_err *e)
{
    size_t first = 0, n = name ? brain_find(b, name, &first) : b->in_order.n;
    int all = 1;
    if (name && !n)
        return bw_fail(e, BW_MISSING, "no service '%s'", name), -1;
    for (size_t i = first; i < first + n && all >= 0; i++) {
        const struct replica *r = b->in_order.p[i];
        int now = g->look(b, r, name != NULL);
        if (now > 0)
            continue;
        all = now;
        bw_fail(e, now ? BW_CONFLICT : BW_LATE, "%s is %s, not %s: %s", r->name,
                life_state_name(b->crew.units.p[r->slot].state), g->what, r->why);
    }
    return all;
}

static bool wait_goal(struct brain *b, const struct goal *g, const char *name, int64_t deadline,
                      struct bw_err *e)
{
    for (;;) {
        int now = look(b, g, name, e);
        if (now)
            return now > 0;
        struct waiter w;
        wait_init(&w.wait);
        list_push_back(&b->waiters, &w.node);
        enum wait_result r = wait_for(&w.wait, deadline);
        list_remove(&w.node);
        if (r == WAIT_CANCELLED)
            return bw_fail(e, BW_GONE, "nobody waits for it any more");
        if (r == WAIT_DEADLINE)
            return look(b, g, name, e) > 0;
    }
}

bool brain_wait_ready(struct brain *b, const char *name, int64_t deadline, struct bw_err *e)
{
    return wait_goal(b, &(struct goal){ready, "ready"}, name, deadline, e);
}

bool brain_wait_ended(struct brain *b, const char *name, int64_t deadline, struct bw_err *e)
{
    return wait_goal(b, &(struct goal){ended, "ended"}, name, deadline, e);
}
