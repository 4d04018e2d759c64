/* keeper_send.c: what the brain is told: first all there is, then what happens. Nothing is copied
 * to be sent later: it is looked up when the socket has room, so a brain that does not listen costs
 * nothing. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "angel/keeper_int.h"

/* False: the socket is full, or the brain is dying. */
static bool put(const void *bytes, size_t n, int fd)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } c;
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        memset(&c, 0, sizeof c);
        m.msg_control = c.room;
        m.msg_controllen = sizeof c.room;
        c.head = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(&c.head), &fd, sizeof fd);
    }
    ssize_t r;
    do
        r = sendmsg(keeper.story.socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (r < 0 && errno == EINTR);
    keeper.blocked = r < 0;
    return r >= 0;
}

static bool put_small(uint32_t kind, int32_t a, int32_t b, int64_t n)
{
    const struct wire_small m = {.kind = kind, .a = a, .b = b, .n = n};
    return put(&m, sizeof m, -1);
}

/* ---- all there is ---- */

static void next_phase(void)
{
    keeper.phase++;
    keeper.cursor = 0;
}

static void send_found(void)
{
    struct wire_found m = {.kind = WIRE_FOUND};
    for (;;) {
        size_t at = keeper.cursor;
        if (!brood_found(keeper.brood, &at, &m.found)) {
            next_phase();
            return;
        }
        if (!put(&m, sizeof m, -1))
            return;
        keeper.cursor = at;
    }
}

static bool put_named(uint32_t kind, const char *name, bw_str bytes, int fd)
{
    struct wire_named m = {.kind = kind, .n = (uint32_t)bytes.n};
    size_t n = strnlen(name, sizeof m.name - 1);
    memcpy(m.name, name, n);
    if (bytes.n)
        memcpy(m.bytes, bytes.p, bytes.n);
    return put(&m, offsetof(struct wire_named, bytes) + bytes.n, fd);
}

static void send_kept(void)
{
    for (; keeper.cursor < keeper.story.n_kept; keeper.cursor++) {
        const struct kept *k = &keeper.kept[keeper.cursor];
        if (!put_named(WIRE_KEPT, k->name, (bw_str){.p = NULL}, k->fd))
            return;
    }
    next_phase();
}

static void send_notes(void)
{
    for (;;) {
        size_t at = keeper.cursor;
        const char *unit;
        bw_str bytes;
        if (!children_noted(brood_children(keeper.brood), &at, &unit, &bytes)) {
            next_phase();
            return;
        }
        if (!put_named(WIRE_NOTED, unit, bytes, -1))
            return;
        keeper.cursor = at;
    }
}

static void send_begin(void)
{
    if (put_small(WIRE_BEGIN, (int32_t)keeper.story.brains, keeper.story.last_status,
                  wire_limits(brood_limits(keeper.brood))))
        next_phase();
}

/* ---- what happens ---- */

static bool put_event(const struct brood_event *ev)
{
    struct wire_event m = {.kind = WIRE_EVENT,
                           .what = ev->what,
                           .child = ev->child,
                           .survivors = ev->survivors,
                           .pid = ev->pid,
                           .sys = ev->sys,
                           .exit = ev->exit};
    size_t step = strnlen(ev->step, sizeof m.step - 1);
    memcpy(m.step, ev->step, step);
    size_t names = strnlen(ev->names, sizeof m.names - 1);
    memcpy(m.names, ev->names, names);
    return put(&m, offsetof(struct wire_event, names) + names, -1);
}

static void send_asked(void)
{
    for (unsigned what = HANDS_STOP; what <= HANDS_STAYS && !keeper.blocked; what++)
        if (keeper.story.asked & 1u << what && put_small(WIRE_ASKED, (int32_t)what, 0, 0))
            keeper.story.asked &= ~(1u << what);
}

static void send_events(void)
{
    struct brood_event ev;
    send_asked();
    while (!keeper.blocked && brood_event(keeper.brood, &ev)) {
        ev.exit.followed = keeper_is_followed(&ev);
        if (!put_event(&ev))
            break;
        brood_taken(keeper.brood, &ev);
        if (ev.exit.followed)
            keeper_follow(ev.child);
    }
}

static void send_phase(void)
{
    static void (*const phases[])(void) = {
        [SEND_FOUND] = send_found, [SEND_KEPT] = send_kept,     [SEND_NOTES] = send_notes,
        [SEND_BEGIN] = send_begin, [SEND_EVENTS] = send_events,
    };
    enum keeper_phase before;
    do {
        before = keeper.phase;
        phases[before]();
    } while (keeper.phase != before && !keeper.blocked);
}

void keeper_send(void)
{
    if (keeper.story.socket < 0)
        return;
    if (!keeper.blocked && keeper.leave && put_small(WIRE_LEAVE, 0, 0, 0))
        keeper.leave = false;
    if (!keeper.blocked && keeper.ping && put_small(WIRE_PING, 0, 0, 0))
        keeper.ping = false;
    if (!keeper.blocked && keeper.phase != SEND_NOTHING)
        send_phase();
    if (keeper.blocked == keeper.watching_out)
        return;
    keeper.watching_out = keeper.blocked;
    keeper_watch(keeper.story.socket, WATCH_SOCKET, EPOLLIN | (keeper.blocked ? EPOLLOUT : 0),
                 EPOLL_CTL_MOD);
}

void keeper_greeted(void)
{
    brood_tell_again(keeper.brood);
    keeper.phase = SEND_FOUND;
    keeper.cursor = 0;
    if (keeper.story.stopping) /* what the one before was told */
        keeper.story.asked |= 1u << HANDS_STOP;
    keeper_send();
}

void keeper_ask(enum hands_asked what)
{
    keeper.story.asked |= 1u << what;
    keeper_send();
}
