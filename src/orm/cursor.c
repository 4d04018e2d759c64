/* cursor.c: the place of a row in a list, as text for a URL: one byte of version, four that name
 * the order (FNV-1a over table, columns, directions: a cursor of another order is refused instead
 * of pointing anywhere), then the order's values. The same on every machine of a fleet. Reading is
 * strict: one text per place, nothing behind it. */
#include "orm/query.h"

#include <math.h>

#include "core/hash.h"
#include "core/utf8.h"

#define VERSION 1
#define BYTES   (CURSOR_MAX / 4 * 3)

enum tag { TAG_NULL, TAG_INT, TAG_REAL, TAG_TEXT };

static uint32_t mix(uint32_t h, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * UINT32_C(16777619);
    return h;
}

static uint32_t order_hash(const struct query *q)
{
    uint32_t h = mix(UINT32_C(2166136261), q->table->name.p, q->table->name.n);
    for (unsigned i = 0; i < q->n_order; i++) {
        h = mix(h, q->order[i].desc ? "\0-" : "\0+", 2);
        h = mix(h, q->order[i].column->name.p, q->order[i].column->name.n);
    }
    return h;
}

static void put_number(struct bw_buf *b, uint64_t n)
{
    for (; n >= 128; n >>= 7)
        bw_buf_char(b, (char)(n | 128));
    bw_buf_char(b, (char)n);
}

static void put_fixed(struct bw_buf *b, uint64_t n, unsigned bytes)
{
    while (bytes--)
        bw_buf_char(b, (char)(n >> (8 * bytes)));
}

static void put_value(struct bw_buf *b, const struct bw_value *v)
{
    uint64_t bits;
    switch (v->kind) {
    case BW_KIND_INT:
        bw_buf_char(b, TAG_INT);
        put_number(b, (uint64_t)v->i << 1 ^ (v->i < 0 ? UINT64_MAX : 0)); /* small ones short */
        return;
    case BW_KIND_REAL:
        memcpy(&bits, &v->r, sizeof bits);
        bw_buf_char(b, TAG_REAL);
        put_fixed(b, bits, 8);
        return;
    case BW_KIND_TEXT:
        bw_buf_char(b, TAG_TEXT);
        put_number(b, v->s.n);
        bw_buf_put(b, v->s);
        return;
    default:
        bw_buf_char(b, TAG_NULL);
    }
}

bool cursor_write(const struct query *q, const struct bw_value *row, struct bw_buf *out)
{
    struct bw_buf b;
    bw_buf_init(&b, BYTES);
    bw_buf_char(&b, VERSION);
    put_fixed(&b, order_hash(q), 4);
    for (unsigned i = 0; i < q->n_order; i++)
        put_value(&b, &row[q->order[i].column->index]);
    bool ok = bw_buf_ok(&b);
    if (ok)
        base64url_write(out, bw_buf_str(&b));
    bw_buf_release(&b);
    return ok;
}

struct bytes {
    const unsigned char *p, *end;
};

static bool get_fixed(struct bytes *in, unsigned bytes, uint64_t *out)
{
    if (in->end - in->p < (ptrdiff_t)bytes)
        return false;
    for (*out = 0; bytes; bytes--)
        *out = *out << 8 | *in->p++;
    return true;
}

/* Refuses more bytes than needed and more than 64 bits. */
static bool get_number(struct bytes *in, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64 && in->p < in->end; shift += 7) {
        unsigned char c = *in->p++;
        if (shift == 63 && c > 1)
            return false;
        *out |= (uint64_t)(c & 127) << shift;
        if (!(c & 128))
            return c || shift == 0;
    }
    return false;
}

static bool get_real(struct bytes *in, struct bw_value *v)
{
    uint64_t bits;
    double r;
    if (!get_fixed(in, 8, &bits))
        return false;
    memcpy(&r, &bits, sizeof r);
    *v = bw_real(r);
    return isfinite(r);
}

static bool get_text(struct bytes *in, struct bw_arena *a, struct bw_value *v)
{
    uint64_t n;
    if (!get_number(in, &n) || n > (uint64_t)(in->end - in->p))
        return false;
    bw_str s = bw_str_of((const char *)in->p, (size_t)n);
    in->p += n;
    *v = bw_text(bw_arena_str(a, s));
    return utf8_valid(s);
}

static bool get_int(struct bytes *in, struct bw_value *v)
{
    uint64_t n;
    if (!get_number(in, &n))
        return false;
    *v = bw_int((int64_t)(n >> 1 ^ (n & 1 ? UINT64_MAX : 0)));
    return true;
}

static bool get_value(struct bytes *in, const struct column *c, struct bw_arena *a,
                      struct bw_value *v)
{
    static const enum tag tags[] = {[BW_KIND_INT] = TAG_INT,
                                    [BW_KIND_REAL] = TAG_REAL,
                                    [BW_KIND_TEXT] = TAG_TEXT,
                                    [BW_KIND_BLOB] = TAG_NULL};
    if (in->p == in->end)
        return false;
    enum tag tag = *in->p++;
    *v = bw_null();
    if (tag == TAG_NULL)
        return c->index != 0;
    if (tag != tags[c->kind])
        return false;
    if (tag == TAG_TEXT)
        return get_text(in, a, v);
    return tag == TAG_INT ? get_int(in, v) : get_real(in, v);
}

static struct bw_value *decode(const struct query *q, bw_str bytes, struct bw_arena *a)
{
    struct bytes in = {(const unsigned char *)bytes.p, (const unsigned char *)bytes.p + bytes.n};
    uint64_t version, hash;
    if (!get_fixed(&in, 1, &version) || version != VERSION || !get_fixed(&in, 4, &hash) ||
        hash != order_hash(q))
        return NULL;
    struct bw_value *v = BW_NEW_N(a, struct bw_value, q->n_order);
    for (unsigned i = 0; i < q->n_order; i++)
        if (!get_value(&in, q->order[i].column, a, &v[i]))
            return NULL;
    return in.p == in.end ? v : NULL;
}

bool cursor_read(struct query *q, bw_str text, struct bw_arena *a, struct bw_err *e)
{
    struct bw_buf b;
    struct bw_value *v = NULL;
    bw_buf_init(&b, CURSOR_MAX);
    if (text.n <= CURSOR_MAX && base64url_parse(text, &b) && bw_buf_ok(&b))
        v = decode(q, bw_buf_str(&b), a);
    bw_buf_release(&b);
    q->after = v;
    if (v)
        return true;
    bw_fail(e, BW_BAD, "'after' is no cursor of this list: take it from a Link of the same order");
    if (e)
        snprintf(e->field, sizeof e->field, "after");
    return false;
}
