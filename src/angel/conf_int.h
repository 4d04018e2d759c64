/* conf_int.h: settings as they were written (struct conf_main, struct conf_entry), before they
 * become what the angel works with (struct angel_conf, struct unit_conf). The tables of conf_keys.c
 * describe these. Private to angel. */
#ifndef ANGEL_CONF_INT_H
#define ANGEL_CONF_INT_H

#include "angel/conf.h"
#include "core/vec.h"

/* A text that was read, for the places in errors. */
struct conf_source {
    const char *file;
    bw_str text;
};

struct conf_probe {
    const char *check; /* "http://…=200", "tcp:…", "notify"; NULL = none */
    const char *member, *equals;
    int64_t interval, timeout, grace, success, failure;
    double jitter; /* 0.1 = a tenth of the interval */
};

/* One service. What needs no work is in `conf` right away, which is first. */
struct conf_entry {
    struct unit_conf conf;
    const struct conf_source *source;
    const char *path; /* within it: "Services[2]", "" */
    const char **run;
    const char **start, **stop, **watch;
    int os;
    bool clear_env;
    const char **env, **start_env, **env_files, **options;
    uint64_t files; /* a digest of what the env_files hold */
    const char *user, *user_group;
    const char *umask;
    const char **limits;
    int64_t nice;
    double cpu_max; /* CPUs */
    const char **listen;
    const char *stop_signal, *reload_signal;
    struct opt_list abort_codes, success_codes;
    const char **abort_signals;
    double retry_jitter;
    struct conf_probe probes[PROBE_KINDS];
    const char *log_file;
    int64_t log_files, log_bytes, log_total, log_hour;
    bool log_daily;
};

struct conf_main {
    const char *service_name, *display_name, *executable;
    bw_str log;
    const char *log_path;
    int64_t log_rotate;
    const char *folder, *ext;
    int64_t http_timeout; /* ms */
    const char *state_file, *command_file, *state_title, *exit_with;
    int64_t start_delay; /* ms */
    int64_t start_timeout;
    const char *smtp, *smtp_from, *hmac_secret;
    const char **options;
    const char *state, *control, *control_tcp, *control_token, *control_cert, *control_key;
    bool control_unencrypted;
    int64_t log_total, budget, budget_window, guard_percent, guard_window, stop_timeout;
    struct opt_list services; /* of struct conf_entry */
};

extern const struct option conf_main_keys[], conf_unit_keys[];

/* What a load works with. Settings as written are forgotten at its end. */
struct conf_load {
    struct angel_conf *c;
    struct bw_arena *a;  /* of c: what remains */
    struct bw_arena raw; /* what does not */
    struct conf_main main;
    struct conf_main filled; /* the same with its placeholders filled in */
    struct conf_source *source;
    struct conf_entry **entries; /* as written */
    size_t n;
    const char *base;       /* %agl.base% */
    const char *const *env; /* of services that add nothing to the angel's; NULL = not made yet */
    VEC(const char *) notes;
    const struct conf_entry *like; /* the last one filled in; NULL = none yet */
    const uint32_t *base_keys;     /* digests that the next services' differ from in little */
};

/* The digests of all settings: those of another service, but for some. Services of one file are
 * mostly alike, and there are a hundred settings. */
struct conf_keys {
    const uint32_t *base;
    uint32_t n;
    struct conf_key {
        uint32_t at, digest;
    } own[];
};
static inline uint32_t conf_key(const struct conf_keys *k, size_t at)
{
    for (uint32_t i = 0; i < k->n; i++)
        if (k->own[i].at == at)
            return k->own[i].digest;
    return k->base[at];
}

/* "file:line:column: sentence", about the value `path` of an entry ("Needs[1]"; NULL entry: of the
 * main settings); always false. Sentence from `why`, code too. */
bool conf_fail_at(const struct conf_load *l, const struct conf_entry *u, const char *path,
                  struct bw_err *e);

/* conf_read.c: the files → main, entries. */
bool conf_read(struct conf_load *l, const char *path, struct bw_err *e);
bool conf_read_text(struct conf_load *l, const char *file, bw_str text, struct bw_err *e);

/* conf_fill.c: placeholders of a text, of all texts of an entry, of the main settings. The results
 * are copies, which remain. */
const char *conf_fill(const struct conf_load *l, const struct conf_entry *u, const char *text,
                      struct bw_err *e);
bool conf_fill_main(struct conf_load *l, struct bw_err *e);
bool conf_fill_entry(const struct conf_load *l, const struct conf_entry *raw,
                     struct conf_entry *out, struct bw_err *e);

/* conf_unit.c: a filled entry → its unit_conf; conf_env.c: its environment. */
bool conf_make_unit(struct conf_load *l, struct conf_entry *u, struct bw_err *e);
bool conf_make_env(struct conf_load *l, struct conf_entry *u, struct bw_err *e);
/* conf_probe.c: Startup, Ready, Live. */
bool conf_make_probes(const struct conf_load *l, const struct conf_entry *raw, struct conf_entry *u,
                      struct bw_err *e);
/* conf_step.c: Start, Stop, Watch. */
bool conf_make_steps(struct conf_load *l, const struct conf_entry *raw, struct conf_entry *u,
                     struct bw_err *e);

/* conf_check.c: names, dependencies, cycles; puts the units in order. */
bool conf_check_names(const struct conf_load *l, struct bw_err *e);
bool conf_check_units(struct conf_load *l, struct bw_err *e);

/* conf_os.c: does this system count as that one of conf_os_names? */
extern const char *const conf_os_names[];
bool conf_os_matches(int os);

#endif
