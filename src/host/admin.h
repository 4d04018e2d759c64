/* admin.h: the admin socket: a unix socket for this user and root alone, on which a server tells
 * everything about itself and takes orders: HTTP and JSON by the same server code, endpoints in
 * admin.def. It is there from ready until the last request in flight has ended. */
#ifndef HOST_ADMIN_H
#define HOST_ADMIN_H

#include "host/serve_int.h"
#include "rest/req.h"

#define ADMIN(name) extern const struct endpoint name;
#include "host/admin.def"
#undef ADMIN

/* Behind the pid file and host_open, before the loops run. A socket nobody chose that cannot be is
 * told to the log and does without. */
bool admin_open(struct serving *s, struct bw_err *e);
/* Answers what is in hand and calls done(arg) on loop 0; at once without a socket. */
void admin_drain_socket(struct serving *s, void (*done)(void *arg), void *arg);
void admin_close(struct serving *s);

/* ---- for the endpoints ---- */

struct serving *admin_serving(struct bw_req *rq);
/* *Waits.* Runs fn(serving, arg) on the main thread, which owns settings, pid file and life. */
void admin_on_main(struct bw_req *rq, void (*fn)(struct serving *s, void *arg), void *arg);

#endif
