/* sqlite_conn.c: opening a connection the way all of ours are: no lock of its own (one thread or
 * fiber uses it at a time, so no mutex is held while a fiber is parked in it), private cache,
 * bounded recursion, nothing of the file's own SQL trusted, never an automatic checkpoint. */
#include "db/sqlite_int.h"

#include <pthread.h>

#include "core/limits.h"
#include "db/sqlite_sync.h"

#define WAL_KEEP        (16 * 1024 * 1024) /* bytes an emptied WAL keeps on disk */
#define CACHE_BYTES     (16 * 1024 * 1024)
#define WRITER_PATIENCE 10000 /* ms for another process that writes */

static void init_library(void)
{
    /* Counting memory costs a lock per allocation. Refused, harmlessly, when the program we are
     * linked to has used SQLite before. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
    sqlite_sync_init();
}

/* Data of clients reaches the SQL functions: their recursion must fit a fiber's stack. A pattern of
 * LIMIT_LIKE bytes may grow threefold when its signs are escaped. */
static const struct {
    int what, most;
} limits[] = {
    {SQLITE_LIMIT_EXPR_DEPTH, 100},      {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 3 * LIMIT_LIKE},
    {SQLITE_LIMIT_COMPOUND_SELECT, 100}, {SQLITE_LIMIT_SQL_LENGTH, 1024 * 1024},
    {SQLITE_LIMIT_ATTACHED, 0},          {SQLITE_LIMIT_WORKER_THREADS, 0},
};

static const struct {
    int what, on;
} switches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},     {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
};

static void restrain(sqlite3 *db, enum sqlite_role role)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i].what, limits[i].most);
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        sqlite3_db_config(db, switches[i].what, switches[i].on, NULL);
    if (role == SQLITE_READER)
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    else
        sqlite3_busy_timeout(db, WRITER_PATIENCE);
    sqlite3_wal_autocheckpoint(db, 0);
}

static bool enter_wal(struct sqlite_conn *c, struct bw_err *e)
{
    sqlite3_stmt *st = sqlite_conn_prepare(c, "PRAGMA journal_mode=WAL", e);
    if (!st)
        return false;
    int rc = sqlite3_step(st);
    const char *mode = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
    bool ok = mode && strcmp(mode, "wal") == 0;
    if (ok) {
        rc = sqlite3_step(st); /* only here the change is committed */
        ok = rc == SQLITE_DONE;
    }
    if (rc != SQLITE_ROW && !ok)
        sqlite_fail(c, rc, e);
    else if (!ok)
        bw_fail(e, BW_SYS,
                "the database '%s' cannot use a write-ahead log; its file system must allow shared "
                "memory (a local disk does)",
                c->path);
    sqlite3_finalize(st);
    return ok;
}

static bool set_up(struct sqlite_conn *c, const struct sqlite *s, enum sqlite_role role,
                   int64_t cache_bytes, struct bw_err *e)
{
    static const char *const sync[] = {
        [DB_SYNC_FULL] = "PRAGMA synchronous=FULL",
        [DB_SYNC_NORMAL] = "PRAGMA synchronous=NORMAL",
        [DB_SYNC_OFF] = "PRAGMA synchronous=OFF",
    };
    char text[64];
    snprintf(text, sizeof text, "PRAGMA cache_size=-%lld",
             (long long)(cache_bytes > 0 ? cache_bytes : CACHE_BYTES) / 1024 + 1);
    if (!sqlite_conn_run(c, text, e))
        return false;
    if (role == SQLITE_READER)
        return true;
    snprintf(text, sizeof text, "PRAGMA journal_size_limit=%d", WAL_KEEP);
    return enter_wal(c, e) && sqlite_conn_run(c, sync[s->opts.sync], e) &&
           sqlite_conn_run(c, text, e);
}

bool sqlite_conn_open(struct sqlite_conn *c, const struct sqlite *s, enum sqlite_role role,
                      int64_t cache_bytes, struct bw_err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_library);
    *c = (struct sqlite_conn){.path = s->path, .reader = c->reader};
    list_init(&c->lru);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    flags |=
        role == SQLITE_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int rc = sqlite3_open_v2(s->path, &c->db, flags, SQLITE_TIMED_VFS);
    if (rc == SQLITE_OK) {
        restrain(c->db, role);
        if (set_up(c, s, role, cache_bytes, e))
            return true;
    } else {
        sqlite_fail(c, rc, e);
    }
    sqlite_conn_close(c);
    return false;
}

void sqlite_conn_close(struct sqlite_conn *c)
{
    sqlite_stmt_clear(c);
    int rc = sqlite3_close(c->db);
    bw_must(rc == SQLITE_OK); /* else a statement was left open */
    c->db = NULL;
}

sqlite3_stmt *sqlite_conn_prepare(struct sqlite_conn *c, const char *sql, struct bw_err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
    if (rc != SQLITE_OK)
        sqlite_fail(c, rc, e);
    return st;
}

int sqlite_conn_step(sqlite3_stmt *st)
{
    int rc;
    do
        rc = sqlite3_step(st);
    while (rc == SQLITE_ROW);
    sqlite3_reset(st);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

bool sqlite_conn_run(struct sqlite_conn *c, const char *sql, struct bw_err *e)
{
    sqlite3_stmt *st = sqlite_conn_prepare(c, sql, e);
    if (!st)
        return false;
    int rc = sqlite_conn_step(st);
    sqlite3_finalize(st);
    return rc == SQLITE_OK || sqlite_fail(c, rc, e);
}
