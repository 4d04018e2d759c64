/* value.h: one cell of a record as it travels between JSON, a store and SQL. By value; text and
 * blob are borrowed from whoever made it. Which of the kinds a field uses stands in table.h. */
#ifndef BURROW_VALUE_H
#define BURROW_VALUE_H

#include <burrow/str.h>

enum bw_kind { BW_NULL, BW_KIND_INT, BW_KIND_REAL, BW_KIND_TEXT, BW_KIND_BLOB };

struct bw_value {
    enum bw_kind kind;
    union {
        int64_t i;
        double r;
        bw_str s;
    };
};

static inline struct bw_value bw_null(void)
{
    return (struct bw_value){.kind = BW_NULL};
}
static inline struct bw_value bw_int(int64_t i)
{
    return (struct bw_value){.kind = BW_KIND_INT, .i = i};
}
static inline struct bw_value bw_real(double r)
{
    return (struct bw_value){.kind = BW_KIND_REAL, .r = r};
}
static inline struct bw_value bw_text(bw_str s) /* p == NULL gives null */
{
    return (struct bw_value){.kind = s.p ? BW_KIND_TEXT : BW_NULL, .s = s};
}
static inline struct bw_value bw_blob(bw_str s)
{
    return (struct bw_value){.kind = s.p ? BW_KIND_BLOB : BW_NULL, .s = s};
}

#endif
