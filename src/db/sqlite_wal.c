/* sqlite_wal.c: the write-ahead log. Only the writer checkpoints, between groups, and only
 * passively: it never waits for a reader and never truncates as a rule. Once all of the log is in
 * the database, the next commit begins the log again at its start, if no reader still reads from
 * it; so all kept snapshots count as stale then, and the writer gives the loops a moment.
 *
 * The commit counter is SQLite's own, from the shared index of the log (its layout is part of
 * SQLite's documented file format): it moves also when another process commits. */
#include "db/sqlite_int.h"

#include "core/clock.h"
#include "core/metric.h"

#define INDEX_REGION 32768 /* bytes of one block of the index */
#define CHANGES_AT   2     /* 32-bit words before the counter */
#define WAL_FRAMES   2000  /* pages in the WAL that call for a checkpoint */
#define WAL_PRESSED  8192  /* frames beyond which long reads wait for it to be emptied */
#define RETRY        (5 * CLOCK_MS)
#define RETRY_SAME   (250 * CLOCK_MS) /* nothing has changed: it may well fail again */
#define PAUSE        20000            /* ns */
#define PAGE         4096
#define FRAME_HEAD   24
#define PAUSES       25

bool sqlite_wal_find(struct sqlite *s, struct bw_err *e)
{
    struct sqlite_conn *c = &s->writer.conn;
    if (!sqlite_conn_run(c, "SELECT count(*) FROM sqlite_schema", e))
        return false; /* also opens the log, and refuses what is no database */
    sqlite3_file *f = NULL;
    void volatile *index = NULL;
    int rc = sqlite3_file_control(c->db, "main", SQLITE_FCNTL_FILE_POINTER, &f);
    if (rc == SQLITE_OK && f && f->pMethods && f->pMethods->iVersion >= 2)
        rc = f->pMethods->xShmMap(f, 0, INDEX_REGION, 1, &index);
    if (rc != SQLITE_OK || !index)
        return bw_fail(e, BW_SYS, "cannot map the log index of the database '%s' (%s)", s->path,
                       sqlite3_errstr(rc));
    s->changes = (const uint32_t *)index + CHANGES_AT;
    return true;
}

uint64_t sqlite_wal_counter(const struct db *db)
{
    return __atomic_load_n(((const struct sqlite *)db)->changes, __ATOMIC_ACQUIRE);
}

uint64_t sqlite_wal_epoch(const struct sqlite *s)
{
    return sqlite_wal_counter(&s->db) + atomic_load_explicit(&s->emptied, memory_order_acquire);
}

static int committed(void *arg, sqlite3 *db, const char *name, int frames)
{
    (void)db;
    (void)name;
    struct sqlite_writer *w = arg;
    if ((unsigned)frames < w->frames)
        w->tried = 0; /* the log began anew */
    w->frames = (unsigned)frames;
    return SQLITE_OK;
}

void sqlite_wal_watch(struct sqlite_writer *w)
{
    sqlite3_wal_hook(w->conn.db, committed, w);
}

static void tell_size(struct sqlite_writer *w)
{
    int64_t bytes = (int64_t)w->frames * (PAGE + FRAME_HEAD);
    metric_add(w->s->metrics.wal, bytes - w->wal_bytes);
    w->wal_bytes = bytes;
}

/* Makes all kept snapshots stale and gives the loops a moment to end them. */
static void clear_readers(struct sqlite *s)
{
    atomic_fetch_add(&s->emptied, 1);
    sqlite_readers_refresh(s);
    for (int i = 0; i < PAUSES && !sqlite_readers_clean(s); i++)
        nanosleep(&(struct timespec){.tv_nsec = PAUSE}, NULL);
}

static bool is_due(struct sqlite_writer *w, int64_t now)
{
    /* On a full disk the log's own room, used again, may be all there is to delete something. The
     * log cannot grow then: a reader may have stood in the way, so the same one is tried again. */
    if (w->conn.full && now - w->tried_at > (w->frames == w->tried ? RETRY_SAME : RETRY))
        return true;
    if (w->frames < WAL_FRAMES)
        return false;
    if (w->frames - w->tried >= WAL_FRAMES / 2)
        return true;
    return atomic_load(&w->s->pressed) && now - w->tried_at > RETRY;
}

static void checkpoint(struct sqlite_writer *w)
{
    struct sqlite *s = w->s;
    int in_log = 0, in_base = 0;
    w->conn.full = false;
    clear_readers(s); /* an older snapshot would bound how far the checkpoint can go */
    int rc =
        sqlite3_wal_checkpoint_v2(w->conn.db, "main", SQLITE_CHECKPOINT_PASSIVE, &in_log, &in_base);
    bool whole = rc == SQLITE_OK && in_log == in_base;
    metric_add(s->metrics.checkpoints, 1);
    if (whole)
        clear_readers(s); /* those begun meanwhile read from the log; later ones do not */
    else if ((rc & 0xff) == SQLITE_IOERR)
        w->conn.broken = true; /* opened anew before the next group */
    atomic_store(&s->pressed, !whole && w->frames >= WAL_PRESSED);
}

void sqlite_wal_tend(struct sqlite_writer *w)
{
    tell_size(w);
    int64_t now = clock_mono();
    if (!is_due(w, now))
        return;
    w->tried = w->frames;
    w->tried_at = now;
    checkpoint(w);
}
