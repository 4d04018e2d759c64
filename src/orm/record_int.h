/* record_int.h: how the parts of record word a wrong value. */
#ifndef ORM_RECORD_INT_H
#define ORM_RECORD_INT_H

#include "orm/record.h"

/* "views must be an integer, got 'x'": rule "type" ("enum" for an unknown name). `got` as it shall
 * show; of a write-only field it is left out. Always false. */
bool fault_type(struct faults *f, const struct column *c, bw_str got);
/* ENUM: "status must be one of draft, live; got 'drft', did you mean 'draft'?". Always false. */
bool fault_enum(struct faults *f, const struct column *c, bw_str got);
/* ", got <got>" cut to 40 bytes and in quotes when `quoted`; "" for a write-only field. */
bw_str fault_got(struct faults *f, const struct column *c, bw_str got, bool quoted);

/* What a text means by the column's type, shared by JSON strings and bare texts. Always false when
 * a fault was added. */
bool value_from_time(const struct column *c, bw_str text, struct bw_value *out, struct faults *f);
bool value_from_name(const struct column *c, bw_str text, struct bw_value *out, struct faults *f);
bool value_from_base64(const struct column *c, bw_str text, struct bw_value *out, struct faults *f);
bool value_from_int(const struct column *c, int64_t i, struct bw_value *out, struct faults *f);

#endif
