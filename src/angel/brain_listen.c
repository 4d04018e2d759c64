/* brain_listen.c: sockets that the angel owns and its services serve: made once, or given to it by
 * the service manager ("fd:NAME", which keeper.c took), kept by the keeper
 * under "listen/<address>", so that a restart, a rolling one too, refuses no connection: what comes
 * meanwhile waits in the kernel's queue. */
#include "angel/brain_int.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/hostport.h"
#include "os/socket.h"

#define BACKLOG 4096

static int listen_on(int fd, struct bw_err *e)
{
    /* Services expect it as a service manager gives it: blocking. */
    int flags = fcntl(fd, F_GETFL);
    if (fd < 0 || (socket_listen(fd, BACKLOG, e) && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0))
        return fd;
    close(fd);
    return -1;
}

/* "127.0.0.1:80", "[::1]:80", "name:80", "unix:/run/x.sock" */
static int listen_at(const char *address, struct bw_err *e)
{
    struct socket_address a[SOCKET_ADDRESSES];
    struct hostport at;
    if (strncmp(address, "unix:", 5) == 0)
        return socket_path(address + 5, &a[0], e) ? listen_on(socket_bind_path(&a[0], 0660, e), e)
                                                  : -1;
    if (!hostport_parse(&at, address, e) || !socket_resolve(at.host, at.port, a, e))
        return -1;
    return listen_on(socket_bind(&a[0], false, e), e);
}

int brain_socket(struct brain *b, const struct unit_conf *u, size_t i, struct bw_err *e)
{
    char name[300];
    const char *address = u->listen[i].address;
    snprintf(name, sizeof name, "listen/%s", address);
    int fd = hands_kept(b->hands, name);
    if (fd >= 0)
        return fd;
    if (strncmp(address, "fd:", 3) == 0) {
        bw_fail(e, BW_MISSING,
                "the angel was given no socket '%s' (LISTEN_FDS); is the socket unit's "
                "FileDescriptorName= this, and does it start the angel?",
                address + 3);
        bw_because(e, "listening for %s", u->name);
        return -1;
    }
    fd = listen_at(address, e);
    if (fd < 0) {
        bw_because(e, "listening for %s", u->name);
        return -1;
    }
    if (!hands_keep(b->hands, name, fd, e)) {
        close(fd);
        return -1;
    }
    return fd;
}
