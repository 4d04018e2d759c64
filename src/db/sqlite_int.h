/* sqlite_int.h: the parts of the SQLite engine as they see each other.
 *
 *   sqlite_conn    one connection: its limits and its cache of prepared statements
 *   sqlite_reader  a read-only connection with its kept snapshot, used by one fiber at a time
 *   sqlite_readers all readers of one loop, or of the plain threads together
 *   sqlite_writer  the thread with the only writing connection
 *   sqlite_lease   a transaction on the writer, driven from outside
 *   sqlite_place   the file, its lock, the directory of an in-memory database */
#ifndef DB_SQLITE_INT_H
#define DB_SQLITE_INT_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <uv.h>

#include "core/list.h"
#include "db/db_int.h"
#include "net/trace.h"
#include "net/wait.h"

#define SQLITE_STATEMENTS 128 /* prepared statements kept per connection */

struct sqlite;
struct sqlite_readers;

struct sqlite_stmt {
    struct db_rows rows; /* a running statement is the caller's rows */
    struct sqlite_conn *conn;
    sqlite3_stmt *stmt;
    struct list lru;
    struct sqlite_stmt *chain; /* next in its bucket */
    uint64_t hash;
    size_t n;    /* bytes of sql */
    bool busy;   /* running: a second run of the same text gets a statement of its own */
    bool cached; /* else it goes away after its run */
    bool sorts;  /* has a sorting step, which cannot yield */
    bool heavy;  /* sorted too much for the loop the last time */
    bool slow;   /* took more than a slice the last time */
    bool stepped, yielded, done;
    const char *first; /* of a row's values, and how far they are apart: sqlite_values */
    ptrdiff_t step;
    struct span span; /* of this run */
    char sql[];
};

struct sqlite_conn {
    sqlite3 *db;
    const char *path;             /* for sentences */
    struct sqlite_reader *reader; /* what it is part of, NULL for the writer */
    struct list lru;              /* cached statements, the latest first */
    struct sqlite_stmt *buckets[SQLITE_STATEMENTS];
    unsigned cached, running; /* statements */
    bool full;                /* a disk was, since the last checkpoint */
    bool broken;              /* an I/O error was seen: to be opened anew */
};

enum sqlite_role { SQLITE_READER, SQLITE_WRITER };

struct sqlite_reader {
    struct sqlite_conn conn;
    struct sqlite_readers *set;
    struct sqlite_stmt *running; /* the one stepped now */
    struct list node;            /* in set->idle or set->busy */
    const void *user;            /* the fiber or thread that has it */
    unsigned uses;               /* its open rows */
    sqlite3_stmt *begin, *end;
    bool snapshot;          /* inside BEGIN … COMMIT */
    uint64_t epoch;         /* of the snapshot, or of the latest read */
    int64_t deadline;       /* of the outermost query */
    int64_t slice, ticked;  /* when this slice began; the last progress call */
    bool fresh;             /* no progress call yet in this step */
    bool away, first;       /* on a worker thread; first of its set: it gets the large cache */
    unsigned ticks, budget; /* progress calls of this step; its maximum, 0 = none */
    enum bw_code stop;      /* why the progress handler ended the query; BW_OK: to go on a worker */
};

struct sqlite_want {
    struct list node;
    const void *user;
    struct sqlite_reader *got;
    struct wait wait;
};

struct sqlite_readers {
    struct sqlite *s;
    struct loop *loop; /* NULL: the plain threads' set */
    uv_mutex_t lock;   /* plain threads: over all of it; else over alive and closer */
    struct list idle, busy, wants;
    unsigned n;
    atomic_uint snapshots;   /* kept now */
    struct loop_post drop;   /* by the writer: end what is stale */
    atomic_bool dropping;    /* posted and not begun */
    struct loop_post stop;   /* by who closes the database */
    struct loop_hook at_end; /* of the loop */
    bool alive;              /* the loop may be posted to; its own thread reads it without lock */
    struct wait *closer;
};

