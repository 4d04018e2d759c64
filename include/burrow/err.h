/* err.h: how things fail. A function that can fail returns bool (or a pointer) and takes
 * `struct bw_err *e` last; it is written only on failure, so calls chain with &&. The text is a
 * sentence a user can act on: what was tried, on what, why it failed, what to do.
 * `e` may be NULL when the caller does not care for the reason. */
#ifndef BURROW_ERR_H
#define BURROW_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(_WIN32)
#define BW_API __declspec(dllexport)
#else
#define BW_API __attribute__((visibility("default")))
#endif
#define BW_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* The one list of codes: name, HTTP status, title (RFC 9457 "title"). */
#define BW_CODES(X)                           \
    X(OK, 200, "OK")                          \
    X(BAD, 400, "Malformed request")          \
    X(NOAUTH, 401, "Authentication required") \
    X(DENIED, 403, "Not allowed")             \
    X(MISSING, 404, "Not found")              \
    X(METHOD, 405, "Method not allowed")      \
    X(ACCEPT, 406, "Not acceptable")          \
    X(TIMEOUT, 408, "Request timeout")        \
    X(CONFLICT, 409, "Conflict")              \
    X(CHANGED, 412, "Precondition failed")    \
    X(TOOBIG, 413, "Content too large")       \
    X(MEDIA, 415, "Unsupported media type")   \
    X(RANGE, 416, "Range not satisfiable")    \
    X(INVALID, 422, "Invalid record")         \
    X(LIMITED, 429, "Too many requests")      \
    X(SYS, 500, "Internal error")             \
    X(DOWN, 502, "Upstream failed")           \
    X(BUSY, 503, "Service unavailable")       \
    X(LATE, 504, "Deadline passed")           \
    X(FULL, 507, "Insufficient storage")      \
    X(GONE, 499, "Cancelled by the peer")

enum bw_code {
#define X(name, status, title) BW_##name,
    BW_CODES(X)
#undef X
};

struct bw_err {
    enum bw_code code;
    int sys;        /* errno or the library's own number, 0 when there is none */
    char field[64]; /* the field or parameter at fault, "" when none */
    char text[512]; /* UTF-8 sentence, NUL-terminated, cut at a character boundary */
};

/* Both always return false, so that `return bw_fail(e, BW_BAD, ...)` reads well. */
BW_API bool bw_fail(struct bw_err *e, enum bw_code code, const char *fmt, ...) BW_PRINTF(3, 4);
/* Like bw_fail with code BW_SYS (BW_FULL for ENOSPC/EDQUOT) and ": <strerror(sys)>" added behind.
 */
BW_API bool bw_fail_sys(struct bw_err *e, int sys, const char *fmt, ...) BW_PRINTF(3, 4);
/* Puts "<what>: " in front of the sentence of an error already there. */
BW_API bool bw_because(struct bw_err *e, const char *fmt, ...) BW_PRINTF(2, 3);

BW_API int bw_code_status(enum bw_code code); /* HTTP status */
BW_API const char *bw_code_title(enum bw_code code);
BW_API enum bw_code
bw_code_of_status(int status); /* nearest code; BW_SYS for unknown 5xx, BW_BAD for unknown 4xx */

/* Impossible conditions: always on, logs file:line and aborts; the supervisor restarts us. */
#define bw_must(cond) ((cond) ? (void)0 : bw_must_failed(#cond, __FILE__, __LINE__))
BW_API _Noreturn void bw_must_failed(const char *cond, const char *file, int line);

#endif
