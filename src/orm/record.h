/* record.h: one record between its three forms: a row of values (index = column), JSON, a C struct.
 * All by the table's plan: no tree, no allocation per field (texts point into the input or the
 * arena). */
#ifndef ORM_RECORD_H
#define ORM_RECORD_H

#include "orm/table.h"

struct record {
    int64_t id;            /* 0 = to be given */
    struct column_set has; /* which values are given; id is not among them */
    struct bw_value *v;    /* n_columns of them */
};

/* What is wrong with a record, field by field; at most 32 are kept. */
struct fault {
    bw_str field;
    const char *rule; /* "required", "max_len", "pattern", "type", "unknown", "read_only", "unique",
                         "reference" … */
    bw_str text;      /* sentence */
};
struct faults {
    struct fault at[32];
    unsigned n;
    struct bw_arena *arena;
};

enum record_use {
    RECORD_ADD,
    RECORD_UPDATE,
    RECORD_TRUSTED /* import with ids, replication: read-only fields allowed */
};

void record_init(struct record *r, const struct table *t, struct bw_arena *a);
void fault_add(struct faults *f, bw_str field, const char *rule, const char *fmt, ...)
    BW_PRINTF(4, 5);
/* BW_INVALID with the first fault's field and all sentences joined; always false when n > 0, true
 * when none. */
bool faults_fail(const struct faults *f, struct bw_err *e);

/* Reads one object (the reader stands before it). False only for malformed JSON or a non-object;
 * what is wrong with fields (type, unknown name with "did you mean", read-only …) goes to faults.
 * "id" is accepted. */
bool record_read(struct record *r, const struct table *t, enum record_use use,
                 struct bw_json_reader *in, struct faults *f);
/* One field from text (CSV import, URL): "" is null for nullable non-text columns. */
bool record_set_text(struct record *r, const struct column *c, bw_str text, struct faults *f,
                     struct bw_arena *a);
/* All rules of all fields: required (ADD), bounds, lengths, pattern, enum. Fills defaults on ADD,
 * created, modified, version = 1. */
void record_check(struct record *r, const struct table *t, enum record_use use, struct faults *f);

/* Writes one object with the columns of `set`, values by column index. expand (may be NULL): called
 * for REF columns in its set to write the referenced record instead. */
struct record_expand {
    struct column_set set;
    bool (*write)(void *arg, const struct column *c, int64_t id, struct bw_json_writer *w);
    void *arg;
};
void record_write(const struct table *t, const struct column_set *set, const struct bw_value *v,
                  const struct record_expand *expand, struct bw_json_writer *w);
/* One value as JSON by its column. */
void record_write_value(const struct column *c, struct bw_value v, struct bw_json_writer *w);

/* C struct ↔ values, by the descriptor's offsets. Texts are borrowed. */
void record_from_struct(const struct table *t, const void *s, struct bw_value *v, int64_t *id);
void record_to_struct(const struct table *t, const struct bw_value *v, void *s);

#endif
