/* socket.c: see socket.h. */
#include "os/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "core/clock.h"

bool socket_numeric(const char *host, unsigned port, struct socket_address *out)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        out->size = sizeof out->v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        out->size = sizeof out->v6;
        return true;
    }
    return false;
}

unsigned socket_resolve(const char *host, unsigned port, struct socket_address *out,
                        struct bw_err *e)
{
    if (socket_numeric(host, port, out))
        return 1;
    struct addrinfo *found, want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char service[16];
    snprintf(service, sizeof service, "%u", port);
    int r = getaddrinfo(host, service, &want, &found);
    if (r != 0) {
        bw_fail(e, BW_DOWN, "no address for the host name '%s': %s", host,
                r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
        return 0;
    }
    unsigned n = 0;
    for (struct addrinfo *a = found; a && n < SOCKET_ADDRESSES; a = a->ai_next)
        if (a->ai_addrlen <= sizeof out->path) {
            memcpy(&out[n].any, a->ai_addr, a->ai_addrlen);
            out[n++].size = a->ai_addrlen;
        }
    freeaddrinfo(found);
    if (n == 0)
        bw_fail(e, BW_DOWN, "no address for the host name '%s'", host);
    return n;
}

bool socket_path(const char *path, struct socket_address *out, struct bw_err *e)
{
    memset(out, 0, sizeof *out);
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof out->path.sun_path)
        return bw_fail(e, BW_BAD, "the socket path '%s' has %zu bytes; 1 to %zu are possible", path,
                       n, sizeof out->path.sun_path - 1);
    out->path.sun_family = AF_UNIX;
    memcpy(out->path.sun_path, path, n + 1);
    out->size = sizeof out->path;
    return true;
}

void socket_text(const struct socket_address *a, bool with_port, char *out, size_t n)
{
    char ip[INET6_ADDRSTRLEN] = "?", port[8] = "";
    if (a->any.sa_family == AF_UNIX) {
        snprintf(out, n, with_port ? "unix:%s" : "unix", a->path.sun_path);
        return;
    }
    bool v6 = a->any.sa_family == AF_INET6;
    bool mapped = v6 && IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr);
    if (mapped)
        inet_ntop(AF_INET, &a->v6.sin6_addr.s6_addr[12], ip, sizeof ip);
    else if (v6)
        inet_ntop(AF_INET6, &a->v6.sin6_addr, ip, sizeof ip);
    else
        inet_ntop(AF_INET, &a->v4.sin_addr, ip, sizeof ip);
    if (with_port)
        snprintf(port, sizeof port, ":%u", ntohs(v6 ? a->v6.sin6_port : a->v4.sin_port));
    snprintf(out, n, v6 && !mapped ? "[%s]%s" : "%s%s", ip, port);
}

unsigned socket_port_of(int fd)
{
    struct socket_address a = {.size = sizeof a.path};
    if (getsockname(fd, &a.any, &a.size) != 0)
        return 0;
    if (a.any.sa_family == AF_INET6)
        return ntohs(a.v6.sin6_port);
    return a.any.sa_family == AF_INET ? ntohs(a.v4.sin_port) : 0;
}

static int fail_bind(int fd, const struct socket_address *a, struct bw_err *e)
{
    int sys = errno;
    char text[160];
    socket_text(a, true, text, sizeof text);
    if (sys == EADDRINUSE)
        bw_fail(e, BW_CONFLICT, "%s is in use by another program; stop it or choose another port",
                text);
    else if (sys == EACCES)
        bw_fail(e, BW_DENIED,
                "not allowed to listen on %s; ports below 1024 need root or "
                "CAP_NET_BIND_SERVICE",
                text);
    else
        bw_fail_sys(e, sys, "cannot listen on %s", text);
    if (e)
        e->sys = sys;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool turn_on(int fd, int level, int option)
{
    return setsockopt(fd, level, option, &(int){1}, sizeof(int)) == 0;
}

int socket_bind(const struct socket_address *a, bool shared, struct bw_err *e)
{
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* TCP_NODELAY is inherited by what is accepted: a system call less for each connection. */
    if (fd < 0 || !turn_on(fd, SOL_SOCKET, SO_REUSEADDR) ||
        (shared && !turn_on(fd, SOL_SOCKET, SO_REUSEPORT)) ||
        !turn_on(fd, IPPROTO_TCP, TCP_NODELAY) || bind(fd, &a->any, a->size) != 0)
        return fail_bind(fd, a, e);
    return fd;
}

ssize_t socket_send(int fd, const struct iovec *pieces, unsigned n)
{
    if (n == 1)
        return send(fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)pieces, .msg_iovlen = n};
    return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

size_t socket_unsent(int fd)
{
    int n = 0;
    return ioctl(fd, TIOCOUTQ, &n) == 0 && n > 0 ? (size_t)n : 0;
}

/* 1: somebody answers, 0: nobody does (or there is nothing), -1: not to be touched. */
static int answers(const struct socket_address *a)
{
    struct stat st;
    if (lstat(a->path.sun_path, &st) != 0)
        return errno == ENOENT ? 0 : -1;
    if (!S_ISSOCK(st.st_mode))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int r = connect(fd, &a->any, a->size) == 0 || errno == EAGAIN ? 1
            : errno == ECONNREFUSED                               ? 0
                                                                  : -1;
    close(fd);
    return r;
}

int socket_bind_path(const struct socket_address *a, mode_t mode, struct bw_err *e)
{
    const char *path = a->path.sun_path;
    int there = answers(a);
    if (there > 0) {
        bw_fail(e, BW_CONFLICT, "unix:%s is in use by another program", path);
        return -1;
    }
    if (there < 0) {
        bw_fail(e, BW_CONFLICT, "%s exists and is no socket of ours; remove it", path);
        return -1;
    }
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Nobody can connect before listen, so the mode is in time. */
    if (fd < 0 || bind(fd, &a->any, a->size) != 0 || chmod(path, mode) != 0)
        return fail_bind(fd, a, e);
    return fd;
}

bool socket_listen(int fd, int backlog, struct bw_err *e)
{
    if (listen(fd, backlog) == 0)
        return true;
    int sys = errno;
    struct socket_address a = {.size = sizeof a.path};
    getsockname(fd, &a.any, &a.size);
    errno = sys;
    fail_bind(-1, &a, e);
    return false;
}

bool socket_adopt(int fd, struct socket_address *a, struct bw_err *e)
{
    int type = 0, listens = 0;
    socklen_t size = sizeof type;
    *a = (struct socket_address){.size = sizeof a->path};
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 ||
        getsockname(fd, &a->any, &a->size) != 0)
        return bw_fail_sys(e, errno, "taking over descriptor %d", fd);
    if (type != SOCK_STREAM || !listens)
        return bw_fail(e, BW_BAD, "descriptor %d is no listening stream socket", fd);
    if (a->any.sa_family != AF_UNIX)
        turn_on(fd, IPPROTO_TCP, TCP_NODELAY);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return bw_fail_sys(e, errno, "taking over descriptor %d", fd);
    return true;
}

