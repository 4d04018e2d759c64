/* crud.h: the table endpoints of a server: lists, records, blobs, batches. */
#ifndef REST_CRUD_H
#define REST_CRUD_H

#include "rest/server.h"

/* Adds the endpoints of every table of s->model, and the batch over all of them. The stores may be
 * opened later: they are looked up when a request comes. */
bool crud_register(struct bw_server *s, struct bw_err *e);

#endif
