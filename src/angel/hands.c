/* hands.c: what both kinds of hands have in common: calls become messages, events are told at the
 * end of a turn, and the names that are kept stand here as well, so that asking needs nobody. */
#include "angel/hands_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* ---- events ---- */

static void tell(struct hands *h, const struct brood_event *ev)
{
    const struct hands_events *to = h->events;
    switch (ev->what) {
    case BROOD_SPAWNED:
        to->spawned(h->arg, ev->child, ev->pid);
        break;
    case BROOD_FAILED:
        to->failed(h->arg, ev->child, ev->sys, ev->step);
        break;
    case BROOD_EXITED:
        to->exited(h->arg, ev->child, &ev->exit);
        break;
    case BROOD_SWEPT:
        to->swept(h->arg, ev->child, ev->survivors, ev->names);
        break;
    }
}

static void tell_all(struct loop_hook *hook)
{
    struct hands *h = LIST_OWNER(hook, struct hands, hook);
    struct brood_event ev;
    h->hooked = false;
    for (unsigned what = HANDS_STOP; h->events && what <= HANDS_STAYS; what++)
        if (h->asked & 1u << what) {
            h->asked &= ~(1u << what);
            h->events->asked(h->arg, (enum hands_asked)what);
        }
    while (h->events && h->kind->next(h, &ev))
        tell(h, &ev);
}

void hands_deliver(struct hands *h)
{
    if (h->hooked)
        return;
    h->hooked = true;
    loop_at_turn_end(h->loop, &h->hook);
}

void hands_listen(struct hands *h, const struct hands_events *ev, void *arg)
{
    h->events = ev;
    h->arg = arg;
    hands_deliver(h);
}

/* ---- calls ---- */

bool hands_spawn(struct hands *h, const struct hands_spec *s, struct bw_err *e)
{
    if (!order_pack(s, WIRE_SPAWN, &h->message, e))
        return false;
    h->kind->spawn(h, &h->message);
    return true;
}

bool hands_stand(struct hands *h, const struct hands_spec *s, const struct hands_ends *when)
{
    struct order_message *m = &h->message;
    struct bw_err e;
    if (h->socket < 0 || !order_pack(s, WIRE_STAND, m, &e) || sizeof m->bytes - m->n < sizeof *when)
        return false;
    memcpy(m->bytes + m->n, when, sizeof *when);
    m->n += sizeof *when;
    h->kind->spawn(h, m);
    return true;
}

void hands_stand_down(struct hands *h, uint32_t child)
{
    if (h->socket >= 0)
        h->kind->tell(h, &(struct wire_small){.kind = WIRE_DOWN, .child = child});
}

void hands_credit(struct hands *h, unsigned n)
{
    if (h->socket >= 0)
        h->kind->tell(h, &(struct wire_small){.kind = WIRE_CREDIT, .a = (int32_t)n});
}

void hands_signal(struct hands *h, uint32_t child, int signal, enum hands_whom whom)
{
    h->kind->tell(
        h, &(struct wire_small){.kind = WIRE_SIGNAL, .child = child, .a = signal, .b = (int)whom});
}

void hands_sweep(struct hands *h, uint32_t child, int64_t deadline)
{
    h->kind->tell(h, &(struct wire_small){.kind = WIRE_SWEEP, .child = child, .n = deadline});
}

void hands_release(struct hands *h, uint32_t child)
{
    h->kind->tell(h, &(struct wire_small){.kind = WIRE_RELEASE, .child = child});
}

void hands_done(struct hands *h, int status)
{
    h->kind->tell(h, &(struct wire_small){.kind = WIRE_DONE, .a = status});
}

void hands_hang(struct hands *h, unsigned n)
{
    if (h->socket >= 0)
        h->kind->tell(h, &(struct wire_small){.kind = WIRE_HANGS, .a = (int32_t)n});
}

bool hands_upgrade(struct hands *h, struct bw_err *e)
{
    if (h->socket < 0)
        return bw_fail(e, BW_CONFLICT,
                       "this angel has no keeper that could start another program in its place");
    h->kind->tell(h, &(struct wire_small){.kind = WIRE_UPGRADE});
    return true;
}

static bool name_it(struct wire_named *m, const char *name, bw_str bytes, struct bw_err *e)
{
    if (strlen(name) >= sizeof m->name || bytes.n > sizeof m->bytes)
        return bw_fail(e, BW_TOOBIG, "'%.40s': a name has at most %zu bytes, a note %zu", name,
                       sizeof m->name - 1, sizeof m->bytes);
    memcpy(m->name, name, strlen(name) + 1);
    if (bytes.n)
        memcpy(m->bytes, bytes.p, bytes.n);
    m->n = (uint32_t)bytes.n;
    return true;
}

