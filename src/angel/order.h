/* order.h: a hands_spec as one message: what the brain sends and the keeper carries out. The two
 * may be of different builds (the brain is upgraded first), so the head has a version; what a
 * damaged or foreign message says is checked before use. */
#ifndef ANGEL_ORDER_H
#define ANGEL_ORDER_H

#include "angel/hands.h"

#define ORDER_TEXT   (128 * 1024)
#define ORDER_WORDS  8192 /* of argv and environment together */
#define ORDER_GROUPS 256
#define ORDER_FDS    (3 + HANDS_LISTEN)
#define ORDER_MAX    (ORDER_TEXT + 4096)
#define ORDER_UNIT   64

struct order_limit {
    int32_t what, spare;
    uint64_t cur, max;
};

/* Behind it: groups (uint32_t each), then NUL-ended texts: unit, cwd, names of sockets, argv, env.
 */
struct order_head {
    uint32_t kind; /* of hands_wire.h; first in every message */
    uint32_t version;
    uint64_t run;
    uint32_t child, helper, has_cwd, has_user;
    uint32_t uid, gid, n_groups, umask;
    int32_t nice;
    uint32_t n_limits, n_listen, n_argv, n_env;
    uint32_t std; /* bits 0 … 2: in, out, err are among the descriptors */
    int64_t memory_max, cpu_per_mille, pids_max;
    struct order_limit limits[HANDS_LIMITS];
};

/* As read: points into the message. The word lists have room for ORDER_MORE further ones. */
#define ORDER_MORE 6
struct order {
    struct order_head head;
    const uint32_t *groups;
    const char *unit, *cwd;
    const char *listen_names[HANDS_LISTEN];
    int in, out, err, listen[HANDS_LISTEN];
    char **argv, **env; /* in `words` */
    char *words[ORDER_WORDS + ORDER_MORE + 2];
};

struct order_message {
    size_t n;
    int fds[ORDER_FDS]; /* borrowed, of the spec */
    unsigned n_fds;
    _Alignas(8) char bytes[ORDER_MAX];
};

/* Looks up the user's groups (may ask a name service). */
bool order_pack(const struct hands_spec *s, uint32_t kind, struct order_message *out,
                struct bw_err *e);
/* False: it is none. */
bool order_read(struct order *o, char *bytes, size_t n, const int *fds, unsigned n_fds);

#endif
