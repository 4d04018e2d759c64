/* brain_notify.c: a test notice to everyone who would be told anything. */
#include "angel/brain_int.h"

#include "core/map.h"

bool brain_notify_test(struct brain *b, struct bw_buf *lines, struct bw_err *e)
{
    const struct angel_conf *c = b->conf;
    VEC(const char *) targets = {0};
    struct map seen;
    map_init(&seen, false);
    for (size_t i = 0; i < c->n_units; i++) {
        for (const char *const *t = c->units[i].notify; *t; t++) {
            if (!map_put(&seen, bw_cstr(*t), b))
                *vec_push(&targets) = *t;
        }
    }
    map_release(&seen);
    size_t n = targets.n;
    *vec_push(&targets) = NULL;
    bool ok = n ? notices_test(b->notices, targets.p, lines, e)
                : bw_fail(e, BW_MISSING, "nobody is told anything: no service has a Notify");
    vec_release(&targets);
    return ok;
}
