/* in_hand.h: the requests that are being worked on, for a crash report: each loop's own list. */
#ifndef REST_IN_HAND_H
#define REST_IN_HAND_H

#include "rest/req.h"

void in_hand_add(struct bw_req *rq); /* no effect but on a loop's fiber */
void in_hand_remove(struct bw_req *rq);
/* From a signal handler: a line for each; those of the thread that runs this first. */
void in_hand_dump(int fd);

#endif