bool socket_peer_is_own(int fd, uid_t *uid)
{
    struct ucred who;
    socklen_t size = sizeof who;
    *uid = (uid_t)-1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
        return false;
    *uid = who.uid;
    return who.uid == 0 || who.uid == geteuid();
}

int socket_accept(int fd)
{
    int r;
    do
        r = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (r < 0 && (errno == EINTR || errno == ECONNABORTED));
    return r < 0 ? -errno : r;
}

/* False at the deadline or for a failure of poll itself. */
bool socket_ready(int fd, short events, int64_t deadline, struct bw_err *e)
{
    for (;;) {
        int64_t left = deadline ? deadline - clock_mono() : 0;
        if (deadline && left <= 0)
            return bw_fail(e, BW_LATE, "the peer did not answer in time");
        int64_t ms = deadline ? (left + CLOCK_MS - 1) / CLOCK_MS : -1;
        struct pollfd p = {.fd = fd, .events = events};
        int r = poll(&p, 1, ms > 3600000 ? 3600000 : (int)ms);
        if (r > 0)
            return true;
        if (r < 0 && errno != EINTR)
            return bw_fail_sys(e, errno, "cannot wait for a socket");
    }
}

int socket_connect(const struct socket_address *a, int64_t deadline, struct bw_err *e)
{
    char text[160];
    socket_text(a, true, text, sizeof text);
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        bw_fail_sys(e, errno, "cannot make a socket");
        return -1;
    }
    if (a->any.sa_family != AF_UNIX)
        turn_on(fd, IPPROTO_TCP, TCP_NODELAY);
    int sys = connect(fd, &a->any, a->size) == 0 ? 0 : errno;
    bool ok = true;
    if (sys == EINPROGRESS) {
        ok = socket_ready(fd, POLLOUT, deadline, e) || bw_because(e, "connecting to %s", text);
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &(socklen_t){sizeof sys});
    }
    if (ok && sys)
        ok = bw_fail(e, BW_DOWN, "cannot connect to %s: %s", text, strerror(sys));
    if (ok)
        return fd;
    if (e && sys)
        e->sys = sys;
    close(fd);
    return -1;
}

ssize_t socket_read(int fd, char *p, size_t n, int64_t deadline, struct bw_err *e)
{
    for (;;) {
        ssize_t r = recv(fd, p, n, 0);
        if (r >= 0)
            return r;
        if (errno != EAGAIN && errno != EINTR) {
            bw_fail(e, BW_DOWN, "the connection broke: %s", strerror(errno));
            return -1;
        }
        if (errno == EAGAIN && !socket_ready(fd, POLLIN, deadline, e))
            return -1;
    }
}

static bool has_bytes(int fd)
{
    char c;
    return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

bool socket_write(int fd, bw_str bytes, int64_t deadline, bool *answered, struct bw_err *e)
{
    while (bytes.n) {
        ssize_t r = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (r > 0)
            bytes = bw_str_of(bytes.p + r, bytes.n - (size_t)r);
        if (r >= 0 || errno == EINTR)
            continue;
        int sys = errno;
        /* Who answers before the request is away may take no more of it: neither waits for ever. */
        if (has_bytes(fd)) {
            *answered = true;
            return true;
        }
        if (sys != EAGAIN)
            return bw_fail(e, BW_DOWN, "the connection broke: %s", strerror(sys));
        if (!socket_ready(fd, POLLOUT | POLLIN | POLLRDHUP, deadline, e))
            return false;
        if (!has_bytes(fd) && !socket_ready(fd, POLLOUT, deadline, e))
            return false;
    }
    return true;
}

bool socket_is_idle(int fd)
{
    char c;
    return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int64_t socket_share(int64_t deadline, unsigned n)
{
    if (deadline == 0 || n <= 1)
        return deadline;
    int64_t now = clock_mono();
    return now + (deadline - now) / (int64_t)n;
}
