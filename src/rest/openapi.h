/* openapi.h: the registry as an OpenAPI 3.1 document, made at the first request for it and kept:
 * the registry does not change while serving. */
#ifndef REST_OPENAPI_H
#define REST_OPENAPI_H

#include "rest/server.h"

void openapi_write(const struct bw_server *s, struct bw_buf *out);
void openapi_free(struct bw_server *s); /* the kept one */

#endif
