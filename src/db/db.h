/* db.h: the driver seam. A `struct db` is one opened database, shared by all threads. Reads and
 * writes *Wait.* SQL text is made by orm/ from the registry (never from a request); each connection
 * caches its prepared statements by that text; values are always bound.
 *
 * SQLite: a read runs inline on the loop with a read-only connection of that loop (plain threads
 * have their own small set); a write is a function run on the writer thread inside its own
 * savepoint, committed with its neighbours; db_write returns after the commit is durable. */
#ifndef DB_DB_H
#define DB_DB_H

#include <burrow/arena.h>
#include <burrow/buf.h>
#include <burrow/err.h>
#include <burrow/value.h>

struct db;
struct db_tx;
struct db_lease;
struct db_rows;

enum db_sync { DB_SYNC_FULL, DB_SYNC_NORMAL, DB_SYNC_OFF };

struct db_opts {
    const char *path;      /* SQLite file; "" = in memory (shared by all threads of this db) */
    enum db_sync sync;     /* FULL: an acknowledged write survives a power cut */
    int64_t cache_bytes;   /* per connection; 0 = default */
    int64_t query_timeout; /* ns a read may take; 0 = 30 s */
    unsigned max_readers;  /* connections per loop; 0 = 4 */
};

/* Where a column's value goes in a row, and which kind the row's owner expects there. */
struct db_place {
    unsigned short at;
    unsigned char kind; /* enum bw_kind */
};

struct db_driver {
    const char *name, *help;
    struct db *(*open)(const struct db_opts *o, struct bw_err *e); /* *Waits.* */
    void (*close)(struct db *db);
    bool (*write)(struct db *db, bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e),
                  void *arg, struct bw_err *e);
    struct db_rows *(*query)(struct db *db, const char *sql, const struct bw_value *args,
                             unsigned n, struct bw_err *e);
    struct db_rows *(*tx_query)(struct db_tx *tx, const char *sql, const struct bw_value *args,
                                unsigned n, struct bw_err *e);
    int (*next)(struct db_rows *r, struct bw_err *e);
    void (*value)(const struct db_rows *r, unsigned column, struct bw_value *out);
    void (*values)(struct db_rows *r, const struct db_place *places, unsigned n,
                   struct bw_value *row);
    void (*rows_close)(struct db_rows *r);
    bool (*exec)(struct db_tx *tx, const char *sql, const struct bw_value *args, unsigned n,
                 struct bw_err *e);
    struct db_lease *(*lease_open)(struct db *db, int64_t deadline, struct bw_err *e);
    bool (*lease_submit)(struct db_lease *l,
                         bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e), void *arg,
                         struct bw_err *e);
    bool (*lease_wait)(struct db_lease *l, struct bw_err *e);
    bool (*lease_close)(struct db_lease *l, bool commit, struct bw_err *e);
    uint64_t (*counter)(const struct db *db);
    bool (*ping)(struct db *db, struct bw_err *e);
    bool (*check)(struct db *db, struct bw_buf *report, struct bw_err *e);
};

extern const struct db_driver *const db_drivers[]; /* from drivers.def, NULL-terminated */

struct db *db_open(const char *driver, const struct db_opts *o, struct bw_err *e);
/* Reads that take as long, their caller's pauses included, are told to the log, for every database
 * of the process; 0 = none. */
void db_set_slow(int64_t ns);
void db_close(struct db *db); /* waits for queued writes; no fiber may be inside */
const struct db_driver *db_kind(const struct db *db);

/* *Waits.* fn runs in a transaction: on the writer thread for SQLite, so it must not wait on
 * anything else, nor touch loop things. It returns false (with e set) to undo all it did. A failing
 * COMMIT fails every write in it. BW_FULL when the disk is full, BW_CONFLICT for a constraint
 * (e->field holds "Table.column" when known), BW_BUSY when the queue is over its bound. */
bool db_write(struct db *db, bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e), void *arg,
              struct bw_err *e);
bool db_exec(struct db_tx *tx, const char *sql, const struct bw_value *args, unsigned n,
             struct bw_err *e);
int64_t db_tx_changes(struct db_tx *tx); /* rows of the last db_exec */
int64_t db_tx_last_id(struct db_tx *tx);
struct db_rows *db_tx_query(struct db_tx *tx, const char *sql, const struct bw_value *args,
                            unsigned n, struct bw_err *e);

/* A lease is a transaction driven from outside: the writer serves nobody else until it ends, so it
 * has a time limit (then it is undone and every further call fails with BW_LATE). For a streamed
 * atomic batch and the wire protocol's BEGIN/END. */
struct db_lease *db_lease_open(struct db *db, int64_t deadline,
                               struct bw_err *e); /* *Waits.* for the writer */
/* *Waits.* for the function submitted before, then hands over this one and returns at once: the
 * caller prepares the next while the writer works. False when the one before failed; the lease is
 * then undone. `arg` must live until the next submit, wait or close returns. */
bool db_lease_submit(struct db_lease *l, bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e),
                     void *arg, struct bw_err *e);
bool db_lease_wait(struct db_lease *l, struct bw_err *e); /* *Waits.* for the last one */
bool db_lease_close(struct db_lease *l, bool commit,
                    struct bw_err *e); /* *Waits.* durable when true; frees */

/* *Waits.* Text and blob values of args need to live only until the call returns for tx, and until
 * db_rows_close for db_query. NULL on failure. Rows belong to this fiber or thread. */
struct db_rows *db_query(struct db *db, const char *sql, const struct bw_value *args, unsigned n,
                         struct bw_err *e);
int db_next(struct db_rows *r,
            struct bw_err
                *e); /* *Waits.* 1 row, 0 end, -1 failed (cancelled: BW_GONE, deadline: BW_LATE) */
unsigned db_columns(const struct db_rows *r);
struct bw_value db_value(const struct db_rows *r,
                         unsigned column); /* borrowed until the next db_next */
/* The first n columns into row[places[i].at], made to fit the kind expected there (what another
 * program wrote into a table may be of any): text and blob pass for each other, an integer becomes
 * a real, anything else null. One call for a whole row. */
void db_values(struct db_rows *r, const struct db_place *places, unsigned n, struct bw_value *row);
void db_rows_close(struct db_rows *r); /* NULL is fine */

/* Counts commits of this process and (SQLite) others': a cached answer is valid while it stands. */
uint64_t db_commit_counter(const struct db *db);
bool db_ping(struct db *db, struct bw_err *e);
bool db_check(struct db *db, struct bw_buf *report, struct bw_err *e); /* integrity; *Waits.* */

#endif
