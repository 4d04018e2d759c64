/* logfile_int.h: between the parts of the log file: writing, rotation, packing. */
#ifndef CORE_LOGFILE_INT_H
#define CORE_LOGFILE_INT_H

#include "core/logfile.h"

bool logfile_reach(struct logfile *f,
                   struct bw_err *e);  /* opens it; makes its folder if it was there */
void logfile_leave(struct logfile *f); /* closes it: fd = -1 */
/* Does its size, or the time, say so? size is that of the file now. */
bool logfile_is_due(struct logfile *f, int64_t size);
void logfile_rotate(struct logfile *f);
/* The next time of the daily rotation behind `since`; 0 = none. */
bw_time logfile_next(const struct logfile_rotate *r, bw_time since);

void logfile_pack_init(struct logfile *f);
void logfile_pack(struct logfile *f); /* starts packing what has been rotated; does not wait */
void logfile_pack_stop(struct logfile *f);
void logfile_pack_forked(struct logfile *f);
void logfile_pack_lock(void);
void logfile_pack_unlock(void);

/* By the packing thread: the file's rotated ones are that many bytes now. */
void logfile_budget_note(struct logfile *f, int64_t kept);
void logfile_budget_leave(struct logfile *f);

#endif
