/* table.h: a table made ready: names resolved, patterns compiled, references bound, a plan per
 * column. Made once from a struct bw_table (C descriptor or settings JSON), read-only after that,
 * shared by all threads. Column 0 is always `id`. A BLOB field `picture` brings a hidden companion
 * column `picture_type` (TEXT, its content type): a column with f == NULL and hidden set. */
#ifndef ORM_TABLE_H
#define ORM_TABLE_H

#include <burrow/arena.h>
#include <burrow/json.h>
#include <burrow/table.h>

#include "core/limits.h"
#include "core/map.h"

struct store;
struct table;
struct pattern; /* a compiled PCRE2 with limits (orm/pattern.h) */

#define COLUMNS_MAX (2 * LIMIT_FIELDS)

struct column_set {
    uint64_t bits[COLUMNS_MAX / 64];
};

static inline bool column_in(const struct column_set *s, unsigned i)
{
    return s->bits[i / 64] >> (i % 64) & 1;
}
static inline void column_add(struct column_set *s, unsigned i)
{
    s->bits[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline void column_drop(struct column_set *s, unsigned i)
{
    s->bits[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

struct column {
    bw_str name;       /* NUL behind it */
    enum bw_type type; /* of id: BW_TYPE_INT */
    enum bw_kind kind; /* how a store keeps it */
    unsigned index;
    const struct bw_field *f; /* NULL for id and companions */
    bw_str json_key;          /* `"name":` ready to write */
    bool hidden;              /* companion: never in JSON, filters or select */
    bool nullable;
    unsigned companion; /* of a BLOB: index of its content type column; 0 = none */
    struct table *ref;  /* REF */
    struct pattern *pattern;
    bool has_initial;
    struct bw_value initial;
};

/* What writing a row needs of a column, all in few cache lines. */
struct json_column {
    const char *key; /* as json_key, but a comma in front */
    unsigned short n;
    unsigned char type; /* enum bw_type */
};

struct table {
    const struct bw_table *def;
    bw_str name;
    struct column *columns;
    unsigned n_columns;
    struct map by_name;       /* column name → struct column *, exact case; without hidden ones */
    struct column_set simple; /* what an answer shows unless said: all but blobs, write-only and
                                 hidden; with id */
    struct column_set
        writable;           /* what a client may set: not id, read-only, automatic or hidden ones */
    struct column_set wide; /* texts and blobs: what a value takes is not known before */
    size_t json_most;       /* what a record takes as JSON without these values */
    struct json_column *json;            /* by column index */
    unsigned version, created, modified; /* their column index, 0 = none */
    struct table **referrers; /* tables with a REF to this one, NULL-terminated; may hold itself */
    struct store *store;
    void *store_data; /* the store's plan for this table (prepared SQL texts …) */
    unsigned index;   /* in its model */
};

struct model {
    struct table *tables;
    unsigned n_tables;
    struct map by_name; /* case-insensitive */
    struct bw_arena arena;
};

/* Checks every name, bound, default, pattern and reference; the sentence names table and field. */
bool model_init(struct model *m, const struct bw_table *const *defs, struct bw_err *e);
void model_release(struct model *m);
struct table *model_table(const struct model *m,
                          bw_str name); /* case-insensitive, NULL when none */
/* BW_MISSING "no table 'x', did you mean …". */
struct table *model_need(const struct model *m, bw_str name, struct bw_err *e);
struct table *
model_of(const struct model *m,
         const struct bw_table *def); /* the one made from this descriptor (or one of its name) */
/* A table for reading and writing records only (a client's): without a model, so its references
 * stay unbound. Ended by table_release. */
bool table_init_alone(struct table *t, const struct bw_table *def, struct bw_arena *a,
                      struct bw_err *e);
void table_release(struct table *t);
struct column *table_column(const struct table *t, bw_str name); /* NULL when none or hidden */
/* BW_BAD "Article has no field 'x', did you mean …", e->field set. */
struct column *table_need(const struct table *t, bw_str name, struct bw_err *e);

/* ", did you mean 'views'?" for a name that is no field, or "". */
const char *table_near(const struct table *t, bw_str name, char hint[96]);
/* "int" "real" "text" …: the type's name in settings JSON and sentences. */
const char *type_name(enum bw_type t);

/* Tables from settings JSON (the array behind `"tables":`, comments allowed): descriptors and the
 * NULL-terminated list of them allocated in the arena; NULL on error. Errors are
 * "file:line:column: sentence" (file NULL: "line 3, column 7: sentence"), naming table and field;
 * when `json` lies inside `text` (the whole settings file) places count from the file's beginning,
 * else (text.p NULL) from the array's. What needs the other tables is checked by model_init. */
const struct bw_table **tables_from_json(bw_str json, const char *file, bw_str text,
                                         struct bw_arena *a, struct bw_err *e);

#endif
