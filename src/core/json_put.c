/* json_put.c: see the header. Text goes 32 bytes at a time up to what needs an escape; the
 * last 32 overlap those before, so that no text is ended byte by byte. */
#include "core/json_put.h"

#include "core/civil.h"
#include "core/json_int.h"
#include "core/utf8.h"

char *json_put_time(char *o, bw_time t)
{
    *o = '"';
    o = civil_put_time(o + 1, t);
    *o = '"';
    return o + 1;
}

/* Copies the plain bytes at the front of p..end and tells how many. */
static inline size_t put_plain(char *o, const char *p, const char *end)
{
    size_t n = (size_t)(end - p), i = 0;
    for (; n - i >= 32 && json_plain32(p + i); i += 32)
        memcpy(o + i, p + i, 32);
    if (n >= 32 && n - i < 32 && json_plain32(end - 32)) {
        memcpy(o + n - 32, end - 32, 32);
        return n;
    }
    for (; n - i >= 16 && json_plain16(p + i); i += 16)
        memcpy(o + i, p + i, 16);
    if (n >= 16 && n - i < 16 && json_plain16(end - 16)) {
        memcpy(o + n - 16, end - 16, 16);
        return n;
    }
    for (; n - i >= 8; i += 8) {
        uint64_t marks = json_special(json_load8(p + i));
        memcpy(o + i, p + i, 8);
        if (marks)
            return i + json_first(marks);
    }
    for (; i < n && json_plain(p[i]); i++)
        o[i] = p[i];
    return i;
}

static const char *put_beyond_ascii(char **o, const char *p, const char *end)
{
    unsigned n;
    for (; p < end && (*p & 0x80) && (n = utf8_step(p, end)) > 0; p += n, *o += n)
        memcpy(*o, p, n);
    if (p == end || !(*p & 0x80))
        return p;
    memcpy(*o, "\xef\xbf\xbd", 3);
    *o += 3;
    return p + 1;
}

char *json_put_text(char *o, bw_str s)
{
    const char *p = s.p, *end = p + s.n;
    *o++ = '"';
    while (p < end) {
        size_t plain = put_plain(o, p, end);
        o += plain;
        p += plain;
        if (p == end)
            break;
        if (*p & 0x80)
            p = put_beyond_ascii(&o, p, end);
        else
            o += json_escape(o, *p++);
    }
    *o++ = '"';
    return o;
}

char *json_put_begin(struct bw_json_writer *w, size_t most)
{
    struct bw_buf *b = w->out;
    if (w->indent || b->over || most >= b->max - b->n)
        return NULL;
    if (b->cap - b->n <= most && !bw_buf_room(b, most + 1))
        return NULL;
    json_before_value(w);
    return b->p + b->n;
}

void json_put_end(struct bw_json_writer *w, const char *end)
{
    w->out->n = (size_t)(end - w->out->p);
}
