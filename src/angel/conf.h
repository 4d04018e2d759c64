/* conf.h: the angel's settings: one file with "Services", or a folder of *.service files, in the
 * words of mORMot's Angelize and modern ones beside them. Checked whole before anything starts;
 * errors are "file:line:column: sentence". Everything lives in the arena of `struct angel_conf`. */
#ifndef ANGEL_CONF_H
#define ANGEL_CONF_H

#include "angel/capture.h"
#include "angel/hands.h"
#include "angel/pace.h"
#include "core/settings.h"

/* ---- a step of Start, Stop or Watch: verb[,verb…]:parameter[=expected] ---- */
struct action_kind;
struct action_step {
    const struct action_kind *kind; /* of actions.def */
    const char *text;               /* as written, for people */
    const char *param;              /* placeholders are filled in */
    const char *const *argv;        /* of start, exec, wait: split, NULL-terminated */
    int64_t expected;               /* status; kind's default unless written */
    int64_t timeout;                /* ns */
};
struct action_steps {
    const struct action_step *p;
    size_t n;
};

/* ---- a probe: startup, ready, live ---- */
enum probe_what { PROBE_STARTUP, PROBE_READY, PROBE_LIVE, PROBE_KINDS };
struct probe_kind;
struct probe_conf {
    const struct probe_kind *kind; /* of probes.def: http tcp unix exec log notify; NULL = none */
    const char *target;            /* URL, host:port, path, text of a line */
    const char *const *argv;       /* exec */
    int64_t expected;              /* status */
    const char *member, *equals;   /* http: JSON member of the answer, and its value; NULL = any */
    int64_t interval, timeout, grace; /* ns */
    int64_t success, failure;         /* thresholds, in a row */
    int64_t jitter;                   /* per mille of the interval */
};

extern struct probe_conf angel_conf_no_probes[PROBE_KINDS];

enum restart_policy { RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };
enum group_strategy { STRATEGY_ONE, STRATEGY_REST, STRATEGY_ALL };

struct listen_conf {
    const char *name, *address;
};

struct conf_keys;
struct unit_conf {
    const char *name, *description, *file; /* file: where it was read */
    bool disabled, os_matches;
    int64_t level;
    const char *const *argv; /* of Run */
    const char *run;         /* Run as written */
    struct action_steps start, stop, watch;
    const char *const *env; /* complete */
    const char *cwd;
    const struct user_ids *user; /* NULL: as the angel */
    mode_t umask;
    int nice;
    struct hands_limit *limits;
    unsigned n_limits;
    int64_t memory_max, cpu_per_mille, pids_max;
    const char *const *after, *const *needs; /* names of units */
    const char *group;                       /* NULL = none */
    enum group_strategy strategy;
    int64_t replicas;
    struct listen_conf *listen;
    size_t n_listen;
    int stop_signal, reload_signal; /* reload_signal 0 = a restart */
    int64_t stop_grace;             /* StopRunAbortTimeoutSec; ns */
    enum restart_policy restart;
    int64_t stable; /* RetryStableSec; ns; 0 = never restarted */
    const int64_t *abort_codes, *success_codes;
    size_t n_abort_codes, n_success_codes;
    const int64_t *abort_signals;
    size_t n_abort_signals;
    struct backoff_conf backoff;
    int64_t budget, budget_window;       /* restarts in ns; 0 = any */
    int64_t start_timeout;               /* to be ready; 0 = any */
    int64_t watch_delay, watch_failures; /* 0 and 1: the first restarts */
    struct probe_conf *probes; /* PROBE_KINDS of them: angel_conf_no_probes for who has none */
    const char *const *notify; /* targets of notices */
    struct capture_policy log;
    int64_t rolling_surge;        /* how many more during a rolling restart; 0: not rolling */
    const struct conf_keys *keys; /* a digest of each setting, for plan_make */
    const struct angel_conf *of;  /* the brain's: whose arena all this is in */
};

struct angel_conf {
    const char *name;          /* of the manager */
    const char *file, *folder; /* what was read */
    const char *base;          /* %agl.base%: where that is, with '/' behind */
    const struct conf_main *written;
    const struct conf_keys *keys;            /* as of a unit */
    const char *state;                       /* folder */
    const char *log_folder;                  /* %log% */
    const char *control;                     /* the control API's socket: "unix:PATH" */
    const char *control_tcp, *control_token; /* "127.0.0.1:9000" and its secret; NULL = none */
    const char *control_cert, *control_key;  /* of control_tcp: files; NULL = no TLS, cert has it */
    const char *exit_with;                /* the unit whose end is that of the angel; NULL = none */
    const char *state_page, *state_title; /* a HTML file kept up to date; NULL = none */
    const char *smtp, *smtp_from, *hmac_secret;
    int64_t http_timeout;
    int64_t log_total;
    int64_t budget, budget_window;     /* restarts of the whole machine */
    int64_t guard_share, guard_window; /* correlated failures: per mille of units, in ns */
    int64_t stop_timeout;              /* all of it */
    const char *const *notes; /* what is accepted but means nothing here, a sentence each */
    struct unit_conf *units;  /* in order of start: level, dependencies, name */
    size_t n_units;
    struct bw_arena arena;
};

/* A file, or a folder of *.service files. On failure nothing is kept. */
bool angel_conf_load(struct angel_conf *c, const char *path, struct bw_err *e);
/* The same with --state: that folder instead of what the settings say; NULL = as they say. */
bool angel_conf_load_at(struct angel_conf *c, const char *path, const char *state,
                        struct bw_err *e);
/* From text, for tests and the library; `file` names it in errors. */
bool angel_conf_parse(struct angel_conf *c, const char *file, bw_str text, struct bw_err *e);
struct angel_text {
    const char *file;
    bw_str text;
    const char *base; /* the folder relative paths start at, with '/' behind; NULL: "/" */
};
bool angel_conf_parse_at(struct angel_conf *c, const struct angel_text *t, const char *state,
                         struct bw_err *e);
void angel_conf_release(struct angel_conf *c);
/* Moves it to malloc'd memory, for who hands it on: to be released, then freed. */
struct angel_conf *angel_conf_own(struct angel_conf *c);
/* The log file of a replica, counted from 1: conf->log.path, with "-2" before its ending from the
 * second on. NULL when there is none. */
const char *angel_conf_log_path(const struct unit_conf *u, int64_t replica, struct bw_arena *a);
/* The table of all keys: of a service, or of the whole (with Services in it). */
const struct option *angel_conf_keys(bool service);
/* Fills in %name% of `text` for a unit (NULL: the manager's own). */
const char *angel_conf_fill(const struct angel_conf *c, const struct unit_conf *u, const char *text,
                            struct bw_arena *a, struct bw_err *e);

/* ---- what a change of settings means, pure ---- */
enum plan_kind { PLAN_SAME, PLAN_LIVE, PLAN_ROLLING, PLAN_RESTART, PLAN_START, PLAN_STOP };
struct plan_item {
    const char *unit;
    enum plan_kind kind;
    const char *keys; /* "Run, MemoryMax": what differs */
};
struct plan {
    struct plan_item *p; /* in order of start; what stops is last */
    size_t n;
    /* Of the angel itself: what changes at once, and what only when it is started again. "" = none
     */
    const char *live, *restart;
};
extern const char *const plan_names[]; /* "unchanged", "live", … by plan_kind */
void plan_make(const struct angel_conf *from, const struct angel_conf *to, struct bw_arena *a,
               struct plan *out);

#endif
