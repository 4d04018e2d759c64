/* signal.h: signals of the process, told on a loop. Any number of watches per signal; SIGPIPE is
 * ignored for the whole process by signal_ignore_pipe. */
#ifndef NET_SIGNAL_H
#define NET_SIGNAL_H

#include "net/loop.h"

struct signal_watch;

/* fn(number, arg) runs on the loop (not on a fiber). Made before loops_run, on the loop's later
 * thread. */
struct signal_watch *signal_watch_new(struct loop *l, int number, void (*fn)(int number, void *arg),
                                      void *arg);
void signal_watch_free(struct signal_watch *w); /* on the loop's thread; NULL is fine */
void signal_ignore_pipe(void);

#endif
