/* conf_log.c: the settings of the log: their table, and the levels of areas, which are an object of
 * the user's own names. */
#include "core/log.h"
#include "host/conf.h"
#include "rest/access.h"

#define STRUCT     struct conf
#define AT(member) .offset = offsetof(STRUCT, member)

static const char *const formats[] = {"auto", "text", "json", NULL};
static const char *const levels[] = {
#define X(name, text) #text,
    LOG_LEVELS(X)
#undef X
        NULL};

static bool find_level(bw_str text, int *level)
{
    for (*level = 0; levels[*level]; ++*level)
        if (bw_str_eq(text, bw_cstr(levels[*level])))
            return true;
    return false;
}

static bool read_areas(struct bw_json_reader *r, struct log_area *out, size_t *n)
{
    bw_str name;
    enum bw_json_kind k = bw_json_next(r);
    if (k == BW_JSON_NULL) /* as printed when none is set */
        return true;
    if (k != BW_JSON_OBJECT)
        return bw_json_refuse(r, "it takes an object: {\"http\": \"debug\"}");
    while (bw_json_member(r, &name)) {
        struct log_area *a = &out[*n];
        if (*n == CONF_AREAS || name.n > 31 || !name.n)
            return bw_json_refuse(r, "at most %d areas, each with a name of 1 to 31 bytes",
                                  CONF_AREAS);
        if (bw_json_next(r) != BW_JSON_TEXT || !find_level(r->text, &a->level))
            return bw_json_refuse(r,
                                  "the level of '%.*s' is none of trace, debug, info, warn, "
                                  "error, fatal",
                                  (int)name.n, name.p);
        a->name = bw_arena_cstr(r->arena, name);
        ++*n;
    }
    return bw_json_finish(r);
}

bool conf_log_areas(bw_str text, struct log_area *out, size_t *n, struct bw_arena *a,
                    struct bw_err *e)
{
    struct bw_json_reader r;
    *n = 0;
    if (!text.p || !text.n)
        return true;
    bw_json_open(&r, a, text);
    r.comments = true;
    return read_areas(&r, out, n) || bw_fail(e, BW_BAD, "%s", r.why);
}

static bool check_levels(const void *value, struct bw_err *e)
{
    struct log_area areas[CONF_AREAS];
    struct bw_arena a;
    size_t n;
    bw_arena_init(&a);
    bool ok = conf_log_areas(*(const bw_str *)value, areas, &n, &a, e);
    bw_arena_release(&a);
    return ok;
}

static bool check_access(const void *value, struct bw_err *e)
{
    const char *format = *(const char *const *)value;
    struct access a;
    return !format || !*format || access_compile(&a, format, e);
}

