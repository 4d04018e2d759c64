/* ctl.h: what the verbs of `burrow ctl` share: the connection to a running angel, requests, and
 * what it says of its services. A verb is a descriptor in a ctl_*.c and a line in ctl_verbs.def. */
#ifndef CLI_CTL_H
#define CLI_CTL_H

#include <burrow/json.h>

#include "cli/command.h"
#include "net/http_client.h"

/* The exit statuses; documented, so never changed. */
enum ctl_status {
    CTL_OK = 0,
    CTL_FAILED = 1,   /* it was refused, or not everything is ready (status) */
    CTL_WRONG = 2,    /* wrong use */
    CTL_NO_ANGEL = 3, /* no angel runs there */
    CTL_LATE = 4      /* not within the time */
};

struct ctl {
    const struct command *command;
    const struct args *args;
    const char *const *words; /* behind the verb */
    size_t n_words;
    bool json, once;
    bool served; /* it has answered: should it be away now, it is being started again */
    struct bw_arena arena;
    struct http_client *http;
    struct uri uri;
    const char *address; /* for people */
    struct http_field token;
    size_t n_tokens;
};

struct ctl_verb {
    const char *name;
    const char *usage; /* behind "burrow ctl NAME " */
    const char *help;
    size_t min_words, max_words;
    int (*run)(struct ctl *c); /* the exit status */
};
extern const struct ctl_verb *const ctl_verbs[]; /* NULL-terminated */

/* "burrow ctl: <sentence>"; gives back status. */
int ctl_complain(const struct ctl *c, const struct bw_err *e, int status);
/* The exit status an error means. */
int ctl_status_of(const struct bw_err *e);

/* Finds the angel by --control, --state, --settings or the defaults. */
bool ctl_open(struct ctl *c, struct bw_err *e);
void ctl_close(struct ctl *c);
/* *Waits.* Begins a request; its head has come and is good. NULL: e says why, with the angel's own
 * sentence. */
struct http_exchange *ctl_begin(struct ctl *c, const char *method, const char *target,
                                struct bw_err *e);
/* *Waits.* The whole answer, in the arena. */
bool ctl_ask(struct ctl *c, const char *method, const char *target, bw_str *body, struct bw_err *e);
/* "/v1/units/NAME/what", the name encoded. */
const char *ctl_unit_path(struct ctl *c, const char *name, const char *what);
/* --name SECONDS; -1 after an error has been told. */
int64_t ctl_seconds(const struct ctl *c, const char *name, int64_t otherwise);
void ctl_put(bw_str text); /* on standard output, with a line's end */

/* ---- services as the angel tells them ---- */

struct ctl_unit {
    const char *name, *unit, *state, *why, *last_exit;
    bool ready, wanted, degraded;
    int64_t pid, starts, restarts;
    bw_time since, started, next;
};
struct ctl_units {
    struct ctl_unit *p;
    size_t n;
};
/* Of GET /v1/units. */
bool ctl_units_read(bw_str json, struct bw_arena *a, struct ctl_units *out, struct bw_err *e);
/* "3d 4h", "12s". */
const char *ctl_span(bw_time from, bw_time to, char out[24]);

/* ---- a terminal that shows the same again and again ---- */

/* Calls draw(arg, out) every `ms` until somebody presses q, or it returns false (e is told). The
 * exit status. */
int ctl_screen(struct ctl *c, int ms, bool (*draw)(void *arg, struct bw_buf *out, struct bw_err *e),
               void *arg);
bool ctl_colours(void); /* on standard output: a terminal, and NO_COLOR is not set */

#endif
