/* store.h: where tables live. One seam, kinds in stores.def (sql over any db driver, memory; later
 * remote and replica); the conformance suite (tests/unit/orm/conformance.c) runs unchanged against
 * each. Every call *Waits.*; a store is shared by all threads. Rules of fields are checked before
 * (record_check); the store keeps what only it can: unique, references (with their on_delete),
 * versions, atomicity, durability. */
#ifndef ORM_STORE_H
#define ORM_STORE_H

#include "orm/query.h"
#include "orm/record.h"

struct store;
struct store_cursor;
struct store_tx;

enum change_kind { CHANGE_ADD, CHANGE_UPDATE, CHANGE_DELETE, CHANGE_DELETE_WHERE };

struct change {
    enum change_kind kind;
    struct table *table;
    struct record rec; /* ADD: all values; UPDATE: `has` says which change, rec.id which record */
    int64_t version;   /* UPDATE, DELETE: must match the version column; 0 = any */
    const struct filter *filter; /* DELETE_WHERE */
    /* the result */
    bool ok;
    int64_t id;          /* ADD: the id given */
    int64_t new_version; /* ADD, UPDATE of a table with a version column */
    int64_t count;       /* records changed, cascades not counted */
    struct bw_err err;   /* when not ok: BW_MISSING, BW_CHANGED, BW_CONFLICT (unique; reference
                          * restricts), BW_INVALID (reference to   no record), BW_FULL … with field */
};

struct store_opts {
    const char *name; /* of the store in settings */
    const char *path; /* SQLite file or memory's JSON file; "" = none */
    const char *sync; /* "full" "normal" "off" */
    int64_t cache_bytes, query_timeout;
    bool sync_schema; /* create and additively change tables at open (default); false: only compare
                       */
};

struct store_kind {
    const char *name, *help;
    struct store *(*open)(const struct store_opts *o, struct table *const *tables, unsigned n,
                          struct bw_err *e);
    void (*close)(struct store *s);
    bool (*get)(struct store *s, struct table *t, int64_t id, const struct column_set *set,
                struct bw_value *row, struct bw_arena *a, struct bw_err *e);
    struct store_cursor *(*list)(struct store *s, const struct query *q, struct bw_arena *a,
                                 struct bw_err *e);
    int (*next)(struct store_cursor *c, struct bw_value *row, struct bw_err *e);
    void (*cursor_close)(struct store_cursor *c);
    bool (*count)(struct store *s, const struct query *q, int64_t *n, struct bw_err *e);
    bool (*write)(struct store *s, struct change *c, size_t n, bool together, struct bw_err *e);
    struct store_tx *(*begin)(struct store *s, int64_t deadline, struct bw_err *e);
    bool (*tx_write)(struct store_tx *tx, struct change *c, size_t n, struct bw_err *e);
    bool (*tx_end)(struct store_tx *tx, bool commit, struct bw_err *e);
    uint64_t (*counter)(struct store *s);
    bool (*ping)(struct store *s, struct bw_err *e);
    bool (*verify)(struct store *s, struct bw_buf *report, struct bw_err *e);
};

/* Every store struct begins with this, every cursor and transaction with its own. */
struct store {
    const struct store_kind *kind;
    const char *name;
};
struct store_cursor {
    struct store *store;
};
struct store_tx {
    struct store *store;
};

extern const struct store_kind
    *const store_kinds[]; /* NULL-terminated, from stores.def: "sqlite", "memory" */

/* Opens a store for its tables and binds t->store, t->store_data. */
struct store *store_open(const char *kind, const struct store_opts *o, struct table *const *tables,
                         unsigned n, struct bw_err *e);
void store_close(struct store *s);
/* Row values live in the arena. BW_MISSING "no Article 7". Row has n_columns values; only those of
 * set are filled, others are null. */
bool store_get(struct table *t, int64_t id, const struct column_set *set, struct bw_value *row,
               struct bw_arena *a, struct bw_err *e);
struct store_cursor *store_list(const struct query *q, struct bw_arena *a, struct bw_err *e);
/* 1 row (borrowed until the next call), 0 end, -1 failed. Columns of select, of the order, and id
 * are filled. */
int store_next(struct store_cursor *c, struct bw_value *row, struct bw_err *e);
void store_cursor_close(struct store_cursor *c); /* NULL is fine */
bool store_count(const struct query *q, int64_t *n, struct bw_err *e);
/* together: all or none (e tells the first failure, its change has !ok and err); else each on its
 * own. False when nothing was done at all or (together) undone; each-on-its-own returns true and
 * the results say. All changes of one call are of one store. */
bool store_write(struct store *s, struct change *c, size_t n, bool together, struct bw_err *e);
/* *Waits.* What else is wrong with a record that is refused anyway and only its store knows: values
 * that must be unique and are taken, references to no record. As it stands now, by plain reads; a
 * fault for each field that has none yet. `id` is the record an update is for, 0 for an add. Not
 * for what stands in a transaction, which these reads do not see. */
void store_probe(struct table *t, const struct record *r, int64_t id, struct faults *f);
/* *Waits.* Of a change a store_write refused because of a field: the change's error into `e`, with
 * everything store_probe finds besides, and a fault for each. Always false. */
bool store_refused(const struct change *c, struct faults *f, struct bw_err *e);
/* A transaction fed in pieces (streamed batch). tx_write is pipelined: it may return before its
 * changes are done, and then their memory must live until the next tx_write or tx_end returns;
 * results are valid after that. The others' writes wait meanwhile, so what a peer drives needs a
 * deadline (monotonic ns, 0 = none); past it all is undone and every further call fails with
 * BW_LATE. Always ended by store_tx_end, which frees it; after a failure a commit fails with the
 * first one's error. */
struct store_tx *store_begin(struct store *s, int64_t deadline, struct bw_err *e);
bool store_tx_write(struct store_tx *tx, struct change *c, size_t n, struct bw_err *e);
bool store_tx_end(struct store_tx *tx, bool commit, struct bw_err *e);
/* Moves at every commit: an answer made at one value is exact while it stands. */
uint64_t store_counter(struct store *s);

#endif
