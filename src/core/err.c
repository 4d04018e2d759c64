/* err.c: fills struct bw_err and answers what a code means. The text is always valid UTF-8: what
 * does not fit is cut between characters, bytes that are no UTF-8 (from a peer, a file name) become
 * '?'. Arguments may point into the error that is being written. */
#include <burrow/err.h>

#include <errno.h>

#include "core/utf8.h"

#define TEXT_MAX (sizeof(((struct bw_err *)0)->text) - 1)

static const struct {
    int status;
    const char *title;
} codes[] = {
#define X(name, status, title) [BW_##name] = {status, title},
    BW_CODES(X)
#undef X
};

/* Copies what fits of s to out, as valid UTF-8, and ends it with NUL. */
static void copy_text(char *out, size_t max, const char *s)
{
    bw_str rest = {.p = s, .n = strlen(s)};
    size_t n = utf8_cut(rest, max);
    memcpy(out, s, n);
    out[n] = '\0';
    if (utf8_valid(bw_str_of(out, n)))
        return;
    for (size_t i = 0; i < n;) {
        size_t len = 1;
        while (len < 4 && i + len < n && (out[i + len] & 0xc0) == 0x80)
            len++;
        if (!utf8_valid(bw_str_of(out + i, len)))
            memset(out + i, '?', len);
        i += len;
    }
}

static void say(char *out, size_t size, const char *fmt, va_list args)
{
    if (vsnprintf(out, size, fmt, args) < 0)
        snprintf(out, size, "%s", fmt);
}

static void put(struct bw_err *e, enum bw_code code, int sys, const char *text)
{
    e->code = code;
    e->sys = sys;
    e->field[0] = '\0';
    copy_text(e->text, TEXT_MAX, text);
}

bool bw_fail(struct bw_err *e, enum bw_code code, const char *fmt, ...)
{
    if (!e)
        return false;
    char text[sizeof e->text + 8];
    va_list args;
    va_start(args, fmt);
    say(text, sizeof text, fmt, args);
    va_end(args);
    put(e, code, 0, text);
    return false;
}

bool bw_fail_sys(struct bw_err *e, int sys, const char *fmt, ...)
{
    if (!e)
        return false;
    char what[sizeof e->text], text[sizeof e->text + 128], why[96];
    va_list args;
    va_start(args, fmt);
    say(what, sizeof what, fmt, args);
    va_end(args);
    int number = sys < 0 ? -sys : sys; /* libuv hands errno out negated */
    snprintf(text, sizeof text, "%s: %s", what, strerror_r(number, why, sizeof why));
    put(e, number == ENOSPC || number == EDQUOT ? BW_FULL : BW_SYS, number, text);
    return false;
}

bool bw_because(struct bw_err *e, const char *fmt, ...)
{
    if (!e)
        return false;
    char what[sizeof e->text], text[2 * sizeof e->text + 8];
    va_list args;
    va_start(args, fmt);
    say(what, sizeof what, fmt, args);
    va_end(args);
    snprintf(text, sizeof text, "%s: %s", what, e->text);
    copy_text(e->text, TEXT_MAX, text);
    return false;
}

int bw_code_status(enum bw_code code)
{
    bw_must((size_t)code < sizeof codes / sizeof codes[0]);
    return codes[code].status;
}

const char *bw_code_title(enum bw_code code)
{
    bw_must((size_t)code < sizeof codes / sizeof codes[0]);
    return codes[code].title;
}

enum bw_code bw_code_of_status(int status)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].status == status)
            return (enum bw_code)i;
    if (status >= 100 && status < 400)
        return BW_OK;
    return status >= 400 && status < 500 ? BW_BAD : BW_SYS;
}

/* One write, straight to the descriptor: stdio and the log may be what is broken. */
void bw_must_failed(const char *cond, const char *file, int line)
{
    char text[512];
    int n =
        snprintf(text, sizeof text, "%s:%d: this must hold but does not: %s\n", file, line, cond);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    if (write(STDERR_FILENO, text, len) < 0)
        abort();
    abort();
}
