/* log_sink_syslog.c: syslog in the form of RFC 5424, fields as structured data. Where to:
 * "unix:/dev/log" and "udp:HOST:PORT" take one datagram per record, "tcp:HOST:PORT" a stream with
 * each record's length in front (RFC 6587), "tls:HOST:PORT" the same encrypted (RFC 5425). A
 * connection that breaks is made again, at most once a second and more rarely when that takes long;
 * a record that a system took but did not deliver is beyond our count. */
#include "core/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/clock.h"
#include "core/log_syslog_tls.h"

#define DAEMON 3 /* the facility */

#define PATIENCE_MS 1000

static bool is_tls(const struct log_sink *s)
{
    return !strncmp(s->o->syslog, "tls:", 4);
}

static bool is_stream(const struct log_sink *s)
{
    return !strncmp(s->o->syslog, "tcp:", 4) || is_tls(s);
}

static void part(struct log_sink *s)
{
    syslog_tls_close(s->tls);
    s->tls = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static bool connected(int fd, const struct sockaddr *a, socklen_t n)
{
    int failed = 0;
    socklen_t size = sizeof failed;
    if (connect(fd, a, n) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    if (poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, PATIENCE_MS) <= 0) {
        errno = ETIMEDOUT;
        return false;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 && failed)
        errno = failed;
    return !failed;
}

static bool try_address(struct log_sink *s, const struct sockaddr *a, socklen_t n, int type)
{
    s->fd = socket(a->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd >= 0 && connected(s->fd, a, n))
        return true;
    int why = errno;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    errno = why;
    return false;
}

static bool join_path(struct log_sink *s, const char *path, struct bw_err *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path)
        return bw_fail(e, BW_BAD, "log.syslog: the name '%s' is too long for a socket", path);
    memcpy(a.sun_path, path, strlen(path) + 1);
    return try_address(s, (struct sockaddr *)&a, sizeof a, SOCK_DGRAM) ||
           bw_fail_sys(e, errno, "reaching syslog at %s", path);
}

/* Waits for name servers unless the host is an address: on the log's own thread. */
static bool join_host(struct log_sink *s, const char *where, int type, struct bw_err *e)
{
    char host[256];
    const char *colon = strrchr(where, ':');
    size_t n = colon ? (size_t)(colon - where) : 0;
    struct addrinfo want = {.ai_socktype = type}, *found = NULL;
    if (n > 2 && where[0] == '[' && where[n - 1] == ']') {
        where++;
        n -= 2;
    }
    if (!n || n >= sizeof host || !colon[1])
        return bw_fail(e, BW_BAD, "log.syslog '%s' is not HOST:PORT", where);
    memcpy(host, where, n);
    host[n] = 0;
    int failed = getaddrinfo(host, colon + 1, &want, &found);
    if (failed)
        return bw_fail(e, BW_BUSY, "finding the address of the syslog host '%s': %s", host,
                       gai_strerror(failed));
    bool ok = false;
    for (struct addrinfo *a = found; a && !ok; a = a->ai_next)
        ok = try_address(s, a->ai_addr, a->ai_addrlen, type);
    int why = errno;
    freeaddrinfo(found);
    if (!ok)
        return bw_fail_sys(e, why, "reaching syslog at %s", where);
    if (!is_tls(s))
        return true;
    s->tls = syslog_tls_open(s->fd, host, s->o, e);
    if (!s->tls)
        part(s);
    return s->tls != NULL;
}

static bool join(struct log_sink *s, struct bw_err *e)
{
    const char *to = s->o->syslog;
    if (!to || !*to)
        return bw_fail(e, BW_BAD,
                       "log.syslog must say where: unix:PATH, udp:HOST:PORT, tcp:HOST:PORT or "
                       "tls:HOST:PORT");
    if (!strncmp(to, "unix:", 5))
        return join_path(s, to + 5, e);
    if (!strncmp(to, "udp:", 4))
        return join_host(s, to + 4, SOCK_DGRAM, e);
    if (is_stream(s))
        return join_host(s, to + 4, SOCK_STREAM, e);
    return bw_fail(e, BW_BAD, "log.syslog '%s' begins with none of unix:, udp:, tcp:, tls:", to);
}

static bool reachable(struct log_sink *s)
{
    struct bw_err e;
    if (s->fd >= 0)
        return true;
    if (clock_mono() < s->retry_at)
        return false;
    s->retry_at = clock_mono() + CLOCK_SECOND;
    return join(s, &e);
}

/* A stream that took half a message takes the rest within a second, or is ended. */
static bool send_all(int fd, bw_str bytes)
{
    while (bytes.n) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n > 0)
            bytes = bw_str_of(bytes.p + n, bytes.n - (size_t)n);
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n == 0 || errno != EAGAIN ||
                 poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, PATIENCE_MS) <= 0)
            return false;
    }
    return true;
}

static bool has_ended(struct log_sink *s)
{
    char gone;
    return s->tls ? syslog_tls_gone(s->tls) : recv(s->fd, &gone, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static bool send_one(struct log_sink *s, bw_str message)
{
    char head[24];
    if (!is_stream(s))
        return log_sink_send(s->fd, message);
    if (has_ended(s))
        return false; /* what is sent now would be lost silently */
    bw_str length = bw_str_of(head, (size_t)snprintf(head, sizeof head, "%zu ", message.n));
    if (s->tls)
        return syslog_tls_send(s->tls, length) && syslog_tls_send(s->tls, message);
    return send_all(s->fd, length) && send_all(s->fd, message);
}

static void put(struct log_sink *s, const struct log_record *rec)
{
    if (log_sink_rests(s))
        return;
    int64_t began = clock_mono();
    bw_buf_clear(&s->out);
    log_format_5424(&s->out, s->o->name, DAEMON * 8 + log_sink_severity(rec->level), rec);
    bool sent = false;
    for (int tries = 0; tries < 2 && !sent && reachable(s); tries++) {
        sent = bw_buf_ok(&s->out) && send_one(s, bw_buf_str(&s->out));
        if (!sent)
            part(s);
    }
    s->sent += sent;
    if (!sent)
        log_sink_rest(s, began);
}

static size_t flush(struct log_sink *s)
{
    return s->sent;
}

static void end(struct log_sink *s)
{
    part(s);
}

extern const struct log_sink_kind log_sink_syslog;
const struct log_sink_kind log_sink_syslog = {"syslog", join, put, flush, end};
