/* listener.c: listening sockets, one set per loop ("doors"): for an IP address each loop binds its
 * own with SO_REUSEPORT and the kernel deals connections out; a unix socket, or one that was given
 * to us, is one socket that all loops poll. Made by the opener's thread, then each door belongs to
 * its loop.
 *
 * A loop that computes keeps the others serving, but connections the kernel has dealt to its door
 * wait for it.
 *
 * Full descriptor table: the door gives up its reserve descriptor for one more connection, stops
 * polling (a level-triggered poll would spin) and tries again when a stream of its loop has closed,
 * or after RETRY. */
#include "net/loop_int.h"
#include "net/stream_int.h"

#include <errno.h>
#include <fcntl.h>

#include "core/clock.h"
#include "core/log.h"
#include "os/file.h"
#include "os/runtime_dir.h"
#include "os/socket.h"

#define BACKLOG    4096
#define AT_ONCE    32 /* accepted before other events of the loop get their turn */
#define RETRY      (100 * CLOCK_MS)
#define PORT_TRIES 16

struct door {
    struct listener *of;
    struct loop *loop;
    int fd, reserve;
    bool polling;
    uv_poll_t poll;
    struct loop_post open, stop;
    struct list paused; /* in the loop's list */
    struct loop_timer retry;
};

struct listener {
    struct listener_opts opts;
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
    unsigned port;
    atomic_bool stopped;
    atomic_bool told_full; /* until all that waited has been accepted */
    unsigned n_locks, n_doors;
    struct file_lock locks[SOCKET_ADDRESSES];
    struct door doors[];
};

static void go_on(struct door *d);

static void retry(struct loop_timer *t)
{
    go_on(LIST_OWNER(t, struct door, retry));
}

static void pause_door(struct door *d, int sys)
{
    if (!atomic_exchange(&d->of->told_full, true))
        log_warn("listen", "cannot accept connections at the moment; raise the limit of open files",
                 LOG_CSTR("error", strerror(sys)));
    uv_poll_stop(&d->poll);
    if (list_empty(&d->paused))
        list_push_back(&d->loop->paused_listeners, &d->paused);
    loop_timer_set(d->loop, &d->retry, loop_now(d->loop) + RETRY);
}

/* The mode of a socket's file keeps others out; one that was opened wide, or a descriptor passed
 * on, does not get by the kernel's word on who has connected. */
static bool may_enter(const struct door *d, int fd)
{
    uid_t uid;
    if (!d->of->opts.own_only || socket_peer_is_own(fd, &uid))
        return true;
    log_warn("listen", "a process of another user was sent away from the socket",
             LOG_CSTR("path", d->of->path), LOG_NUM("uid", uid));
    return false;
}

static void take_in(struct door *d, int fd)
{
    if (!may_enter(d, fd)) {
        close(fd);
        return;
    }
    struct stream *s = stream_of(d->loop, fd, d->of->opts.is_unix);
    if (!s)
        return;
    if (d->of->opts.tls)
        stream_tls_accept(s, d->of->opts.tls);
    d->of->opts.accepted(s, d->of->opts.arg);
}

/* False when accepting cannot go on. */
static bool accept_one(struct door *d)
{
    int fd = socket_accept(d->fd);
    if (fd == -EAGAIN) {
        atomic_store_explicit(&d->of->told_full, false, memory_order_relaxed);
        return false;
    }
    if ((fd == -EMFILE || fd == -ENFILE) && d->reserve >= 0) {
        close(d->reserve);
        d->reserve = -1;
        fd = socket_accept(d->fd);
    }
    if (fd >= 0)
        take_in(d, fd);
    else if (fd != -EAGAIN)
        pause_door(d, -fd);
    return fd >= 0;
}

static void came(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    struct door *d = p->data;
    loop_now(d->loop);
    for (unsigned i = 0; i < AT_ONCE && d->polling && accept_one(d); i++)
        ;
}

static int take_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void go_on(struct door *d)
{
    list_remove(&d->paused);
    loop_timer_set(d->loop, &d->retry, 0);
    if (!d->polling)
        return;
    if (d->reserve < 0)
        d->reserve = take_reserve();
    if (d->reserve < 0) {
        pause_door(d, errno);
        return;
    }
    uv_poll_start(&d->poll, UV_READABLE, came);
}

