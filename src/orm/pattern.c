/* pattern.c: PCRE2 with limits. The interpreter, not the JIT: that wants memory both writable and
 * executable, which hardened units forbid, and does not know the heap limit. Match data is made per
 * match (a malloc; since 10.41 no stack is used), so threads share nothing. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "orm/pattern.h"

#include <pcre2.h>

/* Measured: giving up takes 1 to 10 ms, the longer for a text of 1 MiB. A repeated group takes a
 * frame of some 150 bytes per round, so (.|\n)* reads texts up to about 30,000 characters. Matching
 * does not yield, so the heap is one per thread at most. */
#define MATCH_LIMIT  100000
#define DEPTH_LIMIT  100000
#define HEAP_KIB     (8 * 1024)
#define SOURCE_MAX   1024
#define PARENS_DEPTH 50

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
};

static void release(void *arg)
{
    struct pattern *p = arg;
    pcre2_code_free(p->code);
    pcre2_match_context_free(p->limits);
}

static pcre2_code *compile(const char *source, int *error, size_t *at)
{
    pcre2_compile_context *cx = pcre2_compile_context_create(NULL);
    bw_must(cx);
    pcre2_set_max_pattern_length(cx, SOURCE_MAX);
    pcre2_set_parens_nest_limit(cx, PARENS_DEPTH);
    /* \C would split characters; callouts and newline verbs have no use here. */
    uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY |
                       PCRE2_NEVER_BACKSLASH_C;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)source, strlen(source), options, error, at, cx);
    pcre2_compile_context_free(cx);
    return code;
}

struct pattern *pattern_new(const char *source, struct bw_arena *a, struct bw_err *e)
{
    int error = 0;
    size_t at = 0;
    pcre2_code *code = compile(source, &error, &at);
    if (!code) {
        unsigned char why[128] = "";
        pcre2_get_error_message(error, why, sizeof why);
        bw_fail(e, BW_BAD, "the pattern '%.80s' is wrong at character %zu: %s", source, at + 1,
                (const char *)why);
        return NULL;
    }
    struct pattern *p = BW_NEW(a, struct pattern);
    p->code = code;
    p->limits = pcre2_match_context_create(NULL);
    bw_must(p->limits);
    pcre2_set_match_limit(p->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(p->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(p->limits, HEAP_KIB);
    bw_arena_defer(a, release, p);
    return p;
}

enum pattern_answer pattern_match(const struct pattern *p, bw_str text)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    bw_must(data);
    int rc = pcre2_match(p->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, PCRE2_NO_UTF_CHECK,
                         data, p->limits);
    pcre2_match_data_free(data);
    if (rc >= 0)
        return PATTERN_YES;
    return rc == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_LIMIT;
}
