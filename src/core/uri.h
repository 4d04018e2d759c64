/* uri.h: percent-encoding and the pieces of a URL (RFC 3986). */
#ifndef CORE_URI_H
#define CORE_URI_H

#include <burrow/arena.h>
#include <burrow/buf.h>

struct uri {
    bw_str scheme, host, path, query; /* views; host without brackets; path "/" when missing */
    unsigned port;                    /* of the scheme when not given */
    bool is_unix; /* "http+unix://%2Frun%2Fx.sock/path": host is the decoded socket path */
};

/* Strict; the sentence names the part at fault. Decoded parts live in the arena. */
bool uri_parse(struct uri *u, bw_str text, struct bw_arena *a, struct bw_err *e);
/* Decodes %XX (and '+' as space when form). Returns s itself when nothing is to decode; p == NULL
 * for a bad escape or a decoded NUL. */
bw_str uri_decode(struct bw_arena *a, bw_str s, bool form);
void uri_encode(struct bw_buf *b, bw_str s); /* all but unreserved */

/* Iterates "a=1&b=2": false at the end. Names and values still encoded. */
bool uri_query_next(bw_str *rest, bw_str *name, bw_str *value);

#endif
