/* expand.h: the records that references point to, written in their place: one query per reference
 * field and chunk of rows, never one per row. Lives for one answer. */
#ifndef REST_EXPAND_H
#define REST_EXPAND_H

#include "orm/store.h"

#define EXPAND_ROWS 100 /* rows of a chunk */

struct expand_found {
    int64_t id;
    struct bw_value *row;
};

struct expand_column {
    const struct column *column;
    struct expand_found found[EXPAND_ROWS]; /* sorted by id */
    size_t n;
};

struct expand {
    const struct table *table;
    struct record_expand hook;      /* for record_write */
    struct expand_column **columns; /* by column index, NULL where not expanded */
    struct bw_arena arena;          /* of the chunk */
};

/* The columns of `set`. Ended by expand_release. */
void expand_init(struct expand *x, const struct table *t, const struct column_set *set,
                 struct bw_arena *a);
/* *Waits.* Fetches what these rows (at most EXPAND_ROWS) point to; what was fetched before is
 * forgotten. */
bool expand_fetch(struct expand *x, struct bw_value *const *rows, size_t n, struct bw_err *e);
void expand_release(struct expand *x);

#endif
