/* dependency.h: what a server cannot serve without, and how each was when it was last asked: its
 * state, how long it took to answer, its last error. Any thread may ask and look. */
#ifndef REST_DEPENDENCY_H
#define REST_DEPENDENCY_H

#include <burrow/json.h>

struct bw_server;
struct store;

struct dependency;

/* One for each store of the server, behind the opening of the stores. */
void dependencies_init(struct bw_server *s);
void dependencies_release(struct bw_server *s);
/* *Waits.* Asks them all; false when one does not answer. */
bool dependencies_ask(struct bw_server *s);
/* The same in the background: on a fiber of its own, unless one is asking. Not on a loop: nothing.
 */
void dependencies_refresh(struct bw_server *s);
/* An array: name, kind, state, latency_ms of the last time, last_error and its time when there ever
 * was one. Asks nobody. */
void dependencies_write(struct bw_server *s, struct bw_json_writer *w);

#endif
