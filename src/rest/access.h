/* access.h: the access log: one line per request, in a form compiled once from a text with
 * variables. Whatever a client sends stays within its place of the line: quotes, controls and bytes
 * beyond ASCII are escaped. The query string is in no named form: it may carry secrets. */
#ifndef REST_ACCESS_H
#define REST_ACCESS_H

#include "rest/req.h"

#define ACCESS_ITEMS 32

struct access_item {
    bw_str text;   /* what stands in front */
    int variable;  /* access.c's list; -1 = none */
    bw_str header; /* of $header_NAME, lower case, '-' for '_' */
};

struct access {
    struct access_item items[ACCESS_ITEMS];
    unsigned n;
    bool json;        /* values are escaped as JSON does */
    bool errors_only; /* status 400 and above */
    int64_t sample;   /* of the others every n-th */
};

/* format: "common", "combined", "json", or a text with $variables; it must live as long. */
bool access_compile(struct access *a, const char *format, struct bw_err *e);
/* Requests that take as long are told to the log, by every server of the process; 0 = none. */
void access_set_slow(int64_t ns);
void access_log(const struct access *a, struct bw_req *rq, int64_t took);

#endif
