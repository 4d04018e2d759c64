/* hostport.h: "127.0.0.1:8080", "[::1]:8080", "name:8080" taken apart. */
#ifndef CORE_HOSTPORT_H
#define CORE_HOSTPORT_H

#include <burrow/err.h>

struct hostport {
    char host[256]; /* without brackets */
    unsigned port;  /* 0 to 65535 */
};

/* The sentence says what is missing. */
bool hostport_parse(struct hostport *out, const char *text, struct bw_err *e);

#endif
