/* reload.h: settings read again while the server runs. What is marked live and differs is taken
 * over; what else differs is named, for a restart; a file with an error changes nothing. */
#ifndef HOST_RELOAD_H
#define HOST_RELOAD_H

#include "host/conf.h"

/* Must the log's outputs be opened anew for this? */
bool reload_reopens_log(const struct conf *now, const struct conf *fresh);
/* Copies the live settings of `fresh` that differ into `now`; texts are fresh's still, so it must
 * live as long. *said (a sentence for log and operator) tells what changed and what waits for a
 * restart. False when nothing was copied. */
bool reload_apply(struct conf *now, const struct conf *fresh, struct bw_buf *said);

#endif
