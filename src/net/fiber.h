/* fiber.h: straight-line code on a loop. A fiber runs one function from start to end on a pooled
 * stack (LIFO; guard area; capped) and yields wherever it waits (net/wait.h). A fiber belongs to
 * its loop. */
#ifndef NET_FIBER_H
#define NET_FIBER_H

#include "net/loop.h"

struct fiber;

/* Runs fn(arg) on a fiber of the current loop, at once, until it first waits. False (BW_BUSY) when
 * the cap is reached or memory for a stack cannot be had. Called on a loop thread, also from a
 * fiber (then the new one runs soon, at the latest in the next turn). */
bool fiber_start(void (*fn)(void *arg), void *arg, struct bw_err *e);
struct fiber *fiber_current(void); /* NULL outside */
/* A pointer of the current fiber's own (outside: of this thread's), NULL when it begins. Who sets
 * it sets it back before the fiber ends. */
void **fiber_local(void);
/* Wakes the fiber's present and all later waits with WAIT_CANCELLED (but those that are sure). Its
 * loop only. */
void fiber_cancel(struct fiber *f);
bool fiber_is_cancelled(void); /* the current one; false outside */
/* Lets other fibers and I/O of this loop go first; comes back in the next turn (a fiber that a post
 * or an I/O callback began: in this one, behind the ready ones). No-op outside a fiber and while
 * forbidden. */
void fiber_yield(void);
/* Between the two no wait may happen (bw_must): a SQL function, a destructor. Counted. */
void fiber_forbid_wait(void);
void fiber_allow_wait(void);
unsigned fiber_count(const struct loop *l); /* in use now */
size_t fiber_stack_used(
    const struct loop *l); /* high-water mark in bytes over all its stacks, page granular */

#endif