void hands_ready(struct hands *h, const char *status)
{
    struct wire_named m = {.kind = WIRE_READY};
    bw_str text = bw_cstr(status);
    text.n = text.n < WIRE_BYTES ? text.n : WIRE_BYTES - 1;
    if (name_it(&m, "", text, NULL))
        h->kind->tell_named(h, &m, -1, NULL);
}

unsigned hands_limits(const struct hands *h)
{
    return h->limits;
}

/* ---- what outlives a brain ---- */

struct hands_before hands_before(const struct hands *h)
{
    return h->before;
}

size_t hands_found(const struct hands *h, const struct hands_found **list)
{
    *list = h->found.p;
    return h->found.n;
}

static struct hands_name *find_name(const struct hands *h, const char *name)
{
    for (size_t i = 0; i < h->names.n; i++)
        if (!strcmp(h->names.p[i].name, name))
            return &h->names.p[i];
    return NULL;
}

void hands_keep_here(struct hands *h, const char *name, int fd)
{
    struct hands_name *n = find_name(h, name);
    if (n)
        close(n->fd);
    else
        n = vec_push(&h->names);
    snprintf(n->name, sizeof n->name, "%s", name);
    n->fd = fd;
}

bool hands_keep(struct hands *h, const char *name, int fd, struct bw_err *e)
{
    struct wire_named m = {.kind = WIRE_KEEP};
    if (!name_it(&m, name, BW_LIT(""), e))
        return false;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return bw_fail_sys(e, errno, "keeping %s", name);
    if (!h->kind->tell_named(h, &m, own, e)) {
        close(own);
        return false;
    }
    hands_keep_here(h, name, own);
    return true;
}

int hands_kept(const struct hands *h, const char *name)
{
    const struct hands_name *n = find_name(h, name);
    return n ? fcntl(n->fd, F_DUPFD_CLOEXEC, 0) : -1;
}

void hands_forget(struct hands *h, const char *name)
{
    struct wire_named m = {.kind = WIRE_FORGET};
    struct hands_name *n = find_name(h, name);
    if (!n || !name_it(&m, name, BW_LIT(""), NULL))
        return;
    h->kind->tell_named(h, &m, -1, NULL);
    close(n->fd);
    *n = h->names.p[--h->names.n];
}

static struct hands_written *find_note(const struct hands *h, const char *unit)
{
    for (size_t i = 0; i < h->notes.n; i++)
        if (!strcmp(h->notes.p[i].unit, unit))
            return &h->notes.p[i];
    return NULL;
}

#define NOTE_FIRST 48 /* a replica's few numbers */

void hands_note_here(struct hands *h, const char *unit, bw_str bytes)
{
    struct hands_written *w = find_note(h, unit);
    if (!w) {
        w = vec_push(&h->notes);
        *w = (struct hands_written){.unit = bw_arena_cstr(&h->notes_arena, bw_cstr(unit))};
    }
    if (bytes.n > w->room) {
        size_t room = w->room ? w->room : NOTE_FIRST;
        while (room < bytes.n)
            room *= 2;
        w->bytes = bw_arena_alloc(&h->notes_arena, room);
        w->room = room;
    }
    w->n = bytes.n;
    if (bytes.n)
        memcpy(w->bytes, bytes.p, bytes.n);
}

bool hands_note(struct hands *h, const char *unit, bw_str bytes, struct bw_err *e)
{
    struct wire_named m = {.kind = WIRE_NOTE};
    if (!name_it(&m, unit, bytes, e) || !h->kind->tell_named(h, &m, -1, e))
        return false;
    hands_note_here(h, unit, bytes);
    return true;
}

bw_str hands_noted(const struct hands *h, const char *unit)
{
    const struct hands_written *w = find_note(h, unit);
    return w && w->n ? bw_str_of(w->bytes, w->n) : (bw_str){.p = NULL};
}

/* ---- making one ---- */

struct hands *hands_open(struct loop *l, const struct hands_opts *o, struct bw_err *e)
{
    struct hands *h = calloc(1, sizeof *h);
    bw_must(h);
    h->loop = l;
    h->opts = *o;
    h->lock = -1;
    h->socket = o->socket;
    h->hook.fn = tell_all;
    list_init(&h->hook.node);
    list_init(&h->out);
    if (o->socket >= 0 ? hands_keeper_open(h, e) : hands_here_open(h, e))
        return h;
    hands_free(h);
    return NULL;
}

void hands_close(struct hands *h)
{
    if (!h)
        return;
    list_remove(&h->hook.node);
    h->events = NULL;
    h->kind->close(h);
}

void hands_free(struct hands *h)
{
    for (size_t i = 0; i < h->names.n; i++)
        close(h->names.p[i].fd);
    vec_release(&h->names);
    vec_release(&h->notes);
    bw_arena_release(&h->notes_arena);
    vec_release(&h->found);
    vec_release(&h->events_in);
    free(h);
}
