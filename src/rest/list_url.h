/* list_url.h: a URL's query parameters → the one filter tree and what else a list is asked for.
 *
 *   select=id,title  views=gt.10  title=not.like.*boat*
 * or=(views.eq.1,not.and(a.is.null,b.in.(1,2))) order=views.desc,id  limit=20  offset=40
 * after=CURSOR  expand=author mORMot's: select where sort dir startIndex results
 *
 * Pure: text in, tree out; every name is checked against the table, every value against its type,
 * all bounded by core/limits.h. */
#ifndef REST_LIST_URL_H
#define REST_LIST_URL_H

#include "orm/query.h"
#include "rest/req.h"

/* The query string, decoded. */
struct list_params {
    const struct req_param *at;
    unsigned n;
};

struct list_bounds {
    int64_t limit_default, limit_max;
};

/* BW_BAD names the parameter (in e->field too) and, for an unknown one, the nearest known. Calls
 * query_finish. */
bool list_url_read(struct query *q, struct list_params params, const struct list_bounds *bounds,
                   struct bw_arena *a, struct bw_err *e);
/* Only conditions (DELETE by filter): any other parameter is refused. */
bool list_url_conditions(struct query *q, struct list_params params, struct bw_arena *a,
                         struct bw_err *e);
/* "id,title" or "*" → set; write-only fields are refused. */
bool list_url_select(const struct table *t, bw_str names, struct column_set *set, struct bw_err *e);
/* "author,category" → set of REF columns. */
bool list_url_expand(const struct table *t, bw_str names, struct column_set *set, struct bw_err *e);

#endif
