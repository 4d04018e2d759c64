/* hands_int.h: what the two kinds of hands share: events to the brain, what was found, and the
 * brain's own copies of what is kept. hands.c is the common half. */
#ifndef ANGEL_HANDS_INT_H
#define ANGEL_HANDS_INT_H

#include <burrow/arena.h>
#include <uv.h>

#include "angel/brood.h"
#include "angel/hands_wire.h"
#include "angel/spawn.h"
#include "core/list.h"
#include "core/vec.h"
#include "net/loop.h"

struct hands_kind {
    void (*spawn)(struct hands *h, const struct order_message *m);
    /* One of the small messages; named: one with a name and bytes, fd -1: none. */
    void (*tell)(struct hands *h, const struct wire_small *m);
    bool (*tell_named)(struct hands *h, const struct wire_named *m, int fd, struct bw_err *e);
    void (*close)(struct hands *h);
    bool (*next)(struct hands *h, struct brood_event *out); /* takes it */
};

struct hands_name {
    char name[WIRE_NAME];
    int fd;
};

struct hands_written {
    const char *unit; /* in notes_arena, as are bytes: most are a few numbers, each unit has one */
    char *bytes;
    size_t n, room;
};

/* Messages without descriptors lie here until the turn ends or a spawn takes them along: one system
 * call, and the keeper wakes once. */
#define HANDS_SMALL 8
struct hands_small {
    struct loop_hook hook;
    bool hooked;
    unsigned n;
    size_t sizes[HANDS_SMALL];
    struct wire_named room[HANDS_SMALL];
};

struct hands {
    const struct hands_kind *kind;
    struct loop *loop;
    const struct hands_events *events;
    void *arg;
    struct hands_opts opts;
    VEC(struct hands_found) found;
    VEC(struct hands_name) names;
    VEC(struct hands_written) notes;
    /* Not of malloc: they come among messages that lie here for a moment, and would keep the pages
     * of those. */
    struct bw_arena notes_arena;
    struct hands_before before;
    unsigned limits;       /* GROUP_MEMORY … */
    struct loop_hook hook; /* delivers at the turn's end */
    bool hooked;
    uv_poll_t poll;
    bool polling;
    int watched;                  /* events asked of it */
    struct order_message message; /* to pack in */
    /* here */
    struct brood *brood;
    struct order order;
    int lock;
    char lock_path[256];
    /* keeper */
    int socket;
    struct list out; /* messages the socket did not take yet */
    struct hands_small small;
    unsigned asked; /* bits of enum hands_asked that wait for a listener */
    bool left;
    VEC(struct brood_event) events_in;
    size_t events_at;
};

bool hands_here_open(struct hands *h, struct bw_err *e);
bool hands_keeper_open(struct hands *h, struct bw_err *e);
/* Events are there, or may be: delivered at the end of this turn. */
void hands_deliver(struct hands *h);
void hands_keep_here(struct hands *h, const char *name, int fd); /* takes fd */
void hands_note_here(struct hands *h, const char *unit, bw_str bytes);
void hands_free(struct hands *h); /* by the kind, when its handles are closed */

#endif
