/* list_group.h: conditions as URLs write them: `[not.]op.value`, and groups
 * `(a.eq.1,b.not.like.*x*,or(c.is.null,d.in.(1,2)))`. Pure and bounded. */
#ifndef REST_LIST_GROUP_H
#define REST_LIST_GROUP_H

#include "orm/query.h"

/* "[not.]op.value" on a column; BW_BAD names an unknown operator and the nearest known one. */
struct filter *list_group_test(const struct column *c, bw_str text, struct bw_arena *a,
                               struct bw_err *e);
/* A group with its parentheses, joined by `kind`. */
struct filter *list_group_read(const struct table *t, enum filter_kind kind, bw_str text,
                               struct bw_arena *a, struct bw_err *e);

#endif
