/* log_output.c: the sinks that are open, and the access log's own. Before a log is started there is
 * standard error. What the first sink wrote last is kept for log_dump. */
#include <pthread.h>

#include "core/log_int.h"
#include "core/log_sink.h"

#define RECENT ((size_t)16 * 1024)

const char log_access_area[] = "access";

/* A set is opened while the other one is still in use. */
struct outputs {
    struct log_opts opts;
    struct log_sink sinks[LOG_SINKS];
    unsigned n;
    struct log_sink access; /* kind == NULL: no access log */
};
static struct outputs sets[2], *now = &sets[0];
static uint64_t ring_base; /* losses told of, or tried to, by outputs that are closed */

static char recent[RECENT];
static size_t recent_at; /* grows; a place is modulo RECENT */

/* ---- opening ---- */

/* Lines of the access log, as they came. */
static bool lines_open(struct log_sink *s, struct bw_err *e)
{
    if (*s->o->access)
        return logfile_open(&s->file, s->o->access, &s->o->rotate, e);
    logfile_of(&s->file, STDOUT_FILENO);
    return true;
}

static void lines_put(struct log_sink *s, const struct log_record *rec)
{
    if (rec->area == log_access_area) {
        bw_buf_put(&s->out, bw_cstr(rec->text));
        bw_buf_char(&s->out, '\n');
    } else {
        log_format(&s->out, true, false, rec); /* that some were lost */
    }
}

static void lines_close(struct log_sink *s)
{
    logfile_close(&s->file);
}

const struct log_sink_kind log_sink_lines = {"access", lines_open, lines_put, log_sink_write_lines,
                                             lines_close};

static const struct log_sink_kind *find_kind(const char *name, struct bw_err *e)
{
    struct bw_buf names;
    for (const struct log_sink_kind *const *k = log_sink_kinds; *k; k++)
        if (!strcmp((*k)->name, name))
            return *k;
    bw_buf_init(&names, 1024);
    for (const struct log_sink_kind *const *k = log_sink_kinds; *k; k++)
        bw_buf_printf(&names, " %s", (*k)->name);
    bw_fail(e, BW_BAD, "log.to: '%s' is none of%s", name, bw_buf_cstr(&names));
    bw_buf_release(&names);
    return NULL;
}

static void close_set(struct outputs *s)
{
    for (unsigned i = 0; i < s->n; i++)
        log_sink_close(&s->sinks[i]);
    log_sink_close(&s->access);
    s->n = 0;
}

static bool add(struct outputs *s, const char *name, struct bw_err *e)
{
    if (s->n == LOG_SINKS)
        return bw_fail(e, BW_BAD, "log.to names more than %d", LOG_SINKS);
    const struct log_sink_kind *k = find_kind(name, e);
    if (!k || !log_sink_open(&s->sinks[s->n], k, &s->opts, e))
        return false;
    s->n++;
    return true;
}

static bool open_set(struct outputs *s, const struct log_opts *o, struct bw_err *e)
{
    const char *const plain[] = {o->path ? "file" : "terminal", NULL};
    s->opts = *o;
    s->n = 0;
    s->access.kind = NULL;
    bool ok = true;
    for (const char *const *to = o->to && *o->to ? o->to : plain; ok && *to; to++)
        ok = add(s, *to, e);
    if (ok && o->access)
        ok = log_sink_open(&s->access, &log_sink_lines, &s->opts, e);
    for (unsigned i = 0; i < s->n; i++)
        s->sinks[i].told = ring_base;
    s->access.told = ring_base;
    if (!ok)
        close_set(s);
    return ok;
}

bool log_output_open(const struct log_opts *o, uint64_t ring, struct bw_err *e)
{
    struct outputs *other = now == &sets[0] ? &sets[1] : &sets[0];
    uint64_t base = ring_base;
    ring_base = ring;
    if (!open_set(other, o, e)) {
        ring_base = base;
        return false;
    }
    close_set(now);
    now = other;
    return true;
}

void log_output_close(uint64_t ring)
{
    ring_base = ring;
    close_set(now);
}

static void need_one(void)
{
    struct bw_err e;
    if (!now->n)
        bw_must(open_set(now, &(struct log_opts){.level = 0}, &e)); /* standard error is there */
}

/* ---- use ---- */

static void each(void (*fn)(struct log_sink *s, void *arg), void *arg)
{
    for (unsigned i = 0; i < now->n; i++)
        fn(&now->sinks[i], arg);
    if (now->access.kind)
        fn(&now->access, arg);
}

static void reopen(struct log_sink *s, void *arg)
{
    (void)arg;
    logfile_reopen(&s->file);
}

void log_output_reopen(void)
{
    each(reopen, NULL);
}

void log_output_put(const struct log_record *rec)
{
    need_one();
    if (rec->area == log_access_area) {
        if (now->access.kind)
            log_sink_put(&now->access, rec);
        return;
    }
    for (unsigned i = 0; i < now->n; i++)
        log_sink_put(&now->sinks[i], rec);
}

static void count(struct log_sink *s, void *arg)
{
    *(size_t *)arg += s->out.n + s->put * 64; /* datagrams are gone, but took their time */
}

size_t log_output_pending(void)
{
    size_t n = 0;
    each(count, &n);
    return n;
}

static void remember(bw_str s)
{
    size_t skip = s.n > RECENT ? s.n - RECENT : 0;
    for (size_t i = skip; i < s.n;) {
        size_t at = recent_at % RECENT, room = RECENT - at;
        size_t n = s.n - i < room ? s.n - i : room;
        memcpy(recent + at, s.p + i, n);
        recent_at += n;
        i += n;
    }
}

static void flush(struct log_sink *s, void *arg)
{
    if (s == &now->sinks[0])
        remember(bw_buf_str(&s->out));
    *(uint64_t *)arg += log_sink_flush(s);
}

uint64_t log_output_flush(void)
{
    uint64_t lost = 0;
    each(flush, &lost);
    return lost;
}

static void tell(struct log_sink *s, void *arg)
{
    log_sink_tell(s, *(uint64_t *)arg);
}

void log_output_tell(uint64_t ring)
{
    need_one();
    each(tell, &ring);
}

struct owing {
    uint64_t ring;
    bool any;
};

static void owes(struct log_sink *s, void *arg)
{
    struct owing *o = arg;
    o->any |= log_sink_owes(s, o->ring);
}

bool log_output_owes(uint64_t ring)
{
    struct owing o = {ring, !now->n && ring != ring_base};
    each(owes, &o);
    return o.any;
}

static void forked(struct log_sink *s, void *arg)
{
    (void)arg;
    logfile_forked(&s->file);
}

void log_output_forked(void)
{
    each(forked, NULL);
}

/* ---- after a crash ---- */

int log_dump_fd(void)
{
    const struct log_sink *s = &now->sinks[0];
    return now->n && s->file.path ? s->file.fd : -1;
}

void log_output_dump(int fd)
{
    if (fd == log_dump_fd())
        return; /* they stand there already */
    size_t end = recent_at % RECENT;
    ssize_t n = 0;
    if (recent_at > RECENT)
        n = write(fd, recent + end, RECENT - end);
    n += write(fd, recent, end);
    (void)n;
}
