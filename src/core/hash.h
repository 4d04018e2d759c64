/* hash.h: digests, HMAC, random bytes, constant-time comparison (OpenSSL 3), base64 and hex. */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <burrow/buf.h>

#define HASH_SHA256_SIZE 32

void hash_sha256(unsigned char out[HASH_SHA256_SIZE], bw_str data);
void hash_hmac_sha256(unsigned char out[HASH_SHA256_SIZE], bw_str key, bw_str data);
void hash_random(void *out, size_t n);                  /* aborts when the system gives none */
bool hash_same(const void *a, const void *b, size_t n); /* in constant time */

void hex_write(struct bw_buf *b, bw_str bytes);           /* lower case */
bool hex_parse(bw_str hex, unsigned char *out, size_t n); /* exactly 2n digits */
void base64_write(struct bw_buf *b, bw_str bytes);        /* RFC 4648 §4, padded */
void base64url_write(struct bw_buf *b, bw_str bytes);     /* §5, no padding */
bool base64_parse(bw_str text, struct bw_buf *out);       /* strict: padding, no other characters */
bool base64url_parse(bw_str text, struct bw_buf *out);

#endif
