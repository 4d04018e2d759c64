/* fiber_int.h: the fiber itself, for fiber.c and wait.c. It stands at the top of its own stack: a
 * fiber in use costs no other memory. */
#ifndef NET_FIBER_INT_H
#define NET_FIBER_INT_H

#include "net/fiber.h"
#include "net/loop_int.h"
#include "net/wait.h"

struct fiber {
    struct fiber_context context;
    struct loop *loop;
    struct fiber *next; /* in the ready list or the pool */
    void (*fn)(void *); /* NULL on resumption of a pooled fiber: end */
    void *arg;
    void *local;
    struct wait *wait; /* parked on it, and may be cancelled; else NULL */
    enum wait_result result;
    unsigned forbidden;
    bool cancelled, done;
    struct stack stack;
    struct list all;
    void *fake, *tsan; /* sanitizers */
    unsigned valgrind;
};

/* wait.c: ends f's wait as cancelled if it is in one. */
void wait_cancel(struct fiber *f);

#endif
