/* hands_here.c: hands in this very process: a brood on the loop. For programs that supervise their
 * own children; nothing is kept for a later process but the records of who runs. */
#include "angel/hands_int.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"
#include "os/file.h"

#define END_GRACE (5 * CLOCK_SECOND)
#define NAP_NS    1000000

static void here_spawn(struct hands *h, const struct order_message *m)
{
    bw_must(order_read(&h->order, h->message.bytes, m->n, m->fds, m->n_fds));
    brood_spawn(h->brood, &h->order, NULL);
    hands_deliver(h);
}

static void here_tell(struct hands *h, const struct wire_small *m)
{
    switch (m->kind) {
    case WIRE_SIGNAL:
        brood_signal(h->brood, m->child, m->a, (enum hands_whom)m->b);
        break;
    case WIRE_SWEEP:
        brood_sweep(h->brood, m->child, m->n);
        break;
    case WIRE_RELEASE:
        brood_release(h->brood, m->child);
        break;
    default: /* done, upgrade: the program's own affair */
        break;
    }
    hands_deliver(h);
}

static bool here_tell_named(struct hands *h, const struct wire_named *m, int fd, struct bw_err *e)
{
    (void)fd;
    return m->kind != WIRE_NOTE ||
           children_note(brood_children(h->brood), m->name, bw_str_of(m->bytes, m->n), e);
}

static bool here_next(struct hands *h, struct brood_event *out)
{
    if (!brood_event(h->brood, out))
        return false;
    brood_taken(h->brood, out);
    return true;
}

static void readable(uv_poll_t *p, int status, int events)
{
    struct hands *h = p->data;
    (void)status;
    (void)events;
    brood_turn(h->brood);
    hands_deliver(h);
}

/* Nothing may outlive us: there is no keeper that would hold it. */
static void end_all(struct hands *h)
{
    struct brood *b = h->brood;
    struct brood_event ev;
    int64_t deadline = clock_mono() + END_GRACE;
    brood_sweep_all(b, deadline);
    while (brood_count(b) && clock_mono() < deadline + CLOCK_SECOND) {
        brood_turn(b);
        while (brood_event(b, &ev)) {
            brood_taken(b, &ev);
            if (ev.what == BROOD_SWEPT || ev.what == BROOD_FAILED)
                brood_release(b, ev.child);
        }
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
}

static void closed(uv_handle_t *p)
{
    struct hands *h = p->data;
    brood_close(h->brood);
    if (h->lock >= 0) {
        unlink(h->lock_path);
        close(h->lock);
    }
    hands_free(h);
}

static void here_close(struct hands *h)
{
    end_all(h);
    uv_close((uv_handle_t *)&h->poll, closed);
}

static const struct hands_kind here = {.spawn = here_spawn,
                                       .tell = here_tell,
                                       .tell_named = here_tell_named,
                                       .next = here_next,
                                       .close = here_close};

static void take_notes(struct hands *h)
{
    const char *unit;
    bw_str bytes;
    for (size_t i = 0; children_noted(brood_children(h->brood), &i, &unit, &bytes);)
        hands_note_here(h, unit, bytes);
}

static bool lock(struct hands *h, struct bw_err *e)
{
    struct file_lock l;
    char who[64];
    if (!h->opts.state)
        return true;
    snprintf(who, sizeof who, "angel (pid %ld)", (long)getpid());
    if ((size_t)snprintf(h->lock_path, sizeof h->lock_path, "%s/angel.pid.lock", h->opts.state) >=
        sizeof h->lock_path)
        return bw_fail(e, BW_BAD, "the path %.80s… is too long", h->opts.state);
    if (!file_make_folders(h->opts.state, e) || !file_lock(&l, h->lock_path, who, NULL, e))
        return false;
    h->lock = l.fd;
    return true;
}

bool hands_here_open(struct hands *h, struct bw_err *e)
{
    struct hands_found found;
    h->kind = &here;
    if (!lock(h, e))
        return false;
    const struct brood_opts o = {
        .state = h->opts.state, .lock = h->lock, .no_groups = h->opts.no_groups};
    h->brood = brood_open(&o, e);
    if (!h->brood) {
        if (h->lock >= 0)
            close(h->lock);
        return false;
    }
    for (size_t i = 0; brood_found(h->brood, &i, &found);)
        *vec_push(&h->found) = found;
    take_notes(h);
    h->limits = brood_limits(h->brood);
    h->poll.data = h;
    bw_must(uv_poll_init(loop_uv(h->loop), &h->poll, brood_fd(h->brood)) == 0);
    bw_must(uv_poll_start(&h->poll, UV_READABLE, readable) == 0);
    return true;
}
