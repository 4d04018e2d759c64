/* notify.h: what a service tells its manager (systemd's notification protocol: datagrams of
 * KEY=VALUE lines to the socket in $NOTIFY_SOCKET), and the sockets the manager gives it
 * (LISTEN_FDS). Without a manager all of it does nothing. */
#ifndef OS_NOTIFY_H
#define OS_NOTIFY_H

#include <burrow/err.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NOTIFY_FDS 16

/* Pure: the address of "/path" or "@abstract"; 0 when the text names none. */
socklen_t notify_address(const char *text, struct sockaddr_un *out);
bool notify_wanted(void); /* is there a manager that listens? */
/* One datagram; never blocks, failures are passed over: the manager's trouble is not ours. */
void notify_send(const char *fmt, ...) BW_PRINTF(1, 2);
/* How often the manager wants WATCHDOG=1, ns; 0 = never. */
int64_t notify_watchdog(void);

/* A socket the manager has opened for us. */
struct notify_fd {
    int fd;
    char name[64]; /* of the socket unit: FileDescriptorName= */
};
/* Takes them over: close-on-exec, and no child or second call sees them. The number of them. */
unsigned notify_take_fds(struct notify_fd out[NOTIFY_FDS]);

#endif
