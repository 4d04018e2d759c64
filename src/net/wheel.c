/* wheel.c: see wheel_int.h. Invariant: every linked timer stands in a slot ahead of w->tick, whose
 * time is at or before the timer's deadline. Slots below the lowest used level's first one are
 * empty, so w->tick may jump to any tick before it. Bits of slots emptied by cancelling stay set
 * until wheel_next or wheel_run meets them. */
#include "net/wheel_int.h"

#define DIGIT 6

void wheel_init(struct wheel *w)
{
    memset(w, 0, sizeof *w);
    for (unsigned level = 0; level < WHEEL_LEVELS; level++)
        for (unsigned slot = 0; slot < 64; slot++)
            list_init(&w->slots[level][slot]);
}

/* Rounded up: a timer never fires early. */
static int64_t tick_of(int64_t deadline)
{
    return (int64_t)(((uint64_t)deadline + ((1u << WHEEL_SHIFT) - 1)) >> WHEEL_SHIFT);
}

static void place(struct wheel *w, struct loop_timer *t)
{
    int64_t tick = tick_of(t->deadline);
    if (tick <= w->tick)
        tick = w->tick + 1;
    unsigned level = (63u - (unsigned)__builtin_clzll((uint64_t)(tick ^ w->tick))) / DIGIT;
    unsigned slot = (unsigned)(tick >> (level * DIGIT)) & 63;
    list_push_back(&w->slots[level][slot], &t->node);
    w->used[level] |= UINT64_C(1) << slot;
}

void wheel_set(struct wheel *w, struct loop_timer *t, int64_t deadline, int64_t now)
{
    bool linked = !list_empty(&t->node);
    if (linked && deadline >= t->deadline) {
        t->deadline = deadline;
        return;
    }
    t->deadline = deadline;
    if (linked) {
        list_remove(&t->node);
        w->count--;
    }
    if (deadline == 0)
        return;
    if (w->count++ == 0) {
        memset(w->used, 0, sizeof w->used);
        w->tick = now >> WHEEL_SHIFT;
    }
    place(w, t);
}

/* The first slot that holds a timer: its level, with *tick when it comes; -1 when none. */
static int first_slot(struct wheel *w, int64_t *tick, unsigned *slot)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++)
        while (w->used[level]) {
            *slot = (unsigned)__builtin_ctzll(w->used[level]);
            if (list_empty(&w->slots[level][*slot])) {
                w->used[level] &= w->used[level] - 1;
                continue;
            }
            unsigned shift = level * DIGIT;
            int64_t above = w->tick >> (shift + DIGIT) << (shift + DIGIT);
            *tick = above | (int64_t)*slot << shift;
            return (int)level;
        }
    return -1;
}

static void fire(struct wheel *w, struct list *due)
{
    while (!list_empty(due)) {
        struct loop_timer *t = LIST_OWNER(due->next, struct loop_timer, node);
        list_remove(&t->node);
        if (tick_of(t->deadline) > w->tick) {
            place(w, t);
            continue;
        }
        w->count--;
        t->deadline = 0;
        t->fn(t);
    }
}

void wheel_run(struct wheel *w, int64_t now)
{
    int64_t until = now >> WHEEL_SHIFT, tick;
    unsigned slot;
    int level;
    while (w->count && (level = first_slot(w, &tick, &slot)) >= 0 && tick <= until) {
        struct list due;
        list_init(&due);
        list_move(&due, &w->slots[level][slot]);
        w->used[level] &= ~(UINT64_C(1) << slot);
        w->tick = tick;
        fire(w, &due);
    }
    if (until > w->tick)
        w->tick = until;
}

int64_t wheel_next(struct wheel *w)
{
    int64_t tick;
    unsigned slot;
    if (w->count == 0 || first_slot(w, &tick, &slot) < 0)
        return 0;
    return tick << WHEEL_SHIFT;
}
