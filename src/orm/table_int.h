/* table_int.h: the steps of model_init that live in other files. */
#ifndef ORM_TABLE_INT_H
#define ORM_TABLE_INT_H

#include "orm/table.h"

/* Columns, sets and the name map of one table; references stay unbound. On failure the model's
 * release still frees what was made. */
bool table_make(struct table *t, const struct bw_table *def, struct bw_arena *a, struct bw_err *e);

/* The descriptor alone: names, and which properties fit which type. */
bool table_check(const struct bw_table *def, struct bw_err *e);
/* The indexes of a table whose columns are made. */
bool table_check_indexes(const struct table *t, struct bw_err *e);

/* BW_BAD "table 'Article', field 'views': …", e->field set; f may be NULL. Always false. */
bool table_wrong(const struct bw_table *def, const struct bw_field *f, struct bw_err *e,
                 const char *fmt, ...) BW_PRINTF(4, 5);

/* [A-Za-z_][A-Za-z0-9_]*, 1 to 63 characters. */
bool name_fits(const char *name);

#endif
