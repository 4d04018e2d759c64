/* clang-format off */
/* table.h: what a table is. A table has an implicit `id` (int64, primary key, given by the store
 * when 0) and fields. Written as a C descriptor next to a C struct, or read from settings JSON into
 * the same structs (offset = BW_NO_OFFSET then): one code path behind both.
 *
 * type     | C member | in a store       | JSON
 * INT      | int64_t  | INT              | number, exact: 1.0 and 1e3 are no integers
 * REAL     | double   | REAL             | number
 * TEXT     | bw_str   | TEXT             | string
 * BLOB     | bw_str   | BLOB             | base64 string, only when selected; has its own URL
 * BOOL     | bool     | INT 0/1          | true, false (not 1 and 0)
 * TIME     | bw_time  | INT microseconds | RFC 3339 string
 * JSON     | bw_str   | TEXT             | the value itself, kept as written
 * ENUM     | int      | TEXT, the name   | the name; in C its index in `names`, -1 for null
 * REF      | int64_t  | INT              | the id, or the record when expanded
 * CREATED  | bw_time  | INT microseconds | RFC 3339 string, set by the server at creation
 * MODIFIED | bw_time  | INT microseconds | RFC 3339 string, set by the server at each write
 * VERSION  | int64_t  | INT              | 1 at creation, +1 at each update, where it must match
 *
 * A field that is neither required nor has a default is nullable. In a C struct null is p == NULL
 * for texts, -1 for ENUM, 0 for REF, TIME; INT, REAL, BOOL read 0 for null and write their value. */
/* clang-format on */
#ifndef BURROW_TABLE_H
#define BURROW_TABLE_H

#include <burrow/time.h>
#include <burrow/value.h>

enum bw_type {
    BW_TYPE_INT,
    BW_TYPE_REAL,
    BW_TYPE_TEXT,
    BW_TYPE_BLOB,
    BW_TYPE_BOOL,
    BW_TYPE_TIME,
    BW_TYPE_JSON,
    BW_TYPE_ENUM,
    BW_TYPE_REF,
    BW_TYPE_CREATED,
    BW_TYPE_MODIFIED,
    BW_TYPE_VERSION
};

enum bw_on_delete { BW_RESTRICT, BW_CASCADE, BW_SET_NULL };

struct bw_bound {
    bool set;
    int64_t i;
    double r;
};

#define BW_NO_OFFSET ((size_t)-1)

struct bw_field {
    const char *name; /* [A-Za-z_][A-Za-z0-9_]*, at most 63, as it shows in JSON and SQL */
    enum bw_type type;
    size_t offset;    /* of the member in the C struct */
    const char *help; /* for OpenAPI and the admin page */
    bool required;    /* not null; TEXT also not empty */
    bool unique, index;
    bool read_only;           /* clients cannot set it */
    bool write_only;          /* never leaves: not in answers, filters, order, select */
    struct bw_bound min, max; /* INT, REAL */
    unsigned min_len,
        max_len; /* TEXT: characters; BLOB: bytes; 0 = no bound (core/limits.h holds anyway) */
    const char *pattern;         /* TEXT: PCRE2, anchored at both ends */
    const char *initial;         /* default, as JSON text: "0", "\"draft\"", "true" */
    const char *const *names;    /* ENUM: NULL-terminated */
    const char *ref;             /* REF: table name */
    enum bw_on_delete on_delete; /* REF */
};

struct bw_index {
    const char *fields; /* names separated by spaces: "author created_at" */
    bool unique;
};

struct bw_table {
    const char *name; /* as it shows in URLs and SQL; same alphabet as a field */
    const char *help;
    size_t size; /* of the C struct; 0 without one */
    size_t id_offset;
    const struct bw_field *fields;  /* ended by name == NULL (BW_END) */
    const struct bw_index *indexes; /* ended by fields == NULL; may be NULL */
    const char *store;              /* which store of the settings; NULL = "default" */
};

#define BW_FIELD(kind, s, m, ...)                                                 \
    {                                                                             \
        .name = #m, .type = BW_TYPE_##kind, .offset = offsetof(s, m), __VA_ARGS__ \
    }
#define BW_INT(s, ...)      BW_FIELD(INT, s, __VA_ARGS__, )
#define BW_REAL(s, ...)     BW_FIELD(REAL, s, __VA_ARGS__, )
#define BW_TEXT(s, ...)     BW_FIELD(TEXT, s, __VA_ARGS__, )
#define BW_BLOB(s, ...)     BW_FIELD(BLOB, s, __VA_ARGS__, )
#define BW_BOOL(s, ...)     BW_FIELD(BOOL, s, __VA_ARGS__, )
#define BW_TIME(s, ...)     BW_FIELD(TIME, s, __VA_ARGS__, )
#define BW_JSON(s, ...)     BW_FIELD(JSON, s, __VA_ARGS__, )
#define BW_ENUM(s, ...)     BW_FIELD(ENUM, s, __VA_ARGS__, )
#define BW_REF(s, ...)      BW_FIELD(REF, s, __VA_ARGS__, )
#define BW_CREATED(s, ...)  BW_FIELD(CREATED, s, __VA_ARGS__, )
#define BW_MODIFIED(s, ...) BW_FIELD(MODIFIED, s, __VA_ARGS__, )
#define BW_VERSION(s, ...)  BW_FIELD(VERSION, s, __VA_ARGS__, )
#define BW_MIN(v)           .min = {.set = true, .i = (int64_t)(v), .r = (double)(v)}
#define BW_MAX(v)           .max = {.set = true, .i = (int64_t)(v), .r = (double)(v)}
#define BW_END       \
    {                \
        .name = NULL \
    }

/* Remaining members by designators: BW_TABLE("Article", struct article, article_fields, .help =
 * "…") */
#define BW_TABLE(n, s, ...) BW_TABLE_(n, s, __VA_ARGS__, )
#define BW_TABLE_(n, s, f, ...)                                                                  \
    {                                                                                            \
        .name = (n), .size = sizeof(s), .id_offset = offsetof(s, id), .fields = (f), __VA_ARGS__ \
    }

#endif
