/* host.h: a hosted application: its settings, its stores, its server. Loops and listeners come from
 * launch.h when it serves; without them it is an application in this process: for tools, tests, and
 * the in-process client. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "host/conf.h"
#include "rest/access.h"
#include "rest/server.h"

enum host_use {
    HOST_SERVE,   /* tables are created and additively changed */
    HOST_INSPECT, /* the database is left as it is: migrate, check */
    HOST_TRY      /* the same; what is not there yet is made in memory, to see that it can be */
};

struct logfile_rotate;

struct host {
    struct bw_app app; /* the program's, with the tables of the settings added */
    struct conf *conf;
    struct bw_server server;
    struct store **stores; /* NULL-terminated */
    unsigned n_places;
    struct bw_arena arena;
};

/* The settings must outlive the host. Nothing is open when it fails. */
struct host *host_open(const struct bw_app *app, struct conf *conf, enum host_use use,
                       struct bw_err *e);
void host_close(struct host *h);
/* The settings of the server that may change while it serves, as they are now in h->conf. Main
 * thread. */
void host_change(struct host *h);
/* Starts the log by the settings. */
bool host_log(const struct conf *c, struct bw_err *e);
/* Opens the log's outputs anew by the settings, in place of those there are. On failure they stay.
 */
bool host_log_change(const struct conf *c, struct bw_err *e);
void host_log_live(const struct conf *c);   /* levels, and what counts as slow, from now on */
void host_log_levels(const struct conf *c); /* those of the settings, from now on */
struct logfile_rotate host_log_rotation(const struct conf *c);
/* From now on a crash tells signal, backtrace, requests in hand and last records to standard error
 * and the log file. Once, before loops are made; c->name must live as long. */
void host_watch_crashes(const struct conf *c);
/* The database files of the settings, in the order of the model's stores: what `burrow migrate`
 * looks at. */
struct store_place {
    const char *name, *kind, *path; /* path "" = none */
    const struct conf_store *conf;
    struct table **tables;
    unsigned n_tables;
};
struct store_places {
    struct store_place *at;
    size_t n;
};
/* Pure: the page cache of one connection: what the settings want, but all connections together no
 * more than a quarter of the memory the process may use (0 = no limit). */
int64_t host_cache(int64_t wanted, unsigned connections, int64_t memory);
/* Groups the model's tables by store. Allocated in the arena. */
bool host_places(const struct conf *c, const struct model *m, struct bw_arena *a,
                 struct store_places *places, struct bw_err *e);

#endif
