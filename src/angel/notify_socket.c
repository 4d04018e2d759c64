/* notify_socket.c: where processes say how they are (sd_notify's protocol): one datagram socket in
 * the state folder for all units. Who sent a message the kernel says (SCM_CREDENTIALS): only a
 * process of a unit's tree speaks for it. The socket is kept by the keeper, so what is said while
 * no brain is there waits in it. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "angel/identity.h"
#include "angel/probe_int.h"
#include "core/log.h"
#include "os/file.h"
#include "os/socket.h"

#define KEPT        "notify"
#define MESSAGE_MAX 4096
#define ANCESTORS   32
#define AT_ONCE     64 /* messages of one turn */
#define UNVERIFIED  "a message to the notify socket came from no process of a unit, it is ignored"

struct notify_socket {
    uv_poll_t poll;
    int fd;
    char path[108];
    struct list listeners;
    struct list *next; /* to be told, while one is */
};

/* ---- whose is it ---- */

static const struct notify_listener *by_pid(const struct notify_socket *n, pid_t pid)
{
    for (struct list *x = n->listeners.next; x != &n->listeners; x = x->next) {
        const struct notify_listener *l = LIST_OWNER(x, struct notify_listener, node);
        if (l->pid == pid)
            return l;
    }
    return NULL;
}

static const struct notify_listener *by_mark(const struct notify_socket *n, pid_t pid)
{
    char mark[96];
    for (struct list *x = n->listeners.next; x != &n->listeners; x = x->next) {
        const struct notify_listener *l = LIST_OWNER(x, struct notify_listener, node);
        snprintf(mark, sizeof mark, "BURROW_UNIT=%s", l->unit);
        if (identity_has_marks(pid, mark, mark))
            return l;
    }
    return NULL;
}

/* The pid whose listeners a message of this process is for; 0 = nobody's. Marks in the environment,
 * which anybody can forge, count only below the angel: for what has lost its parents there. */
static pid_t owner(const struct notify_socket *n, pid_t sender)
{
    struct identity id;
    pid_t pid = sender;
    bool ours = false;
    for (int i = 0; i < ANCESTORS && pid > 1; i++) {
        if (by_pid(n, pid))
            return pid;
        ours = ours || pid == getpid() || pid == getppid();
        if (!identity_look(pid, &id))
            break;
        pid = id.parent;
    }
    if (!ours || !identity_look(sender, &id))
        return 0;
    if (by_pid(n, id.session))
        return id.session;
    const struct notify_listener *l = by_mark(n, sender);
    return l ? l->pid : 0;
}

/* ---- messages ---- */

static void tell(struct notify_socket *n, pid_t pid, const char *name, const char *value)
{
    struct list *x = n->listeners.next, *next;
    for (; x != &n->listeners; x = next) {
        struct notify_listener *l = LIST_OWNER(x, struct notify_listener, node);
        next = x->next;
        if (l->pid == pid) {
            n->next = next; /* moved on by whoever goes meanwhile */
            l->fn(l, name, value);
            next = n->next;
        }
    }
}

static void take(struct notify_socket *n, pid_t sender, char *text)
{
    pid_t pid = owner(n, sender);
    char *line, *rest = text;
    if (!pid) {
        log_warn("angel", UNVERIFIED, LOG_NUM("pid", sender));
        return;
    }
    while ((line = strsep(&rest, "\n"))) {
        char *value = strchr(line, '=');
        if (!value)
            continue;
        *value++ = 0;
        tell(n, pid, line, value);
    }
}

/* Descriptors somebody sends along are not wanted. */
static pid_t look_through(struct msghdr *m)
{
    pid_t pid = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred u;
            memcpy(&u, CMSG_DATA(c), sizeof u);
            pid = u.pid;
        }
        size_t size = c->cmsg_type == SCM_RIGHTS ? c->cmsg_len - CMSG_LEN(0) : 0;
        for (size_t i = 0; i + sizeof(int) <= size; i += sizeof(int)) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i, sizeof fd);
            close(fd);
        }
    }
    return pid;
}

static bool receive(struct notify_socket *n)
{
    char text[MESSAGE_MAX + 1];
    _Alignas(struct cmsghdr) char
        control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(253 * sizeof(int))];
    struct iovec v = {text, MESSAGE_MAX};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(n->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EINTR;
    pid_t sender = look_through(&m);
    text[got] = 0;
    if (sender > 0 && !(m.msg_flags & MSG_TRUNC))
        take(n, sender, text);
    return true;
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct notify_socket *n = poll->data;
    (void)status, (void)events;
    for (int i = 0; i < AT_ONCE && receive(n); i++)
        ;
}

/* ---- life ---- */

void notify_listen(struct notify_socket *n, struct notify_listener *l)
{
    l->socket = n;
    list_push_back(&n->listeners, &l->node);
}

void notify_unlisten(struct notify_listener *l)
{
    if (l->socket && l->socket->next == &l->node)
        l->socket->next = l->node.next;
    list_remove(&l->node);
    l->socket = NULL;
}

/* The socket can be reached by units of other users; nothing else in the folder is for them. */
static void let_through(const char *state)
{
    struct stat st;
    if (stat(state, &st) == 0 && st.st_uid == geteuid())
        chmod(state, (st.st_mode & 07777) | S_IXGRP | S_IXOTH);
}

static int make(const char *path, struct bw_err *e)
{
    struct socket_address a;
    int on = 1;
    if (!socket_path(path, &a, e))
        return -1;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(path);
    /* Units of other users speak too: the kernel says who they are. */
    if (fd >= 0 && bind(fd, &a.any, a.size) == 0 && chmod(path, 0666) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0)
        return fd;
    bw_fail_sys(e, errno, "making the socket '%s'", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

struct notify_socket *notify_socket_open(struct loop *l, struct hands *h, const char *state,
                                         struct bw_err *e)
{
    struct notify_socket *n = calloc(1, sizeof *n);
    struct stat st;
    bw_must(n);
    list_init(&n->listeners);
    int size = snprintf(n->path, sizeof n->path, "%s/notify", state);
    if (size < 0 || (size_t)size >= sizeof n->path) {
        bw_fail(e, BW_BAD, "the state folder '%s' has too long a name for a socket in it", state);
        free(n);
        return NULL;
    }
    n->fd = h ? hands_kept(h, KEPT) : -1;
    bool is_there = n->fd >= 0 && stat(n->path, &st) == 0 && S_ISSOCK(st.st_mode);
    if (n->fd >= 0 && !is_there) {
        close(n->fd);
        n->fd = -1;
    }
    if (n->fd < 0) {
        let_through(state);
        n->fd = make(n->path, e);
    }
    if (n->fd < 0 || (h && !is_there && !hands_keep(h, KEPT, n->fd, e))) {
        file_close(n->fd);
        free(n);
        return NULL;
    }
    bw_must(uv_poll_init(loop_uv(l), &n->poll, n->fd) == 0);
    n->poll.data = n;
    uv_poll_start(&n->poll, UV_READABLE, readable);
    return n;
}

const char *notify_socket_path(const struct notify_socket *n)
{
    return n->path;
}

static void closed(uv_handle_t *handle)
{
    struct notify_socket *n = handle->data;
    close(n->fd);
    free(n);
}

void notify_socket_close(struct notify_socket *n)
{
    if (!n)
        return;
    uv_poll_stop(&n->poll);
    uv_close((uv_handle_t *)&n->poll, closed);
}
