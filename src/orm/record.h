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
    int64_t version;       /* given in an UPDATE: what the version column must match; 0 = any. The
                            * column itself is never in `has` of an update: the store counts it up */
};

/* What is wrong with a record, field by field; at most 32 are kept. Values of write-only fields are
 * never repeated in a sentence. */
struct fault {
    bw_str field;     /* borrowed from the table or the input */
    const char *rule; /* required type min max min_len max_len pattern enum unknown read_only
                         duplicate; from stores: unique reference restrict */
    bw_str text;      /* sentence */
};
/* Born as {.arena = a}. */
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
/* Adds a sentence about a field; the 33rd and later ones are dropped. */
void fault_add(struct faults *f, bw_str field, const char *rule, const char *fmt, ...)
    BW_PRINTF(4, 5);
bool faults_hold(const struct faults *f, bw_str field); /* is there one about this field? */
/* BW_INVALID with the first fault's field and all sentences joined; always false when n > 0, true
 * when none. */
bool faults_fail(const struct faults *f, struct bw_err *e);

/* Reads one object (the reader stands before it). False only for malformed JSON or a non-object
 * (the reader then tells why); what is wrong with fields (type, unknown name with "did you mean",
 * read-only …) goes to faults. "id" is accepted, 0 and null mean "none given". Texts are borrowed
 * from the input or live in the reader's arena, decoded blobs in the faults' arena.
 *
 * Strict by type: INT takes integers only (1.0 and 1e3 are refused), BOOL true and false only (not
 * 0 and 1), TIME an RFC 3339 text, ENUM a name, BLOB standard base64, REF an id from 1 on, JSON any
 * value, kept as written. null is for nullable fields. */
bool record_read(struct record *r, const struct table *t, enum record_use use,
                 struct bw_json_reader *in, struct faults *f);
/* The same for one value of one column; false when a fault was added or the reader failed. */
bool record_read_value(const struct column *c, struct bw_json_reader *in, struct bw_value *out,
                       struct faults *f);
/* One value from text: as in JSON but bare (no quotes), BOOL also 1 and 0; the text is borrowed. */
bool record_text_value(const struct column *c, bw_str text, struct bw_value *out, struct faults *f);
/* One field from text (CSV import, URL): "" is null for nullable non-text columns. Not for `id`.
 * The text is copied into `a`, since lines of a file come and go.
 * Whether the client may set the column is the caller's question (table->writable). */
bool record_set_text(struct record *r, const struct column *c, bw_str text, struct faults *f,
                     struct bw_arena *a);
/* All rules of all fields: required (ADD), bounds, lengths, pattern, enum; a field with a fault
 * from reading gets no second one. ADD and TRUSTED fill defaults, created, modified, version = 1
 * (TRUSTED keeps what is given), and `has` holds every column after it; UPDATE fills modified.
 * Texts must be UTF-8 without U+0000 (databases disagree about it), JSON texts valid JSON; line
 * breaks between JSON tokens become spaces, so that a record always fits one line. */
void record_check(struct record *r, const struct table *t, enum record_use use, struct faults *f);
/* The rules of one column for one value (null is not looked at); false when a fault was added. */
bool record_check_value(const struct column *c, struct bw_value *v, struct faults *f);

/* Writes one object with the columns of `set`, values by column index. expand (may be NULL): called
 * for REF columns in its set to write the referenced record instead; it answers false, with nothing
 * written, when there is none: then the id is. */
struct record_expand {
    struct column_set set;
    bool (*write)(void *arg, const struct column *c, int64_t id, struct bw_json_writer *w);
    void *arg;
};
void record_write(const struct table *t, const struct column_set *set, const struct bw_value *v,
                  const struct record_expand *expand, struct bw_json_writer *w);
/* One value as JSON by its column. */
void record_write_value(const struct column *c, struct bw_value v, struct bw_json_writer *w);

/* A copy of a row that lives in the arena: what store_next gives is borrowed until the next one. */
struct bw_value *record_keep(const struct table *t, const struct bw_value *row, struct bw_arena *a);

/* C struct ↔ values, by the descriptor's offsets; only for tables with a C struct. Texts are
 * borrowed. Beyond table.h: a null ENUM is -1; an int that is no name's index becomes an INT value,
 * which record_check refuses. Hidden columns come out null. */
void record_from_struct(const struct table *t, const void *s, struct bw_value *v, int64_t *id);
void record_to_struct(const struct table *t, const struct bw_value *v, void *s);

#endif
