/* http_chunk.h: the chunked transfer coding taken apart (RFC 9112 §7.1), strict. Pure: bytes in,
 * views of the content out. Extensions and trailer fields are checked, bounded and dropped. */
#ifndef NET_HTTP_CHUNK_H
#define NET_HTTP_CHUNK_H

#include <burrow/str.h>

enum http_chunked {
    HTTP_CHUNK_MORE, /* all of *in is used up */
    HTTP_CHUNK_DATA, /* *piece is a view into *in, never empty */
    HTTP_CHUNK_END,  /* *in is what stands behind the body */
    HTTP_CHUNK_REFUSED,
};

struct http_chunk {
    int state;
    int64_t left; /* bytes of this chunk still to come */
    unsigned digits, ext, trailers;
    int refusal;     /* status to answer */
    const char *why; /* a constant sentence */
};

void http_chunk_init(struct http_chunk *c);
/* Moves *in behind what it used. */
enum http_chunked http_chunk_next(struct http_chunk *c, bw_str *in, bw_str *piece);

#endif
