/* http_parse.h: request and response heads of HTTP/1.1 (RFC 9110, 9112), strict. Pure: bytes in,
 * views and a verdict out. A line is judged when its LF is there, so the verdict never depends on
 * how the bytes were cut into pieces; a head that trickles in is scanned once. */
#ifndef NET_HTTP_PARSE_H
#define NET_HTTP_PARSE_H

#include "net/http.h"

enum http_parsed {
    HTTP_PARSE_MORE, /* call again with more bytes behind the same ones */
    HTTP_PARSE_DONE,
    HTTP_PARSE_REFUSED, /* answer `refusal` with `why`, then close */
};

enum { HTTP_LENGTH_CHUNKED = -1, HTTP_LENGTH_CLOSE = -2 };

struct http_parse {
    /* What DONE tells; views into the bytes of the last call. */
    enum http_method method;
    int minor;  /* 1 for HTTP/1.1 and above, 0 for HTTP/1.0 */
    int status; /* of a response */
    bw_str method_text, path, query, host, reason;
    bool asterisk; /* "OPTIONS *"; path is "*" */
    bool keep_alive, expect_continue;
    /* Of the body in bytes; 0 none; HTTP_LENGTH_…; a 204, a 304 and what answers HEAD have none. */
    int64_t content_length;
    bool has_length; /* a Content-Length was given */
    struct http_field *fields;
    size_t n_fields, max_fields;
    size_t used; /* bytes of the head; the body begins behind */
    /* What REFUSED tells. */
    int refusal;     /* status to answer; 502 for a response head */
    const char *why; /* a constant sentence */
    /* Its own. */
    const char *base; /* the bytes of the last call */
    size_t line;      /* where the line begins that is not complete yet */
    size_t seen;      /* no LF in [line, seen) */
    bool begun, has_host, has_coding, chunked, option_close, option_keep;
};

/* fields: room for `max` of them, the caller's. */
void http_parse_init(struct http_parse *p, struct http_field *fields, size_t max);
/* `bytes` begin with the head and may go on behind it; the next call passes the same bytes and more
 * (their place may have moved). */
enum http_parsed http_parse_request(struct http_parse *p, const char *bytes, size_t n);
/* to_head: it answers a HEAD request. */
enum http_parsed http_parse_response(struct http_parse *p, const char *bytes, size_t n,
                                     bool to_head);

#endif
