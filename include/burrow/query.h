/* query.h: which records, in what order, how many. Built by calls, travels as a URL, becomes one
 * filter tree on the server; values are bound, never spliced into SQL. The builder copies what it
 * is given into its own arena. An error (unknown operator, too many terms) sticks and is told by
 * the call that uses the query. */
#ifndef BURROW_QUERY_H
#define BURROW_QUERY_H

#include <burrow/table.h>

/* name in URLs, enum */
#define BW_OPS(X)                                                  \
    X(eq, EQ)                                                      \
    X(neq, NEQ)                                                    \
    X(gt, GT)                                                      \
    X(gte, GTE)                                                    \
    X(lt, LT)                                                      \
    X(lte, LTE)                                                    \
    X(like, LIKE)                                                  \
    X(ilike, ILIKE) /* '*' matches any run, '?' nothing special */ \
    X(in, IN)       /* in.(a,b,"c,d") */                           \
    X(is, IS)       /* is.null is.true is.false */

enum bw_op {
#define X(name, op) BW_##op,
    BW_OPS(X)
#undef X
};

struct bw_query;

BW_API struct bw_query *bw_query_new(const struct bw_table *t);
BW_API void bw_query_free(struct bw_query *q);
/* All conditions so far AND this one. */
BW_API void bw_where(struct bw_query *q, const char *field, enum bw_op op, struct bw_value v);
BW_API void bw_where_not(struct bw_query *q, const char *field, enum bw_op op, struct bw_value v);
BW_API void bw_where_in(struct bw_query *q, const char *field, const struct bw_value *v, size_t n);
/* Conditions added between begin and end are joined by OR (AND) and count as one. May nest. */
BW_API void bw_where_or(struct bw_query *q);
BW_API void bw_where_and(struct bw_query *q);
BW_API void bw_where_end(struct bw_query *q);
BW_API void bw_select(struct bw_query *q, const char *fields); /* "id,title" */
BW_API void bw_order(struct bw_query *q, const char *order);   /* "views.desc,id" */
BW_API void bw_limit(struct bw_query *q, int64_t limit);
BW_API void bw_after(struct bw_query *q, bw_str cursor);
BW_API void bw_expand(struct bw_query *q, const char *refs);

#endif
