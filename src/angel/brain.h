/* brain.h: the angel that decides: units of the settings, each with its life (life.h), over hands,
 * capture, probes, actions and notices. One loop, its thread only. The control API (control*.c)
 * and the library (burrow/angel.h) ask it by these calls. */
#ifndef ANGEL_BRAIN_H
#define ANGEL_BRAIN_H

#include "angel/conf.h"
#include "angel/life.h"

struct brain;

struct brain_opts {
    struct loop *loop;
    struct hands *hands;
    struct angel_conf
        *conf;  /* the brain's own from here on; without `state`: nothing is captured */
    bool quiet; /* events go to listeners alone, not to the log */
    /* Everything that was to be stopped has been. */
    void (*stopped)(void *arg);
    /* SIGHUP: read the settings again, and brain_apply; may be NULL. */
    void (*reload)(void *arg);
    void *arg;
};

struct brain *brain_open(const struct brain_opts *o, struct bw_err *e);
void brain_begin(struct brain *b); /* adopts what runs, starts what is to run */
void brain_stop(struct brain *b);  /* all units, in order, then `stopped` */
/* What the angel ends with: 0, or as ExitWith has ended. */
int brain_status(const struct brain *b);
void brain_close(struct brain *b);
/* The keeper and another brain of the program as it is on disk now take over; this one is told to
 * leave. False: there is no keeper. */
bool brain_upgrade(struct brain *b, struct bw_err *e);
enum brain_upgrade { BRAIN_UPGRADE_NONE, BRAIN_UPGRADE_ASKED, BRAIN_UPGRADE_REFUSED };
enum brain_upgrade brain_upgrading(const struct brain *b);

/* One replica of a unit, as people see it. Texts are valid until the brain goes on. */
struct brain_unit {
    const char *name, *unit; /* "api#2", "api" */
    const struct unit_conf *conf;
    enum life_state state;
    bool ready, wanted, degraded;
    pid_t pid;
    uint64_t runs; /* so many starts */
    bool standing; /* the keeper has the order for its next start */
    uint64_t restarts;
    int64_t since;       /* wall ms: in this state */
    int64_t started;     /* wall ms, 0 = never */
    int64_t next;        /* wall ms of the next start, 0 = none */
    const char *why;     /* a sentence */
    char last_exit[128]; /* "signal 9 (SIGKILL), out of memory"; "" = none */
    struct capture_stats log;
};
size_t brain_count(const struct brain *b);
void brain_look(const struct brain *b, size_t i, struct brain_unit *out);
/* How one of its probes goes; false: it has none, or no process to ask. */
struct brain_probe {
    const char *last;        /* a sentence; "" = not asked yet */
    int64_t took;            /* ns, the last time */
    const uint32_t *buckets; /* as prober_histogram, since its process runs */
    unsigned n;
};
bool brain_probe(const struct brain *b, size_t i, enum probe_what what, struct brain_probe *out);
/* By name: one replica "api#2", or a unit with all of its replicas. The number found. */
size_t brain_find(const struct brain *b, const char *name, size_t *first);

enum brain_command { BRAIN_START, BRAIN_STOP, BRAIN_RESTART, BRAIN_RETRY, BRAIN_RELOAD };
/* Comes back at once; what happens is told by events. */
bool brain_tell(struct brain *b, const char *name, enum brain_command command, struct bw_err *e);
bool brain_signal(struct brain *b, const char *name, int signal, struct bw_err *e);
/* *Waits* until that unit (NULL: every wanted one) is ready; false at the deadline, e says why. */
bool brain_wait_ready(struct brain *b, const char *name, int64_t deadline, struct bw_err *e);
/* *Waits* until nothing of it runs, and nothing is to. */
bool brain_wait_ended(struct brain *b, const char *name, int64_t deadline, struct bw_err *e);
/* The chain of causes in sentences, one a line. */
bool brain_why(const struct brain *b, const char *name, struct bw_buf *out, struct bw_err *e);
void brain_tail(const struct brain *b, size_t i, struct bw_buf *out);
void brain_reopen(struct brain *b);
/* *Waits.* A notice to everyone some Notify names; a line for each of how it went. False: one
 * failed. */
bool brain_notify_test(struct brain *b, struct bw_buf *lines, struct bw_err *e);

/* New settings, malloc'd, the brain's own from here on in any case. False: e says why none of them
 * is in force (BW_BUSY), or what did not get ready and has its old ones back (BW_CONFLICT). *Waits*
 * for restarts, one after another, to end or to be rolled back. */
bool brain_apply(struct brain *b, struct angel_conf *to, struct bw_err *e);
const struct angel_conf *brain_conf(const struct brain *b);

/* ---- events: a ring with sequence numbers ---- */
struct brain_event {
    uint64_t seq;
    int64_t at;       /* wall ms */
    char unit[64];    /* "" = of the angel itself */
    const char *kind; /* constant: "started", "ready", "exited", "restart", "stopped", … */
    char text[256];   /* a sentence */
};
/* The first event from seq on; false: none yet. *lost: so many had gone before. */
bool brain_event(const struct brain *b, uint64_t seq, struct brain_event *out, uint64_t *lost);
/* Called at each new event; a list of listeners. */
struct brain_listener {
    struct list node; /* first */
    void (*fn)(struct brain_listener *l, const struct brain_event *ev);
};
void brain_listen(struct brain *b, struct brain_listener *l); /* list_remove ends it */

#endif
