/* compress.h: content codings of answers: which one a peer takes (RFC 9110 §12.5.3), whether a
 * media type is worth it, and the stream that makes it. A stream belongs to one fiber at a time. */
#ifndef NET_COMPRESS_H
#define NET_COMPRESS_H

#include <burrow/buf.h>

/* In our order of liking, when the peer likes them equally: zstd costs least for what it saves. */
enum coding { CODING_ZSTD, CODING_BR, CODING_GZIP, CODINGS, CODING_NONE = CODINGS };

/* The best coding an Accept-Encoding value allows; p == NULL (no such field) is CODING_NONE. */
enum coding compress_choose(bw_str accept_encoding);
bool compress_worth(bw_str content_type); /* a text-like media type */
const char *compress_name(enum coding c); /* "zstd", "br", "gzip"; "" for none */

struct compress;

enum compress_step {
    COMPRESS_MORE,  /* may keep some of it to itself */
    COMPRESS_FLUSH, /* so that all so far can be read */
    COMPRESS_END,
};

struct compress *compress_new(enum coding c);
void compress_free(struct compress *z);
/* For another body; the memory stays where the library lets it. */
void compress_restart(struct compress *z);
enum coding compress_coding(const struct compress *z);
/* Adds the coded form of `in` to out; false when out is over or the library failed. */
bool compress_add(struct compress *z, bw_str in, enum compress_step step, struct bw_buf *out);

#endif
