/* log_sink_journald.c: systemd's journal by its native datagrams: one KEY=value line per field; a
 * value with a line break as KEY, line feed, 64-bit little-endian length, value, line feed. A
 * record's own fields get their name in capitals behind "BURROW_", so that none can pose as one of
 * the journal's. */
#include "core/log_sink.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/clock.h"

#define SOCKET "/run/systemd/journal/socket"

static bool join(struct log_sink *s, struct bw_err *e)
{
    const char *path = s->o->journal ? s->o->journal : SOCKET;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path)
        return bw_fail(e, BW_BAD, "the journal's socket '%s' has too long a name", path);
    memcpy(a.sun_path, path, strlen(path) + 1);
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd >= 0 && connect(s->fd, (struct sockaddr *)&a, sizeof a) == 0)
        return true;
    bw_fail_sys(e, errno, "reaching the journal at %s", path);
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    return false;
}

static void put_pair(struct bw_buf *b, const char *prefix, const char *key, bw_str value)
{
    bw_buf_put(b, bw_cstr(prefix));
    for (const char *p = key; *p; p++) {
        char c = *p;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 32);
        bw_buf_char(b, (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_');
    }
    if (bw_str_find(value, '\n') < value.n) {
        char n[8];
        for (int i = 0; i < 8; i++)
            n[i] = (char)((uint64_t)value.n >> (8 * i));
        bw_buf_char(b, '\n');
        bw_buf_add(b, n, sizeof n);
    } else {
        bw_buf_char(b, '=');
    }
    bw_buf_put(b, value);
    bw_buf_char(b, '\n');
}

static void put_number(struct bw_buf *b, const char *prefix, const char *key, int64_t v)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    put_pair(b, prefix, key, bw_str_of(text, (size_t)n));
}

static void put_field(struct bw_buf *b, const struct log_field *f)
{
    char text[40];
    switch (f->kind) {
    case 'i':
        put_number(b, "BURROW_", f->key, f->i);
        break;
    case 'r':
        snprintf(text, sizeof text, "%.17g", f->r);
        put_pair(b, "BURROW_", f->key, bw_cstr(text));
        break;
    case 'b':
        put_pair(b, "BURROW_", f->key, f->i ? BW_LIT("true") : BW_LIT("false"));
        break;
    default:
        if (f->s.p)
            put_pair(b, "BURROW_", f->key, f->s);
    }
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

static void put(struct log_sink *s, const struct log_record *rec)
{
    struct bw_buf *b = &s->out;
    if (log_sink_rests(s))
        return;
    int64_t began = clock_mono();
    bw_buf_clear(b);
    /* The message is what people read: with its fields, as a terminal shows them. */
    log_format_message(b, rec);
    bw_str text = bw_buf_str(b);
    struct bw_buf m;
    bw_buf_init(&m, b->max);
    put_pair(&m, "", "MESSAGE", text);
    put_number(&m, "", "PRIORITY", log_sink_severity(rec->level));
    put_pair(&m, "", "SYSLOG_IDENTIFIER", bw_cstr(s->o->name ? s->o->name : "burrow"));
    put_number(&m, "", "SYSLOG_PID", getpid());
    if (rec->area && *rec->area)
        put_pair(&m, "", "BURROW_AREA", bw_cstr(rec->area));
    for (const struct log_field *f = rec->fields; f && f->key; f++)
        put_field(&m, f);
    bool sent = reachable(s) && bw_buf_ok(&m) && log_sink_send(s->fd, bw_buf_str(&m));
    if (!sent && s->fd >= 0 && (errno == ECONNREFUSED || errno == ENOTCONN || errno == EPIPE)) {
        close(s->fd); /* the journal was restarted */
        s->fd = -1;
        s->retry_at = 0;
        sent = reachable(s) && log_sink_send(s->fd, bw_buf_str(&m));
    }
    s->sent += sent;
    if (!sent)
        log_sink_rest(s, began);
    bw_buf_release(&m);
}

static size_t flush(struct log_sink *s)
{
    return s->sent;
}

static void end(struct log_sink *s)
{
    if (s->fd >= 0)
        close(s->fd);
}

extern const struct log_sink_kind log_sink_journald;
const struct log_sink_kind log_sink_journald = {"journald", join, put, flush, end};
