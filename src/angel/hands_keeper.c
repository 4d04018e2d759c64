/* hands_keeper.c: hands that are another process: messages to the keeper over the socket it gave
 * us. Nothing waits: what the socket does not take now lies in a list, with duplicates of its
 * descriptors. Only opening waits, for the keeper's list of what there is. */
#include "angel/hands_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

#define OPEN_WAIT (30 * CLOCK_SECOND)
#define BURST     256 /* messages read before others of the loop have a turn */

struct parcel {
    struct list node;
    size_t n;
    unsigned n_fds;
    int fds[ORDER_FDS];
    char bytes[];
};

/* ---- sending ---- */

union rights {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int) * ORDER_FDS)];
};

static void attach(struct msghdr *m, union rights *c, const int *fds, unsigned n_fds)
{
    if (!n_fds)
        return;
    memset(c, 0, sizeof *c);
    m->msg_control = c->room;
    m->msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
    c->head = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                               .cmsg_type = SCM_RIGHTS,
                               .cmsg_len = CMSG_LEN(sizeof(int) * n_fds)};
    memcpy(CMSG_DATA(&c->head), fds, sizeof(int) * n_fds);
}

static bool send_now(int socket, const void *bytes, size_t n, const int *fds, unsigned n_fds)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
    union rights c;
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    attach(&m, &c, fds, n_fds);
    ssize_t r;
    do
        r = sendmsg(socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (r < 0 && errno == EINTR);
    return r >= 0;
}

static void on_socket(uv_poll_t *p, int status, int events);

static void watch(struct hands *h)
{
    int events = UV_READABLE | (list_empty(&h->out) ? 0 : UV_WRITABLE);
    if (h->polling && events != h->watched && uv_poll_start(&h->poll, events, on_socket) == 0)
        h->watched = events;
}

static void drop(struct parcel *p)
{
    list_remove(&p->node);
    for (unsigned i = 0; i < p->n_fds; i++)
        close(p->fds[i]);
    free(p);
}

static bool is_full(int sys)
{
    return sys == EAGAIN || sys == ENOBUFS || sys == ETOOMANYREFS || sys == ENOMEM;
}

static void send_list(struct hands *h)
{
    while (!list_empty(&h->out)) {
        struct parcel *p = LIST_OWNER(h->out.next, struct parcel, node);
        if (!send_now(h->socket, p->bytes, p->n, p->fds, p->n_fds) && is_full(errno))
            return;
        drop(p); /* sent, or the keeper has gone, which reading tells */
    }
}

static bool keep(struct hands *h, const void *bytes, size_t n, const int *fds, unsigned n_fds)
{
    struct parcel *p = malloc(sizeof *p + n);
    bw_must(p);
    *p = (struct parcel){.n = n};
    list_init(&p->node);
    memcpy(p->bytes, bytes, n);
    for (; p->n_fds < n_fds; p->n_fds++) {
        p->fds[p->n_fds] = fcntl(fds[p->n_fds], F_DUPFD_CLOEXEC, 0);
        if (p->fds[p->n_fds] < 0) {
            drop(p);
            return false;
        }
    }
    list_push_back(&h->out, &p->node);
    watch(h);
    return true;
}

/* False (errno): there is no descriptor left to keep its own in. */
static bool say_now(struct hands *h, const void *bytes, size_t n, const int *fds, unsigned n_fds)
{
    if (list_empty(&h->out) && (send_now(h->socket, bytes, n, fds, n_fds) || !is_full(errno)))
        return true;
    return keep(h, bytes, n, fds, n_fds);
}

