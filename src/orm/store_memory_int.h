/* store_memory_int.h: the memory store's insides. Records are immutable rows shared by count: a
 * change puts a new row, readers keep what they hold. Each slot has what everybody sees (`now`)
 * and, while a write runs, what the writer sees (`next`); commit moves one to the other, so readers
 * never see half a write. Tables change under the rwlock only, and only by who holds the turn. */
#ifndef ORM_STORE_MEMORY_INT_H
#define ORM_STORE_MEMORY_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/vec.h"
#include "db/turn.h"
#include "orm/store_rules.h"

struct mem_row {
    atomic_uint refs;
    int64_t id;
    struct bw_value v[]; /* texts behind them */
};

struct mem_slot {
    int64_t id;
    struct mem_row *now, *next;
    bool touched; /* next counts for the writer, also when NULL: deleted */
};

/* Rows by the hash of some columns: a treap of (hash, id), each as often as it was added. */
struct mem_node;
struct mem_index {
    const struct column **columns;
    unsigned n;
    bool unique;
    const struct index_rule *rule; /* of a unique one */
    struct mem_node *root;
    size_t entries;
};

struct mem_table {
    struct table *table;
    VEC(struct mem_slot) slots; /* by rising id */
    size_t dead;                /* slots of no record */
    int64_t live, next_id;
    struct index_rules rules;
    struct mem_index *indexes;
    unsigned n_indexes;
};

/* What the writer did, to be made good or undone. */
struct mem_step {
    struct mem_table *t;
    int64_t id;
    struct mem_row *before, *after;
    bool touched; /* before this step */
};

struct store_memory {
    struct store base;
    pthread_rwlock_t lock; /* of the tables; never held across a wait */
    struct turns turns;    /* who writes */
    struct mem_table *tables;
    unsigned n_tables;
    struct bw_arena arena;
    atomic_uint_fast64_t counter;
    VEC(struct mem_step) steps; /* of the running write; its holder's */
    pthread_mutex_t queue_lock;
    struct list queue; /* writes not yet begun */
    const char *path;  /* "" = not kept */
    struct mem_disk *disk;
};

/* store_memory_index.c */
bool mem_index_hash(const struct mem_index *x, const struct bw_value *v, uint64_t *hash);
void mem_index_add(struct mem_index *x, uint64_t hash, int64_t id);
void mem_index_remove(struct mem_index *x, uint64_t hash, int64_t id);
/* The smallest id >= from under this hash. */
bool mem_index_from(const struct mem_index *x, uint64_t hash, int64_t from, int64_t *id);
void mem_index_release(struct mem_index *x);

/* store_memory_table.c: rows and slots; under the lock. */
struct mem_row *mem_row_new(const struct table *t, int64_t id, const struct bw_value *v);
void mem_row_free(struct mem_row *r); /* one reference; NULL is fine */
struct mem_row *mem_row_share(struct mem_row *r);
void mem_table_init(struct mem_table *m, struct table *t, struct bw_arena *a);
void mem_table_release(struct mem_table *m);
size_t mem_lower(const struct mem_table *m, int64_t id); /* first slot at or behind id */
struct mem_slot *mem_find(const struct mem_table *m, int64_t id);
struct mem_row *mem_seen(const struct mem_table *m, int64_t id); /* by the writer */
/* Takes `row` (NULL: delete) as the writer's record of this id, and notes how to undo it. */
void mem_put(struct store_memory *s, struct mem_table *m, int64_t id, struct mem_row *row);
void mem_undo(struct store_memory *s, size_t mark); /* all steps from mark on */
void mem_commit(struct store_memory *s);
static inline struct mem_table *mem_table_of(const struct table *t)
{
    return t->store_data;
}

/* store_memory_change.c: one change against the writer's view, under the lock; undoes itself. */
bool mem_change(struct store_memory *s, struct change *c);
/* Breaks the row a rule of its table (unique, references to a record)? `id` is its own. */
bool mem_row_fits(const struct mem_table *m, int64_t id, const struct bw_value *v,
                  const struct column_set *given, struct bw_err *e);

/* store_memory_write.c */
bool mem_write(struct store *s, struct change *c, size_t n, bool together, struct bw_err *e);
struct store_tx *mem_begin(struct store *s, int64_t deadline, struct bw_err *e);
bool mem_tx_write(struct store_tx *tx, struct change *c, size_t n, struct bw_err *e);
bool mem_tx_end(struct store_tx *tx, bool commit, struct bw_err *e);

/* store_memory_read.c */
bool mem_get(struct store *s, struct table *t, int64_t id, const struct column_set *set,
             struct bw_value *row, struct bw_arena *a, struct bw_err *e);
struct store_cursor *mem_list(struct store *s, const struct query *q, struct bw_arena *a,
                              struct bw_err *e);
int mem_next(struct store_cursor *c, struct bw_value *row, struct bw_err *e);
void mem_cursor_close(struct store_cursor *c);
bool mem_count(struct store *s, const struct query *q, int64_t *n, struct bw_err *e);

/* store_memory_load.c, store_memory_save.c: the file. */
bool mem_load(struct store_memory *s, bw_str text, struct bw_err *e);
/* Blocks: writes the writer's view beside the file, syncs it and puts it in the file's place. */
bool mem_save(struct store_memory *s, struct bw_err *e);
/* The same text into a buffer, of a store without a file. */
bool mem_write_text(struct store_memory *s, struct bw_buf *out);

/* memory_disk_posix.c */
/* BW_BUSY: in use elsewhere. Without sync a power cut may cost the newest writes. */
struct mem_disk *mem_disk_open(const char *path, bool sync, struct bw_err *e);
void mem_disk_close(struct mem_disk *d);
bool mem_disk_read(struct mem_disk *d, struct bw_buf *out, struct bw_err *e); /* none: empty */
bool mem_disk_begin(struct mem_disk *d, struct bw_err *e);
bool mem_disk_write(struct mem_disk *d, bw_str bytes, struct bw_err *e);
bool mem_disk_commit(struct mem_disk *d, struct bw_err *e); /* the new file is the file, for sure */
void mem_disk_abandon(struct mem_disk *d);

#endif
