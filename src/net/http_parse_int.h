/* http_parse_int.h: between the files of the head parser. */
#ifndef NET_HTTP_PARSE_INT_H
#define NET_HTTP_PARSE_INT_H

#include <burrow/str.h>

struct http_parse;
struct http_field;

enum http_line { LINE_OK, LINE_MORE, LINE_BAD };

enum http_line http_line_bad(struct http_parse *p, int status, const char *why);
/* The request target at `at`; *next is the first byte that does not belong to it. */
enum http_line http_parse_target(struct http_parse *p, const char *at, const char *end,
                                 const char **next);
/* host [":" port], not empty (RFC 3986 §3.2.2, RFC 9110 §4.2.1, §7.2). */
bool http_host_valid(bw_str host);
/* What one field means for the message; also counts and compares. */
enum http_line http_parse_field(struct http_parse *p, const struct http_field *f);
/* Whether all fields together make sense, and the length of the body. */
bool http_parse_request_end(struct http_parse *p);
bool http_parse_response_end(struct http_parse *p, bool to_head);

#endif
