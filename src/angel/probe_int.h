/* probe_int.h: kinds of probes (probes.def, one file each), and one probe of one replica at work.
 */
#ifndef ANGEL_PROBE_INT_H
#define ANGEL_PROBE_INT_H

#include "angel/probe.h"
#include "core/list.h"
#include "net/fiber.h"

#define PROBE_WHY     200
#define PROBE_BUCKETS 20 /* of its latencies: below 1, 2, 4 … 2^18 ms/64, and more */

struct probe;

/* What one look needs. Its texts live as long as the probe. */
struct probe_look {
    const struct probe_conf *conf;
    const struct unit_conf *unit_conf;
    const char *unit;
    struct helpers *helpers;
    int64_t deadline;
};

struct probe_kind {
    const char *name, *help;
    unsigned places; /* bits of enum probe_what */
    /* conf->target is what stands behind "name:" and makes sense? Fills in the rest. */
    bool (*check)(struct probe_conf *c, struct bw_arena *a, struct bw_err *e);
    /* *Waits.* Looks once. NULL: it is told, not asked. */
    bool (*look)(const struct probe_look *k, struct bw_err *e);
    /* Of those that are told: they call probe_told. */
    void (*begin)(struct probe *p);
    void (*end)(struct probe *p);
};

#define PROBE(name) extern const struct probe_kind probe_##name;
#include "angel/probes.def"
#undef PROBE

/* Of the notify socket: messages of one process' tree. */
struct notify_listener {
    struct list node;
    struct notify_socket *socket;
    pid_t pid;
    const char *unit;
    void (*fn)(struct notify_listener *l, const char *name, const char *value);
};
void notify_listen(struct notify_socket *n, struct notify_listener *l);
void notify_unlisten(struct notify_listener *l);

struct probe {
    struct prober *prober; /* NULL: over, a fiber is still under way */
    enum probe_what what;
    struct probe_conf conf; /* texts in the arena */
    struct bw_arena arena;
    struct loop *loop;
    struct loop_timer timer;
    struct fiber *fiber;
    bool active, well;
    int64_t good, bad;    /* looks in a row */
    int64_t begun, asked; /* monotonic ns: at all; the look that counted last */
    int64_t pause;        /* until the next look, while it was never well */
    char why[PROBE_WHY];
    int64_t took;
    uint32_t histogram[PROBE_BUCKETS];
    struct notify_listener listener;
};

struct prober {
    struct prober_opts o;
    char unit[64];
    struct probe *probes[PROBE_KINDS]; /* NULL: none */
};

/* A kind that is told has been: well, or not, and why. At once, thresholds aside. */
void probe_told(struct probe *p, bool well, const char *why);

#endif
