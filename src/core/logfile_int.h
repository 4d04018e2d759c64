/* logfile_int.h: between the parts of the log file: writing, rotation, packing. */
#ifndef CORE_LOGFILE_INT_H
#define CORE_LOGFILE_INT_H

#include "core/logfile.h"

bool logfile_reach(struct logfile *f,
                   struct bw_err *e);  /* opens it; makes its folder if it was there */
void logfile_leave(struct logfile *f); /* closes it: fd = -1 */
/* Rotates when the size, or the time, says so; size is that of the file now. */
void logfile_rotate_due(struct logfile *f, int64_t size);
/* The next time of the daily rotation behind `since`; 0 = none. */
bw_time logfile_next(const struct logfile_rotate *r, bw_time since);

void logfile_pack(struct logfile *f); /* starts packing what has been rotated; does not wait */
void logfile_pack_stop(struct logfile *f);

#endif
