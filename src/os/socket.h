/* socket.h: sockets as the system has them, for what libuv leaves out: listening sockets shared by
 * address among loops, and blocking clients on plain threads. Descriptors are non-blocking and
 * close-on-exec. Functions that return a descriptor return -1 on failure. */
#ifndef OS_SOCKET_H
#define OS_SOCKET_H

#include <burrow/str.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOCKET_ADDRESSES 8

struct socket_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un path;
    };
    socklen_t size;
};

/* *Waits* for name servers (blocks the thread) unless host is an address. The number of addresses
 * found, at most SOCKET_ADDRESSES; 0 on failure. */
unsigned socket_resolve(const char *host, unsigned port, struct socket_address *out,
                        struct bw_err *e);
bool socket_numeric(const char *host, unsigned port, struct socket_address *out);
bool socket_path(const char *path, struct socket_address *out, struct bw_err *e);
/* "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock"; without the port when not asked for. */
void socket_text(const struct socket_address *a, bool with_port, char *out, size_t n);
unsigned socket_port_of(int fd); /* 0 for a unix socket */

/* Bound, not yet listening. shared: others of this user may bind the same address (SO_REUSEPORT).
 * BW_CONFLICT when the address is in use; sys is EADDRNOTAVAIL or EAFNOSUPPORT when this machine
 * does not have it. */
int socket_bind(const struct socket_address *a, bool shared, struct bw_err *e);
/* Bound to a.path with that mode. Takes a socket file out of the way that nobody answers on. */
int socket_bind_path(const struct socket_address *a, mode_t mode, struct bw_err *e);
bool socket_listen(int fd, int backlog, struct bw_err *e);
/* A listening stream socket that somebody else has opened (socket activation): made ready for us,
 * and where it listens. */
bool socket_adopt(int fd, struct socket_address *a, struct bw_err *e);
int socket_accept(int fd); /* -errno on failure */
/* The process at the other end of a unix socket as the kernel saw it connect: is it root's, or of
 * the user this process is? *uid is set when known. */
bool socket_peer_is_own(int fd, uid_t *uid);
/* Without waiting and without a signal; bytes taken, or -1 with errno. */
ssize_t socket_send(int fd, const struct iovec *pieces, unsigned n);
size_t socket_unsent(int fd); /* bytes written that the peer's system has not taken; 0 if unknown */

/* The following block their thread until done or the deadline (monotonic ns; 0 = none). */
int socket_connect(const struct socket_address *a, int64_t deadline, struct bw_err *e);
bool socket_ready(int fd, short events, int64_t deadline, struct bw_err *e); /* as of poll() */
/* Bytes read; 0 at the end; -1 on failure. */
ssize_t socket_read(int fd, char *p, size_t n, int64_t deadline, struct bw_err *e);
/* True also when the peer has said something before it took all the bytes: then *answered is set.
 */
bool socket_write(int fd, bw_str bytes, int64_t deadline, bool *answered, struct bw_err *e);
/* Open, and nothing to read: an idle connection that can be used. */
bool socket_is_idle(int fd);
/* The part of the time until deadline that one of n tries gets. */
int64_t socket_share(int64_t deadline, unsigned n);

#endif
