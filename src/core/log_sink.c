/* log_sink.c: writes lines to a descriptor. A file is opened to append, so that several processes
 * and a rotation that truncates it do not overwrite each other. A failed write may leave half a
 * line: the next one begins with a line break then, so a record is never joined to another. */
#include "core/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

const struct log_sink log_sink_stderr = {.fd = STDERR_FILENO};

bool log_sink_open(struct log_sink *s, const struct log_opts *o, struct bw_err *e)
{
    int fd = STDERR_FILENO;
    if (o->path) {
        fd = open(o->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (fd < 0)
            return bw_fail_sys(e, errno, "opening the log file '%s'", o->path);
    }
    *s = (struct log_sink){.fd = fd, .json = o->json, .colour = o->colour && !o->path};
    return true;
}

void log_sink_close(struct log_sink *s)
{
    if (s->fd != STDERR_FILENO)
        close(s->fd);
    *s = log_sink_stderr;
}

/* A non-blocking pipe that is full. */
static bool wait_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int n;
    do
        n = poll(&p, 1, 1000);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

bool log_sink_write(struct log_sink *s, bw_str lines)
{
    if (s->torn)
        s->torn = write(s->fd, "\n", 1) != 1;
    while (lines.n) {
        ssize_t n = write(s->fd, lines.p, lines.n);
        if (n >= 0) {
            lines = bw_str_of(lines.p + n, lines.n - (size_t)n);
            s->torn = lines.n && lines.p[-1] != '\n';
        } else if (errno != EINTR && !(errno == EAGAIN && wait_writable(s->fd))) {
            return false;
        }
    }
    return true;
}
