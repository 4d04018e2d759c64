/* probe.h: is it up, is it ready, is it alive? A prober asks for one replica, by the probes of its
 * settings, for as long as one process of it runs. On fibers of the brain's loop. */
#ifndef ANGEL_PROBE_H
#define ANGEL_PROBE_H

#include "angel/helpers.h"
#include "core/metric.h"

/* "http://…=200", "tcp:host:port", "unix:path", "exec:words", "log:text", "notify" → kind, target,
 * argv, expected of c, in the arena. Unknown kinds: "did you mean". */
bool probe_parse(struct probe_conf *c, enum probe_what what, const char *check, struct bw_arena *a,
                 struct bw_err *e);

/* How often a process must say WATCHDOG=1 (Live is "notify"), ns; 0 = it need not. */
int64_t probe_watchdog(const struct unit_conf *c);

struct prober;
struct notify_socket; /* of all units: NOTIFY_SOCKET in the state folder (probe_notify.c) */

struct prober_opts {
    struct helpers *helpers;
    struct notify_socket *notify;
    struct capture_unit *output; /* for probes of a line; NULL = none */
    const struct unit_conf *conf;
    const char *unit; /* "api#2" */
    pid_t pid;
    /* A probe has come to another verdict, by its thresholds. STARTUP: true once, then the others
     * begin; false: it has failed for good. READY: true, false, as often as it changes. LIVE: false
     * once it has failed, true when it is well again. `why` is a sentence. */
    void (*said)(void *arg, enum probe_what what, bool well, const char *why);
    void *arg;
};
struct prober *prober_start(const struct prober_opts *o, struct bw_err *e);
/* Nothing is said any more; what is under way is cancelled. NULL is fine. */
void prober_stop(struct prober *p);
/* For people: how the last one of that kind went. "" = never. */
const char *prober_last(const struct prober *p, enum probe_what what, int64_t *took_ns);

/* Its latencies: in bucket i the number of looks that took less than 2^i / 64 ms; the last: all
 * others. */
unsigned prober_histogram(const struct prober *p, enum probe_what what, const uint32_t **buckets);

struct notify_socket *notify_socket_open(struct loop *l, struct hands *h, const char *state,
                                         struct bw_err *e);
const char *notify_socket_path(const struct notify_socket *n); /* for the child's environment */
void notify_socket_close(struct notify_socket *n);

#endif
