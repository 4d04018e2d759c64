/* json_write.c: JSON out, streamed into a buffer. Text is copied eight bytes at a time up to the
 * next byte that needs an escape; room is asked for once per run, exactly, so that a buffer filled
 * to its maximum is not "over" a byte too early. A buffer that is over swallows the rest: the
 * caller asks bw_buf_ok once. The caller owns writer and buffer; one thread at a time. */
#include "core/hash.h"
#include "core/json_int.h"
#include "core/utf8.h"

#include <math.h>

/* ---- text ---- */

static inline char *room(struct bw_buf *b, size_t n)
{
    if (!b->over && b->cap - b->n >= n)
        return b->p + b->n;
    return bw_buf_room(b, n);
}

/* Copies plain bytes; the first other one, or end. Whatever comes takes at least as many bytes out
 * as it has in, so room for the rest is never too much. */
static const char *copy_plain(struct bw_buf *b, const char *p, const char *end)
{
    char *o = room(b, (size_t)(end - p));
    if (!o)
        return end;
    while (end - p >= 16 && json_plain16(p)) {
        memcpy(o, p, 16);
        p += 16;
        o += 16;
    }
    while (end - p >= 8) {
        memcpy(o, p, 8);
        uint64_t marks = json_special(json_load8(p));
        if (marks) {
            b->n = (size_t)(o - b->p) + json_first(marks);
            return p + json_first(marks);
        }
        p += 8;
        o += 8;
    }
    while (p < end && json_plain(*p))
        *o++ = *p++;
    b->n = (size_t)(o - b->p);
    return p;
}

size_t json_escape(char out[6], char c)
{
    static const char hex[] = "0123456789abcdef", short_names[] = "btn\0fr";
    unsigned char u = (unsigned char)c;
    char name = u >= 0x20 ? c : u >= '\b' && u <= '\r' ? short_names[u - '\b'] : 0;
    out[0] = '\\';
    out[1] = name ? name : 'u';
    if (name)
        return 2;
    out[2] = out[3] = '0';
    out[4] = hex[u >> 4];
    out[5] = hex[u & 15];
    return 6;
}

/* What is not plain at p: one escape, or a run of characters beyond ASCII. */
static const char *put_special(struct bw_buf *b, const char *p, const char *end)
{
    char out[6];
    if (!(*p & 0x80)) {
        bw_buf_add(b, out, json_escape(out, *p));
        return p + 1;
    }
    const char *from = p;
    unsigned n;
    while (p < end && (*p & 0x80) && (n = utf8_step(p, end)) > 0)
        p += n;
    bw_buf_add(b, from, (size_t)(p - from));
    if (p < end && (*p & 0x80)) {
        bw_buf_add(b, "\xef\xbf\xbd", 3);
        p++;
    }
    return p;
}

void bw_json_escape(struct bw_buf *out, bw_str s)
{
    const char *p = s.p, *end = p + s.n;
    while (p < end) {
        p = copy_plain(out, p, end);
        if (p < end)
            p = put_special(out, p, end);
    }
}

static void put_quoted(struct bw_buf *b, bw_str s)
{
    char *o = room(b, s.n + 2);
    if (!o)
        return;
    *o = '"';
    b->n++;
    if (s.n)
        bw_json_escape(b, s);
    bw_buf_char(b, '"');
}

/* ---- structure ---- */

void bw_json_init(struct bw_json_writer *w, struct bw_buf *out)
{
    *w = (struct bw_json_writer){.out = out};
}

static bool in_object(const struct bw_json_writer *w)
{
    return w->depth && (w->is_object >> (w->depth - 1) & 1);
}

static void new_line(struct bw_json_writer *w)
{
    bw_buf_char(w->out, '\n');
    for (unsigned i = w->indent * w->depth; i; i--)
        bw_buf_char(w->out, ' ');
}

static inline void separate(struct bw_json_writer *w)
{
    if (w->comma)
        bw_buf_char(w->out, ',');
    w->comma = true;
    if (w->indent && w->depth)
        new_line(w);
}

static inline void before_value(struct bw_json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    bw_must(!in_object(w));             /* a key belongs here */
    bw_must(w->depth > 0 || !w->comma); /* a text is one value */
    separate(w);
}

void json_before_value(struct bw_json_writer *w)
{
    before_value(w);
}

static inline void before_key(struct bw_json_writer *w)
{
    bw_must(in_object(w) && !w->after_key);
    separate(w);
    w->after_key = true;
}

static void begin(struct bw_json_writer *w, bool object)
{
    before_value(w);
    bw_must(w->depth < BW_JSON_DEPTH);
    uint64_t bit = UINT64_C(1) << w->depth++;
    w->is_object = object ? w->is_object | bit : w->is_object & ~bit;
    w->comma = false;
    bw_buf_char(w->out, object ? '{' : '[');
}

void bw_json_object(struct bw_json_writer *w)
{
    begin(w, true);
}

void bw_json_array(struct bw_json_writer *w)
{
    begin(w, false);
}

