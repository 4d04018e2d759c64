/* crud_int.h: the handlers of table endpoints and what they share. */
#ifndef REST_CRUD_INT_H
#define REST_CRUD_INT_H

#include "rest/req.h"

bool crud_list(struct bw_req *rq, struct bw_err *e);
bool crud_get(struct bw_req *rq, struct bw_err *e);
bool crud_add(struct bw_req *rq, struct bw_err *e);
bool crud_update(struct bw_req *rq, struct bw_err *e);
bool crud_delete(struct bw_req *rq, struct bw_err *e);
bool crud_delete_where(struct bw_req *rq, struct bw_err *e);

/* *Waits.* If-Match of a write on the record: sets *version to what the store must find (0 = any),
 * or compares with the record as it is now. BW_CHANGED, BW_MISSING. */
bool crud_match(struct bw_req *rq, int64_t id, int64_t *version, struct bw_err *e);
/* *Waits.* The ETag of the record as GET without parameters answers it. */
bool crud_etag(struct bw_req *rq, int64_t id, char out[48], bw_str *etag, struct bw_err *e);

#endif