struct sqlite_tx {
    struct db_tx tx;
    struct sqlite_conn *conn;
};

/* One write on its way, on the stack of the fiber that waits for it: nothing may touch it once it
 * has been woken. */
struct sqlite_op {
    struct list node;
    bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e);
    void *arg;
    struct bw_err *e;
    struct sqlite_lease *lease; /* instead of fn: open this one */
    struct trace *trace;        /* of the waiter: fn's queries belong to it */
    bool queued, ok;
    struct wait wait;
};

struct sqlite_writer {
    struct sqlite *s;
    struct sqlite_conn conn;
    struct sqlite_tx tx;
    sqlite3_stmt *begin, *commit, *rollback, *save, *release, *undo;
    uv_thread_t thread;
    uv_mutex_t lock; /* over the queue */
    uv_cond_t work;
    struct list queue;
    unsigned queued;
    unsigned target; /* what the gathering writer waits for, 0 = it does not */
    bool closing;
    /* The writer thread's own. */
    int64_t commit_time;   /* smoothed, ns */
    unsigned expected;     /* size of the last group and those queued at its commit */
    unsigned misses, pass; /* vain waits for a few others; commits to pass before the next */
    int64_t deadline;      /* of the running lease, 0 = none */
    unsigned frames;       /* in the WAL after the last commit */
    unsigned tried;        /* frames at the last checkpoint */
    int64_t tried_at;
    int64_t wal_bytes; /* as last told to the metric */
};

struct sqlite_metrics {
    unsigned queue, groups, writes, group, commit_time, sync, wal, checkpoints;
    unsigned snapshots, slice, connections, moved;
    atomic_llong longest_slice;
};

struct sqlite {
    struct db db;
    struct db_opts opts;          /* its path is ours */
    char *path, *folder;          /* folder: of an in-memory database, removed at the end */
    int lock;                     /* descriptor of the lock file */
    const uint32_t *changes;      /* SQLite's own count of commits, in the shared WAL index */
    atomic_uint_fast64_t emptied; /* complete checkpoints: snapshots are renewed after them too */
    atomic_bool pressed;          /* the log is too long, since long reads overlap without end */
    struct sqlite_writer writer;
    _Atomic(struct sqlite_readers *) sets[LOOPS_MAX];
    atomic_uint n_sets; /* one above the highest index in use */
    struct sqlite_readers *threads;
    struct sqlite_metrics metrics;
};

extern const struct db_driver db_driver_sqlite;

/* sqlite_place_unix.c */
bool sqlite_place_take(struct sqlite *s, const char *path, struct bw_err *e);
void sqlite_place_leave(struct sqlite *s);

/* sqlite_error.c. Always false. */
bool sqlite_fail(struct sqlite_conn *c, int rc, struct bw_err *e);
/* "Table.column" out of "UNIQUE constraint failed: Table.column, …"; "" when there is none. */
void sqlite_error_field(const char *message, char *out, size_t size);

/* sqlite_value.c. copy: SQLite keeps its own copy of texts and blobs. */
bool sqlite_bind(struct sqlite_stmt *st, const struct bw_value *args, unsigned n, bool copy,
                 struct bw_err *e);
void sqlite_value(const struct db_rows *r, unsigned column, struct bw_value *out);
void sqlite_values(struct db_rows *r, const struct db_place *to, unsigned n, struct bw_value *row);

/* sqlite_conn.c */
bool sqlite_conn_open(struct sqlite_conn *c, const struct sqlite *s, enum sqlite_role role,
                      int64_t cache_bytes, struct bw_err *e);
void sqlite_conn_close(struct sqlite_conn *c); /* all statements are finished */
bool sqlite_conn_run(struct sqlite_conn *c, const char *sql, struct bw_err *e);
sqlite3_stmt *sqlite_conn_prepare(struct sqlite_conn *c, const char *sql, struct bw_err *e);
/* Runs a statement that gives no rows; SQLITE_OK or the error. */
int sqlite_conn_step(sqlite3_stmt *st);