void bw_json_end(struct bw_json_writer *w)
{
    bw_must(w->depth && !w->after_key);
    char close = in_object(w) ? '}' : ']';
    w->depth--;
    if (w->indent && w->comma)
        new_line(w);
    bw_buf_char(w->out, close);
    w->comma = true;
}

void bw_json_key(struct bw_json_writer *w, bw_str key)
{
    before_key(w);
    put_quoted(w->out, key);
    bw_buf_add(w->out, ": ", w->indent ? 2 : 1);
}

void bw_json_raw_key(struct bw_json_writer *w, bw_str made)
{
    bw_must(in_object(w) && !w->after_key);
    struct bw_buf *b = w->out;
    if (w->indent || b->over || b->cap - b->n <= made.n) {
        before_key(w);
        bw_buf_put(b, made);
        if (w->indent)
            bw_buf_char(b, ' ');
        return;
    }
    b->p[b->n] = ',';
    memcpy(b->p + b->n + w->comma, made.p, made.n);
    b->n += made.n + w->comma;
    w->comma = w->after_key = true;
}

bw_str bw_json_make_key(struct bw_arena *a, bw_str name)
{
    struct bw_buf b;
    bw_buf_init(&b, name.n * 6 + 3);
    put_quoted(&b, name);
    bw_buf_char(&b, ':');
    bw_str made = bw_buf_str(&b);
    char *p = bw_arena_alloc(a, made.n + JSON_KEY_PAD);
    memset(p + made.n, 0, JSON_KEY_PAD);
    made.p = memcpy(p, made.p, made.n);
    bw_buf_release(&b);
    return made;
}

/* ---- values ---- */

void bw_json_text(struct bw_json_writer *w, bw_str s)
{
    before_value(w);
    if (s.p)
        put_quoted(w->out, s);
    else
        bw_buf_add(w->out, "null", 4);
}

/* Numbers are written in place where the room is there, else by way of the stack. */
static bool roomy(const struct bw_buf *b)
{
    return !b->over && b->cap - b->n >= JSON_NUMBER_MAX;
}

static void put_int_by_stack(struct bw_buf *b, int64_t v)
{
    char small[JSON_NUMBER_MAX];
    bw_buf_add(b, small, (size_t)(json_put_int(small, v) - small));
}

static void put_real_by_stack(struct bw_buf *b, double v)
{
    char small[JSON_NUMBER_MAX];
    bw_buf_add(b, small, (size_t)(json_put_real(small, v) - small));
}

void bw_json_int(struct bw_json_writer *w, int64_t v)
{
    struct bw_buf *b = w->out;
    before_value(w);
    if (roomy(b))
        b->n = (size_t)(json_put_int(b->p + b->n, v) - b->p);
    else
        put_int_by_stack(b, v);
}

void bw_json_write_real(struct bw_buf *out, double v)
{
    if (!isfinite(v))
        bw_buf_add(out, "null", 4);
    else if (roomy(out))
        out->n = (size_t)(json_put_real(out->p + out->n, v) - out->p);
    else
        put_real_by_stack(out, v);
}

void bw_json_real(struct bw_json_writer *w, double v)
{
    before_value(w);
    bw_json_write_real(w->out, v);
}

void bw_json_bool(struct bw_json_writer *w, bool v)
{
    before_value(w);
    bw_buf_put(w->out, v ? BW_LIT("true") : BW_LIT("false"));
}

void bw_json_null(struct bw_json_writer *w)
{
    before_value(w);
    bw_buf_add(w->out, "null", 4);
}

void bw_json_time(struct bw_json_writer *w, bw_time t)
{
    before_value(w);
    bw_buf_char(w->out, '"');
    bw_time_write(w->out, t);
    bw_buf_char(w->out, '"');
}

void bw_json_base64(struct bw_json_writer *w, bw_str bytes)
{
    if (!bytes.p) {
        bw_json_null(w);
        return;
    }
    before_value(w);
    bw_buf_char(w->out, '"');
    base64_write(w->out, bytes);
    bw_buf_char(w->out, '"');
}

void bw_json_raw(struct bw_json_writer *w, bw_str json)
{
    before_value(w);
    if (json.p)
        bw_buf_put(w->out, json);
    else
        bw_buf_add(w->out, "null", 4);
}

/* ---- key and value ---- */

void bw_json_put_text(struct bw_json_writer *w, const char *key, bw_str s)
{
    bw_json_key(w, bw_cstr(key));
    bw_json_text(w, s);
}

void bw_json_put_int(struct bw_json_writer *w, const char *key, int64_t v)
{
    bw_json_key(w, bw_cstr(key));
    bw_json_int(w, v);
}

void bw_json_put_real(struct bw_json_writer *w, const char *key, double v)
{
    bw_json_key(w, bw_cstr(key));
    bw_json_real(w, v);
}

void bw_json_put_bool(struct bw_json_writer *w, const char *key, bool v)
{
    bw_json_key(w, bw_cstr(key));
    bw_json_bool(w, v);
}

void bw_json_put_time(struct bw_json_writer *w, const char *key, bw_time t)
{
    bw_json_key(w, bw_cstr(key));
    bw_json_time(w, t);
}
