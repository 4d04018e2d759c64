/* store_sqlite.c: the kind "sqlite": the SQL store on the embedded engine. Owns the database it
 * opens; its tables are brought in line with the model before anything is served. */
#include "core/near.h"
#include "orm/schema.h"
#include "orm/store_sql_int.h"

static bool read_sync(const char *name, enum db_sync *out, struct bw_err *e)
{
    static const struct {
        const char *name;
        enum db_sync sync;
    } all[] = {{"full", DB_SYNC_FULL}, {"normal", DB_SYNC_NORMAL}, {"off", DB_SYNC_OFF}};
    struct near near;
    char hint[96];
    near_init(&near, bw_cstr(name));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i].name, name) == 0) {
            *out = all[i].sync;
            return true;
        }
        near_offer(&near, bw_cstr(all[i].name));
    }
    return bw_fail(e, BW_BAD, "sync cannot be '%s'%s", name, near_hint(&near, hint));
}

static struct db *open_db(const struct store_opts *o, struct bw_err *e)
{
    struct db_opts opts = {.path = o->path ? o->path : "",
                           .sync = DB_SYNC_FULL,
                           .cache_bytes = o->cache_bytes,
                           .query_timeout = o->query_timeout};
    if (o->sync && *o->sync && !read_sync(o->sync, &opts.sync, e))
        return NULL;
    return db_open("sqlite", &opts, e);
}

/* Nothing is applied while anything is refused: the steps of a plan build on each other. */
static bool fit_schema(struct store_sql *s, const struct store_opts *o, struct table *const *tables,
                       unsigned n, struct bw_err *e)
{
    struct schema_plan plan;
    struct bw_arena arena;
    bw_arena_init(&arena);
    bool ok = schema_plan(&plan, s->db, tables, n, &arena, e);
    if (ok && (plan.lossy || (plan.n && !o->sync_schema)))
        ok = schema_refuse(&plan, e);
    else if (ok && plan.n)
        ok = schema_apply(&plan, s->db, false, e);
    bw_arena_release(&arena);
    return ok;
}

static void close_sqlite(struct store *base)
{
    struct store_sql *s = (struct store_sql *)base;
    db_close(s->db);
    bw_arena_release(&s->arena);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static struct store *open_sqlite(const struct store_opts *o, struct table *const *tables,
                                 unsigned n, struct bw_err *e)
{
    struct db *db = open_db(o, e);
    if (!db)
        return NULL;
    struct store_sql *s = calloc(1, sizeof *s);
    bw_must(s);
    s->db = db;
    s->dialect = &dialect_sqlite;
    bw_arena_init(&s->arena);
    bw_must(pthread_mutex_init(&s->lock, NULL) == 0);
    if (!fit_schema(s, o, tables, n, e)) {
        close_sqlite(&s->base);
        return NULL;
    }
    for (unsigned i = 0; i < n; i++)
        table_sql_make(s, tables[i]);
    return &s->base;
}

static uint64_t counter(struct store *s)
{
    return db_commit_counter(((struct store_sql *)s)->db);
}

static bool ping(struct store *s, struct bw_err *e)
{
    return db_ping(((struct store_sql *)s)->db, e);
}

static bool verify(struct store *s, struct bw_buf *report, struct bw_err *e)
{
    return db_check(((struct store_sql *)s)->db, report, e);
}

const struct store_kind store_sqlite = {
    .name = "sqlite",
    .help = "the embedded SQLite engine, one file; every acknowledged write survives a power cut",
    .open = open_sqlite,
    .close = close_sqlite,
    .get = store_sql_get,
    .list = store_sql_list,
    .next = store_sql_next,
    .cursor_close = store_sql_cursor_close,
    .count = store_sql_count,
    .write = store_sql_write,
    .begin = store_sql_begin,
    .tx_write = store_sql_tx_write,
    .tx_end = store_sql_tx_end,
    .counter = counter,
    .ping = ping,
    .verify = verify,
};
