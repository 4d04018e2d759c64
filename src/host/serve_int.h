/* serve_int.h: a launch while it serves: what serve.c (start and end) and serve_life.c (what comes
 * in between) share. Owned by the main thread, which is loop 0. */
#ifndef HOST_SERVE_INT_H
#define HOST_SERVE_INT_H

#include "host/host.h"
#include "host/launch.h"
#include "host/pidfile.h"
#include "host/watch.h"
#include "os/daemon.h"
#include "os/notify.h"

struct http_server;
struct otlp;
struct signal_watch;

#define SERVE_SIGNALS 4

struct serving {
    struct launch *launch;
    enum launch_life life;
    struct host *host;
    struct loops *loops;
    struct otlp *otlp;                /* NULL: nobody takes spans */
    struct http_server *http, *admin; /* admin: NULL without its socket */
    struct signal_watch *signals[SERVE_SIGNALS];
    struct notify_fd given[NOTIFY_FDS];
    unsigned n_given;
    struct daemon daemon;
    struct pidfile pidfile;
    struct watch watch;
    struct loop_timer watchdog;
    int64_t watchdog_every; /* ns, 0 = nobody wants it */
    struct bw_buf urls;     /* where it listens, a line for each */
    char url[256];          /* the first */
    char admin_path[LAUNCH_SOCKET];
    char levels[CONF_AREAS * 64]; /* log.levels as the admin socket has set them */
    bool ready, stopping, failed;
    struct bw_err why; /* when failed */
};

/* Listens at the addresses of the settings, or the sockets given to the process. */
bool serve_bind(struct serving *s, struct bw_err *e);
/* The settings of connections that may change while it serves, as they are now. */
void serve_change_http(struct serving *s);
/* Signals, watchdog, and the round after which it is ready; then the loops until all is drained.
 * False (s->why) when it never was ready. */
bool serve_live(struct serving *s);

/* On the main thread: the settings read again, and told to everybody. *said (a sentence) how it
 * went. */
bool serve_reload(struct serving *s, struct bw_buf *said);
/* The orderly end begins, if it has not; `by` tells the log who wanted it. */
void serve_stop(struct serving *s, const char *by);

#endif
