/* reload.h: settings read again while the server runs. What is marked live and differs is put in
 * force; what else differs is named, for a restart; a file with an error changes nothing. */
#ifndef HOST_RELOAD_H
#define HOST_RELOAD_H

#include "host/conf.h"

/* Puts the live settings of `fresh` that differ into `now` and into force. *said (a sentence for
 * log and operator) tells what changed and what waits for a restart. Main thread. */
void reload_apply(struct conf *now, const struct conf *fresh, struct bw_buf *said);

#endif
