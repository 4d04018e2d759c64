/* http_write.h: the bytes of heads and chunks, for both ends. Pure. */
#ifndef NET_HTTP_WRITE_H
#define NET_HTTP_WRITE_H

#include <burrow/buf.h>

/* "HTTP/1.1 200 OK\r\n" */
void http_write_status(struct bw_buf *b, int status);
void http_write_request_line(struct bw_buf *b, bw_str method, bw_str target);
void http_write_field(struct bw_buf *b, bw_str name, bw_str value);
void http_write_length(struct bw_buf *b, int64_t n); /* Content-Length */
/* "1f\r\n" for a chunk of n > 0 bytes; the CR LF behind the bytes is the caller's, as is the last
 * chunk, HTTP_LAST_CHUNK. */
#define HTTP_CHUNK_HEAD_MAX 20
#define HTTP_LAST_CHUNK     "0\r\n\r\n"
size_t http_write_chunk_head(char out[HTTP_CHUNK_HEAD_MAX], size_t n);

/* The lines "Server: Burrow" and "Date: …", made once per second. One per loop, zeroed. */
struct http_date {
    int64_t second;
    size_t n;
    char text[80];
};
bw_str http_date_lines(struct http_date *d, int64_t wall_ms);

#endif
