/* sql.h: SQL text with its bound values, made in an arena. Names come from the registry and are
 * quoted; values are only ever bound, so equal questions give equal texts and the connection's
 * statement cache hits. What databases do differently stands in one `struct dialect`. */
#ifndef ORM_SQL_H
#define ORM_SQL_H

#include "orm/query.h"

struct dialect {
    const char *driver;     /* of db/ */
    char quote;             /* around names; never occurs in one */
    const char *id_column;  /* definition of the id column */
    const char *type[5];    /* by enum bw_kind */
    const char *asc, *desc; /* so that NULL sorts as the smallest */
    const char *same;       /* "a IS ?": equal, and null equals null */
    const char *like;       /* case-sensitive, '*' any run; */
    const char *ilike;      /* folds ASCII; */
    bool like_is_glob;      /* … its pattern language: GLOB's, or LIKE's with '\' as escape */
    bool row_values;        /* (a, b) > (?, ?) uses an index */
};

extern const struct dialect dialect_sqlite;

struct sql {
    const struct dialect *d;
    struct bw_arena *arena;
    char *p;
    size_t n, cap;
    struct bw_value *args;
    unsigned n_args, cap_args;
};

void sql_init(struct sql *q, const struct dialect *d, struct bw_arena *a);
void sql_add(struct sql *q, bw_str text);
void sql_addf(struct sql *q, const char *text);  /* a constant of the program */
void sql_name(struct sql *q, bw_str name);       /* quoted */
void sql_bind(struct sql *q, struct bw_value v); /* "?" and its value (borrowed) */
void sql_names(struct sql *q, const struct table *t, const struct column_set *set);
const char *sql_text(struct sql *q); /* NUL-terminated, as long as the arena */

/* A condition; BW_BAD when a LIKE pattern is too long. f may not be NULL. */
bool sql_filter(struct sql *q, const struct filter *f, struct bw_err *e);
/* " WHERE …" of a query's filter and `after`; nothing without them. */
bool sql_where(struct sql *q, const struct query *in, bool after, struct bw_err *e);
/* The whole SELECT of a list; *columns are those it gives, in ascending order. */
bool sql_list(struct sql *q, const struct query *in, struct column_set *columns, struct bw_err *e);
/* Turns a pattern with '*' into the database's. In the arena. */
bw_str sql_glob(struct bw_arena *a, bw_str pattern);
bw_str sql_like(struct bw_arena *a, bw_str pattern);

#endif