const struct option conf_log_options[] = {
    {.name = "level",
     .type = OPT_ENUM,
     AT(log.level),
     .live = true,
     .names = levels,
     .initial = "\"info\"",
     .help = "records below it are not written"},
    {.name = "levels",
     .type = OPT_RAW,
     AT(log.levels),
     .live = true,
     .check = check_levels,
     .help = "areas with a level of their own: {\"http\": \"debug\"}"},
    {.name = "format",
     .type = OPT_ENUM,
     AT(log.format),
     .live = true,
     .names = formats,
     .initial = "\"auto\"",
     .help = "auto = text on a terminal, JSON lines elsewhere"},
    {.name = "to",
     .type = OPT_TEXTS,
     AT(log.to),
     .live = true,
     .help =
         "terminal, file, journald, syslog; unless said the file if there is one, else standard "
         "error, or the journal when that is where it leads"},
    {.name = "file",
     .type = OPT_CSTR,
     AT(log.file),
     .live = true,
     .help = "appended to; opened anew at SIGUSR1"},
    {.name = "syslog",
     .type = OPT_CSTR,
     AT(log.syslog),
     .live = true,
     .initial = "\"unix:/dev/log\"",
     .help = "where syslog is: unix:PATH, udp:HOST:PORT, tcp:HOST:PORT, tls:HOST:PORT"},
    {.name = "syslog_ca",
     .type = OPT_CSTR,
     AT(log.syslog_ca),
     .live = true,
     .help = "tls: file of the certificates (PEM) that may vouch for the server; whom the system "
             "trusts unless said"},
    {.name = "syslog_cert",
     .type = OPT_CSTR,
     AT(log.syslog_cert),
     .live = true,
     .help = "tls: our own certificate (PEM), for a server that asks who logs"},
    {.name = "syslog_key",
     .type = OPT_CSTR,
     AT(log.syslog_key),
     .live = true,
     .help = "tls: its private key (PEM); in the file of the certificate unless said"},
    {.name = "rotate_count",
     .type = OPT_INT,
     AT(log.rotate_count),
     .live = true,
     .initial = "8",
     .min = 0,
     .max = 10000,
     .help = "files in all, the one written to among them; 0 or 1 = no rotation"},
    {.name = "rotate_size",
     .type = OPT_SIZE,
     AT(log.rotate_size),
     .live = true,
     .initial = "\"64 MiB\"",
     .min = 0,
     .max = INT64_MAX,
     .help = "from this size on a file is rotated; 0 = any size"},
    {.name = "rotate_total",
     .type = OPT_SIZE,
     AT(log.rotate_total),
     .live = true,
     .initial = "0",
     .min = 0,
     .max = INT64_MAX,
     .help = "bytes of all rotated files together, the oldest go; 0 = any"},
    {.name = "rotate_daily_at",
     .type = OPT_INT,
     AT(log.rotate_daily_at),
     .live = true,
     .initial = "-1",
     .min = -1,
     .max = 23,
     .help = "also rotated each day at this hour of local time; -1 = not"},
    {.name = "rotate_compress",
     .type = OPT_BOOL,
     AT(log.rotate_compress),
     .live = true,
     .initial = "true",
     .help = "gzip for rotated files"},
    {.name = "RotateFileCount",
     .type = OPT_INT,
     AT(log.rotate_file_count),
     .live = true,
     .initial = "-1",
     .min = -1,
     .max = 10000,
     .help = "the same as rotate_count; -1 = unsaid"},
    {.name = "RotateFileSizeKB",
     .type = OPT_INT,
     AT(log.rotate_file_kb),
     .live = true,
     .initial = "-1",
     .min = -1,
     .max = INT64_MAX / 1024,
     .help = "the same as rotate_size, in KiB; -1 = unsaid"},
    {.name = "RotateFileDailyAtHour",
     .type = OPT_INT,
     AT(log.rotate_file_hour),
     .live = true,
     .initial = "-1",
     .min = -1,
     .max = 23,
     .help = "the same as rotate_daily_at; -1 = unsaid"},
    {.name = "access",
     .type = OPT_CSTR,
     AT(log.access),
     .live = true,
     .check = check_access,
     .help = "a line for each request: common, combined, json, or a text with variables such as "
             "$peer $request $status $ms; none unless said"},
    {.name = "access_file",
     .type = OPT_CSTR,
     AT(log.access_file),
     .live = true,
     .help = "where these lines go, rotated as the log; standard output unless said"},
    {.name = "access_sample",
     .type = OPT_INT,
     AT(log.access_sample),
     .live = true,
     .initial = "1",
     .min = 1,
     .max = 1000000000,
     .help = "only every n-th of the requests that did not fail"},
    {.name = "access_errors_only",
     .type = OPT_BOOL,
     AT(log.access_errors_only),
     .live = true,
     .initial = "false",
     .help = "only requests answered with 400 or above"},
    {.name = "slow_request",
     .type = OPT_DURATION,
     AT(log.slow_request),
     .live = true,
     .initial = "0",
     .min = 0,
     .max = INT64_MAX,
     .help = "requests that take as long are told to the log; 0 = none"},
    {.name = "slow_query",
     .type = OPT_DURATION,
     AT(log.slow_query),
     .live = true,
     .initial = "0",
     .min = 0,
     .max = INT64_MAX,
     .help = "reads of the database that take as long are told to the log; 0 = none"},
    {.name = NULL},
};

void conf_log_level_options(struct option out[3])
{
    size_t n = 0;
    for (const struct option *o = conf_log_options; o->name; o++)
        if (!strcmp(o->name, "level") || !strcmp(o->name, "levels"))
            out[n++] = *o;
    bw_must(n == 2);
    out[n] = (struct option){.name = NULL};
}
