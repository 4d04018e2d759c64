/* query.h: one filter tree and what goes with it: the request for a list. Made by rest/ from a URL
 * (or a where text), read by stores: as SQL with bound values, or by filter_match in memory. All in
 * an arena. */
#ifndef ORM_QUERY_H
#define ORM_QUERY_H

#include <burrow/query.h>

#include "orm/table.h"

enum filter_kind { FILTER_AND, FILTER_OR, FILTER_TEST };

struct filter {
    enum filter_kind kind;
    bool not ;
    struct filter *first; /* AND, OR: children by `next` */
    struct filter *next;
    const struct column *column; /* TEST */
    enum bw_op op;
    struct bw_value
        value; /* of the column's kind; LIKE: the pattern with '*'; IS: null, or INT 0/1 */
    const struct bw_value *values; /* IN */
    unsigned n_values;
};

struct order {
    const struct column *column;
    bool desc;
};

#define ORDER_MAX 8 /* that a client may name; query_finish may add id */

struct query {
    struct table *table;
    struct column_set select; /* table->simple unless said */
    struct filter *filter;    /* NULL = all */
    struct order order[ORDER_MAX + 1];
    unsigned n_order; /* query_finish makes the order total by adding id */
    int64_t limit;    /* records; 0 = no bound (export) */
    int64_t offset;
    const struct bw_value
        *after; /* n_order values: only what comes behind them; NULL = from the start */
    struct column_set expand;
};

/* All records of the table, simple columns, no order, no bound. */
void query_init(struct query *q, struct table *t);
/* Adds an order. BW_BAD for blobs, JSON, write-only fields, one named twice, too many. */
bool query_order(struct query *q, const struct column *c, bool desc, struct bw_err *e);
/* Makes the order total: adds id, or drops what stands behind it. Before lists and cursors. */
void query_finish(struct query *q);
struct filter *filter_new(struct bw_arena *a, enum filter_kind k);
void filter_add(struct filter *parent, struct filter *child);
/* Is the whole tree within LIMIT_FILTER_TERMS tests and LIMIT_FILTER_DEPTH? BW_BAD. Whoever builds
 * a tree from outside bytes asks; a parser bounds its own depth while it builds. NULL fits. */
bool filter_fits(const struct filter *f, struct bw_err *e);
/* A test with its value read from text by the column's type ("10", "true", an RFC 3339 time, a
 * name): BW_BAD names field and value. `op` EQ with null is refused (use is). IN takes the list
 * with its parentheses: (a,b,"c,d"), where \" and \\ stand inside quotes. LIKE and ILIKE are for
 * texts, enums and JSON; blobs and JSON have no other test but IS, write-only fields none. The
 * value is borrowed (but for what IN unquotes). NULL on error. */
struct filter *filter_test(struct bw_arena *a, const struct column *c, enum bw_op op, bw_str value,
                           struct bw_err *e);
/* Does the row match? NULL values as in SQL (unknown is not a match). LIKE: '*' any run,
 * case-sensitive; ILIKE folds ASCII. */
bool filter_match(const struct filter *f, const struct bw_value *row);
/* -1, 0, 1 by the query's order; NULL sorts first (as SQLite), texts as memcmp. */
int query_compare(const struct query *q, const struct bw_value *a, const struct bw_value *b);
/* Does the row come behind q->after? True when there is none. */
bool query_behind(const struct query *q, const struct bw_value *row);
/* -1, 0, 1 as SQLite orders values: null, numbers, texts, blobs. */
int value_compare(const struct bw_value *a, const struct bw_value *b);

/* Opaque cursor: the order's values of a row, base64url; HMAC is not needed (it only positions),
 * but it is parsed strictly and belongs to one order (table, columns, directions). False, and
 * nothing written, when the values are too long for a URL: page by offset then. */
#define CURSOR_MAX 3072 /* characters */
bool cursor_write(const struct query *q, const struct bw_value *row, struct bw_buf *out);
/* Sets q->after. The query's order is finished. BW_BAD, e->field "after". */
bool cursor_read(struct query *q, bw_str text, struct bw_arena *a, struct bw_err *e);

#endif
