/* conf.h: the settings of a hosted application: one struct, filled by one table of options
 * (core/settings.h) from defaults, a file, the environment (BURROW_…) and the command line. */
#ifndef HOST_CONF_H
#define HOST_CONF_H

#include "core/settings.h"

struct conf_store {
    const char *name, *kind, *path;
    int sync; /* conf_syncs */
    int64_t cache, query_timeout;
};

struct conf {
    /* the application itself, for `burrow serve` */
    const char *name, *version, *help;
    bw_str tables;    /* JSON text of the array, inside `text`; p == NULL when none */
    const char *file; /* where the settings came from, NULL without a file */
    bw_str text;      /* the whole file, for places in errors */
    /* hosting */
    const char **listen;
    const char *data;
    struct {
        int64_t threads, max_connections, max_in_flight, max_body;
        int64_t head_timeout, body_timeout, write_timeout, idle_timeout, drain_timeout;
        bool compress;
        const char *user, *pid_file;
    } server;
    struct {
        const char *root;
        int64_t limit_default, limit_max, batch_max, batch_timeout;
        bool health_details, request_ids;
    } rest;
    struct {
        int level, format; /* enum log_level; enum conf_format */
        bw_str levels;     /* {"area": "level"}: conf_log_areas */
        const char **to, *file, *syslog, *syslog_ca, *syslog_cert, *syslog_key;
        int64_t rotate_count, rotate_size, rotate_total, rotate_daily_at;
        int64_t rotate_file_count, rotate_file_kb,
            rotate_file_hour; /* the chapter's; -1 = unsaid */
        bool rotate_compress;
        const char *access, *access_file;
        int64_t access_sample, slow_request, slow_query;
        bool access_errors_only;
    } log;
    struct {
        const char *socket; /* "none" = none; NULL or "" = where nobody chose it */
    } admin;
    struct opt_list stores; /* struct conf_store */
    struct bw_arena arena;
};

enum conf_format { CONF_FORMAT_AUTO, CONF_FORMAT_TEXT, CONF_FORMAT_JSON };

extern const struct option conf_options[], conf_log_options[];
extern const char *const conf_syncs[];

#define CONF_AREAS 64
/* log.levels as a list of at most CONF_AREAS. False with a sentence when it is no such object. */
struct log_area;
bool conf_log_areas(bw_str levels, struct log_area *out, size_t *n, struct bw_arena *a,
                    struct bw_err *e);
/* Of struct conf: log.level and log.levels as "level" and "levels". */
void conf_log_level_options(struct option out[3]);
void conf_init(struct conf *c);
void conf_release(struct conf *c);
/* File (NULL = none), then environment, then `overrides` ("section.key=value", n of them). */
struct conf_sources {
    const char *file;
    const char *const *environment;
    const bw_str *overrides;
    size_t n_overrides;
};
struct deploy;
/* What units and images need to know of the settings. */
void conf_to_deploy(const struct conf *c, struct deploy *d);
bool conf_load(struct conf *c, const struct conf_sources *from, struct bw_err *e);

#endif
