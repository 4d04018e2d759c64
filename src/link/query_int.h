/* query_int.h: the query builder's inside, for the clients that send it. */
#ifndef LINK_QUERY_INT_H
#define LINK_QUERY_INT_H

#include <burrow/query.h>

#define QUERY_GROUPS     8
#define LIMIT_QUERY_TEXT (7 * 1024) /* below LIMIT_HTTP_LINE, so that it arrives */

struct query_group {
    struct bw_buf text;
    const char *word; /* "or", "and" */
};

struct bw_query {
    const struct bw_table *table;
    struct bw_buf url; /* pairs, percent-encoded; without limit */
    struct query_group groups[QUERY_GROUPS];
    unsigned depth, lost;
    int64_t limit;     /* 0 = all */
    struct bw_err err; /* the first mistake; code BW_OK = none */
};

/* The pairs so far, or the first mistake. */
bool query_text(const struct bw_query *q, bw_str *url, struct bw_err *e);

#endif
