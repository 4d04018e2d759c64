/* notice_syslog.c: the machine's syslog, as the facility daemon: an error, or a notice when all is
 * well again. */
#include <errno.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "angel/notice_int.h"
#include "os/socket.h"

static const char *is(const char *target)
{
    if (!strcmp(target, "syslog"))
        return "/dev/log";
    return !strncmp(target, "syslog:/", 8) ? target + 7 : NULL;
}

static bool send_to(const char *path, bw_str text, struct bw_err *e)
{
    struct socket_address a;
    if (!socket_path(path, &a, e))
        return false;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ok =
        fd >= 0 && sendto(fd, text.p, text.n, MSG_NOSIGNAL, &a.any, a.size) == (ssize_t)text.n;
    if (!ok)
        bw_fail_sys(e, errno, "sending to syslog at '%s'", path);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool tell(const struct notice_job *j, struct bw_err *e)
{
    const struct notice_item *it = j->item;
    int priority = LOG_DAEMON | (it->good ? LOG_NOTICE : LOG_ERR);
    bw_str text =
        bw_arena_printf(j->arena, "<%d>burrow-angel[%d]: %s %s: %s", priority, (int)getpid(),
                        it->kind, *it->unit ? it->unit : "angel", it->text);
    return send_to(j->target, text, e);
}

const struct notice_kind notice_syslog = {
    .name = "syslog",
    .help = "syslog, or syslog:SOCKET: the machine's syslog.",
    .is = is,
    .send = tell,
};
