/* buf.h: the one growable byte buffer. Its maximum is set at its birth; growing past it makes the
 * buffer "over": nothing is added any more and bw_buf_ok() is false, so a writer checks once at the
 * end. Memory: malloc'd, doubled; bw_buf_release gives it back. An initialised buffer with no
 * content owns no memory. Text in it is not NUL-terminated; bw_buf_cstr adds one. */
#ifndef BURROW_BUF_H
#define BURROW_BUF_H

#include <burrow/str.h>

struct bw_buf {
    char *p;
    size_t n, cap, max;
    bool over;
};

BW_API void bw_buf_init(struct bw_buf *b, size_t max);
BW_API void bw_buf_release(struct bw_buf *b); /* usable again as after init */
BW_API void bw_buf_clear(struct bw_buf *b);   /* n = 0, not over; keeps memory */
/* Room for n more bytes at b->p + b->n, or NULL when that passes the maximum (then over). The
 * caller writes there and adds to b->n. */
BW_API char *bw_buf_room(struct bw_buf *b, size_t n);
BW_API void bw_buf_grow(struct bw_buf *b, size_t n);
BW_API void bw_buf_printf(struct bw_buf *b, const char *fmt, ...) BW_PRINTF(2, 3);
BW_API void bw_buf_int(struct bw_buf *b, int64_t v); /* decimal */
BW_API void bw_buf_drop(struct bw_buf *b, size_t n); /* removes n bytes at the front */
BW_API const char *bw_buf_cstr(struct bw_buf *b);    /* NUL-terminated view, not counted in n */

static inline bool bw_buf_ok(const struct bw_buf *b)
{
    return !b->over;
}

static inline bw_str bw_buf_str(const struct bw_buf *b)
{
    return (bw_str){.p = b->p ? b->p : "", .n = b->n};
}

static inline void bw_buf_add(struct bw_buf *b, const char *p, size_t n)
{
    if (b->cap - b->n < n)
        bw_buf_grow(b, n);
    if (!b->over && n) {
        memcpy(b->p + b->n, p, n);
        b->n += n;
    }
}

static inline void bw_buf_put(struct bw_buf *b, bw_str s)
{
    bw_buf_add(b, s.p, s.n);
}

static inline void bw_buf_char(struct bw_buf *b, char c)
{
    bw_buf_add(b, &c, 1);
}

#endif
