/* cmd_logs.c: burrow logs: what the log files tell, rotated and compressed ones too; several logs
 * (the access log beside the other) merged by time. Memory does not grow with the files. */
#include "cli/command.h"
#include "cli/logline.h"
#include "cli/logsource.h"

#include <time.h>

#include "core/log.h"
#include "core/quantity.h"

#define SOURCES 16
#define LOOK_NS (200 * 1000 * 1000) /* how often a followed log is looked at */

static const struct arg switches[] = {
    {"f", NULL, "go on with what is written from now on"},
    {"level", "LEVEL", "only records of this level and above"},
    {"since", "WHEN", "only what is newer: 10m, 2h, or 2026-11-23T23:00:00Z"},
    {"route", "PATH", "only requests whose path or route begins so"},
    {"json", NULL, "JSON lines instead of text"},
    {"help", NULL, "this"},
    {NULL, NULL, NULL},
};

struct source {
    struct logsource in;
    struct bw_arena arena; /* of the line */
    struct logline line;
    bool has;
    bw_time last; /* of the latest line that says its time: others stand with it */
    int level;    /* its level */
};

struct reading {
    struct source at[SOURCES];
    size_t n;
    bool follow, json;
    int level;
    bw_time since;
    bw_str route; /* p == NULL: all */
    struct bw_buf out;
};

static bool read_since(const char *text, bw_time *since, struct bw_err *e)
{
    int64_t ns;
    *since = 0;
    if (!text || bw_time_parse(bw_cstr(text), since))
        return true;
    if (!quantity_parse_duration(bw_cstr(text), &ns))
        return bw_fail(e, BW_BAD, "--since '%s' is neither a span such as 10m nor a time", text);
    *since = bw_now() - ns / 1000;
    return true;
}

static bool read_switches(struct reading *r, const struct args *a, struct bw_err *e)
{
    const char *level = args_value(a, "level", "trace"), *route = args_value(a, "route", NULL);
    r->follow = args_has(a, "f");
    r->json = args_has(a, "json");
    r->route = route ? bw_cstr(route) : (bw_str){.p = NULL};
    if (!logline_level(bw_cstr(level), &r->level))
        return bw_fail(e, BW_BAD, "--level '%s' is none of trace, debug, info, warn, error, fatal",
                       level);
    return read_since(args_value(a, "since", NULL), &r->since, e);
}

static void next(struct source *s, bool follow)
{
    bw_str text;
    bw_arena_clear(&s->arena);
    s->has = logsource_next(&s->in, !follow, &text);
    if (!s->has)
        return;
    logline_read(&s->line, text, &s->arena);
    if (s->line.at) {
        s->last = s->line.at;
        s->level = s->line.level;
    } else {
        s->line.level = s->level; /* more of the line before: a crash report */
    }
}

static struct source *oldest(struct reading *r)
{
    struct source *best = NULL;
    for (size_t i = 0; i < r->n; i++) {
        struct source *s = &r->at[i];
        if (!s->has)
            next(s, r->follow);
        if (s->has && (!best || s->last < best->last))
            best = s;
    }
    return best;
}

static void show(struct reading *r, const struct source *s)
{
    const struct logline *l = &s->line;
    if (l->level < r->level || s->last < r->since || (r->route.p && !logline_about(l, r->route)))
        return;
    bw_buf_clear(&r->out);
    if (r->json)
        logline_write_json(l, &r->out);
    else
        logline_write_text(l, &r->out);
    if (r->out.n)
        fwrite(r->out.p, 1, r->out.n, stdout);
}

static void read_all(struct reading *r)
{
    struct source *s;
    for (;;) {
        while ((s = oldest(r))) {
            show(r, s);
            s->has = false;
        }
        if (!r->follow || fflush(stdout) != 0 || ferror(stdout))
            return;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
}

static bool open_all(struct reading *r, const struct args *a, struct bw_err *e)
{
    if (a->words.n > SOURCES)
        return bw_fail(e, BW_BAD, "at most %d logs at once", SOURCES);
    for (; r->n < a->words.n; r->n++) {
        struct source *s = &r->at[r->n];
        if (!logsource_open(&s->in, a->words.p[r->n], e))
            return false;
        bw_arena_init(&s->arena);
        s->level = LOG_LEVEL_INFO;
    }
    return true;
}

static int run(const struct command *c, const struct args *a)
{
    struct reading *r = calloc(1, sizeof *r);
    struct bw_err e = {.code = BW_OK};
    int status = 0;
    bw_must(r);
    bw_buf_init(&r->out, 8u << 20);
    if (!read_switches(r, a, &e))
        status = command_complain(c, &e, 2);
    else if (!open_all(r, a, &e))
        status = command_complain(c, &e, 1);
    else
        read_all(r);
    for (size_t i = 0; i < r->n; i++) {
        logsource_close(&r->at[i].in);
        bw_arena_release(&r->at[i].arena);
    }
    bw_buf_release(&r->out);
    free(r);
    return status;
}

const struct command command_logs = {
    .name = "logs",
    .usage = "FILE [FILE …]",
    .help = "Shows log files, rotated and compressed ones too, merged by time",
    .text = "Each FILE is what log.file or log.access_file says; what was rotated beside it is "
            "found.\nA line without a time (a crash report) stands with the one before it.",
    .switches = switches,
    .min_words = 1,
    .max_words = SOURCES,
    .run = run,
};
