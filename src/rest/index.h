/* index.h: the front page: what this server offers, read from its registry. For a browser a page,
 * for others JSON. An application that answers "/" itself goes first. */
#ifndef REST_INDEX_H
#define REST_INDEX_H

#include "rest/server.h"

bool index_register(struct bw_server *s, struct bw_err *e);

#endif
