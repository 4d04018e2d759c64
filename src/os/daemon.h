/* daemon.h: what a long-lived process does to itself: leaves its terminal, closes what it has
 * inherited, cares for orphans as process 1. POSIX; Windows gets a sibling file. */
#ifndef OS_DAEMON_H
#define OS_DAEMON_H

#include <burrow/err.h>

/* The two ends of a birth: the parent waits for the child's word. */
struct daemon {
    int tell; /* child: where it tells, -1 when told; parent: -1 */
    int hear;
    long child; /* parent: its pid; child: 0 */
};

/* Both parent and child come back from it (see child). The child is a session of its own with
 * nothing on its standard input. Before other threads are started. */
bool daemon_fork(struct daemon *d, struct bw_err *e);
/* Parent: *Waits* for the child's word. False when it did not become ready; e says why. */
bool daemon_wait(struct daemon *d, struct bw_err *e);
/* Child: ready (why == NULL) or not. When ready, standard output and error are let go too. Once;
 * without a parent that waits nothing happens. */
void daemon_tell(struct daemon *d, const char *why);

/* Standard descriptors that are closed lead to /dev/null from now on. The first thing a main does:
 * else the next file to be opened, a database say, would be our standard error. */
void daemon_open_std(void);
/* Closes every descriptor from `first` on. */
void daemon_close_from(unsigned first);
/* As process 1 of a container: orphans are reaped, and SIGTERM and SIGINT end the process (the
 * kernel passes them over unless somebody handles them). Nothing otherwise. */
void daemon_act_as_init(void);

#endif
