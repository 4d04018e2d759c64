/* deploy.h: files that put an application into operation: units, images, compose files. A generator
 * is one file and one line in generators.def; each artefact explains itself in comments and is a
 * template whose @words@ are filled from one struct. */
#ifndef DEPLOY_DEPLOY_H
#define DEPLOY_DEPLOY_H

#include <burrow/arena.h>
#include <burrow/buf.h>
#include <burrow/err.h>

struct deploy {
    const char *name;          /* of the service: letters, digits, '-', '_', '.' */
    const char *exec;          /* the program; one called burrow serves the settings as `serve` */
    const char *settings;      /* its settings file, NULL = none */
    const char *const *listen; /* of the settings, NULL-terminated */
    int64_t drain_s, batch_s;  /* the longest a stop, and a busy writer, may take: seconds */
};

struct artefact {
    const char *file; /* its name; @name@ is filled */
    const char *text; /* the template; NULL: made by write, whose text is filled all the same */
    void (*write)(struct bw_buf *out);
};

struct generator {
    const char *name, *help;
    const struct artefact *artefacts; /* ended by file == NULL */
    bool absolute;                    /* paths must be absolute: they are used where they are */
    bool watches;                     /* looks at a running one: knows no program */
};

extern const struct generator *const deploy_generators[]; /* NULL-terminated */

/* Refuses what cannot stand in a unit or a Dockerfile as it is. */
bool deploy_check(const struct generator *g, const struct deploy *d, struct bw_err *e);
/* Pure: a template filled. The words:
 *   name, program (exec without its folder), exec, settings, drain, patience (seconds), port,
 *   run, reload, health: a command for a unit; run_json, health_json: the same as JSON, as it is
 *   within an image; copy_settings, addresses, ports: lines of their own; targets: where it can be
 *   asked over TCP, as a YAML list; m:NAME: the metric of that name of core/metrics.def as /metrics
 *   tells it, so that what is generated cannot name one that does not exist. */
void deploy_fill(const struct deploy *d, const char *text, struct bw_buf *out);
/* An artefact of it: the template or what write makes, filled. */
void deploy_make(const struct deploy *d, const struct artefact *a, struct bw_buf *out);
/* The service unit of generator systemd, checked and filled. */
bool deploy_unit(const struct deploy *d, struct bw_buf *out, struct bw_err *e);
/* What `mine` has and `theirs` has not ("+"), and the other way round ("-"), by lines, each run
 * headed by its line. Nothing when they are equal. */
void deploy_diff(bw_str theirs, bw_str mine, struct bw_buf *out);

#endif
