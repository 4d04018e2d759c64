/* log_sink.c: what all sinks share: the list of kinds, the count of what is lost, and its telling.
 */
#include "core/log_sink.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/clock.h"

#define REST    10
#define OUT_MAX (1024 * 1024) /* a batch and the longest line behind it */

#define LOG_SINK(name) extern const struct log_sink_kind log_sink_##name;
#include "core/log_sinks.def"
#undef LOG_SINK

const struct log_sink_kind *const log_sink_kinds[] = {
#define LOG_SINK(name) &log_sink_##name,
#include "core/log_sinks.def"
#undef LOG_SINK
    NULL};

bool log_sink_open(struct log_sink *s, const struct log_sink_kind *k, const struct log_opts *o,
                   struct bw_err *e)
{
    *s = (struct log_sink){.kind = k, .o = o, .fd = -1, .file = {.fd = -1}};
    bw_buf_init(&s->out, OUT_MAX);
    if (k->open(s, e))
        return true;
    s->kind = NULL;
    return false;
}

void log_sink_close(struct log_sink *s)
{
    if (!s->kind)
        return;
    s->kind->close(s);
    bw_buf_release(&s->out);
    s->kind = NULL;
}

void log_sink_put(struct log_sink *s, const struct log_record *rec)
{
    s->kind->put(s, rec);
    s->put++;
}

uint64_t log_sink_flush(struct log_sink *s)
{
    if (!s->put)
        return 0;
    size_t kept = s->kind->flush(s);
    uint64_t lost = s->put - kept;
    s->lost += lost;
    s->put = s->sent = 0;
    bw_buf_clear(&s->out);
    return lost;
}

bool log_sink_owes(const struct log_sink *s, uint64_t elsewhere)
{
    return s->lost + elsewhere != s->told;
}

void log_sink_tell(struct log_sink *s, uint64_t elsewhere)
{
    uint64_t all = s->lost + elsewhere, before = s->lost;
    if (all == s->told)
        return;
    const struct log_field fields[] = {LOG_NUM("records", all - s->told), {.key = NULL}};
    log_sink_put(s, &(struct log_record){.level = LOG_LEVEL_WARN,
                                         .at = bw_now(),
                                         .area = "log",
                                         .text = "records lost",
                                         .fields = fields});
    if (log_sink_flush(s) == 0)
        s->told = all;
    s->lost = before; /* the telling itself is no record */
}

void log_sink_rest(struct log_sink *s, int64_t began)
{
    int64_t now = clock_mono();
    s->rest_until = now + REST * (now - began);
}

bool log_sink_rests(const struct log_sink *s)
{
    return s->rest_until && clock_mono() < s->rest_until;
}

bool log_sink_send(int fd, bw_str bytes)
{
    for (int tries = 0; tries < 2; tries++) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0)
            return (size_t)n == bytes.n;
        if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
            return false;
        poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 100);
    }
    return false;
}

size_t log_sink_write_lines(struct log_sink *s)
{
    if (!bw_buf_ok(&s->out))
        return 0;
    bw_str kept = bw_str_of(s->out.p, logfile_write(&s->file, bw_buf_str(&s->out)));
    if (kept.n == s->out.n)
        return s->put;
    size_t lines = 0;
    for (size_t i = 0; i < kept.n; i++)
        lines += kept.p[i] == '\n';
    return lines;
}

int log_sink_severity(enum log_level level)
{
    static const int severities[] = {7, 7, 6, 4, 3, 2};
    return severities[level];
}
