/* loops.h: runs a test on loops: `fn` on a fiber of loop 0, loops stopped when it returns. */
#ifndef TEST_LOOPS_H
#define TEST_LOOPS_H

#include "net/loop.h"

void t_on_loops(unsigned count, void (*fn)(struct loops *ls));
void t_on_loops_opts(const struct loops_opts *o, void (*fn)(struct loops *ls));
/* Runs fn(arg) on a fiber of that loop; any thread. */
void t_start_on(struct loop *l, void (*fn)(void *arg), void *arg);

#endif