/* sqlite_stmt.c */
struct sqlite_stmt *sqlite_stmt_get(struct sqlite_conn *c, const char *sql, struct bw_err *e);
void sqlite_stmt_put(struct sqlite_stmt *st); /* resets it */
void sqlite_stmt_clear(struct sqlite_conn *c);

/* sqlite_slice.c */
void sqlite_slice_watch(struct sqlite_reader *r); /* installs the progress and busy handlers */
int sqlite_slice_step(struct sqlite_reader *r, struct sqlite_stmt *st);

/* sqlite_reader.c */
struct sqlite_readers *sqlite_readers_new(struct sqlite *s, struct loop *loop);
void sqlite_readers_free(struct sqlite_readers *set);
struct sqlite_reader *sqlite_reader_take(struct sqlite *s, struct bw_err *e);
void sqlite_reader_give(struct sqlite_reader *r);
/* By the writer: has every loop end the snapshots that are stale. */
void sqlite_readers_refresh(struct sqlite *s);
bool sqlite_readers_clean(struct sqlite *s); /* no snapshot is kept anywhere */

/* sqlite_query.c */
struct db_rows *sqlite_query(struct db *db, const char *sql, const struct bw_value *args,
                             unsigned n, struct bw_err *e);
int sqlite_next(struct db_rows *r, struct bw_err *e);
void sqlite_rows_close(struct db_rows *r);
struct db_rows *sqlite_tx_query(struct db_tx *tx, const char *sql, const struct bw_value *args,
                                unsigned n, struct bw_err *e);
bool sqlite_exec(struct db_tx *tx, const char *sql, const struct bw_value *args, unsigned n,
                 struct bw_err *e);

/* sqlite_writer.c */
bool sqlite_writer_open(struct sqlite_writer *w, struct sqlite *s, struct bw_err *e);
void sqlite_writer_stop(struct sqlite_writer *w); /* ends the thread after all that is queued */
void sqlite_writer_close(struct sqlite_writer *w);
bool sqlite_writer_queue(struct sqlite_writer *w, struct sqlite_op *op, struct bw_err *e);
bool sqlite_writer_recall(struct sqlite_writer *w, struct sqlite_op *op); /* it was still queued */
bool sqlite_write(struct db *db, bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e),
                  void *arg, struct bw_err *e);

/* sqlite_group.c: on the writer thread. */
bool sqlite_group_prepare(struct sqlite_writer *w, struct bw_err *e);
void sqlite_group_release(struct sqlite_writer *w);
void sqlite_group_run(struct sqlite_writer *w, struct list *todo);
bool sqlite_group_begin(struct sqlite_writer *w, struct bw_err *e);
bool sqlite_group_commit(struct sqlite_writer *w, struct bw_err *e);
void sqlite_group_undo(struct sqlite_writer *w);

/* sqlite_wal.c: on the writer thread. */
void sqlite_wal_watch(struct sqlite_writer *w);
void sqlite_wal_tend(struct sqlite_writer *w);
uint64_t sqlite_wal_counter(const struct db *db);
uint64_t sqlite_wal_epoch(const struct sqlite *s);
bool sqlite_wal_find(struct sqlite *s, struct bw_err *e);

/* sqlite_lease.c */
void sqlite_lease_serve(struct sqlite_writer *w, struct sqlite_op *op);
struct db_lease *sqlite_lease_open(struct db *db, int64_t deadline, struct bw_err *e);
bool sqlite_lease_submit(struct db_lease *l,
                         bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e), void *arg,
                         struct bw_err *e);
bool sqlite_lease_wait(struct db_lease *l, struct bw_err *e);
bool sqlite_lease_close(struct db_lease *l, bool commit, struct bw_err *e);

void sqlite_metric_open(struct sqlite *s); /* sqlite_metric.c */

#endif