/* How many of the small messages, and the one behind them, the socket took at once. */
static unsigned send_together(struct hands *h, const void *bytes, size_t n, const int *fds,
                              unsigned n_fds)
{
    struct hands_small *s = &h->small;
    struct mmsghdr all[HANDS_SMALL + 1];
    struct iovec parts[HANDS_SMALL + 1];
    union rights c;
    unsigned count = 0;
    memset(all, 0, sizeof all);
    for (; count < s->n; count++)
        parts[count] = (struct iovec){.iov_base = &s->room[count], .iov_len = s->sizes[count]};
    if (n)
        parts[count++] = (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
    for (unsigned i = 0; i < count; i++)
        all[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    if (n)
        attach(&all[count - 1].msg_hdr, &c, fds, n_fds);
    int sent;
    do
        sent = sendmmsg(h->socket, all, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent > 0 ? (unsigned)sent : 0;
}

/* The small ones first, then this; n == 0: only those. */
static bool say(struct hands *h, const void *bytes, size_t n, const int *fds, unsigned n_fds)
{
    struct hands_small *s = &h->small;
    unsigned had = s->n, sent = 0;
    if (had && list_empty(&h->out))
        sent = send_together(h, bytes, n, fds, n_fds);
    s->n = 0;
    for (unsigned i = sent; i < had; i++)
        say_now(h, &s->room[i], s->sizes[i], NULL, 0);
    return n == 0 || sent > had || say_now(h, bytes, n, fds, n_fds);
}

static void flush(struct loop_hook *hook)
{
    struct hands *h = LIST_OWNER(hook, struct hands, small.hook);
    h->small.hooked = false;
    say(h, NULL, 0, NULL, 0);
}

static void say_soon(struct hands *h, const void *bytes, size_t n)
{
    struct hands_small *s = &h->small;
    if (s->n == HANDS_SMALL || !h->polling) {
        say(h, bytes, n, NULL, 0);
        return;
    }
    memcpy(&s->room[s->n], bytes, n);
    s->sizes[s->n++] = n;
    if (!s->hooked)
        loop_at_turn_end(h->loop, &s->hook);
    s->hooked = true;
}

static void keeper_spawn(struct hands *h, const struct order_message *m)
{
    struct order_head head;
    if (say(h, m->bytes, m->n, m->fds, m->n_fds))
        return;
    memcpy(&head, m->bytes, sizeof head);
    if (head.kind == WIRE_STAND) /* it does not stand, that is all */
        return;
    *vec_push(&h->events_in) = (struct brood_event){
        .what = BROOD_FAILED, .child = head.child, .sys = errno, .step = "descriptor"};
    hands_deliver(h);
}

static void keeper_tell(struct hands *h, const struct wire_small *m)
{
    say_soon(h, m, sizeof *m);
}

static bool keeper_tell_named(struct hands *h, const struct wire_named *m, int fd, struct bw_err *e)
{
    size_t n = offsetof(struct wire_named, bytes) + m->n;
    if (fd < 0)
        say_soon(h, m, n);
    return fd < 0 || say(h, m, n, &fd, 1) || bw_fail_sys(e, errno, "keeping %s", m->name);
}

/* ---- receiving ---- */

struct received {
    ssize_t n; /* 0: the end; -1: nothing now */
    int fd;
    _Alignas(8) union {
        uint32_t kind;
        struct wire_small small;
        struct wire_named named;
        struct wire_found found;
        struct wire_event event;
    } u;
};

static void receive(int socket, struct received *r)
{
    struct iovec part = {.iov_base = &r->u, .iov_len = sizeof r->u};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } c;
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = c.room, .msg_controllen = sizeof c.room};
    memset(&r->u, 0, sizeof r->u);
    r->fd = -1;
    do
        r->n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (r->n < 0 && errno == EINTR);
    if (r->n < 0 && errno != EAGAIN)
        r->n = 0;
    const struct cmsghdr *got = r->n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (got && got->cmsg_type == SCM_RIGHTS)
        memcpy(&r->fd, CMSG_DATA(got), sizeof r->fd);
}

/* A constant of the text: events outlive the message. */
static const char *step_named(const char *name)
{
    for (unsigned i = 0; i < SPAWN_STEP_COUNT; i++)
        if (!strcmp(spawn_step_name(i), name))
            return spawn_step_name(i);
    return "start";
}

static void take_event(struct hands *h, const struct wire_event *w)
{
    struct brood_event ev = {.what = (enum brood_what)w->what,
                             .child = w->child,
                             .pid = w->pid,
                             .sys = w->sys,
                             .step = step_named(w->step),
                             .exit = w->exit,
                             .survivors = w->survivors};
    memcpy(ev.names, w->names, sizeof ev.names);
    ev.names[sizeof ev.names - 1] = 0;
    *vec_push(&h->events_in) = ev;
}

static void take_named(struct hands *h, struct received *r)
{
    struct wire_named *m = &r->u.named;
    m->name[sizeof m->name - 1] = 0;
    if (m->kind == WIRE_NOTED && m->n <= sizeof m->bytes)
        hands_note_here(h, m->name, bw_str_of(m->bytes, m->n));
    if (m->kind == WIRE_KEPT && r->fd >= 0) {
        hands_keep_here(h, m->name, r->fd);
        r->fd = -1;
    }
}

static void leave(struct hands *h)
{
    if (h->left)
        return;
    h->left = true;
    if (h->polling)
        uv_poll_stop(&h->poll);
    h->polling = false;
    if (h->opts.leave)
        h->opts.leave(h->opts.arg);
}

/* False: that was the last of the opening. */
static bool take(struct hands *h, struct received *r)
{
    const struct wire_small *m = &r->u.small;
    switch (r->u.kind) {
    case WIRE_EVENT:
        take_event(h, &r->u.event);
        break;
    case WIRE_FOUND:
        *vec_push(&h->found) = r->u.found.found;
        break;
    case WIRE_KEPT:
    case WIRE_NOTED:
        take_named(h, r);
        break;
    case WIRE_ASKED:
        h->asked |= 1u << (m->a & 7);
        break;
    case WIRE_PING:
        keeper_tell(h, &(struct wire_small){.kind = WIRE_PONG});
        break;
    case WIRE_LEAVE:
        leave(h);
        break;
    case WIRE_BEGIN:
        h->before = (struct hands_before){.brains = (unsigned)m->a, .status = m->b};
        h->limits = wire_limits_of(m->n);
        return false;
    default:
        break;
    }
    if (r->fd >= 0)
        close(r->fd);
    return true;
}

static void on_socket(uv_poll_t *p, int status, int events)
{
    struct hands *h = p->data;
    struct received r = {.n = 1};
    (void)status;
    if (events & UV_WRITABLE)
        send_list(h);
    for (int i = 0; i < BURST && !h->left; i++) {
        receive(h->socket, &r);
        if (r.n <= 0)
            break;
        take(h, &r);
    }
    if (r.n == 0)
        leave(h);
    watch(h);
    hands_deliver(h);
}

static bool keeper_next(struct hands *h, struct brood_event *out)
{
    if (h->events_at == h->events_in.n) {
        h->events_at = 0;
        vec_clear(&h->events_in);
        return false;
    }
    *out = h->events_in.p[h->events_at++];
    return true;
}

/* ---- life ---- */

static void closed(uv_handle_t *p)
{
    struct hands *h = p->data;
    close(h->socket);
    hands_free(h);
}

/* What was said before is said: a brain that ends in order has told its last word. */
static void keeper_close(struct hands *h)
{
    struct pollfd p = {.fd = h->socket, .events = POLLOUT};
    int64_t deadline = clock_mono() + CLOCK_SECOND;
    say(h, NULL, 0, NULL, 0);
    list_remove(&h->small.hook.node);
    while (!list_empty(&h->out) && !h->left && clock_mono() < deadline && poll(&p, 1, 100) >= 0)
        send_list(h);
    while (!list_empty(&h->out))
        drop(LIST_OWNER(h->out.next, struct parcel, node));
    uv_close((uv_handle_t *)&h->poll, closed);
}

static const struct hands_kind keeper = {.spawn = keeper_spawn,
                                         .tell = keeper_tell,
                                         .tell_named = keeper_tell_named,
                                         .next = keeper_next,
                                         .close = keeper_close};

static bool greet(struct hands *h, struct bw_err *e)
{
    struct received r;
    struct pollfd p = {.fd = h->socket, .events = POLLIN};
    int64_t deadline = clock_mono() + OPEN_WAIT;
    keeper_tell(h, &(struct wire_small){.kind = WIRE_HELLO, .a = WIRE_VERSION});
    for (;;) {
        receive(h->socket, &r);
        if (r.n == 0)
            return bw_fail(e, BW_GONE, "the keeper has gone");
        if (r.n > 0 && !take(h, &r))
            return true;
        if (r.n < 0 && poll(&p, 1, 1000) <= 0 && clock_mono() > deadline)
            return bw_fail(e, BW_LATE, "the keeper does not answer");
    }
}

bool hands_keeper_open(struct hands *h, struct bw_err *e)
{
    h->kind = &keeper;
    h->poll.data = h;
    h->small.hook.fn = flush;
    list_init(&h->small.hook.node);
    if (!greet(h, e))
        return false;
    bw_must(uv_poll_init(loop_uv(h->loop), &h->poll, h->socket) == 0);
    h->polling = true;
    watch(h);
    return true;
}