void listeners_resume(struct loop *l)
{
    while (!list_empty(&l->paused_listeners)) {
        struct door *d = LIST_OWNER(l->paused_listeners.next, struct door, paused);
        go_on(d);
        if (!list_empty(&d->paused))
            return; /* still no descriptor */
    }
}

static void open_door(struct loop_post *p)
{
    struct door *d = LIST_OWNER(p, struct door, open);
    if (atomic_load(&d->of->stopped))
        return;
    d->reserve = take_reserve();
    bw_must(uv_poll_init(&d->loop->uv, &d->poll, d->fd) == 0);
    d->poll.data = d;
    d->polling = true;
    uv_poll_start(&d->poll, UV_READABLE, came);
}

static void close_fds(struct door *d)
{
    if (d->fd >= 0)
        close(d->fd);
    if (d->reserve >= 0)
        close(d->reserve);
    d->fd = d->reserve = -1;
}

static void stop_door(struct loop_post *p)
{
    struct door *d = LIST_OWNER(p, struct door, stop);
    if (d->polling) {
        /* What the kernel has accepted for us would be reset by the close. */
        while (accept_one(d))
            ;
        d->polling = false;
        go_on(d); /* no longer paused */
        uv_close((uv_handle_t *)&d->poll, NULL);
    }
    close_fds(d);
}

void listener_stop(struct listener *l)
{
    if (atomic_exchange(&l->stopped, true))
        return;
    for (unsigned i = 0; i < l->n_doors; i++)
        loop_post(l->doors[i].loop, &l->doors[i].stop);
}

unsigned listener_port(const struct listener *l)
{
    return l->port;
}

void listener_free(struct listener *l)
{
    if (!l)
        return;
    for (unsigned i = 0; i < l->n_doors; i++)
        close_fds(&l->doors[i]);
    if (l->path[0] && l->n_doors)
        unlink(l->path);
    for (unsigned i = 0; i < l->n_locks; i++)
        file_unlock(&l->locks[i]);
    free(l);
}

static void add_door(struct listener *l, struct loop *loop, int fd)
{
    struct door *d = &l->doors[l->n_doors++];
    *d = (struct door){.of = l, .loop = loop, .fd = fd, .reserve = -1};
    d->open.fn = open_door;
    d->stop.fn = stop_door;
    list_init(&d->paused);
    loop_timer_init(&d->retry, retry);
}

/* Keeps a second instance of ours out, with a sentence that names the first. */
static bool lock_address(struct listener *l, const struct socket_address *a, struct bw_err *e)
{
    char text[160], dir[128], path[320], who[64], by[128] = "";
    struct bw_err why = {0};
    struct file_lock *lock = &l->locks[l->n_locks];
    socket_text(a, true, text, sizeof text);
    if (l->opts.is_unix)
        snprintf(path, sizeof path, "%s.lock", l->path);
    else if (runtime_dir(dir, sizeof dir, e))
        snprintf(path, sizeof path, "%s/burrow-%s.lock", dir, text);
    else
        return false;
    snprintf(who, sizeof who, "%.40s (pid %ld)", program_invocation_short_name, (long)getpid());
    if (file_lock(lock, path, who, by, &why)) {
        l->n_locks++;
        return true;
    }
    if (why.code == BW_CONFLICT)
        return bw_fail(e, BW_CONFLICT, "%s is already served by %s", text,
                       by[0] ? by : "another process");
    if (e)
        *e = why;
    return false;
}

static int backlog_of(const struct listener *l)
{
    return l->opts.backlog ? l->opts.backlog : BACKLOG;
}

/* One socket polled by all loops. */
static bool share(struct listener *l, struct loops *ls, int fd, struct bw_err *e)
{
    add_door(l, loops_at(ls, 0), fd);
    for (unsigned i = 1; i < loops_count(ls); i++) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0)
            return bw_fail_sys(e, errno, "sharing a listening socket among loops");
        add_door(l, loops_at(ls, i), copy);
    }
    return true;
}

