/* record_int.h: how the parts of record word a wrong value. */
#ifndef ORM_RECORD_INT_H
#define ORM_RECORD_INT_H

#include "orm/record.h"

/* "views must be an integer, got 1.5": rule "type" ("enum" for an ENUM). `got` as it shall show; of
 * a write-only field it is left out. Always false. */
bool fault_type(struct faults *f, const struct column *c, bw_str got);
/* "status must be one of draft, live, got 'lve', did you mean 'live'?". Always false. */
bool fault_enum(struct faults *f, const struct column *c, bw_str name);
/* ", got <got>" cut to 40 bytes; "" for a write-only field. */
bw_str fault_got(struct faults *f, const struct column *c, bw_str got);
/* The text in quotes, long ones in part, for `got`. */
bw_str fault_quote(struct faults *f, bw_str text);

/* What a text means by the column's type, shared by JSON strings and bare texts. Always false when
 * a fault was added. */
bool value_from_time(const struct column *c, bw_str text, struct bw_value *out, struct faults *f);
bool value_from_name(const struct column *c, bw_str text, struct bw_value *out, struct faults *f);
bool value_from_base64(const struct column *c, bw_str text, struct bw_value *out, struct faults *f);
bool value_from_int(const struct column *c, int64_t i, struct bw_value *out, struct faults *f);

#endif
