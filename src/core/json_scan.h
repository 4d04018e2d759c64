/* json_scan.h: the tokens of the JSON reader: white space and comments, texts, places in the
 * input. The reader (json_read.c) knows the structure. Private to core. */
#ifndef CORE_JSON_SCAN_H
#define CORE_JSON_SCAN_H

#include <burrow/json.h>

/* Records the first error; always false. */
bool json_fail(struct bw_json_reader *r, const char *at, const char *fmt, ...) BW_PRINTF(3, 4);
/* The same as "expected <what>, found <what stands at `at`>". */
bool json_expected(struct bw_json_reader *r, const char *at, const char *what);
/* A comment at r->at, and all white space and comments behind it. */
void json_skip_comments(struct bw_json_reader *r);
/* The text whose opening quote is at r->at. */
bool json_read_text(struct bw_json_reader *r, bw_str *out);

static inline const char *json_skip_blank(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

static inline void json_skip_space(struct bw_json_reader *r)
{
    r->at = json_skip_blank(r->at, r->end);
    if (r->comments && r->at < r->end && *r->at == '/')
        json_skip_comments(r);
}

#endif