static bool open_given(struct listener *l, struct loops *ls, struct bw_err *e)
{
    struct socket_address a;
    if (!socket_adopt(l->opts.fd, &a, e))
        return false;
    l->opts.is_unix = a.any.sa_family == AF_UNIX;
    l->port = socket_port_of(l->opts.fd);
    return share(l, ls, l->opts.fd, e);
}

static bool open_path(struct listener *l, struct loops *ls, struct bw_err *e)
{
    struct socket_address a;
    if (!socket_path(l->opts.host, &a, e))
        return false;
    snprintf(l->path, sizeof l->path, "%s", l->opts.host);
    if (!l->opts.own_only && !lock_address(l, &a, e)) /* whose own it is has a lock already */
        return false;
    int fd = socket_bind_path(&a, l->opts.own_only ? 0600 : 0660, e);
    if (fd < 0)
        return false;
    return (share(l, ls, fd, e) && socket_listen(fd, backlog_of(l), e)) ||
           bw_because(e, "listening on unix:%s", l->path);
}

static void set_port(struct socket_address *a, unsigned port)
{
    if (a->any.sa_family == AF_INET6)
        a->v6.sin6_port = htons((uint16_t)port);
    else
        a->v4.sin_port = htons((uint16_t)port);
}

/* Doors on all loops for one address. The first to bind does it exclusively, so that a socket of
 * anybody else's, shared or not, is noticed. */
static bool open_address(struct listener *l, struct loops *ls, struct socket_address *a,
                         struct bw_err *e)
{
    bool shared = loops_count(ls) > 1;
    set_port(a, l->port);
    if (l->port && shared) {
        int probe = socket_bind(a, false, e);
        if (probe < 0)
            return false;
        close(probe);
    }
    for (unsigned i = 0; i < loops_count(ls); i++) {
        int fd = socket_bind(a, shared, e);
        if (fd < 0)
            return false;
        add_door(l, loops_at(ls, i), fd);
        if (!socket_listen(fd, backlog_of(l), e))
            return false;
        if (l->port == 0)
            l->port = socket_port_of(fd);
        set_port(a, l->port);
    }
    return true;
}

static void close_doors(struct listener *l)
{
    while (l->n_doors)
        close_fds(&l->doors[--l->n_doors]);
}

/* All addresses of a name, but those this machine does not have. */
static bool open_all(struct listener *l, struct loops *ls, struct socket_address *found, unsigned n,
                     struct bw_err *e)
{
    unsigned opened = 0;
    struct bw_err why = {0};
    for (unsigned i = 0; i < n; i++) {
        if (open_address(l, ls, &found[i], &why))
            opened++;
        else if (why.sys != EADDRNOTAVAIL && why.sys != EAFNOSUPPORT) {
            opened = 0;
            break;
        }
    }
    if (!opened && e)
        *e = why;
    return opened > 0;
}

static bool open_ip(struct listener *l, struct loops *ls, struct bw_err *e)
{
    struct socket_address found[SOCKET_ADDRESSES];
    unsigned n = socket_resolve(l->opts.host, l->opts.port, found, e);
    if (n == 0)
        return false;
    for (unsigned i = 0; l->opts.port && i < n; i++)
        if (!lock_address(l, &found[i], e))
            return false;
    /* A free port of the first address may be taken at the second. */
    for (unsigned tries = 0; tries < PORT_TRIES; tries++) {
        l->port = l->opts.port;
        if (open_all(l, ls, found, n, e))
            return true;
        close_doors(l);
        if (l->opts.port || n == 1)
            return false;
    }
    return false;
}

struct listener *listener_open(struct loops *ls, const struct listener_opts *o, struct bw_err *e)
{
    size_t most = (size_t)loops_count(ls) * SOCKET_ADDRESSES;
    struct listener *l = calloc(1, sizeof *l + most * sizeof *l->doors);
    bw_must(l);
    l->opts = *o;
    bool ok = o->is_given  ? open_given(l, ls, e)
              : o->is_unix ? open_path(l, ls, e)
                           : open_ip(l, ls, e);
    if (!ok) {
        listener_free(l);
        return NULL;
    }
    l->opts.host = NULL; /* the caller's */
    for (unsigned i = 0; i < l->n_doors; i++)
        loop_post(l->doors[i].loop, &l->doors[i].open);
    return l;
}
