/* where_text.h: mORMot's `where` parameter: the part of SQL that is conditions, read into the one
 * filter tree and refused where it does not fit. No text of it ever reaches a database.
 *
 *   expr  = term *("or" term)   term = factor *("and" factor)
 *   factor = ["not"] ("(" expr ")" / field op value / field ["not"] "in" "(" value,… ")"
 *            / field "is" ["not"] "null" / field ["not"] "like" value / field "between" value "and"
 * value) op = "=" "==" "<>" "!=" "<" "<=" ">" ">="     value = number / 'text' ('' for a quote) /
 * :(value): Words in any case; LIKE's % is '*' here, and '_' is refused since the tree has no such
 * sign. LIKE folds case, as SQLite's. */
#ifndef REST_WHERE_TEXT_H
#define REST_WHERE_TEXT_H

#include "orm/query.h"

/* BW_BAD tells the place. */
struct filter *where_text_read(const struct table *t, bw_str text, struct bw_arena *a,
                               struct bw_err *e);

#endif
