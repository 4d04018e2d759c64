/* shop.h: a server with three tables in two stores of one kind, empty, for tests of what changes
 * records: Author (name unique), Article (version, reference, blobs) in "main", Log in "archive".
 */
#ifndef TEST_SHOP_H
#define TEST_SHOP_H

#include "help/rest.h"

struct shop {
    struct bw_server server;
    struct store *stores[3]; /* NULL-terminated */
};

extern const char *shop_kind; /* "sqlite" (in memory) unless a test sets it */

void shop_open(struct shop *s, const struct server_opts *o);
void shop_close(struct shop *s);
int64_t shop_count(struct shop *s, const char *table);

#endif
