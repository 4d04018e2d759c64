/* batch.h: many writes in one request: POST /api/batch and POST /api/Article/batch. */
#ifndef REST_BATCH_H
#define REST_BATCH_H

#include "rest/req.h"

bool batch_post(struct bw_req *rq, struct bw_err *e);       /* writes say their table */
bool batch_table_post(struct bw_req *rq, struct bw_err *e); /* of endpoint->table */

#endif
