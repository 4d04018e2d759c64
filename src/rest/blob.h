/* blob.h: one blob field of one record: /api/Article/:id/picture, bytes with a content type. */
#ifndef REST_BLOB_H
#define REST_BLOB_H

#include "rest/req.h"

bool blob_get(struct bw_req *rq, struct bw_err *e); /* GET, HEAD; endpoint->column */
bool blob_put(struct bw_req *rq, struct bw_err *e);
bool blob_delete(struct bw_req *rq, struct bw_err *e); /* sets it to null */

#endif
