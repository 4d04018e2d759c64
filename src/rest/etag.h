/* etag.h: the ETag of a record: its version field where it has one, else a hash of what is
 * answered. Strong; the transport may add "-gzip" and the like inside the quotes, which comparison
 * takes off again. */
#ifndef REST_ETAG_H
#define REST_ETAG_H

#include "rest/req.h"

#define ETAG_SIZE 48

/* `"v12"` */
bw_str etag_of_version(char out[ETAG_SIZE], int64_t version);
/* `"h<16 hex>"`, of these bytes (not cryptographic: SipHash would differ per process, so SHA-256
 * cut short). */
bw_str etag_of_bytes(char out[ETAG_SIZE], bw_str bytes);
/* Is `etag` among those a field lists (or the field "*")? Codings' suffixes and, for weak
 * comparison, W/ do not count. field.p == NULL: no. */
bool etag_listed(bw_str field, bw_str etag, bool weak);
/* The version of `"v12"` in If-Match, or 0 when it is no single version tag. */
int64_t etag_version(bw_str field);

#endif
