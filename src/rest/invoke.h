/* invoke.h: service methods as endpoints: /root/Service.Method and /root/Service/Method. POST takes
 * the parameters as a JSON array or object, or, with an empty body, from the query string; GET (for
 * methods that are `safe`) from the query string. The answer is {"result":[…]}. */
#ifndef REST_INVOKE_H
#define REST_INVOKE_H

#include "rest/server.h"

/* Checks every descriptor, so that a call can rely on it. */
bool services_register(struct bw_server *s, struct bw_err *e);

#endif
