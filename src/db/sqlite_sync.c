/* sqlite_sync.c: times the flushes to disk, where SQLite does them: a VFS that is the system's own
 * but for xSync, which calls the system's and observes how long it took. The files it opens get a
 * copy of their table of methods; there are few tables, each is copied once and kept.
 * The writer thread does all flushes while a database is open: it says whose they are. */
#include "db/sqlite_sync.h"

#include "core/clock.h"
#include "core/metric.h"
#include "db/sqlite_int.h"

#define TABLES 8

struct table {
    const sqlite3_io_methods *theirs;
    sqlite3_io_methods ours;
};

static sqlite3_vfs vfs, *below;
static struct table tables[TABLES];
static unsigned n_tables;
static uv_mutex_t lock; /* over both */
static _Thread_local unsigned observed;

static const struct table *table_of(const sqlite3_io_methods *ours)
{
    return (const struct table *)(const void *)((const char *)ours - offsetof(struct table, ours));
}

static int timed_sync(sqlite3_file *f, int flags)
{
    int64_t began = clock_mono();
    int rc = table_of(f->pMethods)->theirs->xSync(f, flags);
    if (observed)
        metric_observe(observed, clock_mono() - began);
    return rc;
}

/* NULL when there are more kinds of files than we know of: then they stay untimed. */
static const sqlite3_io_methods *timed(const sqlite3_io_methods *theirs)
{
    const sqlite3_io_methods *ours = NULL;
    uv_mutex_lock(&lock);
    for (unsigned i = 0; i < n_tables && !ours; i++)
        if (tables[i].theirs == theirs)
            ours = &tables[i].ours;
    if (!ours && n_tables < TABLES) {
        struct table *t = &tables[n_tables++];
        t->theirs = theirs;
        t->ours = *theirs;
        t->ours.xSync = timed_sync;
        ours = &t->ours;
    }
    uv_mutex_unlock(&lock);
    return ours;
}

static int timed_open(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *f, int flags, int *out)
{
    int rc = below->xOpen(v, name, f, flags, out);
    const sqlite3_io_methods *ours = f->pMethods ? timed(f->pMethods) : NULL;
    if (ours)
        f->pMethods = ours;
    return rc;
}

void sqlite_sync_init(void)
{
    bw_must(uv_mutex_init(&lock) == 0);
    below = sqlite3_vfs_find(NULL);
    bw_must(below);
    vfs = *below;
    vfs.zName = SQLITE_TIMED_VFS;
    vfs.xOpen = timed_open;
    bw_must(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

void sqlite_sync_observe(unsigned series)
{
    observed = series;
}
