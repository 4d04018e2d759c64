/* host.c: from settings to a running application. Opens what it needs in order and closes it in the
 * opposite order; what failed half-way is closed by host_close alike. Owned by the main thread. */
#include "host/host.h"

#include "core/log.h"
#include "os/cgroup.h"
#include "os/cpus.h"
#include "os/file.h"
#include "os/process.h"

#define READERS 4 /* connections a loop may open to a store */

static size_t count_tables(const struct bw_table *const *t)
{
    size_t n = 0;
    while (t && t[n])
        n++;
    return n;
}

/* The program's tables, then those of the settings. */
static bool join_tables(struct host *h, struct bw_err *e)
{
    if (!h->conf->tables.p)
        return true;
    const struct bw_table **more =
        tables_from_json(h->conf->tables, h->conf->file, h->conf->text, &h->arena, e);
    if (!more)
        return false;
    size_t a = count_tables(h->app.tables), b = count_tables(more);
    const struct bw_table **all = BW_NEW_N(&h->arena, const struct bw_table *, a + b + 1);
    for (size_t i = 0; i < a; i++)
        all[i] = h->app.tables[i];
    for (size_t i = 0; i < b; i++)
        all[a + i] = more[i];
    h->app.tables = all;
    return true;
}

static bool make_folder(const char *file, struct bw_arena *a, struct bw_err *e)
{
    const char *slash = strrchr(file, '/');
    if (!slash || slash == file)
        return true;
    return file_make_folders(bw_arena_cstr(a, bw_str_of(file, (size_t)(slash - file))), e);
}

/* A container's memory bounds the caches: the kernel would end the process for them. */
static int64_t fit_cache(const struct host *h, const struct store_place *p)
{
    unsigned threads = h->conf->server.threads ? (unsigned)h->conf->server.threads : cpus_count();
    unsigned connections = h->n_places * (threads * READERS + 1);
    int64_t cache = host_cache(p->conf->cache, connections, cgroup_memory());
    if (cache < p->conf->cache)
        log_info("host", "caches are smaller than the settings say: memory is limited",
                 LOG_CSTR("store", p->name), LOG_NUM("cache_kib", cache >> 10));
    return cache;
}

/* Makes what must be there before the store is opened. *missing: a look at it will find nothing. */
static bool prepare_place(struct host *h, const struct store_place *p, enum host_use use,
                          bool *missing, struct bw_err *e)
{
    *missing = *p->path && use != HOST_SERVE && access(p->path, F_OK) != 0;
    if (*p->path && use == HOST_SERVE)
        return make_folder(p->path, &h->arena, e);
    if (*missing && use == HOST_INSPECT)
        return bw_fail(e, BW_MISSING, "there is no '%s' yet; the first start makes it", p->path);
    if (*missing)
        log_info("host", "not there yet; the first start makes it", LOG_CSTR("path", p->path));
    return true;
}

static struct store *open_place(struct host *h, const struct store_place *p, enum host_use use,
                                struct bw_err *e)
{
    bool missing;
    if (!prepare_place(h, p, use, &missing, e)) {
        bw_because(e, "opening the store '%s'", p->name);
        return NULL;
    }
    struct store_opts o = {.name = p->name,
                           .path = missing ? "" : p->path,
                           .sync = conf_syncs[p->conf->sync],
                           .cache_bytes = fit_cache(h, p),
                           .query_timeout = p->conf->query_timeout,
                           .sync_schema = use == HOST_SERVE || missing};
    return store_open(p->kind, &o, p->tables, p->n_tables, e); /* its error names the store */
}

static bool open_stores(struct host *h, enum host_use use, struct bw_err *e)
{
    struct store_places places;
    if (!host_places(h->conf, &h->server.model, &h->arena, &places, e))
        return false;
    h->stores = BW_NEW_N(&h->arena, struct store *, places.n + 1);
    h->server.stores = h->stores;
    h->n_places = (unsigned)places.n;
    for (size_t i = 0; i < places.n; i++) {
        h->stores[i] = open_place(h, &places.at[i], use, e);
        if (!h->stores[i])
            return false;
    }
    return true;
}

/* Each form compiled stays to the end: a request may be at it. */
static const struct access *make_access(struct host *h)
{
    const struct conf *c = h->conf;
    if (!c->log.access || !*c->log.access)
        return NULL;
    struct access *a = BW_NEW(&h->arena, struct access);
    bw_must(access_compile(a, c->log.access, NULL)); /* checked when loaded */
    a->sample = c->log.access_sample;
    a->errors_only = c->log.access_errors_only;
    return a;
}

static struct server_opts opts_of(const struct conf *c)
{
    return (struct server_opts){.root = c->rest.root,
                                .limit_default = c->rest.limit_default,
                                .limit_max = c->rest.limit_max,
                                .max_body = (size_t)c->server.max_body,
                                .batch_atomic_max = c->rest.batch_max,
                                .batch_deadline = c->rest.batch_timeout,
                                .health_details = c->rest.health_details,
                                .request_ids = c->rest.request_ids};
}

void host_change(struct host *h)
{
    struct server_opts o = opts_of(h->conf);
    o.access = make_access(h);
    server_change(&h->server, &o);
}

struct host *host_open(const struct bw_app *app, struct conf *conf, enum host_use use,
                       struct bw_err *e)
{
    struct host *h = calloc(1, sizeof *h);
    bw_must(h);
    h->app = *app;
    h->conf = conf;
    h->server.host = h;
    process_metrics();
    bw_arena_init(&h->arena);
    if (!conf->name)
        conf->name = app->name;
    struct server_opts o = opts_of(conf);
    if (use == HOST_SERVE)
        o.access = make_access(h);
    bool made = join_tables(h, e) && server_init(&h->server, &h->app, &o, e);
    if (made && open_stores(h, use, e) && server_ready(&h->server, e))
        return h;
    if (!made)
        h->server.app = NULL;
    host_close(h);
    return NULL;
}

void host_close(struct host *h)
{
    if (!h)
        return;
    if (h->server.app)
        server_stop(&h->server);
    for (size_t i = 0; h->stores && h->stores[i]; i++)
        store_close(h->stores[i]);
    if (h->server.app) /* the stores point into its model */
        server_release(&h->server);
    bw_arena_release(&h->arena);
    free(h);
}

/* ---- an application in this process ---- */

struct embedded {
    struct conf conf;
    struct host *host;
};

struct bw_server *bw_server_open(const struct bw_app *app, const char *data_dir, struct bw_err *e)
{
    struct embedded *m = calloc(1, sizeof *m);
    bw_must(m);
    conf_init(&m->conf);
    m->conf.data = bw_arena_cstr(&m->conf.arena, bw_cstr(data_dir));
    m->host = host_open(app, &m->conf, HOST_SERVE, e);
    if (!m->host) {
        conf_release(&m->conf);
        free(m);
        return NULL;
    }
    m->host->server.host = m;
    return &m->host->server;
}

void bw_server_close(struct bw_server *s)
{
    if (!s)
        return;
    struct embedded *m = s->host;
    host_close(m->host);
    conf_release(&m->conf);
    free(m);
}

void *bw_server_user(struct bw_server *s)
{
    return s->app->user;
}

const char *bw_version(void)
{
    return BW_RELEASE;
}
