/* log_int.h: between the log's levels and writer (log.c), its outputs (log_output.c) and the forms
 * of its lines. */
#ifndef CORE_LOG_INT_H
#define CORE_LOG_INT_H

#include "core/log.h"

extern const char log_access_area[]; /* records of it, by address, are lines of the access log */

void log_format_time(struct bw_buf *out, bw_time at); /* always with milliseconds */

/* ---- outputs; all but the first under the role of the writer ---- */

void log_output_reopen(void);
/* In place of what was open. `ring` is the count of records lost in full rings, here and below. */
bool log_output_open(const struct log_opts *o, uint64_t ring, struct bw_err *e);
void log_output_close(uint64_t ring); /* standard error again */
void log_output_put(const struct log_record *rec);
size_t log_output_pending(void); /* bytes collected */
/* Writes what was put; the number of records that an output lost. */
uint64_t log_output_flush(void);
/* Tells of the losses that an output has not told of. */
void log_output_tell(uint64_t ring);
bool log_output_owes(uint64_t ring);
void log_output_forked(void);
void log_output_dump(int fd); /* the lines written last; in a signal handler */

#endif
