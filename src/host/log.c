/* log.c: the log as the settings want it. */
#include <sys/stat.h>

#include "core/log.h"
#include "db/db.h"
#include "host/host.h"
#include "os/crash.h"
#include "os/signals.h"
#include "rest/in_hand.h"

/* systemd says which pipe leads to its journal; standard error may have been sent elsewhere. */
static bool leads_to_journal(void)
{
    const char *said = getenv("JOURNAL_STREAM");
    struct stat st;
    char is[64];
    if (!said || fstat(STDERR_FILENO, &st) != 0)
        return false;
    snprintf(is, sizeof is, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    return !strcmp(said, is);
}

static int64_t said_or(int64_t chapter, int64_t ours)
{
    return chapter >= 0 ? chapter : ours;
}

struct logfile_rotate host_log_rotation(const struct conf *c)
{
    int64_t hour = said_or(c->log.rotate_file_hour, c->log.rotate_daily_at);
    return (struct logfile_rotate){
        .count = (unsigned)said_or(c->log.rotate_file_count, c->log.rotate_count),
        .size = c->log.rotate_file_kb >= 0 ? c->log.rotate_file_kb * 1024 : c->log.rotate_size,
        .total = c->log.rotate_total,
        .daily = hour >= 0,
        .hour = (int)hour,
        .keep_plain = !c->log.rotate_compress};
}

void host_log_levels(const struct conf *c)
{
    struct log_area areas[CONF_AREAS];
    struct bw_arena a;
    struct bw_err e;
    size_t n;
    log_set_level((enum log_level)c->log.level);
    bw_arena_init(&a);
    if (conf_log_areas(c->log.levels, areas, &n, &a, &e) && !log_set_areas(areas, n))
        log_warn("host", "too many names of areas since the start; the last ones have no level");
    bw_arena_release(&a);
}

static struct log_opts opts_of(const struct conf *c)
{
    bool file = c->log.file && *c->log.file, said = c->log.to && *c->log.to;
    bool terminal = !file && isatty(STDERR_FILENO);
    return (struct log_opts){.level = c->log.level,
                             .json = c->log.format == CONF_FORMAT_JSON ||
                                     (c->log.format == CONF_FORMAT_AUTO && !terminal),
                             .path = file ? c->log.file : NULL,
                             .colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR"),
                             .to = said ? (const char *const *)c->log.to : NULL,
                             .rotate = host_log_rotation(c),
                             .name = c->name,
                             .syslog = c->log.syslog,
                             .syslog_ca = c->log.syslog_ca,
                             .syslog_cert = c->log.syslog_cert,
                             .syslog_key = c->log.syslog_key,
                             .access = !c->log.access || !*c->log.access ? NULL
                                       : c->log.access_file              ? c->log.access_file
                                                                         : ""};
}

/* Nobody said where to, and standard error leads to the journal: it is asked directly, if it is
 * there. */
static bool open_log(const struct conf *c, bool (*open)(const struct log_opts *, struct bw_err *),
                     struct bw_err *e)
{
    static const char *const journald[] = {"journald", NULL};
    struct log_opts o = opts_of(c);
    struct bw_err why;
    if (!o.to && !o.path && leads_to_journal()) {
        o.to = journald;
        if (open(&o, &why))
            return true;
        o.to = NULL;
    }
    return open(&o, e);
}

void host_log_live(const struct conf *c)
{
    host_log_levels(c);
    access_set_slow(c->log.slow_request);
    db_set_slow(c->log.slow_query);
}

bool host_log(const struct conf *c, struct bw_err *e)
{
    signals_ignore_pipe(); /* a syslog server may go away */
    if (!open_log(c, log_start, e))
        return false;
    host_log_live(c);
    return true;
}

bool host_log_change(const struct conf *c, struct bw_err *e)
{
    return open_log(c, log_change, e);
}

static void tell_crash(int fd)
{
    in_hand_dump(fd);
    log_dump(fd);
}

void host_watch_crashes(const struct conf *c)
{
    crash_watch(c->name, tell_crash, log_dump_fd);
}
