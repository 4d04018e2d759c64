/* turn.h: one at a time, in the order they came, for work that waits while it holds its turn (a
 * store that saves a file, a transaction driven from outside): a lock whose waiters park instead of
 * blocking their loop. Who holds a turn with a deadline and lets it pass between two pieces of work
 * loses the turn to those who wait. Any thread. */
#ifndef DB_TURN_H
#define DB_TURN_H

#include <pthread.h>

#include "core/list.h"
#include "net/wait.h"

struct turn;

struct turns {
    pthread_mutex_t lock; /* never held across a wait */
    struct list waiting;
    struct turn *holder;
};

struct turn {
    struct list node;
    struct wait wait;
    int64_t deadline;             /* monotonic ns; 0 = none */
    void (*undo)(struct turn *t); /* the turn is lost: undo what was done in it, without waiting */
    bool sure;                    /* wait for it even when cancelled */
    bool working, lost;
};

void turns_init(struct turns *ts);
void turns_release(struct turns *ts); /* nobody holds or waits */
/* *Waits.* for the turn; t lives until turn_end. The holder starts out working. BW_GONE when
 * cancelled while waiting. */
bool turn_begin(struct turns *ts, struct turn *t, struct bw_err *e);
/* Stop working, and work again. BW_LATE when the deadline passed: the turn is undone and gone, only
 * turn_end is left to call. */
bool turn_pause(struct turns *ts, struct turn *t, struct bw_err *e);
bool turn_resume(struct turns *ts, struct turn *t, struct bw_err *e);
/* Hands over to the next. */
void turn_end(struct turns *ts, struct turn *t);
/* *Waits.* Runs fn on a worker thread: what blocks (file work). */
void turn_block(void (*fn)(void *arg), void *arg);

#endif
